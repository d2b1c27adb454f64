package record

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// material is all a page is made of, read before its names are known.
type material struct {
	entries   []entry
	earlier   int
	moves     []ticket.Event
	links     []ticket.Link
	files     []ticket.Attachment
	drafts    []ticket.Draft
	rating    *ticket.StoredRating
	requester people.Person // as far as the reader may look them up
	theirs    list          // the requester's other tickets
	about     list          // the service's open tickets
	steps     []workflow.Transition
	banners   []view.Plugged
	plugged   []view.Plugged
}

// list is the beginning of a list of tickets.
type list struct {
	tickets []ticket.Ticket
	filter  string
	more    bool
}

// page answers the whole page.
func (p *Record) page(w http.ResponseWriter, r *http.Request, d *desk) error {
	d.alone = true
	about, body, err := d.whole(r.Context(), tabOf(r.FormValue("tab")))
	if err != nil {
		return err
	}
	return p.d.Frame.Page(w, r, about, body)
}

// Beside gives a ticket's page for standing beside a list of tickets, on a page
// that follows the same topics. Everything works there as on the page itself.
// Errors: NotFound, Forbidden for those who follow the ticket in the portal.
func (p *Record) Beside(ctx context.Context, number, tab string) (module.Page, web.Component, error) {
	d, err := p.open(ctx, ticket.ByNumber(number))
	if err != nil {
		return module.Page{}, nil, err
	}
	if !d.reader.works {
		return module.Page{}, nil, apperr.New(apperr.Forbidden, "You follow this ticket in your portal.")
	}
	return d.whole(ctx, tabOf(tab))
}

// whole makes the page, and says what it is.
func (d *desk) whole(ctx context.Context, tab string) (module.Page, web.Component, error) {
	about := module.Page{
		Title: d.ticket.Number + " " + d.ticket.Title, Active: "queue", Topics: []string{topicOf(&d.ticket)},
	}
	if d.reader.colleague() {
		about.Topics, about.Present = append(about.Topics, presenceOf(&d.ticket)), presenceOf(&d.ticket)
	}
	m, err := d.gather(ctx, ticket.Stretch{Limit: pageOfEvents, Types: typesOf(tab)})
	if err != nil {
		return about, nil, err
	}
	if err := d.p.d.Visited(ctx, d.ticket.ID); err != nil {
		return about, nil, err
	}
	page := d.model(ctx, tab, m, nil)
	page.Timeline = d.timeline(ctx, tab, m.entries, m.earlier, false)
	page.Composer, page.Silent = d.composer(ctx, m, nil)
	return about, page.View(), nil
}

// gather reads what a page shows, each kind of thing once, and then the names on it.
func (d *desk) gather(ctx context.Context, part ticket.Stretch) (material, error) {
	var m material
	var err error
	t, s := &d.ticket, d.p.d.Tickets
	if m.entries, m.earlier, err = d.read(ctx, part); err != nil {
		return m, err
	}
	if m.moves, err = s.Moves(ctx, t); err != nil {
		return m, err
	}
	if m.links, err = s.Links(ctx, t); err != nil {
		return m, err
	}
	if m.files, err = s.Attachments(ctx, t); err != nil {
		return m, err
	}
	if err = d.readWritten(ctx, m.entries, m.files); err != nil {
		return m, err
	}
	if m.drafts, err = s.Drafts(ctx, t.ID); err != nil {
		return m, err
	}
	if m.steps, err = s.Steps(ctx, t); err != nil {
		return m, err
	}
	if rating, rated, err := s.RatingOf(ctx, t); err != nil {
		return m, err
	} else if rated {
		m.rating = &rating
	}
	if m.banners, m.plugged, err = d.plugged(ctx); err != nil {
		return m, err
	}
	if err := d.gatherContext(ctx, &m); err != nil {
		return m, err
	}
	d.names, err = d.p.resolve(ctx, d.wants(&m))
	return m, err
}

// besides is how many tickets the context shows of a longer list.
const besides = 6

// gatherContext reads what else there is: about the requester and the service.
func (d *desk) gatherContext(ctx context.Context, m *material) error {
	t := &d.ticket
	if t.RequesterID != 0 {
		person, err := d.p.d.Directory.Person(ctx, t.RequesterID)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return err
		}
		m.requester = person
		if m.theirs, err = d.list(ctx, "requester:#"+formatID(t.RequesterID)+" (state:open OR updated:<30d)"); err != nil {
			return err
		}
	}
	if t.ServiceID == 0 {
		return nil
	}
	var err error
	m.about, err = d.list(ctx, "service:#"+formatID(t.ServiceID)+" state:open")
	return err
}

// list gives the tickets that changed last among those of a filter, without this one.
func (d *desk) list(ctx context.Context, filter string) (list, error) {
	out := list{filter: filter}
	c, err := d.p.d.Tickets.Condition(ctx, filter, text.From(ctx).Location)
	if err != nil {
		return out, err
	}
	page, err := d.p.d.Tickets.List(ctx, ticket.Query{Condition: c, Limit: besides + 1})
	if err != nil {
		return out, err
	}
	out.tickets = slices.DeleteFunc(page.Tickets, func(o ticket.Ticket) bool { return o.ID == d.ticket.ID })
	out.more = page.Next != "" || len(out.tickets) > besides
	out.tickets = out.tickets[:min(besides, len(out.tickets))]
	// What is still owed comes first.
	slices.SortStableFunc(out.tickets, func(a, b ticket.Ticket) int {
		switch {
		case a.Category.Active() == b.Category.Active():
			return 0
		case a.Category.Active():
			return -1
		}
		return 1
	})
	return out, nil
}

// wants collects every name on the page.
func (d *desk) wants(m *material) wanted {
	var n wanted
	n.ticket(d.reader, &d.ticket)
	n.entries(m.entries)
	n.text(d.ticket.Description)
	n.numbers = append(n.numbers, markdown.Numbers(maxReferences, d.ticket.Description)...)
	for i := range m.moves {
		for _, c := range m.moves[i].Changes {
			n.change(c.Field, c.To)
		}
	}
	for i := range m.links {
		n.persons = append(n.persons, m.links[i].Other.AssigneeID)
	}
	if m.rating != nil {
		n.text(m.rating.Comment)
	}
	return n
}

// model makes everything of the page but the timeline and the composer. changed
// are the values that somebody else changed while the page was open.
func (d *desk) model(ctx context.Context, tab string, m material, changed []string) view.Page {
	t := &d.ticket
	p := view.Page{
		Number: t.Number, Version: t.Version, LastSeq: shownUntil(t, m.entries), Tab: tab,
		Head: d.head(ctx, m, changed), Description: d.description(ctx, m.files, slices.Contains(changed, ticket.FieldDescription)),
		Tabs: d.tabs(ctx, tab), Side: d.side(ctx, m, changed),
	}
	p.Banners, p.Side.Plugged = m.banners, m.plugged
	if d.reader.colleague() && d.p.d.Presence != nil {
		here := d.here()
		p.Presence = &here
	}
	return p
}

// shownUntil is the last event a page shows. Entries are read after the ticket, so
// there may be one that the ticket does not know of yet.
func shownUntil(t *ticket.Ticket, entries []entry) int {
	if n := len(entries); n > 0 {
		return max(t.LastSeq, entries[n-1].seq)
	}
	return t.LastSeq
}

func (d *desk) tabs(ctx context.Context, now string) []ui.Tab {
	var out []ui.Tab
	for _, t := range []struct {
		key, label string
		icon       ui.Icon
	}{
		{tabAll, text.T(ctx, "Everything"), ui.IconTimeline}, {tabConversation, text.T(ctx, "Conversation"), ui.IconMessages}, {tabChanges, text.T(ctx, "Changes"), ui.IconHistory},
	} {
		url := view.TicketURL(d.ticket.Number)
		if t.key != tabAll {
			url += "?tab=" + t.key
		}
		out = append(out, ui.Tab{Label: t.label, URL: url, Icon: t.icon, Active: t.key == now})
	}
	return out
}

// head is the top of the page: what it is, where it stands, what can be done.
func (d *desk) head(ctx context.Context, m material, changed []string) view.Head {
	t := &d.ticket
	h := view.Head{
		Number: t.Number, Kind: text.T(ctx, d.def.Label), KindIcon: ui.Icon(d.def.Icon), Title: d.title(slices.Contains(changed, ticket.FieldTitle)),
		State: d.p.badge(ctx, t), Priority: d.priorityBadge(ctx), Why: d.explainPriority(ctx), VIP: d.names.persons[t.RequesterID].VIP && d.reader.inside,
		Watching: slices.Contains(t.Watchers, d.reader.actor.ID),
	}
	if d.reader.edits && d.reader.inside {
		h.WhyEdit = view.TicketURL(t.Number) + "/edit/" + ticket.FieldPriority
	}
	if d.alone && d.reader.works {
		h.NextURL = "/queue/next?after=" + strconv.FormatInt(t.ID, 10)
	}
	h.Actions, h.More = d.actions(ctx, m.steps)
	h.More = append(h.More, d.pluggedActions(ctx)...)
	h.Lead = append(h.Lead, view.Fact{Text: text.T(ctx, "Opened"), At: t.CreatedAt}, view.Fact{Text: text.T(ctx, "Updated"), At: t.UpdatedAt})
	if t.WaitsForRequester(d.def) {
		h.Waits = text.T(ctx, "The requester's answer goes on with the work.")
	}
	return h
}

// side is the context of the ticket.
func (d *desk) side(ctx context.Context, m material, changed []string) view.Side {
	t, r := &d.ticket, d.reader
	s := view.Side{
		Number: t.Number, Values: d.showValues(ctx, changed), Take: d.takeButton(ctx), Requester: d.requester(ctx, m),
		Links: d.links(ctx, m.links), Times: d.times(ctx, m.moves),
		Why: whyVisible(ctx, r.actor, t.Record(), d.p.d.Verbs),
	}
	sent, apart := d.lesser(m.files)
	s.Files, s.Lesser = attachments(sent), attachments(apart)
	if t.ServiceID != 0 {
		s.Service = d.besides(ctx, m.about, text.T(ctx, "Also open for %s", d.names.service(t.ServiceID)), text.T(ctx, "Nothing else is open for this service."))
	}
	if m.rating != nil {
		s.Rating = &view.Rating{Score: m.rating.Score, At: m.rating.At, Comment: d.prose(ctx, m.rating.Comment, "")}
		if m.rating.MinutesLost != nil {
			s.Rating.Minutes = text.N(ctx, *m.rating.MinutesLost, "It cost %d minute of work.", "It cost %d minutes of work.")
		}
	}
	return s
}

func (d *desk) besides(ctx context.Context, l list, title, empty string) view.Tickets {
	// That nothing else is open can be said only to those who would see it.
	out := view.Tickets{Title: title, Empty: empty, Known: d.reader.inside || len(l.tickets) > 0}
	for i := range l.tickets {
		out.Items = append(out.Items, d.item(ctx, &l.tickets[i]))
	}
	if l.more {
		out.More = view.QueueURL(l.filter)
	}
	return out
}

func (d *desk) item(ctx context.Context, t *ticket.Ticket) view.Item {
	return view.Item{Number: t.Number, Title: t.Title, State: d.p.badge(ctx, t), At: t.UpdatedAt}
}

// requester is who asks: as much of them as the reader may know.
func (d *desk) requester(ctx context.Context, m material) view.Requester {
	t := &d.ticket
	out := view.Requester{Party: d.names.party(t.RequesterID, d.reader)}
	if out.Party.Name == "" {
		return out
	}
	out.Tickets = d.besides(ctx, m.theirs, text.T(ctx, "Their other tickets"), text.T(ctx, "No other ticket in the last 30 days."))
	if m.requester.ID == 0 {
		return out
	}
	who := m.requester
	out.VIP, out.Inactive = who.VIP, !who.Active
	add := func(label, value, url string) {
		if value != "" {
			content := templ.Component(ui.Words(value))
			if url != "" {
				content = ui.Link{Label: value, URL: url}
			}
			out.Contact = append(out.Contact, ui.Value{Label: label, Content: content})
		}
	}
	add(text.T(ctx, "Phone"), who.Phone, telephone(who.Phone))
	add(text.T(ctx, "Email"), who.Email, mailto(who.Email))
	add(text.T(ctx, "Job title"), who.JobTitle, "")
	add(text.T(ctx, "Organisation"), d.names.organisations[t.OrganisationID], "")
	add(text.T(ctx, "Location"), who.Location, "")
	return out
}

func mailto(address string) string {
	if address == "" {
		return ""
	}
	return "mailto:" + address
}

// telephone is a number as a phone dials it.
func telephone(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
	if digits == "" {
		return ""
	}
	return "tel:" + digits
}

// times says since when the ticket is as it is, who has it since when, and how
// often it moved: all of it from the timeline.
func (d *desk) times(ctx context.Context, moves []ticket.Event) []ui.Value {
	t, now := &d.ticket, text.From(ctx).Now
	if now.IsZero() {
		now = d.p.d.Clock()
	}
	var out []ui.Value
	add := func(label, value, hint string) {
		if value != "" {
			out = append(out, ui.Value{Label: label, Content: ui.Words(value), Hint: hint})
		}
	}
	lasting := func(field string) (string, time.Time) {
		stretches := ticket.Intervals(moves, field)
		if len(stretches) == 0 {
			return "", time.Time{}
		}
		last := stretches[len(stretches)-1]
		return text.Duration(ctx, last.Length(now)), last.Start
	}
	since := func(at time.Time) string { return text.T(ctx, "since %s", text.Instant(ctx, at)) }
	if length, start := lasting(ticket.FieldState); length != "" {
		add(text.T(ctx, "In this state for"), length, since(start))
	}
	if d.reader.inside {
		if length, start := lasting(ticket.FieldGroup); length != "" && t.GroupID != 0 {
			add(text.T(ctx, "With the group for"), length, since(start))
		}
		if length, start := lasting(ticket.FieldAssignee); length != "" && t.AssigneeID != 0 {
			add(text.T(ctx, "With the assignee for"), length, since(start))
		}
	}
	holds := ticket.Holds(moves, d.def, "")
	total := time.Duration(0)
	for _, h := range holds {
		total += h.Length(now)
	}
	if len(holds) > 0 {
		add(text.T(ctx, "Put on hold"), text.N(ctx, len(holds), "once, %[2]s in all", "%d times, %[2]s in all", text.Duration(ctx, total)), "")
	}
	if d.reader.inside && t.ReassignCount > 0 {
		add(text.T(ctx, "Reassigned"), text.N(ctx, t.ReassignCount, "once", "%d times"), text.T(ctx, "Moves from one group to another."))
	}
	if t.ReopenCount > 0 {
		add(text.T(ctx, "Reopened"), text.N(ctx, t.ReopenCount, "once", "%d times"), "")
	}
	instant := func(label string, at time.Time) {
		if !at.IsZero() {
			out = append(out, ui.Value{Label: label, Content: ui.Moment{At: at, Full: true}})
		}
	}
	instant(text.T(ctx, "Opened"), t.CreatedAt)
	instant(text.T(ctx, "First answer"), t.FirstResponseAt)
	instant(text.T(ctx, "Resolved"), t.ResolvedAt)
	instant(text.T(ctx, "Closed"), t.ClosedAt)
	return out
}

// earlierPart answers the part of the timeline before what is shown.
func (p *Record) earlier(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	tab := tabOf(r.FormValue("tab"))
	before, err := strconv.Atoi(r.FormValue("before"))
	if err != nil || before < 1 {
		return apperr.InvalidField("before", "Start from the ticket's page.")
	}
	entries, earlier, err := d.read(ctx, ticket.Stretch{Before: before, Limit: pageOfEvents, Types: typesOf(tab)})
	if err != nil {
		return err
	}
	if err := d.readWritten(ctx, entries, nil); err != nil {
		return err
	}
	var n wanted
	n.ticket(d.reader, &d.ticket)
	n.entries(entries)
	if d.names, err = p.resolve(ctx, n); err != nil {
		return err
	}
	shown := d.timeline(ctx, tab, entries, earlier, false)
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, view.Earlier(shown))
	}
	return p.frame(w, r, http.StatusOK, d.ticket.Number, view.EarlierPage(d.ticket.Number, d.ticket.Title, shown))
}

// wholeText answers a text that the page shows only in part.
func (p *Record) wholeText(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	which := r.PathValue("seq")
	said := entry{seq: 1, body: d.ticket.Description}
	if which != ticket.FieldDescription {
		seq, err := strconv.Atoi(which)
		if err != nil || seq < 1 {
			return apperr.New(apperr.NotFound, "There is no such text.")
		}
		entries, _, err := d.read(ctx, ticket.Stretch{After: seq - 1, Before: seq + 1, Limit: 1})
		if err != nil {
			return err
		}
		if len(entries) == 0 || entries[0].typ == ticket.Created {
			return apperr.New(apperr.NotFound, "There is no such text.")
		}
		said = entries[0]
		if c, ok := said.change(ticket.FieldResolution); ok && said.body == "" {
			said.body = c.To
		}
	}
	files := said.files
	var err error
	if which == ticket.FieldDescription {
		if files, err = p.d.Tickets.Attachments(ctx, &d.ticket); err != nil {
			return err
		}
	}
	if err = d.readWritten(ctx, []entry{said}, files); err != nil {
		return err
	}
	var n wanted
	n.text(said.body)
	n.numbers = markdown.Numbers(maxReferences, said.body)
	if d.names, err = p.resolve(ctx, n); err != nil {
		return err
	}
	whole, _ := d.said(ctx, said.seq, said.body, files, "")
	if whole == nil {
		return apperr.New(apperr.NotFound, "There is no such text.")
	}
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, whole)
	}
	return p.frame(w, r, http.StatusOK, d.ticket.Number, view.TextPage(d.ticket.Number, whole))
}
