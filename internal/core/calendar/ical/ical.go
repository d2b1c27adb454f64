// Package ical reads and writes calendars in the form that calendar programs
// exchange (RFC 5545). It gives events as dates and clock times of one place, and
// decides nothing about business hours.
//
// What is read comes from strangers: size, nesting, lines, events and recurrences
// are bounded, and what goes beyond is refused with a reason.
package ical

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"
	"golang.org/x/text/encoding/charmap"

	"github.com/steward-itsm/steward/internal/core/calendar/date"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// The bounds of a file.
const (
	MaxSize     = 2 << 20 // bytes
	maxLines    = 60_000
	maxLine     = 16_000 // bytes of an unfolded line
	maxDepth    = 5
	maxEvents   = 5000
	maxRules    = 200    // recurrences that are not simply yearly
	maxTried    = 50_000 // occurrences that are looked at
	maxFound    = 4000   // events that come out
	maxNameSize = 200
)

// Refused says why a file is not read, in a sentence for whoever sent it.
type Refused struct{ Reason words.Text }

// Error is the reason.
func (r *Refused) Error() string { return r.Reason.String() }

func refuse(format string, args ...any) error { return &Refused{words.Of(format, args...)} }

// Event is something that happens on whole dates, or for some time.
type Event struct {
	UID      string
	Name     string
	From, To date.Date // the first and the last date
	// Yearly says that it comes again on the same dates of all later years.
	Yearly bool
	// Start and End are minutes after the midnight of From, for an event that is
	// not on whole dates; End may lie on later dates. Both 0 otherwise.
	Start, End int
}

// WholeDays reports whether it is on whole dates.
func (e Event) WholeDays() bool { return e.Start == 0 && e.End == 0 }

// Feed is what a file holds.
type Feed struct {
	Name    string
	Events  []Event  // in order of their dates
	Past    int      // events that were over before the window
	Skipped []string // what could not be read, by name and reason; the first some
	Missed  int      // how many those are in all
}

// Options say how to read.
type Options struct {
	Zone     *time.Location // the place in whose dates and clock times events are given
	From, To date.Date      // the window: recurrences are listed within it, single events up to any time after From
}

// Parse reads a file. It fails with Refused for what is no calendar or too much of
// one, and with the context's error when that is over.
func Parse(ctx context.Context, data []byte, o Options) (Feed, error) {
	text, err := decode(data)
	if err != nil {
		return Feed{}, err
	}
	parts, err := split(text)
	if err != nil {
		return Feed{}, err
	}
	r := reader{Options: o, ctx: ctx, overridden: map[string]bool{}}
	for _, part := range parts {
		if err := r.read(part); err != nil {
			return Feed{}, err
		}
	}
	slices.SortStableFunc(r.feed.Events, func(a, b Event) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Start, b.Start), strings.Compare(a.Name, b.Name))
	})
	r.feed.Events = slices.Compact(r.feed.Events)
	return r.feed, nil
}

// decode gives a file as UTF-8 without what no text may hold.
func decode(data []byte) (string, error) {
	if len(data) > MaxSize {
		return "", refuse("The file is larger than %d MB.", MaxSize>>20)
	}
	for mark, big := range map[string]bool{"\xFE\xFF": true, "\xFF\xFE": false} {
		if rest, ok := bytes.CutPrefix(data, []byte(mark)); ok {
			units := make([]uint16, 0, len(rest)/2)
			for i := 0; i+1 < len(rest); i += 2 {
				a, b := uint16(rest[i]), uint16(rest[i+1])
				if !big {
					a, b = b, a
				}
				units = append(units, a<<8|b)
			}
			data = []byte(string(utf16.Decode(units)))
		}
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if !utf8.Valid(data) { // what old programs write
		decoded, err := charmap.Windows1252.NewDecoder().Bytes(data)
		if err != nil {
			return "", refuse("The file has an encoding that is not understood. Save it as UTF-8.")
		}
		data = decoded
	}
	return strings.NewReplacer("\x00", "", "\r\n", "\n", "\r", "\n").Replace(string(data)), nil
}

// split counts what a file holds, and gives its calendars one by one, with lines
// that are none left out.
func split(text string) ([]string, error) {
	var parts []string
	var part strings.Builder
	lines, events, depth, length := 0, 0, 0, 0
	for line := range strings.SplitSeq(text, "\n") {
		if lines++; lines > maxLines {
			return nil, refuse("The file has more than %d lines.", maxLines)
		}
		if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			length += len(line)
		} else {
			length = len(line)
		}
		if length > maxLine {
			return nil, refuse("A line of the file is longer than %d characters.", maxLine)
		}
		word := strings.ToUpper(strings.TrimSpace(line))
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case strings.HasPrefix(word, "BEGIN:"):
			line = word
			if depth++; depth > maxDepth {
				return nil, refuse("The file is nested too deeply.")
			}
			if word == "BEGIN:VEVENT" {
				if events++; events > maxEvents {
					return nil, refuse("The file has more than %d events.", maxEvents)
				}
			}
		case strings.HasPrefix(word, "END:"):
			line = word
			depth = max(0, depth-1)
		case depth == 0, !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") && !strings.Contains(line, ":"):
			continue // outside, or no property
		}
		part.WriteString(line + "\r\n")
		if word == "END:VCALENDAR" {
			parts = append(parts, part.String())
			part.Reset()
			depth = 0
		}
	}
	if len(parts) == 0 {
		return nil, refuse("This is no calendar file: it has no complete VCALENDAR.")
	}
	return parts, nil
}

type reader struct {
	Options
	ctx         context.Context
	feed        Feed
	overridden  map[string]bool // by UID and date: occurrences that have an event of their own
	rules, seen int
}

func (r *reader) read(part string) (err error) {
	defer func() { // the library is not ours, and the file is a stranger's
		if v := recover(); v != nil {
			err = refuse("This file is broken and cannot be read.")
		}
	}()
	c, err := ics.ParseCalendarWithOptions(strings.NewReader(part), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return refuse("This file is broken: %s.", shortened(err.Error()))
	}
	for _, p := range c.CalendarProperties {
		if (p.IANAToken == "X-WR-CALNAME" || p.IANAToken == "NAME") && r.feed.Name == "" {
			r.feed.Name = name(p.Value)
		}
	}
	events := c.Events()
	for _, e := range events {
		if id := e.GetProperty(ics.ComponentPropertyRecurrenceId); id != nil {
			if at, err := r.when(id); err == nil {
				r.overridden[e.Id()+" "+at.date.String()] = true
			}
		}
	}
	for _, e := range events {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := r.event(e); err != nil {
			return err
		}
		if len(r.feed.Events) > maxFound {
			return refuse("The file holds more than %d dates.", maxFound)
		}
	}
	return nil
}

func shortened(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "")
	if runes := []rune(s); len(runes) > 160 {
		s = string(runes[:160]) + "…"
	}
	return strings.TrimSuffix(s, ".")
}

// name makes one line of a text.
func name(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(c rune) bool { return c < ' ' || c == ' ' || c == '\u00a0' }), " ")
	if runes := []rune(s); len(runes) > maxNameSize {
		s = string(runes[:maxNameSize])
	}
	return s
}

const maxSkipped = 20

func (r *reader) skip(e *ics.VEvent, why string) {
	r.feed.Missed++
	if len(r.feed.Skipped) < maxSkipped {
		r.feed.Skipped = append(r.feed.Skipped, nameOf(e)+": "+why)
	}
}

func nameOf(e *ics.VEvent) string {
	if p := e.GetProperty(ics.ComponentPropertySummary); p != nil && name(p.Value) != "" {
		return name(p.Value)
	}
	return "(without a name)"
}

// moment is a date, or a minute of one.
type moment struct {
	date  date.Date
	timed bool
	at    time.Time // in the place's zone
}

var errMoment = errors.New("its date is not understood")

// when reads a date or a time in the zone that it names.
func (r *reader) when(p *ics.IANAProperty) (moment, error) {
	zone := r.Zone
	if id := p.ICalParameters["TZID"]; len(id) > 0 {
		zone = zoneNamed(id[0], r.Zone)
	}
	return r.whenIn(p.Value, zone)
}

func (r *reader) whenIn(value string, zone *time.Location) (moment, error) {
	value = strings.TrimSpace(value)
	if len(value) == len("20060102") {
		t, err := time.Parse("20060102", value)
		if err != nil {
			return moment{}, errMoment
		}
		return moment{date: date.At(t)}, nil
	}
	if rest, ok := strings.CutSuffix(value, "Z"); ok {
		value, zone = rest, time.UTC
	}
	for _, layout := range []string{"20060102T150405", "20060102T1504"} {
		if t, err := time.ParseInLocation(layout, value, zone); err == nil {
			t = t.In(r.Zone)
			return moment{date: date.At(t), timed: true, at: t}, nil
		}
	}
	return moment{}, errMoment
}

// event adds what one VEVENT says.
func (r *reader) event(e *ics.VEvent) error {
	if status := e.GetProperty(ics.ComponentPropertyStatus); status != nil && strings.EqualFold(status.Value, "CANCELLED") {
		return nil
	}
	begin := e.GetProperty(ics.ComponentPropertyDtStart)
	if begin == nil {
		r.skip(e, "it has no beginning")
		return nil
	}
	start, err := r.when(begin)
	if err != nil || start.date.Year < 1970 || start.date.Year > 2199 {
		r.skip(e, "its beginning is not understood")
		return nil
	}
	out := Event{UID: shortened(e.Id()), Name: nameOf(e), From: start.date, To: start.date}
	if err := r.length(e, start, &out); err != nil {
		r.skip(e, err.Error())
		return nil
	}
	rule := e.GetProperty(ics.ComponentPropertyRrule)
	if rule == nil && !e.HasProperty(ics.ComponentPropertyRdate) {
		if out.To.Before(r.From) {
			r.feed.Past++
			return nil
		}
		r.feed.Events = append(r.feed.Events, out)
		return nil
	}
	return r.recurring(e, start, out, rule)
}

// length reads when an event ends.
func (r *reader) length(e *ics.VEvent, start moment, out *Event) error {
	var length time.Duration
	if p := e.GetProperty(ics.ComponentPropertyDtEnd); p != nil {
		end, err := r.when(p)
		if err != nil || end.timed != start.timed {
			return errors.New("its end is not understood")
		}
		if start.timed {
			length = end.at.Sub(start.at)
		} else {
			length = time.Duration(end.date.Number()-start.date.Number()) * 24 * time.Hour
		}
	} else if p := e.GetProperty(ics.ComponentPropertyDuration); p != nil {
		d, ok := duration(p.Value)
		if !ok {
			return errors.New("its duration is not understood")
		}
		length = d
	}
	if length < 0 || length > 366*24*time.Hour {
		return errors.New("it ends before it begins, or lasts longer than a year")
	}
	if !start.timed { // the end of whole dates is the day after
		out.To = out.From.Add(max(0, int(length/(24*time.Hour))-1))
		return nil
	}
	if length == 0 {
		return errors.New("it has no length")
	}
	end := start.at.Add(length)
	clock := func(t time.Time) int { return t.Hour()*60 + t.Minute() }
	days := date.At(end).Number() - start.date.Number()
	out.Start, out.End = clock(start.at), days*24*60+clock(end)
	if out.Start == 0 && out.End%(24*60) == 0 && out.End > 0 { // midnight to midnight: whole dates, as some programs write them
		out.To, out.Start, out.End = out.From.Add(days-1), 0, 0
		return nil
	}
	if out.End <= out.Start {
		return errors.New("the clocks go back over its end")
	}
	out.To = out.From.Add((out.End - 1) / (24 * 60))
	return nil
}

// duration reads "P1D", "PT8H30M", "P2W".
func duration(s string) (time.Duration, bool) {
	s, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(s), "+"), "P")
	if !ok || s == "" {
		return 0, false
	}
	var sum time.Duration
	number, digits := time.Duration(0), 0
	for _, c := range s {
		if c >= '0' && c <= '9' {
			if digits++; digits > 6 {
				return 0, false
			}
			number = number*10 + time.Duration(c-'0')
			continue
		}
		unit, known := map[rune]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'T': 0}[c]
		if !known || (c == 'T') != (digits == 0) {
			return 0, false
		}
		sum += number * unit
		number, digits = 0, 0
	}
	return sum, digits == 0
}

// recurring adds the occurrences of an event within the window.
func (r *reader) recurring(e *ics.VEvent, start moment, out Event, rule *ics.IANAProperty) error {
	left := map[date.Date]bool{} // exceptions
	for _, p := range e.GetProperties(ics.ComponentPropertyExdate) {
		for _, m := range r.list(p) {
			left[m.date] = true
		}
	}
	span := out.To.Number() - out.From.Number()
	add := func(on date.Date) {
		one := out
		one.From, one.To = on, on.Add(span)
		switch {
		case left[on] || r.overridden[e.Id()+" "+on.String()] && !e.HasProperty(ics.ComponentPropertyRecurrenceId):
		case one.To.Before(r.From):
			r.feed.Past++
		default:
			r.feed.Events = append(r.feed.Events, one)
		}
	}
	for _, p := range e.GetProperties(ics.ComponentPropertyRdate) {
		for _, m := range r.list(p) {
			if !r.To.Before(m.date) {
				add(m.date)
			}
		}
	}
	if rule == nil {
		add(start.date)
		return nil
	}
	option, err := rrule.StrToROptionInLocation(strings.ToUpper(strings.TrimSpace(rule.Value)), time.UTC)
	if err != nil || !harmless(option) {
		r.skip(e, "its recurrence is not understood")
		return nil
	}
	if r.simplyYearly(option, e, start, left) {
		out.Yearly = true
		r.feed.Events = append(r.feed.Events, out)
		return nil
	}
	if r.rules++; r.rules > maxRules {
		return refuse("The file has more than %d recurrences.", maxRules)
	}
	// Dates recur, not instants: the rule runs on the dates of the place.
	last := time.Date(r.To.Year, r.To.Month, r.To.Day, 23, 59, 59, 0, time.UTC)
	if !option.Until.IsZero() {
		until := option.Until
		if start.timed && strings.HasSuffix(strings.ToUpper(untilOf(rule.Value)), "Z") {
			until = until.In(r.Zone)
		}
		if day := time.Date(until.Year(), until.Month(), until.Day(), 23, 59, 59, 0, time.UTC); day.Before(last) {
			last = day
		}
	}
	option.Until = last
	option.Dtstart = time.Date(start.date.Year, start.date.Month, start.date.Day, 0, 0, 0, 0, time.UTC)
	set, err := rrule.NewRRule(*option)
	if err != nil {
		r.skip(e, "its recurrence is not understood")
		return nil
	}
	for next := set.Iterator(); ; {
		at, ok := next()
		if !ok {
			return nil
		}
		if r.seen++; r.seen > maxTried || len(r.feed.Events) > maxFound {
			return refuse("The file recurs too often.")
		}
		add(date.At(at))
	}
}

func untilOf(rule string) string {
	for part := range strings.SplitSeq(rule, ";") {
		if value, ok := strings.CutPrefix(strings.ToUpper(part), "UNTIL="); ok {
			return value
		}
	}
	return ""
}

// list reads the dates of an EXDATE or RDATE.
func (r *reader) list(p *ics.IANAProperty) []moment {
	zone := r.Zone
	if id := p.ICalParameters["TZID"]; len(id) > 0 {
		zone = zoneNamed(id[0], r.Zone)
	}
	var out []moment
	for value := range strings.SplitSeq(p.Value, ",") {
		value, _, _ = strings.Cut(value, "/") // a period counts from its beginning
		if m, err := r.whenIn(value, zone); err == nil && len(out) < maxFound {
			out = append(out, m)
		}
	}
	return out
}

// harmless reports whether a rule gives dates, and few enough attempts for each.
func harmless(o *rrule.ROption) bool {
	if len(o.Byhour)+len(o.Byminute)+len(o.Bysecond)+len(o.Byeaster) > 0 || o.Interval < 0 || o.Interval > 1000 {
		return false
	}
	many := len(o.Bymonthday) + len(o.Byyearday) + len(o.Byweekno) + len(o.Bysetpos)
	switch o.Freq {
	case rrule.YEARLY, rrule.MONTHLY:
		return true
	case rrule.WEEKLY, rrule.DAILY:
		return many == 0
	}
	return false
}

// simplyYearly reports whether a rule is "every year on this date", for good.
func (r *reader) simplyYearly(o *rrule.ROption, e *ics.VEvent, start moment, left map[date.Date]bool) bool {
	own := func(list []int, value int) bool { return len(list) == 0 || len(list) == 1 && list[0] == value }
	return o.Freq == rrule.YEARLY && o.Interval <= 1 && o.Count == 0 && o.Until.IsZero() && !start.timed && len(left) == 0 &&
		own(o.Bymonth, int(start.date.Month)) && own(o.Bymonthday, start.date.Day) && (len(o.Bymonth) == 1 || len(o.Bymonthday) == 0) &&
		len(o.Byweekday)+len(o.Byyearday)+len(o.Byweekno)+len(o.Bysetpos) == 0 && !r.hasOverride(e)
}

func (r *reader) hasOverride(e *ics.VEvent) bool {
	for key := range r.overridden {
		if strings.HasPrefix(key, e.Id()+" ") {
			return true
		}
	}
	return false
}
