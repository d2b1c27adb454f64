package jobs

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// dispatcher is the one goroutine of a node that reads and writes the queue's
// tables (but for enqueueing and the heartbeat).
type dispatcher struct {
	*Queue
	stopping bool
	due      time.Time          // the next scheduled job, as far as known; zero is none
	slotAt   time.Time          // when the next periodic job is due
	lookAt   time.Time          // when to look without being told
	seen     map[int64]sighting // beats of other nodes
	doubt    bool               // a round failed and may have claimed jobs all the same
}

// dispatch works until Stop was called and nothing is held any more, or ctx ends.
func (q *Queue) dispatch(ctx context.Context) {
	now := q.now()
	d := &dispatcher{Queue: q, slotAt: now, lookAt: now}
	for _, l := range q.lanes {
		l.more = true
	}
	failures := 0
	for ctx.Err() == nil {
		t := q.inbox.take()
		if err := d.turn(ctx, &t); err != nil {
			q.inbox.giveBack(t)
			if ctx.Err() != nil {
				return
			}
			failures++
			if failures == 1 {
				q.log.Error("jobs: the queue's tables cannot be worked; trying again", "error", err)
			}
			d.pause(ctx, Exponential(50*time.Millisecond, 3*time.Second)(failures))
			continue
		}
		if failures > 0 {
			q.log.Info("jobs: the queue's tables can be worked again", "failures", failures)
			failures = 0
		}
		if d.stopping && q.lease.holdsNothing() {
			d.leave(ctx)
			return
		}
		d.wait(ctx)
	}
}

// wait returns when there is something to do.
func (d *dispatcher) wait(ctx context.Context) {
	timer := time.NewTimer(d.nap())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.inbox.signal:
	case <-d.stopSignal():
		d.stopping = true
	case <-ctx.Done():
	}
}

// nap says how long nothing is due by what the node knows.
func (d *dispatcher) nap() time.Duration {
	if d.stopping {
		return d.opts.Poll
	}
	next := d.lookAt
	for _, t := range []time.Time{d.due, d.slotAt} {
		next = earlier(next, t)
	}
	return max(next.Sub(d.now()), 0)
}

// pause waits after a failure; news do not shorten it.
func (d *dispatcher) pause(ctx context.Context, howLong time.Duration) {
	timer := time.NewTimer(howLong)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.stopSignal():
		d.stopping = true
	case <-ctx.Done():
	}
}

// stopSignal is heard once.
func (d *dispatcher) stopSignal() <-chan struct{} {
	if d.stopping {
		return nil
	}
	return d.stop
}

// leave takes the node off the list.
func (d *dispatcher) leave(ctx context.Context) {
	node := d.lease.self()
	if err := d.db.Write(ctx, func(tx *database.Tx) error { return d.store.unregister(ctx, tx, node) }); err != nil {
		d.log.Debug("jobs: the node's row is left for the pruning", "error", err)
	}
}

// turn does what is to do now. What it could not do stays in t.
func (d *dispatcher) turn(ctx context.Context, t *tasks) error {
	now := d.now()
	d.due = earlier(d.due, t.due)
	if d.stopping {
		for _, l := range d.lanes {
			d.handBack(l)
		}
		t.merge(d.inbox.take())
		return d.round(ctx, t, now)
	}
	if d.lease.self() == 0 {
		if err := d.join(ctx); err != nil {
			return err
		}
	}
	if d.doubt {
		if err := d.reconcile(ctx); err != nil {
			return err
		}
	}
	if t.look || !now.Before(d.lookAt) {
		if err := d.look(ctx, t, now); err != nil {
			return err
		}
	}
	if !now.Before(d.slotAt) {
		if err := d.fire(ctx); err != nil {
			return err
		}
	}
	return d.round(ctx, t, now)
}

// look reads what nobody tells: jobs and turns left by nodes that died after a
// commit, nodes that stopped, and claimed jobs that wait here for too long.
func (d *dispatcher) look(ctx context.Context, t *tasks, now time.Time) error {
	var kinds []string
	for _, l := range d.lanes {
		kinds = append(kinds, l.kinds...)
	}
	ready, next, err := d.store.look(ctx, d.db.Reader(), kinds)
	if err != nil {
		return err
	}
	t.ready, d.due = t.ready || ready, next
	keys, err := d.store.strandedKeys(ctx, d.db.Reader())
	if err != nil {
		return err
	}
	for _, k := range keys {
		t.keys.add(k)
	}
	if d.db.Engine() == database.PostgreSQL {
		if d.seen, err = d.watch(ctx, d.seen, now); err != nil {
			return err
		}
		const patience = time.Second
		for _, l := range d.lanes {
			if len(l.waiting) > 0 && now.Sub(l.claimed) > patience {
				d.handBack(l)
				l.pace.Store(int64(patience))
			}
		}
	}
	t.look, d.lookAt = false, now.Add(d.opts.Poll)
	return nil
}

// handBack returns what waits for a worker, for other nodes to take.
func (d *dispatcher) handBack(l *lane) {
	for {
		select {
		case r := <-l.waiting:
			r.cancel(errHandedBack)
			d.inbox.end(ended{r, verdict{state: Ready, uncount: true}})
			l.more = true
		default:
			return
		}
	}
}

// fire enqueues the periodic jobs that are due and that no other node has
// fired. A schedule seen for the first time starts with its next slot.
func (d *dispatcher) fire(ctx context.Context) error {
	fired, err := d.store.firedSlots(ctx, d.db.Reader())
	if err != nil {
		return err
	}
	now := d.now() // after the reading: what has fired is not ahead of it
	var next time.Time
	for _, s := range d.schedules {
		next = earlier(next, s.when.Next(now))
		slot, fires := due(s.when, fired[s.name], now)
		if !fires {
			continue
		}
		err := d.db.Write(ctx, func(tx *database.Tx) error {
			mine, err := d.store.takeSlot(ctx, tx, s.name, fired[s.name], slot)
			if err != nil || !mine || fired[s.name].IsZero() {
				return err
			}
			return s.enqueue(ctx, tx, slot)
		})
		if err != nil {
			return err
		}
	}
	d.slotAt = next
	return nil
}

// reconcile hands back what this node holds without knowing: jobs claimed by a
// transaction that committed although its answer was lost on the way.
func (d *dispatcher) reconcile(ctx context.Context) error {
	node, known := d.lease.self(), d.lease.held()
	err := d.db.Write(ctx, func(tx *database.Tx) error { return d.store.disown(ctx, tx, node, known) })
	d.doubt = err != nil
	return err
}
