package peers

import (
	"context"
	"crypto/sha1" //nolint:gosec // how Redmine keeps passwords
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// redmine is Redmine 5, by Apache and Passenger.
type redmine struct{}

//go:embed redmine/database.yml
var redmineDatabase string

//go:embed redmine/apache.conf
var redmineApache string

//go:embed redmine/fill.sql
var redmineFill string

const (
	redmineSource = "/usr/share/redmine"
	redmineKey    = "5e0a4d1b7c3f29866d2b9a10f4c8e7d35b6a9f01" // of the agent, for the API
	redmineSalt   = "0123456789abcdef0123456789abcdef"
)

func (redmine) Name() string { return "redmine" }

func (redmine) Packages() []string {
	return []string{"redmine", "redmine-pgsql", "apache2", "libapache2-mod-passenger"}
}

func (redmine) Way() string {
	return fmt.Sprintf("Apache with Passenger, RAILS_ENV=production, %d processes; PostgreSQL; mail off as it comes", Workers)
}

// settle lays an instance out: Debian's files, copied because they look for
// instances beside themselves, and the instance's own.
func (redmine) settle(ctx context.Context, dir, address, database string, site *Site) (env []string, err error) {
	app := filepath.Join(dir, "app")
	fill := strings.NewReplacer("@DIR@", dir, "@APP@", app, "@ADDRESS@", address, "@DATABASE@", database,
		"@DATABASE_PORT@", fmt.Sprint(site.Port), "@WORKERS@", fmt.Sprint(Workers))
	if err := copyTree(redmineSource, app); err != nil {
		return nil, err
	}
	gems := filepath.Join(app, "Gemfile")
	text, err := os.ReadFile(gems)
	if err != nil {
		return nil, err
	}
	err = write(dir, map[string]string{
		"app/Gemfile": strings.ReplaceAll(string(text), redmineSource+"/", app+"/"),
		"app/instances/bench/config/database.yml":   fill.Replace(redmineDatabase),
		"app/instances/bench/config/secret_key.txt": redmineSalt + redmineSalt + "\n",
		"apache.conf":                                    apacheConfig(dir, address, "mpm_event", "passenger") + fill.Replace(redmineApache),
		"app/instances/bench/log/.keep":                  "",
		"app/instances/bench/files/.keep":                "",
		"app/instances/bench/tmp/.keep":                  "",
		"app/instances/bench/public/plugin_assets/.keep": "",
		"home/.keep":                                     "",
		"run/.keep":                                      "",
	})
	if err := errors.Join(err, hand(dir)); err != nil {
		return nil, err
	}
	env = []string{"HOME=" + filepath.Join(dir, "home"), "RAILS_ENV=production", "REDMINE_INSTANCE=bench", "REDMINE_LANG=en", "SCHEMA=/dev/null", "LC_ALL=C.UTF-8"}
	return env, runAsWeb(ctx, env, app, "bundle", "install", "--local", "--quiet")
}

// copyTree copies a folder but for what instances keep in it.
func copyTree(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); name != "instances" && name != "Gemfile.lock" {
			if err := run(context.Background(), nil, to, "cp", "-R", "--preserve=mode,timestamps", filepath.Join(from, name), to); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p redmine) Fill(ctx context.Context, site *Site, database string, sample *Sample) error {
	dir, err := site.home(p.Name())
	if err != nil {
		return err
	}
	env, err := p.settle(ctx, dir, "127.0.0.1:80", database, site)
	if err != nil {
		return err
	}
	for _, task := range []string{"db:migrate", "redmine:load_default_data"} {
		if err := runAsWeb(ctx, env, filepath.Join(dir, "app"), "bundle", "exec", "rake", task); err != nil {
			return err
		}
	}
	inner := sha1.Sum([]byte(Password)) //nolint:gosec // as above
	outer := sha1.Sum([]byte(redmineSalt + hex.EncodeToString(inner[:])))
	fill := strings.NewReplacer("@HASH@", hex.EncodeToString(outer[:]), "@SALT@", redmineSalt, "@KEY@", redmineKey)
	_, err = site.Query(database, sample.load(fill.Replace(redmineFill)))
	return err
}

func (p redmine) Start(ctx context.Context, site *Site, database string) (Server, error) {
	dir, err := site.home(p.Name())
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if _, err := p.settle(ctx, dir, address, database, site); err != nil {
		return nil, err
	}
	a, err := startApache(ctx, dir, address, "/login")
	if err != nil {
		return nil, err
	}
	return &redmineServer{a}, nil
}

type redmineServer struct{ *apache }

var authenticity = regexp.MustCompile(`name="authenticity_token" value="([^"]+)"`)

func (s *redmineServer) SignIn(ctx context.Context) (Session, error) {
	b, err := newBrowser(s.address)
	if err != nil {
		return nil, err
	}
	text, err := b.fetch(ctx, "/login", nil)
	if err != nil {
		return nil, err
	}
	token := authenticity.FindStringSubmatch(text)
	if token == nil {
		return nil, fmt.Errorf("there is no form to sign in to Redmine: %.300s", text)
	}
	if text, err = b.fetch(ctx, "/login", url.Values{"authenticity_token": {token[1]}, "username": {"p0"}, "password": {Password}}); err != nil {
		return nil, err
	}
	if !strings.Contains(text, `href="/logout"`) {
		return nil, fmt.Errorf("signing in to Redmine was answered with %.300s", text)
	}
	return &redmineSession{s.address, b.cookies()}, nil
}

type redmineSession struct{ address, cookies string }

func (s *redmineSession) api(method, path string, issue map[string]any, status int, shows string) Request {
	r := Request{Method: method, Path: path, Status: status, Shows: shows, Headers: []string{"X-Redmine-API-Key", redmineKey}}
	if issue != nil {
		text, _ := json.Marshal(map[string]any{"issue": issue}) // maps of strings and numbers always marshal
		r.Body, r.Headers = string(text), append(r.Headers, "Content-Type", "application/json")
	}
	return r
}

func (s *redmineSession) Create(title, text string, service int) Request {
	return s.api(http.MethodPost, "/issues.json", map[string]any{
		"project_id": "help-desk", "category_id": service, "subject": title, "description": text,
	}, http.StatusCreated, `"issue":{"id":`)
}

func (s *redmineSession) Read(ticket int) Request {
	return s.api(http.MethodGet, fmt.Sprintf("/issues/%d.json", ticket), nil, http.StatusOK, `"subject":"The `)
}

func (s *redmineSession) Reply(ticket int, text string) Request {
	return s.api(http.MethodPut, fmt.Sprintf("/issues/%d.json", ticket), map[string]any{"notes": text}, http.StatusNoContent, "")
}

func (s *redmineSession) issues(query url.Values) Request {
	return page(s.address, s.cookies, "/projects/help-desk/issues?"+query.Encode(), `<tr id="issue-`)
}

func (s *redmineSession) List() Request {
	return s.issues(url.Values{"set_filter": {"1"}, "f[]": {"status_id"}, "op[status_id]": {"o"}, "sort": {"updated_on:desc"}, "per_page": {"50"}})
}

// Filtered names states, priorities and categories by their numbers, which are
// those of the default data, and fill.sql's.
func (s *redmineSession) Filtered(service int) Request {
	return s.issues(url.Values{
		"set_filter": {"1"}, "f[]": {"status_id", "priority_id", "category_id"}, "sort": {"priority:desc"}, "per_page": {"50"},
		"op[status_id]": {"="}, "v[status_id][]": {"2", "4"},
		"op[priority_id]": {"="}, "v[priority_id][]": {"3", "4", "5"},
		"op[category_id]": {"="}, "v[category_id][]": {fmt.Sprint(service)},
	})
}

func (s *redmineSession) Ticket(ticket int) Request {
	return page(s.address, s.cookies, fmt.Sprintf("/issues/%d", ticket), fmt.Sprintf("#%d: The ", ticket))
}

func (s *redmineSession) Search(words string) Request {
	return page(s.address, s.cookies, "/projects/help-desk/search?"+url.Values{"q": {words}, "issues": {"1"}}.Encode(), `<dt class="issue`)
}
