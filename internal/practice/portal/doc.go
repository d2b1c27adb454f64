// Package portal holds the pages of whoever asks for help: somebody who comes
// twice a month, on a phone, and wants to say it once, see where it stands and
// get a person.
//
// Its rule is narrower than any permission: a page here shows only tickets that
// the reader asked for or follows, whatever else their roles let them see. It
// reads conversations as ticket.PublicTimeline, which has no place for an
// internal note, and names colleagues by first name only, and only those who
// hold the ticket or wrote in it. A ticket that is not the reader's is answered
// like a number that was never given.
//
//	ask ──► received ──► being worked on ──► solved ──► closed
//	                        ▲      │            │
//	                        │      ▼            │ "it still does not work"
//	                        │  waiting for      │
//	                        │  your answer      │
//	                        └──────┴────────────┘
//
// Words come from the workflow's requester labels, never from its keys. Every
// page works without scripts; with them, forms are answered in place and a
// ticket's page follows what happens to it.
package portal
