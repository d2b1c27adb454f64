package openapi

import (
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// catch takes huma's own refusals out of its hands, for the Mux to answer.
func catch(ctx huma.Context, _ string, v any) (any, error) {
	if refused, ok := v.(*huma.ErrorModel); ok {
		callOf(ctx.Context()).fail(translate(refused))
		return struct{}{}, nil
	}
	return v, nil
}

// translate brings a refusal of huma's into the words of apperr. Values that
// were sent are not repeated.
func translate(refused *huma.ErrorModel) error {
	switch refused.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return invalid(refused.Errors)
	case http.StatusUnsupportedMediaType:
		return errNotJSON
	case http.StatusRequestEntityTooLarge:
		return apperr.New(apperr.TooLarge, "This is more than is accepted here.")
	}
	return apperr.Wrap(refused, apperr.Internal, "Something went wrong on our side.")
}

func invalid(details []*huma.ErrorDetail) error {
	var problems apperr.Problems
	for _, d := range details {
		name, message := place(d)
		if name == "" {
			// Not about a named input: the body as a whole, or a header.
			return apperr.New(apperr.Invalid, "%s", message)
		}
		problems.Add(name, "%s", message)
	}
	if err := problems.Err(); err != nil {
		return err
	}
	return apperr.New(apperr.Invalid, "A body is needed here.")
}

var missing = regexp.MustCompile(`^expected required property (\S+) to be present$`)

// place gives the name of the input a detail is about, as "tickets.0.title", and
// what is wrong with it as a sentence.
func place(d *huma.ErrorDetail) (name, message string) {
	in, name, _ := strings.Cut(d.Location, ".")
	name = strings.NewReplacer("[", ".", "]", "").Replace(name)
	if m := missing.FindStringSubmatch(d.Message); m != nil {
		return strings.TrimPrefix(name+"."+m[1], "."), "This is needed."
	}
	switch {
	case strings.HasPrefix(d.Message, "json: "):
		// encoding/json names our own types.
		message = "A value does not have the type or the size that is described."
	case in == "header":
		return "", "The header " + name + " is wrong: " + d.Message + "."
	default:
		message = sentence(d.Message)
	}
	if in == "body" && name == "" {
		return "", message
	}
	return name, message
}

func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return "This is wrong."
	}
	s = string(unicode.ToUpper(first)) + s[size:]
	if strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// errNotJSON is the answer to a body of another media type.
var errNotJSON error = apperr.New(apperr.Unsupported, "Send JSON here, with the Content-Type application/json.")
