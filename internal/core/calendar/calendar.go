package calendar

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a zone is known wherever the program runs
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Calendar says when somebody works. It is data alone; Compile makes it answer.
type Calendar struct {
	ID          int64     `json:"id,omitempty"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Zone        string    `json:"zone"`     // an IANA name: "Europe/Berlin"
	Versions    []Version `json:"versions"` // the first holds since ever, the others from their dates on
}

// Version is what a calendar says from a date on, until the next one begins.
type Version struct {
	From     Date       `json:"from,omitzero"` // none for the first
	Week     Week       `json:"week"`
	Regions  []Observed `json:"regions,omitempty"`
	Holidays []Holiday  `json:"holidays,omitempty"`
	Openings []Opening  `json:"openings,omitempty"`
}

// Observed is a region whose public holidays are kept.
type Observed struct {
	Code   string   `json:"code"`             // of package holiday: "DE-BY"
	Except []string `json:"except,omitempty"` // names of holidays that are worked on
}

// Holiday is a stretch of dates that are closed.
type Holiday struct {
	Name   string `json:"name"`
	From   Date   `json:"from"`
	To     Date   `json:"to,omitzero"`      // the last date; none for a single one
	Yearly bool   `json:"yearly,omitempty"` // again on the same dates of every later year
	UID    string `json:"uid,omitempty"`    // of the event it was imported from
}

// Opening is a date with hours of its own, which replace those of its weekday and
// win over a holiday.
type Opening struct {
	Name  string `json:"name"`
	Date  Date   `json:"date"`
	Spans []Span `json:"spans"`
	UID   string `json:"uid,omitempty"`
}

// The bounds of a calendar.
const (
	MaxVersions = 100
	MaxHolidays = 2000 // of one version
	MaxOpenings = 2000 // of one version
	MaxRegions  = 20
	maxName     = 200
	maxStretch  = 366 // days of one holiday
)

// last gives the last date.
func (h Holiday) last() Date {
	if h.To.IsZero() {
		return h.From
	}
	return h.To
}

// Days counts its dates.
func (h Holiday) Days() int { return h.last().Number() - h.From.Number() + 1 }

// ErrZone says that a time zone is not known.
var ErrZone = errors.New("this time zone is not known")

// LoadZone gives the zone of an IANA name.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" || len(name) > 64 {
		return nil, ErrZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, ErrZone
	}
	return zone, nil
}

// Check says what is wrong with a calendar, field by field: "name", "zone",
// "versions.0.holidays.2.name".
func (c *Calendar) Check() error {
	var wrong apperr.Problems
	checkName(&wrong, "name", c.Name)
	if utf8.RuneCountInString(c.Description) > 2000 {
		wrong.Add("description", "Use at most 2000 characters.")
	}
	if _, err := LoadZone(c.Zone); err != nil {
		wrong.Add("zone", "This time zone is not known.")
	}
	switch {
	case len(c.Versions) == 0:
		wrong.Add("versions", "A calendar has at least one version.")
	case len(c.Versions) > MaxVersions:
		wrong.Add("versions", "Use at most %d versions.", MaxVersions)
	}
	for i := range c.Versions {
		v, at := &c.Versions[i], fmt.Sprintf("versions.%d.", i)
		switch {
		case i == 0 && !v.From.IsZero():
			wrong.Add(at+"from", "The first version holds since ever: it has no date.")
		case i > 0 && !known(v.From):
			wrong.Add(at+"from", "Give the date from which this version holds.")
		case i > 1 && !c.Versions[i-1].From.Before(v.From):
			wrong.Add(at+"from", "Another version holds from this date or a later one.")
		}
		v.check(&wrong, at)
	}
	return wrong.Err()
}

// CheckVersion says what is wrong with a version by itself.
func CheckVersion(v *Version) error {
	var wrong apperr.Problems
	v.check(&wrong, "")
	return wrong.Err()
}

func checkName(wrong *apperr.Problems, field, name string) {
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(name) == "":
		wrong.Add(field, "Give a name.")
	case n > maxName || strings.ContainsAny(name, "\r\n\t\x00"):
		wrong.Add(field, "A name is a single line of at most %d characters.", maxName)
	}
}

// known reports whether a date exists and lies in the years a calendar knows.
func known(d Date) bool { return d.Exists() && d.Year >= FirstYear && d.Year <= LastYear }

func (v *Version) check(wrong *apperr.Problems, at string) {
	for day, spans := range v.Week {
		checkSpans(wrong, at+"week."+weekKeys[day], spans)
	}
	if len(v.Regions) > MaxRegions {
		wrong.Add(at+"regions", "Choose at most %d regions.", MaxRegions)
	}
	for i, r := range v.Regions {
		if _, ok := holiday.Find(r.Code); !ok {
			wrong.Add(fmt.Sprintf("%sregions.%d", at, i), "The holidays of %s are not known.", r.Code)
		}
		if slices.ContainsFunc(v.Regions[:i], func(o Observed) bool { return o.Code == r.Code }) {
			wrong.Add(fmt.Sprintf("%sregions.%d", at, i), "This region was chosen already.")
		}
	}
	if len(v.Holidays) > MaxHolidays {
		wrong.Add(at+"holidays", "Use at most %d holidays.", MaxHolidays)
		return
	}
	for i, h := range v.Holidays {
		field := fmt.Sprintf("%sholidays.%d.", at, i)
		checkName(wrong, field+"name", h.Name)
		switch {
		case !known(h.From):
			wrong.Add(field+"from", "Give a date from %d to %d.", FirstYear, LastYear)
		case !h.To.IsZero() && (!known(h.To) || h.To.Before(h.From)):
			wrong.Add(field+"to", "The last day cannot come before the first.")
		case h.Days() > maxStretch || h.Yearly && h.Days() > 200:
			wrong.Add(field+"to", "This is too long for a holiday.")
		}
	}
	if len(v.Openings) > MaxOpenings {
		wrong.Add(at+"openings", "Use at most %d special openings.", MaxOpenings)
		return
	}
	dates := map[Date]bool{}
	for i, o := range v.Openings {
		field := fmt.Sprintf("%sopenings.%d.", at, i)
		checkName(wrong, field+"name", o.Name)
		switch {
		case !known(o.Date):
			wrong.Add(field+"date", "Give a date from %d to %d.", FirstYear, LastYear)
		case dates[o.Date]:
			wrong.Add(field+"date", "This date has special hours already.")
		}
		dates[o.Date] = true
		if len(o.Spans) == 0 {
			wrong.Add(field+"spans", "Give hours, such as 9-12, 13-17. A day without any is a holiday.")
		}
		checkSpans(wrong, field+"spans", o.Spans)
	}
}

func checkSpans(wrong *apperr.Problems, field string, spans []Span) {
	if len(spans) > maxSpans {
		wrong.Add(field, "Use at most %d intervals a day.", maxSpans)
	}
	for _, s := range spans {
		if !s.Valid() {
			wrong.Add(field, "An interval begins on its day and is shorter than a day, or it is %s.", wholeDay)
			return
		}
	}
}

// Tidy puts what is in a calendar into its order: intervals, regions, dates.
func (c *Calendar) Tidy() {
	c.Name, c.Description = clean(c.Name), clean(c.Description)
	slices.SortStableFunc(c.Versions, func(a, b Version) int { return a.From.Compare(b.From) })
	for i := range c.Versions {
		c.Versions[i].tidy()
	}
}

func (v *Version) tidy() {
	v.Week = v.Week.tidy()
	v.Regions, v.Holidays, v.Openings = slices.Clone(v.Regions), slices.Clone(v.Holidays), slices.Clone(v.Openings)
	for i := range v.Holidays {
		h := &v.Holidays[i]
		if h.Name = clean(h.Name); h.To == h.From {
			h.To = Date{}
		}
	}
	for i := range v.Openings {
		o := &v.Openings[i]
		o.Name, o.Spans = clean(o.Name), tidySpans(o.Spans)
	}
	slices.SortStableFunc(v.Holidays, func(a, b Holiday) int { return cmp.Or(a.From.Compare(b.From), strings.Compare(a.Name, b.Name)) })
	slices.SortStableFunc(v.Openings, func(a, b Opening) int { return a.Date.Compare(b.Date) })
}

// clean takes away what no text may hold.
func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}

// At gives the version in force on a date; the index is -1 without versions.
func (c *Calendar) At(d Date) (int, Version) {
	for i := len(c.Versions) - 1; i >= 0; i-- {
		if i == 0 || !d.Before(c.Versions[i].From) {
			return i, c.Versions[i]
		}
	}
	return -1, Version{}
}
