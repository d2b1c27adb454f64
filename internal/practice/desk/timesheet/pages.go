package timesheet

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// readersNow is the present by the reader's clock.
func readersNow(ctx context.Context, now time.Time) time.Time {
	if zone := text.From(ctx).Location; zone != nil {
		return now.In(zone)
	}
	return now.UTC()
}

// mayRecord reports whether the reader records time on a ticket.
func mayRecord(ctx context.Context, t *ticket.Ticket) bool {
	actor, record := access.From(ctx), t.Record()
	return actor.IsPerson() && actor.Check(access.ReadNotes, record).Allowed && actor.Check(access.Note, record).Allowed
}

// length shows minutes as people read them: "1 h 20 min".
func length(ctx context.Context, minutes int) string {
	return text.Duration(ctx, time.Duration(minutes)*time.Minute)
}

// shownEntries is how many entries the panel has.
const shownEntries = 6

func (p pages) panel(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	if !access.From(ctx).Check(access.ReadNotes, t.Record()).Allowed {
		return nil, nil
	}
	m, err := p.model(ctx, t)
	if err != nil || !m.MayRecord && m.Total == "" {
		return nil, err
	}
	return m.View(), nil
}

func (p pages) model(ctx context.Context, t *ticket.Ticket) (view.Panel, error) {
	actor := access.From(ctx)
	m := view.Panel{Number: t.Number, MayRecord: mayRecord(ctx, t)}
	sheet, err := p.service.Of(ctx, t)
	if err != nil {
		return m, err
	}
	if m.Total = text.T(ctx, "None yet"); sheet.Total > 0 {
		m.Total = length(ctx, sheet.Total)
	}
	m.Hidden = max(len(sheet.Entries)-shownEntries, 0)
	sheet.Entries = sheet.Entries[:min(len(sheet.Entries), shownEntries)]
	if m.Entries, err = p.entries(ctx, sheet.Entries); err != nil {
		return m, err
	}
	timer, is, err := p.service.Running(ctx)
	if err != nil || !is || !actor.IsPerson() {
		return m, err
	}
	if timer.TicketID == t.ID {
		m.Since = timer.StartedAt
		return m, nil
	}
	m.Elsewhere, err = p.number(ctx, timer.TicketID)
	return m, err
}

// number gives the number of a ticket that the reader may still see.
func (p pages) number(ctx context.Context, id int64) (string, error) {
	t, err := p.Tickets.Get(ctx, ticket.ByID(id))
	if apperr.Is(err, apperr.NotFound) {
		return text.T(ctx, "another ticket"), nil
	}
	return t.Number, err
}

func (p pages) entries(ctx context.Context, of []Entry) ([]view.Entry, error) {
	if len(of) == 0 {
		return nil, nil
	}
	names, err := p.activityNames(ctx)
	if err != nil {
		return nil, err
	}
	var persons []int64
	for i := range of {
		persons = append(persons, of[i].PersonID)
	}
	people, err := p.Names.PersonNames(ctx, p.DB.Reader(), persons)
	if err != nil {
		return nil, err
	}
	me := access.From(ctx).ID
	out := make([]view.Entry, 0, len(of))
	for _, e := range of {
		v := view.Entry{ID: e.ID, Length: length(ctx, e.Minutes), Activity: names[e.ActivityID], Note: e.Note, Day: dayLabel(ctx, e.Day), Mine: e.PersonID == me || e.RecordedBy == me}
		if e.PersonID != me {
			v.Person = people[e.PersonID].Name
		}
		out = append(out, v)
	}
	return out, nil
}

func (p pages) activityNames(ctx context.Context) (map[int64]string, error) {
	all, err := p.service.Activities(ctx)
	out := map[int64]string{}
	for _, a := range all {
		out[a.ID] = a.Name
	}
	return out, err
}

func dayLabel(ctx context.Context, day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	zone := text.From(ctx).Location
	if zone == nil {
		zone = time.UTC
	}
	return text.Date(ctx, time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, zone))
}

// question asks whoever replied or resolved for their time.
func (p pages) question(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	if !mayRecord(ctx, t) {
		return nil, nil
	}
	asked, err := p.service.asked(ctx, t.ID)
	if err != nil || !asked {
		return nil, err
	}
	asking, err := p.service.Prompts(ctx)
	if err != nil || asking[t.Kind] == Off || asking[t.Kind] == "" {
		return nil, err
	}
	u := view.URL(t.Number)
	actions := []templ.Component{ui.Button{Label: text.T(ctx, "Record time"), Small: true, Kind: ui.Primary, URL: u, HX: ui.HX{Get: u, Target: view.Place, Swap: "innerHTML"}}}
	if asking[t.Kind] == Offered {
		actions = append(actions, ui.Button{Label: text.T(ctx, "Not now"), Small: true, Post: u + "/dismiss", HX: ui.HX{Post: u + "/dismiss", Target: "#panel-time-asked", Swap: "innerHTML"}})
	}
	return ui.Alert{Title: text.T(ctx, "How long did it take you?"), Actions: actions}, nil
}

// typed is what the form of an entry posts.
type typed struct {
	Length      string `form:"length,line,max=40"`
	Activity    int64  `form:"activity"`
	Day         string `form:"day,line,max=20"`
	Note        string `form:"note,line"`
	Person      int64  `form:"person"`
	PersonTyped string `form:"person.text,line,max=200"`
	Timer       bool   `form:"timer"`
	Withdraw    bool   `form:"withdraw"`
}

func (in *typed) entry() (Spent, error) {
	n := Spent{Person: in.Person, Activity: in.Activity, Day: in.Day, Note: in.Note}
	var err error
	n.Minutes, err = ParseMinutes(in.Length)
	return n, err
}

// ticket gives the ticket of the address, if the reader records time on it.
func (p pages) ticket(r *http.Request) (ticket.Ticket, error) {
	ctx := r.Context()
	t, err := p.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err == nil && !mayRecord(ctx, &t) {
		err = apperr.New(apperr.Forbidden, "Only those who work on this ticket record time on it.")
	}
	return t, err
}

func (p pages) form(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	in := typed{Day: readersNow(ctx, p.Now()).Format(time.DateOnly), Timer: r.FormValue("timer") != ""}
	if in.Timer {
		timer, is, err := p.service.Running(ctx)
		if err != nil {
			return err
		}
		if in.Timer = is && timer.TicketID == t.ID; in.Timer {
			in.Length = FormatMinutes(timer.Minutes(p.Now()))
		}
	}
	return p.show(w, r, &t, 0, in, nil)
}

func (p pages) show(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, entry int64, in typed, wrong error) error {
	ctx := r.Context()
	m := view.Form{
		Number: t.Number, Title: t.Title, Entry: entry, Timer: in.Timer, Length: in.Length, Day: in.Day, Note: in.Note, MaxNote: MaxNote, PersonTyped: in.PersonTyped,
		Errors: view.Errors{}, MayOthers: entry == 0 && !in.Timer && access.From(ctx).Can(access.ManageViews, access.AnyKind),
	}
	for _, f := range apperr.FieldsOf(wrong) {
		m.Errors[f.Name] = f.Message.In(ctx)
	}
	var err error
	if m.Activities, err = p.options(ctx, in.Activity); err != nil {
		return err
	}
	if in.Person != 0 {
		names, err := p.Names.PersonNames(ctx, p.DB.Reader(), []int64{in.Person})
		if err != nil {
			return err
		}
		m.Person = []ui.Choice{{Value: strconv.FormatInt(in.Person, 10), Label: names[in.Person].Name}}
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.Dialog())
	}
	return p.Frame.Page(w, r, module.Page{Title: m.Heading(ctx), Active: "queue", Status: status}, m.Page())
}

// options are the activities in use, and the chosen one.
func (p pages) options(ctx context.Context, chosen int64) ([]ui.Option, error) {
	all, err := p.service.Activities(ctx)
	var out []ui.Option
	for _, a := range all {
		if a.Active || a.ID == chosen {
			out = append(out, ui.Option{Value: strconv.FormatInt(a.ID, 10), Label: a.Name, Selected: a.ID == chosen})
		}
	}
	return out, err
}

func (p pages) record(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	var in typed
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	n, err := in.entry()
	if err == nil {
		n.Person, err = p.person(ctx, in)
	}
	var e Entry
	switch {
	case err != nil:
	case in.Timer:
		e, err = p.service.Stop(ctx, n)
	default:
		e, err = p.service.Record(ctx, ticket.ByID(t.ID), n)
	}
	if apperr.Is(err, apperr.Forbidden) && in.Person != 0 {
		err = apperr.InvalidField("person", "%s", apperr.Message(err))
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.show(w, r, &t, 0, in, err)
	}
	if err != nil {
		return err
	}
	return p.closed(w, r, web.Toast{Text: text.T(ctx, "%s recorded on %s", length(ctx, e.Minutes), t.Number)})
}

// person is who was chosen or, without scripts, the only one called as was typed.
func (p pages) person(ctx context.Context, in typed) (int64, error) {
	if in.Person != 0 || in.PersonTyped == "" {
		return in.Person, nil
	}
	found, err := p.Directory.SuggestPeople(ctx, in.PersonTyped)
	if err != nil {
		return 0, err
	}
	for _, f := range found {
		if len(found) == 1 || strings.EqualFold(f.Name, in.PersonTyped) {
			return f.ID, nil
		}
	}
	return 0, apperr.InvalidField("person", "Nobody, or more than one, is called “%s”.", in.PersonTyped)
}

func (p pages) entryForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	e, err := p.service.Entry(ctx, &t, web.PathID(r, "entry"))
	if err != nil {
		return err
	}
	return p.show(w, r, &t, e.ID, typed{Length: FormatMinutes(e.Minutes), Activity: e.ActivityID, Day: e.Day, Note: e.Note}, nil)
}

func (p pages) correct(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	var in typed
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	if in.Withdraw {
		return p.withdraw(w, r, &t)
	}
	n, err := in.entry()
	if err == nil {
		_, err = p.service.Correct(ctx, ticket.ByID(t.ID), web.PathID(r, "entry"), n)
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.show(w, r, &t, web.PathID(r, "entry"), in, err)
	}
	if err != nil {
		return err
	}
	return p.closed(w, r, web.Toast{Text: text.T(ctx, "The entry is corrected")})
}

// withdraw lets an entry no longer count; undoing it records the same again.
func (p pages) withdraw(w http.ResponseWriter, r *http.Request, t *ticket.Ticket) error {
	ctx := r.Context()
	old, err := p.service.Entry(ctx, t, web.PathID(r, "entry"))
	if err != nil {
		return err
	}
	if _, err := p.service.Withdraw(ctx, ticket.ByID(t.ID), old.ID); err != nil {
		return err
	}
	again := url.Values{"length": {FormatMinutes(old.Minutes)}, "activity": {strconv.FormatInt(old.ActivityID, 10)}, "day": {old.Day}, "note": {old.Note}, "person": {strconv.FormatInt(old.PersonID, 10)}}
	return p.closed(w, r, web.Toast{Text: text.T(ctx, "The entry is withdrawn"), Undo: view.URL(t.Number) + "?" + again.Encode()})
}

// closed answers a dialog that is done: the open page asks what has changed.
func (p pages) closed(w http.ResponseWriter, r *http.Request, toast web.Toast) error {
	if !web.IsHTMX(r) {
		web.Flash(w, toast, p.HTTPS)
		return web.Redirect(w, r, view.TicketURL(r.PathValue("number"))+"#"+view.PanelID)
	}
	web.ShowToast(w, toast)
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "ticket-changed", nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (p pages) start(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	stopped, err := p.service.Start(ctx, ticket.ByID(t.ID), readersNow(ctx, p.Now()).Format(time.DateOnly))
	if err != nil {
		return err
	}
	var toast web.Toast
	if stopped.ID != 0 {
		number, err := p.number(ctx, stopped.TicketID)
		if err != nil {
			return err
		}
		toast.Text = text.T(ctx, "%s recorded on %s", length(ctx, stopped.Minutes), number)
	}
	return p.again(w, r, &t, toast)
}

func (p pages) discard(w http.ResponseWriter, r *http.Request) error {
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	if err := p.service.Discard(r.Context()); err != nil && !apperr.Is(err, apperr.NotFound) {
		return err
	}
	return p.again(w, r, &t, web.Toast{Text: text.T(r.Context(), "The timer is stopped; nothing was recorded")})
}

// again answers an action on the panel with the panel.
func (p pages) again(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, toast web.Toast) error {
	if !web.IsHTMX(r) {
		if toast.Text != "" {
			web.Flash(w, toast, p.HTTPS)
		}
		return web.Redirect(w, r, view.TicketURL(t.Number)+"#"+view.PanelID)
	}
	if toast.Text != "" {
		web.ShowToast(w, toast)
	}
	m, err := p.model(r.Context(), t)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, m.View())
}

func (p pages) dismiss(w http.ResponseWriter, r *http.Request) error {
	if err := p.service.Dismiss(r.Context(), ticket.ByNumber(r.PathValue("number"))); err != nil {
		return err
	}
	if !web.IsHTMX(r) {
		return web.Redirect(w, r, view.TicketURL(r.PathValue("number")))
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
