package access

import (
	"slices"
	"sync"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/words"
)

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
	if len(a.limit.Kinds) > 0 {
		// A verb that is not known is not known to be about tickets.
		if info, known := a.verbs().Info(verb); !known || !info.Tickets {
			return false
		}
	}
	for _, r := range a.reaches(verb) {
		if kind == AnyKind || r.coversKind(kind) {
			return true
		}
	}
	return false
}

// Require is Can as an error: Forbidden, with the permission that is missing.
func (a Actor) Require(verb Verb, kind string) error {
	if a.Can(verb, kind) {
		return nil
	}
	return refusal(a.Type, verb, a.verbs())
}

// Decision is the answer to whether an actor may do a verb on a record, with the
// grants that allow it. It has no grants for trusted actors.
type Decision struct {
	Allowed bool
	Grants  []Grant

	asked ActorType
	verb  Verb
	verbs *Catalogue
}

// Err gives nil if it is allowed, Forbidden (Unauthenticated for nobody) if not.
// A caller that must not tell that the record exists answers NotFound instead.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return refusal(d.asked, d.verb, d.verbs)
}

// Condition gives the rule of Check to a list: it matches the records on which a
// may do verb. The schema declares the fields it has under the names above; a
// scope whose field it lacks matches nothing.
func (a Actor) Condition(verb Verb, schema *filter.Schema) filter.Condition {
	if a.Trusted() && verb != "" {
		return filter.True()
	}
	var any []filter.Condition
	for _, r := range a.reaches(verb) {
		any = append(any, r.condition(schema))
	}
	return filter.Or(any...)
}

// Check decides whether a may do verb on a record.
func (a Actor) Check(verb Verb, record Record) Decision {
	if a.Trusted() && verb != "" {
		return Decision{Allowed: true}
	}
	d := Decision{asked: a.Type, verb: verb, verbs: a.verbs()}
	for _, r := range a.reaches(verb) {
		if r.condition(records).Match(record) {
			d.Grants = append(d.Grants, r.grant)
		}
	}
	d.Allowed = len(d.Grants) > 0
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

func refusal(who ActorType, verb Verb, verbs *Catalogue) error {
	if who == "" {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	label := string(verb)
	if info, known := verbs.Info(verb); known {
		label = info.Label
	}
	return apperr.New(apperr.Forbidden, "This needs the permission “%s”, which your roles do not give you here.", words.Label{Meaning: "permission", Word: label})
}

// builtIn are the permissions of the product itself; nothing is added to it.
var builtIn = sync.OnceValue(func() *Catalogue { return NewCatalogue() })
