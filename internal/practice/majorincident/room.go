package majorincident

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p *pages) room(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	return p.showRoom(w, r, id, ui.Alert{}, nil, nil, http.StatusOK)
}

// scene is all that a room shows, read before names are known.
type scene struct {
	m        Major
	t        ticket.Ticket
	updates  []Update
	actions  []Action
	moves    []ticket.Event
	children []ticket.Ticket
	more     bool // there are more children
	kind     *workflow.Definition
	persons  map[int64]people.PersonName
	services map[int64]string
}

// maxHappened bounds the timeline of a room: the latest that happened.
const maxHappened = 300

// maxChildren bounds how many linked tickets are counted with their people.
const maxChildren = 200

func (p *pages) gather(ctx context.Context, id int64) (scene, error) {
	var s scene
	var err error
	if s.m, s.t, err = p.Get(ctx, id); err != nil {
		return s, err
	}
	if s.kind, err = p.tickets.Kinds().In(ctx).Get(s.t.Kind); err != nil {
		return s, err
	}
	if s.updates, err = updates(ctx, p.db.Reader(), false, id); err != nil {
		return s, err
	}
	if s.actions, err = actions(ctx, p.db.Reader(), id); err != nil {
		return s, err
	}
	told := ticket.Stretch{Types: []ticket.EventType{ticket.Created, ticket.Changed, ticket.Transitioned, ticket.Synced, ticket.Acted}, Limit: maxHappened}
	if s.moves, err = p.tickets.TimelineStretch(ctx, &s.t, told); err != nil {
		return s, err
	}
	linked, err := p.tickets.Condition(ctx, "parent:"+s.t.Number, text.From(ctx).Location)
	if err != nil {
		return s, err
	}
	page, err := p.tickets.List(ctx, ticket.Query{Condition: linked, Limit: maxChildren})
	if err != nil {
		return s, err
	}
	s.children, s.more = page.Tickets, page.Next != ""
	ids := []int64{s.m.ProposedBy, s.m.DecidedBy, s.m.Review.CompletedBy}
	for _, person := range s.m.Roles {
		ids = append(ids, person)
	}
	for _, u := range s.updates {
		ids = append(ids, u.By)
	}
	for _, a := range s.actions {
		ids = append(ids, a.OwnerID)
	}
	for _, e := range s.moves {
		ids = append(ids, e.Actor.ID)
	}
	if s.persons, err = p.names.PersonNames(ctx, p.db.Reader(), ids); err != nil {
		return s, err
	}
	s.services, err = p.services.Names(ctx, p.db.Reader(), s.m.Services)
	return s, err
}

// showRoom shows the room; tell and improvement hold what was typed wrong.
func (p *pages) showRoom(w http.ResponseWriter, r *http.Request, id int64, alert ui.Alert, tell *view.Tell, improvement *view.Improvements, status int) error {
	ctx := r.Context()
	s, err := p.gather(ctx, id)
	if err != nil {
		return err
	}
	room := p.model(ctx, &s, tell, improvement)
	if alert.Title != "" {
		room.Alert = alert
	}
	if web.IsFragment(r) && r.Method == http.MethodGet {
		return web.Render(w, r, status, room.Live())
	}
	return p.frame.Page(w, r, module.Page{Title: s.t.Number + " " + s.m.Summary, Active: menuID, Topics: []string{Topic(id)}, Status: status}, room.View())
}

func (p *pages) model(ctx context.Context, s *scene, tell *view.Tell, improvement *view.Improvements) view.Room {
	m, at := &s.m, roomURL(s.m.ID)
	commands := access.From(ctx).Can(Manage, access.AnyKind)
	room := view.Room{
		Title: m.Summary, State: stateBadge(ctx, m), Number: s.t.Number, URL: "/tickets/" + s.t.Number, LiveURL: at, Event: Event, Commands: commands,
		Facts: s.facts(ctx), Roles: s.cast(ctx), Told: s.told(ctx), Happened: s.happened(ctx), Alert: s.alert(ctx, p.now()),
	}
	if m.Public {
		room.Banner = m.PublicText
	}
	room.Actions = append(room.Actions, ui.Button{Label: text.T(ctx, "Open the ticket"), URL: room.URL, Icon: ui.IconTicket, Key: "o"})
	if commands {
		room.Actions = append(room.Actions, s.commands(ctx, at)...)
	}
	if commands && (m.State == Accepted || m.State == Resolved) && !m.Review.Complete() {
		room.Tell = s.teller(ctx, at, tell)
	}
	if m.State == Resolved {
		room.Review = s.review(ctx)
		if commands && !m.Review.Complete() {
			room.Review.EditURL = at + "/review"
		}
	}
	room.Actioned = s.improvements(ctx, at, commands, p.now(), improvement)
	return room
}

// commands are the buttons of those who command.
func (s *scene) commands(ctx context.Context, at string) []templ.Component {
	edit := ui.MenuItem{Label: text.T(ctx, "Edit what is affected"), URL: at + "/scope", Icon: ui.IconPencil, Key: "e"}
	roles := ui.MenuItem{Label: text.T(ctx, "Give roles"), URL: at + "/roles", Icon: ui.IconUsers}
	banner := ui.MenuItem{Label: text.T(ctx, "What everybody reads"), URL: at + "/banner", Icon: ui.IconSpeakerphone}
	end := ui.MenuItem{Label: text.T(ctx, "Withdraw"), URL: at + "/end", Icon: ui.IconX, Danger: true}
	menu := func(items ...ui.MenuItem) templ.Component {
		return ui.Menu{ID: "major-more", Button: ui.Button{Label: text.T(ctx, "More"), Icon: ui.IconDots, IconOnly: true}, Items: items}
	}
	switch s.m.State {
	case Proposed:
		return []templ.Component{
			ui.Button{Label: text.T(ctx, "Declare the major incident"), Post: at + "/accept", Kind: ui.Primary, Icon: ui.IconFlame},
			ui.Button{Label: text.T(ctx, "Reject"), URL: at + "/end"},
			menu(edit, roles),
		}
	case Accepted:
		return []templ.Component{ui.Button{Label: banner.Label, URL: banner.URL, Icon: banner.Icon}, menu(edit, roles, end)}
	case Resolved:
		if !s.m.Review.Complete() {
			return []templ.Component{menu(edit, roles, banner)}
		}
	}
	return nil
}

// alert is what wants doing now.
func (s *scene) alert(ctx context.Context, now time.Time) ui.Alert {
	m := &s.m
	switch {
	case m.State == Rejected:
		return ui.Alert{Title: text.T(ctx, "Rejected by %s", s.person(ctx, m.DecidedBy)), Text: m.Decision}
	case m.State == Cancelled:
		return ui.Alert{Title: text.T(ctx, "Withdrawn by %s", s.person(ctx, m.DecidedBy)), Text: m.Decision}
	case m.Overdue(now):
		return ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "An update is due"), Text: text.T(ctx, "It was promised for %s. Even “no news” is news.", text.Instant(ctx, m.NextUpdate))}
	case m.State == Resolved && !m.Review.Complete():
		return ui.Alert{Title: text.T(ctx, "The review is still to be written"), Text: text.T(ctx, "The incident can be closed when it is complete.")}
	}
	return ui.Alert{}
}

func (s *scene) person(ctx context.Context, id int64) string {
	if id == 0 {
		return text.T(ctx, "a rule")
	}
	if n := s.persons[id].Name; n != "" {
		return n
	}
	return text.T(ctx, "somebody")
}

func (s *scene) facts(ctx context.Context) []ui.Value {
	m := &s.m
	var out []ui.Value
	add := func(label string, content templ.Component) {
		out = append(out, ui.Value{Label: label, Content: content})
	}
	if !m.NextUpdate.IsZero() {
		add(text.T(ctx, "Next update"), ui.Moment{At: m.NextUpdate, Due: true})
	}
	if m.Cadence > 0 {
		add(text.T(ctx, "Pace"), ui.Words(text.T(ctx, "Every %s", text.Duration(ctx, m.Cadence))))
	}
	add(text.In(ctx, "when", "Proposed"), ui.Moment{At: m.ProposedAt, Full: true})
	if m.Reason != "" {
		add(text.T(ctx, "Why"), ui.Words(m.Reason))
	}
	if m.State != Proposed && !m.DecidedAt.IsZero() {
		add(text.T(ctx, "Decided"), ui.Moment{At: m.DecidedAt, Full: true})
	}
	if !m.ResolvedAt.IsZero() {
		add(text.In(ctx, "when", "Resolved"), ui.Moment{At: m.ResolvedAt, Full: true})
		add(text.T(ctx, "Lasted"), ui.Words(text.Duration(ctx, m.ResolvedAt.Sub(s.t.CreatedAt))))
	}
	add(text.T(ctx, "Affected services"), ui.Words(text.List(ctx, named(s.services, m.Services))))
	if m.Impact != "" {
		add(text.T(ctx, "What it means for the business"), ui.Words(m.Impact))
	}
	if m.People > 0 {
		add(text.T(ctx, "People affected, estimated"), ui.Words(text.Number(ctx, int64(m.People))))
	}
	who := map[int64]bool{s.t.RequesterID: true}
	for _, c := range s.children {
		who[c.RequesterID] = true
	}
	linked := text.N(ctx, len(s.children), "%d linked ticket", "%d linked tickets")
	if s.more {
		linked = text.T(ctx, "more than %d linked tickets", len(s.children))
	}
	out = append(out, ui.Value{Label: text.T(ctx, "Have asked for help"), Content: ui.Link{
		Label: text.N(ctx, len(who), "%d person", "%d persons") + ", " + linked, URL: "/queue?q=parent:" + s.t.Number,
	}})
	return out
}

func (s *scene) cast(ctx context.Context) []ui.Value {
	var out []ui.Value
	for _, role := range Roles() {
		v := ui.Value{Label: roleLabel(ctx, role)}
		if id := s.m.Roles[role]; id != 0 {
			v.Content = ui.Party{Name: s.person(ctx, id), URL: "/people/" + formatID(id)}
		}
		out = append(out, v)
	}
	return out
}

func (s *scene) teller(ctx context.Context, at string, typed *view.Tell) *view.Tell {
	t := view.Tell{}
	if typed != nil {
		t = *typed
	}
	t.Action = at + "/updates"
	for _, c := range s.children {
		if c.Category.Active() {
			t.Linked++
		}
	}
	usual := text.T(ctx, "As usual")
	if s.m.Cadence > 0 {
		usual = text.T(ctx, "In %s, as usual", text.Duration(ctx, s.m.Cadence))
	}
	t.Next = []ui.Option{{Value: "0", Label: usual}}
	for _, n := range usualCadences {
		t.Next = append(t.Next, ui.Option{Value: strconv.Itoa(n), Label: text.T(ctx, "In %s", text.Duration(ctx, time.Duration(n)*time.Minute))})
	}
	return &t
}

// told are the updates, newest first.
func (s *scene) told(ctx context.Context) ui.Timeline {
	out := ui.Timeline{ID: "told", Label: text.T(ctx, "What was told")}
	for _, u := range s.updates {
		e := ui.Entry{ID: "update-" + formatID(u.ID), Kind: ui.EntryNote, Author: ui.Party{Name: s.person(ctx, u.By)}, At: u.At, Body: view.Prose(markdown.HTML(u.Body, markdown.Context{}))}
		if u.Public {
			e.Kind, e.To = ui.EntryMessage, text.T(ctx, "to everybody")
		}
		if u.Replied > 0 {
			e.Via = text.N(ctx, u.Replied, "and as a reply on %d ticket", "and as a reply on %d tickets")
		}
		out.Entries = append(out.Entries, e)
	}
	return out
}

// happened is made of the ticket's timeline, oldest first: what the practice did,
// who had it, and which state it was in. It is the timeline of the review.
func (s *scene) happened(ctx context.Context) ui.Timeline {
	out := ui.Timeline{ID: "happened", Label: text.T(ctx, "What happened")}
	for i := range s.moves {
		e := &s.moves[i]
		for _, c := range e.Changes {
			words, ok := tells(ctx, c)
			if !ok {
				words = s.moved(ctx, c)
			}
			if words != "" {
				out.Entries = append(out.Entries, ui.Entry{Kind: ui.EntryChange, Author: ui.Party{Name: s.actor(ctx, e)}, At: e.At, Text: words})
			}
		}
	}
	return out
}

func (s *scene) actor(ctx context.Context, e *ticket.Event) string {
	if n := s.persons[e.Actor.ID].Name; n != "" {
		return n
	}
	return text.T(ctx, "Steward")
}

// stateOf is what a state of the incident is called.
func (s *scene) stateOf(ctx context.Context, key string) string {
	if state, ok := s.kind.State(key); ok {
		return text.T(ctx, state.Label)
	}
	return key
}

func (s *scene) moved(ctx context.Context, c ticket.Change) string {
	switch c.Field {
	case ticket.FieldState:
		if c.From == "" {
			return text.T(ctx, "opened the incident")
		}
		return text.T(ctx, "moved the incident to %s", s.stateOf(ctx, c.To))
	case ticket.FieldGroup:
		if c.From != "" {
			return text.T(ctx, "gave the incident to another group")
		}
	case ticket.FieldPriority:
		if c.From != "" {
			return text.T(ctx, "changed the priority from %s to %s", c.From, c.To)
		}
	}
	return ""
}

func (s *scene) review(ctx context.Context) *view.Review {
	r := &s.m.Review
	out := &view.Review{}
	if r.Complete() {
		out.Complete = text.T(ctx, "Completed by %s on %s.", s.person(ctx, r.CompletedBy), text.Instant(ctx, r.CompletedAt))
	}
	for _, part := range []struct{ label, body string }{
		{text.T(ctx, "Overview"), r.Overview}, {text.T(ctx, "Cause"), r.Cause}, {text.T(ctx, "Findings"), r.Findings}, {text.T(ctx, "Resolution"), r.Remedy},
	} {
		shown := view.ReviewPart{Label: part.label}
		if part.body != "" {
			shown.Body = view.Prose(markdown.HTML(part.body, markdown.Context{}))
		}
		out.Parts = append(out.Parts, shown)
	}
	return out
}

func (s *scene) improvements(ctx context.Context, at string, commands bool, now time.Time, typed *view.Improvements) view.Improvements {
	var m view.Improvements
	if typed != nil {
		m = *typed
	}
	m.Shown = s.m.State == Resolved || len(s.actions) > 0
	if commands && slices.Contains([]State{Accepted, Resolved}, s.m.State) {
		m.Action = at + "/actions"
	}
	for _, a := range s.actions {
		item := view.Improvement{ID: formatID(a.ID), Title: a.Title, Owner: ui.Party{Name: s.persons[a.OwnerID].Name}, Done: !a.DoneAt.IsZero(), Late: a.Late(now)}
		if !a.Due.IsZero() {
			item.DueText = text.Date(ctx, a.Due)
		}
		if commands || a.OwnerID != 0 && a.OwnerID == access.From(ctx).ID {
			item.Toggle = at + "/actions/" + item.ID
		}
		m.Items = append(m.Items, item)
	}
	return m
}
