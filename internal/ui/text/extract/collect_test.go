package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/ui/text"
)

func TestTheEnglishCatalogueHoldsEveryText(t *testing.T) {
	t.Parallel()
	const root = "../../../.."
	messages, err := Collect(root)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Encode(messages)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(root + "/" + englishPath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run go run ./internal/ui/text/extract (-sources +en.json):\n%s", diff)
	}
}

func TestTextsAreFoundInEveryFormOfCall(t *testing.T) {
	t.Parallel()
	const source = `package page
import words "github.com/steward-itsm/steward/internal/ui/text"
var labels = []string{words.Key("Critical")}
func page() {
	words.T(ctx, "Resolve ticket")
	words.T(ctx, "%s is " + "joined", a)
	words.T(ctx, labels[0])
	words.In(ctx, "verb", "Open")
	words.N(ctx, n, "%d ticket", "%d tickets")
	other.T(ctx, "not ours")
}`
	found := map[string]text.Message{}
	if err := collectFile("page.go", source, found); err != nil {
		t.Fatal(err)
	}
	want := map[string]text.Message{
		"Critical":       {Other: "Critical"},
		"Resolve ticket": {Other: "Resolve ticket"},
		"%s is joined":   {Other: "%s is joined"},
		"Open [verb]":    {Other: "Open"},
		"%d ticket":      {One: "%d ticket", Other: "%d tickets"},
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestATextThatCannotBeTranslatedIsRefused(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]string{
		"a key that is no literal":    `text.Key(name)`,
		"a plural that is no literal": `text.N(ctx, n, "%d ticket", many)`,
		"two plurals of one text":     `text.N(ctx, n, "%d a", "%d b"); text.N(ctx, n, "%d a", "%d c")`,
	} {
		source := "package p\nimport \"github.com/steward-itsm/steward/internal/ui/text\"\nfunc f() {" + call + "}"
		if err := collectFile("p.go", source, map[string]text.Message{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
