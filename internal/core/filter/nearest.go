package filter

import "github.com/steward-itsm/steward/internal/platform/words"

func (s *Schema) unknownField(n *TermNode) error {
	at := Span{n.Pos, n.Pos + len(n.Field)}
	names := map[string]string{} // what may have been meant -> the field's name
	var known []string
	for _, f := range s.Fields() {
		for _, name := range append([]string{f.Name, f.Label}, f.Aliases...) {
			known = append(known, name)
			if _, taken := names[name]; !taken {
				names[name] = f.Name
			}
		}
	}
	said := words.Of("There is no field “%s”.", n.Field)
	if near, ok := nearest(n.Field, known); ok {
		said = words.Of("There is no field “%s”. Did you mean “%s”?", n.Field, names[near])
	}
	if s.text != nil {
		said = words.Of("%s To search for the text itself, put it in quotation marks.", said)
	}
	return &Error{Span: at, Msg: said}
}

// example is a field's name for messages.
func (s *Schema) example() string {
	if len(s.fields) == 0 {
		return "field"
	}
	return s.fields[0].Name
}

// nearest finds the candidate that a text was probably meant to be: the first
// one with the fewest slips, and no more than one in three letters.
func nearest(text string, candidates []string) (string, bool) {
	const longest = 40 // names beyond it are no slips of the pen
	typed := []rune(Fold(text))
	if len(typed) > longest {
		return "", false
	}
	best, found := "", false
	fewest := max(1, len(typed)/3) + 1
	for _, candidate := range candidates {
		meant := []rune(Fold(candidate))
		if len(meant) == 0 || len(meant) > longest {
			continue
		}
		if d := slips(typed, meant); d < fewest && d < len(meant) {
			best, found, fewest = candidate, true, d
		}
	}
	return best, found
}

// slips counts the letters that were left out, added, mistaken or swapped with
// their neighbour (optimal string alignment distance).
func slips(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			wrong := 1
			if a[i-1] == b[j-1] {
				wrong = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+wrong)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
