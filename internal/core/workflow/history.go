package workflow

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// pastVersions bounds how many edited versions of a kind are looked at; what was before
// them counts as the oldest of them.
const pastVersions = 100

// history is how kinds were at an instant.
type history struct {
	changes uint64 // of the registry when it was read
	kinds   map[string][]dated
}

// dated is a definition from an instant on; zero is ever since.
type dated struct {
	From time.Time
	*Definition
}

// Then gives a function that says how a kind was defined at an instant, and until when
// that held; zero is for good, and nil a kind that does not exist. Two versions whose
// states are the same count as one: it is meant for those who ask what a state meant.
// What it read it keeps until a kind is edited.
func (r *Registry) Then(ctx context.Context) (func(kind string, at time.Time) (*Definition, time.Time), error) {
	changes := r.Changes()
	h := r.history.Load()
	if h == nil || h.changes != changes {
		var err error
		if h, err = r.readHistory(ctx, changes); err != nil {
			return nil, err
		}
		r.history.Store(h)
	}
	return h.at, nil
}

func (h *history) at(kind string, at time.Time) (*Definition, time.Time) {
	all := h.kinds[kind]
	if len(all) == 0 {
		return nil, time.Time{}
	}
	i := len(all) - 1
	for i > 0 && all[i].From.After(at) {
		i--
	}
	if i+1 < len(all) {
		return all[i].Definition, all[i+1].From
	}
	return all[i].Definition, time.Time{}
}

func (r *Registry) readHistory(ctx context.Context, changes uint64) (*history, error) {
	h := &history{changes, map[string][]dated{}}
	states := map[string][]byte{}
	for _, d := range r.shipped {
		text, err := json.Marshal(d.States)
		if err != nil {
			return nil, err
		}
		h.kinds[d.Key], states[d.Key] = []dated{{Definition: d}}, text
	}
	err := database.Each(ctx, r.db.Reader(), func(row database.Row) error {
		d, from := &Definition{}, database.Time{}
		if err := row.Scan(database.JSON{V: d}, &d.Version, &from); err != nil {
			return err
		}
		text, err := json.Marshal(d.States)
		if err != nil {
			return err
		}
		all := h.kinds[d.Key]
		switch {
		case len(all) == 0: // a kind of one's own: what it was at first it was ever since
			all = []dated{{Definition: d}}
		case slices.Equal(states[d.Key], text):
			return nil
		default:
			all = append(all, dated{time.Time(from), d})
		}
		h.kinds[d.Key], states[d.Key] = all, text
		return nil
	}, `SELECT v.definition, v.version, v.created_at FROM kind_versions v
		WHERE v.version > (SELECT max(w.version) FROM kind_versions w WHERE w.kind = v.kind) - $1 ORDER BY v.kind, v.version`, pastVersions)
	return h, err
}
