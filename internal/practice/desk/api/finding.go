package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerFinding(api huma.API) {
	register(a, api, openapi.Operation{
		ID: "search-tickets", Method: http.MethodGet, Path: "/search", Tag: tagFinding,
		Summary: "Search tickets and conversations",
		Description: "Finds the tickets in which every word stands somewhere: in the title, the texts, or the conversation as far as you may " +
			"read it. Words are found by their beginnings, phrases in quotation marks as they are. The best of the most recent come first.",
		Answer: Hits{Items: []Hit{{
			Ticket: exampleTicket(), Title: []Fragment{{"Printer", true}, {" on floor 3 jams", false}}, Where: "reply", Seq: 3,
			Text: []Fragment{{"The lower ", false}, {"tray", true}},
		}}},
	}, a.search)
	register(a, api, openapi.Operation{
		ID: "find-similar", Method: http.MethodGet, Path: "/tickets/similar", Tag: tagFinding,
		Summary: "Find open tickets about the same thing",
		Description: "Open tickets whose title shares the rarest words of a title, the best first: for asking “is it one of these?” before " +
			"another one is opened.",
		Answer: Similar{Items: []Ticket{exampleTicket()}},
	}, a.similar)
}

// Fragment is a piece of a text.
type Fragment struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty" doc:"It is what was searched for."`
}

// Hit is one ticket a search found.
type Hit struct {
	Ticket Ticket     `json:"ticket"`
	Title  []Fragment `json:"title" nullable:"false" doc:"The title with the hits marked."`
	Where  string     `json:"where,omitempty" doc:"What else has a hit: description, resolution, reply, note, …" example:"reply"`
	Seq    int        `json:"seq,omitempty" doc:"Of the entry in the timeline."`
	Text   []Fragment `json:"text,omitempty" nullable:"false" doc:"The text around it."`
}

// Hits are what a search found.
type Hits struct {
	Items []Hit `json:"items" nullable:"false"`
}

type searchInput struct {
	Q     string `query:"q" required:"true" minLength:"1" maxLength:"500" doc:"Words, and phrases in quotation marks." example:"printer \"lower tray\""`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"20" doc:"How many tickets to give at most."`
}

func (a *API) search(ctx context.Context, in *searchInput) (*struct{ Body Hits }, error) {
	words, err := wordsOf(in.Q)
	if err != nil {
		return nil, err
	}
	found, err := a.tickets.Find(ctx, words, in.Limit)
	if err != nil {
		return nil, err
	}
	tickets := make([]ticket.Ticket, len(found))
	for i := range found {
		tickets[i] = found[i].Ticket
	}
	shown, err := a.show(ctx, tickets)
	if err != nil {
		return nil, err
	}
	out := Hits{Items: make([]Hit, len(found))}
	for i, h := range found {
		out.Items[i] = Hit{Ticket: shown[i], Title: fragments(h.Title), Where: h.Where, Seq: h.Seq, Text: fragments(h.Fragment)}
	}
	return &struct{ Body Hits }{out}, nil
}

// wordsOf reads what to search for with the parser of filters, so that quotation
// marks mean the same; conditions belong into lists.
func wordsOf(q string) ([]filter.Word, error) {
	node, err := filter.Parse(q)
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "%s", apperr.Message(err))
	}
	all := []filter.Node{node}
	if and, ok := node.(*filter.AndNode); ok {
		all = and.Nodes
	}
	words := make([]filter.Word, 0, len(all))
	for _, n := range all {
		w, ok := n.(*filter.WordNode)
		if !ok {
			return nil, apperr.InvalidField("q", "Only words and phrases can be searched for here; GET /tickets takes conditions in its filter.")
		}
		words = append(words, filter.Word{Text: w.Text, Phrase: w.Quoted})
	}
	return words, nil
}

func fragments(parts []search.Fragment) []Fragment {
	out := make([]Fragment, 0, len(parts))
	for _, p := range parts {
		out = append(out, Fragment(p))
	}
	return out
}

// Similar are tickets about the same thing.
type Similar struct {
	Items []Ticket `json:"items" nullable:"false"`
}

type similarInput struct {
	Title string `query:"title" required:"true" minLength:"1" maxLength:"500" doc:"The title of the ticket that is about to be opened." example:"Printer jams on floor 3"`
	Limit int    `query:"limit" minimum:"1" maximum:"20" default:"5" doc:"How many tickets to give at most."`
}

func (a *API) similar(ctx context.Context, in *similarInput) (*struct{ Body Similar }, error) {
	found, err := a.tickets.Similar(ctx, in.Title, in.Limit)
	if err != nil {
		return nil, err
	}
	shown, err := a.show(ctx, found)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Similar }{Similar{Items: shown}}, nil
}
