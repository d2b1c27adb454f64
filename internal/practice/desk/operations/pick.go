package operations

import (
	"context"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// chosen is what a combobox posts: an id, or, without scripts, what was typed.
type chosen struct {
	id    int64
	typed string
}

// choice is what the field shows again.
func (c chosen) choice(kind ui.PartyKind) []ui.Choice {
	if c.id == 0 {
		return nil
	}
	return []ui.Choice{{Value: strconv.FormatInt(c.id, 10), Label: c.typed, Kind: kind}}
}

// pick gives the id that was chosen, or the one thing that what was typed names.
func pick(ctx context.Context, field string, c chosen, find func(context.Context, string) ([]people.Suggestion, error)) (int64, error) {
	if c.id != 0 || c.typed == "" {
		return c.id, nil
	}
	found, err := find(ctx, c.typed)
	if err != nil && !apperr.Is(err, apperr.NotFound) && !apperr.Is(err, apperr.Forbidden) {
		return 0, err
	}
	var exact []int64
	for _, s := range found {
		if filter.Fold(s.Name) == filter.Fold(c.typed) {
			exact = append(exact, s.ID)
		}
	}
	switch {
	case len(exact) == 1:
		return exact[0], nil
	case len(found) == 1:
		return found[0].ID, nil
	case len(found) == 0:
		return 0, apperr.InvalidField(field, "%s", text.T(ctx, "Nothing is called “%s” here.", c.typed))
	}
	return 0, apperr.InvalidField(field, "%s", text.T(ctx, "“%s” could be several. Write more of the name.", c.typed))
}

// pickTicket gives the ticket that a field names: by number, or by words that
// only one has.
func (o *Operations) pickTicket(ctx context.Context, field, number, typed string) (ticket.Ticket, error) {
	if number == "" {
		number = firstWord(typed)
	}
	if number == "" {
		return ticket.Ticket{}, nil
	}
	t, err := o.d.Tickets.Get(ctx, ticket.ByNumber(number))
	if apperr.Is(err, apperr.NotFound) {
		return t, apperr.InvalidField(field, "%s", text.T(ctx, "There is no ticket %s, or you may not see it.", number))
	}
	return t, err
}

func firstWord(s string) string {
	for i, r := range s {
		if r == ' ' {
			return s[:i]
		}
	}
	return s
}

func ticketChoice(t *ticket.Ticket) []ui.Choice {
	if t.ID == 0 {
		return nil
	}
	return []ui.Choice{{Value: t.Number, Label: t.Number + " " + t.Title, Kind: ui.PartyTicket}}
}

// services finds services as pick wants them.
func (o *Operations) services(ctx context.Context, typed string) ([]people.Suggestion, error) {
	found, err := o.d.Services.Suggest(ctx, typed)
	out := make([]people.Suggestion, 0, len(found))
	for _, s := range found {
		out = append(out, suggestion(s))
	}
	return out, err
}

func suggestion(s service.Suggestion) people.Suggestion {
	return people.Suggestion{ID: s.ID, Name: s.Name, Detail: s.Detail}
}

// members finds those who can have a ticket of a group; without one, anybody.
func (o *Operations) members(group int64) func(context.Context, string) ([]people.Suggestion, error) {
	if group == 0 {
		return o.d.Directory.SuggestPeople
	}
	return func(ctx context.Context, typed string) ([]people.Suggestion, error) {
		return o.d.Directory.SuggestMembers(ctx, group, typed)
	}
}

func upper(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// itemCursor reads where a page of an operation's tickets ended.
func itemCursor(s string) (place int, id int64, err error) {
	first, second, _ := strings.Cut(s, "-")
	place, err = strconv.Atoi(first)
	if err == nil {
		id, err = strconv.ParseInt(second, 10, 64)
	}
	if err != nil {
		err = openapi.ForeignCursor()
	}
	return place, id, err
}
