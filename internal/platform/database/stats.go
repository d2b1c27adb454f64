package database

import "database/sql"

// Stats gives the state of each connection pool by its name, for metrics.
func (db *DB) Stats() map[string]sql.DBStats {
	if db.engine == PostgreSQL {
		return map[string]sql.DBStats{"main": db.writer.Stats(), "side": db.side.Stats()}
	}
	return map[string]sql.DBStats{"writer": db.writer.Stats(), "reader": db.reader.Stats()}
}
