package macro

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tagMacros = "Macros"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagMacros, Description: "Ordered steps under a name, run on tickets as one operation that can be undone."}}
}

// MacroInput is what a macro is made of.
type MacroInput struct {
	Title       string      `json:"title" minLength:"1" maxLength:"80" example:"Wait for the vendor"`
	About       string      `json:"about,omitempty" maxLength:"200" doc:"When to use it."`
	Steps       []MacroStep `json:"steps" minItems:"1" maxItems:"20" nullable:"false"`
	Kinds       []string    `json:"kinds,omitempty" maxItems:"50" doc:"Kinds of ticket it is for; none is all."`
	Condition   string      `json:"condition,omitempty" maxLength:"4096" doc:"A filter that the ticket must fit." example:"state:open"`
	Next        string      `json:"next,omitempty" enum:"stay,next,list" default:"stay" doc:"Where the agent goes when it has run."`
	Audience    string      `json:"audience,omitempty" enum:"mine,group,everyone" default:"mine"`
	GroupID     int64       `json:"group_id,omitempty" minimum:"1" doc:"Whose it is, for the audience group."`
	KeepFiles   []int64     `json:"keep_files,omitempty" maxItems:"10" doc:"When changing: those of its files that stay; the others go."`
	Attachments []int64     `json:"attachments,omitempty" maxItems:"10" doc:"Ids of uploaded files that its reply shall send."`
}

func (in *MacroInput) apply(m *Macro) {
	m.Title, m.About, m.Steps, m.Kinds, m.Condition, m.Next = in.Title, in.About, in.Steps, in.Kinds, in.Condition, Next(in.Next)
	m.Audience, m.GroupID = sharing.Audience(in.Audience), in.GroupID
}

// MacroShown is a macro as the API shows it.
type MacroShown struct {
	ID        int64       `json:"id" example:"4294967600"`
	Title     string      `json:"title" example:"Wait for the vendor"`
	About     string      `json:"about,omitempty"`
	Steps     []MacroStep `json:"steps" nullable:"false"`
	Kinds     []string    `json:"kinds" nullable:"false"`
	Condition string      `json:"condition,omitempty"`
	Next      string      `json:"next" enum:"stay,next,list"`
	Audience  string      `json:"audience" enum:"mine,group,everyone"`
	GroupID   int64       `json:"group_id,omitempty"`
	OwnerID   int64       `json:"owner_id"`
	Uses      int64       `json:"uses" doc:"On how many tickets it was run, by everybody."`
	Files     []MacroFile `json:"files" nullable:"false"`
	UpdatedAt time.Time   `json:"updated_at"`
	Version   int64       `json:"version"`
}

// MacroFile is a file that a macro's reply sends.
type MacroFile struct {
	ID   int64  `json:"id"`
	Name string `json:"name" example:"how-to.pdf"`
	Size int64  `json:"size"`
}

func documentOf(m Macro) MacroShown {
	d := MacroShown{
		ID: m.ID, Title: m.Title, About: m.About, Steps: m.Steps, Kinds: m.Kinds, Condition: m.Condition, Next: string(m.Next), Audience: string(m.Audience),
		GroupID: m.GroupID, OwnerID: m.OwnerID, Uses: m.Uses, Files: []MacroFile{}, UpdatedAt: m.UpdatedAt, Version: m.Version,
	}
	if d.Kinds == nil {
		d.Kinds = []string{}
	}
	return d
}

// documents adds the files of macros, all in one query.
func (s *Macros) documents(ctx context.Context, macros ...Macro) ([]MacroShown, error) {
	ids := make([]int64, len(macros))
	out := make([]MacroShown, len(macros))
	at := make(map[int64]*MacroShown, len(macros))
	for i, m := range macros {
		ids[i], out[i] = m.ID, documentOf(m)
		at[m.ID] = &out[i]
	}
	files, err := s.d.Tickets.Kept(ctx, s.d.DB.Reader(), ids...)
	for _, f := range files {
		d := at[f.KeeperID]
		d.Files = append(d.Files, MacroFile{f.ID, f.Name, f.Size})
	}
	return out, err
}

type answer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body MacroShown
}

func (s *Macros) answer(ctx context.Context, m Macro) (*answer, error) {
	docs, err := s.documents(ctx, m)
	if err != nil {
		return nil, err
	}
	return &answer{openapi.ETag(int(m.Version)), docs[0]}, nil
}

// MacroEffect is what a macro would do, or did, to a ticket.
type MacroEffect struct {
	Ticket  string        `json:"ticket" example:"INC-1042"`
	Outcome string        `json:"outcome" enum:"changed,same,failed" doc:"same: it was so already. failed: refused, and nothing of it was done."`
	Reason  string        `json:"reason,omitempty" doc:"Why it is refused."`
	Changes []MacroChange `json:"changes" nullable:"false"`
	Replies bool          `json:"replies" doc:"It writes to the requester; an undo cannot take that back."`
	Notes   bool          `json:"notes"`
}

// MacroChange is one field before and after, as the ticket holds them.
type MacroChange struct {
	Field string `json:"field" example:"group"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// MacroRun is a run of a macro.
type MacroRun struct {
	OperationID int64         `json:"operation_id" doc:"For undoing it."`
	Effects     []MacroEffect `json:"effects" nullable:"false"`
}

// OnTickets names the tickets a macro is run on.
type OnTickets struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Tickets []string `json:"tickets" minItems:"1" maxItems:"100" nullable:"false" doc:"Numbers." example:"[\"INC-1042\"]"`
	}
}

func (s *Macros) register(h huma.API) {
	step := []MacroStep{{Do: Assign, Assignee: "me"}, {Do: AddNote, Text: "Called {{requester.first_name|them}}."}}
	example := MacroShown{
		ID: 4294967600, Title: "I called", Steps: step, Kinds: []string{}, Next: "stay", Audience: "mine", OwnerID: 4294967312, Uses: 3,
		Files: []MacroFile{}, UpdatedAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Version: 1,
	}
	request := map[string]any{"title": "I called", "steps": []map[string]any{{"do": "assign", "assignee": "me"}, {"do": "note", "text": "Called {{requester.first_name|them}}."}}}
	effects := []MacroEffect{{Ticket: "INC-1042", Outcome: "changed", Changes: []MacroChange{{Field: "assignee", To: "4294967312"}}, Notes: true}}
	one := func(id, method, summary, description string, errors ...int) openapi.Operation {
		return openapi.Operation{ID: id, Method: method, Path: "/macros/{id}", Tag: tagMacros, Summary: summary, Description: description, Errors: errors, Answer: example}
	}
	openapi.Register(h, openapi.Operation{
		ID: "list-macros", Method: http.MethodGet, Path: "/macros", Tag: tagMacros, Summary: "List macros",
		Description: "Your own, those of your groups, and everybody's, by title.", Answer: openapi.Page[MacroShown]{Items: []MacroShown{example}},
	}, s.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-macro", Method: http.MethodPost, Path: "/macros", Tag: tagMacros, Summary: "Make a macro", Status: http.StatusCreated,
		Description: "Sharing needs the permission to share views.", Errors: []int{http.StatusConflict}, Request: request, Answer: example,
	}, s.apiCreate)
	openapi.Register(h, one("get-macro", http.MethodGet, "Read a macro", "One that you have.", 404), s.apiGet)
	replace := one("replace-macro", http.MethodPut, "Change a macro", "What is left out gets its default.", 404, 409, 412, 428)
	replace.Request = request
	openapi.Register(h, replace, s.apiReplace)
	openapi.Register(h, openapi.Operation{
		ID: "delete-macro", Method: http.MethodDelete, Path: "/macros/{id}", Tag: tagMacros, Summary: "Delete a macro", Description: "Nobody has it any more.", Errors: []int{404},
	}, s.apiDelete)
	openapi.Register(h, openapi.Operation{
		ID: "preview-macro", Method: http.MethodPost, Path: "/macros/{id}/preview", Tag: tagMacros, Summary: "Say what a macro would do",
		Description: "Rehearses it on each ticket, with your permissions, and changes nothing.", Errors: []int{404},
		Request: map[string]any{"tickets": []string{"INC-1042"}}, Answer: openapi.Page[MacroEffect]{Items: effects},
	}, s.apiPreview)
	openapi.Register(h, openapi.Operation{
		ID: "run-macro", Method: http.MethodPost, Path: "/macros/{id}/run", Tag: tagMacros, Summary: "Run a macro",
		Description: "Each ticket gets all of its steps or, with the reason, none. The run is one operation and can be undone for a week.", Errors: []int{404, 409},
		Request: map[string]any{"tickets": []string{"INC-1042"}}, Answer: MacroRun{OperationID: 4294967700, Effects: effects},
	}, s.apiRun)
	openapi.Register(h, openapi.Operation{
		ID: "undo-macro", Method: http.MethodPost, Path: "/macro-runs/{id}/undo", Tag: tagMacros, Summary: "Undo a run of a macro", Status: http.StatusNoContent,
		Description: "Gives back every value that is still as the run left it. What was sent stays sent.", Errors: []int{404, 409},
	}, s.apiUndo)
	s.registerExchange(h, example)
}

func (s *Macros) apiList(ctx context.Context, in *struct {
	openapi.Paging
	Query string `query:"q" maxLength:"200" doc:"Words of the title."`
},
) (*openapi.Listed[MacroShown], error) {
	q := Query{Text: in.Query, Limit: in.Limit + 1}
	if in.Cursor != "" {
		var err error
		if q.After, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
			return nil, apperr.InvalidField("cursor", "This is not a cursor of this list.")
		}
	}
	found, err := s.List(ctx, q)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	items, err := s.documents(ctx, found...)
	if err != nil {
		return nil, err
	}
	return openapi.List(ctx, items, next), nil
}

func (s *Macros) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body MacroInput
},
) (*answer, error) {
	var m Macro
	in.Body.apply(&m)
	keyed := once.With(ctx, in.IdempotencyKey)
	m, err := s.Create(keyed, m, Files{Add: in.Body.Attachments})
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return s.answer(ctx, m)
}

func (s *Macros) apiGet(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*answer, error) {
	m, err := s.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, m)
}

func (s *Macros) apiReplace(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body MacroInput
},
) (*answer, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	m, err := s.Change(ctx, in.ID, int64(version), &Files{Keep: in.Body.KeepFiles, Add: in.Body.Attachments}, in.Body.apply)
	if err != nil {
		return nil, apperr.Retold(err, func(now *Macro) any { return documentOf(*now) })
	}
	return s.answer(ctx, m)
}

func (s *Macros) apiDelete(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	_, err := s.Delete(ctx, in.ID)
	return nil, err
}

// ready gives a macro and the tickets it is asked for.
func (s *Macros) ready(ctx context.Context, in *OnTickets) (Macro, []ticket.Ticket, error) {
	m, err := s.Get(ctx, in.ID)
	if err != nil {
		return m, nil, err
	}
	tickets, err := s.d.Tickets.ByNumbers(ctx, in.Body.Tickets)
	if err == nil && len(tickets) < distinct(in.Body.Tickets) {
		err = apperr.New(apperr.NotFound, "One of these tickets does not exist, or you may not see it.")
	}
	// As they were asked for, so that the same request is the same again.
	slices.SortFunc(tickets, func(a, b ticket.Ticket) int {
		return slices.Index(in.Body.Tickets, a.Number) - slices.Index(in.Body.Tickets, b.Number)
	})
	return m, tickets, err
}

func distinct(all []string) int {
	seen := map[string]bool{}
	for _, one := range all {
		seen[one] = true
	}
	return len(seen)
}

func effect(number string, item *ticket.Item) MacroEffect {
	e := MacroEffect{Ticket: number, Outcome: string(item.Outcome), Reason: item.Message, Changes: []MacroChange{}, Replies: item.Wrote.Replied, Notes: item.Wrote.Noted}
	for _, c := range asked(item.Wrote.Changes) {
		e.Changes = append(e.Changes, MacroChange{c.Field, c.From, c.To})
	}
	return e
}

func (s *Macros) apiPreview(ctx context.Context, in *OnTickets) (*openapi.Listed[MacroEffect], error) {
	m, tickets, err := s.ready(ctx, in)
	if err != nil {
		return nil, err
	}
	items, err := s.rehearsed(ctx, &m, tickets)
	if err != nil {
		return nil, err
	}
	effects := make([]MacroEffect, 0, len(tickets))
	for i := range tickets {
		effects = append(effects, effect(tickets[i].Number, items[tickets[i].ID]))
	}
	return openapi.List(ctx, effects, ""), nil
}

func (s *Macros) apiRun(ctx context.Context, in *struct {
	openapi.Once
	OnTickets
},
) (*struct{ Body MacroRun }, error) {
	m, tickets, err := s.ready(ctx, &in.OnTickets)
	if err != nil {
		return nil, err
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	op, err := s.RunMany(keyed, &m, tickets)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	items, err := s.d.Tickets.OperationItems(ctx, &op, ticket.ItemQuery{Limit: 200})
	if err != nil {
		return nil, err
	}
	out := MacroRun{OperationID: op.ID, Effects: []MacroEffect{}}
	for i := range items {
		if items[i].Role == ticket.RoleMeant {
			out.Effects = append(out.Effects, effect(items[i].Ticket.Number, &items[i].Item))
		}
	}
	return &struct{ Body MacroRun }{out}, nil
}

func (s *Macros) apiUndo(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	_, err := s.d.Tickets.Undo(ctx, in.ID)
	return nil, err
}
