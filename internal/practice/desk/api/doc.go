// Package api is the desk for programs: everything that can be done with a
// ticket, as JSON operations over ticket.Service, and the export of all of it.
//
// An operation reads its input, calls one method of the service and shows the
// result; what is allowed is decided by the service alone. What a reader is
// shown is decided here, in one place (show.go), by three views that include one
// another:
//
//   - the requester's: what was said, where it stands, and whose it is;
//   - the worker's, for whoever may edit the ticket, a supplier's agent above
//     all: also what work is organised by (group, assignee, impact, tags);
//   - the insider's, for whoever reads its internal notes: everything.
//
// Entries of a timeline come from ticket.Event for insiders and from
// ticket.PublicEvent, which has no room for an internal text, for the others.
// Names stand beside ids, fetched for a whole page at once.
package api
