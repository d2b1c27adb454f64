package identity

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func TestPasswordsThatAreEasyToGuessAreRefused(t *testing.T) {
	t.Parallel()
	for password, good := range map[string]bool{
		"correct zebra battery":       true,
		"meine-kleine-katze-schläft":  true,
		"x9#Lq2!vR7@t":                true,
		"почему небо синее":           true,
		"steward is my favourite pet": true,
		"short":                       false,
		"elevenchars":                 false,
		"aaaaaaaaaaaaa":               false,
		"abababababab":                false,
		"password1234":                false,
		"P4ssw0rd!!!!!":               false,
		"PasswordPassword":            false,
		"Summer2026!!":                false,
		"123456789012":                false,
		"qwertyuiop12":                false,
		"1q2w3e4r5t6y":                false,
		"abcdefghijklm":               false,
		"Willkommen123":               false,
		"annmiller1234":               false,
		"a.miller.2026":               false,
		"12345678901234567890123":     false,
		strings.Repeat("long ab", 40): false,
		"broken \xff\xfe utf8 text":   false,
	} {
		if err := CheckPassword(password, "Ann Miller", "a.miller@example.com"); (err == nil) != good {
			t.Errorf("%.40q: %v", password, err)
		}
	}
}

func TestHashesCompareAndKeepTheirCost(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Time: 1})
	hash, err := h.hash(t.Context(), "a long password")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := h.hash(t.Context(), "a long password"); again == hash {
		t.Error("no salt")
	}
	for _, c := range []struct {
		hash, password string
		ok, stale      bool
	}{
		{hash, "a long password", true, false},
		{hash, "a long passwore", false, false},
		{"", "a long password", false, false},
		{compute(Cost{Memory: 128, Time: 1}, "x"), "x", true, true},
		{compute(Cost{Memory: 64, Time: 1}, "caf\u00e9"), "cafe\u0301", true, false}, // composed differently
		{"$argon2id$v=19$m=64,t=0,p=1$c2FsdA$aGFzaA", "x", false, false},
		{"$2a$10$bcrypt", "x", false, false},
		{"nonsense", "x", false, false},
	} {
		ok, stale := h.verify(c.hash, c.password)
		if ok != c.ok || ok && stale != c.stale {
			t.Errorf("%q with %q: %v %v", c.hash, c.password, ok, stale)
		}
	}
}

func TestUnknownAccountCostsAsMuchAsAKnownOne(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Time: 3})
	type work struct {
		password          string
		salt              int
		time, memory, key uint32
		threads           uint8
	}
	var done []work
	h.derive = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		done = append(done, work{string(password), len(salt), time, memory, keyLen, threads})
		return argon2.IDKey(password, salt, time, memory, threads, keyLen)
	}
	for _, hash := range []string{compute(h.cost, "a long password"), ""} {
		if ok, _ := h.verify(hash, "guess"); ok {
			t.Errorf("%q opens with a guess", hash)
		}
	}
	if len(done) != 2 || done[0] != done[1] || done[0].memory != 64 || done[0].time != 3 {
		t.Errorf("for a known account and an unknown one: %+v", done)
	}
}

func TestFloodOfSignInsIsRefusedNotQueuedForEver(t *testing.T) {
	t.Parallel()
	h := newHasher(Cost{Memory: 64, Time: 1})
	for range cap(h.slots) {
		if _, err := h.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	errs := make(chan error)
	for range maxWaiting {
		go func() {
			_, err := h.acquire(gone)
			errs <- err
		}()
	}
	for h.waiting.Load() < maxWaiting {
		select {
		case err := <-errs:
			t.Fatalf("one did not wait: %v", err)
		default:
		}
	}
	if _, err := h.acquire(t.Context()); !apperr.Is(err, apperr.Unavailable) {
		t.Errorf("one too many: %v", err)
	}
	cancel()
	for range maxWaiting {
		if err := <-errs; !apperr.Is(err, apperr.Unavailable) {
			t.Errorf("who gave up: %v", err)
		}
	}
}

func TestCodesAreReadOutEasily(t *testing.T) {
	t.Parallel()
	c := code()
	if len(c) != 19 || strings.Count(c, "-") != 3 || c == code() {
		t.Errorf("%q", c)
	}
	if got := normalCode(" ol1i-abcd efgh"); got != "0111ABCDEFGH" {
		t.Errorf("%q", got)
	}
}
