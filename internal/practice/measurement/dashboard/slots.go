package dashboard

import (
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Cadence is how often a board is received.
type Cadence string

// The cadences.
const (
	Daily   Cadence = "daily"
	Weekly  Cadence = "weekly"
	Monthly Cadence = "monthly"
)

// Cadences lists the cadences.
func Cadences() []Cadence { return []Cadence{Daily, Weekly, Monthly} }

// plan is when a board is received, on the clock of a zone.
type plan struct {
	Cadence Cadence
	Day     int // of a week, 1 is Monday; of a month, 1 to 31, the last one where a month is shorter
	Hour    int
	Zone    *time.Location
}

func (p plan) check() error {
	var wrong apperr.Problems
	if !slices.Contains(Cadences(), p.Cadence) {
		wrong.Add("cadence", "A board comes daily, weekly or monthly.")
	}
	if p.Hour < 0 || p.Hour > 23 {
		wrong.Add("hour", "An hour is a number from 0 to 23.")
	}
	if p.Cadence == Weekly && (p.Day < 1 || p.Day > 7) {
		wrong.Add("weekday", "Choose a day of the week.")
	}
	if p.Cadence == Monthly && (p.Day < 1 || p.Day > 31) {
		wrong.Add("date", "Choose a day of the month.")
	}
	return wrong.Err()
}

// next gives the first instant after now that the plan names. An hour that a day
// skips is as much later as the clock jumped; one that comes twice counts once.
func (p plan) next(now time.Time) time.Time {
	y, m, d := now.In(p.Zone).Date()
	for ahead := range 40 {
		day := time.Date(y, m, d+ahead, p.Hour, 0, 0, 0, p.Zone)
		if p.falls(y, m, d+ahead) && day.After(now) {
			return day.UTC()
		}
	}
	return now.AddDate(0, 0, 31).UTC() // a plan that was checked names a day in every month
}

// falls reports whether the plan names a day; d may run over the month's end.
func (p plan) falls(y int, m time.Month, d int) bool {
	day := time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
	switch p.Cadence {
	case Weekly:
		return (int(day.Weekday())+6)%7+1 == p.Day
	case Monthly:
		last := time.Date(day.Year(), day.Month()+1, 0, 12, 0, 0, 0, time.UTC).Day()
		return day.Day() == min(p.Day, last)
	case Daily:
	}
	return true
}
