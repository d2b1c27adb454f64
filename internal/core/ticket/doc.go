// Package ticket is the record that every practice shares: an incident, a
// request, a change is a ticket of a kind.
//
// The timeline is the truth. Every save appends events (who, when, what was
// before and after), and the row in the tickets table is nothing but the fold
// of its events: Ticket.Apply is the one rule that moves it. Whatever can be
// said about a ticket at any past instant is computed from its events by a pure
// function (see replay.go), so an imported history behaves like our own.
//
// A save goes: load, ask access, decide by a pure rule, append events, run the
// effects the workflow names, store, announce - in one transaction. Pages, the
// API, importers and rules all enter through the methods of Service.
//
// A public reply and an internal note are different types all the way
// (PublicReply, InternalNote; Event and PublicEvent), so that a note cannot
// reach a requester or a supplier by an oversight.
package ticket
