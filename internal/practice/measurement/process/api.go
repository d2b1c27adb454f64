package process

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Process"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "The flow that tickets really took."}}
}

// Flow is a process map.
type Flow struct {
	Between string      `json:"between" enum:"state,group"`
	From    string      `json:"from" format:"date" example:"2026-09-01"`
	To      string      `json:"to" format:"date" doc:"The last day of the period." example:"2026-11-30"`
	Tickets int         `json:"tickets" doc:"Whose flow is known." example:"1204"`
	Shown   int         `json:"shown" doc:"Of those, how many went a way that is in places and steps." example:"1100"`
	Partial bool        `json:"partial" doc:"There were more tickets than are read at once: these are the newest."`
	Places  []FlowPlace `json:"places" nullable:"false"`
	Steps   []FlowStep  `json:"steps" nullable:"false"`
	Ways    []FlowWay   `json:"ways" nullable:"false" doc:"The most frequent ways, at most 200."`
}

// FlowPlace is a state (with what it waits for after a slash) or a group.
type FlowPlace struct {
	Key     string `json:"key" example:"in_progress"`
	Name    string `json:"name" example:"In progress"`
	Tickets int    `json:"tickets"`
	Visits  int    `json:"visits"`
	Here    int    `json:"here" doc:"Tickets that are there now."`
	Median  *int64 `json:"median_seconds,omitempty"`
	P90     *int64 `json:"p90_seconds,omitempty"`
}

// FlowStep is a move from place to place.
type FlowStep struct {
	From    string `json:"from" doc:"Empty at the beginning of a ticket."`
	To      string `json:"to" doc:"Empty at its end."`
	Count   int    `json:"count"`
	Tickets int    `json:"tickets"`
	Median  *int64 `json:"median_seconds,omitempty" doc:"Spent at from before the step."`
	P90     *int64 `json:"p90_seconds,omitempty"`
}

// FlowWay is an order of places that tickets went.
type FlowWay struct {
	Places []string `json:"places" nullable:"false"`
	Ended  bool     `json:"ended"`
	Count  int      `json:"count"`
	Share  float64  `json:"share"`
	Median *int64   `json:"median_seconds,omitempty"`
}

const mostWaysAPI = 200

func (p *Process) register(h huma.API) {
	openapi.Register(h, openapi.Operation{
		ID: "get-flow", Method: http.MethodGet, Path: "/process", Tag: tag, Summary: "Get the flow of tickets",
		Description: "Counts and times of the steps that tickets created in a period took, between states or groups. It is over the tickets you may view and export and whose work you may see.",
		Answer: Flow{
			Between: "state", From: "2026-09-01", To: "2026-11-30", Tickets: 1, Shown: 1, Places: []FlowPlace{{Key: "new", Name: "New", Tickets: 1, Visits: 1}},
			Steps: []FlowStep{{To: "new", Count: 1, Tickets: 1}}, Ways: []FlowWay{{Places: []string{"new"}, Count: 1, Share: 1}},
		},
	}, p.apiFlow)
}

type flowAnswer struct{ Body Flow }

func (p *Process) apiFlow(ctx context.Context, in *struct {
	Between string `query:"between" enum:"state,group" default:"state"`
	Filter  string `query:"q" maxLength:"4096" doc:"In the filter language."`
	From    string `query:"from" maxLength:"10" doc:"The first day, 2026-09-01; without it, ninety days back."`
	To      string `query:"to" maxLength:"10" doc:"The last day; without it, today."`
	Share   int    `query:"share" minimum:"0" maximum:"100" default:"100" doc:"Only the most frequent ways that hold this share of the tickets, in percent."`
},
) (*flowAnswer, error) {
	if err := require(ctx); err != nil {
		return nil, err
	}
	q, err := p.ask(ctx, in.Between, in.Filter, in.From, in.To, strconv.Itoa(in.Share))
	if err != nil {
		return nil, err
	}
	if q.Wrong != nil {
		return nil, apperr.InvalidField("q", "%s", q.Wrong.Msg)
	}
	l, err := p.read(ctx, q)
	if err != nil {
		return nil, err
	}
	m := q.discover(l)
	names, err := p.labels(ctx, m)
	if err != nil {
		return nil, err
	}
	return &flowAnswer{Body: flowBody(q, m, l, names)}, nil
}

func flowBody(q question, m Map, l *log, names labels) Flow {
	f := Flow{
		Between: string(m.Between), From: q.From.Format("2006-01-02"), To: q.To.AddDate(0, 0, -1).Format("2006-01-02"),
		Tickets: m.Tickets, Shown: m.Shown, Partial: l.more, Places: []FlowPlace{}, Steps: []FlowStep{}, Ways: []FlowWay{},
	}
	for _, x := range m.Places {
		place := FlowPlace{Key: x.Key, Name: names.of(x.Key), Tickets: x.Tickets, Visits: x.Visits, Here: x.Here}
		if x.Known {
			place.Median, place.P90 = new(int64(x.Median.Seconds())), new(int64(x.P90.Seconds()))
		}
		f.Places = append(f.Places, place)
	}
	for _, x := range m.Steps {
		step := FlowStep{From: x.From, To: x.To, Count: x.Count, Tickets: x.Tickets}
		if x.Known {
			step.Median, step.P90 = new(int64(x.Median.Seconds())), new(int64(x.P90.Seconds()))
		}
		f.Steps = append(f.Steps, step)
	}
	for _, x := range m.Ways[:min(len(m.Ways), mostWaysAPI)] {
		way := FlowWay{Places: x.Places, Ended: x.Ended, Count: x.Count, Share: share(x.Count, m.Tickets)}
		if x.Known {
			way.Median = new(int64(x.Median.Seconds()))
		}
		f.Ways = append(f.Ways, way)
	}
	return f
}
