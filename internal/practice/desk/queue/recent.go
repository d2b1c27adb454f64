package queue

import (
	"context"
	"time"
)

const (
	// maxRecent is how many tickets are remembered for one person.
	maxRecent = 40
	// sameVisit is how long opening a ticket again is still the same visit: it
	// keeps reading a ticket from becoming a write each time.
	sameVisit = 5 * time.Minute
)

// Recent gives the ids of the tickets that the actor opened last, newest first.
func (q *Queue) Recent(ctx context.Context, most int) ([]int64, error) { return q.recent(ctx, most) }
