package phrase_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
)

func facts() phrase.Facts {
	return phrase.Facts{
		Requester: "Ana Novak", TicketNumber: "INC-7", TicketTitle: "Printer eats paper", TicketKind: "Problem", TicketState: "In progress",
		TicketOpened: "2 March 2026", Agent: "Ben Benchley", Today: "3 March 2026", Tomorrow: "4 March 2026",
	}
}

func TestVariablesBecomeValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello {{requester.first_name}}, {{ticket.number}}": "Hello Ana, INC-7",
		"{{ requester.name }}":                              "Ana Novak",
		"{{service|the service}} is up":                     "the service is up",
		"{{group | our team }}.":                            "our team.",
		"{{service|}}up":                                    "up",
		"about {{service}}":                                 "about {{service}}",
		`\{{requester.name}} is written`:                    "{{requester.name}} is written",
		"no variable at all {":                              "no variable at all {",
		"{{agent.first_name}}, {{today}}":                   "Ben, 3 March 2026",
	} {
		parsed, err := phrase.ParsePublic(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, _ := parsed.Fill(facts()); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestWhatHasNoValueIsNamedOnce(t *testing.T) {
	t.Parallel()
	parsed, err := phrase.ParsePublic("{{service}} {{service}} {{group|x}} {{organisation}}")
	if err != nil {
		t.Fatal(err)
	}
	text, missing := parsed.Fill(facts())
	if !slices.Equal(missing, []string{"service", "organisation"}) {
		t.Errorf("missing %q", missing)
	}
	if got := phrase.Unfilled(text); !slices.Equal(got, missing) {
		t.Errorf("still there: %q", got)
	}
	if got := phrase.Unfilled(`{{ user }} and \{{service}}`); got != nil {
		t.Errorf("plain braces were taken for %q", got)
	}
}

func TestWrongVariablesAreToldBesideTheField(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{{requester.shoe_size}}": "There is no variable “requester.shoe_size”.",
		"{{requester.email}}":     "for internal notes",
		"{{ticket.number":         "nothing closes",
		"{{ticket\nnumber}}":      "nothing closes",
		"{{}}":                    "There is no variable",
		"{{service|" + strings.Repeat("x", 201) + "}}": "too long",
	} {
		_, err := phrase.ParsePublic(text)
		fields := apperr.FieldsOf(err)
		if len(fields) == 0 || fields[0].Name != "body" || !strings.Contains(fields[0].Message.String(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestInternalVariablesStayInside(t *testing.T) {
	t.Parallel()
	for _, v := range phrase.Variables() {
		_, public := phrase.ParsePublic("{{" + v.Name + "}}")
		_, internal := phrase.ParseInternal("{{" + v.Name + "}}")
		if (public == nil) == v.Internal || internal != nil {
			t.Errorf("%s: public %v, internal %v", v.Name, public, internal)
		}
	}
	parsed, err := phrase.ParseInternal("Call {{requester.phone}}, {{ticket.priority}}")
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := parsed.Fill(phrase.InternalFacts{Facts: facts(), RequesterPhone: "+1 555", Priority: "High"}); got != "Call +1 555, High" {
		t.Error(got)
	}
}

func TestValuesAreNoMarkup(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"[@Boss](person:7)", "<script>alert(1)</script>", "[click](https://evil.example)", "![x](https://evil.example/p.png)",
		"**bold** _em_ `code` ~~no~~", "# heading", "- item", "a\n\n> quote", "&lt;b&gt;", "{{requester.email}}",
	}
	parsed, err := phrase.ParsePublic("{{ticket.title}}")
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range hostile {
		f := facts()
		f.TicketTitle = title
		text, _ := parsed.Fill(f)
		if ids := ticket.Mentions(text); len(ids) > 0 {
			t.Errorf("%q mentions %v", text, ids)
		}
		html := markdown.HTML(text, markdown.Context{})
		for _, tag := range []string{"<script", "<img", "<strong", "<em", "<code", "<del", "<h1", "<li", "<blockquote", `href="https://evil.example"`} {
			if strings.Contains(html, tag) && (tag != `href="https://evil.example"` || strings.Contains(html, ">click<")) {
				t.Errorf("%q became %s", text, html)
			}
		}
		if got := phrase.Unfilled(text); got != nil {
			t.Errorf("%q has the variable %q", text, got)
		}
	}
}

func TestFirstNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Ana Novak": "Ana", "Novak, Ana Maria": "Ana", "Cher": "Cher", "": "", " ": "", "Novak,": ""} {
		if got := phrase.FirstName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzTextsAreReadOrRefused(f *testing.F) {
	for _, seed := range []string{"Hello {{requester.first_name|there}}", "{{", "}}", `\{{x}}`, "{{|}}", "{{a{{b}}", "{{service|{{group}}}}", "\\\\{{today}}"} {
		f.Add(seed, "Printer [x](y)")
	}
	f.Fuzz(func(t *testing.T, text, title string) {
		if !utf8.ValidString(text) || !utf8.ValidString(title) {
			t.Skip()
		}
		public, err := phrase.ParsePublic(text)
		internal, internalErr := phrase.ParseInternal(text)
		if err == nil && internalErr != nil {
			t.Fatalf("%q may be read by requesters and not by agents: %v", text, internalErr)
		}
		if err != nil {
			return
		}
		secret := phrase.InternalFacts{Facts: facts(), RequesterPhone: "SECRET"}
		secret.TicketTitle = title
		said, _ := public.Fill(secret.Facts)
		same, _ := internal.Fill(secret)
		if said != same {
			t.Fatalf("%q says %q to requesters and %q to agents", text, said, same)
		}
		if !strings.Contains(text, "SECRET") && !strings.Contains(title, "SECRET") && strings.Contains(said, "SECRET") {
			t.Fatalf("%q leaks: %q", text, said)
		}
	})
}
