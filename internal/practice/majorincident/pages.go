package majorincident

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind the ids of a page, each sort in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// BannersURL answers what stands above every page.
const BannersURL = view.StatusURL + "/banners"

// The live events of these pages.
const (
	Event       = "major-changed"  // a room's topic is "major:ID"
	StatusEvent = "status-changed" // what everybody reads has changed
	StatusTopic = "status"
)

// Topic is the live topic of a room.
func Topic(id int64) string { return "major:" + formatID(id) }

type pages struct {
	*Service
	names    Names
	services Services
	frame    module.Frame
}

func (p *pages) routes(mux *web.Mux) {
	mux.Handle("GET "+view.ListURL, p.list)
	mux.Handle("GET "+view.StatusURL, p.status)
	mux.Handle("GET "+BannersURL, p.banners)
	mux.Handle("GET "+view.RulesURL, p.listRules)
	mux.Handle("GET "+view.RulesURL+"/{rule}", p.editRule)
	mux.Handle("POST "+view.RulesURL+"/{rule}", p.saveRule)
	mux.Handle("POST "+view.RulesURL+"/{rule}/move", p.moveRule)
	mux.Handle("GET /tickets/{number}/major", p.proposal)
	mux.Handle("POST /tickets/{number}/major", p.proposed)
	const one = view.ListURL + "/{id}"
	mux.Handle("GET "+one, p.room)
	mux.Handle("POST "+one+"/accept", p.accepted)
	mux.Handle("GET "+one+"/end", p.ending)
	mux.Handle("POST "+one+"/end", p.ended)
	mux.Handle("POST "+one+"/updates", p.telling)
	mux.Handle("GET "+one+"/scope", p.editScope)
	mux.Handle("POST "+one+"/scope", p.saveScope)
	mux.Handle("GET "+one+"/roles", p.editRoles)
	mux.Handle("POST "+one+"/roles", p.saveRoles)
	mux.Handle("GET "+one+"/banner", p.editBanner)
	mux.Handle("POST "+one+"/banner", p.saveBanner)
	mux.Handle("GET "+one+"/review", p.editReview)
	mux.Handle("POST "+one+"/review", p.saveReview)
	mux.Handle("POST "+one+"/actions", p.addAction)
	mux.Handle("POST "+one+"/actions/{action}", p.finishAction)
}

func pathID(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || n < 1 {
		return 0, apperr.New(apperr.NotFound, "There is no page at this address.")
	}
	return n, nil
}

func roomURL(id int64) string { return view.ListURL + "/" + formatID(id) }

// back reports whether a form is shown again with what was typed.
func back(err error) bool { return apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict) }

func statusOf(err error) int {
	switch {
	case apperr.Is(err, apperr.Conflict):
		return http.StatusConflict
	case err != nil:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// problems are the errors of a form by field, and what is wrong with all of it.
func problems(ctx context.Context, err error) (map[string]string, ui.Alert) {
	out := map[string]string{}
	if err == nil {
		return out, ui.Alert{}
	}
	for _, f := range apperr.FieldsOf(err) {
		out[f.Name] = f.Message
	}
	alert := ui.Alert{Tone: ui.Critical, Title: apperr.Message(err)}
	if apperr.Is(err, apperr.Conflict) {
		alert.Tone, alert.Text = ui.Warning, text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
	}
	return out, alert
}

// edit shows a form, as a dialog where scripts asked for it.
func (p *pages) edit(w http.ResponseWriter, r *http.Request, m view.Editor, failed error) error {
	if web.IsFragment(r) {
		return web.Render(w, r, statusOf(failed), m.Dialog())
	}
	return p.frame.Page(w, r, module.Page{Title: m.Title, Active: menuID, Status: statusOf(failed)}, m.View())
}

func stateLabel(ctx context.Context, s State) string {
	switch s {
	case Proposed:
		return text.T(ctx, "Proposed")
	case Accepted:
		return text.T(ctx, "Under way")
	case Rejected:
		return text.T(ctx, "Rejected")
	case Cancelled:
		return text.T(ctx, "Withdrawn")
	case Resolved:
		return text.In(ctx, "major incidents", "Resolved")
	}
	return string(s)
}

func stateBadge(ctx context.Context, m *Major) ui.Badge {
	b := ui.Badge{Label: stateLabel(ctx, m.State)}
	switch m.State {
	case Proposed:
		b.Tone, b.Icon = ui.Warning, ui.IconUrgent
	case Accepted:
		b.Tone, b.Icon = ui.Critical, ui.IconFlame
	case Resolved:
		b.Tone, b.Icon = ui.Success, ui.IconCircleCheck
		if !m.Review.Complete() {
			b.Label, b.Tone = text.T(ctx, "Resolved, review open"), ui.Info
		}
	}
	return b
}

func roleLabel(ctx context.Context, r Role) string {
	switch r {
	case Commander:
		return text.T(ctx, "Incident commander")
	case Technician:
		return text.T(ctx, "Technical lead")
	case Communicator:
		return text.T(ctx, "Communication")
	case Liaison:
		return text.T(ctx, "Contact to suppliers")
	case ScribeOfEvent:
		return text.T(ctx, "Scribe")
	}
	return string(r)
}

// menuID names the menu entry to mark.
const menuID = "major-incidents"

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f struct {
		State string `form:"state"`
		After int64  `form:"after"`
	}
	if err := web.Values(r.URL.Query(), &f, nil); err != nil {
		return err
	}
	found, next, err := p.List(ctx, Query{State: State(f.State), Before: f.After})
	if err != nil {
		return err
	}
	t := ui.Table{ID: "majors", Caption: text.T(ctx, "Major incidents"), Columns: []ui.Column{
		{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
		{Key: "summary", Label: text.T(ctx, "What is affected"), Main: true},
		{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		{Key: "since", Label: text.In(ctx, "when", "Proposed"), Shrink: true},
		{Key: "due", Label: text.T(ctx, "Next update"), Shrink: true},
	}, Empty: ui.EmptyState{Icon: ui.IconCircleCheck, Title: text.T(ctx, "No major incident"), Text: text.T(ctx, "When an incident needs everybody, propose it from its page.")}}
	for i := range found {
		m := &found[i]
		due := ui.Nothing()
		if !m.NextUpdate.IsZero() {
			due = ui.Moment{At: m.NextUpdate, Due: true}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "major-" + formatID(m.ID), URL: roomURL(m.ID), Muted: !m.State.Open(), Cells: []templ.Component{
			ui.Link{Label: m.Ticket.Number, URL: "/tickets/" + m.Ticket.Number, Mono: true},
			ui.Link{Label: m.Summary, URL: roomURL(m.ID)},
			stateBadge(ctx, &m.Major),
			ui.Moment{At: m.ProposedAt},
			due,
		}})
	}
	if next != 0 {
		t.More = ui.LoadMore{URL: view.ListURL + "?state=" + f.State + "&after=" + formatID(next), Auto: true}
	}
	if f.After != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(t))
	}
	actor := access.From(ctx)
	m := view.List{Table: t, Rules: actor.Can(access.ManageSettings, access.AnyKind) || actor.Can(Manage, access.AnyKind)}
	for _, s := range []State{"", Proposed, Accepted, Resolved, Rejected, Cancelled} {
		tab := ui.Tab{Label: text.In(ctx, "major incidents", "All"), URL: view.ListURL, Active: string(s) == f.State}
		if s != "" {
			tab.Label, tab.URL = stateLabel(ctx, s), view.ListURL+"?state="+string(s)
		}
		m.Tabs = append(m.Tabs, tab)
	}
	return p.frame.Page(w, r, module.Page{Title: text.T(ctx, "Major incidents"), Active: menuID, Topics: []string{StatusTopic}}, m.View())
}

// status is the page for everybody.
func (p *pages) status(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := p.Status(ctx)
	if err != nil {
		return err
	}
	var ids []int64
	for _, a := range all {
		ids = append(ids, a.Services...)
	}
	names, err := p.services.Names(ctx, p.db.Reader(), ids)
	if err != nil {
		return err
	}
	var m view.Status
	for _, a := range all {
		o := view.Outage{ID: "outage-" + formatID(a.ID), Words: a.Words, Since: a.Since, Resolved: a.Resolved, Services: text.List(ctx, named(names, a.Services))}
		for _, u := range a.Updates {
			o.Updates = append(o.Updates, view.Said{At: u.At, Body: view.Prose(markdown.HTML(u.Body, markdown.Context{}))})
		}
		m.Items = append(m.Items, o)
	}
	return p.frame.Page(w, r, module.Page{Title: text.T(ctx, "Status"), Active: "status", Topics: []string{StatusTopic}}, m.View())
}

// banners answers the banners of an open page.
func (p *pages) banners(w http.ResponseWriter, r *http.Request) error {
	all, err := p.BannersFor(r.Context())
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, ui.Banners(all))
}

func named(names map[int64]string, ids []int64) []string {
	var out []string
	for _, id := range ids {
		if n := names[id]; n != "" {
			out = append(out, n)
		}
	}
	return out
}

// proposalForm is what proposing asks.
type proposalForm struct {
	Summary  string  `form:"summary"`
	Impact   string  `form:"impact"`
	Reason   string  `form:"reason"`
	People   int     `form:"people"`
	Services []int64 `form:"services"`
	Accept   bool    `form:"accept"`
}

func (p *pages) proposal(w http.ResponseWriter, r *http.Request) error {
	t, err := p.tickets.Get(r.Context(), ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	f := proposalForm{Summary: t.Title}
	if t.ServiceID != 0 {
		f.Services = []int64{t.ServiceID}
	}
	return p.askProposal(w, r, &t, f, candidate(&t))
}

func (p *pages) askProposal(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, f proposalForm, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	if apperr.Is(failed, apperr.Conflict) {
		alert.Text = ""
	}
	services, err := p.services.Names(ctx, p.db.Reader(), f.Services)
	if err != nil {
		return err
	}
	at := "/tickets/" + t.Number
	m := view.Editor{
		Title: text.T(ctx, "Propose %s as a major incident", t.Number), Action: at + "/major", Cancel: at, Save: text.T(ctx, "Propose it"), Alert: alert,
		Lead:  text.T(ctx, "Those who command major incidents are told at once."),
		Trail: []ui.Crumb{{Label: t.Number, URL: at}, {Label: text.T(ctx, "Major incident")}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "summary", Label: text.T(ctx, "What is affected, in one line"), Required: true, Error: bad["summary"]}, Value: f.Summary, Autofocus: true},
			ui.TextField{Field: ui.Field{Name: "reason", Label: text.T(ctx, "Why it is a major incident"), Error: bad["reason"]}, Value: f.Reason},
			ui.TextArea{Field: ui.Field{Name: "impact", Label: text.T(ctx, "What it means for the business"), Error: bad["impact"]}, Value: f.Impact},
			p.servicesField(ctx, f.Services, services, bad["services"]), peopleField(ctx, f.People, bad["people"]),
		},
	}
	if access.From(ctx).Can(Manage, access.AnyKind) {
		m.Also = []templ.Component{ui.Button{Label: text.T(ctx, "Declare it at once"), Submit: true, Name: "accept", Value: "true", Icon: ui.IconFlame}}
	}
	return p.edit(w, r, m, failed)
}

func (p *pages) servicesField(ctx context.Context, ids []int64, names map[int64]string, wrong string) templ.Component {
	c := ui.Combobox{Field: ui.Field{Name: "services", Label: text.T(ctx, "Affected services"), Error: wrong}, URL: "/choose/services", Multiple: true}
	for _, id := range ids {
		c.Chosen = append(c.Chosen, ui.Choice{Value: formatID(id), Label: names[id], Kind: ui.PartyService})
	}
	return c
}

func peopleField(ctx context.Context, n int, wrong string) templ.Component {
	value := ""
	if n > 0 {
		value = strconv.Itoa(n)
	}
	return ui.TextField{Field: ui.Field{Name: "people", Label: text.T(ctx, "How many people are affected"), Help: text.T(ctx, "An estimate; leave it empty if nobody knows."), Error: wrong}, Value: value, Type: "number"}
}

func (p *pages) proposed(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	var f proposalForm
	err = web.Form(r, &f, nil)
	var m Major
	if err == nil {
		m, err = p.Propose(ctx, ticket.ByID(t.ID), Proposal{
			Summary: f.Summary, Impact: f.Impact, Reason: f.Reason, People: f.People, Services: f.Services, Accept: f.Accept,
		})
	}
	if back(err) {
		return p.askProposal(w, r, &t, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(m.ID))
}

func (p *pages) accepted(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	m, err := p.Accept(r.Context(), id, 0)
	if apperr.Is(err, apperr.Conflict) {
		return p.showRoom(w, r, id, ui.Alert{Tone: ui.Warning, Title: apperr.Message(err)}, nil, nil, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(m.ID))
}

func (p *pages) ending(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	return p.askEnd(w, r, id, "", nil)
}

func (p *pages) askEnd(w http.ResponseWriter, r *http.Request, id int64, why string, failed error) error {
	ctx := r.Context()
	m, t, err := p.Get(ctx, id)
	if err != nil {
		return err
	}
	bad, alert := problems(ctx, failed)
	e := view.Editor{
		Title: text.T(ctx, "Withdraw the major incident"), Lead: text.T(ctx, "The incident goes on as an ordinary one; its banner is taken down."), Save: text.T(ctx, "Withdraw it"),
		Action: roomURL(id) + "/end", Cancel: roomURL(id), Alert: alert, Trail: p.trail(ctx, &m, t.Number, text.T(ctx, "Withdraw")),
		Fields: []templ.Component{ui.TextField{Field: ui.Field{Name: "why", Label: text.T(ctx, "Why"), Required: true, Error: bad["why"]}, Value: why, Autofocus: true}},
	}
	if m.State == Proposed {
		e.Title, e.Save, e.Lead = text.T(ctx, "Reject the proposal"), text.T(ctx, "Reject it"), text.T(ctx, "The incident goes on as an ordinary one.")
	}
	return p.edit(w, r, e, failed)
}

func (p *pages) trail(ctx context.Context, m *Major, number, here string) []ui.Crumb {
	return []ui.Crumb{{Label: text.T(ctx, "Major incidents"), URL: view.ListURL}, {Label: number, URL: roomURL(m.ID)}, {Label: here}}
}

func (p *pages) ended(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var f struct {
		Why string `form:"why"`
	}
	if err = web.Form(r, &f, nil); err == nil {
		var m Major
		if m, _, err = p.Get(ctx, id); err != nil {
			return err
		}
		if m.State == Proposed {
			_, err = p.Reject(ctx, id, 0, f.Why)
		} else {
			_, err = p.Cancel(ctx, id, 0, f.Why)
		}
	}
	if back(err) {
		return p.askEnd(w, r, id, f.Why, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}

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
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
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
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var f scopeForm
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
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
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
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var f struct {
		Commander    int64 `form:"commander"`
		Technician   int64 `form:"technician"`
		Communicator int64 `form:"communicator"`
		Liaison      int64 `form:"liaison"`
		Scribe       int64 `form:"scribe"`
		Version      int   `form:"version"`
	}
	err = web.Form(r, &f, nil)
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
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
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
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var f struct {
		Text    string `form:"text"`
		Public  bool   `form:"public"`
		Version int    `form:"version"`
	}
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

func (p *pages) editReview(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	m, _, err := p.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return p.askReview(w, r, id, m.Review, m.Version, nil)
}

func (p *pages) askReview(w http.ResponseWriter, r *http.Request, id int64, review Review, version int, failed error) error {
	ctx := r.Context()
	m, t, err := p.Get(ctx, id)
	if err != nil {
		return err
	}
	if apperr.Is(failed, apperr.Conflict) {
		version = m.Version
	}
	bad, alert := problems(ctx, failed)
	part := func(name, label, help, value string) templ.Component {
		return ui.TextArea{Field: ui.Field{Name: name, Label: label, Help: help, Error: bad[name]}, Value: value, Rows: 6}
	}
	return p.edit(w, r, view.Editor{
		Title: text.T(ctx, "Post-incident review"), Lead: text.T(ctx, "Without blame: what happened, why it could, and what makes it less likely. The incident can be closed when it is complete."),
		Action: roomURL(id) + "/review", Cancel: roomURL(id), Save: text.T(ctx, "Save"), Alert: alert, Trail: p.trail(ctx, &m, t.Number, text.T(ctx, "Review")),
		Hidden: []ui.Hidden{{Name: "version", Value: strconv.Itoa(version)}},
		Fields: []templ.Component{
			part("overview", text.T(ctx, "Overview"), text.T(ctx, "What happened, to whom, for how long."), review.Overview),
			part("cause", text.T(ctx, "Cause"), text.T(ctx, "What set it off, and what let it get that far."), review.Cause),
			part("findings", text.T(ctx, "Findings"), text.T(ctx, "What went well, what did not, where we were lucky."), review.Findings),
			part("remedy", text.T(ctx, "Resolution"), text.T(ctx, "What ended it, and what still has to be done."), review.Remedy),
		},
		Also: []templ.Component{ui.Button{Label: text.T(ctx, "Save and complete"), Submit: true, Name: "complete", Value: "true", Icon: ui.IconCheck}},
	}, failed)
}

func (p *pages) saveReview(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var f struct {
		Overview string `form:"overview"`
		Cause    string `form:"cause"`
		Findings string `form:"findings"`
		Remedy   string `form:"remedy"`
		Complete bool   `form:"complete"`
		Version  int    `form:"version"`
	}
	err = web.Form(r, &f, nil)
	review := Review{Overview: f.Overview, Cause: f.Cause, Findings: f.Findings, Remedy: f.Remedy}
	if err == nil {
		_, err = p.Write(r.Context(), id, f.Version, review, f.Complete)
	}
	if back(err) {
		return p.askReview(w, r, id, review, f.Version, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}

func (p *pages) addAction(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var f struct {
		Title string `form:"title"`
		Owner int64  `form:"owner"`
		Due   string `form:"due"`
	}
	err = web.Form(r, &f, nil)
	in := Improvement{Title: f.Title, OwnerID: f.Owner}
	if err == nil && f.Due != "" {
		if in.Due, err = time.ParseInLocation(time.DateOnly, f.Due, text.From(ctx).Location); err != nil {
			err = apperr.InvalidField("due", "Give a day, such as 2026-11-30.")
		}
	}
	if err == nil {
		_, err = p.AddAction(ctx, id, in)
	}
	if back(err) {
		bad, _ := problems(ctx, err)
		return p.showRoom(w, r, id, ui.Alert{}, nil, &view.Improvements{Title: f.Title, Due: f.Due, Errors: bad}, statusOf(err))
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id)+"#improvements")
}

func (p *pages) finishAction(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	action, err := pathID(r, "action")
	if err != nil {
		return err
	}
	var f struct {
		Done bool `form:"done"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if _, err := p.Finish(r.Context(), id, action, f.Done); err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id)+"#improvements")
}

func (p *pages) telling(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := pathID(r, "id")
	if err != nil {
		return err
	}
	var f struct {
		Body    string `form:"body"`
		Public  bool   `form:"public"`
		Replies bool   `form:"replies"`
		Next    int    `form:"next"` // minutes
	}
	if err = web.Form(r, &f, nil); err == nil {
		_, err = p.Tell(ctx, id, Telling{Public: f.Public, Body: f.Body, Replies: f.Replies, Next: time.Duration(f.Next) * time.Minute})
	}
	if back(err) {
		bad, alert := problems(ctx, err)
		return p.showRoom(w, r, id, ui.Alert{}, &view.Tell{Body: f.Body, Public: f.Public, Replies: f.Replies, Errors: bad, Problem: alert}, nil, statusOf(err))
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}

// tells completes "Ana …" for what this practice wrote on a timeline.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	what, ok := strings.CutPrefix(c.Field, ticket.ActivityPrefix+"major.")
	if !ok {
		return "", false
	}
	if role, ok := strings.CutPrefix(what, "role."); ok {
		return text.T(ctx, "changed who does this in the major incident: %s", roleLabel(ctx, Role(role))), true
	}
	switch what {
	case "proposed":
		if c.To == "" {
			return text.T(ctx, "proposed this as a major incident"), true
		}
		return text.T(ctx, "proposed this as a major incident: %s", c.To), true
	case "accepted":
		return text.T(ctx, "declared this a major incident"), true
	case "rejected":
		return text.T(ctx, "rejected this as a major incident: %s", c.To), true
	case "cancelled":
		return text.T(ctx, "withdrew the major incident: %s", c.To), true
	case "summary":
		return text.T(ctx, "changed what is affected to “%s”", c.To), true
	case "published":
		return text.T(ctx, "told everybody by banner: %s", c.To), true
	case "hidden":
		return text.T(ctx, "took the banner down"), true
	case "told":
		return text.T(ctx, "told colleagues: %s", c.To), true
	case "told_all":
		return text.T(ctx, "told everybody: %s", c.To), true
	case "reviewed":
		return text.T(ctx, "completed the review of the major incident"), true
	case "action":
		return text.T(ctx, "noted an improvement: %s", c.To), true
	}
	return "", false
}
