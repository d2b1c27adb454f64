package access_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// The people and things of the small world the tests live in.
const (
	me, other             = 1, 2
	myGroup, otherGroup   = 11, 12
	company, unit, client = 21, 22, 23
	supplier              = 24
	supplierGroup         = 13
	myService, anyService = 31, 32
	confidential, plain   = "hr", "incident"
)

func role(t *testing.T, key string) access.Role {
	t.Helper()
	roles := access.BuiltInRoles()
	i := slices.IndexFunc(roles, func(r access.Role) bool { return r.Key == key })
	if i < 0 {
		t.Fatalf("there is no role %q", key)
	}
	return roles[i]
}

func actor(grants ...access.Grant) access.Actor {
	return access.NewPerson(me, "Me", unit, access.Facts{
		Grants:         grants,
		Groups:         []int64{myGroup},
		Subtrees:       map[int64][]int64{0: {unit}, company: {company, unit}},
		SupplierGroups: map[int64][]int64{supplier: {supplierGroup}},
		Services:       []int64{myService},
		Confidential:   []string{confidential},
	})
}

func TestBuiltInRolesAreSound(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, r := range access.BuiltInRoles() {
		if err := r.Validate(access.NewCatalogue()); err != nil {
			t.Errorf("%s: %v", r.Key, err)
		}
		keys = append(keys, r.Key)
	}
	want := []string{"requester", "agent", "team_lead", "service_owner", "relationship_manager", "supplier_agent", "auditor", "administrator"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

func TestWhatBuiltInRolesMayNever(t *testing.T) {
	t.Parallel()
	changing := []access.Verb{
		access.Create, access.Comment, access.Note, access.Edit, access.Assign, access.Transition, access.Link, access.Bulk,
		access.ManagePeople, access.ManageRoles, access.ManageServices, access.ManageSettings, access.ManageViews, access.ManageJobs,
	}
	for key, forbidden := range map[string][]access.Verb{
		access.RoleRequester:     {access.ReadNotes, access.Note, access.ViewPeople, access.Export, access.Assign},
		access.RoleSupplierAgent: {access.ReadNotes, access.Note, access.ViewPeople, access.Create},
		access.RoleAuditor:       changing,
		access.RoleAgent:         {access.ManagePeople, access.ManageRoles, access.ViewAudit},
	} {
		a := actor(role(t, key).Bind(0, "", "")...)
		for _, verb := range forbidden {
			if a.Can(verb, access.AnyKind) {
				t.Errorf("%s may %s", key, verb)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	grant := func(verb access.Verb, kind string, scope access.Scope, organisation int64) access.Grant {
		return access.Grant{Permission: access.Permission{Verb: verb, Kind: kind, Scope: scope}, Organisation: organisation}
	}
	for name, c := range map[string]struct {
		grant  access.Grant
		verb   access.Verb
		record access.Record
		want   bool
	}{
		"all":                                {grant(access.View, "*", access.ScopeAll, 0), access.View, access.Record{Kind: plain}, true},
		"another verb":                       {grant(access.View, "*", access.ScopeAll, 0), access.ReadNotes, access.Record{Kind: plain}, false},
		"no verb":                            {grant("", "*", access.ScopeAll, 0), "", access.Record{Kind: plain}, false},
		"another kind":                       {grant(access.View, plain, access.ScopeAll, 0), access.View, access.Record{Kind: "request"}, false},
		"confidential kind under any kind":   {grant(access.View, "*", access.ScopeAll, 0), access.View, access.Record{Kind: confidential}, false},
		"confidential kind by name":          {grant(access.View, confidential, access.ScopeAll, 0), access.View, access.Record{Kind: confidential}, true},
		"own confidential record":            {grant(access.View, "*", access.ScopeOwn, 0), access.View, access.Record{Kind: confidential, Requester: me}, true},
		"requester":                          {grant(access.View, "*", access.ScopeOwn, 0), access.View, access.Record{Requester: me}, true},
		"opener":                             {grant(access.View, "*", access.ScopeOwn, 0), access.View, access.Record{Requester: other, OpenedBy: me}, true},
		"watcher sees":                       {grant(access.View, "*", access.ScopeOwn, 0), access.View, access.Record{Watchers: []int64{other, me}}, true},
		"watcher does not change the state":  {grant(access.Transition, "*", access.ScopeOwn, 0), access.Transition, access.Record{Watchers: []int64{me}}, false},
		"opener creates only for oneself":    {grant(access.Create, "*", access.ScopeOwn, 0), access.Create, access.Record{Requester: other, OpenedBy: me, Watchers: []int64{me}}, false},
		"somebody else's":                    {grant(access.View, "*", access.ScopeOwn, 0), access.View, access.Record{Requester: other, OpenedBy: other}, false},
		"own group":                          {grant(access.View, "*", access.ScopeGroup, 0), access.View, access.Record{Group: myGroup}, true},
		"assigned to me":                     {grant(access.View, "*", access.ScopeGroup, 0), access.View, access.Record{Group: otherGroup, Assignee: me}, true},
		"another group":                      {grant(access.View, "*", access.ScopeGroup, 0), access.View, access.Record{Group: otherGroup}, false},
		"own organisation":                   {grant(access.View, "*", access.ScopeOrganisation, 0), access.View, access.Record{Organisation: unit}, true},
		"the organisation above":             {grant(access.View, "*", access.ScopeOrganisation, 0), access.View, access.Record{Organisation: company}, false},
		"below the bound organisation":       {grant(access.View, "*", access.ScopeOrganisation, company), access.View, access.Record{Organisation: unit}, true},
		"outside the bound organisation":     {grant(access.View, "*", access.ScopeOrganisation, company), access.View, access.Record{Organisation: client}, false},
		"no organisation":                    {grant(access.View, "*", access.ScopeOrganisation, company), access.View, access.Record{}, false},
		"unknown bound organisation":         {grant(access.View, "*", access.ScopeOrganisation, 99), access.View, access.Record{Organisation: 99}, false},
		"owned service":                      {grant(access.View, "*", access.ScopeService, 0), access.View, access.Record{Service: myService}, true},
		"another service":                    {grant(access.View, "*", access.ScopeService, 0), access.View, access.Record{Service: anyService}, false},
		"supplier's group":                   {grant(access.View, "*", access.ScopeSupplier, supplier), access.View, access.Record{Group: supplierGroup}, true},
		"in-house group":                     {grant(access.View, "*", access.ScopeSupplier, supplier), access.View, access.Record{Group: myGroup}, false},
		"supplier scope without a supplier":  {grant(access.View, "*", access.ScopeSupplier, 0), access.View, access.Record{Assignee: me}, false},
		"a scope nobody knows":               {grant(access.View, "*", "everywhere", 0), access.View, access.Record{Requester: me}, false},
		"not about tickets, whole directory": {grant(access.ViewPeople, "*", access.ScopeAll, 0), access.ViewPeople, access.Record{Requester: other}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := actor(c.grant).Check(c.verb, c.record)
			if got.Allowed != c.want || (got.Err() == nil) != c.want || (len(got.Grants) > 0) != c.want {
				t.Errorf("got %+v, want %v", got, c.want)
			}
		})
	}
}

func TestNobodyMayDoNothing(t *testing.T) {
	t.Parallel()
	nobody := access.From(context.Background())
	if err := nobody.Require(access.View, access.AnyKind); !apperr.Is(err, apperr.Unauthenticated) {
		t.Errorf("require: %v", err)
	}
	if err := nobody.Check(access.View, access.Record{}).Err(); !apperr.Is(err, apperr.Unauthenticated) {
		t.Errorf("check: %v", err)
	}
	zero := access.NewPerson(0, "", 0, access.Facts{Grants: role(t, access.RoleRequester).Bind(0, "", ""), Groups: []int64{0}})
	if zero.Check(access.View, access.Record{}).Allowed {
		t.Error("a person without id owns records without requester")
	}
}

func TestTrustedActorsMayDoEverything(t *testing.T) {
	t.Parallel()
	for _, a := range []access.Actor{access.System(), access.NewRule(7, "Escalate"), access.NewImporter("CSV")} {
		if !a.Check(access.Edit, access.Record{Kind: confidential}).Allowed || !a.Can(access.ManageRoles, access.AnyKind) {
			t.Errorf("%s is refused", a.Type)
		}
	}
}

func TestConnectedSupplierActsLikeItsAgents(t *testing.T) {
	t.Parallel()
	a := access.NewSupplier(5, "Acme desk", supplier, []int64{supplierGroup})
	if !a.Check(access.Comment, access.Record{Group: supplierGroup}).Allowed {
		t.Error("the supplier cannot reply on its own ticket")
	}
	if a.Check(access.View, access.Record{Group: myGroup}).Allowed || a.Can(access.ReadNotes, access.AnyKind) {
		t.Error("the supplier sees too much")
	}
	if access.NewSupplier(5, "Idle", supplier, nil).Can(access.View, access.AnyKind) {
		t.Error("a supplier without groups sees something")
	}
}

func TestTokenLimitsNarrowAndNeverWiden(t *testing.T) {
	t.Parallel()
	full := actor(role(t, access.RoleAdministrator).Bind(0, "", "")...)
	reader := full.Limited(access.Limit{Verbs: []access.Verb{access.View}})
	if !reader.Check(access.View, access.Record{Kind: plain}).Allowed || reader.Can(access.Edit, access.AnyKind) {
		t.Error("a reading token does not read only")
	}
	if reader.Limited(access.Limit{Verbs: []access.Verb{access.Edit}}).Can(access.Edit, access.AnyKind) {
		t.Error("a second limit widened the first")
	}
	kinds := full.Limited(access.Limit{Kinds: []string{plain, confidential}})
	if !kinds.Check(access.Edit, access.Record{Kind: plain}).Allowed {
		t.Error("the token's kind is refused")
	}
	if kinds.Check(access.View, access.Record{Kind: confidential}).Allowed {
		t.Error("naming a confidential kind in a token widened the role")
	}
	if kinds.Check(access.View, access.Record{Kind: "request"}).Allowed {
		t.Error("the token reaches another kind")
	}
	if kinds.Can(access.ManagePeople, access.AnyKind) || kinds.Check(access.ManagePeople, access.Record{}).Allowed {
		t.Error("a token for kinds of tickets manages people")
	}
}

func TestATokenForKindsDoesNothingBesideTickets(t *testing.T) {
	t.Parallel()
	const setUp, propose, unheard access.Verb = "set_up_post", "propose_something", "unheard_of"
	verbs := access.NewCatalogue(access.VerbInfo{Verb: setUp, Label: "Set up the post"}, access.VerbInfo{Verb: propose, Label: "Propose something", Tickets: true})
	var grants []access.Grant
	for _, v := range []access.Verb{setUp, propose, unheard} {
		grants = append(grants, access.Grant{Permission: access.Permission{Verb: v, Kind: access.AnyKind, Scope: access.ScopeAll}, Role: access.RoleAdministrator})
	}
	full := access.NewPerson(me, "Me", unit, access.Facts{Grants: grants, Verbs: verbs})
	limited := full.Limited(access.Limit{Kinds: []string{plain}})
	for verb, want := range map[access.Verb]bool{setUp: false, propose: true, unheard: false} {
		if got := limited.Can(verb, access.AnyKind); got != want || !full.Can(verb, access.AnyKind) {
			t.Errorf("%s: the token may: %v, the person: %v", verb, got, full.Can(verb, access.AnyKind))
		}
	}
	if err := limited.Require(setUp, access.AnyKind); !strings.Contains(apperr.Message(err).String(), "Set up the post") {
		t.Errorf("what is missing is not called by its name: %v", err)
	}
}

func TestExplanationNamesRoleAndOrigin(t *testing.T) {
	t.Parallel()
	a := actor(append(role(t, access.RoleTeamLead).Bind(0, "", "Network"),
		role(t, access.RoleRelationshipManager).Bind(company, "Example Ltd", "")...)...)
	got := a.Explain(access.View, access.Record{Kind: confidential, Group: myGroup, Organisation: unit}, access.NewCatalogue())
	want := []string{
		"The role Team lead, given by the group Network, allows seeing tickets assigned to oneself or to one's groups.",
		"The role Relationship manager, given for Example Ltd, allows seeing tickets of the organisation and everything below it.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := a.Explain(access.View, access.Record{Kind: confidential, Group: otherGroup}, access.NewCatalogue()); got != nil {
		t.Errorf("an invisible record is explained: %v", got)
	}
}

func TestPracticesGiveTheirVerbsToBuiltInRoles(t *testing.T) {
	t.Parallel()
	c := access.NewCatalogue(access.VerbInfo{Verb: "brew", Label: "Brew", Phrase: "brewing", Scopes: []access.Scope{access.ScopeAll}, Roles: []string{access.RoleTeamLead}})
	for _, r := range c.BuiltInRoles() {
		can := slices.Contains(r.Permissions, access.Permission{Verb: "brew", Kind: access.AnyKind, Scope: access.ScopeAll})
		if can != (r.Key == access.RoleTeamLead) {
			t.Errorf("%s brews: %t", r.Key, can)
		}
		if err := r.Validate(c); err != nil {
			t.Errorf("%s: %v", r.Key, err)
		}
	}
}
