package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// measurement is one operation of one contender with so many clients on a data set.
type measurement struct {
	size      string
	operation string
	contender string
	clients   int
	figures   figures
}

// memory is what a server held after it was measured on a data set.
type memory struct {
	size, engine string
	bytes        int64
}

// results are everything a run found out.
type results struct {
	measured []measurement
	memories []memory
	weights  []weight
}

func (r *results) find(size, operation, contender string, clients int) (figures, bool) {
	for _, m := range r.measured {
		if m.size == size && m.operation == operation && m.contender == contender && m.clients == clients {
			return m.figures, true
		}
	}
	return figures{}, false
}

// stage is what serves one data set: the product on each engine, the limits, and
// the peers.
type stage struct {
	size     size
	world    *world
	products []*product
	lite     *bareSQLite
	post     *barePostgres
	rivals   []*rival
	cleanups []func() error
}

func (st *stage) close() error {
	var errs []error
	for _, c := range slices.Backward(st.cleanups) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// setStage starts everything on working copies, so that what is measured by
// writing does not change the data set.
func setStage(ctx context.Context, o *options, c *cache, s size) (_ *stage, err error) {
	st := &stage{size: s}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.close())
		}
	}()
	for _, engine := range o.engines {
		if engine == "sqlite" {
			err = st.stageSQLite(ctx, o, c)
		} else {
			err = st.stagePostgres(ctx, o, c)
		}
		if err != nil {
			return st, err
		}
	}
	if o.beside(s) {
		err = st.stagePeers(ctx, o, c)
	}
	return st, err
}

func (st *stage) stageSQLite(ctx context.Context, o *options, c *cache) error {
	from, err := c.sqlite(ctx, st.size)
	if err != nil {
		return err
	}
	path := filepath.Join(o.cache, "working.db")
	if err := errors.Join(removeDatabase(path), copyFile(from, path)); err != nil {
		return err
	}
	st.cleanups = append(st.cleanups, func() error { return removeDatabase(path) })
	if err := st.start(ctx, o, "sqlite", "sqlite:"+path, nil); err != nil {
		return err
	}
	if st.lite, err = openBareSQLite(path, st.world); err != nil {
		return err
	}
	st.cleanups = append(st.cleanups, st.lite.close)
	return nil
}

func (st *stage) stagePostgres(ctx context.Context, o *options, c *cache) error {
	from, err := c.postgres(ctx, st.size)
	if err != nil {
		return err
	}
	const name = "steward_working"
	if err := errors.Join(c.cluster.sql("DROP DATABASE IF EXISTS "+name), c.cluster.sql("CREATE DATABASE "+name+" TEMPLATE "+from)); err != nil {
		return err
	}
	st.cleanups = append(st.cleanups, func() error { return c.cluster.sql("DROP DATABASE IF EXISTS " + name) })
	pid, err := c.cluster.pid()
	if err != nil {
		return err
	}
	if err := st.start(ctx, o, "postgres", c.cluster.url(name), []int{pid}); err != nil {
		return err
	}
	st.post = &barePostgres{c: c.cluster, name: name, dir: o.cache, w: st.world}
	return st.post.prepare()
}

func (st *stage) start(ctx context.Context, o *options, engine, url string, database []int) error {
	p, err := startProduct(ctx, o, engine, url, database)
	if err != nil {
		return err
	}
	st.products = append(st.products, p)
	st.cleanups = append(st.cleanups, p.stop)
	st.world, err = look(ctx, url, st.size)
	p.world = st.world
	return err
}

// contenders gives who takes part in an operation: the product beside its limits,
// then the peers.
func (st *stage) contenders(o *operation) []*contender {
	var out []*contender
	_, limited := limits[o.name]
	for _, p := range st.products {
		out = append(out, p.contender(o))
		switch {
		case !limited:
		case p.engine == "sqlite":
			out = append(out, st.lite.contender(o))
		default:
			out = append(out, st.post.contender(o))
		}
	}
	if _, ok := shared[o.name]; ok {
		for _, v := range st.rivals {
			out = append(out, v.contender(o))
		}
	}
	return out
}

// measure runs every operation on a stage.
func (r *results) measure(ctx context.Context, o *options, st *stage) error {
	for i := range operations {
		op := &operations[i]
		if len(o.only) > 0 && !slices.Contains(o.only, op.name) {
			continue
		}
		for _, n := range o.clients {
			contenders := st.contenders(op)
			all, err := interleave(ctx, contenders, n, o.rounds, o.length)
			if err != nil {
				return fmt.Errorf("%s at %s with %d clients: %w", op.name, st.size.name, n, err)
			}
			for j, f := range all {
				r.measured = append(r.measured, measurement{st.size.name, op.name, contenders[j].name, n, f})
				say("%-5s %-10s %d  %-17s %8s/s  p50 %8s p95 %8s  cpu %8s + %8s  failed %d", st.size.name, op.name, n, contenders[j].name,
					perSecond(f.Rate), short(f.P50), short(f.P95), short(f.CPU), short(f.DBCPU), f.Failed)
			}
		}
	}
	for _, p := range st.products {
		bytes, err := resident(p.pids.server...)
		if err != nil {
			return err
		}
		r.memories = append(r.memories, memory{st.size.name, p.engine, bytes})
		say("%-5s memory on %s: %d MB", st.size.name, p.engine, bytes>>20)
		if err := r.weigh(p, st.size.name); err != nil {
			return err
		}
	}
	return nil
}
