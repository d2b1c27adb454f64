package ical

import (
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
)

// Entry is an event to be written: whole dates, or from one instant to another.
type Entry struct {
	UID         string // stable: who reads the feed again finds the same event
	Name        string
	Description string
	From, To    date.Date // whole dates, both included
	Start, End  time.Time // instants, unless there are dates
	Busy        bool      // takes up time in the calendar of who subscribes
}

// Outgoing is a calendar to be written.
type Outgoing struct {
	Name        string
	Description string
	Zone        string
	Stamp       time.Time // when what it says was last changed
	Entries     []Entry
}

// Write writes a calendar for subscription.
func Write(w io.Writer, o Outgoing) error {
	c := ics.NewCalendar()
	c.SetProductId("-//Steward//Business hours//EN")
	c.SetMethod(ics.MethodPublish)
	c.SetCalscale("GREGORIAN")
	c.SetName(o.Name)
	c.SetXWRCalName(o.Name)
	if o.Description != "" {
		c.SetXWRCalDesc(o.Description)
	}
	if o.Zone != "" {
		c.SetXWRTimezone(o.Zone)
	}
	c.SetXPublishedTTL("PT12H")
	c.SetRefreshInterval("PT12H", ics.WithValue("DURATION"))
	for _, entry := range o.Entries {
		e := c.AddEvent(entry.UID)
		e.SetDtStampTime(o.Stamp)
		e.SetSummary(entry.Name)
		if entry.Description != "" {
			e.SetDescription(entry.Description)
		}
		if entry.From.IsZero() {
			e.SetStartAt(entry.Start)
			e.SetEndAt(entry.End)
		} else {
			day := func(d date.Date) string { return strings.ReplaceAll(d.String(), "-", "") }
			e.SetProperty(ics.ComponentPropertyDtStart, day(entry.From), ics.WithValue("DATE"))
			e.SetProperty(ics.ComponentPropertyDtEnd, day(entry.To.Add(1)), ics.WithValue("DATE"))
		}
		if entry.Busy {
			e.SetTimeTransparency(ics.TransparencyOpaque)
		} else {
			e.SetTimeTransparency(ics.TransparencyTransparent)
		}
	}
	return c.SerializeTo(w, ics.WithNewLine("\r\n"))
}
