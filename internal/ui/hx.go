package ui

import (
	"encoding/json"

	"github.com/a-h/templ"
)

// HX is what htmx does with an element, in the few attributes pages need here.
// The zero value is a plain element. Trigger filters ("click[ctrlKey]"), js:
// values and hx-on are left out on purpose: they need eval, which the content
// security policy forbids.
type HX struct {
	Get, Post, Put, Patch, Delete string // URL of the request; one of them

	Target    string            // CSS selector, "this", "closest tr"; empty is the element itself
	Swap      string            // "innerHTML", "outerHTML", "outerMorph", "beforeend", "none" ...
	Select    string            // takes only this part of the answer
	Trigger   string            // "change", "input changed delay:200ms", "tickets-changed from:body"
	Include   string            // CSS selector of further fields to send
	Values    map[string]string // sent along
	Confirm   string            // question asked before the request; prefer undo
	PushURL   string            // "true" or the URL that the address bar shall show
	Sync      string            // "this:replace" drops the answer that a newer request overtook
	Indicator string            // CSS selector of what shows that a request runs
	Disable   string            // CSS selector of what is disabled meanwhile
}

// attrs returns the attributes in htmx's spelling.
func (h HX) attrs() attributes {
	var values string
	if len(h.Values) > 0 {
		if raw, err := json.Marshal(h.Values); err == nil { // a map of strings always marshals
			values = string(raw)
		}
	}
	return attrs(
		"hx-get", h.Get, "hx-post", h.Post, "hx-put", h.Put, "hx-patch", h.Patch, "hx-delete", h.Delete,
		"hx-target", h.Target, "hx-swap", h.Swap, "hx-select", h.Select, "hx-trigger", h.Trigger,
		"hx-include", h.Include, "hx-vals", values, "hx-confirm", h.Confirm, "hx-push-url", h.PushURL,
		"hx-sync", h.Sync, "hx-indicator", h.Indicator, "hx-disable", h.Disable,
	)
}

// requests reports whether the element makes a request of its own.
func (h HX) requests() bool {
	return h.Get+h.Post+h.Put+h.Patch+h.Delete != ""
}

// attributes are HTML attributes in the order they are written.
type attributes []templ.KeyValue[string, any]

// Items makes attributes a templ.Attributer.
func (a attributes) Items() []templ.KeyValue[string, any] { return a }

// attrs builds attributes from names and values; those with an empty value are
// left out, so optional attributes need no if.
func attrs(namesAndValues ...string) attributes {
	a := make(attributes, 0, len(namesAndValues)/2)
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		if namesAndValues[i+1] != "" {
			a = append(a, templ.KeyValue[string, any]{Key: namesAndValues[i], Value: namesAndValues[i+1]})
		}
	}
	return a
}

// when is a value that is there only if a condition holds.
func when(condition bool, value string) string {
	if condition {
		return value
	}
	return ""
}

// either picks the first text that is not empty.
func either(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
