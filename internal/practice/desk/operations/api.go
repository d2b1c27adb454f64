package operations

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Many at once"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Bulk edit, merge, split and change of kind. Each is an operation that can be undone for a week: what somebody changed meanwhile stays."}}
}

// OperationDoc is an operation as the API shows it.
type OperationDoc struct {
	ID        int64          `json:"id" example:"4294967500"`
	Kind      string         `json:"kind" enum:"bulk,merge,split,convert,macro"`
	Title     string         `json:"title,omitempty" doc:"What tells it from others: a macro's name."`
	State     string         `json:"state" enum:"running,done,undoing,undone" doc:"Large ones are running for a while: ask again."`
	By        int64          `json:"by" doc:"The person who did it."`
	CreatedAt time.Time      `json:"created_at"`
	UndoUntil time.Time      `json:"undo_until"`
	UndoneAt  *time.Time     `json:"undone_at,omitempty"`
	UndoneBy  int64          `json:"undone_by,omitempty"`
	Counts    map[string]int `json:"counts,omitempty" doc:"Of one's own operations: how many tickets were changed, same, failed, waiting, undone, partly, kept."`
	MayUndo   bool           `json:"may_undo"`
}

// OperationTicket is what an operation did to a ticket.
type OperationTicket struct {
	Number  string    `json:"number" example:"INC-1042"`
	Title   string    `json:"title"`
	Role    string    `json:"role" enum:"meant,followed,made" doc:"followed: changed by what was done to another one."`
	Outcome string    `json:"outcome" enum:"waiting,changed,same,failed,undone,partly,kept"`
	Message string    `json:"message,omitempty" doc:"Why it failed."`
	Kept    []KeptDoc `json:"kept,omitempty" nullable:"false" doc:"What an undo could not give back."`
}

// KeptDoc is something that an undo could not give back.
type KeptDoc struct {
	Field   string     `json:"field,omitempty" example:"group"`
	Why     string     `json:"why" enum:"changed,sent,noted,worked_on,forbidden,impossible,replies"`
	By      int64      `json:"by,omitempty" doc:"The person who changed it meanwhile."`
	At      *time.Time `json:"at,omitempty"`
	Message string     `json:"message"`
}

// BulkEdit says what is to be done to which tickets.
type BulkEdit struct {
	Tickets []string `json:"tickets,omitempty" maxItems:"500" doc:"Numbers; or filter." example:"INC-7"`
	Filter  *string  `json:"filter,omitempty" maxLength:"2000" doc:"All tickets that match, at most 5,000."`
	DryRun  bool     `json:"dry_run,omitempty" doc:"Tell what would happen to the first 300, and do nothing."`

	GroupID        *int64   `json:"group_id,omitempty" doc:"0 takes it away."`
	AssigneeID     *int64   `json:"assignee_id,omitempty" doc:"0 takes it away."`
	ServiceID      *int64   `json:"service_id,omitempty" doc:"0 takes it away."`
	Impact         int      `json:"impact,omitempty" minimum:"1"`
	Urgency        int      `json:"urgency,omitempty" minimum:"1"`
	AddTags        []string `json:"add_tags,omitempty" maxItems:"30"`
	RemoveTags     []string `json:"remove_tags,omitempty" maxItems:"30"`
	Watch          *bool    `json:"watch,omitempty" doc:"Make yourself a watcher, or end that."`
	Parent         string   `json:"parent,omitempty" maxLength:"40" doc:"Number of the ticket whose children they become."`
	LinkType       string   `json:"link_type,omitempty" enum:"related,duplicate_of,caused_by"`
	Link           string   `json:"link,omitempty" maxLength:"40" doc:"Number of the ticket each of them is linked to."`
	Transition     string   `json:"transition,omitempty" maxLength:"60" example:"resolve"`
	Reason         string   `json:"reason,omitempty" maxLength:"60" doc:"What they wait for."`
	ResolutionCode string   `json:"resolution_code,omitempty" maxLength:"60"`
	Resolution     string   `json:"resolution,omitempty" maxLength:"100000"`
	Message        string   `json:"message,omitempty" maxLength:"100000" doc:"Markdown, to each of them."`
	Public         bool     `json:"public,omitempty" doc:"The message is for the requesters."`
}

func (b *BulkEdit) wish() Bulk {
	return Bulk{
		GroupID: b.GroupID, AssigneeID: b.AssigneeID, ServiceID: b.ServiceID, Impact: b.Impact, Urgency: b.Urgency, AddTags: b.AddTags, RemoveTags: b.RemoveTags,
		Watch: b.Watch, Parent: b.Parent, LinkType: b.LinkType, Link: b.Link, Transition: b.Transition, Reason: b.Reason,
		ResolutionCode: b.ResolutionCode, Resolution: b.Resolution, Message: b.Message, Public: b.Public,
	}
}

// Done is an operation with the tickets that it did not change, or, of a dry run,
// with all that it looked at.
type Done struct {
	Operation *OperationDoc     `json:"operation,omitempty" doc:"Missing for a dry run."`
	Tickets   []OperationTicket `json:"tickets" nullable:"false" doc:"Those that failed, at most 200; of a dry run those it looked at."`
	Unknown   []string          `json:"unknown,omitempty" nullable:"false" doc:"Numbers that no ticket has which you may see."`
	Ahead     []string          `json:"ahead,omitempty" nullable:"false" doc:"Of a dry run of a merge: what would happen, in sentences."`
}

// WhichTicket names a ticket in an address.
type WhichTicket struct {
	Ref string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
}

func (o *Operations) register(h huma.API) {
	at := time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)
	example := OperationDoc{
		ID: 4294967500, Kind: "bulk", State: "done", By: 4294967312, CreatedAt: at, UndoUntil: at.Add(ticket.UndoFor), Counts: map[string]int{"changed": 12, "failed": 1}, MayUndo: true,
	}
	refused := OperationTicket{Number: "INC-1042", Title: "Printer jams", Role: "meant", Outcome: "failed", Message: "Choose how it was resolved."}
	single := Done{Operation: &example, Tickets: []OperationTicket{}}
	openapi.Register(h, openapi.Operation{
		ID: "edit-many-tickets", Method: http.MethodPost, Path: "/tickets/bulk-edit", Tag: tag, Summary: "Edit many tickets",
		Description: "Each ticket is checked by itself; one that refuses keeps no other from being changed. Up to 300 are changed at once, more by a job: the operation is then running.",
		Errors:      []int{http.StatusConflict}, Request: map[string]any{"filter": "tag:printer state:open", "group_id": 4294967400},
		Answer: Done{Operation: &example, Tickets: []OperationTicket{refused}},
	}, o.apiBulk)
	openapi.Register(h, openapi.Operation{
		ID: "merge-tickets", Method: http.MethodPost, Path: "/tickets/{ref}/merge", Tag: tag, Summary: "Merge tickets into this one",
		Description: "The others end and say where they went; what is written to them lands here. Nobody reads through a merge what they could not read before.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Request: map[string]any{"tickets": []string{"INC-7"}}, Answer: single,
	}, o.apiMerge)
	openapi.Register(h, openapi.Operation{
		ID: "split-ticket", Method: http.MethodPost, Path: "/tickets/{ref}/split", Tag: tag, Summary: "Open a ticket out of a message", Status: http.StatusCreated,
		Description: "An internal note goes along as a note. Undo cancels the new ticket if nobody has touched it. A dry run answers 200.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Request: map[string]any{"seq": 4, "kind": "incident", "title": "Phone is broken"},
		Answer: SplitDone{Number: "INC-1043", Operation: &example},
	}, o.apiSplit)
	openapi.Register(h, openapi.Operation{
		ID: "convert-ticket", Method: http.MethodPost, Path: "/tickets/{ref}/convert", Tag: tag, Summary: "Change a ticket's kind",
		Description: "It gets a number of the new kind; the old one goes on finding it. Custom fields that both kinds have stay.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Request: map[string]any{"kind": "request"}, Answer: SplitDone{Number: "REQ-12", Operation: &example},
	}, o.apiConvert)
	openapi.Register(h, openapi.Operation{
		ID: "list-operations", Method: http.MethodGet, Path: "/operations", Tag: tag, Summary: "List operations",
		Description: "What you did, the latest first; with everybody also what others did to tickets that you see.", Answer: openapi.Page[OperationDoc]{Items: []OperationDoc{example}},
	}, o.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "get-operation", Method: http.MethodGet, Path: "/operations/{id}", Tag: tag, Summary: "Read an operation",
		Description: "How far it is, and how it came out.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, o.apiGet)
	openapi.Register(h, openapi.Operation{
		ID: "list-operation-tickets", Method: http.MethodGet, Path: "/operations/{id}/tickets", Tag: tag, Summary: "List the tickets of an operation",
		Description: "Those that you may see, in the order in which they were done.", Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[OperationTicket]{Items: []OperationTicket{refused}},
	}, o.apiItems)
	openapi.Register(h, openapi.Operation{
		ID: "undo-operation", Method: http.MethodPost, Path: "/operations/{id}/undo", Tag: tag, Summary: "Undo an operation",
		Description: "By whoever did it, or by somebody who may edit many at once and has the same rights. Fields that still hold what was written are given back; the tickets say what is not.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Answer: example,
	}, o.apiUndo)
}

func (o *Operations) document(ctx context.Context, op *ticket.Operation) OperationDoc {
	d := OperationDoc{
		ID: op.ID, Kind: string(op.Kind), Title: op.Title, State: string(op.State), By: op.Actor.ID, CreatedAt: op.CreatedAt, UndoUntil: op.UndoUntil,
		UndoneBy: op.UndoneBy, MayUndo: o.d.Tickets.MayUndo(ctx, op),
	}
	if !op.UndoneAt.IsZero() {
		d.UndoneAt = &op.UndoneAt
	}
	for outcome, n := range op.Counts {
		if d.Counts == nil {
			d.Counts = map[string]int{}
		}
		d.Counts[string(outcome)] = n
	}
	return d
}

func itemDocument(ctx context.Context, i *ticket.ItemOf) OperationTicket {
	d := OperationTicket{Number: i.Ticket.Number, Title: i.Ticket.Title, Role: string(i.Role), Outcome: string(i.Outcome), Message: i.Message}
	for _, k := range i.Kept {
		one := KeptDoc{Field: k.Field, Why: string(k.Why), By: k.By.ID, Message: kept(ctx, k, "")}
		if !k.At.IsZero() {
			one.At = &k.At
		}
		d.Kept = append(d.Kept, one)
	}
	return d
}

// apiRef reads a number or an id.
func apiRef(s string) ticket.Ref {
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(s)
}

type doneAnswer struct{ Body Done }

// selected gives the selection a request names, and the numbers nobody has.
func (o *Operations) selected(ctx context.Context, in *BulkEdit) (Selection, []string, error) {
	if in.Filter != nil {
		if len(in.Tickets) > 0 {
			return Selection{}, nil, apperr.InvalidField("filter", "Name tickets or a filter, not both.")
		}
		return Selection{Filter: in.Filter}, nil, nil
	}
	var sel Selection
	var unknown []string
	for rest := in.Tickets; len(rest) > 0; {
		n := min(200, len(rest))
		found, err := o.d.Tickets.Referred(ctx, rest[:n])
		if err != nil {
			return sel, nil, err
		}
		for _, number := range rest[:n] {
			if t, ok := found[upper(number)]; ok {
				sel.IDs = append(sel.IDs, t.ID)
			} else if !slices.ContainsFunc(unknown, func(u string) bool { return upper(u) == upper(number) }) {
				unknown = append(unknown, number)
			}
		}
		rest = rest[n:]
	}
	return sel, unknown, nil
}

func (o *Operations) apiBulk(ctx context.Context, in *struct {
	openapi.Once
	Body BulkEdit
},
) (*doneAnswer, error) {
	if err := access.From(ctx).Require(access.Bulk, access.AnyKind); err != nil {
		return nil, err
	}
	sel, unknown, err := o.selected(ctx, &in.Body)
	if err != nil {
		return nil, err
	}
	if in.Body.DryRun {
		return o.apiRehearse(ctx, sel, in.Body.wish(), unknown)
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	op, err := o.Do(keyed, sel, in.Body.wish())
	if err != nil {
		return nil, err
	}
	return o.answer(keyed, &op, unknown)
}

// answer is an operation with the tickets it did not change.
func (o *Operations) answer(ctx context.Context, op *ticket.Operation, unknown []string) (*doneAnswer, error) {
	if once.Replayed(ctx) {
		openapi.Replayed(ctx)
	}
	failed, err := o.d.Tickets.OperationItems(ctx, op, ticket.ItemQuery{Outcomes: []ticket.ItemOutcome{ticket.OutcomeFailed}, Limit: 200})
	if err != nil {
		return nil, err
	}
	doc := o.document(ctx, op)
	out := Done{Operation: &doc, Tickets: []OperationTicket{}, Unknown: unknown}
	for i := range failed {
		out.Tickets = append(out.Tickets, itemDocument(ctx, &failed[i]))
	}
	return &doneAnswer{out}, nil
}

func (o *Operations) apiRehearse(ctx context.Context, sel Selection, wish Bulk, unknown []string) (*doneAnswer, error) {
	items, _, err := o.Rehearse(ctx, sel, wish)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(items))
	for i := range items {
		ids[i] = items[i].TicketID
	}
	seen := map[int64]ticket.Ticket{}
	for rest := ids; len(rest) > 0; {
		n := min(200, len(rest))
		found, err := o.d.Tickets.ByIDs(ctx, rest[:n])
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			seen[t.ID] = t
		}
		rest = rest[n:]
	}
	out := Done{Tickets: []OperationTicket{}, Unknown: unknown}
	for i := range items {
		if t, ok := seen[items[i].TicketID]; ok {
			out.Tickets = append(out.Tickets, itemDocument(ctx, &ticket.ItemOf{Item: items[i], Ticket: t}))
		}
	}
	return &doneAnswer{out}, nil
}

func (o *Operations) apiMerge(ctx context.Context, in *struct {
	openapi.Once
	WhichTicket
	Body struct {
		Tickets []string `json:"tickets" minItems:"1" maxItems:"50" doc:"Numbers of the tickets that end." example:"INC-7"`
		DryRun  bool     `json:"dry_run,omitempty" doc:"Tell what would happen, and do nothing."`
	}
},
) (*doneAnswer, error) {
	t, err := o.d.Tickets.Get(ctx, apiRef(in.Ref))
	if err != nil {
		return nil, err
	}
	if in.Body.DryRun {
		ahead, err := o.mergeAhead(ctx, t.Number, in.Body.Tickets)
		if err != nil {
			return nil, err
		}
		return &doneAnswer{Done{Tickets: []OperationTicket{}, Ahead: ahead}}, nil
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	op, err := o.d.Tickets.Merge(keyed, apiRef(in.Ref), refs(in.Body.Tickets))
	if err != nil {
		return nil, err
	}
	return o.answer(keyed, &op, nil)
}

// SplitWish is a ticket out of a message.
type SplitWish struct {
	Seq         int     `json:"seq" minimum:"1" doc:"Of the message, in the timeline."`
	Kind        string  `json:"kind" maxLength:"60" example:"incident"`
	Title       string  `json:"title" maxLength:"250"`
	Description string  `json:"description,omitempty" maxLength:"1000000" doc:"Markdown, for the requester."`
	RequesterID int64   `json:"requester_id,omitempty" doc:"The ticket's requester without."`
	ServiceID   int64   `json:"service_id,omitempty"`
	Files       []int64 `json:"files,omitempty" maxItems:"50" doc:"Ids of the message's files that go along."`
	DryRun      bool    `json:"dry_run,omitempty" doc:"Tell what would happen, and do nothing."`
}

// SplitDone is what came of a split or a change of kind, or, of a dry run, what would.
type SplitDone struct {
	Number    string        `json:"number,omitempty" doc:"Of the new ticket, or as the new kind. Missing for a dry run."`
	Operation *OperationDoc `json:"operation,omitempty" doc:"Missing for a dry run."`
	Ahead     []string      `json:"ahead,omitempty" nullable:"false" doc:"Of a dry run: what would happen, in sentences."`
}

type splitAnswer struct {
	Status int
	Body   SplitDone
}

// foreseen answers a dry run: nothing was made.
func foreseen(ahead []string, err error) (*splitAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &splitAnswer{http.StatusOK, SplitDone{Ahead: ahead}}, nil
}

func (o *Operations) apiSplit(ctx context.Context, in *struct {
	openapi.Once
	WhichTicket
	Body SplitWish
},
) (*splitAnswer, error) {
	t, err := o.d.Tickets.Get(ctx, apiRef(in.Ref))
	if err != nil {
		return nil, err
	}
	if in.Body.RequesterID == 0 {
		in.Body.RequesterID = t.RequesterID
	}
	wish := ticket.SplitWish{Seq: in.Body.Seq, Files: in.Body.Files, Create: ticket.Create{
		Kind: in.Body.Kind, Title: in.Body.Title, Description: ticket.Markdown(in.Body.Description), RequesterID: in.Body.RequesterID,
		ServiceID: in.Body.ServiceID, Channel: "api",
	}}
	if in.Body.DryRun {
		message, err := o.d.Tickets.Message(ctx, &t, in.Body.Seq)
		if err != nil {
			return nil, err
		}
		return foreseen(o.splitAhead(ctx, &t, &message, wish))
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	op, made, err := o.d.Tickets.Split(keyed, ticket.ByID(t.ID), wish)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	doc := o.document(ctx, &op)
	return &splitAnswer{http.StatusCreated, SplitDone{Number: made.Number, Operation: &doc}}, nil
}

func (o *Operations) apiConvert(ctx context.Context, in *struct {
	openapi.Once
	WhichTicket
	Body struct {
		Kind   string            `json:"kind" maxLength:"60" example:"request"`
		Fields map[string]string `json:"fields,omitempty" doc:"Custom fields that the new kind needs."`
		DryRun bool              `json:"dry_run,omitempty" doc:"Tell what would happen, and do nothing."`
	}
},
) (*splitAnswer, error) {
	t, err := o.d.Tickets.Get(ctx, apiRef(in.Ref))
	if err != nil {
		return nil, err
	}
	wish := ticket.Conversion{Kind: in.Body.Kind, Fields: in.Body.Fields}
	if in.Body.DryRun {
		return foreseen(o.convertAhead(ctx, &t, wish))
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	op, err := o.d.Tickets.Convert(keyed, ticket.ByID(t.ID), wish)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	now, err := o.d.Tickets.Get(ctx, ticket.ByID(t.ID))
	doc := o.document(ctx, &op)
	return &splitAnswer{http.StatusOK, SplitDone{Number: now.Number, Operation: &doc}}, err
}

func (o *Operations) apiList(ctx context.Context, in *struct {
	openapi.Paging
	Everybody bool `query:"everybody" doc:"Also what others did."`
},
) (*openapi.Listed[OperationDoc], error) {
	before, err := in.After()
	if err != nil {
		return nil, err
	}
	q := ticket.OperationQuery{Everybody: in.Everybody, Limit: min(in.Limit, 100), Before: before}
	found, more, err := o.d.Tickets.Operations(ctx, q)
	if err != nil {
		return nil, err
	}
	items := make([]OperationDoc, 0, len(found))
	for i := range found {
		items = append(items, o.document(ctx, &found[i]))
	}
	next := ""
	if more {
		next = strconv.FormatInt(found[len(found)-1].ID, 10)
	}
	return openapi.List(ctx, items, next), nil
}

// WhichOperation names an operation in an address.
type WhichOperation struct {
	ID int64 `path:"id" minimum:"1"`
}

type operationAnswer struct{ Body OperationDoc }

func (o *Operations) apiGet(ctx context.Context, in *WhichOperation) (*operationAnswer, error) {
	op, err := o.d.Tickets.Operation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &operationAnswer{o.document(ctx, &op)}, nil
}

func (o *Operations) apiItems(ctx context.Context, in *struct {
	WhichOperation
	openapi.Paging
},
) (*openapi.Listed[OperationTicket], error) {
	op, err := o.d.Tickets.Operation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	q := ticket.ItemQuery{Limit: min(in.Limit, 199) + 1}
	if in.Cursor != "" {
		if q.After, q.AfterID, err = itemCursor(in.Cursor); err != nil {
			return nil, err
		}
	}
	found, err := o.d.Tickets.OperationItems(ctx, &op, q)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) == q.Limit {
		found = found[:q.Limit-1]
		last := &found[len(found)-1]
		next = strconv.Itoa(last.Place) + "-" + strconv.FormatInt(last.TicketID, 10)
	}
	items := make([]OperationTicket, 0, len(found))
	for i := range found {
		items = append(items, itemDocument(ctx, &found[i]))
	}
	return openapi.List(ctx, items, next), nil
}

func (o *Operations) apiUndo(ctx context.Context, in *WhichOperation) (*operationAnswer, error) {
	op, err := o.Undo(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &operationAnswer{o.document(ctx, &op)}, nil
}
