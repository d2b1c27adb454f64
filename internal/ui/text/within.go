package text

import (
	"context"
	"unicode"
	"unicode/utf8"
)

// Within writes a label as it stands within a sentence: in English with a small
// letter, unless it is an abbreviation. Other languages keep it as it is: German
// nouns stay capitalised.
func Within(ctx context.Context, label string) string {
	if base, _ := From(ctx).Language.Base(); base.String() != "en" {
		return label
	}
	first, size := utf8.DecodeRuneInString(label)
	if second, _ := utf8.DecodeRuneInString(label[size:]); unicode.IsLower(second) {
		return string(unicode.ToLower(first)) + label[size:]
	}
	return label
}
