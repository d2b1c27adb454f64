package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/steward-itsm/steward/bench/peers"
)

func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.cache, 0o755); err != nil {
		return err
	}
	for _, p := range peers.All() {
		if why := o.without(p); why != "" {
			say("%s is not measured: %s", p.Name(), why)
		}
	}
	c := &cache{dir: o.cache, say: say}
	if slices.Contains(o.engines, "postgres") || slices.ContainsFunc(o.sizes, o.beside) {
		if c.cluster, err = startCluster(o.cache, o.port); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.cluster.stop()) }()
	}
	for _, s := range o.sizes {
		for _, engine := range o.engines {
			if engine == "sqlite" {
				_, err = c.sqlite(ctx, s)
			} else {
				_, err = c.postgres(ctx, s)
			}
			if err != nil {
				return err
			}
		}
		if o.beside(s) {
			for _, p := range o.asked() {
				if _, err := c.peer(ctx, o, p, s); err != nil {
					return err
				}
			}
		}
	}
	if o.prepare {
		return nil
	}
	r := &results{}
	for _, s := range o.sizes {
		if err := r.run(ctx, o, c, s); err != nil {
			return err
		}
		// After each size: an hour's work is not lost with what comes last.
		if err := r.write(o, c); err != nil {
			return err
		}
	}
	return nil
}

func (r *results) run(ctx context.Context, o *options, c *cache, s size) (err error) {
	st, err := setStage(ctx, o, c, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	return r.measure(ctx, o, st)
}
