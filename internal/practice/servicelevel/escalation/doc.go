// Package escalation keeps ladders: who is told, and what else happens, when time runs
// out for what was promised on a ticket.
//
// A ladder belongs to agreements and measures, or is the default; services that the
// business stops without can have one of their own. Its rungs stand at a percent of
// the target, a time before or after the due time, or repeat after it, in business
// time of the agreement's calendar or by the clock, outside quiet hours.
//
// Whenever a ticket's clocks are computed, its rungs are written to a table, each with
// the instant at which it fires; a periodic job takes what is due. No ticket is looked
// at before something of it is due.
//
// The rules of firing (decision 0012):
//
//   - A rung fires once for each clock: its row is unique, and turns from planned to
//     fired in the transaction of its effect, whichever node does it.
//   - Before a ticket's rungs fire, its clocks are computed again in front of that
//     transaction, which fails if the ticket was saved meanwhile. So nothing fires on
//     a clock that ended, is paused, or has got more time.
//   - Rungs that were missed while no node ran are told as one message: the last one of
//     each clock fires, those before it are skipped and named in it.
//   - What lies before a rung was written, before the ticket was imported, or before a
//     change of what is promised reached the ticket, is skipped: a new ladder begins
//     with what comes.
package escalation
