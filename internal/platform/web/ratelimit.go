package web

import (
	"container/list"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Limiter allows each key a number of requests per span of time, in bursts up
// to that number (a token bucket). It remembers a bounded number of keys; when
// it is full, the one not seen for longest is forgotten, and starts anew.
type Limiter struct {
	limit   int
	per     time.Duration
	maxKeys int
	clock   func() time.Time

	mu      sync.Mutex
	buckets map[string]*list.Element
	recent  *list.List // of *bucket, the latest seen first
}

type bucket struct {
	key    string
	tokens float64
	at     time.Time
}

// Decision is what a Limiter says about one request.
type Decision struct {
	Allowed    bool
	Limit      int           // requests per span
	Remaining  int           // requests that may follow at once
	Reset      time.Duration // until the whole limit is there again
	RetryAfter time.Duration // until the next request is allowed; 0 when this one was
}

// NewLimiter allows limit requests per span and key. clock may be nil.
func NewLimiter(limit int, per time.Duration, clock func() time.Time) *Limiter {
	if clock == nil {
		clock = time.Now
	}
	const maxKeys = 50_000 // some 10 MB
	return &Limiter{limit: limit, per: per, maxKeys: maxKeys, clock: clock, buckets: map[string]*list.Element{}, recent: list.New()}
}

// Take asks for n requests of a key at once, and uses them up if it may.
func (l *Limiter) Take(key string, n int) Decision {
	now := l.clock()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(key, now)
	perToken := l.per / time.Duration(l.limit)
	if passed := now.Sub(b.at); passed > 0 { // a clock set back gives nothing and takes nothing
		b.tokens = math.Min(float64(l.limit), b.tokens+float64(passed)/float64(perToken))
	}
	b.at = now
	d := Decision{Limit: l.limit}
	if b.tokens >= float64(n) {
		b.tokens -= float64(n)
		d.Allowed = true
	} else {
		d.RetryAfter = time.Duration((float64(n) - b.tokens) * float64(perToken))
	}
	d.Remaining = int(b.tokens)
	d.Reset = time.Duration((float64(l.limit) - b.tokens) * float64(perToken))
	return d
}

// Forget lets a key start anew: after a sign-in that succeeded, for example.
func (l *Limiter) Forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.buckets[key]; ok {
		l.recent.Remove(e)
		delete(l.buckets, key)
	}
}

// Keys is how many keys are remembered now.
func (l *Limiter) Keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.recent.Len()
}

// bucket gives a key's bucket, a full one for a new key. l.mu is held.
func (l *Limiter) bucket(key string, now time.Time) *bucket {
	if e, ok := l.buckets[key]; ok {
		l.recent.MoveToFront(e)
		b, _ := e.Value.(*bucket)
		return b
	}
	if l.recent.Len() >= l.maxKeys {
		oldest := l.recent.Back()
		b, _ := l.recent.Remove(oldest).(*bucket)
		delete(l.buckets, b.key)
	}
	b := &bucket{key: key, tokens: float64(l.limit), at: now}
	l.buckets[key] = l.recent.PushFront(b)
	return b
}

// Limit refuses requests over the limiter's rate with TooMany and tells every
// client where it stands: RateLimit-Limit, -Remaining and -Reset (seconds).
// Requests whose key is "" are not limited.
func Limit(l *Limiter, key func(r *http.Request) string) Middleware {
	return func(next HandlerFunc) HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) error {
			k := key(r)
			if k == "" {
				return next(w, r)
			}
			d := l.Take(k, 1)
			d.SetHeaders(w.Header())
			if !d.Allowed {
				return apperr.New(apperr.TooMany, "That was too often. Please try again in %s.", inWords(d.RetryAfter))
			}
			return next(w, r)
		}
	}
}

// SetHeaders tells the client where it stands.
func (d Decision) SetHeaders(h http.Header) {
	h.Set("RateLimit-Limit", strconv.Itoa(d.Limit))
	h.Set("RateLimit-Remaining", strconv.Itoa(d.Remaining))
	h.Set("RateLimit-Reset", seconds(d.Reset))
	if !d.Allowed {
		h.Set("Retry-After", seconds(d.RetryAfter))
	}
}

// ByClient is the key of a client's address: one IPv4 address, or one IPv6
// network of 64 bits, which is what a single customer is given.
func ByClient(r *http.Request) string { return ClientKey(ClientIP(r.Context())) }

// ClientKey is the key of an address; see ByClient.
func ClientKey(ip netip.Addr) string {
	if !ip.IsValid() {
		return "unknown"
	}
	if ip.Is6() {
		if network, err := ip.Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}

// seconds rounds up, so that whoever waits as long as told is not too early.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

func inWords(d time.Duration) string {
	switch s := int(math.Ceil(d.Seconds())); {
	case s <= 1:
		return "a second"
	case s < 120:
		return strconv.Itoa(s) + " seconds"
	default:
		return strconv.Itoa((s+59)/60) + " minutes"
	}
}
