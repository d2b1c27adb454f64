package e2e

import (
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestABackupUnderLoadRestoresAMomentOfIt backs up while clerks work, restores
// into the other engine and back, and finds a whole moment each time: all that
// was acknowledged before it, nothing that was asked for after, every timeline
// whole and every file there.
func TestABackupUnderLoadRestoresAMomentOfIt(t *testing.T) {
	t.Parallel()
	for _, engine := range engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			first, second, third := install(t, engine), install(t, other(engine)), install(t, engine)
			_, token := first.administrator()
			n := first.start()
			clerks := hire(t, n.url, token, 4)
			archive := filepath.Join(t.TempDir(), "under-load.tar.zst")
			var before, after []int
			clerks.during(n.url, func() {
				pause(700 * time.Millisecond)
				before = clerks.finished()
				first.run("backup", archive)
				after = clerks.finished()
				pause(200 * time.Millisecond)
			})
			clerks.finish(t, n.url)
			n.calm()

			second.run("restore", archive)
			again := filepath.Join(t.TempDir(), "again.tar.zst")
			second.run("backup", again)
			there := second.numbers(t, token)
			for i, clerk := range clerks {
				for at, r := range clerk.done {
					switch is := there[r.title]; {
					case at < before[i] && is != r.number:
						t.Errorf("%q was acknowledged as %s before the backup, which has %q", r.title, r.number, is)
					case at > after[i] && is != "":
						t.Errorf("%q was asked for after the backup, which has it", r.title)
					}
				}
			}

			// The way back brings the same, and both archives of the moment count the same.
			third.run("restore", again)
			if diff := cmp.Diff(there, third.numbers(t, token)); diff != "" {
				t.Errorf("other tickets came back:\n%s", diff)
			}
			one, two := first.counted(t, archive), first.counted(t, again)
			if one != two {
				t.Errorf("the first archive holds %s, the second %s", one, two)
			}
			third.sound(t)
			t.Logf("%s; the backup has %d tickets: %s", clerks, len(there), one)
		})
	}
}

func other(engine database.Engine) database.Engine {
	if engine == database.SQLite {
		return database.PostgreSQL
	}
	return database.SQLite
}

// finished is how many tickets each clerk has done so far.
func (all crew) finished() []int {
	out := make([]int, len(all))
	for i, c := range all {
		out[i] = int(c.count.Load())
	}
	return out
}

// numbers serves the installation for a moment and gives the tickets' numbers by
// title, each of them whole.
func (i *installation) numbers(t *testing.T, token string) map[string]string {
	t.Helper()
	n := i.start()
	defer n.stop()
	c := program(n.url, token)
	out := map[string]string{}
	for _, ticket := range c.export(t) {
		replays(t, ticket)
		out[ticket.Title] = ticket.Number
	}
	// It is not only there, it works: numbers go on behind the last one.
	c.open(t, "After the restore")
	n.calm()
	return out
}

var contents = regexp.MustCompile(`(\d+) rows in (\d+) tables, (\d+) files`)

// counted says what an archive holds.
func (i *installation) counted(t *testing.T, archive string) string {
	t.Helper()
	_, err := i.try("restore", "--check", archive)
	if err != nil {
		t.Fatal(err)
	}
	return contents.FindString(i.said)
}
