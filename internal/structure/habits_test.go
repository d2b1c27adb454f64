package structure_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestEveryPackageExplainsItsIdea(t *testing.T) {
	t.Parallel()
	documented, seen := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() && !strings.HasPrefix(s.dir, "e2e") {
			continue
		}
		seen[s.dir] = true
		if s.file.Doc != nil && strings.TrimSpace(s.file.Doc.Text()) != "" && !ast.IsGenerated(s.file) {
			documented[s.dir] = true
		}
	}
	for dir := range seen {
		if !documented[dir] {
			t.Errorf("%s has no package comment: say in it what the package is for", dir)
		}
	}
}

func TestPackagesAreNamedAfterIdeas(t *testing.T) {
	t.Parallel()
	banned := []string{"util", "utils", "common", "models", "model", "types", "helpers", "helper", "misc", "shared", "base"}
	for _, s := range sources(t) {
		if name := strings.TrimSuffix(s.file.Name.Name, "_test"); slices.Contains(banned, name) {
			t.Errorf("%s: the package name %s says nothing", s.path, name)
		}
	}
}

func TestPracticesHaveTheirShape(t *testing.T) {
	t.Parallel()
	plugs := map[string]bool{} // practices that give a module.Module, in themselves or in a part of them
	for _, s := range sources(t) {
		name := room(s.dir, "internal/practice")
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && name != "" && !s.isTest() && givesModule(f) {
				plugs[name] = true
			}
		}
	}
	folders, err := os.ReadDir(filepath.Join(root, "internal/practice"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !f.IsDir() {
			t.Errorf("internal/practice/%s: only folders live here", f.Name())
			continue
		}
		if _, err := os.Stat(filepath.Join(root, "internal/practice", f.Name(), "doc.go")); err != nil {
			t.Errorf("practice %s has no doc.go: say what it is and who may do what", f.Name())
		}
		if !plugs[f.Name()] {
			t.Errorf("practice %s gives no module.Module to plug in (see docs/architecture.md)", f.Name())
		}
	}
}

// givesModule reports whether a function or method returns a module.Module.
func givesModule(f *ast.FuncDecl) bool {
	if f.Type.Results == nil || !f.Name.IsExported() {
		return false
	}
	for _, r := range f.Type.Results.List {
		if sel, ok := r.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Module" {
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "module" {
				return true
			}
		}
	}
	return false
}

func TestNobodySleeps(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" {
					t.Errorf("%s sleeps: wait for what it waits for (a channel, a ticker with a deadline, testing/synctest)", s.at(sel.Pos()))
				}
			}
			return true
		})
	}
}

func TestNothingRegistersItself(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init runs behind everybody's back; let app call it", s.at(f.Pos()))
			}
		}
	}
}

var selectAll = regexp.MustCompile(`(?i)\bselect\s+(distinct\s+)?([a-z]\w*\.)?\*`)

func TestQueriesNameTheirColumns(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if strings.HasPrefix(s.dir, "internal/structure") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && selectAll.MatchString(lit.Value) {
				t.Errorf("%s selects *: name the columns", s.at(lit.Pos()))
			}
			return true
		})
	}
	walk(t, func(path string) error {
		if strings.HasSuffix(path, ".sql") && selectAll.MatchString(read(t, path)) {
			t.Errorf("%s selects *: name the columns", path)
		}
		return nil
	})
}

var migrationName = regexp.MustCompile(`^(\d{4})_[a-z0-9_]+(\.sqlite|\.postgres)?\.sql$`)

func TestMigrationsFormOneTimeline(t *testing.T) {
	t.Parallel()
	type step struct{ name, engine string }
	taken := map[int][]step{}
	walk(t, func(path string) error {
		if !strings.Contains(path, "/migrations/") || strings.Contains(path, "/testdata/") || !strings.HasPrefix(path, "internal/") {
			return nil
		}
		m := migrationName.FindStringSubmatch(path[strings.LastIndex(path, "/")+1:])
		if m == nil {
			t.Errorf("%s: a migration is called NNNN_name.sql, or NNNN_name.sqlite.sql beside NNNN_name.postgres.sql", path)
			return nil
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return err
		}
		taken[n] = append(taken[n], step{strings.TrimSuffix(strings.TrimSuffix(path, ".sql"), m[2]), m[2]})
		return nil
	})
	for n, steps := range taken {
		engines := map[string]int{}
		for _, s := range steps {
			engines[s.engine]++
			if s.name != steps[0].name {
				t.Errorf("migration %d is taken twice: %s and %s", n, steps[0].name, s.name)
			}
		}
		if engines[""] > 0 && len(steps) > 1 || engines[".sqlite"] != engines[".postgres"] {
			t.Errorf("migration %d needs one file, or one for each engine: %v", n, steps)
		}
	}
	if len(taken) < 5 {
		t.Errorf("only %d migrations were found", len(taken))
	}
}

// Written apart, so that this file does not match itself.
var machinePath = regexp.MustCompile(`/` + `work/(main|shared)|/` + `root/|/` + `home/[a-z]`)

func TestNoPathOfOneMachineIsWritten(t *testing.T) {
	t.Parallel()
	text := map[string]bool{
		".go": true, ".md": true, ".sh": true, ".sql": true, ".templ": true, ".ts": true, ".css": true, ".json": true, ".yaml": true, ".toml": true,
		".txtar": true, ".mod": true, "": true,
	}
	walk(t, func(path string) error {
		if !text[filepath.Ext(path)] {
			return nil
		}
		for i, line := range strings.Split(read(t, path), "\n") {
			if m := machinePath.FindString(line); m != "" {
				t.Errorf("%s:%d names a path of one machine: %s", path, i+1, m)
			}
		}
		return nil
	})
}
