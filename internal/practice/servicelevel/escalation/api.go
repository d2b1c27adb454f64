package escalation

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Escalations"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Who is told, and what happens, when time runs out for what is promised on a ticket. Colleagues read; changing needs the permission to manage settings."}}
}

// RungDocument is a rung of a ladder.
type RungDocument struct {
	ID        int64      `json:"id,omitempty" doc:"Of a rung that is there. Without it the rung is new; one that is left out is gone."`
	Anchor    Anchor     `json:"anchor" enum:"percent,before,after" doc:"From where it is counted: a percent of the target, before the due time, or after it."`
	Percent   int        `json:"percent,omitempty" minimum:"0" maximum:"500"`
	Span      string     `json:"span,omitempty" maxLength:"40" example:"2h" doc:"How long before or after the due time."`
	Every     string     `json:"every,omitempty" maxLength:"40" example:"4h" doc:"After the due time: again every so long."`
	Times     int        `json:"times,omitempty" minimum:"0" maximum:"20" doc:"So many times more."`
	ByClock   bool       `json:"by_clock,omitempty" doc:"Lengths are by the clock, not business time of the agreement's calendar."`
	Condition string     `json:"condition,omitempty" maxLength:"2000" doc:"A filter that the ticket must match when the rung is due."`
	Tell      []Audience `json:"tell,omitempty" maxItems:"10" doc:"assignee, members, leads, service_owner, business_owner, chain, requester."`
	Up        int        `json:"managers_up,omitempty" minimum:"0" maximum:"5" doc:"Tells the manager of the assignee, so many levels up; where there is none, the leads of the group, and without any the service's owner."`
	Role      string     `json:"role,omitempty" maxLength:"100" doc:"Everybody who has the role is told."`
	PersonIDs []int64    `json:"person_ids,omitempty" maxItems:"50"`
	// ChannelIDs are rooms.
	ChannelIDs []int64 `json:"channel_ids,omitempty" maxItems:"10" doc:"Channels to rooms that are told."`
	GroupID    int64   `json:"group_id,omitempty" minimum:"0" doc:"Gets the ticket: functional escalation."`
	Raise      bool    `json:"raise_priority,omitempty" doc:"By one."`
	Tag        string  `json:"tag,omitempty" maxLength:"40" doc:"Marks the ticket."`
}

// QuietDocument are hours in which nothing fires, in the zone of the agreement's calendar.
type QuietDocument struct {
	From    string `json:"from,omitempty" maxLength:"5" example:"20:00"`
	To      string `json:"to,omitempty" maxLength:"5" example:"07:00"`
	Weekend bool   `json:"weekend,omitempty"`
}

// NewLadder is what a ladder is made of.
type NewLadder struct {
	Name         string          `json:"name" minLength:"1" maxLength:"200"`
	Description  string          `json:"description,omitempty" maxLength:"5000"`
	Active       bool            `json:"active" doc:"In force."`
	AgreementIDs []int64         `json:"agreement_ids,omitempty" maxItems:"200" doc:"None is every agreement that no other ladder names."`
	Measures     []clock.Measure `json:"measures,omitempty" maxItems:"5" doc:"response, update, workaround, resolution, step; none is all."`
	Critical     bool            `json:"mission_critical,omitempty" doc:"For tickets about services that the business stops without; it goes before the others."`
	Quiet        *QuietDocument  `json:"quiet,omitempty"`
	Rungs        []RungDocument  `json:"rungs" minItems:"1" maxItems:"15" nullable:"false"`
}

// EscalationLadder is a ladder as the API gives it.
type EscalationLadder struct {
	ID int64 `json:"id" example:"4294967900"`
	NewLadder
	Version int64 `json:"version"`
}

// EscalationPreview is what a ladder would have done.
type EscalationPreview struct {
	From    time.Time       `json:"from"`
	Tickets int             `json:"tickets" doc:"That were looked at, of those you may see."`
	More    bool            `json:"more" doc:"There are more tickets than are looked at."`
	Reached int             `json:"reached" doc:"Tickets of which something would have fired."`
	Fired   int             `json:"fired"`
	ByRung  []int           `json:"by_rung" nullable:"false"`
	Items   []PreviewFiring `json:"items" nullable:"false" doc:"The newest 50."`
}

// PreviewFiring is one rung that would have fired.
type PreviewFiring struct {
	Ticket  string        `json:"ticket" example:"INC-1042"`
	At      time.Time     `json:"at"`
	Rung    int           `json:"rung" doc:"Of the ladder, from 0."`
	Round   int           `json:"round"`
	Measure clock.Measure `json:"measure"`
}

// EscalationStep is a rung on a clock of a ticket.
type EscalationStep struct {
	LadderID int64         `json:"ladder_id"`
	RungID   int64         `json:"rung_id"`
	Round    int           `json:"round"`
	Role     clock.Role    `json:"role" enum:"sla,ola,uc"`
	PartyID  int64         `json:"party_id,omitempty"`
	Measure  clock.Measure `json:"measure" enum:"response,update,workaround,resolution,step"`
	State    string        `json:"state,omitempty"`
	Cycle    int           `json:"cycle"`
	Status   Status        `json:"status" enum:"planned,fired,skipped"`
	Reason   Reason        `json:"reason,omitempty" doc:"Why it was skipped: before_ladder, before_ticket, retroactive, overtaken, not_matching."`
	At       *time.Time    `json:"at,omitempty" doc:"Its instant; missing while the clock is paused."`
	FiresAt  *time.Time    `json:"fires_at,omitempty" doc:"The same after quiet hours."`
	EndedAt  *time.Time    `json:"ended_at,omitempty" doc:"When it fired or was skipped."`
}

func documentOf(l *Ladder) EscalationLadder {
	d := EscalationLadder{ID: l.ID, Version: l.Version, NewLadder: NewLadder{
		Name: l.Name, Description: l.Description, Active: l.Active, AgreementIDs: l.Agreements, Measures: l.Measures, Critical: l.Critical, Rungs: []RungDocument{},
	}}
	if l.Quiet != (Quiet{}) {
		d.Quiet = &QuietDocument{Weekend: l.Quiet.Weekend}
		if l.Quiet.From != l.Quiet.To {
			d.Quiet.From, d.Quiet.To = clockText(l.Quiet.From), clockText(l.Quiet.To)
		}
	}
	for i := range l.Rungs {
		r := &l.Rungs[i]
		doc := RungDocument{
			ID: r.ID, Anchor: r.Anchor, Percent: r.Percent, Times: r.Times, ByClock: r.ByClock, Condition: r.Condition, Tell: r.Tell, Up: r.Up, Role: r.Role,
			PersonIDs: r.Persons, ChannelIDs: r.Channels, GroupID: r.Group, Raise: r.Raise, Tag: r.Tag,
		}
		if r.Anchor != AtPercent {
			doc.Span = spanText(r.Span)
		}
		if r.Every > 0 {
			doc.Every = spanText(r.Every)
		}
		d.Rungs = append(d.Rungs, doc)
	}
	return d
}

// ladder reads a document; what is not understood is reported.
func (d *NewLadder) ladder() (Ladder, error) {
	l := Ladder{Name: d.Name, Description: d.Description, Active: d.Active, Body: Body{Agreements: d.AgreementIDs, Measures: d.Measures, Critical: d.Critical}}
	var wrong apperr.Problems
	if d.Quiet != nil {
		var err error
		if l.Quiet, err = parseQuiet(d.Quiet.From, d.Quiet.To, d.Quiet.Weekend); err != nil {
			wrong.Say("quiet", apperr.Message(err))
		}
	}
	for i := range d.Rungs {
		r := &d.Rungs[i]
		rung := Rung{
			ID: r.ID, Anchor: r.Anchor, Percent: r.Percent, Times: r.Times, ByClock: r.ByClock, Condition: r.Condition, Tell: r.Tell, Up: r.Up, Role: r.Role,
			Persons: r.PersonIDs, Channels: r.ChannelIDs, Group: r.GroupID, Raise: r.Raise, Tag: r.Tag,
		}
		var err error
		if rung.Span, err = parseSpan(r.Span); err != nil {
			wrong.Say("rungs."+itoa(i)+".span", apperr.Message(err))
		}
		if rung.Every, err = parseSpan(r.Every); err != nil {
			wrong.Say("rungs."+itoa(i)+".every", apperr.Message(err))
		}
		l.Rungs = append(l.Rungs, rung)
	}
	return l, wrong.Err()
}

func (s *Service) register(h huma.API) {
	const list = "/escalation-ladders"
	const one = list + "/{id}"
	rung := RungDocument{ID: 4294967901, Anchor: AtPercent, Percent: 75, Tell: []Audience{Assignee}}
	made := NewLadder{Name: "Standard", Active: true, Rungs: []RungDocument{{Anchor: AtPercent, Percent: 75, Tell: []Audience{Assignee}}}}
	example := EscalationLadder{ID: 4294967900, NewLadder: NewLadder{Name: "Standard", Active: true, Rungs: []RungDocument{rung}}, Version: 1}
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	openapi.Register(h, openapi.Operation{
		ID: "list-escalation-ladders", Method: http.MethodGet, Path: list, Tag: tag, Summary: "List escalation ladders",
		Description: "By name.", Answer: openapi.Page[EscalationLadder]{Items: []EscalationLadder{example}},
	}, s.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-escalation-ladder", Method: http.MethodPost, Path: list, Tag: tag, Summary: "Create an escalation ladder",
		Description: "Its rungs fire for what comes from then on.", Status: http.StatusCreated, Request: made, Answer: example,
	}, s.apiCreate)
	openapi.Register(h, openapi.Operation{
		ID: "preview-escalation-ladder", Method: http.MethodPost, Path: list + "/preview", Tag: tag, Summary: "Preview an escalation ladder",
		Description: "What it would have done in the last 30 days, or to one ticket since it came in. Nothing is saved and nobody is told. Conditions of rungs are not looked at.",
		Request:     map[string]any{"ladder": made}, Answer: EscalationPreview{From: at, Tickets: 120, Reached: 1, Fired: 1, ByRung: []int{1}, Items: []PreviewFiring{{Ticket: "INC-1042", At: at, Measure: clock.Resolution}}},
	}, s.apiPreview)
	openapi.Register(h, openapi.Operation{
		ID: "get-escalation-ladder", Method: http.MethodGet, Path: one, Tag: tag, Summary: "Get an escalation ladder",
		Description: "With its rungs.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, s.apiGet)
	openapi.Register(h, openapi.Operation{
		ID: "replace-escalation-ladder", Method: http.MethodPut, Path: one, Tag: tag, Summary: "Replace an escalation ladder",
		Description: "A rung that keeps its id keeps what it has done; one that gets another place fires for what comes from then on.", Errors: []int{404, 409, 412, 428}, Request: made, Answer: example,
	}, s.apiChange)
	openapi.Register(h, openapi.Operation{
		ID: "delete-escalation-ladder", Method: http.MethodDelete, Path: one, Tag: tag, Summary: "Delete an escalation ladder",
		Description: "What it has done stays on the timelines.", Status: http.StatusNoContent, Errors: []int{404, 409, 412, 428},
	}, s.apiDelete)
	openapi.Register(h, openapi.Operation{
		ID: "list-escalations", Method: http.MethodGet, Path: "/tickets/{ref}/escalations", Tag: tag, Summary: "List a ticket's escalations",
		Description: "What comes and when, what fired, and what was skipped and why. Those who do not read internal notes get none.",
		Errors:      []int{http.StatusNotFound},
		Answer:      openapi.Page[EscalationStep]{Items: []EscalationStep{{LadderID: 4294967900, RungID: 4294967901, Role: clock.SLA, Measure: clock.Resolution, Cycle: 1, Status: Planned, At: &at, FiresAt: &at}}},
	}, s.apiSteps)
}

type answer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body EscalationLadder
}

func answerOf(l *Ladder) *answer { return &answer{openapi.ETag(int(l.Version)), documentOf(l)} }

type byID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Service) apiList(ctx context.Context, _ *struct{}) (*openapi.Listed[EscalationLadder], error) {
	all, err := s.List(ctx)
	items := make([]EscalationLadder, 0, len(all))
	for i := range all {
		items = append(items, documentOf(&all[i]))
	}
	if err != nil {
		return nil, err
	}
	return openapi.List(ctx, items, ""), nil
}

func (s *Service) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body NewLadder
},
) (*answer, error) {
	l, err := in.Body.ladder()
	if err != nil {
		return nil, err
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	if l, err = s.Create(keyed, l); err != nil {
		return nil, outside(err)
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return answerOf(&l), nil
}

func (s *Service) apiGet(ctx context.Context, in *byID) (*answer, error) {
	l, err := s.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answerOf(&l), nil
}

func (s *Service) apiChange(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body NewLadder
},
) (*answer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	l, err := in.Body.ladder()
	if err != nil {
		return nil, err
	}
	if l, err = s.Change(ctx, in.ID, int64(version), l); err != nil {
		return nil, outside(err)
	}
	return answerOf(&l), nil
}

func (s *Service) apiDelete(ctx context.Context, in *struct {
	openapi.Changing
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	return nil, outside(s.Delete(ctx, in.ID, int64(version)))
}

type previewAnswer struct{ Body EscalationPreview }

func (s *Service) apiPreview(ctx context.Context, in *struct {
	Body struct {
		Ticket string    `json:"ticket,omitempty" maxLength:"40" doc:"Number or id of the one ticket to look at."`
		Ladder NewLadder `json:"ladder"`
	}
},
) (*previewAnswer, error) {
	l, err := in.Body.Ladder.ladder()
	if err != nil {
		return nil, err
	}
	p, err := s.Preview(ctx, l, refOf(in.Body.Ticket))
	if err != nil {
		return nil, outside(err)
	}
	d := EscalationPreview{From: p.From, Tickets: p.Tickets, More: p.More, Reached: p.Reached, Fired: p.Fired, ByRung: append([]int{}, p.ByRung...), Items: []PreviewFiring{}}
	for _, i := range p.Items {
		d.Items = append(d.Items, PreviewFiring{Ticket: i.Number, At: i.At, Rung: i.Rung, Round: i.Round, Measure: i.Clock.Measure})
	}
	return &previewAnswer{d}, nil
}

// refOf reads a ticket's number or id; "" is none.
func refOf(typed string) ticket.Ref {
	if typed == "" {
		return ticket.Ref{}
	}
	if id, err := strconv.ParseInt(typed, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(typed)
}

func (s *Service) apiSteps(ctx context.Context, in *struct {
	Ref string `path:"ref" maxLength:"40" doc:"The ticket's number, or its id." example:"INC-1042"`
},
) (*openapi.Listed[EscalationStep], error) {
	t, err := s.d.Tickets.Get(ctx, refOf(in.Ref))
	if err != nil {
		return nil, err
	}
	all, err := s.Of(ctx, &t)
	if err != nil {
		return nil, err
	}
	instant := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	items := make([]EscalationStep, 0, len(all))
	for i := range all {
		e := &all[i]
		k := e.Clock
		items = append(items, EscalationStep{
			LadderID: e.Ladder, RungID: e.Rung, Round: e.Round, Role: k.Role, PartyID: k.Party, Measure: k.Measure, State: k.State, Cycle: k.Cycle,
			Status: e.Status, Reason: e.Reason, At: instant(e.At), FiresAt: instant(e.Fire), EndedAt: instant(e.Ended),
		})
	}
	return openapi.List(ctx, items, ""), nil
}

// outside puts what an error carries into the API's words: the document of a
// conflict, the names of its fields.
func outside(err error) error {
	var e *apperr.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return apperr.Retold(err, func(now *Ladder) any { return documentOf(now) })
	}
	out := *e
	out.Fields = nil
	for _, f := range e.Fields {
		switch {
		case f.Name == "agreements":
			f.Name = "agreement_ids"
		case strings.HasSuffix(f.Name, ".persons"):
			f.Name = strings.TrimSuffix(f.Name, "s") + "_ids"
		case strings.HasSuffix(f.Name, ".up"):
			f.Name = strings.TrimSuffix(f.Name, "up") + "managers_up"
		case strings.HasSuffix(f.Name, ".channels"):
			f.Name = strings.TrimSuffix(f.Name, "channels") + "channel_ids"
		case strings.HasSuffix(f.Name, ".group"):
			f.Name += "_id"
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}
