package operations

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/operations/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind ids, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
}

// Directory looks groups and people up, as far as the actor may.
type Directory interface {
	SuggestPeople(ctx context.Context, text string) ([]people.Suggestion, error)
	SuggestMembers(ctx context.Context, group int64, text string) ([]people.Suggestion, error)
	SuggestGroups(ctx context.Context, text string) ([]people.Suggestion, error)
}

// Services names and finds services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	Suggest(ctx context.Context, text string) ([]service.Suggestion, error)
}

// Deps are what the room leans on.
type Deps struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Names     Names
	Directory Directory
	Services  Services
	Jobs      *jobs.Queue
	// As gives a context in which a person acts, for what is done by a job.
	As func(ctx context.Context, person int64) (context.Context, error)
	// Reading gives a context in which a person acts and reads in their language.
	Reading func(ctx context.Context, person int64) (context.Context, error)
	Notices Notices
	Now     func() time.Time
	// Recent gives the ids of the tickets the actor opened last, for finding the
	// one to merge with; nil offers none.
	Recent func(ctx context.Context, most int) ([]int64, error)
	Frame  module.Frame
	HTTPS  bool // cookies travel over https only
}

// Operations carries out what touches many tickets.
type Operations struct {
	d   Deps
	job *jobs.Kind[part]
}

// part is the job that does the next part of an operation, or undoes it.
type part struct {
	Operation int64 `json:"operation"`
	Person    int64 `json:"person"`
	Undo      bool  `json:"undo,omitempty"`
}

// atOnce is how many tickets are done while the reader waits, and how many a job
// does in one transaction.
const (
	atOnce = ticket.MaxAtOnce
	inPart = 100
)

// New defines the job; call before the queue starts.
func New(d Deps) *Operations {
	if d.Recent == nil {
		d.Recent = func(context.Context, int) ([]int64, error) { return nil, nil }
	}
	o := &Operations{d: d}
	d.Notices.GuardSubjects(Subject, o.guard)
	o.job = jobs.Define(d.Jobs, "tickets.operation", o.work, jobs.KindOptions{Long: true, MaxAttempts: 10})
	return o
}

// BulkURL is where many tickets are changed at once: GET with the fields of its form.
const BulkURL = view.BulkURL

// Module is what plugs into the running system.
func (o *Operations) Module() module.Module {
	links := func(ctx context.Context, t *ticket.Ticket) bool {
		return access.From(ctx).Check(access.Link, t.Record()).Allowed
	}
	return module.Module{
		Name: "desk/operations", Migrations: []fs.FS{}, Routes: o.routes, API: o.register,
		Menu: []module.MenuItem{{
			Section: text.Key("Desk"), Label: text.Key("What I did"), URL: view.ListURL, Icon: "history-toggle", Key: "g u", ID: menuID, Visible: mayBulk,
		}},
		Bulk: []module.BulkAction{
			{Label: text.Key("Edit…"), Icon: "pencil", Key: "u e", URL: view.BulkURL, Visible: mayBulk},
			{Label: text.Key("Merge…"), Icon: "arrows-join", URL: view.MergeChosenURL, Visible: func(a access.Actor) bool { return a.Can(access.Link, access.AnyKind) }},
		},
		Panels: []module.Panel{{ID: "goes-on", Place: module.PlaceBanner, Show: o.goesOn}},
		Actions: []module.Action{
			{
				Label: text.Key("Merge…"), Icon: "arrows-join", Key: "u m", URL: func(t *ticket.Ticket) string { return view.MergeURL(t.Number) },
				Visible: func(ctx context.Context, t *ticket.Ticket) bool {
					return links(ctx, t) && t.MergedIntoID == 0 && access.From(ctx).Check(access.Transition, t.Record()).Allowed
				},
			},
			{
				Label: text.Key("Change the kind…"), Icon: "replace", Key: "u k", URL: func(t *ticket.Ticket) string { return view.ConvertURL(t.Number) },
				Visible: func(ctx context.Context, t *ticket.Ticket) bool {
					return access.From(ctx).Check(access.Edit, t.Record()).Allowed && t.MergedIntoID == 0 && len(o.otherKinds(ctx, t)) > 0
				},
			},
			{
				Label: text.Key("New ticket from this"), Icon: "arrows-split", Message: true, URL: func(t *ticket.Ticket) string { return view.SplitURL(t.Number) },
				Visible: func(ctx context.Context, t *ticket.Ticket) bool {
					return links(ctx, t) && access.From(ctx).Can(access.Create, access.AnyKind)
				},
			},
		},
		Periodic: []module.Periodic{{Name: "operations.forget", Every: 24 * time.Hour, Run: o.d.Tickets.ForgetOperations}},
	}
}

const menuID = "operations"

func mayBulk(actor access.Actor) bool { return actor.Can(access.Bulk, access.AnyKind) }

func (o *Operations) routes(mux *web.Mux) {
	mux.Handle("GET "+view.BulkURL, o.bulkForm)
	mux.Handle("POST "+view.BulkURL, o.bulkDo, web.MaxBody(8<<20), web.Timeout(time.Minute))
	mux.Handle("GET "+view.ListURL, o.list)
	mux.Handle("GET "+view.ListURL+"/{id}", o.show)
	mux.Handle("POST "+view.ListURL+"/{id}/undo", o.undo, web.Timeout(time.Minute))
	mux.Handle("GET "+view.MergeChosenURL, o.mergeChosen)
	const one = "/tickets/{number}"
	mux.Handle("GET "+one+"/merge", o.mergeForm)
	mux.Handle("POST "+one+"/merge", o.merge)
	mux.Handle("GET "+one+"/split", o.splitForm)
	mux.Handle("POST "+one+"/split", o.split, web.MaxBody(8<<20))
	mux.Handle("GET "+one+"/convert", o.convertForm)
	mux.Handle("POST "+one+"/convert", o.convert)
}

// Selection says to which tickets something is done: to some, or to all that a
// filter finds.
type Selection struct {
	IDs    []int64
	Filter *string // all that match; IDs is not looked at
}

// ids gives the tickets of a selection. Invalid when there are none or too many.
func (o *Operations) ids(ctx context.Context, sel Selection) ([]int64, error) {
	if sel.Filter == nil {
		if len(sel.IDs) == 0 {
			return nil, apperr.InvalidField("id", "Choose at least one ticket.")
		}
		return o.chosen(ctx, sel.IDs)
	}
	condition, err := o.d.Tickets.Condition(ctx, *sel.Filter, text.From(ctx).Location)
	if err != nil {
		return nil, apperr.InvalidField("filter", "%s", apperr.Message(err))
	}
	var ids []int64
	err = o.d.Tickets.Walk(ctx, condition, access.View, ticket.Sort{Field: "created"}, func(page []ticket.Ticket) error {
		for i := range page {
			ids = append(ids, page[i].ID)
		}
		if len(ids) > ticket.MaxOperation {
			return apperr.InvalidField("filter", "More than %d tickets match. Narrow the filter.", ticket.MaxOperation)
		}
		return nil
	})
	if err == nil && len(ids) == 0 {
		err = apperr.InvalidField("filter", "No ticket matches.")
	}
	return ids, err
}

// chosen are the tickets of a selection, each once. Of a few it is said one by one
// what became of those that are not there; many go on without them.
func (o *Operations) chosen(ctx context.Context, ids []int64) ([]int64, error) {
	seen := map[int64]bool{}
	var once []int64
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	switch {
	case len(once) > ticket.MaxOperation:
		return nil, apperr.InvalidField("id", "Choose at most %d tickets.", ticket.MaxOperation)
	case len(once) <= ticket.MaxAtOnce:
		return once, nil
	}
	var there []int64
	for part := range slices.Chunk(once, 200) {
		found, err := o.d.Tickets.ByIDs(ctx, part)
		if err != nil {
			return nil, err
		}
		for i := range found {
			there = append(there, found[i].ID)
		}
	}
	if len(there) == 0 {
		return nil, apperr.InvalidField("id", "Choose at least one ticket.")
	}
	return there, nil
}

// count says how many tickets a filter finds, up to what can be done at once.
func (o *Operations) count(ctx context.Context, typed string) (n int, more bool, err error) {
	var condition filter.Condition
	if condition, err = o.d.Tickets.Condition(ctx, typed, text.From(ctx).Location); err != nil {
		return 0, false, err
	}
	return o.d.Tickets.Count(ctx, condition, ticket.MaxOperation)
}

// each does a wish to some tickets within a batch; what one refuses is recorded.
func each(ids []int64, wish *Bulk) func(ctx context.Context, b *ticket.Batch) error {
	return func(ctx context.Context, b *ticket.Batch) error {
		for _, id := range ids {
			err := b.Try(ctx, ticket.ByID(id), func(ctx context.Context, ref ticket.Ref) error { return wish.do(ctx, b, ref) })
			if err != nil && !apperr.Is(err, apperr.NotFound) {
				return err
			}
		}
		return nil
	}
}

// Do changes many tickets: a few hundred at once, more by a job in parts.
func (o *Operations) Do(ctx context.Context, sel Selection, wish Bulk) (ticket.Operation, error) {
	ids, err := o.checked(ctx, sel, &wish)
	if err != nil {
		return ticket.Operation{}, err
	}
	act := ticket.Act{Kind: ticket.BulkEdit, Wish: wish}
	if len(ids) <= atOnce {
		return o.d.Tickets.Operate(ctx, act, each(ids, &wish))
	}
	return o.d.Tickets.Enlist(ctx, act, ids, func(ctx context.Context, tx *database.Tx, op ticket.Operation) error {
		return o.enqueue(ctx, tx, part{Operation: op.ID, Person: op.Actor.ID})
	})
}

func (o *Operations) enqueue(ctx context.Context, tx *database.Tx, p part) error {
	_, err := o.job.Enqueue(ctx, tx, p)
	return err
}

// Rehearse tells what Do would do to the first of the tickets.
func (o *Operations) Rehearse(ctx context.Context, sel Selection, wish Bulk) (items []ticket.Item, of int, err error) {
	ids, err := o.checked(ctx, sel, &wish)
	if err != nil {
		return nil, 0, err
	}
	items, err = o.d.Tickets.Rehearse(ctx, ticket.Act{Kind: ticket.BulkEdit}, each(ids[:min(len(ids), atOnce)], &wish))
	return items, len(ids), err
}

func (o *Operations) checked(ctx context.Context, sel Selection, wish *Bulk) ([]int64, error) {
	actor := access.From(ctx)
	if err := actor.Require(access.Bulk, access.AnyKind); err != nil {
		return nil, err
	}
	if !actor.IsPerson() {
		return nil, apperr.New(apperr.Forbidden, "Only a person can change many tickets at once.")
	}
	if err := wish.check(); err != nil {
		return nil, err
	}
	return o.ids(ctx, sel)
}

// work is the job: it does one part after the other, each in a transaction of its
// own, as the person who asked for it, with the rights they have now.
func (o *Operations) work(ctx context.Context, job *jobs.Job, p part) error {
	err := o.carryOut(ctx, p)
	if ctx.Err() != nil {
		return ctx.Err() // the node is stopping; another attempt goes on
	}
	if err != nil && !job.Last {
		return err
	}
	return errors.Join(err, o.tell(ctx, p, err))
}

func (o *Operations) carryOut(ctx context.Context, p part) error {
	ctx, err := o.d.As(ctx, p.Person)
	if err != nil {
		return err
	}
	if p.Undo {
		return o.undoParts(ctx, p.Operation)
	}
	op, err := o.d.Tickets.Operation(ctx, p.Operation)
	if err != nil {
		return err
	}
	var wish Bulk
	if err := json.Unmarshal(op.Wish, &wish); err != nil {
		return err
	}
	for op.State == ticket.Running {
		op, err = o.d.Tickets.Advance(ctx, p.Operation, inPart, func(ctx context.Context, b *ticket.Batch, ref ticket.Ref) error { return wish.do(ctx, b, ref) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Operations) undoParts(ctx context.Context, id int64) error {
	for {
		op, err := o.d.Tickets.Undo(ctx, id)
		if err != nil && !apperr.Is(err, apperr.Conflict) {
			return err
		}
		if err != nil || op.State != ticket.Undoing {
			return nil //nolint:nilerr // a conflict says that it is done already
		}
	}
}

// Undo takes back an operation; of a large one the first part now, and the rest
// by a job.
func (o *Operations) Undo(ctx context.Context, id int64) (ticket.Operation, error) {
	op, err := o.d.Tickets.Undo(ctx, id)
	if err != nil || op.State != ticket.Undoing {
		return op, err
	}
	err = o.d.DB.Write(ctx, func(tx *database.Tx) error {
		return o.enqueue(ctx, tx, part{Operation: id, Person: access.From(ctx).ID, Undo: true})
	})
	return op, err
}

// otherKinds are the kinds that a ticket could become.
func (o *Operations) otherKinds(ctx context.Context, t *ticket.Ticket) []kind {
	var out []kind
	for _, def := range o.d.Tickets.Kinds().All() {
		as := t.Record()
		as.Kind = def.Key
		if def.Key != t.Kind && access.From(ctx).Check(access.Create, as).Allowed {
			out = append(out, def)
		}
	}
	return out
}
