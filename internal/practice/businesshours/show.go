package businesshours

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/businesshours/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func regionName(ctx context.Context, code string) string {
	if r, ok := holiday.Find(code); ok {
		return regionLabel(ctx, r)
	}
	return code
}

func (p *Practice) show(w http.ResponseWriter, r *http.Request) error {
	return p.showWith(w, r, web.PathID(r, "id"), nil, "")
}

// showWith is a calendar's page, with what went wrong on it, and the address for
// calendar programs if one was made just now.
func (p *Practice) showWith(w http.ResponseWriter, r *http.Request, id int64, failed error, address string) error {
	ctx := r.Context()
	c, err := p.Calendars.Get(ctx, id)
	if err != nil {
		return err
	}
	h, err := calendar.Compile(c.Calendar)
	if err != nil {
		return err
	}
	uses, err := p.Calendars.UsedBy(ctx, p.DB.Reader(), id)
	if err != nil {
		return err
	}
	now := p.Now()
	today := date.At(now.In(h.Zone()))
	at, current := c.At(today)
	m := view.Calendar{
		ID: id, Name: c.Name, Lead: c.Description, Week: ui.WeekHours{Label: text.T(ctx, "Hours of the week"), Rows: weekRows(ctx, current.Week)},
		Total: text.T(ctx, "%s a week", lengthWords(ctx, time.Duration(current.Week.Minutes())*time.Minute)),
		Zone:  c.Zone, Rules: calendar.ZoneRules(), Standard: c.Standard, MayManage: calendar.Manages(access.From(ctx)), Fixed: c.Fixed(),
		Subscribed: c.Subscribed, Address: address,
	}
	m.Badges = []templ.Component{openBadge(ctx, h, now)}
	if c.Standard {
		m.Badges = append(m.Badges, ui.Badge{Label: text.T(ctx, "Standard"), Tone: ui.Info})
	}
	if failed != nil {
		m.Alert = ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)}
	}
	m.Now, m.Next = nowWords(ctx, h, now)
	for _, u := range uses {
		m.Uses = append(m.Uses, ui.Link{Label: u.Label, URL: u.URL})
	}
	m.Versions = versionLines(ctx, &c, at, m.MayManage && !m.Fixed)
	m.Holidays = nextHolidays(ctx, h, today)
	year := parseInt(r.FormValue("year"))
	if year < calendar.FirstYear || year > calendar.LastYear {
		year = today.Year
	}
	m.Year, m.YearTitle = yearView(ctx, h, year, today), fmt.Sprint(year)
	if year > calendar.FirstYear {
		m.YearBefore = fmt.Sprintf("%s?year=%d#year", view.URL(id), year-1)
	}
	if year < calendar.LastYear {
		m.YearAfter = fmt.Sprintf("%s?year=%d#year", view.URL(id), year+1)
	}
	m.Calculator = calculate(ctx, h, r.URL.Query(), now)
	m.Calculator.Action, m.Calculator.Year = view.URL(id), r.URL.Query().Get("year")
	return p.page(w, r, statusOf(failed), c.Name, m.View())
}

// nowWords says whether it is open, and until when.
func nowWords(ctx context.Context, h *calendar.Hours, now time.Time) (string, templ.Component) {
	if h.IsOpen(now) {
		if at, ok := h.NextClose(now); ok {
			return text.T(ctx, "Open; closes"), ui.Moment{At: at}
		}
		return text.T(ctx, "Open; never closes"), nil
	}
	if at, ok := h.NextOpen(now); ok {
		return text.T(ctx, "Closed; opens"), ui.Moment{At: at}
	}
	return text.T(ctx, "Closed; never opens"), nil
}

func versionLines(ctx context.Context, c *calendar.Record, current int, editable bool) []view.Version {
	out := make([]view.Version, 0, len(c.Versions))
	for i := len(c.Versions) - 1; i >= 0; i-- {
		v := &c.Versions[i]
		line := view.Version{
			From: text.T(ctx, "Since ever"), Hours: weekWords(ctx, v.Week), Regions: regionsOf(ctx, v), Current: i == current,
			Holidays: len(v.Holidays), Openings: len(v.Openings),
		}
		if !v.From.IsZero() {
			line.From = text.T(ctx, "From %s", dayWords(ctx, v.From))
		}
		if editable {
			line.EditURL = versionURL(c.ID, v.From)
		}
		out = append(out, line)
	}
	return out
}

// firstVersion stands in addresses for the version that holds since ever.
const firstVersion = "first"

func versionURL(id int64, from calendar.Date) string {
	name := firstVersion
	if !from.IsZero() {
		name = from.String()
	}
	return view.URL(id) + "/versions/" + name
}

// nextHolidays lists the closed days of the coming year that are holidays.
func nextHolidays(ctx context.Context, h *calendar.Hours, today calendar.Date) []view.Holiday {
	const most = 8
	var out []view.Holiday
	for _, d := range h.Days(today, 366) {
		if d.Reason == calendar.OnHoliday || d.Reason == calendar.SpecialOpening {
			line := view.Holiday{Date: dateWords(ctx, d.Date), Name: d.Name}
			if d.Reason == calendar.SpecialOpening {
				line.Hours = spanWords(d.Spans)
			}
			if out = append(out, line); len(out) == most {
				break
			}
		}
	}
	return out
}

// calculate answers the calculator of a calendar's page.
func calculate(ctx context.Context, h *calendar.Hours, q url.Values, now time.Time) view.Calculator {
	zone := h.Zone()
	place := zoneAt(ctx, zone)
	m := view.Calculator{At: q.Get("at"), Amount: q.Get("amount"), Unit: q.Get("unit"), Until: q.Get("until"), Errors: map[string]string{}, Zone: zone.String()}
	asked := m.Amount != ""
	if m.At == "" {
		m.At = now.In(zone).Format("2006-01-02T15:04")
	}
	if m.Until == "" {
		m.Until = "17:00"
	}
	if m.Unit == "" {
		m.Unit = "hours"
	}
	if !asked {
		m.Amount = "8"
		return m
	}
	start, err := time.ParseInLocation("2006-01-02T15:04", m.At, zone)
	if err != nil || start.Year() < calendar.FirstYear || start.Year() > calendar.LastYear-calendar.Horizon {
		m.Errors["at"] = text.T(ctx, "Give a date and a time.")
	}
	amount, err := parseAmount(m.Amount, m.Unit)
	if err != nil {
		m.Errors["amount"] = text.T(ctx, "Give a number, such as 8 or 2.5.")
	}
	until, err := calendar.ParseClock(m.Until)
	if err != nil && m.Unit == "days" {
		m.Errors["until"] = text.T(ctx, "Give a time, such as 17:00.")
	}
	if len(m.Errors) > 0 {
		return m
	}
	var due time.Time
	var ok bool
	if m.Unit == "days" {
		due, ok = h.DueDays(start, int(amount/time.Hour), until)
		m.Note = text.T(ctx, "Business days count from the day after the start; the time of day is taken at its word.")
	} else {
		due, ok = h.Due(start, amount)
	}
	if !ok {
		m.Answer = text.T(ctx, "Never: this calendar does not open long enough within %d years.", calendar.Horizon)
		return m
	}
	m.Answer = text.T(ctx, "Due %s", text.Instant(place, due))
	m.Steps = steps(place, h, start, due, m.Unit == "days")
	return m
}

func parseAmount(s, unit string) (time.Duration, error) {
	var n float64
	var rest string
	if count, err := fmt.Sscanf(s+" .", "%g %s", &n, &rest); err != nil || count != 2 || rest != "." {
		return 0, apperr.InvalidField("amount", "Give a number.")
	}
	if !(n >= 0 && n <= 10000) || unit == "days" && n != float64(int(n)) {
		return 0, apperr.InvalidField("amount", "Give a number.")
	}
	return time.Duration(n * float64(time.Hour)).Round(time.Second), nil
}

// maxSteps bounds what is shown of the way to an answer.
const maxSteps = 24

// steps say what lies between a start and what is due. With days, each business
// day is one step.
func steps(ctx context.Context, h *calendar.Hours, start, due time.Time, days bool) []view.Step {
	var out []view.Step
	if days {
		first := date.At(start.In(h.Zone()))
		count := date.At(due.In(h.Zone())).Number() - first.Number() + 1
		n := 0
		for i, d := range h.Days(first, min(count, 3*366)) {
			_, why := dayKind(ctx, &d)
			step := view.Step{When: dateWords(ctx, d.Date), Why: why}
			switch {
			case i == 0:
				step.Counts = text.T(ctx, "the day of the start")
			case d.Business():
				n++
				step.Counts, step.On = text.T(ctx, "day %d", n), true
			}
			out = append(out, step)
		}
		return shorten(ctx, out)
	}
	for _, s := range h.Explain(start, due) {
		step := view.Step{When: stretchWords(ctx, s.Interval), Why: reasonWords(ctx, &s), On: s.Open}
		if s.Open {
			step.Counts = lengthWords(ctx, s.Duration())
		}
		out = append(out, step)
	}
	return shorten(ctx, out)
}

// shorten leaves out the middle of what is too long to read.
func shorten(ctx context.Context, all []view.Step) []view.Step {
	if len(all) <= maxSteps {
		return all
	}
	left := len(all) - maxSteps
	out := append([]view.Step{}, all[:maxSteps/2]...)
	out = append(out, view.Step{When: "…", Why: text.N(ctx, left, "%d step is left out", "%d steps are left out")})
	return append(out, all[len(all)-maxSteps/2:]...)
}

// stretchWords writes an interval by the clocks of the reader's place.
func stretchWords(ctx context.Context, i calendar.Interval) string {
	zone := text.From(ctx).Location
	from, to := i.Start.In(zone), i.End.In(zone)
	days := shortDays(ctx)
	a := days[from.Weekday()] + " " + text.Day(ctx, from) + " " + text.Clock(ctx, from)
	if date.At(from) == date.At(to) {
		return a + "–" + text.Clock(ctx, to)
	}
	return a + " – " + days[to.Weekday()] + " " + text.Day(ctx, to) + " " + text.Clock(ctx, to)
}

func (p *Practice) delete(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	c, err := p.Calendars.Delete(ctx, id)
	if back(err) {
		return p.showWith(w, r, id, err, "")
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is deleted", c.Name), Undo: view.URL(id) + "/restore"}, p.HTTPS)
	return web.Redirect(w, r, view.ListURL)
}

func (p *Practice) restore(w http.ResponseWriter, r *http.Request) error {
	c, err := p.Calendars.Restore(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return web.Redirect(w, r, view.URL(c.ID))
}

func (p *Practice) makeStandard(w http.ResponseWriter, r *http.Request) error {
	c, err := p.Calendars.MakeStandard(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "“%s” is the standard calendar", c.Name)}, p.HTTPS)
	return web.Redirect(w, r, view.URL(c.ID))
}

func (p *Practice) subscribe(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	token, err := p.Calendars.Subscribe(r.Context(), id)
	if err != nil {
		return err
	}
	return p.showWith(w, r, id, nil, p.BaseURL+"/feeds/calendars/"+token+".ics")
}

func (p *Practice) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	if err := p.Calendars.Unsubscribe(r.Context(), id); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "The address shows nothing any more")}, p.HTTPS)
	return web.Redirect(w, r, view.URL(id))
}

// export answers the calendar as a file.
func (p *Practice) export(w http.ResponseWriter, r *http.Request) error {
	c, err := p.Calendars.Get(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	file, err := p.Calendars.Export(r.Context(), c.ID, feedOf(r))
	if err != nil {
		return err
	}
	web.File(w, c.Name+".ics", "text/calendar; charset=utf-8")
	_, err = w.Write(file)
	return err
}

func feedOf(r *http.Request) calendar.Feed {
	switch f := calendar.Feed(r.URL.Query().Get("what")); f {
	case calendar.FeedHolidays, calendar.FeedHours:
		return f
	}
	return calendar.FeedAll
}
