package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compare holds what clerks were told against what is there: everything they
// were told exists once and as told, and nothing else exists.
func (all crew) compare(t *testing.T, url, token string) {
	t.Helper()
	c := program(url, token)
	there := map[string]apiTicket{}
	ids, numbers := map[int64]bool{}, map[string]bool{}
	for _, ticket := range c.export(t) {
		if ids[ticket.ID] || numbers[ticket.Number] {
			t.Errorf("the id %d or the number %s was given twice", ticket.ID, ticket.Number)
		}
		ids[ticket.ID], numbers[ticket.Number] = true, true
		if twin, twice := there[ticket.Title]; twice {
			t.Errorf("%q exists twice: %s and %s", ticket.Title, twin.Number, ticket.Number)
		}
		there[ticket.Title] = ticket
		replays(t, ticket)
	}
	shared := map[string]bool{}
	n := 0
	for _, clerk := range all {
		for _, r := range clerk.done {
			n++
			ticket, ok := there[r.title]
			if !ok {
				t.Errorf("%q was acknowledged as %s and is lost", r.title, r.number)
				continue
			}
			r.compare(t, c, ticket, n%10 == 0)
			if r.shared != "" {
				shared[r.shared] = true
			}
		}
	}
	for _, e := range there["Everybody's ticket"].Timeline {
		if e.Type == "note" && !shared[e.Message] {
			t.Errorf("the note %q was written twice, or nobody was told so", e.Message)
		}
		delete(shared, e.Message)
	}
	for text := range shared {
		t.Errorf("the note %q was acknowledged and is lost", text)
	}
	if want := n + min(1, len(all)); len(there) != want {
		t.Errorf("%d tickets are there; clerks were told of %d", len(there), want)
	}
}

// compare holds one ticket against what its writer was told; closely also reads
// it by every other way there is.
func (r *record) compare(t *testing.T, c *client, is apiTicket, closely bool) {
	t.Helper()
	type facts struct {
		Number, State string
		ID            int64
		Tags          []string
		Entries       []string
		Texts         []string
		Files         map[string]string
	}
	want := facts{r.number, r.state, r.id, r.tags, r.entries, r.texts, r.files}
	got := facts{is.Number, is.State.Key, is.ID, is.Tags, nil, nil, map[string]string{}}
	for _, e := range is.Timeline {
		got.Entries = append(got.Entries, e.Type)
		if e.Type == "note" || e.Type == "reply" {
			got.Texts = append(got.Texts, e.Message)
		}
		for _, f := range e.Attachments {
			got.Files[f.Name] = f.SHA256
			if closely {
				content := c.want(t, http.StatusOK, http.MethodGet, "/attachments/"+strconv.FormatInt(f.ID, 10)+"/content", nil)
				if sum := sha256.Sum256(content.body); hex.EncodeToString(sum[:]) != f.SHA256 {
					t.Errorf("the file %q of %s has other bytes", f.Name, is.Number)
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not as acknowledged (-told +is):\n%s", r.number, diff)
	}
	if !closely {
		return
	}
	a := c.want(t, http.StatusOK, http.MethodGet, "/tickets/"+r.number, nil)
	var alone apiTicket
	a.into(t, &alone)
	if alone.Version != is.Version || a.header.Get("ETag") != strconv.Quote(strconv.Itoa(is.Version)) || alone.State.Key != r.state {
		t.Errorf("%s alone differs from the export: %s", r.number, a)
	}
	var timeline struct{ Items []apiEntry }
	c.want(t, http.StatusOK, http.MethodGet, "/tickets/"+r.number+"/timeline?limit=100", nil).into(t, &timeline)
	slices.Reverse(timeline.Items)
	if diff := cmp.Diff(is.Timeline, timeline.Items); diff != "" {
		t.Errorf("the timeline of %s differs from the export:\n%s", r.number, diff)
	}
	var hits struct {
		Items []struct{ Ticket apiTicket }
	}
	c.want(t, http.StatusOK, http.MethodGet, "/search?q="+strings.ReplaceAll(`"A note on `+r.title+`"`, " ", "+"), nil).into(t, &hits)
	if !slices.ContainsFunc(hits.Items, func(h struct{ Ticket apiTicket }) bool { return h.Ticket.Number == r.number }) {
		t.Errorf("full-text search does not find the note on %s", r.number)
	}
}

// replays folds a timeline and expects the ticket: each change begins where the
// one before ended, the sequence has no gap, and time does not run backwards.
func replays(t *testing.T, ticket apiTicket) {
	t.Helper()
	state := map[string]string{}
	for i, e := range ticket.Timeline {
		if e.Seq != i+1 {
			t.Errorf("%s: entry %d has the sequence number %d", ticket.Number, i+1, e.Seq)
		}
		if i > 0 && e.At.Before(ticket.Timeline[i-1].At) {
			t.Errorf("%s: entry %d happened before the one before it", ticket.Number, e.Seq)
		}
		for _, change := range e.Changes {
			if state[change.Field] != change.From {
				t.Errorf("%s: entry %d changes %s from %q, which was %q", ticket.Number, e.Seq, change.Field, change.From, state[change.Field])
			}
			state[change.Field] = change.To
		}
	}
	assignee := ""
	if ticket.Assignee != nil {
		assignee = strconv.FormatInt(ticket.Assignee.ID, 10)
	}
	row := map[string]string{
		"title": ticket.Title, "state": ticket.State.Key, "priority": fmt.Sprint(ticket.Priority.Value),
		"tags": strings.Join(ticket.Tags, ","), "assignee": assignee,
	}
	for field, value := range row {
		if state[field] != value {
			t.Errorf("%s: %s is %q and the timeline says %q", ticket.Number, field, value, state[field])
		}
	}
	if n := len(ticket.Timeline); n == 0 || !ticket.UpdatedAt.Equal(ticket.Timeline[n-1].At) {
		t.Errorf("%s was updated at %s, which is not when its last entry happened", ticket.Number, ticket.UpdatedAt)
	}
}
