package timesheet

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Activity is a kind of work that time is spent on.
type Activity struct {
	ID       int64
	Name     string
	Billable bool
	Active   bool
	Place    int64
	Version  int64
}

// Entry is time that somebody spent on a ticket.
type Entry struct {
	ID         int64
	TicketID   int64
	PersonID   int64
	ActivityID int64
	Day        string // 2026-03-02
	Minutes    int    // 0 is withdrawn
	Billable   bool   // as the activity was when it was recorded
	Note       string
	RecordedBy int64
	RecordedAt time.Time
	Corrects   int64 // the entry it takes the place of; 0 for none
}

// Timer is a running clock.
type Timer struct {
	PersonID  int64
	TicketID  int64
	StartedAt time.Time
}

// Minutes is what the timer shows: whole minutes, begun ones included.
func (t *Timer) Minutes(now time.Time) int {
	return int(min(max(now.Sub(t.StartedAt)+time.Minute-1, time.Minute)/time.Minute, MaxMinutes))
}

// Spent is the wish to record time.
type Spent struct {
	Person   int64 // 0 is the actor; others only by a lead of a group they are in
	Activity int64 // 0 is the first
	Day      string
	Minutes  int
	Note     string
}

// MaxNote bounds a note, in characters.
const MaxNote = 500

// daysBack is how far back, and daysAhead how far ahead, time is recorded: the
// day of who writes may have begun already.
const (
	daysBack  = 400
	daysAhead = 1
)

func (n *Spent) check(now time.Time) error {
	var p apperr.Problems
	n.Note = strings.Join(strings.Fields(n.Note), " ")
	if utf8.RuneCountInString(n.Note) > MaxNote || !utf8.ValidString(n.Note) || strings.ContainsRune(n.Note, 0) {
		p.Add("note", "Keep the note under %d characters.", MaxNote)
	}
	if n.Minutes < 1 || n.Minutes > MaxMinutes {
		p.Add("minutes", "An entry is between one minute and 24 hours long.")
	}
	checkDay(&p, "day", n.Day, now)
	return p.Err()
}

func checkDay(p *apperr.Problems, field, day string, now time.Time) {
	at, err := time.Parse(time.DateOnly, day)
	switch today := now.UTC().Truncate(24 * time.Hour); {
	case err != nil:
		p.Add(field, "Write the day as 2026-03-02.")
	case at.After(today.AddDate(0, 0, daysAhead)):
		p.Add(field, "This day is still to come.")
	case at.Before(today.AddDate(0, 0, -daysBack)):
		p.Add(field, "This day is too long ago.")
	}
}

// Prompt says whether agents are asked for time when they reply or resolve.
type Prompt string

// The prompts.
const (
	Off      Prompt = "off"
	Offered  Prompt = "offered"
	Required Prompt = "required"
)

func (a *Activity) check() error {
	var p apperr.Problems
	a.Name = strings.Join(strings.Fields(a.Name), " ")
	switch n := utf8.RuneCountInString(a.Name); {
	case n == 0:
		p.Add("name", "Give the activity a name.")
	case n > 60 || !utf8.ValidString(a.Name) || strings.ContainsRune(a.Name, 0):
		p.Add("name", "Keep the name under 60 characters.")
	}
	return p.Err()
}
