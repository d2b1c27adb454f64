package macro

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Preview says what a macro would do to one ticket.
type Preview struct {
	Ticket ticket.Ticket
	Item   ticket.Item // the fields it changes, and whether it replies and notes
	Words  []Words     // what it writes, in order
	Others []ticket.Item
	Err    error // why it cannot run on this ticket
}

// Words is a text that a macro writes.
type Words struct {
	Public bool
	Text   string
}

// act is how a run of the macro is kept among the operations.
func (m *Macro) act(refs []ticket.Ref) ticket.Act {
	return ticket.Act{Kind: ticket.RunMacro, Title: m.Title, Wish: map[string]any{"macro": m.ID, "version": m.Version, "tickets": refs}}
}

// Rehearse says what a macro would do to a ticket, and does none of it.
func (s *Macros) Rehearse(ctx context.Context, m *Macro, ref ticket.Ref) (Preview, error) {
	var out Preview
	t, err := s.d.Tickets.Get(ctx, ref)
	if err != nil {
		return out, err
	}
	out.Ticket = t
	r, err := s.prepare(ctx, m, zone(ctx), t.RequesterID)
	if err != nil {
		return out, err
	}
	var refusal error
	var words []Words
	items, err := s.d.Tickets.Rehearse(ctx, m.act([]ticket.Ref{ref}), func(ctx context.Context, b *ticket.Batch) error {
		refusal, words = nil, nil
		return b.Try(ctx, ref, func(ctx context.Context, ref ticket.Ref) error {
			r.words = nil
			refusal = r.do(ctx, b, ref)
			words = r.words
			return refusal
		})
	})
	if err != nil {
		return out, err
	}
	out.Err, out.Words = refusal, words
	for _, item := range items {
		if item.TicketID == t.ID {
			out.Item = item
		} else if item.Role == ticket.RoleFollowed {
			out.Others = append(out.Others, item)
		}
	}
	return out, nil
}

// Run runs a macro on one ticket: all of its steps, or the error of the one that
// is refused and none of them.
func (s *Macros) Run(ctx context.Context, m *Macro, ref ticket.Ref) (ticket.Operation, error) {
	t, err := s.d.Tickets.Get(ctx, ref)
	if err != nil {
		return ticket.Operation{}, err
	}
	r, err := s.prepare(ctx, m, zone(ctx), t.RequesterID)
	if err != nil {
		return ticket.Operation{}, err
	}
	return s.d.Tickets.Operate(ctx, m.act([]ticket.Ref{ref}), func(ctx context.Context, b *ticket.Batch) error {
		if err := r.do(ctx, b, ref); err != nil {
			return err
		}
		return s.count(ctx, b.Tx(), m, 1)
	})
}

// maxRun is how many tickets a macro runs on at once.
const maxRun = 100

// RunMany runs a macro on many tickets as one operation. Each ticket gets all of
// its steps or, with the reason, none; one that is refused does not keep the
// others from being done.
func (s *Macros) RunMany(ctx context.Context, m *Macro, tickets []ticket.Ticket) (ticket.Operation, error) {
	if len(tickets) > maxRun {
		return ticket.Operation{}, apperr.InvalidField("tickets", "A macro runs on at most %d tickets at once.", maxRun)
	}
	refs, requesters := make([]ticket.Ref, 0, len(tickets)), make([]int64, 0, len(tickets))
	for i := range tickets {
		refs, requesters = append(refs, ticket.ByID(tickets[i].ID)), append(requesters, tickets[i].RequesterID)
	}
	r, err := s.prepare(ctx, m, zone(ctx), requesters...)
	if err != nil {
		return ticket.Operation{}, err
	}
	return s.d.Tickets.Operate(ctx, m.act(refs), func(ctx context.Context, b *ticket.Batch) error {
		for _, ref := range refs {
			if err := b.Try(ctx, ref, func(ctx context.Context, ref ticket.Ref) error { return r.do(ctx, b, ref) }); err != nil {
				return err
			}
		}
		return s.count(ctx, b.Tx(), m, len(refs))
	})
}

// rehearsed says what a macro would do to many tickets, by ticket.
func (s *Macros) rehearsed(ctx context.Context, m *Macro, tickets []ticket.Ticket) (map[int64]*ticket.Item, error) {
	var requesters []int64
	for i := range tickets {
		requesters = append(requesters, tickets[i].RequesterID)
	}
	r, err := s.prepare(ctx, m, zone(ctx), requesters...)
	if err != nil {
		return nil, err
	}
	items, err := s.d.Tickets.Rehearse(ctx, m.act(nil), func(ctx context.Context, b *ticket.Batch) error {
		for i := range tickets {
			if err := b.Try(ctx, ticket.ByID(tickets[i].ID), func(ctx context.Context, ref ticket.Ref) error { return r.do(ctx, b, ref) }); err != nil {
				return err
			}
		}
		return nil
	})
	out := make(map[int64]*ticket.Item, len(items))
	for i := range items {
		out[items[i].TicketID] = &items[i]
	}
	return out, err
}

// run is a macro that is about to be done: everything that is read once.
type run struct {
	s         *Macros
	m         *Macro
	condition filter.Condition
	public    map[int]phrase.Public // texts by step
	internal  map[int]phrase.Internal
	contacts  map[int64]people.Contact // of requesters, if a note speaks of them
	words     []Words                  // what it wrote on the last ticket
}

func (s *Macros) prepare(ctx context.Context, m *Macro, zone *time.Location, requesters ...int64) (*run, error) {
	r := &run{s: s, m: m, public: map[int]phrase.Public{}, internal: map[int]phrase.Internal{}, contacts: map[int64]people.Contact{}}
	var err error
	if r.condition, err = s.d.Tickets.Condition(ctx, m.Condition, zone); err != nil {
		return nil, err
	}
	asksContacts := false
	for i := range m.Steps {
		step := &m.Steps[i]
		if step.Do == AddNote {
			asksContacts = asksContacts || strings.Contains(step.Text, "{{")
			if r.internal[i], err = phrase.ParseInternal(step.Text); err != nil {
				return nil, err
			}
			continue
		}
		if r.public[i], err = phrase.ParsePublic(step.Text); err != nil {
			return nil, err
		}
	}
	if asksContacts {
		r.contacts, err = s.d.Names.Contacts(ctx, s.d.DB.Reader(), requesters)
	}
	return r, err
}

// do runs the steps on a ticket, one after the other.
func (r *run) do(ctx context.Context, b *ticket.Batch, ref ticket.Ref) error {
	t, err := b.Get(ctx, ref)
	if err != nil {
		return err
	}
	if err := r.suits(ctx, b.Tx(), &t); err != nil {
		return err
	}
	for i := range r.m.Steps {
		if t, err = b.Get(ctx, ref); err != nil {
			return gone(err)
		}
		if err := r.step(ctx, b, i, &t); err != nil {
			return gone(err)
		}
	}
	return nil
}

// gone explains that an earlier step took the ticket out of the actor's sight.
func gone(err error) error {
	if apperr.Is(err, apperr.NotFound) {
		return apperr.Wrap(err, apperr.Forbidden, "After an earlier step you no longer see the ticket. Assign it last.")
	}
	return err
}

// suits refuses a ticket that the macro is not for.
func (r *run) suits(ctx context.Context, q database.Querier, t *ticket.Ticket) error {
	if !r.m.fits(t.Kind) {
		return apperr.New(apperr.Conflict, "“%s” is not for this kind of ticket.", r.m.Title)
	}
	fits, err := r.s.d.Tickets.Fits(ctx, q, r.condition, t)
	if err == nil && !fits {
		return apperr.New(apperr.Conflict, "“%s” is only for tickets with: %s", r.m.Title, r.m.Condition)
	}
	return err
}

func (r *run) step(ctx context.Context, b *ticket.Batch, i int, t *ticket.Ticket) error {
	step, ref := &r.m.Steps[i], ticket.ByID(t.ID)
	var err error
	switch step.Do {
	case SetField:
		_, err = b.Edit(ctx, ref, step.edit())
	case Assign:
		_, err = b.Edit(ctx, ref, step.assignment(access.From(ctx)))
	case Tag:
		tags := slices.DeleteFunc(slices.Clone(t.Tags), func(tag string) bool { return slices.Contains(step.Remove, tag) })
		tags = append(tags, step.Add...)
		_, err = b.Edit(ctx, ref, ticket.Edit{Tags: &tags})
	case Watch:
		_, err = b.Watch(ctx, ref, !step.Off)
	case AddNote:
		var words string
		if words, err = r.note(ctx, b.Tx(), i, t); err == nil {
			_, err = b.Note(ctx, ref, ticket.InternalNote{Body: ticket.Markdown(words)})
		}
	case Reply:
		err = r.reply(ctx, b, i, t)
	case Transition:
		err = r.transition(ctx, b, i, t)
	}
	return err
}

func (r *run) reply(ctx context.Context, b *ticket.Batch, i int, t *ticket.Ticket) error {
	words, err := r.said(ctx, b.Tx(), i, t, true)
	if err != nil {
		return err
	}
	files, err := r.s.d.Tickets.TakeKept(ctx, b.Tx(), r.m.ID)
	if err != nil {
		return err
	}
	cmd := ticket.PublicReply{Body: ticket.Markdown(words)}
	for k := range files {
		cmd.Attachments = append(cmd.Attachments, files[k].ID)
	}
	_, err = b.Reply(ctx, ticket.ByID(t.ID), cmd)
	return err
}

func (r *run) transition(ctx context.Context, b *ticket.Batch, i int, t *ticket.Ticket) error {
	step := &r.m.Steps[i]
	def, err := r.s.d.Tickets.Kinds().Get(t.Kind)
	if err != nil {
		return err
	}
	if _, ok := def.Transition(step.Transition); !ok {
		return apperr.New(apperr.Conflict, "This kind of ticket has no such step.")
	}
	words := ""
	if step.Text != "" {
		probe, err := step.command(def, step.Text)
		if err != nil {
			return err
		}
		if words, err = r.said(ctx, b.Tx(), i, t, probe.CommentPublic || probe.Resolution != ""); err != nil {
			return err
		}
	}
	cmd, err := step.command(def, words)
	if err != nil {
		return err
	}
	_, err = b.Transition(ctx, ticket.ByID(t.ID), cmd)
	return err
}

// said fills a text that requesters may read, and notes it for the preview.
func (r *run) said(ctx context.Context, q database.Querier, i int, t *ticket.Ticket, public bool) (string, error) {
	facts, err := r.s.d.Facts(ctx, q, t)
	if err != nil {
		return "", err
	}
	words, missing := r.public[i].Fill(facts.Facts)
	return r.noted(words, missing, i, public)
}

// note fills an internal text.
func (r *run) note(ctx context.Context, q database.Querier, i int, t *ticket.Ticket) (string, error) {
	facts, err := r.s.d.Facts(ctx, q, t)
	if err != nil {
		return "", err
	}
	c := r.contacts[t.RequesterID]
	facts.RequesterEmail, facts.RequesterPhone, facts.RequesterLocation = c.Email, c.Phone, c.Location
	words, missing := r.internal[i].Fill(facts)
	return r.noted(words, missing, i, false)
}

// noted refuses a text in which something is missing: nobody looks at it before
// it is sent.
func (r *run) noted(words string, missing []string, i int, public bool) (string, error) {
	if len(missing) > 0 {
		return "", apperr.New(apperr.Invalid, "Step %d speaks of %s, and this ticket has none. Give it a fallback, such as {{%s|…}}.", i+1, strings.Join(missing, ", "), missing[0])
	}
	r.words = append(r.words, Words{Public: public, Text: words})
	return words, nil
}

// edit is a step that sets a field, as a change of the ticket.
func (s *MacroStep) edit() ticket.Edit {
	n, _ := strconv.Atoi(s.Value) // checked when the macro was saved
	switch s.Field {
	case ticket.FieldImpact:
		return ticket.Edit{Impact: &n}
	case ticket.FieldUrgency:
		return ticket.Edit{Urgency: &n}
	case ticket.FieldPriority:
		return ticket.Edit{Priority: &n, PriorityReason: s.Reason}
	case ticket.FieldService:
		id := int64(n)
		return ticket.Edit{ServiceID: &id}
	case ticket.FieldTitle:
		return ticket.Edit{Title: &s.Value}
	}
	return ticket.Edit{Fields: map[string]string{strings.TrimPrefix(s.Field, ticket.CustomPrefix): s.Value}}
}

// assignment is a step that assigns, by a person who may be "me".
func (s *MacroStep) assignment(actor access.Actor) ticket.Edit {
	var cmd ticket.Edit
	if s.GroupID != 0 {
		cmd.GroupID = &s.GroupID
	}
	switch s.Assignee {
	case "me":
		cmd.AssigneeID = &actor.ID
	case "nobody":
		cmd.AssigneeID = new(int64)
	case "person":
		cmd.AssigneeID = &s.AssigneeID
	}
	return cmd
}
