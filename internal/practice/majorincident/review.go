package majorincident

import (
	"context"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Write keeps the texts of the review; complete ends it, which needs all of them
// and makes closing the incident possible.
func (s *Service) Write(ctx context.Context, id int64, version int, in Review, complete bool) (Major, error) {
	in.Overview, in.Findings, in.Cause, in.Remedy = clean(in.Overview), clean(in.Findings), clean(in.Cause), clean(in.Remedy)
	var wrong apperr.Problems
	checkText(&wrong, "overview", in.Overview, false)
	checkText(&wrong, "findings", in.Findings, false)
	checkText(&wrong, "cause", in.Cause, false)
	checkText(&wrong, "remedy", in.Remedy, false)
	if err := wrong.Err(); err != nil {
		return Major{}, err
	}
	if complete {
		if err := in.check(); err != nil {
			return Major{}, err
		}
	}
	return s.change(ctx, id, version, func(c *changing) error {
		switch {
		case c.m.State != Resolved:
			return apperr.New(apperr.Conflict, "The review begins when the incident is resolved.")
		case c.m.Review.Complete():
			return apperr.New(apperr.Conflict, "The review is complete. It changes only if the incident is reopened.")
		}
		in.CompletedAt, in.CompletedBy = time.Time{}, 0
		if complete {
			in.CompletedAt, in.CompletedBy = s.now(), personOf(access.From(ctx))
			c.m.Public = false
			c.Say(said("reviewed"), "", "")
		}
		c.m.Review = in
		return nil
	})
}

// Improvement is an action as it is written.
type Improvement struct {
	Title   string
	OwnerID int64
	Due     time.Time // a day; zero has none
}

func formatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func parseID(s string) int64 {
	id, _ := strconv.ParseInt(s, 10, 64) // "" is nobody
	return id
}
