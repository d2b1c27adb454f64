package servicenow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
)

type silent struct{}

func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

// importer gives an importer into a fresh database of either engine.
func importer(t *testing.T, db *database.DB) *Importer {
	t.Helper()
	kinds, err := workflow.NewRegistry(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kinds.Close)
	log := audit.New(db, time.Now)
	directory := people.New(db, log, nil, nil, time.Now)
	services := service.New(db, log, nil, time.Now)
	return &Importer{DB: db, Directory: directory, Services: services, Now: time.Now, Tickets: ticket.New(ticket.Deps{
		DB: db, Kinds: kinds, Announcer: silent{}, Search: search.New(db), Now: time.Now,
	})}
}

func each(t *testing.T, fn func(t *testing.T, im *Importer)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, db *database.DB) { fn(t, importer(t, db)) },
		lookup.Migrations, people.Migrations, service.Migrations, audit.Migrations, workflow.Migrations, ticket.Migrations, search.Migrations, metric.Migrations, promise.Migrations)
}

const header = "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at," +
	"sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,cmdb_ci," +
	"impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,rfc,vendor,caused_by," +
	"closed_code,resolved_by,resolved_at,closed_at\n"

// line writes one saved state; group "?" is unknown.
func line(number, state string, saves, moves int, saved, group, assignee string) string {
	return fmt.Sprintf("%s,%s,true,%d,0,%d,true,Caller 1,Opened by 1,1/3/2016 08:00,?,?,Updated by 2,%s,Phone,Location 3,Category 4,Subcategory 5,Symptom 6,?,"+
		"2 - Medium,2 - Medium,3 - Moderate,%s,%s,true,false,Do Not Notify,?,?,?,?,code 6,Resolved by 7,1/3/2016 12:00,6/3/2016 12:00\n",
		number, state, moves, saves, saved, group, assignee)
}

var sample = header +
	line("INC1", "New", 0, 0, "1/3/2016 08:00", "Group 1", "?") +
	line("INC1", "Active", 1, 1, "1/3/2016 09:00", "?", "Resolver 7") +
	line("INC1", "Awaiting Vendor", 2, 1, "1/3/2016 10:00", "?", "Resolver 7") +
	line("INC1", "Active", 3, 2, "1/3/2016 11:00", "Group 2", "Resolver 7") +
	line("INC1", "Resolved", 4, 2, "1/3/2016 12:00", "Group 2", "Resolver 7") +
	line("INC1", "Closed", 5, 2, "6/3/2016 12:00", "Group 2", "Resolver 7") +
	line("INC2", "New", 0, 0, "1/3/2016 08:30", "Group 1", "?")

func TestEverySavedStateBecomesAnEventAtItsInstant(t *testing.T) {
	t.Parallel()
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, im *Importer) {
		report, err := im.Run(t.Context(), strings.NewReader(sample), Options{Zone: lisbon})
		if err != nil {
			t.Fatal(err)
		}
		if report.Created != 2 || report.Lines != 7 || report.Skipped != 0 || report.Mismatched != 0 {
			t.Errorf("report %+v", report)
		}
		ctx := access.With(t.Context(), access.System())
		inc, err := im.Tickets.Get(ctx, ticket.ByNumber("INC-1"))
		if err != nil {
			t.Fatal(err)
		}
		events, err := im.Tickets.Timeline(ctx, &inc, 0, 100)
		if err != nil || len(events) != 7 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		def, err := im.Tickets.Kinds().Get("incident")
		if err != nil {
			t.Fatal(err)
		}
		if n := ticket.Reassignments(events); n != 2 || inc.ReassignCount != 2 {
			t.Errorf("%d reassignments, %d on the row", n, inc.ReassignCount)
		}
		holds := ticket.Holds(events, def, "vendor")
		want := []ticket.Interval{{Value: "vendor", Start: time.Date(2016, 3, 1, 10, 0, 0, 0, time.UTC), End: time.Date(2016, 3, 1, 11, 0, 0, 0, time.UTC)}}
		if diff := cmp.Diff(want, holds); diff != "" {
			t.Error(diff)
		}
		if inc.State != "closed" || inc.ResolutionCode != "code_6" || inc.Fields["location"] != "Location 3" {
			t.Errorf("the row says %+v", inc)
		}
	})
}

func TestSecondRunChangesNothingAndALongerLogAddsWhatCame(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, im *Importer) {
		run := func(log string) *Report {
			t.Helper()
			report, err := im.Run(t.Context(), strings.NewReader(log), Options{})
			if err != nil {
				t.Fatal(err)
			}
			return report
		}
		run(sample)
		if again := run(sample); again.Known != 2 || again.Created+again.Extended != 0 {
			t.Errorf("second run: %+v", again)
		}
		if longer := run(sample + line("INC2", "Active", 1, 0, "1/3/2016 09:30", "Group 1", "Resolver 9")); longer.Extended != 1 || longer.Known != 1 {
			t.Errorf("longer log: %+v", longer)
		}
		ctx := access.With(t.Context(), access.System())
		inc, err := im.Tickets.Get(ctx, ticket.ByNumber("INC-2"))
		if err != nil || inc.State != "in_progress" {
			t.Errorf("state %s, %v", inc.State, err)
		}
		if _, err := im.Tickets.Transition(ctx, ticket.ByID(inc.ID), ticket.Step{Transition: "hold", Reason: "vendor"}); err != nil {
			t.Fatal(err)
		}
		more := sample + line("INC2", "Active", 1, 0, "1/3/2016 09:30", "Group 1", "Resolver 9") +
			line("INC2", "Resolved", 2, 0, "1/3/2016 10:30", "Group 1", "Resolver 9") + line("INC2", "Closed", 3, 0, "2/3/2016 10:30", "Group 1", "Resolver 9")
		if r := run(more); r.Diverged != 1 || len(r.Oddities) != 1 {
			t.Errorf("after work here: %+v", r)
		}
	})
}

func TestBrokenLinesAreReportedByNumberAndSkipped(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, im *Importer) {
		log := header +
			line("INC1", "New", 0, 0, "1/3/2016 08:00", "Group 1", "?") +
			"INC1,only,three\n" +
			line("INC1", "Active", 1, 0, "31/2/2016 09:00", "Group 1", "?") +
			"\"INC1,an open quote\n" +
			line("INC1", "-100", 2, 0, "1/3/2016 07:59", "Group 1", "?") +
			"\n" + strings.Repeat("x", maxLine+1) + "\n" +
			line("INC3", "New", 0, 0, "1/3/2016 07:00", "\xff", "?") +
			line("INC2", "New", 0, 0, "1/3/2016 07:00", "Group 1", "?")
		report, err := im.Run(t.Context(), strings.NewReader(log), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var lines []int
		for _, f := range report.Broken {
			lines = append(lines, f.Line)
		}
		if diff := cmp.Diff([]int{3, 4, 5, 8, 9}, lines); diff != "" {
			t.Errorf("broken lines: %s\n%+v", diff, report.Broken)
		}
		if report.Created != 2 || report.Mended != 5 {
			t.Errorf("created %d, mended %d: %+v", report.Created, report.Mended, report.Oddities)
		}
	})
}

func TestInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, im *Importer) {
		var log strings.Builder
		log.WriteString(header)
		const incidents = 4 * batchIncidents
		for i := range incidents {
			log.WriteString(line(fmt.Sprint("INC", i), "New", 0, 0, "1/3/2016 08:00", "Group 1", "?"))
		}
		ctx, cancel := context.WithCancel(t.Context())
		first, err := im.Run(ctx, strings.NewReader(log.String()), Options{Progress: func(r *Report) {
			if r.Created >= 2*batchIncidents {
				cancel()
			}
		}})
		if err == nil || first.Created == incidents {
			t.Fatalf("was not interrupted: %d created, %v", first.Created, err)
		}
		second, err := im.Run(t.Context(), strings.NewReader(log.String()), Options{})
		if err != nil || first.Created+second.Created != incidents || second.Known != first.Created {
			t.Errorf("first %d, then %d created and %d known: %v", first.Created, second.Created, second.Known, err)
		}
	})
}

func TestNotALogIsRefusedInWords(t *testing.T) {
	t.Parallel()
	im := importer(t, databasetest.Open(t, database.SQLite, lookup.Migrations, people.Migrations, service.Migrations, audit.Migrations, workflow.Migrations, ticket.Migrations, search.Migrations, metric.Migrations, promise.Migrations))
	for _, text := range []string{"", "a,b,c\n1,2,3\n", "\x1f\x8b\x08binary"} {
		if _, err := im.Run(t.Context(), strings.NewReader(text), Options{}); err == nil {
			t.Errorf("%q was taken for a log", text)
		}
	}
}

func FuzzLogReader(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(header + "\"a\nb\",c\n\"\"\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := newLogReader(bytes.NewReader(data), time.UTC)
		if err != nil {
			return
		}
		in := incidentReader{rows: rows}
		for range len(data) + 2 {
			if _, _, err := in.Next(); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				return
			}
		}
		t.Fatal("the reader does not end")
	})
}

// TestRealLog measures the import of a whole export named by the environment.
func TestRealLog(t *testing.T) {
	path := os.Getenv("STEWARD_SERVICENOW_LOG")
	if path == "" {
		t.Skip("STEWARD_SERVICENOW_LOG names no export")
	}
	t.Parallel()
	each(t, func(t *testing.T, im *Importer) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		start := time.Now()
		report, err := im.Run(t.Context(), f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v: %d lines, %d incidents, %d skipped, %d mended, %d mismatches, counted %+v", time.Since(start), report.Lines, report.Incidents, report.Skipped, report.Mended, report.Mismatched, report.Counted)
		for _, m := range report.Mismatches {
			t.Logf("%+v", m)
		}
		for _, o := range append(report.Oddities, report.Broken...) {
			t.Logf("%+v", o)
		}
		begin := time.Now()
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		again, err := im.Run(t.Context(), f, Options{})
		if err != nil || again.Known != report.Incidents {
			t.Errorf("second run: %d known of %d, %v", again.Known, report.Incidents, err)
		}
		t.Logf("second run %v", time.Since(begin))
	})
}
