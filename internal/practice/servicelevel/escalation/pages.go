package escalation

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// MenuID is the entry of the navigation.
const MenuID = "escalation-ladders"

func address(id int64) string { return view.URL + "/" + formatID(id) }

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// namesOf reads what some ladders mention, each kind in one query.
func (s *Service) namesOf(ctx context.Context, ladders ...*Ladder) (names, error) {
	n := names{groups: map[int64]string{}, persons: map[int64]string{}, rooms: map[int64]string{}, roles: map[string]string{}}
	var agreements, groups, persons, rooms []int64
	for _, l := range ladders {
		agreements = append(agreements, l.Agreements...)
		for i := range l.Rungs {
			groups, persons, rooms = append(groups, l.Rungs[i].Group), append(persons, l.Rungs[i].Persons...), append(rooms, l.Rungs[i].Channels...)
		}
	}
	q := s.d.DB.Reader()
	var err error
	if n.agreements, err = s.d.Agreements.Names(ctx, q, agreements); err != nil {
		return n, err
	}
	foundGroups, err := s.d.Names.GroupNames(ctx, q, groups)
	if err != nil {
		return n, err
	}
	for id, g := range foundGroups {
		n.groups[id] = g.Name
	}
	foundPersons, err := s.d.Names.PersonNames(ctx, q, persons)
	if err != nil {
		return n, err
	}
	for id, p := range foundPersons {
		n.persons[id] = p.Name
	}
	if len(rooms) > 0 {
		found, err := s.rooms(ctx, q, rooms...)
		if err != nil {
			return n, err
		}
		for _, r := range found {
			n.rooms[r.ID] = r.Name
		}
	}
	roles, err := s.d.Roles.Definitions(ctx, q)
	for _, r := range roles {
		n.roles[r.Key] = r.Name
	}
	return n, err
}

func (s *Service) listPage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := s.List(ctx)
	if err != nil {
		return err
	}
	counts, err := readCounts(ctx, s.d.DB.Reader(), s.now().AddDate(0, 0, -PreviewDays))
	if err != nil {
		return err
	}
	some := make([]*Ladder, 0, len(all))
	for i := range all {
		some = append(some, &all[i])
	}
	n, err := s.namesOf(ctx, some...)
	if err != nil {
		return err
	}
	manages := Manages(access.From(ctx))
	m := view.List{Table: ui.Table{
		ID: "ladders", Caption: text.T(ctx, "Escalation ladders"),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Name"), Main: true},
			{Key: "for", Label: text.T(ctx, "For which promises")},
			{Key: "rungs", Label: text.T(ctx, "Rungs")},
			{Key: "fired", Label: text.T(ctx, "Fired in 30 days"), Number: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		},
		Empty: ui.EmptyState{
			Icon: ui.IconStairsUp, Title: text.T(ctx, "Nobody is told when time runs out"),
			Text: text.T(ctx, "A ladder tells people, or hands a ticket on, when so much of the promised time is used."),
		},
	}}
	if manages {
		m.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "New ladder"), URL: view.URL + "/new", Kind: ui.Primary, Icon: ui.IconPlus, Key: "n"}}
		m.Table.Empty.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Begin with the usual rungs"), URL: view.URL + "/new?standard=1", Kind: ui.Primary, Icon: ui.IconPlus}}
	}
	for _, l := range some {
		name := templ.Component(ui.Words(l.Name))
		row := ui.Row{ID: "ladder-" + formatID(l.ID), Muted: !l.Active}
		if manages {
			name, row.URL = ui.Link{Label: l.Name, URL: address(l.ID)}, address(l.ID)
		}
		var rungs []string
		for i := range l.Rungs {
			rungs = append(rungs, l.Rungs[i].when(ctx, 0))
		}
		state := ui.Badge{Label: text.T(ctx, "In force"), Tone: ui.Success}
		if !l.Active {
			state = ui.Badge{Label: text.T(ctx, "Not in force")}
		}
		row.Cells = []templ.Component{name, ui.Words(l.scope(ctx, n)), ui.Words(text.List(ctx, rungs)), ui.Words(text.Number(ctx, int64(counts[l.ID]))), state}
		m.Table.Rows = append(m.Table.Rows, row)
	}
	return s.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Escalation ladders"), Active: MenuID}, m.View())
}

// scope says for which promises a ladder is.
func (l *Ladder) scope(ctx context.Context, n names) string {
	var agreements, measures []string
	for _, id := range l.Agreements {
		agreements = append(agreements, n.agreements[id])
	}
	for _, m := range l.Measures {
		measures = append(measures, measureLabel(ctx, m, ""))
	}
	out := text.T(ctx, "every agreement without a ladder of its own")
	if len(agreements) > 0 {
		out = text.List(ctx, agreements)
	}
	if len(measures) > 0 {
		out = text.T(ctx, "%s; only %s", out, text.List(ctx, measures))
	}
	if l.Critical {
		out = text.T(ctx, "%s; mission-critical services", out)
	}
	return out
}

const (
	panelNext = 2 // rungs of a ticket that the panel shows
	panelLast = 2
)

// panel shows what comes next on a ticket, and what fired last.
func (s *Service) panel(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	all, err := s.Of(ctx, t)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	lines, err := s.lines(ctx, t, all)
	if err != nil {
		return nil, err
	}
	m := view.Panel{Number: t.Number}
	for i := range all {
		if all[i].Status == Planned && len(m.Next) < panelNext {
			m.Next = append(m.Next, lines[i])
		}
	}
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Status == Fired && len(m.Last) < panelLast {
			m.Last = append(m.Last, lines[i])
		}
	}
	if len(m.Next) == 0 && len(m.Last) == 0 {
		return nil, nil
	}
	return m, nil
}

// lines says in words what the steps of a ticket are.
func (s *Service) lines(ctx context.Context, t *ticket.Ticket, all []Step) ([]view.Line, error) {
	ladders, err := readLadders(ctx, s.d.DB.Reader())
	if err != nil {
		return nil, err
	}
	by := map[int64]*Ladder{}
	var used []*Ladder
	clocks := make([]*clock.Clock, 0, len(all))
	for i := range ladders {
		by[ladders[i].ID] = &ladders[i]
	}
	seen := map[int64]bool{}
	for i := range all {
		clocks = append(clocks, &clock.Clock{Key: all[i].Clock})
		if l := by[all[i].Ladder]; l != nil && !seen[l.ID] {
			seen[l.ID] = true
			used = append(used, l)
		}
	}
	n, err := s.namesOf(ctx, used...)
	if err != nil {
		return nil, err
	}
	parties, err := s.partyNames(ctx, s.d.DB.Reader(), clocks)
	if err != nil {
		return nil, err
	}
	above, err := s.aboveNow(ctx, t, all, by)
	if err != nil {
		return nil, err
	}
	out := make([]view.Line, 0, len(all))
	for i := range all {
		e := &all[i]
		said := saidRung{Measure: e.Clock.Measure, State: e.Clock.State, With: parties[clocks[i].With()]}
		line := view.Line{At: e.Fire, Held: e.Fire.After(e.At)}
		if l := by[e.Ladder]; l != nil {
			if r, ok := l.rung(e.Rung); ok {
				said.Anchor, said.Percent, said.Span, said.ByClock = r.Anchor, r.Percent, r.Span+time.Duration(e.Round)*r.Every, r.ByClock
				line.Does = r.does(ctx, n)
				if way := above[r.Up]; way != "" && e.Status == Planned {
					line.Does = text.T(ctx, "%s. As things stand: %s", line.Does, way)
				}
			}
		}
		if line.What = s.rungWords(ctx, t, &said); said.Anchor == "" {
			line.What = measureLabel(ctx, e.Clock.Measure, s.stateLabel(ctx, t, e.Clock.State))
			line.Does = text.T(ctx, "by a ladder that is gone")
		}
		switch {
		case e.Status == Fired:
			line.At, line.Says = e.Ended, text.T(ctx, "fired")
		case e.Status == Skipped:
			line.At, line.Says = e.At, reasonWords(ctx, e.Reason)
		case e.Fire.IsZero():
			line.Says = text.T(ctx, "waits while the clock is paused")
		case line.Held:
			line.Says = text.T(ctx, "held back by quiet hours; its time is %s", text.DateTime(ctx, e.At))
		}
		out = append(out, line)
	}
	return out, nil
}

// explain is the page of a ticket's escalations.
func (s *Service) explain(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	all, err := s.Of(ctx, &t)
	if err != nil {
		return err
	}
	lines, err := s.lines(ctx, &t, all)
	if err != nil {
		return err
	}
	m := view.Page{
		Number: t.Number, Title: text.T(ctx, "Escalation of %s", t.Number),
		Lead: text.T(ctx, "What comes and when, what fired, and what was skipped and why. When the clock is paused or gets more time, what has not fired moves with it."),
		Table: ui.Table{
			ID: "escalations", Caption: text.T(ctx, "Escalation of %s", t.Number),
			Columns: []ui.Column{
				{Key: "what", Label: text.T(ctx, "When"), Main: true},
				{Key: "does", Label: text.T(ctx, "What it does")},
				{Key: "at", Label: text.T(ctx, "At"), Shrink: true},
				{Key: "state", Label: text.T(ctx, "State")},
			},
			Empty: ui.EmptyState{
				Icon: ui.IconStairsUp, Title: text.T(ctx, "Nothing escalates this ticket"),
				Text: text.T(ctx, "No ladder in force is for its promises, or you may not see who works on it."),
			},
		},
	}
	for i := range lines {
		at := ui.Nothing()
		if !lines[i].At.IsZero() {
			at = ui.Moment{At: lines[i].At}
		}
		state := lines[i].Says
		if state == "" {
			state = text.T(ctx, "planned")
		}
		m.Table.Rows = append(m.Table.Rows, ui.Row{Muted: all[i].Status == Skipped, Cells: []templ.Component{ui.Words(lines[i].What), ui.Words(lines[i].Does), at, ui.Words(state)}})
	}
	return s.d.Frame.Page(w, r, module.Page{Title: m.Title, Active: "queue"}, m.View())
}

// aboveNow says where the ways up the line of what is planned lead, as things stand.
func (s *Service) aboveNow(ctx context.Context, t *ticket.Ticket, all []Step, by map[int64]*Ladder) (map[int]string, error) {
	levels := map[int]upward{}
	for i := range all {
		l := by[all[i].Ladder]
		if l == nil || all[i].Status != Planned {
			continue
		}
		if r, ok := l.rung(all[i].Rung); ok && r.Up > 0 {
			levels[r.Up] = upward{}
		}
	}
	if err := s.climb(ctx, t, levels); err != nil {
		return nil, err
	}
	out := make(map[int]string, len(levels))
	for n, way := range levels { // at most MaxUp
		u, err := s.upWords(ctx, s.d.DB.Reader(), t, n, way)
		if err != nil {
			return nil, err
		}
		out[n] = u.words(ctx)
	}
	return out, nil
}
