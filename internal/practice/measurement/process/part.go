package process

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/ui/text"
)

// part is a part of a map that tickets are behind: a place, a step or a way.
type part struct {
	place    string
	from, to string
	way      string
	kind     string // "at", "step" or "way"
}

func partOf(v url.Values) part {
	switch {
	case v.Has("at"):
		return part{kind: "at", place: v.Get("at")}
	case v.Has("way"):
		return part{kind: "way", way: v.Get("way")}
	}
	return part{kind: "step", from: v.Get("step_from"), to: v.Get("step_to")}
}

// pairs is partOf the other way round.
func (p part) pairs() []string {
	switch p.kind {
	case "at":
		return []string{"at", p.place}
	case "way":
		return []string{"way", p.way}
	}
	return []string{"step_from", p.from, "step_to", p.to}
}

func (p part) holds(t Trace) bool {
	switch p.kind {
	case "at":
		return t.Visits(p.place)
	case "way":
		return t.way() == p.way
	}
	return t.Through(p.from, p.to)
}

// behind gives one page of the tickets behind a part, the newest first, and the
// id to go on after; 0 when this is the last page.
func (p part) behind(l *log, after int64, size int) (ids []int64, next int64) {
	for _, t := range slices.Backward(l.traces) { // they are in the order of ids
		if after != 0 && t.TicketID >= after || !p.holds(t) {
			continue
		}
		if len(ids) == size {
			return ids, ids[size-1]
		}
		ids = append(ids, t.TicketID)
	}
	return ids, 0
}

func (p part) count(l *log) int {
	n := 0
	for _, t := range l.traces {
		if p.holds(t) {
			n++
		}
	}
	return n
}

// places gives the places that the part names, as a map to label.
func (p part) places(between Between) Map {
	m := Map{Between: between}
	for _, key := range append(strings.Split(strings.TrimSuffix(p.way, "."), ">"), p.place, p.from, p.to) {
		if key != "" {
			m.Places = append(m.Places, Place{Key: key})
		}
	}
	return m
}

func (p part) title(ctx context.Context, names labels) string {
	switch p.kind {
	case "at":
		return text.T(ctx, "Tickets that came by “%s”", names.of(p.place))
	case "way":
		w := Way{Places: strings.Split(strings.TrimSuffix(strings.TrimSuffix(p.way, "."), ">"), ">")}
		return text.T(ctx, "Tickets that went %s", names.way(w))
	}
	from, to := ends(ctx, p.from, p.to, names)
	return text.T(ctx, "Tickets that went from “%s” to “%s”", from, to)
}

// ends names both ends of a step.
func ends(ctx context.Context, from, to string, names labels) (string, string) {
	a, b := names.of(from), names.of(to)
	if from == outside {
		a = text.T(ctx, "Beginning")
	}
	if to == outside {
		b = text.T(ctx, "End")
	}
	return a, b
}
