package dashboard

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Dashboards"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Boards of figures: the product's, one's own, and shared ones."}}
}

// BoardBody is a board.
type BoardBody struct {
	Ref      string     `json:"ref" doc:"Names the board in addresses." example:"d4294967400"`
	Name     string     `json:"name" example:"My team's week"`
	Audience string     `json:"audience" enum:"mine,group,role,everyone"`
	GroupID  int64      `json:"group_id,omitempty"`
	Role     string     `json:"role,omitempty"`
	BuiltIn  bool       `json:"built_in"`
	Tiles    []TileBody `json:"tiles" nullable:"false"`
	Version  int64      `json:"version"`
}

// TileBody is a tile.
type TileBody struct {
	Title  string `json:"title,omitempty" maxLength:"80"`
	Metric string `json:"metric" maxLength:"80" example:"volume_in"`
	Kind   string `json:"kind" enum:"number,line,bars,stacked,ranked,heat"`
	Cut    string `json:"cut,omitempty" maxLength:"80" doc:"What the figure is divided by." example:"service"`
	Step   string `json:"step,omitempty" enum:"day,week,month,quarter"`
	Days   int    `json:"days,omitempty" minimum:"0" maximum:"3660" doc:"0 follows the board's period."`
	Size   string `json:"size,omitempty" enum:"s,m,l" default:"m"`
	Filter string `json:"filter,omitempty" maxLength:"1000"`
}

// NewBoard is what a board is made of.
type NewBoard struct {
	Name     string     `json:"name" minLength:"1" maxLength:"80"`
	Audience string     `json:"audience,omitempty" enum:"mine,group,role,everyone" default:"mine"`
	GroupID  int64      `json:"group_id,omitempty" minimum:"1"`
	Role     string     `json:"role,omitempty" maxLength:"80"`
	Tiles    []TileBody `json:"tiles,omitempty" maxItems:"24"`
}

// FigureBody is a tile's answer.
type FigureBody struct {
	Title  string      `json:"title"`
	Metric string      `json:"metric"`
	Unit   string      `json:"unit"`
	From   string      `json:"from,omitempty" doc:"The first day."`
	To     string      `json:"to,omitempty" doc:"The last day."`
	Value  *float64    `json:"value,omitempty" doc:"Missing when there was nothing to compute it from."`
	Count  int64       `json:"count" doc:"What it was computed from."`
	Points []PointBody `json:"points" nullable:"false"`
	Slices []SliceBody `json:"slices" nullable:"false"`
	Wrong  string      `json:"wrong,omitempty" doc:"Why this tile has no answer."`
}

// PointBody is one step of a series.
type PointBody struct {
	From    string   `json:"from"`
	Value   *float64 `json:"value,omitempty"`
	Partial bool     `json:"partial,omitempty" doc:"Not over yet."`
}

// SliceBody is one part of a cut.
type SliceBody struct {
	Key   string   `json:"key"`
	Label string   `json:"label"`
	Rest  bool     `json:"rest,omitempty" doc:"All that is beyond the largest."`
	Value *float64 `json:"value,omitempty"`
}

func bodyOf(b *Board) BoardBody {
	out := BoardBody{Ref: b.ref(), Name: b.Name, Audience: string(b.Audience), GroupID: b.GroupID, Role: b.Role, BuiltIn: b.Key != "", Version: b.Version, Tiles: []TileBody{}}
	for _, t := range b.Tiles {
		out.Tiles = append(out.Tiles, TileBody{t.Title, string(t.Metric), string(t.Kind), string(t.Cut), string(t.Step), t.Days, string(t.Size), t.Filter})
	}
	return out
}

func (n *NewBoard) apply(b *Board) {
	b.Name, b.Audience, b.GroupID, b.Role, b.Tiles = strings.TrimSpace(n.Name), sharing.Audience(n.Audience), n.GroupID, n.Role, nil
	for _, t := range n.Tiles {
		b.Tiles = append(b.Tiles, Tile{t.Title, metric.Key(t.Metric), Kind(t.Kind), metric.Cut(t.Cut), metric.Period(t.Step), t.Days, Size(t.Size), t.Filter})
	}
}

type boardAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body BoardBody
}

func answer(b *Board) *boardAnswer { return &boardAnswer{openapi.ETag(int(b.Version)), bodyOf(b)} }

func (d *Dashboards) register(h huma.API) {
	example := BoardBody{Ref: "d4294967400", Name: "My team's week", Audience: "mine", Version: 1, Tiles: []TileBody{{Metric: "volume_in", Kind: "number", Size: "s", Step: "week"}}}
	request := map[string]any{"name": "My team's week", "tiles": []any{map[string]any{"metric": "volume_in", "kind": "number"}}}
	openapi.Register(h, openapi.Operation{
		ID: "list-dashboards", Method: http.MethodGet, Path: "/dashboards", Tag: tag, Summary: "List boards",
		Description: "The product's boards, then yours and those shared with you; at most 200.", Answer: openapi.Page[BoardBody]{Items: []BoardBody{example}},
	}, d.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-dashboard", Method: http.MethodPost, Path: "/dashboards", Tag: tag, Summary: "Make a board", Status: http.StatusCreated,
		Description: "Sharing needs the permission to share views.", Errors: []int{http.StatusConflict}, Request: request, Answer: example,
	}, d.apiCreate)
	openapi.Register(h, openapi.Operation{
		ID: "get-dashboard", Method: http.MethodGet, Path: "/dashboards/{ref}", Tag: tag, Summary: "Get a board",
		Description: "What it asks, without the answers.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, d.apiGet)
	openapi.Register(h, openapi.Operation{
		ID: "replace-dashboard", Method: http.MethodPut, Path: "/dashboards/{ref}", Tag: tag, Summary: "Change a board",
		Description: "What is left out gets its default.", Errors: []int{404, 409, 412, 428}, Request: request, Answer: example,
	}, d.apiReplace)
	openapi.Register(h, openapi.Operation{
		ID: "delete-dashboard", Method: http.MethodDelete, Path: "/dashboards/{ref}", Tag: tag, Summary: "Delete a board",
		Description: "It disappears for everybody.", Errors: []int{http.StatusNotFound},
	}, d.apiDelete)
	openapi.Register(h, openapi.Operation{
		ID: "get-dashboard-figures", Method: http.MethodGet, Path: "/dashboards/{ref}/figures", Tag: tag, Summary: "Get the figures of a board",
		Description: "In the order of its tiles, over the tickets you may view and export. Shares are parts of one, times are seconds.", Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[FigureBody]{Items: []FigureBody{{Title: "Tickets opened", Metric: "volume_in", Unit: "tickets", Count: 12, Points: []PointBody{}, Slices: []SliceBody{}}}},
	}, d.apiFigures)
}

func (d *Dashboards) apiList(ctx context.Context, _ *struct{}) (*openapi.Listed[BoardBody], error) {
	boards, err := d.List(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]BoardBody, 0, len(boards))
	for i := range boards {
		items = append(items, bodyOf(&boards[i]))
	}
	return openapi.List(ctx, items, ""), nil
}

// BoardRef names a board.
type BoardRef struct {
	Ref string `path:"ref" maxLength:"40"`
}

func (d *Dashboards) apiGet(ctx context.Context, in *BoardRef) (*boardAnswer, error) {
	b, err := d.Board(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	return answer(&b), nil
}

func (d *Dashboards) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body NewBoard
},
) (*boardAnswer, error) {
	var b Board
	in.Body.apply(&b)
	keyed := once.With(ctx, in.IdempotencyKey)
	b, err := d.Add(keyed, b)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return answer(&b), nil
}

func (d *Dashboards) apiReplace(ctx context.Context, in *struct {
	openapi.Changing
	BoardRef
	Body NewBoard
},
) (*boardAnswer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	var asked Board
	in.Body.apply(&asked)
	if err := d.checkWhole(ctx, &asked); err != nil {
		return nil, err
	}
	b, err := d.Change(ctx, in.Ref, int64(version), func(b *Board) error {
		in.Body.apply(b)
		return nil
	})
	if err != nil {
		return nil, outside(err)
	}
	return answer(&b), nil
}

// outside puts what a conflict carries into the API's words.
func outside(err error) error {
	return apperr.Retold(err, func(now *Board) any { return bodyOf(now) })
}

func (d *Dashboards) apiDelete(ctx context.Context, in *BoardRef) (*struct{}, error) {
	_, err := d.Delete(ctx, in.Ref)
	return nil, err
}

func (d *Dashboards) apiFigures(ctx context.Context, in *struct {
	BoardRef
	Filter string `query:"q" maxLength:"4096" doc:"A filter for all tiles."`
	Days   int    `query:"days" minimum:"0" maximum:"3660" doc:"The period of tiles without one of their own; 0 is 28."`
	To     string `query:"to" maxLength:"10" doc:"The last day, 2026-11-21; without it, today."`
},
) (*openapi.Listed[FigureBody], error) {
	b, err := d.Board(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	v := url.Values{"q": {in.Filter}, "to": {in.To}}
	if in.Days > 0 {
		v.Set("days", strconv.Itoa(in.Days))
	}
	l, err := d.lookOf(ctx, v)
	if err != nil {
		return nil, err
	}
	if l.Wrong != nil {
		return nil, apperr.InvalidField("q", "%s", l.Wrong.Msg)
	}
	answers, err := d.compute(ctx, &b, l)
	if err != nil {
		return nil, err
	}
	items := make([]FigureBody, 0, len(answers))
	for i := range answers {
		items = append(items, answers[i].body(ctx))
	}
	return openapi.List(ctx, items, ""), nil
}

func (a *drawn) body(ctx context.Context) FigureBody {
	const day = "2006-01-02"
	f := FigureBody{Title: a.title(ctx), Metric: string(a.tile.Metric), Unit: string(a.result.Definition.Unit), Points: []PointBody{}, Slices: []SliceBody{}, Wrong: a.wrong}
	if a.wrong != "" {
		return f
	}
	r := &a.result
	f.From, f.To = r.Query.From.Format(day), r.Query.To.AddDate(0, 0, -1).Format(day)
	f.Value, f.Count = number(r.Figure), r.Count
	for _, p := range r.Points {
		f.Points = append(f.Points, PointBody{p.From.Format(day), number(p.Figure), p.Partial})
	}
	for _, s := range r.Slices {
		f.Slices = append(f.Slices, SliceBody{s.Key, sliceLabel(ctx, s), s.Rest, number(s.Figure)})
	}
	return f
}

func number(f metric.Figure) *float64 {
	if v := f.OrNaN(); !math.IsNaN(v) && !math.IsInf(v, 0) {
		return &v
	}
	return nil
}
