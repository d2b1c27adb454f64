package record

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// sentences says what an entry changed as one would tell a colleague: "moved this
// from Network to Printing". The author's name stands before it.
func (d *desk) sentences(ctx context.Context, e *entry) []string {
	if e.typ == ticket.Created {
		return d.opening(ctx, e)
	}
	var out []string
	add := func(s string) {
		if s != "" {
			out = append(out, s)
		}
	}
	add(d.moved(ctx, e))
	add(d.assigned(ctx, e))
	for _, c := range e.changes {
		add(d.sentence(ctx, e, c))
	}
	return out
}

// opening says how a ticket began.
func (d *desk) opening(ctx context.Context, e *entry) []string {
	requester := d.ticket.RequesterID
	if c, ok := e.change(ticket.FieldRequester); ok {
		requester = parseID(c.To)
	}
	out := []string{text.T(ctx, "opened this")}
	if name := d.names.person(requester); name != "" && requester != e.actor.ID {
		out[0] = text.T(ctx, "opened this for %s", name)
	}
	channel := d.ticket.Channel
	if c, ok := e.change(ticket.FieldChannel); ok {
		channel = c.To
	}
	if words := channelWords(ctx, channel); words != "" {
		out = append(out, words)
	}
	return out
}

// channelWords says by which way a contact came in.
func channelWords(ctx context.Context, channel string) string {
	switch channel {
	case "portal":
		return text.T(ctx, "in the portal")
	case "phone":
		return text.T(ctx, "by phone")
	case "walk_in":
		return text.T(ctx, "in person")
	case "email":
		return text.T(ctx, "by email")
	case "chat":
		return text.T(ctx, "by chat")
	case "api":
		return text.T(ctx, "by the API")
	case "monitoring":
		return text.T(ctx, "by monitoring")
	case "import":
		return text.T(ctx, "in another system")
	}
	return ""
}

// moved says what became of the state.
func (d *desk) moved(ctx context.Context, e *entry) string {
	state, moved := e.change(ticket.FieldState)
	reason, waits := e.change(ticket.FieldWaitReason)
	if !moved {
		if s, ok := d.def.State(d.ticket.State); waits && reason.To != "" && ok {
			return text.T(ctx, "put this on hold: %s", reasonLabel(ctx, s, reason.To))
		}
		if e.typ == ticket.Transitioned {
			return text.T(ctx, "confirmed the state")
		}
		return ""
	}
	to, _ := d.def.State(state.To)
	from, hasFrom := d.def.State(state.From)
	switch {
	case to.Category == workflow.Waiting && waits && reason.To != "":
		return text.T(ctx, "put this on hold: %s", reasonLabel(ctx, to, reason.To))
	case to.Category == workflow.Resolved:
		if c, ok := e.change(ticket.FieldResolutionCode); ok {
			if code, known := d.def.Code(c.To); known {
				return text.T(ctx, "resolved this: %s", text.T(ctx, code.Label))
			}
		}
		return text.T(ctx, "resolved this")
	case to.Category == workflow.Closed:
		return text.T(ctx, "closed this")
	case to.Category == workflow.Cancelled:
		return text.T(ctx, "cancelled this")
	case hasFrom && !from.Category.Active() && to.Category.Active():
		return text.T(ctx, "reopened this")
	case hasFrom:
		return text.T(ctx, "moved this from %s to %s", text.T(ctx, from.Label), text.T(ctx, to.Label))
	case to.Label != "":
		return text.T(ctx, "moved this to %s", text.T(ctx, to.Label))
	}
	return text.T(ctx, "moved this to %s", state.To)
}

func reasonLabel(ctx context.Context, s workflow.State, key string) string {
	if r, ok := s.Reason(key); ok {
		return text.T(ctx, r.Label)
	}
	return key
}

// assigned says who got it.
func (d *desk) assigned(ctx context.Context, e *entry) string {
	group, moved := e.change(ticket.FieldGroup)
	person, handed := e.change(ticket.FieldAssignee)
	from, to := d.names.group(parseID(group.From)), d.names.group(parseID(group.To))
	old, now := d.names.person(parseID(person.From)), d.names.person(parseID(person.To))
	took := handed && parseID(person.To) == e.actor.ID && e.actor.ID != 0
	switch {
	case moved && group.From != "" && group.To != "" && now != "":
		return text.T(ctx, "moved this from %s to %s and assigned it to %s", from, to, now)
	case moved && group.From != "" && group.To != "":
		return text.T(ctx, "moved this from %s to %s", from, to)
	case moved && group.To != "" && took:
		return text.T(ctx, "took this for %s", to)
	case moved && group.To != "" && now != "":
		return text.T(ctx, "assigned this to %s in %s", now, to)
	case moved && group.To != "":
		return text.T(ctx, "assigned this to %s", to)
	case moved && now != "":
		return text.T(ctx, "took this from %s and assigned it to %s", from, now)
	case moved:
		return text.T(ctx, "took this from %s", from)
	case took:
		return text.T(ctx, "took this")
	case handed && old != "" && now != "":
		return text.T(ctx, "handed this from %s to %s", old, now)
	case handed && now != "":
		return text.T(ctx, "assigned this to %s", now)
	case handed && parseID(person.From) == e.actor.ID && e.actor.ID != 0:
		return text.T(ctx, "gave this back")
	case handed:
		return text.T(ctx, "unassigned %s", old)
	}
	return ""
}

// sentence says what became of one of the other fields.
func (d *desk) sentence(ctx context.Context, e *entry, c ticket.Change) string {
	n, m := d.names, d.def.Matrix
	switch c.Field {
	case ticket.FieldImpact:
		from, to := levelNumber(ctx, m.Impact, c.From), levelNumber(ctx, m.Impact, c.To)
		if from == "" {
			return text.T(ctx, "set the impact to %s", to)
		}
		return text.T(ctx, "changed the impact from %s to %s", from, to)
	case ticket.FieldUrgency:
		from, to := levelNumber(ctx, m.Urgency, c.From), levelNumber(ctx, m.Urgency, c.To)
		if from == "" {
			return text.T(ctx, "set the urgency to %s", to)
		}
		return text.T(ctx, "changed the urgency from %s to %s", from, to)
	case ticket.FieldPriority:
		from, to := levelNumber(ctx, m.Priority, c.From), levelNumber(ctx, m.Priority, c.To)
		if from == "" {
			return text.T(ctx, "set the priority to %s", to)
		}
		return text.T(ctx, "changed the priority from %s to %s", from, to)
	case ticket.FieldPriorityReason:
		if c.To == "" {
			return text.T(ctx, "let the priority follow the matrix again")
		}
		return ""
	case ticket.FieldTitle:
		return text.T(ctx, "renamed this from “%s” to “%s”", c.From, c.To)
	case ticket.FieldDescription:
		if c.From == "" {
			return text.T(ctx, "wrote the description")
		}
		return text.T(ctx, "changed the description")
	case ticket.FieldRequester:
		return text.T(ctx, "changed the requester from %s to %s", named(ctx, n.person(parseID(c.From))), named(ctx, n.person(parseID(c.To))))
	case ticket.FieldService:
		from, to := n.service(parseID(c.From)), n.service(parseID(c.To))
		switch {
		case c.To == "":
			return text.T(ctx, "cleared the service")
		case c.From == "":
			return text.T(ctx, "set the service to %s", to)
		}
		return text.T(ctx, "changed the service from %s to %s", from, to)
	case ticket.FieldKind:
		return text.T(ctx, "changed the kind from %s to %s", d.kindLabel(ctx, c.From), d.kindLabel(ctx, c.To))
	case ticket.FieldTags:
		return d.tagged(ctx, c)
	case ticket.FieldWatchers:
		return d.watched(ctx, e, c)
	case ticket.FieldParent:
		if c.To == "" {
			return text.T(ctx, "unlinked this from its parent %s", d.other(ctx, parseID(c.From)))
		}
		return text.T(ctx, "made this a child of %s", d.other(ctx, parseID(c.To)))
	case ticket.FieldLink:
		return d.linked(ctx, c)
	case ticket.FieldMergedInto:
		return d.mergedInto(ctx, c)
	case ticket.FieldMergedFrom:
		return d.tookIn(ctx, c)
	case ticket.FieldSplitInto:
		return text.T(ctx, "split %s off this", d.other(ctx, parseID(c.To)))
	case ticket.FieldSplitFrom:
		return text.T(ctx, "split this off %s", d.other(ctx, parseID(c.To)))
	case ticket.FieldNumber:
		return text.T(ctx, "it was %s before", c.From)
	case ticket.FieldRating:
		if c.To == "" {
			return ""
		}
		return text.T(ctx, "rated the outcome %s of 5", c.To)
	}
	if strings.HasPrefix(c.Field, ticket.ActivityPrefix) {
		return d.p.d.Tell(ctx, c)
	}
	if key, ok := strings.CutPrefix(c.Field, ticket.CustomPrefix); ok {
		label := key
		f, known := d.fieldOf(ctx, key)
		if known {
			label = text.T(ctx, f.Label)
		}
		return d.fromTo(ctx, label, fieldWords(ctx, f, c.From), fieldWords(ctx, f, c.To))
	}
	return ""
}

// fieldOf describes a custom field, also one that the ticket had as one of another kind.
func (d *desk) fieldOf(ctx context.Context, key string) (workflow.Field, bool) {
	if f, known := d.def.Field(key); known {
		return f, true
	}
	for _, def := range d.p.d.Tickets.Kinds().In(ctx).All() {
		if f, known := def.Field(key); known {
			return f, true
		}
	}
	return workflow.Field{}, false
}

func (d *desk) kindLabel(ctx context.Context, key string) string {
	if def, err := d.p.d.Tickets.Kinds().In(ctx).Get(key); err == nil {
		return text.T(ctx, def.Label)
	}
	return key
}

// fromTo tells a change of a custom field, which has a name of its own.
func (d *desk) fromTo(ctx context.Context, label, from, to string) string {
	switch {
	case to == "":
		return text.T(ctx, "cleared “%s”", label)
	case from == "":
		return text.T(ctx, "set “%s” to %s", label, to)
	}
	return text.T(ctx, "changed “%s” from %s to %s", label, from, to)
}

func named(ctx context.Context, name string) string {
	if name == "" {
		return text.T(ctx, "nobody")
	}
	return name
}

func (d *desk) tagged(ctx context.Context, c ticket.Change) string {
	added, removed := difference(c.To, c.From), difference(c.From, c.To)
	switch {
	case len(added) > 0 && len(removed) > 0:
		return text.T(ctx, "added the tags %s and removed %s", text.List(ctx, added), text.List(ctx, removed))
	case len(added) > 0:
		return text.T(ctx, "added the tags %s", text.List(ctx, added))
	case len(removed) > 0:
		return text.T(ctx, "removed the tags %s", text.List(ctx, removed))
	}
	return ""
}

func (d *desk) watched(ctx context.Context, e *entry, c ticket.Change) string {
	names := func(ids []string) (out []string) {
		for _, id := range ids {
			out = append(out, named(ctx, d.names.person(parseID(id))))
		}
		return out
	}
	added, removed := difference(c.To, c.From), difference(c.From, c.To)
	self := formatID(e.actor.ID)
	switch {
	case len(added) == 1 && added[0] == self && len(removed) == 0:
		return text.T(ctx, "watches this")
	case len(removed) == 1 && removed[0] == self && len(added) == 0:
		return text.T(ctx, "no longer watches this")
	case len(added) > 0 && len(removed) > 0:
		return text.T(ctx, "added the watchers %s and removed %s", text.List(ctx, names(added)), text.List(ctx, names(removed)))
	case len(added) > 0:
		return text.T(ctx, "added the watchers %s", text.List(ctx, names(added)))
	case len(removed) > 0:
		return text.T(ctx, "removed the watchers %s", text.List(ctx, names(removed)))
	}
	return ""
}

// difference gives the parts of one list that are not in another, both joined by
// commas.
func difference(of, without string) []string {
	known := strings.Split(without, ",")
	var out []string
	for part := range strings.SplitSeq(of, ",") {
		if part != "" && !slices.Contains(known, part) {
			out = append(out, part)
		}
	}
	return out
}

// linked tells a link that came or went, from this ticket's side.
func (d *desk) linked(ctx context.Context, c ticket.Change) string {
	value, gone := c.To, c.To == ""
	if gone {
		value = c.From
	}
	typ, inverse, id := ticket.ParseLink(value)
	other := d.other(ctx, id)
	if gone {
		return text.T(ctx, "removed the link to %s", other)
	}
	switch {
	case typ == ticket.DuplicateOf && inverse:
		return text.T(ctx, "noted that %s is a duplicate of this", other)
	case typ == ticket.DuplicateOf:
		return text.T(ctx, "noted that this is a duplicate of %s", other)
	case typ == ticket.CausedBy && inverse:
		return text.T(ctx, "noted that this caused %s", other)
	case typ == ticket.CausedBy:
		return text.T(ctx, "noted that this was caused by %s", other)
	}
	return text.T(ctx, "linked this with %s", other)
}

// other names another ticket, as far as the reader may see it.
func (d *desk) other(ctx context.Context, id int64) string {
	if t, ok := d.names.tickets[id]; ok {
		return t.Number + " " + t.Title
	}
	return text.T(ctx, "another ticket")
}

// fieldWords shows the value of a custom field.
func fieldWords(ctx context.Context, f workflow.Field, value string) string {
	switch {
	case value == "":
		return ""
	case f.Type == workflow.Bool && value == "true":
		return text.T(ctx, "Yes")
	case f.Type == workflow.Bool:
		return text.T(ctx, "No")
	case f.Type == workflow.Number:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return text.Number(ctx, n)
		}
	}
	return value
}
