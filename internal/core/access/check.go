package access

import (
	"slices"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Record is what the rules look at in a ticket, or in anything else that has
// some of these fields. A field that does not apply is zero and matches no scope.
type Record struct {
	Kind         string
	Requester    int64 // persons
	OpenedBy     int64
	Assignee     int64
	Watchers     []int64
	Group        int64 // the group it is assigned to
	Organisation int64 // the requester's, at the time of the record
	Service      int64
}

// The names of the fields in a filter.Schema that Condition is given.
const (
	FieldKind         = "kind"
	FieldRequester    = "requester"
	FieldOpenedBy     = "opened_by"
	FieldAssignee     = "assignee"
	FieldWatcher      = "watcher"
	FieldGroup        = "group"
	FieldOrganisation = "organisation"
	FieldService      = "service"
)

// reach is what a grant covers: every record of its kinds, or those of which one
// of the terms holds. It is the only meaning of a grant; Check, Condition and
// Can read it and nothing else.
type reach struct {
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

// reach gives what a grant of a's covers; ok is false for nothing at all.
func (a Actor) reach(g Grant) (r reach, ok bool) {
	if len(a.limit.Verbs) > 0 && !slices.Contains(a.limit.Verbs, g.Verb) {
		return reach{}, false
	}
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
	ids = slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return id == 0 })
	if len(ids) > 0 {
		r.terms = append(r.terms, term{field, ids})
	}
}

func (r reach) coversKind(kind string) bool {
	return (r.only == nil || slices.Contains(r.only, kind)) && !slices.Contains(r.except, kind)
}

// Can reports whether there can be any record of the kind on which a may do
// verb: for menus and buttons, never in place of Check. AnyKind asks whether
// there is such a kind. For verbs that are not about tickets the kind is AnyKind.
func (a Actor) Can(verb Verb, kind string) bool {
	if verb == "" {
		return false
	}
	if a.Trusted() {
		return true
	}
	if len(a.limit.Kinds) > 0 && isAboutProduct(verb) {
		return false
	}
	return slices.ContainsFunc(a.known().Grants, func(g Grant) bool {
		if g.Verb != verb {
			return false
		}
		r, ok := a.reach(g)
		return ok && (kind == AnyKind || r.coversKind(kind))
	})
}

// Require is Can as an error: Forbidden, with the permission that is missing.
func (a Actor) Require(verb Verb, kind string) error {
	if a.Can(verb, kind) {
		return nil
	}
	return refusal(a, verb)
}

// Decision is the answer to whether an actor may do a verb on a record, with the
// grants that allow it. It has no grants for trusted actors.
type Decision struct {
	Allowed bool
	Grants  []Grant
	refused error
}

// Err gives nil if it is allowed, Forbidden (Unauthenticated for nobody) if not.
// A caller that must not tell that the record exists answers NotFound instead.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return d.refused
}

// Check decides whether a may do verb on a record.
func (a Actor) Check(verb Verb, record Record) Decision {
	if a.Trusted() && verb != "" {
		return Decision{Allowed: true}
	}
	var d Decision
	for _, g := range a.known().Grants {
		if g.Verb != verb || verb == "" {
			continue
		}
		if r, ok := a.reach(g); ok && r.covers(record) {
			d.Grants = append(d.Grants, g)
		}
	}
	d.Allowed = len(d.Grants) > 0
	if !d.Allowed {
		d.refused = refusal(a, verb)
	}
	return d
}

// Explain says in words why a may do verb on a record, one sentence per grant;
// empty if a may not.
func (a Actor) Explain(verb Verb, record Record, verbs *Catalogue) []string {
	if a.Trusted() {
		return []string{"This is done by Steward itself."}
	}
	var sentences []string
	for _, g := range a.Check(verb, record).Grants {
		if s := g.Sentence(verbs); !slices.Contains(sentences, s) {
			sentences = append(sentences, s)
		}
	}
	return sentences
}

func (r reach) covers(record Record) bool {
	if !r.coversKind(record.Kind) {
		return false
	}
	return r.everything || slices.ContainsFunc(r.terms, func(t term) bool {
		return slices.ContainsFunc(record.values(t.field), func(v int64) bool {
			return slices.Contains(t.ids, v)
		})
	})
}

// values gives what the record holds in a field; zeros never match.
func (r Record) values(field string) []int64 {
	switch field {
	case FieldRequester:
		return []int64{r.Requester}
	case FieldOpenedBy:
		return []int64{r.OpenedBy}
	case FieldAssignee:
		return []int64{r.Assignee}
	case FieldWatcher:
		return r.Watchers
	case FieldGroup:
		return []int64{r.Group}
	case FieldOrganisation:
		return []int64{r.Organisation}
	case FieldService:
		return []int64{r.Service}
	}
	return nil
}

func refusal(a Actor, verb Verb) error {
	if a.Type == "" {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	label := string(verb)
	if info, known := NewCatalogue().Info(verb); known {
		label = info.Label
	}
	return apperr.New(apperr.Forbidden, "This needs the permission “%s”, which your roles do not give you here.", label)
}

// isAboutProduct reports whether a built-in verb is not about tickets.
func isAboutProduct(verb Verb) bool {
	info, known := NewCatalogue().Info(verb)
	return known && !info.Tickets
}
