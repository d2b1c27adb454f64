package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"

	"github.com/steward-itsm/steward/internal/ui/text"
)

// CollectLabels adds the labels that ship as data, which text.Label looks up: those
// of the built-in kinds of tickets ("kind"), of the roles ("role"), of their
// permissions and scopes ("permission").
func CollectLabels(root string, found map[string]text.Message) error {
	core := filepath.Join(root, "internal", "core")
	kinds, err := filepath.Glob(filepath.Join(core, "workflow", "builtin", "*.toml"))
	if err != nil {
		return err
	}
	for _, path := range kinds {
		if err := labelsOf(path, toml.Unmarshal, found, "kind", "label", "plural", "requester_label", "description", "help"); err != nil {
			return err
		}
	}
	if err := labelsOf(filepath.Join(core, "access", "roles.json"), json.Unmarshal, found, "role", "name", "description"); err != nil {
		return err
	}
	if err := schemaLabels(filepath.Join(core, "ticket", "schema.go"), found); err != nil {
		return err
	}
	for _, file := range []string{"verb.go", "scope.go"} {
		if err := permissionLabels(filepath.Join(core, "access", file), found); err != nil {
			return err
		}
	}
	return nil
}

// labelsOf adds the texts under some keys, however deep they lie in a file.
func labelsOf(path string, read func([]byte, any) error, found map[string]text.Message, meaning string, keys ...string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var data any
	if err := read(raw, &data); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		case map[string]any:
			for _, key := range keys {
				if label, ok := v[key].(string); ok && label != "" {
					found[label+" ["+meaning+"]"] = text.Message{Other: label}
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(data)
	return nil
}

// schemaLabels adds the names of what filters ask about: the field Label of a
// declaration, or the second argument of the functions that make them.
func schemaLabels(path string, found map[string]text.Message) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	keep := func(e ast.Expr) {
		if label, ok := constant(e); ok && label != "" {
			if _, there := found[label]; !there {
				found[label] = text.Message{Other: label}
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Label" {
				keep(n.Value)
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && len(n.Args) >= 3 && (fn.Name == "one" || fn.Name == "instant" || fn.Name == "count" || fn.Name == "levelField") {
				keep(n.Args[1])
			}
		}
		return true
	})
	return nil
}

// permissionLabels adds the labels of verbs - the second argument of "ticket" and
// "product" - and of scopes, which their method Label returns.
func permissionLabels(path string, found map[string]text.Message) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	keep := func(e ast.Expr) {
		if label, ok := constant(e); ok && label != "" {
			found[label+" [permission]"] = text.Message{Other: label}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && len(n.Args) >= 3 && (fn.Name == "ticket" || fn.Name == "product") {
				keep(n.Args[1])
			}
		case *ast.FuncDecl:
			if n.Name.Name == "Label" {
				ast.Inspect(n, func(inner ast.Node) bool {
					if r, ok := inner.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
						keep(r.Results[0])
					}
					return true
				})
			}
		}
		return true
	})
	return nil
}
