package escalation

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// measureLabel names what is promised; state is the label of a step's state.
func measureLabel(ctx context.Context, m clock.Measure, state string) string {
	switch m {
	case clock.Response:
		return text.T(ctx, "Response")
	case clock.Update:
		return text.T(ctx, "Next update")
	case clock.Workaround:
		return text.T(ctx, "Workaround")
	case clock.Step:
		if state == "" {
			return text.T(ctx, "Time in a state")
		}
		return text.T(ctx, "Time in “%s”", state)
	case clock.Resolution:
	}
	return text.T(ctx, "Resolution")
}

// length says a time in hours and minutes; by the clock, days are days.
func length(ctx context.Context, d time.Duration) string {
	minutes := int64((d + time.Minute/2) / time.Minute)
	h, m := minutes/60, minutes%60
	switch {
	case h == 0:
		return text.T(ctx, "%s min", text.Number(ctx, m))
	case m == 0:
		return text.T(ctx, "%s h", text.Number(ctx, h))
	}
	return text.T(ctx, "%s h", text.Number(ctx, h)) + " " + text.T(ctx, "%s min", text.Number(ctx, m))
}

// when says where a rung stands: "75 % used", "30 min before due (business time)".
func (r *Rung) when(ctx context.Context, round int) string {
	return whenWords(ctx, r.Anchor, r.Percent, r.Span+time.Duration(round)*r.Every, r.ByClock)
}

func whenWords(ctx context.Context, a Anchor, percent int, span time.Duration, byClock bool) string {
	switch {
	case a == AtPercent:
		return text.T(ctx, "%d %% used", percent)
	case a == BeforeDue && byClock:
		return text.T(ctx, "%s before it is due, by the clock", length(ctx, span))
	case a == BeforeDue:
		return text.T(ctx, "%s of business time before it is due", length(ctx, span))
	case span == 0:
		return text.T(ctx, "due")
	case byClock:
		return text.T(ctx, "%s overdue, by the clock", length(ctx, span))
	}
	return text.T(ctx, "%s of business time overdue", length(ctx, span))
}

// audienceLabel names whom a rung tells.
func audienceLabel(ctx context.Context, a Audience) string {
	switch a {
	case Members:
		return text.T(ctx, "the group's members")
	case Leads:
		return text.T(ctx, "the group's leads")
	case ServiceOwner:
		return text.T(ctx, "the service's owner")
	case BusinessOwner:
		return text.T(ctx, "the service's business owner")
	case Chain:
		return text.T(ctx, "everybody up the line: leads and owners")
	case Requester:
		return text.T(ctx, "the requester")
	case Assignee:
	}
	return text.T(ctx, "the assignee, or the group while there is none")
}

// names are the names that ladders mention.
type names struct {
	agreements, groups, persons, rooms map[int64]string
	roles                              map[string]string
}

// does says what a rung does: "tells the assignee; gives it to Network".
func (r *Rung) does(ctx context.Context, n names) string {
	var people, out []string
	for _, a := range r.Tell {
		people = append(people, audienceLabel(ctx, a))
	}
	if r.Up > 0 {
		people = append(people, text.N(ctx, r.Up, "the assignee's manager", "the assignee's manager, %d levels up"))
	}
	if r.Role != "" {
		people = append(people, text.T(ctx, "everybody with the role %s", text.Label(ctx, "role", n.roles[r.Role])))
	}
	for _, p := range r.Persons {
		people = append(people, n.persons[p])
	}
	if len(people) > 0 {
		out = append(out, text.T(ctx, "tells %s", text.List(ctx, people)))
	}
	if len(r.Channels) > 0 {
		var rooms []string
		for _, id := range r.Channels {
			rooms = append(rooms, n.rooms[id])
		}
		out = append(out, text.T(ctx, "posts in %s", text.List(ctx, rooms)))
	}
	if r.Group != 0 {
		out = append(out, text.T(ctx, "gives it to %s", n.groups[r.Group]))
	}
	if r.Raise {
		out = append(out, text.T(ctx, "raises the priority"))
	}
	if r.Tag != "" {
		out = append(out, text.T(ctx, "marks it “%s”", r.Tag))
	}
	return text.List(ctx, out)
}

// rungWords says which promise stands where: "Resolution: 75 % used".
func (s *Service) rungWords(ctx context.Context, t *ticket.Ticket, r *saidRung) string {
	what := measureLabel(ctx, r.Measure, s.stateLabel(ctx, t, r.State))
	if r.With != "" {
		what = text.T(ctx, "%s (%s)", what, r.With)
	}
	return text.T(ctx, "%s: %s", what, whenWords(ctx, r.Anchor, r.Percent, r.Span, r.ByClock))
}

func (s *Service) stateLabel(ctx context.Context, t *ticket.Ticket, key string) string {
	if key == "" || t == nil {
		return key
	}
	def, err := s.d.Kinds.In(ctx).Get(t.Kind)
	if err != nil {
		return key
	}
	if state, ok := def.State(key); ok {
		return state.Label
	}
	return key
}

// sentence is what a notice says: what stands where, when it is due, what was missed.
func (s *Service) sentence(ctx context.Context, t *ticket.Ticket, said *told) string {
	var now, missed []string
	var due time.Time
	for i := range said.Rungs {
		now = append(now, s.rungWords(ctx, t, &said.Rungs[i]))
		due = said.Rungs[i].Due
	}
	for i := range said.Missed {
		missed = append(missed, s.rungWords(ctx, t, &said.Missed[i]))
	}
	out := text.List(ctx, now)
	if len(said.Rungs) == 1 && !due.IsZero() {
		out = text.T(ctx, "%s. Due %s", out, text.DateTime(ctx, due))
	}
	if len(missed) > 0 {
		out = text.T(ctx, "%s. Missed before: %s", out, text.List(ctx, missed))
	}
	return out
}

// tells completes "Steward …" for what stands on a timeline.
func (s *Service) tells(ctx context.Context, c ticket.Change) (string, bool) {
	if c.Field != ticket.ActivityPrefix+saidFired {
		return "", false
	}
	var said told
	if json.Unmarshal([]byte(c.To), &said) != nil || len(said.Rungs) == 0 {
		return "", false
	}
	out := text.T(ctx, "escalated this (%s): %s", said.Rungs[len(said.Rungs)-1].Ladder, s.sentence(ctx, nil, &said))
	if len(said.People) > 0 {
		people := said.People
		if said.More > 0 {
			people = append(people, text.N(ctx, said.More, "%d more", "%d more"))
		}
		out = text.T(ctx, "%s. Told: %s", out, text.List(ctx, people))
	}
	for i := range said.Up {
		out = text.T(ctx, "%s. %s", out, said.Up[i].words(ctx))
	}
	for _, i := range said.Instead {
		out = text.T(ctx, "%s. %s instead of %s, who is away", out, i.Person, i.For)
	}
	if len(said.Rooms) > 0 {
		out = text.T(ctx, "%s. Posted in %s", out, text.List(ctx, said.Rooms))
	}
	if said.Group != "" {
		out = text.T(ctx, "%s. Given to %s", out, said.Group)
	}
	if said.Priority != 0 {
		out = text.T(ctx, "%s. Priority raised to %s", out, strconv.Itoa(said.Priority))
	}
	if said.Tag != "" {
		out = text.T(ctx, "%s. Marked “%s”", out, said.Tag)
	}
	if said.Failed != "" {
		out = text.T(ctx, "%s. Could not be done: %s", out, said.Failed)
	}
	return out, true
}

// words says where a way up the line led: "2 levels above Ana Silva: Lea Maas".
func (u *saidUp) words(ctx context.Context) string {
	who := text.List(ctx, u.People)
	switch {
	case u.Instead == "":
		return text.N(ctx, u.Levels, "%d level above %s: %s", "%d levels above %s: %s", u.Of, who)
	case len(u.People) == 0 && u.Of == "":
		return text.T(ctx, "Up the line: nobody has it, and there is neither a lead nor an owner")
	case len(u.People) == 0:
		return text.T(ctx, "Up the line from %s: nobody that high, and there is neither a lead nor an owner", u.Of)
	case u.Of == "" && u.Instead == insteadLead:
		return text.T(ctx, "Up the line: nobody has it, so the group's leads: %s", who)
	case u.Of == "":
		return text.T(ctx, "Up the line: nobody has it, so the service's owner: %s", who)
	case u.Instead == insteadLead:
		return text.T(ctx, "Up the line from %s: nobody that high, so the group's leads: %s", u.Of, who)
	}
	return text.T(ctx, "Up the line from %s: nobody that high, so the service's owner: %s", u.Of, who)
}

// reasonWords says why a rung was skipped.
func reasonWords(ctx context.Context, r Reason) string {
	switch r {
	case BeforeLadder:
		return text.T(ctx, "skipped: its time was before the rung was written")
	case BeforeTicket:
		return text.T(ctx, "skipped: its time was before the ticket was imported")
	case Retroactive:
		return text.T(ctx, "skipped: what is promised was changed after its time")
	case Overtaken:
		return text.T(ctx, "skipped: missed, and told of with a later one")
	case NotMatching:
		return text.T(ctx, "skipped: the ticket did not meet its condition")
	}
	return text.T(ctx, "skipped")
}
