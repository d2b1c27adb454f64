package web_test

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

type page struct {
	Sort string `form:"sort"`
}

type report struct {
	page
	Title    string    `form:"title,required,line,max=20"`
	Text     string    `form:"text"`
	Password string    `form:"password,raw"`
	Service  *int64    `form:"service"`
	Group    *int64    `form:"group"`
	Count    int       `form:"count"`
	Urgent   bool      `form:"urgent"`
	Due      time.Time `form:"due"`
	Tags     []string  `form:"tag"`
	IDs      []int64   `form:"id"`
	Untagged string
}

func TestFormFillsEveryType(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CET", 3600)
	body := url.Values{
		"title": {" Printer\r\nBcc: all@example.org "}, "text": {" one\r\ntwo\rthree "}, "password": {" p\r\n "},
		"service": {"42"}, "count": {"-3"}, "urgent": {"on"}, "due": {"2026-03-01T12:00"}, "tag": {"a", "", "b"}, "id": {"1", "2"},
	}
	r := httptest.NewRequest("POST", "/?sort=newest", strings.NewReader(body.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var got report
	if err := web.Form(r, &got, berlin); !apperr.Is(err, apperr.Invalid) {
		t.Fatalf("a title of 27 characters passed: %v", err)
	}
	body.Set("title", " Printer\r\nBcc: x ")
	if err := web.Values(body, &got, berlin); err != nil {
		t.Fatal(err)
	}
	service := int64(42)
	want := report{
		page: page{Sort: "newest"}, Title: "Printer Bcc: x", Text: "one\ntwo\nthree", Password: " p\r\n ", Service: &service,
		Count: -3, Urgent: true, Due: time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC), Tags: []string{"a", "b"}, IDs: []int64{1, 2},
	}
	want.Sort, got.Sort = "", ""
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(report{})); diff != "" {
		t.Error(diff)
	}
}

func TestFormNamesEverythingThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	err := web.Values(url.Values{
		"title": {" "}, "text": {"a\x00b"}, "password": {"\xff"}, "count": {"many"}, "urgent": {"maybe"}, "due": {"tomorrow"}, "id": {"1", "x"},
		"service": {"9223372036854775808"},
	}, &report{}, nil)
	var names []string
	for _, f := range apperr.FieldsOf(err) {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"title", "text", "password", "service", "count", "urgent", "due", "id"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenFormsAreTheClientsError(t *testing.T) {
	t.Parallel()
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "title=%zz",
		"multipart/form-data; boundary=b":   "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nhalf",
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		if err := web.Form(r, &report{}, nil); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("%s: %v", contentType, err)
		}
	}
}

func TestWhatIsWrongWithAPlainFormIsNotForgotten(t *testing.T) {
	t.Parallel()
	post := func(body string) *http.Request {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	if err := web.Form(post("title=Printer&text=%zz"), &report{}, nil); !apperr.Is(err, apperr.Invalid) {
		t.Errorf("half of a broken form was taken: %v", err)
	}
	r := post("title=Printer&text=" + strings.Repeat("x", 10_000))
	r.Body = http.MaxBytesReader(nil, r.Body, 5000)
	var tooLarge *http.MaxBytesError
	if err := web.Form(r, &report{}, nil); !errors.As(err, &tooLarge) {
		t.Errorf("got %v, want a MaxBytesError", err)
	}
	if err := web.Form(httptest.NewRequest("GET", "/?title=a&text=%zz", http.NoBody), &report{}, nil); !apperr.Is(err, apperr.Invalid) {
		t.Errorf("half of a broken query was taken: %v", err)
	}
}

func TestFormRefusesAStructItCannotFill(t *testing.T) {
	t.Parallel()
	for _, dst := range []any{
		report{},
		&struct {
			A float32 `form:"a"`
		}{},
		&struct {
			A string `form:"a,requird"`
		}{},
	} {
		if err := web.Values(url.Values{"a": {"1"}}, dst, nil); err == nil || apperr.Is(err, apperr.Invalid) {
			t.Errorf("%T: %v", dst, err)
		}
	}
}

func upload(t *testing.T, files map[string]string, fields map[string]string) *http.Request {
	t.Helper()
	var body bytes.Buffer
	mw := multipart.NewWriter(&body)
	for name, content := range files {
		w, err := mw.CreateFormFile("file", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range fields {
		if err := mw.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := mw.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", &body)
	r.Header.Set("Content-Type", mw.FormDataContentType())
	return r
}

func TestUploadStreamsFilesAndFillsFields(t *testing.T) {
	t.Parallel()
	r := upload(t, map[string]string{`..\..\etc/passwd`: "content", "": "nothing chosen"}, map[string]string{"title": "A file"})
	var form report
	got := map[string]string{}
	err := web.Upload(r, &form, nil, func(f web.UploadedFile) error {
		content, err := io.ReadAll(f.Content)
		got[f.Name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"passwd": "content"}, got); diff != "" || form.Title != "A file" {
		t.Error(diff, form.Title)
	}
}

func TestUploadTellsTooLargeFromBrokenOff(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	take := func(f web.UploadedFile) error {
		if _, err := io.Copy(io.Discard, f.Content); err != nil {
			return full // what a store makes of a reader that fails
		}
		return nil
	}
	r := upload(t, map[string]string{"a": strings.Repeat("x", 10_000)}, nil)
	r.Body = http.MaxBytesReader(nil, r.Body, 5000)
	var tooLarge *http.MaxBytesError
	if err := web.Upload(r, &report{}, nil, take); !errors.As(err, &tooLarge) {
		t.Errorf("got %v, want a MaxBytesError", err)
	}
	r = upload(t, map[string]string{"a": strings.Repeat("x", 10_000)}, nil)
	r.Body = io.NopCloser(io.LimitReader(r.Body, 5000))
	if err := web.Upload(r, &report{}, nil, take); !apperr.Is(err, apperr.Invalid) {
		t.Errorf("got %v, want Invalid", err)
	}
	r = httptest.NewRequest("POST", "/", strings.NewReader("a=b"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := web.Upload(r, &report{}, nil, take); !errors.Is(err, http.ErrNotMultipart) {
		t.Errorf("got %v", err)
	}
}

func FuzzOneLineHoldsNoLineBreak(f *testing.F) {
	f.Add("a\r\nb\u2028c\x00\x85")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(web.OneLine(s), "\r\n\x00\u0085\u2028\u2029") {
			t.Errorf("%q", web.OneLine(s))
		}
	})
}

func TestFormCollectsAFamilyOfFields(t *testing.T) {
	t.Parallel()
	var got struct {
		Fields map[string]string `form:"field.*"`
	}
	body := url.Values{"field.location": {" Lisbon "}, "field.urgent": {"false", "true"}, "field.": {"x"}, "title": {"y"}}
	if err := web.Values(body, &got, nil); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"location": "Lisbon", "urgent": "true"}
	if diff := cmp.Diff(want, got.Fields); diff != "" {
		t.Error(diff)
	}
	if err := web.Values(url.Values{"field.a": {"\x00"}}, &got, nil); len(apperr.FieldsOf(err)) != 1 || apperr.FieldsOf(err)[0].Name != "field.a" {
		t.Errorf("a NUL gave %v", err)
	}
}

func TestWhatIsTypedWhileLookingIsCutNotRefused(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{"": "", "  two\n\twos ": "two wos", "äöüß-beyond": "äöüß-bey", "\xff": "�"} {
		r := httptest.NewRequest(http.MethodGet, "/?"+url.Values{"q": {typed}}.Encode(), http.NoBody)
		if got := web.Typed(r, "q", 8); got != want {
			t.Errorf("%q reads as %q", typed, got)
		}
	}
}
