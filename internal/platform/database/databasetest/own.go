package databasetest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// OwnServer is a PostgreSQL server of one test, as durable as one of
// production: for tests that stop it, kill it or let it hang.
type OwnServer struct {
	t       testing.TB
	bin     string
	dir     string
	user    *syscall.Credential
	port    string
	process *exec.Cmd
	gone    chan struct{} // closed when the process has ended
}

// NewServer starts a server; it ends with the test.
func NewServer(t testing.TB) *OwnServer {
	t.Helper()
	s := &OwnServer{t: t}
	var err error
	if s.bin, err = binaries(); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	if s.user, err = owner(); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	// Not t.TempDir: the user who runs the server must be able to get there.
	if s.dir, err = os.MkdirTemp("", "steward-own-postgres-*"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Kill()
		if err := os.RemoveAll(s.dir); err != nil {
			t.Errorf("remove the server's files: %v", err)
		}
	})
	if s.user != nil {
		if err := os.Chown(s.dir, int(s.user.Uid), int(s.user.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	out, err := s.command("initdb", "-D", s.data(), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput()
	if err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.port = freePort(t)
	s.Start()
	return s
}

func (s *OwnServer) data() string { return filepath.Join(s.dir, "data") }

func (s *OwnServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user, Setpgid: true}
	return cmd
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// URL is the address of the server's one database; it stays over restarts.
func (s *OwnServer) URL() string {
	return "postgres://postgres@127.0.0.1:" + s.port + "/postgres?sslmode=disable"
}

// Start starts the server after a Stop or a Kill, and waits until it takes
// connections; after a Kill it has recovered by then.
func (s *OwnServer) Start() {
	s.t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.process = s.command("postgres", "-D", s.data(), "-p", s.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "full_page_writes=on", "-c", "shared_buffers=32MB", "-c", "max_connections=100")
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	process, gone := s.process, make(chan struct{})
	s.gone = gone
	go func() {
		_ = process.Wait() // it is killed by design
		close(gone)
	}()
	if err := s.answers(30 * time.Second); err != nil {
		text, _ := os.ReadFile(filepath.Join(s.dir, "server.log"))
		s.t.Fatalf("PostgreSQL did not start: %v\n%s", err, tail(text, 4<<10))
	}
}

func tail(text []byte, n int) []byte { return text[max(0, len(text)-n):] }

// answers waits until the server takes connections.
func (s *OwnServer) answers(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		db, err := database.Open(ctx, database.Options{URL: s.URL(), MaxConns: 1})
		if err == nil {
			return db.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-s.gone:
			return fmt.Errorf("the server ended: %w", err)
		case <-tick.C:
		}
	}
}

// Stop shuts the server down as an administrator does: whoever is connected is
// disconnected, and everything is in order.
func (s *OwnServer) Stop() {
	s.t.Helper()
	_ = s.process.Process.Signal(syscall.SIGINT) // it may be gone already
	select {
	case <-s.gone:
	case <-time.After(30 * time.Second):
		s.t.Fatal("PostgreSQL does not stop")
	}
}

// Kill ends every process of the server at once, as a power cut would.
func (s *OwnServer) Kill() {
	if s.process == nil {
		return
	}
	children := s.signal(syscall.SIGKILL)
	<-s.gone
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for _, pid := range children { // until the last is gone, the memory they share is in use
		for state, _ := statusOf(pid); state != "" && state != "Z"; state, _ = statusOf(pid) {
			<-tick.C
		}
	}
}

// Freeze keeps the server from answering, as an overloaded disk or a broken
// network does: connections stay and nothing comes.
func (s *OwnServer) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (s *OwnServer) Thaw() { s.signal(syscall.SIGCONT) }

// signal reaches the postmaster and its children, and gives those. Each child
// leads a process group of its own, so they are found by their parent.
func (s *OwnServer) signal(sig syscall.Signal) (children []int) {
	_ = s.process.Process.Signal(syscall.SIGSTOP) // so that it makes no more meanwhile
	children = childrenOf(s.process.Process.Pid)
	for _, pid := range children {
		_ = syscall.Kill(pid, sig) // gone is as good
	}
	_ = s.process.Process.Signal(sig)
	return children
}

func childrenOf(parent int) []int {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var out []int
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		if _, ppid := statusOf(pid); ppid == parent {
			out = append(out, pid)
		}
	}
	return out
}

// statusOf gives the state of a process ("Z" has ended, "" is not there) and its
// parent: the fields of /proc/PID/stat that follow the program's name in brackets.
func statusOf(pid int) (state string, parent int) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return "", 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 2 {
		return "", 0
	}
	parent, err = strconv.Atoi(fields[1])
	if err != nil {
		return "", 0
	}
	return fields[0], parent
}
