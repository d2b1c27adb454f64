package mail

import (
	"bytes"
	"encoding/base64"
	netmail "net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// splitHeader cuts a message into its header's fields and its body. Lines end with
// CRLF, LF or CR. A line that is no field is left out; one that cannot be of a
// header ends it. ended is false where the header ran to the end of the bytes.
func splitHeader(raw []byte) (h Header, body []byte, ended bool) {
	rest := raw
	junk := 0
	first := true
	var name string
	var value []byte
	flush := func() {
		if name != "" {
			h = append(h, newField(name, value))
		}
		name, value = "", nil
	}
	for len(rest) > 0 {
		line, next := cutLine(rest)
		switch {
		case len(bytes.TrimRight(line, " \t")) == 0 && (len(line) == 0 || name == "" || nextIsBody(next)):
			flush()
			return h, next, true
		case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
			if name != "" {
				value = append(append(value, ' '), bytes.TrimLeft(line, " \t")...)
			}
		case first && bytes.HasPrefix(line, []byte("From ")), bytes.HasPrefix(line, []byte(">From ")):
			// The line an mbox begins a message with.
		default:
			flush()
			key, v, ok := bytes.Cut(line, []byte(":"))
			key = bytes.TrimRight(key, " \t")
			if !ok || !isFieldName(key) {
				// No field: a line that broke off, or the body of a header without end.
				if junk++; len(h) > 0 && junk > 3 || bytes.HasPrefix(line, []byte("--")) && len(h) > 0 {
					return h, rest, true
				}
				break
			}
			name, value = string(key), bytes.Clone(bytes.TrimLeft(v, " \t"))
		}
		first = false
		rest = next
	}
	flush()
	return h, nil, false
}

// nextIsBody decides for a line of blanks alone: what follows it is no field.
func nextIsBody(rest []byte) bool {
	line, _ := cutLine(rest)
	if len(line) == 0 {
		return true
	}
	if line[0] == ' ' || line[0] == '\t' {
		return false
	}
	key, _, ok := bytes.Cut(line, []byte(":"))
	return !ok || !isFieldName(bytes.TrimRight(key, " \t"))
}

func newField(name string, value []byte) Field {
	raw := strings.TrimRight(strings.ReplaceAll(string(value), "\x00", ""), " \t")
	return Field{Name: name, Value: oneLine(decodeWords(raw)), raw: raw}
}

func isFieldName(key []byte) bool {
	if len(key) == 0 || len(key) > 200 {
		return false
	}
	for _, c := range key {
		if c <= ' ' || c >= 127 || c == ':' {
			return false
		}
	}
	return true
}

// cutLine gives the first line without its end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	if b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n' {
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

// encodedWord is RFC 2047's, with the blanks that some programs leave inside it.
var encodedWord = regexp.MustCompile(`=\?([A-Za-z0-9_:.\-]{1,40})(?:\*[A-Za-z0-9\-]{1,20})?\?([bBqQ])\?([^?]*(?:\?[^=?][^?]*)*)\?=`)

// decodeWords decodes the encoded words of a field. Words in a row of one charset
// are put together before they are decoded: programs cut them between the bytes of
// one character. What is not encoded but has 8 bit is read as bytes say.
func decodeWords(s string) string {
	matches := encodedWord.FindAllStringSubmatchIndex(s, -1)
	if matches == nil {
		return decodeUnlabelled(s)
	}
	var out strings.Builder
	at := 0
	var pending []byte
	pendingSet := ""
	flush := func() {
		if pendingSet != "" {
			text, _ := decodeCharset(pendingSet, pending)
			out.WriteString(text)
		}
		pending, pendingSet = nil, ""
	}
	for _, m := range matches {
		between := s[at:m[0]]
		if pendingSet == "" || strings.Trim(between, " \t") != "" {
			flush()
			out.WriteString(decodeUnlabelled(between))
		}
		set := strings.ToLower(s[m[2]:m[3]])
		data, ok := decodeWord(s[m[4]], s[m[6]:m[7]])
		if !ok {
			flush()
			out.WriteString(s[m[0]:m[1]])
		} else {
			if set != pendingSet {
				flush()
			}
			pendingSet, pending = set, append(pending, data...)
			if strings.HasPrefix(set, "iso-2022") {
				flush() // each word begins and ends in ASCII
				pendingSet = set
			}
		}
		at = m[1]
	}
	flush()
	out.WriteString(decodeUnlabelled(s[at:]))
	return out.String()
}

func decodeWord(encoding byte, text string) ([]byte, bool) {
	if encoding == 'b' || encoding == 'B' {
		text = strings.NewReplacer(" ", "", "\t", "").Replace(text)
		data, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
		if err != nil {
			data = decodeBase64([]byte(text))
		}
		return data, true
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '_':
			out = append(out, ' ')
		case c == '=' && i+2 < len(text):
			n, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				out = append(out, c)
				continue
			}
			out = append(out, byte(n))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return out, true
}

// oneLine makes one line of text without control characters.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || isBidiControl(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff':
			return -1
		}
		return r
	}, s))
}

// isBidiControl finds the characters that can show a text in another order than
// it has ("exe.gpj" for "jpg.exe").
func isBidiControl(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

var msgID = regexp.MustCompile(`<([^<>\s]{1,990})>`)

// ids finds the message ids of a field. Without angle brackets, words with an @
// are taken for ids.
func ids(value string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] && len(out) < 500 {
			seen[id] = true
			out = append(out, id)
		}
	}
	matches := msgID.FindAllStringSubmatch(value, -1)
	for _, m := range matches {
		add(m[1])
	}
	if matches == nil {
		for word := range strings.FieldsSeq(value) {
			if word = strings.Trim(word, "<>,;\"'"); strings.Contains(word, "@") && len(word) < 991 {
				add(word)
			}
		}
	}
	return out
}

// addresses reads a list of addresses: by the rules where it keeps them, by its
// shape where it does not.
func addresses(values []string) []Address {
	var out []Address
	for _, value := range values {
		if strings.TrimSpace(value) == "" || len(out) >= maxAddresses {
			continue
		}
		out = append(out, addressList(value)...)
	}
	if len(out) > maxAddresses {
		out = out[:maxAddresses]
	}
	return out
}

const maxAddresses = 2000

func addressList(value string) []Address {
	if utf8.ValidString(value) && len(value) < 64<<10 && !quotesWithin(value) {
		parser := netmail.AddressParser{WordDecoder: wordDecoder}
		if list, err := parser.ParseList(value); err == nil {
			out := make([]Address, 0, len(list))
			for _, a := range list {
				name := a.Name
				if strings.Contains(value, name) {
					name = decodeWords(name) // in quotes, where it should not be encoded
				}
				out = append(out, Address{Name: oneLine(name), Mail: oneLine(a.Address)})
			}
			return out
		}
	}
	var out []Address
	for _, one := range splitAddresses(value) {
		if a, ok := looseAddress(one); ok {
			out = append(out, a)
		}
	}
	return out
}

// quotesWithin finds encoded words that have quotes in them, which are no syntax.
func quotesWithin(value string) bool {
	for _, word := range encodedWord.FindAllString(value, -1) {
		if strings.Contains(word, `"`) {
			return true
		}
	}
	return false
}

// splitAddresses cuts at commas and semicolons outside of quotes, brackets and
// comments, and at the colon and semicolon of a group.
func splitAddresses(value string) []string {
	var out []string
	start, depth := 0, 0
	quoted, angle := false, false
	words := encodedWord.FindAllStringIndex(value, -1)
	for i := 0; i < len(value) && len(out) < maxAddresses; i++ {
		for len(words) > 0 && words[0][0] < i {
			words = words[1:]
		}
		if len(words) > 0 && words[0][0] == i && !quoted {
			i = words[0][1] - 1 // what is encoded is no syntax
			continue
		}
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case (c == ',' || c == ';') && depth == 0 && !angle:
			out = append(out, value[start:i])
			start = i + 1
		case c == ':' && depth == 0 && !angle && !strings.Contains(value[start:i], "@"):
			start = i + 1 // the name of a group
		}
	}
	if quoted || angle || depth > 0 { // something was never closed
		return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ';' })
	}
	return append(out, value[start:])
}

var (
	angled   = regexp.MustCompile(`<\s*([^<>]*?)\s*>`)
	bareMail = regexp.MustCompile(`[^\s<>"'(),;:\[\]]+@[^\s<>"'(),;:\[\]]+`)
)

func looseAddress(one string) (Address, bool) {
	one = strings.TrimSpace(one)
	if one == "" {
		return Address{}, false
	}
	var a Address
	name := ""
	if m := angled.FindStringSubmatchIndex(one); m != nil {
		a.Mail = strings.TrimPrefix(one[m[2]:m[3]], "mailto:")
		name = one[:m[0]]
		if !strings.Contains(a.Mail, "@") {
			if found := bareMail.FindString(one); found != "" {
				a.Mail = found
			}
		}
	} else if m := bareMail.FindStringIndex(one); m != nil {
		a.Mail = one[m[0]:m[1]]
		name = one[:m[0]] + one[m[1]:]
	} else {
		name = one
	}
	a.Mail = oneLine(decodeUnlabelled(strings.Trim(a.Mail, `'". `)))
	name = decodeWords(name)
	name = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(strings.TrimSpace(name))
	a.Name = oneLine(strings.Trim(name, ` "'<>()`))
	return a, a.Mail != "" || a.Name != ""
}

var comment = regexp.MustCompile(`\([^()]*\)`)

// dateLayouts are the ways programs write a date that net/mail does not read.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST",
	"Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04 -0700", "Mon, 2 Jan 06 15:04:05 -0700",
	"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04:05 2006 -0700",
	"Mon, 02 Jan 2006 15.04.05 -0700", "Mon, 2 January 2006 15:04:05 -0700", "Monday, 2 January 2006 15:04:05 -0700",
	"Mon, Jan 2 2006 15:04:05 -0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02",
	"Mon, 2 Jan 2006 15:04:05 -07:00", "Mon, 2-Jan-2006 15:04:05 -0700", "02/01/2006 15:04:05", "Mon, 2 Jan 2006 3:04:05 PM -0700",
}

var gmtOffset = regexp.MustCompile(`(?:GMT|UTC)([+-])(\d{1,2}):?(\d{2})?`)

// parseDate reads a date in any of the forms seen in the wild.
func parseDate(value string) (time.Time, bool) {
	if len(value) > 200 {
		return time.Time{}, false
	}
	if t, err := netmail.ParseDate(value); err == nil {
		return sane(t)
	}
	v := strings.Join(strings.Fields(comment.ReplaceAllString(value, " ")), " ")
	v = strings.ReplaceAll(strings.Trim(v, "\"'"), " ,", ",")
	if m := gmtOffset.FindStringSubmatch(v); m != nil {
		hours := m[2]
		if len(hours) == 1 {
			hours = "0" + hours
		}
		minutes := m[3]
		if minutes == "" {
			minutes = "00"
		}
		v = strings.TrimSpace(gmtOffset.ReplaceAllString(v, m[1]+hours+minutes))
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, v); err == nil {
			return sane(t)
		}
	}
	return time.Time{}, false
}

// sane refuses years that no mail has.
func sane(t time.Time) (time.Time, bool) {
	if y := t.Year(); y < 1970 || y > 9000 {
		return time.Time{}, false
	}
	return t, true
}

// mediaType reads "type/subtype; a=b" with all that programs do wrong: parameters
// by RFC 2231 (in pieces, with a charset), encoded words within quotes, 8 bit,
// missing quotes, missing semicolons' values.
func mediaType(value string) (kind string, params map[string]string) {
	pieces := splitParams(value)
	params = map[string]string{}
	if len(pieces) == 0 {
		return "", params
	}
	kind = strings.ToLower(strings.TrimSpace(pieces[0]))
	kind, _, _ = strings.Cut(kind, " ")
	type piece struct {
		text    string
		encoded bool
	}
	continued := map[string]map[int]piece{}
	for _, p := range pieces[1:] {
		key, v, ok := strings.Cut(p, "=")
		if !ok {
			continue
		}
		key = strings.ToLower(strings.TrimSpace(key))
		v = unquote(strings.TrimSpace(v))
		base, star, isStar := strings.Cut(key, "*")
		if !isStar {
			if _, have := params[key]; !have {
				params[key] = oneLine(decodeWords(v))
			}
			continue
		}
		n, encoded := 0, strings.HasSuffix(star, "*") || star == ""
		if number := strings.TrimSuffix(star, "*"); number != "" {
			var err error
			if n, err = strconv.Atoi(number); err != nil || n < 0 || n > 200 {
				continue
			}
		}
		if continued[base] == nil {
			continued[base] = map[int]piece{}
		}
		continued[base][n] = piece{v, encoded}
	}
	for base, all := range continued {
		set, data := "", []byte(nil)
		for n := range len(all) {
			p, ok := all[n]
			if !ok {
				break
			}
			text := p.text
			if n == 0 && p.encoded {
				if parts := strings.SplitN(text, "'", 3); len(parts) == 3 {
					set, text = parts[0], parts[2]
				}
			}
			if p.encoded {
				data = append(data, percent(text)...)
			} else {
				data = append(data, text...)
			}
		}
		if len(data) == 0 {
			continue
		}
		text := ""
		if set != "" {
			text, _ = decodeCharset(set, data)
		} else {
			text = decodeWords(string(data))
		}
		params[base] = oneLine(text)
	}
	return kind, params
}

// splitParams cuts at semicolons outside of quotes.
func splitParams(value string) []string {
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(value) && len(out) < 300; i++ {
		switch c := value[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			out = append(out, value[start:i])
			start = i + 1
		}
	}
	return append(out, value[start:])
}

func unquote(v string) string {
	if len(v) == 0 || v[0] != '"' {
		return v
	}
	v = v[1:]
	var out strings.Builder
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '\\':
			// A backslash before anything but a quote or another one is of a Windows path.
			if i+1 < len(v) && (v[i+1] == '"' || v[i+1] == '\\') {
				i++
			}
			out.WriteByte(v[i])
		case '"':
			return out.String()
		default:
			out.WriteByte(v[i])
		}
	}
	return out.String()
}

func percent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(n))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
