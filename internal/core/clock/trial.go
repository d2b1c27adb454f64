package clock

import (
	"cmp"
	"slices"
	"time"
)

// Tally counts what became of promises.
type Tally struct {
	Kept   int
	Broken int // those that are still open included
	Open   int // still to be kept
}

func (t *Tally) add(c *Clock) {
	switch {
	case !c.Breached.IsZero():
		t.Broken++
	case c.Stage == Completed:
		t.Kept++
	case c.Stage.Open():
		t.Open++
	}
}

// TrialLine compares what would have become of the promises of one target with what
// becomes of the same promises as they are.
type TrialLine struct {
	Target Target // of the agreement that is tried, or one that nothing promises any more
	Tried  Tally
	Today  Tally
	Fresh  int // of Tried that nothing promises today
}

// TrialTicket is a ticket on which a tried promise would have been broken.
type TrialTicket struct {
	TicketID int64
	Target   Target
	Over     time.Duration // business time past the target
	Open     bool          // the promise would still be open
	Today    bool          // it is broken as it is, too
}

// worstTickets are how many tickets a trial names.
const worstTickets = 20

// Trial says what an agreement would have done to tickets of the past. Make it by
// NewTrial and Add courses to it; memory does not grow with their number.
type Trial struct {
	Found   int // tickets that came in; who adds them knows
	Looked  int // of them looked at
	Covered int // of these under the agreement
	Leaves  int // under it today, but not as tried
	Lines   []TrialLine
	Worst   []TrialTicket // furthest past their target first

	today, tried Book
	subject      int64
	now          time.Time
}

// NewTrial tries an agreement: terms that are to replace those of the agreement with
// its id, or, with id 0, come beside all others. Both the agreements of the book and
// the tried one are taken as they are at the instant, for tickets of whatever age:
// the difference is what is tried and nothing else.
func NewTrial(book Book, subject Agreement, terms Terms, now time.Time) *Trial {
	t := &Trial{today: book, tried: book, subject: subject.ID, now: now}
	if t.subject == 0 {
		t.subject = -1
	}
	t.today.Agreements = nil
	for _, a := range book.Agreements {
		if v, ok := a.At(now); ok {
			v.From = time.Time{}
			a.Versions, a.Ends = []Version{v}, time.Time{}
			t.today.Agreements = append(t.today.Agreements, a)
		}
	}
	subject.ID, subject.Ends, subject.Versions = t.subject, time.Time{}, []Version{{ID: -1, Terms: terms}}
	t.tried.Agreements = slices.Clone(t.today.Agreements)
	if i := slices.IndexFunc(t.tried.Agreements, func(a Agreement) bool { return a.ID == t.subject }); i >= 0 {
		t.tried.Agreements[i] = subject
	} else {
		t.tried.Agreements = append(t.tried.Agreements, subject)
	}
	return t
}

// Agreements are all that a trial looks up the calendars of.
func (t *Trial) Agreements() []Agreement {
	return append(slices.Clone(t.today.Agreements), t.tried.Agreements...)
}

// LookUp says where hours and places are looked up for the courses that follow.
func (t *Trial) LookUp(in Book) {
	t.today.Hours, t.tried.Hours = in.Hours, in.Hours
	t.today.Above, t.tried.Above = in.Above, in.Above
	t.today.AboveThen, t.tried.AboveThen = in.AboveThen, in.AboveThen
	t.today.Offering, t.tried.Offering = in.Offering, in.Offering
}

// Add tries a ticket.
func (t *Trial) Add(course Course) {
	t.Looked++
	today, tried := Compute(course, t.today, t.now), Compute(course, t.tried, t.now)
	under := func(c Clock) bool { return c.Agreement == t.subject }
	first := slices.IndexFunc(tried, under)
	if first < 0 {
		if slices.ContainsFunc(today, under) {
			t.Leaves++
		}
		return
	}
	t.Covered++
	role, party := tried[first].Role, tried[first].Party
	before := map[Key]*Clock{}
	for i := range today {
		if c := &today[i]; c.Role == role && c.Party == party {
			before[c.Key] = c
		}
	}
	for i := range tried {
		c := &tried[i]
		if !under(*c) {
			continue
		}
		line := t.line(c.Target, c.Measure)
		line.Tried.add(c)
		old := before[c.Key]
		if delete(before, c.Key); old != nil {
			line.Today.add(old)
		} else {
			line.Fresh++
		}
		if !c.Breached.IsZero() {
			t.worse(TrialTicket{TicketID: course.TicketID, Target: c.Target, Over: max(0, -c.Left), Open: c.Stage.Open(), Today: old != nil && !old.Breached.IsZero()})
		}
	}
	for _, old := range before {
		t.line(old.Target, old.Measure).Today.add(old)
	}
}

// line gives the line of a target: what is promised of a measure for a priority.
func (t *Trial) line(target Target, m Measure) *TrialLine {
	i := slices.IndexFunc(t.Lines, func(l TrialLine) bool {
		return l.Target.Measure == m && l.Target.State == target.State && l.Target.Priority == target.Priority
	})
	if i < 0 {
		t.Lines, i = append(t.Lines, TrialLine{Target: target}), len(t.Lines)
	}
	return &t.Lines[i]
}

// worse keeps the tickets that are furthest past their targets, one line each.
func (t *Trial) worse(x TrialTicket) {
	if i := slices.IndexFunc(t.Worst, func(w TrialTicket) bool { return w.TicketID == x.TicketID }); i >= 0 {
		if t.Worst[i].Over >= x.Over {
			return
		}
		t.Worst = slices.Delete(t.Worst, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(t.Worst, x, func(a, b TrialTicket) int {
		return cmp.Or(cmp.Compare(b.Over, a.Over), cmp.Compare(a.TicketID, b.TicketID))
	})
	t.Worst = slices.Insert(t.Worst, i, x)
	t.Worst = t.Worst[:min(len(t.Worst), worstTickets)]
}

// Sort brings the lines into the order in which promises come due.
func (t *Trial) Sort() {
	last := func(priority int) int {
		if priority == 0 {
			return 1 << 20
		}
		return priority
	}
	slices.SortFunc(t.Lines, func(a, b TrialLine) int {
		return cmp.Or(cmp.Compare(slices.Index(Measures(), a.Target.Measure), slices.Index(Measures(), b.Target.Measure)),
			cmp.Compare(a.Target.State, b.Target.State), cmp.Compare(last(a.Target.Priority), last(b.Target.Priority)))
	})
}
