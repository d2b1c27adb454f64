package observe

import (
	"database/sql"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// Metrics collects numbers for Prometheus. Every name begins with steward_, but
// for those of the Go runtime and the process.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	sent     *prometheus.CounterVec
}

// NewMetrics starts with the Go runtime, the process and the build.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "steward_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "steward_http_request_duration_seconds", Help: "Time from a request's arrival to the end of its answer, by route; streams aside.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "steward_http_response_bytes_total", Help: "Bytes of answers before compression, by route.",
		}, []string{"route"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "steward_build_info", Help: "Always 1; the version is in the label.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		build, m.requests, m.duration, m.sent)
	return m
}

// Registerer takes further metrics.
func (m *Metrics) Registerer() prometheus.Registerer { return m.registry }

// Request notes an answered request; it is meant for web.Options.Observe. The
// route's pattern, not the path, is the label: there are as many as routes.
func (m *Metrics) Request(o web.Observation) {
	route := o.Pattern
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(o.Status)).Inc()
	m.sent.WithLabelValues(route).Add(float64(o.Bytes))
	if !o.Stream {
		m.duration.WithLabelValues(route).Observe(o.Duration.Seconds())
	}
}

// InFlight watches how many requests are being answered.
func (m *Metrics) InFlight(count func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "steward_http_in_flight", Help: "Requests being answered now; streams aside.",
	}, func() float64 { return float64(count()) }))
}

// Database watches the connection pools, each under its name.
func (m *Metrics) Database(stats func() map[string]sql.DBStats) {
	m.registry.MustRegister(&poolCollector{
		stats: stats,
		open:  prometheus.NewDesc("steward_database_connections", "Connections to the database, by pool and state.", []string{"pool", "state"}, nil),
		limit: prometheus.NewDesc("steward_database_connections_max", "Connections a pool may open.", []string{"pool"}, nil),
		waits: prometheus.NewDesc("steward_database_waits_total", "How often a connection had to be waited for.", []string{"pool"}, nil),
		time:  prometheus.NewDesc("steward_database_wait_seconds_total", "Time spent waiting for a connection.", []string{"pool"}, nil),
	})
}

type poolCollector struct {
	stats                    func() map[string]sql.DBStats
	open, limit, waits, time *prometheus.Desc
}

func (c *poolCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.open
	ch <- c.limit
	ch <- c.waits
	ch <- c.time
}

func (c *poolCollector) Collect(ch chan<- prometheus.Metric) {
	for pool, s := range c.stats() {
		ch <- prometheus.MustNewConstMetric(c.open, prometheus.GaugeValue, float64(s.InUse), pool, "used")
		ch <- prometheus.MustNewConstMetric(c.open, prometheus.GaugeValue, float64(s.Idle), pool, "idle")
		ch <- prometheus.MustNewConstMetric(c.limit, prometheus.GaugeValue, float64(s.MaxOpenConnections), pool)
		ch <- prometheus.MustNewConstMetric(c.waits, prometheus.CounterValue, float64(s.WaitCount), pool)
		ch <- prometheus.MustNewConstMetric(c.time, prometheus.CounterValue, s.WaitDuration.Seconds(), pool)
	}
}

// Handler shows the metrics to anybody; mount it where only the monitoring
// comes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Guarded shows the metrics to whoever has the token. Without a token there is
// no such page.
func (m *Metrics) Guarded(token string) web.HandlerFunc {
	h := m.Handler()
	return func(w http.ResponseWriter, r *http.Request) error {
		if token == "" {
			return apperr.New(apperr.NotFound, "There is no page at this address.")
		}
		if !authorised(r, token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="metrics"`)
			return apperr.New(apperr.Unauthenticated, "The monitoring token is needed here.")
		}
		h.ServeHTTP(w, r)
		return nil
	}
}
