package demo

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

var (
	cities    = []string{"Hamburg", "Antwerp", "Le Havre", "Valencia", "Gothenburg", "Casablanca", "Genoa", "Riga", "Bilbao", "Felixstowe"}
	vendors   = []string{"Kestrel Fuels", "Northgate Chandlers", "Delta Crane Parts", "Maas Towage", "Brightwell Tyres", "Oporto Electric", "Baltic Steelworks", "Corrib Catering"}
	clients   = []string{"Tidewater Retail", "Oakfield Pharma", "Lumen Lighting", "Fjord Furniture", "Sierra Fruit", "Kingsley Tools"}
	folders   = []string{"Quay extension", "Tender Atlantic", "Safety 2026", "Customs files", "Yard plans", "Claims", "Budget", "Rail project"}
	sinces    = []string{"since this morning", "since yesterday afternoon", "since Monday", "since the weekend", "for about an hour", "since the last update"}
	weekdays  = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}
	cranes    = []string{"crane 2", "crane 4", "crane 7", "the rail crane", "berth 3", "gate 1", "the reefer yard"}
	firstName = func(name string) string { first, _, _ := strings.Cut(name, " "); return first }
)

// slots fills in what differs from story to story.
type slots struct{ pairs []string }

func (s slots) with(name, value string) slots {
	return slots{append(append([]string(nil), s.pairs...), "{"+name+"}", value)}
}

// fill puts the values into a text and begins its sentences with capitals.
func (s slots) fill(text string) string {
	return sentences(strings.NewReplacer(s.pairs...).Replace(text))
}

// sentences gives each sentence of a text a capital to begin with.
func sentences(text string) string {
	var b strings.Builder
	begin := true
	for _, r := range text {
		if begin && unicode.IsLetter(r) {
			r = unicode.ToUpper(r)
		}
		switch {
		case r == '.' || r == '!' || r == '?' || r == '\n':
			begin = true
		case !unicode.IsSpace(r):
			begin = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// slotsFor makes up the particulars of a story.
func (t *teller) slotsFor(requester Person, opened time.Time) slots {
	s := sites[requester.Site]
	pick := func(list []string) string { return list[t.rng.IntN(len(list))] }
	floor := 1 + t.rng.IntN(s.floors)
	values := map[string]string{
		"first":     firstName(requester.Name),
		"site":      s.name,
		"floor":     fmt.Sprint(floor),
		"room":      fmt.Sprintf("%s %d.%02d", s.code, floor, 1+t.rng.IntN(24)),
		"printer":   fmt.Sprintf("PRN-%s-%d%d", s.code, floor, 1+t.rng.IntN(6)),
		"ap":        fmt.Sprintf("AP-%s-%02d", s.code, 1+t.rng.IntN(30)),
		"switch":    fmt.Sprintf("SW-%s-%02d", s.code, 1+t.rng.IntN(12)),
		"laptop":    fmt.Sprintf("HL-%05d", 10_000+t.rng.IntN(8000)),
		"scanner":   fmt.Sprintf("SC-%s-%03d", s.code, 1+t.rng.IntN(120)),
		"invoice":   fmt.Sprintf("RE-%d-%05d", opened.Year(), 10_000+t.rng.IntN(40_000)),
		"booking":   fmt.Sprintf("HB%07d", 2_400_000+t.rng.IntN(300_000)),
		"container": fmt.Sprintf("HLCU%07d", 1_000_000+t.rng.IntN(8_000_000)),
		"po":        fmt.Sprintf("PO-%06d", 100_000+t.rng.IntN(800_000)),
		"amount":    fmt.Sprintf("€%d,%03d.%02d", 1+t.rng.IntN(60), t.rng.IntN(1000), t.rng.IntN(100)),
		"count":     fmt.Sprint(3 + t.rng.IntN(25)),
		"city":      pick(cities),
		"vendor":    pick(vendors),
		"customer":  pick(clients),
		"folder":    pick(folders),
		"crane":     pick(cranes),
		"since":     pick(sinces),
		"day":       pick(weekdays),
		"month":     opened.AddDate(0, -1, 0).Month().String(),
		"colleague": t.person(t.colleague(requester)).Name,
		"newcomer":  t.newcomer(),
	}
	var out slots
	for _, name := range slotNames {
		out.pairs = append(out.pairs, "{"+name+"}", values[name])
	}
	return out
}

// slotNames are the slots in a fixed order: a map has none.
var slotNames = []string{
	"first", "site", "floor", "room", "printer", "ap", "switch", "laptop", "scanner", "invoice", "booking", "container", "po", "amount",
	"count", "city", "vendor", "customer", "folder", "crane", "since", "day", "month", "colleague", "newcomer",
}

// newcomer is somebody who does not work here yet.
func (t *teller) newcomer() string {
	o := origins[t.rng.IntN(len(origins))]
	return o.given[t.rng.IntN(len(o.given))] + " " + o.family[t.rng.IntN(len(o.family))]
}
