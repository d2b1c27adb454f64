package majorincident

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func (s *Service) anyRules(ctx context.Context, q database.Querier) (bool, error) {
	if k := s.active.known.Load(); k != nil && s.now().Before(k.until) {
		return k.any, nil
	}
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM major_incident_rules WHERE active`)
	if err == nil {
		s.active.known.Store(&rulesKnown{n > 0, s.now().Add(rulesRemembered)})
	}
	return n > 0, err
}

func rules(ctx context.Context, q database.Querier, activeOnly bool) ([]Rule, error) {
	where := ""
	if activeOnly {
		where = ` WHERE r.active`
	}
	return database.All(ctx, q, scanRule, `SELECT `+ruleColumns+` FROM major_incident_rules r`+where+` ORDER BY r.position, r.id LIMIT $1`, maxRules)
}

// SaveRule stores a rule: a new one when its ID is 0, at the end.
func (s *Service) SaveRule(ctx context.Context, in Rule) (Rule, error) {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return Rule{}, err
	}
	if err := in.check(ctx, s.tickets); err != nil {
		return Rule{}, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		all, err := rules(ctx, tx, false)
		if err != nil {
			return err
		}
		if in.ID == 0 {
			return s.addRule(ctx, tx, all, &in)
		}
		before, err := database.One(ctx, tx, scanRule, `SELECT `+ruleColumns+` FROM major_incident_rules r WHERE r.id = $1`, in.ID)
		if apperr.Is(err, apperr.NotFound) {
			return apperr.New(apperr.NotFound, "There is no such rule.")
		}
		if err != nil {
			return err
		}
		if in.Version != 0 && in.Version != before.Version {
			return apperr.Stale(&before, "Somebody else changed this rule after you opened it.")
		}
		in.Position, in.Version = before.Position, before.Version+1
		if _, err := tx.Exec(ctx, `UPDATE major_incident_rules SET name = $2, filter = $3, children = $4, accepts = $5, active = $6, version = $7 WHERE id = $1`,
			in.ID, in.Name, in.Filter, in.Children, in.Accepts, in.Active, in.Version); err != nil {
			return err
		}
		return s.audited(ctx, tx, "major_incident_rule.update", &before, &in)
	})
	s.active.forget()
	return in, err
}

func (s *Service) addRule(ctx context.Context, tx *database.Tx, all []Rule, in *Rule) error {
	if len(all) >= maxRules {
		return apperr.InvalidField("name", "There are %d rules, which is as many as there can be.", maxRules)
	}
	in.ID, in.Version, in.Position = tx.NextID(), 1, 1
	if len(all) > 0 {
		in.Position = all[len(all)-1].Position + 1
	}
	if _, err := tx.Exec(ctx, `INSERT INTO major_incident_rules (id, position, name, filter, children, accepts, active, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		in.ID, in.Position, in.Name, in.Filter, in.Children, in.Accepts, in.Active, in.Version); err != nil {
		return err
	}
	return s.audited(ctx, tx, "major_incident_rule.create", nil, in)
}

// MoveRule puts a rule one place earlier or later.
func (s *Service) MoveRule(ctx context.Context, id int64, earlier bool) error {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		all, err := rules(ctx, tx, false)
		if err != nil {
			return err
		}
		for i := range all {
			j := i + 1
			if earlier {
				j = i - 1
			}
			if all[i].ID != id || j < 0 || j >= len(all) {
				continue
			}
			if _, err := tx.Exec(ctx, `UPDATE major_incident_rules SET position = CASE WHEN id = $1 THEN $2 ELSE $3 END WHERE id IN ($1, $4)`,
				all[i].ID, all[j].Position, all[i].Position, all[j].ID); err != nil {
				return err
			}
			after := all[i]
			after.Position = all[j].Position
			return s.audited(ctx, tx, "major_incident_rule.move", &all[i], &after)
		}
		return nil
	})
}

// DeleteRule removes a rule. What it proposed stays.
func (s *Service) DeleteRule(ctx context.Context, id int64) error {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := database.One(ctx, tx, scanRule, `SELECT `+ruleColumns+` FROM major_incident_rules r WHERE r.id = $1`, id)
		if apperr.Is(err, apperr.NotFound) {
			return apperr.New(apperr.NotFound, "There is no such rule.")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM major_incident_rules WHERE id = $1`, id); err != nil {
			return err
		}
		return s.audited(ctx, tx, "major_incident_rule.delete", &before, nil)
	})
	s.active.forget()
	return err
}

// proposals counts how often a ticket was proposed.
func (s *Service) proposals(ctx context.Context, ticketID int64) (int, error) {
	return database.One(ctx, s.db.Reader(), database.Scalar[int], `SELECT count(*) FROM major_incidents WHERE ticket_id = $1`, ticketID)
}
