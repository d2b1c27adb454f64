package servicenow

import (
	"fmt"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// Mismatch is an incident of which the source counted something else than the
// finished timeline shows.
type Mismatch struct {
	Number   string `json:"number"`
	What     string `json:"what"` // reassignments, reopenings, vendor holds
	Source   int    `json:"source"`
	Timeline int    `json:"timeline"`
	Why      string `json:"why"`
}

// Counted sums what was compared, over all incidents.
type Counted struct {
	Reassignments Pair `json:"reassignments"`
	Reopenings    Pair `json:"reopenings"`
	VendorHolds   Pair `json:"vendor_holds"`
}

// Pair is one figure from both sides.
type Pair struct {
	Source   int `json:"source"`
	Timeline int `json:"timeline"`
	Equal    int `json:"equal"`     // incidents on which both agree
	Differ   int `json:"different"` // incidents on which they do not
}

// compare sets the source's counters against the timeline.
func compare(rows []Row, events []ticket.Event, def *workflow.Definition, sum *Counted) []Mismatch {
	last := rows[len(rows)-1]
	var out []Mismatch
	check := func(what string, p *Pair, source, timeline int, why func() string) {
		p.Source += source
		p.Timeline += timeline
		if source == timeline {
			p.Equal++
			return
		}
		p.Differ++
		out = append(out, Mismatch{Number: last.Number, What: what, Source: source, Timeline: timeline, Why: why()})
	}
	reason := func() string { return explain(rows) }
	check("reassignments", &sum.Reassignments, last.Reassigns, ticket.Reassignments(events), reason)
	check("reopenings", &sum.Reopenings, last.Reopens, ticket.Reopenings(events, def), reason)
	check("vendor holds", &sum.VendorHolds, vendorHolds(rows), len(ticket.Holds(events, def, "vendor")), reason)
	return out
}

// vendorHolds counts the stretches of "Awaiting Vendor" in the log itself; the
// source keeps no counter of them.
func vendorHolds(rows []Row) int {
	n, before := 0, ""
	for _, row := range rows {
		if row.State == "Awaiting Vendor" && before != row.State {
			n++
		}
		before = row.State
	}
	return n
}

// explain finds the likely reason for a difference: where the log skips saves,
// or counts before its first line.
func explain(rows []Row) string {
	if first := rows[0]; first.Reassigns > 0 || first.Reopens > 0 {
		return fmt.Sprintf("the log begins after the counting did (%d reassignments and %d reopenings on its first line)", first.Reassigns, first.Reopens)
	}
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		if b.Line < a.Line {
			return fmt.Sprintf("line %d stands after a later save in the log; in order of time its state came between", b.Line)
		}
		if b.Saves > a.Saves+1 && b.Reassigns-a.Reassigns > 0 {
			moved := 0
			if a.Group != b.Group {
				moved = 1
			}
			if b.Reassigns-a.Reassigns > moved {
				return fmt.Sprintf("the log skips saves %d to %d, in which it was moved more often than its lines show (%d more)", a.Saves+1, b.Saves-1, b.Reassigns-a.Reassigns-moved)
			}
		}
	}
	for i := 1; i < len(rows); i++ {
		a, b := rows[i-1], rows[i]
		if a.Group != b.Group && b.Reassigns == a.Reassigns {
			return fmt.Sprintf("line %d names another group, and the source did not count it as a move", b.Line)
		}
		if a.Group == "" && b.Group == "" && b.Reassigns > a.Reassigns {
			return fmt.Sprintf("line %d counts a move between two groups whose names the log hides", b.Line)
		}
		if a.Group == b.Group && b.Reassigns > a.Reassigns {
			return fmt.Sprintf("line %d counts a move, but names the same group as before", b.Line)
		}
		if b.Reassigns < a.Reassigns || b.Reopens < a.Reopens {
			return fmt.Sprintf("the source counted backwards on line %d", b.Line)
		}
	}
	return "the lines of the log give no reason"
}
