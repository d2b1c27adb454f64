package blob_test

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/blob/blobtest"
)

func open(t *testing.T, dir string) *blob.Folder {
	t.Helper()
	f, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFolderIsAStore(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, t.TempDir()) })
}

// files lists what is in a folder, the lock aside.
func files(t *testing.T, dir string) []string {
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

func TestRefusedFilesLeaveNoTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := open(t, dir)
	if _, err := f.Put(t.Context(), strings.NewReader("too much"), 3); !apperr.Is(err, apperr.TooLarge) {
		t.Errorf("got %v", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestOldLeftoversOfAKilledProcessAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, dir)
	old, young := filepath.Join(dir, "incoming", "put-old"), filepath.Join(dir, "incoming", "put-young")
	for _, path := range []string{old, young} {
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if left := files(t, dir); len(left) != 1 || left[0] != young {
		t.Errorf("left: %v", left)
	}
}

func TestStoredFileCanBeServedInRanges(t *testing.T) {
	t.Parallel()
	f := open(t, t.TempDir())
	info, err := f.Put(t.Context(), strings.NewReader("0123456789"), 100)
	if err != nil {
		t.Fatal(err)
	}
	content, _, err := blob.Open(t.Context(), f, info.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.Header.Set("Range", "bytes=3-5")
	http.ServeContent(w, r, "x.bin", info.Stored, content)
	if w.Code != 206 || w.Body.String() != "345" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

func TestRottenFileIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := open(t, dir)
	info, err := f.Put(t.Context(), strings.NewReader("content"), 100)
	if err != nil {
		t.Fatal(err)
	}
	if sound, err := blob.Sound(t.Context(), f, info.Key); !sound || err != nil {
		t.Error(sound, err)
	}
	if err := os.WriteFile(files(t, dir)[0], []byte("Content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if sound, err := blob.Sound(t.Context(), f, info.Key); sound || err != nil {
		t.Error(sound, err)
	}
}

// TestFullDisk runs itself again in a mount namespace of its own, on a disk of
// one megabyte.
func TestFullDiskIsSaidAndLeavesNothing(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("STEWARD_TEST_SMALL_DISK"); dir != "" {
		onSmallDisk(t, dir)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestFullDiskIsSaidAndLeavesNothing$", "-test.v")
	cmd.Env = append(os.Environ(), "STEWARD_TEST_SMALL_DISK="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if len(out) == 0 && err != nil {
		t.Skipf("this machine lets nobody make a namespace: %v", err)
	}
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestFullDiskIsSaidAndLeavesNothing")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func onSmallDisk(t *testing.T, dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	f := open(t, dir)
	kept, err := f.Put(t.Context(), strings.NewReader(strings.Repeat("a", 400<<10)), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Put(t.Context(), io.LimitReader(zeros{}, 10<<20), 1<<30)
	if !apperr.Is(err, apperr.Unavailable) || !strings.Contains(apperr.Message(err).String(), "disk is full") {
		t.Errorf("got %v", err)
	}
	if left := files(t, dir); len(left) != 1 || filepath.Base(left[0]) != kept.Key {
		t.Errorf("left: %v", left)
	}
	if _, err := f.Put(t.Context(), strings.NewReader(strings.Repeat("b", 400<<10)), 1<<30); err != nil {
		t.Errorf("the room was not given back: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
