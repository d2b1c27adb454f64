package webhook

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// reasonText says why a message is where it is. What is kept is a word and what belongs
// to it: "status: 500".
func reasonText(ctx context.Context, reason string) string {
	word, rest, _ := strings.Cut(reason, ": ")
	switch word {
	case "":
		return ""
	case reasonOff:
		return text.T(ctx, "The channel was switched off.")
	case reasonDeleted:
		return text.T(ctx, "The channel was deleted.")
	case reasonNobody:
		return text.T(ctx, "There is nobody left to tell: who was to get it may not see it any more, or is gone.")
	case reasonNoTarget:
		return text.T(ctx, "The channel does not reach this person any more.")
	case reasonExpired:
		return text.T(ctx, "The code was too old, or another one was asked for.")
	case reasonConfined:
		return text.T(ctx, "Tickets of this kind are confidential: no room is told of them.")
	case reasonByHand:
		return text.T(ctx, "Somebody gave it up.")
	case reasonDenied:
		return text.T(ctx, "Steward does not connect to this address (%s). The setting webhook.allow names networks of your own that may be reached.", rest)
	case reasonRedirect:
		return text.T(ctx, "It answered with a redirect to %s, which is not followed.", rest)
	case reasonStatus:
		return text.T(ctx, "It answered %s.", rest)
	case reasonNetwork:
		return text.T(ctx, "It could not be reached: %s", rest)
	case reasonTimeout:
		return text.T(ctx, "It did not answer in time.")
	case reasonCertif:
		return text.T(ctx, "Its certificate is not good: %s", rest)
	case reasonWrong:
		return text.T(ctx, "The request could not be made: %s", rest)
	case reasonGaveUp:
		tries, why, _ := strings.Cut(rest, ": ")
		return text.T(ctx, "Given up after %s attempts. %s", tries, reasonText(ctx, why))
	}
	return reason
}

func stateBadge(ctx context.Context, s State) ui.Badge {
	switch s {
	case StateSent:
		return ui.Badge{Label: text.T(ctx, "Sent"), Tone: ui.Success}
	case StateFailed:
		return ui.Badge{Label: text.T(ctx, "Failed"), Tone: ui.Critical}
	case StateStopped:
		return ui.Badge{Label: text.T(ctx, "Stopped"), Tone: ui.Warning}
	case StateDropped:
		return ui.Badge{Label: text.T(ctx, "Given up")}
	case StateWaiting:
	}
	return ui.Badge{Label: text.In(ctx, "letter", "Waiting"), Tone: ui.Info}
}

// messageLabel names what a message is.
func messageLabel(ctx context.Context, k channel.Kind) string {
	switch k {
	case channel.Notice:
		return text.T(ctx, "Notification")
	case channel.Escalation:
		return text.T(ctx, "Escalation")
	case channel.News:
		return text.T(ctx, "News of a ticket")
	case channel.Code:
		return text.T(ctx, "Code")
	case channel.Test:
		return text.T(ctx, "Test")
	}
	return string(k)
}

// kindLabel names what the far side understands.
func kindLabel(ctx context.Context, k Kind) string {
	switch k {
	case Slack:
		return text.T(ctx, "Slack, Mattermost, Rocket.Chat")
	case Teams:
		return text.T(ctx, "Microsoft Teams")
	case JSON:
		return text.T(ctx, "JSON")
	case SMS:
	}
	return text.T(ctx, "SMS gateway")
}

func factLabel(ctx context.Context, f Fact) string {
	switch f {
	case FactTitle:
		return text.T(ctx, "Title")
	case FactService:
		return text.T(ctx, "Service")
	case FactPriority:
		return text.T(ctx, "Priority")
	case FactState:
		return text.T(ctx, "State")
	case FactGroup:
	}
	return text.T(ctx, "Group")
}

func reachLabel(ctx context.Context, r Reach) string {
	switch r {
	case ByMember:
		return text.T(ctx, "By their name in the chat, which stands where {{to}} is; Mattermost and Rocket.Chat take it as the channel")
	case ByAddress:
		return text.T(ctx, "By a webhook of their own, whose address they give")
	case ByNumber:
	}
	return text.T(ctx, "By their mobile number")
}
