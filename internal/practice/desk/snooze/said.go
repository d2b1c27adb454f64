package snooze

import (
	"context"
	"encoding/json"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// tells says what stands on a timeline about setting aside.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	var said told
	switch c.Field {
	case ticket.ActivityPrefix + saidSet, ticket.ActivityPrefix + saidBack:
		if json.Unmarshal([]byte(c.To), &said) != nil {
			return "", false
		}
	default:
		return "", false
	}
	if c.Field == ticket.ActivityPrefix+saidBack {
		return brought(ctx, said), true
	}
	until := untilWords(ctx, said.Until, said.Wakes, said.Linked)
	switch {
	case said.For != "" && said.Reason != "":
		return text.T(ctx, "set this aside for %s %s: %s", said.For, until, said.Reason), true
	case said.For != "":
		return text.T(ctx, "set this aside for %s %s", said.For, until), true
	case said.Reason != "":
		return text.T(ctx, "set this aside %s: %s", until, said.Reason), true
	}
	return text.T(ctx, "set this aside %s", until), true
}

// brought completes "Steward …" for the return.
func brought(ctx context.Context, said told) string {
	switch said.By {
	case ByTime:
		return text.T(ctx, "brought this back for %s, because the time has come", said.For)
	case ByAnswer:
		return text.T(ctx, "brought this back for %s, because the requester answered", said.For)
	case ByChange:
		return text.T(ctx, "brought this back for %s by this change", said.For)
	case ByLinked:
		return text.T(ctx, "brought this back for %s, because a linked ticket is done", said.For)
	case ByUndo:
		return text.T(ctx, "no longer sets this aside for %s", said.For)
	case ByHand, ByReplaced, ByDone:
	}
	return text.T(ctx, "brought this back for %s", said.For)
}

// untilWords completes "set aside …". linked is the number of the ticket that is
// waited for, if it is known.
func untilWords(ctx context.Context, until time.Time, wakes Event, linked string) string {
	if linked == "" {
		linked = text.T(ctx, "a linked ticket")
	}
	at := ""
	if !until.IsZero() {
		at = text.DateTime(ctx, until)
	}
	switch {
	case wakes == Answered && at != "":
		return text.T(ctx, "until %s or the requester's answer", at)
	case wakes == Answered:
		return text.T(ctx, "until the requester answers")
	case wakes == Changed && at != "":
		return text.T(ctx, "until %s or a change", at)
	case wakes == Changed:
		return text.T(ctx, "until something changes")
	case wakes == Linked && at != "":
		return text.T(ctx, "until %s or the end of %s", at, linked)
	case wakes == Linked:
		return text.T(ctx, "until %s is done", linked)
	}
	return text.T(ctx, "until %s", at)
}

// causeWords says why it is back.
func causeWords(ctx context.Context, by Cause) string {
	switch by {
	case ByAnswer:
		return text.T(ctx, "The requester answered")
	case ByChange:
		return text.T(ctx, "Something changed")
	case ByLinked:
		return text.T(ctx, "A linked ticket is done")
	case ByTime, ByHand, ByUndo, ByReplaced, ByDone:
	}
	return text.T(ctx, "The time has come")
}
