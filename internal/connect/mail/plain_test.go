package mail

import (
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/markdown"
)

func TestTablesAreReadableInALetter(t *testing.T) {
	t.Parallel()
	const source = "### Backlog\n\n| From | Open | Age |\n| --- | ---: | ---: |\n| 1 Mar | 9 | 2 h |\n| 22 March | 1,024 | 13 min |\n\nThat is *all*."
	want := strings.Join([]string{
		"Backlog", "",
		"From       Open     Age",
		"1 Mar         9     2 h",
		"22 March  1,024  13 min", "",
		"That is all.",
	}, "\n")
	if got := plainOf(source); got != want {
		t.Errorf("as plain text:\n%s\nwant:\n%s", got, want)
	}
	rich := styled(markdown.HTML(source, markdown.Context{}))
	for _, part := range []string{"<thead>", `<table style="border-collapse:collapse`, `<td align="right" dir="auto" style="padding:`, `<th dir="auto" style="padding:`} {
		if !strings.Contains(rich, part) {
			t.Errorf("the HTML lacks %s: %s", part, rich)
		}
	}
}
