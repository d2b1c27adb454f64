package main

import (
	"context"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// index is one that a million rows are written faster without.
type index struct{ name, definition string }

// withoutIndexes runs fn while the big tables have only the indexes that their
// keys need, and brings the others back as they were.
func withoutIndexes(ctx context.Context, db *database.DB, fn func() error) error {
	const tables = `('tickets', 'ticket_events', 'ticket_tags', 'ticket_watchers', 'search_docs')`
	query := `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ` + tables
	if db.Engine() == database.PostgreSQL {
		query = `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename IN ` + tables + `
			AND indexname NOT IN (SELECT conname FROM pg_constraint)`
	}
	all, err := database.All(ctx, db.Reader(), func(r database.Row) (index, error) {
		var i index
		err := r.Scan(&i.name, &i.definition)
		return i, err
	}, query)
	if err != nil {
		return err
	}
	err = db.Bulk(ctx, func(tx *database.Tx) error {
		for _, i := range all {
			if _, err := tx.Exec(ctx, "DROP INDEX "+database.Quote(i.name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	return db.Bulk(ctx, func(tx *database.Tx) error {
		if db.Engine() == database.PostgreSQL {
			if _, err := tx.Exec(ctx, "SET LOCAL maintenance_work_mem = '1GB'"); err != nil {
				return err
			}
		}
		for _, i := range all {
			if _, err := tx.Exec(ctx, i.definition); err != nil {
				return err
			}
		}
		return nil
	})
}
