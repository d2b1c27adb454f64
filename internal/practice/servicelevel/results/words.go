package results

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// monthWords says a month: "Nov 2026".
func monthWords(ctx context.Context, m Month) string {
	from, _ := m.Bounds(time.UTC)
	return text.Month(ctx, from.AddDate(0, 0, 14).Add(12*time.Hour))
}

// words are what workflows call things, in the reader's language.
type words struct{ kinds []*workflow.Definition }

func (s *Service) words(ctx context.Context) words { return words{s.d.Kinds.In(ctx).All()} }

// measure names what is promised, as customers say it.
func (w words) measure(ctx context.Context, m clock.Measure, state string) string {
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
		if state == "" {
			return text.T(ctx, "Time in a state")
		}
		for _, d := range w.kinds {
			if s, ok := d.State(state); ok {
				return text.T(ctx, "Time in “%s”", s.Label)
			}
		}
	}
	return text.T(ctx, "Time in “%s”", state)
}

// priority names how urgent something is; 0 is everything else.
func (w words) priority(ctx context.Context, n int) string {
	if n == 0 {
		return text.T(ctx, "Everything else")
	}
	for _, d := range w.kinds {
		for _, p := range d.Matrix.Priority {
			if p.Value == n {
				return p.Label
			}
		}
	}
	return text.T(ctx, "Priority %s", strconv.Itoa(n))
}

// length says business time in hours and minutes.
func length(ctx context.Context, d time.Duration) string {
	minutes := int64((d + time.Minute/2) / time.Minute)
	h, m := minutes/60, minutes%60
	switch {
	case h == 0:
		return text.T(ctx, "%s min", text.Number(ctx, m))
	case m == 0:
		return text.T(ctx, "%s h", text.Number(ctx, h))
	}
	return text.T(ctx, "%s h", text.Number(ctx, h)) + " " + text.T(ctx, "%s min", text.Number(ctx, m))
}

// within says a target: "4 h", "2 business days until 17:00".
func within(ctx context.Context, t clock.Target) string {
	if !t.InDays() {
		return length(ctx, t.Within)
	}
	return text.N(ctx, t.Days, "%d business day until %s", "%d business days until %s", fmt.Sprintf("%02d:%02d", t.Until/60, t.Until%60))
}

// attained says a share; a dash when there was nothing to keep.
func attained(ctx context.Context, kept, broken int) string {
	part, ok := share(kept, broken)
	if !ok {
		return ui.UnitShare.Words(ctx, math.NaN())
	}
	return ui.UnitShare.Words(ctx, part)
}

// goalWords says what is aimed at.
func goalWords(ctx context.Context, goal int) string {
	return ui.UnitShare.Words(ctx, float64(goal)/whole)
}

// typedGoal is a goal as it is typed: "97.5".
func typedGoal(goal int) string {
	if goal == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(goal)/100, 'f', -1, 64)
}

// parseGoal reads a percentage; false for what is none.
func parseGoal(s string) (int, bool) {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(strings.ReplaceAll(s, ",", ".")), "%"))
	if s == "" {
		return 0, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 100 {
		return 0, false
	}
	return int(math.Round(f * 100)), true
}

// reason says why promises count differently, for customers.
func (r Reason) words(ctx context.Context) string {
	switch r.Why {
	case OtherCustomer:
		return text.N(ctx, r.Count, "%d promise: its ticket belongs to another organisation now", "%d promises: their tickets belong to another organisation now")
	case OtherAgreement:
		return text.N(ctx, r.Count, "%d promise: its ticket was put under another agreement", "%d promises: their tickets were put under another agreement")
	case Reopened:
		return text.N(ctx, r.Count, "%d promise: its ticket was opened again", "%d promises: their tickets were opened again")
	case Cancelled:
		return text.N(ctx, r.Count, "%d promise: its ticket was cancelled", "%d promises: their tickets were cancelled")
	case OtherPriority:
		return text.N(ctx, r.Count, "%d promise: its ticket has another priority now", "%d promises: their tickets have another priority now")
	case TermsChanged:
		return text.N(ctx, r.Count, "%d promise: hours or terms were corrected", "%d promises: hours or terms were corrected")
	case TicketChanged:
	}
	return text.N(ctx, r.Count, "%d promise: its ticket was changed afterwards", "%d promises: their tickets were changed afterwards")
}

// outcomeBadge says what became of a promise.
func outcomeBadge(ctx context.Context, o Outcome) ui.Badge {
	switch o {
	case Kept:
		return ui.Badge{Label: text.T(ctx, "kept"), Tone: ui.Success}
	case Broken:
		return ui.Badge{Label: text.T(ctx, "broken"), Tone: ui.Critical}
	case NotCounted:
	}
	return ui.Badge{Label: text.T(ctx, "not counted")}
}

// targetTable is what became of each target.
func (w words) targetTable(ctx context.Context, f *Figures) ui.Table {
	t := ui.Table{ID: "targets", Caption: text.T(ctx, "Every promise"), Columns: []ui.Column{
		{Key: "promise", Label: text.T(ctx, "Promise"), Main: true},
		{Key: "within", Label: text.T(ctx, "Within")},
		{Key: "attained", Label: text.T(ctx, "Attained"), Number: true},
		{Key: "kept", Label: text.T(ctx, "Kept"), Number: true},
		{Key: "broken", Label: text.T(ctx, "Broken"), Number: true},
	}, Empty: ui.EmptyState{Icon: ui.IconClock, Title: text.T(ctx, "No promise was decided in this month")}}
	for _, l := range f.Lines {
		name := w.measure(ctx, l.Measure, l.State)
		if f.several(l.Measure, l.State) || l.Priority != 0 {
			name = text.T(ctx, "%s: %s", name, w.priority(ctx, l.Priority))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{
			ui.Words(name), ui.Words(within(ctx, l.Target)), ui.Words(attained(ctx, l.Kept, l.Broken)), ui.Words(text.Number(ctx, int64(l.Kept))), ui.Words(text.Number(ctx, int64(l.Broken))),
		}})
	}
	return t
}

func (f *Figures) several(m clock.Measure, state string) bool {
	n := 0
	for _, l := range f.Lines {
		if l.Measure == m && l.State == state {
			n++
		}
	}
	return n > 1
}

// chart draws the share that was kept month by month, a line for each measure.
func (w words) chart(ctx context.Context, id string, months []Publication, goal int, address func(p *Publication) string) ui.Chart {
	c := ui.Chart{ID: id, Kind: ui.ChartLine, Unit: ui.UnitShare, Title: text.T(ctx, "Kept, month by month"), Across: text.T(ctx, "Month"), Empty: text.T(ctx, "Nothing is published yet.")}
	if goal != 0 {
		c.Target = ui.ChartLevel{Label: text.T(ctx, "Goal"), Value: float64(goal) / whole}
	}
	var measures []clock.Measure
	var shown []*Publication
	for i := range months {
		p := &months[i]
		if p.Withdrawn() {
			continue
		}
		shown = append(shown, p)
		for _, l := range p.Figures.Lines {
			if !slices.Contains(measures, l.Measure) {
				measures = append(measures, l.Measure)
			}
		}
	}
	if len(shown) == 0 {
		return c
	}
	slices.SortFunc(measures, func(a, b clock.Measure) int {
		return slices.Index(clock.Measures(), a) - slices.Index(clock.Measures(), b)
	})
	slices.SortFunc(shown, func(a, b *Publication) int { return strings.Compare(string(a.Month), string(b.Month)) })
	byMonth := map[Month]*Publication{}
	for _, p := range shown {
		byMonth[p.Month] = p
	}
	for _, m := range measures {
		c.Series = append(c.Series, ui.ChartSeries{Label: w.measure(ctx, m, "")})
	}
	for month := shown[0].Month; month <= shown[len(shown)-1].Month; month = month.Add(1) {
		c.Labels = append(c.Labels, monthWords(ctx, month))
		p := byMonth[month]
		for i, m := range measures {
			value, url := math.NaN(), ""
			if p != nil {
				if part, ok := share(p.Figures.Of(m)); ok {
					value, url = part, address(p)
				}
			}
			c.Series[i].Values = append(c.Series[i].Values, value)
			c.Series[i].URLs = append(c.Series[i].URLs, url)
		}
	}
	return c
}
