package jobs

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// inbox gathers, from any goroutine, what the dispatcher has to do next.
type inbox struct {
	signal chan struct{} // holds one token while there is something to do

	mu    sync.Mutex
	tasks tasks
}

// tasks is what the dispatcher takes out of the inbox at once.
type tasks struct {
	ended []ended   // runs to record
	keys  keySet    // keys that may lack a turn
	ready bool      // new jobs are ready to be claimed
	look  bool      // read the tables: something may have happened elsewhere
	due   time.Time // a job was scheduled for then; zero is none
}

func (in *inbox) wake() {
	select {
	case in.signal <- struct{}{}:
	default:
	}
}

func (in *inbox) put(fn func(t *tasks)) {
	in.mu.Lock()
	fn(&in.tasks)
	in.mu.Unlock()
	in.wake()
}

func (in *inbox) take() tasks {
	in.mu.Lock()
	defer in.mu.Unlock()
	t := in.tasks
	in.tasks = tasks{}
	return t
}

// enqueued notes jobs that were just committed.
func (in *inbox) enqueued(batch []newJob) {
	in.put(func(t *tasks) {
		for _, j := range batch {
			switch j.State {
			case Held:
				t.keys.add(*j.Key)
			case Ready:
				t.ready = true
			default:
				t.due = earlier(t.due, time.UnixMicro(j.RunAt))
			}
		}
	})
}

func (in *inbox) end(e ended) { in.put(func(t *tasks) { t.ended = append(t.ended, e) }) }

func (in *inbox) askLook() { in.put(func(t *tasks) { t.look = true }) }

// giveBack returns tasks that could not be done.
func (in *inbox) giveBack(old tasks) {
	in.mu.Lock()
	defer in.mu.Unlock()
	old.merge(in.tasks)
	in.tasks = old
}

// merge adds later tasks.
func (t *tasks) merge(later tasks) {
	t.ended = append(t.ended, later.ended...)
	t.keys = union(t.keys, later.keys)
	t.ready = t.ready || later.ready
	t.look = t.look || later.look
	t.due = earlier(t.due, later.due)
}

// keySet is a set of keys; nil is the empty one.
type keySet map[string]struct{}

func (s *keySet) add(key string) {
	if *s == nil {
		*s = keySet{}
	}
	(*s)[key] = struct{}{}
}

func (s keySet) sorted() []string { return slices.Sorted(maps.Keys(s)) }

func union(a, b keySet) keySet {
	if len(a) == 0 {
		return b
	}
	maps.Copy(a, b)
	return a
}

// earlier gives the earlier of two times, of which a zero one does not count.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
