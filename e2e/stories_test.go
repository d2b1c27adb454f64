package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// TestStories runs the stories in testdata over the program: what an
// administrator does in a terminal, with the commands of testscript and
//
//	serve                    start a node and wait until it is ready; $URL is its address
//	halt                     end it, cleanly; what it said is printed
//	api METHOD PATH [BODY]   ask the API with $TOKEN; the status and the answer are printed
//	await STATUS METHOD PATH ask the API with $TOKEN until it answers with the status
//	page PATH                read a page; the status and its text are printed
//	sql STATEMENT            change the database behind the program's back
//	capture NAME [REGEXP]    keep what the last command printed, or the part in brackets, in $NAME
//
// $POSTGRES is the address of a fresh PostgreSQL database.
func TestStories(t *testing.T) {
	t.Parallel()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			// The program answers to its own name, wherever it lies.
			folder := filepath.Join(env.WorkDir, ".bin")
			if err := os.Mkdir(folder, 0o755); err != nil {
				return err
			}
			if err := os.Symlink(bin, filepath.Join(folder, "steward")); err != nil {
				return err
			}
			env.Setenv("PATH", folder+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("STEWARD_LISTEN", "127.0.0.1:0")
			env.Setenv("POSTGRES", databasetest.EmptyURL(t, database.PostgreSQL))
			env.Values[storyKey{}] = &story{bin: bin}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve": storyServe, "halt": storyHalt, "api": storyAPI, "await": storyAwait, "page": storyPage, "sql": storySQL, "capture": storyCapture,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// story is what the commands of one story share.
type story struct {
	bin  string
	node *node
}

type storyKey struct{}

func storyOf(ts *testscript.TestScript, neg bool, usage string, ok bool) *story {
	s, known := ts.Value(storyKey{}).(*story)
	if neg || !ok || !known {
		ts.Fatalf("usage: %s", usage)
	}
	return s
}

func storyServe(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts, neg, "serve", len(args) == 0)
	n := &node{cmd: exec.Command(s.bin, "serve")}
	n.cmd.Dir = ts.Getenv("WORK")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "STEWARD_LISTEN", "STEWARD_DATA_DIR", "STEWARD_DATABASE_URL"} {
		if value := ts.Getenv(name); value != "" {
			n.cmd.Env = append(n.cmd.Env, name+"="+value)
		}
	}
	began := time.Now()
	ts.Check(n.begin())
	ts.Defer(n.kill)
	if err := n.ready(time.Minute); err != nil {
		ts.Fatalf("the server does not start: %v\n%s", err, n.out)
	}
	ts.Logf("ready after %s", time.Since(began).Round(time.Millisecond))
	ts.Setenv("URL", n.url)
	s.node = n
}

func storyHalt(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts, neg, "halt", len(args) == 0)
	if err := s.node.end(); err != nil {
		ts.Fatalf("the server ended with %v\n%s", err, s.node.out)
	}
	fmt.Fprint(ts.Stdout(), s.node.out)
}

func storyAPI(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts, neg, "api METHOD PATH [BODY]", len(args) == 2 || len(args) == 3)
	c, body, headers := program(s.node.url, ts.Getenv("TOKEN")), "", []string(nil)
	if len(args) == 3 {
		body, headers = args[2], []string{"Content-Type", "application/json", "If-Match", "*"}
	}
	a, err := c.request(context.Background(), args[0], "/api/v1"+args[1], strings.NewReader(body), headers...)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", a.status, a.body)
}

func storyAwait(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts, neg, "await STATUS METHOD PATH", len(args) == 3)
	c := program(s.node.url, ts.Getenv("TOKEN"))
	deadline := time.After(20 * time.Second)
	for tick := time.Tick(20 * time.Millisecond); ; {
		a, err := c.request(context.Background(), args[1], "/api/v1"+args[2], http.NoBody)
		ts.Check(err)
		if strconv.Itoa(a.status) == args[0] {
			return
		}
		select {
		case <-tick:
		case <-deadline:
			ts.Fatalf("the answer stays %d\n%s", a.status, a.body)
		}
	}
}

func storyPage(ts *testscript.TestScript, neg bool, args []string) {
	s := storyOf(ts, neg, "page PATH", len(args) == 1)
	c := program(s.node.url, "")
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a, err := c.request(context.Background(), http.MethodGet, args[0], http.NoBody)
	ts.Check(err)
	doc, err := a.document()
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d\n%s\n", a.status, strings.Join(strings.Fields(doc.Find("body").Text()), " "))
}

func storySQL(ts *testscript.TestScript, neg bool, args []string) {
	storyOf(ts, neg, "sql STATEMENT", len(args) == 1)
	address := ts.Getenv("STEWARD_DATABASE_URL")
	if address == "" {
		address = ts.MkAbs("data/steward.db")
	}
	db, err := database.Open(context.Background(), database.Options{URL: address, MaxConns: 1, Name: "a test"})
	ts.Check(err)
	err = db.Write(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(context.Background(), args[0])
		return err
	})
	ts.Check(errors.Join(err, db.Close()))
}

func storyCapture(ts *testscript.TestScript, neg bool, args []string) {
	storyOf(ts, neg, "capture NAME [REGEXP]", len(args) == 1 || len(args) == 2)
	if len(args) == 1 {
		ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
		return
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout") + "\n" + ts.ReadFile("stderr"))
	if len(found) != 2 {
		ts.Fatalf("%s is not in what the last command printed", args[1])
	}
	ts.Setenv(args[0], found[1])
}
