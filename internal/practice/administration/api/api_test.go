package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/people"
	services "github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/platform/web/openapi/contract"
	"github.com/steward-itsm/steward/internal/practice/administration/api"
)

const password = "correct zebra battery"

type fields = map[string]any

// office is a world behind a running API.
type office struct {
	*coretest.World
	id      *identity.Service
	url     string
	client  *http.Client
	admin   int64
	session string // of the administrator
	count   int
}

func each(t *testing.T, fn func(t *testing.T, o *office)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		o := &office{World: w, client: &http.Client{Timeout: 10 * time.Second}}
		o.id = identity.New(identity.Deps{
			DB: w.DB, People: w.People, Roles: w.Roles, Actors: w.Actors, Audit: w.Log, Clock: w.Clock.Now,
			Options: identity.Options{Cost: identity.Cost{Memory: 64, Time: 1}},
		})
		t.Cleanup(o.id.Close)
		mux, err := web.NewMux(web.Options{})
		if err != nil {
			t.Fatal(err)
		}
		api.Register(openapi.New(mux, openapi.Options{
			Authenticate: o.id.Authenticate, Cookie: o.id.SessionCookie(), Tags: api.Tags(),
		}), api.Deps{People: w.People, Services: w.Services, Roles: w.Roles, Identity: o.id, Audit: w.Log})
		server := httptest.NewServer(mux)
		t.Cleanup(server.Close)
		o.url = server.URL
		o.admin, o.session = o.user("Ada", access.RoleAdministrator)
		fn(t, o)
	}, identity.Migrations)
}

// user adds somebody who is signed in.
func (o *office) user(name string, roleKeys ...string) (id int64, session string) {
	o.T.Helper()
	email := fmt.Sprintf("%s-%s@example.com", strings.ToLower(name), o.serial())
	p, err := o.People.CreatePerson(o.System(), people.PersonInput{Name: name, Email: email, Active: true})
	if err == nil {
		err = o.id.SetPassword(o.System(), p.ID, password)
	}
	for _, key := range roleKeys {
		if err == nil {
			err = o.Roles.GrantToPerson(o.System(), p.ID, key, 0)
		}
	}
	var opened identity.Opened
	if err == nil {
		opened, err = o.id.SignIn(o.T.Context(), email, password, identity.Origin{})
	}
	if err != nil {
		o.T.Fatal(err)
	}
	return p.ID, opened.Token
}

// serial is a text that was not used before.
func (o *office) serial() string {
	o.count++
	return fmt.Sprintf("n%d", o.count)
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (o *office) as(session, method, path string, body any, header ...string) answer {
	o.T.Helper()
	var payload io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			o.T.Fatal(err)
		}
		payload = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(o.T.Context(), method, o.url+openapi.Prefix+path, payload)
	if err != nil {
		o.T.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if strings.HasPrefix(session, identity.TokenPrefix) {
		r.Header.Set("Authorization", "Bearer "+session)
	} else if session != "" {
		r.AddCookie(&http.Cookie{Name: o.id.SessionCookie(), Value: session})
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := o.client.Do(r)
	if err != nil {
		o.T.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		o.T.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, text}
}

// read decodes an answer that must have a status.
func read[T any](t testing.TB, a answer, status int) T {
	t.Helper()
	var v T
	if a.status != status {
		t.Fatalf("%d, want %d: %s", a.status, status, a.body)
	}
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &v); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func TestEveryOperationKeepsItsDescription(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		contract.Check(t, contract.Options{
			URL: o.url + openapi.Prefix, Client: o.client,
			Authorize: func(r *http.Request) { r.AddCookie(&http.Cookie{Name: o.id.SessionCookie(), Value: o.session}) },
			Requests:  o.requests(),
		})
	})
}

func always(list ...contract.Request) func(testing.TB) []contract.Request {
	return func(testing.TB) []contract.Request { return list }
}

// on gives requests about something fresh.
func on(parameter string, make func() string, list ...contract.Request) func(testing.TB) []contract.Request {
	return func(testing.TB) []contract.Request {
		out := append([]contract.Request(nil), list...)
		key := make()
		for i := range out {
			path := map[string]string{parameter: key}
			for k, v := range out[i].Path {
				path[k] = v
			}
			out[i].Path = path
		}
		return out
	}
}

func text(id int64) string { return strconv.FormatInt(id, 10) }

// offering makes a service with an offering.
func (o *office) offering() (of, offering int64) {
	o.T.Helper()
	of = o.Service("S "+o.serial(), o.admin)
	made, err := o.Services.AddOffering(o.System(), of, services.OfferingInput{Name: "Premium", Active: true})
	if err != nil {
		o.T.Fatal(err)
	}
	return of, made.ID
}

func (o *office) requests() map[string]func(testing.TB) []contract.Request {
	whatever := map[string]string{"If-Match": "*"}
	person := func() string { return text(o.Person("P "+o.serial(), 0)) }
	group := func() string { return text(o.Group("G "+o.serial(), 0, o.admin)) }
	organisation := func() string { return text(o.Organisation(people.Customer, "O "+o.serial(), 0)) }
	service := func() string { return text(o.Service("S "+o.serial(), o.admin)) }
	parent, top := o.Organisation(people.Own, "Harbour", 0), o.Service("Everything", 0)
	team := o.Group("Team", parent, o.admin)
	role := func() string {
		r, err := o.Roles.Create(o.System(), access.Role{Key: o.serial(), Name: "R", Permissions: []access.Permission{{Verb: access.View, Kind: "*", Scope: access.ScopeOwn}}})
		if err != nil {
			o.T.Fatal(err)
		}
		return r.Key
	}
	admin := map[string]string{"id": text(o.admin)}
	keyed := func() map[string]string { return map[string]string{"Idempotency-Key": o.serial()} }
	return map[string]func(testing.TB) []contract.Request{
		"get-me": always(contract.Request{}),

		"list-people": always(contract.Request{}, contract.Request{Query: map[string]string{
			"q": "a", "organisation_id": text(parent), "group_id": text(team), "active": "any", "vip": "false", "service_account": "false", "limit": "1",
		}}),
		"create-person": func(testing.TB) []contract.Request {
			return []contract.Request{
				{Body: fields{"name": "Ana", "email": o.serial() + "@example.com", "phone": "1", "job_title": "x", "organisation_id": parent, "location": "y", "vip": true}, Header: keyed()},
				{Body: fields{"name": "Robot", "service_account": true}, Status: http.StatusCreated},
			}
		},
		"get-person": on("id", person, contract.Request{}),
		"edit-person": on("id", person,
			contract.Request{Header: map[string]string{"If-Match": `"1"`}, Body: fields{"name": "B", "phone": "1", "organisation_id": parent, "vip": true, "active": true}},
			contract.Request{Header: whatever, Body: fields{"phone": nil, "organisation_id": nil, "email": nil}}),
		"list-groups-of-person": always(contract.Request{Path: admin}),

		"list-groups": always(contract.Request{}, contract.Request{Query: map[string]string{"q": "t", "organisation_id": text(parent), "tier": "1", "active": "false"}}),
		"create-group": func(testing.TB) []contract.Request {
			return []contract.Request{{Body: fields{"name": o.serial(), "tier": 2, "organisation_id": parent, "email": "a@example.com", "description": "x"}, Header: keyed()}}
		},
		"get-group": on("id", group, contract.Request{}),
		"edit-group": on("id", group,
			contract.Request{Header: map[string]string{"If-Match": `"1"`}, Body: fields{"tier": 3, "organisation_id": parent, "active": true}},
			contract.Request{Header: whatever, Body: fields{"tier": nil, "organisation_id": nil}}),
		"list-members":  on("id", group, contract.Request{}),
		"set-member":    on("id", group, contract.Request{Path: map[string]string{"person": text(o.admin)}, Body: fields{"lead": true}}),
		"remove-member": on("id", group, contract.Request{Path: map[string]string{"person": text(o.admin)}}),

		"list-organisations": always(contract.Request{}, contract.Request{Query: map[string]string{"q": "h", "kind": "own", "within": text(parent)}},
			contract.Request{Query: map[string]string{"parent_id": text(parent), "active": "false"}}, contract.Request{Query: map[string]string{"top": "true"}}),
		"create-organisation": func(testing.TB) []contract.Request {
			return []contract.Request{{Body: fields{"kind": "unit", "name": o.serial(), "parent_id": parent, "description": "x"}, Header: keyed()}}
		},
		"get-organisation": on("id", organisation, contract.Request{}),
		"edit-organisation": on("id", organisation,
			contract.Request{Header: map[string]string{"If-Match": `"1"`}, Body: fields{"parent_id": parent, "kind": "unit", "active": true}},
			contract.Request{Header: whatever, Body: fields{"parent_id": nil, "kind": "supplier"}}),

		"list-services": always(contract.Request{}, contract.Request{Query: map[string]string{
			"q": "e", "stage": "live", "in_use": "true", "owner_id": text(o.admin), "provider_id": text(parent), "parent_id": text(top),
		}}),
		"create-service": func(testing.TB) []contract.Request {
			return []contract.Request{{Header: keyed(), Body: fields{
				"name": o.serial(), "description": "x", "owner_id": o.admin, "business_owner_id": o.admin, "criticality": 1, "mission_critical": true,
				"stage": "planned", "provider_id": parent, "support_group_id": team, "parent_id": top,
			}}, {Body: fields{"name": o.serial()}}}
		},
		"get-service": on("id", service, contract.Request{}),
		"edit-service": on("id", service,
			contract.Request{Header: map[string]string{"If-Match": `"1"`}, Body: fields{"stage": "retiring", "support_group_id": team, "criticality": 2}},
			contract.Request{Header: whatever, Body: fields{"support_group_id": nil, "owner_id": nil}}),

		"list-offerings":  on("id", service, contract.Request{}),
		"create-offering": on("id", service, contract.Request{Body: fields{"name": "Premium", "description": "x"}, Header: keyed()}),
		"edit-offering": func(testing.TB) []contract.Request {
			of, offering := o.offering()
			path := map[string]string{"id": text(of), "offering": text(offering)}
			return []contract.Request{
				{Path: path, Header: map[string]string{"If-Match": `"1"`}, Body: fields{"name": "Gold", "active": true}},
				{Path: path, Header: whatever, Body: fields{"description": nil, "active": false}},
			}
		},
		"list-offering-uses": on("id", service, contract.Request{}),
		"give-offering": func(testing.TB) []contract.Request {
			of, offering := o.offering()
			path := map[string]string{"id": text(of)}
			return []contract.Request{
				{Path: path, Body: fields{"organisation_id": parent, "offering_id": offering, "since": "2026-01-01T00:00:00Z"}},
				{Path: path, Body: fields{"organisation_id": parent}},
				{Path: path, Body: fields{"offering_id": offering}},
			}
		},
		"take-back-offering": func(testing.TB) []contract.Request {
			of, offering := o.offering()
			use, err := o.Services.Give(o.System(), services.Use{ServiceID: of, OfferingID: offering})
			if err != nil {
				o.T.Fatal(err)
			}
			return []contract.Request{{Path: map[string]string{"id": text(of), "use": text(use.ID)}}}
		},

		"list-verbs": always(contract.Request{}),
		"list-roles": always(contract.Request{}),
		"create-role": func(testing.TB) []contract.Request {
			return []contract.Request{{Header: keyed(), Body: fields{
				"key": o.serial(), "name": "R", "description": "x", "permissions": []fields{{"verb": "view", "kind": "incident", "scope": "group"}, {"verb": "manage_jobs", "scope": "all"}},
			}}}
		},
		"get-role": on("key", role, contract.Request{}),
		"replace-role": on("key", role, contract.Request{
			Header: map[string]string{"If-Match": `"1"`}, Body: fields{"name": "S", "description": "x", "permissions": []fields{{"verb": "edit", "kind": "*", "scope": "all"}}},
		}),
		"delete-role": on("key", role, contract.Request{Header: whatever}),

		"list-roles-of-person":    always(contract.Request{Path: admin}),
		"list-roles-of-group":     on("id", group, contract.Request{}),
		"grant-role-to-person":    on("id", person, contract.Request{Path: map[string]string{"role": "agent"}, Query: map[string]string{"organisation_id": text(parent)}}),
		"revoke-role-from-person": on("id", person, contract.Request{Path: map[string]string{"role": "agent"}}),
		"grant-role-to-group":     on("id", group, contract.Request{Path: map[string]string{"role": "agent"}}),
		"revoke-role-from-group":  on("id", group, contract.Request{Path: map[string]string{"role": "agent"}, Query: map[string]string{"organisation_id": text(parent)}}),
		"list-people-with-role":   always(contract.Request{Path: map[string]string{"key": "administrator"}}),
		"list-groups-with-role":   always(contract.Request{Path: map[string]string{"key": "agent"}, Query: map[string]string{"limit": "1"}}),

		"list-tokens": always(contract.Request{}, contract.Request{Query: map[string]string{"owner_id": text(o.admin)}}),
		"create-token": func(testing.TB) []contract.Request {
			return []contract.Request{
				{Header: keyed(), Body: fields{"name": "x", "owner_id": o.admin, "verbs": []string{"view"}, "kinds": []string{"incident"}, "expires_at": o.Clock.Now().AddDate(0, 1, 0)}},
				{Body: fields{"name": "y"}},
			}
		},
		"revoke-token": on("id", func() string {
			t, _, err := o.id.CreateToken(o.System(), identity.TokenInput{OwnerID: o.admin, Name: "x"})
			if err != nil {
				o.T.Fatal(err)
			}
			return text(t.ID)
		}, contract.Request{}),
		"list-sessions": always(contract.Request{Path: admin}),
		"end-session": on("id", func() string {
			id, _ := o.user("Leaver")
			list, err := o.id.Sessions(o.As(id), id)
			if err != nil {
				o.T.Fatal(err)
			}
			return text(list[0].ID)
		}, contract.Request{}),
		"list-sign-ins": always(contract.Request{Path: admin}, contract.Request{Path: admin, Query: map[string]string{"limit": "1"}}),

		"list-audit-entries": always(contract.Request{Query: map[string]string{"limit": "2"}}, contract.Request{Query: map[string]string{
			"actor_id": text(o.admin), "action": "person.create", "object_type": "person", "object_id": "1", "from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00Z",
		}}),
		"verify-audit-log": always(contract.Request{}),
	}
}

func TestRequestersAndSuppliersFindNobody(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		requester, asRequester := o.user("Rita")
		_, asSupplier := o.user("Sam", access.RoleSupplierAgent)
		g := o.Group("Team", 0, o.admin)
		for _, path := range []string{
			"/people/" + text(o.admin), "/people/" + text(o.admin) + "/roles", "/groups/" + text(g) + "/roles",
			"/people/" + text(o.admin) + "/groups", "/people/" + text(o.admin) + "/sessions",
			"/people/" + text(o.admin) + "/sign-ins", "/groups/" + text(g), "/groups/" + text(g) + "/members", "/tokens?owner_id=" + text(o.admin),
		} {
			for name, session := range map[string]string{"requester": asRequester, "supplier": asSupplier} {
				if a := o.as(session, http.MethodGet, path, nil); a.status != http.StatusNotFound {
					t.Errorf("%s of %s: %d %s", path, name, a.status, a.body)
				}
			}
		}
		for _, path := range []string{"/roles/agent/people", "/roles/agent/groups", "/audit", "/audit/verification"} {
			if a := o.as(asRequester, http.MethodGet, path, nil); a.status != http.StatusForbidden {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
		list := read[openapi.Page[api.Person]](t, o.as(asRequester, http.MethodGet, "/people?q=a", nil), http.StatusOK)
		if len(list.Items) != 0 {
			t.Errorf("%+v", list)
		}
		list = read[openapi.Page[api.Person]](t, o.as(asRequester, http.MethodGet, "/people", nil), http.StatusOK)
		if len(list.Items) != 1 || list.Items[0].ID != requester {
			t.Errorf("%+v", list)
		}
		if groups := read[openapi.Page[api.Group]](t, o.as(asSupplier, http.MethodGet, "/groups", nil), http.StatusOK); len(groups.Items) != 0 {
			t.Errorf("%+v", groups)
		}
		for _, path := range []string{"/people", "/me", "/services", "/tokens", "/audit"} {
			if a := o.as("", http.MethodGet, path, nil); a.status != http.StatusUnauthorized {
				t.Errorf("nobody asks for %s: %d %s", path, a.status, a.body)
			}
		}
	})
}

func TestPersonIsChangedByThoseWhoReadTheLatest(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		a := o.as(o.session, http.MethodPost, "/people", fields{"name": "Ana", "email": "ana@example.com"}, "Idempotency-Key", "k")
		made := read[api.Person](t, a, http.StatusCreated)
		path := "/people/" + text(made.ID)
		if a.header.Get("Location") != openapi.Prefix+path || a.header.Get("ETag") != `"1"` || !made.Active {
			t.Errorf("%v %+v", a.header, made)
		}
		again := o.as(o.session, http.MethodPost, "/people", fields{"name": "Ana", "email": "ana@example.com"}, "Idempotency-Key", "k")
		if same := read[api.Person](t, again, http.StatusCreated); same.ID != made.ID || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("sent again: %+v %v", same, again.header)
		}
		if a := o.as(o.session, http.MethodGet, path, nil, "If-None-Match", `"1"`); a.status != http.StatusNotModified {
			t.Errorf("%d", a.status)
		}
		patch := func(body fields, header ...string) answer {
			return o.as(o.session, http.MethodPatch, path, body, append(header, "Content-Type", "application/merge-patch+json")...)
		}
		if a := patch(fields{"phone": "1"}); a.status != http.StatusPreconditionRequired {
			t.Errorf("without If-Match: %d %s", a.status, a.body)
		}
		if p := read[api.Person](t, patch(fields{"phone": "1"}, "If-Match", `"1"`), http.StatusOK); p.Phone != "1" || p.Email != "ana@example.com" || p.Version != 2 {
			t.Errorf("%+v", p)
		}
		stale := patch(fields{"phone": "2"}, "If-Match", `"1"`)
		problem := read[struct{ Current api.Person }](t, stale, http.StatusPreconditionFailed)
		if problem.Current.Phone != "1" || problem.Current.Version != 2 {
			t.Errorf("%s", stale.body)
		}
		wrong := read[web.Problem](t, patch(fields{"organisation_id": 4711, "email": "nobody"}, "If-Match", "*"), http.StatusUnprocessableEntity)
		if len(wrong.Errors) != 1 || wrong.Errors[0].Name != "email" {
			t.Errorf("%+v", wrong)
		}
		wrong = read[web.Problem](t, patch(fields{"organisation_id": 4711}, "If-Match", "*"), http.StatusUnprocessableEntity)
		if len(wrong.Errors) != 1 || wrong.Errors[0].Pointer != "#/organisation_id" {
			t.Errorf("%+v", wrong)
		}
		wrong = read[web.Problem](t, patch(fields{"manager_id": made.ID}, "If-Match", "*"), http.StatusUnprocessableEntity)
		if len(wrong.Errors) != 1 || wrong.Errors[0].Pointer != "#/manager_id" {
			t.Errorf("%+v", wrong)
		}
		if p := read[api.Person](t, patch(fields{"manager_id": o.admin}, "If-Match", "*"), http.StatusOK); p.ManagerID != o.admin {
			t.Errorf("%+v", p)
		}
		if p := read[api.Person](t, patch(fields{"manager_id": nil}, "If-Match", "*"), http.StatusOK); p.ManagerID != 0 {
			t.Errorf("%+v", p)
		}
		if a := patch(fields{"name": nil}, "If-Match", "*"); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestAGroupsHomeIsChangedFromAnInstantOn(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		path := "/groups/" + text(o.Group("Field", o.Organisation(people.Own, "Halden", 0)))
		supplier := o.Organisation(people.Supplier, "Wireworks", 0)
		patch := func(body fields, status int) api.Group {
			t.Helper()
			return read[api.Group](t, o.as(o.session, http.MethodPatch, path, body, "Content-Type", "application/merge-patch+json", "If-Match", "*"), status)
		}
		if g := patch(fields{"organisation_id": supplier}, http.StatusOK); !g.HomeSince.Equal(g.UpdatedAt) {
			t.Errorf("from now on: %s, saved %s", g.HomeSince, g.UpdatedAt)
		}
		if g := patch(fields{"home_since": "2020-02-03T08:00:00+01:00"}, http.StatusOK); g.HomeSince.Format(time.RFC3339) != "2020-02-03T07:00:00Z" {
			t.Errorf("since %s", g.HomeSince)
		}
		if g := patch(fields{"home_since": nil}, http.StatusOK); !g.HomeSince.IsZero() || g.OrganisationID != supplier {
			t.Errorf("always: %s", g.HomeSince)
		}
		patch(fields{"home_since": "2090-01-01T00:00:00Z"}, http.StatusUnprocessableEntity)
	})
}

func TestListsArePagedToTheEnd(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		for range 5 {
			o.Person("Same Name", 0)
		}
		var ids []int64
		for path := "/people?limit=2&q=same"; path != ""; {
			a := o.as(o.session, http.MethodGet, path, nil)
			page := read[openapi.Page[api.Person]](t, a, http.StatusOK)
			for _, p := range page.Items {
				ids = append(ids, p.ID)
			}
			path = ""
			if page.NextCursor != "" {
				path = "/people?limit=2&q=same&cursor=" + page.NextCursor
				if !strings.Contains(a.header.Get("Link"), page.NextCursor) {
					t.Errorf("link %q", a.header.Get("Link"))
				}
			}
		}
		if len(ids) != 5 {
			t.Errorf("%v", ids)
		}
		var seqs []int64
		for path := "/audit?limit=3"; path != ""; {
			page := read[openapi.Page[api.AuditEntry]](t, o.as(o.session, http.MethodGet, path, nil), http.StatusOK)
			for _, e := range page.Items {
				seqs = append(seqs, e.Seq)
			}
			path = ""
			if page.NextCursor != "" {
				path = "/audit?limit=3&cursor=" + page.NextCursor
			}
		}
		for i, seq := range seqs {
			if seq != int64(len(seqs)-i) {
				t.Fatalf("%v", seqs)
			}
		}
		for _, path := range []string{"/people?cursor=x", "/audit?cursor=x", "/people/" + text(o.admin) + "/sign-ins?cursor=x"} {
			if a := o.as(o.session, http.MethodGet, path, nil); a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	})
}

func TestTokenCannotRaiseItself(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		made := read[api.NewAPIToken](t, o.as(o.session, http.MethodPost, "/tokens", fields{"name": "reader", "verbs": []string{"view", "view_people"}}, "Idempotency-Key", "t"), http.StatusCreated)
		if a := o.as(o.session, http.MethodPost, "/tokens", fields{"name": "reader", "verbs": []string{"view", "view_people"}}, "Idempotency-Key", "t"); a.status != http.StatusConflict {
			t.Errorf("the secret a second time: %d %s", a.status, a.body)
		}
		me := read[api.Me](t, o.as(made.Secret, http.MethodGet, "/me", nil), http.StatusOK)
		if diff := cmp.Diff([]string{"view", "view_people"}, me.Verbs); diff != "" || me.Person.ID != o.admin {
			t.Error(diff)
		}
		for _, c := range []struct{ method, path string }{
			{http.MethodPost, "/tokens"},
			{http.MethodDelete, "/tokens/" + text(made.ID)},
			{http.MethodPost, "/people"},
			{http.MethodPut, "/people/" + text(o.admin) + "/roles/agent"},
			{http.MethodDelete, "/sessions/1"},
		} {
			var body any
			if c.method == http.MethodPost {
				body = fields{"name": "x"}
			}
			if a := o.as(made.Secret, c.method, c.path, body); a.status != http.StatusForbidden {
				t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.body)
			}
		}
		read[struct{}](t, o.as(o.session, http.MethodDelete, "/tokens/"+text(made.ID), nil), http.StatusNoContent)
		if a := o.as(made.Secret, http.MethodGet, "/me", nil); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("revoked: %d", a.status)
		}
	})
}

func TestRolesAreGivenAndTakenByKey(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		ana := o.Person("Ana", 0)
		g := o.Group("Team", 0, ana)
		path := "/people/" + text(ana) + "/roles"
		read[struct{}](t, o.as(o.session, http.MethodPut, path+"/agent", nil), http.StatusNoContent)
		read[struct{}](t, o.as(o.session, http.MethodPut, "/groups/"+text(g)+"/roles/auditor", nil), http.StatusNoContent)
		held := read[struct{ Items []api.HeldRole }](t, o.as(o.session, http.MethodGet, path, nil), http.StatusOK)
		want := []api.HeldRole{{Role: "agent", Name: "Agent"}, {Role: "auditor", Name: "Auditor", GroupID: g, GroupName: "Team"}}
		if diff := cmp.Diff(want, held.Items); diff != "" {
			t.Error(diff)
		}
		if !access.From(o.As(ana)).HasRole("auditor") {
			t.Error("the role does not count at once")
		}
		read[struct{}](t, o.as(o.session, http.MethodDelete, path+"/agent", nil), http.StatusNoContent)
		if a := o.as(o.session, http.MethodDelete, "/people/"+text(o.admin)+"/roles/administrator", nil); a.status != http.StatusConflict {
			t.Errorf("the last administrator: %d %s", a.status, a.body)
		}
		if a := o.as(o.session, http.MethodPut, path+"/pilot", nil); a.status != http.StatusUnprocessableEntity {
			t.Errorf("an unknown role: %d %s", a.status, a.body)
		}
	})
}
