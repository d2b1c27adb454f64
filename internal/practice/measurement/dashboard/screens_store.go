package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// MakeScreen makes a screen of the actor's and gives its secret, which is kept
// only as a hash.
func (d *Dashboards) MakeScreen(ctx context.Context, s Screen) (Screen, string, error) {
	if err := require(ctx); err != nil {
		return s, "", err
	}
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return s, "", apperr.New(apperr.Forbidden, "Only persons make screens.")
	}
	if err := d.checkScreen(ctx, &s); err != nil {
		return s, "", err
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return s, "", err
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	err := d.d.DB.Write(ctx, func(tx *database.Tx) error {
		n, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM dashboard_screens WHERE owner_id = $1 AND revoked_at IS NULL`, actor.ID)
		if err != nil {
			return err
		}
		if n >= maxScreens {
			return apperr.InvalidField("name", "You have %d screens, which is as many as there can be. Revoke one first.", n)
		}
		s.ID, s.OwnerID, s.CreatedAt = tx.NextID(), actor.ID, d.d.Clock().UTC()
		_, err = tx.Exec(ctx, `INSERT INTO dashboard_screens (id, name, owner_id, boards, seconds, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			s.ID, s.Name, s.OwnerID, database.JSON{V: s.Boards}, s.Seconds, hashOf(token), database.Time(s.CreatedAt), database.Time(s.ExpiresAt))
		if err != nil {
			return err
		}
		return d.d.Audit.Append(ctx, tx, audit.Entry{Action: "screen.create", ObjectType: "screen", ObjectID: audit.ID(s.ID), ObjectName: s.Name, After: s.audited()})
	})
	return s, token, err
}

// RevokeScreen makes a screen's address worthless: one's own, or anybody's for
// those who manage settings.
func (d *Dashboards) RevokeScreen(ctx context.Context, id int64) (Screen, error) {
	actor := access.From(ctx)
	var s Screen
	err := d.d.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		s, err = database.One(ctx, tx, scanScreen, `SELECT `+screenColumns+` FROM dashboard_screens s WHERE s.id = $1`, id)
		if apperr.Is(err, apperr.NotFound) || err == nil && s.OwnerID != actor.ID && !actor.Can(access.ManageSettings, access.AnyKind) {
			return apperr.New(apperr.NotFound, "There is no such screen.")
		}
		if err != nil || !s.RevokedAt.IsZero() {
			return err
		}
		before := s
		s.RevokedAt = d.d.Clock().UTC()
		if _, err := tx.Exec(ctx, `UPDATE dashboard_screens SET revoked_at = $1 WHERE id = $2`, database.Time(s.RevokedAt), id); err != nil {
			return err
		}
		return d.d.Audit.Append(ctx, tx, audit.Entry{Action: "screen.revoke", ObjectType: "screen", ObjectID: audit.ID(id), ObjectName: s.Name, Before: before.audited(), After: s.audited()})
	})
	return s, err
}

// listScreens gives the actor's screens; those who manage settings see all.
func (d *Dashboards) listScreens(ctx context.Context) ([]Screen, error) {
	actor := access.From(ctx)
	var args database.Args
	where := `s.owner_id = ` + args.Arg(actor.ID)
	if actor.Can(access.ManageSettings, access.AnyKind) {
		where = `s.id > 0`
	}
	return database.All(ctx, d.d.DB.Reader(), scanScreen, `SELECT `+screenColumns+` FROM dashboard_screens s WHERE s.revoked_at IS NULL AND `+where+
		` ORDER BY s.id DESC LIMIT `+args.Arg(maxListed), args.Values()...)
}

// seen notes about once a minute that a screen asked.
func (d *Dashboards) seen(ctx context.Context, s Screen, now time.Time) error {
	if now.Sub(s.SeenAt) < time.Minute {
		return nil
	}
	return d.d.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE dashboard_screens SET seen_at = $1 WHERE id = $2`, database.Time(now), s.ID)
		return err
	})
}

// screenOf gives the screen of a secret, while it is good.
func (d *Dashboards) screenOf(ctx context.Context, secret string, now time.Time) (Screen, error) {
	return database.One(ctx, d.d.DB.Reader(), scanScreen, `SELECT `+screenColumns+` FROM dashboard_screens s WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2`,
		hashOf(secret), database.Time(now))
}
