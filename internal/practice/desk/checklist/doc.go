// Package checklist keeps what must not be forgotten on a ticket: lists of items
// that are ticked off, one by one, by whoever did them.
//
// A ticket can have several lists. They are written by hand or come from
// templates, which are their owner's, a team's or everybody's, for a kind or a
// service; a template can come by itself to new tickets that a filter finds, and
// can keep its tickets from being resolved while an item is open. What a list was
// made of is copied: changing a template changes no ticket.
//
//	template ──attach──> list ── item: open <──> done (by whom, when)
//	   └── by itself, when a ticket that it is for is opened
//
// Every change stands on the ticket's timeline as an internal entry. Whoever reads
// a ticket's notes sees its lists, whoever writes notes changes them; requesters
// and suppliers' agents learn nothing of them.
package checklist
