package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// A row is a JSON array. NULL is null, integers and finite reals are numbers,
// text is a string. What JSON cannot hold is an object with one key: {"blob":
// base64}, {"real": "NaN"}, {"text": base64} for text that is not UTF-8.
// Booleans are 0 and 1 and JSON documents are text, as SQLite keeps them.

// appendRow encodes the values a row was scanned into.
func appendRow(dst []byte, values []any, columns []database.Column) ([]byte, error) {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, v, columns[i].Type); err != nil {
			return nil, fmt.Errorf("column %s: %w", columns[i].Name, err)
		}
	}
	return append(dst, ']', '\n'), nil
}

func appendValue(dst []byte, v any, kind database.ColumnType) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case bool:
		if v {
			return append(dst, '1'), nil
		}
		return append(dst, '0'), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Appendf(dst, `{"real":"%v"}`, v), nil
		}
		return strconv.AppendFloat(dst, v, 'g', -1, 64), nil
	case string:
		if kind == database.JSONType {
			return appendText(dst, canonicalJSON(v))
		}
		return appendText(dst, v)
	case []byte:
		return fmt.Appendf(dst, `{"blob":"%s"}`, base64.StdEncoding.EncodeToString(v)), nil
	default:
		return nil, fmt.Errorf("a value of type %T cannot be written", v)
	}
}

func appendText(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return fmt.Appendf(dst, `{"text":"%s"}`, base64.StdEncoding.EncodeToString([]byte(s))), nil
	}
	raw, err := json.Marshal(s)
	return append(dst, raw...), err
}

// decodeRow reads a row for columns of the database it goes to.
func decodeRow(line []byte, columns []database.Column) ([]any, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(line, &raw); err != nil {
		return nil, err
	}
	if len(raw) != len(columns) {
		return nil, fmt.Errorf("%d values for %d columns", len(raw), len(columns))
	}
	values := make([]any, len(raw))
	for i, r := range raw {
		v, err := decodeValue(r)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", columns[i].Name, err)
		}
		values[i] = fit(v, columns[i].Type)
	}
	return values, nil
}

// decodeValue gives nil, int64, float64, string or []byte.
func decodeValue(raw json.RawMessage) (any, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case '{':
		var special struct {
			Blob *[]byte `json:"blob"`
			Text *[]byte `json:"text"`
			Real string  `json:"real"`
		}
		if err := json.Unmarshal(raw, &special); err != nil {
			return nil, err
		}
		switch {
		case special.Blob != nil:
			return *special.Blob, nil
		case special.Text != nil:
			return string(*special.Text), nil
		default:
			return strconv.ParseFloat(special.Real, 64)
		}
	default:
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return n, nil
		}
		return strconv.ParseFloat(string(raw), 64)
	}
}

// fit turns a value into what a column of the target takes.
func fit(v any, kind database.ColumnType) any {
	switch n := v.(type) {
	case int64:
		switch kind {
		case database.BooleanType:
			return n != 0
		case database.RealType:
			return float64(n)
		}
	case []byte:
		if n == nil {
			return []byte{} // empty, not NULL
		}
	}
	return v
}

// canonicalJSON writes a document with sorted keys and no spaces, so that
// jsonb's own order makes no difference. What is no document stays as it is.
func canonicalJSON(doc string) string {
	d := json.NewDecoder(bytes.NewReader([]byte(doc)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return doc
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return doc
	}
	return string(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}

// comparableRow gives a row as bytes that are equal on both engines when the row
// is: JSON columns in one form, numbers in them by value.
func comparableRow(values []any, columns []database.Column) ([]byte, error) {
	same := make([]any, len(values))
	for i, v := range values {
		same[i] = v
		if text, ok := v.(string); ok && columns[i].Type == database.JSONType {
			same[i] = canonicalNumbers(text)
		}
	}
	plain := make([]database.Column, len(columns))
	for i, c := range columns {
		plain[i] = database.Column{Name: c.Name, Type: database.TextType}
	}
	return appendRow(nil, same, plain)
}

func canonicalNumbers(doc string) string {
	d := json.NewDecoder(bytes.NewReader([]byte(doc)))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return doc
	}
	raw, err := json.Marshal(byValue(v))
	if err != nil {
		return doc
	}
	return string(raw)
}

func byValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		if exponent, err := strconv.Atoi(afterE(string(v))); err != nil || exponent > 1000 || exponent < -1000 {
			return v
		}
		if r, ok := new(big.Rat).SetString(string(v)); ok {
			return r.RatString()
		}
		return v
	case []any:
		for i := range v {
			v[i] = byValue(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = byValue(v[k])
		}
	}
	return v
}

func afterE(number string) string {
	if i := bytes.IndexAny([]byte(number), "eE"); i >= 0 {
		return number[i+1:]
	}
	return "0"
}
