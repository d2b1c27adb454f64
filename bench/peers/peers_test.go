package peers

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAPackageIsInstalledWhenItsFilesAreThere(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"installed 5.0.3+dfsg-3": "5.0.3+dfsg-3", "half-configured 5.0.4-5": "5.0.4-5", "config-files 5.0.4-5": "", "not-installed ": "", "": "",
	} {
		if got := versionOf(line); got != want {
			t.Errorf("%q is version %q, not %q", line, got, want)
		}
	}
}

func TestTheSampleIsTakenAwayAfterItWasTurnedIntoRows(t *testing.T) {
	t.Parallel()
	text := (&Sample{"/dir"}).load("INSERT INTO theirs SELECT 1;")
	steps := []string{"CREATE SCHEMA sample", `\copy sample.entries FROM '/dir/entries'`, "BEGIN;\nINSERT INTO theirs", "COMMIT;", "DROP SCHEMA sample CASCADE"}
	at := -1
	for _, step := range steps {
		next := strings.Index(text, step)
		if next <= at {
			t.Errorf("%q comes too early or not at all:\n%s", step, text)
		}
		at = next
	}
	for name, query := range sampleQueries {
		if line := (&Sample{"/dir"}).copy("("+query+")", "TO", name); strings.Count(line, "\n") != 1 {
			t.Errorf("psql takes its command on one line:\n%s", line)
		}
	}
}

func TestPagesAreAskedForInASession(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Session{"request-tracker": &rtSession{"host:1", "sid=x"}, "redmine": &redmineSession{"host:1", "sid=x"}} {
		for _, r := range []Request{s.List(), s.Filtered(3), s.Ticket(7), s.Search("printer morning")} {
			if r.Method != http.MethodGet || r.Status != http.StatusOK || r.Shows == "" || len(r.Headers) < 2 || r.Headers[1] != "sid=x" || strings.Contains(r.Path, " ") {
				t.Errorf("%s: %+v", name, r)
			}
		}
		for _, r := range []Request{s.Create("The printer", "It is slow.", 2), s.Reply(7, "Try again.")} {
			if r.Method == http.MethodGet || r.Body == "" {
				t.Errorf("%s: %+v", name, r)
			}
		}
	}
}

func TestFilesOfASiteNameNothingThatWasNotFilledIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := (requestTracker{}).settle(dir, "127.0.0.1:1234", "rt", &Site{Port: 5}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"etc/RT_SiteConfig.pm", "apache.conf"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if left := placeholder.Find(text); left != nil {
			t.Errorf("%s has %s:\n%s", name, left, text)
		}
	}
}

var placeholder = regexp.MustCompile(`@[A-Z_]+@`)
