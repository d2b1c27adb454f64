package clock_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/clock"
)

// took is a sample of so many promises for each length, in hours.
func took(each int, hours ...int) []time.Duration {
	var out []time.Duration
	for _, h := range hours {
		for range each {
			out = append(out, time.Duration(h)*time.Hour)
		}
	}
	return out
}

func TestWhyAPromiseIsLikelyToBreak(t *testing.T) {
	t.Parallel()
	sla := agreement(1, clock.SLA, company, within(clock.Resolution, 8*time.Hour))
	place := clock.Place{Role: clock.SLA, Measure: clock.Resolution, Kind: "incident", State: "open", Group: network}
	anywhere := place
	anywhere.Group = 0
	ola := agreement(2, clock.OLA, network, within(clock.Resolution, 3*time.Hour))
	uc := agreement(3, clock.UC, supplier, within(clock.Resolution, 24*time.Hour))
	nights := agreement(2, clock.OLA, network, within(clock.Resolution, 20*time.Hour))
	nights.Versions[0].Calendar = office
	around := sla
	around.Versions = []clock.Version{{ID: 100, Number: 1, Terms: clock.Terms{Calendar: always, Targets: sla.Versions[0].Targets}}}
	for _, c := range []struct {
		name       string
		agreements []clock.Agreement
		story      *story
		typical    clock.Typical
		want       []clock.Prospect
	}{
		{"nothing is known", []clock.Agreement{sla}, begin(t, "12 09:00"), nil, nil},
		{
			"half took longer from the start",
			[]clock.Agreement{sla},
			begin(t, "12 09:00"),
			clock.Typical{place: {ToEnd: took(10, 4, 9), Length: took(10, 1, 2)}},
			[]clock.Prospect{{Cause: clock.LongWay, At: at(t, "12 09:00"), Place: place, Sample: 20, Lasted: 20, Longer: 10}},
		},
		// A quarter took longer; once another quarter of all has ended, they are half.
		{
			"it lasts",
			[]clock.Agreement{sla},
			begin(t, "12 09:00"),
			clock.Typical{place: {ToEnd: took(10, 1, 2, 4, 9), Length: took(10, 1, 2, 3, 4)}},
			[]clock.Prospect{{Cause: clock.LongWay, At: at(t, "12 11:00"), Place: place, Sample: 40, Lasted: 20, Longer: 10}},
		},
		{
			"it lies in the queue",
			[]clock.Agreement{sla},
			begin(t, "12 09:00"),
			clock.Typical{place: {ToEnd: took(10, 10, 12), Length: took(10, 2, 9)}},
			[]clock.Prospect{
				{Cause: clock.LongStay, At: at(t, "12 09:00"), Place: place, Sample: 20, Lasted: 20, Longer: 10},
				{Cause: clock.LongWay, At: at(t, "12 09:00"), Place: place, Sample: 20, Lasted: 20, Longer: 20},
			},
		},
		{"nobody took that long", []clock.Agreement{sla}, begin(t, "12 09:00"), clock.Typical{place: {ToEnd: took(10, 1, 7), Length: took(10, 1, 7)}}, nil},
		{
			"of another group only the others are known",
			[]clock.Agreement{sla},
			begin(t, "12 09:00").then("12 10:00", passTo(network+1, 0)),
			clock.Typical{anywhere: {ToEnd: took(10, 1, 7), Length: took(10, 1, 2)}},
			nil,
		}, // 7 h of work are left, and none took longer
		{
			"after what was used before less is left",
			[]clock.Agreement{sla},
			begin(t, "12 09:00").then("12 11:00", passTo(network+1, 0)),
			clock.Typical{anywhere: {ToEnd: took(10, 1, 7), Length: took(10, 1, 2)}},
			[]clock.Prospect{{Cause: clock.LongWay, At: at(t, "12 11:00"), Place: anywhere, Sample: 20, Lasted: 20, Longer: 10}},
		},
		{
			"the supplier promised it for later",
			[]clock.Agreement{sla, uc},
			begin(t, "12 09:00").then("12 10:00", passTo(vendors, supplier)), nil,
			[]clock.Prospect{{Cause: clock.LaterPromise, At: at(t, "12 10:00"), Due: at(t, "15 10:00")}},
		},
		{"the group promised it for sooner", []clock.Agreement{sla, ola}, begin(t, "12 09:00"), nil, nil},
		{
			"nobody is there in the evening",
			[]clock.Agreement{around, nights},
			begin(t, "12 14:00"), nil,
			[]clock.Prospect{
				{Cause: clock.LaterPromise, At: at(t, "12 14:00"), Due: at(t, "15 10:00")},
				{Cause: clock.NotAtWork, At: at(t, "12 17:00")},
			},
		},
		{"it is broken already", []clock.Agreement{sla}, begin(t, "05 09:00"), clock.Typical{place: {ToEnd: took(20, 90), Length: took(20, 90)}}, nil},
		{"a pause stands still", []clock.Agreement{sla}, begin(t, "12 09:00").then("12 09:30", waits), clock.Typical{
			{Role: clock.SLA, Measure: clock.Resolution, Kind: "incident", State: "on_hold"}: {ToEnd: took(10, 1, 2, 4, 9), Length: took(40, 0)},
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := book(t, c.agreements...)
			clocks := c.story.now("12 15:00", b)
			got := clock.Foresee(c.story.Course, &clocks[0], clocks, b.Hours, c.typical)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			// Asked again later it says the same, as long as nothing happens.
			if later := c.story.now("12 15:30", b); len(got) > 0 {
				if diff := cmp.Diff(got, clock.Foresee(c.story.Course, &later[0], later, b.Hours, c.typical)); diff != "" {
					t.Errorf("half an hour later: %s", diff)
				}
			}
		})
	}
}

func TestStaysAreCountedInTheClocksTime(t *testing.T) {
	t.Parallel()
	b := book(t, agreement(1, clock.SLA, company, within(clock.Resolution, 40*time.Hour)))
	s := begin(t, "12 15:00").then("12 16:00", passTo(vendors, supplier)).then("13 10:00", waits).then("13 12:00", works).then("13 13:00", resolved)
	c := one(t, s.now("20 09:00", b), clock.SLA, clock.Resolution)
	var got [][3]time.Duration
	for _, stay := range clock.Stays(s.Course, &c, b.Hours) {
		got = append(got, [3]time.Duration{stay.Before, stay.Length, stay.ToEnd})
	}
	const h = time.Hour
	if diff := cmp.Diff([][3]time.Duration{{0, h, 4 * h}, {h, 2 * h, 3 * h}, {3 * h, 0, h}, {3 * h, h, h}}, got); diff != "" {
		t.Error(diff)
	}
	typical := clock.Typical{}
	for range clock.MinSample {
		typical.Learn(s.Course, &c, b.Hours)
	}
	typical.Ready()
	if len(typical) != 5 { // three with their group, and two whoever has the ticket
		t.Errorf("%d places: %v", len(typical), typical)
	}
}
