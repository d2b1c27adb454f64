package majorincident

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Status gives the status page: what lasts, and what ended lately, with what was
// told to everybody.
func (s *Service) Status(ctx context.Context) ([]Announcement, error) {
	if !MayReadStatus(access.From(ctx)) {
		return nil, apperr.New(apperr.Forbidden, "The status page is for people who ask for help here.")
	}
	all, err := s.announcements(ctx, `m.public AND m.state IN ('accepted', 'resolved')`, maxStatus)
	if err != nil || len(all) == 0 {
		return all, err
	}
	index, ids := map[int64]int{}, make([]int64, len(all))
	for i := range all {
		index[all[i].ID], ids[i] = i, all[i].ID
	}
	told, err := updates(ctx, s.db.Reader(), true, ids...)
	if err != nil {
		return nil, err
	}
	for _, u := range told {
		a := &all[index[u.MajorID]]
		a.Updates = append(a.Updates, Notification{u.At, u.Body})
	}
	var args database.Args
	return all, database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var id, service int64
		err := r.Scan(&id, &service)
		if i, ok := index[id]; ok {
			all[i].Services = append(all[i].Services, service)
		}
		return err
	}, `SELECT major_id, service_id FROM major_incident_services WHERE major_id IN `+database.In(&args, ids)+` ORDER BY 1, 2`, args.Values()...)
}

func (s *Service) announcements(ctx context.Context, where string, most int) ([]Announcement, error) {
	return database.All(ctx, s.db.Reader(), func(r database.Row) (Announcement, error) {
		var a Announcement
		err := r.Scan(&a.ID, &a.Words, (*database.Time)(&a.Since), (*database.Time)(&a.Resolved))
		return a, err
	}, `SELECT m.id, m.public_text, m.decided_at, m.resolved_at FROM major_incidents m WHERE `+where+` ORDER BY m.decided_at DESC, m.id DESC LIMIT $1`, most)
}
