package text

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed locales/*.json
var localeFiles embed.FS

// File is a catalogue as it is stored: a language's own name and its messages
// by English key.
type File struct {
	Name     string             `json:"name"`
	Messages map[string]Message `json:"messages"`
}

// Message is one translated text. A text without a number has only Other and
// is stored as a plain string; a counted one is an object of the CLDR plural
// forms its language uses.
type Message struct {
	Zero, One, Two, Few, Many, Other string
}

type messageForms struct {
	Zero  string `json:"zero,omitempty"`
	One   string `json:"one,omitempty"`
	Two   string `json:"two,omitempty"`
	Few   string `json:"few,omitempty"`
	Many  string `json:"many,omitempty"`
	Other string `json:"other"`
}

// MarshalJSON writes a plain string where there is one form only.
func (m Message) MarshalJSON() ([]byte, error) {
	if m == (Message{Other: m.Other}) {
		return marshalPlain(m.Other)
	}
	return marshalPlain(messageForms(m))
}

// marshalPlain is json.Marshal without turning < and & of a text into \u003c.
func marshalPlain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// UnmarshalJSON reads either shape.
func (m *Message) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte(`"`)) {
		return json.Unmarshal(b, &m.Other)
	}
	var f messageForms
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	*m = Message(f)
	return nil
}

// form picks a plural form; a catalogue that lacks one falls back to other.
func (m Message) form(f plural.Form) string {
	s := map[plural.Form]string{
		plural.Zero: m.Zero, plural.One: m.One, plural.Two: m.Two, plural.Few: m.Few, plural.Many: m.Many,
	}[f]
	if s == "" {
		return m.Other
	}
	return s
}

type catalogue struct {
	tag      language.Tag
	name     string
	messages map[string]Message
	printer  *message.Printer

	arabicDigits bool // small numbers are written as in fmt
}

// Language is a language the product can be read in.
type Language struct {
	Tag  language.Tag
	Name string // in its own words: "Deutsch"
}

// Languages lists what there is a catalogue for, English first, then by name.
func Languages() []Language {
	var out []Language
	for _, c := range catalogues() {
		out = append(out, Language{Tag: c.tag, Name: c.name})
	}
	slices.SortFunc(out, func(a, b Language) int {
		if (a.Tag == language.English) != (b.Tag == language.English) {
			if a.Tag == language.English {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// catalogues are parsed once: they are embedded and cannot change, and a
// broken one is caught by this package's tests.
var catalogues = sync.OnceValue(func() map[language.Tag]*catalogue {
	entries, err := localeFiles.ReadDir("locales")
	if err != nil {
		panic(fmt.Sprintf("text: read embedded locales: %v", err))
	}
	all := make(map[language.Tag]*catalogue, len(entries))
	for _, e := range entries {
		raw, err := localeFiles.ReadFile(path.Join("locales", e.Name()))
		if err != nil {
			panic(fmt.Sprintf("text: read %s: %v", e.Name(), err))
		}
		var f File
		if err := json.Unmarshal(raw, &f); err != nil {
			panic(fmt.Sprintf("text: parse %s: %v", e.Name(), err))
		}
		tag, err := language.Parse(strings.TrimSuffix(e.Name(), ".json"))
		if err != nil {
			panic(fmt.Sprintf("text: %s is not a language tag: %v", e.Name(), err))
		}
		printer := message.NewPrinter(tag)
		all[tag] = &catalogue{tag: tag, name: f.Name, messages: f.Messages, printer: printer, arabicDigits: printer.Sprint(-987) == "-987"}
	}
	return all
})

// catalogueFor returns the catalogue of a language or of its parent (de-AT
// reads de), and English where there is none.
func catalogueFor(tag language.Tag) *catalogue {
	all := catalogues()
	for t := tag; t != language.Und; t = t.Parent() {
		if c, ok := all[t]; ok {
			return c
		}
	}
	return all[language.English]
}
