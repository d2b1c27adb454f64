package promise

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Clocks"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "What is promised on a ticket, computed from its timeline, the agreements and their calendars. For those who read internal notes."}}
}

// ClockDocument is one promise on a ticket. Lengths are seconds of business time.
type ClockDocument struct {
	Role        string                  `json:"role" enum:"sla,ola,uc" doc:"With a customer, a group of one's own, or a supplier."`
	PartyID     int64                   `json:"party_id,omitempty" doc:"The group (ola) or the supplier's organisation (uc)."`
	Measure     string                  `json:"measure" enum:"response,update,workaround,resolution,step"`
	State       string                  `json:"state,omitempty" doc:"Key of the state whose stay is promised (step)."`
	Cycle       int                     `json:"cycle" doc:"1, 2, … for promises that begin again."`
	AgreementID int64                   `json:"agreement_id"`
	VersionID   int64                   `json:"version_id" doc:"Of the agreement, as frozen for this ticket."`
	CalendarID  int64                   `json:"calendar_id"`
	Stage       string                  `json:"stage" enum:"running,paused,completed,cancelled"`
	Target      int64                   `json:"target,omitempty" doc:"Missing for a promise in business days."`
	Days        int                     `json:"days,omitempty"`
	Until       int                     `json:"until,omitempty" doc:"Minutes after midnight, of a promise in business days."`
	Used        int64                   `json:"used"`
	Left        int64                   `json:"left" doc:"Negative past the target. Of business days what is left until it is due, while it runs."`
	DaysLeft    int                     `json:"days_left,omitempty"`
	StartedAt   time.Time               `json:"started_at"`
	EndedAt     *time.Time              `json:"ended_at,omitempty"`
	DueAt       *time.Time              `json:"due_at,omitempty" doc:"Missing while it is paused, and for a calendar that never opens."`
	BreachedAt  *time.Time              `json:"breached_at,omitempty"`
	Outlook     []ProspectDocument      `json:"outlook" nullable:"false" doc:"Why an open promise is likely to break unless something happens, the earliest first, also those whose instant is still to come."`
	Budget      []ShareDocument         `json:"budget" nullable:"false" doc:"Who used the time, whoever used most first."`
	Intervals   []ClockIntervalDocument `json:"intervals" nullable:"false" doc:"Without gaps, oldest first. Those that run are cut by the calendar with pieces=true."`
}

// ProspectDocument is a reason for which a promise is likely to break.
type ProspectDocument struct {
	Cause  string     `json:"cause" enum:"later_promise,not_at_work,long_stay,long_way" doc:"Who has the ticket promised its part for later, or is not at work before it is due; tickets stay here, or take from here, longer than there is time left."`
	At     time.Time  `json:"at" doc:"It is likely from then on."`
	Due    *time.Time `json:"due_at,omitempty" doc:"Of later_promise: when who has the ticket promised it for."`
	Sample int        `json:"sample,omitempty" doc:"Of long_stay and long_way: so many comparable promises are known,"`
	Lasted int        `json:"lasted,omitempty" doc:"so many of them took as long as this one will have then,"`
	Longer int        `json:"longer,omitempty" doc:"and of these so many took longer than this one may."`
}

// LikelyDocument is an open promise that is likely to break.
type LikelyDocument struct {
	TicketID int64              `json:"ticket_id"`
	Number   string             `json:"number" example:"INC-1042"`
	Role     string             `json:"role" enum:"sla,ola,uc"`
	PartyID  int64              `json:"party_id,omitempty"`
	Measure  string             `json:"measure" enum:"response,update,workaround,resolution,step"`
	State    string             `json:"state,omitempty"`
	DueAt    *time.Time         `json:"due_at,omitempty" doc:"Missing while it is paused."`
	Left     int64              `json:"left" doc:"Seconds of business time."`
	Why      []ProspectDocument `json:"why" nullable:"false"`
}

// ShareDocument is how much of a clock's time a party used.
type ShareDocument struct {
	Party   string `json:"party" enum:"requester,group,supplier,nobody"`
	PartyID int64  `json:"party_id,omitempty"`
	Used    int64  `json:"used"`
	// What the party promised itself for the same, if it did.
	OwnAgreementID int64 `json:"own_agreement_id,omitempty" doc:"The agreement by which the party promised the same itself,"`
	OwnUsed        int64 `json:"own_used,omitempty" doc:"what it used of that,"`
	OwnTarget      int64 `json:"own_target,omitempty" doc:"and what it promised; missing for business days."`
	OwnBroken      bool  `json:"own_broken,omitempty" doc:"It broke its own promise."`
}

// ClockIntervalDocument is what a clock did for a time, and why.
type ClockIntervalDocument struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to" doc:"Now, of the last one of an open clock."`
	Stage   string    `json:"stage" enum:"running,paused,completed"`
	Why     string    `json:"why" enum:"working,waiting,elsewhere,no_promise,done,outside,holiday"`
	Detail  string    `json:"detail,omitempty" doc:"What it waited for, or the holiday's name."`
	Party   string    `json:"party" enum:"requester,group,supplier,nobody" doc:"Who was responsible."`
	PartyID int64     `json:"party_id,omitempty"`
	Used    int64     `json:"used"`
}

type clocksInput struct {
	Ref    string `path:"ref" maxLength:"40" doc:"The ticket's number, or its id." example:"INC-1042"`
	Pieces bool   `query:"pieces" doc:"Cuts the intervals that run where the calendar opens and closes; at most 5,000 for a clock, the newest."`
}

type clocksOutput struct{ Body openapi.Page[ClockDocument] }

type api struct{ s *Service }

func (a api) register(h huma.API) {
	a.registerReports(h)
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	openapi.Register(h, openapi.Operation{
		ID: "list-clocks", Method: http.MethodGet, Path: "/tickets/{ref}/clocks", Tag: tag, Summary: "List a ticket's clocks",
		Description: "Computed at the moment of asking, with every interval and who was responsible for it. Those who do not read internal notes get none.",
		Errors:      []int{http.StatusNotFound},
		Answer: openapi.Page[ClockDocument]{Items: []ClockDocument{{
			Role: "sla", Measure: "resolution", Cycle: 1, AgreementID: 4294967700, VersionID: 4294967701, CalendarID: 2, Stage: "running", Target: 28800, Used: 3600, Left: 25200,
			StartedAt: at, Outlook: []ProspectDocument{}, Budget: []ShareDocument{{Party: "group", PartyID: 4294967400, Used: 3600}},
			Intervals: []ClockIntervalDocument{{From: at, To: at.Add(time.Hour), Stage: "running", Why: "working", Party: "group", PartyID: 4294967400, Used: 3600}},
		}}},
	}, a.clocks)
	openapi.Register(h, openapi.Operation{
		ID: "list-likely-breaches", Method: http.MethodGet, Path: "/clocks/likely", Tag: tag, Summary: "List promises that are likely to break",
		Description: "Open promises that will probably not be kept unless something happens on their tickets, the most urgent first, each with its reasons.",
		Answer: openapi.Page[LikelyDocument]{Items: []LikelyDocument{{
			TicketID: 4294967400, Number: "INC-1042", Role: "sla", Measure: "resolution", Left: 4800, Why: []ProspectDocument{{Cause: "long_way", At: at, Sample: 120, Lasted: 43, Longer: 30}},
		}}},
	}, a.likely)
}

// apiPieces bounds the pieces of a clock.
const apiPieces = 5000

func (a api) clocks(ctx context.Context, in *clocksInput) (*clocksOutput, error) {
	ref := ticket.ByNumber(in.Ref)
	if id, err := strconv.ParseInt(in.Ref, 10, 64); err == nil && id > 0 {
		ref = ticket.ByID(id)
	}
	t, err := a.s.d.Tickets.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	clocks, err := a.s.Of(ctx, &t)
	if err != nil {
		return nil, err
	}
	typical, err := a.s.typical(ctx)
	if err != nil {
		return nil, err
	}
	foreseen := prospects(&clocks, typical)
	out := &clocksOutput{Body: openapi.Page[ClockDocument]{Items: []ClockDocument{}}}
	for i := range clocks.All {
		c := &clocks.All[i]
		if in.Pieces {
			c.Intervals, _ = clock.Pieces(c, clocks.Hours, apiPieces)
		}
		d := documentOf(c, clocks.All)
		d.Outlook = prospectDocuments(foreseen[i])
		out.Body.Items = append(out.Body.Items, d)
	}
	return out, nil
}

func documentOf(c *clock.Clock, all []clock.Clock) ClockDocument {
	seconds := func(d time.Duration) int64 { return int64(d / time.Second) }
	instant := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	d := ClockDocument{
		Role: string(c.Role), PartyID: c.Party, Measure: string(c.Measure), State: c.State, Cycle: c.Cycle, AgreementID: c.Agreement, VersionID: c.Version,
		CalendarID: c.Target.Calendar, Stage: string(c.Stage), Target: seconds(c.Target.Within), Days: c.Target.Days, Until: c.Target.Until,
		Used: seconds(c.Used), Left: seconds(c.Left), DaysLeft: c.DaysLeft, StartedAt: c.Started, EndedAt: instant(c.Ended), DueAt: instant(c.Due), BreachedAt: instant(c.Breached),
		Budget: []ShareDocument{}, Intervals: []ClockIntervalDocument{},
	}
	for _, s := range clock.Budget(c) {
		share := ShareDocument{Party: string(s.Type), PartyID: s.ID, Used: seconds(s.Used)}
		if own := clock.OwnPromise(c, s.Party, all); own != nil && c.Role == clock.SLA {
			share.OwnAgreementID, share.OwnUsed, share.OwnTarget, share.OwnBroken = own.Agreement, seconds(own.Used), seconds(own.Target.Within), !own.Breached.IsZero()
		}
		d.Budget = append(d.Budget, share)
	}
	for _, is := range c.Intervals {
		d.Intervals = append(d.Intervals, ClockIntervalDocument{
			From: is.From, To: is.To, Stage: string(is.Stage), Why: string(is.Why), Detail: is.Detail, Party: string(is.Party.Type), PartyID: is.Party.ID, Used: seconds(is.Used),
		})
	}
	return d
}
