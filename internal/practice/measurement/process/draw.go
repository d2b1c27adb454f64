package process

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/practice/measurement/process/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// longestName is what fits a box; the whole name is shown when pointed at.
const longestName = 22

func short(s string) string {
	r := []rune(s)
	if len(r) <= longestName {
		return s
	}
	return string(r[:longestName-1]) + "…"
}

// drawing puts a map into words and pixels.
func drawing(ctx context.Context, q question, m Map, names labels) view.Map {
	d := Arrange(m)
	v := view.Map{Label: text.T(ctx, "Process map"), Width: d.Width, Height: d.Height}
	most := 1
	for _, s := range d.Steps {
		most = max(most, s.Count)
	}
	for _, s := range d.Steps {
		v.Arrows = append(v.Arrows, arrow(ctx, q, s, most, names))
	}
	for _, p := range d.Places {
		v.Boxes = append(v.Boxes, box(ctx, q, p, m, names))
	}
	return v
}

func arrow(ctx context.Context, q question, s DrawnStep, most int, names labels) view.Arrow {
	a := view.Arrow{
		Path: curve(s.Points), Width: 1 + 7*math.Sqrt(float64(s.Count)/float64(most)), LabelX: s.LabelX, LabelY: s.LabelY, Against: s.Against,
		Figure: text.Number(ctx, int64(s.Count)), URL: q.address("/process/tickets", "step_from", s.From, "step_to", s.To),
	}
	from, to := ends(ctx, s.From, s.To, names)
	a.Says = text.T(ctx, "From %s to %s: %s times", from, to, text.Number(ctx, int64(s.Count)))
	if s.Known {
		a.Figure += " · " + text.Duration(ctx, s.Median)
		a.Says = text.T(ctx, "From %s to %s: %s times, after %s (median), 90%% within %s", from, to, text.Number(ctx, int64(s.Count)), text.Duration(ctx, s.Median), text.Duration(ctx, s.P90))
	}
	return a
}

func box(ctx context.Context, q question, p DrawnPlace, m Map, names labels) view.Box {
	b := view.Box{X: p.X - BoxWidth/2, Y: p.Y - BoxHeight/2, W: BoxWidth, H: BoxHeight}
	if p.Begin || p.End {
		b.Outer, b.W, b.H = true, 96, 30
		b.X, b.Y = p.X-48, p.Y+BoxHeight/2-30
		b.Name = text.T(ctx, "Beginning")
		if p.End {
			b.Name, b.Y = text.T(ctx, "End"), p.Y-BoxHeight/2
		}
		return b
	}
	name := names.of(p.Key)
	b.Name, b.URL = short(name), q.address("/process/tickets", "at", p.Key)
	b.Depth = int(math.Ceil(4 * share(p.Tickets, max(m.Shown, 1))))
	b.Figure = text.Number(ctx, int64(p.Visits))
	b.Says = text.T(ctx, "%s: %s visits of %s tickets", name, text.Number(ctx, int64(p.Visits)), text.Number(ctx, int64(p.Tickets)))
	if p.Known {
		b.Figure += " · " + text.Duration(ctx, p.Median)
		b.Says = text.T(ctx, "%s: %s visits of %s tickets, each %s (median), 90%% within %s", name, text.Number(ctx, int64(p.Visits)), text.Number(ctx, int64(p.Tickets)), text.Duration(ctx, p.Median), text.Duration(ctx, p.P90))
	}
	if p.Here > 0 {
		b.Says += text.T(ctx, "; %s are there now", text.Number(ctx, int64(p.Here)))
	}
	return b
}

// curve draws a line through points, leaving and entering them upright.
func curve(points []Point) string {
	var b strings.Builder
	n := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
	for i, p := range points {
		if i == 0 {
			b.WriteString("M" + n(p.X) + " " + n(p.Y))
			continue
		}
		before := points[i-1]
		middle := (before.Y + p.Y) / 2
		b.WriteString("C" + n(before.X) + " " + n(middle) + " " + n(p.X) + " " + n(middle) + " " + n(p.X) + " " + n(p.Y))
	}
	return b.String()
}

func words(s string) templ.Component { return ui.Words(s) }

func stepTable(ctx context.Context, q question, m Map, names labels) ui.Table {
	t := ui.Table{ID: "step-list", Caption: text.T(ctx, "Steps"), Columns: []ui.Column{
		{Key: "from", Label: text.T(ctx, "From"), Main: true},
		{Key: "to", Label: text.T(ctx, "To")},
		{Key: "times", Label: text.T(ctx, "Times"), Number: true, Shrink: true},
		{Key: "tickets", Label: text.T(ctx, "Tickets"), Number: true, Shrink: true},
		{Key: "median", Label: text.T(ctx, "Median time before"), Number: true, Shrink: true},
		{Key: "p90", Label: text.T(ctx, "90% within"), Number: true, Shrink: true},
	}}
	for _, s := range m.Steps {
		from, to := ends(ctx, s.From, s.To, names)
		address := q.address("/process/tickets", "step_from", s.From, "step_to", s.To)
		median, p90 := ui.Nothing(), ui.Nothing()
		if s.Known {
			median, p90 = words(text.Duration(ctx, s.Median)), words(text.Duration(ctx, s.P90))
		}
		t.Rows = append(t.Rows, ui.Row{URL: address, Cells: []templ.Component{
			ui.Link{Label: from, URL: address}, words(to), words(text.Number(ctx, int64(s.Count))), words(text.Number(ctx, int64(s.Tickets))), median, p90,
		}})
	}
	return t
}

func wayTable(ctx context.Context, q question, m Map, names labels) ui.Table {
	t := ui.Table{ID: "way-list", Caption: text.T(ctx, "Most frequent ways"), Columns: []ui.Column{
		{Key: "way", Label: text.T(ctx, "Way"), Main: true},
		{Key: "tickets", Label: text.T(ctx, "Tickets"), Number: true, Shrink: true},
		{Key: "share", Label: text.T(ctx, "Share"), Number: true, Shrink: true},
		{Key: "median", Label: text.T(ctx, "Median length"), Number: true, Shrink: true},
	}}
	for i, w := range m.Ways[:min(len(m.Ways), mostWays)] {
		address := q.address("/process/tickets", "way", w.key)
		median := ui.Nothing()
		if w.Known {
			median = words(text.Duration(ctx, w.Median))
		}
		t.Rows = append(t.Rows, ui.Row{URL: address, Muted: i >= m.OnMap, Cells: []templ.Component{
			ui.Link{Label: names.way(w), URL: address}, words(text.Number(ctx, int64(w.Count))), words(text.Percent(ctx, share(w.Count, m.Tickets))), median,
		}})
	}
	return t
}
