package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIconsBecomeConstantsWithInlineShapes(t *testing.T) {
	t.Parallel()
	read := func(string) (string, error) {
		return "<svg class=\"x\">\n  <path stroke=\"none\" d=\"M0 0h24v24H0z\" fill=\"none\" />\n  <path d=\"M1 2\" />\n</svg>", nil
	}
	got, err := generate([]string{"circle-half-2", "filled/star"}, read)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`IconCircleHalf2 Icon = "circle-half-2"`, `IconStarFilled  Icon = "filled/star"`, "`<path d=\"M1 2\"/>`"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("missing %s in\n%s", want, got)
		}
	}
}

func TestTheListHasEachNameOnce(t *testing.T) {
	t.Parallel()
	got := parseList("# comment\nb\n\na\nb\n")
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheGeneratedIconsAreUpToDate(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("../../../node_modules/@tabler/icons"); err != nil {
		t.Skip("@tabler/icons is not installed: npm ci")
	}
	list, err := os.ReadFile("icons.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(parseList(string(list)), func(name string) (string, error) { return readIconFrom("../../..", name) })
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../icons_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Error("run go run ./internal/ui/icons")
	}
}
