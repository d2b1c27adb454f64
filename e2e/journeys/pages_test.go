package journeys_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// everyPage follows every link that any role is shown, by plain requests, and
// then looks at each distinct page in the browser.
func everyPage(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	made := w.practices()
	var all []visited
	for _, role := range roles() {
		all = append(all, follow(t, w.System, role)...)
	}
	tabs := map[string]*tab{}
	for _, page := range distinct(all) {
		if page.shape == apiReference {
			continue // looked at in its own way
		}
		p := tabs[page.role]
		if p == nil {
			p = b.visit(t, w.System, page.role, desktop)
			tabs[page.role] = p
		}
		p.goTo(page.path)
		p.lookAtAll(b, page.shape)
	}
	for _, p := range tabs {
		p.close()
	}
	w.besides(b)
	w.ofPractices(b, made)
	w.largest(b)
	setUp(t, b)
	w.nothingMissed(b)
}

// apiReference is so long that axe-core needs a minute for it; its parts are
// those of the style guide.
const apiReference = "/api/docs"

// largest looks at the reference of the API.
func (w *world) largest(b browser) {
	p := b.visit(w.t, w.System, "administrator", desktop)
	for _, d := range []device{desktop, phone} {
		p.device = d
		p.do(d.viewport())
		p.goTo(apiReference)
		p.until(`document.querySelectorAll("h1").length === 1`)
		p.fits()
	}
	b.looked[apiReference] = true
	p.close()
}

// provoked are the answers of the pages that say what is wrong.
var provoked = map[string]string{
	"missing": "status of 404", "queue-wrong": "status of 422", "metric-wrong": "status of 422",
}

// besides looks at pages that no link leads to as they are here, and at what
// opens over a page.
func (w *world) besides(b browser) {
	for _, page := range []struct {
		name, role, path string
		before           func(*tab)
	}{
		{"sign-in", "", "/sign-in", nil},
		{"my-work", "agent", "/", nil},
		{"portal-home", "requester", "/portal", nil},
		{"portal-solved", "requester", "/portal/tickets/" + w.solved.Number, nil},
		{"portal-rated", "requester", "/portal/tickets/" + w.closed.Number, nil},
		{"search", "agent", "/search?q=printer", nil},
		{"search-nothing", "agent", "/search?q=zebra", nil},
		{"board", "agent", "/queue?layout=board&by=state", nil},
		{"board-people", "agent", "/queue?layout=board&by=assignee", nil},
		{"queue-grouped", "agent", "/queue?by=priority", nil},
		{"split", "agent", "/queue?layout=split", func(p *tab) { p.until(`document.querySelector("#beside h1")`) }},
		{"split-supplier", "supplier_agent", "/queue?layout=split", nil},
		{"dialog-move", "agent", "/queue/tickets/" + w.asked.Number + "/move?by=priority", nil},
		{"queue-wrong", "agent", "/queue?q=state:sleepy", nil},
		{"queue-nothing", "agent", "/queue?q=subject:~zebra", nil},
		{"ticket-closed", "agent", "/tickets/" + w.closed.Number, nil},
		{"ticket-handed", "supplier_agent", "/tickets/" + w.handed.Number, nil},
		{"major-proposal", "agent", "/tickets/" + w.open.Number + "/major", nil},
		{"major-list", "agent", "/major-incidents", nil},
		{"major-rule", "administrator", "/major-incident-rules/new", nil},
		{"status", "requester", "/status", nil},
		{"metric-cut", "administrator", "/figures/time_to_resolve?period=week&cut=group&check=1", nil},
		{"metric-wrong", "agent", "/figures/backlog?filter=state:sleepy", nil},
		{"missing", "agent", "/no/such/page", nil},
		{"intake-wrong", "agent", "/tickets/new", func(p *tab) {
			p.find("Requester", "requester", "requester person")
			p.fill("Title", "printer")
			p.reads("Open tickets of requester person", "Similar open tickets")
		}},
		{"dialog-resolve", "agent", "/tickets/" + w.asked.Number, func(p *tab) { p.press("Resolve"); p.until(`document.querySelector("dialog[open]")`) }},
		{"dialog-macros", "agent", "/tickets/" + w.open.Number, func(p *tab) { p.keys("b"); p.until(`document.querySelector("dialog[open] .s-macro-choice")`) }},
		{"dialog-macro", "agent", "/tickets/" + w.open.Number, func(p *tab) {
			p.keys("b")
			p.until(`document.querySelector("dialog[open] .s-macro-choice")`)
			p.keys("1")
			p.until(`document.querySelector("dialog[open] .s-macro-words")`)
		}},
		{"dialog-view", "team_lead", "/queue?q=printer", func(p *tab) { p.press("Save as view"); p.until(`document.querySelector("dialog[open]")`) }},
		{"dashboard-today", "agent", "/dashboards/desk-today", nil},
		{"dashboard-flow", "team_lead", "/dashboards/flow", nil},
		{"dashboard-tile", "agent", "/dashboards/flow/tiles/5", nil},
		{"dashboard-screens", "team_lead", "/dashboards/screens", nil},
		{"dashboard-receive", "agent", "/dashboards/flow/subscription", nil},
		{"dashboard-new", "team_lead", "/dashboards/new", nil},
		{"dashboard-wall", "agent", "/dashboards/desk-today/wall", nil},
		{"process-map", "agent", "/process", nil},
		{"agreement-first", "agent", "/agreements", nil},
		{"agreement-standard", "administrator", "/agreements/new?standard=1", nil},
		{"agreement-uc", "administrator", "/agreements/new?role=uc", nil},
		{"agreement-holding", "administrator", "/agreements/holding?kind=incident", nil},
		{"bulk-edit", "agent", "/bulk?which=matching&matching=printer", nil},
		{"operations", "agent", "/operations", nil},
		{"merge", "agent", "/tickets/" + w.open.Number + "/merge", nil},
		{"split-off", "agent", "/tickets/" + w.open.Number + "/split?seq=1", nil},
		{"convert", "agent", "/tickets/" + w.open.Number + "/convert", nil},
		{"convert-ahead", "agent", "/tickets/" + w.asked.Number + "/convert", func(p *tab) {
			value[int](p, `document.querySelector("input[name=kind]").click(), 0`)
			p.press("Show what will happen")
			p.until(`document.querySelector(".s-operation-ahead")`)
		}},
		{"split-ahead", "agent", "/tickets/" + w.open.Number + "/split?seq=1", func(p *tab) {
			p.press("Show what will happen")
			p.until(`document.querySelector(".s-operation-ahead")`)
		}},
		{"merge-ahead", "agent", "/tickets/" + w.open.Number + "/merge", func(p *tab) {
			value[int](p, `document.querySelector("input[name=with]").click(), 0`)
			p.press("Show what will happen")
			p.until(`document.querySelector(".s-operation-ahead")`)
		}},
		{"process-groups", "agent", "/process?between=group", nil},
		{"key-help", "agent", "/queue", func(p *tab) { p.keys("?"); p.until(`document.querySelector("dialog[open]")`) }},
		{"palette", "agent", "/queue", func(p *tab) {
			p.keysWith(kb.ModifierCtrl, "k")
			p.write("print")
			p.until(`document.querySelector("#palette-results [role=option]")`)
		}},
	} {
		p := b.open(w.t, w.URL, page.name, desktop)
		if wrong := provoked[page.name]; wrong != "" {
			p.excuse(wrong)
		}
		if page.role != "" {
			p.signIn(w.System, page.role)
		}
		p.goTo(page.path)
		if page.before != nil {
			page.before(p)
		}
		p.lookAtAll(b, page.name)
		p.close()
	}
}

// lookAtAll looks at the page that is open at both widths and in both themes.
func (p *tab) lookAtAll(b browser, name string) {
	p.t.Helper()
	b.looked[p.where()] = true
	usual := p.device
	defer func() {
		p.device = usual
		p.do(usual.viewport())
	}()
	for _, d := range []device{desktop, {360, 780, false}} {
		p.device = d
		p.do(d.viewport())
		for _, theme := range []string{"light", "dark"} {
			p.look(theme)
			p.fits()
			for _, v := range p.violations(b.axe, theme) {
				p.t.Errorf("%s (%s) at %d px, %s: %s", name, p.where(), d.width, theme, v)
			}
			p.picture(name, theme)
		}
	}
}

// picture keeps what the page looks like, where somebody wants to see it.
func (p *tab) picture(name, theme string) {
	dir := os.Getenv("STEWARD_PICTURES")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	file := strings.Trim(strings.NewReplacer("/", "-", "{", "", "}", "").Replace(name), "-")
	if file == "" {
		file = "start-" + p.name
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", file, p.device.width, theme)), png, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// rulesOf are what axe-core looks for: the rules of WCAG 2.2 AA and good practice
// in one theme, and what alone can differ in the other.
var rulesOf = map[string]string{
	"light": `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`,
	"dark":  `{type: "rule", values: ["color-contrast"]}`,
}

// violations runs axe-core.
func (p *tab) violations(axe, theme string) []string {
	p.t.Helper()
	if !value[bool](p, `typeof axe === "object"`) {
		value[int](p, axe+";0")
	}
	raw := value[string](p, `axe.run(document, {resultTypes: ["violations"], runOnly: `+rulesOf[theme]+`}).then(r => JSON.stringify(r.violations))`)
	var found []violation
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		p.t.Fatal(err)
	}
	var out []string
	for _, v := range found {
		for _, n := range v.Nodes {
			out = append(out, fmt.Sprintf("%s: %s\n  %s\n  %s", v.ID, v.Help, n.HTML, n.Summary))
		}
	}
	return out
}
