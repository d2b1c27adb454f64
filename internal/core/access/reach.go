package access

import (
	"slices"

	"github.com/steward-itsm/steward/internal/core/filter"
)

// reach is what a grant covers: every record of its kinds, or those of which one
// of the terms holds. It is the only meaning of a grant: Check, Condition and
// Can read it and nothing else.
type reach struct {
	grant      Grant
	only       []string // kinds; nil is every kind
	except     []string // kinds
	everything bool
	terms      []term
}

// term holds for a record whose field holds one of the ids.
type term struct {
	field string
	ids   []int64
}

// reaches gives what a's grants of the verb cover, without those that cover
// nothing at all.
func (a Actor) reaches(verb Verb) []reach {
	if verb == "" || len(a.limit.Verbs) > 0 && !slices.Contains(a.limit.Verbs, verb) {
		return nil
	}
	var all []reach
	for _, g := range a.known().Grants {
		if g.Verb != verb {
			continue
		}
		if r, ok := a.reach(g); ok {
			all = append(all, r)
		}
	}
	return all
}

func (a Actor) reach(g Grant) (r reach, ok bool) {
	r.grant = g
	if g.Kind != AnyKind {
		r.only = []string{g.Kind}
	}
	if len(a.limit.Kinds) > 0 {
		if r.only = narrow(r.only, a.limit.Kinds); r.only[0] == "" {
			return reach{}, false
		}
	}
	facts := a.known()
	self := []int64{a.ID}
	switch g.Scope {
	case ScopeAll:
		r.everything = true
		if g.Kind == AnyKind {
			r.except = facts.Confidential
		}
	case ScopeOwn:
		r.add(FieldRequester, self)
		if g.Verb != Create {
			r.add(FieldOpenedBy, self)
		}
		if g.Verb == View || g.Verb == Comment {
			r.add(FieldWatcher, self)
		}
	case ScopeGroup:
		r.add(FieldGroup, facts.Groups)
		r.add(FieldAssignee, self)
	case ScopeOrganisation:
		r.add(FieldOrganisation, facts.Subtrees[g.Organisation])
	case ScopeService:
		r.add(FieldService, facts.Services)
	case ScopeSupplier:
		if groups := facts.SupplierGroups[g.Organisation]; len(groups) > 0 {
			r.add(FieldGroup, groups)
			r.add(FieldAssignee, self)
		}
	}
	return r, r.everything || len(r.terms) > 0
}

func (r *reach) add(field string, ids []int64) {
	if slices.ContainsFunc(ids, func(id int64) bool { return id != 0 }) {
		r.terms = append(r.terms, term{field, ids})
	}
}

func (r reach) coversKind(kind string) bool {
	return (r.only == nil || slices.Contains(r.only, kind)) && !slices.Contains(r.except, kind)
}

// condition writes the reach over the fields of a schema. Records without a
// field of kinds have none, so that "only these kinds" leaves none of them and
// "all but these" leaves all.
func (r reach) condition(schema *filter.Schema) filter.Condition {
	which := filter.True()
	if !r.everything {
		var any []filter.Condition
		for _, t := range r.terms {
			if f, ok := schema.Field(t.field); ok {
				any = append(any, filter.In(f, filter.IDs(t.ids...)...))
			}
		}
		which = filter.Or(any...)
	}
	kind, ok := schema.Field(FieldKind)
	if r.only != nil {
		if !ok {
			return filter.False()
		}
		which = filter.And(filter.In(kind, filter.Texts(r.only...)...), which)
	}
	if len(r.except) > 0 && ok {
		which = filter.And(filter.Not(filter.In(kind, filter.Texts(r.except...)...)), which)
	}
	return which
}
