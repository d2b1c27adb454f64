package app_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/backup"
	"github.com/steward-itsm/steward/internal/platform/buildinfo"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestADumpHoldsSomethingOfEveryTable makes the dump of this version that
// testdata/dumps keeps of each release: a small installation in which nearly
// every table has a row, so that migrating it up tries them all.
func TestADumpHoldsSomethingOfEveryTable(t *testing.T) {
	t.Parallel()
	path := os.Getenv("STEWARD_WRITE_DUMP")
	if path == "" {
		path = filepath.Join(t.TempDir(), "dump.tar.zst")
	}
	s := apptest.New(t, database.SQLite)
	used(t, s)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sums, err := backup.Write(t.Context(), file, backup.Options{
		DB: s.Core.DB, Blobs: s.Core.Blobs, Product: buildinfo.Read().String(), Skip: app.DerivedTables(), Now: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	// The code of the first run is gone with it, a node leaves no row when it ends well.
	mayBeEmpty := []string{"setup_code", "job_nodes"}
	for name, table := range sums.Tables {
		if table.Rows == 0 && !slices.Contains(mayBeEmpty, name) {
			t.Errorf("the table %s is empty: let something happen that fills it", name)
		}
	}
	if info, err := file.Stat(); err != nil || info.Size() > 200_000 {
		t.Errorf("the dump is too large to be kept: %d bytes %v", info.Size(), err)
	}
}

// used lets a little of everything happen.
func used(t *testing.T, s *apptest.System) {
	t.Helper()
	c, ctx := s.Core, s.As("system")
	agent, lead, requester := s.As(access.RoleAgent), s.As(access.RoleTeamLead), s.As(access.RoleRequester)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	target := 0.05
	_, err := c.Metrics.Set(s.As(access.RoleAdministrator), metric.ReopenRate, metric.Change{Target: &target, Direction: metric.Down, OwnerID: s.Persons[access.RoleTeamLead]})
	check(err)

	// People, their rights and their ways in.
	role, err := c.Roles.Create(s.As(access.RoleAdministrator), access.Role{
		Key: "night_shift", Name: "Night shift", Permissions: []access.Permission{{Verb: access.View, Kind: access.AnyKind, Scope: access.ScopeGroup}},
	})
	check(err)
	check(c.Roles.GrantToGroup(ctx, s.Group, role.Key, 0))
	check(c.Identity.SetPassword(ctx, s.Persons[access.RoleAgent], "four words of a dump"))
	from := identity.Origin{Address: netip.MustParseAddr("192.0.2.7"), UserAgent: "a browser"}
	_, err = c.Identity.SignIn(ctx, access.RoleAgent+"@example.org", "four words of a dump", from)
	check(err)
	if _, err := c.Identity.SignIn(ctx, access.RoleAgent+"@example.org", "not these", from); err == nil {
		t.Fatal("a wrong password is good")
	}
	_, _, err = c.Identity.CreateToken(ctx, identity.TokenInput{OwnerID: s.Persons[access.RoleAgent], Name: "a script", Kinds: []string{"incident"}})
	check(err)

	// Tickets in every state, with all that can hang on one.
	steps := map[string][]ticket.Step{
		"new": nil, "in_progress": {{Transition: "start"}}, "on_hold": {{Transition: "hold", Reason: "vendor", Comment: "Ordered."}},
		"resolved":  {{Transition: "resolve", ResolutionCode: "solved", Resolution: "Cleaned."}},
		"closed":    {{Transition: "resolve", ResolutionCode: "solved", Resolution: "Cleaned."}, {Transition: "close"}},
		"cancelled": {{Transition: "cancel", Comment: "Not needed any more."}},
	}
	byState := map[string]ticket.Ref{}
	for _, state := range []string{"new", "in_progress", "on_hold", "resolved", "closed", "cancelled"} {
		for _, kind := range []string{"incident", "request"} {
			tk, err := c.Tickets.Create(ticket.WithIdempotencyKey(agent, kind+" "+state), ticket.Create{
				Kind: kind, Title: "The " + state + " " + kind + " – ümlaut, עברית, 🖨", Description: "Some *Markdown*.", RequesterID: s.Persons[access.RoleRequester],
				ServiceID: s.Service, GroupID: s.Group, Channel: "phone", Tags: []string{"dump", state}, Watchers: []int64{s.Persons[access.RoleTeamLead]},
			})
			check(err)
			byState[kind+" "+state] = ticket.ByID(tk.ID)
			for _, step := range steps[state] {
				if _, err := c.Tickets.Transition(agent, ticket.ByID(tk.ID), step); err != nil && kind == "incident" {
					t.Fatal(err)
				}
			}
		}
	}
	open, closed := byState["incident in_progress"], byState["incident closed"]
	_, err = c.Tickets.Reply(agent, open, ticket.PublicReply{Body: "Which tray is it?"})
	check(err)
	_, err = c.Tickets.Reply(requester, open, ticket.PublicReply{Body: "The lower one."})
	check(err)
	file, err := c.Tickets.Upload(agent, "proof.txt", strings.NewReader("the proof"))
	check(err)
	_, err = c.Tickets.Note(agent, open, ticket.InternalNote{Body: "The fuser again.", Attachments: []int64{file.ID}})
	check(err)
	_, err = c.Tickets.Link(agent, open, ticket.RelatedTo, closed)
	check(err)
	_, err = c.Tickets.Rate(requester, closed, ticket.Rating{Score: 4, Comment: "Quick."})
	check(err)
	high := 1
	_, err = c.Tickets.Edit(lead, open, ticket.Edit{Priority: &high, PriorityReason: "The director prints there.", ParentID: &closed.ID})
	check(err)
	check(c.Tickets.SaveDraft(agent, open.ID, "reply", "Have you tried"))
	_, err = c.Tickets.Operate(agent, ticket.Act{Kind: ticket.BulkEdit, Title: "All at once"}, func(ctx context.Context, b *ticket.Batch) error {
		_, err := b.Edit(ctx, open, ticket.Edit{Urgency: &high})
		return err
	})
	check(err)
	_, err = c.Tickets.Merge(agent, open, []ticket.Ref{byState["incident new"]})
	check(err)
	_, err = c.Tickets.Convert(agent, byState["request new"], ticket.Conversion{Kind: "incident"})
	check(err)
	check(c.Notices.Choose(agent, map[notify.Kind]bool{notify.GroupWork: true}))
	check(c.Notices.Mute(lead, closed.ID, true))

	prepare(t, s)
	majorForDump(t, s)
	measureForDump(t, s)
	agreeForDump(t, s)
	mailForDump(t, s)
	escalateForDump(t, s)
	_, err = c.People.AddAbsence(agent, s.Persons[access.RoleAgent], people.AbsenceInput{
		From: c.Now(), Until: c.Now().Add(time.Hour), Reason: "Away for a dump", Substitute: s.Persons[access.RoleTeamLead], ByGroup: map[int64]int64{s.Group: s.Persons[access.RoleAdministrator]},
	})
	check(err)
	publishForDump(t, s)
	mailNoticesForDump(t, s)
	webhooksForDump(t, s)

	// A kind of the house's own making.
	check(c.DB.Write(ctx, func(tx *database.Tx) error {
		incident, err := c.Kinds.Get("incident")
		if err != nil {
			return err
		}
		edited := *incident
		edited.AutoCloseDays = 7
		return c.Kinds.Save(ctx, tx, &edited, 0, s.Persons[access.RoleAdministrator], time.Now())
	}))

	// What the pages keep, and jobs: one import that ends well and one that cannot.
	desk := s.SignedIn(access.RoleAdministrator)
	found, err := c.Tickets.Get(agent, open)
	check(err)
	expect(t, desk.Get("/tickets/"+found.Number), http.StatusOK)
	expect(t, desk.Post("/tickets/"+found.Number+"/snooze", url.Values{"until": {"in 3 days"}, "reason": {"The part comes."}}), http.StatusSeeOther)
	expect(t, desk.Post("/tickets/"+found.Number+"/workaround", url.Values{"body": {"Print upstairs."}}), http.StatusSeeOther)
	expect(t, desk.Post("/time/prompts", url.Values{"prompt.incident": {"offered"}}), http.StatusSeeOther)
	expect(t, desk.Post("/tickets/"+found.Number+"/time", url.Values{"length": {"1 h 20"}, "day": {time.Now().UTC().Format(time.DateOnly)}}), http.StatusSeeOther)
	expect(t, desk.Post("/tickets/"+found.Number+"/time/start", nil), http.StatusSeeOther)
	_, err = c.Tickets.Reply(s.As(access.RoleAdministrator), open, ticket.PublicReply{Body: "It prints again."})
	check(err)
	expect(t, desk.Post("/checklists", url.Values{"name": {"Dumped"}, "items": {"One\nTwo"}, "audience": {"everyone"}, "by_itself": {"true"}}), http.StatusSeeOther)
	expect(t, desk.Post("/tickets/"+found.Number+"/checklists", url.Values{"template": {ofTable(t, s, "checklist_templates")}}), http.StatusSeeOther)
	expect(t, desk.Post("/queue/views", url.Values{"name": {"Dumped"}, "filter": {"tag:dump"}, "sort": {"-updated"}, "audience": {"mine"}}), http.StatusSeeOther)
	expect(t, desk.Post("/tickets/"+found.Number+"/drafts", url.Values{"kind": {"note"}, "body": {"Dumped"}}), http.StatusSeeOther)
	expect(t, desk.Post("/tickets/"+found.Number+"/drafts/"+ofTable(t, s, "shared_drafts"), url.Values{"version": {"1"}, "body": {"Dumped anew"}}), http.StatusSeeOther)
	check(c.Jobs.Start(context.WithoutCancel(ctx)))
	const log = "number,incident_state,sys_mod_count,opened_at,sys_updated_at,caller_id,assignment_group\n" +
		"INC0000001,New,0,4/1/2026 08:00,4/1/2026 08:00,Caller 1,Group 1\nINC0000001,Closed,1,4/1/2026 08:00,5/1/2026 08:00,Caller 1,Group 1\n"
	for _, content := range []string{log, "this,is,no,log\n"} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("file", "log.csv")
		check(err)
		_, err = part.Write([]byte(content))
		check(err)
		check(form.WriteField("zone", "Europe/Lisbon"))
		check(form.Close())
		expect(t, desk.Do(http.MethodPost, "/admin/import", &body, http.Header{"Content-Type": {form.FormDataContentType()}}), http.StatusSeeOther)
	}
	done := time.NewTimer(20 * time.Second)
	defer done.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for over := 0; over < 2; {
		select {
		case <-tick.C:
		case <-done.C:
			t.Fatal("the imports do not end")
		}
		over, err = database.One(ctx, c.DB.Reader(), database.Scalar[int], "SELECT count(*) FROM import_runs WHERE state IN ('done', 'failed')")
		check(err)
	}
	check(c.Jobs.Stop(ctx))
}

// ofTable gives the id of a row of a table.
func ofTable(t *testing.T, s *apptest.System, table string) string {
	t.Helper()
	id, err := database.One(t.Context(), s.Core.DB.Reader(), database.Scalar[string], "SELECT MIN(id) FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func expect(t *testing.T, a apptest.Answer, status int) {
	t.Helper()
	if a.Status != status {
		t.Fatalf("want %d, got %d %s", status, a.Status, a.Body[:min(len(a.Body), 2000)])
	}
}
