package words

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// stored is a Text as it is kept: each value by what it is.
type stored struct {
	Key  string  `json:"key"`
	Args []value `json:"args,omitempty"`
}

type value struct {
	Text   *stored  `json:"text,omitempty"`
	Label  []string `json:"label,omitempty"`
	Word   *string  `json:"word,omitempty"`
	Number *int64   `json:"number,omitempty"`
	Share  *float64 `json:"share,omitempty"`
}

// Stored gives a form of the text that Recall reads: it is kept now, and read in
// the language of whoever looks later.
func (t Text) Stored() string {
	raw, err := json.Marshal(t.stored())
	if err != nil {
		return t.String() // a number that JSON does not have
	}
	return string(raw)
}

func (t Text) stored() stored {
	s := stored{Key: t.Key}
	for _, a := range t.Args {
		var v value
		switch a := a.(type) {
		case Text:
			inner := a.stored()
			v.Text = &inner
		case Label:
			v.Label = []string{a.Meaning, a.Word}
		case fmt.Stringer, error:
			v.Word = new(fmt.Sprint(a))
		default:
			switch r := reflect.ValueOf(a); {
			case r.IsValid() && r.CanInt():
				v.Number = new(r.Int())
			case r.IsValid() && r.CanUint():
				v.Number = new(int64(r.Uint())) //nolint:gosec // counts
			case r.IsValid() && r.CanFloat():
				v.Share = new(r.Float())
			default:
				v.Word = new(fmt.Sprint(a))
			}
		}
		s.Args = append(s.Args, v)
	}
	return s
}

// Recall reads what Stored gave; anything else is what was Said.
func Recall(s string) Text {
	var kept stored
	if err := json.Unmarshal([]byte(s), &kept); err != nil || kept.Key == "" {
		return Said(s)
	}
	return kept.text()
}

func (s stored) text() Text {
	t := Text{Key: s.Key}
	for _, v := range s.Args {
		switch {
		case v.Text != nil:
			t.Args = append(t.Args, v.Text.text())
		case len(v.Label) == 2:
			t.Args = append(t.Args, Label{v.Label[0], v.Label[1]})
		case v.Number != nil:
			t.Args = append(t.Args, *v.Number)
		case v.Share != nil:
			t.Args = append(t.Args, *v.Share)
		case v.Word != nil:
			t.Args = append(t.Args, *v.Word)
		}
	}
	return t
}
