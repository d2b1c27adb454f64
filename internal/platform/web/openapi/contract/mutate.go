package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// invalid spoils a valid request in every way that the description rules out.
func (c *checker) invalid(r Request) {
	status, header, body := c.send(r, false)
	c.judge(status, header, body, r, "without credentials", http.StatusUnauthorized)

	forged := r
	forged.Header = with(r.Header, "Authorization", "Bearer stw_forged")
	status, header, body = c.send(forged, false)
	c.judge(status, header, body, forged, "with a forged token", http.StatusUnauthorized)

	unknown := r
	unknown.Query = with(r.Query, "nonsense", "1")
	c.answered(unknown, "with an unknown parameter", http.StatusUnprocessableEntity)

	for _, p := range c.op.params {
		switch p.In {
		case "query":
			c.spoilQuery(r, p)
		case "path":
			c.spoilPath(r, p)
		case "header":
			c.spoilHeader(r, p)
		}
	}
	if schema, media := c.op.bodySchema(); schema != nil {
		c.spoilBody(r, schema, media)
	}
}

func (c *checker) spoilQuery(r Request, p parameter) {
	if p.Required {
		missing := r
		missing.Query = maps.Clone(r.Query)
		delete(missing.Query, p.Name)
		c.answered(missing, "without "+p.Name, http.StatusUnprocessableEntity)
	}
	for _, wrong := range c.wrongValues(p.Schema) {
		text, ok := wrong.(string)
		if !ok {
			encoded, _ := json.Marshal(wrong)
			text = string(encoded)
		}
		kind := kindOf(p.Schema)
		if text == "" || (kind == "string" || kind == "array") && !isText(wrong) {
			continue // in a query everything is text, and a list of texts
		}
		spoiled := r
		spoiled.Query = with(r.Query, p.Name, text)
		c.answered(spoiled, "with "+p.Name+"="+short(text), http.StatusUnprocessableEntity)
	}
	for _, text := range []string{"\xff", "a\x00b"} {
		spoiled := r
		spoiled.Query = with(r.Query, p.Name, text)
		c.answered(spoiled, "with text that cannot be stored in "+p.Name, http.StatusUnprocessableEntity)
	}
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

func (c *checker) spoilPath(r Request, p parameter) {
	spoiled := r
	spoiled.Path = with(r.Path, p.Name, "9007199254740990")
	want := http.StatusNotFound
	if p.Schema["enum"] != nil || !c.op.describes(want) || len(c.op.params) > 0 && p.Name != firstPath(c.op.params) {
		want = http.StatusUnprocessableEntity
	}
	c.answered(spoiled, "with an unknown "+p.Name, want)
	if p.Schema["type"] == "integer" {
		spoiled.Path = with(r.Path, p.Name, "none")
		c.answered(spoiled, "with text as "+p.Name, http.StatusUnprocessableEntity)
	}
}

func firstPath(params []parameter) string {
	for _, p := range params {
		if p.In == "path" {
			return p.Name
		}
	}
	return ""
}

func (c *checker) spoilHeader(r Request, p parameter) {
	if p.Name == "If-Match" {
		c.spoilVersion(r)
	}
	if most, ok := limit(p.Schema, "maxLength"); ok {
		long := r
		long.Header = with(r.Header, p.Name, strings.Repeat("x", most+1))
		if p.Name == "If-Match" || p.Name == "If-None-Match" {
			long.Header[p.Name] = `"` + strings.Repeat("1", most) + `"`
		}
		c.answered(long, "with a long "+p.Name, http.StatusUnprocessableEntity)
	}
}

// spoilVersion asks without a version, where one is needed, and with one that
// never was.
func (c *checker) spoilVersion(r Request) {
	if c.op.describes(http.StatusPreconditionRequired) {
		missing := r
		missing.Header = maps.Clone(r.Header)
		delete(missing.Header, "If-Match")
		c.answered(missing, "without If-Match", http.StatusPreconditionRequired)
	}
	stale := r
	stale.Header = with(r.Header, "If-Match", `"987654"`)
	delete(stale.Header, "Idempotency-Key")
	body := c.answered(stale, "with a stale If-Match", http.StatusPreconditionFailed)
	var problem struct{ Current any }
	if json.Unmarshal(body, &problem) != nil || problem.Current == nil {
		c.t.Errorf("%s: a stale If-Match is not told what is current: %s", c.op.ID, body)
	}
	stale.Header = with(r.Header, "If-Match", "nonsense")
	c.answered(stale, "with an If-Match that is none", http.StatusUnprocessableEntity)
}

func (c *checker) spoilBody(r Request, schema map[string]any, media string) {
	raw := func(text, what string, want int, contentType string) {
		spoiled := r
		spoiled.Body, spoiled.Raw = nil, []byte(text)
		spoiled.Header = with(r.Header, "Content-Type", contentType)
		c.answered(spoiled, what, want)
	}
	good, _ := json.Marshal(r.Body)
	raw("{", "with half a document", http.StatusUnprocessableEntity, media)
	raw("[]", "with a list", http.StatusUnprocessableEntity, media)
	raw("", "without a body", http.StatusUnprocessableEntity, media)
	raw("{\"\xff\": 1}", "with text that is no UTF-8", http.StatusUnprocessableEntity, media)
	raw(`{"a": `+strings.Repeat("[", 200)+strings.Repeat("]", 200)+"}", "with a deep document", http.StatusUnprocessableEntity, media)
	raw(string(good), "with a body that is called plain text", http.StatusUnsupportedMediaType, "text/plain")

	c.spoilObject(schema, "", func(change func(body map[string]any), what, pointer string) {
		spoiled := r
		body := object(r.Body)
		change(body)
		spoiled.Body = body
		answer := c.answered(spoiled, what, http.StatusUnprocessableEntity)
		c.names(answer, what, pointer)
	})
}

// spoilObject spoils each property of an object, and those of the first item of
// each list of objects.
func (c *checker) spoilObject(schema map[string]any, at string, try func(change func(map[string]any), what, pointer string)) {
	try(func(body map[string]any) { body["nonsense"] = 1 }, "with an unknown property in "+at, at+"/nonsense")
	for _, name := range names(schema["required"]) {
		try(func(body map[string]any) { delete(body, name) }, "without "+at+"/"+name, at+"/"+name)
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := c.op.doc.resolve(properties[name])
		for _, wrong := range c.wrongValues(property) {
			text, _ := json.Marshal(wrong)
			try(func(body map[string]any) { body[name] = wrong }, "with "+at+"/"+name+" = "+short(string(text)), at+"/"+name)
		}
		items := c.op.doc.resolve(property["items"])
		if items["properties"] == nil {
			continue
		}
		c.spoilObject(items, at+"/"+name+"/0", func(change func(map[string]any), what, pointer string) {
			try(func(body map[string]any) {
				list, _ := body[name].([]any)
				if len(list) == 0 {
					list = []any{map[string]any{}}
				}
				first, _ := list[0].(map[string]any)
				first = maps.Clone(first)
				change(first)
				body[name] = append([]any{first}, list[1:]...)
			}, what, pointer)
		})
	}
}

// names checks that a refusal points at what was wrong.
func (c *checker) names(answer []byte, what, pointer string) {
	var problem struct {
		Errors []struct{ Pointer string }
	}
	if json.Unmarshal(answer, &problem) != nil {
		return // reported before
	}
	for _, e := range problem.Errors {
		if strings.HasPrefix(e.Pointer, "#"+pointer) {
			return
		}
	}
	c.t.Errorf("%s: %s: the refusal does not point at %s: %.300s", c.op.ID, what, pointer, answer)
}

// wrongValues gives values that a schema rules out.
func (c *checker) wrongValues(schema map[string]any) []any {
	kind := kindOf(schema)
	if options, ok := schema["enum"].([]any); ok && len(options) > 0 {
		return []any{"nonsense"}
	}
	switch kind {
	case "string":
		wrong := []any{7, true, []any{"a"}, map[string]any{"a": "b"}}
		if most, ok := limit(schema, "maxLength"); ok {
			wrong = append(wrong, strings.Repeat("x", most+1))
		}
		if least, ok := limit(schema, "minLength"); ok && least > 0 {
			wrong = append(wrong, "")
		}
		return wrong
	case "integer", "number":
		wrong := []any{"seven", []any{7}, true}
		if kind == "integer" {
			wrong = append(wrong, 1.5)
		}
		if least, ok := limit(schema, "minimum"); ok {
			wrong = append(wrong, least-1)
		}
		if most, ok := limit(schema, "maximum"); ok {
			wrong = append(wrong, most+1)
		}
		return wrong
	case "boolean":
		return []any{"perhaps", 7}
	case "array":
		items := c.op.doc.resolve(schema["items"])
		if options, ok := items["enum"].([]any); ok && len(options) > 0 {
			return []any{"nonsense"} // as text, so that it can stand in a query too
		}
		wrong := []any{map[string]any{}}
		if kindOf(items) == "integer" {
			wrong = append(wrong, []any{"seven"}, []any{1.5})
		}
		if most, ok := limit(schema, "maxItems"); ok && items["properties"] == nil {
			wrong = append(wrong, slices.Repeat([]any{sample(items)}, most+1))
		}
		return wrong
	case "object":
		return []any{7, "text", []any{}}
	}
	return nil
}

func sample(schema map[string]any) any {
	if kindOf(schema) == "integer" {
		return 1
	}
	return "a"
}

// kindOf gives a schema's type; null beside another one does not count.
func kindOf(schema map[string]any) string {
	kinds := names(schema["type"])
	if one, ok := schema["type"].(string); ok {
		kinds = []string{one}
	}
	for _, kind := range kinds {
		if kind != "null" {
			return kind
		}
	}
	return ""
}

func limit(schema map[string]any, name string) (int, bool) {
	n, ok := schema[name].(json.Number)
	if !ok {
		return 0, false
	}
	value, err := strconv.Atoi(n.String())
	if err != nil {
		return 0, false
	}
	return value, true
}

func with(m map[string]string, name, value string) map[string]string {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]string{}
	}
	out[name] = value
	return out
}

func short(text string) string {
	if len(text) > 40 {
		return fmt.Sprintf("%s… (%d bytes)", text[:40], len(text))
	}
	return text
}
