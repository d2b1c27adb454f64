package ticket

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// ActivityPrefix begins the names of what practices write on a timeline:
// "activity.checklist.done". Such a change moves no field of the ticket; it says,
// in words that the practice gives back to readers, what was done beside it.
const ActivityPrefix = "activity."

// Acting is what a practice does with a ticket, within one transaction.
type Acting struct{ c *change }

// Ticket is the ticket as it is now.
func (a *Acting) Ticket() Ticket { return a.c.ticket }

// Tx is the transaction.
func (a *Acting) Tx() *database.Tx { return a.c.tx }

// Say adds an internal entry to the timeline. what is the practice's own name for
// it ("checklist.done"); from and to are texts for the one who reads it.
func (a *Acting) Say(what, from, to string) {
	e := a.c.event(Acted, true, "")
	a.c.events[e].Changes = []Change{{Field: ActivityPrefix + what, From: from, To: to}}
}

// Reply adds a public message of the actor, who must be allowed to comment, as
// Service.Reply does on a ticket that goes on by itself. said is what the practice
// says with it, as Say does: only readers of internal notes are told.
func (a *Acting) Reply(ctx context.Context, cmd PublicReply, said ...Change) error {
	if err := checkMessage(string(cmd.Body), cmd.Attachments); err != nil {
		return err
	}
	first := len(a.c.events)
	if err := a.c.reply(ctx, cmd); err != nil {
		return err
	}
	a.sayWith(first, said)
	return nil
}

// Note adds an internal note of the actor, who must be allowed to write notes;
// said as in Reply.
func (a *Acting) Note(ctx context.Context, cmd InternalNote, said ...Change) error {
	if err := checkMessage(string(cmd.Body), cmd.Attachments); err != nil {
		return err
	}
	first := len(a.c.events)
	if err := a.c.addNote(ctx, cmd); err != nil {
		return err
	}
	a.sayWith(first, said)
	return nil
}

// Edit changes the ticket as Service.Edit does, with the same checks; the version
// that the command names is not looked at.
func (a *Acting) Edit(ctx context.Context, cmd Edit) error { return a.c.edit(ctx, cmd) }

func (a *Acting) sayWith(event int, said []Change) {
	for _, c := range said {
		c.Field = ActivityPrefix + c.Field
		a.c.events[event].Changes = append(a.c.events[event].Changes, c)
	}
}

// Act lets a practice do something of its own to a ticket that the actor may do
// verb on: what fn writes and what it says on the timeline become true together.
// When somebody saves the ticket at the same moment, fn is run again. Nothing
// said is no new version. NotFound and Forbidden as for every save.
func (s *Service) Act(ctx context.Context, ref Ref, verb access.Verb, fn func(a *Acting) error) (Ticket, error) {
	var saved Ticket
	err := s.write(ctx, func(tx *database.Tx) (err error) {
		saved, err = s.actIn(ctx, tx, ref, verb, fn)
		return err
	})
	return saved, err
}

func (s *Service) actIn(ctx context.Context, tx *database.Tx, ref Ref, verb access.Verb, fn func(a *Acting) error) (Ticket, error) {
	c, err := s.begin(ctx, tx, ref, 0)
	if err != nil {
		return Ticket{}, err
	}
	if err := c.may(access.ReadNotes); err != nil {
		return Ticket{}, err
	}
	if err := c.may(verb); err != nil {
		return Ticket{}, err
	}
	if err := fn(&Acting{c}); err != nil {
		return Ticket{}, err
	}
	return c.save(ctx)
}

// Guard is a rule that a practice puts before steps of every kind's workflow, and
// that an administrator finds named on the kind's page.
type Guard struct {
	Label string            // key of the message catalogue: "Checklists that must be done first"
	To    workflow.Category // steps that lead here are asked about
	// Check fails with Invalid when the step must not be taken yet, with all that
	// is missing in its fields.
	Check func(ctx context.Context, q database.Querier, t *Ticket) error
}

// Guard adds a guard. It belongs to putting the system together.
func (s *Service) Guard(g Guard) { s.guards = append(s.guards, g) }

// GuardsOf lists the labels of the guards before steps to a category.
func (s *Service) GuardsOf(to workflow.Category) []string {
	var labels []string
	for _, g := range s.guards {
		if g.To == to {
			labels = append(labels, g.Label)
		}
	}
	return labels
}

// checkGuards asks the practices whether a step may be taken, and collects all
// that they miss. A ticket that stays within a category asks nobody.
func (c *change) checkGuards(ctx context.Context, to workflow.State) error {
	if c.ticket.Category == to.Category {
		return nil
	}
	ctx = access.With(ctx, c.actor) // a follower is moved by the product, not by who moved its parent
	var p apperr.Problems
	for _, g := range c.s.guards {
		if g.To != to.Category {
			continue
		}
		err := g.Check(ctx, c.tx, &c.before)
		if err != nil && !apperr.Is(err, apperr.Invalid) {
			return err
		}
		for _, f := range apperr.FieldsOf(err) {
			p.Add(f.Name, "%s", f.Message)
		}
	}
	return p.Err()
}

func isActivity(field string) bool { return strings.HasPrefix(field, ActivityPrefix) }

// Matches tries a filter that a practice keeps, such as the condition of a rule,
// on a ticket. The filter sees every field; "me" in it is the actor.
func (s *Service) Matches(ctx context.Context, q database.Querier, condition string, t *Ticket) (bool, error) {
	return s.matches(ctx, q, condition, t, s.now())
}
