package inbox

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tagNotices = "Notifications"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagNotices, Description: "What you are told: news of your tickets and of what you asked for, and which of it you want."}}
}

// Notification is one record with what there is to tell of it.
type Notification struct {
	Subject  string     `json:"subject" doc:"The record, as read and unread name it." example:"ticket:4294967400"`
	Ticket   string     `json:"ticket,omitempty" doc:"The ticket's number, if the record is one." example:"INC-1042"`
	Title    string     `json:"title"`
	URL      string     `json:"url" doc:"The page it leads to."`
	Kind     string     `json:"kind" doc:"What happened last." example:"reply"`
	Reason   string     `json:"reason" doc:"Why it reached you." example:"assignee"`
	ActorID  int64      `json:"actor_id,omitempty" doc:"The person who did it; absent for the program and its rules."`
	State    string     `json:"state,omitempty" doc:"Of the kind state: the state's key."`
	Detail   string     `json:"detail,omitempty" doc:"A sentence, of kinds that have one."`
	At       time.Time  `json:"at"`
	Count    int        `json:"count" doc:"How many notices there are of the record."`
	Unread   int        `json:"unread" doc:"How many of them are unread."`
	For      int64      `json:"for,omitempty" doc:"Whom you stand in for, or, of the reason manager, whose manager you are."`
	ForUntil *time.Time `json:"for_until,omitempty" doc:"Until when they are away."`
	Urgent   string     `json:"urgent,omitempty" enum:"critical,major" doc:"Why it did not wait for quiet hours to end."`
	Muted    bool       `json:"muted"`
	Watching bool       `json:"watching"`
}

// NotificationCount is what the bell shows.
type NotificationCount struct {
	Unread int `json:"unread" doc:"How many records have something unread." example:"3"`
}

// NotificationMarks names what to mark.
type NotificationMarks struct {
	Subjects []string `json:"subjects,omitempty" maxItems:"500" doc:"As the list gives them; none are all."`
}

// NotificationChoice is one kind and whether you want it.
type NotificationChoice struct {
	Kind   string `json:"kind" example:"reply"`
	Wanted bool   `json:"wanted"`
	Mail   string `json:"mail,omitempty" enum:"never,now,digest" doc:"Whether it comes by mail as well. Missing leaves it as it is."`
	// Channels are chats and telephones.
	Channels []NotificationWay `json:"channels,omitempty" maxItems:"50" doc:"By which of your channels it comes as well; those not named stay as they are."`
}

// NotificationWay is a channel by which a kind comes.
type NotificationWay struct {
	ChannelID int64  `json:"channel_id" minimum:"1" doc:"One of yours that is confirmed." example:"4294967802"`
	How       string `json:"how" enum:"never,now,digest" doc:"An SMS comes now or never."`
}

// NotificationMail is when mail comes, by the clock where you are.
type NotificationMail struct {
	Rhythm    string `json:"rhythm" enum:"hourly,daily,weekly" doc:"Of the digest."`
	Time      string `json:"time" maxLength:"5" example:"08:00" doc:"Of a daily or weekly digest."`
	Weekday   int    `json:"weekday" minimum:"0" maximum:"6" doc:"Of a weekly digest; 0 is Sunday."`
	QuietFrom string `json:"quiet_from,omitempty" maxLength:"5" example:"20:00" doc:"No mail is sent from then"`
	QuietTo   string `json:"quiet_to,omitempty" maxLength:"5" example:"07:00" doc:"until then."`
	Urgent    bool   `json:"urgent" required:"false" default:"true" doc:"What cannot wait, such as an escalation of a mission-critical service, comes at once, also in quiet hours."`
}

// NotificationChoices are all that can concern you, or those to change.
type NotificationChoices struct {
	Kinds []NotificationChoice `json:"kinds" nullable:"false" maxItems:"50"`
}

func (i *Inbox) register(h huma.API) {
	example := Notification{
		Subject: "ticket:4294967400", Ticket: "INC-1042", Title: "VPN drops every hour", URL: "/tickets/INC-1042", Kind: "reply", Reason: "assignee",
		ActorID: 4294967312, At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Count: 2, Unread: 1,
	}
	choices := NotificationChoices{Kinds: []NotificationChoice{{Kind: "reply", Wanted: true}}}
	openapi.Register(h, openapi.Operation{
		ID: "list-notifications", Method: http.MethodGet, Path: "/notifications", Tag: tagNotices, Summary: "List notifications",
		Description: "The newest record first, each with its latest news. Records that you may no longer see are left out.",
		Answer:      openapi.Page[Notification]{Items: []Notification{example}},
	}, i.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "count-notifications", Method: http.MethodGet, Path: "/notifications/unread", Tag: tagNotices, Summary: "Count unread notifications",
		Description: "What the bell shows.", Answer: NotificationCount{Unread: 3},
	}, i.apiCount)
	openapi.Register(h, openapi.Operation{
		ID: "read-notifications", Method: http.MethodPost, Path: "/notifications/read", Tag: tagNotices, Summary: "Mark notifications as read",
		Description: "Of some records, or of all.", Request: NotificationMarks{Subjects: []string{"ticket:4294967400"}}, Answer: NotificationCount{},
	}, i.apiRead)
	openapi.Register(h, openapi.Operation{
		ID: "unread-notifications", Method: http.MethodPost, Path: "/notifications/unread", Tag: tagNotices, Summary: "Mark notifications as unread",
		Description: "The latest of each of the records.", Request: NotificationMarks{Subjects: []string{"ticket:4294967400"}}, Answer: NotificationCount{Unread: 1},
	}, i.apiUnread)
	openapi.Register(h, openapi.Operation{
		ID: "get-notification-settings", Method: http.MethodGet, Path: "/notifications/settings", Tag: tagNotices, Summary: "Get what you want to be told",
		Description: "Every kind that can concern you.", Answer: choices,
	}, i.apiChoices)
	openapi.Register(h, openapi.Operation{
		ID: "change-notification-settings", Method: http.MethodPatch, Path: "/notifications/settings", Tag: tagNotices, Summary: "Change what you want to be told",
		Description: "Kinds that are not named stay as they are.", Request: choices, Answer: choices,
	}, i.apiChoose)
	plan := NotificationMail{Rhythm: "daily", Time: "08:00", Weekday: 1, Urgent: true}
	openapi.Register(h, openapi.Operation{
		ID: "get-notification-mail", Method: http.MethodGet, Path: "/notifications/settings/mail", Tag: tagNotices, Summary: "Get when mail comes",
		Description: "The digest and your quiet hours.", Answer: plan,
	}, i.apiPlan)
	openapi.Register(h, openapi.Operation{
		ID: "replace-notification-mail", Method: http.MethodPut, Path: "/notifications/settings/mail", Tag: tagNotices, Summary: "Set when mail comes",
		Description: "What waits already goes when it was to.", Request: plan, Answer: plan,
	}, i.apiSavePlan)
	for _, on := range []bool{true, false} {
		op := openapi.Operation{
			ID: "mute-ticket", Method: http.MethodPut, Path: "/tickets/{ref}/mute", Tag: tagNotices, Summary: "Mute a ticket",
			Description: "You are told only of mentions of you and of assignments to you.", Status: http.StatusNoContent, Errors: []int{http.StatusNotFound},
		}
		if !on {
			op.ID, op.Method, op.Summary, op.Description = "unmute-ticket", http.MethodDelete, "Unmute a ticket", "You are told of it as before."
		}
		openapi.Register(h, op, i.apiMute(on))
	}
}

func person(ctx context.Context) error {
	if actor := access.From(ctx); !actor.IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Send an API token or sign in.")
	}
	return nil
}

func (i *Inbox) apiList(ctx context.Context, in *struct {
	openapi.Paging
	Only string `query:"only" enum:"unread,mentions,assigned,watching" doc:"A part of them."`
},
) (*openapi.Listed[Notification], error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	q := notify.Query{Only: notify.Only(in.Only), Limit: min(in.Limit, 100)}
	before, err := in.After()
	if err != nil {
		return nil, err
	}
	q.Before = before
	items, next, err := i.notifications(ctx, q)
	if err != nil {
		return nil, err
	}
	cursor := ""
	if next != 0 {
		cursor = strconv.FormatInt(next, 10)
	}
	return openapi.List(ctx, items, cursor), nil
}

// notifications reads a page by the type that its reader may have.
func (i *Inbox) notifications(ctx context.Context, q notify.Query) ([]Notification, int64, error) {
	who := readerOf(ctx)
	items := []Notification{}
	if who.audience != notify.Insiders {
		page, err := i.d.Notices.PublicInbox(ctx, q)
		for _, l := range page.Lines {
			n := l.Notices[0]
			item := Notification{
				Subject: subjectKey(l.Subject), Ticket: l.Number, Title: l.Title, URL: l.Subject.URL, Kind: string(n.Kind),
				Reason: string(n.Reason), State: n.State, At: n.At, Count: len(l.Notices), Unread: l.Unread, Muted: l.Muted, Watching: l.Watched,
			}
			item.instead(n.For, n.ForUntil, n.Urgent)
			if l.Number != "" {
				item.URL = who.ticketURL(l.Number)
			}
			if n.Actor.Type == access.TypePerson {
				item.ActorID = n.Actor.ID
			}
			items = append(items, item)
		}
		return items, page.Next, err
	}
	page, err := i.d.Notices.Inbox(ctx, q)
	for _, l := range page.Lines {
		n := l.Notices[0]
		item := Notification{
			Subject: subjectKey(l.Subject), Ticket: l.Number, Title: l.Subject.Title, URL: l.Subject.URL, Kind: string(n.Kind),
			Reason: string(n.Reason), Detail: n.Detail, At: n.At, Count: len(l.Notices), Unread: l.Unread, Muted: l.Muted, Watching: l.Watched,
		}
		if n.Kind == notify.Moved {
			item.State, item.Detail = n.Detail, ""
		}
		if l.Number != "" {
			item.URL = who.ticketURL(l.Number)
		}
		item.instead(n.For, n.ForUntil, n.Urgent)
		if n.Actor.Type == access.TypePerson {
			item.ActorID = n.Actor.ID
		}
		items = append(items, item)
	}
	return items, page.Next, err
}

// instead says for whom it came, and what made it urgent.
func (n *Notification) instead(of int64, until time.Time, urgent notify.Urgency) {
	n.For, n.Urgent = of, string(urgent)
	if !until.IsZero() {
		n.ForUntil = &until
	}
}

// countAnswer is what the bell shows after an operation.
type countAnswer struct{ Body NotificationCount }

func (i *Inbox) count(ctx context.Context) (*countAnswer, error) {
	unread, err := i.d.Notices.Unread(ctx)
	return &countAnswer{NotificationCount{unread.Lines}}, err
}

func (i *Inbox) apiCount(ctx context.Context, _ *struct{}) (*countAnswer, error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	return i.count(ctx)
}

type marksInput struct{ Body NotificationMarks }

func (i *Inbox) apiRead(ctx context.Context, in *marksInput) (*countAnswer, error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	named, err := subjects(in.Body.Subjects)
	if err != nil {
		return nil, err
	}
	if _, err := i.d.Notices.MarkRead(ctx, named...); err != nil {
		return nil, err
	}
	return i.count(ctx)
}

func (i *Inbox) apiUnread(ctx context.Context, in *marksInput) (*countAnswer, error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	named, err := subjects(in.Body.Subjects)
	if err != nil {
		return nil, err
	}
	if len(named) == 0 {
		return nil, apperr.InvalidField("subjects", "Name the records to mark as unread.")
	}
	if err := i.d.Notices.MarkUnread(ctx, time.Time{}, named...); err != nil {
		return nil, err
	}
	return i.count(ctx)
}

type choicesAnswer struct{ Body NotificationChoices }

func (i *Inbox) apiChoices(ctx context.Context, _ *struct{}) (*choicesAnswer, error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	choices, err := i.d.Notices.Choices(ctx)
	out := &choicesAnswer{NotificationChoices{Kinds: []NotificationChoice{}}}
	for _, c := range choices {
		d := NotificationChoice{Kind: string(c.Kind), Wanted: c.On, Mail: mailWord(c.Mail)}
		for id, how := range c.Channels {
			d.Channels = append(d.Channels, NotificationWay{id, mailWord(how)})
		}
		slices.SortFunc(d.Channels, func(a, b NotificationWay) int { return int(a.ChannelID - b.ChannelID) })
		out.Body.Kinds = append(out.Body.Kinds, d)
	}
	return out, err
}

func (i *Inbox) apiChoose(ctx context.Context, in *struct{ Body NotificationChoices }) (*choicesAnswer, error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	wanted, how, ways := map[notify.Kind]bool{}, map[notify.Kind]notify.Mail{}, map[string]string{}
	for _, c := range in.Body.Kinds {
		wanted[notify.Kind(c.Kind)] = c.Wanted
		for _, way := range notify.Mails() {
			if mailWord(way) == c.Mail {
				how[notify.Kind(c.Kind)] = way
			}
		}
		for _, by := range c.Channels {
			value := by.How
			if value == mailWord(notify.MailNever) {
				value = string(notify.MailNever)
			}
			ways[c.Kind+"."+strconv.FormatInt(by.ChannelID, 10)] = value
		}
	}
	if err := i.d.Notices.Choose(ctx, wanted); err != nil {
		return nil, err
	}
	if err := i.d.Notices.ChooseMail(ctx, how); err != nil {
		return nil, err
	}
	if err := i.chooseWays(ctx, ways); err != nil {
		return nil, err
	}
	return i.apiChoices(ctx, nil)
}

func (i *Inbox) apiMute(on bool) func(ctx context.Context, in *struct {
	Ref string `path:"ref" maxLength:"40" example:"INC-1042"`
}) (*struct{}, error) {
	return func(ctx context.Context, in *struct {
		Ref string `path:"ref" maxLength:"40" example:"INC-1042"`
	},
	) (*struct{}, error) {
		if err := person(ctx); err != nil {
			return nil, err
		}
		t, err := i.d.Tickets.Get(ctx, ticket.ByNumber(in.Ref))
		if err != nil {
			return nil, err
		}
		return nil, i.d.Notices.Mute(ctx, t.ID, on)
	}
}

func mailWord(m notify.Mail) string {
	if m == notify.MailNever {
		return "never"
	}
	return string(m)
}

type planAnswer struct{ Body NotificationMail }

func (i *Inbox) apiPlan(ctx context.Context, _ *struct{}) (*planAnswer, error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	p, err := i.d.Notices.PlanOf(ctx)
	return &planAnswer{NotificationMail(formOf(p))}, err
}

func (i *Inbox) apiSavePlan(ctx context.Context, in *struct{ Body NotificationMail }) (*planAnswer, error) {
	if err := person(ctx); err != nil {
		return nil, err
	}
	f := mailForm(in.Body)
	p, err := f.plan()
	if err != nil {
		return nil, err
	}
	if err := i.d.Notices.SavePlan(ctx, p); err != nil {
		return nil, err
	}
	return i.apiPlan(ctx, nil)
}
