package ui

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf16"
)

// Toast is a message that passes by: what was done, with a way to undo it. It
// is sent beside any answer by Announce and shown by the page's scripts; for an
// answer to a reader without scripts, redirect and show an Alert instead.
type Toast struct {
	Text string `json:"text"`
	Tone Tone   `json:"tone,omitempty"`
	Undo string `json:"undo,omitempty"` // URL that takes it back, by POST
	URL  string `json:"url,omitempty"`  // where to see it
	Link string `json:"link,omitempty"` // the words of that link
}

// Event is something a page's elements may listen to: hx-trigger="name from:body".
type Event struct{ Name string }

// Announce puts a toast and events on an answer's HX-Trigger header. An empty
// toast sends the events alone.
func Announce(h http.Header, t Toast, events ...Event) {
	message := map[string]json.RawMessage{}
	if t.Text != "" {
		raw, err := json.Marshal(t)
		if err == nil { // a struct of strings always marshals
			message["toast"] = raw
		}
	}
	for _, e := range events {
		message[e.Name] = json.RawMessage(`{"target":"body"}`)
	}
	raw, err := json.Marshal(message)
	if err != nil || len(message) == 0 {
		return
	}
	h.Set("HX-Trigger", asciiJSON(string(raw)))
}

// asciiJSON escapes what a header may not carry: everything beyond ASCII.
func asciiJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		units := []uint16{uint16(r)}
		if r > 0xffff {
			hi, lo := utf16.EncodeRune(r)
			units = []uint16{uint16(hi), uint16(lo)}
		}
		for _, u := range units {
			b.WriteString(`\u`)
			const hex = "0123456789abcdef"
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hex[u>>shift&0xf])
			}
		}
	}
	return b.String()
}
