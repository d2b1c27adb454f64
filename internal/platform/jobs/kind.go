package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// KindOptions says how the jobs of a kind are run. The zero value is usable.
type KindOptions struct {
	MaxAttempts int           // then the job is dead; 0 picks 20, some nine hours with the default backoff
	Timeout     time.Duration // of one attempt, by context; 0 picks a minute, an hour for Long kinds
	Backoff     Backoff       // nil picks Exponential(time.Second, time.Hour)
	// Long kinds (imports, reports) run on workers of their own, so that they
	// never keep the short ones waiting.
	Long bool
}

func (o KindOptions) withDefaults() KindOptions {
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = 20
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
		if o.Long {
			o.Timeout = time.Hour
		}
	}
	if o.Backoff == nil {
		o.Backoff = Exponential(time.Second, time.Hour)
	}
	return o
}

// HandlerFunc does a job. Returning nil ends it; an error makes it run again
// later, unless it is wrapped by Discard or made by Later. The context ends
// with the kind's timeout, with the loss of the lease, and when the node stops.
type HandlerFunc[T any] func(ctx context.Context, job *Job, payload T) error

// kind is what the queue knows of a Kind[T].
type kind struct {
	name string
	opts KindOptions
	run  func(ctx context.Context, job *Job, payload []byte) error
}

// Kind is a defined kind of job, and the way to enqueue jobs of it.
type Kind[T any] struct {
	q    *Queue
	name string
}

// Define adds a kind to the queue. The name is stored with each job and the
// payload as JSON: change either only so that what is already queued still
// runs. Define before Start; a second definition of a name panics.
func Define[T any](q *Queue, name string, handler HandlerFunc[T], opts KindOptions) *Kind[T] {
	q.define(kind{name: name, opts: opts.withDefaults(), run: func(ctx context.Context, job *Job, payload []byte) error {
		var v T
		if err := json.Unmarshal(payload, &v); err != nil {
			return Discard(fmt.Errorf("read the payload: %w", err))
		}
		return handler(ctx, job, v)
	}})
	return &Kind[T]{q: q, name: name}
}

// Name gives the kind's name.
func (k *Kind[T]) Name() string { return k.name }

// Option says something about one job.
type Option func(*newJob)

// RunAt plans the job for a time. With a Key, the jobs enqueued after it wait too.
func RunAt(t time.Time) Option { return func(j *newJob) { j.RunAt = t.UnixMicro() } }

// Key keeps order: jobs with the same key, of whatever kind, run one at a time
// in the order they were enqueued. Name what the order belongs to, such as
// "engagement:17". At most 200 bytes.
func Key(key string) Option { return func(j *newJob) { j.Key = &key } }

// Unique enqueues the job only if no job of this kind with the same key is
// unfinished (held, scheduled, ready or running). A concurrent transaction that
// enqueues the same waits for the first one's commit. At most 200 bytes.
func Unique(key string) Option { return func(j *newJob) { j.Unique = &key } }

// WithPriority lets the job go before or after others; the default is Normal.
func WithPriority(p Priority) Option { return func(j *newJob) { j.Priority = int64(p) } }

// Enqueue writes a job in the caller's transaction; it can start as soon as
// that commits. It returns the job's id, or with Unique that of the unfinished
// job that is already there.
func (k *Kind[T]) Enqueue(ctx context.Context, tx *database.Tx, payload T, opts ...Option) (int64, error) {
	job, err := k.prepare(payload, opts)
	if err != nil {
		return 0, err
	}
	// A unique job can be in the way of the insert and finished at the look.
	const tries = 5
	for range tries {
		ids, err := k.q.store.insert(ctx, tx, []newJob{job})
		if err != nil {
			return 0, fmt.Errorf("jobs: enqueue %s: %w", k.name, err)
		}
		if len(ids) == 1 {
			k.q.wakeAfter(tx, []newJob{job})
			return ids[0], nil
		}
		id, err := k.q.store.unfinished(ctx, tx, k.name, *job.Unique)
		if err != nil {
			return 0, fmt.Errorf("jobs: enqueue %s: %w", k.name, err)
		}
		if id != 0 {
			return id, nil
		}
	}
	return 0, fmt.Errorf("jobs: enqueue %s: the unique job %q kept coming and going", k.name, *job.Unique)
}

// EnqueueAll writes many jobs with few statements, in the order of payloads.
// each, which may be nil, gives the options of one. It returns how many were
// added: all but those whose Unique job was already there.
func (k *Kind[T]) EnqueueAll(ctx context.Context, tx *database.Tx, payloads []T, each func(T) []Option) (int, error) {
	const chunk = 1000
	added := 0
	for start := 0; start < len(payloads); start += chunk {
		part := payloads[start:min(start+chunk, len(payloads))]
		batch := make([]newJob, len(part))
		for i, p := range part {
			var opts []Option
			if each != nil {
				opts = each(p)
			}
			job, err := k.prepare(p, opts)
			if err != nil {
				return added, err
			}
			job.N = i
			batch[i] = job
		}
		ids, err := k.q.store.insert(ctx, tx, batch)
		if err != nil {
			return added, fmt.Errorf("jobs: enqueue %s: %w", k.name, err)
		}
		added += len(ids)
		k.q.wakeAfter(tx, batch)
	}
	return added, nil
}

// Schedule makes the queue enqueue payload at every slot of a schedule, once
// across all nodes. After downtime it catches up with one job. A job of an
// earlier slot that is still unfinished takes the place of the new one. The
// name tells schedules apart, also across restarts. Call it before Start.
func (k *Kind[T]) Schedule(name string, when Schedule, payload T) {
	k.q.schedule(schedule{name: name, when: when, enqueue: func(ctx context.Context, tx *database.Tx, slot time.Time) error {
		_, err := k.Enqueue(ctx, tx, payload, RunAt(slot), Unique("schedule:"+name))
		return err
	}})
}

const (
	maxKey     = 200
	maxPayload = 256 << 10
)

func (k *Kind[T]) prepare(payload T, opts []Option) (newJob, error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return newJob{}, fmt.Errorf("jobs: payload of %s: %w", k.name, err)
	}
	if len(text) > maxPayload {
		return newJob{}, fmt.Errorf("jobs: payload of %s: %d bytes are too many; store the data and enqueue its id", k.name, len(text))
	}
	now := k.q.now()
	job := newJob{Kind: k.name, Payload: string(text), Priority: int64(Normal), CreatedAt: now.UnixMicro(), RunAt: now.UnixMicro()}
	for _, opt := range opts {
		opt(&job)
	}
	for _, key := range []*string{job.Key, job.Unique} {
		if key != nil && (*key == "" || len(*key) > maxKey || !utf8.ValidString(*key) || storable(*key) != *key) {
			return newJob{}, fmt.Errorf("jobs: the key %q of %s is empty, too long or not text", *key, k.name)
		}
	}
	switch {
	case job.Key != nil:
		job.State = Held
	case job.RunAt > now.UnixMicro():
		job.State = Scheduled
	default:
		job.State = Ready
	}
	return job, nil
}

// Job is what a handler learns about the job it does.
type Job struct {
	ID         int64 // stays the same over all attempts: an idempotency key for the outside
	Kind       string
	Key        string // "" without order
	Attempt    int    // 1 at the first run
	EnqueuedAt time.Time
	RunAt      time.Time // when it was meant to run; the slot of a periodic job
	Last       bool      // a failure now is the end

	q   *Queue
	run *run
}

// Complete ends the job within the handler's own transaction: what tx writes
// and the end of the job become true together, so the effect happens exactly
// once. It fails with Conflict when the node lost its lease meanwhile; then tx
// must roll back. After the commit the handler's result no longer matters.
func (j *Job) Complete(ctx context.Context, tx *database.Tx) error {
	if err := j.q.store.completeOne(ctx, tx, j.ID, j.run.node, j.q.now()); err != nil {
		return fmt.Errorf("jobs: complete %s %d: %w", j.Kind, j.ID, err)
	}
	tx.AfterCommit(func() { j.run.completed.Store(true) })
	return nil
}
