// Package view draws the inbox: the bell, the list, and what can be chosen.
package view

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// URL is the list's address; everything of the room lies below it.
const URL = "/inbox"

// MailURL is where one chooses of which tickets letters come.
const MailURL = "/mail/preferences"

// changed is the live event that a person's notices changed.
const changed = "notices-changed"

// ListURL is the address of a part of the list, from a line on.
func ListURL(only string, before int64) string {
	q := url.Values{}
	if only != "" {
		q.Set("only", only)
	}
	if before != 0 {
		q.Set("before", strconv.FormatInt(before, 10))
	}
	if len(q) == 0 {
		return URL
	}
	return URL + "?" + q.Encode()
}

// AboutURL is where one says how much of a ticket one wants to hear.
func AboutURL(number string) string { return URL + "/about/" + number }

// Bell is the way to the inbox in the top bar.
type Bell struct {
	Count int
	Here  int64 // the ticket before the reader's eyes
}

func (b Bell) url() string {
	if b.Here == 0 {
		return URL + "/bell"
	}
	return URL + "/bell?here=" + strconv.FormatInt(b.Here, 10)
}

// maxShown is the highest count the bell writes out.
const maxShown = 99

func (b Bell) count() string {
	if b.Count > maxShown {
		return strconv.Itoa(maxShown) + "+"
	}
	return strconv.Itoa(b.Count)
}

func (b Bell) label(ctx context.Context) string {
	if b.Count == 0 {
		return text.T(ctx, "Notifications")
	}
	return text.N(ctx, b.Count, "Notifications: %d unread", "Notifications: %d unread")
}

// Page is the list.
type Page struct {
	Only      string // of notify.Only
	Plain     bool   // in the words of somebody who only asks for things
	Lines     []Line
	MoreURL   string
	Newest    int64 // the newest notice shown
	Unread    bool  // something is
	Continued bool  // it does not begin at the newest
}

// Line is one record with its news.
type Line struct {
	Subject  string // "ticket:42"
	Ref      string // "INC-1042"
	Title    string
	URL      string
	AboutURL string // where to watch or mute it
	Newest   int64  // id of the newest notice
	Icon     ui.Icon
	Text     string // what happened last
	Why      string
	// AbsenceURL leads to who stands in for whom, where that is why; "" where not.
	AbsenceURL string
	Urgent     string // why it did not wait, "" for what does
	Kind       string
	KindLabel  string
	More       int // further notices of it
	Unread     int
	At         time.Time
	Internal   bool
	Muted      bool
	Watched    bool
}

func (l Line) id() string { return "notice-" + l.Subject }

// News is how many lines have news that an open list does not show.
type News struct {
	Count int
	Only  string
	Since int64
}

func (n News) url() string {
	return URL + "/new?" + url.Values{"only": {n.Only}, "since": {strconv.FormatInt(n.Since, 10)}}.Encode()
}

// Settings is the page of choices.
type Settings struct {
	Plain bool
	Kinds []Choice
	Mail  *MailPlan // nil while neither mail nor a channel is offered
	// OffersWays is whether chats or telephones can be set up.
	OffersWays bool
}

// MailPlan is when mail comes.
type MailPlan struct {
	Title                    string
	Rhythm, Weekday          ui.Select
	Time, QuietFrom, QuietTo ui.TextField
	Urgent                   ui.Check
}

// Choice is one kind of notice.
type Choice struct {
	Kind, Label, About string
	On                 bool
	Ways               []ui.Select // by mail and by channels, where these are offered
}

// About is how the reader stands to one ticket.
type About struct {
	Number, Title, BackURL string
	Why                    []string
	Watched, Muted, Plain  bool
}

func (p Page) tabs(ctx context.Context) templ.Component {
	all := []ui.Tab{
		{Label: text.T(ctx, "All"), URL: ListURL("", 0)},
		{Label: text.T(ctx, "Unread"), URL: ListURL("unread", 0)},
	}
	if !p.Plain {
		all = append(all,
			ui.Tab{Label: text.T(ctx, "Mentions"), URL: ListURL("mentions", 0)},
			ui.Tab{Label: text.In(ctx, "notices", "Assigned"), URL: ListURL("assigned", 0)},
			ui.Tab{Label: text.In(ctx, "notices", "Watching"), URL: ListURL("watching", 0)},
		)
	}
	for i := range all {
		all[i].Active = all[i].URL == ListURL(p.Only, 0)
	}
	return ui.Tabs(text.T(ctx, "Notifications"), all)
}

func (p Page) actions(ctx context.Context) []templ.Component {
	var out []templ.Component
	if p.Unread {
		out = append(out, ui.Button{Label: text.T(ctx, "Mark all as read"), Icon: ui.IconChecks, Post: URL + "/read?only=" + url.QueryEscape(p.Only), Key: "E"})
	}
	return append(out, ui.Button{Label: text.T(ctx, "Choose what you are told"), Icon: ui.IconSettings, URL: URL + "/settings", Kind: ui.Quiet})
}

func (p Page) empty(ctx context.Context) ui.EmptyState {
	switch {
	case p.Only == "unread":
		return ui.EmptyState{Icon: ui.IconChecks, Title: text.T(ctx, "You have read everything"), Text: text.T(ctx, "What concerns you appears here as soon as it happens.")}
	case p.Only != "":
		return ui.EmptyState{Icon: ui.IconBell, Title: text.T(ctx, "Nothing of this kind")}
	case p.Plain:
		return ui.EmptyState{Icon: ui.IconBell, Title: text.T(ctx, "No news yet"), Text: text.T(ctx, "When somebody answers you, or something you asked for gets further, you read it here.")}
	}
	return ui.EmptyState{Icon: ui.IconBell, Title: text.T(ctx, "Nothing yet"), Text: text.T(ctx, "Mentions, assignments, replies and changes of what you work on or watch appear here as soon as they happen.")}
}
