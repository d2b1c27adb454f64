package database

import "testing"

func TestParametersInTheirOrderNeedNoNames(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"SELECT 1": "SELECT 1",
		"INSERT INTO t VALUES ($1, $2), ($3, $4)":        "INSERT INTO t VALUES (?, ?), (?, ?)",
		"SELECT a FROM t WHERE b = $1 AND c = '$2'":      "SELECT a FROM t WHERE b = ? AND c = '$2'",
		"SELECT j ->> '$.x' FROM t WHERE \"$9\" = $1":    "SELECT j ->> '$.x' FROM t WHERE \"$9\" = ?",
		"SELECT 'it''s $1', $1":                          "SELECT 'it''s $1', ?",
		"SELECT $1::TEXT, $10":                           "SELECT $1::TEXT, $10",
		"SELECT f($1, a) FROM t GROUP BY f($1, a)":       "SELECT f($1, a) FROM t GROUP BY f($1, a)",
		"UPDATE t SET a = $2 WHERE id = $1":              "UPDATE t SET a = $2 WHERE id = $1",
		"SELECT a FROM t WHERE b = $1 -- it's $2":        "SELECT a FROM t WHERE b = $1 -- it's $2",
		"SELECT a FROM t WHERE b = $1 /* $2 */":          "SELECT a FROM t WHERE b = $1 /* $2 */",
		"SELECT a FROM t WHERE b = ? AND c = $1":         "SELECT a FROM t WHERE b = ? AND c = $1",
		"SELECT 'never ends WHERE b = $1":                "SELECT 'never ends WHERE b = $1",
		"SELECT $":                                       "SELECT $",
		"SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10": "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
	} {
		if got := unnamed(query); got != want {
			t.Errorf("%s became %s", query, got)
		}
	}
}
