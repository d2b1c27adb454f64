package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestClientDrivenByTheDescriptionTakesATicketThroughItsWholeLife uses a client
// that knows nothing but the served document and the ids of operations: where
// each parameter goes, which body is needed and which headers, it reads there.
func TestClientDrivenByTheDescriptionTakesATicketThroughItsWholeLife(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		doc := readDescription(t, d)
		carla, ana := client{t, d, doc, d.carla}, client{t, d, doc, d.ana}

		kind := pick(t, carla.call("list-kinds", nil, nil).list(t, "items"), func(k fields) bool { return k["can_create"] == true && k["key"] == "incident" })
		opened := carla.call("create-ticket", nil, fields{"kind": kind["key"], "title": "The printer on floor 3 eats paper"})
		ref := fields{"ref": opened.at(t, "number")}
		if steps := carla.call("list-transitions", ref, nil).list(t, "items"); len(steps) == 0 {
			t.Error("the requester can do nothing with a new ticket")
		}

		ana.call("edit-ticket", ref, fields{"group_id": d.printing, "assignee_id": d.ana})
		ana.move(ref, "open", nil)
		ana.call("add-note", ref, fields{"body": "The fuser again."})
		ana.move(ref, "waiting", fields{"reason": "caller", "comment": "Which tray is it?", "comment_public": true})
		carla.is(ref, "waiting", "")
		carla.call("add-reply", ref, fields{"body": "The lower one."})
		carla.is(ref, "open", "")

		ana.move(ref, "resolved", nil)
		carla.move(ref, "open", fields{"comment": "It did it again."})
		ana.move(ref, "resolved", nil)
		carla.move(ref, "closed", nil)
		carla.call("rate-ticket", ref, fields{"score": 4, "minutes_lost": 45})
		carla.is(ref, "closed", "")
		carla.move(ref, "open", fields{"comment": "And again."})
		ana.move(ref, "resolved", nil)
		carla.move(ref, "closed", nil)
		carla.call("rate-ticket", ref, fields{"score": 3})

		closed := ana.call("get-ticket", ref, nil).json(t)
		if closed["rating"] != 3.0 || closed["reopen_count"] != 2.0 || closed["assignee"].(fields)["name"] != "Ana Silva" || closed["resolved_at"] == nil {
			t.Errorf("in the end: %v", closed)
		}
		var types []string
		cursor := ""
		for page := 0; page == 0 || cursor != ""; page++ {
			params := fields{"ref": ref["ref"], "limit": 5}
			if cursor != "" {
				params["cursor"] = cursor
			}
			a := ana.call("list-timeline", params, nil)
			for _, e := range a.list(t, "items") {
				types = append(types, fmt.Sprint(e["type"]))
			}
			cursor, _ = a.json(t)["next_cursor"].(string)
		}
		slices.Reverse(types)
		want := "created change transition note reply transition reply transition transition reply transition transition transition rating " +
			"reply transition transition transition rating"
		if got := strings.Join(types, " "); got != want {
			t.Errorf("timeline\n got %s\nwant %s", got, want)
		}
	})
}

// description is the part of the document that a client needs.
type description struct {
	Servers []struct{ URL string }
	Paths   map[string]map[string]described
}

type described struct {
	OperationID string
	Parameters  []struct {
		Name, In string
		Required bool
	}
	RequestBody struct {
		Content map[string]json.RawMessage
	}
	Responses map[string]json.RawMessage
}

func readDescription(t *testing.T, d *desk) description {
	t.Helper()
	var doc description
	if err := json.Unmarshal(d.ask("GET", "/openapi.json", nil).body, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// client calls operations as one person.
type client struct {
	t      *testing.T
	d      *desk
	doc    description
	person int64
}

// call sends an operation's request. A version is asked for where the
// description wants one.
func (c client) call(id string, params fields, body any) answer {
	c.t.Helper()
	for path, methods := range c.doc.Paths {
		for method, op := range methods {
			if op.OperationID != id {
				continue
			}
			query := url.Values{}
			var headers []string
			for _, p := range op.Parameters {
				value, given := params[p.Name]
				switch {
				case p.In == "path":
					path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(value))
				case p.In == "query" && given:
					query.Set(p.Name, fmt.Sprint(value))
				case p.Name == "If-Match" && op.Responses["428"] != nil:
					headers = append(headers, p.Name, c.call("get-ticket", params, nil).header.Get("ETag"))
				}
			}
			if len(query) > 0 {
				path += "?" + query.Encode()
			}
			for media := range op.RequestBody.Content {
				headers = append(headers, "Content-Type", media)
			}
			a := c.d.as(c.person, strings.ToUpper(method), path, body, headers...)
			if op.Responses[fmt.Sprint(a.status)] == nil || a.status >= 300 {
				c.t.Fatalf("%s %v %v: %s", id, params, body, a)
			}
			return a
		}
	}
	c.t.Fatalf("%s is not described", id)
	return answer{}
}

// move takes a step that leads to a state of a category, with what the step says
// it requires.
func (c client) move(ref fields, category string, more fields) {
	c.t.Helper()
	step := pick(c.t, c.call("list-transitions", ref, nil).list(c.t, "items"), func(s fields) bool {
		to, _ := s["to"].(fields)
		return to["category"] == category
	})
	body := fields{"transition": step["key"]}
	for name, value := range more {
		body[name] = value
	}
	required, _ := step["requires"].([]any)
	for _, name := range required {
		switch {
		case body[name.(string)] != nil:
		case name == "resolution_code":
			codes, _ := step["resolution_codes"].([]any)
			body["resolution_code"] = codes[0].(fields)["key"]
		default:
			body[name.(string)] = "The rollers were cleaned."
		}
	}
	c.call("take-transition", ref, body)
	c.is(ref, category, fmt.Sprint(step["key"]))
}

func (c client) is(ref fields, category, after string) {
	c.t.Helper()
	if got := c.call("get-ticket", ref, nil).at(c.t, "state", "category"); got != category {
		c.t.Errorf("after %q it is %v, not %s", after, got, category)
	}
}

func (a answer) list(t *testing.T, name string) []fields {
	t.Helper()
	items, _ := a.json(t)[name].([]any)
	out := make([]fields, 0, len(items))
	for _, item := range items {
		m, _ := item.(fields)
		out = append(out, m)
	}
	return out
}

func pick(t *testing.T, list []fields, fit func(fields) bool) fields {
	t.Helper()
	i := slices.IndexFunc(list, fit)
	if i < 0 {
		t.Fatalf("none fits among %v", list)
	}
	return list[i]
}
