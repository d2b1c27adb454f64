package suggest

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui"
)

// Directory completes names as far as the actor may see them; people.Service does.
type Directory interface {
	SuggestPeople(ctx context.Context, text string) ([]people.Suggestion, error)
	SuggestMembers(ctx context.Context, group int64, text string) ([]people.Suggestion, error)
	SuggestGroups(ctx context.Context, text string) ([]people.Suggestion, error)
	SuggestOrganisations(ctx context.Context, text string) ([]people.Suggestion, error)
}

// Services completes the names of services in use; service.Store does.
type Services interface {
	Suggest(ctx context.Context, text string) ([]service.Suggestion, error)
}

// Deps are where the names come from.
type Deps struct {
	Directory Directory
	Services  Services
	Tickets   *ticket.Service
	// Away says of those of some persons who are away until when, and who stands in for
	// the tickets of a group; nil knows of nobody.
	Away func(ctx context.Context, group int64, persons []int64) (map[int64]string, error)
}

// Suggest answers what is being typed.
type Suggest struct{ d Deps }

// New makes the endpoints.
func New(d Deps) *Suggest { return &Suggest{d} }

// Module is what the rest of the house sees.
func (s *Suggest) Module() module.Module {
	return module.Module{Name: "desk/suggest", Routes: s.routes}
}

func (s *Suggest) routes(mux *web.Mux) {
	mux.Handle("GET /suggest/people", s.people)
	mux.Handle("GET /suggest/members", s.members)
	mux.Handle("GET /suggest/groups", s.groups)
	mux.Handle("GET /suggest/organisations", s.organisations)
	mux.Handle("GET /suggest/services", s.services)
	mux.Handle("GET /suggest/tickets", s.tickets)
	mux.Handle("GET /suggest/mentions", s.mentions)
}

// maxTyped bounds what is looked up; nobody types a longer name.
const maxTyped = 200

// typed gives what is to be completed.
func typed(r *http.Request) string {
	text := []rune(web.OneLine(strings.ToValidUTF8(r.FormValue("q"), "\uFFFD")))
	return string(text[:min(len(text), maxTyped)])
}

func (s *Suggest) people(w http.ResponseWriter, r *http.Request) error {
	found, err := s.d.Directory.SuggestPeople(r.Context(), typed(r))
	if err == nil {
		err = s.noteAway(r.Context(), 0, found)
	}
	return choices(w, r, ui.PartyPerson, found, err)
}

// noteAway says beside the names of those who are away that they are.
func (s *Suggest) noteAway(ctx context.Context, group int64, found []people.Suggestion) error {
	if s.d.Away == nil || len(found) == 0 {
		return nil
	}
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	notes, err := s.d.Away(ctx, group, ids)
	for i := range found {
		if note := notes[found[i].ID]; note != "" {
			found[i].Detail = strings.TrimPrefix(found[i].Detail+" · "+note, " · ")
		}
	}
	return err
}

func (s *Suggest) groups(w http.ResponseWriter, r *http.Request) error {
	found, err := s.d.Directory.SuggestGroups(r.Context(), typed(r))
	return choices(w, r, ui.PartyGroup, found, err)
}

func (s *Suggest) organisations(w http.ResponseWriter, r *http.Request) error {
	found, err := s.d.Directory.SuggestOrganisations(r.Context(), typed(r))
	return choices(w, r, ui.PartyOrg, found, err)
}

func (s *Suggest) members(w http.ResponseWriter, r *http.Request) error {
	found, err := s.membersOf(r)
	if err == nil {
		group, _ := strconv.ParseInt(r.FormValue("group"), 10, 64) // none is any
		err = s.noteAway(r.Context(), group, found)
	}
	return choices(w, r, ui.PartyPerson, found, err)
}

// membersOf completes the names of those who can hold a ticket of the group in
// "group", or of people where no group is chosen yet.
func (s *Suggest) membersOf(r *http.Request) ([]people.Suggestion, error) {
	group, err := strconv.ParseInt(r.FormValue("group"), 10, 64)
	if err != nil || group == 0 {
		return s.d.Directory.SuggestPeople(r.Context(), typed(r))
	}
	found, err := s.d.Directory.SuggestMembers(r.Context(), group, typed(r))
	if apperr.Is(err, apperr.NotFound) {
		return nil, nil // unknown or hidden: nobody is found in it
	}
	return found, err
}

func (s *Suggest) services(w http.ResponseWriter, r *http.Request) error {
	found, err := s.d.Services.Suggest(r.Context(), typed(r))
	if apperr.Is(err, apperr.Forbidden) || apperr.Is(err, apperr.Unauthenticated) {
		found, err = nil, nil // whoever has no list of services finds none
	}
	if err != nil {
		return err
	}
	options := make([]ui.Choice, 0, len(found))
	for _, f := range found {
		options = append(options, ui.Choice{Value: strconv.FormatInt(f.ID, 10), Label: f.Name, Hint: f.Detail, Kind: ui.PartyService})
	}
	return web.Render(w, r, http.StatusOK, ui.ComboboxOptions(options))
}

// mentions completes "@ana" to the link that ticket.Mentions reads: members of
// the ticket's group when one is given, else people.
func (s *Suggest) mentions(w http.ResponseWriter, r *http.Request) error {
	found, err := s.membersOf(r)
	if err != nil {
		return err
	}
	completions := make([]ui.Completion, 0, len(found))
	for _, f := range found {
		completions = append(completions, ui.Completion{Insert: mention(f.ID, f.Name), Label: f.Name, Hint: f.Detail})
	}
	return web.Render(w, r, http.StatusOK, ui.FilterCompletions(completions))
}

// mention writes a person into a text. Brackets in a name would end the link early.
func mention(id int64, name string) string {
	return fmt.Sprintf("[@%s](person:%d) ", strings.NewReplacer("[", "(", "]", ")").Replace(name), id)
}

func choices(w http.ResponseWriter, r *http.Request, kind ui.PartyKind, found []people.Suggestion, err error) error {
	if err != nil {
		return err
	}
	options := make([]ui.Choice, 0, len(found))
	for _, f := range found {
		options = append(options, ui.Choice{Value: strconv.FormatInt(f.ID, 10), Label: f.Name, Hint: f.Detail, Kind: kind})
	}
	return web.Render(w, r, http.StatusOK, ui.ComboboxOptions(options))
}
