package filter_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

var ticketTables = fstest.MapFS{"9001_tickets.sql": {Data: []byte(`-- +goose Up
CREATE TABLE tickets (
    id             BIGINT NOT NULL PRIMARY KEY,
    batch          BIGINT NOT NULL,
    number         TEXT NOT NULL,
    state          TEXT NOT NULL,
    priority       BIGINT,
    impact         TEXT,
    vip            BOOLEAN,
    reopened       BIGINT NOT NULL,
    cost           BIGINT,
    created        BIGINT NOT NULL,
    due            BIGINT,
    assignee       BIGINT,
    team           BIGINT,
    subject_folded TEXT
);
CREATE TABLE watchers (ticket BIGINT NOT NULL, person BIGINT NOT NULL, PRIMARY KEY (ticket, person));
CREATE TABLE tags (ticket BIGINT NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (ticket, tag));
CREATE TABLE extras (ticket BIGINT NOT NULL, field TEXT NOT NULL, folded TEXT NOT NULL, PRIMARY KEY (ticket, field));
-- +goose Down
DROP TABLE tickets;
DROP TABLE watchers;
DROP TABLE tags;
DROP TABLE extras;
`)}}

// What random records and conditions are made of: few values, so that they
// meet, and those on which engines are known to disagree.
var (
	words    = []string{"Café", "CAFE", "cafe", "100%", "100x", "a_b", "aXb", `C:\temp`, "Straße", "İstanbul", "日本", "None", "", "'; --"}
	instants = []time.Time{
		now, now.Add(time.Microsecond), now.Add(-4 * time.Hour), now.Add(4 * time.Hour), now.AddDate(0, 0, -7), now.AddDate(0, 0, 1),
		time.Date(2026, 3, 18, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 0, 0, time.UTC),
	}
	texts = []string{
		`state:open`, `state:!=closed`, `priority:<=2`, `priority:2..3`, `-priority:>2`, `impact:none`, `impact:>none`, `vip:yes`, `vip:none`,
		`cost:>=0.01`, `cost:-1..1.50`, `created:<7d`, `created:>4h`, `created:today`, `created:2026-03`, `due:<4h`, `due:>0h`, `due:<now`, `due:none`,
		`-due:2026-03-18`, `assignee:me,none`, `-assignee:smith`, `group:Network`, `watcher:ada`, `-watcher:me`, `watcher:none`, `tag:café,None`,
		`-tag:~a`, `tag:"none"`, `tag:any`, `subject:~100%`, `-subject:~"a_b"`, `subject:strasse`, `field.location:CAFE`, `-field.location:any`,
		`cafe`, `-"100%"`, `cafe OR temp`, `number:inc-1`, `-number:~2`,
	}
)

// ticket draws a record, each of its fields missing now and then.
func ticket(t *rapid.T) filter.MapRecord {
	r := filter.MapRecord{}
	one := func(name string, values ...filter.Value) {
		values = append(values, filter.Value{})
		if v := rapid.SampledFrom(values).Draw(t, name); v != (filter.Value{}) {
			r[name] = []filter.Value{v}
		}
	}
	always := func(name string, values ...filter.Value) {
		r[name] = []filter.Value{rapid.SampledFrom(values).Draw(t, name)}
	}
	some := func(name string, values ...filter.Value) {
		r[name] = rapid.SliceOfNDistinct(rapid.SampledFrom(values), 0, 3, rapid.ID).Draw(t, name)
	}
	ids := filter.IDs(1, 2, 3, 4, 7)
	always("number", filter.Texts("INC-1", "INC-2", "CAFE-1")...)
	always("state", filter.Texts("new", "in_progress", "on_hold", "resolved", "closed")...)
	one("priority", filter.IDs(1, 2, 3, 4)...)
	one("impact", filter.Texts("none", "low", "high")...)
	one("vip", filter.Bool(true), filter.Bool(false))
	always("reopened", filter.Int(0), filter.Int(1), filter.Int(-1))
	one("cost", filter.Int(0), filter.Int(1), filter.Int(150), filter.Int(-100))
	always("created", filter.Times(instants...)...)
	one("due", filter.Times(instants...)...)
	one("assignee", ids...)
	one("group", ids...)
	some("watcher", ids...)
	some("tag", filter.Texts("Café", "VIP", "None", "a_b")...)
	one("subject", filter.Texts(words...)...)
	one("field.location", filter.Texts(words...)...)
	return r
}

// condition draws a condition from the constructors and the language alike.
func condition(t *rapid.T, tb testing.TB, s *filter.Schema, depth int) filter.Condition {
	if depth > 0 {
		inner := func() []filter.Condition {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) filter.Condition { return condition(t, tb, s, depth-1) }), 0, 3).Draw(t, "parts")
		}
		switch rapid.SampledFrom([]string{"test", "and", "or", "not"}).Draw(t, "join") {
		case "and":
			return filter.And(inner()...)
		case "or":
			return filter.Or(inner()...)
		case "not":
			return filter.Not(condition(t, tb, s, depth-1))
		}
	}
	switch rapid.SampledFrom([]string{"text", "in", "compare", "null", "contains", "constant"}).Draw(t, "test") {
	case "in":
		name := rapid.SampledFrom([]string{"state", "priority", "impact", "vip", "reopened", "created", "assignee", "watcher", "tag", "subject", "field.location"}).Draw(t, "field")
		pool := map[string][]filter.Value{
			"state": filter.Texts("new", "closed", "on_hold"), "priority": filter.IDs(1, 2, 3), "impact": filter.Texts("none", "low"),
			"vip": {filter.Bool(true), filter.Bool(false)}, "reopened": {filter.Int(0), filter.Int(1)}, "created": filter.Times(instants...),
			"assignee": filter.IDs(1, 2, 7), "watcher": filter.IDs(1, 2, 7), "tag": filter.Texts("café", "vip", "a\x00b"),
			"subject": filter.Texts(words...), "field.location": filter.Texts(append(words, "\xff")...),
		}[name]
		return filter.In(s.MustField(name), rapid.SliceOfN(rapid.SampledFrom(pool), 0, 3).Draw(t, "values")...)
	case "compare":
		name := rapid.SampledFrom([]string{"created", "due", "cost", "priority"}).Draw(t, "field")
		pool := map[string][]filter.Value{
			"created": filter.Times(instants...), "due": filter.Times(instants...),
			"cost": {filter.Int(0), filter.Int(150)}, "priority": filter.IDs(1, 2, 4),
		}[name]
		op := rapid.SampledFrom([]filter.Op{filter.OpLess, filter.OpAtMost, filter.OpGreater, filter.OpAtLeast}).Draw(t, "op")
		return filter.Compare(s.MustField(name), op, rapid.SampledFrom(pool).Draw(t, "value"))
	case "null":
		return filter.IsNull(s.MustField(rapid.SampledFrom([]string{"number", "vip", "due", "assignee", "tag", "watcher", "field.location"}).Draw(t, "field")))
	case "contains":
		name := rapid.SampledFrom([]string{"subject", "tag", "field.location", "number"}).Draw(t, "field")
		return filter.Contains(s.MustField(name), rapid.SampledFrom([]string{"", "%", "_", `\`, "É", "caf", "1", "\x00"}).Draw(t, "part"))
	case "constant":
		return rapid.SampledFrom([]filter.Condition{filter.True(), filter.False(), {}}).Draw(t, "constant")
	}
	return bind(tb, s, rapid.SampledFrom(texts).Draw(t, "text"))
}

func TestMatchAndSQLAgree(t *testing.T) {
	t.Parallel()
	s := tickets(t)
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		batch := int64(0)
		rapid.Check(t, func(rt *rapid.T) {
			records := rapid.SliceOfN(rapid.Custom(ticket), 1, 12).Draw(rt, "records")
			batch++
			if err := db.Write(t.Context(), func(tx *database.Tx) error { return store(t.Context(), tx, batch, records) }); err != nil {
				rt.Fatal(err)
			}
			for range 8 {
				c := condition(rt, t, s, 3)
				for _, c := range []filter.Condition{c, filter.Not(c)} {
					var args database.Args
					query := "SELECT t.id FROM tickets t WHERE t.batch = " + args.Arg(batch) + " AND " + c.SQL(&args) + " ORDER BY t.id"
					got, err := database.All(t.Context(), db.Reader(), database.Scalar[int64], query, args.Values()...)
					if err != nil {
						rt.Fatalf("%v\n%s\n%s\n%v", err, c, query, args.Values())
					}
					var want []int64
					for i, r := range records {
						if c.Match(r) {
							want = append(want, batch*100+int64(i))
						}
					}
					if !slices.Equal(got, want) {
						rt.Fatalf("%s\nSQL finds %v, Match %v\n%s\n%v", c, got, want, query, args.Values())
					}
				}
			}
		})
	}, ticketTables)
}

// store writes records as the product would: texts folded, times in microseconds.
func store(ctx context.Context, tx *database.Tx, batch int64, records []filter.MapRecord) error {
	rows := map[string][]string{}
	args := map[string]*database.Args{"tickets": {}, "watchers": {}, "tags": {}, "extras": {}}
	row := func(table string, values ...any) {
		var placeholders []string
		for _, v := range values {
			placeholders = append(placeholders, args[table].Arg(v))
		}
		rows[table] = append(rows[table], "("+strings.Join(placeholders, ", ")+")")
	}
	for i, r := range records {
		id := batch*100 + int64(i)
		column := func(name string) any {
			if values := r[name]; len(values) > 0 {
				return values[0].Column()
			}
			return nil
		}
		subject := column("subject")
		if subject != nil {
			subject = filter.Fold(subject.(string))
		}
		row("tickets", id, batch, column("number"), column("state"), column("priority"), column("impact"), column("vip"), column("reopened"),
			column("cost"), column("created"), column("due"), column("assignee"), column("group"), subject)
		for _, v := range r["watcher"] {
			row("watchers", id, v.Column())
		}
		for _, v := range r["tag"] {
			row("tags", id, filter.Fold(v.Column().(string)))
		}
		for _, v := range r["field.location"] {
			row("extras", id, "location", filter.Fold(v.Column().(string)))
		}
	}
	for _, table := range []string{"tickets", "watchers", "tags", "extras"} {
		if len(rows[table]) == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, "INSERT INTO "+table+" VALUES "+strings.Join(rows[table], ", "), args[table].Values()...); err != nil {
			return err
		}
	}
	return nil
}
