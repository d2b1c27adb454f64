package administration_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration"
	"github.com/steward-itsm/steward/internal/ui"
)

// office is a world behind the pages.
type office struct {
	*coretest.World
	id   *identity.Service
	jobs *jobs.Queue
	mux  *web.Mux
	now  access.Actor // whoever asks next
}

// plain is a frame with nothing around the page but the title.
type plain struct{}

func (plain) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(w, r, status, framed{p.Title, body})
}

type framed struct {
	title string
	body  web.Component
}

func (f framed) Render(ctx context.Context, w io.Writer) error {
	return ui.Bare{Title: f.title}.View().Render(templ.WithChildren(ctx, f.body), w)
}

// history is what the program passes in, without tickets.
type history struct{ *identity.Service }

func (history) TicketsOf(context.Context, int64, int) ([]administration.TicketLine, error) {
	return []administration.TicketLine{{Number: "INC-1", Title: "A ticket", State: "New", Category: "new"}}, nil
}

func (h history) SignInsOf(ctx context.Context, person int64, limit int) ([]administration.SignIn, error) {
	records, _, err := h.History(ctx, person, identity.HistoryCursor{}, limit)
	var out []administration.SignIn
	for _, r := range records {
		out = append(out, administration.SignIn{At: r.At, Success: r.OK, Address: r.Address, Device: r.UserAgent})
	}
	return out, err
}

func each(t *testing.T, fn func(t *testing.T, o *office)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		o := &office{World: w, jobs: jobs.New(w.DB, jobs.Options{})}
		o.id = identity.New(identity.Deps{
			DB: w.DB, People: w.People, Roles: w.Roles, Actors: w.Actors, Audit: w.Log, Clock: w.Clock.Now,
			Options: identity.Options{Cost: identity.Cost{Memory: 64, Time: 1}},
		})
		t.Cleanup(o.id.Close)
		kinds, err := workflow.NewRegistry(t.Context(), w.DB)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kinds.Close)
		o.mux, err = web.NewMux(web.Options{ErrorPage: func(_ http.Header, _ *http.Request, p *web.Problem, _ bool) web.Component {
			return ui.Problem{Title: p.Title, Detail: p.Detail}
		}})
		if err != nil {
			t.Fatal(err)
		}
		m := administration.New(administration.Deps{
			DB: w.DB, People: w.People, Services: w.Services, Roles: w.Roles, Audit: w.Log, Kinds: kinds, Jobs: o.jobs,
			History: history{o.id}, Frame: plain{}, Now: w.Clock.Now,
		})
		m.Routes(o.mux.With(web.Use(func(next web.HandlerFunc) web.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) error {
				return next(w, r.WithContext(access.With(r.Context(), o.now)))
			}
		})))
		fn(t, o)
	}, identity.Migrations, workflow.Migrations, jobs.Migrations)
}

// as lets a person ask.
func (o *office) as(person int64) *office {
	o.T.Helper()
	o.now = access.From(o.As(person))
	return o
}

func (o *office) do(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	o.mux.ServeHTTP(w, r)
	return w
}

func (o *office) get(path string) *httptest.ResponseRecorder {
	return o.do(httptest.NewRequestWithContext(o.T.Context(), http.MethodGet, path, nil))
}

func (o *office) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequestWithContext(o.T.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return o.do(r)
}

func page(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func fieldError(doc *goquery.Document, field string) string {
	return strings.TrimSpace(doc.Find("#f-" + field + "-field .s-error").Text())
}

// goes wants a redirect, and gives where it leads.
func goes(t *testing.T, what string, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%s: %d %s", what, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func TestWhoMayOpenWhichPage(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		company := o.Organisation(people.Own, "Company", 0)
		supplier := o.Organisation(people.Supplier, "Supplier", 0)
		roles := map[string]int64{}
		for _, r := range access.BuiltInRoles() {
			at := company
			if r.Key == access.RoleSupplierAgent {
				at = supplier
			}
			roles[r.Key] = o.Person(r.Name, at, r.Key)
		}
		someone := o.Person("Someone", company)
		g := o.Group("Group", company)
		theirs := o.Group("Theirs", supplier, roles[access.RoleSupplierAgent])
		s := o.Service("Service", roles[access.RoleServiceOwner])
		const none = ""
		for _, c := range []struct{ path, allowed, missing string }{
			// allowed sees the page; missing is answered 404, everybody else 403.
			{fmt.Sprintf("/people/%d", someone), "agent team_lead service_owner relationship_manager auditor administrator", "requester supplier_agent"},
			{"/people", "requester agent team_lead service_owner relationship_manager supplier_agent auditor administrator", none},
			{fmt.Sprintf("/groups/%d", g), "agent team_lead service_owner relationship_manager auditor administrator", "requester supplier_agent"},
			{fmt.Sprintf("/groups/%d", theirs), "agent team_lead service_owner supplier_agent auditor administrator", "requester relationship_manager"},
			{fmt.Sprintf("/organisations/%d", supplier), "agent team_lead service_owner supplier_agent auditor administrator", "requester relationship_manager"},
			{fmt.Sprintf("/services/%d", s), "requester agent team_lead service_owner relationship_manager auditor administrator", none},
			{"/roles", "auditor administrator", none},
			{"/roles/agent", "auditor administrator", none},
			{"/roles/new", "administrator", none},
			{"/people/new", "administrator", none},
			{"/organisations/new", "administrator", none},
			{fmt.Sprintf("/groups/%d/edit", g), "administrator", none},
			{"/services/new", "service_owner administrator", none},
			{"/kinds", "administrator", none},
			{"/jobs", "administrator", none},
			{"/audit", "auditor administrator", none},
		} {
			for role, person := range roles {
				want := http.StatusForbidden
				if slicesHas(c.allowed, role) {
					want = http.StatusOK
				} else if slicesHas(c.missing, role) {
					want = http.StatusNotFound
				}
				if w := o.as(person).get(c.path); w.Code != want {
					t.Errorf("%s for %s: %d, want %d", c.path, role, w.Code, want)
				}
			}
		}
		// Lists and choices show a requester nobody but themselves.
		for _, path := range []string{"/people", "/choose/people?q=s"} {
			if body := o.as(roles[access.RoleRequester]).get(path).Body.String(); strings.Contains(body, "Someone") || strings.Contains(body, "Auditor") {
				t.Errorf("%s shows people to a requester", path)
			}
		}
	})
}

func slicesHas(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

func TestFormsKeepWhatWasTypedAndSayWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.as(o.Person("Admin", 0, access.RoleAdministrator))
		o.Organisation(people.Own, "Taken", 0)
		o.Group("Taken", 0)
		o.Service("Taken", 0)
		for name, c := range map[string]struct {
			path  string
			form  []string
			field string
		}{
			"person's e-mail":        {"/people", []string{"name", "<b>Ann</b>", "email", "nobody"}, "email"},
			"person's organisation":  {"/people", []string{"name", "<b>Ann</b>", "organisation_id", "4711"}, "organisation_id"},
			"group's name":           {"/groups", []string{"name", "taken", "description", "kept"}, "name"},
			"group's organisation":   {"/groups", []string{"name", "G", "organisation_id", "4711"}, "organisation_id"},
			"organisation's parent":  {"/organisations", []string{"name", "U", "kind", "unit"}, "parent_id"},
			"organisation's name":    {"/organisations", []string{"name", "TAKEN", "kind", "own"}, "name"},
			"service's owner":        {"/services", []string{"name", "S", "owner_id", "4711", "criticality", "1", "stage", "live"}, "owner_id"},
			"service's name":         {"/services", []string{"name", "taken", "criticality", "1", "stage", "live"}, "name"},
			"service's support team": {"/services", []string{"name", "S", "support_group_id", "4711", "criticality", "1", "stage", "live"}, "support_group_id"},
			"role's key":             {"/roles", []string{"key", "No key", "name", "R"}, "key"},
		} {
			w := o.post(c.path, c.form...)
			doc := page(t, w)
			if w.Code != http.StatusUnprocessableEntity || fieldError(doc, c.field) == "" {
				t.Errorf("%s: %d, %q", name, w.Code, fieldError(doc, c.field))
			}
			if got := doc.Find("#f-name").AttrOr("value", ""); got != c.form[1] && c.path != "/roles" {
				t.Errorf("%s: the name came back as %q", name, got)
			}
			if strings.Contains(w.Body.String(), "<b>Ann</b>") {
				t.Errorf("%s: markup was not escaped", name)
			}
		}
	})
}

func TestPersonIsAddedChangedAndGivenARole(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		company := o.Organisation(people.Own, "Company", 0)
		o.as(o.Person("Admin", company, access.RoleAdministrator))
		at := goes(t, "add", o.post("/people", "name", "Ann", "email", "ann@example.com", "organisation_id", fmt.Sprint(company), "active", "true"))
		doc := page(t, o.get(at))
		if doc.Find("h1").Text() != "Ann" || !strings.Contains(doc.Text(), "ann@example.com") || !strings.Contains(doc.Text(), "INC-1") {
			t.Errorf("%s", doc.Text())
		}
		version := page(t, o.get(at+"/edit")).Find(`input[name=version]`).AttrOr("value", "")
		goes(t, "change", o.post(at, "name", "Anne", "active", "true", "version", version))
		w := o.post(at, "name", "Anna", "active", "true", "version", version)
		doc = page(t, w)
		if w.Code != http.StatusConflict || doc.Find("#f-name").AttrOr("value", "") != "Anna" {
			t.Errorf("a late save: %d", w.Code)
		}
		goes(t, "save again", o.post(at, "name", "Anna", "active", "true", "version", doc.Find(`input[name=version]`).AttrOr("value", "")))
		goes(t, "give a role", o.post(at+"/roles", "role", "agent"))
		doc = page(t, o.get(at))
		if rows := doc.Find("#roles tbody tr"); rows.Length() != 1 || !strings.Contains(rows.Text(), "Agent") {
			t.Errorf("%s", rows.Text())
		}
		w = o.post(at+"/roles", "role", "pilot")
		if doc := page(t, w); w.Code != http.StatusUnprocessableEntity || !strings.Contains(doc.Find(".s-alert").Text(), "pilot") {
			t.Errorf("an unknown role: %d %s", w.Code, doc.Find(".s-alert").Text())
		}
		goes(t, "take the role", o.post(at+"/roles", "role", "agent", "revoke", "true"))
		if n := page(t, o.get(at)).Find("#roles tbody tr").Length(); n != 0 {
			t.Errorf("%d roles are left", n)
		}
	})
}

func TestAnOfferingIsAddedAndGiven(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		company, customer := o.Organisation(people.Own, "Company", 0), o.Organisation(people.Customer, "Lighthouse", 0)
		admin, requester := o.Person("Admin", company, access.RoleAdministrator), o.Person("Asker", company)
		o.as(admin)
		at := "/services/" + fmt.Sprint(o.Service("Mail", admin))
		if doc := page(t, o.post(at+"/offerings/new", "name", "", "description", "Round the clock")); doc.Find("#f-name-field.s-field-wrong").Length() != 1 || doc.Find("#f-description").Text() != "Round the clock" {
			t.Errorf("without a name: %s", doc.Find("main").Text())
		}
		goes(t, "add", o.post(at+"/offerings/new", "name", "Premium", "active", "true"))
		doc := page(t, o.get(at))
		edit := doc.Find("#offerings tbody a").AttrOr("href", "")
		offering := edit[strings.LastIndex(edit, "/")+1:]
		goes(t, "change", o.post(edit, "name", "Gold", "active", "true", "version", page(t, o.get(edit)).Find("input[name=version]").AttrOr("value", "")))
		if doc := page(t, o.post(at+"/uses", "offering_id", offering, "organisation_id", "4711", "since", "soon")); doc.Find("#f-since-field").Text() == "" || doc.Find("#f-since").AttrOr("value", "") != "soon" {
			t.Errorf("no date: %s", doc.Find("main").Text())
		}
		goes(t, "give", o.post(at+"/uses", "offering_id", offering, "organisation_id", fmt.Sprint(customer), "since", "2026-01-01T08:00"))
		goes(t, "to everybody", o.post(at+"/uses", "offering_id", offering))
		rows := page(t, o.get(at)).Find("#uses tbody tr")
		if rows.Length() != 2 || !strings.Contains(rows.Text(), "Lighthouse") || !strings.Contains(rows.Text(), "Everybody else") {
			t.Errorf("%s", rows.Text())
		}
		goes(t, "take back", o.post(at+"/uses", "remove", rows.Last().Find("input[name=remove]").AttrOr("value", "")))
		if n := page(t, o.get(at)).Find("#uses tbody tr").Length(); n != 1 {
			t.Errorf("%d uses are left", n)
		}
		if w := o.get("/services/4711/offerings/" + offering); w.Code != http.StatusNotFound {
			t.Errorf("at another service's address: %d", w.Code)
		}
		o.as(requester)
		doc = page(t, o.get(at))
		if doc.Find("#offerings tbody tr").Length() != 1 || doc.Find("#uses").Length() != 0 || doc.Find("#offerings a").Length() != 0 {
			t.Errorf("a requester sees %s", doc.Find("main").Text())
		}
		if w := o.get(edit); w.Code != http.StatusForbidden {
			t.Errorf("a requester may open the form: %d", w.Code)
		}
	})
}

func TestAGroupMovesFromAnInstantOn(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		company, supplier := o.Organisation(people.Own, "Company", 0), o.Organisation(people.Supplier, "Wireworks", 0)
		o.as(o.Person("Admin", company, access.RoleAdministrator))
		at := "/groups/" + fmt.Sprint(o.Group("Field", company))
		save := func(more ...string) *httptest.ResponseRecorder {
			t.Helper()
			doc := page(t, o.get(at+"/edit"))
			shown := func(name string) string { return doc.Find("input[name="+name+"]").AttrOr("value", "") }
			fields := []string{"name", "Field", "active", "true", "organisation_id", fmt.Sprint(supplier), "version", shown("version"), "home_shown", shown("home_shown")}
			if !slices.Contains(more, "home_since") {
				fields = append(fields, "home_since", shown("home_since"))
			}
			return o.post(at, append(fields, more...)...)
		}
		if doc := page(t, save("home_since", "2090-01-01T08:00")); !strings.Contains(doc.Find("#f-home_since-field").Text(), "still to come") {
			t.Errorf("an instant to come: %s", doc.Find("#f-home_since-field").Text())
		}
		if doc := page(t, save("home_since", "tomorrow")); !strings.Contains(doc.Find("#f-home_since-field").Text(), "Give a date") || doc.Find("#f-home_since").AttrOr("value", "") != "tomorrow" {
			t.Errorf("no instant: %s", doc.Find("#f-home_since-field").Text())
		}
		for _, c := range []struct {
			what  string
			more  []string
			since string
		}{
			{"from now on", nil, o.Clock.Now().Format("2006-01-02T15:04")},
			{"nothing said", nil, o.Clock.Now().Format("2006-01-02T15:04")},
			{"another instant", []string{"home_since", "2020-02-03T08:00"}, "2020-02-03T08:00"},
			{"a mistake", []string{"home_always", "true"}, ""},
		} {
			goes(t, c.what, save(c.more...))
			if since := page(t, o.get(at+"/edit")).Find("#f-home_since").AttrOr("value", ""); since != c.since {
				t.Errorf("%s: since %q, want %q", c.what, since, c.since)
			}
		}
	})
}

func TestLastAdministratorStaysAndIsTold(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		admin := o.Person("Admin", 0, access.RoleAdministrator)
		w := o.as(admin).post(fmt.Sprintf("/people/%d/roles", admin), "role", "administrator", "revoke", "true")
		if doc := page(t, w); w.Code != http.StatusConflict || doc.Find(".s-alert").Length() != 1 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestManagingPeopleEndsWhereRolesBegin(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		role := access.Role{Key: "hr", Name: "HR", Permissions: []access.Permission{
			{Verb: access.ManagePeople, Kind: access.AnyKind, Scope: access.ScopeAll},
		}}
		if _, err := o.Roles.Create(o.System(), role); err != nil {
			t.Fatal(err)
		}
		hr, agent := o.Person("HR", 0, "hr"), o.Person("Agent", 0, access.RoleAgent)
		plain, err := o.People.CreatePerson(o.System(), people.PersonInput{Name: "Plain", Email: "plain@example.com", Active: true})
		if err != nil {
			t.Fatal(err)
		}
		g := o.Group("Agents", 0)
		if err := o.Roles.GrantToGroup(o.System(), g, access.RoleAgent, 0); err != nil {
			t.Fatal(err)
		}
		o.as(hr)
		for name, w := range map[string]*httptest.ResponseRecorder{
			"joining a group that gives roles": o.post(fmt.Sprintf("/groups/%d/members", g), "person_id", fmt.Sprint(hr)),
			"giving a role":                    o.post(fmt.Sprintf("/people/%d/roles", hr), "role", "administrator"),
			"an agent's password":              o.post(fmt.Sprintf("/people/%d/password", agent)),
		} {
			if doc := page(t, w); w.Code != http.StatusForbidden || doc.Find(".s-alert").Length() != 1 {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		w := o.post(fmt.Sprintf("/people/%d/password", plain.ID))
		given := page(t, w).Find("pre").Text()
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if o, err := o.id.SignIn(t.Context(), "plain@example.com", given, identity.Origin{}); err != nil || !o.MustChange {
			t.Errorf("the password that was shown: %+v %v", o, err)
		}
	})
}

func TestMembersAreAddedAndTakenOut(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		ann := o.Person("Ann", 0)
		at := fmt.Sprintf("/groups/%d", o.Group("Group", 0))
		o.as(o.Person("Admin", 0, access.RoleAdministrator))
		goes(t, "add", o.post(at+"/members", "person_id", fmt.Sprint(ann), "lead", "true"))
		rows := page(t, o.get(at)).Find("#members tbody tr")
		if rows.Length() != 1 || !strings.Contains(rows.Text(), "Ann") || !strings.Contains(rows.Text(), "Yes") {
			t.Errorf("%s", rows.Text())
		}
		if w := o.post(at+"/members", "person_id", ""); w.Code != http.StatusUnprocessableEntity || page(t, w).Find(".s-alert").Length() != 1 {
			t.Errorf("nobody chosen: %d", w.Code)
		}
		goes(t, "take out", o.post(at+"/members", "person_id", fmt.Sprint(ann), "remove", "true"))
		if n := page(t, o.get(at)).Find("#members tbody tr").Length(); n != 0 {
			t.Errorf("%d members are left", n)
		}
	})
}

func TestRoleIsCopiedEditedAndDeletedInTheMatrix(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		o.as(o.Person("Admin", 0, access.RoleAdministrator))
		doc := page(t, o.get("/roles/new?from=auditor"))
		form := []string{"key", "inspector", "name", "Inspector"}
		doc.Find("input[name=permission][checked]").Each(func(_ int, s *goquery.Selection) {
			form = append(form, "permission", s.AttrOr("value", ""))
		})
		if len(form) < 10 {
			t.Fatalf("the copy has no permissions: %v", form)
		}
		at := goes(t, "copy", o.post("/roles", form...))
		copied, err := o.Roles.Get(o.System(), "inspector")
		auditor, wrong := o.Roles.Get(o.System(), access.RoleAuditor)
		if err != nil || wrong != nil || len(copied.Permissions) != len(auditor.Permissions) {
			t.Fatalf("%+v %v", copied, err)
		}
		goes(t, "edit", o.post(at, "version", "1", "name", "Inspector", "permission", "view|incident|group"))
		doc = page(t, o.get(at))
		if !strings.Contains(doc.Text(), "Only Incidents") {
			t.Errorf("%s", doc.Text())
		}
		holder := o.Person("Holder", 0, "inspector")
		if w := o.post(at+"/delete", "version", "2"); w.Code != http.StatusUnprocessableEntity || page(t, w).Find(".s-alert").Length() != 1 {
			t.Errorf("deleted while held: %d", w.Code)
		}
		if err := o.Roles.RevokeFromPerson(o.System(), holder, "inspector", 0); err != nil {
			t.Fatal(err)
		}
		goes(t, "delete", o.post(at+"/delete", "version", "2"))
		if w := o.post("/roles/agent", "name", "Agent"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("a built-in role was edited: %d", w.Code)
		}
		if w := o.get("/roles/agent"); strings.Contains(w.Body.String(), "/roles/agent/edit") || strings.Contains(w.Body.String(), "/roles/agent/delete") {
			t.Error("a built-in role offers to be edited")
		}
	})
}

func TestAuditLogSaysWhatChangedAndIsNarrowed(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		admin := o.Person("Admin", 0, access.RoleAdministrator)
		at := goes(t, "add", o.as(admin).post("/people", "name", "Ann", "active", "true"))
		goes(t, "change", o.post(at, "name", "Anne", "active", "true", "version", "1"))
		goes(t, "add a group", o.post("/groups", "name", "G", "active", "true"))
		rows := page(t, o.get("/audit?type=person&person_id="+fmt.Sprint(admin))).Find("#audit tbody tr")
		first := rows.First().Text()
		if rows.Length() != 2 || !strings.Contains(first, "Person changed") || !strings.Contains(first, "Ann") || !strings.Contains(first, "Anne") {
			t.Errorf("%d rows: %s", rows.Length(), first)
		}
		for path, want := range map[string]int{
			"/audit?from=2026-03-02&to=2026-03-02": -1, "/audit?from=2026-03-03": 0, "/audit?to=2026-03-01": 0, "/audit?type=group": 1,
		} {
			if n := page(t, o.get(path)).Find("#audit tbody tr").Length(); want >= 0 && n != want || want < 0 && n == 0 {
				t.Errorf("%s: %d rows", path, n)
			}
		}
		if w := o.get("/audit?from=yesterday"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("no day: %d", w.Code)
		}
		if doc := page(t, o.get("/audit?verify=true")); !strings.Contains(doc.Find(".s-alert").Text(), "is whole") {
			t.Errorf("%s", doc.Find(".s-alert").Text())
		}
		if err := o.DB.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE audit_log SET object_name = 'Mallory' WHERE seq = 2")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if doc := page(t, o.get("/audit?verify=true")); !strings.Contains(doc.Find(".s-alert").Text(), "broken after entry 1") {
			t.Errorf("%s", doc.Find(".s-alert").Text())
		}
	})
}

func TestFailedJobIsSeenAndRunAgain(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		ran := make(chan bool, 10)
		fail := true
		kind := jobs.Define(o.jobs, "mail.send", func(context.Context, *jobs.Job, string) error {
			ran <- true
			if fail {
				return errors.New("no route to <b>host</b>")
			}
			return nil
		}, jobs.KindOptions{MaxAttempts: 1})
		var n int64
		if err := o.DB.Write(t.Context(), func(tx *database.Tx) (err error) {
			n, err = kind.Enqueue(t.Context(), tx, "x")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		if err := o.jobs.Start(ctx); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cancel()
			_ = o.jobs.Stop(context.Background())
		})
		<-ran
		o.as(o.Person("Admin", 0, access.RoleAdministrator))
		at := fmt.Sprintf("/jobs/%d", n)
		look := time.NewTicker(10 * time.Millisecond)
		defer look.Stop()
		for page(t, o.get("/jobs")).Find("#dead tbody tr").Length() == 0 {
			<-look.C
		}
		if doc := page(t, o.get(at)); !strings.Contains(doc.Find("#failures").Text(), "no route to <b>host</b>") {
			t.Errorf("%s", doc.Text())
		}
		fail = false
		goes(t, "run again", o.post(at+"/replay"))
		<-ran
		rows := page(t, o.get("/audit?type=job")).Find("#audit tbody tr")
		if rows.Length() != 1 || !strings.Contains(rows.Text(), "Job run again") {
			t.Errorf("%s", rows.Text())
		}
		agent := o.Person("Agent", 0, access.RoleAgent)
		if w := o.as(agent).post(at + "/discard"); w.Code != http.StatusForbidden {
			t.Errorf("an agent discards: %d", w.Code)
		}
	})
}

func TestPagesTakeAFixedNumberOfQueries(t *testing.T) {
	each(t, func(t *testing.T, o *office) {
		company := o.Organisation(people.Own, "Company", 0)
		admin := o.Person("Admin", company, access.RoleAdministrator)
		g := o.Group("Group", company, admin)
		s := o.Service("Service", admin)
		for i := range 12 {
			p := o.Person(fmt.Sprint("Person ", i), company, access.RoleAgent)
			if err := o.People.SetMember(o.System(), g, p, false); err != nil {
				t.Fatal(err)
			}
			o.Group(fmt.Sprint("Group ", i), company)
			o.Service(fmt.Sprint("Service ", i), p)
			o.Organisation(people.Unit, fmt.Sprint("Unit ", i), company)
		}
		o.as(admin)
		for path, most := range map[string]int{
			"/people": 2, "/groups": 2, "/organisations": 1, "/services": 5, "/roles": 2, "/audit": 2, "/jobs": 2,
			fmt.Sprintf("/people/%d", admin): 12, fmt.Sprintf("/groups/%d", g): 8, fmt.Sprintf("/organisations/%d", company): 5,
			fmt.Sprintf("/services/%d", s): 7, "/roles/agent": 4, "/choose/people?q=p": 1,
		} {
			ctx, counter := database.WithCounter(t.Context())
			w := o.do(httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
			if counter.N() > most || w.Code != http.StatusOK {
				t.Errorf("%s: %d, %d queries:\n%s", path, w.Code, counter.N(), strings.Join(counter.Queries(), "\n"))
			}
		}
	})
}
