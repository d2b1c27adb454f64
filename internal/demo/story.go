package demo

import (
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// Story is a ticket's life as data: how it began, and what happened then.
type Story struct {
	Plot      string
	Kind      string
	Service   string // "" for none
	Requester string
	OpenedBy  string
	Channel   string
	Group     string // that has it at first; "" for none
	Impact    int    // 0: as the kind has it
	Urgency   int
	Title     string
	Text      string
	Opened    time.Time
	Tags      []string
	Files     []string
	Minutes   int // working time the requester says was lost; with a rating
	Beats     []Beat
}

// Act is what happens in a beat.
type Act string

// The acts.
const (
	Reply    Act = "reply"    // Text to the requester, or by them
	Note     Act = "note"     // Text among agents
	Assign   Act = "assign"   // to Group and To, either may be ""
	Start    Act = "start"    // work begins
	Hold     Act = "hold"     // for Reason; Text says why
	Resume   Act = "resume"   // work goes on
	Resolve  Act = "resolve"  // with Code and Text
	Reopen   Act = "reopen"   // with Text
	Close    Act = "close"    // by the requester, or by the days that passed
	Cancel   Act = "cancel"   // with Text
	Rate     Act = "rate"     // with Score and Text
	Tag      Act = "tag"      // Tags are added
	Watch    Act = "watch"    // To is added
	Override Act = "override" // of the priority, to Score because of Text
	About    Act = "about"    // the service becomes Service
	Adopt    Act = "adopt"    // Other becomes the parent
	Follow   Act = "follow"   // resolved with its parent
	Link     Act = "link"     // to Other
)

// Beat is one thing that happened. By is a person; "" is the product itself.
type Beat struct {
	At      time.Time
	By      string
	Do      Act
	Text    string
	Group   string
	To      string
	Reason  string
	Code    string
	Service string
	Score   int
	Tags    []string
	Files   []string
	Other   int // place in the list of stories
	Link    ticket.LinkType
	Inverse bool // Other holds the link
}

// then adds a beat.
func (s *Story) then(b Beat) { s.Beats = append(s.Beats, b) }

// last is when something happened last.
func (s *Story) last() time.Time {
	if len(s.Beats) == 0 {
		return s.Opened
	}
	return s.Beats[len(s.Beats)-1].At
}

// squeeze moves what happened closer together so that it is over by limit.
func (s *Story) squeeze(limit time.Time) {
	last := s.last()
	if !last.After(limit) {
		return
	}
	room, length := limit.Sub(s.Opened), last.Sub(s.Opened)
	for i := range s.Beats {
		passed := float64(s.Beats[i].At.Sub(s.Opened)) / float64(length)
		s.Beats[i].At = s.Opened.Add(time.Duration(passed * float64(room))).Truncate(time.Second)
	}
}

// sortBeats puts beats that were added from elsewhere into their place.
func (s *Story) sortBeats() {
	slices.SortStableFunc(s.Beats, func(a, b Beat) int { return a.At.Compare(b.At) })
}

// Office hours are from seven to five in UTC, Monday to Friday.
const (
	opens  = 7
	closes = 17
)

// workingFrom is the first working instant that is not before t.
func workingFrom(t time.Time) time.Time {
	for {
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		switch {
		case t.Weekday() == time.Saturday || t.Weekday() == time.Sunday || t.Hour() >= closes:
			t = day.Add((24 + opens) * time.Hour)
		case t.Hour() < opens:
			t = day.Add(opens * time.Hour)
		default:
			return t
		}
	}
}

// workingBefore is the last working instant, to the minute, that is not after t.
func workingBefore(t time.Time) time.Time {
	for !workingFrom(t).Equal(t) {
		t = t.Add(-time.Minute)
	}
	return t
}

// later is the instant some working time after t.
func later(t time.Time, d time.Duration) time.Time {
	for t = workingFrom(t); ; t = workingFrom(t) {
		end := time.Date(t.Year(), t.Month(), t.Day(), closes, 0, 0, 0, time.UTC)
		if left := end.Sub(t); d >= left {
			d -= left
			t = end
			continue
		}
		return t.Add(d).Truncate(time.Second)
	}
}
