package draft

import (
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func fields(err error) string {
	var names []string
	for _, f := range apperr.FieldsOf(err) {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

func TestWhatCanBeShared(t *testing.T) {
	t.Parallel()
	me := access.Actor{Type: access.TypePerson, ID: 7}
	for name, c := range map[string]struct {
		share Share
		wrong string
	}{
		"a reply":             {Share{Kind: Reply, Body: "Hello."}, ""},
		"a note with a file":  {Share{Kind: Note, Files: []int64{1}}, ""},
		"unfilled variables":  {Share{Kind: Reply, Body: "Hello {{name}}"}, ""},
		"nothing":             {Share{Kind: Reply, Body: " \n"}, "body"},
		"no kind":             {Share{Body: "Hello."}, "kind"},
		"a book":              {Share{Kind: Reply, Body: strings.Repeat("ä", MaxBody+1)}, "body"},
		"a book that fits":    {Share{Kind: Reply, Body: strings.Repeat("ä", MaxBody)}, ""},
		"no text at all":      {Share{Kind: Reply, Body: "\xff"}, "body"},
		"a NUL":               {Share{Kind: Reply, Body: "a\x00b"}, "body"},
		"a review by oneself": {Share{Kind: Reply, Body: "Hello.", ReviewerID: 7}, "reviewer"},
		"a long question":     {Share{Kind: Reply, Body: "Hello.", ReviewerID: 8, Asked: strings.Repeat("?", MaxAsked+1)}, "asked"},
	} {
		if got := fields(c.share.check(me)); got != c.wrong {
			t.Errorf("%s: wrong is %q, want %q", name, got, c.wrong)
		}
	}
}

func TestAVerdictNeedsWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f     Finding
		wrong string
	}{
		"ready":            {Finding{Verdict: Ready}, ""},
		"ready, and why":   {Finding{Verdict: Ready, Remark: "Nice."}, ""},
		"change":           {Finding{Verdict: Change, Remark: "Shorter."}, ""},
		"change, not what": {Finding{Verdict: Change, Remark: "  "}, "remark"},
		"neither":          {Finding{Remark: "Well."}, "verdict"},
		"too much":         {Finding{Verdict: Ready, Remark: strings.Repeat("x", MaxRemark+1)}, "remark"},
	} {
		if got := fields(c.f.check()); got != c.wrong {
			t.Errorf("%s: wrong is %q, want %q", name, got, c.wrong)
		}
	}
}

func TestAVerdictIsOnTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	lea, ben := access.Actor{Type: access.TypePerson, ID: 2, Name: "Lea"}, access.Actor{Type: access.TypePerson, ID: 3, Name: "Ben"}
	d := Draft{AuthorID: 1, Author: "Ana", Version: 1, ReviewerID: 2, Waits: true}
	if _, _, reviewed := d.Verdict(); reviewed {
		t.Error("nobody has reviewed it")
	}
	d.review(Finding{Verdict: Change, Remark: "Shorter."}, ben, now)
	if !d.WaitsFor(2) {
		t.Error("Ben's review is not Lea's")
	}
	d.review(Finding{Verdict: Ready}, lea, now)
	if r, current, _ := d.Verdict(); d.WaitsFor(2) || !current || r.Verdict != Ready {
		t.Errorf("%+v", d)
	}
	credit := func(sender access.Actor) string {
		changes, err := creditOf(&d, sender)
		if err != nil || len(changes) == 0 {
			return ""
		}
		said, _ := tells(t.Context(), ticket.Change{Field: ticket.ActivityPrefix + changes[0].Field, To: changes[0].To})
		return said
	}
	for sender, want := range map[int64]string{1: "found ready by Lea", ben.ID: "drafted by Ana, found ready by Lea", lea.ID: "drafted by Ana"} {
		if got := credit(access.Actor{Type: access.TypePerson, ID: sender}); got != want {
			t.Errorf("sent by %d: %q, want %q", sender, got, want)
		}
	}
	d.change(Edit{Body: "Other words."}, ben, now)
	if _, current, _ := d.Verdict(); current || d.Version != 2 || d.EditorID != 3 {
		t.Errorf("a changed draft is as good as reviewed: %+v", d)
	}
	if got := credit(ben); got != "drafted by Ana" {
		t.Errorf("%q", got)
	}
	for range 2 * maxReviews {
		d.review(Finding{Verdict: Ready}, ben, now)
	}
	if len(d.Reviews) != maxReviews {
		t.Errorf("%d reviews are kept", len(d.Reviews))
	}
}
