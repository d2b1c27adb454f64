package tension

import (
	"context"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// alarms lists the alarms of a pair, the newest first.
func (t *Tension) alarms(ctx context.Context, pair int64) ([]Alarm, error) {
	return database.All(ctx, t.d.DB.Reader(), scanAlarm, `SELECT `+alarmColumns+` FROM tension_alarms a WHERE a.pair_id = $1 ORDER BY a.raised_at DESC, a.id DESC LIMIT 50`, pair)
}

// alarming lists the pairs whose alarm holds.
func (t *Tension) alarming(ctx context.Context) (map[int64]bool, error) {
	ids, err := database.All(ctx, t.d.DB.Reader(), database.Scalar[int64], `SELECT DISTINCT a.pair_id FROM tension_alarms a WHERE a.ended_at IS NULL LIMIT 500`)
	out := make(map[int64]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// silence ends the alarms of a pair that cannot be looked at any more.
func (t *Tension) silence(ctx context.Context, p *Pair) error {
	return t.d.DB.Write(ctx, func(tx *database.Tx) error { return endAll(ctx, tx, p.ID, t.d.Clock()) })
}

func endAll(ctx context.Context, tx *database.Tx, pair int64, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE tension_alarms SET ended_at = $1 WHERE pair_id = $2 AND ended_at IS NULL`, database.Time(at), pair)
	return err
}

// settle writes down what was found about one partner. Raising is an insert that
// only one node's can be, and only that one tells.
func (t *Tension) settle(ctx context.Context, s *state, i int, v Verdict) error {
	p, partner := s.pair, s.pair.Partners[i].Metric
	return t.d.DB.Write(ctx, func(tx *database.Tx) error {
		if now, err := load(ctx, tx, p.ID); apperr.Is(err, apperr.NotFound) || err == nil && now.Version != p.Version {
			return nil // it was changed or deleted while it was looked at; the next look sees it as it is
		} else if err != nil {
			return err
		}
		open, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM tension_alarms WHERE pair_id = $1 AND partner = $2 AND ended_at IS NULL`, p.ID, string(partner))
		now := t.d.Clock()
		switch {
		case err != nil || v.Alarm == (open > 0):
			return err
		case !v.Alarm:
			_, err := tx.Exec(ctx, `UPDATE tension_alarms SET ended_at = $1 WHERE pair_id = $2 AND partner = $3 AND ended_at IS NULL`, database.Time(now), p.ID, string(partner))
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO tension_alarms (id, pair_id, partner, up_to, raised_at, evidence) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (pair_id, partner, up_to) DO NOTHING`,
			tx.NextID(), p.ID, string(partner), database.Time(s.upTo), database.Time(now), database.JSON{V: v})
		if err != nil || n == 0 {
			return err
		}
		process, other := text.T(ctx, s.process.Definition.Name), text.T(ctx, s.partners[i].Definition.Name)
		return t.d.Notices.Send(ctx, tx, notify.Notice{
			To: p.OwnerID, Kind: notify.Alarm, Reason: notify.AsStarter, At: now,
			Subject: notify.Subject{Type: Subject, ID: p.ID, Title: text.T(ctx, "%s and %s", process, other), URL: "/tension/" + strconv.FormatInt(p.ID, 10)},
			Detail:  text.T(ctx, "%s improves while %s worsens.", process, other),
			Key:     "tension:" + strconv.FormatInt(p.ID, 10) + ":" + string(partner) + ":" + strconv.FormatInt(s.upTo.Unix(), 10),
		})
	})
}
