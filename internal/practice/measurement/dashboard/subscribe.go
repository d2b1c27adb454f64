package dashboard

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// subscription is who gets which board when.
type subscription struct {
	ID       int64
	Board    string
	PersonID int64
	plan
	zone   string
	NextAt time.Time
}

const subscriptionColumns = `s.id, s.board, s.person_id, s.cadence, s.day, s.hour, s.zone, s.next_at`

func scanSubscription(r database.Row) (subscription, error) {
	var s subscription
	err := r.Scan(&s.ID, &s.Board, &s.PersonID, &s.Cadence, &s.Day, &s.Hour, &s.zone, (*database.Time)(&s.NextAt))
	if err != nil {
		return s, err
	}
	if s.Zone, err = time.LoadLocation(s.zone); err != nil {
		s.Zone = time.UTC // a zone that is no longer known
	}
	return s, nil
}

// oneGo bounds how many boards one run delivers; what is left comes a minute later.
const oneGo = 100

// render draws a board as its recipient sees it now. Forbidden and NotFound say
// that the recipient does not.
func (d *Dashboards) render(ctx context.Context, s subscription) (Board, rendered, error) {
	p, err := d.d.Actors.Person(ctx, s.PersonID)
	if err != nil {
		return Board{}, rendered{}, err
	}
	ctx = d.d.Reading(access.With(ctx, p.Actor), p)
	reader := text.From(ctx)
	reader.Location = s.Zone
	ctx = text.With(ctx, reader)
	b, err := d.Board(ctx, s.Board)
	if err != nil {
		return b, rendered{}, err
	}
	b.Name = name(ctx, &b)
	answers, err := d.compute(ctx, &b, look{})
	if err != nil {
		return b, rendered{}, err
	}
	var out bytes.Buffer
	err = view.Tiles(draw(ctx, answers, nil), ui.HX{}).Render(ctx, &out)
	return b, rendered{out.String(), letter(ctx, answers, d.d.Clock())}, err
}

// rendered is a board as it comes to somebody: as a page, and for a letter.
type rendered struct{ html, letter string }

// kept is how long a received board can be opened.
const kept = 90 * 24 * time.Hour

type subscribeForm struct {
	Cadence string `form:"cadence,line,max=20"`
	Weekday int    `form:"weekday"`
	Date    int    `form:"date"`
	Hour    int    `form:"hour"`
	End     string `form:"end"`
}

func (f subscribeForm) plan(zone *time.Location) plan {
	p := plan{Cadence: Cadence(f.Cadence), Hour: f.Hour, Zone: zone}
	switch p.Cadence {
	case Weekly:
		p.Day = f.Weekday
	case Monthly:
		p.Day = f.Date
	case Daily:
	}
	return p
}

func (d *Dashboards) subscription(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := d.Board(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	f := subscribeForm{Cadence: string(Weekly), Weekday: 1, Date: 1, Hour: 7}
	s, err := d.subscriptionOf(ctx, b.ref())
	held := err == nil
	if err != nil && !apperr.Is(err, apperr.NotFound) {
		return err
	}
	if held {
		f.Cadence, f.Hour = string(s.Cadence), s.Hour
		if s.Cadence == Weekly {
			f.Weekday = s.Day
		} else if s.Cadence == Monthly {
			f.Date = s.Day
		}
	}
	return d.showSubscription(w, r, http.StatusOK, &b, f, held, s.NextAt, nil)
}

func (d *Dashboards) showSubscription(w http.ResponseWriter, r *http.Request, status int, b *Board, f subscribeForm, held bool, next time.Time, wrong error) error {
	ctx := r.Context()
	v := view.Subscription{Action: "/dashboards/" + b.ref() + "/subscription", Held: held, Errors: apperr.ByField(ctx, wrong), Zone: text.T(ctx, "Zone: %s", zoneOf(ctx).String())}
	if held {
		v.Next = text.T(ctx, "You receive this board; next on %s.", text.DateTime(ctx, next))
	}
	words := map[Cadence]string{Daily: text.T(ctx, "Daily"), Weekly: text.T(ctx, "Weekly"), Monthly: text.T(ctx, "Monthly")}
	for _, c := range Cadences() {
		v.Cadences = append(v.Cadences, ui.Option{Value: string(c), Label: words[c], Selected: string(c) == f.Cadence})
	}
	for h := range 24 {
		label := text.Clock(ctx, time.Date(2026, 1, 1, h, 0, 0, 0, zoneOf(ctx)))
		v.Hours = append(v.Hours, ui.Option{Value: strconv.Itoa(h), Label: label, Selected: h == f.Hour})
	}
	for i, day := range []string{text.T(ctx, "Monday"), text.T(ctx, "Tuesday"), text.T(ctx, "Wednesday"), text.T(ctx, "Thursday"), text.T(ctx, "Friday"), text.T(ctx, "Saturday"), text.T(ctx, "Sunday")} {
		v.Days = append(v.Days, ui.Option{Value: strconv.Itoa(i + 1), Label: day, Selected: i+1 == f.Weekday})
	}
	for i := range 31 {
		v.Dates = append(v.Dates, ui.Option{Value: strconv.Itoa(i + 1), Label: strconv.Itoa(i + 1), Selected: i+1 == f.Date})
	}
	page := view.FormPage{
		Title: text.T(ctx, "Receive this board"), Name: name(ctx, b), Back: "/dashboards/" + b.ref(), Form: v.View(),
		Lead: text.T(ctx, "The board as it is at that time, with what you may see then, comes into your inbox, and with its figures by mail where you have chosen mail for reports."),
	}
	return d.d.Frame.Page(w, r, module.Page{Title: page.Title, Active: Menu, Status: status}, page.View())
}

func (d *Dashboards) subscribe(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f subscribeForm
	if err := web.Form(r, &f, zoneOf(ctx)); err != nil {
		return err
	}
	b, err := d.Board(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	back := "/dashboards/" + b.ref()
	if f.End != "" {
		if err := d.Unsubscribe(ctx, b.ref()); err != nil {
			return err
		}
		web.Flash(w, web.Toast{Text: text.T(ctx, "You no longer receive this board")}, d.d.HTTPS)
		return web.Redirect(w, r, back)
	}
	next, err := d.Subscribe(ctx, b.ref(), f.plan(zoneOf(ctx)))
	if apperr.Is(err, apperr.Invalid) {
		return d.showSubscription(w, r, http.StatusUnprocessableEntity, &b, f, false, time.Time{}, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "You receive this board, first on %s", text.DateTime(ctx, next))}, d.d.HTTPS)
	return web.Redirect(w, r, back)
}

// received shows a board as it was received, to its recipient alone.
func (d *Dashboards) received(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	came, err := d.snapshot(ctx, web.PathID(r, "id"))
	if apperr.Is(err, apperr.NotFound) {
		return apperr.New(apperr.NotFound, "There is no such board for you. What was received is kept for ninety days.")
	}
	if err != nil {
		return err
	}
	if _, err := d.Board(ctx, came.board); err != nil { // who may no longer have the board does not have its past
		return err
	}
	v := view.Received{Title: came.title, HTML: came.html, Back: "/dashboards/" + came.board, Lead: text.T(ctx, "As it was on %s.", text.DateTime(ctx, came.at))}
	return d.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true}, v.View())
}
