package journeys_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// TestJourneys walks through the product. One Chromium serves all of it, one
// journey after the other: several at once starve each other.
func TestJourneys(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	for _, c := range []struct {
		name string
		walk func(*testing.T, browser)
	}{
		{"the first run", firstRun},
		{"an agent without a mouse", byKeyboard},
		{"a whole day by keyboard", workday},
		{"a day by keyboard in a narrow window", workdayNarrow},
		{"boards and split lists", boards},
		{"a requester on a phone", onThePhone},
		{"two at once", together},
		{"a team lead", leading},
		{"a supplier and an auditor", outsiders},
		{"nothing typed is lost", losesNothing},
		{"a draft that two look at", reviewed},
		{"prepared work", preparedWork},
		{"told at once", told},
		{"in German on a phone", inGerman},
		{"without scripts", withoutAnyScript},
		{"every page is whole, fits and is accessible", everyPage},
	} {
		t.Run(c.name, func(t *testing.T) { c.walk(t, b) })
	}
}

var _ = database.SQLite
