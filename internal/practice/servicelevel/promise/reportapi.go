package promise

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// AttainmentDocument is what became of the promises of one measure for one thing.
type AttainmentDocument struct {
	ID         int64   `json:"id" doc:"Of the agreement, service, group or organisation; 0 for none."`
	Name       string  `json:"name"`
	Role       string  `json:"role" enum:"sla,ola,uc"`
	Measure    string  `json:"measure" enum:"response,update,workaround,resolution,step"`
	Attained   float64 `json:"attained" doc:"The share that was kept, from 0 to 1." example:"0.953"`
	Kept       int     `json:"kept"`
	NearMisses int     `json:"near_misses" doc:"Of those kept: with nine tenths of the time used or more."`
	Broken     int     `json:"broken" doc:"Those that are still open included."`
	LatePauses int     `json:"paused_just_before" doc:"Paused when nine tenths of the time were used, whatever became of them."`
}

// OutcomeDocument is one promise behind a line of a report. Lengths are seconds of
// business time.
type OutcomeDocument struct {
	TicketID int64     `json:"ticket_id"`
	Number   string    `json:"number" example:"INC-1042"`
	Title    string    `json:"title"`
	Measure  string    `json:"measure" enum:"response,update,workaround,resolution,step"`
	Outcome  string    `json:"outcome" enum:"kept,broken"`
	EndedAt  time.Time `json:"ended_at" doc:"Or broken, when it is still open."`
	Used     int64     `json:"used"`
	Target   int64     `json:"target"`
}

// ReportPeriod is what every report is asked for.
type ReportPeriod struct {
	From time.Time `query:"from" required:"true" doc:"Promises that ended at this instant or later," example:"2026-03-01T00:00:00Z"`
	To   time.Time `query:"to" required:"true" doc:"and before this one." example:"2026-04-01T00:00:00Z"`
	By   string    `query:"by" enum:"agreement,service,group,customer,supplier" default:"agreement" doc:"What the report is cut by. Of suppliers it counts their own promises."`
	Role string    `query:"role" enum:"sla,ola,uc" doc:"Missing is every one."`
}

func (in *ReportPeriod) query(p openapi.Paging) ReportQuery {
	return ReportQuery{From: in.From, To: in.To, By: Dimension(in.By), Role: clock.Role(in.Role), After: p.Cursor, Limit: p.Limit}
}

func (a api) registerReports(h huma.API) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	openapi.Register(h, openapi.Operation{
		ID: "report-service-levels", Method: http.MethodGet, Path: "/service-levels", Tag: tag, Summary: "Report attainment",
		Description: "What became of promises that ended in a period, and of those broken in it that are still open: by agreement, service, group, customer or supplier, those with most promises first. It counts tickets whose internal notes you read.",
		Answer:      openapi.Page[AttainmentDocument]{Items: []AttainmentDocument{{ID: 4294967810, Name: "Gold", Role: "sla", Measure: "resolution", Attained: 0.95, Kept: 95, NearMisses: 4, Broken: 5, LatePauses: 1}}},
	}, a.report)
	openapi.Register(h, openapi.Operation{
		ID: "list-service-level-promises", Method: http.MethodGet, Path: "/service-levels/promises", Tag: tag, Summary: "List promises behind a line",
		Description: "The promises that one line of a report adds up, or one of its numbers, the newest first. Ask with what the report was asked with, and the line's id and measure.",
		Answer:      openapi.Page[OutcomeDocument]{Items: []OutcomeDocument{{TicketID: 4294967400, Number: "INC-1042", Title: "Printer", Measure: "resolution", Outcome: "kept", EndedAt: at, Used: 3600, Target: 28800}}},
	}, a.behind)
}

func (a api) report(ctx context.Context, in *struct {
	openapi.Paging
	ReportPeriod
},
) (*openapi.Listed[AttainmentDocument], error) {
	q := in.query(in.Paging)
	lines, next, err := a.s.Report(ctx, q)
	if err != nil {
		return nil, err
	}
	named, err := a.s.slotNames(ctx, q.By, lines)
	if err != nil {
		return nil, err
	}
	items := make([]AttainmentDocument, 0, len(lines))
	for _, l := range lines {
		items = append(items, AttainmentDocument{
			ID: l.ID, Name: named[l.ID], Role: string(l.Role), Measure: string(l.Measure), Attained: l.Attainment(), Kept: l.Kept, NearMisses: l.Near, Broken: l.Broken, LatePauses: l.LatePauses,
		})
	}
	return openapi.List(ctx, items, next), nil
}

func (a api) behind(ctx context.Context, in *struct {
	openapi.Paging
	ReportPeriod
	ID      int64  `query:"id" required:"true" minimum:"0" doc:"Of the line."`
	Measure string `query:"measure" required:"true" enum:"response,update,workaround,resolution,step"`
	Only    string `query:"only" enum:"kept,near,broken,late" doc:"Which of the line's numbers: near misses are near, pauses just before the breach late. Missing is all."`
},
) (*openapi.Listed[OutcomeDocument], error) {
	q := in.query(in.Paging)
	q.Only = Only(in.Only)
	found, next, err := a.s.Behind(ctx, q, in.ID, clock.Measure(in.Measure))
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(found))
	for _, o := range found {
		ids = append(ids, o.TicketID)
	}
	tickets, err := a.s.d.Tickets.ByIDs(ctx, database.Distinct(ids))
	if err != nil {
		return nil, err
	}
	numbers, titles := map[int64]string{}, map[int64]string{}
	for i := range tickets {
		numbers[tickets[i].ID], titles[tickets[i].ID] = tickets[i].Number, tickets[i].Title
	}
	items := make([]OutcomeDocument, 0, len(found))
	for _, o := range found {
		d := OutcomeDocument{
			TicketID: o.TicketID, Number: numbers[o.TicketID], Title: titles[o.TicketID], Measure: string(o.Measure), Outcome: "kept", EndedAt: o.Ended.UTC(),
			Used: int64(o.Used / time.Second), Target: int64(o.Whole / time.Second),
		}
		if o.Broken {
			d.Outcome = "broken"
		}
		items = append(items, d)
	}
	return openapi.List(ctx, items, next), nil
}
