package database

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Time stores an instant as UTC microseconds in a BIGINT; the zero time is
// NULL. Convert at the store's edge: Time(t) as an argument, (*Time)(&t) as a
// destination.
type Time time.Time

// Value gives microseconds since 1970, or NULL.
func (t Time) Value() (driver.Value, error) {
	if time.Time(t).IsZero() {
		return nil, nil
	}
	return time.Time(t).UnixMicro(), nil
}

// Scan reads microseconds since 1970 as UTC.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Time{}
	case int64:
		*t = Time(time.UnixMicro(v).UTC())
	default:
		return fmt.Errorf("database: cannot read %T as a time", src)
	}
	return nil
}

// ID stores a reference; 0 is NULL. Use like Time: ID(x), (*ID)(&x).
type ID int64

// Value gives the id, or NULL.
func (id ID) Value() (driver.Value, error) {
	if id == 0 {
		return nil, nil
	}
	return int64(id), nil
}

// Scan reads an id; NULL is 0.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = 0
	case int64:
		*id = ID(v)
	default:
		return fmt.Errorf("database: cannot read %T as an id", src)
	}
	return nil
}

// JSON stores any value as a JSON document: JSON{&v} both as an argument and
// as a destination. NULL leaves the destination as it is.
type JSON struct{ V any }

// Value encodes the document as text.
func (j JSON) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	if err != nil {
		return nil, err
	}
	return string(b), nil
}

// Scan decodes a document into V, which must be a pointer.
func (j JSON) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), j.V)
	case []byte:
		return json.Unmarshal(v, j.V)
	default:
		return fmt.Errorf("database: cannot read %T as JSON", src)
	}
}

// Distinct gives ids once each, in order and without 0: what a query asks for.
func Distinct(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id int64) bool { return id == 0 })
}
