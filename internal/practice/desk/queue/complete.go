package queue

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// complete suggests how a filter may go on at the caret: fields and values from
// the schema, names from the directory as far as the actor may look people up.
func (q *Queue) complete(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	typed := strings.ToValidUTF8(r.FormValue("q"), "�")
	schema, err := q.d.Tickets.Schema(ctx)
	if err != nil {
		return err
	}
	caret := len(typed)
	if at, err := strconv.Atoi(r.FormValue("at")); err == nil {
		caret = byteOffset(typed, at)
	}
	caret = min(caret, filter.MaxLength) // what is longer is no filter
	c := schema.Complete(typed, caret)
	if c.Field != nil && c.Field.Ref != "" {
		names, err := q.completeName(ctx, c)
		if err != nil {
			return err
		}
		c.Suggestions = append(c.Suggestions, names...)
	}
	// The field replaces the whole word before the caret; a suggestion only the part it completes.
	end := min(c.Replace.Pos, caret)
	word := typed[min(wordStart(typed, caret), end):end] // the two disagree about quotation marks that a browser does not know
	found := make([]ui.Completion, 0, len(c.Suggestions))
	for _, s := range c.Suggestions {
		completion := ui.Completion{Insert: word + s.Text, Label: strings.Trim(s.Text, `"`)}
		if s.Label != completion.Label {
			completion.Hint = s.Label
		}
		found = append(found, completion)
	}
	return web.Render(w, r, http.StatusOK, ui.FilterCompletions(found))
}

// completeName finds persons, groups and the like by the beginning of a name.
func (q *Queue) completeName(ctx context.Context, c filter.Completion) ([]filter.Suggestion, error) {
	var out []filter.Suggestion
	if c.Field.Ref == ticket.RefGroup && len(access.From(ctx).Groups()) > 0 && strings.HasPrefix(ticket.GroupMine, filter.Fold(c.Typed)) {
		out = append(out, filter.Suggestion{Text: ticket.GroupMine, Label: text.T(ctx, "My groups")})
	}
	if c.Field.Ref == ticket.RefService {
		services, err := q.services(ctx, c.Typed)
		for _, s := range services {
			out = append(out, filter.Suggestion{Text: filter.Quote(s.Label), Label: s.Hint})
		}
		return out, err
	}
	var suggest func(context.Context, string) ([]people.Suggestion, error)
	switch c.Field.Ref {
	case ticket.RefPerson:
		suggest = q.d.Directory.SuggestPeople
	case ticket.RefGroup:
		suggest = q.d.Directory.SuggestGroups
	case ticket.RefOrganisation:
		suggest = q.d.Directory.SuggestOrganisations
	default:
		return out, nil
	}
	found, err := suggest(ctx, c.Typed)
	for i, s := range found {
		out = append(out, filter.Suggestion{Text: unambiguous(found, i), Label: s.Detail})
	}
	return out, err
}

// unambiguous writes a suggestion so that it means this one: by name, or by its
// e-mail address or id where several have the name.
func unambiguous(found []people.Suggestion, i int) string {
	for j, other := range found {
		if j != i && filter.Fold(other.Name) == filter.Fold(found[i].Name) {
			if strings.Contains(found[i].Detail, "@") {
				return filter.Quote(found[i].Detail)
			}
			return "#" + strconv.FormatInt(found[i].ID, 10)
		}
	}
	return filter.Quote(found[i].Name)
}

// services finds services by name; nobody who may not list them gets any.
func (q *Queue) services(ctx context.Context, typed string) ([]ui.Choice, error) {
	if !access.From(ctx).Can(access.Create, access.AnyKind) && !access.From(ctx).Can(access.ViewPeople, access.AnyKind) {
		return nil, nil
	}
	found, err := q.d.Services.Suggest(ctx, typed)
	choices := make([]ui.Choice, 0, len(found))
	for _, s := range found {
		choices = append(choices, ui.Choice{Value: strconv.FormatInt(s.ID, 10), Label: s.Name, Hint: s.Detail, Kind: ui.PartyService})
	}
	return choices, err
}

// byteOffset turns a browser's caret, which counts UTF-16 units, into a byte offset.
func byteOffset(s string, units int) int {
	for i, r := range s {
		if units <= 0 {
			return i
		}
		units--
		if r > 0xffff {
			units--
		}
	}
	return len(s)
}

// wordStart is where the browser thinks that the word before the caret begins:
// after the last space outside quotation marks (wordAt in completion.ts).
func wordStart(s string, caret int) int {
	quoted := strings.Count(s[:caret], `"`)%2 == 1
	at := caret
	for at > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:at])
		if r == '"' {
			quoted = !quoted
		}
		if !quoted && unicode.IsSpace(r) {
			break
		}
		at -= size
	}
	return at
}
