package metric

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Setting is one version of what an organisation set for a metric.
type Setting struct {
	Version       int
	EffectiveFrom time.Time
	OwnerID       int64
	Target        *float64
	Direction     Direction
	Note          string // why it was changed
	ChangedBy     int64
	ChangedAt     time.Time
}

const settingColumns = `metric, version, effective_from, owner_id, target, direction, note, changed_by, changed_at`

func scanSetting(r database.Row) (Key, Setting, error) {
	var key Key
	var s Setting
	err := r.Scan(&key, &s.Version, (*database.Time)(&s.EffectiveFrom), (*database.ID)(&s.OwnerID), &s.Target, &s.Direction, &s.Note,
		(*database.ID)(&s.ChangedBy), (*database.Time)(&s.ChangedAt))
	return key, s, err
}

func noMetric() error { return apperr.New(apperr.NotFound, "There is no such metric.") }

// Catalogue lists every metric as it is defined now, in the order of the groups.
func (s *Service) Catalogue(ctx context.Context) ([]Definition, error) {
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return nil, err
	}
	in := map[Key]Setting{}
	err := database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		key, set, err := scanSetting(r)
		in[key] = set // the rows of a metric come in the order of their versions
		return err
	}, `SELECT `+settingColumns+` FROM metrics WHERE effective_from <= $1 ORDER BY metric, version`, database.Time(s.now()))
	out := make([]Definition, len(s.metrics))
	for i := range s.metrics {
		out[i] = s.metrics[i].with(in[s.metrics[i].Key])
	}
	slices.SortStableFunc(out, func(a, b Definition) int { return slices.Index(Groups(), a.Group) - slices.Index(Groups(), b.Group) })
	return out, err
}

// with gives the definition with what was set.
func (m *metric) with(set Setting) Definition {
	d := m.Definition
	if set.Version > 0 {
		d.Version, d.EffectiveFrom, d.OwnerID, d.Target, d.Direction = set.Version, set.EffectiveFrom, set.OwnerID, set.Target, set.Direction
	}
	return d
}

// Definition gives a metric as it is defined now; NotFound for an unknown key.
func (s *Service) Definition(ctx context.Context, key Key) (Definition, error) {
	m, err := s.metric(ctx, key)
	if err != nil {
		return Definition{}, err
	}
	return m.Definition, nil
}

// metric gives a metric as it is defined now.
func (s *Service) metric(ctx context.Context, key Key) (*metric, error) {
	i := slices.IndexFunc(s.metrics, func(m metric) bool { return m.Key == key })
	if i < 0 {
		return nil, noMetric()
	}
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return nil, err
	}
	m := s.metrics[i]
	versions, err := s.settings(ctx, s.db.Reader(), key)
	for _, set := range versions { // newest first
		if !set.EffectiveFrom.After(s.now()) {
			m.Definition = m.with(set)
			break
		}
	}
	return &m, err
}

// History gives every version of what was set for a metric, newest first; those
// that are not in force yet included.
func (s *Service) History(ctx context.Context, key Key) ([]Setting, error) {
	if _, err := s.metric(ctx, key); err != nil {
		return nil, err
	}
	return s.settings(ctx, s.db.Reader(), key)
}

// maxVersions bounds what is read of a metric's history.
const maxVersions = 500

func (s *Service) settings(ctx context.Context, q database.Querier, key Key) ([]Setting, error) {
	return database.All(ctx, q, func(r database.Row) (Setting, error) {
		_, set, err := scanSetting(r)
		return set, err
	}, `SELECT `+settingColumns+` FROM metrics WHERE metric = $1 ORDER BY version DESC LIMIT $2`, string(key), maxVersions)
}

// Change sets owner, target and direction of a metric from a day on.
type Change struct {
	Version       int // the newest version the editor saw; 0 is as shipped
	EffectiveFrom time.Time
	OwnerID       int64
	Target        *float64
	Direction     Direction
	Note          string
}

// mayManage fails unless the actor changes settings.
func (s *Service) mayManage(ctx context.Context) error {
	return access.From(ctx).Require(access.ManageSettings, access.AnyKind)
}

// MayManage reports whether the actor may change what is set for metrics.
func (s *Service) MayManage(ctx context.Context) bool { return s.mayManage(ctx) == nil }

// Set adds a version of what is set for a metric. It needs ManageSettings and is
// audited; Conflict when somebody else changed it since.
func (s *Service) Set(ctx context.Context, key Key, c Change) (Definition, error) {
	m, err := s.metric(ctx, key)
	if err != nil {
		return Definition{}, err
	}
	if err := s.mayManage(ctx); err != nil {
		return Definition{}, err
	}
	c.Note = strings.TrimSpace(c.Note)
	if c.EffectiveFrom.IsZero() {
		c.EffectiveFrom = s.now()
	}
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := s.settings(ctx, tx, key)
		if err != nil {
			return err
		}
		last := Setting{Direction: m.Direction}
		if len(before) > 0 {
			last = before[0]
		}
		if c.Version != last.Version {
			return apperr.New(apperr.Conflict, "Somebody else changed this metric after you opened it.")
		}
		if err := s.checkChange(ctx, tx, m, &c, last); err != nil {
			return err
		}
		return s.addVersion(ctx, tx, m, c, last)
	})
	if err != nil {
		return Definition{}, err
	}
	return s.Definition(ctx, key)
}

func (s *Service) checkChange(ctx context.Context, tx *database.Tx, m *metric, c *Change, last Setting) error {
	var wrong apperr.Problems
	if !slices.Contains(Directions(), c.Direction) {
		wrong.Add("direction", "Choose which way is better: up, down, or neither.")
	}
	if c.Target != nil {
		if problem := m.targetProblem(*c.Target); problem != "" {
			wrong.Add("target", "%s", problem)
		}
	}
	if utf8.RuneCountInString(c.Note) > 500 {
		wrong.Add("note", "Say why in at most 500 characters.")
	}
	if c.EffectiveFrom.Before(last.EffectiveFrom) {
		wrong.Add("effective_from", "An earlier version holds from %s. A new one cannot begin before it.", last.EffectiveFrom.Format(time.DateOnly))
	}
	if c.EffectiveFrom.After(s.now().AddDate(2, 0, 0)) {
		wrong.Add("effective_from", "Choose a day within the next two years.")
	}
	if c.OwnerID != 0 {
		found, err := s.places.PersonNames(ctx, tx, []int64{c.OwnerID})
		if err != nil {
			return err
		}
		if !found[c.OwnerID].Active {
			wrong.Add("owner", "There is no such person, or they left.")
		}
	}
	return wrong.Err()
}

// targetProblem says what is wrong with a target in the metric's unit.
func (m *metric) targetProblem(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e12:
		return "Write a number."
	case m.Unit == Share && (v < 0 || v > 1):
		return "Write a share from 0 to 100 %."
	case m.Unit == Score && (v < 1 || v > 5):
		return "Write a score from 1 to 5."
	case v < 0 && m.Key != NetFlow:
		return "This cannot be below zero."
	}
	return ""
}

// settingDocument is a version as the audit log keeps it.
type settingDocument struct {
	Owner         int64     `json:"owner_id,omitempty"`
	Target        *float64  `json:"target,omitempty"`
	Direction     Direction `json:"direction"`
	EffectiveFrom time.Time `json:"effective_from,omitzero"`
	Note          string    `json:"note,omitempty"`
}

func (s *Service) addVersion(ctx context.Context, tx *database.Tx, m *metric, c Change, last Setting) error {
	_, err := tx.Exec(ctx, `INSERT INTO metrics (`+settingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		string(m.Key), last.Version+1, database.Time(c.EffectiveFrom), database.ID(c.OwnerID), c.Target, string(c.Direction), c.Note,
		database.ID(access.From(ctx).ID), database.Time(s.now()))
	if err != nil {
		return err
	}
	return s.audit.Append(ctx, tx, audit.Entry{
		Action: "metric.update", ObjectType: "metric", ObjectID: string(m.Key), ObjectName: m.Name,
		Before: settingDocument{last.OwnerID, last.Target, last.Direction, last.EffectiveFrom, last.Note},
		After:  settingDocument{c.OwnerID, c.Target, c.Direction, c.EffectiveFrom, c.Note},
	})
}

func (s *Service) auditRebuild(ctx context.Context, tx *database.Tx) error {
	return s.audit.Append(ctx, tx, audit.Entry{Action: "metric.rebuild", ObjectType: "metric", ObjectName: "All figures"})
}
