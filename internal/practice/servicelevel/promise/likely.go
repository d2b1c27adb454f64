package promise

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// LikelyID is the entry of the navigation, likelyURL its address.
const (
	LikelyID  = "likely-breaches"
	likelyURL = reportURL + "/likely"
)

// String writes a cursor for an address; "" for none.
func (c Cursor) String() string {
	if c.Ticket == 0 {
		return ""
	}
	raw, _ := json.Marshal(c) // numbers and a string always marshal
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseCursor(s string) (Cursor, error) {
	var c Cursor
	if s == "" {
		return c, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil || c.Ticket == 0 {
		return c, openapi.ForeignCursor()
	}
	return c, nil
}

// likely says in words, for each clock of a ticket, why it is likely to break.
func (p pages) likely(ctx context.Context, c *Clocks, n names, t *ticket.Ticket) ([][]string, error) {
	typical, err := p.s.typical(ctx)
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(c.All))
	for i, all := range prospects(c, typical) {
		for _, why := range holding(all, p.s.now()) {
			out[i] = append(out[i], likelyWords(ctx, &why, c, n, p.s.stateLabel(t)))
		}
	}
	return out, nil
}

// likelyWords says why a promise is likely to break.
func likelyWords(ctx context.Context, p *clock.Prospect, c *Clocks, n names, state func(string) string) string {
	last := &c.Course.Moments[len(c.Course.Moments)-1]
	who := n.party(ctx, clock.Party{Type: clock.Nobody})
	switch {
	case last.Supplier != 0:
		who = cmp.Or(n.organisations[last.Supplier], n.groups[last.Group])
	case last.Group != 0:
		who = n.groups[last.Group]
	}
	number := func(n int) string { return text.Number(ctx, int64(n)) }
	switch p.Cause {
	case clock.LaterPromise:
		return text.T(ctx, "%s has promised its part for %s, which is later.", who, text.Instant(ctx, p.Due))
	case clock.NotAtWork:
		return text.T(ctx, "%s is not at work any more before it is due.", who)
	case clock.LongStay:
		if p.Place.Group == 0 {
			return text.T(ctx, "Of %s comparable tickets in “%s”, %s lay there as long; %s of these lay there longer than there is time.", number(p.Sample), state(p.Place.State), number(p.Lasted), number(p.Longer))
		}
		return text.T(ctx, "Of %s comparable tickets in “%s” with %s, %s lay there as long; %s of these lay there longer than there is time.", number(p.Sample), state(p.Place.State), who, number(p.Lasted), number(p.Longer))
	case clock.LongWay:
	}
	if p.Place.Group == 0 {
		return text.T(ctx, "Of %s comparable tickets that came to “%s”, %s took as long from there; %s of these took longer than there is time.", number(p.Sample), state(p.Place.State), number(p.Lasted), number(p.Longer))
	}
	return text.T(ctx, "Of %s comparable tickets that came to “%s” with %s, %s took as long from there; %s of these took longer than there is time.", number(p.Sample), state(p.Place.State), who, number(p.Lasted), number(p.Longer))
}

// likelyPage lists promises that are likely to break.
func (p pages) likelyPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	after, err := parseCursor(r.FormValue("after"))
	if err != nil {
		return err
	}
	const page = 50
	found, next, err := p.s.Likely(ctx, after, page)
	if err != nil {
		return err
	}
	table, err := p.likelyTable(ctx, found)
	if err != nil {
		return err
	}
	if next.Ticket != 0 {
		table.More = ui.LoadMore{URL: likelyURL + "?after=" + next.String(), Auto: true}
	}
	if after.Ticket != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(table))
	}
	m := view.Foreseen{
		Trail: []ui.Crumb{{Label: text.T(ctx, "Service levels"), URL: reportURL}, {Label: text.T(ctx, "Likely to break")}},
		Title: text.T(ctx, "Likely to break"), Lead: text.T(ctx, "Promises that will probably not be kept unless something happens on their tickets, the most urgent first."),
		Rule:  text.T(ctx, "A promise is likely to break when who has the ticket promised its part for later, when they are not at work any more before it is due, or when of at least %d comparable promises that took as long half took longer than there is time. Comparable are promises of the same kind on tickets of the same kind, in the same state and with the same group, or with any group where those are too few.", clock.MinSample),
		Table: table,
	}
	return p.frame.Page(w, r, module.Page{Title: m.Title, Active: LikelyID, Wide: true}, m.View())
}

func (p pages) likelyTable(ctx context.Context, found []Likely) (ui.Table, error) {
	t := ui.Table{ID: "likely", Caption: text.T(ctx, "Likely to break"), Columns: []ui.Column{
		{Key: "ticket", Label: text.T(ctx, "Ticket"), Main: true},
		{Key: "promise", Label: text.T(ctx, "Promise")},
		{Key: "left", Label: text.T(ctx, "Time left"), Number: true},
		{Key: "due", Label: text.T(ctx, "Due")},
		{Key: "why", Label: text.T(ctx, "Why")},
	}, Empty: ui.EmptyState{Icon: ui.IconClock, Title: text.T(ctx, "No promise is likely to break"), Text: text.T(ctx, "What may break is listed here with the reason, before it does.")}}
	ids, clocks := make([]int64, 0, len(found)), make([]clock.Clock, 0, len(found))
	for i := range found {
		ids, clocks = append(ids, found[i].TicketID), append(clocks, found[i].Clock)
	}
	tickets, err := p.s.d.Tickets.ByIDs(ctx, database.Distinct(ids))
	if err != nil {
		return t, err
	}
	n, err := p.s.names(ctx, clocks)
	if err != nil {
		return t, err
	}
	byID := map[int64]*ticket.Ticket{}
	for i := range tickets {
		byID[tickets[i].ID] = &tickets[i]
	}
	for i := range found {
		l := &found[i]
		tk := byID[l.TicketID]
		if tk == nil {
			continue
		}
		due := ui.Nothing()
		if !l.Clock.Due.IsZero() {
			due = ui.Moment{At: l.Clock.Due, Due: true}
		}
		what := measureLabel(ctx, &l.Clock, p.s.stateLabel(tk)) + " · " + n.agreement(&l.Clock)
		t.Rows = append(t.Rows, ui.Row{URL: view.URL(tk.Number), Cells: []templ.Component{
			ui.Link{Label: tk.Number + " " + tk.Title, URL: view.TicketURL(tk.Number)},
			ui.Words(what), ui.Words(length(ctx, l.Clock.Left)), due,
			ui.Words(likelyWords(ctx, &l.Why[0], &Clocks{Course: l.Course}, n, p.s.stateLabel(tk))),
		}})
	}
	return t, nil
}

// outlookCells are the texts of the column, for tickets whose notes the reader reads.
func (s *Service) outlookCells(ctx context.Context, ids []int64) (map[int64]string, error) {
	found, err := readOutcomes(ctx, s.d.DB.Reader(), ids)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var with []int64
	for id, is := range found {
		if is != "kept" {
			with = append(with, id)
		}
	}
	if len(with) == 0 {
		return nil, nil
	}
	readable, err := s.d.Tickets.IDs(ctx, ticket.Query{Condition: filter.True(), Verb: access.ReadNotes, Among: with, Limit: len(with)})
	out := map[int64]string{}
	for _, id := range readable {
		switch found[id] {
		case "likely":
			out[id] = text.T(ctx, "likely to break")
		case "broken":
			out[id] = text.T(ctx, "broken")
		default:
			out[id] = text.T(ctx, "on course")
		}
	}
	return out, err
}

func prospectDocuments(all []clock.Prospect) []ProspectDocument {
	out := make([]ProspectDocument, 0, len(all))
	for _, p := range all {
		d := ProspectDocument{Cause: string(p.Cause), At: p.At.UTC(), Sample: p.Sample, Lasted: p.Lasted, Longer: p.Longer}
		if !p.Due.IsZero() {
			due := p.Due.UTC()
			d.Due = &due
		}
		out = append(out, d)
	}
	return out
}

func (a api) likely(ctx context.Context, in *openapi.Paging) (*openapi.Listed[LikelyDocument], error) {
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, next, err := a.s.Likely(ctx, after, in.Limit)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(found))
	for i := range found {
		ids = append(ids, found[i].TicketID)
	}
	tickets, err := a.s.d.Tickets.ByIDs(ctx, database.Distinct(ids))
	if err != nil {
		return nil, err
	}
	numbers := map[int64]string{}
	for i := range tickets {
		numbers[tickets[i].ID] = tickets[i].Number
	}
	items := make([]LikelyDocument, 0, len(found))
	for i := range found {
		l := &found[i]
		d := LikelyDocument{
			TicketID: l.TicketID, Number: numbers[l.TicketID], Role: string(l.Clock.Role), PartyID: l.Clock.Party, Measure: string(l.Clock.Measure), State: l.Clock.State,
			Left: int64(l.Clock.Left / time.Second), Why: prospectDocuments(l.Why),
		}
		if !l.Clock.Due.IsZero() {
			due := l.Clock.Due.UTC()
			d.DueAt = &due
		}
		items = append(items, d)
	}
	return openapi.List(ctx, items, next.String()), nil
}
