// Package blobtest is what every implementation of blob.Store must pass.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
)

const limit = 1 << 20

// Run runs the suite; open gives a fresh, empty store.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, s blob.Store){
		"what was put comes back":                   comesBack,
		"equal content is stored once":              storedOnce,
		"equal content put at once is stored once":  storedOnceConcurrently,
		"a part can be read":                        ranges,
		"an unknown or invalid key is not found":    unknown,
		"a file over the limit leaves nothing":      overLimit,
		"a stream that breaks off leaves nothing":   brokenStream,
		"a put whose caller gave up leaves nothing": cancelled,
		"delete takes only what was put before":     deleting,
		"what was just put survives a clean-up":     deletingWhilePutting,
		"walk visits every file in order":           walking,
		"an empty file is a file":                   empty,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func put(t *testing.T, s blob.Store, content string) blob.Info {
	t.Helper()
	info, err := s.Put(t.Context(), strings.NewReader(content), limit)
	if err != nil {
		t.Fatalf("put: %v", err)
	}
	return info
}

func read(t *testing.T, s blob.Store, key string, offset, length int64) string {
	t.Helper()
	r, err := s.Get(t.Context(), key, offset, length)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return string(b)
}

func keys(t *testing.T, s blob.Store) []string {
	t.Helper()
	var out []string
	err := s.Walk(t.Context(), func(i blob.Info) error {
		out = append(out, i.Key)
		return nil
	})
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	return out
}

func comesBack(t *testing.T, s blob.Store) {
	content := strings.Repeat("steward\x00", 50_000)
	info := put(t, s, content)
	sum := sha256.Sum256([]byte(content))
	if info.Key != hex.EncodeToString(sum[:]) || info.Size != int64(len(content)) {
		t.Errorf("info %+v", info)
	}
	if got := read(t, s, info.Key, 0, -1); got != content {
		t.Errorf("%d bytes came back", len(got))
	}
	st, err := s.Stat(t.Context(), info.Key)
	if err != nil || st.Size != info.Size || time.Since(st.Stored).Abs() > time.Minute {
		t.Errorf("stat %+v, %v", st, err)
	}
	f, _, err := blob.Open(t.Context(), s, info.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(f, []byte(content)); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func storedOnce(t *testing.T, s blob.Store) {
	if a, b := put(t, s, "same"), put(t, s, "same"); a.Key != b.Key || b.Stored.Before(a.Stored) {
		t.Errorf("%+v and %+v", a, b)
	}
	if got := keys(t, s); len(got) != 1 {
		t.Errorf("%d files", len(got))
	}
}

func storedOnceConcurrently(t *testing.T, s blob.Store) {
	content := strings.Repeat("x", 100_000)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			info, err := s.Put(t.Context(), strings.NewReader(content), limit)
			if err != nil {
				t.Errorf("put: %v", err)
				return
			}
			// Visible means whole, also while others put the same.
			r, err := s.Get(t.Context(), info.Key, 0, -1)
			if err != nil {
				t.Errorf("get: %v", err)
				return
			}
			defer r.Close()
			if b, err := io.ReadAll(r); err != nil || string(b) != content {
				t.Errorf("%d bytes, %v", len(b), err)
			}
		})
	}
	wg.Wait()
	if got := keys(t, s); len(got) != 1 {
		t.Errorf("%d files", len(got))
	}
}

func ranges(t *testing.T, s blob.Store) {
	info := put(t, s, "0123456789")
	for _, c := range []struct {
		offset, length int64
		want           string
	}{{0, 3, "012"}, {7, -1, "789"}, {3, 4, "3456"}, {9, 100, "9"}, {10, -1, ""}, {0, 0, ""}} {
		if got := read(t, s, info.Key, c.offset, c.length); got != c.want {
			t.Errorf("%d+%d: %q, want %q", c.offset, c.length, got, c.want)
		}
	}
}

func unknown(t *testing.T, s blob.Store) {
	for _, key := range []string{strings.Repeat("0", 64), "", "../../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("/", 64)} {
		if _, err := s.Get(t.Context(), key, 0, -1); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("get %q: %v", key, err)
		}
		if _, err := s.Stat(t.Context(), key); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("stat %q: %v", key, err)
		}
		if deleted, err := s.Delete(t.Context(), key, time.Now().Add(time.Hour)); deleted || err != nil {
			t.Errorf("delete %q: %v %v", key, deleted, err)
		}
	}
}

func overLimit(t *testing.T, s blob.Store) {
	if _, err := s.Put(t.Context(), strings.NewReader("12345"), 4); !apperr.Is(err, apperr.TooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Put(t.Context(), strings.NewReader("1234"), 4); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
	if got := keys(t, s); len(got) != 1 {
		t.Errorf("%d files", len(got))
	}
}

func brokenStream(t *testing.T, s blob.Store) {
	cut := errors.New("connection lost")
	content := io.MultiReader(strings.NewReader(strings.Repeat("x", 300_000)), iotest.ErrReader(cut))
	if _, err := s.Put(t.Context(), content, limit); !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
	if got := keys(t, s); len(got) != 0 {
		t.Errorf("%d files", len(got))
	}
}

func cancelled(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	content := io.MultiReader(bytes.NewReader([]byte("x")), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, nil
	}))
	if _, err := s.Put(ctx, content, limit); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := keys(t, s); len(got) != 0 {
		t.Errorf("%d files", len(got))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func deleting(t *testing.T, s blob.Store) {
	info := put(t, s, "x")
	if deleted, err := s.Delete(t.Context(), info.Key, info.Stored.Add(-time.Hour)); deleted || err != nil {
		t.Errorf("deleted what was put since: %v %v", deleted, err)
	}
	if deleted, err := s.Delete(t.Context(), info.Key, info.Stored.Add(time.Hour)); !deleted || err != nil {
		t.Errorf("%v %v", deleted, err)
	}
	if got := keys(t, s); len(got) != 0 {
		t.Errorf("%d files", len(got))
	}
	put(t, s, "x")
}

func deletingWhilePutting(t *testing.T, s blob.Store) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				info, err := s.Put(t.Context(), strings.NewReader("contended"), limit)
				if err != nil {
					t.Errorf("put: %v", err)
					return
				}
				// Nothing put from this moment on may go: it was put after the cut.
				if _, err := s.Delete(t.Context(), info.Key, info.Stored.Add(-time.Minute)); err != nil {
					t.Errorf("delete: %v", err)
				}
				if _, err := s.Stat(t.Context(), info.Key); err != nil {
					t.Errorf("a file that was just put is gone: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func walking(t *testing.T, s blob.Store) {
	want := map[string]bool{}
	for _, c := range "abcdefghij" {
		want[put(t, s, string(c)).Key] = true
	}
	got := keys(t, s)
	for i := 1; i < len(got); i++ {
		if got[i-1] >= got[i] {
			t.Errorf("not in order: %v", got)
		}
	}
	seen := map[string]bool{}
	for _, k := range got {
		seen[k] = true
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
	stop := errors.New("enough")
	n := 0
	err := s.Walk(t.Context(), func(blob.Info) error {
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d visits, %v", n, err)
	}
}

func empty(t *testing.T, s blob.Store) {
	info := put(t, s, "")
	if info.Size != 0 || read(t, s, info.Key, 0, -1) != "" {
		t.Errorf("%+v", info)
	}
}
