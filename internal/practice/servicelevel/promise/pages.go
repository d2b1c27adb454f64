package promise

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// mostPieces bounds how many intervals of a clock the page lists.
const mostPieces = 200

// nearly is the share of a target from which a clock is shown as a warning.
const nearly = 75

type pages struct {
	s     *Service
	frame module.Frame
}

// panel shows the clocks on a ticket's page: those that are open, and of the others
// the last cycle of each.
func (p pages) panel(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	clocks, err := p.s.Of(ctx, t)
	if err != nil || len(clocks.All) == 0 {
		return nil, err
	}
	n, err := p.s.names(ctx, clocks.All)
	if err != nil {
		return nil, err
	}
	likely, err := p.likely(ctx, &clocks, n, t)
	if err != nil {
		return nil, err
	}
	m := view.Panel{Number: t.Number}
	for i := range clocks.All {
		c := &clocks.All[i]
		b := p.bar(ctx, c, n, t)
		if b.Likely = likely[i]; len(b.Likely) > 0 && b.Tone == "" {
			b.Tone = ui.Warning
		}
		if c.Role == clock.SLA {
			if b.Budget = p.budget(ctx, c, clocks.All, n); c.Target.InDays() {
				b.Of = text.T(ctx, "Used so far:")
			} else {
				b.Of = text.T(ctx, "Of the customer's %s:", length(ctx, c.Target.Within))
			}
		}
		switch {
		case c.Stage.Open():
			m.Open = append(m.Open, b)
		case i+1 == len(clocks.All) || !sameButCycle(c, &clocks.All[i+1]):
			m.Done = append(m.Done, b)
		}
	}
	return m.View(), nil
}

func sameButCycle(a, b *clock.Clock) bool {
	x, y := a.Key, b.Key
	x.Cycle, y.Cycle = 0, 0
	return x == y
}

// bar is a clock at a glance.
func (p pages) bar(ctx context.Context, c *clock.Clock, n names, t *ticket.Ticket) view.Bar {
	b := view.Bar{
		What: measureLabel(ctx, c, p.s.stateLabel(t)), With: n.agreement(c), Percent: c.Percent(), Due: c.Due, Done: !c.Stage.Open(), Left: stageWords(ctx, c),
	}
	switch {
	case !c.Breached.IsZero():
		b.Tone = ui.Critical
	case b.Done && c.Stage == clock.Completed:
		b.Tone = ui.Success
	case !b.Done && b.Percent >= nearly:
		b.Tone = ui.Warning
	}
	if b.Done {
		b.Says, b.Due = text.T(ctx, "%s used", length(ctx, c.Used)), time.Time{}
		return b
	}
	switch {
	case c.Stage == clock.Running && c.Due.IsZero() && c.Breached.IsZero():
		b.Says = text.T(ctx, "its calendar never opens")
	case c.Target.InDays() && c.Stage == clock.Paused:
		b.Left = text.N(ctx, c.DaysLeft, "%d day left", "%d days left")
	case c.Left >= 0:
		b.Left = text.T(ctx, "%s left", length(ctx, c.Left))
	default:
		b.Left = text.T(ctx, "%s over", length(ctx, c.Left))
	}
	if c.Stage == clock.Paused && len(c.Intervals) > 0 {
		b.Says = text.T(ctx, "paused: %s", whyWords(ctx, &c.Intervals[len(c.Intervals)-1]))
	}
	return b
}

// explain is the page of a ticket's clocks.
func (p pages) explain(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.s.d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	clocks, err := p.s.Of(ctx, &t)
	if err != nil {
		return err
	}
	n, err := p.s.names(ctx, clocks.All)
	if err != nil {
		return err
	}
	likely, err := p.likely(ctx, &clocks, n, &t)
	if err != nil {
		return err
	}
	m := view.Page{
		Number: t.Number, Title: text.T(ctx, "Promises on %s", t.Number),
		Lead: text.T(ctx, "Computed a moment ago from the timeline, the agreements and their calendars."),
		Empty: ui.EmptyState{
			Icon: ui.IconClock, Title: text.T(ctx, "Nothing is promised on this ticket"),
			Text: text.T(ctx, "No agreement in force covers its kind, service, customer, group or supplier, or you may not see who works on it."),
		},
	}
	for i := range clocks.All {
		e := p.explained(ctx, &clocks.All[i], clocks, n, &t)
		e.Bar.Likely = likely[i]
		m.Clocks = append(m.Clocks, e)
	}
	return p.frame.Page(w, r, module.Page{Title: m.Title, Active: "queue"}, m.View())
}

// explained is a clock with every interval.
func (p pages) explained(ctx context.Context, c *clock.Clock, all Clocks, n names, t *ticket.Ticket) view.Explained {
	e := view.Explained{Bar: p.bar(ctx, c, n, t)}
	fact := func(label, value string) {
		if value != "" {
			e.Facts = append(e.Facts, view.Fact{Label: label, Value: value})
		}
	}
	instant := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return text.Instant(ctx, at)
	}
	fact(text.T(ctx, "Agreement"), n.agreements[c.Agreement]+" ("+roleLabel(ctx, c.Role)+")")
	fact(text.T(ctx, "Promise"), targetWords(ctx, c.Target))
	fact(text.T(ctx, "Hours"), n.calendars[c.Target.Calendar])
	fact(text.T(ctx, "State"), stageWords(ctx, c))
	fact(text.T(ctx, "Began"), instant(c.Started))
	fact(text.T(ctx, "Ended"), instant(c.Ended))
	fact(text.T(ctx, "Due"), instant(c.Due))
	fact(text.T(ctx, "Broken"), instant(c.Breached))
	fact(text.T(ctx, "Used"), text.T(ctx, "%s (%s %%)", length(ctx, c.Used), text.Number(ctx, int64(c.Percent()))))
	for _, s := range clock.Budget(c) {
		e.Shares = append(e.Shares, share(ctx, c, s, all.All, n))
	}
	pieces, more := clock.Pieces(c, all.Hours, mostPieces)
	if more {
		e.Note = text.T(ctx, "These are the last %s intervals; the API gives all of them.", text.Number(ctx, mostPieces))
	}
	e.Pieces = ui.Table{ID: "clock-" + string(c.Role) + "-" + string(c.Measure) + "-" + text.Number(ctx, int64(c.Cycle)), Caption: text.T(ctx, "Every interval"), Columns: []ui.Column{
		{Key: "from", Label: text.T(ctx, "From"), Main: true},
		{Key: "to", Label: text.T(ctx, "To")},
		{Key: "why", Label: text.T(ctx, "What the clock did")},
		{Key: "party", Label: text.T(ctx, "Responsible")},
		{Key: "used", Label: text.T(ctx, "Counted"), Number: true},
	}}
	for i := range pieces {
		is := &pieces[i]
		counted := ""
		if is.Used > 0 {
			counted = length(ctx, is.Used)
		}
		e.Pieces.Rows = append(e.Pieces.Rows, ui.Row{Muted: is.Used == 0, Cells: []templ.Component{
			ui.Words(text.DateTime(ctx, is.From)), ui.Words(text.DateTime(ctx, is.To)), ui.Words(whyWords(ctx, is)), ui.Words(n.party(ctx, is.Party)), ui.Words(counted),
		}})
	}
	return e
}

// share is what a party used of a clock, beside what it promised itself.
func share(ctx context.Context, c *clock.Clock, s clock.Share, all []clock.Clock, n names) view.Share {
	out := view.Share{Name: n.party(ctx, s.Party), Used: length(ctx, s.Used), Percent: int(100 * s.Used / max(c.Used, 1))}
	own := clock.OwnPromise(c, s.Party, all)
	if own == nil || own == c || c.Role != clock.SLA {
		return out
	}
	if own.Target.InDays() {
		out.Own = text.T(ctx, "own promise: %s", targetWords(ctx, own.Target))
	} else {
		out.Own = text.T(ctx, "%s of %s of its own", length(ctx, own.Used), length(ctx, own.Target.Within))
	}
	switch {
	case !own.Breached.IsZero():
		out.Tone = ui.Critical
	case own.Percent() >= nearly:
		out.Tone = ui.Warning
	}
	return out
}

// budget says who used the time of a customer's clock, if somebody promised a part
// of it.
func (p pages) budget(ctx context.Context, c *clock.Clock, all []clock.Clock, n names) []view.Share {
	var out []view.Share
	promised := false
	for _, s := range clock.Budget(c) {
		out = append(out, share(ctx, c, s, all, n))
		promised = promised || out[len(out)-1].Own != ""
	}
	if !promised {
		return nil
	}
	return out
}

// names are what a page calls agreements, calendars and parties.
type names struct {
	agreements, calendars, groups, organisations map[int64]string
}

// names reads the names for some clocks, each kind in one query.
func (s *Service) names(ctx context.Context, clocks []clock.Clock) (names, error) {
	var agreements, calendars, groups, organisations []int64
	for i := range clocks {
		c := &clocks[i]
		agreements, calendars = append(agreements, c.Agreement), append(calendars, c.Target.Calendar)
		party(c.With(), &groups, &organisations)
		for _, is := range c.Intervals {
			party(is.Party, &groups, &organisations)
			groups = append(groups, is.Group)
		}
	}
	q := s.d.DB.Reader()
	n := names{groups: map[int64]string{}}
	var err error
	if n.agreements, err = s.d.Agreements.Names(ctx, q, database.Distinct(agreements)); err != nil {
		return n, err
	}
	if n.calendars, err = s.d.Calendars.Names(ctx, q, database.Distinct(calendars)); err != nil {
		return n, err
	}
	found, err := s.d.Places.GroupNames(ctx, q, database.Distinct(groups))
	if err != nil {
		return n, err
	}
	for id, g := range found {
		n.groups[id] = g.Name
	}
	n.organisations, err = s.d.Places.OrganisationNames(ctx, q, database.Distinct(organisations))
	return n, err
}

func party(p clock.Party, groups, organisations *[]int64) {
	switch p.Type {
	case clock.Group:
		*groups = append(*groups, p.ID)
	case clock.Supplier:
		*organisations = append(*organisations, p.ID)
	case clock.Requester, clock.Nobody:
	}
}

// agreement names whose promise a clock is.
func (n names) agreement(c *clock.Clock) string {
	name := n.agreements[c.Agreement]
	switch c.Role {
	case clock.OLA:
		return cmp.Or(n.groups[c.Party], name)
	case clock.UC:
		return cmp.Or(n.organisations[c.Party], name)
	case clock.SLA:
	}
	return name
}

// party names who was responsible.
func (n names) party(ctx context.Context, p clock.Party) string {
	switch p.Type {
	case clock.Requester:
		return text.T(ctx, "the requester")
	case clock.Group:
		return n.groups[p.ID]
	case clock.Supplier:
		return n.organisations[p.ID]
	case clock.Nobody:
	}
	return text.T(ctx, "nobody")
}

// stateLabel names the states of a ticket's kind.
func (s *Service) stateLabel(t *ticket.Ticket) func(string) string {
	return func(key string) string {
		def, err := s.d.Kinds.Get(t.Kind)
		if err != nil {
			return key
		}
		if state, ok := def.State(key); ok {
			return state.Label
		}
		return key
	}
}
