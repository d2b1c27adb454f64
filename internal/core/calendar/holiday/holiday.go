// Package holiday knows the public holidays of countries and their regions. The
// rules are those of github.com/rickar/cal; this package gives them codes, names
// and plain dates, and nothing here knows of hours.
package holiday

import (
	"cmp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/rickar/cal/v2"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
)

// Region is a country, or a part of one, whose holidays are known.
type Region struct {
	Code    string // ISO 3166: "DE", "DE-BY"; "EU-ECB" for the days on which the TARGET payment system rests
	Country string // in English: "Germany"
	Name    string // of the part, as it calls itself: "Bayern"; empty for a whole country
	days    []*cal.Holiday
}

// Label names the region in English: "Germany, Bayern".
func (r Region) Label() string {
	if r.Name == "" {
		return r.Country
	}
	return r.Country + ", " + r.Name
}

// Regions lists what is known, by country and then by part.
func Regions() []Region { return slices.Clone(sorted()) }

var sorted = sync.OnceValue(func() []Region {
	all := slices.Clone(regions)
	slices.SortFunc(all, func(a, b Region) int {
		return cmp.Or(strings.Compare(a.Country, b.Country), strings.Compare(a.Name, b.Name))
	})
	return all
})

var byCode = sync.OnceValue(func() map[string]Region {
	out := make(map[string]Region, len(regions))
	for _, r := range regions {
		out[r.Code] = r
	}
	return out
})

// Find gives a region by its code.
func Find(code string) (Region, bool) {
	r, ok := byCode()[code]
	return r, ok
}

// Day is one holiday of a year.
type Day struct {
	Date date.Date
	Name string // as the country says it: "Karfreitag"
	// Observed marks the free day that stands in for a holiday on a weekend. The
	// holiday itself is another Day.
	Observed bool
}

// The years for which holidays are computed.
const (
	FirstYear = 1970
	LastYear  = 2199
)

// In gives the holidays of a year in a region, in order; none for an unknown
// code. Several may fall on one date.
func In(code string, year int) []Day {
	r, ok := Find(code)
	if !ok || year < FirstYear || year > LastYear {
		return nil
	}
	var out []Day
	// A day is observed in another year now and then: 31 December for 1 January.
	for y := year - 1; y <= year+1; y++ {
		for _, h := range r.days {
			actual, observed := h.Calc(y)
			if actual.IsZero() {
				continue
			}
			if actual.Year() == year {
				out = append(out, Day{Date: date.At(actual), Name: h.Name})
			}
			if !observed.Equal(actual) && !observed.IsZero() && observed.Year() == year {
				out = append(out, Day{Date: date.At(observed), Name: h.Name, Observed: true})
			}
		}
	}
	slices.SortFunc(out, func(a, b Day) int { return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.Name, b.Name)) })
	return slices.Compact(out)
}

// Names gives the names of a region's holidays between two years, both included,
// in the order in which they come in a year.
func Names(code string, from, to int) []string {
	at := map[string]int{}
	for year := from; year <= to; year++ {
		for _, d := range In(code, year) {
			if _, known := at[d.Name]; !known && !d.Observed {
				at[d.Name] = int(d.Date.Month)*100 + d.Date.Day
			}
		}
	}
	out := make([]string, 0, len(at))
	for name := range at {
		out = append(out, name)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(at[a], at[b]), strings.Compare(a, b)) })
	return out
}

// Version says which edition of the rules is in use: "v2.1.13".
var Version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/rickar/cal/v2" {
			return m.Version
		}
	}
	return ""
})
