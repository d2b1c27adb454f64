package api

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerExport(api huma.API) {
	record := api.OpenAPI().Components.Schemas.Schema(exportedType, true, "")
	register(a, api, openapi.Operation{
		ID: "export-tickets", Method: http.MethodGet, Path: "/tickets/export", Tag: tagFinding,
		Summary: "Export tickets whole",
		Description: "Every ticket you may export, with its conversation and everything that ever changed, in order of creation, as a stream " +
			"that is as long as it takes. An answer that breaks off is not complete.\n\n" +
			"- `json`: one JSON document per line (NDJSON), each an ExportedTicket with timeline, links, rating and the files' hashes " +
			"and paths.\n" +
			"- `csv`: one row per ticket, with names beside ids and a column for each of the kinds' own fields.\n" +
			"- `csv-timeline`: one row per entry of the timelines.\n\n" +
			"In CSV (RFC 4180), a text that a spreadsheet would take for a formula has an apostrophe in front.",
		Options: []web.Option{web.Timeout(12 * time.Hour)},
		Streamed: map[string]*huma.MediaType{
			"application/x-ndjson": {Schema: record},
			"text/csv":             {Schema: &huma.Schema{Type: huma.TypeString}},
		},
	}, a.export)
}

// ExportedTicket is everything that is kept of a ticket, as its reader may see it.
type ExportedTicket struct {
	Ticket
	Links    []ExportedLink `json:"links,omitempty" nullable:"false" doc:"Those this ticket holds; parents are in parent."`
	Verdict  *Verdict       `json:"verdict,omitempty" doc:"The requester's rating."`
	Timeline []Entry        `json:"timeline" nullable:"false" doc:"The first entry first."`
}

// ExportedLink is a link to another ticket.
type ExportedLink struct {
	Type  string     `json:"type" enum:"related,duplicate_of,caused_by"`
	Other TicketName `json:"other"`
}

// Format is a form of the export.
type Format string

// The formats.
const (
	FormatJSON        Format = "json"
	FormatCSV         Format = "csv"
	FormatCSVTimeline Format = "csv-timeline"
)

// Formats lists the formats.
func Formats() []Format { return []Format{FormatJSON, FormatCSV, FormatCSVTimeline} }

// Export writes every ticket that matches the filter ("" matches all) and that
// the actor may export, and gives how many there were. It holds one page of
// tickets in memory, however many there are.
func (a *API) Export(ctx context.Context, w io.Writer, text string, format Format) (int, error) {
	condition, err := a.tickets.Condition(ctx, text, time.UTC)
	if err != nil {
		return 0, err
	}
	return a.write(ctx, w, condition, format)
}

type exportInput struct {
	Filter string `query:"filter" maxLength:"8000" doc:"Conditions in the filter language; none exports everything." example:"created:2026-01"`
	Zone   string `query:"zone" maxLength:"60" doc:"The IANA time zone in which days of the filter begin; UTC without."`
	Format string `query:"format" enum:"json,csv,csv-timeline" default:"json"`
}

func (a *API) export(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	if err := access.From(ctx).Require(access.Export, access.AnyKind); err != nil {
		return nil, err
	}
	at, err := zone(in.Zone)
	if err != nil {
		return nil, err
	}
	condition, err := a.tickets.Condition(ctx, in.Filter, at)
	if err != nil {
		return nil, err
	}
	return openapi.Stream(func(w http.ResponseWriter, _ *http.Request) error {
		media, name := "text/csv; charset=utf-8", "tickets.csv"
		switch Format(in.Format) {
		case FormatJSON:
			media, name = "application/x-ndjson", "tickets.ndjson"
		case FormatCSVTimeline:
			name = "timelines.csv"
		case FormatCSV:
		}
		w.Header().Set("Content-Type", media)
		w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		_, err := a.write(ctx, w, condition, Format(in.Format))
		return err
	}), nil
}

// exportPage is how many tickets are in memory at once, with their timelines.
const exportPage = 50

// recordWriter writes records in one format.
type recordWriter interface {
	record(r *ExportedTicket) error
	flush() error
}

func (a *API) write(ctx context.Context, w io.Writer, condition filter.Condition, format Format) (int, error) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	var out recordWriter
	switch format {
	case FormatJSON:
		out = newLines(buffered)
	case FormatCSV:
		out = newRows(buffered, a.customKeys(ctx))
	case FormatCSVTimeline:
		out = newEntryRows(buffered)
	default:
		return 0, apperr.InvalidField("format", "The format is json, csv or csv-timeline.")
	}
	n := 0
	q := ticket.Query{Condition: condition, Verb: access.Export, Sort: ticket.Sort{Field: "created"}, Limit: exportPage, Texts: true}
	for {
		page, err := a.tickets.List(ctx, q)
		if err != nil {
			return n, err
		}
		records, err := a.whole(ctx, page.Tickets)
		if err != nil {
			return n, err
		}
		for i := range records {
			if err := out.record(&records[i]); err != nil {
				return n, err
			}
			n++
		}
		if err := out.flush(); err != nil {
			return n, err
		}
		if page.Next == "" {
			return n, buffered.Flush()
		}
		q.After = page.Next
	}
}

// whole gives a page's records, with a handful of queries for all of them.
func (a *API) whole(ctx context.Context, tickets []ticket.Ticket) ([]ExportedTicket, error) {
	timelines := make(map[int64][]ticket.Event, len(tickets))
	err := a.tickets.EachTimeline(ctx, tickets, func(t *ticket.Ticket, events []ticket.Event) error {
		timelines[t.ID] = events
		return nil
	})
	if err != nil {
		return nil, err
	}
	links, err := a.tickets.HeldLinks(ctx, tickets)
	if err != nil {
		return nil, err
	}
	ratings, err := a.tickets.Ratings(ctx, tickets)
	if err != nil {
		return nil, err
	}
	var w wanted
	for i := range tickets {
		t := &tickets[i]
		v := viewOf(ctx, t)
		w.ticket(t, v)
		if v == insiderView {
			w.events(timelines[t.ID])
		} else {
			w.publicEvents(public(timelines[t.ID]))
		}
		w.persons = append(w.persons, ratings[t.ID].PersonID)
	}
	n, err := a.names(ctx, &w)
	if err != nil {
		return nil, err
	}
	records := make([]ExportedTicket, len(tickets))
	for i := range tickets {
		t := &tickets[i]
		def, v := a.definition(t), viewOf(ctx, t)
		records[i] = ExportedTicket{Ticket: n.show(t, def, v)}
		if v == insiderView {
			records[i].Timeline = n.entries(timelines[t.ID], def)
		} else {
			records[i].Timeline = n.publicEntries(public(timelines[t.ID]), def, v)
		}
		for j := range links[t.ID] {
			other := &links[t.ID][j].Other
			records[i].Links = append(records[i].Links, ExportedLink{string(links[t.ID][j].Type), TicketName{other.ID, other.Number, other.Title}})
		}
		slices.SortFunc(records[i].Links, func(a, b ExportedLink) int {
			return cmp.Or(cmp.Compare(a.Other.ID, b.Other.ID), cmp.Compare(a.Type, b.Type))
		})
		if r, ok := ratings[t.ID]; ok {
			verdict := n.verdict(r)
			records[i].Verdict = &verdict
		}
	}
	return records, nil
}

// public gives what may leave of a timeline.
func public(events []ticket.Event) []ticket.PublicEvent {
	out := make([]ticket.PublicEvent, 0, len(events))
	for i := range events {
		if p, ok := events[i].Public(); ok {
			out = append(out, p)
		}
	}
	return out
}

// lines writes one JSON document per line.
type lines struct {
	w *bufio.Writer
	e *json.Encoder
}

func newLines(w *bufio.Writer) *lines {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return &lines{w, e}
}

func (l *lines) record(r *ExportedTicket) error { return l.e.Encode(r) }
func (l *lines) flush() error                   { return l.w.Flush() }
