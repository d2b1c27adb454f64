package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Form fills a struct from the request's form and query, and answers all that
// is wrong with them at once. dst points to a struct whose fields carry tags:
//
//	type report struct {
//		Title   string    `form:"title,required,line,max=200"`
//		Text    string    `form:"text"`
//		Service *int64    `form:"service"` // nil when the form has no such field
//		Due     time.Time `form:"due"`
//		Tags    []string  `form:"tag"`
//		Fields  map[string]string `form:"field.*"` // by the rest of the name
//	}
//
// Fields may be string, int, int64, bool, time.Time, a pointer to one of these,
// []string, []int64 or, for a family of names, map[string]string; of a name that
// is given twice the family takes the last, as a checkbox after a hidden "false". Text is trimmed and its line ends become \n; the options
// are required, line (line breaks and control characters become spaces), max=N
// (characters) and raw (as it came, for passwords). Text that is not UTF-8 or
// holds a NUL is refused. Empty numbers and times are zero. Times are RFC 3339,
// or what the browser's date and time inputs send, in the reader's zone (nil is
// UTC).
func Form(r *http.Request, dst any, zone *time.Location) error {
	if err := parseForm(r); err != nil {
		return err
	}
	return Values(r.Form, dst, zone)
}

// formMemory is what the texts of a form with files may hold in memory: one of
// a million characters in any script. Files are streamed (Upload).
const formMemory = 5 << 20

func parseForm(r *http.Request) error {
	// First, because ParseMultipartForm forgets what is wrong with a form that has no files.
	err := r.ParseForm()
	if err == nil {
		if err = r.ParseMultipartForm(formMemory); errors.Is(err, http.ErrNotMultipart) {
			err = nil
		}
	}
	var tooLarge *http.MaxBytesError
	if err == nil || errors.As(err, &tooLarge) {
		return err
	}
	return apperr.Wrap(err, apperr.Invalid, "The form could not be read.")
}

// Values is Form for values from elsewhere.
func Values(values url.Values, dst any, zone *time.Location) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("web: form: want a pointer to a struct, got %T", dst)
	}
	if zone == nil {
		zone = time.UTC
	}
	d := formDecoder{values: values, zone: zone}
	if err := d.structure(v.Elem()); err != nil {
		return err
	}
	return d.problems.Err()
}

type formDecoder struct {
	values   url.Values
	zone     *time.Location
	problems apperr.Problems
}

type formField struct {
	name      string
	required  bool
	line, raw bool
	max       int
}

func (d *formDecoder) structure(v reflect.Value) error {
	t := v.Type()
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Anonymous && sf.Type.Kind() == reflect.Struct {
			if err := d.structure(v.Field(i)); err != nil {
				return err
			}
			continue
		}
		tag, ok := sf.Tag.Lookup("form")
		if !ok {
			continue
		}
		f, err := parseTag(tag)
		if err != nil {
			return fmt.Errorf("web: form: %s.%s: %w", t, sf.Name, err)
		}
		if err := d.field(f, v.Field(i)); err != nil {
			return fmt.Errorf("web: form: %s.%s: %w", t, sf.Name, err)
		}
	}
	return nil
}

func parseTag(tag string) (formField, error) {
	parts := strings.Split(tag, ",")
	f := formField{name: parts[0]}
	for _, option := range parts[1:] {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "required":
			f.required = true
		case "line":
			f.line = true
		case "raw":
			f.raw = true
		case "max":
			n, err := strconv.Atoi(value)
			if err != nil {
				return f, fmt.Errorf("tag %q: %w", tag, err)
			}
			f.max = n
		default:
			return f, fmt.Errorf("tag %q: unknown option %q", tag, option)
		}
	}
	return f, nil
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	stringsType = reflect.TypeFor[[]string]()
	int64sType  = reflect.TypeFor[[]int64]()
	familyType  = reflect.TypeFor[map[string]string]()
)

// field sets one field; its error is a mistake of the program, not of the user.
func (d *formDecoder) field(f formField, v reflect.Value) error {
	given, present := d.values[f.name]
	switch v.Type() {
	case stringsType, int64sType:
		d.list(f, given, v)
		return nil
	case familyType:
		d.family(f, v)
		return nil
	}
	if v.Kind() == reflect.Pointer {
		if !present {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	first := ""
	if len(given) > 0 {
		first = given[0]
	}
	text, ok := d.text(f, first)
	if !ok {
		return nil
	}
	if text == "" && f.required {
		d.problems.Add(f.name, "This is needed.")
		return nil
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Int || v.Kind() == reflect.Int64:
		if text == "" {
			return nil
		}
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			d.problems.Add(f.name, "This must be a whole number.")
			return nil
		}
		v.SetInt(n)
	case v.Kind() == reflect.Bool:
		d.boolean(f, text, v)
	case v.Type() == timeType:
		if text == "" {
			return nil
		}
		at, err := ParseTime(text, d.zone)
		if err != nil {
			d.problems.Add(f.name, "This must be a date and time, such as 2026-03-31T17:30.")
			return nil
		}
		v.Set(reflect.ValueOf(at))
	default:
		return fmt.Errorf("type %s is not supported", v.Type())
	}
	return nil
}

func (d *formDecoder) boolean(f formField, text string, v reflect.Value) {
	switch text {
	case "on", "true", "1", "yes":
		v.SetBool(true)
	case "", "off", "false", "0", "no":
		v.SetBool(false)
	default:
		d.problems.Add(f.name, "This must be yes or no.")
	}
}

func (d *formDecoder) list(f formField, given []string, v reflect.Value) {
	v.SetZero()
	for _, one := range given {
		text, ok := d.text(f, one)
		if !ok {
			return
		}
		if text == "" {
			continue
		}
		if v.Type() == stringsType {
			v.Set(reflect.Append(v, reflect.ValueOf(text)))
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			d.problems.Add(f.name, "These must be whole numbers.")
			return
		}
		v.Set(reflect.Append(v, reflect.ValueOf(n)))
	}
	if f.required && v.Len() == 0 {
		d.problems.Add(f.name, "At least one is needed.")
	}
}

// maxFamily bounds the fields of one family, whose names come from outside.
const maxFamily = 200

// family collects the fields whose names begin alike, by the rest of the name.
func (d *formDecoder) family(f formField, v reflect.Value) {
	prefix := strings.TrimSuffix(f.name, "*")
	found := map[string]string{}
	for name, given := range d.values {
		key, belongs := strings.CutPrefix(name, prefix)
		if !belongs || key == "" || len(given) == 0 || len(found) >= maxFamily {
			continue
		}
		named := f
		named.name = name
		if text, ok := d.text(named, given[len(given)-1]); ok {
			found[key] = text
		}
	}
	v.Set(reflect.ValueOf(found))
}

// text cleans a value; false when it was refused.
func (d *formDecoder) text(f formField, s string) (string, bool) {
	if !Storable(s) {
		d.problems.Add(f.name, "This holds characters that cannot be stored.")
		return "", false
	}
	switch {
	case f.raw:
	case f.line:
		s = OneLine(s)
	default:
		s = strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
	}
	if f.max > 0 && utf8.RuneCountInString(s) > f.max {
		d.problems.Add(f.name, "This is too long: at most %d characters.", f.max)
		return "", false
	}
	return s, true
}

// Storable reports whether both databases and every mail and JSON document can
// hold the text: valid UTF-8 without NUL.
func Storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// OneLine makes text fit for a header, a subject or a title: line breaks and
// control characters become spaces, runs of spaces one, and the ends are trimmed.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// ParseTime reads RFC 3339, or a date or date and time as browsers' inputs send
// them, in the zone.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	var err error
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		var at time.Time
		if at, err = time.ParseInLocation(layout, text, zone); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, err
}

// Typed reads what somebody types into a field while its answer is looked for: on
// one line and at most so many characters. What is beyond is cut, not refused.
func Typed(r *http.Request, name string, most int) string {
	s := OneLine(strings.ToValidUTF8(r.FormValue(name), "�"))
	if letters := []rune(s); len(letters) > most {
		s = string(letters[:most])
	}
	return s
}

// PathID reads an id that a route names in its path. Ids are positive: 0 stands
// for everything else, and nothing is found under it.
func PathID(r *http.Request, name string) int64 {
	id, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}
