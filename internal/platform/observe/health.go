package observe

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Check is one condition of readiness. Run gives a detail for the operator.
type Check struct {
	Name string
	Run  func(ctx context.Context) (detail string, err error)
}

// DatabaseCheck asks whether the database answers.
func DatabaseCheck(db *database.DB) Check {
	return Check{Name: "database", Run: func(ctx context.Context) (string, error) { return string(db.Engine()), db.Ping(ctx) }}
}

// MigrationsCheck asks whether the schema is the one this program needs. Once
// it is, it stays so for the life of the process.
func MigrationsCheck(db *database.DB, sources ...fs.FS) Check {
	var current atomic.Bool
	return Check{Name: "migrations", Run: func(ctx context.Context) (string, error) {
		if current.Load() {
			return "current", nil
		}
		st, err := db.Status(ctx, sources...)
		if err != nil {
			return "", err
		}
		if st.Pending > 0 {
			return "", apperr.New(apperr.Unavailable, "%d migrations are pending.", st.Pending)
		}
		current.Store(true)
		return "current", nil
	}}
}

// Health answers whether this node is alive and whether it is ready for work.
type Health struct {
	checks   []Check
	token    string
	draining func() bool

	mu   sync.Mutex
	last report
	at   time.Time
}

// report is what an authorised caller sees.
type report struct {
	Status string        `json:"status"` // "ready", "not ready", "draining"
	Checks []checkReport `json:"checks,omitempty"`
}

type checkReport struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	TookMS int64  `json:"took_ms"`
}

// NewHealth asks checks for readiness. draining (nil is never) makes the node
// not ready while it shuts down; token lets a caller see details.
func NewHealth(token string, draining func() bool, checks ...Check) *Health {
	if draining == nil {
		draining = func() bool { return false }
	}
	return &Health{checks: checks, token: token, draining: draining}
}

const (
	checkTimeout = 3 * time.Second
	reportAge    = 500 * time.Millisecond // so that asking often costs the database nothing
)

// Live answers as long as the process can answer at all. It asks nothing else:
// a database that is away is no reason to kill this process.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
	return nil
}

// Ready answers 200 when work may be sent here, else 503; details only to
// authorised callers.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) error {
	return h.ready(w, r, authorised(r, h.token))
}

func (h *Health) ready(w http.ResponseWriter, r *http.Request, details bool) error {
	rep := h.report(r.Context())
	status := http.StatusOK
	if rep.Status != "ready" {
		status = http.StatusServiceUnavailable
	}
	if !details {
		rep.Checks = nil
	}
	return web.JSON(w, status, rep)
}

// report runs the checks, unless somebody asked a moment ago. Callers wait for
// one another rather than all asking the database.
func (h *Health) report(ctx context.Context) report {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.at.IsZero() || time.Since(h.at) > reportAge {
		// Not the caller's patience: the answer is for those who follow, too.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		h.last, h.at = h.run(ctx), time.Now()
	}
	rep := h.last
	if h.draining() {
		rep.Status = "draining"
	}
	return rep
}

func (h *Health) run(ctx context.Context) report {
	rep := report{Status: "ready"}
	for _, c := range h.checks {
		start := time.Now()
		detail, err := c.Run(ctx)
		if err != nil {
			rep.Status, detail = "not ready", apperr.Message(err).String()
		}
		rep.Checks = append(rep.Checks, checkReport{Name: c.Name, OK: err == nil, Detail: detail, TookMS: time.Since(start).Milliseconds()})
	}
	return rep
}

// Inside serves everything an operator may look at, for a separate address:
// metrics, health with details, and Go's profiles.
func Inside(m *Metrics, h *Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { _ = h.Live(w, r) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { _ = h.ready(w, r, true) })
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
