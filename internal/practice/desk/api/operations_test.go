package api_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/practice/desk/api"
)

func TestListIsReadPageByPageWithoutGapsOrRepeats(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		var want []string
		for i := range 7 {
			want = append(want, d.incident(fmt.Sprint("ticket ", i)))
		}
		for _, sort := range []string{"created", "-created", "title", "priority", "-updated", "state", "resolved", "reopened"} {
			var got []string
			path := "/tickets?limit=3&count=true&sort=" + sort
			for path != "" {
				a := d.want(d.as(d.ana, "GET", path, nil), http.StatusOK)
				for _, item := range a.list(t, "items") {
					got = append(got, item["number"].(string))
				}
				if a.at(t, "count", "value") != 7.0 || a.at(t, "count", "exact") != true {
					t.Errorf("count %s", a)
				}
				path = ""
				if link := a.header.Get("Link"); link != "" {
					path = strings.TrimPrefix(strings.TrimSuffix(link, `>; rel="next"`), "</api/v1")
				} else if a.json(t)["next_cursor"] != nil {
					t.Error("a next page without a Link")
				}
			}
			if sort == "-created" {
				slices.Reverse(got)
			}
			if sort == "created" || sort == "-created" || sort == "title" {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", sort, diff)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
				t.Errorf("%s: %s", sort, diff)
			}
		}
		cursor := d.as(d.ana, "GET", "/tickets?limit=1&sort=title", nil).at(t, "next_cursor")
		for _, path := range []string{"/tickets?sort=created&cursor=" + fmt.Sprint(cursor), "/tickets?cursor=nonsense", "/tickets?sort=nonsense", "/tickets?filter=nonsense:1", "/tickets?zone=Moon/Crater", "/tickets?zone=Local", "/tickets?fields=colour"} {
			a := d.want(d.as(d.ana, "GET", path, nil), http.StatusUnprocessableEntity)
			if len(a.at(t, "errors").([]any)) == 0 {
				t.Errorf("%s does not name the parameter: %s", path, a)
			}
		}
	})
}

func TestAskedForPropertiesComeAlone(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.incident("x", fields{"assignee_id": d.ana})
		item := d.as(d.ana, "GET", "/tickets?fields=assignee,tags", nil).list(t, "items")[0]
		var got []string
		for name := range item {
			got = append(got, name)
		}
		slices.Sort(got)
		want := []string{"assignee", "created_at", "id", "kind", "number", "priority", "state", "title", "updated_at", "version"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestQueriesOfAnAnswerDoNotGrowWithIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ask := func(path string) int {
			d.want(d.as(d.ana, "GET", path, nil), http.StatusOK)
			return d.queries.Load().N()
		}
		s := d.secrets()
		paths := []string{
			"/tickets?count=true", "/tickets/" + s.mine, "/tickets/" + s.mine + "/timeline", "/tickets/" + s.mine + "/links", "/search?q=printer",
			"/tickets/similar?title=printer+jams", "/tickets/export", "/kinds", "/filter-fields",
		}
		few := map[string]int{}
		for _, path := range paths {
			few[path] = ask(path)
		}
		for i := range 12 {
			ref := d.incident(fmt.Sprint("Printer jams again ", i), fields{"parent_id": d.ticketID(s.other), "service_id": d.payroll, "watchers": []int64{d.ben}})
			d.want(d.as(d.ana, "POST", "/tickets/"+s.mine+"/links", fields{"type": "related", "other": ref}), http.StatusCreated)
			d.want(d.as(d.ben, "POST", "/tickets/"+s.mine+"/replies", fields{"body": "hello"}), http.StatusCreated)
		}
		for _, path := range paths {
			// One more for the names of services, which the first tickets had none of.
			if many := ask(path); many > few[path]+1 || many > 14 {
				t.Errorf("%s: %d queries, then %d:\n%s", path, few[path], many, strings.Join(d.queries.Load().Queries(), "\n"))
			}
		}
	})
}

func TestPatchChangesWhatItNamesAndNothingElse(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ref := d.incident("Visit", fields{"kind": "visit", "description": "long", "service_id": d.payroll, "assignee_id": d.ana, "tags": []string{"a", "b"}, "fields": fields{"room": "Blue", "seats": 4, "badge": true}})
		patch := func(body fields, status int) answer {
			return d.want(d.as(d.ana, "PATCH", "/tickets/"+ref, body, "If-Match", d.etag(ref)), status)
		}
		before := d.as(d.ana, "GET", "/tickets/"+ref, nil).json(t)
		if diff := cmp.Diff(fields{"room": "Blue", "seats": 4.0, "badge": true}, before["fields"]); diff != "" {
			t.Errorf("fields: %s", diff)
		}
		after := patch(fields{"title": "Two visits"}, http.StatusOK).json(t)
		changed := []string{}
		for name, value := range after {
			if !cmp.Equal(before[name], value) {
				changed = append(changed, name)
			}
		}
		slices.Sort(changed)
		if diff := cmp.Diff([]string{"title", "version"}, changed); diff != "" {
			t.Errorf("changed: %s", diff)
		}
		cleared := patch(fields{"description": nil, "service_id": nil, "assignee_id": nil, "tags": nil, "fields": fields{"seats": nil, "room": "Red"}}, http.StatusOK).json(t)
		for _, name := range []string{"description", "service", "assignee", "tags"} {
			if cleared[name] != nil {
				t.Errorf("%s is %v", name, cleared[name])
			}
		}
		if diff := cmp.Diff(fields{"room": "Red", "badge": true}, cleared["fields"]); diff != "" {
			t.Errorf("fields: %s", diff)
		}
		if over := patch(fields{"priority": 1, "priority_reason": "The board comes."}, http.StatusOK); over.at(t, "priority", "value") != 1.0 || over.at(t, "priority_reason") != "The board comes." {
			t.Errorf("overridden: %s", over)
		}
		if back := patch(fields{"priority": nil}, http.StatusOK); back.at(t, "priority", "value") != 3.0 || back.at(t, "priority_reason") != nil {
			t.Errorf("by the matrix: %s", back)
		}
		for body, field := range map[string]string{
			`{"title": null}`: "title", `{"requester_id": null}`: "requester_id", `{"impact": null}`: "impact", `{"priority": 1}`: "priority_reason",
			`{"priority_reason": "x"}`: "priority", `{"group_id": 7}`: "group_id", `{"assignee_id": 7}`: "assignee_id", `{"service_id": 7}`: "service_id",
			`{"parent_id": 7}`: "parent_id", `{"fields": {"seats": "many"}}`: "fields.seats", `{"fields": {"colour": "red"}}`: "fields.colour", `{"impact": 9}`: "impact",
		} {
			a := d.want(d.as(d.ana, "PATCH", "/tickets/"+ref, body, "If-Match", "*"), http.StatusUnprocessableEntity)
			if a.at(t, "errors", 0, "name") != field || a.at(t, "errors", 0, "pointer") != "#/"+strings.ReplaceAll(field, ".", "/") {
				t.Errorf("%s: %s", body, a)
			}
		}
		same := d.etag(ref)
		if patch(fields{"title": "Two visits"}, http.StatusOK).header.Get("ETag") != same {
			t.Error("a patch that changes nothing made a version")
		}
		d.want(d.as(d.ana, "GET", "/tickets/"+ref, nil, "If-None-Match", same), http.StatusNotModified)
	})
}

func TestManyTicketsHaveTheirOwnResults(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		body := fields{"tickets": []fields{
			{"kind": "incident", "title": "a"}, {"kind": "incident", "title": " "}, {"kind": "visit", "title": "c", "fields": fields{"seats": "many"}}, {"kind": "request", "title": "d", "requester_id": 7},
		}}
		results := d.want(d.as(d.ana, "POST", "/tickets/bulk", body), http.StatusOK).list(t, "results")
		for i, want := range []float64{201, 422, 422, 422} {
			if results[i]["status"] != want || results[i]["index"] != float64(i) || (results[i]["ticket"] != nil) != (want == 201) {
				t.Errorf("result %d: %v", i, results[i])
			}
		}
		pointers := func(r fields) any { return r["problem"].(fields)["errors"].([]any)[0].(fields)["pointer"] }
		if diff := cmp.Diff([]any{"#/tickets/1/title", "#/tickets/2/fields/seats", "#/tickets/3/requester_id"}, []any{pointers(results[1]), pointers(results[2]), pointers(results[3])}); diff != "" {
			t.Error(diff)
		}
		body["atomic"] = true
		refused := d.want(d.as(d.ana, "POST", "/tickets/bulk", body), http.StatusUnprocessableEntity)
		if refused.at(t, "errors", 0, "pointer") != "#/tickets/1/title" {
			t.Errorf("%s", refused)
		}
		if n := len(d.as(d.ana, "GET", "/tickets", nil).list(t, "items")); n != 1 {
			t.Errorf("%d tickets were opened", n)
		}
		d.want(d.as(d.carla, "POST", "/tickets/bulk", fields{"tickets": []fields{{"kind": "incident", "title": "x"}}}), http.StatusForbidden)
	})
}

func TestExportIsCompleteInEveryFormat(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		s := d.secrets()
		var many []fields
		for i := range 60 {
			many = append(many, fields{"kind": "incident", "title": fmt.Sprint("=cmd|' /C calc'!A", i), "requester_id": d.carla})
		}
		d.want(d.as(d.ana, "POST", "/tickets/bulk", fields{"tickets": many}), http.StatusOK)
		d.resolve(s.mine)
		d.want(d.as(d.carla, "POST", "/tickets/"+s.mine+"/rating", fields{"score": 2, "minutes_lost": 90, "comment": "slow"}), http.StatusCreated)

		a := d.want(d.as(d.ana, "GET", "/tickets/export", nil), http.StatusOK)
		lines := bytes.Split(bytes.TrimSpace(a.body), []byte("\n"))
		byNumber := map[string]api.ExportedTicket{}
		for _, line := range lines {
			var r api.ExportedTicket
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatal(err)
			}
			byNumber[r.Number] = r
		}
		if len(lines) != 63 || len(byNumber) != 63 {
			t.Errorf("%d lines, %d tickets", len(lines), len(byNumber))
		}
		mine := byNumber[s.mine]
		if mine.Verdict == nil || *mine.Verdict.MinutesLost != 90 || len(mine.Links) != 2 || mine.Links[0].Other.Number != s.other || mine.Timeline[0].Type != "created" ||
			mine.Timeline[0].Seq != 1 || mine.Resolution == "" || mine.Parent.Number != s.other || byNumber[s.other].Description != "quagga" {
			t.Errorf("exported %+v", mine)
		}

		rows := func(format string) [][]string {
			got, err := csv.NewReader(bytes.NewReader(d.want(d.as(d.ana, "GET", "/tickets/export?format="+format, nil), http.StatusOK).body)).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		sheet := rows("csv")
		column := func(name string) int { return slices.Index(sheet[0], name) }
		if len(sheet) != 64 || column("title") < 0 || column("field.doubts") < 0 {
			t.Fatalf("%d rows with the columns %v", len(sheet), sheet[0])
		}
		for _, row := range sheet[1:] {
			if row[column("number")] == s.mine && (row[column("field.doubts")] != "axolotl" || row[column("assignee")] != "Ben Okafor" || row[column("minutes_lost")] != "90") {
				t.Errorf("row %v", row)
			}
			if title := row[column("title")]; strings.HasPrefix(title, "=") {
				t.Errorf("a formula: %q", title)
			}
			if _, err := time.Parse(time.RFC3339, row[column("created_at")]); err != nil {
				t.Error(err)
			}
		}
		entries := rows("csv-timeline")
		n := 1
		for _, r := range byNumber {
			n += len(r.Timeline)
		}
		if len(entries) != n {
			t.Errorf("%d rows of entries, want %d", len(entries), n)
		}
		none := d.want(d.as(d.ana, "GET", "/tickets/export?format=csv&filter=title:nothing", nil), http.StatusOK)
		if bytes.Count(none.body, []byte("\n")) != 1 {
			t.Errorf("an empty export without a header: %s", none)
		}

		// The command line writes the same.
		var out bytes.Buffer
		count, err := d.api.Export(access.With(t.Context(), access.System()), &out, "", api.FormatJSON)
		if err != nil || count != 63 || out.String() != string(a.body) {
			t.Errorf("exported %d tickets, %v", count, err)
		}
		if _, err := d.api.Export(d.System(), &out, "nonsense:1", api.FormatJSON); err == nil {
			t.Error("a wrong filter was exported")
		}
	})
}

func TestDefinitionsAreGivenInTheReadersWords(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		agent, requester := d.as(d.ana, "GET", "/kinds/visit", nil), d.as(d.carla, "GET", "/kinds/visit", nil)
		if agent.at(t, "label") != "Visit" || len(agent.list(t, "fields")) != 4 || len(agent.list(t, "resolution_codes")) == 0 {
			t.Errorf("agent: %s", agent)
		}
		if requester.at(t, "label") != "Somebody comes" || len(requester.list(t, "fields")) != 1 || len(requester.list(t, "resolution_codes")) != 0 {
			t.Errorf("requester: %s", requester)
		}
		for _, tr := range requester.list(t, "transitions") {
			if !slices.Contains([]any{"close", "reopen", "cancel"}, tr["key"]) {
				t.Errorf("a requester is told of %v", tr)
			}
		}
		names := func(person int64) (out []string) {
			for _, f := range d.as(person, "GET", "/filter-fields", nil).list(t, "fields") {
				out = append(out, f["name"].(string))
			}
			return out
		}
		if got := names(d.ana); !slices.Contains(got, "field.doubts") || !slices.Contains(got, "state") {
			t.Errorf("agent: %v", got)
		}
		if got := names(d.carla); slices.Contains(got, "field.doubts") || !slices.Contains(got, "field.room") {
			t.Errorf("requester: %v", got)
		}
		d.want(d.as(d.sam, "GET", "/kinds/none", nil), http.StatusNotFound)
	})
}

func TestTimelineIsReadBackwardsPageByPage(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ref := d.incident("x")
		for i := range 6 {
			d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/replies", fields{"body": fmt.Sprint("reply ", i)}), http.StatusCreated)
			d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/notes", fields{"body": fmt.Sprint("note ", i)}), http.StatusCreated)
		}
		read := func(person int64, query string) (out []string) {
			cursor := ""
			for first := true; first || cursor != ""; first = false {
				path := "/tickets/" + ref + "/timeline?limit=2" + query
				if cursor != "" {
					path += "&cursor=" + cursor
				}
				a := d.want(d.as(person, "GET", path, nil), http.StatusOK)
				for _, e := range a.list(t, "items") {
					out = append(out, fmt.Sprint(e["message"]))
				}
				cursor, _ = a.json(t)["next_cursor"].(string)
			}
			return out
		}
		want := []string{"reply 5", "reply 4", "reply 3", "reply 2", "reply 1", "reply 0", "<nil>"}
		if diff := cmp.Diff(want, read(d.carla, "")); diff != "" {
			t.Errorf("requester: %s", diff)
		}
		if diff := cmp.Diff(want[:6], read(d.ana, "&types=reply")); diff != "" {
			t.Errorf("replies: %s", diff)
		}
		if got := read(d.ana, ""); len(got) != 13 || got[0] != "note 5" {
			t.Errorf("agent: %v", got)
		}
		if got := read(d.carla, "&types=note"); len(got) != 0 {
			t.Errorf("a requester reads %v", got)
		}
	})
}
