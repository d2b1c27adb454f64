package main

import (
	"math"
	"slices"
	"time"
)

// sample is what one contender did in one round, or in all of them.
type sample struct {
	took    []time.Duration // of each request, in no order
	elapsed time.Duration   // of the round
	cpu     time.Duration   // the server took, its database's aside
	dbCPU   time.Duration   // a separate database server took
	failed  int             // answers that were not the expected ones
	bytes   int64           // of answers, over the wire
}

// figures are what is said of some rounds.
type figures struct {
	Rate          float64 // requests a second: the median of the rounds
	P50, P95, P99 time.Duration
	CPU           time.Duration // of the server, for a request
	DBCPU         time.Duration // of the database server, for a request
	Requests      int
	Failed        int
	Bytes         int64 // of an answer, on average
}

// percentile gives the smallest of sorted durations that at least so many of a
// hundred do not exceed (the nearest rank); 0 for none.
func percentile(sorted []time.Duration, percent float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// median gives the middle of some numbers, or the mean of the two in the middle.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// summarise makes figures of rounds. Percentiles are of all requests together.
func summarise(rounds []sample) figures {
	var f figures
	var all []time.Duration
	var rates []float64
	var cpu, dbCPU time.Duration
	var bytes int64
	for _, r := range rounds {
		all = append(all, r.took...)
		cpu, dbCPU, bytes = cpu+r.cpu, dbCPU+r.dbCPU, bytes+r.bytes
		f.Failed += r.failed
		if r.elapsed > 0 {
			rates = append(rates, float64(len(r.took))/r.elapsed.Seconds())
		}
	}
	slices.Sort(all)
	f.Rate, f.Requests = median(rates), len(all)
	f.P50, f.P95, f.P99 = percentile(all, 50), percentile(all, 95), percentile(all, 99)
	if n := len(all); n > 0 {
		f.CPU, f.DBCPU, f.Bytes = cpu/time.Duration(n), dbCPU/time.Duration(n), bytes/int64(n)
	}
	return f
}

// ratio is a over b, or 0 when there is no b.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
