package mail

import (
	"context"
	"slices"
	"strings"

	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// remarks are the sentences of platform/mail about what wrote a message, for the
// catalogue; that room knows no languages.
func remarks() []string {
	return []string{
		text.Key("Nothing says that a program wrote this."),
		text.Key("We sent this message ourselves; it came back."),
		text.Key("Automatic messages have been answering one another."),
		text.Key("The message passed so many servers that it must go in circles."),
		text.Key("A server says that a message was delivered."),
		text.Key("A server reports that a message could not be delivered."),
		text.Key("A server reports that a message is delayed; it goes on trying."),
		text.Key("A server names recipients that a message could not be delivered to."),
		text.Key("Exchange says that this is a report of a message not delivered."),
		text.Key("A server's own account writes of a refusal and of a recipient."),
		text.Key("A server's own account returns a message."),
		text.Key("A server's own account wrote this."),
		text.Key("The header says that a program answered (Auto-Submitted)."),
		text.Key("The header says that a program wrote this (Auto-Submitted)."),
		text.Key("The header asks for no automatic answer, as programs do (X-Auto-Response-Suppress)."),
		text.Key("The header says that this goes out in bulk (Precedence)."),
		text.Key("The header says that a program answered (Precedence)."),
		text.Key("The header has a field that programs write when they answer."),
		text.Key("The header has a field that programs write."),
		text.Key("The program that sent this sends automatic answers."),
		text.Key("This is a receipt: a message was shown to its recipient, or was not."),
		text.Key("The message has no sender to answer to, as only servers and programs write."),
		text.Key("The message can be unsubscribed from: it went to many."),
		text.Key("The message came over a mailing list (List-Id)."),
		text.Key("The header has a field that mailing lists write."),
		text.Key("The header says that this came over a mailing list (Precedence)."),
		text.Key("The quoted message was written by somebody this message is for."),
		text.Key("The quoted message was written by somebody this message is not for, and it answers nothing."),
		text.Key("The quoted message went to somebody this message is for."),
		text.Key("The quoted message was neither written by nor for those this message is for."),
		text.Key("Another message is attached, and this one answers nothing."),
	}
}

// remark says one reason why a mail landed where it did, in the reader's language.
func remark(ctx context.Context, r message.Remark) string {
	if slices.Contains(remarks(), r.Text) {
		return text.T(ctx, r.Text)
	}
	switch r.Code {
	case "mailbox":
		return text.T(ctx, "It came to %s.", r.Value)
	case "mark":
		return text.T(ctx, "It answers one of our letters: the mark in %s is ours.", r.Value)
	case "plus":
		return text.T(ctx, "It went to an address with our mark: %s.", r.Value)
	case "reference":
		return text.T(ctx, "It refers to a message of this ticket: %s.", r.Value)
	case "thread":
		return text.T(ctx, "Outlook counts it to a conversation of this ticket (Thread-Index).")
	case "number":
		return text.T(ctx, "Its subject names %s, and its author takes part there.", r.Value)
	case "number_of_others":
		return text.T(ctx, "Its subject names %s, but its author does not take part there: it may belong to it.", r.Value)
	case "new":
		return text.T(ctx, "Nothing in it belongs to a ticket: it opened one.")
	case "merged":
		return text.T(ctx, "%s was merged: it goes where that ticket goes on.", r.Value)
	case "closed":
		return text.T(ctx, "%s is closed and cannot be opened again by its author: a new ticket was opened.", r.Value)
	case "goes_on":
		return text.T(ctx, "Its author has opened %s after that already: it goes there.", r.Value)
	case "reopened":
		return text.T(ctx, "The ticket was done; the answer opened it again.")
	case "thanks":
		return text.T(ctx, "It only says thank you: the ticket stays done.")
	case "contact":
		return text.T(ctx, "Its author was unknown and became a contact.")
	case "unknown":
		return text.T(ctx, "Its author %s is unknown, and this mailbox takes no mail from strangers.", r.Value)
	case "inactive":
		return text.T(ctx, "The person with the address %s is not active.", r.Value)
	case "blocked":
		return text.T(ctx, "Mail of %s is blocked.", r.Value)
	case "rate":
		return text.T(ctx, "Its author wrote %s mails within an hour.", r.Value)
	case "rate_ticket":
		return text.T(ctx, "The ticket got %s mails within an hour.", r.Value)
	case "released":
		return text.T(ctx, "Somebody let it out of quarantine.")
	case "too_large":
		return text.T(ctx, "It is too large: only its header was fetched.")
	case "unreadable":
		return text.T(ctx, "It cannot be read: %s", r.Value)
	case "stranded":
		return text.T(ctx, "The program ended at every attempt to make a ticket of it.")
	case "refused":
		return text.T(ctx, "It could not become a ticket: %s", r.Value)
	case "files_left", "file_left":
		return text.T(ctx, "The file %s was not taken over; it is in the mail itself.", r.Value)
	case "empty":
		return text.T(ctx, "It says nothing.")
	case "spam":
		return text.T(ctx, "A server before us took it for spam.")
	}
	return either(r.Text, strings.TrimSpace(r.Code+" "+r.Value))
}

// reason names why a mail was held back or not taken.
func reason(ctx context.Context, code string) string {
	switch code {
	case "spam":
		return text.T(ctx, "Spam")
	case "blocked":
		return text.T(ctx, "Blocked sender")
	case "unknown":
		return text.T(ctx, "Unknown sender")
	case "inactive":
		return text.T(ctx, "Inactive person")
	case "rate":
		return text.T(ctx, "Too many")
	case "too_large":
		return text.T(ctx, "Too large")
	case "unreadable":
		return text.T(ctx, "Unreadable")
	case "no_author":
		return text.T(ctx, "No author")
	case "refused":
		return text.T(ctx, "Not accepted")
	case "loop":
		return text.T(ctx, "Our own mail")
	case "bounce":
		return text.T(ctx, "Delivery report")
	case "autoreply":
		return text.T(ctx, "Automatic answer")
	case "duplicate":
		return text.T(ctx, "Here already")
	case "empty":
		return text.T(ctx, "Empty")
	}
	return code
}
