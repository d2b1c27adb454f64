// Command screenshots takes the pictures of the guides from a running
// installation with demo data, at desktop and phone width; with -schemes
// light,dark and -full it shows pages as reviewers want them.
//
//	go run ./e2e/screenshots -url http://localhost:8080 -out docs/guide/images
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/steward-itsm/steward/internal/demo"
)

// shot is one page as one role sees it.
type shot struct{ name, role, path string }

// guide is what the guides show.
func guide() []shot {
	return []shot{
		{"sign-in", "", "/sign-in"},
		{"my-work", "agent", "/"},
		{"queue", "agent", "/queue"},
		{"ticket", "agent", ticketPage},
		{"ticket-clocks", "agent", clocksPage},
		{"service-levels", "agent", "/service-levels"},
		{"likely-breaches", "agent", "/service-levels/likely"},
		{"portal-service-levels", "requester", "/portal/service-levels"},
		{"published-results", "administrator", resultsPage},
		{"draft", "agent", draftPage},
		{"board", "agent", "/queue?layout=board&by=state"},
		{"split", "agent", "/queue?layout=split"},
		{"intake", "agent", "/tickets/new?kind=incident"},
		{"major-incident", "agent", roomPage},
		{"dashboard", "agent", "/dashboards/desk-today"},
		{"process", "agent", "/process"},
		{"search", "agent", "/search?q=printer"},
		{"portal", "requester", "/portal"},
		{"portal-new", "requester", "/portal/new"},
		{"people", "administrator", "/people"},
		{"roles", "administrator", "/roles/team_lead"},
		{"kinds", "administrator", "/kinds/incident"},
		{"services", "administrator", "/services"},
		{"offerings", "administrator", offeringsPage},
		{"calendar", "administrator", "/calendars/2"},
		{"agreement", "administrator", "/agreements/new?standard=1"},
		{"notification-settings", "agent", "/inbox/settings"},
		{"escalation-ladders", "administrator", "/escalation-ladders"},
		{"escalation-ladder", "administrator", "/escalation-ladders/new?standard=1"},
		{"ticket-escalations", "agent", escalationsPage},
		{"major-incidents", "agent", "/major-incidents"},
		{"mail-ticket", "agent", mailTicketPage},
		{"mail-message", "agent", mailPage},
		{"mail-quarantine", "administrator", "/mail/quarantine"},
		{"mail-outbox", "administrator", "/admin/mail/outbox"},
		{"import", "administrator", "/admin/import"},
		{"metrics", "administrator", "/figures"},
		{"metric", "administrator", "/figures/time_to_resolve?period=week&cut=group"},
		{"tension", "agent", pairPage},
		{"audit", "administrator", "/audit"},
		{"api", "administrator", "/api/docs"},
	}
}

// ticketPage stands for the address of the newest ticket in work.
const ticketPage = "first ticket of the queue"

// escalationsPage stands for the escalations of that ticket.
const escalationsPage = "escalations of the first ticket of the queue"

// clocksPage stands for the clocks of that ticket.
const clocksPage = "clocks of the first ticket of the queue"

// draftPage stands for the address of the draft that waits longest for a review.
const draftPage = "draft that waits for a review"

// roomPage stands for the address of the newest major incident.
const roomPage = "newest major incident"

// resultsPage stands for the published results of the first agreement with customers.
const resultsPage = "published results of an agreement"

// offeringsPage stands for the offerings of the first service that has some.
const offeringsPage = "offerings of a service"

// pairPage stands for the address of the oldest pair of figures.
const pairPage = "oldest pair of figures"

// mailTicketPage stands for the ticket of the demo that came by mail with pictures.
const mailTicketPage = "ticket that came by mail"

// mailPage stands for a mail of the demo with a table.
const mailPage = "mail with a table"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run() error {
	base := flag.String("url", "http://localhost:8080", "address of the installation")
	out := flag.String("out", "docs/guide/images", "folder for the pictures")
	only := flag.String("only", "", "comma-separated names; empty takes all")
	extra := flag.String("path", "", "take this path instead of the guide's pages, as -role")
	role := flag.String("role", "agent", "role for -path")
	full := flag.Bool("full", false, "the whole page instead of the first screen")
	schemes := flag.String("schemes", "light", "light, dark, or both")
	token := flag.String("token", "", "API token to use instead of signing in")
	browser := flag.String("browser", "/usr/bin/chromium", "Chromium")
	flag.Parse()
	shots := guide()
	if *extra != "" {
		name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-", "%", "").Replace(*extra), "-")
		shots = []shot{{either(name, "home"), *role, *extra}}
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(*browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	window, closeWindow := chromedp.NewContext(alloc)
	defer closeWindow()
	if err := chromedp.Do(window); err != nil {
		return err
	}
	var errs []error
	for _, s := range shots {
		if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") {
			continue
		}
		c := camera{base: *base, out: *out, token: *token, full: *full, schemes: strings.Split(*schemes, ",")}
		if err := c.take(window, s); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errors.Join(errs...)
}

type camera struct {
	base, out, token string
	full             bool
	schemes          []string
}

func (c camera) take(window context.Context, s shot) error {
	ctx, cancel := chromedp.NewContext(window, chromedp.WithNewBrowserContext())
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, 60*time.Second)
	defer stop()
	if err := c.enter(ctx, s.role); err != nil {
		return err
	}
	path := s.path
	if find := map[string]func(context.Context) (string, error){ticketPage: c.firstTicket, clocksPage: c.firstClocks, escalationsPage: c.firstEscalations, draftPage: c.waitingDraft, roomPage: c.newestMajor, pairPage: c.oldestPair, resultsPage: c.firstResults, offeringsPage: c.firstOfferings, mailTicketPage: c.mailTicket, mailPage: c.mailMessage}[path]; find != nil {
		found, err := find(ctx)
		if err != nil {
			return err
		}
		path = found
	}
	for _, width := range []int64{1280, 360} {
		for _, scheme := range c.schemes {
			png, err := c.picture(ctx, path, width, scheme)
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s-%d-%s.png", s.name, width, scheme)
			if err := os.WriteFile(filepath.Join(c.out, name), png, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c camera) firstTicket(ctx context.Context) (string, error) {
	return c.found(ctx, "state:active priority:<=2")
}

func (c camera) firstClocks(ctx context.Context) (string, error) {
	ticket, err := c.firstTicket(ctx)
	return ticket + "/clocks", err
}

func (c camera) firstEscalations(ctx context.Context) (string, error) {
	ticket, err := c.firstTicket(ctx)
	return ticket + "/escalations", err
}

func (c camera) waitingDraft(ctx context.Context) (string, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(c.base+"/drafts"), chromedp.WaitReady("main")); err != nil {
		return "", err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[string](`[...document.querySelectorAll(".s-drafts-list a")].findLast((a) => a.closest(".s-panel").querySelector(".s-tone-accent")).getAttribute("href").split("#")[0]`))
}

func (c camera) mailTicket(ctx context.Context) (string, error) {
	ticket, err := c.found(ctx, "title:~vessel title:~plan title:~empty")
	return ticket + "#e3", err // the answer between the lines
}

func (c camera) mailMessage(ctx context.Context) (string, error) {
	ticket, err := c.found(ctx, "title:~containers title:~missing title:~portal")
	if err != nil {
		return "", err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(c.base+ticket), chromedp.WaitReady("main")); err != nil {
		return "", err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#timeline a[href*='/mail/']").getAttribute("href")`))
}

// found gives the address of the ticket of a filter that changed last.
func (c camera) found(ctx context.Context, filter string) (string, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(c.base+"/queue?"+url.Values{"q": {filter}, "sort": {"-updated"}}.Encode()), chromedp.WaitReady("main")); err != nil {
		return "", err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main a[href^='/tickets/']").getAttribute("href")`))
}

func (c camera) oldestPair(ctx context.Context) (string, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(c.base+"/tension"), chromedp.WaitReady("main")); err != nil {
		return "", err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#pair-list a[href^='/tension/']").getAttribute("href")`))
}

func (c camera) firstResults(ctx context.Context) (string, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(c.base+"/agreements?role=sla"), chromedp.WaitReady("main")); err != nil {
		return "", err
	}
	agreement, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("#agreements a[href^='/agreements/']").getAttribute("href")`))
	return agreement + "/results", err
}

func (c camera) firstOfferings(ctx context.Context) (string, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(c.base+"/services"), chromedp.WaitReady("main")); err != nil {
		return "", err
	}
	services, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("#services a[href^='/services/']")].map((a) => a.getAttribute("href"))`))
	if err != nil {
		return "", err
	}
	for _, service := range services {
		if err := chromedp.Do(ctx, chromedp.Navigate(c.base+service), chromedp.WaitReady("main")); err != nil {
			return "", err
		}
		has, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("#offerings tbody a") !== null`))
		if err != nil || has {
			return service + "#offerings", err
		}
	}
	return "", errors.New("no service has offerings")
}

func (c camera) newestMajor(ctx context.Context) (string, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(c.base+"/major-incidents"), chromedp.WaitReady("main")); err != nil {
		return "", err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("main a[href^='/major-incidents/']").getAttribute("href")`))
}

func (c camera) picture(ctx context.Context, path string, width int64, scheme string) ([]byte, error) {
	height := int64(900)
	if width < 500 {
		height = 780
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	if err != nil {
		return nil, err
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height), chromedp.Navigate(c.base+path), chromedp.WaitReady("main")); err != nil {
		return nil, err
	}
	if c.full {
		return chromedp.Run(ctx, chromedp.FullScreenshot(100))
	}
	return chromedp.Run(ctx, chromedp.CaptureScreenshot())
}

// enter signs in as the demo's person of a role.
func (c camera) enter(ctx context.Context, role string) error {
	switch {
	case c.token != "":
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Authorization": "Bearer " + c.token}})
		return err
	case role == "":
		return nil
	}
	person, err := personOf(role)
	if err != nil {
		return err
	}
	return chromedp.Do(ctx,
		chromedp.Navigate(c.base+"/sign-in?next="+url.QueryEscape("/profile")),
		chromedp.SendKeys(`input[name="email"]`, person.Email),
		chromedp.SendKeys(`input[name="password"]`, person.Password),
		chromedp.Submit(`input[name="password"]`),
		chromedp.WaitNotPresent(`input[name="password"]`),
	)
}

// personOf gives the demo's person of a role such as "Team lead".
func personOf(role string) (demo.SignIn, error) {
	for _, s := range demo.Company(demo.Seed).SignIns {
		if strings.EqualFold(s.Role, role) {
			return s, nil
		}
	}
	return demo.SignIn{}, fmt.Errorf("the demo has no %s", role)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
