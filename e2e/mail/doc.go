// Package mail tells stories of the desk's mail through real servers: Exim takes
// what Steward sends, Dovecot keeps the mailboxes that Steward reads.
package mail
