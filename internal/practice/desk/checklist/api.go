package checklist

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Checklists"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "What must not be forgotten on a ticket, and the templates it comes from. For those who read internal notes."}}
}

// ListDocument is a checklist of a ticket.
type ListDocument struct {
	ID         int64          `json:"id" example:"4294967600"`
	Name       string         `json:"name" example:"Leaver"`
	TemplateID int64          `json:"template_id,omitempty"`
	Blocks     bool           `json:"blocks" doc:"The ticket cannot be resolved while an item is open."`
	Done       int            `json:"done" doc:"How many items are done."`
	Items      []ItemDocument `json:"items" nullable:"false" doc:"In their order."`
}

// ItemDocument is an item of a checklist.
type ItemDocument struct {
	ID         int64      `json:"id" example:"4294967601"`
	Text       string     `json:"text" example:"Collect the badge"`
	AssigneeID int64      `json:"assignee_id,omitempty"`
	DoneBy     int64      `json:"done_by,omitempty"`
	DoneAt     *time.Time `json:"done_at,omitempty" doc:"Missing while it is open."`
}

// NewList is a list of a template, or one with a name.
type NewList struct {
	Name       string `json:"name,omitempty" maxLength:"100"`
	TemplateID int64  `json:"template_id,omitempty" minimum:"1" doc:"Makes the list of this template; the name is then the template's."`
}

// NewItem is an item to be added.
type NewItem struct {
	Text string `json:"text" minLength:"1" maxLength:"300"`
}

// ItemPatch changes an item; what is absent stays.
type ItemPatch struct {
	Text       *string              `json:"text,omitempty" minLength:"1" maxLength:"300"`
	AssigneeID openapi.Field[int64] `json:"assignee_id,omitempty" doc:"null is nobody."`
	Done       *bool                `json:"done,omitempty"`
	Place      *int                 `json:"place,omitempty" minimum:"1" maximum:"100" doc:"Where the item shall stand, from 1."`
}

// TemplateDocument is a template.
type TemplateDocument struct {
	ID        int64            `json:"id" example:"4294967700"`
	Name      string           `json:"name" example:"Leaver"`
	Items     []string         `json:"items" nullable:"false"`
	Audience  sharing.Audience `json:"audience" enum:"mine,group,everyone"`
	GroupID   int64            `json:"group_id,omitempty"`
	OwnerID   int64            `json:"owner_id"`
	Kind      string           `json:"kind,omitempty" doc:"Key of the kind it is for; missing is every kind."`
	ServiceID int64            `json:"service_id,omitempty" doc:"The service it is for; missing is every service."`
	ByItself  bool             `json:"by_itself" doc:"Comes to new tickets by itself."`
	Filter    string           `json:"filter,omitempty" doc:"Which new tickets, in the filter language."`
	Blocks    bool             `json:"blocks"`
	Version   int64            `json:"version"`
}

// NewTemplate is what a template is made of.
type NewTemplate struct {
	Name      string   `json:"name" minLength:"1" maxLength:"100"`
	Items     []string `json:"items" minItems:"1" maxItems:"100"`
	Audience  string   `json:"audience,omitempty" enum:"mine,group,everyone" default:"mine"`
	GroupID   int64    `json:"group_id,omitempty" minimum:"1"`
	Kind      string   `json:"kind,omitempty" maxLength:"40"`
	ServiceID int64    `json:"service_id,omitempty" minimum:"1"`
	ByItself  bool     `json:"by_itself,omitempty"`
	Filter    string   `json:"filter,omitempty" maxLength:"4096"`
	Blocks    bool     `json:"blocks,omitempty"`
}

func (n *NewTemplate) apply(t *Template) {
	t.Name, t.Items, t.Kind, t.ServiceID = n.Name, n.Items, n.Kind, n.ServiceID
	t.Audience, t.GroupID = sharing.Audience(n.Audience), n.GroupID
	t.ByItself, t.Filter, t.Blocks = n.ByItself, n.Filter, n.Blocks
}

func documentOf(t *Template) TemplateDocument {
	return TemplateDocument{
		ID: t.ID, Name: t.Name, Items: t.Items, Audience: t.Audience, GroupID: t.GroupID, OwnerID: t.OwnerID, Kind: t.Kind, ServiceID: t.ServiceID,
		ByItself: t.ByItself, Filter: t.Filter, Blocks: t.Blocks, Version: t.Version,
	}
}

func itemDocument(i *Item) ItemDocument {
	d := ItemDocument{ID: i.ID, Text: i.Text, AssigneeID: i.AssigneeID, DoneBy: i.DoneBy}
	if i.Done() {
		d.DoneAt = &i.DoneAt
	}
	return d
}

func listDocument(l *List) ListDocument {
	d := ListDocument{ID: l.ID, Name: l.Name, TemplateID: l.TemplateID, Blocks: l.Blocks, Items: []ItemDocument{}}
	d.Done, _ = l.Progress()
	for i := range l.Items {
		d.Items = append(d.Items, itemDocument(&l.Items[i]))
	}
	return d
}

type api struct {
	service *Service
	tickets *ticket.Service
}

func (a api) register(h huma.API) {
	item := ItemDocument{ID: 4294967601, Text: "Collect the badge"}
	list := ListDocument{ID: 4294967600, Name: "Leaver", Blocks: true, Items: []ItemDocument{item}}
	template := TemplateDocument{ID: 4294967700, Name: "Leaver", Items: []string{"Collect the badge"}, Audience: sharing.Everyone, OwnerID: 4294967312, Kind: "request", Version: 1}
	const one = "/tickets/{ref}/checklists"
	openapi.Register(h, openapi.Operation{
		ID: "list-checklists", Method: http.MethodGet, Path: one, Tag: tag, Summary: "List a ticket's checklists",
		Description: "All of them, with their items.", Errors: []int{http.StatusNotFound}, Answer: openapi.Page[ListDocument]{Items: []ListDocument{list}},
	}, a.lists)
	openapi.Register(h, openapi.Operation{
		ID: "add-checklist", Method: http.MethodPost, Path: one, Tag: tag, Summary: "Add a checklist", Status: http.StatusCreated,
		Description: "Made of a template, or empty and with a name.", Errors: []int{404, 409}, Request: map[string]any{"name": "Leaver"}, Answer: list,
	}, a.add)
	openapi.Register(h, openapi.Operation{
		ID: "rename-checklist", Method: http.MethodPut, Path: one + "/{list}", Tag: tag, Summary: "Rename a checklist",
		Description: "Gives it another name.", Errors: []int{http.StatusNotFound}, Request: map[string]any{"name": "Leaver"},
	}, a.rename)
	openapi.Register(h, openapi.Operation{
		ID: "remove-checklist", Method: http.MethodDelete, Path: one + "/{list}", Tag: tag, Summary: "Remove a checklist",
		Description: "One that keeps the ticket from being resolved, and is not done, needs the permission to share views.", Errors: []int{http.StatusNotFound},
	}, a.remove)
	openapi.Register(h, openapi.Operation{
		ID: "add-checklist-item", Method: http.MethodPost, Path: one + "/{list}/items", Tag: tag, Summary: "Add an item", Status: http.StatusCreated,
		Description: "At the end of the list.", Errors: []int{404, 409}, Request: map[string]any{"text": "Collect the badge"}, Answer: item,
	}, a.addItem)
	openapi.Register(h, openapi.Operation{
		ID: "change-checklist-item", Method: http.MethodPatch, Path: one + "/{list}/items/{item}", Tag: tag, Summary: "Change an item",
		Description: "Ticks it off or opens it again, changes its text, gives it to somebody, moves it to another place.", Errors: []int{http.StatusNotFound},
		Request: map[string]any{"done": true}, Answer: item,
	}, a.changeItem)
	openapi.Register(h, openapi.Operation{
		ID: "remove-checklist-item", Method: http.MethodDelete, Path: one + "/{list}/items/{item}", Tag: tag, Summary: "Remove an item",
		Description: "An open one of a list that keeps the ticket from being resolved needs the permission to share views.", Errors: []int{http.StatusNotFound},
	}, a.removeItem)
	a.registerTemplates(h, template)
}

func (a api) registerTemplates(h huma.API, example TemplateDocument) {
	openapi.Register(h, openapi.Operation{
		ID: "list-checklist-templates", Method: http.MethodGet, Path: "/checklist-templates", Tag: tag, Summary: "List templates",
		Description: "Your own, those of your groups, and everybody's; oldest first.", Answer: openapi.Page[TemplateDocument]{Items: []TemplateDocument{example}},
	}, a.templates)
	openapi.Register(h, openapi.Operation{
		ID: "create-checklist-template", Method: http.MethodPost, Path: "/checklist-templates", Tag: tag, Summary: "Create a template", Status: http.StatusCreated,
		Description: "Sharing it needs the permission to share views; only a shared one comes by itself or keeps tickets from being resolved.", Errors: []int{http.StatusConflict},
		Request: map[string]any{"name": "Leaver", "items": []string{"Collect the badge"}}, Answer: example,
	}, a.createTemplate)
	openapi.Register(h, openapi.Operation{
		ID: "replace-checklist-template", Method: http.MethodPut, Path: "/checklist-templates/{id}", Tag: tag, Summary: "Change a template",
		Description: "What is left out gets its default. Lists that were made of it stay as they are.", Errors: []int{404, 409, 412, 428},
		Request: map[string]any{"name": "Leaver", "items": []string{"Collect the badge"}}, Answer: example,
	}, a.replaceTemplate)
	openapi.Register(h, openapi.Operation{
		ID: "delete-checklist-template", Method: http.MethodDelete, Path: "/checklist-templates/{id}", Tag: tag, Summary: "Delete a template",
		Description: "It disappears for everybody. Lists that were made of it stay.", Errors: []int{http.StatusNotFound},
	}, a.deleteTemplate)
}

// OnTicket names a ticket.
type OnTicket struct {
	Ref string `path:"ref" maxLength:"40" doc:"The ticket's number, or its id." example:"INC-1042"`
}

func (t OnTicket) ref() ticket.Ref {
	if id, err := strconv.ParseInt(t.Ref, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(t.Ref)
}

// OnList names one of its lists.
type OnList struct {
	OnTicket
	List int64 `path:"list" minimum:"1"`
}

func (a api) lists(ctx context.Context, in *OnTicket) (*openapi.Listed[ListDocument], error) {
	t, err := a.tickets.Get(ctx, in.ref())
	if err != nil {
		return nil, err
	}
	lists, err := a.service.Of(ctx, &t)
	if err != nil {
		return nil, err
	}
	items := make([]ListDocument, 0, len(lists))
	for i := range lists {
		items = append(items, listDocument(&lists[i]))
	}
	return openapi.List(ctx, items, ""), nil
}

type listAnswer struct{ Body ListDocument }

func (a api) add(ctx context.Context, in *struct {
	openapi.Once
	OnTicket
	Body NewList
},
) (*listAnswer, error) {
	keyed := once.With(ctx, in.IdempotencyKey)
	var l List
	var err error
	if in.Body.TemplateID != 0 {
		l, err = a.service.Attach(keyed, in.ref(), in.Body.TemplateID)
	} else {
		l, err = a.service.Add(keyed, in.ref(), in.Body.Name)
	}
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return &listAnswer{listDocument(&l)}, nil
}

func (a api) rename(ctx context.Context, in *struct {
	OnList
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100"`
	}
},
) (*struct{}, error) {
	return nil, a.service.Rename(ctx, in.ref(), in.List, in.Body.Name)
}

func (a api) remove(ctx context.Context, in *OnList) (*struct{}, error) {
	return nil, a.service.Remove(ctx, in.ref(), in.List)
}

type itemAnswer struct{ Body ItemDocument }

func (a api) addItem(ctx context.Context, in *struct {
	openapi.Once
	OnList
	Body NewItem
},
) (*itemAnswer, error) {
	keyed := once.With(ctx, in.IdempotencyKey)
	i, err := a.service.AddItem(keyed, in.ref(), in.List, in.Body.Text)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return &itemAnswer{itemDocument(&i)}, nil
}

func (a api) changeItem(ctx context.Context, in *struct {
	OnList
	Item int64 `path:"item" minimum:"1"`
	Body ItemPatch
},
) (*itemAnswer, error) {
	i, err := a.service.ChangeItem(ctx, in.ref(), in.List, in.Item, Change{
		Text: in.Body.Text, Assignee: in.Body.AssigneeID.Pointer(), Done: in.Body.Done, Place: in.Body.Place,
	})
	if err != nil {
		return nil, err
	}
	return &itemAnswer{itemDocument(&i)}, nil
}

func (a api) removeItem(ctx context.Context, in *struct {
	OnList
	Item int64 `path:"item" minimum:"1"`
},
) (*struct{}, error) {
	return nil, a.service.RemoveItem(ctx, in.ref(), in.List, in.Item)
}

func (a api) templates(ctx context.Context, in *openapi.Paging) (*openapi.Listed[TemplateDocument], error) {
	after, err := in.After()
	if err != nil {
		return nil, err
	}
	found, err := a.service.Templates(ctx, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	items := make([]TemplateDocument, 0, len(found))
	for i := range found {
		items = append(items, documentOf(&found[i]))
	}
	return openapi.List(ctx, items, next), nil
}

type templateAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body TemplateDocument
}

func (a api) createTemplate(ctx context.Context, in *struct {
	openapi.Once
	Body NewTemplate
},
) (*templateAnswer, error) {
	var t Template
	in.Body.apply(&t)
	keyed := once.With(ctx, in.IdempotencyKey)
	t, err := a.service.CreateTemplate(keyed, t)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return &templateAnswer{openapi.ETag(int(t.Version)), documentOf(&t)}, nil
}

func (a api) replaceTemplate(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body NewTemplate
},
) (*templateAnswer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	t, err := a.service.ChangeTemplate(ctx, in.ID, int64(version), in.Body.apply)
	if err != nil {
		return nil, outside(err)
	}
	return &templateAnswer{openapi.ETag(int(t.Version)), documentOf(&t)}, nil
}

func (a api) deleteTemplate(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	_, err := a.service.DeleteTemplate(ctx, in.ID)
	return nil, err
}

// outside puts what a conflict carries into the API's words.
func outside(err error) error {
	return apperr.Retold(err, func(now *Template) any { return documentOf(now) })
}
