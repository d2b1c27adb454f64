package majorincident

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Announcement is what the whole organisation reads of a major incident: a type
// that has nowhere to hold anything else.
type Announcement struct {
	ID       int64
	Words    string
	Since    time.Time
	Resolved time.Time // zero while it lasts
	Services []int64
	Updates  []Notification // newest first; of the status page only
}

// Notification is an update as everybody reads it.
type Notification struct {
	At   time.Time
	Body string
}

// bannerCache remembers for a moment what the banners say: every page shows them.
type bannerCache struct{ known atomic.Pointer[bannersKnown] }

type bannersKnown struct {
	all   []Announcement
	until time.Time
}

// bannersRemembered is how long another node's banner may be late on a page that
// is loaded; open pages hear of it at once.
const bannersRemembered = time.Second

func (c *bannerCache) forget() { c.known.Store(nil) }

// maxBanners bounds what stands above a page.
const maxBanners = 5

// MayReadStatus is for everybody who can ask for help here, and the colleagues
// who give it. A supplier's agents hear of what they are given.
func MayReadStatus(actor access.Actor) bool {
	return actor.IsPerson() && (actor.Can(access.Create, access.AnyKind) || actor.Can(access.ReadNotes, access.AnyKind))
}

// Banners gives what stands above every page for the actor.
func (s *Service) Banners(ctx context.Context) ([]Announcement, error) {
	if !MayReadStatus(access.From(ctx)) {
		return nil, nil
	}
	if k := s.banner.known.Load(); k != nil && s.now().Before(k.until) {
		return k.all, nil
	}
	all, err := s.announcements(ctx, `m.public AND m.state IN ('accepted', 'resolved')`, maxBanners)
	if err == nil {
		s.banner.known.Store(&bannersKnown{all, s.now().Add(bannersRemembered)})
	}
	return all, err
}

// maxStatus bounds the status page.
const maxStatus = 20

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
