package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// client does one thing after another for one user; it is used by one goroutine.
type client interface {
	// do does it once and reports how many bytes came back.
	do(rng *rand.Rand) (bytes int64, err error)
	close()
}

// contender is whatever is measured at one operation: the product or the limit.
type contender struct {
	name   string
	client func(n int) (client, error) // the n-th of those that work at once
	meter  meter
	// run measures a round by other means than clients of ours; nil for most.
	run func(ctx context.Context, n int, length time.Duration, seed uint64) (sample, error)
}

// meter tells how much processor time servers have taken so far.
type meter interface {
	cpu() (server, database time.Duration, err error)
}

// errUnexpected is an answer that is not the one that was asked for. It counts as
// a failure; any other error ends the run.
var errUnexpected = errors.New("unexpected answer")

// round lets n clients of a contender work for a while, each as fast as it is
// answered.
func round(ctx context.Context, c *contender, n int, length time.Duration, seed uint64) (sample, error) {
	if c.run != nil {
		return c.run(ctx, n, length, seed)
	}
	clients := make([]client, n)
	for i := range clients {
		var err error
		if clients[i], err = c.client(i); err != nil {
			return sample{}, fmt.Errorf("%s: %w", c.name, err)
		}
		defer clients[i].close()
	}
	server, database, err := c.meter.cpu()
	if err != nil {
		return sample{}, err
	}
	var out sample
	var mu sync.Mutex
	var all sync.WaitGroup
	var failure error
	begin := time.Now()
	end := begin.Add(length)
	for i, one := range clients {
		all.Go(func() {
			part, err := work(ctx, one, end, rand.New(rand.NewPCG(seed, uint64(i))))
			mu.Lock()
			defer mu.Unlock()
			failure = errors.Join(failure, err)
			out.took = append(out.took, part.took...)
			out.failed += part.failed
			out.bytes += part.bytes
		})
	}
	all.Wait()
	out.elapsed = time.Since(begin)
	if failure != nil {
		return out, fmt.Errorf("%s: %w", c.name, failure)
	}
	serverAfter, databaseAfter, err := c.meter.cpu()
	out.cpu, out.dbCPU = serverAfter-server, databaseAfter-database
	return out, err
}

func work(ctx context.Context, c client, end time.Time, rng *rand.Rand) (sample, error) {
	var out sample
	for at := time.Now(); at.Before(end) && ctx.Err() == nil; {
		n, err := c.do(rng)
		now := time.Now()
		switch {
		case errors.Is(err, errUnexpected):
			out.failed++
			if out.failed > 100 && out.failed > len(out.took) {
				return out, err
			}
		case err != nil:
			return out, err
		}
		out.took = append(out.took, now.Sub(at))
		out.bytes += n
		at = now
	}
	return out, ctx.Err()
}

// interleave measures contenders in turns: every round has each of them once. The
// first round only warms up.
func interleave(ctx context.Context, contenders []*contender, n, rounds int, length time.Duration) ([]figures, error) {
	samples := make([][]sample, len(contenders))
	for i := range rounds + 1 {
		for j, c := range contenders {
			if i == 0 {
				if _, err := round(ctx, c, n, length/4, 1); err != nil {
					return nil, err
				}
				continue
			}
			s, err := round(ctx, c, n, length, uint64(100+i))
			if err != nil {
				return nil, err
			}
			samples[j] = append(samples[j], s)
		}
	}
	out := make([]figures, len(contenders))
	for j := range contenders {
		out[j] = summarise(samples[j])
	}
	return out, nil
}
