package dashboard

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

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
	b, made, err := d.render(ctx, s)
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
		_, err = tx.Exec(ctx, `INSERT INTO dashboard_snapshots (id, board, person_id, title, made_at, content, letter) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			id, s.Board, s.PersonID, b.Name, database.Time(now), made.html, made.letter)
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

// Forget deletes what was received long ago.
func (d *Dashboards) Forget(ctx context.Context) error {
	return d.d.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM dashboard_snapshots WHERE made_at < $1`, database.Time(d.d.Clock().Add(-kept)))
		return err
	})
}

// snapshot is a board as it came to somebody.
type snapshot struct {
	board, title, html string
	at                 time.Time
}

// snapshot gives what came to the actor.
func (d *Dashboards) snapshot(ctx context.Context, id int64) (snapshot, error) {
	return database.One(ctx, d.d.DB.Reader(), func(r database.Row) (snapshot, error) {
		var s snapshot
		err := r.Scan(&s.board, &s.title, (*database.Time)(&s.at), &s.html)
		return s, err
	}, `SELECT board, title, made_at, content FROM dashboard_snapshots WHERE id = $1 AND person_id = $2`, id, access.From(ctx).ID)
}

// Letters gives the figures of boards as they came to the actor, in Markdown.
func (d *Dashboards) Letters(ctx context.Context, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	var args database.Args
	return out, database.Each(ctx, d.d.DB.Reader(), func(r database.Row) error {
		var id int64
		var letter string
		err := r.Scan(&id, &letter)
		out[id] = letter
		return err
	}, `SELECT id, letter FROM dashboard_snapshots WHERE person_id = `+args.Arg(access.From(ctx).ID)+` AND letter <> '' AND id IN `+database.In(&args, ids), args.Values()...)
}
