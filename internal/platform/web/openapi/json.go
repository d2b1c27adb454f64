package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// maxDepth is how deep a document may nest; none of ours goes beyond six.
const maxDepth = 32

func takesJSON(op *huma.Operation) bool {
	if op.RequestBody == nil {
		return false
	}
	for name := range op.RequestBody.Content {
		if isJSON(name) {
			return true
		}
	}
	return false
}

func isJSON(mediaType string) bool {
	media, _, err := mime.ParseMediaType(mediaType)
	return err == nil && (media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}

// takeJSON reads the body whole and refuses what two readers could understand
// differently, or what a decoder would bend silently: text that is not UTF-8,
// NUL, a name given twice or in other letters than described, numbers beyond
// what a double holds, and nesting without end.
func takeJSON(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return apperr.Wrap(err, apperr.Invalid, "The body did not arrive whole.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		return nil // whether one is needed is huma's to say
	}
	if given := r.Header.Get("Content-Type"); given != "" && !isJSON(given) {
		return errNotJSON
	}
	return checkJSON(body)
}

func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return apperr.New(apperr.Invalid, "The body is not UTF-8.")
	}
	if !json.Valid(body) {
		return apperr.New(apperr.Invalid, "The body is not a JSON document.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var open []level
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return apperr.Wrap(err, apperr.Invalid, "The body is not a JSON document.")
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
			continue
		}
		if err := checkToken(token, open); err != nil {
			return err
		}
		if delim, ok := token.(json.Delim); ok {
			if len(open) == maxDepth {
				return apperr.New(apperr.Invalid, "The body nests deeper than %d levels.", maxDepth)
			}
			open = append(open, level{object: delim == '{'})
		}
	}
}

// level is an object or array that is open.
type level struct {
	object bool
	inside bool // an object: a name was read, its value comes next
	names  map[string]bool
}

func checkToken(token json.Token, open []level) error {
	if text, ok := token.(string); ok && strings.ContainsRune(text, 0) {
		return apperr.New(apperr.Invalid, "The body has a NUL character, which cannot be stored.")
	}
	if n, ok := token.(json.Number); ok {
		if f, err := n.Float64(); err != nil || math.IsInf(f, 0) {
			return apperr.New(apperr.Invalid, "The body has a number that is too large.")
		}
	}
	if len(open) == 0 || !open[len(open)-1].object {
		return nil
	}
	in := &open[len(open)-1]
	in.inside = !in.inside
	name, isName := token.(string)
	if !isName || !in.inside {
		return nil
	}
	// The decoder below would take "Title" for "title", and the last of two.
	if name != strings.ToLower(name) {
		return apperr.InvalidField(short(name), "There is no such property: names are written in small letters.")
	}
	if in.names[name] {
		return apperr.InvalidField(short(name), "This property is given twice.")
	}
	if in.names == nil {
		in.names = map[string]bool{}
	}
	in.names[name] = true
	return nil
}

// checkAddress refuses text in the address that neither engine stores, so that
// no lookup or filter has to.
func checkAddress(r *http.Request) error {
	if !web.Storable(r.URL.Path) {
		return apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return apperr.Wrap(err, apperr.Invalid, "The query of this address cannot be read.")
	}
	for name, values := range query {
		for _, value := range append(values, name) {
			if !web.Storable(value) {
				return apperr.New(apperr.Invalid, "The address has characters that cannot be stored.")
			}
		}
		if len(values) > 1 {
			return apperr.InvalidField(short(name), "This parameter is given twice.")
		}
	}
	return nil
}

// short keeps an answer from growing with what was sent.
func short(name string) string {
	const most = 60
	if utf8.RuneCountInString(name) > most {
		return string([]rune(name)[:most]) + "…"
	}
	return name
}
