package jobs

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// errLeaseLost ends the runs of a node that the others had to give up.
var errLeaseLost = apperr.New(apperr.Conflict, "The node lost its lease.")

// lease is a node's right to the jobs it holds.
type lease struct {
	mu   sync.Mutex
	node int64          // this registration; 0 when there is none
	kept time.Time      // when the last successful beat began
	runs map[int64]*run // by job id
}

func (l *lease) self() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.node
}

func (l *lease) begin(node int64, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.node, l.kept = node, now
}

func (l *lease) beaten(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = now
}

// hold adds a run; if the lease was lost while the job was claimed, the run
// is cancelled and its job left to whoever takes it over.
func (l *lease) hold(r *run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.node != r.node {
		r.cancel(errLeaseLost)
		return
	}
	l.runs[r.job.ID] = r
}

// held lists the ids of the held jobs.
func (l *lease) held() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.runs))
}

// drop forgets a run that was recorded, or that is no longer this node's.
func (l *lease) drop(r *run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.runs[r.job.ID] == r {
		delete(l.runs, r.job.ID)
	}
}

func (l *lease) holdsNothing() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.runs) == 0
}

func (l *lease) cancelAll(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.runs {
		r.cancel(cause)
	}
}

// lose gives a registration up: its runs are cancelled, and what they report
// is no longer recorded.
func (l *lease) lose(node int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.node != node {
		return
	}
	l.node = 0
	for _, r := range l.runs {
		r.cancel(errLeaseLost)
	}
	clear(l.runs)
}

// join registers this node anew.
func (q *Queue) join(ctx context.Context) error {
	id, err := q.db.NextID(ctx)
	if err != nil {
		return err
	}
	now := q.now()
	err = q.db.Write(ctx, func(tx *database.Tx) error { return q.store.register(ctx, tx, id, q.opts.Node, now) })
	if err == nil {
		q.lease.begin(id, now)
	}
	return err
}

// keepLease beats while the node holds jobs. When it could not for most of a
// lease, it gives its jobs up before others take them: a beat is tried every
// eighth, takes an eighth at most, and after five eighths it is over.
func (q *Queue) keepLease(ctx context.Context) {
	eighth := q.opts.Lease / 8
	tick := time.NewTicker(eighth)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		q.lease.mu.Lock()
		node, kept, idle := q.lease.node, q.lease.kept, len(q.lease.runs) == 0
		q.lease.mu.Unlock()
		now := q.now()
		if node == 0 || idle || now.Sub(kept) < eighth {
			continue
		}
		alive := false
		beatCtx, cancel := context.WithTimeout(ctx, eighth)
		err := q.db.Write(beatCtx, func(tx *database.Tx) (err error) {
			alive, err = q.store.beat(beatCtx, tx, node, now)
			return err
		})
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && alive:
			q.lease.beaten(now)
		case err == nil, q.now().Sub(kept) >= 5*eighth:
			q.log.Error("jobs: the lease is lost; running jobs are cancelled and start again elsewhere", "error", err)
			q.lease.lose(node)
			q.inbox.askLook()
		default:
			q.log.Warn("jobs: a heartbeat failed", "error", err)
		}
	}
}

// sighting is a beat of another node and since when it has not changed.
type sighting struct {
	beat  int64
	since time.Time
}

// watch compares the other nodes' beats with those seen before and takes over
// the jobs of nodes that stood still for a whole lease. It returns what to
// remember for the next time.
func (q *Queue) watch(ctx context.Context, before map[int64]sighting, now time.Time) (map[int64]sighting, error) {
	others, err := q.store.holders(ctx, q.db.Reader(), q.lease.self())
	if err != nil {
		return before, err
	}
	seen := make(map[int64]sighting, len(others))
	for _, h := range others {
		s, known := before[h.node]
		if !known || s.beat != h.beat {
			s = sighting{h.beat, now}
		}
		seen[h.node] = s
		if now.Sub(s.since) < q.opts.Lease {
			continue
		}
		if err := q.takeOver(ctx, h); err != nil {
			return before, err
		}
		delete(seen, h.node)
	}
	return seen, nil
}

// takeOverAll takes what other nodes hold without waiting for a lease; for
// SQLite, which one process serves, so that the others are gone.
func (q *Queue) takeOverAll(ctx context.Context) error {
	others, err := q.store.holders(ctx, q.db.Reader(), q.lease.self())
	if err != nil {
		return err
	}
	for _, h := range others {
		if err := q.takeOver(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) takeOver(ctx context.Context, h holder) error {
	var jobs int64
	err := q.db.Write(ctx, func(tx *database.Tx) (err error) {
		jobs, err = q.store.takeOver(ctx, tx, h, q.now())
		return err
	})
	if err == nil && jobs > 0 {
		q.log.Warn("jobs: took over the jobs of a node that stopped", "node", h.name, "jobs", jobs)
		q.inbox.put(func(t *tasks) { t.ready = true })
	}
	return err
}
