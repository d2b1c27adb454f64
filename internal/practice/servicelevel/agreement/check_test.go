package agreement_test

import (
	"slices"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
)

const always = 1 // the calendar that never closes

// resolution are terms that promise only that.
func resolution(within time.Duration, calendar int64) clock.Terms {
	return clock.Terms{Calendar: calendar, Targets: []clock.Target{{Measure: clock.Resolution, Within: within}}}
}

// delivered makes a service of the network group and the supplier.
func (o office) delivered(t *testing.T, name string) int64 {
	t.Helper()
	s, err := o.Services.Create(o.System(), service.Input{
		Name: name, Criticality: 3, Stage: service.Live, SupportGroupID: o.network, ProviderID: o.supplier,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s.ID
}

func TestAChainThatCannotKeepAPromiseIsShown(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		mail := o.delivered(t, "Mail")
		o.delivered(t, "Telephony")
		ola := o.create(t, agreement.Draft{Name: "Network", Role: clock.OLA, Party: o.network, Terms: resolution(6*time.Hour, officeHours)})
		uc := o.create(t, agreement.Draft{Name: "Cable", Role: clock.UC, Party: o.supplier, Terms: resolution(4*time.Hour, officeHours)})
		_, report, err := o.Preview(o.As(o.admin), agreement.Draft{Name: "Gold", Role: clock.SLA, Terms: resolution(8*time.Hour, officeHours)})
		if err != nil || len(report.Findings) != 1 || report.Services != 2 {
			t.Fatalf("%+v %v", report, err)
		}
		f := report.Findings[0]
		if f.Gap.Share != 100 || len(f.Links) != 2 || f.Links[0].Agreement.ID != ola.ID || f.Links[1].Agreement.ID != uc.ID || len(f.Services) != 2 || len(f.Priorities) < 4 {
			t.Errorf("%+v", f)
		}
		if f.Gap.Chain.Sub(f.Gap.Promised) <= 0 {
			t.Errorf("the chain is not later: %+v", f.Gap)
		}
		// For one service with enough time nothing is in the way.
		in := agreement.Draft{Name: "Bronze", Role: clock.SLA, Terms: resolution(10*time.Hour, officeHours)}
		in.Terms.Services = []int64{mail}
		if _, report, err := o.Preview(o.As(o.admin), in); err != nil || len(report.Findings) > 0 || report.Services != 1 || report.Chains != 1 {
			t.Errorf("%+v %v", report, err)
		}
		if page, err := o.List(o.As(o.admin), agreement.Query{}); err != nil || len(page.Items) != 2 {
			t.Errorf("a preview saved something: %v %v", page, err)
		}
	})
}

func TestOfficeHoursBehindAPromiseRoundTheClockAreLateInSomeHours(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.delivered(t, "Mail")
		o.create(t, agreement.Draft{Name: "Network", Role: clock.OLA, Party: o.network, Terms: resolution(4*time.Hour, officeHours)})
		a := o.create(t, agreement.Draft{Name: "Gold", Role: clock.SLA, Terms: resolution(24*time.Hour, always)})
		report, err := o.Check(o.As(o.agent), a.ID)
		if err != nil || len(report.Findings) != 1 {
			t.Fatalf("%+v %v", report, err)
		}
		if share := report.Findings[0].Gap.Share; share < 20 || share > 60 {
			t.Errorf("late in %d %% of the hours", share)
		}
	})
}

func TestWritingAnOLAShowsWhatItBreaks(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.delivered(t, "Mail")
		gold := o.create(t, agreement.Draft{Name: "Gold", Role: clock.SLA, Terms: resolution(4*time.Hour, officeHours)})
		in := agreement.Draft{Name: "Network", Role: clock.OLA, Party: o.network, Terms: resolution(3*time.Hour, officeHours)}
		if _, report, err := o.Preview(o.As(o.admin), in); err != nil || len(report.Findings) > 0 || report.Chains != 1 {
			t.Errorf("%+v %v", report, err)
		}
		in.Terms = resolution(6*time.Hour, officeHours)
		_, report, err := o.Preview(o.As(o.admin), in)
		if err != nil || len(report.Findings) != 1 || report.Findings[0].SLA.ID != gold.ID || report.Findings[0].Links[0].Agreement.Name != "Network" {
			t.Errorf("%+v %v", report, err)
		}
		made := o.create(t, in)
		change := agreement.Changes{Terms: ptr(resolution(2*time.Hour, officeHours)), From: o.Clock.Now().AddDate(0, 1, 0)}
		if _, report, err := o.PreviewChange(o.As(o.admin), made.ID, change); err != nil || len(report.Findings) > 0 || report.Chains != 1 {
			t.Errorf("after the change nothing is broken: %+v %v", report, err)
		}
	})
}

func TestOverlapsAreSaid(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		old := o.create(t, sla("Old", time.Hour))
		check := func(in agreement.Draft) []agreement.Overlap {
			t.Helper()
			_, report, err := o.Preview(o.As(o.admin), in)
			if err != nil {
				t.Fatal(err)
			}
			return report.Overlaps
		}
		if got := check(sla("New", 2*time.Hour)); len(got) != 1 || got[0].Agreement.ID != old.ID || !got[0].Wins {
			t.Errorf("%+v", got)
		}
		nearer := sla("Nearer", time.Hour)
		nearer.Party = o.customer
		named := sla("Named", time.Hour)
		named.Terms.Services = []int64{o.payroll}
		kinds := sla("Kinds", time.Hour)
		kinds.Terms.Kinds = []string{"incident"}
		over := sla("Before", time.Hour)
		over.From, over.Ends = o.Clock.Now().AddDate(-1, 0, 0), o.Clock.Now().Add(-time.Hour)
		for _, in := range []agreement.Draft{nearer, named, kinds, over} {
			if got := check(in); len(got) > 0 {
				t.Errorf("%s goes before or holds no more: %+v", in.Name, got)
			}
		}
		o.create(t, kinds)
		requests := sla("Requests", time.Hour)
		requests.Terms.Kinds = []string{"request"}
		if got := check(requests); len(got) > 0 {
			t.Errorf("other kinds: %+v", got)
		}
		young := o.create(t, sla("Young", time.Hour))
		report, err := o.Check(o.As(o.agent), old.ID)
		if err != nil || len(report.Overlaps) != 1 || report.Overlaps[0].Agreement.ID != young.ID || report.Overlaps[0].Wins {
			t.Errorf("%+v %v", report, err)
		}
	})
}

func TestWhatWouldHoldForATicketAndWhy(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		branch := o.Organisation(people.Unit, "Lighthouse North", o.customer)
		all := o.create(t, sla("All", 8*time.Hour))
		near := sla("Lighthouse", 4*time.Hour)
		near.Party = o.customer
		lighthouse := o.create(t, near)
		o.create(t, func() agreement.Draft { d := near; d.Name = "Twin"; return d }())
		other := sla("Harbour", time.Hour)
		other.Party = o.company
		o.create(t, other)
		requests := sla("Requests", time.Hour)
		requests.Terms.Kinds = []string{"request"}
		o.create(t, requests)
		planned := sla("Planned", time.Hour)
		planned.From = o.Clock.Now().Add(time.Hour)
		o.create(t, planned)
		ola := o.create(t, agreement.Draft{Name: "Network", Role: clock.OLA, Party: o.network, Terms: resolution(time.Hour, officeHours)})
		uc := o.create(t, agreement.Draft{Name: "Cable", Role: clock.UC, Party: o.supplier, Terms: resolution(time.Hour, officeHours)})
		ask := func(group int64) map[string]agreement.Verdict {
			t.Helper()
			found, err := o.Ask(o.As(o.agent), agreement.Question{Kind: "incident", Organisation: branch, Group: group, Priority: 1})
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]agreement.Verdict{}
			for _, v := range found {
				out[v.Agreement.Name] = v
			}
			if found[0].Agreement.ID != lighthouse.ID {
				t.Errorf("first is %+v", found[0])
			}
			return out
		}
		got := ask(o.network)
		for name, want := range map[string]agreement.Reason{
			"Lighthouse": agreement.Holds, "Network": agreement.Holds, "All": agreement.LessSpecific, "Twin": agreement.Younger, "Harbour": agreement.OtherCustomer,
			"Requests": agreement.OtherKind, "Planned": agreement.NotBegun,
		} {
			if got[name].Reason != want {
				t.Errorf("%s: %s, want %s", name, got[name].Reason, want)
			}
		}
		if _, there := got["Cable"]; there || got["Network"].Agreement.ID != ola.ID || got["All"].Agreement.ID != all.ID || got["All"].Instead.ID != lighthouse.ID {
			t.Errorf("%+v", got)
		}
		if targets := got["Lighthouse"].Targets; len(targets) != 2 || targets[0].Within != time.Hour || targets[1].Within != 4*time.Hour {
			t.Errorf("%+v", targets)
		}
		if got := ask(o.vendors); got["Cable"].Reason != agreement.Holds || got["Cable"].Agreement.ID != uc.ID {
			t.Errorf("%+v", got["Cable"])
		}
	})
}

func TestAnAgreementForAnOffering(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		mail, other := o.delivered(t, "Mail"), o.delivered(t, "Telephony")
		premium, err := o.Services.AddOffering(o.System(), mail, service.OfferingInput{Name: "Premium", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		all := sla("All", 8*time.Hour)
		all.Terms.Services = []int64{mail, other}
		o.create(t, all)
		better := sla("Better", 4*time.Hour)
		better.Terms.Offerings = []int64{premium.ID}
		o.create(t, better)
		reasons := func() map[string]agreement.Reason {
			t.Helper()
			found, err := o.Ask(o.As(o.agent), agreement.Question{Kind: "incident", Service: mail, Organisation: o.customer, Priority: 1})
			if err != nil {
				t.Fatal(err)
			}
			out := map[string]agreement.Reason{}
			for _, v := range found {
				out[v.Agreement.Name] = v.Reason
			}
			return out
		}
		if got := reasons(); got["All"] != agreement.Holds || got["Better"] != agreement.OtherOffering {
			t.Errorf("a customer without an offering: %v", got)
		}
		if _, err := o.Services.Give(o.System(), service.Use{ServiceID: mail, OrganisationID: o.customer, OfferingID: premium.ID}); err != nil {
			t.Fatal(err)
		}
		if got := reasons(); got["Better"] != agreement.Holds || got["All"] != agreement.LessSpecific {
			t.Errorf("a customer with it: %v", got)
		}
		// Only the service of the offering is looked at, and a promise of a group for another
		// level is none for this one.
		standard, err := o.Services.AddOffering(o.System(), mail, service.OfferingInput{Name: "Standard", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		slow := agreement.Draft{Name: "Network", Role: clock.OLA, Party: o.network, Terms: resolution(40*time.Hour, officeHours)}
		slow.Terms.Offerings = []int64{standard.ID}
		o.create(t, slow)
		next := sla("Next", 4*time.Hour)
		next.Terms.Offerings = []int64{premium.ID}
		_, report, err := o.Preview(o.As(o.admin), next)
		if err != nil || report.Services != 1 || len(report.Findings) > 0 || len(report.Overlaps) != 1 {
			t.Errorf("%+v %v", report, err)
		}
		next.Terms.Offerings = []int64{standard.ID}
		if _, report, err = o.Preview(o.As(o.admin), next); err != nil || len(report.Findings) != 1 || len(report.Overlaps) != 0 {
			t.Errorf("%+v %v", report, err)
		}
		next.Terms.Services, next.Terms.Offerings = []int64{other}, []int64{premium.ID, 4711}
		if _, _, err = o.Preview(o.As(o.admin), next); !slices.Equal(wrongFields(err), []string{"offerings", "offerings"}) {
			t.Errorf("an offering of another service, and none: %v %v", err, wrongFields(err))
		}
	})
}

// TestACheckCostsTheSameForManyServices: names and calendars are read together.
func TestACheckCostsTheSameForManyServices(t *testing.T) {
	each(t, func(t *testing.T, o office) {
		o.create(t, agreement.Draft{Name: "Network", Role: clock.OLA, Party: o.network, Terms: resolution(6*time.Hour, officeHours)})
		a := o.create(t, agreement.Draft{Name: "Gold", Role: clock.SLA, Terms: resolution(4*time.Hour, officeHours)})
		queries := func() int {
			t.Helper()
			ctx, counter := database.WithCounter(o.As(o.agent))
			if _, err := o.Check(ctx, a.ID); err != nil {
				t.Fatal(err)
			}
			return counter.N()
		}
		o.delivered(t, "One")
		first := queries()
		for _, name := range []string{"Two", "Three", "Four", "Five"} {
			o.delivered(t, name)
		}
		if second := queries(); second > first || first > 9 {
			t.Errorf("one service costs %d queries, five cost %d", first, second)
		}
		report, err := o.Check(o.As(o.agent), a.ID)
		if err != nil || len(report.Findings) != 1 || len(report.Findings[0].Services) != 5 || !slices.IsSorted(report.Findings[0].Priorities) {
			t.Errorf("%+v %v", report, err)
		}
	})
}
