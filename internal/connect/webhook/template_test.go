package webhook

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTemplatesEscapeForTheirEncoding(t *testing.T) {
	t.Parallel()
	v := values{"number": "+491701234567", "text": "He said \"no\" \\ & =+% {{number}}\n<ü>", "empty": ""}
	got, err := fillJSON(`{"to": ["{{number}}"], "b": 1.50, "a": {"text": "x {{ text }} y", "{{text}}": null}, "on": true}`, v)
	want := `{"to":["+491701234567"],"b":1.50,"a":{"text":"x He said \"no\" \\ & =+% {{number}}\n<ü> y","{{text}}":null},"on":true}`
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
	form, err := fillForm("to={{number}}\n\ntext = {{text}}\nfrom=IT & desk", v)
	if err != nil {
		t.Fatal(err)
	}
	read, err := url.ParseQuery(form)
	if diff := cmp.Diff(url.Values{"to": {"+491701234567"}, "text": {v["text"]}, "from": {"IT & desk"}}, read); err != nil || diff != "" {
		t.Errorf("%s: %s", form, diff)
	}
	if at := fillAddress("https://sms.example.org/to/{{number}}/send?n={{number}}&x=1", "+49 1/2?3"); at != "https://sms.example.org/to/+49%201%2F2%3F3/send?n=%2B49+1%2F2%3F3&x=1" {
		t.Error(at)
	}
}

func TestBracesThatNameNothingAreText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"{{text}}": "T", "{{ text }}": "T", "{{}}": "{{}}", "{{text": "{{text", "{{Text}}": "{{Text}}", "{{{text}}}": "{T}", "a}} {{text}} {{": "a}} T {{", "{{te xt}}{{text}}": "{{te xt}}T",
	} {
		if got := fill(in, values{"text": "T"}, asIs); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestTemplatesThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "{", `{"a": {{text}}}`, `{"a": "b"} {"c": 1}`, `{"a": 01}`, "text", strings.Repeat("[", 200)} {
		if checkTemplate(wrong, false) == nil {
			t.Errorf("%q is taken for JSON", wrong)
		}
	}
	for _, wrong := range []string{"to", "=x", "{{text}}=1"} {
		if checkTemplate(wrong, true) == nil {
			t.Errorf("%q is taken for a form", wrong)
		}
	}
}

// FuzzTemplates: whatever a template and a value hold, what comes out is one document (or form)
// in which the value stands as it is, and nothing of it became structure.
func FuzzTemplates(f *testing.F) {
	f.Add(`{"to":"{{number}}","text":"{{text}}"}`, "Hello", "+491701234567")
	f.Add(`["{{text}}", {"a": [1, true, null, "{{ text }}"]}]`, "\"},{\"x\":\"", "&to=666")
	f.Add("to={{number}}\ntext={{text}}", "a&b=c", "+1")
	f.Add(`"{{text}}{{number}}{{text"`, "{{number}}", "\x00\xff")
	f.Fuzz(func(t *testing.T, template, text, number string) {
		text, number = strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(number, "?")
		v := values{"text": text, "number": number}
		if raw, err := fillJSON(template, v); err == nil {
			var got, plain any
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatalf("%q is no document: %v", raw, err)
			}
			if err := json.Unmarshal([]byte(template), &plain); err != nil {
				t.Fatalf("%q was filled, and is no document: %v", template, err)
			}
			alike(t, plain, got, v)
		}
		if form, err := fillForm(template, v); err == nil {
			read, err := url.ParseQuery(form)
			if err != nil {
				t.Fatalf("%q is no form: %v", form, err)
			}
			fields := 0
			for _, values := range read {
				fields += len(values)
			}
			lines := 0
			for line := range strings.SplitSeq(template, "\n") {
				if strings.TrimSpace(line) != "" {
					lines++
				}
			}
			if fields != lines {
				t.Fatalf("%d lines became %d fields: %q", lines, fields, form)
			}
		}
		at := fillAddress("https://sms.example.org/{{number}}/x?to={{number}}", number)
		u, err := url.Parse(at)
		if err != nil || u.Host != "sms.example.org" || u.Query().Get("to") != number || u.Fragment != "" || !utf8.ValidString(at) {
			t.Fatalf("%q: %v", at, err)
		}
	})
}

// alike compares a filled document with its template: the same shape, every string the
// template's with its placeholders filled.
func alike(t *testing.T, plain, got any, v values) {
	t.Helper()
	switch p := plain.(type) {
	case string:
		want := fill(p, v, asIs)
		if s, ok := got.(string); !ok || s != want {
			t.Fatalf("%q became %v, want %q", p, got, want)
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(p) {
			t.Fatalf("a list became %v", got)
		}
		for i := range p {
			alike(t, p[i], g[i], v)
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(p) {
			t.Fatalf("an object became %v", got)
		}
		for k := range p {
			alike(t, p[k], g[k], v)
		}
	default:
		if diff := cmp.Diff(plain, got); diff != "" {
			t.Fatal(diff)
		}
	}
}
