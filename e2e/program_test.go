package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// binary builds the program once for all tests; under the race detector, the
// program watches itself too. STEWARD_TEST_BINARY names a finished one instead.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("STEWARD_TEST_BINARY"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "steward-e2e-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "steward")
	args := []string{"build", "-o", path}
	if raceDetector {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "../cmd/steward")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(max(4, runtime.NumCPU()))); err != nil { // they wait more than they work
		panic(err)
	}
	code := m.Run()
	if path, err := binary(); err == nil && os.Getenv("STEWARD_TEST_BINARY") == "" {
		_ = os.RemoveAll(filepath.Dir(path)) // left-overs in the temporary folder harm nobody
	}
	os.Exit(code)
}

// engines are what every story runs on.
func engines() []database.Engine { return []database.Engine{database.SQLite, database.PostgreSQL} }

// onEach runs a story on a fresh installation of either engine.
func onEach(t *testing.T, fn func(t *testing.T, i *installation)) {
	t.Helper()
	for _, engine := range engines() {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			fn(t, install(t, engine))
		})
	}
}

// installation is one data folder and one database, on which nodes are started.
type installation struct {
	t      *testing.T
	bin    string
	data   string
	engine database.Engine
	env    []string
	inside []string // puts a command where the data folder can be seen; usually nothing
	said   string   // what the last command told whoever ran it
}

// install prepares an installation on an engine.
func install(t *testing.T, engine database.Engine) *installation {
	t.Helper()
	if engine == database.PostgreSQL {
		return installOn(t, databasetest.EmptyURL(t, engine))
	}
	return installOn(t, "")
}

// installOn prepares an installation on a PostgreSQL database, or with "" on
// SQLite.
func installOn(t *testing.T, address string) *installation {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{t: t, bin: bin, data: t.TempDir(), engine: database.SQLite}
	// What the developer's own shell sets must not reach the tests.
	i.env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "STEWARD_") })
	i.set("DATA_DIR", i.data)
	i.set("LISTEN", "127.0.0.1:0")
	i.set("HTTP_API_RATE", "1000000")
	if address != "" {
		i.engine = database.PostgreSQL
		i.set("DATABASE_URL", address)
	}
	return i
}

// set chooses a setting for what is started from now on.
func (i *installation) set(name, value string) {
	i.env = append(slices.Clip(i.env), "STEWARD_"+name+"="+value)
}

// run runs a command of the program to its end and gives what it printed to
// standard output.
func (i *installation) run(args ...string) string {
	i.t.Helper()
	out, err := i.try(args...)
	if err != nil {
		i.t.Fatal(err)
	}
	return out
}

// try is run for commands that may fail; the error tells what they printed.
func (i *installation) try(args ...string) (string, error) {
	line := append(append(slices.Clip(i.inside), i.bin), args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = i.env
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	i.said = problems.String()
	if err != nil {
		return out.String(), fmt.Errorf("steward %s: %w\n%s%s", strings.Join(args, " "), err, out.Bytes(), problems.Bytes())
	}
	return out.String(), nil
}

const adminEmail = "ann@example.org"

// administrator makes the first administrator, and gives the password and an
// API token.
func (i *installation) administrator() (password, token string) {
	i.t.Helper()
	password = strings.TrimSpace(i.run("admin", adminEmail, "--name", "Ann Admin"))
	return password, strings.TrimSpace(i.run("token", "create", "--email", adminEmail, "--name", "e2e"))
}

// node is a running server.
type node struct {
	t    *testing.T
	url  string
	cmd  *exec.Cmd
	out  *output
	gone chan struct{} // closed when the process has ended
	exit error         // how it ended; read it after gone
}

// launch runs a node and does not wait for it.
func (i *installation) launch(flags ...string) *node {
	i.t.Helper()
	n := &node{t: i.t, cmd: exec.Command(i.bin, append([]string{"serve"}, flags...)...)}
	n.cmd.Env = i.env
	return n.run()
}

// begin starts the process and reads what it says.
func (n *node) begin() error {
	n.out, n.gone = newOutput(), make(chan struct{})
	out, err := n.cmd.StderrPipe()
	if err != nil {
		return err
	}
	n.cmd.Stdout = n.cmd.Stderr
	if err := n.cmd.Start(); err != nil {
		return err
	}
	go func() {
		n.out.keep(out)
		n.exit = n.cmd.Wait() // killed nodes end with an error by design
		close(n.gone)
	}()
	return nil
}

// run starts the process for the rest of the test.
func (n *node) run() *node {
	n.t.Helper()
	if err := n.begin(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		n.kill()
		for _, bad := range []string{"DATA RACE", "panic:", "goroutine 1 ["} {
			if text := n.out.String(); strings.Contains(text, bad) {
				n.t.Errorf("the node said %q:\n%s", bad, text)
			}
		}
		if n.t.Failed() {
			n.t.Logf("the node's last requests:\n%s", n.out.lastRequests())
		}
	})
	return n
}

// start runs a node and waits until it is ready.
func (i *installation) start() *node {
	i.t.Helper()
	n := i.launch()
	if err := n.ready(time.Minute); err != nil {
		i.t.Fatalf("the node did not become ready: %v\n%s", err, n.out)
	}
	return n
}

// ready waits until the node answers that it is.
func (n *node) ready(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if n.url == "" {
		select {
		case address := <-n.out.serving:
			n.url = "http://" + address
		case <-n.gone:
			return errors.New("the process has ended")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if n.isReady(ctx) {
			return nil
		}
		select {
		case <-n.gone:
			return errors.New("the process has ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (n *node) isReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close() // only the status counts
	return resp.StatusCode == http.StatusOK
}

// kill ends the node at once, as a power cut would, and waits until it is gone.
func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may be gone already
	<-n.gone
}

// end asks the node to end and waits until it has.
func (n *node) end() error {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	select {
	case <-n.gone:
		return n.exit
	case <-time.After(time.Minute):
		return errors.New("the node does not stop")
	}
}

// stop is end, and expects that it is clean.
func (n *node) stop() {
	n.t.Helper()
	if err := n.end(); err != nil {
		n.t.Fatalf("the node ended with %v:\n%s", err, n.out)
	}
}

// calm expects that the node has reported no error of its own so far.
func (n *node) calm() {
	n.t.Helper()
	if text := n.out.String(); strings.Contains(text, "level=ERROR") {
		n.t.Errorf("the node logged errors:\n%s", text)
	}
}

// blameless expects that every request that failed did so for a reason that the
// node knows: whatever happened to what it depends on, it is no error of its own.
func (n *node) blameless() {
	n.t.Helper()
	for line := range strings.Lines(n.out.String()) {
		if strings.Contains(line, "level=ERROR") && strings.Contains(line, "request failed") {
			n.t.Errorf("an error of the node's own: %s", line)
		}
	}
}

// output keeps what a process prints, and of the access log the end.
type output struct {
	serving chan string // gets the address once

	mu       sync.Mutex
	b        bytes.Buffer
	requests []string
}

func newOutput() *output { return &output{serving: make(chan string, 1)} }

var servingLine = regexp.MustCompile(`msg=serving address=(\S+)`)

func (o *output) keep(r interface{ Read([]byte) (int, error) }) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if m := servingLine.FindStringSubmatch(line); m != nil {
			select {
			case o.serving <- m[1]:
			default:
			}
		}
		o.mu.Lock()
		if strings.Contains(line, "level=INFO msg=request ") {
			const most = 50
			o.requests = append(o.requests[max(0, len(o.requests)-most):], line)
		} else {
			o.b.WriteString(line)
		}
		o.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (o *output) lastRequests() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.requests, "")
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// eventually polls until ok, and fails the test with what is missing after the
// limit.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

// pause lets the system go on for a while; tests use it for how long a load
// lasts, never to wait for a result.
func pause(d time.Duration) { <-time.After(d) }
