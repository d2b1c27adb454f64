package apireference_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/ui/apireference"
)

func sample(t *testing.T) apireference.Reference {
	t.Helper()
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := apireference.Parse(raw, "")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOperationsStandUnderTheirTag(t *testing.T) {
	t.Parallel()
	var got []string
	for _, g := range sample(t).Groups {
		for _, o := range g.Operations {
			got = append(got, g.Name+": "+o.Method+" "+o.Path)
		}
	}
	want := []string{"Tickets: GET /tickets", "Tickets: POST /tickets", "Other: GET /health"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestObjectsAreUnfoldedButNotInsideThemselves(t *testing.T) {
	t.Parallel()
	list := sample(t).Groups[0].Operations[0].Answers[0]
	want := []apireference.Property{
		{Name: "items", Type: "array of Ticket", Required: true},
		{Name: "number", Type: "string", Required: true, Depth: 1},
		{Name: "created", Type: "string (date-time)", Depth: 1},
		{Name: "parent", Type: "Ticket", Depth: 1},
		{Name: "state", Type: "string", Limits: "one of: new, open", Depth: 1},
		{Name: "next", Type: "string", Description: "Cursor of the next page"},
	}
	if diff := cmp.Diff(want, list.Body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPartsOfABodyAreJoined(t *testing.T) {
	t.Parallel()
	create := sample(t).Groups[0].Operations[1]
	want := []apireference.Property{
		{Name: "kind", Type: "string", Required: true},
		{Name: "title", Type: "string", Limits: "at most 200 characters", Required: true},
		{Name: "quiet", Type: "boolean"},
	}
	if diff := cmp.Diff(want, create.Body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const command = `curl -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"kind": …, "title": …}' 'https://desk.example.org/api/v1/tickets'`
	if diff := cmp.Diff(command, create.Command); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParametersSayTheirPlaceAndLimits(t *testing.T) {
	t.Parallel()
	got := sample(t).Groups[0].Operations[0].Parameters
	want := []apireference.Property{
		{Name: "q", Place: "query", Type: "string", Description: "A filter, as on the queue"},
		{Name: "limit", Place: "query", Type: "integer (int64)", Limits: "at least 1; at most 200; default: 50"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAReferenceRenders(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := sample(t).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`id="list-tickets"`, "What went wrong (RFC 9457)", "Deprecated"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
