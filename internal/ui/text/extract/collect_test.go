package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

func TestWhatRulesSayIsFound(t *testing.T) {
	t.Parallel()
	const source = `package room
import "github.com/steward-itsm/steward/internal/platform/apperr"
import "github.com/steward-itsm/steward/internal/platform/words"
const missing = "There is no such room."
func f() {
	apperr.New(apperr.Conflict, "Somebody is in %s.", room)
	apperr.Wrap(err, apperr.Invalid, "The door is shut.")
	apperr.InvalidField("room", "Choose a room.")
	apperr.Stale(now, "Somebody else changed this room.")
	p.Add("room", "At most %d rooms.", most)
	p.Add("room", "%s", elsewhere)
	h.Add("Vary", "HX-Request")
	words.Of("because of %s", why)
}`
	found := map[string]text.Message{}
	if err := collectFile("room.go", source, found); err != nil {
		t.Fatal(err)
	}
	want := map[string]text.Message{}
	for _, s := range []string{
		"There is no such room.", "Somebody is in %s.", "The door is shut.", "Choose a room.", "Somebody else changed this room.", "At most %d rooms.", "because of %s",
	} {
		want[s] = text.Message{Other: s}
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWhatRulesSayIsTranslated holds for every room whose errors people read on
// pages; what only the command line says may stay English.
func TestWhatRulesSayIsTranslated(t *testing.T) {
	t.Parallel()
	const root = "../../../.."
	raw, err := os.ReadFile(root + "/internal/ui/text/locales/de.json")
	if err != nil {
		t.Fatal(err)
	}
	var german text.File
	if err := json.Unmarshal(raw, &german); err != nil {
		t.Fatal(err)
	}
	for _, room := range []string{"core", "practice", "connect", "platform/web", "platform/apperr", "platform/blob"} {
		found := map[string]text.Message{}
		err := filepath.WalkDir(filepath.Join(root, "internal", room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return collectFile(path, nil, found)
		})
		if err != nil {
			t.Fatal(err)
		}
		for key := range found {
			if german.Messages[key].Other == "" {
				t.Errorf("%s says %q, which is not in German", room, key)
			}
		}
	}
}
