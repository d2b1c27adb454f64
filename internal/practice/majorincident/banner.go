package majorincident

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
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
