package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// IsHTMX reports whether htmx made the request.
func IsHTMX(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// IsFragment reports whether htmx wants a part of a page rather than a page.
func IsFragment(r *http.Request) bool {
	return IsHTMX(r) && r.Header.Get("HX-Request-Type") != "full"
}

// Toast is a short notice that appears over the page and goes away by itself.
type Toast struct {
	Text string `json:"text"`
	Tone string `json:"tone,omitempty"` // "success" (the default), "info", "warning", "danger"
	Undo string `json:"undo,omitempty"` // path to POST to in order to take back what was done
}

// ShowToast shows a toast with this answer: htmx raises the event
// "steward:toast" on the element that asked. Call it before the answer begins.
func ShowToast(w http.ResponseWriter, t Toast) { Trigger(w, "steward:toast", t) }

// Trigger makes htmx raise an event in the browser; detail becomes its detail.
// Several calls add up.
func Trigger(w http.ResponseWriter, event string, detail any) {
	events := map[string]json.RawMessage{}
	if already := w.Header().Get("HX-Trigger"); already != "" {
		_ = json.Unmarshal([]byte(already), &events) // written below, so it is a document
	}
	raw, err := json.Marshal(detail)
	if err != nil {
		raw = []byte("null") // a detail that is no document is a mistake of the program, not worth a page
	}
	events[event] = raw
	all, err := json.Marshal(events)
	if err != nil {
		return
	}
	w.Header().Set("HX-Trigger", asciiJSON(all))
}

// asciiJSON escapes what may not stand in a header.
func asciiJSON(doc []byte) string {
	var b strings.Builder
	for _, c := range string(doc) {
		switch {
		case c < utf8.RuneSelf:
			b.WriteRune(c)
		case c > 0xffff:
			c -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(c>>10), 0xdc00+(c&0x3ff))
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}

const flashCookie = "flash"

// Flash keeps a toast for the next page, for answers that redirect. It lives in
// a cookie of a minute: whoever changes it only fools themselves.
func Flash(w http.ResponseWriter, t Toast, secure bool) {
	raw, err := json.Marshal(t)
	if err != nil {
		return // three strings always marshal
	}
	http.SetCookie(w, &http.Cookie{
		Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(raw), Path: "/", MaxAge: 60,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	})
}

// TakeFlash gives the toast an earlier answer kept, once.
func TakeFlash(w http.ResponseWriter, r *http.Request) (Toast, bool) {
	c, err := r.Cookie(flashCookie)
	if err != nil {
		return Toast{}, false
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	raw, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return Toast{}, false
	}
	var t Toast
	if json.Unmarshal(raw, &t) != nil || t.Text == "" {
		return Toast{}, false
	}
	return t, true
}
