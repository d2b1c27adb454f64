package operations

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/desk/operations/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// preview is what a form posts as "do" that only asks what would happen.
const preview = "preview"

// mergeAhead rehearses a merge and says what it does: which ticket goes on, how the
// others end, what moves, and who reads where.
func (o *Operations) mergeAhead(ctx context.Context, target string, sources []string) (view.Ahead, error) {
	items, err := o.d.Tickets.Rehearse(ctx, ticket.Act{Kind: ticket.MergeInto}, func(ctx context.Context, b *ticket.Batch) error {
		return b.Merge(ctx, ticket.ByNumber(target), refs(sources))
	})
	if err != nil {
		return nil, err
	}
	found, err := o.d.Tickets.Referred(ctx, append([]string{target}, sources...))
	if err != nil {
		return nil, err
	}
	wrote := map[int64]ticket.Wrote{}
	for _, i := range items {
		wrote[i.TicketID] = i.Wrote
	}
	to := found[upper(target)]
	out := view.Ahead{text.T(ctx, "%s goes on: %s", to.Number, to.Title)}
	watchers := idsOf(wrote[to.ID], ticket.FieldWatchers, to.Watchers)
	var come, stay []int64
	for _, number := range sources {
		from := found[upper(number)]
		out = append(out, text.T(ctx, "%s ends as “%s”: %s", from.Number, o.stateLabel(ctx, &from, wrote[from.ID]), from.Title))
		for _, id := range append([]int64{from.RequesterID}, from.Watchers...) {
			switch {
			case id == 0 || id == to.RequesterID || slices.Contains(to.Watchers, id) || slices.Contains(come, id) || slices.Contains(stay, id):
			case slices.Contains(watchers, id):
				come = append(come, id)
			default:
				stay = append(stay, id)
			}
		}
		delete(wrote, from.ID)
	}
	delete(wrote, to.ID)
	if n := len(wrote); n > 0 {
		out = append(out, text.N(ctx, n, "%d ticket below them moves below %s.", "%d tickets below them move below %s.", to.Number))
	}
	names, err := o.d.Names.PersonNames(ctx, o.d.DB.Reader(), append(slices.Clone(come), stay...))
	if err != nil {
		return nil, err
	}
	called := func(ids []int64) string {
		var all []string
		for _, id := range ids {
			all = append(all, names[id].Name)
		}
		slices.Sort(all)
		return text.List(ctx, all)
	}
	if len(come) > 0 {
		out = append(out, text.T(ctx, "From then on they watch %s and hear of it: %s", to.Number, called(come)))
	}
	if len(stay) > 0 {
		out = append(out, text.T(ctx, "They may not read %s and go on in their own ticket: %s", to.Number, called(stay)))
	}
	return out, nil
}

// splitAhead rehearses a split and says what it does.
func (o *Operations) splitAhead(ctx context.Context, t *ticket.Ticket, message *ticket.Event, wish ticket.SplitWish) (view.Ahead, error) {
	var made ticket.Ticket
	_, err := o.d.Tickets.Rehearse(ctx, ticket.Act{Kind: ticket.SplitOff}, func(ctx context.Context, b *ticket.Batch) (err error) {
		made, err = b.Split(ctx, ticket.ByID(t.ID), wish)
		return err
	})
	if err != nil {
		return nil, err
	}
	def, err := o.d.Tickets.Kinds().In(ctx).Get(made.Kind)
	if err != nil {
		return nil, err
	}
	names, err := o.d.Names.PersonNames(ctx, o.d.DB.Reader(), []int64{made.RequesterID})
	if err != nil {
		return nil, err
	}
	out := view.Ahead{text.T(ctx, "A ticket of the kind “%s” opens for %s: %s", def.Label, names[made.RequesterID].Name, made.Title)}
	if message.Internal {
		out = append(out, text.T(ctx, "The message becomes an internal note there: %s does not read it.", names[made.RequesterID].Name))
	}
	if n := len(wish.Files); n > 0 {
		out = append(out, text.N(ctx, n, "%d file goes along, and stays here too.", "%d files go along, and stay here too."))
	}
	return append(out, text.T(ctx, "%s stays as it is; the two are linked.", t.Number)), nil
}

// convertAhead rehearses a change of kind and says what it does.
func (o *Operations) convertAhead(ctx context.Context, t *ticket.Ticket, wish ticket.Conversion) (view.Ahead, error) {
	var made ticket.Ticket
	items, err := o.d.Tickets.Rehearse(ctx, ticket.Act{Kind: ticket.ConvertKind}, func(ctx context.Context, b *ticket.Batch) (err error) {
		made, err = b.Convert(ctx, ticket.ByID(t.ID), wish)
		return err
	})
	if err != nil {
		return nil, err
	}
	from, err := o.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return nil, err
	}
	to, err := o.d.Tickets.Kinds().In(ctx).Get(made.Kind)
	if err != nil {
		return nil, err
	}
	out := view.Ahead{text.T(ctx, "It gets a number that begins with %s; %s goes on finding it.", to.Prefix, t.Number)}
	if s, known := to.State(made.State); known {
		out = append(out, text.T(ctx, "Its state will be “%s”.", s.Label))
	}
	if i := slices.IndexFunc(to.Matrix.Priority, func(l workflow.Level) bool { return l.Value == made.Priority }); i >= 0 && made.Priority != t.Priority {
		out = append(out, text.T(ctx, "Its priority will be “%s”.", to.Matrix.Priority[i].Label))
	}
	if to.Confidential && !from.Confidential {
		out = append(out, text.T(ctx, "Its new kind is confidential: fewer people read it."))
	}
	if from.Confidential && !to.Confidential {
		out = append(out, text.T(ctx, "Its kind was confidential and the new one is not: more people read it."))
	}
	var lost []string
	for _, i := range items {
		for _, c := range i.Wrote.Changes {
			if f, known := from.Field(strings.TrimPrefix(c.Field, ticket.CustomPrefix)); known && strings.HasPrefix(c.Field, ticket.CustomPrefix) && c.To == "" {
				lost = append(lost, f.Label)
			}
		}
	}
	if len(lost) > 0 {
		out = append(out, text.T(ctx, "These values stay only in the timeline: %s", text.List(ctx, lost)))
	}
	return out, nil
}

// stateLabel names the state that a ticket would have.
func (o *Operations) stateLabel(ctx context.Context, t *ticket.Ticket, w ticket.Wrote) string {
	key := t.State
	for _, c := range w.Changes {
		if c.Field == ticket.FieldState {
			key = c.To
		}
	}
	def, err := o.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return key
	}
	if s, known := def.State(key); known {
		return s.Label
	}
	return key
}

// idsOf gives the ids that a field would hold, which holds some now.
func idsOf(w ticket.Wrote, field string, now []int64) []int64 {
	for _, c := range w.Changes {
		if c.Field != field {
			continue
		}
		var out []int64
		for _, s := range strings.FieldsFunc(c.To, func(r rune) bool { return r < '0' || r > '9' }) {
			if id, err := strconv.ParseInt(s, 10, 64); err == nil {
				out = append(out, id)
			}
		}
		return out
	}
	return now
}
