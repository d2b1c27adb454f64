package jobs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// round is what one transaction does for the node.
type round struct {
	now   time.Time
	node  int64
	done  []ending // ended well
	other []ending // ended otherwise
	keys  keySet   // get a turn if they lack one
	freed keySet   // lost their turn by what ended
	due   bool     // scheduled jobs are due
	want  []int    // how many jobs to claim, by lane

	// What came of it.
	got      [][]claimed // by lane
	conflict bool        // a turn was just given by another node
	next     time.Time   // when due: the next scheduled job
}

// round records what ended, passes turns on, makes due jobs ready and claims
// what the workers can do next, in one transaction.
func (d *dispatcher) round(ctx context.Context, t *tasks, now time.Time) error {
	r := d.plan(t, now)
	if r == nil {
		return nil
	}
	err := d.db.Write(ctx, func(tx *database.Tx) error { return d.commit(ctx, tx, r) })
	if errors.Is(err, errLeaseLost) {
		d.log.Error("jobs: the lease was lost; running jobs are cancelled and start again elsewhere")
		d.lease.lose(r.node)
	}
	if err != nil {
		d.doubt = true
		return err
	}
	if r.claims() {
		d.lease.beaten(now)
	}
	if r.due {
		d.due = r.next
	}
	d.settle(t.ended)
	if d.db.Engine() == database.PostgreSQL && len(r.freed) > 0 {
		d.inbox.put(func(t *tasks) { t.keys = union(t.keys, r.freed) })
	}
	if r.conflict {
		d.inbox.put(func(t *tasks) { t.keys = union(t.keys, r.keys) })
	}
	d.start(ctx, r)
	news := t.ready || r.due || len(r.keys) > 0
	if news && slices.ContainsFunc(d.lanes, func(l *lane) bool { return l.more }) {
		d.tell.Beat() // more than this node can do now
	}
	return nil
}

// plan says what the next transaction does; nil when there is nothing to do.
func (d *dispatcher) plan(t *tasks, now time.Time) *round {
	r := &round{now: now, node: d.lease.self(), keys: t.keys, want: make([]int, len(d.lanes))}
	r.sort(t.ended)
	if d.db.Engine() == database.SQLite {
		// One writer: nobody can enqueue behind a job while it ends, so the turn
		// passes in the same transaction. On PostgreSQL it must be a later one.
		r.keys = union(r.freed, r.keys)
	}
	r.due = !d.stopping && !d.due.IsZero() && !now.Before(d.due)
	for i, l := range d.lanes {
		l.more = l.more || t.ready || r.due || len(r.keys) > 0
		if !l.more || d.stopping {
			continue
		}
		leaving := 0
		for _, e := range t.ended {
			if e.run.lane == l {
				leaving++
			}
		}
		r.want[i] = l.room(leaving)
	}
	if len(t.ended) == 0 && len(r.keys) == 0 && !r.due && !r.claims() {
		return nil
	}
	return r
}

func (r *round) claims() bool { return slices.ContainsFunc(r.want, func(n int) bool { return n > 0 }) }

// sort turns ended runs into what the store records. Runs that completed
// themselves need no record; those of a lost lease are not this node's to record.
func (r *round) sort(all []ended) {
	for _, e := range all {
		run, v := e.run, e.verdict
		if run.job.Key != "" && (v.state == Done || v.state == Dead) {
			r.freed.add(run.job.Key)
		}
		if run.completed.Load() || run.node != r.node {
			continue
		}
		row := ending{ID: run.job.ID, State: v.state, Attempt: run.job.Attempt}
		if v.uncount {
			row.Uncount = 1
		}
		if v.message != "" {
			row.Message = &v.message
		}
		switch v.state {
		case Done:
			r.done = append(r.done, row)
			continue
		case Dead:
			row.FinishedAt = new(r.now.UnixMicro())
		case Scheduled:
			row.RunAt = new(v.runAt.UnixMicro())
		}
		r.other = append(r.other, row)
	}
}

// commit does the round's statements.
func (d *dispatcher) commit(ctx context.Context, tx *database.Tx, r *round) error {
	r.got, r.conflict = make([][]claimed, len(d.lanes)), false // it may be run again
	if r.claims() && d.db.Engine() == database.PostgreSQL {
		alive, err := d.store.beat(ctx, tx, r.node, r.now)
		if err != nil {
			return err
		}
		if !alive {
			return errLeaseLost
		}
	}
	if err := d.store.end(ctx, tx, r.node, d.opts.Node, r.now, r.done, r.other); err != nil {
		return err
	}
	if len(r.keys) > 0 {
		err := tx.Savepoint(ctx, func() error { return d.store.promote(ctx, tx, r.keys.sorted(), r.now) })
		if r.conflict = apperr.Is(err, apperr.Conflict); err != nil && !r.conflict {
			return err
		}
	}
	var err error
	if r.due {
		if r.next, err = d.store.releaseDue(ctx, tx, r.now); err != nil {
			return err
		}
	}
	for i, l := range d.lanes {
		if r.want[i] == 0 {
			continue
		}
		if r.got[i], err = d.store.claim(ctx, tx, r.node, l.kinds, r.want[i], r.now); err != nil {
			return err
		}
	}
	return nil
}

// settle forgets runs that are recorded.
func (d *dispatcher) settle(all []ended) {
	for _, e := range all {
		e.run.lane.held.Add(-1)
		d.lease.drop(e.run)
		switch e.verdict.state {
		case Scheduled:
			d.due = earlier(d.due, e.verdict.runAt)
		case Ready:
			e.run.lane.more = true
		}
	}
}

// start hands claimed jobs to the workers.
func (d *dispatcher) start(ctx context.Context, round *round) {
	for i, l := range d.lanes {
		got := round.got[i]
		if round.want[i] == 0 {
			continue
		}
		l.more = len(got) == round.want[i]
		if len(got) > 0 {
			l.claimed = round.now
		}
		slices.SortFunc(got, func(a, b claimed) int {
			return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.job.ID, b.job.ID))
		})
		for _, c := range got {
			k := d.kinds[c.job.Kind]
			r := &run{claimed: c, kind: k, lane: l, node: round.node}
			r.job.q, r.job.run, r.job.Last = d.Queue, r, c.job.Attempt >= k.opts.MaxAttempts
			r.ctx, r.cancel = context.WithCancelCause(ctx)
			l.held.Add(1)
			d.lease.hold(r)
			l.waiting <- r // has room for all that room() allows
		}
	}
}
