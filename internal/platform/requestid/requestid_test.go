package requestid_test

import (
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/requestid"
)

func TestOnlyHarmlessNamesAreTakenOver(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		requestid.New():           true,
		"3f2c9a10-77de.4b_x":      true,
		"":                        false,
		"short":                   false,
		"line\nbreak-in-it":       false,
		"space in the middle":     false,
		"quote\"inside":           false,
		strings.Repeat("a", 64):   true,
		strings.Repeat("a", 65):   false,
		"sn\u00f6wman-request-id": false,
	} {
		if got := requestid.Valid(id); got != want {
			t.Errorf("Valid(%q) = %v", id, got)
		}
	}
}

func TestContextCarriesTheName(t *testing.T) {
	t.Parallel()
	if id := requestid.From(requestid.With(t.Context(), "abcdefgh")); id != "abcdefgh" {
		t.Errorf("got %q", id)
	}
	if id := requestid.From(t.Context()); id != "" {
		t.Errorf("got %q from an empty context", id)
	}
}
