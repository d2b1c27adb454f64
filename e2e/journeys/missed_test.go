package journeys_test

import (
	"slices"
	"strings"
)

// notLookedAt are the addresses whose answers are no pages, and why.
var notLookedAt = map[string]string{
	"/assets/": "scripts, styles, icons", "/healthz": "for machines", "/readyz": "for machines", "/metrics": "for machines",
	"/live": "a stream", "/styleguide/": "looked at by its own tests",

	"/attachments/{id}": "a file", "/canned/{id}/files/{file}": "a file", "/portal/files/{id}": "a file", "/tickets/{number}/drafts/{id}/files/{file}": "a file",
	"/dashboards/{ref}/csv": "a file", "/figures/{key}/figures.csv": "a file", "/figures/{key}/tickets.csv": "a file", "/process/export": "a file",
	"/queue/export": "a file", "/time/report.csv": "a file", "/calendars/{id}/export": "a file", "/feeds/calendars/{token}": "a file for calendar programs",
	"/tickets/{number}/document/{version}": "a PDF", "/portal/tickets/{number}/document": "a PDF",

	"/agreements/{id}/results/{publication}/csv": "a file", "/portal/service-levels/{publication}/csv": "a file", "/portal/service-levels/{publication}/tickets.csv": "a file",

	"/mail/quarantine/{id}/raw": "a file", "/tickets/{number}/mail/{id}/raw": "a file",

	"/admin/mail": "leads on to the senders",
	"/queue/next": "leads on to a ticket", "/queue/back": "leads back to the queue", "/drafts/mine": "leads to the drafts, a part of my work with scripts",
	"/tickets/{number}/drafts": "leads to the ticket, a part of it with scripts", "/tickets/{number}/values/{field}": "leads to the ticket, a part of it with scripts",

	"/choose/{what}": "options of a field", "/suggest/people": "options of a field", "/suggest/members": "options of a field", "/suggest/groups": "options of a field",
	"/suggest/organisations": "options of a field", "/suggest/services": "options of a field", "/suggest/tickets": "options of a field", "/suggest/mentions": "options of a field",
	"/queue/complete": "options of a field", "/tickets/{number}/canned/complete": "options of a field", "/palette": "a part of every page",
	"/status/banners": "a part of every page", "/inbox/bell": "a part of every page", "/inbox/new": "a part of a page",
	"/queue/counts": "a part of a page", "/queue/changes": "a part of a page", "/tickets/{number}/now": "a part of a page", "/portal/tickets/{number}/now": "a part of a page",
	"/tickets/new/around": "a part of a page", "/tickets/new/priority": "a part of a page", "/tickets/new/routing": "a part of a page",
	"/portal/new/similar": "a part of a page", "/portal/new/fields": "a part of a page",
}

// nothingMissed compares the routes of the product with the pages that were
// looked at. A new page fails here until everyPage comes by.
func (w *world) nothingMissed(b browser) {
	w.t.Helper()
	looked := map[string]bool{}
	for address := range b.looked {
		looked[w.App.RouteOf(address)] = true
	}
	routes := w.App.Routes()
	for _, pattern := range routes {
		path, isGet := strings.CutPrefix(pattern, "GET ")
		why, excepted := notLookedAt[path]
		switch {
		case !isGet || strings.HasPrefix(path, "/api/v1/"):
		case looked[pattern] && excepted:
			w.t.Errorf("%s is looked at, and an exception: %s", path, why)
		case !looked[pattern] && !excepted:
			w.t.Errorf("%s is not looked at: add it to besides, or to the exceptions with a reason", path)
		}
	}
	for path := range notLookedAt {
		if !slices.Contains(routes, "GET "+path) {
			w.t.Errorf("the exception %s is no route", path)
		}
	}
}
