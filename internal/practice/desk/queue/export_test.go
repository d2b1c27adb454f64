package queue_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
)

func (a *answer) records() [][]string {
	a.t.Helper()
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\uFEFF"))).ReadAll()
	if err != nil {
		a.t.Fatal(err)
	}
	return records
}

func TestExportHoldsTheWholeListWithNames(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for i := range 230 {
			w.incident(fmt.Sprintf("Ticket %03d", i), with(w.network, w.agent))
		}
		agent := w.as(t, w.agent)
		res := agent.get("/queue/export?view=open&sort=created&columns=number&columns=title&columns=assignee&columns=group&columns=created&columns=priority").want(http.StatusOK)
		// A few questions for the list, then four for each page of 200.
		w.queries(t, 12)
		records := res.records()
		if len(records) != 231 {
			t.Fatalf("%d lines", len(records))
		}
		if diff := cmp.Diff([][]string{
			{"Number", "Title", "Priority", "Group", "Assignee", "Created (UTC)"},
			{"INC-1", "Ticket 000", "3 Moderate", "Network team", "Ana Agentson", "2026-03-02 12:00:00"},
		}, records[:2]); diff != "" {
			t.Error(diff)
		}
		if got := res.header.Get("Content-Disposition"); got != "attachment; filename=tickets-2026-03-02.csv" {
			t.Error(got)
		}
		if strings.HasPrefix(res.body, "\uFEFF") {
			t.Error("a byte order mark nobody asked for")
		}
		if bom := agent.get("/queue/export?view=mine&bom=on"); !strings.HasPrefix(bom.body, "\uFEFFNumber") {
			t.Errorf("no byte order mark: %.20q", bom.body)
		}
		two := agent.get("/queue/export?view=open&id=" + itoa(w.now(t, "INC-3").ID) + "&id=" + itoa(w.now(t, "INC-5").ID) + "&cols=number").records()
		if len(two) != 3 {
			t.Errorf("%d lines for two selected rows", len(two))
		}
		if empty := agent.get("/queue/export?view=high").records(); len(empty) != 1 {
			t.Errorf("an empty list has %d lines, want its head", len(empty))
		}
		agent.get("/queue/export?q=state:opn").want(http.StatusUnprocessableEntity)
		options := agent.quick().get("/queue/export/options?view=open").want(http.StatusOK)
		if options.Find("input[name=columns][checked]").Length() != 7 || options.Find("form").AttrOr("method", "") != "get" {
			t.Error("the options do not begin with the columns that are shown")
		}
	})
}

func TestExportedTextIsNoFormula(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, title := range []string{`=cmd|' /C calc'!A0`, `+1-800-555`, `-2+3`, `@SUM(A1)`, `"quoted", and comma`, `a=b`} {
			w.incident(title)
		}
		var got []string
		for _, r := range w.as(t, w.agent).get("/queue/export?view=open&sort=created&columns=title").records()[1:] {
			got = append(got, r[0])
		}
		want := []string{`'=cmd|' /C calc'!A0`, `'+1-800-555`, `'-2+3`, `'@SUM(A1)`, `"quoted", and comma`, `a=b`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestExportHoldsOnlyWhatMayBeExported(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		theirs := w.incident("Their antenna", with(w.vendors, 0))
		inside := w.incident("Our secret")
		res := w.as(t, w.vendor).get("/queue/export?view=open&id=" + itoa(theirs.ID) + "&id=" + itoa(inside.ID)).want(http.StatusOK)
		res.hides("secret")
		if got := len(res.records()); got != 2 {
			t.Errorf("%d lines", got)
		}
		if err := w.Roles.GrantToPerson(w.System(), w.asker, access.RoleServiceOwner, 0); err != nil {
			t.Fatal(err)
		}
		w.Service("Coffee machine", w.asker)
		// Sees own tickets and those about owned services; may export only the latter.
		if got := w.as(t, w.asker).get("/queue/export?view=open").want(http.StatusOK).records(); len(got) != 1 {
			t.Errorf("own tickets without the permission are exported: %v", got)
		}
	})
}
