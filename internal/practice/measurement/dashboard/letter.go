package dashboard

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	// mostRows bounds the table of a tile in a letter; of steps in time the newest stay.
	mostRows = 31
	// longestLetter bounds the figures of a letter, in bytes; the page has the rest.
	longestLetter = 20_000
)

// letter writes the figures of a board in Markdown, as its recipient sees them: a figure
// in words, a chart as its table.
func letter(ctx context.Context, answers []drawn, at time.Time) string {
	var b strings.Builder
	b.WriteString(phrase.Escape(text.T(ctx, "As it was on %s.", text.DateTime(ctx, at))))
	for i := range answers {
		tile := answers[i].letter(ctx)
		if b.Len()+len(tile) > longestLetter {
			b.WriteString("\n\n" + phrase.Escape(text.T(ctx, "The rest stands on the page.")))
			break
		}
		b.WriteString(tile)
	}
	return b.String()
}

// letter is one tile.
func (a *drawn) letter(ctx context.Context) string {
	var b strings.Builder
	b.WriteString("\n\n## " + phrase.Escape(a.title(ctx)) + "\n\n")
	if a.wrong != "" {
		b.WriteString(phrase.Escape(text.T(ctx, "This tile has no answer") + ": " + a.wrong))
		return b.String()
	}
	period := text.T(ctx, "%s to %s", text.Date(ctx, a.result.Query.From), text.Date(ctx, a.result.Query.To.AddDate(0, 0, -1)))
	nowhere := func(...string) string { return "" }
	if a.tile.Kind == Number {
		a.writeNumber(ctx, &b, period)
		return b.String()
	}
	b.WriteString(phrase.Escape(period) + "\n\n")
	writeTable(ctx, &b, a.chart(ctx, "", nowhere))
	return b.String()
}

// writeNumber writes a figure, how it changed, and what it should be.
func (a *drawn) writeNumber(ctx context.Context, b *strings.Builder, period string) {
	d, unit := a.result.Definition, ui.UnitOf(string(a.result.Definition.Unit))
	b.WriteString("**" + phrase.Escape(unit.Words(ctx, a.result.Figure.OrNaN())) + "** (" + phrase.Escape(period) + ")")
	if points := complete(a.result.Points); len(points) > 1 {
		if words, _, _ := change(ctx, &d, points[len(points)-2], points[len(points)-1]); words != "" {
			b.WriteString("  \n" + phrase.Escape(words))
		}
	}
	if d.Target != nil {
		b.WriteString("  \n" + phrase.Escape(targetWords(ctx, &d)))
	}
}

// writeTable writes the numbers of a chart.
func writeTable(ctx context.Context, b *strings.Builder, c ui.Chart) {
	if !c.Known() {
		b.WriteString(phrase.Escape(text.T(ctx, "Nothing is known for this period.")))
		return
	}
	row := func(cells []string) {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	head, rule := []string{phrase.Escape(c.Across)}, []string{":---"}
	for _, s := range c.Series {
		head, rule = append(head, phrase.Escape(s.Label)), append(rule, "---:")
	}
	row(head)
	row(rule)
	first := 0
	if c.Kind != ui.ChartRanked { // steps in time
		first = max(0, len(c.Labels)-mostRows)
	}
	for i := first; i < min(len(c.Labels), first+mostRows); i++ {
		cells := []string{phrase.Escape(c.Labels[i])}
		for _, s := range c.Series {
			v := math.NaN()
			if i < len(s.Values) {
				v = s.Values[i]
			}
			cells = append(cells, phrase.Escape(c.Unit.Words(ctx, v)))
		}
		row(cells)
	}
	if left := len(c.Labels) - mostRows; left > 0 {
		b.WriteString("\n" + phrase.Escape(text.N(ctx, left, "%d more row stands on the page.", "%d more rows stand on the page.")))
	}
	if c.Target.Label != "" {
		b.WriteString("\n" + phrase.Escape(text.T(ctx, "Target: %s", c.Unit.Words(ctx, c.Target.Value))))
	}
}
