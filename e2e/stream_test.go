package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// stream follows live events as a browser's EventSource does: when the
// connection breaks it comes back, perhaps to another node, with the id of the
// last event it had.
type stream struct {
	token  string
	topics []string

	mu      sync.Mutex
	nodes   []string // where to connect, the first that answers
	seen    map[string]time.Time
	kinds   map[string]int
	opened  int // connections that were answered
	last    string
	cancel  context.CancelFunc
	stopped chan struct{}
}

func follow(t *testing.T, token string, topics []string, nodes ...string) *stream {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &stream{
		token: token, topics: topics, nodes: nodes, seen: map[string]time.Time{}, kinds: map[string]int{},
		cancel: cancel, stopped: make(chan struct{}),
	}
	go func() {
		defer close(s.stopped)
		for at := 0; ctx.Err() == nil; at++ {
			s.connect(ctx, s.nodes[at%len(s.nodes)])
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(s.stop)
	eventually(t, 10*time.Second, "the stream begins", func() bool { return s.connections() > 0 })
	return s
}

func (s *stream) stop() {
	s.cancel()
	<-s.stopped
}

// connect reads one connection to its end.
func (s *stream) connect(ctx context.Context, node string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, node+"/live?"+url.Values{"topic": s.topics}.Encode(), http.NoBody)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	s.mu.Lock()
	if s.last != "" {
		req.Header.Set("Last-Event-ID", s.last)
	}
	s.mu.Unlock()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return
	}
	s.mu.Lock()
	s.opened++
	s.mu.Unlock()
	kind, id, data := "", "", ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			s.take(kind, id, data)
			kind, id, data = "", "", ""
		}
	}
}

func (s *stream) take(kind, id, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" {
		s.last = id
	}
	if kind == "" {
		return
	}
	s.kinds[kind]++
	var e struct{ Key string }
	if json.Unmarshal([]byte(data), &e) == nil && e.Key != "" {
		if _, before := s.seen[e.Key]; !before {
			s.seen[e.Key] = time.Now()
		}
	}
}

// has reports whether an event about the key has come, and when.
func (s *stream) has(key string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.seen[key]
	return at, ok
}

func (s *stream) count(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kinds[kind]
}

func (s *stream) connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}
