package styleguide

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/steward-itsm/steward/internal/ui"
)

// The small endpoints behind the samples. They keep no state: a saved value is
// answered and forgotten.

func (g guide) people(w http.ResponseWriter, r *http.Request) {
	var found []ui.Choice
	for _, p := range samplePeople {
		if contains(p.Label, r.FormValue("q")) {
			found = append(found, p)
		}
	}
	render(w, r, http.StatusOK, ui.ComboboxOptions(found))
}

func (g guide) palette(w http.ResponseWriter, r *http.Request) {
	var pages, people []ui.PaletteItem
	q := r.FormValue("q")
	for _, s := range sections {
		if contains(s.title, q) {
			pages = append(pages, ui.PaletteItem{Label: s.title, Hint: s.lead, Icon: s.icon, URL: s.path()})
		}
	}
	for _, p := range samplePeople {
		if q != "" && contains(p.Label, q) {
			people = append(people, ui.PaletteItem{Label: p.Label, Hint: p.Hint, Icon: ui.IconUser, URL: Prefix})
		}
	}
	groups := []ui.PaletteGroup{{Label: "Pages", Items: pages}}
	if len(people) > 0 {
		groups = append(groups, ui.PaletteGroup{Label: "People", Items: people})
	}
	render(w, r, http.StatusOK, ui.PaletteResults(groups))
}

func (g guide) complete(w http.ResponseWriter, r *http.Request) {
	words := strings.Fields(r.FormValue("q"))
	last := ""
	if len(words) > 0 && !strings.HasSuffix(r.FormValue("q"), " ") {
		last = words[len(words)-1]
	}
	var found []ui.Completion
	for _, c := range []ui.Completion{
		{Insert: "state:", Hint: "new, open, waiting, resolved"},
		{Insert: "priority:<=", Hint: "1 to 5"},
		{Insert: "assignee:me", Hint: "what is mine"},
		{Insert: "service:", Hint: "a service by name"},
		{Insert: "breach:<4h", Hint: "promises that run out soon"},
	} {
		if strings.HasPrefix(c.Insert, last) {
			found = append(found, c)
		}
	}
	render(w, r, http.StatusOK, ui.FilterCompletions(found))
}

func (g guide) mentions(w http.ResponseWriter, r *http.Request) {
	var found []ui.Completion
	for _, p := range samplePeople {
		if contains(p.Label, r.FormValue("q")) {
			found = append(found, ui.Completion{Insert: "@" + strings.ReplaceAll(p.Label, " ", ".") + " ", Label: p.Label, Hint: p.Hint})
		}
	}
	render(w, r, http.StatusOK, ui.FilterCompletions(found))
}

func (g guide) rows(w http.ResponseWriter, r *http.Request) {
	t := sampleTable(g.clock())
	t.More = ui.LoadMore{}
	for i := range t.Rows {
		t.Rows[i].ID += "-more"
	}
	render(w, r, http.StatusOK, ui.Rows(t))
}

func (g guide) value(w http.ResponseWriter, r *http.Request) {
	render(w, r, http.StatusOK, sampleValue("Cannot print from the finance floor"))
}

func (g guide) editValue(w http.ResponseWriter, r *http.Request) {
	render(w, r, http.StatusOK, sampleValueForm("Cannot print from the finance floor", ""))
}

func (g guide) saveValue(w http.ResponseWriter, r *http.Request) {
	title := strings.TrimSpace(r.FormValue("title"))
	if title == "" {
		render(w, r, http.StatusUnprocessableEntity, sampleValueForm(title, "A ticket needs a title"))
		return
	}
	w.Header().Set("HX-Trigger", `{"steward:toast":{"text":"Title changed","undo":"`+Prefix+`/toast"}}`)
	render(w, r, http.StatusOK, sampleValue(title))
}

func (g guide) upload(w http.ResponseWriter, r *http.Request) {
	const limit = 1 << 20
	r.Body = http.MaxBytesReader(w, r.Body, limit)
	_, header, err := r.FormFile("file")
	if err != nil {
		http.Error(w, "The file is larger than 1 MB", http.StatusRequestEntityTooLarge)
		return
	}
	render(w, r, http.StatusOK, ui.Attachment{Name: header.Filename, Bytes: header.Size, Token: "sample"})
}

func (g guide) toast(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("HX-Trigger", `{"steward:toast":{"text":"Assigned to Carla","undo":"`+Prefix+`/toast"},"dialog-close":null}`)
	w.WriteHeader(http.StatusNoContent)
}

// live is a stream that says once that it is open and then keeps still.
func (g guide) live(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprint(w, ": open\n\n")
	if err := http.NewResponseController(w).Flush(); err != nil {
		return
	}
	<-r.Context().Done()
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}
