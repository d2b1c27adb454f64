package ticket

import (
	"regexp"
	"slices"
	"strconv"
)

// A mention is a link to a person: [@Ana Silva](person:42). The composer writes
// it, so that a mention survives renames and needs no guessing.
var mention = regexp.MustCompile(`\[@[^\]\n]{1,200}\]\(person:(\d{1,18})\)`)

// Mentions lists the persons a text mentions, each once, in order of appearance.
func Mentions(text string) []int64 {
	var ids []int64
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		id, err := strconv.ParseInt(m[1], 10, 64)
		if err == nil && id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
