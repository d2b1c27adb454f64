package mail

import (
	"strings"
	"testing"

	message "github.com/steward-itsm/steward/internal/platform/mail"
)

func TestAMarkIsOnlyOurs(t *testing.T) {
	t.Parallel()
	ours, others := marks{[]byte("a key")}, marks{[]byte("another key")}
	for _, ticket := range []int64{1, 4294967400, 1<<62 - 1} {
		id, address := ours.messageID(ticket, 7, "x.example"), ours.plus("desk@x.example", ticket)
		if n, ok := ours.inID(strings.ToUpper(id)); !ok || n != ticket {
			t.Errorf("%s is read as %d", id, n)
		}
		if n, plain, ok := ours.inAddress(strings.ToUpper(address)); !ok || n != ticket || !strings.EqualFold(plain, "desk@x.example") {
			t.Errorf("%s is read as %d, %s", address, n, plain)
		}
		if _, ok := others.inID(id); ok {
			t.Errorf("%s is taken for somebody else's", id)
		}
		last := map[bool]string{true: "a", false: "b"}[strings.HasSuffix(ours.of(ticket), "b")]
		if _, ok := ours.inID(ours.of(ticket)[:len(ours.of(ticket))-1] + last + ".7@x.example"); ok {
			t.Error("a mark with another code is taken")
		}
	}
}

// FuzzMarks: nothing is a mark but what we made, whatever stands in ids, addresses and
// Thread-Index.
func FuzzMarks(f *testing.F) {
	m := marks{[]byte("a key")}
	f.Add(m.messageID(42, 7, "x.example"), m.plus("desk@x.example", 42))
	f.Add("t16-"+m.code(42)+"@x", "desk+t16-@x.example")
	f.Add("t-9-"+m.code(-9), "+@")
	f.Add("", "a+b+c@d@e")
	f.Add("AdHMzxEw9vPzFi8WQOyrqZC0YyTfXA==", "desk+T16-"+strings.ToUpper(m.code(42))+"@X.EXAMPLE")
	f.Fuzz(func(t *testing.T, id, address string) {
		if n, ok := m.inID(id); ok && !strings.EqualFold(id[:min(len(id), len(m.of(n)))], m.of(n)) {
			t.Errorf("%q counts as ticket %d", id, n)
		}
		n, plain, ok := m.inAddress(address)
		if ok && !strings.Contains(strings.ToLower(address), "+"+m.of(n)+"@") {
			t.Errorf("%q counts as ticket %d", address, n)
		}
		if message.ValidAddress(address) && !strings.Contains(plain, "@") {
			t.Errorf("%q without its mark is %q", address, plain)
		}
		for _, key := range threadKeys(id) {
			if len(key) != len(threadPrefix)+44 || !strings.HasPrefix(key, threadPrefix+"01") {
				t.Errorf("%q is kept as %q", id, key)
			}
		}
	})
}
