package metric

import (
	"context"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/workflow"
)

// label names the slices of a result, in one query for each sort of name.
func (s *Service) label(ctx context.Context, p *plan, r *Result) error {
	if len(r.Slices) == 0 {
		return nil
	}
	var keys []string
	for i := range r.Slices {
		keys = append(keys, r.Slices[i].Key)
	}
	name, err := s.Labels(ctx, p.q.Cut, keys)
	if err != nil {
		return err
	}
	for i := range r.Slices {
		r.Slices[i].Label = name[r.Slices[i].Key]
	}
	return nil
}

// Labels names the keys of a cut's slices, as they are shown. A key that nothing
// is known of is its own label; "" has none.
func (s *Service) Labels(ctx context.Context, cut Cut, keys []string) (map[string]string, error) {
	out := make(map[string]string, len(keys))
	for _, k := range keys {
		out[k] = k
	}
	var ids []int64
	for _, k := range keys {
		service, _ := subjectOf(k)
		if n, err := strconv.ParseInt(service, 10, 64); err == nil {
			ids = append(ids, n)
		}
	}
	names := map[int64]string{}
	var err error
	switch cut {
	case ByService, BySubject:
		names, err = s.services.Names(ctx, s.db.Reader(), ids)
	case ByGroup:
		found, failed := s.places.GroupNames(ctx, s.db.Reader(), ids)
		for n, g := range found {
			names[n] = g.Name
		}
		err = failed
	case ByOrganisation, BySupplier:
		names, err = s.places.OrganisationNames(ctx, s.db.Reader(), ids)
	default:
		for _, k := range keys {
			out[k] = s.labelOf(cut, k)
		}
		return out, nil
	}
	for _, k := range keys {
		service, category := subjectOf(k)
		if n, isID := strconv.ParseInt(service, 10, 64); isID == nil && names[n] != "" {
			out[k] = names[n]
		}
		if cut == BySubject {
			out[k] = strings.Trim(strings.TrimPrefix(out[k], k)+" - "+category, " -")
			if service != "" && names[toID(service)] != "" && category == names[toID(service)] {
				out[k] = category
			}
		}
	}
	return out, err
}

func toID(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// labelOf names what needs no query.
func (s *Service) labelOf(cut Cut, key string) string {
	switch cut {
	case ByTier:
		if key != "" {
			return "L" + key
		}
	case ByKind:
		if def, err := s.kinds.Get(key); err == nil {
			return def.Label
		}
	case ByChannel:
		return strings.ReplaceAll(key, "_", " ")
	case ByPriority:
		level, _ := strconv.Atoi(key)
		for _, def := range s.kinds.All() {
			if label := workflow.Label(def.Matrix.Priority, level); label != "" && label != key {
				return key + " - " + label
			}
		}
	case ByState:
		return s.stateLabel(key)
	}
	return key
}

func (s *Service) stateLabel(key string) string {
	name, why, waits := strings.Cut(key, ":")
	for _, def := range s.kinds.All() {
		st, ok := def.State(name)
		if !ok {
			continue
		}
		if !waits {
			return st.Label
		}
		if r, ok := st.Reason(why); ok {
			return st.Label + ": " + r.Label
		}
	}
	return key
}
