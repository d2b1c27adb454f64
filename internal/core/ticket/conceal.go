package ticket

import (
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
)

// Not everything that can be asked for is shown to a requester: who works on the
// ticket, its tags, what a kind keeps to itself. A filter on such a field would
// tell all the same, by what it finds and counts, so it finds only tickets on
// which the reader may see the field.

// workFields are shown to whoever may edit a ticket or read its notes.
var workFields = []string{
	"impact", "urgency", "assignee", "group", "tag", "responded", "unanswered", "reassigned", "resolution",
}

// insideFields are shown to whoever reads a ticket's notes.
var insideFields = []string{"parent", "watcher", "source"}

// conceal narrows a condition to the tickets on which the actor may see what the
// filter asks for.
func (s *Service) conceal(actor access.Actor, schema *filter.Schema, node filter.Node, c filter.Condition) filter.Condition {
	var asked []string
	eachTerm(node, func(term *filter.TermNode) {
		f, ok := schema.Field(term.Field)
		if !ok || f.Self && asksForMe(term) { // what I am on a ticket is no secret to me
			return
		}
		asked = append(asked, f.Name)
	})
	return s.showing(actor, schema, c, asked...)
}

// showing narrows a condition to the tickets on which the actor may see the fields.
func (s *Service) showing(actor access.Actor, schema *filter.Schema, c filter.Condition, fields ...string) filter.Condition {
	asksWork := slices.ContainsFunc(fields, func(name string) bool { return slices.Contains(workFields, name) || s.isConcealed(name) })
	asksInside := slices.ContainsFunc(fields, func(name string) bool { return slices.Contains(insideFields, name) || s.isAttribute(name) })
	inside := actor.Condition(access.ReadNotes, schema)
	if asksInside {
		c = filter.And(c, inside)
	}
	if asksWork {
		c = filter.And(c, filter.Or(inside, actor.Condition(access.Edit, schema)))
	}
	return c
}

// isAttribute reports whether a practice keeps the field: that is for insiders.
func (s *Service) isAttribute(name string) bool {
	return slices.ContainsFunc(s.attributes, func(a Attribute) bool { return a.Field.Name == name })
}

// isConcealed reports whether the name is that of a custom field that some kind
// does not show to requesters.
func (s *Service) isConcealed(name string) bool {
	key, custom := strings.CutPrefix(name, CustomPrefix)
	if !custom {
		return false
	}
	for _, def := range s.kinds.All() {
		if f, ok := def.Field(key); ok && !f.RequesterVisible {
			return true
		}
	}
	return false
}

func eachTerm(node filter.Node, visit func(*filter.TermNode)) {
	switch n := node.(type) {
	case *filter.AndNode:
		for _, inner := range n.Nodes {
			eachTerm(inner, visit)
		}
	case *filter.OrNode:
		for _, inner := range n.Nodes {
			eachTerm(inner, visit)
		}
	case *filter.NotNode:
		eachTerm(n.Node, visit)
	case *filter.TermNode:
		visit(n)
	}
}

func asksForMe(term *filter.TermNode) bool {
	return !slices.ContainsFunc(term.Values, func(v filter.ValueNode) bool {
		return v.Op != filter.OpIs || v.Low.Quoted || !strings.EqualFold(v.Low.Text, "me")
	})
}
