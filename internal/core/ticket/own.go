package ticket

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// GroupMine is the name that stands for the groups of whoever reads a filter, so
// that one saved view serves every team: group:mine.
const GroupMine = "mine"

// Bound is one filter of several, read.
type Bound struct {
	Condition filter.Condition
	Err       error // a *filter.Error says what is wrong and where
}

// Conditions reads several filters as Condition does, and resolves the names in
// all of them at once: a page that counts twenty views asks for names once. The
// error is the resolver's; what a person got wrong stands with its filter.
func (s *Service) Conditions(ctx context.Context, texts []string, zone *time.Location) ([]Bound, error) {
	actor := access.From(ctx)
	schema, err := s.schema(actor)
	if err != nil {
		return nil, err
	}
	names := &nameList{}
	env := filter.Env{Now: s.now(), Location: zone, Me: actor.ID, Resolve: names}
	bound := make([]Bound, len(texts))
	nodes := make([]filter.Node, len(texts))
	for i, text := range texts {
		if nodes[i], bound[i].Err = filter.Parse(text); bound[i].Err == nil {
			_, bound[i].Err = schema.Bind(ctx, nodes[i], env) // only to hear the names
		}
	}
	known, err := names.resolve(ctx, ownGroups{s.resolver})
	if err != nil {
		return nil, err
	}
	env.Resolve = known
	for i := range bound {
		if bound[i].Err == nil {
			bound[i].Condition, bound[i].Err = schema.Bind(ctx, nodes[i], env)
			bound[i].Condition = s.conceal(actor, schema, nodes[i], bound[i].Condition)
		}
	}
	return bound, nil
}

// ownGroups knows what "mine" means for a group, and asks next for the rest.
type ownGroups struct{ next filter.Resolver }

// noGroup is an id that no group has.
const noGroup = -1

// Resolve implements filter.Resolver.
func (o ownGroups) Resolve(ctx context.Context, names []filter.Name) ([][]int64, error) {
	out := make([][]int64, len(names))
	var rest []filter.Name
	var places []int
	for i, name := range names {
		if name.Kind == RefGroup && filter.Fold(name.Text) == GroupMine {
			// Somebody without a group asks for nothing rather than for an unknown name.
			if out[i] = slices.Clone(access.From(ctx).Groups()); len(out[i]) == 0 {
				out[i] = []int64{noGroup}
			}
			continue
		}
		rest, places = append(rest, name), append(places, i)
	}
	if len(rest) == 0 || o.next == nil {
		return out, nil
	}
	found, err := o.next.Resolve(ctx, rest)
	if err != nil || len(found) != len(rest) {
		return out, err
	}
	for i, place := range places {
		out[place] = found[i]
	}
	return out, nil
}

// nameList hears names and gives each a placeholder.
type nameList struct{ heard []filter.Name }

// Resolve implements filter.Resolver.
func (l *nameList) Resolve(_ context.Context, names []filter.Name) ([][]int64, error) {
	out := make([][]int64, len(names))
	for i, name := range names {
		if !slices.Contains(l.heard, name) {
			l.heard = append(l.heard, name)
		}
		out[i] = []int64{noGroup}
	}
	return out, nil
}

func (l *nameList) resolve(ctx context.Context, by filter.Resolver) (knownNames, error) {
	known := knownNames{}
	if len(l.heard) == 0 {
		return known, nil
	}
	found, err := by.Resolve(ctx, l.heard)
	if err != nil {
		return nil, err
	}
	for i, name := range l.heard {
		known[name] = found[i]
	}
	return known, nil
}

// knownNames are names that were resolved before.
type knownNames map[filter.Name][]int64

// Resolve implements filter.Resolver.
func (k knownNames) Resolve(_ context.Context, names []filter.Name) ([][]int64, error) {
	out := make([][]int64, len(names))
	for i, name := range names {
		out[i] = k[name]
	}
	return out, nil
}

// Fits tries a condition on a ticket in memory. q reads what practices know of the
// ticket, if the condition asks for it.
func (s *Service) Fits(ctx context.Context, q database.Querier, c filter.Condition, t *Ticket) (bool, error) {
	fits, err := s.FitsEach(ctx, q, []filter.Condition{c}, t)
	return err == nil && fits[0], err
}

// FitsEach is Fits for several conditions on one ticket: what practices know of it
// is read once, whichever of them ask for it.
func (s *Service) FitsEach(ctx context.Context, q database.Querier, conditions []filter.Condition, t *Ticket) ([]bool, error) {
	record, err := s.withAttributes(ctx, q, t, conditions...)
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(conditions))
	for i := range conditions {
		out[i] = conditions[i].Match(record)
	}
	return out, nil
}
