package app_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/backup"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/platform/observe"
)

// releases are the dumps of released versions; testdata/dumps/README.md says how
// they are made.
func releases(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("testdata/dumps/*.tar.zst")
	if err != nil || len(found) == 0 {
		t.Fatalf("no dump of any release: %v", err)
	}
	return found
}

// TestEveryReleaseMigratesUp restores what each release wrote, on both engines,
// brings it up to date, and finds a whole installation.
func TestEveryReleaseMigratesUp(t *testing.T) {
	t.Parallel()
	for _, path := range releases(t) {
		for _, engine := range []database.Engine{database.SQLite, database.PostgreSQL} {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".tar.zst")+"/"+string(engine), func(t *testing.T) {
				t.Parallel()
				data, address := t.TempDir(), databasetest.EmptyURL(t, engine)
				archive := restore(t, path, address, data)
				sameSchema(t, address, engine)
				wholeInstallation(t, archive, address, data)
			})
		}
	}
}

// restore puts a dump into an empty database and folder.
func restore(t *testing.T, path, address, data string) *backup.Archive {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive, err := backup.Verify(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	db, err := database.Open(t.Context(), database.Options{URL: address, Name: "steward restore"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := blob.OpenFolder(filepath.Join(data, "files"))
	if err != nil {
		t.Fatal(err)
	}
	err = archive.Restore(t.Context(), backup.Target{
		DB: db, Blobs: files, Migrations: app.Migrations(), Rebuild: func(ctx context.Context) error { return app.Rebuild(ctx, db) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// sameSchema expects that migrating up leads to where a new installation begins.
func sameSchema(t *testing.T, address string, engine database.Engine) {
	t.Helper()
	up, err := database.Open(t.Context(), database.Options{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	schema := func(db *database.DB) []string {
		lines, err := db.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	if diff := cmp.Diff(schema(databasetest.Open(t, engine, app.Migrations()...)), schema(up)); diff != "" {
		t.Errorf("the schema of a new installation (-) and of one that was migrated up (+):\n%s", diff)
	}
	st, err := up.Status(t.Context(), app.Migrations()...)
	if err != nil || st.Pending != 0 {
		t.Errorf("%+v %v", st, err)
	}
}

// wholeInstallation opens what was restored and looks at all of it.
func wholeInstallation(t *testing.T, archive *backup.Archive, address, data string) {
	t.Helper()
	loaded, err := config.Load(config.Source{Environ: []string{"STEWARD_DATA_DIR=" + data, "STEWARD_DATABASE_URL=" + address}})
	if err != nil {
		t.Fatal(err)
	}
	core, err := app.OpenCore(t.Context(), &loaded.Config, observe.NewLogger(io.Discard, loaded.Config.Log.Level, "text"))
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close()
	ctx := access.With(t.Context(), access.System())
	page, err := core.Tickets.List(ctx, ticket.Query{Condition: filter.True(), Limit: 100})
	if err != nil || len(page.Tickets) == 0 {
		t.Fatalf("%d tickets: %v", len(page.Tickets), err)
	}
	err = core.Tickets.EachTimeline(ctx, page.Tickets, func(short *ticket.Ticket, events []ticket.Event) error {
		tk, err := core.Tickets.Get(ctx, ticket.ByID(short.ID))
		if err != nil {
			return err
		}
		def, err := core.Kinds.Get(tk.Kind)
		if err != nil {
			return err
		}
		folded, err := ticket.Replay(tk.ID, tk.Number, events, def)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(folded, tk, cmpopts.IgnoreFields(ticket.Ticket{}, "Version", "Source", "SourceRef"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: folded (-) and stored (+) differ:\n%s", tk.Number, diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	stored := 0
	err = core.Blobs.Walk(ctx, func(info blob.Info) error {
		stored++
		sound, err := blob.Sound(ctx, core.Blobs, info.Key)
		if err == nil && !sound {
			t.Errorf("the file %s is damaged", info.Key)
		}
		return err
	})
	if err != nil || int64(stored) != archive.Sums.Blobs.Files || stored == 0 {
		t.Errorf("%d files of %d: %v", stored, archive.Sums.Blobs.Files, err)
	}
	if has, err := core.Roles.HasAdministrator(ctx, core.DB.Reader()); err != nil || !has {
		t.Errorf("nobody administers it: %v", err)
	}
	if report, err := core.Audit.Verify(ctx); err != nil || report.Problem != "" || report.Entries == 0 {
		t.Errorf("the chain of the audit log: %+v %v", report, err)
	}
	// It goes on where it was.
	made, err := core.Tickets.Create(ctx, ticket.Create{Kind: "incident", Title: "After the upgrade", RequesterID: page.Tickets[0].RequesterID, Channel: "phone"})
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(page.Tickets, func(old ticket.Ticket) bool { return old.ID == made.ID || old.Number == made.Number }) {
		t.Errorf("the id or the number of %s was given before", made.Number)
	}
}
