package people

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// Move says that an organisation hung below another one until an instant.
type Move struct {
	Organisation int64
	Parent       int64 // before; 0 for none
	At           time.Time
}

// tenure says that a group was at home in an organisation until an instant.
type tenure struct {
	Group        int64
	Organisation int64 // 0 for none
	Until        time.Time
}

// kindUntil says that an organisation was of a kind until an instant.
type kindUntil struct {
	Organisation int64
	Kind         OrganisationKind
	Until        time.Time
}

// places is where groups and the organisations above them stand, and stood.
type places struct {
	homes   map[int64]int64 // of groups
	parents map[int64]int64 // of organisations
	kinds   map[int64]OrganisationKind
	tenures []tenure    // by their instants
	moves   []Move      // by their instants
	were    []kindUntil // by their instants
}

// SuppliersThen gives a function that says whose group a group was at an instant, and
// until when that holds: the nearest organisation above its home that is no unit, if
// that is a supplier; 0 for a group of one's own. A zero until is for good. It asks for
// no permission: it names nobody.
func (s *Service) SuppliersThen(ctx context.Context) (func(group int64, at time.Time) (supplier int64, until time.Time), error) {
	p, err := s.kept.places.Get(ctx, struct{}{}, func(ctx context.Context, _ struct{}) (*places, error) {
		return s.readPlaces(ctx, s.db.Reader())
	})
	if err != nil {
		return nil, err
	}
	return p.supplier, nil
}

// supplier is what SuppliersThen answers.
func (p *places) supplier(group int64, at time.Time) (supplier int64, until time.Time) {
	organisation := p.homes[group]
	if i := slices.IndexFunc(p.tenures, func(t tenure) bool { return t.Group == group && t.Until.After(at) }); i >= 0 {
		organisation, until = p.tenures[i].Organisation, p.tenures[i].Until
	}
	sooner := func(t time.Time) {
		if until.IsZero() || t.Before(until) {
			until = t
		}
	}
	for range maxDepth + 1 {
		if organisation == 0 {
			break
		}
		kind, parent := p.kinds[organisation], p.parents[organisation]
		if i := slices.IndexFunc(p.were, func(k kindUntil) bool { return k.Organisation == organisation && k.Until.After(at) }); i >= 0 {
			kind = p.were[i].Kind
			sooner(p.were[i].Until)
		}
		if kind != Unit {
			if kind == Supplier {
				supplier = organisation
			}
			break
		}
		if i := slices.IndexFunc(p.moves, func(m Move) bool { return m.Organisation == organisation && m.At.After(at) }); i >= 0 {
			parent = p.moves[i].Parent
			sooner(p.moves[i].At)
		}
		organisation = parent
	}
	return supplier, until
}

// Lineages gives a function that says what is above some organisations, the nearest
// first and each itself included, as the tree was at an instant: an organisation that
// moved later hung where it was before. It asks for no permission.
func (s *Service) Lineages(ctx context.Context, q database.Querier, ids []int64) (func(organisation int64, at time.Time) []int64, error) {
	moves, err := readMoves(ctx, q)
	if err != nil {
		return nil, err
	}
	asked := slices.Clone(ids)
	for _, m := range moves {
		asked = append(asked, m.Organisation, m.Parent)
	}
	above, err := s.Above(ctx, q, database.Distinct(asked))
	if err != nil {
		return nil, err
	}
	return lineage(above, moves), nil
}

// lineage climbs the tree as it was. moves are ordered by their instants.
func lineage(above map[int64][]int64, moves []Move) func(int64, time.Time) []int64 {
	if len(moves) == 0 {
		return func(id int64, _ time.Time) []int64 { return above[id] }
	}
	parents := map[int64]int64{}
	for line := range maps.Values(above) {
		for i := range line[:max(len(line)-1, 0)] {
			parents[line[i]] = line[i+1]
		}
	}
	return func(id int64, at time.Time) []int64 {
		if id == 0 {
			return nil
		}
		out := []int64{id}
		for len(out) <= maxDepth {
			up := parents[id]
			if i := slices.IndexFunc(moves, func(m Move) bool { return m.Organisation == id && m.At.After(at) }); i >= 0 {
				up = moves[i].Parent
			}
			if up == 0 {
				break
			}
			id = up
			out = append(out, id)
		}
		return out
	}
}
