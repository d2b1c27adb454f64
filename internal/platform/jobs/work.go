package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// lane is a set of kinds with workers of their own, and the claimed jobs that
// wait for a worker.
type lane struct {
	kinds   []string
	workers int
	ahead   int // how many jobs may at most be claimed ahead of the workers
	waiting chan *run
	held    atomic.Int64 // claimed and not yet recorded as ended
	pace    atomic.Int64 // moving average of a run, in nanoseconds
	// The dispatcher's own:
	more    bool      // ready jobs may be left in the table
	claimed time.Time // when jobs were claimed last
}

const (
	// maxAhead bounds what one round claims.
	maxAhead = 500
	// aheadWork is how much work a worker's share of the claimed jobs may be. It
	// is what another node would lose by waiting, so it is as short as a round.
	aheadWork = 5 * time.Millisecond
)

// room says how many jobs to claim now: enough to keep the workers busy until
// the next round, none while half of that is still waiting. leaving are the
// held ones that this round records as ended.
func (l *lane) room(leaving int) int {
	ahead := min(int64(l.ahead), int64(l.workers)*int64(aheadWork)/max(l.pace.Load(), 1))
	free := int64(l.workers+leaving) + ahead - l.held.Load()
	if free <= 0 || ahead > 0 && int64(len(l.waiting)) > ahead/2 {
		return 0
	}
	return int(free)
}

// ran notes how long a run took.
func (l *lane) ran(d time.Duration) {
	old := l.pace.Load()
	l.pace.Store(old + (int64(d)-old)/16) // a lost update between workers does no harm
}

// run is one attempt at a job on this node.
type run struct {
	claimed
	kind      kind
	lane      *lane
	node      int64 // the registration it was claimed under
	ctx       context.Context
	cancel    context.CancelCauseFunc
	completed atomic.Bool // by Job.Complete
}

// ended is a run that is over, to be recorded.
type ended struct {
	run     *run
	verdict verdict
}

// work runs the jobs of a lane until the queue ends.
func (q *Queue) work(ctx context.Context, l *lane) {
	for {
		select {
		case r := <-l.waiting:
			q.execute(r)
		case <-ctx.Done():
			return
		}
	}
}

func (q *Queue) execute(r *run) {
	start := q.now()
	q.opts.Observer.JobStarted(r.job.Kind, max(start.Sub(r.job.RunAt), 0))
	err := q.attempt(r)
	took := q.now().Sub(start)
	r.lane.ran(took)
	if cause := context.Cause(r.ctx); err != nil && cause != nil {
		err = cause // it failed because the node stops or lost its lease, whatever it says
	}
	r.cancel(nil)
	v := r.kind.opts.judge(r.job.Attempt, err, q.now(), rand.Float64())
	if r.completed.Load() {
		v = verdict{state: Done}
	}
	if v.message != "" {
		q.log.Warn("jobs: attempt failed", "kind", r.job.Kind, "job", r.job.ID, "attempt", r.job.Attempt,
			"became", string(v.state), "error", err)
	}
	q.opts.Observer.JobEnded(r.job.Kind, v.state, took)
	q.inbox.end(ended{r, v})
}

// attempt calls the handler; a panic is a failure like any other.
func (q *Queue) attempt(r *run) (err error) {
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	if r.job.Attempt > r.kind.opts.MaxAttempts {
		return errTooOften
	}
	ctx, cancel := context.WithTimeout(r.ctx, r.kind.opts.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.kind.run(ctx, &r.job, r.payload)
}
