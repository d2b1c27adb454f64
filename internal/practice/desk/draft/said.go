package draft

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// What is said on the timeline. The text is a told as JSON.
const (
	saidShared    = "draft.shared"
	saidAsked     = "draft.asked"
	saidReviewed  = "draft.reviewed"
	saidTakenBack = "draft.taken_back"
	saidDiscarded = "draft.discarded"
	saidRestored  = "draft.restored"
	saidBy        = "draft.by" // with the entry that a draft became
)

// told is what an entry of the timeline keeps: names as they were then, and never
// a word of the draft.
type told struct {
	Kind    Kind    `json:"kind,omitempty"`
	For     string  `json:"for,omitempty"` // who was asked
	Of      string  `json:"of,omitempty"`  // whose draft it is, if not of who did it
	Verdict Verdict `json:"verdict,omitempty"`
	Ready   string  `json:"ready,omitempty"` // who found it ready to send
}

func say(a *ticket.Acting, what string, t told) error {
	text, err := marshal(t)
	if err == nil {
		a.Say(what, "", text)
	}
	return err
}

// other names a draft's author to somebody else.
func other(d *Draft, actor access.Actor) string {
	if d.AuthorID == actor.ID {
		return ""
	}
	return d.Author
}

// creditOf says with the entry that a draft becomes who drafted it, and who found
// this version ready; nothing when the sender did all of it.
func creditOf(d *Draft, sender access.Actor) ([]ticket.Change, error) {
	t := told{Of: other(d, sender)}
	if r, current, ok := d.Verdict(); ok && current && r.Verdict == Ready && r.PersonID != sender.ID {
		t.Ready = r.Name
	}
	if t == (told{}) {
		return nil, nil
	}
	text, err := marshal(t)
	return []ticket.Change{{Field: saidBy, To: text}}, err
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

// tells says what stands on a timeline about drafts.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	what, mine := strings.CutPrefix(c.Field, ticket.ActivityPrefix)
	if !mine || !strings.HasPrefix(what, "draft.") {
		return "", false
	}
	var t told
	if json.Unmarshal([]byte(c.To), &t) != nil {
		return "", false
	}
	switch what {
	case saidShared:
		return t.shared(ctx), true
	case saidAsked:
		if t.Of != "" {
			return text.T(ctx, "changed the draft of %s and asked %s for a review", t.Of, t.For), true
		}
		return text.T(ctx, "changed the draft and asked %s for a review", t.For), true
	case saidReviewed:
		if t.Verdict == Ready {
			return text.T(ctx, "found the draft of %s ready to send", t.Of), true
		}
		return text.T(ctx, "asked for a change of the draft of %s", t.Of), true
	case saidTakenBack:
		return text.T(ctx, "took the shared draft back"), true
	case saidDiscarded:
		if t.Of != "" {
			return text.T(ctx, "discarded the draft of %s", t.Of), true
		}
		return text.T(ctx, "discarded the shared draft"), true
	case saidRestored:
		return text.T(ctx, "brought the discarded draft back"), true
	case saidBy:
		return t.credit(ctx), true
	}
	return "", false
}

func (t told) shared(ctx context.Context) string {
	switch {
	case t.Kind == Reply && t.For != "":
		return text.T(ctx, "shared the draft of a reply and asked %s for a review", t.For)
	case t.Kind == Reply:
		return text.T(ctx, "shared the draft of a reply for review")
	case t.For != "":
		return text.T(ctx, "shared the draft of a note and asked %s for a review", t.For)
	}
	return text.T(ctx, "shared the draft of a note for review")
}

// credit stands beside the name of who sent a draft.
func (t told) credit(ctx context.Context) string {
	switch {
	case t.Of != "" && t.Ready != "":
		return text.T(ctx, "drafted by %s, found ready by %s", t.Of, t.Ready)
	case t.Of != "":
		return text.T(ctx, "drafted by %s", t.Of)
	}
	return text.T(ctx, "found ready by %s", t.Ready)
}
