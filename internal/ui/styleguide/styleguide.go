// Package styleguide is a living page of every component of the design system
// in every state, at /styleguide. It is where a component is looked at, tried
// with the keyboard and checked for accessibility before a page uses it; the
// small endpoints behind it answer as real handlers do.
package styleguide

import (
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// Prefix is where Handler expects to be mounted.
const Prefix = "/styleguide"

// Handler serves the style guide under Prefix. The reader of the request's
// context decides theme and language; clock gives the instants of the samples.
func Handler(clock func() time.Time) http.Handler {
	g := guide{clock: clock}
	mux := http.NewServeMux()
	for _, section := range sections {
		mux.Handle("GET "+section.path(), g.page(section))
	}
	mux.HandleFunc("GET "+Prefix+"/bare", func(w http.ResponseWriter, r *http.Request) {
		render(w, r, http.StatusOK, barePage())
	})
	mux.HandleFunc("GET "+Prefix+"/error", func(w http.ResponseWriter, r *http.Request) {
		render(w, r, http.StatusNotFound, errorPage())
	})
	mux.HandleFunc("GET "+Prefix+"/people", g.people)
	mux.HandleFunc("GET "+Prefix+"/palette", g.palette)
	mux.HandleFunc("GET "+Prefix+"/complete", g.complete)
	mux.HandleFunc("GET "+Prefix+"/mentions", g.mentions)
	mux.HandleFunc("GET "+Prefix+"/rows", g.rows)
	mux.HandleFunc("GET "+Prefix+"/value", g.value)
	mux.HandleFunc("GET "+Prefix+"/value/edit", g.editValue)
	mux.HandleFunc("POST "+Prefix+"/value", g.saveValue)
	mux.HandleFunc("POST "+Prefix+"/upload", g.upload)
	mux.HandleFunc("POST "+Prefix+"/toast", g.toast)
	mux.HandleFunc("POST "+Prefix+"/draft", noContent)
	mux.HandleFunc("POST "+Prefix+"/nothing", noContent)
	mux.HandleFunc("GET "+Prefix+"/live", g.live)
	return mux
}

type guide struct {
	clock func() time.Time
}

// section is one page of the guide.
type section struct {
	key, title, lead string
	icon             ui.Icon
	wide             bool
	content          func(now time.Time) templ.Component
}

var sections = []section{
	{"", "Overview", "Colour, type and the small parts everything is made of.", ui.IconLayoutList, false, overview},
	{"fields", "Forms", "Every field with its label, help and error.", ui.IconForms, false, fields},
	{"lists", "Lists", "Tables, filters and what surrounds them.", ui.IconTable, true, lists},
	{"record", "Record", "A ticket's page: timeline, composer, context.", ui.IconTicket, true, record},
	{"api", "API reference", "What a program sees of the product.", ui.IconCode, true, apiSample},
	{"panels", "Panels", "Panels, numbers, messages, empty places.", ui.IconLayoutKanban, false, panels},
	{"charts", "Charts", "Numbers and pictures of numbers.", ui.IconChartLine, false, func(time.Time) templ.Component { return charts() }},
	{"calm", "Calm pages", "For people who come seldom, on a phone.", ui.IconLifebuoy, false, calm},
}

func (s section) path() string { return strings.TrimSuffix(Prefix+"/"+s.key, "/") }

func (g guide) page(s section) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page := page(s, s.content(g.clock()))
		render(w, r, http.StatusOK, page)
	}
}

func render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	templ.Handler(c, templ.WithStatus(status)).ServeHTTP(w, r)
}

func noContent(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
