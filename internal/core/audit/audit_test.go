package audit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newLog(db *database.DB) *audit.Log {
	return audit.New(db, func() time.Time { return noon })
}

func add(ctx context.Context, db *database.DB, l *audit.Log, entries ...audit.Entry) error {
	return db.Write(ctx, func(tx *database.Tx) error {
		for _, e := range entries {
			if err := l.Append(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func asSystem(t *testing.T) context.Context {
	t.Helper()
	return access.With(t.Context(), access.System())
}

func TestEntryKeepsWhoWhereAndWhat(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l := newLog(db)
		admin := access.NewPerson(7, "Ada", 0, access.Facts{})
		ctx := audit.WithAddress(access.With(t.Context(), admin), "192.0.2.1")
		e := audit.Entry{
			Action: "role.update", ObjectType: "role", ObjectID: "lead", ObjectName: "Lead",
			Before: map[string]any{"name": "Led", "b": 1, "c": 3}, After: map[string]any{"name": "Lead", "c": 3, "d": true},
		}
		if err := add(ctx, db, l, e); err != nil {
			t.Fatal(err)
		}
		records, next, err := l.List(asSystem(t), audit.Query{})
		if err != nil || next != 0 || len(records) != 1 {
			t.Fatal(records, next, err)
		}
		got := records[0]
		got.Hash = ""
		want := audit.Record{
			Seq: 1, At: noon, ActorType: access.TypePerson, ActorID: 7, ActorName: "Ada", Address: "192.0.2.1",
			Action: "role.update", ObjectType: "role", ObjectID: "lead", ObjectName: "Lead",
			Before: `{"b":1,"c":3,"name":"Led"}`, After: `{"c":3,"d":true,"name":"Lead"}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		changes := []audit.Change{{"b", "1", ""}, {"d", "", "true"}, {"name", `"Led"`, `"Lead"`}}
		if diff := cmp.Diff(changes, got.Changes()); diff != "" {
			t.Error(diff)
		}
	}, audit.Migrations)
}

func TestEntryGoesWithItsChange(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l, ctx := newLog(db), asSystem(t)
		boom := errors.New("boom")
		err := db.Write(ctx, func(tx *database.Tx) error {
			return errors.Join(l.Append(ctx, tx, audit.Entry{Action: "a"}), boom)
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if err := add(ctx, db, l, audit.Entry{Action: "b"}); err != nil {
			t.Fatal(err)
		}
		report, err := l.Verify(ctx)
		if err != nil || !report.OK() || report.Entries != 1 {
			t.Errorf("%+v, %v", report, err)
		}
	}, audit.Migrations)
}

func TestChainHoldsUnderConcurrentWriters(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l, ctx := newLog(db), asSystem(t)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for range 10 {
					if err := add(ctx, db, l, audit.Entry{Action: "x"}, audit.Entry{Action: "y"}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		report, err := l.Verify(ctx)
		if err != nil || !report.OK() || report.Checked != 120 {
			t.Errorf("%+v, %v", report, err)
		}
	}, audit.Migrations)
}

func TestTamperingShows(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l, ctx := newLog(db), asSystem(t)
		entries := []audit.Entry{{Action: "a", ObjectName: "one"}, {Action: "b", ObjectName: "two"}, {Action: "c", ObjectName: "three"}}
		if err := add(ctx, db, l, entries...); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			statement string
			checked   int64
		}{
			"a changed entry":            {"UPDATE audit_log SET object_name = 'other' WHERE seq = 2", 1},
			"letters moved to the next":  {"UPDATE audit_log SET action = 'bt', object_name = 'wo' WHERE seq = 2", 1},
			"a removed entry":            {"DELETE FROM audit_log WHERE seq = 2", 1},
			"the end cut off":            {"DELETE FROM audit_log WHERE seq = 3", 2},
			"all cut off":                {"DELETE FROM audit_log", 0},
			"the end and its note":       {"UPDATE audit_tail SET hash = 'x'", 3},
			"an entry outside the chain": {"UPDATE audit_log SET seq = 0 WHERE seq = 3", 2},
		} {
			// The log reads outside the transaction, so tamper, look, and put back.
			saved, _, err := l.List(ctx, audit.Query{})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Write(ctx, func(tx *database.Tx) error {
				_, err := tx.Exec(ctx, c.statement)
				return err
			}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			report, err := l.Verify(ctx)
			if err != nil || report.OK() || report.Checked != c.checked {
				t.Errorf("%s: %+v, %v", name, report, err)
			}
			restore(t, db, saved)
		}
		report, err := l.Verify(ctx)
		if err != nil || !report.OK() {
			t.Errorf("after putting everything back: %+v, %v", report, err)
		}
	}, audit.Migrations)
}

// restore writes the log as it was, newest record first.
func restore(t *testing.T, db *database.DB, saved []audit.Record) {
	t.Helper()
	ctx := t.Context()
	err := db.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM audit_log"); err != nil {
			return err
		}
		for _, r := range saved {
			if _, err := tx.Exec(ctx, `INSERT INTO audit_log (seq, at, actor_type, actor_name, address, action, object_type, object_id,
				object_name, before, after, previous, hash) VALUES ($1, $2, $3, $4, '', $5, '', '', $6, '', '', $7, $8)`,
				r.Seq, database.Time(r.At), string(r.ActorType), r.ActorName, r.Action, r.ObjectName, r.Previous, r.Hash); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE audit_tail SET seq = $1, hash = $2", saved[0].Seq, saved[0].Hash)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestListingNarrowsAndPages(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l, ctx := newLog(db), asSystem(t)
		for i := range 7 {
			e := audit.Entry{Action: "person.update", ObjectType: "person", ObjectID: audit.ID(int64(i % 2))}
			if err := add(ctx, db, l, e); err != nil {
				t.Fatal(err)
			}
		}
		var seqs []int64
		q := audit.Query{ObjectType: "person", ObjectID: "0", Action: "person.update", From: noon, Limit: 3}
		q.To = noon.Add(time.Second)
		for {
			records, next, err := l.List(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				seqs = append(seqs, r.Seq)
			}
			if q.Before = next; next == 0 {
				break
			}
		}
		if diff := cmp.Diff([]int64{7, 5, 3, 1}, seqs); diff != "" {
			t.Error(diff)
		}
	}, audit.Migrations)
}

func TestOnlyAuditorsReadTheLog(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		l := newLog(db)
		ctx := access.With(t.Context(), access.NewPerson(1, "Me", 0, access.Facts{}))
		if _, _, err := l.List(ctx, audit.Query{}); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("list: %v", err)
		}
		if _, err := l.Verify(ctx); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("verify: %v", err)
		}
	}, audit.Migrations)
}
