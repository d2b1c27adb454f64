package journeys_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/ui/assets"
)

// browser is the one Chromium of this package.
type browser struct {
	ctx    context.Context
	axe    string          // source of axe-core
	looked map[string]bool // addresses of the pages that axe-core has looked at
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
	axe, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil {
		unavailable(t, "axe-core is not installed: npm ci")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true))
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stopAllocator)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return browser{ctx, string(axe), map[string]bool{}}
}

// unavailable skips where a developer lacks a tool; CI must have them all.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// device is what somebody has before them.
type device struct {
	width, height int64
	touch         bool
}

// The devices that the product is made for.
var (
	desktop = device{1280, 900, false}
	phone   = device{360, 740, true}
)

func (d device) viewport() chromedp.Action[chromedp.Void] {
	if d.touch {
		return chromedp.EmulateViewport(d.width, d.height, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	return chromedp.EmulateViewport(d.width, d.height)
}

// tab is a page of the browser, in a profile of its own.
type tab struct {
	t      *testing.T
	ctx    context.Context
	base   string
	name   string
	device device
	close  func() // ends the tab before its test does

	mu       sync.Mutex
	excused  []string // parts of complaints that the journey provokes
	problems []string
}

// open starts a tab in which nobody is signed in.
func (b browser) open(t *testing.T, base, name string, d device) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	p := &tab{t: t, ctx: ctx, base: base, name: name, device: d}
	console, dialogs := chromedp.Console(ctx), chromedp.Events(ctx, page.JavascriptDialogOpening)
	var listening sync.WaitGroup
	listening.Go(func() {
		for d, err := range dialogs {
			if err == nil {
				p.problem("the page asks: " + string(d.Type) + " " + d.Message)
				_, _ = chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			}
		}
	})
	listening.Go(func() {
		for m, err := range console {
			if err == nil && (m.IsException() || m.Type == chromedp.ConsoleError) {
				p.problem(m.URL + ": " + m.String())
			}
		}
	})
	p.close = sync.OnceFunc(func() {
		if t.Failed() {
			p.keepPicture()
		}
		stop()
		cancel()
		listening.Wait()
		p.complain()
	})
	t.Cleanup(p.close)
	p.do(d.viewport(), chromedp.Navigate("about:blank"))
	return p
}

// visit starts a tab in which the person of a role is signed in.
func (b browser) visit(t *testing.T, s *apptest.System, role string, d device) *tab {
	t.Helper()
	p := b.open(t, s.URL, role, d)
	p.signIn(s, role)
	return p
}

// signIn makes the tab's profile that of the person of a role.
func (p *tab) signIn(s *apptest.System, role string) {
	p.t.Helper()
	cookie := s.SignedIn(role).Cookie()
	_, err := chromedp.Call(p.ctx, network.SetCookie, network.SetCookieParams{Name: cookie.Name, Value: cookie.Value, URL: p.base, HTTPOnly: new(true)})
	if err != nil {
		p.t.Fatal(err)
	}
}

// excuse names what the browser may complain of: answers that a journey provokes.
func (p *tab) excuse(parts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.excused = append(p.excused, parts...)
}

func (p *tab) problem(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, what)
}

func (p *tab) complain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, problem := range p.problems {
		expected := false
		for _, part := range p.excused {
			expected = expected || strings.Contains(problem, part)
		}
		if !expected {
			p.t.Errorf("the browser of %s complains: %s", p.name, problem)
		}
	}
}

// withoutScripts turns scripts off for the pages that this tab opens from now on.
func (p *tab) withoutScripts() {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		p.t.Fatal(err)
	}
}

// look chooses the theme that the device asks for, without any motion.
func (p *tab) look(theme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	if err != nil {
		p.t.Fatal(err)
	}
}

// keepPicture writes what the tab shows to a folder that outlives the test.
func (p *tab) keepPicture() {
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("no picture of the tab of %s: %v", p.name, err)
		return
	}
	dir, err := os.MkdirTemp("", "steward-journey-")
	if err != nil {
		p.t.Log(err)
		return
	}
	path := filepath.Join(dir, p.name+".png")
	if err := os.WriteFile(path, png, 0o600); err != nil {
		p.t.Log(err)
	}
	p.t.Logf("the tab of %s at %s: %s", p.name, p.where(), path)
}

func (p *tab) where() string {
	at, err := chromedp.Run(p.ctx, chromedp.Location())
	if err != nil {
		return fmt.Sprint(err)
	}
	return strings.TrimPrefix(at, p.base)
}
