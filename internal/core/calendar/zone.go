package calendar

import (
	_ "embed"
	"os"
	"strings"
	"sync"
	"time"
)

// The zones of the IANA time zone database that differ since 1970 (its file
// zone1970.tab), and UTC.
//
//go:embed zones.txt
var zoneNames string

// Zones lists the zones that people choose from, by name. LoadZone knows more.
func Zones() []string { return strings.Fields(zoneNames) }

// period is a stretch of time in which a zone keeps one offset from UTC. All in
// seconds; local time is instant plus offset.
type period struct{ start, end, offset int64 }

const (
	secondsADay = 24 * 60 * 60
	// widest is more than any place was ever away from UTC.
	widest = 18 * 60 * 60
	never  = int64(1) << 60
)

// periods gives those of a zone that touch the local times from a to b, one after
// the other without gaps.
func periods(zone *time.Location, a, b int64) []period {
	var out []period
	for at := a - widest; at < b+widest; {
		t := time.Unix(at, 0).In(zone)
		_, offset := t.Zone()
		start, end := t.ZoneBounds()
		p := period{-never, never, int64(offset)}
		if !end.IsZero() {
			p.end = end.Unix()
		}
		if p.end <= at { // after the last year of the table Go ends a leap year a day early: feel the way
			p.end = at + 15*60
		}
		switch last := len(out) - 1; {
		case last >= 0 && out[last].offset == p.offset:
			out[last].end = p.end
		case last >= 0:
			p.start = out[last].end
			out = append(out, p)
		default:
			if !start.IsZero() {
				p.start = start.Unix()
			}
			out = append(out, p)
		}
		at = p.end
	}
	return out
}

// hull gives the smallest unbroken stretch that holds every instant at which the
// local time is in [a, b); false if there is none, as in an hour that is skipped.
func hull(all []period, a, b int64) (from, to int64, ok bool) {
	for _, p := range all {
		lo, hi := max(p.start, a-p.offset), min(p.end, b-p.offset)
		if lo >= hi {
			continue
		}
		if !ok {
			from, to, ok = lo, hi, true
			continue
		}
		from, to = min(from, lo), max(to, hi)
	}
	return from, to, ok
}

// reached gives the first instant at which the local time is a or later.
func reached(all []period, a int64) int64 {
	for _, p := range all {
		if at := max(p.start, a-p.offset); at < p.end {
			return at
		}
	}
	return never
}

// embeddedRules is the edition of the IANA rules inside the binary; a test holds
// it against the toolchain's.
const embeddedRules = "2025c"

// ZoneRules says which edition of the IANA time zone rules is in use: "2025c". The
// machine's own come before those inside the binary.
var ZoneRules = sync.OnceValue(func() string {
	if os.Getenv("ZONEINFO") != "" {
		return "set by ZONEINFO"
	}
	for _, dir := range []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"} {
		if _, err := os.Stat(dir + "/Europe/Berlin"); err != nil {
			continue
		}
		for _, file := range []string{"/tzdata.zi", "/+VERSION"} {
			b, err := os.ReadFile(dir + file)
			if err != nil {
				continue
			}
			line, _, _ := strings.Cut(string(b), "\n")
			if version := strings.TrimSpace(strings.TrimPrefix(line, "# version ")); version != "" && len(version) < 40 {
				return version
			}
		}
		return "of the machine"
	}
	return embeddedRules
})
