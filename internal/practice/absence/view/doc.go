// Package view draws the pages of absences.
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

// Addresses of the room, and of others that it leads to.
const (
	MineURL    = "/profile/absence"
	SuggestURL = "/suggest/people"
)

// OfURL is the list of a person's absences.
func OfURL(person int64) string { return PersonURL(person) + "/absences" }

// PersonURL is the page of a person.
func PersonURL(person int64) string { return "/people/" + strconv.FormatInt(person, 10) }

// OneURL is the page of an absence.
func OneURL(id int64) string { return "/absences/" + strconv.FormatInt(id, 10) }

// MembersURL completes the names of a group's members.
func MembersURL(group int64) string { return "/suggest/members?group=" + strconv.FormatInt(group, 10) }

// TicketURL is the page of a ticket.
func TicketURL(number string) string { return "/tickets/" + number }

// GiveURL takes to whom a ticket is given.
func GiveURL(number string) string { return TicketURL(number) + "/stand-in" }

// QueueURL is the list of the tickets of a filter.
func QueueURL(filter string) string { return "/queue?" + url.Values{"q": {filter}}.Encode() }

// Page is the list of somebody's absences, with the form of another one.
type Page struct {
	Own       bool
	Name      string
	URL       string // takes another one
	PersonURL string // of somebody else
	All       []Line
	Standing  []Standing // for whom the reader stands in; of one's own page
	Form      Form
}

// Line is one absence in the list.
type Line struct {
	ID, URL, EndURL string
	When, Reason    string
	Stage           int // before (-1), in (0) or behind (1) it
	StandIns        []string
}

// Standing is an absence in which the reader stands in.
type Standing struct {
	Name, When       string
	Now              bool
	Groups           []string // for whose tickets alone; none is all
	URL, StepDownURL string
}

// Form is that of an absence.
type Form struct {
	Action, Version, Save string
	From, Until           ui.DateField
	Reason                *ui.TextField // nil of somebody else
	Substitute            ui.Combobox
	Groups                []ui.Combobox
	Open                  bool // the substitutes by group are shown
}

// One is the page of one absence.
type One struct {
	Own                 bool
	Name, When, ListURL string
	Stage               int
	Holds               bool
	Parts               []Part
	Meanwhile           *Meanwhile
	Form                *Form
	EndURL              string
}

// Part are tickets for which the same person stands in.
type Part struct {
	ID, Name string // "" for nobody
	Note     string // what keeps some of them from being handed over as they are
	Action   string // where they are handed over; "" for those who may not
	Hidden   []ui.Hidden
	Rows     []Row
}

// Row is a ticket.
type Row struct {
	ID, Number, Title, URL, Of string
	State                      ui.StateBadge
	Priority                   int
	PriorityLabel              string
	At                         time.Time
}

// Meanwhile is what came for somebody while they were away.
type Meanwhile struct {
	Said  string
	Lines []Told
}

// Told is one record of which they were told.
type Told struct {
	Number, Title, URL string
	Count              int
	At                 time.Time
	Unread             bool
}

// Home is the part of "My work": what those hold who are away.
type Home struct {
	Lead   []string // who is away until when
	Rows   []Row
	More   bool
	AllURL string
}

func (m Page) title(ctx context.Context) string {
	if m.Own {
		return text.T(ctx, "My absence")
	}
	return text.T(ctx, "Absence of %s", m.Name)
}

func (m Page) trail(ctx context.Context) []ui.Crumb {
	if m.Own {
		return []ui.Crumb{{Label: text.T(ctx, "My profile"), URL: "/profile"}, {Label: text.T(ctx, "Absence")}}
	}
	return []ui.Crumb{{Label: m.Name, URL: m.PersonURL}, {Label: text.T(ctx, "Absence")}}
}

func stageBadge(ctx context.Context, stage int) ui.Badge {
	switch stage {
	case -1:
		return ui.Badge{Label: text.In(ctx, "absence", "Planned")}
	case 0:
		return ui.Badge{Label: text.In(ctx, "absence", "Now"), Tone: ui.Warning}
	}
	return ui.Badge{Label: text.In(ctx, "absence", "Over")}
}

func endButton(ctx context.Context, stage int, url string, small bool) ui.Button {
	b := ui.Button{Label: text.T(ctx, "End it now"), Post: url, Small: small}
	if stage < 0 {
		b.Label = text.T(ctx, "Take it back")
	}
	return b
}

func (m Page) table(ctx context.Context) ui.Table {
	t := ui.Table{
		ID: "absences", Caption: text.T(ctx, "Absences"),
		Columns: []ui.Column{
			{Key: "when", Label: text.T(ctx, "When"), Main: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
			{Key: "stand-in", Label: text.T(ctx, "Who stands in")},
			{Key: "why", Label: text.T(ctx, "Why")},
			{Key: "action", Label: text.T(ctx, "Action"), Hidden: true, Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconCalendarOff, Title: text.T(ctx, "Nobody is away"), Text: text.T(ctx, "Say below when that will be, and who stands in.")},
	}
	if !m.Own {
		t.Columns = append(t.Columns[:3], t.Columns[4])
	}
	for _, l := range m.All {
		who := l.who(ctx)
		row := ui.Row{ID: "absence-" + l.ID, URL: l.URL, Muted: l.Stage > 0, Cells: []templ.Component{ui.Link{Label: l.When, URL: l.URL}, stageBadge(ctx, l.Stage), ui.Words(who)}}
		if m.Own {
			row.Cells = append(row.Cells, ui.Words(l.Reason))
		}
		var end templ.Component
		if l.Stage <= 0 {
			end = endButton(ctx, l.Stage, l.EndURL, true)
		}
		row.Cells = append(row.Cells, end)
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (l Line) who(ctx context.Context) string {
	if len(l.StandIns) == 0 {
		return text.T(ctx, "Nobody")
	}
	return text.List(ctx, l.StandIns)
}

func (m Page) standing(ctx context.Context) ui.Table {
	t := ui.Table{
		ID: "standing-in", Caption: text.T(ctx, "For whom I stand in"),
		Columns: []ui.Column{
			{Key: "person", Label: text.T(ctx, "Person"), Main: true},
			{Key: "when", Label: text.T(ctx, "When")},
			{Key: "groups", Label: text.T(ctx, "Tickets of")},
			{Key: "action", Label: text.T(ctx, "Action"), Hidden: true, Shrink: true},
		},
	}
	for _, s := range m.Standing {
		groups := text.T(ctx, "All groups")
		if len(s.Groups) > 0 {
			groups = text.List(ctx, s.Groups)
		}
		t.Rows = append(t.Rows, ui.Row{URL: s.URL, Cells: []templ.Component{
			ui.Link{Label: s.Name, URL: s.URL},
			ui.Words(s.When), ui.Words(groups),
			ui.Button{Label: text.T(ctx, "I cannot stand in"), Post: s.StepDownURL, Small: true},
		}})
	}
	return t
}

// tickets is a table of tickets; with selectable rows each can be taken out.
func tickets(ctx context.Context, id, caption string, rows []Row, selectable, of bool) ui.Table {
	t := ui.Table{
		ID: id, Caption: caption,
		Columns: []ui.Column{
			{Key: "title", Label: text.T(ctx, "Title"), Main: true},
			{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
			{Key: "priority", Label: text.T(ctx, "Priority"), Shrink: true},
		},
	}
	if of {
		t.Columns = append(t.Columns, ui.Column{Key: "of", Label: text.T(ctx, "Assignee")})
	}
	if selectable {
		t.SelectName = "id"
	}
	for _, r := range rows {
		row := ui.Row{ID: id + "-" + r.ID, Label: r.Number, URL: r.URL, Cells: []templ.Component{
			ui.Link{Label: r.Title, URL: r.URL}, ui.Link{Label: r.Number, URL: r.URL, Mono: true}, r.State, ui.PriorityBadge{Level: r.Priority, Label: r.PriorityLabel},
		}}
		if of {
			row.Cells = append(row.Cells, ui.Party{Name: r.Of})
		}
		if selectable {
			row.Value, row.Selected = r.ID, true
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (p Part) title(ctx context.Context) string {
	if p.Name == "" {
		return text.T(ctx, "Nobody stands in for these")
	}
	return text.T(ctx, "%s stands in for these", p.Name)
}

func (p Part) button(ctx context.Context) ui.Button {
	b := ui.Button{Label: text.T(ctx, "Hand over…"), Submit: true}
	if p.Name != "" {
		b.Label, b.Kind = text.T(ctx, "Hand over to %s…", p.Name), ui.Primary
	}
	return b
}

func (m Meanwhile) table(ctx context.Context) ui.Table {
	t := ui.Table{
		ID: "meanwhile", Caption: text.T(ctx, "While I was away"),
		Columns: []ui.Column{
			{Key: "title", Label: text.T(ctx, "Title"), Main: true},
			{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
			{Key: "count", Label: text.T(ctx, "Notifications"), Number: true, Shrink: true},
			{Key: "at", Label: text.T(ctx, "Last"), Shrink: true},
		},
	}
	for _, l := range m.Lines {
		var number templ.Component
		if l.Number != "" {
			number = ui.Link{Label: l.Number, URL: l.URL, Mono: true}
		}
		t.Rows = append(t.Rows, ui.Row{URL: l.URL, Unread: l.Unread, Cells: []templ.Component{ui.Link{Label: l.Title, URL: l.URL}, number, ui.Words(text.Number(ctx, int64(l.Count))), ui.Moment{At: l.At}}})
	}
	return t
}
