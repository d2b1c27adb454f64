package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/access"
)

// secrets are three tickets full of what others must not learn. Every such word
// is the name of an animal.
type secrets struct {
	mine   string // Carla's, in Printing
	other  string // Colin's
	handed string // Carla's, handed to the supplier
	file   int64  // of a note on mine
	open   int64  // of a reply on mine
}

func (d *desk) secrets() secrets {
	d.T.Helper()
	var s secrets
	s.other = d.incident("A quagga in the basement", fields{"requester_id": d.colin, "description": "quagga"})
	s.mine = d.incident("Printer jams", fields{
		"kind": "visit", "group_id": d.printing, "assignee_id": d.ben, "tags": []string{"gnu"}, "watchers": []int64{d.ben},
		"parent_id": d.ticketID(s.other), "fields": fields{"room": "Blue", "doubts": "axolotl"},
	})
	s.handed = d.incident("Fuser is broken", fields{"group_id": d.supplierTeam, "watchers": []int64{d.ben}, "parent_id": d.ticketID(s.other)})
	s.file = d.upload(d.ana, "ibex.txt", "ibex")
	s.open = d.upload(d.ana, "open.txt", "open")
	for _, ref := range []string{s.mine, s.handed} {
		d.want(d.as(d.ana, "PATCH", "/tickets/"+ref, fields{"priority": 1, "priority_reason": "the lynx asked"}, "If-Match", "*"), http.StatusOK)
		d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/notes", fields{"body": "a zebra did it"}), http.StatusCreated)
		d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/links", fields{"type": "related", "other": s.other}), http.StatusCreated)
		d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/links", fields{"type": "caused_by", "other": s.other}), http.StatusCreated)
	}
	d.want(d.as(d.ana, "POST", "/tickets/"+s.mine+"/notes", fields{"body": "see the file", "attachments": []int64{s.file}}), http.StatusCreated)
	d.want(d.as(d.ana, "POST", "/tickets/"+s.mine+"/replies", fields{"body": "We look at it.", "attachments": []int64{s.open}}), http.StatusCreated)
	return s
}

// reads are all requests that read, about a ticket and about everything.
func (d *desk) reads(s secrets, refs ...string) []string {
	paths := []string{
		"/tickets", "/tickets?count=true&sort=priority", "/tickets?filter=" + url.QueryEscape("state:open"), "/kinds", "/kinds/visit", "/filter-fields",
		"/tickets/similar?title=" + url.QueryEscape("a quagga in the basement"), fmt.Sprintf("/attachments/%d", s.file), fmt.Sprintf("/attachments/%d/content", s.file),
		"/tickets/export", "/tickets/export?format=csv", "/tickets/export?format=csv-timeline",
	}
	for _, word := range []string{"quagga", "zebra", "lynx", "gnu", "axolotl", "basement", "printer", s.other} {
		paths = append(paths, "/search?q="+word, "/tickets?count=true&filter="+word)
	}
	for _, filter := range []string{"tag:gnu", "field.doubts:axolotl", "field.doubts:any", fmt.Sprintf("watcher:#%d", d.ben), fmt.Sprintf("assignee:#%d", d.ben), "number:" + s.other} {
		paths = append(paths, "/tickets?count=true&filter="+url.QueryEscape(filter))
	}
	for _, ref := range refs {
		for _, part := range []string{"", "/transitions", "/timeline", "/timeline?types=note", "/watchers", "/links", "/rating"} {
			paths = append(paths, "/tickets/"+ref+part)
		}
	}
	return paths
}

// writes are requests that write, most of which are refused: their refusals must
// not tell either.
func (d *desk) writes(s secrets, ref string) []func(person int64) answer {
	post := func(path string, body any) func(int64) answer {
		return func(person int64) answer { return d.as(person, "POST", path, body, "If-Match", "*") }
	}
	base := "/tickets/" + ref
	return []func(int64) answer{
		post(base+"/replies", fields{"body": "hello"}),
		post(base+"/notes", fields{"body": "hello"}),
		post(base+"/links", fields{"type": "related", "other": s.other}),
		post(base+"/links", fields{"type": "child", "other": s.other}),
		post(base+"/transitions", fields{"transition": "cancel", "comment": "never mind"}),
		post(base+"/transitions", fields{"transition": "nonsense"}),
		post("/tickets", fields{"kind": "incident", "title": "x", "parent_id": d.ticketID(s.other)}),
		post("/tickets", fields{"kind": "incident", "title": "x", "watchers": []int64{d.ben}}),
		post("/tickets/bulk", fields{"tickets": []fields{{"kind": "incident", "title": "x"}}}),
		post(base+"/rating", fields{"score": 3}),
		func(person int64) answer {
			return d.as(person, "PATCH", base, fields{"title": "mine now"}, "If-Match", `"1"`)
		},
		func(person int64) answer {
			return d.as(person, "PATCH", base, fields{"parent_id": d.ticketID(s.other)}, "If-Match", "*")
		},
		func(person int64) answer {
			return d.as(person, "PUT", base+"/watchers", fields{"persons": []int64{d.ben}}, "If-Match", "*")
		},
		func(person int64) answer { return d.as(person, "PUT", base+"/watchers/me", nil) },
		func(person int64) answer { return d.as(person, "DELETE", base+"/links/related/"+s.other, nil) },
	}
}

func TestRequestersLearnNothingInternalThroughAnyOperation(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		s := d.secrets()
		// The assignee of their ticket and its group are not theirs to know either.
		secret := []string{"zebra", "lynx", "quagga", "gnu", "axolotl", "ibex", "Okafor", `"Printing"`, "doubts", "Doubts", s.other}
		d.learnsNothing(t, d.carla, s, secret, s.mine, s.handed)
	})
}

func TestSuppliersLearnNothingButWhatWasHandedToThem(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		s := d.secrets()
		secret := []string{"zebra", "lynx", "quagga", "gnu", "axolotl", "ibex", "Okafor", "Printer jams", s.other, s.mine}
		d.learnsNothing(t, d.sam, s, secret, s.handed)
	})
}

// learnsNothing asks everything as a person, about tickets of theirs and of
// others, and looks for what they must not see: in bodies, headers and refusals.
func (d *desk) learnsNothing(t *testing.T, person int64, s secrets, secret []string, visible ...string) {
	t.Helper()
	look := func(what string, a answer) {
		var headers strings.Builder
		if err := a.header.Write(&headers); err != nil {
			t.Fatal(err)
		}
		text := string(a.body)
		// What was asked for comes back in addresses: that tells nothing.
		if a.header.Get("Content-Type") == "application/problem+json" {
			p := a.json(t)
			delete(p, "instance")
			rest, _ := json.Marshal(p)
			text = string(rest)
		}
		for _, word := range secret {
			if strings.Contains(text, word) || strings.Contains(headers.String(), word) {
				t.Errorf("%s tells of %q: %s", what, word, a)
			}
		}
		if a.status >= 500 {
			t.Errorf("%s: %s", what, a)
		}
	}
	for _, path := range d.reads(s, s.mine, s.other, s.handed) {
		look("GET "+path, d.as(person, "GET", path, nil))
	}
	for _, ref := range visible {
		d.want(d.as(person, "GET", "/tickets/"+ref, nil), http.StatusOK)
	}
	for _, ref := range []string{s.mine, s.other, s.handed} {
		for i, write := range d.writes(s, ref) {
			look(fmt.Sprintf("write %d on %s", i, ref), write(person))
		}
	}
	shown := d.as(person, "GET", "/tickets?limit=200", nil)
	for _, item := range shown.list(t, "items") {
		number, _ := item["number"].(string)
		if (number == s.mine || number == s.other || number == s.handed) && !slices.Contains(visible, number) {
			t.Errorf("the list shows %s", number)
		}
	}
}

func TestHiddenTicketIsAnsweredLikeOneThatIsNotThere(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		s := d.secrets()
		same := func(a answer) string {
			p := a.json(t)
			delete(p, "instance")
			delete(p, "request_id")
			text, _ := json.Marshal(p)
			return fmt.Sprint(a.status, string(text))
		}
		id := fmt.Sprint(d.ticketID(s.other))
		for _, pair := range [][2]string{{s.other, "INC-999999"}, {id, "9007199254740990"}} {
			hidden, missing := d.writes(s, pair[0]), d.writes(s, pair[1])
			for i := range hidden {
				if a, b := same(hidden[i](d.carla)), same(missing[i](d.carla)); a != b && !strings.HasPrefix(a, "201") {
					t.Errorf("write %d:\nhidden  %s\nmissing %s", i, a, b)
				}
			}
			for _, part := range []string{"", "/transitions", "/timeline", "/watchers", "/links", "/rating", "/links/related/" + s.mine} {
				method := "GET"
				if strings.Contains(part, "related") {
					method = "DELETE"
				}
				a, b := same(d.as(d.carla, method, "/tickets/"+pair[0]+part, nil)), same(d.as(d.carla, method, "/tickets/"+pair[1]+part, nil))
				if a != b {
					t.Errorf("%s:\nhidden  %s\nmissing %s", part, a, b)
				}
			}
		}
		for _, bodies := range [][2]fields{
			{{"kind": "incident", "title": "x", "parent_id": d.ticketID(s.other)}, {"kind": "incident", "title": "x", "parent_id": 7}},
			{{"kind": "incident", "title": "x", "attachments": []int64{s.file}}, {"kind": "incident", "title": "x", "attachments": []int64{7}}},
		} {
			if a, b := same(d.as(d.carla, "POST", "/tickets", bodies[0])), same(d.as(d.carla, "POST", "/tickets", bodies[1])); a != b {
				t.Errorf("creating:\nhidden  %s\nmissing %s", a, b)
			}
		}
		for _, others := range [][2]string{{s.other, "INC-999999"}} {
			a := same(d.as(d.ana, "POST", "/tickets/"+s.mine+"/links", fields{"type": "related", "other": "INC-999999"}))
			b := same(d.as(d.sam, "POST", "/tickets/"+s.handed+"/links", fields{"type": "related", "other": others[0]}))
			c := same(d.as(d.sam, "POST", "/tickets/"+s.handed+"/links", fields{"type": "related", "other": others[1]}))
			if b != c || !strings.HasPrefix(a, "422") {
				t.Errorf("linking:\nhidden  %s\nmissing %s", b, c)
			}
		}
		for _, path := range []string{"", "/content"} {
			a, b := same(d.as(d.carla, "GET", fmt.Sprintf("/attachments/%d%s", s.file, path), nil)), same(d.as(d.carla, "GET", "/attachments/7"+path, nil))
			if a != b {
				t.Errorf("file%s:\nhidden  %s\nmissing %s", path, a, b)
			}
		}
	})
}

func TestConflictShowsTheTicketAsItsReaderMaySeeIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		s := d.secrets()
		for _, ask := range []func(person int64, ref string) answer{
			func(person int64, ref string) answer {
				return d.as(person, "POST", "/tickets/"+ref+"/replies", fields{"body": "x"}, "If-Match", `"1"`)
			},
			func(person int64, ref string) answer {
				return d.as(person, "POST", "/tickets/"+ref+"/transitions", fields{"transition": "cancel", "comment": "x"}, "If-Match", `"1"`)
			},
			func(person int64, ref string) answer {
				return d.as(person, "POST", "/tickets/"+ref+"/transitions", fields{"transition": "close"}, "If-Match", "*")
			},
		} {
			for person, ref := range map[int64]string{d.carla: s.mine, d.sam: s.handed, d.ana: s.mine} {
				a := ask(person, ref)
				if a.status != http.StatusPreconditionFailed && a.status != http.StatusConflict {
					t.Errorf("%s", a)
				}
				current, _ := a.json(t)["current"].(fields)
				if current["number"] != ref || (current["watchers"] != nil) != (person == d.ana) || (current["group"] != nil) == (person == d.carla) {
					t.Errorf("%d is shown %v", person, current)
				}
			}
		}
	})
}

func TestTokenDoesNoMoreThanItsScopesSay(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		s := d.secrets()
		viewing := "Bearer " + d.token(d.ana, access.View)
		as := func(method, path string, body any) answer {
			return d.ask(method, path, body, "Authorization", viewing, "If-Match", "*")
		}
		base := "/tickets/" + s.mine
		for _, a := range []answer{
			as("POST", base+"/replies", fields{"body": "x"}), as("POST", base+"/notes", fields{"body": "x"}), as("PATCH", base, fields{"title": "x"}),
			as("POST", base+"/transitions", fields{"transition": "start"}), as("POST", base+"/links", fields{"type": "related", "other": s.other}),
			as("POST", "/tickets", fields{"kind": "incident", "title": "x"}), as("POST", "/tickets/bulk", fields{"tickets": []fields{{"kind": "incident", "title": "x"}}}),
			as("GET", base+"/watchers", nil), as("PUT", base+"/watchers", fields{"persons": []int64{}}), as("GET", "/tickets/export", nil),
			as("POST", "/attachments?name=a", "a"),
		} {
			d.want(a, http.StatusForbidden)
		}
		for _, path := range []string{base, base + "/timeline", "/search?q=zebra", "/tickets?filter=zebra", fmt.Sprintf("/attachments/%d", s.file)} {
			if a := as("GET", path, nil); strings.Contains(string(a.body), "zebra") || strings.Contains(string(a.body), "lynx") || strings.Contains(string(a.body), "ibex") {
				t.Errorf("a token that does not read notes is told by %s: %s", path, a)
			}
		}
		d.want(as("GET", "/tickets/"+s.other, nil), http.StatusOK)
	})
}

func TestExportHoldsWhatItsReaderMayExport(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		s := d.secrets()
		d.want(d.as(d.carla, "GET", "/tickets/export", nil), http.StatusForbidden)
		supplier := string(d.want(d.as(d.sam, "GET", "/tickets/export", nil), http.StatusOK).body)
		if strings.Count(supplier, "\n") != 1 || !strings.Contains(supplier, s.handed) {
			t.Errorf("the supplier exports %s", supplier)
		}
		for _, person := range []int64{d.ana, d.audrey} {
			all := string(d.want(d.as(person, "GET", "/tickets/export", nil), http.StatusOK).body)
			contains(t, all, "zebra", "quagga", "ibex.txt", `"type":"caused_by"`, `"watchers":[{`, s.mine, s.other, s.handed)
		}
	})
}
