// Package metric computes the figures of a service desk from the timelines of
// its tickets.
//
// Everything comes from one pure function: Fold reads a ticket's timeline and
// gives facts - it was opened, answered, resolved, reopened, handed over, rated -
// each with its instant, what it measured, and what the ticket was about at that
// instant (service, group, priority, …). A fact depends on nothing that happened
// after it, so a figure for a past period stays what it was; what is written down
// late, by an import, is told apart by when it was recorded.
//
//	timeline --Fold--> facts --by day--> roll-ups --Compute--> figures
//
// Facts and roll-ups are caches: tables that a background job fills from new
// events, once each across all nodes, and that can be thrown away and built anew.
// Figures for readers who see whole kinds of tickets come from the roll-ups, whose
// size depends on days and not on tickets. Every other question - a filter, a
// reader who sees only some tickets, an "as recorded by" - reads the facts. Check
// computes a figure from the timelines themselves, to compare.
//
// Service answers: Catalogue and Definition, Compute for one query and ComputeAll
// for the tiles of a page, Tickets for what is behind a figure, Flow for the steps
// between states or groups.
//
// The catalogue says what is computed. Owner, target and direction of a metric
// are an organisation's own: versions with an effective date, in the audit log.
package metric
