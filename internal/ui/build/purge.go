package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Tabler brings 600 kB of CSS for everything a dashboard could want. A page
// here needs its reset, its grid and some utilities, so a rule is kept only if
// every class it names is written somewhere in our sources, and a custom
// property only if a kept rule reads it.

// wordSet holds the words that may be class names.
type wordSet map[string]bool

var (
	word = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_-]*`)
	// classAttribute finds class="a b" and class={ "a", templ.KV("b", x) }.
	classAttribute = regexp.MustCompile(`class=(?:"([^"]*)"|\{([^}]*)\})`)
)

// wordsIn collects the words in the class attributes of all templ components
// under root. Scripts add only the design system's own classes.
func wordsIn(root string) (wordSet, error) {
	words := wordSet{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".templ") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range classAttribute.FindAllStringSubmatch(string(raw), -1) {
			for _, w := range word.FindAllString(m[1]+" "+m[2], -1) {
				words[w] = true
			}
		}
		return nil
	})
	return words, err
}

// purgeTabler is the esbuild plugin that loads Tabler's style sheet without
// what is not used.
func purgeTabler(used wordSet) api.Plugin {
	return api.Plugin{Name: "purge", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `@tabler[/\\]core[/\\].*\.css$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			raw, err := os.ReadFile(args.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			purged := purge(string(raw), used)
			return api.OnLoadResult{Contents: &purged, Loader: api.LoaderCSS}, nil
		})
	}}
}

// purge returns the style sheet without the rules, the key frames and the
// custom properties that nothing uses.
func purge(css string, used wordSet) string {
	sheet := keepUsed(parseCSS(css), used)
	for {
		// Dropping a custom property may orphan the ones it was made of.
		text := render(sheet)
		next := dropUnread(sheet, text)
		if len(render(next)) == len(text) {
			return text
		}
		sheet = next
	}
}

// keepUsed drops the rules that name a class which is not used.
func keepUsed(nodes []node, used wordSet) []node {
	var kept []node
	for _, n := range nodes {
		switch {
		case n.isAtRule() && n.hasRules():
			if name := n.atName(); name == "font-face" || name == "keyframes" || name == "-webkit-keyframes" {
				kept = append(kept, n)
				continue
			}
			n.children = keepUsed(n.children, used)
			if len(n.children) > 0 {
				kept = append(kept, n)
			}
		case n.isAtRule():
			kept = append(kept, n)
		default:
			if selectors := usedSelectors(n.head, used); selectors != "" {
				n.head = selectors
				kept = append(kept, n)
			}
		}
	}
	return kept
}

var (
	className  = regexp.MustCompile(`\.(-?[A-Za-z_\\][A-Za-z0-9_\\:./-]*)`)
	attributes = regexp.MustCompile(`\[[^\]]*\]`)
	negations  = regexp.MustCompile(`:not\([^()]*(\([^()]*\))*[^()]*\)`)
)

// usedSelectors returns the part of a selector list whose classes are all used.
func usedSelectors(list string, used wordSet) string {
	var kept []string
	for _, selector := range splitSelectors(list) {
		// A class inside :not() or an attribute's value need not exist.
		plain := negations.ReplaceAllString(attributes.ReplaceAllString(selector, ""), "")
		ok := true
		for _, m := range className.FindAllStringSubmatch(plain, -1) {
			name := strings.ReplaceAll(m[1], `\`, "")
			name, _, _ = strings.Cut(name, ":")
			if !used[strings.TrimRight(name, ".")] {
				ok = false
				break
			}
		}
		if ok {
			kept = append(kept, selector)
		}
	}
	return strings.Join(kept, ",")
}

// splitSelectors splits at the commas that are not inside brackets.
func splitSelectors(list string) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range list {
		switch r {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(list[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(list[start:]))
}

var (
	reading   = regexp.MustCompile(`var\(\s*(--[A-Za-z0-9_-]+)`)
	animation = regexp.MustCompile(`animation(?:-name)?\s*:\s*([^;}]+)`)
)

// dropUnread drops custom properties and key frames that the text never reads.
func dropUnread(nodes []node, text string) []node {
	read := wordSet{}
	for _, m := range reading.FindAllStringSubmatch(text, -1) {
		read[m[1]] = true
	}
	animated := wordSet{}
	for _, m := range animation.FindAllStringSubmatch(text, -1) {
		for _, w := range word.FindAllString(m[1], -1) {
			animated[w] = true
		}
	}
	return filterUnread(nodes, read, animated)
}

func filterUnread(nodes []node, read, animated wordSet) []node {
	var kept []node
	for _, n := range nodes {
		if n.isAtRule() {
			if strings.HasSuffix(n.atName(), "keyframes") && !animated[n.atArgument()] {
				continue
			}
			if n.hasRules() {
				n.children = filterUnread(n.children, read, animated)
			}
			kept = append(kept, n)
			continue
		}
		n.declarations = keepDeclarations(n.declarations, read)
		if len(n.declarations) > 0 {
			kept = append(kept, n)
		}
	}
	return kept
}

func keepDeclarations(all []string, read wordSet) []string {
	var kept []string
	for _, d := range all {
		name, _, _ := strings.Cut(d, ":")
		if name = strings.TrimSpace(name); strings.HasPrefix(name, "--") && !read[name] {
			continue
		}
		kept = append(kept, d)
	}
	return kept
}
