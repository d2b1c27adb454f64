package demo

import (
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

// Days is how far back the stories reach.
const Days = 90

// How many stories there are of each sort. What is open makes a queue that can
// be worked through; the rest is its past.
const (
	storiesDone = 530
	related     = 14
	duplicates  = 7
)

// openStories says how many stand where, and how long ago they may have begun.
var openStories = []struct {
	end    stage
	count  int
	oldest time.Duration
}{
	{unread, 3, 20 * time.Hour},
	{fresh, 11, 30 * time.Hour},
	{assigned, 6, 2 * day},
	{working, 17, 6 * day},
	{caller, 8, 9 * day},
	{waiting, 9, 24 * day},
	{reopened, 3, 12 * day},
}

const day = 24 * time.Hour

// Tell makes up ninety days of tickets for the organisation, up to now, oldest
// first. The same organisation, seed and instant (to the minute) tell the same.
func Tell(org *Organisation, seed uint64, now time.Time) []Story {
	now = now.UTC().Truncate(time.Minute)
	t := newTeller(org, seed, now)
	var all []Story
	for range storiesDone {
		all = append(all, t.finished())
	}
	for _, open := range openStories {
		for range open.count {
			all = append(all, t.open(open.end, open.oldest))
		}
	}
	all = append(all, t.rosas()...)
	t.sharpen(all)
	slices.SortStableFunc(all, func(a, b Story) int { return a.Opened.Compare(b.Opened) })
	all = t.outages(all)
	t.relate(all)
	for i := range all {
		all[i].sortBeats()
	}
	return all
}

// finished tells a story that is over, or nearly so.
func (t *teller) finished() Story {
	p := t.plot(nil)
	opened := t.moment(p, t.now.Add(-Days*day), t.now.Add(-6*time.Hour))
	s := t.tell(p, opened, done, "")
	return t.end(s)
}

// end brings a finished story to its end by now. What comes after the solution
// may still be to come.
func (t *teller) end(s Story) Story {
	over := slices.IndexFunc(s.Beats, func(b Beat) bool { return b.Do == Resolve || b.Do == Cancel })
	for i := over + 1; i < len(s.Beats); i++ {
		if s.Beats[i].Do == Resolve {
			over = i
		}
	}
	tail := slices.Clone(s.Beats[over+1:])
	solved := s.Beats[over].At
	s.Beats = s.Beats[:over+1]
	s.squeeze(t.now.Add(-time.Duration(20+t.rng.IntN(200)) * time.Minute))
	moved := s.last().Sub(solved)
	for _, b := range tail {
		if b.At = b.At.Add(moved); b.At.After(t.now) {
			break
		}
		s.then(b)
	}
	if !slices.ContainsFunc(s.Beats, func(b Beat) bool { return b.Do == Rate }) {
		s.Minutes = 0
	}
	return s
}

// open tells a story that stands at a stage.
func (t *teller) open(end stage, oldest time.Duration) Story {
	p := t.plot(func(p *plot) bool {
		return (end != waiting || p.hold != "") && (end != caller || len(p.asks) > 0) && (end == unread) == (p.service == "")
	})
	least := 10 * time.Minute
	if end > assigned {
		least = 5 * time.Hour
	}
	opened := t.moment(p, t.now.Add(-oldest), t.now.Add(-least))
	s := t.tell(p, opened, end, "")
	// What happened last was a while ago, by how long all of it took.
	age := t.now.Sub(opened)
	s.squeeze(t.now.Add(-age/50 - t.between(0, age/3)))
	return s
}

// moment picks when somebody asks: in office hours, on Mondays more often, and at
// the terminals at any time.
func (t *teller) moment(p *plot, from, to time.Time) time.Time {
	for range 40 {
		at := from.Add(time.Duration(t.rng.Int64N(int64(to.Sub(from)))))
		if p.nights && t.chance(30) {
			return at.Truncate(time.Second)
		}
		if !workingFrom(at).Equal(at) || at.Weekday() != time.Monday && t.chance(18) || at.Hour() > 13 && t.chance(25) {
			continue
		}
		return at.Truncate(time.Second)
	}
	return from.Add(time.Duration(t.rng.Int64N(int64(to.Sub(from))))).Truncate(time.Second)
}

// rosas are the tickets of the requester one can sign in as: one of everything.
func (t *teller) rosas() []Story {
	tell := func(key string, ago time.Duration, end stage) Story {
		p := t.plot(func(p *plot) bool { return p.key == key })
		s := t.tell(p, workingBefore(t.now.Add(-ago)), end, "rosa")
		s.Channel, s.OpenedBy = "portal", "rosa"
		return s
	}
	fit := func(s Story, before time.Duration) Story {
		s.squeeze(t.now.Add(-before))
		return s
	}
	solved := tell("docking", 3*day, done)
	for !slices.ContainsFunc(solved.Beats, func(b Beat) bool { return b.Do == Resolve }) {
		solved = tell("docking", 3*day, done)
	}
	last := slices.IndexFunc(solved.Beats, func(b Beat) bool { return b.Do == Resolve })
	solved.Beats, solved.Minutes = solved.Beats[:last+1], 0
	return []Story{
		fit(tell("share", 2*day, caller), 3*time.Hour),
		fit(tell("second-screen", 4*day, working), 5*time.Hour),
		fit(solved, 4*time.Hour),
		t.end(tell("laptop-slow", 31*day, done)),
		t.end(tell("folder-access", 52*day, done)),
		t.end(tell("password", 70*day, done)),
	}
}

// sharpen makes a few open incidents as grave as they get.
func (t *teller) sharpen(all []Story) {
	left := 3
	for i := range all {
		s := &all[i]
		if left == 0 {
			return
		}
		if plotOf(s.Plot).grave && s.isOpen() && s.Requester != "rosa" {
			s.Impact, s.Urgency = 1, 1
			left--
		}
	}
}

// isOpen reports whether work is still owed.
func (s *Story) isOpen() bool {
	open := true
	for _, b := range s.Beats {
		switch b.Do {
		case Resolve, Close, Cancel, Follow:
			open = false
		case Reopen:
			open = true
		}
	}
	return open
}

func plotOf(key string) *plot {
	for i := range plots {
		if plots[i].key == key {
			return &plots[i]
		}
	}
	return &plot{}
}

// relate links stories of the same sort, as agents do who remember.
func (t *teller) relate(all []Story) {
	links, twins := related, duplicates
	for i := len(all) - 1; i > 0 && links+twins > 0; i-- {
		j := t.likeness(all, i)
		if j < 0 {
			continue
		}
		solved := slices.IndexFunc(all[i].Beats, func(b Beat) bool { return b.Do == Resolve })
		switch {
		case twins > 0 && solved > 0 && all[i].Kind == "incident" && all[i].Opened.Sub(all[j].Opened) < 2*day && all[i].Plot == all[j].Plot:
			b := &all[i].Beats[solved]
			b.Code, b.Text = "duplicate", "A colleague reported the same a little earlier. We follow it up there and tell you as soon as it is solved."
			b.At = b.At.Add(-time.Second)
			t.link(all, i, j, ticket.DuplicateOf, b.At, b.By)
			twins--
		case links > 0 && t.chance(25) && len(all[i].Beats) > 2:
			at := all[i].Beats[2]
			if at.By == "" || at.By == all[i].Requester {
				continue
			}
			t.link(all, i, j, ticket.RelatedTo, at.At, at.By)
			links--
		}
	}
}

// likeness finds an earlier story of the same sort within ten days; -1 for none.
func (t *teller) likeness(all []Story, i int) int {
	for j := i - 1; j >= 0 && all[i].Opened.Sub(all[j].Opened) < 10*day; j-- {
		if all[j].Plot == all[i].Plot && plotOf(all[i].Plot).key != "" {
			return j
		}
	}
	return -1
}

// link notes a link on both timelines.
func (t *teller) link(all []Story, holder, other int, typ ticket.LinkType, at time.Time, by string) {
	all[holder].then(Beat{At: at, By: by, Do: Link, Other: other, Link: typ})
	all[other].then(Beat{At: at, By: by, Do: Link, Other: holder, Link: typ, Inverse: true})
}
