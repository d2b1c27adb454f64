package openapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// The API of these tests keeps one thing, at version 3.

type thing struct {
	Name  string            `json:"name" minLength:"1" maxLength:"10"`
	Size  int               `json:"size,omitempty" minimum:"1"`
	Parts []part            `json:"parts,omitempty" nullable:"false"`
	More  map[string]string `json:"more,omitempty"`
}

type part struct {
	Code string `json:"code" pattern:"^[a-z]+$"`
}

type thingInput struct {
	openapi.Once
	Body thing
}

type thingOutput struct {
	ETag string `header:"ETag"`
	Body thing
}

type patchInput struct {
	openapi.Changing
	Body struct {
		Name openapi.Field[string] `json:"name,omitempty" nullable:"false" maxLength:"10"`
		Size openapi.Field[int]    `json:"size,omitempty" minimum:"1"`
	} `contentType:"application/merge-patch+json"`
}

type listInput struct {
	openapi.Paging
	Filter string `query:"filter"`
}

func serve(t *testing.T, o openapi.Options) *httptest.Server {
	t.Helper()
	mux, err := web.NewMux(web.Options{MaxBody: 2000})
	if err != nil {
		t.Fatal(err)
	}
	api := openapi.New(mux, o)
	op := func(id, method, path string) openapi.Operation {
		return openapi.Operation{ID: id, Method: method, Path: path, Tag: "Things", Summary: id, Description: id}
	}
	openapi.Register(api, op("create-thing", http.MethodPost, "/things"), func(_ context.Context, in *thingInput) (*thingOutput, error) {
		if in.Body.Name == "broken" {
			return nil, errors.New("the secret of the house")
		}
		if in.Body.Name == "taken" {
			return nil, apperr.InvalidField("name", "There is one already.")
		}
		return &thingOutput{ETag: openapi.ETag(3), Body: in.Body}, nil
	})
	openapi.Register(api, op("get-thing", http.MethodGet, "/things/{id}"), func(ctx context.Context, _ *struct {
		openapi.Held
		ID int `path:"id"`
	},
	) (*thingOutput, error) {
		if openapi.Fresh(ctx, 3) {
			return nil, nil
		}
		return &thingOutput{ETag: openapi.ETag(3), Body: thing{Name: "<b>"}}, nil
	})
	openapi.Register(api, op("change-thing", http.MethodPatch, "/thing"), func(ctx context.Context, in *patchInput) (*thingOutput, error) {
		version, err := in.Version(ctx)
		if err != nil {
			return nil, err
		}
		if version != 0 && version != 3 {
			return nil, apperr.Stale(thing{Name: "now"}, "Somebody was first.")
		}
		return &thingOutput{Body: thing{Name: in.Body.Name.Value, Parts: []part{{Code: state(in.Body.Name)}, {Code: state(in.Body.Size)}}}}, nil
	})
	openapi.Register(api, op("list-things", http.MethodGet, "/things"), func(ctx context.Context, in *listInput) (*openapi.Listed[thing], error) {
		return openapi.List(ctx, []thing{{Name: in.Filter, Size: in.Limit}}, "abc"), nil
	})
	openapi.Register(api, op("export-things", http.MethodGet, "/things/export"), func(_ context.Context, in *struct {
		After int `query:"after"`
	},
	) (*huma.StreamResponse, error) {
		return openapi.Stream(func(w http.ResponseWriter, _ *http.Request) error {
			if in.After > 0 {
				w.Header().Set("Content-Type", "text/csv")
				_, _ = io.WriteString(w, strings.Repeat("a,b\n", in.After))
				_ = http.NewResponseController(w).Flush()
			}
			return apperr.New(apperr.Unavailable, "The shelf fell down.")
		}), nil
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func state[T any](f openapi.Field[T]) string {
	switch {
	case f.Null:
		return "null"
	case f.Set:
		return "set"
	}
	return "absent"
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) problem(t *testing.T) web.Problem {
	t.Helper()
	var p web.Problem
	if got := a.header.Get("Content-Type"); got != web.ProblemType {
		t.Errorf("Content-Type is %q", got)
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return p
}

func ask(t *testing.T, s *httptest.Server, method, path, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+openapi.Prefix+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

func TestWrongInputIsRefusedWithEveryFieldNamed(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	a := ask(t, s, "POST", "/things", `{"size": "big", "parts": [{"code": "x"}, {"code": "X9"}, {}], "colour": "red"}`)
	p := a.problem(t)
	got := map[string]string{}
	for _, f := range p.Errors {
		got[f.Pointer] = f.Message
	}
	want := map[string]string{
		"#/name":         "This is needed.",
		"#/size":         "Expected integer.",
		"#/parts/1/code": "Expected string to match pattern ^[a-z]+$.",
		"#/parts/2/code": "This is needed.",
		"#/colour":       "Unexpected property.",
	}
	if diff := cmp.Diff(want, got); a.status != 422 || diff != "" {
		t.Errorf("status %d, fields (-want +got):\n%s", a.status, diff)
	}
	if strings.Contains(a.body, "red") {
		t.Errorf("values that were sent come back: %s", a.body)
	}
}

func TestHostileJSONIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	for name, body := range map[string]string{
		"twice":           `{"name": "a", "name": "b"}`,
		"twice, nested":   `{"name": "a", "parts": [{"code": "a", "code": "b"}]}`,
		"other letters":   `{"Name": "a"}`,
		"deep":            `{"name": "a", "more": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		"very deep":       strings.Repeat("[", 900) + strings.Repeat("]", 900),
		"open":            `{"name": "a"`,
		"two documents":   `{"name": "a"} {"name": "b"}`,
		"comma":           `{"name": "a",}`,
		"not UTF-8":       "{\"name\": \"a\xff\"}",
		"NUL":             `{"name": "a\u0000"}`,
		"NUL in a name":   `{"name": "a", "more": {"x\u0000": "y"}}`,
		"huge number":     `{"name": "a", "size": 1e999}`,
		"beyond an int":   `{"name": "a", "size": 99999999999999999999}`,
		"a fraction":      `{"name": "a", "size": 1.5}`,
		"a list":          `[]`,
		"a text":          `"name"`,
		"nothing":         `null`,
		"empty":           ``,
		"byte order mark": "\ufeff" + `{"name": "a"}`,
	} {
		a := ask(t, s, "POST", "/things", body, "Content-Type", "application/json")
		p := a.problem(t)
		if a.status != 422 || p.Detail == "" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		for _, internal := range []string{"json:", "Go ", "struct", "openapi", "thing."} {
			if strings.Contains(a.body, internal) {
				t.Errorf("%s: %q is in %s", name, internal, a.body)
			}
		}
	}
	if a := ask(t, s, "POST", "/things", `{"name": "ok", "more": {"a": "b"}, "parts": []}`); a.status != 200 {
		t.Errorf("a plain document: %d %s", a.status, a.body)
	}
}

func TestAddressIsRefusedWhenItSaysMoreOrOtherThanDescribed(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	for path, want := range map[string]int{
		"/things?limit=10&filter=a":  200,
		"/things?limt=10":            422,
		"/things?limit=0":            422,
		"/things?limit=201":          422,
		"/things?limit=ten":          422,
		"/things?limit=1&limit=2":    422,
		"/things?filter=a;limit=2":   422,
		"/things?filter=%ff":         422,
		"/things?filter=%00":         422,
		"/things/none":               422,
		"/things/%00":                404,
		"/nothing":                   404,
		"/things/1":                  200,
		"/things/export?unknown=yes": 422,
	} {
		if a := ask(t, s, "GET", path, ""); a.status != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := ask(t, s, "GET", "/things?limt=10", ""); a.problem(t).Errors[0].Name != "limt" {
		t.Errorf("the parameter is not named: %s", a.body)
	}
	if a := ask(t, s, "DELETE", "/things", ""); a.status != 405 || a.header.Get("Allow") == "" {
		t.Errorf("DELETE: %d %v", a.status, a.header)
	}
}

func TestErrorsOfAHandlerComeOutAsProblemsWithoutInternals(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	if a := ask(t, s, "POST", "/things", `{"name": "broken"}`); a.status != 500 || strings.Contains(a.body, "secret") || a.problem(t).RequestID == "" {
		t.Errorf("internal: %d %s", a.status, a.body)
	}
	if a := ask(t, s, "POST", "/things", `{"name": "taken"}`); a.status != 422 || a.problem(t).Errors[0].Pointer != "#/name" {
		t.Errorf("invalid: %d %s", a.status, a.body)
	}
	if a := ask(t, s, "POST", "/things", `{"name": "`+strings.Repeat("a", 3000)+`"}`); a.status != 413 {
		t.Errorf("too large: %d %s", a.status, a.body)
	}
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "application/xml", "json"} {
		if a := ask(t, s, "POST", "/things", `{"name": "a"}`, "Content-Type", media); a.status != 415 || a.problem(t).Type != "urn:steward:problem:unsupported_type" {
			t.Errorf("%s: %d %s", media, a.status, a.body)
		}
	}
	if a := ask(t, s, "POST", "/things", `{"name": "a"}`, "Idempotency-Key", strings.Repeat("k", 300)); a.status != 422 {
		t.Errorf("long key: %d %s", a.status, a.body)
	}
}

func TestVersionsAreComparedOnReadingAndChanging(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	read := ask(t, s, "GET", "/things/1", "")
	if read.header.Get("ETag") != `"3"` || !strings.Contains(read.body, "<b>") {
		t.Errorf("ETag %q, %s", read.header.Get("ETag"), read.body)
	}
	if a := ask(t, s, "GET", "/things/1", "", "If-None-Match", `"3"`); a.status != 304 || a.body != "" || a.header.Get("ETag") != `"3"` {
		t.Errorf("held: %d %q", a.status, a.body)
	}
	if a := ask(t, s, "GET", "/things/1", "", "If-None-Match", `"2"`); a.status != 200 {
		t.Errorf("older one held: %d", a.status)
	}
	for match, want := range map[string]int{`"3"`: 200, `W/"3"`: 200, "*": 200, `"2"`: 412, "": 428, "three": 422, `"3", "4"`: 422} {
		var headers []string
		if match != "" {
			headers = []string{"If-Match", match}
		}
		a := ask(t, s, "PATCH", "/thing", `{"name": "b"}`, headers...)
		if a.status != want {
			t.Errorf("If-Match %s: %d %s", match, a.status, a.body)
		}
		if want == 412 && !strings.Contains(a.body, `"current":{"name":"now"}`) {
			t.Errorf("the current record is not shown: %s", a.body)
		}
	}
}

func TestMergePatchTellsAbsentFromNull(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	for body, want := range map[string]string{
		`{"name": "b", "size": null}`: `{"name":"b","parts":[{"code":"set"},{"code":"null"}]}`,
		`{"name": null}`:              `{"name":"","parts":[{"code":"null"},{"code":"absent"}]}`,
		`{"size": 4}`:                 `{"name":"","parts":[{"code":"absent"},{"code":"set"}]}`,
	} {
		a := ask(t, s, "PATCH", "/thing", body, "If-Match", "*", "Content-Type", "application/merge-patch+json")
		if got := strings.TrimSpace(a.body); a.status != 200 || got != want {
			t.Errorf("%s: %d %s", body, a.status, got)
		}
	}
	if a := ask(t, s, "PATCH", "/thing", `{"size": "4"}`, "If-Match", "*"); a.status != 422 {
		t.Errorf("a wrong type: %d %s", a.status, a.body)
	}
}

func TestListsNameTheirNextPage(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	a := ask(t, s, "GET", "/things?filter=a%20b&cursor=old", "")
	if got, want := a.header.Get("Link"), `</api/v1/things?cursor=abc&filter=a+b>; rel="next"`; got != want {
		t.Errorf("Link is %s", got)
	}
	if got, want := strings.TrimSpace(a.body), `{"items":[{"name":"a b","size":50}],"next_cursor":"abc"}`; got != want {
		t.Errorf("body is %s", got)
	}
}

func TestStreamThatFailsIsAProblemOrCutOff(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	if a := ask(t, s, "GET", "/things/export", ""); a.status != 503 || a.problem(t).Detail != "The shelf fell down." {
		t.Errorf("before the first byte: %d %s", a.status, a.body)
	}
	resp, err := s.Client().Get(s.URL + openapi.Prefix + "/things/export?after=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("half an export looks whole")
	}
}

func TestCallersAreCountedAndThoseWithoutCredentialsToo(t *testing.T) {
	t.Parallel()
	type callerKey struct{}
	s := serve(t, openapi.Options{
		Authenticate: func(next web.HandlerFunc) web.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) error {
				token := r.Header.Get("Authorization")
				if token == "wrong" {
					return apperr.New(apperr.Unauthenticated, "This token is not known.")
				}
				return next(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, token)))
			}
		},
		Caller: func(ctx context.Context) string {
			name, _ := ctx.Value(callerKey{}).(string)
			return name
		},
		Limiter: web.NewLimiter(3, time.Hour, nil),
	})
	for i, want := range []int{200, 200, 200, 429, 429} {
		a := ask(t, s, "GET", "/things/1", "", "Authorization", "ana")
		if a.status != want || a.header.Get("RateLimit-Limit") != "3" || a.header.Get("RateLimit-Remaining") == "" {
			t.Errorf("request %d: %d %v", i, a.status, a.header)
		}
		if want == 429 && (a.header.Get("Retry-After") == "" || a.problem(t).Type != "urn:steward:problem:too_many") {
			t.Errorf("request %d: %v %s", i, a.header, a.body)
		}
	}
	if a := ask(t, s, "GET", "/things/1", "", "Authorization", "ben"); a.status != 200 {
		t.Errorf("another caller: %d", a.status)
	}
	for i, token := range []string{"wrong", "", "wrong", ""} {
		want := 401
		if i == 3 {
			want = 429
		}
		a := ask(t, s, "GET", "/things/1", "", "Authorization", token)
		if a.status != want {
			t.Errorf("wrong credentials, request %d: %d", i, a.status)
		}
		if want == 401 && a.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("headers %v", a.header)
		}
	}
}

func TestOtherSitesCanNeitherReadNorWrite(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{})
	a := ask(t, s, "POST", "/things", `{"name": "a"}`, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")
	if a.status != 403 {
		t.Errorf("forged: %d %s", a.status, a.body)
	}
	for _, method := range []string{"GET", "OPTIONS"} {
		a := ask(t, s, method, "/things", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
		for name := range a.header {
			if strings.HasPrefix(name, "Access-Control") {
				t.Errorf("%s answers with %s", method, name)
			}
		}
	}
}

func TestDescriptionIsServedInBothForms(t *testing.T) {
	t.Parallel()
	s := serve(t, openapi.Options{Version: "1.2.3", Cookie: "session", Tags: []openapi.Tag{{Name: "Things", Description: "All of them."}}})
	a := ask(t, s, "GET", "/openapi.json", "")
	var doc struct {
		OpenAPI    string
		Info       struct{ Title, Version string }
		Paths      map[string]map[string]struct{ Responses map[string]any }
		Components struct {
			Schemas         map[string]map[string]any
			SecuritySchemes map[string]any
		}
	}
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" || len(doc.Components.SecuritySchemes) != 2 {
		t.Errorf("document %+v", doc.Info)
	}
	for _, status := range []string{"200", "401", "403", "413", "415", "422", "429", "500", "503"} {
		if doc.Paths["/things"]["post"].Responses[status] == nil {
			t.Errorf("creating does not describe %s", status)
		}
	}
	for name, s := range doc.Components.Schemas {
		if strings.HasPrefix(name, "Error") {
			t.Errorf("the schema %s is described, which no answer has", name)
		}
		if _, closed := s["additionalProperties"]; closed != (name == "Thing" || name == "Part" || strings.HasPrefix(name, "Change") || strings.HasPrefix(name, "PatchInput")) {
			t.Errorf("%s is closed: %v", name, closed)
		}
	}
	if a := ask(t, s, "GET", "/openapi.json", "", "If-None-Match", a.header.Get("ETag")); a.status != 304 {
		t.Errorf("unchanged description: %d", a.status)
	}
	if a := ask(t, s, "GET", "/openapi.yaml", ""); !strings.HasPrefix(a.body, "components:") && !strings.Contains(a.body, "openapi: 3.1.0") {
		t.Errorf("YAML begins %.60s", a.body)
	}
}

func TestOperationWithoutDescriptionStopsTheProgram(t *testing.T) {
	t.Parallel()
	mux, err := web.NewMux(web.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("it was registered")
		}
	}()
	openapi.Register(openapi.New(mux, openapi.Options{}), openapi.Operation{ID: "x", Method: "GET", Path: "/x"},
		func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
}
