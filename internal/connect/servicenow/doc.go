// Package servicenow reads histories out of ServiceNow.
//
// A log is the audit history of incidents as CSV: one line per saved state, the
// lines of an incident after one another. Every incident becomes a ticket whose
// timeline holds every saved state at its own instant, so that clocks, metrics
// and process maps work on it as on our own. The reader streams: a file of any
// size needs the memory of one batch.
//
// What cannot be read is reported by line and skipped; what reads but looks
// wrong (times out of order, an unknown state) is mended in the mildest way and
// reported too. The source's own counters (reassignments, reopenings) are
// compared with what the finished timeline says, and differences are listed
// with their likely reason.
package servicenow
