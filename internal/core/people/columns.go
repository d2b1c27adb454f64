package people

import (
	"context"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Limits on the columns that a person chose for lists.
const (
	maxColumnLists = 100 // lists with a choice of one's own; more forget the others
	maxColumnsText = 2000
)

// ChooseColumns keeps which columns the actor wants of a list, on every device;
// no columns end the choice.
func (s *Service) ChooseColumns(ctx context.Context, list, columns string) error {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	if list == "" || len(list) > 200 || len(columns) > maxColumnsText || !utf8.ValidString(list+columns) {
		return apperr.InvalidField("columns", "These columns cannot be kept.")
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		chosen := map[string]string{}
		if err := tx.QueryRow(ctx, `SELECT list_columns FROM persons WHERE id = $1`, actor.ID).Scan(database.JSON{V: &chosen}); err != nil {
			return err
		}
		if columns == "" {
			delete(chosen, list)
		} else {
			if len(chosen) >= maxColumnLists {
				clear(chosen)
			}
			chosen[list] = columns
		}
		s.changes.Note(tx, actor.ID)
		_, err := tx.Exec(ctx, `UPDATE persons SET list_columns = $1 WHERE id = $2`, database.JSON{V: chosen}, actor.ID)
		return err
	})
}
