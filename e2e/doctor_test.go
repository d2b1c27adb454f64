package e2e

import (
	"slices"
	"strings"
	"testing"
)

// sound expects that the check-up finds damage neither in the database nor in
// the files. The shared PostgreSQL for tests is set up to be fast and to lose
// data, which the doctor says rightly; a test may know of more.
func (i *installation) sound(t *testing.T, known ...string) {
	t.Helper()
	known = append(known, "fsync", "full_page_writes", "synchronous_commit")
	out, err := i.try("doctor", "--thorough")
	checks := 0
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		checks++
		if words[0] == "failure" && !slices.Contains(known, words[1]) {
			t.Errorf("the doctor says: %s", line)
		}
	}
	if checks < 5 {
		t.Errorf("the doctor has little to say: %s (%v)", out, err)
	}
}
