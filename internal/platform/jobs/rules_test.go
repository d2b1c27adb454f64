package jobs

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

func TestBackoffDoublesUpToItsLimit(t *testing.T) {
	t.Parallel()
	b := Exponential(time.Second, 10*time.Second)
	var got []time.Duration
	for attempt := 1; attempt <= 6; attempt++ {
		got = append(got, b(attempt))
	}
	want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := Exponential(time.Second, time.Hour)(1 << 30); d != time.Hour {
		t.Errorf("after very many attempts %s", d)
	}
}

func TestWhatBecomesOfAJob(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	o := KindOptions{MaxAttempts: 3, Backoff: Exponential(10*time.Second, time.Hour)}.withDefaults()
	boom := errors.New("boom")
	for _, c := range []struct {
		name    string
		attempt int
		err     error
		want    verdict
	}{
		{"success", 1, nil, verdict{state: Done}},
		{"failure", 2, boom, verdict{state: Scheduled, runAt: now.Add(20 * time.Second), message: "boom"}},
		{"last failure", 3, boom, verdict{state: Dead, message: "boom"}},
		{"permanent", 1, Discard(boom), verdict{state: Dead, message: "boom"}},
		{"permanent, wrapped", 1, fmt.Errorf("send: %w", Discard(boom)), verdict{state: Dead, message: "send: boom"}},
		{"snooze", 3, Later(time.Minute), verdict{state: Scheduled, runAt: now.Add(time.Minute), uncount: true}},
		{"handed back", 3, errHandedBack, verdict{state: Ready, uncount: true}},
		{"took its node down too often", 4, errTooOften, verdict{state: Dead, message: errTooOften.Error()}},
	} {
		got := o.judge(c.attempt, c.err, now, 0.5)
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(verdict{})); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if Discard(nil) != nil {
		t.Error("no error became one")
	}
}

func TestMessagesAreCutToWhatBothEnginesStore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Repeat(string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")), rapid.IntRange(1, 500).Draw(t, "times"))
		got := storable(s)
		if !utf8.ValidString(got) || strings.ContainsRune(got, 0) || len(got) > maxMessage+len("…") {
			t.Fatalf("%q", got)
		}
	})
}

func TestTheTwoMigrationFilesMakeTheSameTables(t *testing.T) {
	t.Parallel()
	schema := func(engine database.Engine) []string {
		s, err := databasetest.Open(t, engine, Migrations).Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if diff := cmp.Diff(schema(database.PostgreSQL), schema(database.SQLite)); diff != "" {
		t.Error(diff)
	}
}
