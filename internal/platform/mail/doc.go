// Package mail reads and writes internet messages. It knows nothing of tickets.
//
// Read turns the bytes of a message, however broken, into a Message: who wrote to
// whom, the text, HTML that is safe to show, and the attachments. What cannot be
// read within bounds is a ReadError; nothing a stranger sends makes it panic or
// take memory without bound.
//
//	m, err := mail.Read(raw, mail.Limits{})
//	parts := mail.Split(m.Text)            // what is new, what is quoted, the signature
//	nature := mail.Classify(m, own)        // a person, an automatic answer, a bounce, a list, a loop
//	if mail.OnlyThanks(parts.New()) { … }
//
// Compose writes a message, Signer signs it with DKIM, and Sender hands it to a
// mail server. The rooms imap and lmtp receive messages; mailtest starts real mail
// servers for tests.
//
// What was found out about a message is told in Remarks: a code that is stable, and
// a plain English sentence. Who shows them to people looks the code up in its own
// catalogue.
package mail
