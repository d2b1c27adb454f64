package service_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestAnOfferingIsWrittenOnceAndChanged(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Company", 0)
		owner, requester := w.Person("Owner", company, access.RoleServiceOwner), w.Person("Requester", company)
		mail, other := w.Service("Mail", owner), w.Service("Other", 0)
		premium, err := w.Services.AddOffering(w.As(owner), mail, service.OfferingInput{Name: " Premium ", Active: true})
		if err != nil || premium.Name != "Premium" || premium.Version != 1 {
			t.Fatalf("%+v %v", premium, err)
		}
		for what, c := range map[string]struct {
			err   error
			kind  apperr.Kind
			field string
		}{
			"the same name":            {second(w.Services.AddOffering(w.As(owner), mail, service.OfferingInput{Name: "PREMIUM"})), apperr.Invalid, "name"},
			"no name":                  {second(w.Services.AddOffering(w.As(owner), mail, service.OfferingInput{})), apperr.Invalid, "name"},
			"somebody else's service":  {second(w.Services.AddOffering(w.As(owner), other, service.OfferingInput{Name: "Gold"})), apperr.Forbidden, ""},
			"a requester":              {second(w.Services.AddOffering(w.As(requester), mail, service.OfferingInput{Name: "Gold"})), apperr.Forbidden, ""},
			"no such service":          {second(w.Services.AddOffering(w.System(), 4711, service.OfferingInput{Name: "Gold"})), apperr.NotFound, ""},
			"an old version":           {second(w.Services.UpdateOffering(w.As(owner), premium.ID, 7, service.OfferingInput{Name: "Gold"})), apperr.Conflict, ""},
			"who has it, a requester":  {second(w.Services.Uses(w.As(requester), mail)), apperr.Forbidden, ""},
			"giving it, a requester":   {second(w.Services.Give(w.As(requester), service.Use{ServiceID: mail, OfferingID: premium.ID})), apperr.Forbidden, ""},
			"giving another service's": {second(w.Services.Give(w.System(), service.Use{ServiceID: other, OfferingID: premium.ID})), apperr.Invalid, "offering"},
			"giving it to nobody":      {second(w.Services.Give(w.System(), service.Use{ServiceID: mail, OfferingID: premium.ID, OrganisationID: 4711})), apperr.Invalid, "organisation"},
			"taking back what is not":  {w.Services.TakeBack(w.As(owner), mail, 4711), apperr.NotFound, ""},
		} {
			fields := apperr.FieldsOf(c.err)
			if !apperr.Is(c.err, c.kind) || c.field != "" && (len(fields) != 1 || fields[0].Name != c.field) {
				t.Errorf("%s: %v %v", what, c.err, fields)
			}
		}
		gold, err := w.Services.UpdateOffering(w.As(owner), premium.ID, 1, service.OfferingInput{Name: "Gold"})
		if err != nil || gold.Version != 2 || gold.Active {
			t.Fatalf("%+v %v", gold, err)
		}
		if found, err := w.Services.SuggestOfferings(w.As(requester), "go"); err != nil || len(found) > 0 {
			t.Errorf("one that nobody can be given is suggested: %v %v", found, err)
		}
		if _, err := w.Services.UpdateOffering(w.As(owner), premium.ID, 2, service.OfferingInput{Name: "Gold_100%", Active: true}); err != nil {
			t.Fatal(err)
		}
		for typed, want := range map[string]int{"gold": 1, "mai": 1, "gold_": 1, "x": 0} {
			if found, err := w.Services.SuggestOfferings(w.As(requester), typed); err != nil || len(found) != want {
				t.Errorf("%q: %v %v", typed, found, err)
			}
		}
		if all, err := w.Services.Offerings(w.As(requester), mail); err != nil || len(all) != 1 {
			t.Errorf("%v %v", all, err)
		}
	})
}

func TestWhichOfferingHolds(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		group := w.Organisation(people.Customer, "Group", 0)
		north := w.Organisation(people.Unit, "North", group)
		other := w.Organisation(people.Customer, "Other", 0)
		mail := w.Service("Mail", 0)
		made := map[string]int64{"none": 0}
		names := map[int64]string{0: "none"}
		for _, name := range []string{"Standard", "Premium", "Basic"} {
			o, err := w.Services.AddOffering(w.System(), mail, service.OfferingInput{Name: name, Active: true})
			if err != nil {
				t.Fatal(err)
			}
			made[name], names[o.ID] = o.ID, name
		}
		start := w.Clock.Now()
		at := func(hours int) time.Time { return start.Add(time.Duration(hours) * time.Hour) }
		told := 0
		w.Services.Follow(func(context.Context, *database.Tx) error { told++; return nil })
		give := func(organisation int64, offering string, hours int) service.Use {
			t.Helper()
			u, err := w.Services.Give(w.System(), service.Use{ServiceID: mail, OrganisationID: organisation, OfferingID: made[offering], Since: at(hours)})
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		says := func(want map[string]string) {
			t.Helper()
			then, err := w.Services.OfferingThen(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for key := range want {
				who, hour := map[byte][]int64{'n': {north, group}, 'g': {group}, 'o': {other}, 'x': nil}[key[0]], int(key[1]-'0')
				got[key] = names[then(mail, who, at(hour))]
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		says(map[string]string{"n5": "none", "x5": "none"})
		give(group, "Premium", 2)
		give(0, "Standard", 3)
		says(map[string]string{"n1": "none", "n2": "Premium", "g4": "Premium", "o2": "none", "o3": "Standard", "x3": "Standard"})
		give(north, "Basic", 4)
		says(map[string]string{"n3": "Premium", "n4": "Basic", "g4": "Premium"})
		give(north, "none", 6)
		says(map[string]string{"n5": "Basic", "n6": "Premium"})
		later := give(group, "Standard", 8)
		give(group, "Basic", 8) // says it again, otherwise
		says(map[string]string{"g7": "Premium", "g8": "Basic", "n9": "Basic"})
		if err := w.Services.TakeBack(w.System(), mail, later.ID); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("what was replaced is still there: %v", err)
		}
		uses, err := w.Services.Uses(w.System(), mail)
		if err != nil || len(uses) != 5 || told != 6 {
			t.Fatalf("%d uses, told %d times: %v", len(uses), told, err)
		}
		if err := w.Services.TakeBack(w.System(), mail, uses[0].ID); err != nil {
			t.Fatal(err)
		}
		says(map[string]string{"g8": "Premium", "n9": "Premium"})
		w.Clock.Advance(20 * time.Hour)
		if u, err := w.Services.Give(w.System(), service.Use{ServiceID: mail, OfferingID: made["Basic"]}); err != nil || !u.Since.Equal(at(20)) {
			t.Errorf("from now on: %+v %v", u, err)
		}
	})
}
