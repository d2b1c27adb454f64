package queue_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
	"github.com/steward-itsm/steward/internal/practice/desk/queue"
	"github.com/steward-itsm/steward/internal/ui/assets"
)

// TestOpenListInTheBrowser looks at a list that is open while the world goes on,
// and works it by keyboard.
func TestOpenListInTheBrowser(t *testing.T) {
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		unavailable(t, "chromium is not installed")
	}
	if missing := assets.Missing(); missing != "" {
		unavailable(t, missing)
	}
	w := open(t, coretest.New(t, databasetest.Open(t, database.SQLite,
		append(coretest.Migrations(), workflow.Migrations, ticket.Migrations, search.Migrations, queue.Migrations)...)))
	for _, title := range []string{"First", "Second", "Third"} {
		w.incident(title)
	}
	p := newTab(t, chromium, w)

	p.open("/queue?view=open")
	p.press("j")
	p.press("j")
	p.press("x")
	p.until(`document.activeElement.textContent.includes("Second") && document.activeElement.getAttribute("aria-selected") === "true"`)

	title := "Second, renamed"
	w.do(w.tickets.Edit(w.As(w.lead), ticket.ByNumber("INC-2"), ticket.Edit{Title: &title}))
	w.incident("Fourth")
	p.eval(`document.dispatchEvent(new CustomEvent("ticket-changed"))`)
	p.until(`document.querySelector(".s-pill")?.textContent.includes("1 new")`)
	p.until(`document.activeElement.matches(".s-row-unread[aria-selected=true]") && document.activeElement.textContent.includes("Second, renamed")`)
	p.until(`document.activeElement.querySelector("input[type=checkbox]").checked && document.querySelectorAll("#queue-rows tr").length === 3`)

	w.do(w.tickets.Transition(w.As(w.lead), ticket.ByNumber("INC-3"), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."}))
	p.eval(`document.dispatchEvent(new CustomEvent("live-resumed"))`)
	p.until(`document.querySelector("#queue-rows").textContent.includes("Left this list")`)

	p.press("a")
	p.until(`document.querySelector("dialog[open] h2")?.textContent === "Assign INC-2" && document.activeElement.name === "assignee.text"`)
	p.press(kb.Escape)
	p.until(`!document.querySelector("dialog[open]") && document.activeElement.closest("#queue-rows")`)
	p.press("t")
	p.until(`document.querySelector("#toasts").textContent.includes("INC-2 is yours now")`)
	p.until(`[...document.querySelectorAll("#queue-rows tr")].some(r => r.textContent.includes("Second, renamed") && r.textContent.includes("Ana Agentson"))`)

	p.press(".")
	p.until(`document.querySelectorAll("#queue-rows tr").length === 3 && document.querySelector("#queue-rows").textContent.includes("Fourth")`)
}

// unavailable skips where a developer lacks a tool; CI must have them all.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// tab is a page of a browser in which an agent is signed in.
type tab struct {
	t    *testing.T
	ctx  context.Context //nolint:containedctx // a browser's tab is one
	base string
}

func newTab(t *testing.T, chromium string, w *world) *tab {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(assets.Prefix, assets.Handler())
	mux.Handle("/", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r.Header.Set("Person", itoa(w.agent))
		w.server.Config.Handler.ServeHTTP(rw, r)
	}))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAllocator)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	p := &tab{t, ctx, server.URL}
	p.do(chromedp.EmulateViewport(1280, 900))
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) open(path string) {
	p.t.Helper()
	p.do(chromedp.Navigate(p.base + path))
	p.until(`document.documentElement.classList.contains("s-scripted")`)
}

func (p *tab) eval(expression string) bool {
	p.t.Helper()
	yes, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return yes
}

// until waits for an expression to become true.
func (p *tab) until(expression string) {
	p.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !p.eval(expression) {
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("waited in vain for %s", expression)
		}
	}
}

// press types one key, whose text goes with its keydown as from a keyboard.
func (p *tab) press(keys string) {
	p.t.Helper()
	for _, r := range keys {
		key := kb.Keys[r]
		event := input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeKeyDown, Key: key.Key, Code: key.Code, Text: key.Text,
			WindowsVirtualKeyCode: key.Windows, NativeVirtualKeyCode: key.Native,
		}
		for _, event.Type = range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			if _, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, event); err != nil {
				p.t.Fatal(err)
			}
			event.Text = ""
		}
	}
}
