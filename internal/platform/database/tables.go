package database

import (
	"context"
	"strings"
)

// Table is a table that holds records: views, virtual tables and what they keep
// for themselves are none.
type Table struct {
	Name    string
	Columns []Column // without generated ones
	Key     []string // columns of the primary key, in their order
}

// Column is a column of a Table.
type Column struct {
	Name string
	Type ColumnType
}

// ColumnType is what a column holds. SQLite knows neither booleans nor JSON:
// there they are integers and text.
type ColumnType string

// The types that both engines can hold. Any other is named in PostgreSQL's words.
const (
	IntegerType ColumnType = "integer"
	RealType    ColumnType = "real"
	TextType    ColumnType = "text"
	BlobType    ColumnType = "blob"
	BooleanType ColumnType = "boolean"
	JSONType    ColumnType = "json"
)

// internalTables are this package's own: not part of what is stored.
const (
	migrationsTable = "schema_migrations"
	unfinishedTable = "unfinished_restore"
)

// Tables lists the tables by name, read through q (a reader, a snapshot or a
// transaction of this database).
func (db *DB) Tables(ctx context.Context, q Querier) ([]Table, error) {
	query := `SELECT l.name, x.name, lower(x.type), x.pk
		FROM pragma_table_list l JOIN pragma_table_xinfo(l.name) x
		WHERE l.schema = 'main' AND l.type = 'table' AND l.name NOT LIKE 'sqlite%' AND x.hidden = 0
		ORDER BY l.name, x.cid`
	if db.engine == PostgreSQL {
		query = `SELECT c.relname, a.attname, format_type(a.atttypid, NULL),
				coalesce((SELECT k.n FROM unnest(i.indkey) WITH ORDINALITY AS k (attnum, n) WHERE k.attnum = a.attnum), 0)
			FROM pg_class c
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
			LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
			WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
			ORDER BY c.relname COLLATE "C", a.attnum`
	}
	var out []Table
	err := Each(ctx, q, func(r Row) error {
		var table, column, kind string
		var key int
		if err := r.Scan(&table, &column, &kind, &key); err != nil {
			return err
		}
		if table == migrationsTable || table == unfinishedTable {
			return nil
		}
		if len(out) == 0 || out[len(out)-1].Name != table {
			out = append(out, Table{Name: table})
		}
		t := &out[len(out)-1]
		t.Columns = append(t.Columns, Column{Name: column, Type: columnType(kind)})
		if key > 0 {
			for len(t.Key) < key {
				t.Key = append(t.Key, "")
			}
			t.Key[key-1] = column
		}
		return nil
	}, query)
	return out, err
}

func columnType(kind string) ColumnType {
	switch kind {
	case "bigint", "smallint", "int", "integer":
		return IntegerType
	case "double precision", "real":
		return RealType
	case "character varying", "character", "text":
		return TextType
	case "bytea", "blob":
		return BlobType
	case "json", "jsonb":
		return JSONType
	}
	return ColumnType(kind)
}

// Quote writes an identifier as both engines read it.
func Quote(identifier string) string {
	return `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"`
}

// Steps lists the migrations a database has taken, ascending.
func (db *DB) Steps(ctx context.Context, q Querier) ([]int64, error) {
	return All(ctx, q, Scalar[int64],
		"SELECT DISTINCT version_id FROM schema_migrations WHERE is_applied AND version_id > 0 ORDER BY version_id")
}
