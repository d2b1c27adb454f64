package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Cost is what one password hash costs. It is stored with each hash, so that a
// higher cost takes hold as people sign in.
type Cost struct {
	Memory uint32 // KiB
	Time   uint32 // passes over the memory
}

// DefaultCost is what OWASP's Password Storage Cheat Sheet names for argon2id
// with one thread.
var DefaultCost = Cost{Memory: 19 * 1024, Time: 2}

// hasher computes argon2id hashes, only a few at a time: a flood of sign-ins
// waits, then is refused, and never takes more memory than slots hashes do.
type hasher struct {
	cost    Cost
	slots   chan struct{}
	waiting atomic.Int64
	dummy   string // the hash of a password nobody knows
	derive  func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
}

// maxWaiting is how many callers may wait for a slot.
const maxWaiting = 100

func newHasher(cost Cost) *hasher {
	return &hasher{cost: cost, slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0))), dummy: compute(cost, newSecret()), derive: argon2.IDKey}
}

// acquire waits for a slot; release gives it back.
func (h *hasher) acquire(ctx context.Context) (release func(), err error) {
	busy := apperr.New(apperr.Unavailable, "Too many people are signing in right now. Please try again in a moment.")
	if h.waiting.Add(1) > maxWaiting {
		h.waiting.Add(-1)
		return nil, busy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, apperr.Wrap(ctx.Err(), apperr.Unavailable, "%s", busy.Message)
	}
}

// hash computes a new password's hash.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	release, err := h.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	return compute(h.cost, password), nil
}

const (
	saltBytes = 16
	keyBytes  = 32
)

// compute gives the hash in the PHC string format.
func compute(cost Cost, password string) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey(normal(password), salt, cost.Time, cost.Memory, 1, keyBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, cost.Memory, cost.Time,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// verify compares a password with a hash. An empty hash takes as long as any
// and matches nothing. stale tells that the hash was made at another cost.
func (h *hasher) verify(hash, password string) (ok, stale bool) {
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	var cost Cost
	var version int
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, false
	}
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &cost.Memory, &cost.Time); err != nil {
		return false, false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) != keyBytes || cost.Time == 0 {
		return false, false
	}
	got := h.derive(normal(password), salt, cost.Time, cost.Memory, 1, keyBytes)
	return subtle.ConstantTimeCompare(got, want) == 1 && known, cost != h.cost
}

// normal makes the same password of the same letters however a keyboard composes
// them (NIST SP 800-63B, 3.1.1.2).
func normal(password string) []byte { return norm.NFKC.Bytes([]byte(password)) }

// The bounds of a password's length in characters.
const (
	minPassword = 12
	maxPassword = 256
)

// CheckPassword reports why a password is too easy to guess: too short, one of
// those everybody tries first, or made of the person's own name or address. It
// asks for no mixture of characters: length is what counts.
func CheckPassword(password, name, email string) error {
	n := utf8.RuneCountInString(password)
	folded := filter.Fold(password)
	switch {
	case n < minPassword:
		return apperr.InvalidField("password", "Use at least %d characters. A few words in a row are easy to remember.", minPassword)
	case n > maxPassword || !utf8.ValidString(password):
		return apperr.InvalidField("password", "Use at most %d characters.", maxPassword)
	case distinct(folded) < 5:
		return apperr.InvalidField("password", "This repeats too few characters.")
	case isCommon(folded):
		return apperr.InvalidField("password", "This is among the first passwords anybody would try.")
	}
	// What is left without the person's own names must be worth something by itself.
	local, _, _ := strings.Cut(filter.Fold(email), "@")
	rest := folded
	for _, own := range append([]string{local}, strings.Fields(filter.Fold(name))...) {
		if utf8.RuneCountInString(own) >= 3 {
			rest = strings.ReplaceAll(rest, own, "")
		}
	}
	if rest != folded && utf8.RuneCountInString(rest) < minPassword/2 {
		return apperr.InvalidField("password", "This is too close to your own name or address.")
	}
	return nil
}

func distinct(text string) int {
	seen := map[rune]struct{}{}
	for _, r := range text {
		seen[r] = struct{}{}
	}
	return len(seen)
}

// isCommon looks at what is left of a password without digits and punctuation
// at its ends, with the usual digits for letters read as letters. Runs of
// neighbouring keys and keys in order are common too.
func isCommon(folded string) bool {
	core := strings.TrimFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) })
	letters := leet.Replace(core)
	if core == "" {
		letters = folded
	}
	rest := letters
	for _, word := range commonPasswords {
		rest = strings.ReplaceAll(rest, word, "")
	}
	if rest != letters && utf8.RuneCountInString(rest) < 4 {
		return true
	}
	for _, run := range keyRuns {
		if longestPart(folded, run)*3 >= utf8.RuneCountInString(folded)*2 {
			return true
		}
	}
	return false
}

var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i")

// keyRuns are rows of keyboards and alphabets, each long enough for any password
// made of a part of it.
var keyRuns = []string{
	"abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba", "01234567890123456789", "98765432109876543210",
	"qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
	"qazwsxedcrfvtgbyhnujmikolp",
}

// commonPasswords are the words of the most used passwords of leaked lists that
// are, or are stretched to, twelve characters.
var commonPasswords = []string{
	"password", "passwort", "motdepasse", "contrasena", "passphrase", "passw", "welcome", "willkommen", "bienvenue", "letmein", "iloveyou",
	"administrator", "admin", "superuser", "superman", "batman", "spiderman", "starwars", "pokemon", "football", "baseball", "basketball",
	"liverpool", "chelsea", "arsenal", "princess", "sunshine", "dragon", "monkey", "shadow", "master", "michael", "jennifer", "charlie",
	"trustno", "whatever", "changeme", "default", "secret", "computer", "internet", "service", "servicedesk", "helpdesk", "steward", "support",
	"company", "summer", "winter", "spring", "autumn", "sommer", "fruhling", "herbst", "january", "february", "october", "november", "december",
	"monday", "friday", "qwerty", "qwertz", "azerty", "asdf", "zxcv", "yxcv", "abc", "test", "guest", "login", "hello", "hallo", "freedom",
	"correcthorsebatterystaple",
}

// longestPart gives the length of the longest part of run that text contains.
func longestPart(text, run string) int {
	longest := 0
	for i := range run {
		for n := longest + 1; i+n <= len(run) && strings.Contains(text, run[i:i+n]); n++ {
			longest = n
		}
	}
	return longest
}
