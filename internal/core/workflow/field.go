package workflow

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

const maxFieldLength = 4000 // characters

// Canonical checks a value of a custom field and gives it in the one form it is
// stored in: numbers without padding, dates as 2006-01-02, "true" or "false".
// "" clears the field. The error is Invalid and speaks to the person who typed.
func (f Field) Canonical(value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "" {
		return "", nil
	}
	if !utf8.ValidString(value) || strings.ContainsRune(value, 0) || utf8.RuneCountInString(value) > maxFieldLength {
		return "", apperr.New(apperr.Invalid, "%s: this text is too long or has characters that cannot be stored.", f.Label)
	}
	switch f.Type {
	case Number:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || n != n || n > 1e15 || n < -1e15 {
			return "", apperr.New(apperr.Invalid, "%s must be a number.", f.Label)
		}
		return strconv.FormatFloat(n, 'f', -1, 64), nil
	case Bool:
		switch strings.ToLower(value) {
		case "true", "yes", "on", "1":
			return "true", nil
		case "false", "no", "off", "0":
			return "false", nil
		}
		return "", apperr.New(apperr.Invalid, "%s must be yes or no.", f.Label)
	case Date:
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return "", apperr.New(apperr.Invalid, "%s must be a date such as 2026-03-31.", f.Label)
		}
	case Choice:
		if len(f.Options) > 0 && !slices.Contains(f.Options, value) {
			return "", apperr.New(apperr.Invalid, "%s must be one of %s.", f.Label, strings.Join(f.Options, ", "))
		}
	case Text:
	}
	return value, nil
}
