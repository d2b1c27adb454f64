package checklist

import (
	"context"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// tells says what stands on a timeline about checklists.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	what, ok := strings.CutPrefix(c.Field, ticket.ActivityPrefix)
	if !ok || !strings.HasPrefix(what, "checklist.") {
		return "", false
	}
	switch what {
	case saidAdded:
		return text.T(ctx, "added the checklist “%s”", c.To), true
	case saidRemoved:
		return text.T(ctx, "removed the checklist “%s”", c.To), true
	case saidRestored:
		return text.T(ctx, "put the checklist “%s” back", c.To), true
	case saidRenamed:
		return text.T(ctx, "renamed the checklist “%s” to “%s”", c.From, c.To), true
	case saidItem:
		return text.T(ctx, "added “%s” to the checklist “%s”", c.To, c.From), true
	case saidDone:
		return text.T(ctx, "ticked off “%s”", c.To), true
	case saidUndone:
		return text.T(ctx, "opened “%s” again", c.To), true
	case saidReworded:
		return text.T(ctx, "changed the item “%s” to “%s”", c.From, c.To), true
	case saidMoved:
		place, _ := strconv.Atoi(c.From)
		return text.T(ctx, "moved “%s” to place %d", c.To, place), true
	case saidGiven:
		if c.From == "" {
			return text.T(ctx, "gave “%s” to nobody", c.To), true
		}
		return text.T(ctx, "gave “%s” to %s", c.To, c.From), true
	case saidDropped:
		return text.T(ctx, "removed “%s” from the checklist “%s”", c.To, c.From), true
	case saidBroughtUp:
		return text.T(ctx, "put “%s” back on the checklist “%s”", c.To, c.From), true
	}
	return "", false
}
