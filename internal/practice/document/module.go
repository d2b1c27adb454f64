package document

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// The versions, as addresses and the API name them.
const (
	versionPublic   = "public"
	versionInternal = "internal"
)

// makeTime bounds how long a document may take.
const makeTime = 2 * time.Minute

// New gives what plugs into the running system: the documents at the desk and in
// the portal, an action for each version on a ticket's page, and the API.
func New(d Deps) module.Module {
	readsNotes := func(ctx context.Context, t *ticket.Ticket) bool { return d.Tickets.ReadsNotes(ctx, t) }
	return module.Module{
		Name: "document",
		Routes: func(mux *web.Mux) {
			mux.Handle("GET /tickets/{number}/document/{version}", d.page, web.Timeout(makeTime))
			mux.Handle("GET /portal/tickets/{number}/document", d.own, web.Timeout(makeTime))
		},
		API: d.register,
		Actions: []module.Action{
			{Label: text.Key("PDF for the requester"), Icon: "printer", URL: func(t *ticket.Ticket) string { return address(t, versionPublic) }, File: true},
			{Label: text.Key("PDF with internal notes"), Icon: "printer", URL: func(t *ticket.Ticket) string { return address(t, versionInternal) }, File: true, Visible: readsNotes},
		},
	}
}

func address(t *ticket.Ticket, version string) string {
	return "/tickets/" + url.PathEscape(t.Number) + "/document/" + version
}

// pdf gives a document in a version, and the name of its file.
func (d Deps) pdf(ctx context.Context, ref ticket.Ref, version string) ([]byte, string, error) {
	var b bytes.Buffer
	name := ""
	switch version {
	case versionPublic:
		p, err := d.PublicOf(ctx, ref)
		if err == nil {
			name, err = p.Number+" "+made(d.Now())+".pdf", p.PDF(ctx, d, &b)
		}
		return b.Bytes(), name, err
	case versionInternal:
		i, err := d.InternalOf(ctx, ref)
		if err == nil {
			name, err = i.Number+" "+made(d.Now())+" internal.pdf", i.PDF(ctx, d, &b)
		}
		return b.Bytes(), name, err
	}
	return nil, "", apperr.New(apperr.NotFound, "A document has the version public or internal.")
}

func (d Deps) page(w http.ResponseWriter, r *http.Request) error {
	if !access.From(r.Context()).IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	return d.answer(w, r, ticket.ByNumber(r.PathValue("number")), r.PathValue("version"))
}

// own gives requesters the document of a ticket that concerns them; every other
// one is as if there were none.
func (d Deps) own(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	me := access.From(ctx)
	if !me.IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	t, err := d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	concerned := t.RequesterID == me.ID
	for _, w := range t.Watchers {
		concerned = concerned || w == me.ID
	}
	if !concerned {
		return apperr.New(apperr.NotFound, "There is no such ticket, or you may not see it.")
	}
	return d.answer(w, r, ticket.ByID(t.ID), versionPublic)
}

func (d Deps) answer(w http.ResponseWriter, r *http.Request, ref ticket.Ref, version string) error {
	pdf, name, err := d.pdf(r.Context(), ref, version)
	if err != nil {
		return err
	}
	web.File(w, name, "application/pdf")
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Cache-Control", "private, no-store")
	_, err = w.Write(pdf)
	return err
}

type input struct {
	Ref     string `path:"ref" maxLength:"40" doc:"The ticket's number, or its id." example:"INC-1042"`
	Version string `query:"version" enum:"public,internal" default:"public" doc:"The internal one is for those who read internal notes; each of its pages says so."`
}

func (d Deps) register(h huma.API) {
	openapi.Register(h, openapi.Operation{
		ID: "get-ticket-document", Method: http.MethodGet, Path: "/tickets/{ref}/document", Tag: "Tickets", Summary: "Get a ticket as PDF",
		Description: "What the ticket is, what was said and what happened, with its files by name and small pictures. The public version holds " +
			"what a requester may read, in the requester's words.",
		Errors: []int{http.StatusNotFound}, Options: []web.Option{web.Timeout(makeTime)},
		Streamed: map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}, d.api)
}

func (d Deps) api(ctx context.Context, in *input) (*huma.StreamResponse, error) {
	pdf, name, err := d.pdf(ctx, refOf(in.Ref), in.Version)
	if err != nil {
		return nil, err
	}
	return openapi.Stream(func(w http.ResponseWriter, _ *http.Request) error {
		web.File(w, name, "application/pdf")
		w.Header().Set("Content-Type", "application/pdf")
		_, err := w.Write(pdf)
		return err
	}), nil
}

// refOf reads a ticket's name in an address: its number or its id.
func refOf(s string) ticket.Ref {
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(s)
}
