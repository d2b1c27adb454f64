package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "steward-e2e-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "steward")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/steward").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // left-overs in the temporary folder harm nobody
	}
	os.Exit(code)
}

// installation is one data folder and one database, on which nodes are started.
type installation struct {
	t    *testing.T
	bin  string
	data string
	env  []string
}

// install prepares an installation on an engine.
func install(t *testing.T, engine database.Engine) *installation {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{t: t, bin: bin, data: t.TempDir()}
	i.env = append(os.Environ(), "STEWARD_DATA_DIR="+i.data, "STEWARD_LOG_LEVEL=warn")
	if engine == database.PostgreSQL {
		i.env = append(i.env, "STEWARD_DATABASE_URL="+databasetest.URL(t, engine))
	}
	return i
}

// run runs a command of the program to its end and gives what it printed.
func (i *installation) run(args ...string) string {
	i.t.Helper()
	cmd := exec.Command(i.bin, args...)
	cmd.Env = i.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		i.t.Fatalf("steward %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// node is a running server.
type node struct {
	t    *testing.T
	url  string
	cmd  *exec.Cmd
	out  *output
	gone chan struct{} // closed when the process has ended
}

// output keeps what a process prints while it is running.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write keeps the text.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start runs a node and waits until it is ready.
func (i *installation) start(args ...string) *node {
	i.t.Helper()
	address := freeAddress(i.t)
	n := &node{t: i.t, url: "http://" + address, out: &output{}, gone: make(chan struct{})}
	n.cmd = exec.Command(i.bin, append([]string{"serve"}, args...)...)
	n.cmd.Env = append(i.env, "STEWARD_LISTEN="+address, "STEWARD_PUBLIC_URL="+n.url)
	n.cmd.Stdout, n.cmd.Stderr = n.out, n.out
	if err := n.cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	go func() {
		_ = n.cmd.Wait() // killed nodes end with an error by design
		close(n.gone)
	}()
	i.t.Cleanup(n.kill)
	if err := n.ready(60 * time.Second); err != nil {
		i.t.Fatalf("the node did not become ready: %v\n%s", err, n.out)
	}
	return n
}

// ready waits until the node answers that it is.
func (n *node) ready(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.url+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
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

// kill ends the node at once, as a power cut would, and waits until it is gone.
func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may be gone already
	<-n.gone
}

// stop asks the node to end and waits until it has.
func (n *node) stop() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may be gone already
	<-n.gone
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
