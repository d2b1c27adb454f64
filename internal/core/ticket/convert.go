package ticket

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Conversion is the wish that a ticket becomes one of another kind.
type Conversion struct {
	Version int
	Kind    string
	Fields  map[string]string // custom fields that the new kind needs and the old one lacks
}

// Convert makes a ticket one of another kind, with everything that was done and
// said. It gets a number of the new kind, and the old one goes on finding it. Its
// state becomes the one that means the same; custom fields that both kinds have
// stay, the others stand in the timeline. Errors: Forbidden unless the actor may
// edit the ticket and open one of the new kind, Invalid with the fields that the
// new kind needs, Conflict for a merged ticket or a stale version.
func (s *Service) Convert(ctx context.Context, ref Ref, cmd Conversion) (Operation, error) {
	type wish struct {
		Ref Ref
		Conversion
	}
	return s.Operate(ctx, Act{Kind: ConvertKind, Wish: wish{ref, cmd}}, func(ctx context.Context, b *Batch) error {
		_, err := b.Convert(ctx, ref, cmd)
		return err
	})
}

// Convert is Service.Convert within an operation.
func (b *Batch) Convert(ctx context.Context, ref Ref, cmd Conversion) (Ticket, error) {
	ctx = withBatch(ctx, b)
	c, err := b.s.begin(ctx, b.tx, ref, cmd.Version)
	if err != nil {
		return Ticket{}, err
	}
	if err := c.may(access.Edit); err != nil {
		return Ticket{}, err
	}
	if c.before.MergedIntoID != 0 {
		return Ticket{}, errMerged()
	}
	def, err := b.s.kinds.Get(cmd.Kind)
	if err != nil || def.Key == c.def.Key {
		return Ticket{}, apperr.InvalidField(FieldKind, "Choose another kind than it has.")
	}
	if err := c.convert(ctx, def, cmd.Fields); err != nil {
		return Ticket{}, err
	}
	return b.meant(c.save(ctx))
}

func (c *change) convert(ctx context.Context, to *workflow.Definition, given map[string]string) error {
	after := cloneTicket(c.ticket)
	after.Kind = to.Key
	if err := c.actor.Check(access.Create, after.Record()).Err(); err != nil {
		return err
	}
	fields, err := fieldsFor(&c.ticket, to, given)
	if err != nil {
		return err
	}
	stateFor(&after, c.def, to)
	priorityFor(&after, to)
	if _, known := to.Code(after.ResolutionCode); !known {
		after.ResolutionCode = ""
	}
	if after.Number, err = c.numberAs(ctx, to); err != nil {
		return err
	}
	e := c.event(Converted, after.State == c.ticket.State, "")
	for _, field := range []string{
		FieldKind, FieldNumber, FieldState, FieldWaitReason, FieldImpact, FieldUrgency, FieldPriority, FieldPriorityReason, FieldResolutionCode,
	} {
		if err := c.set(e, field, after.Get(field)); err != nil {
			return err
		}
	}
	for _, field := range customKeys(&c.ticket, &Ticket{Fields: fields}) {
		if err := c.set(e, field, fields[strings.TrimPrefix(field, CustomPrefix)]); err != nil {
			return err
		}
	}
	c.def = to
	return nil
}

// fieldsFor gives the custom fields of a ticket as another kind has them: what is
// given, else what both kinds have and the new one accepts.
func fieldsFor(t *Ticket, to *workflow.Definition, given map[string]string) (map[string]string, error) {
	var p apperr.Problems
	out := checkFields(&p, to, given)
	for _, f := range to.Fields {
		if _, said := given[f.Key]; !said {
			if value, err := f.Canonical(t.Fields[f.Key]); err == nil && value != "" {
				out[f.Key] = value
			}
		}
		if f.Required && out[f.Key] == "" {
			p.Add(CustomPrefix+f.Key, "%s is needed.", f.Label)
		}
	}
	return out, p.Err()
}

// stateFor puts a ticket into the state of another kind that means the same: the
// one of the same name if it has the same category, else the first of that
// category, else the kind's first state. A waiting reason stays if it is known
// there.
func stateFor(t *Ticket, from, to *workflow.Definition) {
	category := workflow.Open
	if s, ok := from.State(t.State); ok {
		category = s.Category
	}
	state, ok := to.State(t.State)
	if !ok || state.Category != category {
		state, _ = to.State(to.Initial)
		if i := slices.IndexFunc(to.States, func(s workflow.State) bool { return s.Category == category }); i >= 0 {
			state = to.States[i]
		}
	}
	t.State, t.Category = state.Key, state.Category
	if _, known := state.Reason(t.WaitReason); !known {
		t.WaitReason = ""
		if len(state.Reasons) > 0 && state.Category == workflow.Waiting {
			t.WaitReason = state.Reasons[0].Key
		}
	}
}

// priorityFor fits impact, urgency and priority to another kind's matrix.
func priorityFor(t *Ticket, to *workflow.Definition) {
	if _, ok := to.Matrix.Lookup(t.Impact, t.Urgency); !ok {
		t.Impact, t.Urgency = to.DefaultImpact, to.DefaultUrgency
	}
	computed, _ := to.Matrix.Lookup(t.Impact, t.Urgency)
	known := slices.ContainsFunc(to.Matrix.Priority, func(l level) bool { return l.Value == t.Priority })
	if t.PriorityReason == "" || !known {
		t.Priority, t.PriorityReason = computed, ""
	}
}

// numberAs gives the number the ticket has as one of a kind: the one it had
// before, if it ever was one, else the next.
func (c *change) numberAs(ctx context.Context, def *workflow.Definition) (string, error) {
	former, err := formerNumbers(ctx, c.tx, []int64{c.ticket.ID})
	if err != nil {
		return "", err
	}
	for _, n := range former[c.ticket.ID] {
		if strings.HasPrefix(n, def.Prefix+"-") {
			return n, nil
		}
	}
	return number(ctx, c.tx, def)
}

// renumber keeps the number that a ticket had, so that it goes on finding it.
func renumber(ctx context.Context, tx *database.Tx, t, before *Ticket) error {
	if err := tx.Later(ctx, `UPDATE tickets SET kind = $1, number = $2 WHERE id = $3`, t.Kind, t.Number, t.ID); err != nil {
		return err
	}
	if err := tx.Later(ctx, `DELETE FROM ticket_numbers WHERE number = $1`, t.Number); err != nil {
		return err
	}
	return tx.Later(ctx, `INSERT INTO ticket_numbers (number, ticket_id) VALUES ($1, $2) ON CONFLICT (number) DO NOTHING`, before.Number, t.ID)
}

// formerNumbers gives the numbers that some tickets had as tickets of other kinds.
func formerNumbers(ctx context.Context, q database.Querier, ids []int64) (map[int64][]string, error) {
	var args database.Args
	out := map[int64][]string{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var number string
		err := r.Scan(&id, &number)
		out[id] = append(out[id], number)
		return err
	}, `SELECT n.ticket_id, n.number FROM ticket_numbers n WHERE n.ticket_id IN `+database.In(&args, ids)+` ORDER BY n.ticket_id, n.number`, args.Values()...)
	return out, err
}
