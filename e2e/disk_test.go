package e2e

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
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

// TestAFullDiskIsSaidAndGoesByItself fills the disk under a running node. It
// answers in words, keeps nothing that is half written, still shows what it has,
// and goes on by itself when there is room again.
func TestAFullDiskIsSaidAndGoesByItself(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		n := i.startOnSmallDisk(t, 48<<20)
		// The disk is seen through the process that it belongs to.
		disk := fmt.Sprintf("/proc/%d/root%s", n.cmd.Process.Pid, i.data)
		password, token := i.administrator()
		c, desk := program(n.url, token), browser(t, n.url, adminEmail, password)
		before := c.open(t, "Before the disk was full")

		ballast := filepath.Join(disk, "ballast")
		fill(t, ballast)
		full := func(a answer) {
			t.Helper()
			words := ""
			if strings.HasPrefix(a.header.Get("Content-Type"), "application/") {
				words = a.problem(t).Detail
			} else {
				words = a.page(t).Text()
			}
			if a.status != http.StatusServiceUnavailable || !strings.Contains(words, "disk is full") {
				t.Errorf("the disk is full, and the answer is %s", a)
			}
		}
		file := make([]byte, 4<<20)
		_, _ = rand.Read(file) // never fails
		upload := func() answer {
			a, err := c.request(t.Context(), http.MethodPost, "/api/v1/attachments?name=big.bin", bytes.NewReader(file), "Content-Type", "application/octet-stream")
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		for range 3 {
			full(upload())
		}
		if i.engine == database.SQLite {
			// The last bytes of the file may still take a small ticket.
			eventually(t, 20*time.Second, "the database is full too", func() bool {
				return c.must(t, http.MethodPost, "/tickets", map[string]any{"kind": "incident", "title": "Too late", "description": strings.Repeat("x", 200_000)}).status != http.StatusCreated
			})
			full(c.must(t, http.MethodPost, "/tickets", map[string]any{"kind": "incident", "title": "Too late", "description": strings.Repeat("x", 200_000)}))
			full(desk.mustForm(t, "/portal/new", map[string][]string{"kind": {"incident"}, "title": {"Too late"}, "body": {strings.Repeat("y", 200_000)}}))
		}
		// Reading needs no room.
		c.want(t, http.StatusOK, http.MethodGet, "/tickets/"+before.Number, nil)
		for _, path := range []string{"/queue", "/tickets/" + before.Number, "/search?q=before"} {
			if a := desk.mustGet(t, path); a.status != http.StatusOK {
				t.Errorf("%s is not shown: %s", path, a)
			}
		}
		if left := filesIn(t, filepath.Join(disk, "files")); len(left) > 0 {
			t.Errorf("refused uploads left %v", left)
		}

		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if a := upload(); a.status != http.StatusCreated {
			t.Errorf("there is room again, and an upload is answered with %s", a)
		}
		c.open(t, "After the disk was full")
		for _, ticket := range c.export(t) {
			replays(t, ticket)
		}
		n.blameless()
		i.sound(t, "disk") // it is a small one
		n.stop()
	})
}

// startOnSmallDisk starts a node whose data folder is a disk of its own that
// only the process and its children see, so that it goes away with them.
func (i *installation) startOnSmallDisk(t *testing.T, size int) *node {
	t.Helper()
	script := fmt.Sprintf(`mount -t tmpfs -o size=%d,mode=0750 tmpfs "$STEWARD_DATA_DIR" && exec "$0" serve`, size)
	n := &node{t: t, cmd: exec.Command("sh", "-c", script, i.bin)}
	n.cmd.Env = i.env
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	i.inside = []string{"nsenter", "--mount"}
	if os.Getuid() != 0 {
		n.cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
		i.inside = []string{"nsenter", "--mount", "--user", "--preserve-credentials"}
	}
	n.run()
	i.inside = append(i.inside, "--target", strconv.Itoa(n.cmd.Process.Pid))
	if err := n.ready(time.Minute); err != nil {
		t.Fatalf("the node on a small disk did not become ready (this needs a kernel that lets users mount a tmpfs of their own): %v\n%s", err, n.out)
	}
	return n
}

// fill writes until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for len(block) > 0 {
		_, err := f.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2] // to the last byte
		case err != nil:
			t.Fatal(err)
		}
	}
}

// filesIn lists the files below a folder, its lock aside.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
