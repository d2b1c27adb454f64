package majorincident

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// scopeForm is what a major incident is about.
type scopeForm struct {
	Summary  string  `form:"summary"`
	Impact   string  `form:"impact"`
	People   int     `form:"people"`
	Services []int64 `form:"services"`
	Cadence  int     `form:"cadence"` // minutes
	Version  int     `form:"version"`
}

func (p *pages) editScope(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	m, _, err := p.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return p.askScope(w, r, id, scopeForm{m.Summary, m.Impact, m.People, m.Services, int(m.Cadence.Minutes()), m.Version}, nil)
}

func (p *pages) askScope(w http.ResponseWriter, r *http.Request, id int64, f scopeForm, failed error) error {
	ctx := r.Context()
	m, t, err := p.Get(ctx, id)
	if err != nil {
		return err
	}
	bad, alert := problems(ctx, failed)
	services, err := p.services.Names(ctx, p.db.Reader(), f.Services)
	if err != nil {
		return err
	}
	if apperr.Is(failed, apperr.Conflict) {
		f.Version = m.Version
	}
	return p.edit(w, r, view.Editor{
		Title: text.T(ctx, "What is affected"), Action: roomURL(id) + "/scope", Cancel: roomURL(id), Save: text.T(ctx, "Save"), Alert: alert, Trail: p.trail(ctx, &m, t.Number, text.T(ctx, "Edit")),
		Hidden: []ui.Hidden{{Name: "version", Value: strconv.Itoa(f.Version)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "summary", Label: text.T(ctx, "What is affected, in one line"), Required: true, Error: bad["summary"]}, Value: f.Summary},
			ui.TextArea{Field: ui.Field{Name: "impact", Label: text.T(ctx, "What it means for the business"), Error: bad["impact"]}, Value: f.Impact},
			p.servicesField(ctx, f.Services, services, bad["services"]), peopleField(ctx, f.People, bad["people"]),
			ui.Select{Field: ui.Field{Name: "cadence", Label: text.T(ctx, "How often people are told"), Error: bad["cadence"]}, Options: cadences(ctx, f.Cadence)},
		},
	}, failed)
}

// usualCadences are the paces offered, in minutes.
var usualCadences = []int{15, 30, 60, 120, 240, 480, 1440}

func cadences(ctx context.Context, now int) []ui.Option {
	out := []ui.Option{{Value: "0", Label: text.T(ctx, "At no set pace"), Selected: now == 0}}
	known := now == 0
	for _, n := range usualCadences {
		known = known || n == now
		out = append(out, ui.Option{Value: strconv.Itoa(n), Label: text.T(ctx, "Every %s", text.Duration(ctx, time.Duration(n)*time.Minute)), Selected: n == now})
	}
	if !known {
		out = append(out, ui.Option{Value: strconv.Itoa(now), Label: text.T(ctx, "Every %s", text.Duration(ctx, time.Duration(now)*time.Minute)), Selected: true})
	}
	return out
}

func (p *pages) saveScope(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	var f scopeForm
	var err error
	if err = web.Form(r, &f, nil); err == nil {
		_, err = p.Describe(r.Context(), id, f.Version, Scope{f.Summary, f.Impact, f.People, f.Services, time.Duration(f.Cadence) * time.Minute})
	}
	if back(err) {
		return p.askScope(w, r, id, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}

func (p *pages) editRoles(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	m, _, err := p.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return p.askRoles(w, r, id, m.Roles, m.Version, nil)
}

func (p *pages) askRoles(w http.ResponseWriter, r *http.Request, id int64, roles map[Role]int64, version int, failed error) error {
	ctx := r.Context()
	m, t, err := p.Get(ctx, id)
	if err != nil {
		return err
	}
	if apperr.Is(failed, apperr.Conflict) {
		version = m.Version
	}
	bad, alert := problems(ctx, failed)
	var ids []int64
	for _, person := range roles {
		ids = append(ids, person)
	}
	names, err := p.names.PersonNames(ctx, p.db.Reader(), ids)
	if err != nil {
		return err
	}
	e := view.Editor{
		Title: text.T(ctx, "Who does what"), Action: roomURL(id) + "/roles", Cancel: roomURL(id), Save: text.T(ctx, "Save"), Alert: alert, Trail: p.trail(ctx, &m, t.Number, text.T(ctx, "Roles")),
		Hidden: []ui.Hidden{{Name: "version", Value: strconv.Itoa(version)}},
	}
	for _, role := range Roles() {
		c := ui.Combobox{Field: ui.Field{Name: string(role), Label: roleLabel(ctx, role), Error: bad[string(role)]}, URL: "/choose/people"}
		if person := roles[role]; person != 0 {
			c.Chosen = []ui.Choice{{Value: formatID(person), Label: names[person].Name, Kind: ui.PartyPerson}}
		}
		e.Fields = append(e.Fields, c)
	}
	return p.edit(w, r, e, failed)
}

func (p *pages) saveRoles(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	var f struct {
		Commander    int64 `form:"commander"`
		Technician   int64 `form:"technician"`
		Communicator int64 `form:"communicator"`
		Liaison      int64 `form:"liaison"`
		Scribe       int64 `form:"scribe"`
		Version      int   `form:"version"`
	}
	err := web.Form(r, &f, nil)
	roles := map[Role]int64{Commander: f.Commander, Technician: f.Technician, Communicator: f.Communicator, Liaison: f.Liaison, ScribeOfEvent: f.Scribe}
	if err == nil {
		_, err = p.Cast(r.Context(), id, f.Version, roles)
	}
	if back(err) {
		return p.askRoles(w, r, id, roles, f.Version, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}

func (p *pages) editBanner(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	m, _, err := p.Get(r.Context(), id)
	if err != nil {
		return err
	}
	words := m.PublicText
	if words == "" {
		words = m.Summary
	}
	return p.askBanner(w, r, id, true, words, m.Version, nil)
}

func (p *pages) askBanner(w http.ResponseWriter, r *http.Request, id int64, public bool, words string, version int, failed error) error {
	ctx := r.Context()
	m, t, err := p.Get(ctx, id)
	if err != nil {
		return err
	}
	if apperr.Is(failed, apperr.Conflict) {
		version = m.Version
	}
	bad, alert := problems(ctx, failed)
	return p.edit(w, r, view.Editor{
		Title: text.T(ctx, "What everybody reads"), Lead: text.T(ctx, "It stands above every page, for all who can ask for help here, and leads to the status page."),
		Action: roomURL(id) + "/banner", Cancel: roomURL(id), Save: text.T(ctx, "Save"), Alert: alert, Trail: p.trail(ctx, &m, t.Number, text.T(ctx, "Banner")),
		Hidden: []ui.Hidden{{Name: "version", Value: strconv.Itoa(version)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "text", Label: text.T(ctx, "In one line, without the words of our trade"), Error: bad["text"]}, Value: words, Autofocus: true},
			ui.Check{Field: ui.Field{Name: "public", Label: text.T(ctx, "Show it")}, Checked: public, Value: "true"},
		},
	}, failed)
}

func (p *pages) saveBanner(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	var f struct {
		Text    string `form:"text"`
		Public  bool   `form:"public"`
		Version int    `form:"version"`
	}
	var err error
	if err = web.Form(r, &f, nil); err == nil {
		_, err = p.Publish(r.Context(), id, f.Version, f.Public, f.Text)
	}
	if back(err) {
		return p.askBanner(w, r, id, f.Public, f.Text, f.Version, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}
