package account_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/account"
	"github.com/steward-itsm/steward/internal/ui"
)

const password = "correct zebra battery"

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

// site is a world with the pages of accounts.
type site struct {
	*coretest.World
	ID  *identity.Service
	mux *web.Mux
}

func each(t *testing.T, fn func(t *testing.T, s site)) {
	t.Helper()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		s := site{World: w, ID: identity.New(identity.Deps{
			DB: w.DB, People: w.People, Roles: w.Roles, Actors: w.Actors, Audit: w.Log, Clock: w.Clock.Now,
			Options: identity.Options{Cost: identity.Cost{Memory: 64, Time: 1}},
		})}
		t.Cleanup(s.ID.Close)
		kinds, err := workflow.NewRegistry(t.Context(), w.DB)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kinds.Close)
		if s.mux, err = web.NewMux(web.Options{ErrorPage: problemPage}); err != nil {
			t.Fatal(err)
		}
		m := account.New(account.Deps{
			DB: w.DB, Identity: s.ID, People: w.People, Roles: w.Roles, Kinds: kinds, Frame: plain{}, Now: w.Clock.Now,
		})
		m.Routes(s.mux.With(web.Use(s.ID.Authenticate)))
		fn(t, s)
	}, []fs.FS{identity.Migrations, workflow.Migrations}...)
}

func problemPage(_ http.Header, _ *http.Request, p *web.Problem, _ bool) web.Component {
	return ui.Problem{Title: p.Title, Detail: p.Detail}
}

// user adds a person who can sign in.
func (s site) user(name string, roleKeys ...string) int64 {
	s.T.Helper()
	p, err := s.People.CreatePerson(s.System(), people.PersonInput{Name: name, Email: name + "@example.com", Active: true})
	if err == nil {
		err = s.ID.SetPassword(s.System(), p.ID, password)
	}
	for _, key := range roleKeys {
		if err == nil {
			err = s.Roles.GrantToPerson(s.System(), p.ID, key, 0)
		}
	}
	if err != nil {
		s.T.Fatal(err)
	}
	return p.ID
}

// browser keeps cookies.
type browser struct {
	site    site
	cookies map[string]*http.Cookie
	agent   string
}

func (s site) browser() *browser {
	return &browser{site: s, cookies: map[string]*http.Cookie{}, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
}

// as is a browser in which somebody is signed in.
func (s site) as(name string) *browser {
	s.T.Helper()
	b := s.browser()
	w := b.post("/sign-in", "email", name+"@example.com", "password", password)
	if w.Code != http.StatusSeeOther {
		s.T.Fatalf("sign-in answers %d", w.Code)
	}
	return b
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	r.Header.Set("User-Agent", b.agent)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.site.mux.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	return b.do(httptest.NewRequestWithContext(b.site.T.Context(), http.MethodGet, path, nil))
}

func (b *browser) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequestWithContext(b.site.T.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func page(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// fieldError is what stands beside a field.
func fieldError(doc *goquery.Document, field string) string {
	return strings.TrimSpace(doc.Find("#f-" + field + "-error").Text())
}

func goes(t *testing.T, what string, w *httptest.ResponseRecorder, to string) {
	t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		t.Errorf("%s: %d to %q, want %q", what, w.Code, w.Header().Get("Location"), to)
	}
}

func TestFirstRunMakesTheAdministratorAndClosesBehindThem(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		b := s.browser()
		goes(t, "sign-in before the first run", b.get("/sign-in"), "/setup")
		goes(t, "any page", b.get("/profile"), "/setup")
		code, err := s.ID.SetupCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		form := []string{"organisation", "Example", "name", "Ada", "email", "ada@example.com", "password", "short", "code", code}
		w := b.post("/setup", form...)
		doc := page(t, w)
		if w.Code != http.StatusUnprocessableEntity || fieldError(doc, "password") == "" || doc.Find("#f-name").AttrOr("value", "") != "Ada" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		form[7] = password
		goes(t, "setup", b.post("/setup", form...), "/")
		if w := b.get("/profile"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Administrator") {
			t.Errorf("the new administrator sees %d", w.Code)
		}
		goes(t, "setup again", s.browser().get("/setup"), "/sign-in")
		goes(t, "sending setup again", s.browser().post("/setup", form...), "/sign-in")
	})
}

func TestSignInFormTellsNothingAndKeepsTheAddress(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		s.user("ann", access.RoleAdministrator)
		var bodies []string
		for _, login := range []string{"ann@example.com", "xyz@example.com"} {
			w := s.browser().post("/sign-in", "email", login, "password", "wrong", "next", "/queue?q=1")
			doc := page(t, w)
			if w.Code != http.StatusUnprocessableEntity || doc.Find("#f-email").AttrOr("value", "") != login ||
				doc.Find(`input[name=next]`).AttrOr("value", "") != "/queue?q=1" || doc.Find("#f-password").AttrOr("value", "") != "" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			bodies = append(bodies, strings.ReplaceAll(w.Body.String(), login, ""))
		}
		if bodies[0] != bodies[1] {
			t.Error("the page differs for an account that exists")
		}
		b := s.browser()
		goes(t, "sign-in with next", b.post("/sign-in", "email", "ann@example.com", "password", password, "next", "/queue?q=1"), "/queue?q=1")
		goes(t, "sign-in when signed in", b.get("/sign-in?next=/people"), "/people")
		for _, evil := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
			goes(t, evil, s.browser().post("/sign-in", "email", "ann@example.com", "password", password, "next", evil), "/")
		}
	})
}

func TestSigningOutEndsTheSessionAndSigningInAgainLeavesOne(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		ann := s.user("ann", access.RoleAdministrator)
		b := s.as("ann")
		b.post("/sign-in", "email", "ann@example.com", "password", password)
		list, err := s.ID.Sessions(s.As(ann), ann)
		if err != nil || len(list) != 1 {
			t.Errorf("%d sessions, %v", len(list), err)
		}
		stolen := *b.cookies["session"]
		goes(t, "sign-out", b.post("/sign-out"), "/sign-in")
		if b.cookies["session"] != nil {
			t.Error("the cookie stays")
		}
		thief := s.browser()
		thief.cookies["session"] = &stolen
		goes(t, "a stolen cookie", thief.get("/profile"), "/sign-in?next=%2Fprofile")
	})
}

func TestForgedFormsAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		s.user("ann", access.RoleAdministrator)
		b := s.as("ann")
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/profile/sessions/end", nil)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.AddCookie(b.cookies["session"])
		w := httptest.NewRecorder()
		s.mux.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Errorf("%d", w.Code)
		}
	})
}

func TestProfileIsSavedAndErrorsStandBesideTheFields(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		ann := s.user("ann", access.RoleAdministrator)
		b := s.as("ann")
		w := b.post("/profile", "phone", "123", "zone", "Mars/Base", "language", "en", "theme", "dark")
		doc := page(t, w)
		if w.Code != http.StatusUnprocessableEntity || fieldError(doc, "zone") == "" || doc.Find("#f-phone").AttrOr("value", "") != "123" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		goes(t, "save", b.post("/profile", "phone", "123", "zone", "Europe/Berlin", "theme", "dark"), "/profile")
		doc = page(t, b.get("/profile"))
		if v, _ := doc.Find("#f-zone option[selected]").Attr("value"); v != "Europe/Berlin" {
			t.Errorf("zone %q", v)
		}
		p, err := s.People.Person(s.As(ann), ann)
		if err != nil || p.Theme != "dark" || p.Name != "ann" {
			t.Errorf("%+v %v", p, err)
		}
		if b.cookies["theme"] == nil {
			t.Error("the sign-in page will not look as chosen")
		}
	})
}

func TestEveryZoneOnOfferIsKnown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		s.user("ann", access.RoleAdministrator)
		var count int
		page(t, s.as("ann").get("/profile")).Find("#f-zone option").Each(func(_ int, o *goquery.Selection) {
			count++
			if _, err := time.LoadLocation(o.AttrOr("value", "")); err != nil {
				t.Error(err)
			}
		})
		if count < 300 {
			t.Errorf("%d zones", count)
		}
	})
}

func TestMenuChoicesAreKeptWithAndWithoutSigningIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		ann := s.user("ann", access.RoleAdministrator)
		b := s.browser()
		goes(t, "a stranger", b.post("/preferences", "theme", "dark"), "/")
		if c := b.cookies["theme"]; c == nil || c.Value != "dark" {
			t.Errorf("%v", c)
		}
		b = s.as("ann")
		b.post("/preferences", "theme", "dark")
		b.post("/preferences", "density", "compact")
		p, err := s.People.Person(s.As(ann), ann)
		if err != nil || p.Theme != "dark" || p.Density != "compact" {
			t.Errorf("%+v %v", p.Preferences, err)
		}
		b.post("/preferences", "theme", "auto")
		if p, _ := s.People.Person(s.As(ann), ann); p.Theme != "" || p.Density != "compact" || b.cookies["theme"] != nil {
			t.Errorf("%+v %v", p.Preferences, b.cookies["theme"])
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://desk.example/preferences", strings.NewReader("theme=light"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Referer", "http://desk.example/queue?q=1")
		goes(t, "back where one was", b.do(r), "/queue?q=1")
	})
}

func TestSessionsAreShownAndEnded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		s.user("ann", access.RoleAdministrator)
		here, there := s.as("ann"), s.as("ann")
		doc := page(t, here.get("/profile/security"))
		rows := doc.Find("#sessions tbody tr")
		if rows.Length() != 2 || !strings.Contains(rows.Text(), "Firefox on Linux") || doc.Find("#sessions form").Length() != 1 {
			t.Fatalf("%s", rows.Text())
		}
		if n := doc.Find("#sign-ins tbody tr").Length(); n != 2 {
			t.Errorf("%d sign-ins", n)
		}
		goes(t, "end one", here.post(doc.Find("#sessions form").AttrOr("action", "")), "/profile/security")
		goes(t, "the ended one", there.get("/profile"), "/sign-in?next=%2Fprofile")
		there = s.as("ann")
		goes(t, "end all others", here.post("/profile/sessions/end"), "/profile/security")
		goes(t, "the other one", there.get("/profile"), "/sign-in?next=%2Fprofile")
		if w := here.get("/profile"); w.Code != http.StatusOK {
			t.Errorf("this one ended too: %d", w.Code)
		}
	})
}

func TestGivenPasswordMustBeChangedFirst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		ann := s.user("ann", access.RoleAdministrator)
		admin := s.user("admin", access.RoleAdministrator)
		given, err := s.ID.ResetPassword(identity.With(s.As(admin), identity.Current{SessionID: 1}), ann)
		if err != nil {
			t.Fatal(err)
		}
		b := s.browser()
		goes(t, "sign-in", b.post("/sign-in", "email", "ann@example.com", "password", given, "next", "/queue"), "/profile/password")
		goes(t, "another page", b.get("/profile"), "/profile/password")
		w := b.post("/profile/password", "present", "wrong", "password", "a different long secret")
		if doc := page(t, w); w.Code != http.StatusUnprocessableEntity || fieldError(doc, "present") == "" || doc.Find(".s-nav").Length() > 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		goes(t, "change", b.post("/profile/password", "present", given, "password", "a different long secret"), "/")
		if w := b.get("/profile"); w.Code != http.StatusOK {
			t.Errorf("afterwards: %d", w.Code)
		}
	})
}

func TestTokenIsShownOnceAndRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		s.user("ann", access.RoleAgent)
		s.user("admin", access.RoleAdministrator)
		b := s.as("ann")
		for field, form := range map[string][]string{
			"name":  {"name", "", "reach", "read", "days", "30"},
			"verb":  {"name", "x", "reach", "chosen", "days", "30"},
			"reach": {"name", "x", "days", "30"},
		} {
			w := b.post("/profile/tokens", form...)
			if doc := page(t, w); w.Code != http.StatusUnprocessableEntity || fieldError(doc, field) == "" {
				t.Errorf("%s: %d %s", field, w.Code, w.Body)
			}
		}
		w := b.post("/profile/tokens", "name", "Report", "reach", "chosen", "verb", "view", "verb", "export", "kind", "incident", "days", "30")
		doc := page(t, w)
		secret := doc.Find(".s-code code").Text()
		if w.Code != http.StatusOK || !strings.HasPrefix(secret, "stw_") || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if again := b.get("/profile/tokens"); strings.Contains(again.Body.String(), secret) {
			t.Error("the secret is shown twice")
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/profile/tokens", nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		if w := s.browser().do(r); w.Code != http.StatusOK || page(t, w).Find("#new-token").Length() != 0 {
			t.Errorf("a token is offered to make tokens: %d", w.Code)
		}
		goes(t, "revoke", b.post(doc.Find("#tokens form").AttrOr("action", "")), "/")
		if w := s.browser().do(r); w.Code != http.StatusUnauthorized {
			t.Errorf("a revoked token: %d", w.Code)
		}
	})
}

func TestTokensOfOthersNeedTheRightToActForThem(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		s.user("ann", access.RoleAgent)
		s.user("admin", access.RoleAdministrator)
		robot, err := s.People.CreatePerson(s.System(), people.PersonInput{Name: "Robot", Active: true, ServiceAccount: true})
		if err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/people/%d/tokens", robot.ID)
		if w := s.as("ann").get(path); w.Code != http.StatusForbidden {
			t.Errorf("an agent looks at them: %d", w.Code)
		}
		if w := s.as("ann").post(path, "name", "x", "reach", "all"); w.Code != http.StatusForbidden {
			t.Errorf("an agent makes one: %d", w.Code)
		}
		w := s.as("admin").post(path, "name", "x", "reach", "all", "days", "0")
		if secret := page(t, w).Find(".s-code code").Text(); w.Code != http.StatusOK || secret == "" {
			t.Errorf("the administrator: %d %s", w.Code, w.Body)
		}
	})
}

func TestPagesTakeAFixedNumberOfQueries(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s site) {
		s.user("ann", access.RoleAdministrator)
		b := s.as("ann")
		for range 5 {
			s.as("ann")
			b.post("/profile/tokens", "name", "x", "reach", "all", "days", "30")
		}
		for path, most := range map[string]int{"/profile": 5, "/profile/security": 4, "/profile/tokens": 2, "/profile/password": 1, "/sign-in": 2} {
			ctx, counter := database.WithCounter(t.Context())
			w := b.do(httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
			if counter.N() > most || w.Code >= 400 {
				t.Errorf("%s: %d, %d queries: %s", path, w.Code, counter.N(), strings.Join(counter.Queries(), "\n"))
			}
		}
	})
}
