package main

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// world is what operations need to know of a data set: what there is to ask for.
type world struct {
	count     int      // tickets
	incidents int      // INC-1 to INC-n
	open      []string // numbers of open incidents
	services  []int64
	groups    []int64
	requester int64   // whose page is measured
	other     int64   // who asks for what the limit writes
	ids       []int64 // of some of the tickets that are over
}

func look(ctx context.Context, databaseURL string, s size) (*world, error) {
	db, err := database.Open(ctx, database.Options{URL: databaseURL, MaxConns: 2})
	if err != nil {
		return nil, err
	}
	defer db.Close() //nolint:errcheck // it was only read
	w := &world{count: s.count}
	q := db.Reader()
	if err := q.QueryRow(ctx, `SELECT count(*) FROM tickets WHERE kind = 'incident' AND source = $1`, source).Scan(&w.incidents); err != nil {
		return nil, err
	}
	if w.open, err = database.All(ctx, q, database.Scalar[string],
		`SELECT number FROM tickets WHERE state IN ('in_progress', 'on_hold') AND kind = 'incident' ORDER BY id DESC LIMIT 2000`); err != nil {
		return nil, err
	}
	if w.services, err = database.All(ctx, q, database.Scalar[int64], `SELECT id FROM services WHERE source = $1 ORDER BY id`, source); err != nil {
		return nil, err
	}
	if w.groups, err = database.All(ctx, q, database.Scalar[int64], `SELECT id FROM groups WHERE source = $1 ORDER BY id`, source); err != nil {
		return nil, err
	}
	if w.ids, err = database.All(ctx, q, database.Scalar[int64], someTickets); err != nil {
		return nil, err
	}
	return w, q.QueryRow(ctx, `SELECT (SELECT id FROM persons WHERE email_folded = $1), (SELECT id FROM persons WHERE email_folded = $2)`,
		requesterEmail, agentEmail).Scan(&w.requester, &w.other)
}

// someTickets spreads over the whole set: the ids of one source reference in seven.
const someTickets = `SELECT id FROM tickets WHERE kind = 'incident' AND source_ref LIKE '%7' ORDER BY id LIMIT 50000`

func (w *world) anyIncident(rng *rand.Rand) string {
	return fmt.Sprintf("INC-%d", 1+rng.IntN(w.incidents))
}

func (w *world) openIncident(rng *rand.Rand) string { return w.open[rng.IntN(len(w.open))] }
