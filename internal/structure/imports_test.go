package structure_test

import (
	"strings"
	"testing"
)

// floors says who may lean on whom, lowest first: a package may import its own
// floor and those named. depguard in .golangci.yaml says the same.
var floors = []struct {
	prefix string
	may    []string
}{
	{"internal/ui", []string{"internal/ui"}},
	{"internal/platform", []string{"internal/platform"}},
	{"internal/core", []string{"internal/platform", "internal/core"}},
	{"internal/practice", []string{"internal/platform", "internal/core", "internal/ui", "internal/practice"}},
	{"internal/connect", []string{"internal/platform", "internal/core", "internal/ui", "internal/practice", "internal/connect"}},
	{"internal/demo", []string{"internal/platform", "internal/core", "internal/demo"}},
	{"internal/structure", nil},
	{"internal/app", []string{"internal"}},
	{"cmd", []string{"internal", "cmd"}},
	{"e2e", []string{"internal", "e2e"}},
	{"bench", []string{"internal", "bench"}},
}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func TestImportsGoDownwardsOnly(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		floor := -1
		for i, f := range floors {
			if within(s.dir, f.prefix) {
				floor = i
			}
		}
		if floor < 0 {
			t.Errorf("%s lies on no floor of the house (see docs/architecture.md)", s.path)
			continue
		}
		for _, imp := range s.imports {
			allowed := false
			for _, prefix := range floors[floor].may {
				allowed = allowed || within(imp, prefix)
			}
			if !allowed {
				t.Errorf("%s imports %s: %s may not lean on it", s.path, imp, floors[floor].prefix)
			}
		}
	}
}

// room gives the practice or connection a path belongs to: "desk" for
// internal/practice/desk/queue.
func room(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix+"/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func TestPracticesDoNotKnowOneAnother(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"internal/practice", "internal/connect"} {
		for _, s := range sources(t) {
			own := room(s.dir, prefix)
			if own == "" {
				continue
			}
			for _, imp := range s.imports {
				if other := room(imp, prefix); other != "" && other != own {
					t.Errorf("%s imports %s: declare a small interface, and let app pass it in", s.path, imp)
				}
			}
		}
	}
}

func TestViewsImportOnlyTheDesignSystem(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if !strings.HasSuffix(s.dir, "/view") || s.isTest() {
			continue
		}
		for _, imp := range s.imports {
			if !within(imp, "internal/ui") {
				t.Errorf("%s imports %s: a view gets view models", s.path, imp)
			}
		}
	}
}
