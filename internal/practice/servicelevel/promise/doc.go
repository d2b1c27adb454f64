// Package promise shows the service-level clocks of tickets: on the ticket's page,
// with the explanation of every interval, in lists, by API and in reports.
//
// The clocks themselves are core/clock's: a pure function of the timeline, the
// agreements and the calendars. A ticket's page computes them as they are at that
// moment. For lists and reports what they said is kept in ticket_clocks and, for the
// order of lists, in the ticket's due time; a save notes the ticket in clock_outbox,
// and the next run of Keep computes it anew. A change of an agreement or a calendar
// starts a pass over all tickets. What comparable promises took is learned now and
// then from the tickets that were resolved last; with it is kept from which instant
// on an open promise is likely to break, so that time alone computes nothing.
// Everything that is kept can be thrown away.
package promise
