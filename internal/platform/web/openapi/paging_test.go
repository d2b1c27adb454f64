package openapi_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func TestACursorIsTheIDThatAListGoesOnBehind(t *testing.T) {
	t.Parallel()
	for cursor, want := range map[string]int64{"": 0, "42": 42} {
		if got, err := (openapi.Paging{Cursor: cursor}).After(); got != want || err != nil {
			t.Errorf("%q: %d, %v", cursor, got, err)
		}
	}
	for _, cursor := range []string{"0", "-1", "x", "9223372036854775808"} {
		if _, err := (openapi.Paging{Cursor: cursor}).After(); apperr.ByField(t.Context(), err)["cursor"] == "" {
			t.Errorf("%q is taken: %v", cursor, err)
		}
	}
}
