// Package agreement keeps what was promised: service level agreements with
// customers (SLA), operational level agreements with groups of one's own (OLA), and
// underpinning contracts with suppliers (UC).
//
// An agreement is written in versions. A version never changes once a ticket may
// have come under it: a change of what is promised is a new version, from now on or
// from a date to come, and tickets that are under way keep the one they came under.
// Only a version that nobody could have come under yet can be replaced or withdrawn.
// Between whom an agreement is stays as it is; what ends, ends for new tickets.
//
//	planned --its first version begins--> in force --ends--> ended
//
// What a version says is clock.Terms, and what follows from it for a ticket is
// core/clock's to say; here stands what is agreed, who may change it (whoever
// manages settings; colleagues read), and whether a promise can be kept: a promise
// to a customer leans on those of the group that supports the service and of the
// suppliers: the one whose group that is, and the one that provides it. Where these, one after the other, may take longer than
// was promised, the agreement shows the gap (Check).
package agreement
