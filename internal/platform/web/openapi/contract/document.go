package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is an OpenAPI 3.1 description, read as any client would.
type document struct {
	root     map[string]any
	compiler *jsonschema.Compiler
}

const resource = "https://api.invalid/openapi.json"

func read(t testing.TB, client *http.Client, address string) *document {
	t.Helper()
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", address, resp.StatusCode, err)
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{compiler: jsonschema.NewCompiler()}
	var ok bool
	if d.root, ok = root.(map[string]any); !ok {
		t.Fatal("the description is no object")
	}
	// A description leaves answers open to additions; this server, now, must
	// describe all that it sends.
	if components, ok := d.at("components", "schemas"); ok {
		for _, s := range components {
			closeSchema(s)
		}
	}
	d.compiler.AssertFormat()
	if err := d.compiler.AddResource(resource, d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

func closeSchema(v any) {
	s, ok := v.(map[string]any)
	if !ok {
		return
	}
	if _, object := s["properties"]; object && s["additionalProperties"] == nil {
		s["additionalProperties"] = false
	}
}

func (d *document) at(path ...string) (map[string]any, bool) {
	here := d.root
	for _, name := range path {
		next, ok := here[name].(map[string]any)
		if !ok {
			return nil, false
		}
		here = next
	}
	return here, true
}

// resolve follows references within the document.
func (d *document) resolve(v any) map[string]any {
	m, _ := v.(map[string]any)
	for {
		ref, ok := m["$ref"].(string)
		if !ok {
			return m
		}
		path := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		if m, ok = d.at(path...); !ok {
			return nil
		}
	}
}

// schema compiles the schema at a place in the document.
func (d *document) schema(path ...string) (*jsonschema.Schema, error) {
	escape := strings.NewReplacer("~", "~0", "/", "~1", "%", "%25", "{", "%7B", "}", "%7D", "*", "%2A", "+", "%2B")
	place := resource + "#"
	for _, name := range path {
		place += "/" + escape.Replace(name)
	}
	return d.compiler.Compile(place)
}

// operation is one operation with what its description says.
type operation struct {
	doc    *document
	ID     string
	Method string
	Path   string
	raw    map[string]any
	params []parameter
}

type parameter struct {
	Name     string
	In       string
	Required bool
	Schema   map[string]any
}

func (d *document) operations() []operation {
	var out []operation
	paths, _ := d.at("paths")
	for path, item := range paths {
		methods, _ := item.(map[string]any)
		for method, raw := range methods {
			op := operation{doc: d, Method: strings.ToUpper(method), Path: path}
			op.raw, _ = raw.(map[string]any)
			op.ID, _ = op.raw["operationId"].(string)
			list, _ := op.raw["parameters"].([]any)
			for _, p := range list {
				m := d.resolve(p)
				param := parameter{Schema: d.resolve(m["schema"])}
				param.Name, _ = m["name"].(string)
				param.In, _ = m["in"].(string)
				param.Required, _ = m["required"].(bool)
				op.params = append(op.params, param)
			}
			out = append(out, op)
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// describes reports whether a status is among the operation's answers.
func (op *operation) describes(status int) bool {
	responses, _ := op.raw["responses"].(map[string]any)
	_, ok := responses[fmt.Sprint(status)]
	return ok
}

// bodySchema gives the schema of the JSON body, and its media type; nil without one.
func (op *operation) bodySchema() (schema map[string]any, media string) {
	content, _ := op.doc.resolve(op.raw["requestBody"])["content"].(map[string]any)
	for name, c := range content {
		if name == "application/json" || strings.HasSuffix(name, "+json") {
			m, _ := c.(map[string]any)
			return op.doc.resolve(m["schema"]), name
		}
	}
	return nil, ""
}

// check compares an answer with the description.
func (op *operation) check(status int, header http.Header, body []byte) error {
	responses, _ := op.raw["responses"].(map[string]any)
	name := fmt.Sprint(status)
	response := op.doc.resolve(responses[name])
	if response == nil {
		return fmt.Errorf("the status %d is not described", status)
	}
	headers, _ := response["headers"].(map[string]any)
	for h := range headers {
		if header.Get(h) == "" && !optionalHeader(h) {
			return fmt.Errorf("the header %s is described and missing", h)
		}
	}
	content, _ := response["content"].(map[string]any)
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("no body is described: %.200s", body)
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("Content-Type %q: %w", header.Get("Content-Type"), err)
	}
	if _, ok := content[media]; !ok {
		if _, any := content["*/*"]; !any {
			return fmt.Errorf("the media type %s is not described", media)
		}
		return nil
	}
	return op.checkBody(responses[name], name, media, body)
}

// optionalHeader is for headers that only some answers of an operation have.
func optionalHeader(name string) bool {
	return name == "Link" || name == "Idempotency-Replayed" || strings.HasPrefix(name, "RateLimit-")
}

func (op *operation) checkBody(response any, status, media string, body []byte) error {
	path := []string{"paths", op.Path, strings.ToLower(op.Method), "responses", status}
	if m, ok := response.(map[string]any); ok {
		if ref, ok := m["$ref"].(string); ok {
			path = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		}
	}
	documents := [][]byte{body}
	switch {
	case media == "application/x-ndjson":
		documents = bytes.Split(bytes.TrimSpace(body), []byte("\n"))
	case media != "application/json" && !strings.HasSuffix(media, "+json"):
		return nil
	}
	schema, err := op.doc.schema(append(path, "content", media, "schema")...)
	if err != nil {
		return err
	}
	for _, text := range documents {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			return fmt.Errorf("the body is no JSON: %w: %.200s", err, text)
		}
		if err := schema.Validate(value); err != nil {
			return fmt.Errorf("the body is not as described: %w: %.500s", err, text)
		}
	}
	return nil
}

// examples checks that every example fits what it is an example of.
func (op *operation) examples(t testing.TB) {
	t.Helper()
	check := func(value any, path ...string) {
		content, ok := value.(map[string]any)
		if !ok {
			return
		}
		for media, raw := range content {
			m, _ := raw.(map[string]any)
			example, given := m["example"]
			isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
			if !given || !isJSON {
				if isJSON {
					t.Errorf("%s: %s has no example", op.ID, strings.Join(path, " "))
				}
				continue
			}
			schema, err := op.doc.schema(append(slices.Clone(path), media, "schema")...)
			if err == nil {
				err = schema.Validate(example)
			}
			if err != nil {
				text, _ := json.Marshal(example)
				t.Errorf("%s: the example %s does not fit: %v", op.ID, text, err)
			}
		}
	}
	base := []string{"paths", op.Path, strings.ToLower(op.Method)}
	if body, ok := op.raw["requestBody"].(map[string]any); ok {
		check(body["content"], append(slices.Clone(base), "requestBody", "content")...)
	}
	responses, _ := op.raw["responses"].(map[string]any)
	for status, r := range responses {
		if m, ok := r.(map[string]any); ok && m["$ref"] == nil {
			check(m["content"], append(slices.Clone(base), "responses", status, "content")...)
		}
	}
}
