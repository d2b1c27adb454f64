package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/seal"
)

func box(t *testing.T, setting, folder string) *seal.Box {
	t.Helper()
	b, err := seal.Open(setting, folder)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsSealedOpensWithTheSameKeyAndPurposeOnly(t *testing.T) {
	t.Parallel()
	b := box(t, "a key that somebody chose", "")
	sealed, err := b.Seal("sender:7", "hunter2")
	if err != nil || strings.Contains(sealed, "hunter2") {
		t.Fatalf("%q %v", sealed, err)
	}
	if again, _ := b.Seal("sender:7", "hunter2"); again == sealed {
		t.Error("the same text was sealed to the same bytes")
	}
	if plain, err := box(t, "a key that somebody chose", "").Open("sender:7", sealed); plain != "hunter2" || err != nil {
		t.Errorf("%q %v", plain, err)
	}
	for name, open := range map[string]func() (string, error){
		"another purpose": func() (string, error) { return b.Open("sender:8", sealed) },
		"another key":     func() (string, error) { return box(t, "another key of enough length", "").Open("sender:7", sealed) },
		"changed":         func() (string, error) { return b.Open("sender:7", sealed[:len(sealed)-2]+"AA") },
		"plain":           func() (string, error) { return b.Open("sender:7", "hunter2") },
	} {
		if plain, err := open(); !errors.Is(err, seal.ErrKey) || plain != "" {
			t.Errorf("%s: %q %v", name, plain, err)
		}
	}
	if sealed, err := b.Seal("x", ""); sealed != "" || err != nil {
		t.Errorf("nothing became %q %v", sealed, err)
	}
}

func TestTheFolderKeepsTheKeyForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "data")
	boxes := make([]*seal.Box, 8)
	var wg sync.WaitGroup
	for i := range boxes {
		wg.Go(func() { boxes[i] = box(t, "", folder) })
	}
	wg.Wait()
	sealed, err := boxes[0].Seal("p", "text")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range boxes {
		if plain, err := b.Open("p", sealed); plain != "text" || err != nil {
			t.Errorf("a node that began at the same time has another key: %v", err)
		}
	}
	info, err := os.Stat(filepath.Join(folder, seal.KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.WriteFile(filepath.Join(folder, seal.KeyFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Open("", folder); err == nil {
		t.Error("an empty file passed for a key")
	}
}
