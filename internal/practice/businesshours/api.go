package businesshours

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Business hours"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Calendars that say when somebody works, and what that means for a promise. Colleagues read; changing needs the permission to change settings."}}
}

// Document is a calendar.
type Document struct {
	ID          int64             `json:"id" example:"4294967800"`
	Name        string            `json:"name" example:"Munich office"`
	Description string            `json:"description,omitempty"`
	Zone        string            `json:"zone" example:"Europe/Berlin" doc:"IANA name of the place whose clocks count."`
	Versions    []VersionDocument `json:"versions" nullable:"false" doc:"The first holds since ever, the others from their dates on."`
	Standard    bool              `json:"standard" doc:"Taken where nobody chose a calendar; its zone is the organisation's."`
	Key         string            `json:"key,omitempty" doc:"always, office: of the calendars that every installation has. always cannot be changed."`
	ZoneRules   string            `json:"zone_rules,omitempty" doc:"Edition of the IANA time zone rules when it was last saved."`
	UpdatedAt   time.Time         `json:"updated_at,omitzero"`
	Version     int64             `json:"version" example:"4"`
}

// VersionDocument is what a calendar says from a date on.
type VersionDocument struct {
	From     string              `json:"from,omitempty" format:"date" doc:"Missing in the first version."`
	Week     map[string][]string `json:"week" doc:"Intervals of clock time by weekday: mon, tue, wed, thu, fri, sat, sun. 22:00-06:00 belongs to the day on which it begins; 00:00-24:00 is the whole day."`
	Regions  []RegionKept        `json:"regions,omitempty" maxItems:"20"`
	Holidays []HolidayDocument   `json:"holidays,omitempty" maxItems:"2000"`
	Openings []OpeningDocument   `json:"openings,omitempty" maxItems:"2000"`
}

// RegionKept is a region whose public holidays are closed.
type RegionKept struct {
	Code   string   `json:"code" example:"DE-BY" maxLength:"10"`
	Except []string `json:"except,omitempty" maxItems:"100" doc:"Names of holidays that are worked on."`
}

// HolidayDocument is a stretch of dates that are closed.
type HolidayDocument struct {
	Name   string `json:"name" minLength:"1" maxLength:"200"`
	From   string `json:"from" format:"date"`
	To     string `json:"to,omitempty" format:"date" doc:"The last date; missing for a single one."`
	Yearly bool   `json:"yearly,omitempty"`
	UID    string `json:"uid,omitempty" maxLength:"200" doc:"Of the event it was imported from."`
}

// OpeningDocument is a date with hours of its own.
type OpeningDocument struct {
	Name  string   `json:"name" minLength:"1" maxLength:"200"`
	Date  string   `json:"date" format:"date"`
	Hours []string `json:"hours" minItems:"1" maxItems:"24" example:"[\"10:00-14:00\"]"`
	UID   string   `json:"uid,omitempty" maxLength:"200"`
}

// Draft is what a calendar is made of.
type Draft struct {
	Name        string            `json:"name" minLength:"1" maxLength:"200"`
	Description string            `json:"description,omitempty" maxLength:"2000"`
	Zone        string            `json:"zone" minLength:"1" maxLength:"64"`
	Versions    []VersionDocument `json:"versions" minItems:"1" maxItems:"100"`
}

func spanTexts(spans []calendar.Span) []string {
	out := make([]string, 0, len(spans))
	for _, s := range spans {
		out = append(out, s.String())
	}
	return out
}

func documentOf(c *calendar.Record) Document {
	d := Document{
		ID: c.ID, Name: c.Name, Description: c.Description, Zone: c.Zone, Standard: c.Standard, Key: c.Key, ZoneRules: c.Rules, Version: c.Version,
		Versions: make([]VersionDocument, 0, len(c.Versions)),
	}
	if c.UpdatedAt.Year() >= calendar.FirstYear+1 {
		d.UpdatedAt = c.UpdatedAt
	}
	for _, v := range c.Versions {
		doc := VersionDocument{From: v.From.String(), Week: map[string][]string{}}
		for day, spans := range v.Week {
			if len(spans) > 0 {
				doc.Week[dayKey(time.Weekday(day))] = spanTexts(spans)
			}
		}
		for _, r := range v.Regions {
			doc.Regions = append(doc.Regions, RegionKept(r))
		}
		for _, h := range v.Holidays {
			doc.Holidays = append(doc.Holidays, HolidayDocument{h.Name, h.From.String(), h.To.String(), h.Yearly, h.UID})
		}
		for _, o := range v.Openings {
			doc.Openings = append(doc.Openings, OpeningDocument{o.Name, o.Date.String(), spanTexts(o.Spans), o.UID})
		}
		d.Versions = append(d.Versions, doc)
	}
	return d
}

// calendarOf reads a draft; what is not understood is said by field.
func (d *Draft) calendarOf() (calendar.Calendar, error) {
	var wrong apperr.Problems
	spans := func(field string, texts []string) []calendar.Span {
		out := make([]calendar.Span, 0, len(texts))
		for _, t := range texts {
			s, err := calendar.ParseSpan(t)
			if err != nil {
				wrong.Add(field, "%v.", err)
				continue
			}
			out = append(out, s)
		}
		return out
	}
	day := func(field, s string) calendar.Date {
		got := parseDate(s)
		if s != "" && got.IsZero() {
			wrong.Add(field, "There is no such date.")
		}
		return got
	}
	c := calendar.Calendar{Name: d.Name, Description: d.Description, Zone: d.Zone}
	for i, doc := range d.Versions {
		at := fmt.Sprintf("versions.%d.", i)
		v := calendar.Version{From: day(at+"from", doc.From)}
		for key, texts := range doc.Week {
			n := slices.IndexFunc(calendar.Weekdays(), func(w time.Weekday) bool { return dayKey(w) == key })
			if n < 0 {
				wrong.Add(at+"week", "%q is no weekday: use mon, tue, wed, thu, fri, sat, sun.", key)
				continue
			}
			v.Week[calendar.Weekdays()[n]] = spans(at+"week."+key, texts)
		}
		for _, r := range doc.Regions {
			v.Regions = append(v.Regions, calendar.Observed(r))
		}
		for j, h := range doc.Holidays {
			field := fmt.Sprintf("%sholidays.%d.", at, j)
			v.Holidays = append(v.Holidays, calendar.Holiday{Name: h.Name, From: day(field+"from", h.From), To: day(field+"to", h.To), Yearly: h.Yearly, UID: h.UID})
		}
		for j, o := range doc.Openings {
			field := fmt.Sprintf("%sopenings.%d.", at, j)
			v.Openings = append(v.Openings, calendar.Opening{Name: o.Name, Date: day(field+"date", o.Date), Spans: spans(field+"hours", o.Hours), UID: o.UID})
		}
		c.Versions = append(c.Versions, v)
	}
	return c, wrong.Err()
}

// StretchDocument is a part of time that is open or closed for one reason.
type StretchDocument struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end" doc:"Exclusive."`
	Open   bool      `json:"open"`
	Reason string    `json:"reason" enum:"hours,outside_hours,holiday,special_opening"`
	Name   string    `json:"name,omitempty" doc:"Of the holiday or the special opening."`
}

// IntervalDocument is a stretch of time.
type IntervalDocument struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end" doc:"Exclusive."`
}

// HoursDocument says of a span what is open and what is closed.
type HoursDocument struct {
	Seconds     float64           `json:"seconds" doc:"Business time in the span."`
	Open        bool              `json:"open" doc:"Whether it is open when the span begins."`
	Stretches   []StretchDocument `json:"stretches" nullable:"false"`
	Fingerprint string            `json:"fingerprint" doc:"Changes whenever answers may change: with the calendar, the time zone rules, the public holidays."`
}

// DueDocument says when something is due, and what lies before it.
type DueDocument struct {
	Due         *time.Time        `json:"due" nullable:"true" doc:"null when this calendar does not open long enough within 25 years."`
	Because     []StretchDocument `json:"because" nullable:"false" doc:"From the start until it is due; at most 500 stretches."`
	Fingerprint string            `json:"fingerprint"`
}

// ChangeDocument says what a change would open and close.
type ChangeDocument struct {
	Opened        []IntervalDocument `json:"opened" nullable:"false" doc:"At most 500."`
	Closed        []IntervalDocument `json:"closed" nullable:"false" doc:"At most 500."`
	OpenedSeconds float64            `json:"opened_seconds"`
	ClosedSeconds float64            `json:"closed_seconds"`
}

// RegionDocument is a region whose public holidays are known.
type RegionDocument struct {
	Code    string        `json:"code" example:"DE-BY"`
	Country string        `json:"country" example:"Germany"`
	Name    string        `json:"name,omitempty" example:"Bayern"`
	Days    []DayDocument `json:"days,omitempty" doc:"The holidays of the year that was asked for."`
}

// DayDocument is a public holiday.
type DayDocument struct {
	Date     string `json:"date" format:"date"`
	Name     string `json:"name" example:"Karfreitag"`
	Observed bool   `json:"observed,omitempty" doc:"A free day that stands in for the holiday."`
}

// ImportDocument is what a calendar file adds to a version.
type ImportDocument struct {
	Holidays []HolidayDocument `json:"holidays" nullable:"false"`
	Openings []OpeningDocument `json:"openings" nullable:"false"`
	Known    int               `json:"known" doc:"There already."`
	Past     int               `json:"past" doc:"Over before this year."`
	Missed   int               `json:"missed" doc:"Left out."`
	Left     []string          `json:"left" nullable:"false" doc:"What was left out and why; the first some."`
	Saved    bool              `json:"saved"`
	Version  int64             `json:"version" doc:"Of the calendar, after saving."`
}

// Which names a calendar.
type Which struct {
	ID int64 `path:"id" minimum:"1" example:"4294967800"`
}

type answer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body Document
}

func answered(c calendar.Record, err error) (*answer, error) {
	if err != nil {
		return nil, outside(err)
	}
	return &answer{openapi.ETag(int(c.Version)), documentOf(&c)}, nil
}

// outside puts what a conflict carries into the API's words.
func outside(err error) error {
	var e *apperr.Error
	if errors.As(err, &e) {
		if now, ok := e.Detail.(*calendar.Record); ok {
			return &apperr.Error{Kind: e.Kind, Message: e.Message, Detail: documentOf(now), Err: err}
		}
	}
	return err
}

func exampleDocument() Document {
	return Document{
		ID: 4294967800, Name: "Munich office", Zone: "Europe/Berlin", Version: 4, ZoneRules: "2025c", UpdatedAt: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC),
		Versions: []VersionDocument{{
			Week:     map[string][]string{"mon": {"09:00-12:00", "13:00-17:00"}},
			Regions:  []RegionKept{{Code: "DE-BY"}},
			Holidays: []HolidayDocument{{Name: "Between the years", From: "2026-12-27", To: "2026-12-31", Yearly: true}},
			Openings: []OpeningDocument{{Name: "Stocktaking", Date: "2026-12-27", Hours: []string{"10:00-14:00"}}},
		}},
	}
}

func (p *Practice) register(h huma.API) {
	example := exampleDocument()
	start := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	due := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	stretch := StretchDocument{Start: start, End: start.Add(2 * time.Hour), Open: true, Reason: "hours"}
	request := map[string]any{"name": example.Name, "zone": example.Zone, "versions": example.Versions}
	op := func(id, method, path, summary, about string, more openapi.Operation) openapi.Operation {
		more.ID, more.Method, more.Path, more.Tag, more.Summary, more.Description = id, method, path, tag, summary, about
		return more
	}
	changing := []int{404, 409, 412, 428}
	openapi.Register(h, op("list-calendars", http.MethodGet, "/calendars", "List calendars", "By name, with their versions.",
		openapi.Operation{Answer: openapi.Page[Document]{Items: []Document{example}}}), p.apiList)
	openapi.Register(h, op("create-calendar", http.MethodPost, "/calendars", "Add a calendar", "What reading a calendar gave can be sent to another installation.",
		openapi.Operation{Status: http.StatusCreated, Errors: []int{409}, Request: request, Answer: example}), p.apiCreate)
	openapi.Register(h, op("get-calendar", http.MethodGet, "/calendars/{id}", "Read a calendar", "Keep the ETag: changes ask for it in If-Match.",
		openapi.Operation{Errors: []int{404}, Answer: example}), p.apiGet)
	openapi.Register(h, op("replace-calendar", http.MethodPut, "/calendars/{id}", "Change a calendar", "The whole of it; what was promised by it is worked out anew.",
		openapi.Operation{Errors: changing, Request: request, Answer: example}), p.apiReplace)
	openapi.Register(h, op("delete-calendar", http.MethodDelete, "/calendars/{id}", "Delete a calendar", "Refused while something counts by it, for the standard one and for the one that never closes.",
		openapi.Operation{Errors: []int{404, 409}}), p.apiDelete)
	openapi.Register(h, op("make-calendar-standard", http.MethodPost, "/calendars/{id}/standard", "Make it the standard", "It is taken where nobody chose a calendar.",
		openapi.Operation{Errors: []int{404}, Answer: example}), p.apiStandard)
	openapi.Register(h, op("preview-calendar", http.MethodPost, "/calendars/{id}/preview", "See what a change does", "Compares a draft with the calendar as it is, over a span of at most 400 days; saves nothing.",
		openapi.Operation{Errors: []int{404}, Request: map[string]any{"from": start, "to": due, "calendar": request}, Answer: ChangeDocument{Opened: []IntervalDocument{{start, due}}, OpenedSeconds: 68400}}), p.apiPreview)
	openapi.Register(h, op("get-calendar-hours", http.MethodGet, "/calendars/{id}/hours", "What is open", "Of a span of at most 400 days: the business time in it, and each stretch with its reason.",
		openapi.Operation{Errors: []int{404}, Answer: HoursDocument{Seconds: 7200, Open: true, Stretches: []StretchDocument{stretch}, Fingerprint: "a3f2c0ffee123456"}}), p.apiHours)
	openapi.Register(h, op("get-calendar-due", http.MethodGet, "/calendars/{id}/due", "When it is due", "So much business time after a start, or so many business days until a time of day. Days count from the day after the start; give seconds or days.",
		openapi.Operation{Errors: []int{404}, Answer: DueDocument{Due: &due, Because: []StretchDocument{stretch}, Fingerprint: "a3f2c0ffee123456"}}), p.apiDue)
	openapi.Register(h, op("import-into-calendar", http.MethodPost, "/calendars/{id}/import", "Read a calendar file", "Says what an iCalendar file adds to a version, and adds it with save.",
		openapi.Operation{Errors: changing, Request: map[string]any{"file": "BEGIN:VCALENDAR…", "save": false}, Answer: ImportDocument{Holidays: []HolidayDocument{{Name: "Christmas", From: "2026-12-25"}}, Known: 2, Version: 4}}), p.apiImport)
	openapi.Register(h, op("list-holiday-regions", http.MethodGet, "/holiday-regions", "List regions with public holidays", "All of them; with a code and a year, that region with its holidays.",
		openapi.Operation{Answer: openapi.Page[RegionDocument]{Items: []RegionDocument{{Code: "DE-BY", Country: "Germany", Name: "Bayern"}}}}), p.apiRegions)
}

func (p *Practice) apiList(ctx context.Context, in *struct {
	openapi.Paging
	Q string `query:"q" maxLength:"200" doc:"Parts of the name."`
},
) (*openapi.Listed[Document], error) {
	after, err := lookup.ParseCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := p.Calendars.List(ctx, calendar.Query{Text: in.Q, After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	items := make([]Document, 0, len(page.Items))
	for i := range page.Items {
		items = append(items, documentOf(&page.Items[i]))
	}
	return openapi.List(ctx, items, page.Next.String()), nil
}

func (p *Practice) apiGet(ctx context.Context, in *Which) (*answer, error) {
	return answered(p.Calendars.Get(ctx, in.ID))
}

func (p *Practice) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body Draft
},
) (*answer, error) {
	c, err := in.Body.calendarOf()
	if err != nil {
		return nil, err
	}
	ctx = once.With(ctx, in.IdempotencyKey)
	made, err := p.Calendars.Create(ctx, c)
	if err == nil && once.Replayed(ctx) {
		openapi.Replayed(ctx)
	}
	return answered(made, err)
}

func (p *Practice) apiReplace(ctx context.Context, in *struct {
	openapi.Changing
	Which
	Body Draft
},
) (*answer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	draft, err := in.Body.calendarOf()
	if err != nil {
		return nil, err
	}
	return answered(p.Calendars.Change(ctx, in.ID, int64(version), func(c *calendar.Calendar) error { *c = draft; return nil }))
}

func (p *Practice) apiDelete(ctx context.Context, in *Which) (*struct{}, error) {
	_, err := p.Calendars.Delete(ctx, in.ID)
	return nil, err
}

func (p *Practice) apiStandard(ctx context.Context, in *Which) (*answer, error) {
	return answered(p.Calendars.MakeStandard(ctx, in.ID))
}

const maxDays = 400

// span checks a span that is asked about.
func span(from, to time.Time) error {
	var wrong apperr.Problems
	if from.IsZero() || from.Year() < calendar.FirstYear || from.Year() > calendar.LastYear {
		wrong.Add("from", "Give an instant from %d to %d.", calendar.FirstYear, calendar.LastYear)
	}
	if !to.After(from) || to.Sub(from) > maxDays*24*time.Hour {
		wrong.Add("to", "It comes after from, by at most %d days.", maxDays)
	}
	return wrong.Err()
}

func (p *Practice) hours(ctx context.Context, id int64) (*calendar.Hours, error) {
	c, err := p.Calendars.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return calendar.Compile(c.Calendar)
}

const maxListed = 500

func stretches(all []calendar.Stretch) []StretchDocument {
	out := make([]StretchDocument, 0, len(all))
	for _, s := range all {
		out = append(out, StretchDocument{s.Start, s.End, s.Open, string(s.Reason), s.Name})
	}
	return out
}

func intervals(all []calendar.Interval) []IntervalDocument {
	out := make([]IntervalDocument, 0, min(len(all), maxListed))
	for _, i := range all[:min(len(all), maxListed)] {
		out = append(out, IntervalDocument(i))
	}
	return out
}

func (p *Practice) apiPreview(ctx context.Context, in *struct {
	Which
	Body struct {
		From     time.Time `json:"from"`
		To       time.Time `json:"to"`
		Calendar Draft     `json:"calendar"`
	}
},
) (*struct{ Body ChangeDocument }, error) {
	if err := span(in.Body.From, in.Body.To); err != nil {
		return nil, err
	}
	before, err := p.hours(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	draft, err := in.Body.Calendar.calendarOf()
	if err != nil {
		return nil, err
	}
	draft.Tidy()
	after, err := calendar.Compile(draft)
	if err != nil {
		return nil, err
	}
	opened, closed := calendar.Difference(before, after, in.Body.From, in.Body.To)
	return &struct{ Body ChangeDocument }{ChangeDocument{intervals(opened), intervals(closed), total(opened).Seconds(), total(closed).Seconds()}}, nil
}

func (p *Practice) apiHours(ctx context.Context, in *struct {
	Which
	From time.Time `query:"from" required:"true"`
	To   time.Time `query:"to" required:"true"`
},
) (*struct{ Body HoursDocument }, error) {
	if err := span(in.From, in.To); err != nil {
		return nil, err
	}
	h, err := p.hours(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body HoursDocument }{HoursDocument{
		Seconds: h.Elapsed(in.From, in.To).Seconds(), Open: h.IsOpen(in.From), Stretches: stretches(h.Explain(in.From, in.To)), Fingerprint: h.Fingerprint(),
	}}, nil
}

func (p *Practice) apiDue(ctx context.Context, in *struct {
	Which
	Start   time.Time `query:"start" required:"true"`
	Seconds int64     `query:"seconds" minimum:"0" maximum:"36000000" doc:"Business time."`
	Days    int       `query:"days" minimum:"0" maximum:"3000" doc:"Business days; needs until."`
	Until   string    `query:"until" maxLength:"20" doc:"Time of day, such as 17:00." example:"17:00"`
},
) (*struct{ Body DueDocument }, error) {
	if in.Start.Year() < calendar.FirstYear || in.Start.Year() > calendar.LastYear {
		return nil, apperr.InvalidField("start", "Give an instant from %d to %d.", calendar.FirstYear, calendar.LastYear)
	}
	h, err := p.hours(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	var due time.Time
	var ok bool
	if in.Until != "" {
		until, err := calendar.ParseClock(in.Until)
		if err != nil {
			return nil, apperr.InvalidField("until", "Give a time of day, such as 17:00.")
		}
		if in.Seconds > 0 {
			return nil, apperr.InvalidField("seconds", "Give seconds, or days until a time; not both.")
		}
		due, ok = h.DueDays(in.Start, in.Days, until)
	} else {
		if in.Days > 0 {
			return nil, apperr.InvalidField("until", "Business days need a time of day, such as 17:00.")
		}
		due, ok = h.Due(in.Start, time.Duration(in.Seconds)*time.Second)
	}
	out := DueDocument{Because: []StretchDocument{}, Fingerprint: h.Fingerprint()}
	if ok {
		out.Due = &due
		all := h.Explain(in.Start, due)
		out.Because = stretches(all[:min(len(all), maxListed)])
	}
	return &struct{ Body DueDocument }{out}, nil
}

func (p *Practice) apiImport(ctx context.Context, in *struct {
	openapi.Changing
	Which
	Body struct {
		File string `json:"file" minLength:"1" maxLength:"900000" doc:"The iCalendar file."`
		As   string `json:"as,omitempty" enum:"holidays,openings" default:"holidays"`
		From string `json:"from,omitempty" format:"date" doc:"The version; missing is the first."`
		Save bool   `json:"save,omitempty" doc:"Adds what is new."`
	}
},
) (*struct{ Body ImportDocument }, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	from := parseDate(in.Body.From)
	got, err := p.Calendars.Import(ctx, in.ID, from, []byte(in.Body.File), calendar.As(in.Body.As))
	if err != nil {
		return nil, err
	}
	out := ImportDocument{
		Holidays: []HolidayDocument{}, Openings: []OpeningDocument{}, Known: got.Known, Past: got.Past, Missed: got.Missed, Left: append([]string{}, got.Left...), Version: int64(version),
	}
	for _, h := range got.Holidays {
		out.Holidays = append(out.Holidays, HolidayDocument{h.Name, h.From.String(), h.To.String(), h.Yearly, h.UID})
	}
	for _, o := range got.Openings {
		out.Openings = append(out.Openings, OpeningDocument{o.Name, o.Date.String(), spanTexts(o.Spans), o.UID})
	}
	if in.Body.Save {
		saved, err := p.Calendars.Add(ctx, in.ID, int64(version), from, got)
		if err != nil {
			return nil, outside(err)
		}
		out.Saved, out.Version = true, saved.Version
	}
	return &struct{ Body ImportDocument }{out}, nil
}

func (p *Practice) apiRegions(ctx context.Context, in *struct {
	Code string `query:"code" maxLength:"10" doc:"Only this region."`
	Year int    `query:"year" minimum:"1970" maximum:"2199" doc:"With its holidays of this year; needs the code."`
},
) (*openapi.Listed[RegionDocument], error) {
	items := []RegionDocument{}
	for _, r := range holiday.Regions() {
		if in.Code != "" && in.Code != r.Code {
			continue
		}
		doc := RegionDocument{Code: r.Code, Country: r.Country, Name: r.Name}
		if in.Code != "" && in.Year != 0 {
			for _, d := range holiday.In(r.Code, in.Year) {
				doc.Days = append(doc.Days, DayDocument{d.Date.String(), d.Name, d.Observed})
			}
		}
		items = append(items, doc)
	}
	return openapi.List(ctx, items, ""), nil
}
