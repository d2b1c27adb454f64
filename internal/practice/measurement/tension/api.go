package tension

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const tag = "Tension pairs"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Process figures with those that suffer when they alone are pursued."}}
}

// PairBody is a pair.
type PairBody struct {
	ID       int64         `json:"id" example:"4294967400"`
	Process  string        `json:"process" example:"time_to_resolve"`
	Goal     *float64      `json:"goal,omitempty"`
	Partners []PartnerBody `json:"partners" nullable:"false"`
	Filter   string        `json:"filter"`
	Periods  int           `json:"periods"`
	OwnerID  int64         `json:"owner_id"`
	Version  int64         `json:"version"`
}

// PartnerBody is a figure beside the process figure.
type PartnerBody struct {
	Metric string   `json:"metric" maxLength:"80" example:"reopen_rate"`
	Goal   *float64 `json:"goal,omitempty"`
}

// NewPair is what a pair is made of.
type NewPair struct {
	Process  string        `json:"process" maxLength:"80" example:"time_to_resolve"`
	Goal     *float64      `json:"goal,omitempty" minimum:"0" doc:"Only together with a goal for every partner."`
	Partners []PartnerBody `json:"partners" minItems:"1" maxItems:"4"`
	Filter   string        `json:"filter,omitempty" maxLength:"1000"`
	Periods  int           `json:"periods,omitempty" minimum:"1" maximum:"8" default:"3" doc:"Weeks in a row before it alarms."`
}

func (n *NewPair) apply(p *Pair) {
	p.Process, p.Goal, p.Filter, p.Periods, p.Partners = metric.Key(n.Process), n.Goal, n.Filter, n.Periods, nil
	for _, x := range n.Partners {
		p.Partners = append(p.Partners, Partner{metric.Key(x.Metric), x.Goal})
	}
}

// VerdictBody is what the test says of one partner.
type VerdictBody struct {
	Partner string  `json:"partner"`
	Alarm   bool    `json:"alarm"`
	Held    int     `json:"held" doc:"Ends of weeks in a row at which both trends held."`
	Better  float64 `json:"p_better" doc:"The chance that noise improves the process figure as much."`
	Worse   float64 `json:"p_worse" doc:"The chance that noise worsens the partner as much."`
	Process Trend   `json:"process_trend"`
	Trend   Trend   `json:"partner_trend"`
}

// VerdictsBody is what the test says of a pair.
type VerdictsBody struct {
	Items []VerdictBody `json:"items" nullable:"false"`
	UpTo  time.Time     `json:"up_to" doc:"The end of the last whole week."`
}

func bodyOf(p *Pair) PairBody {
	b := PairBody{ID: p.ID, Process: string(p.Process), Goal: p.Goal, Filter: p.Filter, Periods: p.Periods, OwnerID: p.OwnerID, Version: p.Version, Partners: []PartnerBody{}}
	for _, x := range p.Partners {
		b.Partners = append(b.Partners, PartnerBody{string(x.Metric), x.Goal})
	}
	return b
}

type pairAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body PairBody
}

func answer(p *Pair) *pairAnswer { return &pairAnswer{openapi.ETag(int(p.Version)), bodyOf(p)} }

func (t *Tension) register(h huma.API) {
	example := PairBody{ID: 4294967400, Process: "time_to_resolve", Periods: 3, OwnerID: 4294967312, Version: 1, Partners: []PartnerBody{{Metric: "reopen_rate"}}}
	request := map[string]any{"process": "time_to_resolve", "partners": []any{map[string]any{"metric": "reopen_rate"}}}
	openapi.Register(h, openapi.Operation{
		ID: "list-tension-pairs", Method: http.MethodGet, Path: "/tension-pairs", Tag: tag, Summary: "List pairs",
		Description: "All pairs of the organisation, at most fifty.", Answer: openapi.Page[PairBody]{Items: []PairBody{example}},
	}, t.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-tension-pair", Method: http.MethodPost, Path: "/tension-pairs", Tag: tag, Summary: "Watch a pair", Status: http.StatusCreated,
		Description: "Needs the permission to manage settings. It belongs to you, and you are told of its alarms.", Errors: []int{http.StatusConflict}, Request: request, Answer: example,
	}, t.apiCreate)
	openapi.Register(h, openapi.Operation{
		ID: "replace-tension-pair", Method: http.MethodPut, Path: "/tension-pairs/{id}", Tag: tag, Summary: "Change a pair",
		Description: "What is left out gets its default.", Errors: []int{404, 409, 412, 428}, Request: request, Answer: example,
	}, t.apiReplace)
	openapi.Register(h, openapi.Operation{
		ID: "delete-tension-pair", Method: http.MethodDelete, Path: "/tension-pairs/{id}", Tag: tag, Summary: "Stop watching a pair",
		Description: "Its alarms stay on record.", Errors: []int{http.StatusNotFound},
	}, t.apiDelete)
	openapi.Register(h, openapi.Operation{
		ID: "get-tension-verdicts", Method: http.MethodGet, Path: "/tension-pairs/{id}/verdicts", Tag: tag, Summary: "Get the numbers of the test",
		Description: "For each partner, over the tickets you may view and export.", Errors: []int{http.StatusNotFound},
		Answer: VerdictsBody{Items: []VerdictBody{{Partner: "reopen_rate", Better: 1, Worse: 1}}},
	}, t.apiVerdicts)
}

func (t *Tension) apiList(ctx context.Context, _ *struct{}) (*openapi.Listed[PairBody], error) {
	pairs, err := t.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]PairBody, 0, len(pairs))
	for i := range pairs {
		items = append(items, bodyOf(&pairs[i]))
	}
	return openapi.List(ctx, items, ""), nil
}

func (t *Tension) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body NewPair
},
) (*pairAnswer, error) {
	var p Pair
	in.Body.apply(&p)
	keyed := once.With(ctx, in.IdempotencyKey)
	p, err := t.Add(keyed, p)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return answer(&p), nil
}

func (t *Tension) apiReplace(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body NewPair
},
) (*pairAnswer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	p, err := t.Change(ctx, in.ID, int64(version), in.Body.apply)
	if err != nil {
		return nil, apperr.Retold(err, func(now *Pair) any { return bodyOf(now) })
	}
	return answer(&p), nil
}

func (t *Tension) apiDelete(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	return nil, t.Delete(ctx, in.ID)
}

func (t *Tension) apiVerdicts(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{ Body VerdictsBody }, error) {
	p, err := t.Pair(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	s, err := t.look(ctx, p, text.From(ctx).Location)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body VerdictsBody }{Body: VerdictsBody{UpTo: s.upTo.UTC(), Items: []VerdictBody{}}}
	for i, v := range s.verdicts {
		out.Body.Items = append(out.Body.Items, VerdictBody{string(p.Partners[i].Metric), v.Alarm, v.Held, v.Better, v.Worse, v.Process, v.Partner})
	}
	return out, nil
}
