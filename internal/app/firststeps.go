package app

import (
	"context"
	"sync/atomic"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/desk/queue"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// firstSteps leads whoever sets up a new installation to the first group, the
// first teammate, the first service and the first ticket.
type firstSteps struct {
	core  *Core
	taken atomic.Bool // all of them: nobody needs to look again
}

// of gives the steps to those who can take them, until all are taken.
func (f *firstSteps) of(ctx context.Context) ([]queue.FirstStep, error) {
	actor := access.From(ctx)
	for _, verb := range []access.Verb{access.ManagePeople, access.ManageServices, access.Create} {
		if f.taken.Load() || !actor.Can(verb, access.AnyKind) {
			return nil, nil
		}
	}
	groups, err := f.core.People.Groups(ctx, people.GroupQuery{Limit: 1})
	if err != nil {
		return nil, err
	}
	persons, err := f.core.People.People(ctx, people.PersonQuery{Limit: 2}) // the reader is one
	if err != nil {
		return nil, err
	}
	services, err := f.core.Services.List(ctx, service.Query{Limit: 1})
	if err != nil {
		return nil, err
	}
	tickets, err := f.core.Tickets.IDs(ctx, ticket.Query{Condition: filter.True(), Limit: 1})
	if err != nil {
		return nil, err
	}
	steps := []queue.FirstStep{
		{Label: text.T(ctx, "Add the first group"), Why: text.T(ctx, "A team that tickets are assigned to."), URL: "/groups/new", Taken: len(groups.Items) > 0},
		{Label: text.T(ctx, "Add the first teammate"), Why: text.T(ctx, "Give them a role and a password on their page, and make them a member of the group."), URL: "/people/new", Taken: len(persons.Items) > 1},
		{Label: text.T(ctx, "Add the first service"), Why: text.T(ctx, "What people use. Its tickets go to its support group by themselves."), URL: "/services/new", Taken: len(services.Items) > 0},
		{Label: text.T(ctx, "Open the first ticket"), Why: text.T(ctx, "As if somebody called you just now."), URL: "/tickets/new", Taken: len(tickets) > 0},
	}
	for _, s := range steps {
		if !s.Taken {
			return steps, nil
		}
	}
	f.taken.Store(true)
	return nil, nil
}
