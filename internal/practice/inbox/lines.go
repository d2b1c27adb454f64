package inbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/inbox/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// lines reads a part of the inbox as its reader understands it, and where it goes on.
func (i *Inbox) lines(ctx context.Context, q notify.Query) ([]view.Line, int64, error) {
	who := readerOf(ctx)
	if who.audience != notify.Insiders {
		page, err := i.d.Notices.PublicInbox(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		lines, err := i.publicLines(ctx, who, page.Lines)
		return lines, page.Next, err
	}
	page, err := i.d.Notices.Inbox(ctx, q)
	if err != nil {
		return nil, 0, err
	}
	lines, err := i.insideLines(ctx, who, page.Lines)
	return lines, page.Next, err
}

// worded gives lines as their reader understands them.
func (i *Inbox) worded(ctx context.Context, found []notify.Line) ([]view.Line, error) {
	who := readerOf(ctx)
	if who.audience != notify.Insiders {
		return i.publicLines(ctx, who, notify.PublicLines(found))
	}
	return i.insideLines(ctx, who, found)
}

func (i *Inbox) insideLines(ctx context.Context, who reader, found []notify.Line) ([]view.Line, error) {
	var actors []ticket.ActorRef
	for _, l := range found {
		actors = append(actors, l.Notices[0].Actor, somebody(l.Notices[0].For))
	}
	names, err := i.names(ctx, actors)
	if err != nil {
		return nil, err
	}
	out := make([]view.Line, len(found))
	for at, l := range found {
		n := &l.Notices[0]
		said := sentence{kind: n.Kind, reason: n.Reason, who: names.of(n.Actor), state: n.Detail}
		if n.Kind == notify.Moved {
			said.state = i.stateLabel(ctx, l.Kind, n.Detail, false)
		}
		out[at] = view.Line{
			Subject: subjectKey(l.Subject), Ref: l.Number, Title: l.Subject.Title, URL: l.Subject.URL, Newest: n.ID,
			Icon: iconOf(n.Kind), Text: said.text(ctx), Why: names.why(ctx, n.Reason, n.For, n.ForUntil), AbsenceURL: absenceURL(n.For, n.Reason), Urgent: urgentText(ctx, n.Urgent), Kind: string(n.Kind), KindLabel: text.T(ctx, kindTexts[n.Kind].label),
			More: len(l.Notices) - 1, Unread: l.Unread, At: n.At, Internal: n.Internal, Muted: l.Muted, Watched: l.Watched,
		}
		if l.Number != "" {
			out[at].URL = who.ticketURL(l.Number)
			out[at].AboutURL = view.AboutURL(l.Number)
		}
	}
	return out, nil
}

func (i *Inbox) publicLines(ctx context.Context, who reader, found []notify.PublicLine) ([]view.Line, error) {
	var actors []ticket.ActorRef
	for _, l := range found {
		actors = append(actors, l.Notices[0].Actor, somebody(l.Notices[0].For))
	}
	names, err := i.names(ctx, actors)
	if err != nil {
		return nil, err
	}
	names.short = who.asks()
	out := make([]view.Line, len(found))
	for at, l := range found {
		n := &l.Notices[0]
		said := sentence{kind: n.Kind, reason: n.Reason, who: names.of(n.Actor), state: i.stateLabel(ctx, l.Kind, n.State, who.asks()), plain: who.asks()}
		out[at] = view.Line{
			Subject: subjectKey(l.Subject), Ref: l.Number, Title: l.Title, URL: l.Subject.URL,
			Newest: n.ID, Icon: iconOf(n.Kind), Text: said.text(ctx), Why: names.why(ctx, n.Reason, n.For, n.ForUntil), AbsenceURL: absenceURL(n.For, n.Reason), Urgent: urgentText(ctx, n.Urgent),
			Kind: string(n.Kind), KindLabel: text.T(ctx, kindTexts[n.Kind].label),
			More: len(l.Notices) - 1, Unread: l.Unread, At: n.At, Muted: l.Muted, Watched: l.Watched,
		}
		if l.Number != "" {
			out[at].URL, out[at].AboutURL = who.ticketURL(l.Number), view.AboutURL(l.Number)
		}
	}
	return out, nil
}

// stateLabel is a state's word for agents, or for requesters.
func (i *Inbox) stateLabel(ctx context.Context, kind, state string, plain bool) string {
	def, err := i.d.Tickets.Kinds().In(ctx).Get(kind)
	if err != nil {
		return state
	}
	s, known := def.State(state)
	switch {
	case !known:
		return state
	case plain && s.RequesterLabel != "":
		return s.RequesterLabel
	}
	return s.Label
}

// cast are the names of those who did something.
type cast struct {
	persons map[int64]people.PersonName
	short   bool // first names only
}

func (i *Inbox) names(ctx context.Context, actors []ticket.ActorRef) (cast, error) {
	var ids []int64
	for _, a := range actors {
		if a.Type == access.TypePerson && !slices.Contains(ids, a.ID) {
			ids = append(ids, a.ID)
		}
	}
	persons, err := i.d.Names.PersonNames(ctx, i.d.DB.Reader(), ids)
	return cast{persons: persons}, err
}

// of is the name of an actor; "" for the program and for rules.
func (c cast) of(a ticket.ActorRef) string {
	if a.Type != access.TypePerson {
		return ""
	}
	name := c.persons[a.ID].Name
	if c.short {
		if words := strings.Fields(name); len(words) > 0 {
			return words[0]
		}
	}
	return name
}

// somebody is a person whose name is wanted, though they did nothing.
func somebody(person int64) ticket.ActorRef {
	return ticket.ActorRef{Type: access.TypePerson, ID: person}
}

// why says why a notice reached its reader, also where it did instead of somebody else.
func (c cast) why(ctx context.Context, reason notify.Reason, of int64, until time.Time) string {
	if of == 0 {
		return whyText(ctx, reason, c.short)
	}
	name, end := c.of(somebody(of)), text.DateTime(ctx, until)
	switch reason {
	case notify.AsManager:
		return text.T(ctx, "You get this because you are a manager of %s, who has it.", name)
	case notify.AsSubstitute:
		return text.T(ctx, "You get this because you stand in for %s until %s.", name, end)
	case notify.AsLead:
		return text.T(ctx, "You get this because %s is away until %s, nobody who may see it stands in, and you lead the group.", name, end)
	case notify.AsOwner:
		return text.T(ctx, "You get this because %s is away until %s, nobody of the group who may see it is there, and you answer for the service.", name, end)
	}
	return text.T(ctx, "You get this because %s is away until %s, nobody who may see it stands in, and you are in the group.", name, end)
}

// absenceURL is where somebody changes that they are told instead of another.
func absenceURL(of int64, reason notify.Reason) string {
	if of == 0 || reason == notify.AsManager {
		return ""
	}
	return "/profile/absence"
}

// urgentText says why a notice did not wait for the end of quiet hours.
func urgentText(ctx context.Context, u notify.Urgency) string {
	switch u {
	case notify.CriticalService:
		return text.T(ctx, "It does not wait for quiet hours to end: the business stops without this service.")
	case notify.MajorIncident:
		return text.T(ctx, "It does not wait for quiet hours to end: this is a major incident.")
	}
	return ""
}

// sentence is what a line says happened.
type sentence struct {
	kind   notify.Kind
	reason notify.Reason
	who    string // "" for the program
	state  string // the state's label, or the sentence another room sent
	plain  bool
}

func (s sentence) text(ctx context.Context) string {
	if s.who == "" {
		return s.byItself(ctx)
	}
	switch s.kind {
	case notify.Mentioned:
		return text.T(ctx, "%s mentioned you", s.who)
	case notify.Assigned:
		return text.T(ctx, "%s assigned this to you", s.who)
	case notify.Opened:
		if s.reason == notify.AsWatcher {
			return text.T(ctx, "%s opened this and asked you to watch it", s.who)
		}
		return text.T(ctx, "%s opened this for you", s.who)
	case notify.Replied:
		return text.T(ctx, "%s replied", s.who)
	case notify.Noted:
		return text.T(ctx, "%s wrote an internal note", s.who)
	case notify.Reviewed:
		return s.ofDraft(ctx)
	case notify.Moved:
		if s.plain {
			return text.T(ctx, "Now: %s", s.state)
		}
		return text.T(ctx, "%s moved this to “%s”", s.who, s.state)
	}
	return s.byItself(ctx)
}

// ofDraft says what somebody did with a draft that was shared for review.
func (s sentence) ofDraft(ctx context.Context) string {
	switch s.state {
	case "ask":
		return text.T(ctx, "%s asks you to review a draft", s.who)
	case "ready":
		return text.T(ctx, "%s finds your draft ready to send", s.who)
	case "change":
		return text.T(ctx, "%s asks you to change your draft", s.who)
	case "sent":
		return text.T(ctx, "%s sent your draft", s.who)
	case "discarded":
		return text.T(ctx, "%s discarded your draft", s.who)
	}
	return text.T(ctx, "%s did something with a draft", s.who)
}

// byItself says what happened without saying who did it.
func (s sentence) byItself(ctx context.Context) string {
	switch s.kind {
	case notify.Mentioned:
		return text.T(ctx, "You were mentioned")
	case notify.Assigned:
		return text.T(ctx, "This was assigned to you")
	case notify.GroupWork:
		return text.T(ctx, "Your group has this, and nobody has taken it yet")
	case notify.Opened:
		return text.T(ctx, "This was opened for you")
	case notify.Replied:
		return text.T(ctx, "There is a reply")
	case notify.Noted:
		return text.T(ctx, "There is an internal note")
	case notify.Reviewed:
		return text.T(ctx, "There is news of a draft")
	case notify.Moved:
		return text.T(ctx, "Now: %s", s.state)
	case notify.Published:
		return text.T(ctx, "New results are published")
	}
	if s.state != "" {
		return text.T(ctx, s.state) // of another room, which marked it as a text
	}
	return text.T(ctx, kindTexts[s.kind].label)
}

// kindText is how people read of a kind.
type kindText struct {
	icon         ui.Icon
	label, about string
	plain        string // about, to somebody who only asks for things
}

var kindTexts = map[notify.Kind]kindText{
	notify.Mentioned: {icon: ui.IconAt, label: text.Key("Mentions"), about: text.Key("Somebody names you in a message or a note. A muted ticket tells you of this, too.")},
	notify.Assigned:  {icon: ui.IconUserCheck, label: text.Key("Assigned to me"), about: text.Key("Somebody gives you a ticket. A muted ticket tells you of this, too.")},
	notify.GroupWork: {icon: ui.IconUsers, label: text.Key("Work for my groups"), about: text.Key("A ticket comes to one of your groups, or its requester writes, and nobody has taken it yet.")},
	notify.Opened: {
		icon: ui.IconTicket, label: text.Key("Opened for me"), about: text.Key("Somebody opens a ticket on your behalf, or asks you to watch one."),
		plain: text.Key("Somebody at the service desk writes down a request for you."),
	},
	notify.Replied: {
		icon: ui.IconMessage, label: text.Key("Replies"), about: text.Key("Somebody writes to the requester, or the requester writes, on tickets you work on, asked for or watch."),
		plain: text.Key("Somebody answers you, or asks you something."),
	},
	notify.Noted:    {icon: ui.IconNote, label: text.Key("Internal notes"), about: text.Key("A colleague writes a note on a ticket you work on or watch.")},
	notify.Reviewed: {icon: ui.IconEdit, label: text.Key("Reviews of drafts"), about: text.Key("A colleague asks you to review a draft, or reviews or sends yours. A muted ticket tells you of this, too.")},
	notify.Moved: {
		icon: ui.IconArrowRight, label: text.Key("Changes of state"), about: text.Key("A ticket you work on, asked for or watch is put on hold, resolved or closed."),
		plain: text.Key("What you asked for gets further: it is in work, waits for you, or is done."),
	},
	notify.Due:      {icon: ui.IconClock, label: text.Key("Reminders"), about: text.Key("What you put aside comes back, or an update is due.")},
	notify.Finished: {icon: ui.IconChecks, label: text.Key("Finished work"), about: text.Key("What you started in the background is done: a change of many tickets, an import.")},
	notify.Report:   {icon: ui.IconReportAnalytics, label: text.Key("Reports"), about: text.Key("A report or dashboard comes by schedule.")},
	notify.Major:    {icon: ui.IconUrgent, label: text.Key("Major incidents"), about: text.Key("A major incident is proposed or declared, or you have a role in it.")},
	notify.Escalated: {
		icon: ui.IconStairsUp, label: text.Key("Escalations"), about: text.Key("Time runs out for a ticket, or has, and it is your turn to know."),
		plain: text.Key("What you asked for takes longer than promised, and somebody looks after it."),
	},
	notify.Absence: {icon: ui.IconCalendarOff, label: text.Key("Absences"), about: text.Key("Somebody you stand in for, or a member of a group you lead, is away; or you are back, and this is what happened.")},
	notify.Alarm:   {icon: ui.IconActivity, label: text.Key("Alarms"), about: text.Key("A figure crosses the line that was set for it, or what the desk needs does not work.")},
	notify.Published: {
		icon: ui.IconReportAnalytics, label: text.Key("Published results"), about: text.Key("Results of service levels are published to your organisation, and you are to be told."),
		plain: text.Key("What became of the promises to your organisation is published, and you are to be told."),
	},
}

func iconOf(k notify.Kind) ui.Icon {
	if t, ok := kindTexts[k]; ok {
		return t.icon
	}
	return ui.IconBell
}

// whyText says why a notice reached its reader.
func whyText(ctx context.Context, why notify.Reason, plain bool) string {
	switch why {
	case notify.AsMentioned:
		return text.T(ctx, "You get this because somebody named you in it.")
	case notify.AsAssignee:
		return text.T(ctx, "You get this because the ticket is assigned to you.")
	case notify.AsRequester:
		return text.T(ctx, "You get this because the ticket is for you.")
	case notify.AsOpener:
		return text.T(ctx, "You get this because you opened the ticket.")
	case notify.AsWatcher:
		if plain {
			return text.T(ctx, "You get this because you follow the ticket.")
		}
		return text.T(ctx, "You get this because you watch the ticket.")
	case notify.AsMember:
		return text.T(ctx, "You get this because the ticket is in a group of yours, and you want to hear of its work.")
	case notify.AsStarter:
		return text.T(ctx, "You get this because you asked for it.")
	case notify.AsListed:
		return text.T(ctx, "You get this because you are on its list of recipients.")
	case notify.AsReviewer:
		return text.T(ctx, "You get this because you were asked to review it.")
	case notify.AsAuthor:
		return text.T(ctx, "You get this because you wrote the draft.")
	case notify.AsRole:
		return text.T(ctx, "You get this because of a role you have.")
	case notify.AsLead:
		return text.T(ctx, "You get this because you lead the group that has the ticket.")
	case notify.AsOwner:
		return text.T(ctx, "You get this because you answer for the service.")
	case notify.AsSubscriber:
		return text.T(ctx, "You get this because you asked to be told when results are published.")
	}
	return ""
}
