package measurement

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Format writes a number in a unit, for the reader.
func Format(ctx context.Context, unit metric.Unit, v float64) string {
	switch unit {
	case metric.Seconds:
		return text.Duration(ctx, time.Duration(v*float64(time.Second)))
	case metric.Share:
		return text.Percent(ctx, v)
	case metric.Score, metric.Times:
		return text.Decimal(ctx, v, 2)
	case metric.Tickets:
		return text.Number(ctx, int64(v))
	}
	return text.Decimal(ctx, v, 2)
}

// figure writes a figure; a dash where there was nothing to compute it from.
func figure(ctx context.Context, unit metric.Unit, f metric.Figure) string {
	if !f.Known {
		return "–"
	}
	return Format(ctx, unit, f.Value)
}

// plain writes a number for programs: seconds, shares from 0 to 1.
func plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func unitWord(ctx context.Context, u metric.Unit) string {
	switch u {
	case metric.Seconds:
		return text.T(ctx, "Time")
	case metric.Share:
		return text.T(ctx, "Share")
	case metric.Score:
		return text.T(ctx, "Score from 1 to 5")
	case metric.Times:
		return text.T(ctx, "Times")
	case metric.Tickets:
		return text.T(ctx, "Tickets")
	}
	return string(u)
}

func directionWord(ctx context.Context, d metric.Direction) string {
	switch d {
	case metric.Up:
		return text.T(ctx, "Higher is better")
	case metric.Down:
		return text.T(ctx, "Lower is better")
	case metric.Steady:
		return text.T(ctx, "Neither is better in itself")
	}
	return string(d)
}

func groupWords(ctx context.Context, g metric.Group) (title, lead string) {
	switch g {
	case metric.GroupFlow:
		return text.T(ctx, "Flow"), text.T(ctx, "What comes in, what goes out, and what stays.")
	case metric.GroupSpeed:
		return text.T(ctx, "Speed"), text.T(ctx, "How long people wait, and where the time goes.")
	case metric.GroupQuality:
		return text.T(ctx, "Quality"), text.T(ctx, "Whether it was solved well, and by whom.")
	case metric.GroupEffort:
		return text.T(ctx, "Effort"), text.T(ctx, "How much handling it took.")
	case metric.GroupExperience:
		return text.T(ctx, "Experience"), text.T(ctx, "What requesters say of it.")
	case metric.GroupCuts:
		return text.T(ctx, "Death by a thousand cuts"), text.T(ctx, "Small things that wear a desk down.")
	}
	return string(g), ""
}

// cutWord names a cut; custom fields by their label.
func (p *Practice) cutWord(ctx context.Context, c metric.Cut) string {
	switch c {
	case metric.ByService:
		return text.T(ctx, "Service")
	case metric.ByGroup:
		return text.T(ctx, "Group")
	case metric.ByTier:
		return text.T(ctx, "Support tier")
	case metric.ByOrganisation:
		return text.T(ctx, "Requester's organisation")
	case metric.BySupplier:
		return text.T(ctx, "Supplier (home of the group)")
	case metric.ByCategory:
		return text.T(ctx, "Category")
	case metric.ByPriority:
		return text.T(ctx, "Priority")
	case metric.ByKind:
		return text.T(ctx, "Kind")
	case metric.ByChannel:
		return text.T(ctx, "Channel")
	case metric.ByState:
		return text.T(ctx, "State")
	case metric.BySubject:
		return text.T(ctx, "Service and category")
	}
	for _, d := range p.d.Kinds.All() {
		if f, ok := d.Field(c.Field()); ok {
			return text.T(ctx, f.Label)
		}
	}
	return string(c)
}

func periodWord(ctx context.Context, period metric.Period) string {
	switch period {
	case metric.Day:
		return text.T(ctx, "Days")
	case metric.Week:
		return text.T(ctx, "Weeks")
	case metric.Month:
		return text.T(ctx, "Months")
	case metric.Quarter:
		return text.T(ctx, "Quarters")
	case metric.Whole:
		return text.T(ctx, "None")
	}
	return string(period)
}

// days writes a range of days; to is the first day that is not part of it.
func days(ctx context.Context, from, to time.Time) string {
	last := to.Add(-time.Nanosecond)
	if text.Date(ctx, from) == text.Date(ctx, last) {
		return text.Date(ctx, from)
	}
	return text.T(ctx, "%s to %s", text.Date(ctx, from), text.Date(ctx, last))
}

// sliceName names a slice; the ticket had none where it is "".
func sliceName(ctx context.Context, s metric.Slice) string {
	switch {
	case s.Rest:
		return text.T(ctx, "All others")
	case s.Label == "":
		return text.T(ctx, "None")
	}
	return s.Label
}

// leftOut says what a figure does not hold.
func (p *Practice) leftOut(ctx context.Context, l metric.LeftOut) string {
	switch l.Reason {
	case metric.HiddenKinds:
		var names []string
		for _, key := range l.Kinds {
			if d, err := p.d.Kinds.Get(key); err == nil {
				names = append(names, text.T(ctx, d.Plural))
			}
		}
		return text.T(ctx, "Kinds of which you do not see every ticket are left out: %s. Narrow the figure to such a kind to see what you may.", strings.Join(names, ", "))
	case metric.HiddenTickets:
		return text.T(ctx, "Only tickets that you may see and export are counted.")
	case metric.LateRecords:
		return text.T(ctx, "What was written down after that instant is left out.")
	case metric.NotFolded:
		if l.Count == 0 {
			return text.T(ctx, "Timelines are still being read; figures are not complete yet.")
		}
		return text.T(ctx, "Entries of the last moments, or of an import, are still being counted.")
	}
	return ""
}
