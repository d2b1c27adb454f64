package process

import (
	"sync"
	"time"
)

// cache holds the traces of the last questions for a moment: who simplifies a
// map, turns it or opens what is behind it asks for the same traces again.
type cache struct {
	mu   sync.Mutex
	held []heldLog // the newest last
}

type heldLog struct {
	key string
	log *log
	at  time.Time
}

const (
	keepFor = time.Minute
	// keepTraces bounds the memory of all that is held, in tickets.
	keepTraces = 60_000
)

func (c *cache) get(key string, now time.Time) *log {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.held {
		if h.key == key && now.Sub(h.at) < keepFor {
			return h.log
		}
	}
	return nil
}

func (c *cache) put(key string, l *log, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := []heldLog{{key, l, now}}
	room := keepTraces - len(l.traces)
	for i := len(c.held) - 1; i >= 0; i-- {
		h := c.held[i]
		if h.key == key || now.Sub(h.at) >= keepFor || len(h.log.traces) > room {
			continue
		}
		room -= len(h.log.traces)
		kept = append([]heldLog{h}, kept...)
	}
	c.held = kept
}
