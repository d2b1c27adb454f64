package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// jobMetrics tells Prometheus about background jobs.
type jobMetrics struct {
	waited, took *prometheus.HistogramVec
}

func newJobMetrics(r prometheus.Registerer) jobMetrics {
	buckets := []float64{.001, .005, .02, .1, .5, 2, 10, 60, 600}
	m := jobMetrics{
		waited: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "steward_job_wait_seconds", Help: "How long jobs were due before they started.", Buckets: buckets,
		}, []string{"kind"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "steward_job_duration_seconds", Help: "How long runs of jobs took, by what became of them.", Buckets: buckets,
		}, []string{"kind", "became"}),
	}
	r.MustRegister(m.waited, m.took)
	return m
}

// JobStarted implements jobs.Observer.
func (m jobMetrics) JobStarted(kind string, waited time.Duration) {
	m.waited.WithLabelValues(kind).Observe(waited.Seconds())
}

// JobEnded implements jobs.Observer.
func (m jobMetrics) JobEnded(kind string, became jobs.State, took time.Duration) {
	m.took.WithLabelValues(kind, string(became)).Observe(took.Seconds())
}
