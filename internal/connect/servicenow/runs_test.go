package servicenow

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

func (silent) GuardSubjects(string, notify.Guard)                         {}
func (silent) Send(context.Context, *database.Tx, ...notify.Notice) error { return nil }
func (silent) ImportMoved(context.Context, *database.Tx, int64) error     { return nil }

// Somebody attached the same log to a ticket and gave it up: the sweep of uploads
// must not take the file from an import that waits or is under way.
func TestASweepOfUploadsLeavesTheLogsOfImports(t *testing.T) {
	t.Parallel()
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := access.With(t.Context(), access.System())
		kinds, err := workflow.NewRegistry(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kinds.Close)
		files, err := blob.OpenFolder(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		clock := func() time.Time { return now }
		tickets := ticket.New(ticket.Deps{DB: db, Kinds: kinds, Announcer: silent{}, Search: search.New(db), Blobs: files, MaxUpload: 1 << 20, Now: clock})
		runs := NewRuns(&Importer{DB: db, Tickets: tickets, Now: clock}, files, audit.New(db, clock), silent{}, Telling{Notices: silent{}}, jobs.New(db, jobs.Options{}))
		held := map[State]string{Queued: "", Running: "", Failed: "", Done: ""}
		for state := range held {
			log := header + string(state)
			info, err := files.Put(ctx, strings.NewReader(log), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			run, err := runs.Start(ctx, upload{name: "log.csv", key: info.Key, size: info.Size}, "UTC")
			if err != nil {
				t.Fatal(err)
			}
			run.State = state
			if err := runs.store(ctx, run); err != nil {
				t.Fatal(err)
			}
			ann := access.With(t.Context(), access.NewPerson(1, "Ann", 0, access.Facts{Grants: []access.Grant{
				{Permission: access.Permission{Verb: access.Comment, Kind: access.AnyKind, Scope: access.ScopeAll}},
			}}))
			if _, err := tickets.Upload(ann, "log.csv", bytes.NewReader([]byte(log))); err != nil {
				t.Fatal(err)
			}
			held[state] = info.Key
		}
		now = now.Add(25 * time.Hour)
		if n, err := tickets.SweepUploads(ctx); n != len(held) || err != nil {
			t.Fatalf("swept %d, %v", n, err)
		}
		for state, key := range held {
			_, err := files.Stat(ctx, key)
			if gone := apperr.Is(err, apperr.NotFound); gone != (state == Done) {
				t.Errorf("the log of an import that is %s: %v", state, err)
			}
		}
	}, lookup.Migrations, audit.Migrations, workflow.Migrations, ticket.Migrations, search.Migrations, jobs.Migrations, once.Migrations, Migrations)
}
