package suggest

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui"
)

const (
	maxTickets = 10
	maxWords   = 20
)

var ticketNumber = regexp.MustCompile(`^[A-Za-z]{1,8}-[0-9]{1,18}$`)

// tickets completes a ticket by its number, whole or only the digits, or by
// words of its title and conversation; with nothing typed it offers what changed
// last. "not" is the number of a ticket to leave out: the one that is to be
// linked.
func (s *Suggest) tickets(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	found, err := s.findTickets(ctx, typed(r))
	if err != nil {
		return err
	}
	not := r.FormValue("not")
	found = slices.DeleteFunc(found, func(t ticket.Ticket) bool { return strings.EqualFold(t.Number, not) })
	options := make([]ui.Choice, 0, maxTickets)
	for i := range found[:min(len(found), maxTickets)] {
		t := &found[i]
		options = append(options, ui.Choice{
			Value: t.Number, Label: t.Number + " " + t.Title, Hint: s.state(ctx, t), Kind: ui.PartyTicket,
		})
	}
	return web.Render(w, r, http.StatusOK, ui.ComboboxOptions(options))
}

func (s *Suggest) findTickets(ctx context.Context, typed string) ([]ticket.Ticket, error) {
	const most = maxTickets + 1 // one may be left out
	if typed == "" {
		page, err := s.d.Tickets.List(ctx, ticket.Query{Condition: filter.True(), Limit: most})
		return page.Tickets, err
	}
	found, err := s.numbered(ctx, typed)
	if err != nil {
		return nil, err
	}
	var words []filter.Word
	for _, word := range search.Words(typed, maxWords) {
		words = append(words, filter.Word{Text: word})
	}
	hits, err := s.d.Tickets.Find(ctx, words, most)
	for _, h := range hits {
		if !slices.ContainsFunc(found, func(t ticket.Ticket) bool { return t.ID == h.Ticket.ID }) {
			found = append(found, h.Ticket)
		}
	}
	return found, err
}

// numbered finds the tickets whose number was typed: "inc-7", or "7" for INC-7
// and REQ-7.
func (s *Suggest) numbered(ctx context.Context, typed string) ([]ticket.Ticket, error) {
	var numbers []string
	switch {
	case ticketNumber.MatchString(typed):
		numbers = []string{strings.ToUpper(typed)}
	case len(typed) <= 18 && strings.Trim(typed, "0123456789") == "":
		for _, def := range s.d.Tickets.Kinds().In(ctx).All() {
			numbers = append(numbers, def.Prefix+"-"+strings.TrimLeft(typed, "0"))
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	schema, err := s.d.Tickets.Schema(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.d.Tickets.List(ctx, ticket.Query{
		Condition: filter.In(schema.MustField("number"), filter.Texts(numbers...)...), Limit: maxTickets,
	})
	return page.Tickets, err
}

// state says where a ticket stands: in the agents' words to those who work on
// it, in the requester's to everybody else.
func (s *Suggest) state(ctx context.Context, t *ticket.Ticket) string {
	def, err := s.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return ""
	}
	state, known := def.State(t.State)
	if !known {
		return ""
	}
	works := access.From(ctx).Check(access.Edit, t.Record()).Allowed || s.d.Tickets.ReadsNotes(ctx, t)
	return label(state, t.WaitReason, works)
}

func label(state workflow.State, waits string, works bool) string {
	reason, waiting := state.Reason(waits)
	switch {
	case works && waiting:
		return state.Label + " · " + reason.Label
	case works:
		return state.Label
	case waiting && reason.RequesterLabel != "":
		return reason.RequesterLabel
	}
	return cmp.Or(state.RequesterLabel, state.Label)
}
