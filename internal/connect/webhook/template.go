package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// values are what placeholders stand for.
type values map[string]string

// placeholder finds the first {{name}} of a text: what stands before it, its name, and
// what follows. Braces that name nothing are text.
func placeholder(s string) (before, name, after string, found bool) {
	from := 0
	for {
		open := strings.Index(s[from:], "{{")
		if open < 0 {
			return s, "", "", false
		}
		open += from
		end := strings.Index(s[open:], "}}")
		if end < 0 {
			return s, "", "", false
		}
		name = strings.TrimSpace(s[open+2 : open+end])
		if isName(name) {
			return s[:open], name, s[open+end+2:], true
		}
		from = open + 1
	}
}

func isName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && r != '_' {
			return false
		}
	}
	return s != ""
}

// fill puts values where placeholders stand, each made safe by escape. What a value holds
// is never looked at for placeholders again.
func fill(s string, v values, escape func(string) string) string {
	var b strings.Builder
	for {
		before, name, after, found := placeholder(s)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString(escape(v[name]))
		s = after
	}
}

func asIs(s string) string { return s }

// unknownIn gives a placeholder of a text that is none of the known ones; "" for none.
func unknownIn(s string, known []string) string {
	for {
		_, name, after, found := placeholder(s)
		if !found {
			return ""
		}
		if !slices.Contains(known, name) {
			return name
		}
		s = after
	}
}

// names reports whether a text has a placeholder.
func names(s, wanted string) bool {
	for {
		_, name, after, found := placeholder(s)
		if !found || name == wanted {
			return found
		}
		s = after
	}
}

// fillAddress puts a target into an address, escaped for the part in which it stands.
func fillAddress(address, to string) string {
	v := values{"to": to, "number": to}
	path, query, asks := strings.Cut(address, "?")
	out := fill(path, v, url.PathEscape)
	if asks {
		out += "?" + fill(query, v, url.QueryEscape)
	}
	return out
}

const maxDepth = 50

// fillJSON fills a template that is a JSON document: placeholders within its strings get
// their values, whatever characters these hold; everything else stays as it is, the order
// of members too. Names of members are not filled.
func fillJSON(template string, v values) ([]byte, error) {
	d := json.NewDecoder(strings.NewReader(template))
	d.UseNumber()
	var out bytes.Buffer
	if err := copyValue(d, &out, v, 0); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("webhook: more than one document")
	}
	return out.Bytes(), nil
}

func copyValue(d *json.Decoder, out *bytes.Buffer, v values, depth int) error {
	if depth > maxDepth {
		return errors.New("webhook: nested too deeply")
	}
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return copyMembers(d, out, v, t, depth)
	case string:
		return put(out, fill(t, v, asIs))
	case json.Number:
		out.WriteString(t.String())
		return nil
	}
	return put(out, token) // true, false, null
}

func copyMembers(d *json.Decoder, out *bytes.Buffer, v values, open json.Delim, depth int) error {
	out.WriteString(open.String())
	for first := true; d.More(); first = false {
		if !first {
			out.WriteByte(',')
		}
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if err := put(out, name); err != nil {
				return err
			}
			out.WriteByte(':')
		}
		if err := copyValue(d, out, v, depth+1); err != nil {
			return err
		}
	}
	end, err := d.Token()
	if err != nil {
		return err
	}
	if delim, ok := end.(json.Delim); ok {
		out.WriteString(delim.String())
	}
	return nil
}

// put writes a value as JSON, with < and > as they are.
func put(out *bytes.Buffer, value any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // its line end
	return nil
}

// fillForm fills a template of lines name=value and gives a form, in the order of the
// lines. Names and values are written as they are meant; they are escaped here.
func fillForm(template string, v values) (string, error) {
	var parts []string
	for line := range strings.SplitSeq(template, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.Contains(name, "{{") {
			return "", errors.New("webhook: a line of a form is name=value")
		}
		parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(fill(strings.TrimSpace(value), v, asIs)))
	}
	return strings.Join(parts, "&"), nil
}

// checkTemplate says what is wrong with how a template is written.
func checkTemplate(template string, form bool) error {
	if form {
		if _, err := fillForm(template, values{}); err != nil {
			return apperr.Wrap(err, apperr.Invalid, "Write each field as a line such as to={{number}}.")
		}
		return nil
	}
	if _, err := fillJSON(template, values{}); err != nil {
		return apperr.Wrap(err, apperr.Invalid, "This is not a JSON document. Placeholders stand within quotation marks: \"to\": \"{{number}}\".")
	}
	return nil
}
