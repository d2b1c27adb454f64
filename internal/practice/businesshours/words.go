package businesshours

import (
	"context"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// shortDays are the weekdays as calendar.ParseWeek reads them in every language
// the product speaks, indexed by time.Weekday.
func shortDays(ctx context.Context) [7]string {
	return [7]string{
		text.In(ctx, "weekday", "Sun"), text.In(ctx, "weekday", "Mon"), text.In(ctx, "weekday", "Tue"), text.In(ctx, "weekday", "Wed"),
		text.In(ctx, "weekday", "Thu"), text.In(ctx, "weekday", "Fri"), text.In(ctx, "weekday", "Sat"),
	}
}

func longDays(ctx context.Context) [7]string {
	return [7]string{
		text.T(ctx, "Sunday"), text.T(ctx, "Monday"), text.T(ctx, "Tuesday"), text.T(ctx, "Wednesday"), text.T(ctx, "Thursday"), text.T(ctx, "Friday"), text.T(ctx, "Saturday"),
	}
}

func monthName(ctx context.Context, m time.Month) string {
	return [...]string{
		text.T(ctx, "January"), text.T(ctx, "February"), text.T(ctx, "March"), text.T(ctx, "April"), text.In(ctx, "month", "May"), text.T(ctx, "June"),
		text.T(ctx, "July"), text.T(ctx, "August"), text.T(ctx, "September"), text.T(ctx, "October"), text.T(ctx, "November"), text.T(ctx, "December"),
	}[m-1]
}

func weekWords(ctx context.Context, w calendar.Week) string {
	return w.Format(shortDays(ctx), text.T(ctx, "closed"))
}

func spanWords(spans []calendar.Span) string {
	words := make([]string, 0, len(spans))
	for _, s := range spans {
		words = append(words, s.String())
	}
	return strings.Join(words, ", ")
}

// dayWords writes a date as the reader does.
func dayWords(ctx context.Context, d calendar.Date) string {
	return text.Date(zoneAt(ctx, time.UTC), time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC))
}

// dateWords is dayWords with the weekday.
func dateWords(ctx context.Context, d calendar.Date) string {
	return text.T(ctx, "%s, %s", shortDays(ctx)[d.Weekday()], dayWords(ctx, d))
}

// lengthWords says business time: days would mean something else, so hours stay hours.
func lengthWords(ctx context.Context, d time.Duration) string {
	d = d.Round(time.Second)
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case hours == 0 && minutes == 0:
		return text.Duration(ctx, d)
	case hours == 0:
		return text.T(ctx, "%d min", minutes)
	case minutes == 0:
		return text.T(ctx, "%d h", hours)
	}
	return text.T(ctx, "%d h %d min", hours, minutes)
}

// reasonWords says why a stretch is open or closed.
func reasonWords(ctx context.Context, s *calendar.Stretch) string {
	switch {
	case s.Reason == calendar.SpecialOpening && s.Open:
		return text.T(ctx, "special opening: %s", s.Name)
	case s.Reason == calendar.SpecialOpening:
		return text.T(ctx, "outside the special hours: %s", s.Name)
	case s.Reason == calendar.OnHoliday:
		return text.T(ctx, "holiday: %s", s.Name)
	case s.Open:
		return text.T(ctx, "within hours")
	}
	return text.T(ctx, "outside hours")
}

// regionLabel names a region in the reader's language.
func regionLabel(ctx context.Context, r holiday.Region) string {
	country := countryName(ctx, r.Country)
	if r.Name == "" {
		return country
	}
	return country + ", " + r.Name
}

// countryName translates the countries that package holiday knows.
func countryName(ctx context.Context, name string) string {
	for _, known := range countries {
		if known == name {
			return text.T(ctx, known)
		}
	}
	return name
}

var countries = []string{
	text.Key("Argentina"), text.Key("Australia"), text.Key("Austria"), text.Key("Belgium"), text.Key("Brazil"), text.Key("Bulgaria"), text.Key("Canada"),
	text.Key("Croatia"), text.Key("Czechia"), text.Key("Denmark"), text.Key("European Central Bank"), text.Key("France"), text.Key("Germany"), text.Key("Greece"),
	text.Key("Ireland"), text.Key("Italy"), text.Key("Japan"), text.Key("Latvia"), text.Key("Lithuania"), text.Key("Malawi"), text.Key("Netherlands"),
	text.Key("New Caledonia"), text.Key("New Zealand"), text.Key("Norway"), text.Key("Poland"), text.Key("Romania"), text.Key("Russia"), text.Key("Slovakia"),
	text.Key("Slovenia"), text.Key("South Africa"), text.Key("Spain"), text.Key("Sweden"), text.Key("Switzerland"), text.Key("Ukraine"), text.Key("United Kingdom"),
	text.Key("United States"),
}

func weekRows(ctx context.Context, w calendar.Week) []ui.WeekRow {
	names := shortDays(ctx)
	var out []ui.WeekRow
	for _, day := range calendar.Weekdays() {
		row := ui.WeekRow{Label: names[day], Text: spanWords(w[day])}
		if len(w[day]) == 0 {
			row.Text = text.T(ctx, "closed")
		}
		for _, s := range w[day] {
			row.Bars = append(row.Bars, ui.WeekBar{From: s.From, To: s.To})
		}
		for _, s := range w[(day+6)%7] { // the night before goes on
			if s.To > 24*60 {
				row.Bars = append(row.Bars, ui.WeekBar{From: 0, To: s.To - 24*60})
			}
		}
		out = append(out, row)
	}
	return out
}

// yearView draws a year of a calendar.
func yearView(ctx context.Context, h *calendar.Hours, year int, today calendar.Date) ui.YearView {
	v := ui.YearView{ID: "year", Label: text.T(ctx, "The year %d", year)}
	names := shortDays(ctx)
	for i, day := range calendar.Weekdays() {
		v.Weekdays[i] = names[day]
	}
	days := h.Days(calendar.Date{Year: year, Month: time.January, Day: 1}, 365+leap(year))
	for _, d := range days {
		if d.Date.Day == 1 {
			v.Months = append(v.Months, ui.YearMonth{Label: monthName(ctx, d.Date.Month), Skip: (int(d.Date.Weekday()) + 6) % 7})
		}
		m := &v.Months[len(v.Months)-1]
		kind, words := dayKind(ctx, &d)
		m.Days = append(m.Days, ui.YearDay{Number: d.Date.Day, Kind: kind, Label: dayWords(ctx, d.Date) + ": " + words, Today: d.Date == today})
	}
	return v
}

func leap(year int) int {
	if (calendar.Date{Year: year, Month: time.February, Day: 29}).Exists() {
		return 1
	}
	return 0
}

func dayKind(ctx context.Context, d *calendar.DayPlan) (ui.DayKind, string) {
	switch {
	case d.Reason == calendar.OnHoliday:
		return ui.DayHoliday, text.T(ctx, "closed, %s", d.Name)
	case d.Reason == calendar.SpecialOpening:
		return ui.DaySpecial, text.T(ctx, "open %s, %s", spanWords(d.Spans), d.Name)
	case d.Business():
		return ui.DayOpen, text.T(ctx, "open %s", spanWords(d.Spans))
	case len(d.Spans) > 0:
		return ui.DayClosed, text.T(ctx, "closed: this place skipped the day, or these hours of it")
	}
	return ui.DayClosed, text.T(ctx, "closed")
}
