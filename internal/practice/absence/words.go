package absence

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// Notes says of those of some persons who are away until when, and who stands in for
// the tickets of a group: what stands beside their names while an assignee is chosen.
func (a *Absences) Notes(ctx context.Context, group int64, persons []int64) (map[int64]string, error) {
	book, err := a.d.People.AwayNow(ctx, persons...)
	if err != nil || len(book) == 0 {
		return nil, err
	}
	names, err := a.names(ctx, book)
	if err != nil {
		return nil, err
	}
	out := map[int64]string{}
	for _, p := range persons {
		if _, away := book[p]; away {
			out[p] = awayWords(ctx, book, p, group, names)
		}
	}
	return out, nil
}

// names are those of everybody in a book.
func (a *Absences) names(ctx context.Context, book people.Book) (map[int64]people.PersonName, error) {
	var ids []int64
	for p, away := range book {
		ids = append(ids, p, away.Substitute)
		ids = slices.AppendSeq(ids, maps.Values(away.ByGroup))
	}
	return a.d.People.PersonNames(ctx, a.d.DB.Reader(), ids)
}

// awayWords says until when somebody is away and who stands in.
func awayWords(ctx context.Context, book people.Book, person, group int64, names map[int64]people.PersonName) string {
	until := text.DateTime(ctx, book[person].Until)
	if chain, ok := book.Chain(person, group); ok {
		return text.T(ctx, "away until %s, %s stands in", until, names[chain[len(chain)-1]].Name)
	}
	return text.T(ctx, "away until %s, nobody stands in", until)
}

// span says from when until when.
func span(ctx context.Context, from, until time.Time) string {
	return text.T(ctx, "%s to %s", text.DateTime(ctx, from), text.DateTime(ctx, until))
}
