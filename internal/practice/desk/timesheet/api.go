package timesheet

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Time spent"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Time spent on tickets, by activity; the timer; reports. For those who read internal notes."}}
}

// EntryDocument is time that somebody spent.
type EntryDocument struct {
	ID         int64  `json:"id" example:"4294967800"`
	TicketID   int64  `json:"ticket_id"`
	PersonID   int64  `json:"person_id"`
	ActivityID int64  `json:"activity_id"`
	Day        string `json:"day" example:"2026-03-02"`
	Minutes    int    `json:"minutes" example:"80"`
	Billable   bool   `json:"billable"`
	Note       string `json:"note,omitempty"`
	RecordedBy int64  `json:"recorded_by"`
	Corrects   int64  `json:"corrects_id,omitempty" doc:"The entry it took the place of."`
}

// NewEntry is time to be written down.
type NewEntry struct {
	Length     string `json:"length" minLength:"1" maxLength:"40" doc:"As on the page: 45, 1:20, 1 h 20." example:"1 h 20"`
	ActivityID int64  `json:"activity_id,omitempty" minimum:"1" doc:"Missing is the first one, or, of a correction, the same."`
	Day        string `json:"day,omitempty" maxLength:"10" doc:"Missing is today, in UTC." example:"2026-03-02"`
	Note       string `json:"note,omitempty" maxLength:"500"`
	PersonID   int64  `json:"person_id,omitempty" minimum:"1" doc:"Somebody of a group you lead; missing is you. Not for corrections."`
}

func (n *NewEntry) entry(now time.Time) (Spent, error) {
	day := n.Day
	if day == "" {
		day = now.UTC().Format(time.DateOnly)
	}
	minutes, err := ParseMinutes(n.Length)
	if err != nil {
		return Spent{}, apperr.InvalidField("length", "%s", apperr.Message(err))
	}
	return Spent{Person: n.PersonID, Activity: n.ActivityID, Day: day, Minutes: minutes, Note: n.Note}, nil
}

// ActivityDocument is what time can be spent on.
type ActivityDocument struct {
	ID       int64  `json:"id" example:"4294967900"`
	Name     string `json:"name" example:"Travel"`
	Billable bool   `json:"billable"`
	Active   bool   `json:"active" doc:"Can be chosen for new entries."`
}

// TimerDocument is a running timer.
type TimerDocument struct {
	TicketID  int64     `json:"ticket_id"`
	StartedAt time.Time `json:"started_at"`
	Minutes   int       `json:"minutes"`
}

// LineDocument is a line of a report.
type LineDocument struct {
	ID       int64 `json:"id" doc:"Of what the report adds up by; 0 is none."`
	Minutes  int   `json:"minutes"`
	Billable int   `json:"billable_minutes"`
	Entries  int   `json:"entries"`
}

func documentOf(e *Entry) EntryDocument {
	return EntryDocument{
		ID: e.ID, TicketID: e.TicketID, PersonID: e.PersonID, ActivityID: e.ActivityID, Day: e.Day, Minutes: e.Minutes, Billable: e.Billable, Note: e.Note,
		RecordedBy: e.RecordedBy, Corrects: e.Corrects,
	}
}

type api struct {
	service *Service
	tickets *ticket.Service
}

func (a api) register(h huma.API) {
	entry := EntryDocument{ID: 4294967800, TicketID: 4294967400, PersonID: 4294967312, ActivityID: 4294967900, Day: "2026-03-02", Minutes: 80, Billable: true, RecordedBy: 4294967312}
	timer := TimerDocument{TicketID: 4294967400, StartedAt: time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC), Minutes: 12}
	request := map[string]any{"length": "1 h 20", "note": "Replaced the fuser."}
	openapi.Register(h, openapi.Operation{
		ID: "list-ticket-time", Method: http.MethodGet, Path: "/tickets/{ref}/time", Tag: tag, Summary: "List the time on a ticket",
		Description: "Your own entries, and everybody's with the permission to report on time; the latest day first, at most 500.", Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[EntryDocument]{Items: []EntryDocument{entry}},
	}, a.list)
	openapi.Register(h, openapi.Operation{
		ID: "record-time", Method: http.MethodPost, Path: "/tickets/{ref}/time", Tag: tag, Summary: "Record time", Status: http.StatusCreated,
		Description: "Writes down time that was spent on the ticket.", Errors: []int{404, 409}, Request: request, Answer: entry,
	}, a.record)
	openapi.Register(h, openapi.Operation{
		ID: "correct-time", Method: http.MethodPut, Path: "/tickets/{ref}/time/{entry}", Tag: tag, Summary: "Correct an entry",
		Description: "Adds an entry that takes the place of this one, which is kept. The answer is the new entry.", Errors: []int{404, 409}, Request: request, Answer: entry,
	}, a.correct)
	openapi.Register(h, openapi.Operation{
		ID: "withdraw-time", Method: http.MethodDelete, Path: "/tickets/{ref}/time/{entry}", Tag: tag, Summary: "Withdraw an entry",
		Description: "It no longer counts; what was written is kept.", Errors: []int{404, 409},
	}, a.withdraw)
	openapi.Register(h, openapi.Operation{
		ID: "start-timer", Method: http.MethodPost, Path: "/tickets/{ref}/timer", Tag: tag, Summary: "Start the timer", Status: http.StatusCreated,
		Description: "One runs at a time: starting it for another ticket records what it shows on the one before.", Errors: []int{http.StatusNotFound}, Answer: timer,
	}, a.start)
	openapi.Register(h, openapi.Operation{
		ID: "get-timer", Method: http.MethodGet, Path: "/timer", Tag: tag, Summary: "Get your timer",
		Description: "404 when none runs.", Errors: []int{http.StatusNotFound}, Answer: timer,
	}, a.running)
	openapi.Register(h, openapi.Operation{
		ID: "stop-timer", Method: http.MethodDelete, Path: "/timer", Tag: tag, Summary: "Stop your timer",
		Description: "Records what it shows; with discard=true, nothing.", Errors: []int{http.StatusNotFound},
	}, a.stop)
	openapi.Register(h, openapi.Operation{
		ID: "list-time-activities", Method: http.MethodGet, Path: "/time-activities", Tag: tag, Summary: "List activities",
		Description: "What time can be spent on.", Answer: openapi.Page[ActivityDocument]{Items: []ActivityDocument{{ID: 4294967900, Name: "Travel", Active: true}}},
	}, a.activities)
	openapi.Register(h, openapi.Operation{
		ID: "create-time-activity", Method: http.MethodPost, Path: "/time-activities", Tag: tag, Summary: "Add an activity", Status: http.StatusCreated,
		Description: "Needs the permission to change settings.", Request: map[string]any{"name": "Travel", "billable": false}, Answer: ActivityDocument{ID: 4294967900, Name: "Travel", Active: true},
	}, a.createActivity)
	openapi.Register(h, openapi.Operation{
		ID: "report-time", Method: http.MethodGet, Path: "/time-report", Tag: tag, Summary: "Report on time",
		Description: "Adds up your own time, and everybody's on the tickets you may report on, the longest first, at most 1000 lines.",
		Answer:      openapi.Page[LineDocument]{Items: []LineDocument{{ID: 4294967312, Minutes: 80, Billable: 60, Entries: 2}}},
	}, a.report)
}

// OnTicket names a ticket.
type OnTicket struct {
	Ref string `path:"ref" maxLength:"40" doc:"The ticket's number, or its id." example:"INC-1042"`
}

func (a api) list(ctx context.Context, in *OnTicket) (*openapi.Listed[EntryDocument], error) {
	t, err := a.tickets.Get(ctx, numbered(in.Ref))
	if err != nil {
		return nil, err
	}
	sheet, err := a.service.Of(ctx, &t)
	if err != nil {
		return nil, err
	}
	items := make([]EntryDocument, 0, len(sheet.Entries))
	for i := range sheet.Entries {
		items = append(items, documentOf(&sheet.Entries[i]))
	}
	return openapi.List(ctx, items, ""), nil
}

type entryAnswer struct{ Body EntryDocument }

func (a api) record(ctx context.Context, in *struct {
	openapi.Once
	OnTicket
	Body NewEntry
},
) (*entryAnswer, error) {
	n, err := in.Body.entry(a.service.now())
	if err != nil {
		return nil, err
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	e, err := a.service.Record(keyed, numbered(in.Ref), n)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return &entryAnswer{documentOf(&e)}, nil
}

func (a api) correct(ctx context.Context, in *struct {
	OnTicket
	Entry int64 `path:"entry" minimum:"1"`
	Body  NewEntry
},
) (*entryAnswer, error) {
	n, err := in.Body.entry(a.service.now())
	if err != nil {
		return nil, err
	}
	e, err := a.service.Correct(ctx, numbered(in.Ref), in.Entry, n)
	if err != nil {
		return nil, err
	}
	return &entryAnswer{documentOf(&e)}, nil
}

func (a api) withdraw(ctx context.Context, in *struct {
	OnTicket
	Entry int64 `path:"entry" minimum:"1"`
},
) (*struct{}, error) {
	_, err := a.service.Withdraw(ctx, numbered(in.Ref), in.Entry)
	return nil, err
}

type timerAnswer struct{ Body TimerDocument }

func (a api) start(ctx context.Context, in *OnTicket) (*timerAnswer, error) {
	if _, err := a.service.Start(ctx, numbered(in.Ref), a.service.now().Format(time.DateOnly)); err != nil {
		return nil, err
	}
	return a.running(ctx, nil)
}

func (a api) running(ctx context.Context, _ *struct{}) (*timerAnswer, error) {
	t, is, err := a.service.Running(ctx)
	if err == nil && !is {
		err = errNoTimer()
	}
	if err != nil {
		return nil, err
	}
	return &timerAnswer{TimerDocument{t.TicketID, t.StartedAt, t.Minutes(a.service.now())}}, nil
}

func (a api) stop(ctx context.Context, in *struct {
	Discard bool `query:"discard" doc:"Record nothing."`
},
) (*struct{}, error) {
	if in.Discard {
		return nil, a.service.Discard(ctx)
	}
	_, err := a.service.Stop(ctx, Spent{Day: a.service.now().Format(time.DateOnly)})
	return nil, err
}

func (a api) activities(ctx context.Context, _ *struct{}) (*openapi.Listed[ActivityDocument], error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	all, err := a.service.Activities(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]ActivityDocument, 0, len(all))
	for _, x := range all {
		items = append(items, ActivityDocument{x.ID, x.Name, x.Billable, x.Active})
	}
	return openapi.List(ctx, items, ""), nil
}

func (a api) createActivity(ctx context.Context, in *struct {
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"60"`
		Billable bool   `json:"billable,omitempty"`
	}
},
) (*struct{ Body ActivityDocument }, error) {
	x, err := a.service.SaveActivity(ctx, Activity{Name: in.Body.Name, Billable: in.Body.Billable, Active: true})
	if err != nil {
		return nil, err
	}
	return &struct{ Body ActivityDocument }{ActivityDocument{x.ID, x.Name, x.Billable, x.Active}}, nil
}

func (a api) report(ctx context.Context, in *struct {
	From   string    `query:"from" required:"true" maxLength:"10" doc:"The first day." example:"2026-03-01"`
	To     string    `query:"to" required:"true" maxLength:"10" doc:"The last day." example:"2026-03-31"`
	By     Dimension `query:"by" enum:"person,ticket,group,service,organisation,activity" default:"person"`
	Filter string    `query:"filter" maxLength:"4096" doc:"Of these tickets, in the filter language."`
},
) (*openapi.Listed[LineDocument], error) {
	if access.From(ctx).Type == "" {
		return nil, apperr.New(apperr.Unauthenticated, "Send an API token or sign in.")
	}
	found, err := a.service.Report(ctx, Query{From: in.From, To: in.To, By: in.By, Filter: in.Filter})
	if err != nil {
		return nil, err
	}
	items := make([]LineDocument, 0, len(found))
	for _, l := range found {
		items = append(items, LineDocument(l))
	}
	return openapi.List(ctx, items, ""), nil
}
