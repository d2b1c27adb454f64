package queue

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tagViews = "Views"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagViews, Description: "Lists of tickets under a name: one's own, a group's, everybody's."}}
}

// View is a saved view.
type View struct {
	ID       int64    `json:"id" example:"4294967400"`
	Name     string   `json:"name" example:"My team's printers"`
	Filter   string   `json:"filter" doc:"In the filter language." example:"state:open printer"`
	Sort     string   `json:"sort" doc:"A field, with a minus sign in front for descending." example:"-updated"`
	Columns  []string `json:"columns" nullable:"false" doc:"Keys of columns; none are the default ones."`
	Layout   string   `json:"layout" enum:"list,board,split"`
	By       string   `json:"by,omitempty" doc:"The field whose values are the columns of a board or the groups of a list." example:"state"`
	Limit    string   `json:"work_limit,omitempty" doc:"How many tickets a column of a board may hold before it is marked: 8 for every column, in_progress:5 for one." example:"in_progress:5"`
	Audience string   `json:"audience" enum:"mine,group,everyone"`
	GroupID  int64    `json:"group_id,omitempty" doc:"Whose view it is, for the audience group."`
	OwnerID  int64    `json:"owner_id"`
	Version  int64    `json:"version"`
}

// NewView is what a view is made of.
type NewView struct {
	Name     string   `json:"name" minLength:"1" maxLength:"60"`
	Filter   string   `json:"filter" maxLength:"4096"`
	Sort     string   `json:"sort,omitempty" maxLength:"40" default:"-updated"`
	Columns  []string `json:"columns,omitempty" maxItems:"24"`
	Layout   string   `json:"layout,omitempty" enum:"list,board,split" default:"list"`
	By       string   `json:"by,omitempty" maxLength:"80" doc:"A field of the filter language; a board without one has the states."`
	Limit    string   `json:"work_limit,omitempty" maxLength:"500"`
	Audience string   `json:"audience,omitempty" enum:"mine,group,everyone" default:"mine"`
	GroupID  int64    `json:"group_id,omitempty" minimum:"1"`
}

func (n *NewView) form() viewForm {
	return viewForm{
		Name: strings.TrimSpace(n.Name), Filter: n.Filter, Sort: n.Sort, Columns: strings.Join(n.Columns, ","),
		Layout: n.Layout, By: n.By, Limit: n.Limit, Audience: n.Audience, Group: n.GroupID,
	}
}

func viewOf(v savedView) View {
	columns := splitColumns(v.Columns)
	if columns == nil {
		columns = []string{}
	}
	return View{
		ID: v.ID, Name: v.Name, Filter: v.Filter, Sort: v.Sort, Columns: columns,
		Layout: string(v.Layout), By: v.By, Limit: v.WorkLimit, Audience: string(v.Audience), GroupID: v.GroupID, OwnerID: v.OwnerID, Version: v.Version,
	}
}

// viewAnswer is a view with its version.
type viewAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body View
}

func (q *Queue) register(h huma.API) {
	example := View{ID: 4294967400, Name: "My team's printers", Filter: "state:open printer", Sort: "-updated", Columns: []string{}, Layout: "list", Audience: "mine", OwnerID: 4294967312, Version: 1}
	openapi.Register(h, openapi.Operation{
		ID: "list-views", Method: http.MethodGet, Path: "/views", Tag: tagViews, Summary: "List saved views",
		Description: "Your own, those of your groups, and everybody's; at most 500, in the order of the side list.",
		Answer:      openapi.Page[View]{Items: []View{example}},
	}, q.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-view", Method: http.MethodPost, Path: "/views", Tag: tagViews, Summary: "Save a view", Status: http.StatusCreated,
		Description: "Sharing with a group or with everybody needs the permission to share views.", Errors: []int{http.StatusConflict},
		Request: map[string]any{"name": "My team's printers", "filter": "state:open printer"}, Answer: example,
	}, q.apiCreate)
	openapi.Register(h, openapi.Operation{
		ID: "replace-view", Method: http.MethodPut, Path: "/views/{id}", Tag: tagViews, Summary: "Change a view",
		Description: "What is left out gets its default.", Errors: []int{404, 409, 412, 428},
		Request: map[string]any{"name": "Printers", "filter": "state:open printer", "sort": "priority"}, Answer: example,
	}, q.apiReplace)
	openapi.Register(h, openapi.Operation{
		ID: "delete-view", Method: http.MethodDelete, Path: "/views/{id}", Tag: tagViews, Summary: "Delete a view",
		Description: "It disappears from everybody's list.", Errors: []int{http.StatusNotFound},
	}, q.apiDelete)
}

// worker refuses those who have no desk.
func worker(ctx context.Context) error {
	actor := access.From(ctx)
	switch {
	case actor.Type == "":
		return apperr.New(apperr.Unauthenticated, "Send an API token or sign in.")
	case !WorksTickets(actor):
		return apperr.New(apperr.Forbidden, "Views are for those who work tickets.")
	}
	return nil
}

func (q *Queue) apiList(ctx context.Context, _ *struct{}) (*openapi.Listed[View], error) {
	if err := worker(ctx); err != nil {
		return nil, err
	}
	found, err := q.listViews(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]View, 0, len(found))
	for _, v := range found {
		items = append(items, viewOf(v))
	}
	return openapi.List(ctx, items, ""), nil
}

func (q *Queue) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body NewView
},
) (*viewAnswer, error) {
	if err := worker(ctx); err != nil {
		return nil, err
	}
	form := in.Body.form()
	if err := q.checkList(ctx, &form); err != nil {
		return nil, err
	}
	var v savedView
	form.apply(&v)
	keyed := once.With(ctx, in.IdempotencyKey)
	v, err := q.addView(keyed, v)
	if err != nil {
		return nil, outsideView(err)
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return &viewAnswer{openapi.ETag(int(v.Version)), viewOf(v)}, nil
}

func (q *Queue) apiReplace(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body NewView
},
) (*viewAnswer, error) {
	if err := worker(ctx); err != nil {
		return nil, err
	}
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	form := in.Body.form()
	if err := q.checkList(ctx, &form); err != nil {
		return nil, err
	}
	v, err := q.changeView(ctx, in.ID, int64(version), form.apply)
	if err != nil {
		return nil, outsideView(err)
	}
	return &viewAnswer{openapi.ETag(int(v.Version)), viewOf(v)}, nil
}

func (q *Queue) apiDelete(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	if err := worker(ctx); err != nil {
		return nil, err
	}
	_, err := q.removeView(ctx, in.ID)
	return nil, err
}

// outsideView puts what a conflict carries into the API's words.
func outsideView(err error) error {
	return apperr.Retold(err, func(now *savedView) any { return viewOf(*now) })
}
