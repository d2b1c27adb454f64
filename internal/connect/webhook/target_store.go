package webhook

import (
	"context"

	"github.com/steward-itsm/steward/internal/platform/database"
)

const targetColumns = `t.person_id, t.channel_id, t.target, t.shown, t.code, t.code_until, t.tries, t.codes, t.codes_since, t.verified_at`

func (s *Service) scanTarget(r database.Row) (target, error) {
	var t target
	err := r.Scan(&t.person, &t.channel, &t.whole, &t.shown, &t.code, (*database.Time)(&t.codeUntil), &t.tries, &t.codes, (*database.Time)(&t.codesSince), (*database.Time)(&t.verifiedAt))
	if err != nil {
		return t, err
	}
	if t.whole, err = s.opened(purpose("webhook_targets.target", t.person, t.channel), t.whole); err != nil {
		return t, err
	}
	t.code, err = s.opened(purpose("webhook_targets.code", t.person, t.channel), t.code)
	return t, err
}

// target gives where a channel reaches somebody; NotFound for nowhere.
func (s *Service) target(ctx context.Context, q database.Querier, channel, person int64) (target, error) {
	return database.One(ctx, q, s.scanTarget, `SELECT `+targetColumns+` FROM webhook_targets t WHERE t.person_id = $1 AND t.channel_id = $2`, person, channel)
}

// reaches reports whether a channel was proved to reach somebody.
func (s *Service) reaches(ctx context.Context, q database.Querier, channel, person int64) (bool, error) {
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM webhook_targets t WHERE t.person_id = $1 AND t.channel_id = $2 AND t.verified_at IS NOT NULL`, person, channel)
	return n > 0, err
}

func (s *Service) storeTarget(ctx context.Context, tx *database.Tx, t *target) error {
	whole, err := s.Seal.Seal(purpose("webhook_targets.target", t.person, t.channel), t.whole)
	if err != nil {
		return err
	}
	code, err := s.Seal.Seal(purpose("webhook_targets.code", t.person, t.channel), t.code)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO webhook_targets (person_id, channel_id, target, shown, code, code_until, tries, codes, codes_since, verified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (person_id, channel_id) DO UPDATE SET target = excluded.target, shown = excluded.shown, code = excluded.code,
		code_until = excluded.code_until, tries = excluded.tries, codes = excluded.codes, codes_since = excluded.codes_since, verified_at = excluded.verified_at`,
		t.person, t.channel, whole, t.shown, code, database.Time(t.codeUntil), t.tries, t.codes, database.Time(t.codesSince), database.Time(t.verifiedAt))
	return err
}

// dropOf gives up what waits for somebody.
func (s *Service) dropOf(ctx context.Context, tx *database.Tx, channel, person int64) error {
	_, err := tx.Exec(ctx, `UPDATE webhook_messages SET state = 'dropped', error = $1, ended_at = $2 WHERE channel_id = $3 AND person_id = $4 AND state = 'waiting'`,
		reasonNoTarget, database.Time(s.now()), channel, person)
	return err
}

// way is a personal channel, and where it reaches somebody.
type way struct {
	c Channel
	t target
}

// ways lists the personal channels that are on, with where they reach a person.
func (s *Service) ways(ctx context.Context, q database.Querier, person int64) ([]way, error) {
	return database.All(ctx, q, func(r database.Row) (way, error) {
		var w way
		err := r.Scan(&w.c.ID, &w.c.Name, &w.c.Kind, database.JSON{V: &w.c.Body}, &w.t.shown, &w.t.tries, (*database.Time)(&w.t.codeUntil), (*database.Time)(&w.t.verifiedAt))
		return w, err
	}, `SELECT c.id, c.name, c.kind, c.body, COALESCE(t.shown, ''), COALESCE(t.tries, 0), t.code_until, t.verified_at FROM webhook_channels c
		LEFT JOIN webhook_targets t ON t.channel_id = c.id AND t.person_id = $1
		WHERE c.personal AND c.active AND c.deleted_at IS NULL ORDER BY c.name_folded, c.id LIMIT 50`, person)
}
