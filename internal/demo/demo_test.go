package demo

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/workflow"
)

// a Thursday afternoon.
var thursday = time.Date(2026, 3, 5, 14, 20, 0, 0, time.UTC)

func definitions(t *testing.T) map[string]*workflow.Definition {
	t.Helper()
	all, err := workflow.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	defs := map[string]*workflow.Definition{}
	for _, d := range all {
		defs[d.Key] = d
	}
	return defs
}

func TestTheSameSeedAndInstantTellTheSame(t *testing.T) {
	t.Parallel()
	a, b := Company(Seed), Company(Seed)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Tell(&a, Seed, thursday), Tell(&b, Seed, thursday.Add(20*time.Second))); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(Tell(&a, Seed, thursday), Tell(&a, Seed+1, thursday)) {
		t.Error("another seed tells the same")
	}
}

func TestCompanyHangsTogether(t *testing.T) {
	t.Parallel()
	org := Company(Seed)
	units, persons, groups, names, mails := map[string]bool{"": true}, map[string]bool{}, map[string]bool{"": true}, map[string]bool{}, map[string]bool{}
	for _, u := range org.Units {
		if !units[u.Parent] {
			t.Errorf("%s comes before its parent", u.Ref)
		}
		units[u.Ref] = true
	}
	plain := regexp.MustCompile(`^[a-z]+\.[a-z]+\d?@[a-z]+\.example$`)
	for _, p := range org.People {
		if persons[p.Ref] || names[p.Name] || mails[p.Email] || !units[p.Unit] || p.Name == "" || p.Zone == "" {
			t.Errorf("somebody is there twice or nowhere: %+v", p)
		}
		if !plain.MatchString(p.Email) {
			t.Errorf("%s has the address %s", p.Name, p.Email)
		}
		persons[p.Ref], names[p.Name], mails[p.Email] = true, true, true
		for _, r := range p.Roles {
			if !units[r.Unit] {
				t.Errorf("%s has a role for %s", p.Name, r.Unit)
			}
		}
	}
	for _, g := range org.Groups {
		groups[g.Ref] = true
		if len(g.Members) < 2 || !units[g.Unit] {
			t.Errorf("%s has %d members", g.Ref, len(g.Members))
		}
		for _, m := range g.Members {
			if !persons[m] {
				t.Errorf("%s is not a person", m)
			}
		}
	}
	services := map[string]bool{"": true}
	for _, s := range org.Services {
		if !services[s.Parent] || !persons[s.Owner] || !units[s.Provider] || !groups[s.Group] {
			t.Errorf("%s refers to what is not there", s.Ref)
		}
		services[s.Ref] = true
	}
	for _, p := range plots {
		if !services[p.service] {
			t.Errorf("%s is about %s", p.key, p.service)
		}
		for _, g := range p.route {
			if !groups[g] {
				t.Errorf("%s goes to %s", p.key, g)
			}
		}
	}
}

func TestPlotsFitTheirKinds(t *testing.T) {
	t.Parallel()
	defs := definitions(t)
	keys := map[string]bool{}
	for _, p := range plots {
		def := defs[p.kind]
		if def == nil || keys[p.key] || p.weight <= 0 || len(p.titles) == 0 || len(p.wishes) == 0 || len(p.fixes) == 0 {
			t.Fatalf("%s is not whole", p.key)
		}
		keys[p.key] = true
		for _, f := range p.fixes {
			if _, ok := def.Code(f.code); !ok {
				t.Errorf("%s ends with %s", p.key, f.code)
			}
		}
		if p.hold != "" {
			hold, _ := def.State("on_hold")
			if _, ok := hold.Reason(p.hold); !ok || len(p.holdNotes) == 0 || len(p.goesOn) == 0 {
				t.Errorf("%s waits for %s", p.key, p.hold)
			}
		}
		if len(p.route) > 0 && len(p.handovers) == 0 {
			t.Errorf("%s is handed on without a word", p.key)
		}
		for _, f := range p.files {
			if made, err := files(); err != nil || len(made[f]) == 0 {
				t.Errorf("%s attaches a %s", p.key, f)
			}
		}
	}
}

func TestStoriesAreToldInOrderAndInWords(t *testing.T) {
	t.Parallel()
	org := Company(Seed)
	defs := definitions(t)
	for _, now := range []time.Time{
		thursday, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 8, 3, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 7, 1, 0, 0, time.UTC), time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		stories := Tell(&org, Seed, now)
		titles, open := map[string]int{}, 0
		outside := newTeller(&org, Seed, now).outside
		for i := range stories {
			s := &stories[i]
			if i > 0 && s.Opened.Before(stories[i-1].Opened) {
				t.Fatal("stories are out of order")
			}
			titles[s.Title]++
			if s.isOpen() {
				open++
			}
			check(t, s, defs[s.Kind], outside, now)
		}
		if open < 58 || open > 75 {
			t.Errorf("%d are open at %v", open, now)
		}
		for title, n := range titles {
			if n > 18 {
				t.Errorf("%q is told %d times", title, n)
			}
		}
	}
}

// check fails where a story could not have happened.
func check(t *testing.T, s *Story, def *workflow.Definition, outside func(string) bool, now time.Time) {
	t.Helper()
	last, state := s.Opened, def.Initial
	if s.Opened.Before(now.Add(-(Days + 1) * day)) {
		t.Errorf("%s began at %v", s.Title, s.Opened)
	}
	texts := []string{s.Title, s.Text}
	for _, b := range s.Beats {
		texts = append(texts, b.Text)
		if b.At.Before(last) || b.At.After(now) {
			t.Errorf("%s: %s at %v, after %v, now %v", s.Title, b.Do, b.At, last, now)
		}
		last = b.At
		to := map[Act]string{Start: "start", Hold: "hold", Resume: "resume", Resolve: "resolve", Follow: "resolve", Reopen: "reopen", Close: "close", Cancel: "cancel"}[b.Do]
		if b.Do == Reply && b.By == s.Requester && state == "on_hold" {
			to = "resume"
		}
		if b.Do == Note && outside(b.By) {
			t.Errorf("%s: a supplier writes the note %q", s.Title, b.Text)
		}
		if b.Do == Rate && state != "resolved" && state != "closed" {
			t.Errorf("%s is rated while %s", s.Title, state)
		}
		if to == "" {
			continue
		}
		tr, ok := def.Transition(to)
		from := false
		for _, f := range tr.From {
			from = from || f == state
		}
		if !ok || !from {
			t.Errorf("%s: %s from %s", s.Title, to, state)
		}
		state = tr.To
	}
	for _, text := range texts {
		if strings.ContainsAny(text, "{}") || strings.Contains(text, "  ") {
			t.Errorf("a slot is left open: %q", text)
		}
	}
}

func TestWorkingTimePassesInOfficeHours(t *testing.T) {
	t.Parallel()
	friday := time.Date(2026, 3, 6, 16, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]time.Time{
		30 * time.Minute: friday.Add(30 * time.Minute),
		2 * time.Hour:    time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC),
		12 * time.Hour:   time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC),
	} {
		if got := later(friday, d); !got.Equal(want) {
			t.Errorf("%v later is %v, want %v", d, got, want)
		}
	}
}

func TestAddressesAreWrittenInPlainLetters(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Łukasz Bąk": "lukasz.bak", "Noor van den Berg": "noor.vandenberg", "Sinéad O'Dwyer": "sinead.odwyer", "İpek Yıldız": "ipek.yildiz", "Li Na Xie": "li.naxie", "Đặng Hà": "dang.ha",
	} {
		if got := mailName(name); got != want {
			t.Errorf("%s is written %s, want %s", name, got, want)
		}
	}
}

func TestSentencesBeginWithCapitals(t *testing.T) {
	t.Parallel()
	got := sentences("hello,\n\nsince Monday it is slow. since Tuesday it is not. version 8.4 is fine")
	if want := "Hello,\n\nSince Monday it is slow. Since Tuesday it is not. Version 8.4 is fine"; got != want {
		t.Errorf("%q", got)
	}
}
