package webhook

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// names are the names that the log mentions.
type named struct {
	channels map[int64]Channel
	persons  map[int64]people.PersonName
	tickets  map[int64]string
}

func (s *Service) namesOf(ctx context.Context, all []Stored) (named, error) {
	var n named
	var channels, persons, tickets []int64
	for i := range all {
		channels, persons, tickets = append(channels, all[i].ChannelID), append(persons, all[i].PersonID), append(tickets, all[i].TicketID)
	}
	var err error
	if n.channels, err = s.byID(ctx, s.DB.Reader(), channels); err != nil {
		return n, err
	}
	if n.persons, err = s.People.PersonNames(ctx, s.DB.Reader(), persons); err != nil {
		return n, err
	}
	n.tickets, err = s.ticketNumbers(ctx, tickets)
	return n, err
}

func (s *Service) listMessages(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var in struct {
		Channel int64  `form:"channel"`
		State   string `form:"state,line"`
		After   int64  `form:"after"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	found, err := s.Messages(ctx, MessageQuery{Channel: in.Channel, State: State(in.State), Before: in.After, Limit: pageSize + 1})
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "deliveries", Caption: text.T(ctx, "Deliveries"),
		Columns: []ui.Column{
			{Key: "what", Label: text.T(ctx, "What"), Main: true},
			{Key: "channel", Label: text.T(ctx, "Channel")},
			{Key: "to", Label: text.T(ctx, "To")},
			{Key: "tries", Label: text.T(ctx, "Attempts"), Number: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
			{Key: "at", Label: text.T(ctx, "Written"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconSend, Title: text.T(ctx, "No messages"), Text: text.T(ctx, "What goes to chats and telephones waits here until the far side has taken it, and what fails stays until somebody decides.")},
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		q := r.URL.Query()
		q.Set("after", id(found[pageSize-1].ID))
		t.More = ui.LoadMore{URL: r.URL.Path + "?" + q.Encode(), Auto: true}
	}
	n, err := s.namesOf(ctx, found)
	if err != nil {
		return err
	}
	for i := range found {
		m := &found[i]
		at := deliveriesURL + "/" + id(m.ID)
		t.Rows = append(t.Rows, ui.Row{ID: "message-" + id(m.ID), URL: at, Muted: m.State == StateDropped, Cells: []templ.Component{
			ui.Link{Label: joined(" ", messageLabel(ctx, m.Kind), n.tickets[m.TicketID]), URL: at},
			view.Text(n.channels[m.ChannelID].Name), view.Text(n.persons[m.PersonID].Name),
			view.Text(strconv.Itoa(m.Attempts)), stateBadge(ctx, m.State),
			ui.Moment{At: m.CreatedAt},
		}})
	}
	if in.After != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(t))
	}
	tabs, counts, err := s.tabs(ctx, deliveriesURL)
	if err != nil {
		return err
	}
	all, err := s.Channels(ctx)
	if err != nil {
		return err
	}
	states := []ui.Option{{Value: "", Label: text.T(ctx, "All")}}
	for _, v := range States() {
		states = append(states, ui.Option{Value: string(v), Label: stateBadge(ctx, v).Label, Selected: string(v) == in.State})
	}
	channels := []ui.Option{{Value: "", Label: text.T(ctx, "All channels")}}
	for i := range all {
		channels = append(channels, ui.Option{Value: id(all[i].ID), Label: all[i].Name, Selected: all[i].ID == in.Channel})
	}
	m := view.Listing{
		Title: text.T(ctx, "Deliveries"), Lead: text.T(ctx, "Every message to a chat or a telephone, and what the far side answered."), Action: deliveriesURL, SearchHidden: true, Table: t,
		Filters: []templ.Component{
			ui.Select{Field: ui.Field{Name: "channel", Label: text.T(ctx, "Channel"), Hidden: true}, Options: channels, SubmitNow: true},
			ui.Select{Field: ui.Field{Name: "state", Label: text.T(ctx, "State"), Hidden: true}, Options: states, SubmitNow: true},
		},
	}
	return s.page(w, r, m.Title, 0, append([]templ.Component{tabs}, append(s.alerts(ctx, all, counts, in.Channel), m.View())...)...)
}

// alerts say which channels have messages that somebody has to decide about.
func (s *Service) alerts(ctx context.Context, all []Channel, counts map[int64]Count, only int64) []templ.Component {
	var out []templ.Component
	for i := range all {
		c := &all[i]
		n := counts[c.ID]
		if n.Failed+n.Stopped == 0 || only != 0 && only != c.ID {
			continue
		}
		at := adminURL + "/" + id(c.ID)
		alert := ui.Alert{ID: "undelivered-" + id(c.ID), Tone: ui.Warning, Title: text.N(ctx, n.Failed+n.Stopped, "%d message was not delivered by %s", "%d messages were not delivered by %s", c.Name)}
		if c.Active {
			alert.Actions = append(alert.Actions, ui.Button{Label: text.T(ctx, "Send all of them again"), Post: at + "/replay", Icon: ui.IconReload, Small: true})
		} else {
			alert.Text = text.T(ctx, "The channel is off, so its queue stands still.")
			alert.Actions = append(alert.Actions, ui.Button{Label: text.T(ctx, "Open the channel"), URL: at, Small: true})
		}
		alert.Actions = append(alert.Actions, ui.Button{Label: text.T(ctx, "Give all of them up"), Post: at + "/drop", Small: true, Kind: ui.Quiet, HX: ui.HX{Post: at + "/drop", Confirm: text.N(ctx, n.Failed+n.Stopped, "%d message is not sent.", "%d messages are not sent.")}})
		out = append(out, alert)
	}
	return out
}

func (s *Service) showMessage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, attempts, err := s.Message(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	n, err := s.namesOf(ctx, []Stored{m})
	if err != nil {
		return err
	}
	c := n.channels[m.ChannelID]
	about := []ui.Value{{Label: text.T(ctx, "Channel"), Content: view.Text(c.Name)}}
	if !c.Deleted {
		about[0].Content = ui.Link{Label: c.Name, URL: adminURL + "/" + id(c.ID)}
	}
	if m.PersonID != 0 {
		about = append(about, ui.Value{Label: text.T(ctx, "To"), Content: view.Text(n.persons[m.PersonID].Name)})
	}
	if number := n.tickets[m.TicketID]; number != "" {
		about = append(about, ui.Value{Label: text.T(ctx, "Ticket"), Content: ui.Link{Label: number, URL: "/tickets/" + number}})
	}
	about = append(about,
		ui.Value{Label: text.T(ctx, "Written"), Content: ui.Moment{At: m.CreatedAt}},
		ui.Value{Label: text.T(ctx, "Attempts"), Content: view.Text(strconv.Itoa(m.Attempts))},
		ui.Value{Label: "webhook-id", Content: ui.Code(messageID(m.ID))},
	)
	switch {
	case m.State == StateWaiting && m.Attempts > 0:
		about = append(about, ui.Value{Label: text.T(ctx, "Next attempt"), Content: ui.Moment{At: m.DueAt}})
	case !m.EndedAt.IsZero():
		about = append(about, ui.Value{Label: text.T(ctx, "Ended"), Content: ui.Moment{At: m.EndedAt}})
	}
	title := joined(" ", messageLabel(ctx, m.Kind), n.tickets[m.TicketID])
	page := view.Record{
		Title: title, Badges: []templ.Component{stateBadge(ctx, m.State)}, Trail: []ui.Crumb{{Label: text.T(ctx, "Deliveries"), URL: deliveriesURL + "?" + url.Values{"channel": {id(m.ChannelID)}}.Encode()}, {Label: title}},
		Aside: []view.Section{{Title: text.T(ctx, "About"), Body: ui.Values(about...)}},
	}
	if m.Error != "" {
		page.Alert = ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "It was not delivered"), Text: reasonText(ctx, m.Error)}
		if m.State == StateWaiting {
			page.Alert.Tone, page.Alert.Title = ui.Warning, text.T(ctx, "It was not delivered yet, and is tried again")
		}
	}
	for i := range attempts {
		page.Sections = append(page.Sections, view.Section{Title: text.T(ctx, "Attempt %s", strconv.Itoa(attempts[i].Number)), Body: attemptPart(ctx, &attempts[i])})
	}
	if len(attempts) == 0 {
		var words []string
		for _, l := range m.Content.Lines {
			words = append(words, l.Text)
		}
		page.Sections = append(page.Sections, view.Section{Title: text.T(ctx, "No attempt yet"), Body: view.Preformatted(strings.Join(words, "\n"))})
	}
	at := deliveriesURL + "/" + id(m.ID)
	if m.State == StateFailed || m.State == StateStopped || m.State == StateDropped {
		page.Actions = append(page.Actions, ui.Button{Label: text.T(ctx, "Send it again"), Post: at + "/replay", Kind: ui.Primary, Icon: ui.IconReload})
	}
	if m.State == StateFailed || m.State == StateStopped || m.State == StateWaiting {
		page.Actions = append(page.Actions, ui.Button{Label: text.T(ctx, "Give it up"), Post: at + "/drop"})
	}
	return s.page(w, r, title, 0, page.View())
}

// attemptPart shows one attempt.
func attemptPart(ctx context.Context, a *Attempt) templ.Component {
	when := ui.Values(ui.Value{Label: text.T(ctx, "Began"), Content: ui.Moment{At: a.BeganAt}}, ui.Value{Label: text.T(ctx, "Node"), Content: view.Text(a.Node)})
	parts := []templ.Component{when}
	switch {
	case a.EndedAt.IsZero():
		parts = append(parts, ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "There is no answer: either it is on its way, or its node ended. It may have arrived.")})
	case a.Error != "":
		parts = append(parts, ui.Alert{Tone: ui.Critical, Title: reasonText(ctx, a.Error)})
	}
	parts = append(parts, view.Text(text.T(ctx, "Sent")), view.Preformatted(a.Request))
	if a.Answer != "" {
		parts = append(parts, view.Text(text.T(ctx, "Answered")), view.Preformatted(a.Answer))
	}
	return view.Stack(parts...)
}

func (s *Service) replayOne(w http.ResponseWriter, r *http.Request) error {
	return s.decided(w, r, web.PathID(r, "id"), false, s.Replay, text.Key("It is sent again"))
}

func (s *Service) dropOne(w http.ResponseWriter, r *http.Request) error {
	return s.decided(w, r, web.PathID(r, "id"), false, s.Drop, text.Key("It is given up"))
}

func (s *Service) replayAll(w http.ResponseWriter, r *http.Request) error {
	return s.decided(w, r, web.PathID(r, "id"), true, s.Replay, text.Key("They are sent again"))
}

func (s *Service) dropAll(w http.ResponseWriter, r *http.Request) error {
	return s.decided(w, r, web.PathID(r, "id"), true, s.Drop, text.Key("They are given up"))
}

// decided does something with one message, or with all of a channel.
func (s *Service) decided(w http.ResponseWriter, r *http.Request, n int64, all bool, do func(ctx context.Context, channel, id int64) (int, error), done string) error {
	ctx := r.Context()
	to := deliveriesURL + "/" + id(n)
	var err error
	if all {
		to = deliveriesURL + "?channel=" + id(n)
		_, err = do(ctx, n, 0)
	} else {
		_, err = do(ctx, 0, n)
	}
	said := text.T(ctx, done)
	if apperr.Is(err, apperr.Conflict) {
		said, err = apperr.Message(err).In(ctx), nil
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: said}, s.HTTPS)
	return web.Redirect(w, r, to)
}
