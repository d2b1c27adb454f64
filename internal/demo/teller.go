package demo

import (
	"math/rand/v2"
	"slices"
	"time"
)

// stage is how far a story has come by now.
type stage int

const (
	done     stage = iota
	unread         // no group has it either
	fresh          // nobody has it
	assigned       // somebody has it and has not begun
	working
	caller   // waits for the requester
	waiting  // stands still for another reason
	reopened // was thought done
)

// teller makes stories up. All chance comes from one source, so the same seed
// tells the same stories.
type teller struct {
	rng    *rand.Rand
	now    time.Time
	org    *Organisation
	people map[string]Person
	units  map[string][]string // people of a unit
	groups map[string]Group
	lives  map[string]Service
	total  int // weight of all plots
}

func newTeller(org *Organisation, seed uint64, now time.Time) *teller {
	t := &teller{
		rng: rand.New(rand.NewPCG(seed, 2)), now: now, org: org,
		people: map[string]Person{}, units: map[string][]string{}, groups: map[string]Group{}, lives: map[string]Service{},
	}
	for _, p := range org.People {
		t.people[p.Ref] = p
		t.units[p.Unit] = append(t.units[p.Unit], p.Ref)
	}
	for _, g := range org.Groups {
		t.groups[g.Ref] = g
	}
	for _, s := range org.Services {
		t.lives[s.Ref] = s
	}
	for i := range plots {
		t.total += plots[i].weight
	}
	return t
}

func (t *teller) person(ref string) Person { return t.people[ref] }

// chance is true in so many cases of a hundred.
func (t *teller) chance(percent int) bool { return t.rng.IntN(100) < percent }

func (t *teller) one(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[t.rng.IntN(len(list))]
}

// between is a length of time, short ones more often than long ones.
func (t *teller) between(least, most time.Duration) time.Duration {
	f := t.rng.Float64()
	return least + time.Duration(f*f*float64(most-least))
}

// plot picks one by weight.
func (t *teller) plot(fits func(*plot) bool) *plot {
	for {
		n := t.rng.IntN(t.total)
		for i := range plots {
			if n -= plots[i].weight; n < 0 {
				if fits == nil || fits(&plots[i]) {
					return &plots[i]
				}
				break
			}
		}
	}
}

// requester picks somebody of an audience.
func (t *teller) requester(who audience) string {
	all := audiences[who]
	// A unit by the number of its people, so that nobody asks too often.
	n := 0
	for _, u := range all {
		n += len(t.units[u])
	}
	n = t.rng.IntN(n)
	for _, u := range all {
		if n < len(t.units[u]) {
			return t.units[u][n]
		}
		n -= len(t.units[u])
	}
	return t.units[all[0]][0]
}

// outside reports whether somebody works for a supplier that sees only what was
// handed to it. The help desk works as one of us.
func (t *teller) outside(ref string) bool {
	switch t.people[ref].Unit {
	case "ledgerway", "quist", "paperworks":
		return true
	}
	return false
}

// colleague picks somebody of the same unit.
func (t *teller) colleague(of Person) string {
	for {
		if ref := t.one(t.units[of.Unit]); ref != of.Ref || len(t.units[of.Unit]) == 1 {
			return ref
		}
	}
}

// member picks who of a group takes it: those who are listed first more often.
func (t *teller) member(group string) string {
	all := t.groups[group].Members
	f := t.rng.Float64()
	return all[int(f*f*float64(len(all)))]
}

// pace is how long agents take, by how urgent it is.
func (t *teller) pace(s *Story, least, most time.Duration) time.Duration {
	switch {
	case s.Impact == 1 && s.Urgency == 1:
		least, most = least/10, most/10
	case s.Impact == 1 || s.Urgency == 1:
		least, most = least/3, most/3
	}
	return t.between(least, most)
}

// tell makes one story up. as names who asks; "" picks somebody.
func (t *teller) tell(p *plot, opened time.Time, end stage, as string) Story {
	if as == "" {
		as = t.requester(p.who)
	}
	requester := t.person(as)
	in := t.slotsFor(requester, opened)
	s := Story{
		Plot: p.key, Kind: p.kind, Service: p.service, Requester: as, OpenedBy: as, Group: t.lives[p.service].Group,
		Impact: p.impact, Urgency: p.urgency, Opened: opened, Tags: slices.Clone(p.tags),
	}
	c := chapter{teller: t, plot: p, story: &s, in: in, which: t.rng.IntN(len(p.titles)), at: opened, group: s.Group}
	s.Title = in.fill(p.titles[c.which])
	s.Text = in.fill(t.one(hellos) + p.wishes[c.variant(len(p.wishes))] + t.one(thanks))
	s.Channel, s.OpenedBy = t.channel(as)
	if s.Urgency == 0 {
		s.Urgency = map[string]int{"incident": 2, "request": 3}[p.kind]
	}
	// Some have less time than others, and some are not the only ones.
	if t.chance(35) && s.Urgency > 1 && (s.Impact != 1 || s.Urgency > 2) {
		s.Urgency--
	}
	if t.chance(20) && s.Impact == 3 {
		s.Impact--
	}
	if len(p.files) > 0 && t.chance(25) {
		s.Files = append(s.Files, t.one(p.files))
	}
	c.tell(end)
	return s
}

// channel picks how somebody came to us, and who wrote it down.
func (t *teller) channel(requester string) (channel, openedBy string) {
	switch n := t.rng.IntN(100); {
	case n < 48:
		return "portal", requester
	case n < 68:
		return "email", requester
	case n < 90:
		return "phone", t.member("desk")
	case n < 95:
		return "walk_in", t.member("desk")
	}
	return "chat", requester
}
