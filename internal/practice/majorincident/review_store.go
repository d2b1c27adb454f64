package majorincident

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// AddAction notes an improvement. They can be added after the review as well.
func (s *Service) AddAction(ctx context.Context, id int64, in Improvement) (Action, error) {
	in.Title = clean(in.Title)
	var wrong apperr.Problems
	checkLine(&wrong, "title", in.Title, true)
	if err := wrong.Err(); err != nil {
		return Action{}, err
	}
	var a Action
	_, err := s.change(ctx, id, 0, func(c *changing) error {
		if c.m.State != Accepted && c.m.State != Resolved {
			return apperr.New(apperr.Conflict, "Actions belong to an accepted major incident.")
		}
		if in.OwnerID != 0 {
			if _, err := s.directory.OrganisationOf(ctx, c.Tx(), in.OwnerID); apperr.Is(err, apperr.Invalid) {
				return apperr.InvalidField("owner", "Choose somebody who works here.")
			} else if err != nil {
				return err
			}
		}
		there, err := actions(ctx, c.Tx(), c.m.ID)
		if err != nil {
			return err
		}
		if len(there) >= maxActions {
			return apperr.InvalidField("title", "There are %d actions, which is as many as there can be.", maxActions)
		}
		a = Action{ID: c.Tx().NextID(), MajorID: c.m.ID, Title: in.Title, OwnerID: in.OwnerID, Due: in.Due}
		c.Say(said("action"), "", in.Title)
		_, err = c.Tx().Exec(ctx, `INSERT INTO major_incident_actions (id, major_id, title, owner_id, due_on) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, a.MajorID, a.Title, database.ID(a.OwnerID), database.Time(a.Due))
		return err
	})
	return a, err
}

// Finish marks an action as done, or as not done after all. Its owner may do so,
// and whoever commands.
func (s *Service) Finish(ctx context.Context, id, action int64, done bool) (Action, error) {
	m, _, err := s.Get(ctx, id)
	if err != nil {
		return Action{}, err
	}
	actor := access.From(ctx)
	var a Action
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		var err error
		a, err = database.One(ctx, tx, scanAction, `SELECT `+actionColumns+` FROM major_incident_actions a WHERE a.id = $1 AND a.major_id = $2`, action, m.ID)
		if apperr.Is(err, apperr.NotFound) {
			return apperr.New(apperr.NotFound, "There is no such action.")
		}
		if err != nil {
			return err
		}
		if a.OwnerID != actor.ID || !actor.IsPerson() {
			if err := s.commands(ctx); err != nil {
				return err
			}
		}
		a.DoneAt, a.DoneBy = time.Time{}, 0
		if done {
			a.DoneAt, a.DoneBy = s.now(), personOf(actor)
		}
		if _, err := tx.Exec(ctx, `UPDATE major_incident_actions SET done_at = $2, done_by = $3 WHERE id = $1`, a.ID, database.Time(a.DoneAt), database.ID(a.DoneBy)); err != nil {
			return err
		}
		return s.announce.MajorChanged(ctx, tx, m.ID, false)
	})
	return a, err
}
