package document

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
)

// kinds are the kinds that a ticket was of: what it is now, and what it was when
// an entry was written, whose names are of that time.
type kinds struct {
	now  *workflow.Definition
	eras []ticket.Era // oldest first
	all  workflow.Labelled
}

func (d Deps) kindsOf(ctx context.Context, t *ticket.Ticket) (kinds, error) {
	k := kinds{all: d.Tickets.Kinds().In(ctx)}
	var err error
	if k.now, err = k.all.Get(t.Kind); err != nil {
		return k, err
	}
	k.eras, err = d.Tickets.Eras(ctx, t)
	return k, err
}

// at gives the kind after an entry of the timeline. One that is gone reads as
// what the ticket is now.
func (k kinds) at(seq int) *workflow.Definition {
	for _, era := range slices.Backward(k.eras) {
		if era.Seq > seq {
			continue
		}
		if def, err := k.all.Get(era.Kind); err == nil {
			return def
		}
		break
	}
	return k.now
}
