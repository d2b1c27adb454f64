package ticket

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// unit is a set of fields that mean something only together: they are given back
// when all of them still hold what was written, or not at all. What follows from
// them goes along.
type unit struct {
	fields  []string
	follows []string // instants, given back with the fields
	counts  []string // counters, reduced by what the operation added
}

// units are all fields an operation can write but for tags, watchers and custom
// fields.
func units() []unit {
	return []unit{
		{fields: []string{FieldKind, FieldNumber}},
		{
			fields:  []string{FieldState, FieldWaitReason, FieldResolutionCode, FieldResolution, FieldRating, FieldMergedInto},
			follows: []string{FieldResolvedAt, FieldClosedAt}, counts: []string{FieldReopenCount},
		},
		{fields: []string{FieldGroup, FieldAssignee}, follows: []string{FieldAssignedAt}, counts: []string{FieldReassignCount}},
		{fields: []string{FieldImpact, FieldUrgency, FieldPriority, FieldPriorityReason}},
		{fields: []string{FieldRequester, FieldOrganisation}},
		{fields: []string{FieldTitle}},
		{fields: []string{FieldDescription}},
		{fields: []string{FieldService}},
		{fields: []string{FieldParent}},
		{fields: []string{FieldUnansweredSince}},
	}
}

// sets are the fields that hold several values: of these, the single ones that
// were added or removed are given back.
var sets = []string{FieldTags, FieldWatchers, FieldMergedFrom}

// difference gives what a save made of a ticket: every field of a unit in which
// something moved, so that it can be told later whether all of it still holds.
func difference(before, after *Ticket) []Change {
	var out []Change
	add := func(field string) {
		out = append(out, Change{Field: field, From: before.Get(field), To: after.Get(field)})
	}
	moved := func(field string) bool { return before.Get(field) != after.Get(field) }
	for _, u := range units() {
		all := slices.Concat(u.fields, u.follows, u.counts)
		if slices.ContainsFunc(all, moved) {
			for _, field := range all {
				add(field)
			}
		}
	}
	for _, field := range sets {
		if moved(field) {
			add(field)
		}
	}
	for _, field := range customKeys(before, after) {
		if moved(field) {
			add(field)
		}
	}
	return out
}

// customKeys gives the names of the custom fields that either ticket has, sorted.
func customKeys(tickets ...*Ticket) []string {
	keys := map[string]bool{}
	for _, t := range tickets {
		for key := range t.Fields {
			keys[CustomPrefix+key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// joinChanges gives the difference that two saves made together.
func joinChanges(first, second []Change) []Change {
	out := slices.Clone(first)
	for _, c := range second {
		if i := slices.IndexFunc(out, func(o Change) bool { return o.Field == c.Field }); i >= 0 {
			out[i].To = c.To
		} else {
			out = append(out, c)
		}
	}
	return out
}

// Kept is something that an undo could not give back.
type Kept struct {
	Field string    `json:"field,omitempty"` // "" when it is not about one field
	Why   KeptWhy   `json:"why"`
	By    ActorRef  `json:"by,omitzero"` // who changed it meanwhile, if that is known
	At    time.Time `json:"at,omitzero"`
}

// KeptWhy says why something was not given back.
type KeptWhy string

// The reasons.
const (
	KeptChanged    KeptWhy = "changed"    // somebody changed it meanwhile
	KeptSent       KeptWhy = "sent"       // a reply has been read
	KeptNoted      KeptWhy = "noted"      // notes and files stay on the timeline
	KeptWorkedOn   KeptWhy = "worked_on"  // the new ticket has been worked on since
	KeptForbidden  KeptWhy = "forbidden"  // whoever undid it has not the rights it took
	KeptImpossible KeptWhy = "impossible" // the old value is no longer possible
	KeptReplies    KeptWhy = "replies"    // what was written to a merged ticket meanwhile stays with the other
)

// giveBack decides what an undo writes: for each field that still holds what the
// operation wrote, the value before. Pure: the ticket as it is now and the
// difference the operation made decide everything.
func giveBack(now *Ticket, wrote Wrote) (back []Change, kept []Kept) {
	byField := map[string]Change{}
	for _, c := range wrote.Changes {
		byField[c.Field] = c
	}
	restore := func(field, to string) {
		if from := now.Get(field); from != to {
			back = append(back, Change{Field: field, From: from, To: to})
		}
	}
	for _, u := range units() {
		if _, touched := byField[u.fields[0]]; !touched || u.fields[0] == FieldUnansweredSince && wrote.Replied {
			continue // an answer that was given stays given
		}
		var lost []string
		anyMoved := false
		for _, field := range u.fields {
			anyMoved = anyMoved || byField[field].From != byField[field].To
			if now.Get(field) != byField[field].To {
				lost = append(lost, field)
			}
		}
		if len(lost) > 0 {
			if anyMoved && u.fields[0] != FieldUnansweredSince && !isBack(now, u, byField) {
				kept = append(kept, Kept{Field: lost[0], Why: KeptChanged})
			}
			continue
		}
		for _, field := range slices.Concat(u.fields, u.follows) {
			restore(field, byField[field].From)
		}
		for _, field := range u.counts {
			restore(field, less(now.Get(field), byField[field]))
		}
	}
	for _, field := range sets {
		if c, ok := byField[field]; ok {
			restore(field, setBack(now.Get(field), c))
		}
	}
	for _, c := range wrote.Changes {
		if !strings.HasPrefix(c.Field, CustomPrefix) {
			continue
		}
		switch now.Get(c.Field) {
		case c.To:
			restore(c.Field, c.From)
		case c.From:
		default:
			kept = append(kept, Kept{Field: c.Field, Why: KeptChanged})
		}
	}
	if wrote.Replied {
		kept = append(kept, Kept{Why: KeptSent})
	}
	if wrote.Noted || wrote.Files {
		kept = append(kept, Kept{Why: KeptNoted})
	}
	return back, kept
}

// isBack reports whether a unit holds already what it held before the operation.
func isBack(now *Ticket, u unit, wrote map[string]Change) bool {
	return !slices.ContainsFunc(u.fields, func(field string) bool { return now.Get(field) != wrote[field].From })
}

// less takes from a counter what an operation added to it.
func less(now string, c Change) string {
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0
		}
		return n
	}
	n := max(0, number(now)-(number(c.To)-number(c.From)))
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// setBack takes out of a list what an operation added and puts back what it took.
func setBack(now string, c Change) string {
	was, became, is := members(c.From), members(c.To), members(now)
	out := slices.DeleteFunc(slices.Clone(is), func(m string) bool { return slices.Contains(became, m) && !slices.Contains(was, m) })
	for _, m := range was {
		if !slices.Contains(became, m) && !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	if c.Field == FieldTags {
		slices.Sort(out)
	} else {
		slices.SortFunc(out, func(a, b string) int {
			x, _ := parseID(a) // the ids of a list were read from the database
			y, _ := parseID(b)
			return int(min(max(x-y, -1), 1))
		})
	}
	return strings.Join(out, ",")
}

func members(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}
