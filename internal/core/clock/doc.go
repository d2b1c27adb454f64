// Package clock computes service-level clocks: who promised what on a ticket, how
// much of it is used, by whom, and when it will be or was broken.
//
// A clock is a pure function of a ticket's timeline, the agreements and the
// calendars. Nothing here is stored and nothing is counted up: the same questions
// give the same answers at any time, for imported tickets as for one's own, and
// whatever stands in a table of clocks is a cache of what Compute says.
//
//	timeline --Read--> Course (what held from each instant on)
//	Course + Book (agreements, calendars, places) --Compute--> Clocks
//
// The rules:
//
//   - An agreement is written in versions. A ticket comes under an agreement by what
//     it is about: its kind, service, customer, group or supplier. The version that is
//     in force at that instant is frozen for the ticket: later versions are for later
//     tickets, and the ticket changes over only by a change of what it is about,
//     or when somebody who may says so (ChangeOver), until they say otherwise.
//   - A change of priority, service or calendar keeps what was consumed: the clock
//     goes on with another target or other hours, it does not begin again.
//   - Of the agreements with customers the most specific one holds: the nearest
//     organisation as the tree was then, then a named offering that the customer had
//     then, a named service, a named kind. Those with groups and with suppliers hold
//     side by side, each while its party has the ticket. A ticket that
//     a supplier holds runs the supplier's clock and the customer's.
//   - What pauses a clock is the workflow's say, or the agreement's own. Pauses and
//     closed hours are never added to a due time: consumed time is measured, and the
//     due time follows from what is left.
//   - A workaround that was taken back was none: from that instant on its clock says
//     that it went on all the while.
//   - A clock that stops at its due instant has kept its promise.
package clock
