package escalation

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Anchor says from where a rung's instant is counted.
type Anchor string

// The anchors.
const (
	AtPercent Anchor = "percent" // of the target is used
	BeforeDue Anchor = "before"
	AfterDue  Anchor = "after"
)

// Anchors lists them in the order in which they come.
func Anchors() []Anchor { return []Anchor{AtPercent, BeforeDue, AfterDue} }

// Audience is whom a rung tells.
type Audience string

// The audiences.
const (
	Assignee      Audience = "assignee" // or the group's members while nobody has the ticket
	Members       Audience = "members"  // of the group
	Leads         Audience = "leads"    // of the group
	ServiceOwner  Audience = "service_owner"
	BusinessOwner Audience = "business_owner" // of the service
	Chain         Audience = "chain"          // up the line: the group's leads, then both owners of the service
	Requester     Audience = "requester"      // in words that are for them
)

// Audiences lists them, from those nearest to the work on.
func Audiences() []Audience {
	return []Audience{Assignee, Members, Leads, ServiceOwner, BusinessOwner, Chain, Requester}
}

// The bounds of ladders.
const (
	MaxLadders = 100
	MaxRungs   = 15
	MaxRounds  = 20 // repetitions of a rung
	MaxUp      = 5  // levels of managers
	maxPersons = 50
	maxPercent = 500
	maxName    = 200
	maxSpan    = 366 * 24 * time.Hour
	minRepeat  = 5 * time.Minute
)

// Rung is one step of a ladder.
type Rung struct {
	ID int64 `json:"id"` // given when it is first saved
	// Since is when the rung got its place on the ladder, or the ladder came into force:
	// what lies before does not fire.
	Since   time.Time     `json:"since"`
	Anchor  Anchor        `json:"anchor"`
	Percent int           `json:"percent,omitempty"`  // of AtPercent
	Span    time.Duration `json:"span,omitempty"`     // of the others
	Every   time.Duration `json:"every,omitempty"`    // of AfterDue: again every so long,
	Times   int           `json:"times,omitempty"`    // so many times more
	ByClock bool          `json:"by_clock,omitempty"` // spans are by the clock, not business time
	// Condition is a filter that the ticket must match when the rung is due; "" is every one.
	Condition string     `json:"condition,omitempty"`
	Tell      []Audience `json:"tell,omitempty"`
	// Up tells the manager of the assignee, so many levels up; where there is none, the
	// group's leads, and without any the service's owner.
	Up       int     `json:"up,omitempty"`
	Role     string  `json:"role,omitempty"` // whoever has it is told
	Persons  []int64 `json:"persons,omitempty"`
	Channels []int64 `json:"channels,omitempty"` // rooms that are told
	Group    int64   `json:"group,omitempty"`    // gets the ticket
	Raise    bool    `json:"raise,omitempty"`    // the priority, by one
	Tag      string  `json:"tag,omitempty"`      // marks the ticket
}

// sameInstant reports whether two rungs stand at the same place.
func (r *Rung) sameInstant(o *Rung) bool {
	return r.Anchor == o.Anchor && r.Percent == o.Percent && r.Span == o.Span && r.Every == o.Every && r.ByClock == o.ByClock
}

// Quiet are hours of the day in which nothing fires, in minutes after midnight of the
// zone of the agreement's calendar. The zero value is none.
type Quiet struct {
	From    int  `json:"from,omitempty"`
	To      int  `json:"to,omitempty"`      // may pass midnight
	Weekend bool `json:"weekend,omitempty"` // all of Saturday and Sunday, too
}

const minutesADay = 24 * 60

// hours are when it is not quiet in a zone; nil for never quiet.
func (q Quiet) hours(zone string) *calendar.Hours {
	if q == (Quiet{}) {
		return nil
	}
	var loud []calendar.Span
	switch {
	case q.From == q.To:
		loud = []calendar.Span{calendar.AllDay}
	case q.From > q.To: // over midnight
		loud = []calendar.Span{{From: q.To, To: q.From}}
	default:
		if q.From > 0 {
			loud = append(loud, calendar.Span{From: 0, To: q.From})
		}
		if q.To < minutesADay {
			loud = append(loud, calendar.Span{From: q.To, To: minutesADay})
		}
	}
	c := calendar.Calendar{Name: "loud", Zone: zone, Versions: []calendar.Version{{}}}
	for day := range c.Versions[0].Week {
		if !q.Weekend || !weekend(day) {
			c.Versions[0].Week[day] = loud
		}
	}
	h, err := calendar.Compile(c)
	if err != nil {
		return nil // a zone that is gone keeps nobody from being told
	}
	return h
}

// Ladder is a ladder as it is kept.
type Ladder struct {
	ID          int64
	Name        string
	Description string
	Active      bool
	Body
	CreatedAt, UpdatedAt time.Time
	Version              int64
}

// Body is what a ladder says.
type Body struct {
	Agreements []int64         `json:"agreements,omitempty"` // none is every one that has no ladder of its own
	Measures   []clock.Measure `json:"measures,omitempty"`   // none is all
	// Critical is for tickets about services that the business stops without, and for
	// those alone.
	Critical bool   `json:"critical,omitempty"`
	Quiet    Quiet  `json:"quiet,omitzero"`
	Rungs    []Rung `json:"rungs"`
}

// rank says how well a ladder fits a clock, the least best; false if it does not.
func (l *Ladder) rank(c *clock.Clock, critical bool) ([3]int, bool) {
	if !l.Active || l.Critical && !critical ||
		len(l.Agreements) > 0 && !slices.Contains(l.Agreements, c.Agreement) || len(l.Measures) > 0 && !slices.Contains(l.Measures, c.Measure) {
		return [3]int{}, false
	}
	flag := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return [3]int{flag(!l.Critical), flag(len(l.Agreements) == 0), flag(len(l.Measures) == 0)}, true
}

// Choose gives the ladder of a clock: one for mission-critical services first, then
// one that names the agreement, then one that names the measure, then the oldest. nil
// if there is none.
func Choose(ladders []Ladder, c *clock.Clock, critical bool) *Ladder {
	var best *Ladder
	var bestRank [3]int
	for i := range ladders {
		rank, fits := ladders[i].rank(c, critical)
		if !fits {
			continue
		}
		if best == nil || cmp.Or(slices.Compare(rank[:], bestRank[:]), cmp.Compare(ladders[i].ID, best.ID)) < 0 {
			best, bestRank = &ladders[i], rank
		}
	}
	return best
}

// rung gives a rung by its id.
func (l *Ladder) rung(id int64) (*Rung, bool) {
	i := slices.IndexFunc(l.Rungs, func(r Rung) bool { return r.ID == id })
	if i < 0 {
		return nil, false
	}
	return &l.Rungs[i], true
}

// tidy puts a ladder into the form that is kept.
func (l *Ladder) tidy() {
	l.Name, l.Description = strings.Join(strings.Fields(l.Name), " "), strings.TrimSpace(l.Description)
	slices.Sort(l.Agreements)
	l.Agreements = slices.Compact(l.Agreements)
	l.Measures = slices.DeleteFunc(clock.Measures(), func(m clock.Measure) bool { return !slices.Contains(l.Measures, m) })
	if len(l.Measures) == len(clock.Measures()) {
		l.Measures = nil
	}
	for i := range l.Rungs {
		r := &l.Rungs[i]
		r.Condition, r.Tag = strings.TrimSpace(r.Condition), strings.TrimSpace(r.Tag)
		r.Tell = slices.DeleteFunc(Audiences(), func(a Audience) bool { return !slices.Contains(r.Tell, a) })
		slices.Sort(r.Persons)
		r.Persons = slices.Compact(r.Persons)
		slices.Sort(r.Channels)
		r.Channels = slices.Compact(r.Channels)
		switch r.Anchor {
		case AtPercent:
			r.Span, r.Every, r.Times, r.ByClock = 0, 0, 0, false
		case BeforeDue:
			r.Percent, r.Every, r.Times = 0, 0, 0
		case AfterDue:
			r.Percent = 0
		}
		if r.Every == 0 || r.Times == 0 {
			r.Every, r.Times = 0, 0
		}
	}
}

// check reports what is wrong with a ladder by itself; fields of rungs are called
// "rungs.0.percent".
func (l *Ladder) check(wrong *apperr.Problems) {
	switch n := utf8.RuneCountInString(l.Name); {
	case n == 0:
		wrong.Add("name", "Give a name.")
	case n > maxName || strings.ContainsAny(l.Name, "\r\n\t"):
		wrong.Add("name", "A name is a single line of at most 200 characters.")
	}
	if utf8.RuneCountInString(l.Description) > 5000 {
		wrong.Add("description", "Use at most 5000 characters.")
	}
	if l.Quiet.From < 0 || l.Quiet.From >= minutesADay || l.Quiet.To < 0 || l.Quiet.To > minutesADay || l.Quiet.From == 0 && l.Quiet.To == minutesADay {
		wrong.Add("quiet_from", "Give two times of day, such as 20:00 and 07:00.")
	}
	switch {
	case len(l.Rungs) == 0:
		wrong.Add("rungs", "A ladder needs a rung.")
	case len(l.Rungs) > MaxRungs:
		wrong.Add("rungs", "A ladder has at most %d rungs.", MaxRungs)
	}
	for i := range l.Rungs {
		l.Rungs[i].check(wrong, "rungs."+itoa(i)+".")
	}
}

func (r *Rung) check(wrong *apperr.Problems, at string) {
	switch r.Anchor {
	case AtPercent:
		if r.Percent < 1 || r.Percent > maxPercent {
			wrong.Add(at+"percent", "Give a percent from 1 to %d.", maxPercent)
		}
	case BeforeDue:
		if r.Span <= 0 || r.Span > maxSpan {
			wrong.Add(at+"span", "Say how long before the due time, such as 30m or 2h.")
		}
	case AfterDue:
		if r.Span < 0 || r.Span > maxSpan {
			wrong.Add(at+"span", "Say how long after the due time, such as 0m or 2h.")
		}
		if r.Every != 0 && (r.Every < minRepeat || r.Every > maxSpan) {
			wrong.Add(at+"every", "Repeat at most every 5 minutes.")
		}
		if r.Times < 0 || r.Times > MaxRounds || r.Every != 0 && r.Times == 0 {
			wrong.Add(at+"times", "Repeat 1 to %d times.", MaxRounds)
		}
	default:
		wrong.Add(at+"anchor", "Choose when it fires.")
	}
	if r.Up < 0 || r.Up > MaxUp {
		wrong.Add(at+"up", "Go up 1 to %d levels.", MaxUp)
	}
	if len(r.Tell) == 0 && r.Up == 0 && r.Role == "" && len(r.Persons) == 0 && len(r.Channels) == 0 && r.Group == 0 && !r.Raise && r.Tag == "" {
		wrong.Add(at+"tell", "Say whom it tells or what it does.")
	}
	if len(r.Persons) > maxPersons {
		wrong.Add(at+"persons", "Name at most %d persons.", maxPersons)
	}
	if len(r.Channels) > maxRooms {
		wrong.Add(at+"channels", "Name at most %d rooms.", maxRooms)
	}
	if strings.ContainsAny(r.Tag, ", \t\r\n") || utf8.RuneCountInString(r.Tag) > 40 {
		wrong.Add(at+"tag", "A tag is one word of at most 40 characters.")
	}
}
