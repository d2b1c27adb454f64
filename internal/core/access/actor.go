package access

import (
	"context"
	"maps"
	"slices"
)

// ActorType says what kind of somebody is at work; the timeline shows it.
type ActorType string

// The types of actor. The zero type is nobody, who may do nothing.
const (
	TypePerson   ActorType = "person"
	TypeSupplier ActorType = "supplier" // a supplier's system that is connected to ours
	TypeRule     ActorType = "rule"     // a trigger or workflow effect that an administrator wrote
	TypeImporter ActorType = "importer"
	TypeSystem   ActorType = "system" // the program itself: clocks, auto-close
)

// Actor is who is at work, with everything that decides what they may do. It is
// immutable and cheap to copy; the zero Actor is nobody.
type Actor struct {
	Type           ActorType
	ID             int64 // of the person, rule or engagement; 0 for the system
	Name           string
	OrganisationID int64

	facts *Facts // shared by every copy, never changed
	limit Limit
}

// Facts are what the grants of an actor are measured against. Lists that are
// keyed by organisation hold an entry for every organisation a grant is bound
// to, and under 0 the entry of the actor's own.
type Facts struct {
	Grants         []Grant
	Groups         []int64           // the groups the person is a member of
	Subtrees       map[int64][]int64 // organisations: the bound one and all below it
	SupplierGroups map[int64][]int64 // groups at home in the supplier's organisations
	Services       []int64           // the services the person owns
	Confidential   []string          // kinds that AnyKind within ScopeAll does not reach
	Verbs          *Catalogue        // what there is to allow; nil is the built-in verbs
}

// Limit narrows an actor to what a token was made for. An empty list does not
// narrow. Kinds shut out everything that is not about tickets.
type Limit struct {
	Verbs []Verb
	Kinds []string
}

// NewPerson makes the actor of a person. The facts must not be changed afterwards.
func NewPerson(id int64, name string, organisation int64, facts Facts) Actor {
	return Actor{Type: TypePerson, ID: id, Name: name, OrganisationID: organisation, facts: &facts}
}

// NewSupplier makes the actor of a connected supplier's system, which may do
// what a supplier's agent may do with records of the given groups.
func NewSupplier(engagement int64, name string, organisation int64, groups []int64) Actor {
	facts := Facts{SupplierGroups: map[int64][]int64{0: groups}}
	for _, role := range BuiltInRoles() {
		if role.Key == RoleSupplierAgent {
			facts.Grants = role.Bind(0, "", "")
		}
	}
	return Actor{Type: TypeSupplier, ID: engagement, Name: name, OrganisationID: organisation, facts: &facts}
}

// NewRule makes the actor of a rule that an administrator wrote. It may do
// everything: whoever may write rules was asked when the rule was written.
func NewRule(id int64, name string) Actor { return Actor{Type: TypeRule, ID: id, Name: name} }

// NewImporter makes the actor of an importer, which may do everything.
func NewImporter(name string) Actor { return Actor{Type: TypeImporter, Name: name} }

// System is the program itself, which may do everything.
func System() Actor { return Actor{Type: TypeSystem, Name: "Steward"} }

// Limited gives the actor narrowed by a token's limit, and by any limit it
// already had.
func (a Actor) Limited(l Limit) Actor {
	a.limit.Verbs = narrow(a.limit.Verbs, l.Verbs)
	a.limit.Kinds = narrow(a.limit.Kinds, l.Kinds)
	return a
}

// narrow intersects two lists of which an empty one means "all". Lists with
// nothing in common leave a list that no verb and no kind is in.
func narrow[T ~string](a, b []T) []T {
	switch {
	case len(b) == 0:
		return a
	case len(a) == 0:
		return slices.Clone(b)
	}
	both := slices.DeleteFunc(slices.Clone(a), func(v T) bool { return !slices.Contains(b, v) })
	if len(both) == 0 {
		return []T{""}
	}
	return both
}

// IsPerson reports whether the actor is a signed-in person.
func (a Actor) IsPerson() bool { return a.Type == TypePerson && a.ID != 0 }

// Trusted reports whether the actor is a part of the program, for which no grant
// is asked.
func (a Actor) Trusted() bool {
	switch a.Type {
	case TypeRule, TypeImporter, TypeSystem:
		return true
	case TypePerson, TypeSupplier:
	}
	return false
}

// Groups lists the groups the person is a member of. Do not change the list.
func (a Actor) Groups() []int64 { return a.known().Groups }

// InGroup reports whether the person is a member of the group.
func (a Actor) InGroup(group int64) bool { return slices.Contains(a.known().Groups, group) }

// Services lists the services the person owns. Do not change the list.
func (a Actor) Services() []int64 { return a.known().Services }

// Grants lists everything the actor was granted, before any limit of a token.
// Do not change the list.
func (a Actor) Grants() []Grant { return a.known().Grants }

// Roles lists the keys of the roles the actor holds, sorted.
func (a Actor) Roles() []string {
	held := map[string]struct{}{}
	for _, g := range a.known().Grants {
		held[g.Role] = struct{}{}
	}
	return slices.Sorted(maps.Keys(held))
}

// HasRole reports whether the actor holds a role, directly or through a group.
func (a Actor) HasRole(key string) bool {
	return slices.ContainsFunc(a.known().Grants, func(g Grant) bool { return g.Role == key })
}

// verbs are those that are known to whoever made the actor.
func (a Actor) verbs() *Catalogue {
	if a.facts != nil && a.facts.Verbs != nil {
		return a.facts.Verbs
	}
	return builtIn()
}

func (a Actor) known() *Facts {
	if a.facts == nil {
		return &Facts{}
	}
	return a.facts
}

type contextKey struct{}

// With gives a context in which a is at work.
func With(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, contextKey{}, a)
}

// From gives who is at work; nobody, who may do nothing, when nobody was set.
func From(ctx context.Context) Actor {
	a, _ := ctx.Value(contextKey{}).(Actor)
	return a
}
