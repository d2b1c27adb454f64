package businesshours

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/businesshours/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// newVersion stands in addresses for a version that is not there yet.
const newVersion = "new"

// found is the version that an address names: its place in the calendar, -1 for a
// new one.
func found(c *calendar.Calendar, name string) (int, error) {
	if name == newVersion {
		return -1, nil
	}
	from := parseDate(name)
	if i := slices.IndexFunc(c.Versions, func(v calendar.Version) bool { return v.From == from }); i >= 0 && (name == firstVersion || !from.IsZero()) {
		return i, nil
	}
	return 0, apperr.New(apperr.NotFound, "This calendar has no version from this date.")
}

// draft is a version while it is edited: as it was typed, and what it means.
type draft struct {
	name    string // in the address
	version int64  // of the calendar that was read
	from    string
	quick   string // hours of the whole week in one line
	hours   [7]string
	holiday []holidayRow
	opening []openingRow
	regions []calendar.Observed
	region  string // to be added
	errors  map[string]string
	preview *view.Preview
}

type holidayRow struct {
	name, from, to, uid string
	yearly              bool
}

type openingRow struct{ name, date, hours, uid string }

func draftOf(name string, c *calendar.Record, v *calendar.Version) *draft {
	d := &draft{name: name, version: c.Version, from: v.From.String(), regions: v.Regions, errors: map[string]string{}}
	for day, spans := range v.Week {
		d.hours[day] = spanWords(spans)
	}
	for _, h := range v.Holidays {
		d.holiday = append(d.holiday, holidayRow{h.Name, h.From.String(), h.To.String(), h.UID, h.Yearly})
	}
	for _, o := range v.Openings {
		d.opening = append(d.opening, openingRow{o.Name, o.Date.String(), spanWords(o.Spans), o.UID})
	}
	return d
}

func dayKey(day time.Weekday) string { return strings.ToLower(day.String()[:3]) }

// read takes what the form posts.
func read(name string, f url.Values) *draft {
	d := &draft{name: name, from: f.Get("from"), quick: f.Get("quick"), region: f.Get("region"), errors: map[string]string{}}
	d.version, _ = strconv.ParseInt(f.Get("version"), 10, 64) // anything else is no version, and conflicts
	for day := range d.hours {
		d.hours[day] = f.Get("hours." + dayKey(time.Weekday(day)))
	}
	at := func(field string, i int) string {
		if all := f[field]; i < len(all) {
			return strings.TrimSpace(strings.ToValidUTF8(all[i], "\uFFFD"))
		}
		return ""
	}
	for i := range min(len(f["h.name"]), calendar.MaxHolidays+100) {
		row := holidayRow{at("h.name", i), at("h.from", i), at("h.to", i), at("h.uid", i), slices.Contains(f["h.yearly"], strconv.Itoa(i))}
		if !slices.Contains(f["h.remove"], strconv.Itoa(i)) && row.name+row.from+row.to != "" {
			d.holiday = append(d.holiday, row)
		}
	}
	for i := range min(len(f["o.name"]), calendar.MaxOpenings+100) {
		row := openingRow{at("o.name", i), at("o.date", i), at("o.hours", i), at("o.uid", i)}
		if !slices.Contains(f["o.remove"], strconv.Itoa(i)) && row.name+row.date+row.hours != "" {
			d.opening = append(d.opening, row)
		}
	}
	for _, code := range f["regions"] {
		o := calendar.Observed{Code: code}
		for _, name := range regionDays(code) {
			if !slices.Contains(f["closed"], code+"|"+name) {
				o.Except = append(o.Except, name)
			}
		}
		if _, ok := holiday.Find(code); ok && !slices.ContainsFunc(d.regions, func(o calendar.Observed) bool { return o.Code == code }) && len(d.regions) < calendar.MaxRegions {
			d.regions = append(d.regions, o)
		}
	}
	return d
}

// regionDays are the names of a region's holidays in the years people plan for.
func regionDays(code string) []string { return holiday.Names(code, 2024, 2034) }

// meaning gives the version that was typed; what is wrong stands in errors.
func (d *draft) meaning() calendar.Version {
	v := calendar.Version{Regions: d.regions}
	if d.from != "" {
		if v.From = parseDate(d.from); v.From.IsZero() {
			d.errors["from"] = "Give a date."
		}
	}
	for day, typed := range d.hours {
		spans, err := parseSpans(typed)
		if err != nil {
			d.errors["hours."+dayKey(time.Weekday(day))] = err.Error()
		}
		v.Week[day] = spans
	}
	for i, h := range d.holiday {
		row := calendar.Holiday{Name: h.name, From: parseDate(h.from), To: parseDate(h.to), Yearly: h.yearly, UID: h.uid}
		if h.to != "" && row.To.IsZero() {
			d.errors[fmt.Sprintf("holidays.%d", i)] = "Give a date."
		}
		v.Holidays = append(v.Holidays, row)
	}
	for i, o := range d.opening {
		spans, err := parseSpans(o.hours)
		if err != nil {
			d.errors[fmt.Sprintf("openings.%d", i)] = err.Error()
		}
		v.Openings = append(v.Openings, calendar.Opening{Name: o.name, Date: parseDate(o.date), Spans: spans, UID: o.uid})
	}
	return v
}

// parseSpans reads the hours of one day: "9-12, 13-17", or nothing.
func parseSpans(s string) ([]calendar.Span, error) {
	s = strings.TrimSpace(s)
	if s == "" || strings.EqualFold(s, "closed") || strings.EqualFold(s, "geschlossen") {
		return nil, nil
	}
	w, err := calendar.ParseWeek("Mon " + s)
	if err != nil {
		return nil, fmt.Errorf("this is not understood: %w", err)
	}
	for day, spans := range w {
		if day != int(time.Monday) && len(spans) > 0 {
			return nil, fmt.Errorf("write hours alone, such as 9-12, 13-17")
		}
	}
	return w[time.Monday], nil
}

// put places a version in a calendar: over the one that was edited, or as a new one.
func put(c *calendar.Calendar, name string, v calendar.Version) error {
	i, err := found(c, name)
	if err != nil {
		return err
	}
	if i < 0 {
		if v.From.IsZero() {
			return apperr.InvalidField("from", "Give the date from which this version holds.")
		}
		c.Versions = append(c.Versions, v)
		return nil
	}
	if i == 0 {
		v.From = calendar.Date{}
	} else if v.From.IsZero() {
		return apperr.InvalidField("from", "Give the date from which this version holds.")
	}
	c.Versions[i] = v
	return nil
}

func (p *Practice) versionForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	c, err := p.Calendars.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	name := r.PathValue("from")
	i, err := found(&c.Calendar, name)
	if err != nil {
		return err
	}
	if i < 0 { // begins as a copy of the last one
		d := draftOf(name, &c, &c.Versions[len(c.Versions)-1])
		d.from = firstOfNextYear(p.Now(), c.Versions[len(c.Versions)-1].From).String()
		return p.showVersion(w, r, &c, d, nil)
	}
	return p.showVersion(w, r, &c, draftOf(name, &c, &c.Versions[i]), nil)
}

// firstOfNextYear is the day from which a new version mostly holds.
func firstOfNextYear(now time.Time, last calendar.Date) calendar.Date {
	return date.Of(max(now.Year(), last.Year)+1, time.January, 1)
}

func (p *Practice) saveVersion(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	id := web.PathID(r, "id")
	c, err := p.Calendars.Get(ctx, id)
	if err != nil {
		return err
	}
	if err := web.Form(r, &struct{}{}, nil); err != nil {
		return err
	}
	d := read(r.PathValue("from"), r.PostForm)
	do, what, _ := strings.Cut(r.PostForm.Get("do"), ":")
	switch do {
	case "fill":
		if week, err := calendar.ParseWeek(d.quick); err != nil {
			d.errors["quick"] = text.T(ctx, "This is not understood: %v.", err)
		} else {
			for day, spans := range week {
				d.hours[day] = spanWords(spans)
			}
			d.quick = ""
		}
		return p.showVersion(w, r, &c, d, nil)
	case "region":
		if _, ok := holiday.Find(d.region); ok {
			d.regions, d.region = append(d.regions, calendar.Observed{Code: d.region}), ""
		} else {
			d.errors["region"] = text.T(ctx, "Choose a country or a part of one.")
		}
		return p.showVersion(w, r, &c, d, nil)
	case "drop":
		d.regions = slices.DeleteFunc(d.regions, func(o calendar.Observed) bool { return o.Code == what })
		return p.showVersion(w, r, &c, d, nil)
	case "rows":
		d.meaning()
		return p.showVersion(w, r, &c, d, nil)
	}
	v := d.meaning()
	if len(d.errors) > 0 {
		return p.showVersion(w, r, &c, d, apperr.New(apperr.Invalid, "Some of it is not understood."))
	}
	if do == "preview" {
		err = p.compare(ctx, &c, d, v)
	} else {
		_, err = p.Calendars.Change(ctx, id, d.version, func(c *calendar.Calendar) error { return put(c, d.name, v) })
	}
	if back(err) {
		d.version = presentVersion(err, d.version)
		return p.showVersion(w, r, &c, d, err)
	}
	if err != nil {
		return err
	}
	if do == "preview" {
		return p.showVersion(w, r, &c, d, nil)
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The hours of “%s” are saved", c.Name)}, p.HTTPS)
	return web.Redirect(w, r, view.URL(id))
}

// compare says what a draft would change in the coming year.
func (p *Practice) compare(ctx context.Context, c *calendar.Record, d *draft, v calendar.Version) error {
	before, err := calendar.Compile(c.Calendar)
	if err != nil {
		return err
	}
	changed := c.Calendar
	changed.Versions = slices.Clone(c.Versions)
	if err := put(&changed, d.name, v); err != nil {
		return err
	}
	changed.Tidy()
	after, err := calendar.Compile(changed)
	if err != nil {
		return err
	}
	place := zoneAt(ctx, after.Zone())
	from := p.Now()
	to := from.AddDate(1, 0, 0)
	opened, closed := calendar.Difference(before, after, from, to)
	d.preview = &view.Preview{
		Opened: intervalsWords(place, opened), Closed: intervalsWords(place, closed),
		More: lengthWords(ctx, total(opened)), Less: lengthWords(ctx, total(closed)),
	}
	return nil
}

func total(all []calendar.Interval) (sum time.Duration) {
	for _, i := range all {
		sum += i.Duration()
	}
	return sum
}

func intervalsWords(ctx context.Context, all []calendar.Interval) []string {
	const most = 10
	var out []string
	for _, i := range all[:min(len(all), most)] {
		out = append(out, stretchWords(ctx, i))
	}
	if len(all) > most {
		out = append(out, text.N(ctx, len(all)-most, "and %d more", "and %d more"))
	}
	return out
}

// blankRows are offered for what is not there yet.
const blankRows = 2

func (p *Practice) showVersion(w http.ResponseWriter, r *http.Request, c *calendar.Record, d *draft, failed error) error {
	ctx := r.Context()
	for field, message := range apperr.ByField(ctx, failed) { // "versions.1.holidays.2.name" is said beside row 2
		d.note(field, message)
	}
	names, short := longDays(ctx), shortDays(ctx)
	m := view.Editor{
		Name: c.Name, URL: view.URL(c.ID), Action: view.URL(c.ID) + "/versions/" + d.name, From: d.from, First: d.name == firstVersion, New: d.name == newVersion,
		Version: d.version, Quick: d.quick, Errors: d.errors, Alert: alertOf(ctx, failed), Preview: d.preview, Zone: c.Zone,
		AddRegion: regionOptions(ctx, d.region, d.regions...), Deletable: d.name != firstVersion && d.name != newVersion,
		Example: short[1] + "-" + short[5] + " 9-12, 13-17; " + short[6] + " 10-14",
	}
	if m.Deletable || m.First {
		m.ImportURL = m.Action + "/import"
	}
	for _, day := range calendar.Weekdays() {
		m.Days = append(m.Days, view.DayHours{Label: names[day], Name: "hours." + dayKey(day), Value: d.hours[day], Error: d.errors["hours."+dayKey(day)]})
	}
	var week calendar.Week
	for day, typed := range d.hours {
		week[day], _ = parseSpans(typed) // what is not understood is not drawn
	}
	m.Week = ui.WeekHours{Label: text.T(ctx, "Hours of the week"), Rows: weekRows(ctx, week)}
	for _, o := range d.regions {
		m.Regions = append(m.Regions, p.regionChoice(ctx, c, o))
	}
	for i, h := range d.holiday {
		m.Holidays = append(m.Holidays, view.HolidayRow{Index: strconv.Itoa(i), Name: h.name, From: h.from, To: h.to, UID: h.uid, Yearly: h.yearly, Error: d.errors[fmt.Sprintf("holidays.%d", i)]})
	}
	for i, o := range d.opening {
		m.Openings = append(m.Openings, view.OpeningRow{Index: strconv.Itoa(i), Name: o.name, Date: o.date, Hours: o.hours, UID: o.uid, Error: d.errors[fmt.Sprintf("openings.%d", i)]})
	}
	for range blankRows {
		m.Holidays = append(m.Holidays, view.HolidayRow{Index: strconv.Itoa(len(m.Holidays)), Blank: true})
		m.Openings = append(m.Openings, view.OpeningRow{Index: strconv.Itoa(len(m.Openings)), Blank: true})
	}
	title := text.T(ctx, "Hours of %s", c.Name)
	return p.page(w, r, statusOfDraft(d, failed), title, m.View())
}

func statusOfDraft(d *draft, failed error) int {
	if failed == nil && len(d.errors) > 0 {
		return http.StatusUnprocessableEntity
	}
	return statusOf(failed)
}

// note puts what is wrong with a field of the calendar beside the form's.
func (d *draft) note(field, message string) {
	parts := strings.Split(field, ".")
	if len(parts) > 2 && parts[0] == "versions" {
		parts = parts[2:]
	}
	switch parts[0] {
	case "week":
		field = "hours." + parts[len(parts)-1]
	case "holidays", "openings":
		field = strings.Join(parts[:min(2, len(parts))], ".")
	default:
		field = parts[0]
	}
	if d.errors[field] == "" {
		d.errors[field] = message
	}
}

// regionChoice offers the holidays of a region with the dates on which they come next.
func (p *Practice) regionChoice(ctx context.Context, c *calendar.Record, o calendar.Observed) view.Region {
	zone, err := calendar.LoadZone(c.Zone)
	if err != nil {
		zone = time.UTC
	}
	today := date.At(p.Now().In(zone))
	next := map[string]calendar.Date{}
	for year := today.Year; year <= today.Year+1; year++ {
		for _, d := range holiday.In(o.Code, year) {
			if _, known := next[d.Name]; !known && !d.Date.Before(today) && !d.Observed {
				next[d.Name] = d.Date
			}
		}
	}
	m := view.Region{Code: o.Code, Label: regionName(ctx, o.Code)}
	for _, name := range regionDays(o.Code) {
		option := ui.Option{Value: o.Code + "|" + name, Label: name, Selected: !slices.Contains(o.Except, name)}
		if on, ok := next[name]; ok {
			option.Help = dateWords(ctx, on)
		}
		m.Days = append(m.Days, option)
	}
	return m
}

func (p *Practice) deleteVersion(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	var f struct {
		Version int64 `form:"version"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	_, err := p.Calendars.Change(ctx, id, f.Version, func(c *calendar.Calendar) error {
		i, err := found(c, r.PathValue("from"))
		if err == nil && i <= 0 {
			err = apperr.New(apperr.Conflict, "The first version holds since ever and stays.")
		}
		if err == nil {
			c.Versions = slices.Delete(c.Versions, i, i+1)
		}
		return err
	})
	if back(err) {
		return p.showWith(w, r, id, err, "")
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, view.URL(id))
}
