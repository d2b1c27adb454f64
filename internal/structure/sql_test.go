package structure_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

var statement = regexp.MustCompile("(?s)^[`\"]\\s*\\(?\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\\s")

// TestSQLStandsInStores keeps statements of practices and connections in files
// called store.go or something_store.go, where whoever looks for what a table is
// read and written by finds all of it. The rooms of platform and core are stores
// themselves.
func TestSQLStandsInStores(t *testing.T) {
	t.Parallel()
	stores := 0
	for _, s := range sources(t) {
		if s.isTest() || !within(s.dir, "internal/practice") && !within(s.dir, "internal/connect") {
			continue
		}
		name := s.path[strings.LastIndex(s.path, "/")+1:]
		if name == "store.go" || strings.HasSuffix(name, "_store.go") {
			stores++
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && statement.MatchString(lit.Value) {
				t.Errorf("%s holds a statement: move it into the room's store.go", s.at(lit.Pos()))
			}
			return true
		})
	}
	if stores < 10 {
		t.Errorf("only %d stores were found", stores)
	}
}
