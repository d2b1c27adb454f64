package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/pulse"
)

// Options says how a node works. The zero value is usable.
type Options struct {
	Logger      *slog.Logger
	Clock       func() time.Time
	Node        string        // the node's name in failures; "" picks the host's name and process id
	Workers     int           // jobs that run at a time; 0 picks 8
	LongWorkers int           // jobs of Long kinds that run at a time; 0 picks 2
	Lease       time.Duration // how long a silent node keeps its jobs; 0 picks 20 s
	Poll        time.Duration // how often to look for what nobody told; 0 picks 1 s, 5 s on SQLite
	KeepDone    time.Duration // how long ended jobs are kept; 0 picks a day
	KeepDead    time.Duration // how long dead letters are kept; 0 picks 90 days
	Observer    Observer      // nil observes nothing
}

func (o Options) withDefaults(engine database.Engine) Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Node == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "node"
		}
		o.Node = fmt.Sprintf("%s/%d", host, os.Getpid())
	}
	orElse := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	orElse(&o.Lease, 20*time.Second)
	orElse(&o.KeepDone, 24*time.Hour)
	orElse(&o.KeepDead, 90*24*time.Hour)
	if engine == database.SQLite {
		orElse(&o.Poll, 5*time.Second)
	} else {
		orElse(&o.Poll, time.Second)
	}
	if o.Workers <= 0 {
		o.Workers = 8
	}
	if o.LongWorkers <= 0 {
		o.LongWorkers = 2
	}
	if o.Observer == nil {
		o.Observer = blind{}
	}
	return o
}

// Observer is told about every run; for metrics. Its methods must be quick.
type Observer interface {
	// JobStarted says how long the job was due before it started.
	JobStarted(kind string, waited time.Duration)
	// JobEnded says what became of the job (Done, Scheduled for a retry or a
	// snooze, Dead, Ready when handed back) and how long the run took.
	JobEnded(kind string, became State, took time.Duration)
}

type blind struct{}

func (blind) JobStarted(string, time.Duration)      {}
func (blind) JobEnded(string, State, time.Duration) {}

// Queue is the queue of one database as one node sees it. Every node may
// enqueue; those that call Start also run jobs. All methods are safe for
// concurrent use, but Define and Schedule come before Start.
type Queue struct {
	db    *database.DB
	opts  Options
	store store
	log   *slog.Logger

	kinds     map[string]kind
	schedules []schedule
	lanes     []*lane // set by Start; constant afterwards

	inbox   inbox
	running atomic.Bool    // Start was called and Stop was not
	tell    *pulse.Pulse   // tells other nodes that there is work
	stop    chan struct{}  // closed by Stop: claim no more
	stopped chan struct{}  // closed when the last job ended and was recorded
	workers sync.WaitGroup // and the lease keeper
	lease   lease
	kill    context.CancelCauseFunc // ends every run and the queue's own statements
}

// New makes the queue of a database.
func New(db *database.DB, o Options) *Queue {
	o = o.withDefaults(db.Engine())
	q := &Queue{
		db: db, opts: o, store: newStore(db.Engine()), log: o.Logger,
		kinds: map[string]kind{}, stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	q.inbox.signal = make(chan struct{}, 1)
	q.tell = pulse.New(5*time.Millisecond, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		if err := db.Notify(ctx, busTopic, q.signature()); err != nil && ctx.Err() == nil {
			q.log.Debug("jobs: other nodes were not told about new work; they will find it", "error", err)
		}
	})
	Define(q, "jobs.prune", q.prune, KindOptions{Timeout: 10 * time.Minute, MaxAttempts: 3}).
		Schedule("jobs.prune", Every(time.Hour), struct{}{})
	return q
}

const busTopic = "jobs"

func (q *Queue) now() time.Time { return q.opts.Clock() }

func (q *Queue) define(k kind) {
	if _, taken := q.kinds[k.name]; taken || k.name == "" || q.running.Load() {
		panic(fmt.Sprintf("jobs: kind %q is defined twice, has no name, or comes after Start", k.name))
	}
	q.kinds[k.name] = k
}

type schedule struct {
	name    string
	when    Schedule
	enqueue func(ctx context.Context, tx *database.Tx, slot time.Time) error
}

func (q *Queue) schedule(s schedule) {
	if slices.ContainsFunc(q.schedules, func(t schedule) bool { return t.name == s.name }) || q.running.Load() {
		panic(fmt.Sprintf("jobs: schedule %q is defined twice or comes after Start", s.name))
	}
	q.schedules = append(q.schedules, s)
}

// Start begins to run jobs. The context bounds only the start; jobs run until Stop.
func (q *Queue) Start(ctx context.Context) error {
	select {
	case <-q.stop:
		return errors.New("jobs: a stopped queue cannot start again")
	default:
	}
	if !q.running.CompareAndSwap(false, true) {
		return errors.New("jobs: started twice")
	}
	live, kill := context.WithCancelCause(context.WithoutCancel(ctx))
	q.kill = kill
	q.lease.runs = map[int64]*run{}
	if err := q.join(ctx); err != nil {
		q.running.Store(false)
		kill(err)
		return fmt.Errorf("jobs: start: %w", err)
	}
	if q.db.Engine() == database.SQLite {
		if err := q.takeOverAll(ctx); err != nil {
			q.running.Store(false)
			kill(err)
			return fmt.Errorf("jobs: start: %w", err)
		}
	}
	q.lanes = q.makeLanes()
	for _, l := range q.lanes {
		for range l.workers {
			q.workers.Go(func() { q.work(live, l) })
		}
	}
	if q.db.Engine() == database.PostgreSQL {
		q.workers.Go(func() { q.keepLease(live) })
	}
	unsubscribe := q.db.Subscribe(busTopic, q.heard)
	go func() {
		defer close(q.stopped)
		q.dispatch(live)
		unsubscribe()
		kill(errHandedBack)
		q.workers.Wait()
	}()
	return nil
}

// makeLanes sorts the kinds into those for the normal and those for the long workers.
func (q *Queue) makeLanes() []*lane {
	short, long := &lane{workers: q.opts.Workers, ahead: maxAhead}, &lane{workers: q.opts.LongWorkers}
	for name, k := range q.kinds {
		l := short
		if k.opts.Long {
			l = long
		}
		l.kinds = append(l.kinds, name)
	}
	lanes := []*lane{short}
	if len(long.kinds) > 0 {
		lanes = append(lanes, long)
	}
	for _, l := range lanes {
		slices.Sort(l.kinds) // one text of the claiming statement
		l.waiting = make(chan *run, l.workers+l.ahead)
		l.pace.Store(int64(time.Second)) // take little ahead until jobs prove quick
	}
	return lanes
}

// Stop claims no more jobs and waits for the running ones. When ctx ends before
// they do, their contexts are cancelled and what returns soon is handed back
// without costing an attempt; the rest is taken over when the lease ends, and
// Stop says so by its error. A queue that was never started stops at once.
func (q *Queue) Stop(ctx context.Context) error {
	defer q.tell.Stop()
	if !q.running.CompareAndSwap(true, false) {
		return nil
	}
	close(q.stop)
	q.inbox.wake()
	select {
	case <-q.stopped:
		return nil
	case <-ctx.Done():
	}
	q.lease.cancelAll(errHandedBack)
	const grace = 2 * time.Second
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-q.stopped:
		return nil
	case <-patience.C:
		q.kill(errHandedBack)
		return fmt.Errorf("jobs: stopped with jobs still running; they start again elsewhere: %w", context.Cause(ctx))
	}
}

// signature is what this node's notices say: which running node has more ready
// jobs than it can do, or nothing when a process that runs none enqueued some.
func (q *Queue) signature() string {
	if q.running.Load() {
		return strconv.FormatInt(q.lease.self(), 10)
	}
	return ""
}

// heard takes a notice of any node.
func (q *Queue) heard(notice string) {
	switch notice {
	case q.signature(): // our own
	case "", database.Reconnected:
		q.inbox.askLook()
	default:
		q.inbox.put(func(t *tasks) { t.ready = true })
	}
}

// wakeAfter makes the node look at new jobs once they are committed.
func (q *Queue) wakeAfter(tx *database.Tx, batch []newJob) {
	tx.AfterCommit(func() {
		if q.running.Load() {
			q.inbox.enqueued(batch)
		} else {
			q.tell.Beat() // this process only enqueues
		}
	})
}
