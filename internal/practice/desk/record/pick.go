package record

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// A combobox posts what was chosen, and what stands in its field. Without scripts
// only the latter changes; it is then looked up in the same lists that open while
// somebody types.

// people suggests persons: the members of a group, or anybody.
func (p *Record) people(ctx context.Context, typed string, group int64) ([]people.Suggestion, error) {
	if group == 0 {
		return p.d.Directory.SuggestPeople(ctx, typed)
	}
	return p.d.Directory.SuggestMembers(ctx, group, typed)
}

func (p *Record) services(ctx context.Context, typed string) ([]people.Suggestion, error) {
	found, err := p.d.Services.Suggest(ctx, typed)
	out := make([]people.Suggestion, 0, len(found))
	for _, s := range found {
		out = append(out, people.Suggestion{ID: s.ID, Name: s.Name, Detail: s.Detail})
	}
	return out, err
}

// fewTickets is how many of those that fit are looked at: one is meant, or it is
// not clear which.
const fewTickets = 2

// tickets finds tickets by number, or by the words of their titles and texts.
func (p *Record) tickets(ctx context.Context, typed string) ([]ticket.Ticket, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return nil, nil
	}
	found, err := p.d.Tickets.ByNumbers(ctx, []string{firstWord(typed)})
	if err != nil || len(found) > 0 {
		return found, err
	}
	var words []filter.Word
	for w := range strings.FieldsSeq(typed) {
		words = append(words, filter.Word{Text: w})
	}
	hits, err := p.d.Tickets.Find(ctx, words, fewTickets)
	for _, h := range hits {
		found = append(found, h.Ticket)
	}
	return found, err
}

// pick gives what a combobox means: what was chosen, as long as its name still
// stands in the field; else what was typed, if it names exactly one; 0 for an
// emptied field. Without scripts only what is typed changes, so it counts first.
func pick(id int64, name string, typed *string, field string, find func(typed string) ([]people.Suggestion, error)) (int64, error) {
	switch {
	case typed == nil || id != 0 && filter.Fold(*typed) == filter.Fold(name):
		return id, nil
	case *typed == "":
		return 0, nil
	}
	found, err := find(*typed)
	if err != nil {
		return 0, err
	}
	exact := slices.DeleteFunc(slices.Clone(found), func(s people.Suggestion) bool { return filter.Fold(s.Name) != filter.Fold(*typed) })
	switch {
	case len(exact) == 1:
		return exact[0].ID, nil
	case len(found) == 1:
		return found[0].ID, nil
	case len(found) == 0:
		return 0, apperr.InvalidField(field, "Nothing is called “%s”.", *typed)
	}
	return 0, apperr.InvalidField(field, "Several are called “%s”. Write more of the name.", *typed)
}

func (p *Record) pickPerson(ctx context.Context, id int64, typed *string, group int64, field string) (int64, error) {
	names, err := p.d.Names.PersonNames(ctx, p.d.DB.Reader(), []int64{id})
	if err != nil {
		return 0, err
	}
	return pick(id, names[id].Name, typed, field, func(typed string) ([]people.Suggestion, error) { return p.people(ctx, typed, group) })
}

func (p *Record) pickGroup(ctx context.Context, id int64, typed *string, field string) (int64, error) {
	names, err := p.d.Names.GroupNames(ctx, p.d.DB.Reader(), []int64{id})
	if err != nil {
		return 0, err
	}
	return pick(id, names[id].Name, typed, field, func(typed string) ([]people.Suggestion, error) { return p.d.Directory.SuggestGroups(ctx, typed) })
}

func (p *Record) pickService(ctx context.Context, id int64, typed *string, field string) (int64, error) {
	names, err := p.d.Services.Names(ctx, p.d.DB.Reader(), []int64{id})
	if err != nil {
		return 0, err
	}
	return pick(id, names[id], typed, field, func(typed string) ([]people.Suggestion, error) { return p.services(ctx, typed) })
}

// pickTicket gives the ticket that a field means: by the number that was chosen,
// or by a number or words that were typed.
func (p *Record) pickTicket(ctx context.Context, number string, typed *string, field string) (ticket.Ticket, error) {
	missing := apperr.InvalidField(field, "There is no such ticket, or you may not see it.")
	var chosen ticket.Ticket
	if number != "" {
		found, err := p.d.Tickets.ByNumbers(ctx, []string{number})
		if err != nil {
			return chosen, err
		}
		if len(found) == 0 {
			return chosen, missing
		}
		chosen = found[0]
	}
	switch {
	case typed == nil, chosen.ID != 0 && firstWord(*typed) == chosen.Number:
		return chosen, nil
	case *typed == "":
		return ticket.Ticket{}, nil
	}
	found, err := p.tickets(ctx, *typed)
	switch {
	case err != nil:
		return chosen, err
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		return chosen, missing
	}
	return chosen, apperr.InvalidField(field, "Several tickets fit “%s”. Write the number of the one you mean.", *typed)
}

// pickPersons reads a field of several persons, with one more that was typed.
func (p *Record) pickPersons(ctx context.Context, chosen []string, typed *string, field string) ([]int64, error) {
	var ids []int64
	for _, one := range chosen {
		if id := parseID(one); id != 0 {
			ids = append(ids, id)
		}
	}
	if typed == nil || *typed == "" {
		return ids, nil
	}
	id, err := p.pickPerson(ctx, 0, typed, 0, field)
	return append(ids, id), err
}

func firstWord(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return first
}
