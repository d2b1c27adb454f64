package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// edition names the generator's output; raise it when that changes, so that
// nobody measures an older one from the cache.
const edition = 1

// size is how many tickets a data set has.
type size struct {
	name  string
	count int
}

var sizes = []size{{"10k", 10_000}, {"100k", 100_000}, {"1m", 1_000_000}}

func sizeNamed(name string) (size, error) {
	for _, s := range sizes {
		if s.name == strings.ToLower(name) {
			return s, nil
		}
	}
	return size{}, fmt.Errorf("there is no size %q: 10k, 100k or 1m", name)
}

// open opens the product's core on a database.
func open(ctx context.Context, url, dir string) (*app.Core, error) {
	loaded, err := config.Load(config.Source{Environ: []string{"STEWARD_DATA_DIR=" + dir, "STEWARD_DATABASE_URL=" + url, "STEWARD_DATABASE_TIMEOUT=10m"}})
	if err != nil {
		return nil, err
	}
	return app.OpenCore(ctx, &loaded.Config, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// build fills an empty database with a data set and checks it.
func build(ctx context.Context, url, dir string, s size, progress func(done int)) error {
	core, err := open(ctx, url, dir)
	if err != nil {
		return err
	}
	defer core.Close()
	ctx = access.With(ctx, access.NewImporter(source))
	org, err := fillOrganisation(ctx, core)
	if err != nil {
		return err
	}
	h := &historian{org: org, kinds: map[string]*workflow.Definition{}, count: s.count, now: time.Now().UTC().Truncate(time.Minute)}
	for _, kind := range []string{"incident", "request"} {
		if h.kinds[kind], err = core.Kinds.Get(kind); err != nil {
			return err
		}
	}
	if err := withoutIndexes(ctx, core.DB, func() error { return writeHistories(ctx, core, h, progress) }); err != nil {
		return err
	}
	if err := derive(ctx, core); err != nil {
		return err
	}
	// What the server's autovacuum does by itself within minutes.
	if core.DB.Engine() == database.PostgreSQL {
		if _, err := core.DB.Reader().Exec(ctx, "VACUUM ANALYZE"); err != nil {
			return err
		}
	}
	return verify(ctx, core, s)
}

// writeHistories tells and writes at the same time; PostgreSQL takes two writers.
func writeHistories(ctx context.Context, core *app.Core, h *historian, progress func(done int)) error {
	const batch = 250
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	told := make(chan []ticket.History, 2)
	var all sync.WaitGroup
	all.Go(func() {
		defer close(told)
		for i := 0; i < h.count; {
			var part []ticket.History
			for ; i < h.count && len(part) < batch; i++ {
				one, err := h.history(i)
				if err != nil {
					cancel(err)
					return
				}
				part = append(part, one)
			}
			select {
			case told <- part:
			case <-ctx.Done():
				return
			}
		}
	})
	writers := 1
	if core.DB.Engine() == database.PostgreSQL {
		writers = 2
	}
	var mu sync.Mutex
	done := 0
	for range writers {
		all.Go(func() {
			for part := range told {
				err := core.DB.Write(ctx, func(tx *database.Tx) error {
					_, err := core.Tickets.Import(ctx, tx, part)
					return err
				})
				if err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				done += len(part)
				progress(done)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// verify checks a data set: the product's own check-up of the database, whether
// nothing is missing, and whether rows are what their timelines say.
func verify(ctx context.Context, core *app.Core, s size) error {
	findings, err := core.DB.Diagnose(ctx, time.Now, s.count <= 100_000)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Severity == database.Fail {
			return fmt.Errorf("%s: %s", f.Name, f.Detail)
		}
	}
	var tickets, entries, events, texts, docs int
	err = core.DB.Reader().QueryRow(ctx, `SELECT (SELECT count(*) FROM tickets), (SELECT sum(last_seq) FROM tickets), (SELECT count(*) FROM ticket_events),
		(SELECT count(*) FROM ticket_events WHERE body <> '' AND type <> 'created'), (SELECT count(*) FROM search_docs)`).Scan(&tickets, &entries, &events, &texts, &docs)
	if err != nil {
		return err
	}
	if tickets != s.count || entries != events || docs != tickets+texts || entries < 3*tickets {
		return fmt.Errorf("the data set is not whole: %d tickets of %d entries, %d events, %d texts, %d documents of the index", tickets, entries, events, texts, docs)
	}
	return verifyFolds(access.With(ctx, access.System()), core, s)
}

// verifyFolds replays some timelines and compares what comes out with the rows.
func verifyFolds(ctx context.Context, core *app.Core, s size) error {
	const checked = 500
	for i := 1; i <= checked; i++ {
		number := fmt.Sprintf("INC-%d", 1+i*(s.count/2)/checked)
		t, err := core.Tickets.Get(ctx, ticket.ByNumber(number))
		if err != nil {
			return fmt.Errorf("%s: %w", number, err)
		}
		events, err := core.Tickets.Timeline(ctx, &t, 0, 100)
		if err != nil {
			return err
		}
		def, err := core.Kinds.Get(t.Kind)
		if err != nil {
			return err
		}
		folded, err := ticket.Replay(t.ID, t.Number, events, def)
		if err != nil {
			return err
		}
		folded.Source, folded.SourceRef, folded.Version, folded.Fields = t.Source, t.SourceRef, t.Version, t.Fields
		if !reflect.DeepEqual(folded, t) {
			return fmt.Errorf("%s is not what its timeline says:\n%+v\n%+v", number, t, folded)
		}
	}
	return nil
}

// cache is the folder of data sets.
type cache struct {
	dir     string
	cluster *cluster
	say     func(format string, args ...any)
}

// sqlite gives the file of a data set, building it first if need be.
func (c *cache) sqlite(ctx context.Context, s size) (string, error) {
	path := filepath.Join(c.dir, fmt.Sprintf("steward-%s-%d.db", s.name, edition))
	if exists(path) {
		return path, c.freshen(ctx, "sqlite:"+path)
	}
	making := path + ".making"
	if err := removeDatabase(making); err != nil {
		return "", err
	}
	if err := c.build(ctx, "sqlite:"+making, "SQLite", s); err != nil {
		return "", err
	}
	return path, moveDatabase(making, path)
}

// freshen brings a data set up to date that an earlier version built: its schema,
// and what is derived from timelines in the background.
func (c *cache) freshen(ctx context.Context, url string) error {
	core, err := open(ctx, url, filepath.Join(c.dir, "files"))
	if err != nil {
		return err
	}
	defer core.Close()
	return derive(ctx, core)
}

// derive waits until the figures of every ticket are computed, which the product
// does in the background: nobody shall be measured while it does.
func derive(ctx context.Context, core *app.Core) error {
	return core.Metrics.Run(access.With(ctx, access.System()), 24*time.Hour)
}

// postgres gives the name of the database of a data set, building it first if
// need be.
func (c *cache) postgres(ctx context.Context, s size) (string, error) {
	name := fmt.Sprintf("steward_%s_%d", s.name, edition)
	have, err := c.cluster.databases()
	if err != nil {
		return "", err
	}
	if have[name] {
		return name, c.freshen(ctx, c.cluster.url(name))
	}
	making := name + "_making"
	if err := errors.Join(c.cluster.sql("DROP DATABASE IF EXISTS "+making), c.cluster.sql("CREATE DATABASE "+making)); err != nil {
		return "", err
	}
	if err := c.build(ctx, c.cluster.url(making), "PostgreSQL", s); err != nil {
		return "", err
	}
	return name, c.cluster.sql("ALTER DATABASE " + making + " RENAME TO " + name)
}

func (c *cache) build(ctx context.Context, url, engine string, s size) error {
	begin := time.Now()
	c.say("building %s tickets on %s", s.name, engine)
	next := s.count / 10
	err := build(ctx, url, filepath.Join(c.dir, "files"), s, func(done int) {
		if done >= next {
			c.say("  %d tickets after %s", done, time.Since(begin).Round(time.Second))
			next += s.count / 10
		}
	})
	if err == nil {
		c.say("  checked after %s", time.Since(begin).Round(time.Second))
	}
	return err
}
