// Package timesheet is where time spent on tickets is written down (ITIL 4 calls
// for it in service financial management; GLPI and Xurrent call it time tracking
// and time allocations): how long, for what kind of activity, by whom, on which
// day.
//
// Entries are never overwritten: a correction is an entry of its own that takes
// the place of an earlier one, and what was withdrawn stays as it was written.
// So the sum of a month that somebody was billed for can always be explained.
//
//	start ──> timer ──> stop ──> entry <── correction ── correction
//	                               └────── withdrawal
//
// Whoever may write notes on a ticket records their own time on it. A lead of a
// group records it for the group's members as well. One's own entries everybody
// sees; those of others are seen with the permission to report on time, and only
// those of tickets that the reader may see. Requesters and suppliers' agents
// learn nothing of it.
package timesheet
