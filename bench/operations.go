package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
)

// Operations, by what they are called in the results.
const (
	opCreate     = "create"
	opRead       = "read"
	opComment    = "comment"
	opTransition = "transition"
	opQueue      = "queue"
	opFiltered   = "filtered"
	opTicket     = "ticket"
	opRequester  = "requester"
	opSearch     = "search"
	opDashboard  = "dashboard"
)

// operation is something people or programs do, and what it is measured as.
type operation struct {
	name    string
	what    string // in the results
	page    bool   // HTML
	grows   bool   // may take at most half as long again at a million tickets
	request func(p *product, w *world, rng *rand.Rand) []byte
	status  int
}

var operations = []operation{
	{opCreate, "create a ticket (API)", false, false, (*product).create, http.StatusCreated},
	{opRead, "read a ticket (API)", false, false, (*product).read, http.StatusOK},
	{opComment, "reply to a ticket (API)", false, false, (*product).comment, http.StatusCreated},
	{opTransition, "take a step (API)", false, false, (*product).transition, http.StatusOK},
	{opQueue, "queue page", true, true, (*product).queue, http.StatusOK},
	{opFiltered, "queue, filtered and sorted", true, true, (*product).filtered, http.StatusOK},
	{opTicket, "ticket page", true, true, (*product).ticket, http.StatusOK},
	{opRequester, "requester's tickets", true, true, (*product).requester, http.StatusOK},
	{opSearch, "search", true, true, (*product).search, http.StatusOK},
	{opDashboard, "dashboard (my work)", true, true, (*product).dashboard, http.StatusOK},
}

func (p *product) api(method, path string, body map[string]any) []byte {
	headers := []string{"Authorization", "Bearer " + p.token}
	if body == nil {
		return request(method, "/api/v1"+path, p.address, "", headers...)
	}
	text, _ := json.Marshal(body) // maps of strings and numbers always marshal
	return request(method, "/api/v1"+path, p.address, string(text), append(headers, "Content-Type", "application/json", "If-Match", "*")...)
}

// page asks as a browser does.
func (p *product) page(path, cookie string) []byte {
	return request(http.MethodGet, path, p.address, "", "Cookie", cookie, "Accept", "text/html", "Accept-Encoding", "gzip, deflate, br, zstd")
}

func (p *product) create(w *world, rng *rand.Rand) []byte {
	return p.api(http.MethodPost, "/tickets", map[string]any{
		"kind": "incident", "title": "The " + things[rng.IntN(len(things))] + " " + troubles[rng.IntN(len(troubles))],
		"description": prose(rng, 40), "service_id": w.services[rng.IntN(len(w.services))],
	})
}

func (p *product) read(w *world, rng *rand.Rand) []byte {
	return p.api(http.MethodGet, "/tickets/"+w.anyIncident(rng), nil)
}

func (p *product) comment(w *world, rng *rand.Rand) []byte {
	return p.api(http.MethodPost, "/tickets/"+w.anyIncident(rng)+"/replies", map[string]any{"body": prose(rng, 30)})
}

func (p *product) transition(w *world, rng *rand.Rand) []byte {
	// From on hold to on hold for another reason: a step that can be taken again and again.
	reasons := []string{"vendor", "change", "problem", "evidence"}
	return p.api(http.MethodPost, "/tickets/"+w.openIncident(rng)+"/transitions", map[string]any{
		"transition": "hold", "reason": reasons[rng.IntN(len(reasons))], "comment": "Still waiting.",
	})
}

func (p *product) queue(_ *world, _ *rand.Rand) []byte { return p.page("/queue", p.agent) }

func (p *product) filtered(_ *world, rng *rand.Rand) []byte {
	filter := fmt.Sprintf(`state:open,in_progress,on_hold priority:<=3 service:"Service %d"`, 1+rng.IntN(serviceCount))
	return p.page("/queue?"+url.Values{"q": {filter}, "sort": {"priority"}}.Encode(), p.agent)
}

func (p *product) ticket(w *world, rng *rand.Rand) []byte {
	return p.page("/tickets/"+w.anyIncident(rng), p.agent)
}

func (p *product) requester(_ *world, _ *rand.Rand) []byte { return p.page("/portal/tickets", p.asker) }

func (p *product) search(w *world, rng *rand.Rand) []byte {
	return p.page("/search?"+url.Values{"q": {searchFor(w, rng)}}.Encode(), p.agent)
}

// searchFor gives what people search for: a reference that one ticket has, or two
// words that many have.
func searchFor(w *world, rng *rand.Rand) string {
	if rng.IntN(2) == 0 {
		return fmt.Sprintf("ref%d", rng.IntN(w.count))
	}
	words := strings.Fields(troubles[rng.IntN(len(troubles))])
	return things[rng.IntN(len(things))] + " " + words[len(words)-1]
}

func (p *product) dashboard(_ *world, _ *rand.Rand) []byte { return p.page("/", p.agent) }

// pathOf gives what a request asks for.
func pathOf(request []byte) string {
	_, rest, _ := strings.Cut(string(request), " ")
	path, _, _ := strings.Cut(rest, " ")
	return path
}

// surfer does an operation again and again over one connection.
type surfer struct {
	p    *product
	w    *world
	o    *operation
	wire *wire
}

func (u *surfer) do(rng *rand.Rand) (int64, error) {
	a, err := u.wire.do(u.o.request(u.p, u.w, rng))
	if err != nil {
		return 0, err
	}
	if a.status != u.o.status {
		return a.size, fmt.Errorf("%w: %s was answered with %d %.300s", errUnexpected, u.o.name, a.status, a.body)
	}
	return a.size, nil
}

func (u *surfer) close() { u.wire.close() }

func (p *product) contender(o *operation) *contender {
	return &contender{name: "steward-" + p.engine, meter: p.pids, client: func(int) (client, error) {
		return &surfer{p, p.world, o, dial(p.address)}, nil
	}}
}
