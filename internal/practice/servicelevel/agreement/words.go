package agreement

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// words names what agreements refer to, in the reader's language.
type words struct {
	kinds                                          []*workflow.Definition
	calendars, services, organisations, groups, by map[int64]string
	offerings                                      map[int64]service.OfferingName
}

// wordsFor reads the names behind some agreements, in as many queries as there are
// kinds of things.
func (s *Service) wordsFor(ctx context.Context, agreements ...*Agreement) (*words, error) {
	var calendars, services, offerings, organisations, groups, persons []int64
	for _, a := range agreements {
		persons = append(persons, a.OwnerID)
		if a.Role == clock.OLA {
			groups = append(groups, a.Party)
		} else {
			organisations = append(organisations, a.Party)
		}
		for i := range a.Versions {
			v := &a.Versions[i]
			persons, services, calendars = append(persons, v.AuthorID), append(services, v.Services...), append(calendars, v.Calendar)
			offerings = append(offerings, v.Offerings...)
			for _, t := range v.Targets {
				calendars = append(calendars, t.Calendar)
			}
		}
	}
	q := s.d.DB.Reader()
	w := &words{kinds: s.d.Kinds.In(ctx).All(), groups: map[int64]string{}, by: map[int64]string{}}
	var err error
	if w.calendars, err = s.d.Calendars.Names(ctx, q, calendars); err != nil {
		return nil, err
	}
	if w.services, err = s.d.Services.Names(ctx, q, services); err != nil {
		return nil, err
	}
	if w.offerings, err = s.d.Services.OfferingNames(ctx, q, offerings); err != nil {
		return nil, err
	}
	if w.organisations, err = s.d.People.OrganisationNames(ctx, q, organisations); err != nil {
		return nil, err
	}
	found, err := s.d.People.GroupNames(ctx, q, groups)
	if err != nil {
		return nil, err
	}
	for id, g := range found {
		w.groups[id] = g.Name
	}
	people, err := s.d.People.PersonNames(ctx, q, persons)
	for id, p := range people {
		w.by[id] = p.Name
	}
	return w, err
}

func roleLabel(ctx context.Context, r clock.Role) string {
	switch r {
	case clock.SLA:
		return text.T(ctx, "With customers (SLA)")
	case clock.OLA:
		return text.T(ctx, "With groups (OLA)")
	case clock.UC:
		return text.T(ctx, "With suppliers (UC)")
	}
	return string(r)
}

// roleShort is the name of a role that stands beside an agreement's.
func roleShort(r clock.Role) string {
	switch r {
	case clock.SLA:
		return "SLA"
	case clock.OLA:
		return "OLA"
	case clock.UC:
		return "UC"
	}
	return string(r)
}

func stateLabel(ctx context.Context, s State) string {
	switch s {
	case Planned:
		return text.T(ctx, "Not begun")
	case InForce:
		return text.T(ctx, "In force")
	case Ended:
		return text.T(ctx, "Ended")
	}
	return string(s)
}

func stateBadge(ctx context.Context, s State) ui.Badge {
	b := ui.Badge{Label: stateLabel(ctx, s)}
	switch s {
	case InForce:
		b.Tone, b.Icon = ui.Success, ui.IconCheck
	case Planned:
		b.Tone, b.Icon = ui.Info, ui.IconClock
	case Ended:
	}
	return b
}

func (w *words) party(ctx context.Context, a *Agreement) string {
	switch {
	case a.Role == clock.OLA:
		return w.groups[a.Party]
	case a.Party == 0:
		return text.T(ctx, "Every customer")
	}
	return w.organisations[a.Party]
}

// state gives the label of a state of some kind.
func (w *words) state(key string) string {
	for _, d := range w.kinds {
		if s, ok := d.State(key); ok {
			return s.Label
		}
	}
	return key
}

func (w *words) reason(key string) string {
	for _, d := range w.kinds {
		for _, s := range d.States {
			if r, ok := s.Reason(key); ok {
				return r.Label
			}
		}
	}
	return key
}

func (w *words) kind(key string) string {
	for _, d := range w.kinds {
		if d.Key == key {
			return cmp.Or(d.Plural, d.Label)
		}
	}
	return key
}

func (w *words) priority(ctx context.Context, n int) string {
	if n == 0 {
		return text.T(ctx, "All others")
	}
	for _, d := range w.kinds {
		for _, p := range d.Matrix.Priority {
			if p.Value == n {
				return fmt.Sprintf("P%d %s", n, p.Label)
			}
		}
	}
	return fmt.Sprintf("P%d", n)
}

func (w *words) measure(ctx context.Context, m clock.Measure, state string) string {
	switch m {
	case clock.Response:
		return text.T(ctx, "First answer")
	case clock.Update:
		return text.T(ctx, "Next answer")
	case clock.Workaround:
		return text.T(ctx, "Workaround")
	case clock.Resolution:
		return text.T(ctx, "Resolution")
	case clock.Step:
		return text.T(ctx, "Time in “%s”", w.state(state))
	}
	return string(m)
}

// target says one promise: "4 h", "2 business days until 17:00, by 24x7".
func (w *words) target(ctx context.Context, t clock.Target, usual int64) string {
	s := SpanOf(t).Words(ctx)
	if t.Calendar != 0 && t.Calendar != usual {
		s = text.T(ctx, "%s by %s", s, w.calendars[t.Calendar])
	}
	return s
}

// lines says terms, a line for each thing that can change.
func (w *words) lines(ctx context.Context, t *clock.Terms) []view.Line {
	var out []view.Line
	targets := slices.Clone(t.Targets)
	slices.SortStableFunc(targets, func(a, b clock.Target) int {
		return cmp.Or(cmp.Compare(slices.Index(clock.Measures(), a.Measure), slices.Index(clock.Measures(), b.Measure)), cmp.Compare(a.State, b.State),
			cmp.Compare(uint(a.Priority-1), uint(b.Priority-1))) // 0 is the last
	})
	for _, x := range targets {
		out = append(out, view.Line{Label: text.T(ctx, "%s, %s", w.measure(ctx, x.Measure, x.State), w.priority(ctx, x.Priority)), Now: w.target(ctx, x, t.Calendar)})
	}
	services := make([]string, 0, len(t.Services))
	for _, id := range t.Services {
		services = append(services, w.services[id])
	}
	slices.Sort(services)
	offerings := make([]string, 0, len(t.Offerings))
	for _, id := range t.Offerings {
		offerings = append(offerings, w.offering(ctx, id))
	}
	slices.Sort(offerings)
	kinds := make([]string, 0, len(t.Kinds))
	for _, key := range t.Kinds {
		kinds = append(kinds, w.kind(key))
	}
	reopen := text.T(ctx, "The clock goes on with what was used")
	if t.Reopen == clock.Restart {
		reopen = text.T(ctx, "The clock begins again")
	}
	pauses := text.T(ctx, "As the workflow says")
	if t.OwnPauses {
		reasons := make([]string, 0, len(t.Pauses))
		for _, key := range t.Pauses {
			reasons = append(reasons, w.reason(key))
		}
		pauses = orNone(ctx, reasons, text.T(ctx, "Never"))
	}
	warn := make([]string, 0, len(t.Warn))
	for _, percent := range t.Warn {
		warn = append(warn, text.Percent(ctx, float64(percent)/100))
	}
	return append(out,
		view.Line{Label: text.T(ctx, "Counted by"), Now: w.calendars[t.Calendar]},
		view.Line{Label: text.T(ctx, "Services"), Now: orNone(ctx, services, text.T(ctx, "All"))},
		view.Line{Label: text.T(ctx, "Offerings"), Now: orNone(ctx, offerings, text.T(ctx, "All, and customers without one"))},
		view.Line{Label: text.T(ctx, "Kinds of tickets"), Now: orNone(ctx, kinds, text.T(ctx, "All"))},
		view.Line{Label: text.T(ctx, "Pauses while waiting for"), Now: pauses},
		view.Line{Label: text.T(ctx, "When a ticket is reopened"), Now: reopen},
		view.Line{Label: text.T(ctx, "Warnings at"), Now: orNone(ctx, warn, text.T(ctx, "None"))},
	)
}

func orNone(ctx context.Context, list []string, none string) string {
	if len(list) == 0 {
		return none
	}
	return text.List(ctx, list)
}

// diff gives the lines that are not what they were.
func (w *words) diff(ctx context.Context, before, now *clock.Terms) []view.Line {
	was, is := w.lines(ctx, before), w.lines(ctx, now)
	var out []view.Line
	for _, l := range is {
		i := slices.IndexFunc(was, func(o view.Line) bool { return o.Label == l.Label })
		switch {
		case i < 0:
			l.Before = text.T(ctx, "nothing")
		case was[i].Now == l.Now:
			continue
		default:
			l.Before = was[i].Now
		}
		out = append(out, l)
	}
	for _, o := range was {
		if !slices.ContainsFunc(is, func(l view.Line) bool { return l.Label == o.Label }) {
			out = append(out, view.Line{Label: o.Label, Before: o.Now, Now: text.T(ctx, "nothing")})
		}
	}
	return out
}

// report puts what a check found into words. mine is the agreement it is about.
func (w *words) report(ctx context.Context, r *Report) view.Report {
	v := view.Report{Fine: text.T(ctx, "Nothing stands in the way")}
	switch {
	case r.Chains == 0:
		v.Fine = text.T(ctx, "Nothing to compare")
		v.Note = text.T(ctx, "A promise to a customer leans on what the service's support group and its provider promise. Here none of them promises a resolution.")
	case r.More:
		v.Note = text.T(ctx, "The first %s services were looked at, over four weeks from now.", text.Number(ctx, int64(r.Services)))
	default:
		v.Note = text.N(ctx, r.Services, "%d service was looked at, over the four weeks to come.", "%d services were looked at, over the four weeks to come.")
	}
	for _, o := range r.Overlaps {
		alert := ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "“%s” would hold for the same tickets", o.Agreement.Name), Text: text.T(ctx, "The older one wins: this one.")}
		if o.Wins {
			alert.Text = text.T(ctx, "The older one wins: “%s”.", o.Agreement.Name)
		}
		v.Overlaps = append(v.Overlaps, alert)
	}
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, w.finding(ctx, &f))
	}
	return v
}

// maxNamed is how many services a sentence names.
const maxNamed = 5

func (w *words) finding(ctx context.Context, f *Finding) view.Finding {
	out := view.Finding{
		Title: text.T(ctx, "“%s” promises resolution within %s, and that cannot always be kept", f.SLA.Name, SpanOf(f.Promise).Words(ctx)),
		Share: text.T(ctx, "So it is in %s of the hours.", text.Percent(ctx, float64(f.Gap.Share)/100)),
	}
	for _, l := range f.Links {
		out.Links = append(out.Links, text.T(ctx, "“%s” (%s) may take %s", l.Agreement.Name, roleShort(l.Role), SpanOf(l.Target).Words(ctx)))
	}
	at := text.From(ctx)
	at.Location = f.Zone
	there := text.With(ctx, at)
	start, promised := moment(there, f.Gap.Start), moment(there, f.Gap.Promised)
	if f.Gap.Chain.IsZero() {
		out.Story = text.T(ctx, "A ticket that comes in %s is promised for %s and may take for ever.", start, promised)
	} else {
		out.Story = text.T(ctx, "A ticket that comes in %s is promised for %s and may take until %s.", start, promised, moment(there, f.Gap.Chain))
	}
	var priorities, services []string
	for _, p := range f.Priorities {
		priorities = append(priorities, w.priority(ctx, p))
	}
	for i, s := range f.Services {
		if i == maxNamed {
			services = append(services, text.N(ctx, len(f.Services)-maxNamed, "%d more", "%d more"))
			break
		}
		services = append(services, s.Name)
	}
	out.For = text.T(ctx, "Priorities: %s. Services: %s.", text.List(ctx, priorities), text.List(ctx, services))
	return out
}

// moment says an instant with its weekday, by the clocks of the place.
func moment(ctx context.Context, t time.Time) string { return text.Instant(ctx, t) }

func formatID(n int64) string { return strconv.FormatInt(n, 10) }

// offering names an offering with its service.
func (w *words) offering(ctx context.Context, id int64) string {
	o, ok := w.offerings[id]
	if !ok {
		return ""
	}
	return text.T(ctx, "%s of %s", o.Name, o.Service)
}

// why says why an agreement does not hold.
func (v *Verdict) why(ctx context.Context) string {
	switch v.Reason {
	case Holds:
		return text.T(ctx, "It holds")
	case NotBegun:
		return text.T(ctx, "It has not begun")
	case HasEnded:
		return text.T(ctx, "It has ended")
	case OtherKind:
		return text.T(ctx, "It is about other kinds of tickets")
	case OtherService:
		return text.T(ctx, "It is about other services")
	case OtherOffering:
		return text.T(ctx, "It is for other offerings of the service than the customer has")
	case OtherCustomer:
		return text.T(ctx, "It is with another customer")
	case LessSpecific:
		if v.Instead.ID == 0 {
			return text.T(ctx, "Another agreement goes before it")
		}
		return text.T(ctx, "“%s” goes before it: it is nearer to the customer, the offering, the service or the kind", v.Instead.Name)
	case Younger:
		return text.T(ctx, "“%s” goes before it: it is older", v.Instead.Name)
	}
	return string(v.Reason)
}
