// Package mail is mail as a channel of the desk.
//
// Out: what is to be told is a letter (core/letter), written into the outbox in
// the transaction of its cause and sent by a job. Public answers, and steps that
// whoever asked should know of, become letters to those who take part in a ticket
// by mail. An internal note is never looked at on this way: letters are made of
// ticket.PublicEvent.
//
// Whose answer it is: a letter about a ticket carries a signed mark of the ticket
// (mark.go) in its Message-ID and in its Reply-To, and every Message-ID that was
// ever seen with a ticket is kept. A number in a subject is a hint and no more.
//
// Who may: ManageMail sets up senders, mailboxes and templates; HandleQuarantine
// decides about mail that was held back. Passwords are sealed (platform/seal) and
// are never given back to anybody.
package mail
