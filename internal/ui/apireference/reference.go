// Package apireference turns an OpenAPI document into a page people read:
// every operation with its parameters, bodies, answers and a command to try it.
//
// It renders on the server with the components of the design system, so the
// reference needs no script, no network and no exception from the content
// security policy; docs/decisions tells what the ready-made viewers would have
// cost.
package apireference

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reference is a whole API as it is shown.
type Reference struct {
	Title       string
	Version     string
	Description string
	SourceURL   string // where the document itself can be fetched
	Groups      []Group
}

// Group is the operations of one tag.
type Group struct {
	Name        string
	Description string
	Operations  []Operation
}

// Operation is one method on one path.
type Operation struct {
	ID          string // unique: the anchor
	Method      string // "GET"
	Path        string
	Summary     string
	Description string
	Deprecated  bool
	Parameters  []Property // Place says where: "path", "query", "header"
	BodyType    string     // "application/json"; empty takes no body
	Body        []Property
	Answers     []Answer
	Command     string // curl
}

// Answer is one status an operation answers with.
type Answer struct {
	Status      string // "200", "default"
	Description string
	Type        string
	Body        []Property
}

// Property is one line of a schema; Depth is how deep it lies in its object.
type Property struct {
	Name        string
	Place       string
	Type        string // "string (date-time)", "array of Ticket"
	Description string
	Limits      string // "one of: new, open", "at most 200 characters"
	Required    bool
	Depth       int
}

// kind is the type and where it stands: "string, path".
func (p Property) kind() string {
	if p.Place == "" {
		return p.Type
	}
	return p.Type + ", " + p.Place
}

// maxDepth is how deep an object is unfolded; beyond it its type's name must do.
const maxDepth = 3

// methods in the order they are shown.
var methods = []string{"get", "post", "put", "patch", "delete", "head", "options"}

// Parse reads an OpenAPI 3.0 or 3.1 document in JSON. baseURL stands before the
// paths in commands; empty takes the document's first server.
func Parse(raw []byte, baseURL string) (Reference, error) {
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return Reference{}, fmt.Errorf("apireference: read document: %w", err)
	}
	if baseURL == "" && len(d.Servers) > 0 {
		baseURL = d.Servers[0].URL
	}
	r := Reference{Title: d.Info.Title, Version: d.Info.Version, Description: d.Info.Description}
	byTag := map[string][]Operation{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range methods {
			if o, ok := d.Paths[path][method]; ok {
				name := "Other"
				if len(o.Tags) > 0 {
					name = o.Tags[0]
				}
				byTag[name] = append(byTag[name], d.operation(method, path, o, strings.TrimSuffix(baseURL, "/")))
			}
		}
	}
	// Tags in the document's own order, then those it only uses.
	for _, t := range d.Tags {
		if operations := byTag[t.Name]; len(operations) > 0 {
			r.Groups = append(r.Groups, Group{Name: t.Name, Description: t.Description, Operations: operations})
			delete(byTag, t.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byTag)) {
		r.Groups = append(r.Groups, Group{Name: name, Operations: byTag[name]})
	}
	return r, nil
}

func (d document) operation(method, path string, o operation, baseURL string) Operation {
	out := Operation{
		ID: o.ID, Method: strings.ToUpper(method), Path: path, Summary: o.Summary,
		Description: o.Description, Deprecated: o.Deprecated,
	}
	if out.ID == "" {
		out.ID = method + strings.NewReplacer("/", "-", "{", "", "}", "").Replace(path)
	}
	if out.Summary == "" {
		out.Summary = out.Method + " " + path
	}
	for _, p := range o.Parameters {
		if named, ok := d.Components.Parameters[last(p.Ref)]; ok {
			p = named
		}
		line := d.line(p.Name, p.Schema, p.Required, 0)
		line.Place = p.In
		if p.Description != "" {
			line.Description = p.Description
		}
		out.Parameters = append(out.Parameters, line)
	}
	if o.Body != nil {
		contentType, m := first(o.Body.Content)
		out.BodyType, out.Body = contentType, d.lines(m.Schema, 0, nil)
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		answer := o.Responses[status]
		if named, ok := d.Components.Responses[last(answer.Ref)]; ok {
			answer = named
		}
		contentType, m := first(answer.Content)
		out.Answers = append(out.Answers, Answer{
			Status: status, Description: answer.Description, Type: contentType, Body: d.lines(m.Schema, 0, nil),
		})
	}
	out.Command = command(out, baseURL)
	return out
}

// resolve follows references, and joins what allOf says together.
func (d document) resolve(s schema) schema {
	for range 8 { // a chain longer than this is a circle
		named, ok := d.Components.Schemas[last(s.Ref)]
		if s.Ref == "" || !ok {
			break
		}
		if s.Description != "" {
			named.Description = s.Description
		}
		s = named
	}
	for _, part := range s.AllOf {
		part = d.resolve(part)
		if s.Properties == nil {
			s.Properties = map[string]schema{}
		} else {
			s.Properties = maps.Clone(s.Properties)
		}
		maps.Copy(s.Properties, part.Properties)
		s.Required = append(slices.Clone(s.Required), part.Required...)
	}
	return s
}

// lines unfolds an object into its properties, the required ones first. above
// holds the named types around it: an object is not unfolded inside itself.
func (d document) lines(s schema, depth int, above []string) []Property {
	name := last(s.Ref)
	if slices.Contains(above, name) && name != "" || depth >= maxDepth {
		return nil
	}
	if name != "" {
		above = append(slices.Clone(above), name)
	}
	s = d.resolve(s)
	if s.Items != nil {
		return d.lines(*s.Items, depth, above)
	}
	names := slices.Sorted(maps.Keys(s.Properties))
	slices.SortStableFunc(names, func(a, b string) int {
		return rank(slices.Contains(s.Required, a)) - rank(slices.Contains(s.Required, b))
	})
	var out []Property
	for _, n := range names {
		if n == "$schema" {
			continue // added by generators; says nothing to a reader
		}
		out = append(out, d.line(n, s.Properties[n], slices.Contains(s.Required, n), depth))
		out = append(out, d.lines(s.Properties[n], depth+1, above)...)
	}
	return out
}

func rank(required bool) int {
	if required {
		return 0
	}
	return 1
}

func (d document) line(name string, s schema, required bool, depth int) Property {
	typeName := d.typeName(s)
	s = d.resolve(s)
	return Property{
		Name: name, Type: typeName, Description: s.Description, Limits: limits(s), Required: required, Depth: depth,
	}
}

// typeName says a type in words.
func (d document) typeName(s schema) string {
	if name := last(s.Ref); name != "" {
		return name
	}
	if variants := append(slices.Clone(s.OneOf), s.AnyOf...); len(variants) > 0 {
		names := make([]string, len(variants))
		for i, v := range variants {
			names[i] = d.typeName(v)
		}
		return strings.Join(names, " or ")
	}
	var named []string
	for _, t := range s.Type {
		if t != "null" {
			named = append(named, t)
		}
	}
	name := strings.Join(named, " or ")
	switch {
	case s.Items != nil:
		return "array of " + d.typeName(*s.Items)
	case name == "":
		return "any"
	case s.Format != "":
		return name + " (" + s.Format + ")"
	}
	return name
}

// limits says what values are allowed.
func limits(s schema) string {
	var parts []string
	if len(s.Enum) > 0 {
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i] = fmt.Sprint(v)
		}
		parts = append(parts, "one of: "+strings.Join(values, ", "))
	}
	if s.Minimum != nil {
		parts = append(parts, fmt.Sprintf("at least %v", *s.Minimum))
	}
	if s.Maximum != nil {
		parts = append(parts, fmt.Sprintf("at most %v", *s.Maximum))
	}
	if s.MaxLength != nil {
		parts = append(parts, fmt.Sprintf("at most %d characters", *s.MaxLength))
	}
	if s.Default != nil {
		parts = append(parts, fmt.Sprintf("default: %v", s.Default))
	}
	return strings.Join(parts, "; ")
}

// command is what a reader pastes into a shell to try the operation.
func command(o Operation, baseURL string) string {
	var b strings.Builder
	b.WriteString("curl")
	if o.Method != "GET" {
		b.WriteString(" -X " + o.Method)
	}
	b.WriteString(` -H "Authorization: Bearer $TOKEN"`)
	if o.BodyType != "" {
		fmt.Fprintf(&b, " -H 'Content-Type: %s' -d '%s'", o.BodyType, sample(o.Body))
	}
	fmt.Fprintf(&b, " '%s%s'", baseURL, o.Path)
	return b.String()
}

// sample is a body with the required properties, to be filled in.
func sample(body []Property) string {
	var fields []string
	for _, p := range body {
		if p.Required && p.Depth == 0 {
			fields = append(fields, fmt.Sprintf("%q: …", p.Name))
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// last is the name at the end of a reference: "#/components/schemas/Ticket".
func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// first picks JSON where there is a choice.
func first(content map[string]media) (string, media) {
	if m, ok := content["application/json"]; ok {
		return "application/json", m
	}
	for _, contentType := range slices.Sorted(maps.Keys(content)) {
		return contentType, content[contentType]
	}
	return "", media{}
}
