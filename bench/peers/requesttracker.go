package peers

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// requestTracker is Request Tracker 5, by Apache's prefork model and FastCGI.
type requestTracker struct{}

//go:embed requesttracker/RT_SiteConfig.pm
var rtConfig string

//go:embed requesttracker/initialdata.pl
var rtInitialData string

//go:embed requesttracker/fill.sql
var rtFill string

//go:embed requesttracker/apache.conf
var rtApache string

const rtProgram = "/usr/share/request-tracker5/libexec/rt-server.fcgi"

func (requestTracker) Name() string { return "request-tracker" }

func (requestTracker) Packages() []string {
	return []string{"request-tracker5", "rt5-db-postgresql", "apache2", "libapache2-mod-fcgid", "w3m"}
}

func (requestTracker) Way() string {
	return fmt.Sprintf("Apache (prefork) with mod_fcgid, %d processes; PostgreSQL with its full-text index; mail thrown away, its scrips as they come", Workers)
}

// settle writes the configuration and gives the environment that points at it.
func (requestTracker) settle(dir, address, database string, site *Site) ([]string, error) {
	port := address[strings.LastIndexByte(address, ':')+1:]
	fill := strings.NewReplacer("@DIR@", dir, "@ADDRESS@", address, "@PORT@", port, "@DATABASE@", database,
		"@DATABASE_PORT@", fmt.Sprint(site.Port), "@WORKERS@", fmt.Sprint(Workers), "@PROGRAM@", rtProgram)
	err := write(dir, map[string]string{
		"etc/RT_SiteConfig.pm": fill.Replace(rtConfig),
		"initialdata.pl":       rtInitialData,
		"root-password":        Password + "\n",
		"apache.conf":          apacheConfig(dir, address, "mpm_prefork", "fcgid") + fill.Replace(rtApache),
	})
	for _, name := range []string{"etc/RT_SiteConfig.d", "mason", "run/fcgid"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, name), 0o755))
	}
	return []string{"RT_SITE_CONFIG=" + filepath.Join(dir, "etc/RT_SiteConfig.pm"), "RT_SITE_CONFIG_DIR=" + filepath.Join(dir, "etc/RT_SiteConfig.d")}, err
}

func (p requestTracker) Fill(ctx context.Context, site *Site, database string, sample *Sample) error {
	dir, err := site.home(p.Name())
	if err != nil {
		return err
	}
	env, err := p.settle(dir, "127.0.0.1:80", database, site)
	if err != nil {
		return err
	}
	set := func(args ...string) error {
		return run(ctx, env, dir, "/usr/sbin/rt-setup-database-5", append(args, "--skip-create")...)
	}
	if err := set("--action", "init", "--root-password-file", filepath.Join(dir, "root-password")); err != nil {
		return err
	}
	if err := set("--action", "insert", "--datafile", filepath.Join(dir, "initialdata.pl")); err != nil {
		return err
	}
	if _, err := site.Query(database, sample.load(rtFill)); err != nil {
		return err
	}
	if err := run(ctx, env, dir, "/usr/sbin/rt-setup-fulltext-index-5", "--noask", "--index-type", "gin", "--dba", "postgres", "--dba-password", ""); err != nil {
		return err
	}
	_, err = site.Query(database, "VACUUM ANALYZE AttachmentsIndex")
	return err
}

func (p requestTracker) Start(ctx context.Context, site *Site, database string) (Server, error) {
	dir, err := site.home(p.Name())
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if _, err := p.settle(dir, address, database, site); err != nil {
		return nil, err
	}
	if err := hand(dir); err != nil {
		return nil, err
	}
	a, err := startApache(ctx, dir, address, "/")
	if err != nil {
		return nil, err
	}
	return &rtServer{a}, nil
}

type rtServer struct{ *apache }

func (s *rtServer) SignIn(ctx context.Context) (Session, error) {
	b, err := newBrowser(s.address)
	if err != nil {
		return nil, err
	}
	if _, err := b.fetch(ctx, "/", nil); err != nil {
		return nil, err
	}
	text, err := b.fetch(ctx, "/NoAuth/Login.html", url.Values{"user": {"p0"}, "pass": {Password}})
	if err != nil {
		return nil, err
	}
	if !strings.Contains(text, `"Name":"p0"`) {
		return nil, fmt.Errorf("signing in to Request Tracker was answered with %.300s", text)
	}
	return &rtSession{s.address, b.cookies()}, nil
}

// rtSession asks with a session's cookie, by the API as well: a token or a password
// would cost each request a hash that is made to be slow.
type rtSession struct{ address, cookies string }

func (s *rtSession) api(method, path string, body map[string]any, status int, shows string) Request {
	r := Request{
		Method: method, Path: "/REST/2.0" + path, Status: status, Shows: shows,
		Headers: []string{"Cookie", s.cookies, "Accept", "application/json"},
	}
	if body != nil {
		text, _ := json.Marshal(body) // maps of strings always marshal
		r.Body, r.Headers = string(text), append(r.Headers, "Content-Type", "application/json")
	}
	return r
}

func (s *rtSession) Create(title, text string, service int) Request {
	return s.api(http.MethodPost, "/ticket", map[string]any{
		"Queue": fmt.Sprintf("Service %d", service), "Subject": title, "Content": text, "ContentType": "text/plain", "Requestor": "p0@bench.example",
	}, http.StatusCreated, `"type":"ticket"`)
}

func (s *rtSession) Read(ticket int) Request {
	return s.api(http.MethodGet, fmt.Sprintf("/ticket/%d", ticket), nil, http.StatusOK, `"Subject" : "The `)
}

func (s *rtSession) Reply(ticket int, text string) Request {
	return s.api(http.MethodPost, fmt.Sprintf("/ticket/%d/correspond", ticket), map[string]any{"Content": text, "ContentType": "text/plain"},
		http.StatusCreated, "Correspondence added")
}

func (s *rtSession) results(query url.Values, shows string) Request {
	return page(s.address, s.cookies, "/Search/Results.html?"+query.Encode(), shows)
}

// rtRow is in every row of a list.
const rtRow = `<a href="/Ticket/Display.html?id=`

func (s *rtSession) List() Request {
	return s.results(url.Values{"Query": {"Status = '__Active__'"}, "OrderBy": {"LastUpdated"}, "Order": {"DESC"}, "Rows": {"50"}}, rtRow)
}

func (s *rtSession) Filtered(service int) Request {
	query := fmt.Sprintf("Queue = 'Service %d' AND ( Status = 'open' OR Status = 'stalled' ) AND Priority >= 50", service)
	return s.results(url.Values{"Query": {query}, "OrderBy": {"Priority"}, "Order": {"DESC"}, "Rows": {"50"}}, rtRow)
}

func (s *rtSession) Ticket(ticket int) Request {
	return page(s.address, s.cookies, fmt.Sprintf("/Ticket/Display.html?id=%d", ticket), fmt.Sprintf("<title>#%d: The ", ticket))
}

// Search is the box at the top of every page; "any" is its word for every status.
func (s *rtSession) Search(words string) Request {
	return page(s.address, s.cookies, "/Search/Simple.html?"+url.Values{"q": {"any " + words}}.Encode(), rtRow)
}
