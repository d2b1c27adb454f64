package dashboard

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
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

func (d *Dashboards) subscriptionOf(ctx context.Context, board string) (subscription, error) {
	return database.One(ctx, d.d.DB.Reader(), scanSubscription, `SELECT `+subscriptionColumns+` FROM dashboard_subscriptions s WHERE s.person_id = $1 AND s.board = $2`,
		access.From(ctx).ID, board)
}

// Subscribe has the actor receive a board; a plan replaces the one before.
func (d *Dashboards) Subscribe(ctx context.Context, board string, p plan) (time.Time, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return time.Time{}, apperr.New(apperr.Forbidden, "Only persons receive boards.")
	}
	b, err := d.Board(ctx, board)
	if err != nil {
		return time.Time{}, err
	}
	if err := p.check(); err != nil {
		return time.Time{}, err
	}
	next := p.next(d.d.Clock())
	return next, d.d.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO dashboard_subscriptions (id, board, person_id, cadence, day, hour, zone, next_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (person_id, board) DO UPDATE SET cadence = excluded.cadence, day = excluded.day, hour = excluded.hour, zone = excluded.zone, next_at = excluded.next_at`,
			tx.NextID(), b.ref(), actor.ID, string(p.Cadence), p.Day, p.Hour, p.Zone.String(), database.Time(next))
		return err
	})
}

// Unsubscribe ends the actor's subscription to a board.
func (d *Dashboards) Unsubscribe(ctx context.Context, board string) error {
	return d.d.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM dashboard_subscriptions WHERE person_id = $1 AND board = $2`, access.From(ctx).ID, board)
		return err
	})
}

// oneGo bounds how many boards one run delivers; what is left comes a minute later.
const oneGo = 100

// Deliver renders the boards that are due and puts them into inboxes. What was
// missed while the product was down comes once. A board that the recipient no
// longer has is not delivered, and its subscription ends.
func (d *Dashboards) Deliver(ctx context.Context) error {
	due, err := database.All(ctx, d.d.DB.Reader(), scanSubscription, `SELECT `+subscriptionColumns+` FROM dashboard_subscriptions s
		WHERE s.next_at <= $1 ORDER BY s.next_at, s.id LIMIT $2`, database.Time(d.d.Clock()), oneGo)
	if err != nil {
		return err
	}
	var failed []error // one that fails must not hold up the others
	for _, s := range due {
		failed = append(failed, d.deliver(ctx, s))
	}
	return errors.Join(failed...)
}

func (d *Dashboards) deliver(ctx context.Context, s subscription) error {
	b, html, err := d.render(ctx, s)
	gone := apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden)
	wrong := apperr.Is(err, apperr.Invalid) // a tile that cannot be computed; it may be mended until the next time
	if err != nil && !gone && !wrong {
		return err
	}
	return d.d.DB.Write(ctx, func(tx *database.Tx) error {
		if gone {
			_, err := tx.Exec(ctx, `DELETE FROM dashboard_subscriptions WHERE id = $1 AND next_at = $2`, s.ID, database.Time(s.NextAt))
			return err
		}
		now := d.d.Clock()
		// Whoever moves the instant delivers: of two nodes, one.
		n, err := tx.Exec(ctx, `UPDATE dashboard_subscriptions SET next_at = $1 WHERE id = $2 AND next_at = $3`, database.Time(s.next(now)), s.ID, database.Time(s.NextAt))
		if err != nil || n == 0 || wrong {
			return err
		}
		id := tx.NextID()
		_, err = tx.Exec(ctx, `INSERT INTO dashboard_snapshots (id, board, person_id, title, made_at, content) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, s.Board, s.PersonID, b.Name, database.Time(now), html)
		if err != nil {
			return err
		}
		return d.d.Notices.Send(ctx, tx, notify.Notice{
			To: s.PersonID, Kind: notify.Report, Reason: notify.AsStarter, At: now,
			Subject: notify.Subject{Type: Subject, ID: id, Title: b.Name, URL: "/received/" + strconv.FormatInt(id, 10)},
			Key:     "dashboard:" + strconv.FormatInt(s.ID, 10) + ":" + strconv.FormatInt(s.NextAt.Unix(), 10),
		})
	})
}

// render draws a board as its recipient sees it now. Forbidden and NotFound say
// that the recipient does not.
func (d *Dashboards) render(ctx context.Context, s subscription) (Board, string, error) {
	p, err := d.d.Actors.Person(ctx, s.PersonID)
	if err != nil {
		return Board{}, "", err
	}
	ctx = d.d.Reading(access.With(ctx, p.Actor), p)
	reader := text.From(ctx)
	reader.Location = s.Zone
	ctx = text.With(ctx, reader)
	b, err := d.Board(ctx, s.Board)
	if err != nil {
		return b, "", err
	}
	b.Name = name(ctx, &b)
	answers, err := d.compute(ctx, &b, look{})
	if err != nil {
		return b, "", err
	}
	var out bytes.Buffer
	err = view.Tiles(draw(ctx, answers, nil), ui.HX{}).Render(ctx, &out)
	return b, out.String(), err
}

// kept is how long a received board can be opened.
const kept = 90 * 24 * time.Hour

// Forget deletes what was received long ago.
func (d *Dashboards) Forget(ctx context.Context) error {
	return d.d.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM dashboard_snapshots WHERE made_at < $1`, database.Time(d.d.Clock().Add(-kept)))
		return err
	})
}

// received shows a board as it was received, to its recipient alone.
func (d *Dashboards) received(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return errNoBoard()
	}
	var v view.Received
	var made time.Time
	err = d.d.DB.Reader().QueryRow(ctx, `SELECT board, title, made_at, content FROM dashboard_snapshots WHERE id = $1 AND person_id = $2`, id, access.From(ctx).ID).
		Scan(&v.Back, &v.Title, (*database.Time)(&made), &v.HTML)
	if apperr.Is(err, apperr.NotFound) {
		return apperr.New(apperr.NotFound, "There is no such board for you. What was received is kept for ninety days.")
	}
	if err != nil {
		return err
	}
	if _, err := d.Board(ctx, v.Back); err != nil { // who may no longer have the board does not have its past
		return err
	}
	v.Back = "/dashboards/" + v.Back
	v.Lead = text.T(ctx, "As it was on %s.", text.DateTime(ctx, made))
	return d.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true}, v.View())
}

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
	v := view.Subscription{Action: "/dashboards/" + b.ref() + "/subscription", Held: held, Errors: apperr.ByField(wrong), Zone: text.T(ctx, "Zone: %s", zoneOf(ctx).String())}
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
		Lead: text.T(ctx, "The board as it is at that time, with what you may see then, comes into your inbox."),
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
