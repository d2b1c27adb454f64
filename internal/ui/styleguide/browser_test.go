package styleguide_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/steward-itsm/steward/internal/ui/assets"
	"github.com/steward-itsm/steward/internal/ui/styleguide"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// policy is as strict as the product's own: what it stops is a defect here.
const policy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'"

// TestInTheBrowser looks at the style guide as people do. One Chromium serves
// all of it, one thing after the other: several at once starve each other.
func TestInTheBrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	for _, c := range []struct {
		name string
		test func(*testing.T, browser)
	}{
		{"every component is accessible", isAccessible},
		{"dialogs and menus are accessible", isAccessibleWhenOpen},
		{"pages are worked by keyboard alone", worksByKeyboardAlone},
		{"a value is edited in place", editsInPlace},
		{"people are found by typing", findsPeopleByTyping},
		{"a filter is completed at the caret", completesAFilter},
		{"nothing typed is lost", losesNothingTyped},
		{"whole forms are saved", savesWholeForms},
		{"failures leave the page alone", leavesThePageAloneOnFailure},
		{"more rows follow the last", continuesLists},
		{"the stream is followed", followsTheStream},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, b) })
	}
}

// browser is the Chromium of this package's tests; each has a tab of its own.
type browser struct {
	ctx  context.Context
	base string
	axe  string
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		unavailable(t, "chromium is not installed")
	}
	if missing := assets.Missing(); missing != "" {
		unavailable(t, missing)
	}
	axe, err := os.ReadFile("../../../node_modules/axe-core/axe.min.js")
	if err != nil {
		unavailable(t, "axe-core is not installed: npm ci")
	}
	mux := http.NewServeMux()
	mux.Handle(assets.Prefix, assets.Handler())
	mux.Handle("/", withReader(styleguide.Handler(time.Now)))
	server := httptest.NewServer(mux)
	// Streams are open until the browser is gone, and Close waits for them.
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})

	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAllocator)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return browser{ctx: ctx, base: server.URL, axe: string(axe)}
}

// unavailable skips where a developer lacks a tool; CI must have them all.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func withReader(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		reader := text.Reader{Now: time.Now(), Theme: text.Theme(r.URL.Query().Get("theme")), Density: text.Density(r.URL.Query().Get("density"))}
		next.ServeHTTP(w, r.WithContext(text.With(r.Context(), reader)))
	})
}

// tab is a page of the browser and what it complained about.
type tab struct {
	t     *testing.T
	ctx   context.Context
	close func() // ends the tab before its test does
}

func (b browser) open(t *testing.T, path string, width, height int64) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	p := &tab{t: t, ctx: ctx}
	console := chromedp.Console(ctx)
	var problems []string // written by the listener, read after it ended
	var listening sync.WaitGroup
	listening.Go(func() {
		for m, err := range console {
			// A refused input and the sample of an error page are answers, not defects.
			expected := strings.Contains(m.Text, "422") || strings.Contains(m.URL, "/styleguide/error")
			if err == nil && !expected && (m.IsException() || m.Type == "error") {
				problems = append(problems, m.String())
			}
		}
	})
	p.close = sync.OnceFunc(func() {
		stop()
		cancel()
		listening.Wait()
		for _, problem := range problems {
			t.Errorf("the browser complains: %s", problem)
		}
	})
	t.Cleanup(p.close)
	p.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(b.base+path))
	p.until(`document.documentElement.classList.contains("s-scripted")`)
	return p
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// until waits for an expression to become true. chromedp's own polling would
// need eval in the page, which the policy forbids.
func (p *tab) until(expression string) {
	p.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for !eval[bool](p, "Boolean("+expression+")") {
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatalf("waited in vain for %s", expression)
		}
	}
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// press types keys at whatever has the focus. A key's text goes with its
// keydown, as from a keyboard, so that a page which prevents the key's default
// gets no character; chromedp's KeyEvent sends the two apart.
func (p *tab) press(keys string) {
	p.t.Helper()
	p.pressWith(kb.ModifierNone, keys)
}

// pressWith presses keys while modifiers are held.
func (p *tab) pressWith(held kb.Modifier, keys string) {
	p.t.Helper()
	for _, r := range keys {
		key, ok := kb.Keys[r]
		if !ok {
			p.t.Fatalf("no key for %q", r)
		}
		event := input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeKeyDown, Modifiers: int64(held), Key: key.Key, Code: key.Code,
			WindowsVirtualKeyCode: key.Windows, NativeVirtualKeyCode: key.Native,
		}
		if held == kb.ModifierNone {
			event.Text = key.Text
		}
		p.dispatch(event)
		event.Type, event.Text = input.DispatchKeyEventTypeKeyUp, ""
		p.dispatch(event)
	}
}

func (p *tab) dispatch(event input.DispatchKeyEventParams) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, event); err != nil {
		p.t.Fatal(err)
	}
}

// eval returns the value of an expression.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// violations runs axe-core with the rules of WCAG 2.2 AA and good practice.
func (p *tab) violations(axe string) []string {
	p.t.Helper()
	eval[int](p, axe+";0")
	raw := eval[string](p, `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`)
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
