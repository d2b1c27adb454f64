package app_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// threeTickets opens three tickets, resolves one, and counts.
func threeTickets(t *testing.T, s *apptest.System) (numbers []string) {
	t.Helper()
	for i := range 3 {
		opened, err := s.Core.Tickets.Create(s.As(access.RoleAgent), ticket.Create{
			Kind: "incident", Title: fmt.Sprint("=Printer ", i), RequesterID: s.Persons[access.RoleRequester], ServiceID: s.Service, Channel: "phone",
		})
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, opened.Number)
	}
	_, err := s.Core.Tickets.Transition(s.As(access.RoleAgent), ticket.ByNumber(numbers[0]), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "New drum."})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Core.Metrics.Run(s.As("system"), time.Minute); err != nil {
		t.Fatal(err)
	}
	return numbers
}

func mainTile(doc *goquery.Document) string {
	return strings.TrimSpace(doc.Find(".s-stat-value").First().Text())
}

func TestEveryMetricHasAPageThatExplainsIt(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		threeTickets(t, s)
		c := s.SignedIn(access.RoleAdministrator)
		doc := c.Get("/figures").HTML(t)
		links := doc.Find(".s-table a[href^='/figures/']").Map(func(_ int, a *goquery.Selection) string { return a.AttrOr("href", "") })
		if len(links) != 22 {
			t.Errorf("%d metrics in the catalogue", len(links))
		}
		for _, link := range links {
			for _, asked := range []string{"", "?period=month&cut=priority&check=1"} {
				a := c.Get(link + asked)
				if a.Status == http.StatusUnprocessableEntity && strings.Contains(a.Body, "cannot be cut") {
					continue
				}
				page := a.HTML(t)
				if a.Status != http.StatusOK || page.Find("#explain dt").Length() != 7 || page.Find(".s-stat").Length() == 0 {
					t.Errorf("%s answers %d with %d points of explanation", link+asked, a.Status, page.Find("#explain dt").Length())
				}
				if asked != "" && !strings.Contains(page.Text(), "The timelines say the same") {
					t.Errorf("%s: the timelines say something else", link)
				}
				if list := c.Get(link + "/tickets"); list.Status != http.StatusOK {
					t.Errorf("the tickets behind %s: %d", link, list.Status)
				}
			}
		}
		if got := mainTile(c.Get("/figures/volume_in").HTML(t)); got != "3" {
			t.Errorf("%s tickets were opened", got)
		}
		if got := mainTile(c.Get("/figures/backlog").HTML(t)); got != "2" {
			t.Errorf("a backlog of %s", got)
		}
	})
}

func TestTheNumberOpensItsTickets(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		numbers := threeTickets(t, s)
		c := s.SignedIn(access.RoleAgent)
		page := c.Get("/figures/volume_out?cut=priority").HTML(t)
		main, _ := page.Find(".s-stat-label a").First().Attr("href")
		part, _ := page.Find("#cut tbody a").First().Attr("href")
		for _, link := range []string{main, part} {
			list := c.Get(link)
			if list.Status != http.StatusOK || !strings.Contains(list.Body, numbers[0]) || strings.Contains(list.Body, numbers[1]) {
				t.Errorf("%s answers %d without the one resolved ticket", link, list.Status)
			}
		}
		file := c.Get(strings.Replace(main, "/tickets?", "/tickets.csv?", 1))
		rows, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
		if err != nil || len(rows) != 2 || rows[1][0] != numbers[0] || rows[1][1] != "'=Printer 0" {
			t.Errorf("the file holds %v, %v", rows, err)
		}
		figures, err := csv.NewReader(strings.NewReader(c.Get("/figures/volume_in/figures.csv?period=week&cut=channel").Body)).ReadAll()
		if err != nil || figures[1][6] != "3" {
			t.Errorf("the figures are %v, %v", figures, err)
		}
	})
}

func TestOnlyThoseWhoExportSeeFigures(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		threeTickets(t, s)
		for role, want := range map[string]string{access.RoleAgent: "3", access.RoleServiceOwner: "3", access.RoleRelationshipManager: "3", access.RoleSupplierAgent: "0", access.RoleAuditor: "3"} {
			if got := mainTile(s.SignedIn(role).Get("/figures/volume_in").HTML(t)); got != want {
				t.Errorf("%s counts %q tickets, not %s", role, got, want)
			}
		}
		c := s.SignedIn(access.RoleRequester)
		for _, path := range []string{"/figures", "/figures/backlog", "/figures/backlog/tickets", "/figures/backlog/tickets.csv", "/figures/backlog/figures.csv", "/figures/backlog/edit"} {
			if a := c.Get(path); a.Status != http.StatusForbidden {
				t.Errorf("a requester gets %d on %s", a.Status, path)
			}
		}
		if a := s.SignedIn(access.RoleAgent).Get("/figures/backlog/edit"); a.Status != http.StatusForbidden {
			t.Errorf("an agent may set targets: %d", a.Status)
		}
	})
}

func TestTargetsAreSetBesideTheirErrors(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		c := s.SignedIn(access.RoleAdministrator)
		form := url.Values{"version": {"0"}, "target": {"five"}, "direction": {"down"}, "note": {"As agreed"}}
		wrong := c.Post("/figures/reopen_rate", form)
		if wrong.Status != http.StatusUnprocessableEntity || wrong.HTML(t).Find("input[name=note]").AttrOr("value", "") != "As agreed" {
			t.Errorf("a target in words: %d", wrong.Status)
		}
		form.Set("target", "5")
		if a := c.Post("/figures/reopen_rate", form); a.Status != http.StatusSeeOther {
			t.Fatalf("saving: %d %s", a.Status, a.Body)
		}
		if late := c.Post("/figures/reopen_rate", form); late.Status != http.StatusConflict || late.HTML(t).Find("input[name=version]").AttrOr("value", "") != "1" {
			t.Errorf("an outdated form: %d", late.Status)
		}
		d, err := s.Core.Metrics.Definition(s.As(access.RoleAgent), metric.ReopenRate)
		if err != nil || d.Target == nil || *d.Target != 0.05 {
			t.Errorf("the target is %v, %v", d.Target, err)
		}
		if page := c.Get("/figures/reopen_rate").HTML(t).Find("#history").Text(); !strings.Contains(page, "As agreed") || !strings.Contains(page, "5%") {
			t.Errorf("the history says %q", page)
		}
	})
}

func TestFiguresByJSON(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		threeTickets(t, s)
		c := s.SignedIn(access.RoleAgent)
		var list struct{ Items []struct{ Key, Name string } }
		var answer struct {
			Value  *float64
			Basis  string
			Slices []struct {
				Label string
				Value *float64
			}
			Points []struct{ Value *float64 }
		}
		var tickets struct {
			Items []struct{ Number string }
			Next  string `json:"next_cursor"`
		}
		get := func(path string, to any) {
			t.Helper()
			a := c.Get("/api/v1" + path)
			if err := json.Unmarshal([]byte(a.Body), to); err != nil || a.Status != http.StatusOK {
				t.Fatalf("%s: %d %s %v", path, a.Status, a.Body, err)
			}
		}
		get("/metrics", &list)
		get("/metrics/volume_in/value?period=week&cut=service&only=kind:incident,channel:phone&zone=UTC", &answer)
		get("/metrics/volume_in/tickets?limit=2", &tickets)
		if len(list.Items) != 22 || answer.Value == nil || *answer.Value != 3 || len(answer.Slices) != 1 || answer.Slices[0].Label != "Printing" || len(answer.Points) == 0 {
			t.Errorf("%d metrics, %+v", len(list.Items), answer)
		}
		if len(tickets.Items) != 2 || tickets.Next == "" {
			t.Errorf("the first two tickets: %+v", tickets)
		}
		for path, want := range map[string]int{
			"/metrics/nothing": http.StatusNotFound, "/metrics/volume_in/value?from=yesterday": http.StatusUnprocessableEntity,
			"/metrics/volume_in/value?cut=mood": http.StatusUnprocessableEntity, "/metrics/volume_in/tickets?cursor=zebra": http.StatusUnprocessableEntity,
		} {
			if a := c.Get("/api/v1" + path); a.Status != want {
				t.Errorf("%s answers %d, not %d", path, a.Status, want)
			}
		}
	})
}

// TestAFigureTakesFewQueries counts the statements behind a figure, however many
// parts and steps it has.
func TestAFigureTakesFewQueries(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		threeTickets(t, s)
		for most, q := range map[int]metric.Query{
			4: {Metric: metric.VolumeIn, Period: metric.Day},
			5: {Metric: metric.VolumeIn, Cut: metric.ByService},
			6: {Metric: metric.TimeToResolve, Period: metric.Week},
			7: {Metric: metric.Backlog, Cut: metric.ByGroup, Period: metric.Day},
		} {
			ctx, counter := database.WithCounter(s.As(access.RoleAgent))
			fromRollups(ctx, t, s, q)
			if counter.N() > most {
				t.Errorf("%s by %q takes %d statements:\n%s", q.Metric, q.Cut, counter.N(), strings.Join(counter.Queries(), "\n"))
			}
		}
	})
}

func fromRollups(ctx context.Context, t *testing.T, s *apptest.System, q metric.Query) {
	t.Helper()
	r, err := s.Core.Metrics.Compute(ctx, q)
	if err != nil || r.Basis != metric.FromRollups {
		t.Fatalf("%s: from %s, %v", q.Metric, r.Basis, err)
	}
}
