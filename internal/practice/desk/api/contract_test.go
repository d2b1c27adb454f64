package api_test

import (
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"strconv"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/platform/web/openapi/contract"
)

func TestEveryOperationKeepsItsDescription(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.incident("The first of all")
		contract.Check(t, contract.Options{
			URL: d.url + openapi.Prefix, Client: d.client,
			Authorize: func(r *http.Request) {
				if r.Header.Get("Authorization") == "" {
					r.Header.Set("Authorization", "Bearer "+d.token(d.ana))
				}
			},
			Requests: d.requests(),
		})
	})
}

type requests = map[string]func(t testing.TB) []contract.Request

// requests are valid requests of every operation, sent by Ana.
func (d *desk) requests() requests {
	all := requests{}
	for _, part := range []requests{d.ticketRequests(), d.conversationRequests(), d.linkRequests(), d.fileRequests(), d.findingRequests()} {
		maps.Copy(all, part)
	}
	return all
}

// on gives requests about a fresh ticket.
func (d *desk) on(make func(ref string) []contract.Request) func(testing.TB) []contract.Request {
	return func(testing.TB) []contract.Request {
		ref := d.incident("Printer on floor 3 jams")
		list := make(ref)
		for i := range list {
			path := map[string]string{"ref": ref}
			maps.Copy(path, list[i].Path)
			list[i].Path = path
		}
		return list
	}
}

func always(list ...contract.Request) func(testing.TB) []contract.Request {
	return func(testing.TB) []contract.Request { return list }
}

var whatever = map[string]string{"If-Match": "*"}

func (d *desk) ticketRequests() requests {
	full := func() fields {
		return fields{
			"kind": "visit", "title": "Auditors come", "description": "At nine.\n\nTwo of them.", "requester_id": d.carla, "service_id": d.payroll,
			"group_id": d.network, "assignee_id": d.ana, "impact": 1, "urgency": 2, "channel": "email", "tags": []string{"audit", "march"},
			"watchers": []int64{d.ben}, "fields": fields{"room": "Blue", "seats": 2, "badge": true}, "attachments": []int64{d.upload(d.ana, "a.txt", "a")},
			"parent_id": d.ticketID(d.incident("The parent")),
		}
	}
	return requests{
		"list-tickets": always(
			contract.Request{},
			contract.Request{Query: map[string]string{"filter": "state:open priority:>1", "sort": "priority", "limit": "1", "count": "true", "zone": "Europe/Berlin"}},
			contract.Request{Query: map[string]string{"fields": "requester,assignee"}},
			contract.Request{Query: map[string]string{"filter": "title:nothing"}},
		),
		"create-ticket": func(testing.TB) []contract.Request {
			return []contract.Request{
				{Body: full()},
				{Body: fields{"kind": "incident", "title": "x"}, Header: map[string]string{"Idempotency-Key": d.serial()}, Status: http.StatusCreated},
			}
		},
		"create-tickets": func(testing.TB) []contract.Request {
			return []contract.Request{
				{Body: fields{"tickets": []fields{full(), {"kind": "incident", "title": ""}, {"kind": "none", "title": "x"}}, "atomic": false}},
				{Body: fields{"tickets": []fields{{"kind": "incident", "title": "x"}, {"kind": "request", "title": "y"}}, "atomic": true}},
			}
		},
		"get-ticket": d.on(func(ref string) []contract.Request {
			d.resolve(ref)
			return []contract.Request{{}, {Path: map[string]string{"ref": strconv.FormatInt(d.ticketID(ref), 10)}}}
		}),
		"edit-ticket": d.on(func(ref string) []contract.Request {
			return []contract.Request{
				{Header: map[string]string{"If-Match": d.etag(ref)}, Body: fields{
					"title": "Two printers jam", "description": nil, "requester_id": d.colin, "service_id": d.payroll, "group_id": d.printing, "assignee_id": d.ben,
					"parent_id": nil, "impact": 1, "urgency": 1, "priority": 5, "priority_reason": "They are old.", "tags": nil, "fields": fields{},
				}},
				{Header: whatever, Body: fields{"priority": nil, "assignee_id": nil, "service_id": nil}},
				{Header: whatever, Body: fields{}},
			}
		}),
		"list-transitions": d.on(func(string) []contract.Request { return []contract.Request{{}} }),
		"take-transition": d.on(func(ref string) []contract.Request {
			return []contract.Request{
				{Header: map[string]string{"If-Match": d.etag(ref), "Idempotency-Key": d.serial()}, Body: fields{
					"transition": "hold", "reason": "caller", "comment": "Which tray?", "comment_public": true, "attachments": []int64{d.upload(d.ana, "b.txt", "b")},
				}},
				{Header: whatever, Body: fields{"transition": "resume"}},
				{Header: whatever, Body: fields{"transition": "resolve", "resolution_code": "solved", "resolution": "Cleaned."}},
			}
		}),
		"list-watchers": d.on(func(ref string) []contract.Request {
			d.want(d.as(d.ana, "PUT", "/tickets/"+ref+"/watchers/me", nil), http.StatusNoContent)
			return []contract.Request{{}}
		}),
		"set-watchers": d.on(func(ref string) []contract.Request {
			return []contract.Request{{Header: map[string]string{"If-Match": d.etag(ref)}, Body: fields{"persons": []int64{d.ana, d.ben}}}, {Header: whatever, Body: fields{"persons": []int64{}}}}
		}),
		"watch-ticket":   d.on(func(string) []contract.Request { return []contract.Request{{}, {}} }),
		"unwatch-ticket": d.on(func(string) []contract.Request { return []contract.Request{{}} }),
	}
}

func (d *desk) conversationRequests() requests {
	say := func(ref string) []contract.Request {
		return []contract.Request{
			{
				Body:   fields{"body": "Which tray?", "attachments": []int64{d.upload(d.ana, "c.txt", "c")}},
				Header: map[string]string{"Idempotency-Key": d.serial(), "If-Match": d.etag(ref)},
			},
			{Body: fields{"body": "And which floor?"}, Status: http.StatusCreated},
		}
	}
	// Only the requester rates: here that is Ana herself.
	rated := func(rate bool) func(testing.TB) []contract.Request {
		return func(testing.TB) []contract.Request {
			ref := d.incident("Mine", fields{"requester_id": d.ana})
			d.resolve(ref)
			path := map[string]string{"ref": ref}
			if rate {
				d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/rating", fields{"score": 2}), http.StatusCreated)
				return []contract.Request{{Path: path}}
			}
			return []contract.Request{
				{Path: path, Body: fields{"score": 5, "minutes_lost": 20, "comment": "Quick."}},
				{Path: path, Body: fields{"score": 1}, Header: map[string]string{"Idempotency-Key": d.serial()}},
			}
		}
	}
	return requests{
		"list-timeline": d.on(func(ref string) []contract.Request {
			d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/notes", fields{"body": "The fuser.", "attachments": []int64{d.upload(d.ana, "d.txt", "d")}}), http.StatusCreated)
			d.step(ref, fields{"transition": "hold", "reason": "vendor"})
			d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/links", fields{"type": "related", "other": "INC-1"}), http.StatusCreated)
			return []contract.Request{{}, {Query: map[string]string{"limit": "2"}}, {Query: map[string]string{"types": "note,reply", "cursor": "3"}}}
		}),
		"add-reply":   d.on(say),
		"add-note":    d.on(say),
		"get-rating":  rated(true),
		"rate-ticket": rated(false),
	}
}

func (d *desk) linkRequests() requests {
	return requests{
		"list-links": d.on(func(ref string) []contract.Request {
			d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/links", fields{"type": "child", "other": "INC-1"}), http.StatusCreated)
			return []contract.Request{{}}
		}),
		"add-link": d.on(func(string) []contract.Request {
			return []contract.Request{{Body: fields{"type": "duplicate_of", "other": "INC-1"}, Header: map[string]string{"Idempotency-Key": d.serial()}}}
		}),
		"remove-link": d.on(func(ref string) []contract.Request {
			d.want(d.as(d.ana, "POST", "/tickets/"+ref+"/links", fields{"type": "caused_by", "other": "INC-1"}), http.StatusCreated)
			return []contract.Request{{Path: map[string]string{"type": "caused_by", "other": "INC-1"}}}
		}),
	}
}

func (d *desk) fileRequests() requests {
	send := func() []contract.Request {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("file", "picture.png")
		if err == nil {
			_, err = part.Write([]byte("\x89PNG\r\n\x1a\n"))
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			d.T.Fatal(err)
		}
		return []contract.Request{
			{Raw: []byte("plain"), Query: map[string]string{"name": "plain.txt"}, Header: map[string]string{"Content-Type": "text/plain", "Idempotency-Key": d.serial()}},
			{Raw: form.Bytes(), Header: map[string]string{"Content-Type": w.FormDataContentType()}},
		}
	}
	file := func() map[string]string {
		return map[string]string{"id": strconv.FormatInt(d.upload(d.ana, "e.txt", "hello there"), 10)}
	}
	return requests{
		"upload-file": func(testing.TB) []contract.Request { return send() },
		"attach-file": d.on(func(string) []contract.Request { return send() }),
		"get-file":    func(testing.TB) []contract.Request { return []contract.Request{{Path: file()}} },
		"download-file": func(testing.TB) []contract.Request {
			return []contract.Request{{Path: file()}, {Path: file(), Header: map[string]string{"Range": "bytes=6-"}, Status: http.StatusPartialContent}}
		},
	}
}

func (d *desk) findingRequests() requests {
	return requests{
		"search-tickets": always(contract.Request{Query: map[string]string{"q": `printer "floor 3"`, "limit": "3"}}, contract.Request{Query: map[string]string{"q": "nothing-is-called-so"}}),
		"find-similar":   always(contract.Request{Query: map[string]string{"title": "the printer on floor 3"}}),
		"export-tickets": always(
			contract.Request{}, contract.Request{Query: map[string]string{"format": "csv", "filter": "state:open"}}, contract.Request{Query: map[string]string{"format": "csv-timeline"}},
		),
		"list-kinds":         always(contract.Request{}),
		"get-kind":           always(contract.Request{Path: map[string]string{"key": "visit"}}),
		"list-filter-fields": always(contract.Request{}),
	}
}

// ticketID gives the id behind a number.
func (d *desk) ticketID(ref string) int64 {
	d.T.Helper()
	id, _ := d.want(d.as(d.ana, "GET", "/tickets/"+ref, nil), http.StatusOK).at(d.T, "id").(float64)
	return int64(id)
}

// serial gives a text that was not used before.
func (d *desk) serial() string {
	id, err := d.DB.NextID(d.T.Context())
	if err != nil {
		d.T.Fatal(err)
	}
	return fmt.Sprint("key-", id)
}
