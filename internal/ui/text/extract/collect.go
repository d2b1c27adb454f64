package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	textPackage   = "github.com/steward-itsm/steward/internal/ui/text"
	errorsPackage = "github.com/steward-itsm/steward/internal/platform/apperr"
	wordsPackage  = "github.com/steward-itsm/steward/internal/platform/words"
)

// Collect returns the texts of all Go sources under root/internal and root/cmd.
func Collect(root string) (map[string]text.Message, error) {
	found := map[string]text.Message{}
	for _, dir := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				if path == filepath.Join(root, dir) { // no cmd yet
					return filepath.SkipDir
				}
				return err
			}
			if d.IsDir() && d.Name() == "testdata" {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			return collectFile(path, nil, found)
		})
		if err != nil {
			return nil, err
		}
	}
	return found, CollectLabels(root, found)
}

// collectFile adds the texts of one source to found; src nil reads the file.
func collectFile(path string, src any, found map[string]text.Message) error {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, src, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	name, errs, says := importName(file), imported(file, errorsPackage, "apperr"), imported(file, wordsPackage, "words")
	if name == "" && errs == "" && says == "" {
		return nil
	}
	if errs != "" {
		collectConstants(file, found)
	}
	var problem error
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || problem != nil {
			return problem == nil
		}
		if format, ok := message(call, errs, says); ok {
			if err := add(found, format, format, nil, ""); err != nil {
				problem = fmt.Errorf("%s: %w", fset.Position(call.Pos()), err)
			}
			return problem == nil
		}
		if name == "" {
			return true
		}
		fn := calledName(call, name)
		if err := collectCall(fn, call.Args, found); err != nil {
			problem = fmt.Errorf("%s: text.%s: %w", fset.Position(call.Pos()), fn, err)
		}
		return true
	})
	return problem
}

// message gives the format of a call that makes what rules say to people: an
// error, what is wrong with a field, or another text. "%s" alone says nothing itself.
func message(call *ast.CallExpr, errs, says string) (ast.Expr, bool) {
	at := -1
	switch fn := call.Fun.(type) {
	case *ast.SelectorExpr:
		x, _ := fn.X.(*ast.Ident)
		switch {
		case x != nil && x.Name == errs:
			if place, ok := map[string]int{"New": 1, "Wrap": 2, "InvalidField": 1, "Stale": 1}[fn.Sel.Name]; ok {
				at = place
			}
		case x != nil && x.Name == says && (fn.Sel.Name == "Of" || fn.Sel.Name == "Key"):
			at = 0
		case errs != "" && fn.Sel.Name == "Add" && len(call.Args) >= 2 && isSentence(call.Args[1]): // of apperr.Problems
			at = 1
		}
	case *ast.Ident:
		switch fn.Name {
		case "errorAt": // of core/filter
			at = 1
		case "refuse": // of core/calendar/ical
			at = 0
		}
	}
	if at < 0 || at >= len(call.Args) {
		return nil, false
	}
	format, literal := constant(call.Args[at])
	return call.Args[at], format != "%s" && (literal || !variable(call.Args[at]))
}

// collectConstants adds the sentences that a file names to use them as messages.
func collectConstants(file *ast.File, found map[string]text.Message) {
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			continue
		}
		for _, spec := range decl.Specs {
			for _, v := range spec.(*ast.ValueSpec).Values { //nolint:forcetypeassert // constants have no other
				if s, ok := constant(v); ok && isSentence(v) && strings.HasSuffix(s, ".") {
					found[s] = text.Message{Other: s}
				}
			}
		}
	}
}

// isSentence tells what is said of a field from the values that other Adds take.
func isSentence(e ast.Expr) bool {
	s, ok := constant(e)
	return ok && strings.Contains(s, " ") && strings.ContainsAny(s[len(s)-1:], ".?:)s”")
}

// variable reports whether a format is passed through: it was collected where it
// was written, or must be marked there.
func variable(e ast.Expr) bool {
	_, ident := e.(*ast.Ident)
	return ident
}

// imported is how a file calls a package: its usual name, an alias, or "".
func imported(file *ast.File, path, usual string) string {
	for _, imp := range file.Imports {
		if p, err := strconv.Unquote(imp.Path.Value); err == nil && p == path {
			if imp.Name != nil {
				return imp.Name.Name
			}
			return usual
		}
	}
	return ""
}

// importName is how a file calls package text: "text", an alias, "." inside
// the package itself, or "" when it does not use it.
func importName(file *ast.File) string {
	if file.Name.Name == "text" {
		return "."
	}
	for _, imp := range file.Imports {
		if path, err := strconv.Unquote(imp.Path.Value); err == nil && path == textPackage {
			if imp.Name != nil {
				return imp.Name.Name
			}
			return "text"
		}
	}
	return ""
}

// calledName is the function of package text that a call names, or "".
func calledName(call *ast.CallExpr, name string) string {
	switch fn := call.Fun.(type) {
	case *ast.SelectorExpr:
		if x, ok := fn.X.(*ast.Ident); ok && x.Name == name {
			return fn.Sel.Name
		}
	case *ast.Ident:
		if name == "." {
			return fn.Name
		}
	}
	return ""
}

func collectCall(fn string, args []ast.Expr, found map[string]text.Message) error {
	switch {
	case fn == "Key" && len(args) == 1:
		return add(found, args[0], args[0], nil, "")
	case fn == "T" && len(args) >= 2:
		// A text that is looked up by variable was marked with Key where it is
		// written.
		if _, literal := constant(args[1]); !literal {
			return nil
		}
		return add(found, args[1], args[1], nil, "")
	case fn == "In" && len(args) >= 3:
		meaning, ok := constant(args[1])
		if !ok {
			return fmt.Errorf("the meaning must be a literal")
		}
		return add(found, args[2], args[2], nil, meaning)
	case fn == "N" && len(args) >= 4:
		return add(found, args[2], args[3], args[2], "")
	}
	return nil
}

func add(found map[string]text.Message, key, other, one ast.Expr, meaning string) error {
	k, ok := constant(key)
	if !ok {
		return fmt.Errorf("the text must be a literal")
	}
	o, ok := constant(other)
	if !ok {
		return fmt.Errorf("the plural must be a literal")
	}
	m := text.Message{Other: o}
	if one != nil {
		m.One = k
	}
	if meaning != "" {
		k += " [" + meaning + "]"
	}
	if before, ok := found[k]; ok && before != m {
		return fmt.Errorf("%q is used with and without a number, or with two plurals", k)
	}
	found[k] = m
	return nil
}

// constant reads a string literal, or several joined with +.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		a, okA := constant(e.X)
		b, okB := constant(e.Y)
		return a + b, okA && okB && e.Op == token.ADD
	}
	return "", false
}

// Encode writes the English catalogue as it is stored: sorted by key.
func Encode(messages map[string]text.Message) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(text.File{Name: "English", Messages: messages})
	return b.Bytes(), err
}
