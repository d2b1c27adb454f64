package process

import (
	"context"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// labels names the places of a map, for a reader.
type labels map[string]string

func (l labels) of(place string) string {
	if name := l[place]; name != "" {
		return name
	}
	return place
}

// way says a way in words.
func (l labels) way(w Way) string {
	names := make([]string, 0, len(w.Places))
	for _, p := range w.Places {
		names = append(names, l.of(p))
	}
	return strings.Join(names, " → ")
}

// labels names all places that the map draws or lists, with one query at most.
func (p *Process) labels(ctx context.Context, m Map) (labels, error) {
	keys := map[string]bool{}
	for _, place := range m.Places {
		keys[place.Key] = true
	}
	for _, w := range m.Ways[:min(len(m.Ways), mostWays)] {
		for _, place := range w.Places {
			keys[place] = true
		}
	}
	if m.Between == Groups {
		return p.groupLabels(ctx, keys)
	}
	out := labels{}
	for key := range keys {
		out[key] = stateLabel(ctx, key, p.d.Tickets.Kinds().In(ctx).All())
	}
	return out, nil
}

func (p *Process) groupLabels(ctx context.Context, keys map[string]bool) (labels, error) {
	out := labels{noGroup: text.T(ctx, "No group yet")}
	var ids []int64
	for key := range keys {
		if id, err := strconv.ParseInt(key, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	names, err := p.d.Names.GroupNames(ctx, p.d.DB.Reader(), ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		out[strconv.FormatInt(id, 10)] = names[id].Name
	}
	return out, nil
}

// stateLabel is what a state is called, with what it waits for.
func stateLabel(ctx context.Context, key string, kinds []*workflow.Definition) string {
	state, reason, _ := strings.Cut(key, "/")
	for _, d := range kinds {
		s, ok := d.State(state)
		if !ok {
			continue
		}
		if r, ok := s.Reason(reason); ok {
			return text.T(ctx, "%s: %s", s.Label, r.Label)
		}
		return s.Label
	}
	return key
}
