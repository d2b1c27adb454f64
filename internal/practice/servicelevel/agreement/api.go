package agreement

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Service levels"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "What is promised to customers (SLA), by groups (OLA) and by suppliers (UC), in versions. Colleagues read; changing needs the permission to manage settings."}}
}

// TargetTerms is one promise.
type TargetTerms struct {
	Measure    clock.Measure `json:"measure" enum:"response,update,workaround,resolution,step"`
	State      string        `json:"state,omitempty" maxLength:"60" doc:"Of a step: the key of the state."`
	Priority   int           `json:"priority,omitempty" minimum:"0" maximum:"20" doc:"0, or missing, is every one that no other target names."`
	Within     string        `json:"within" maxLength:"80" example:"8h" doc:"Business time such as 8h or 1h 30m, or business days: 2 business days until 17:00."`
	CalendarID int64         `json:"calendar_id,omitempty" minimum:"1" doc:"Missing is the agreement's."`
}

// TermsDocument is what a version says.
type TermsDocument struct {
	Kinds       []string      `json:"kinds,omitempty" maxItems:"50" doc:"Keys of the kinds of tickets; none is all."`
	ServiceIDs  []int64       `json:"service_ids,omitempty" maxItems:"500" doc:"None is all."`
	OfferingIDs []int64       `json:"offering_ids,omitempty" maxItems:"500" doc:"Levels of services; then only for customers who have one of them. None is all."`
	CalendarID  int64         `json:"calendar_id" minimum:"1" example:"2"`
	Reopen      string        `json:"reopen,omitempty" enum:"continue,restart" default:"continue" doc:"What a reopened ticket does to the clock of its resolution."`
	Pauses      *[]string     `json:"pauses,omitempty" maxItems:"50" nullable:"false" doc:"Keys of the waiting reasons that pause the clocks, an empty list for none. Missing: the workflow says."`
	Warn        []int         `json:"warn,omitempty" maxItems:"10" doc:"Percents of a target at which people are warned."`
	Targets     []TargetTerms `json:"targets" minItems:"1" maxItems:"100" nullable:"false"`
}

// TermsVersion is what an agreement says from an instant on.
type TermsVersion struct {
	ID       int64         `json:"id" example:"4294967811"`
	Number   int           `json:"number" example:"1"`
	From     time.Time     `json:"from"`
	AuthorID int64         `json:"author_id"`
	WroteAt  time.Time     `json:"written_at"`
	Terms    TermsDocument `json:"terms"`
}

// WrittenAgreement is an agreement as the API gives it.
type WrittenAgreement struct {
	ID          int64          `json:"id" example:"4294967810"`
	Name        string         `json:"name" example:"Gold"`
	Role        clock.Role     `json:"role" enum:"sla,ola,uc"`
	PartyID     int64          `json:"party_id,omitempty" doc:"SLA: the customer's organisation, missing for every customer; OLA: the group; UC: the supplier's organisation."`
	Description string         `json:"description"`
	OwnerID     int64          `json:"owner_id,omitempty" doc:"Who is accountable."`
	State       State          `json:"state" enum:"planned,in_force,ended"`
	Ends        *time.Time     `json:"ends,omitempty" doc:"No ticket comes under it from then on."`
	Versions    []TermsVersion `json:"versions" nullable:"false" doc:"By the instant from which they hold."`
	Version     int64          `json:"version"`
}

// NewAgreement is what an agreement is made of.
type NewAgreement struct {
	Name        string        `json:"name" minLength:"1" maxLength:"200"`
	Role        clock.Role    `json:"role" enum:"sla,ola,uc"`
	PartyID     int64         `json:"party_id,omitempty" minimum:"1"`
	Description string        `json:"description,omitempty" maxLength:"5000"`
	OwnerID     int64         `json:"owner_id,omitempty" minimum:"1"`
	From        *time.Time    `json:"from,omitempty" doc:"Missing is now. It may lie in the past, so that imported tickets get clocks."`
	Ends        *time.Time    `json:"ends,omitempty"`
	Terms       TermsDocument `json:"terms"`
}

// ChangedAgreement changes an agreement; what is absent stays.
type ChangedAgreement struct {
	Name        *string                  `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Description *string                  `json:"description,omitempty" maxLength:"5000"`
	OwnerID     openapi.Field[int64]     `json:"owner_id,omitempty" doc:"null is nobody."`
	Ends        openapi.Field[time.Time] `json:"ends,omitempty" doc:"Now or later; null is never."`
	Terms       *TermsDocument           `json:"terms,omitempty" doc:"Makes a new version."`
	From        *time.Time               `json:"from,omitempty" doc:"When the terms begin: now (missing) or later. A version that was to begin then is replaced."`
}

// NamedRecord is something with its name.
type NamedRecord struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// PromiseLink is a promise that one to a customer leans on.
type PromiseLink struct {
	Agreement NamedRecord `json:"agreement"`
	Role      clock.Role  `json:"role" enum:"sla,ola,uc"`
	Target    TargetTerms `json:"target"`
}

// PromiseGap is a promise that cannot be kept by those who deliver.
type PromiseGap struct {
	SLA        NamedRecord   `json:"sla"`
	Promise    TargetTerms   `json:"promise"`
	Links      []PromiseLink `json:"links" nullable:"false" doc:"One after the other."`
	Kinds      []string      `json:"kinds" nullable:"false"`
	Priorities []int         `json:"priorities" nullable:"false"`
	Services   []NamedRecord `json:"services" nullable:"false"`
	Start      time.Time     `json:"start" doc:"A ticket that comes in then"`
	Promised   time.Time     `json:"promised" doc:"is promised for then"`
	MayTake    *time.Time    `json:"may_take_until,omitempty" doc:"and may take until then; missing is for ever."`
	Share      int           `json:"share" doc:"In so many percent of the hours of four weeks it is so."`
}

// RivalAgreement is another agreement that would hold for the same tickets.
type RivalAgreement struct {
	Agreement NamedRecord `json:"agreement"`
	Wins      bool        `json:"wins" doc:"The other one holds, because it is older."`
}

// FeasibilityReport is what there is to say about an agreement among the others.
type FeasibilityReport struct {
	Feasible bool             `json:"feasible"`
	Findings []PromiseGap     `json:"findings" nullable:"false"`
	Overlaps []RivalAgreement `json:"overlaps" nullable:"false"`
	Services int              `json:"services" doc:"How many services were looked at."`
	More     bool             `json:"more" doc:"There are more services than are looked at."`
}

// HoldingVerdict says of one agreement whether it holds for a ticket.
type HoldingVerdict struct {
	Agreement NamedRecord   `json:"agreement"`
	Role      clock.Role    `json:"role" enum:"sla,ola,uc"`
	Holds     bool          `json:"holds"`
	Number    int           `json:"number,omitempty" doc:"Of the version."`
	Reason    Reason        `json:"reason" enum:"holds,not_begun,ended,other_kind,other_service,other_offering,other_customer,less_specific,younger"`
	Instead   *NamedRecord  `json:"instead,omitempty" doc:"What goes before it."`
	Targets   []TargetTerms `json:"targets" nullable:"false" doc:"For the priority."`
}

func namedDocument(n Named) NamedRecord { return NamedRecord(n) }

func targetDocument(t clock.Target) TargetTerms {
	return TargetTerms{t.Measure, t.State, t.Priority, SpanOf(t).String(), t.Calendar}
}

func targetDocuments(all []clock.Target) []TargetTerms {
	out := make([]TargetTerms, 0, len(all))
	for _, t := range all {
		out = append(out, targetDocument(t))
	}
	return out
}

func termsDocument(t *clock.Terms) TermsDocument {
	d := TermsDocument{Kinds: t.Kinds, ServiceIDs: t.Services, OfferingIDs: t.Offerings, CalendarID: t.Calendar, Reopen: string(t.Reopen), Warn: t.Warn, Targets: targetDocuments(t.Targets)}
	if t.Reopen == "" {
		d.Reopen = string(clock.Continue)
	}
	if t.OwnPauses {
		pauses := append([]string{}, t.Pauses...)
		d.Pauses = &pauses
	}
	return d
}

// terms reads a document; a length that is not understood is reported.
func (d *TermsDocument) terms() (clock.Terms, error) {
	t := clock.Terms{Kinds: d.Kinds, Services: d.ServiceIDs, Offerings: d.OfferingIDs, Calendar: d.CalendarID, Reopen: clock.Reopen(d.Reopen), Warn: d.Warn}
	if d.Pauses != nil {
		t.OwnPauses, t.Pauses = true, *d.Pauses
	}
	var wrong apperr.Problems
	for i, x := range d.Targets {
		span, err := ParseSpan(x.Within)
		for _, f := range apperr.FieldsOf(err) {
			wrong.Add(fmt.Sprintf("terms.targets.%d.within", i), "%s", f.Message)
		}
		t.Targets = append(t.Targets, clock.Target{
			Measure: x.Measure, State: x.State, Priority: x.Priority, Within: span.Within, Days: span.Days, Until: span.Until, Calendar: x.CalendarID,
		})
	}
	return t, wrong.Err()
}

func (s *Service) documentOf(a *Agreement) WrittenAgreement {
	d := WrittenAgreement{
		ID: a.ID, Name: a.Name, Role: a.Role, PartyID: a.Party, Description: a.Description, OwnerID: a.OwnerID, State: a.State(s.now()), Version: a.Version,
		Versions: []TermsVersion{},
	}
	if !a.Ends.IsZero() {
		d.Ends = &a.Ends
	}
	for i := range a.Versions {
		v := &a.Versions[i]
		d.Versions = append(d.Versions, TermsVersion{v.ID, v.Number, v.From, v.AuthorID, v.CreatedAt, termsDocument(&v.Terms)})
	}
	return d
}

func reportDocument(r *Report) FeasibilityReport {
	d := FeasibilityReport{Feasible: len(r.Findings) == 0, Findings: []PromiseGap{}, Overlaps: []RivalAgreement{}, Services: r.Services, More: r.More}
	for _, f := range r.Findings {
		x := PromiseGap{
			SLA: namedDocument(f.SLA), Promise: targetDocument(f.Promise), Links: []PromiseLink{}, Kinds: f.Kinds, Priorities: f.Priorities, Services: []NamedRecord{},
			Start: f.Gap.Start.UTC(), Promised: f.Gap.Promised.UTC(), Share: f.Gap.Share,
		}
		if !f.Gap.Chain.IsZero() {
			until := f.Gap.Chain.UTC()
			x.MayTake = &until
		}
		for _, l := range f.Links {
			x.Links = append(x.Links, PromiseLink{namedDocument(l.Agreement), l.Role, targetDocument(l.Target)})
		}
		for _, n := range f.Services {
			x.Services = append(x.Services, namedDocument(n))
		}
		d.Findings = append(d.Findings, x)
	}
	for _, o := range r.Overlaps {
		d.Overlaps = append(d.Overlaps, RivalAgreement{namedDocument(o.Agreement), o.Wins})
	}
	return d
}

func (s *Service) register(h huma.API) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	target := TargetTerms{Measure: clock.Resolution, Priority: 1, Within: "4h"}
	terms := TermsDocument{CalendarID: 2, Reopen: "continue", Warn: []int{75, 100}, Targets: []TargetTerms{target}}
	example := WrittenAgreement{
		ID: 4294967810, Name: "Gold", Role: clock.SLA, State: InForce, Version: 1,
		Versions: []TermsVersion{{ID: 4294967811, Number: 1, From: from, AuthorID: 4294967312, WroteAt: from, Terms: terms}},
	}
	request := map[string]any{"name": "Gold", "role": "sla", "terms": map[string]any{
		"calendar_id": 2, "targets": []any{map[string]any{"measure": "resolution", "priority": 1, "within": "4h"}},
	}}
	report := FeasibilityReport{Feasible: true, Findings: []PromiseGap{}, Overlaps: []RivalAgreement{}, Services: 12}
	const list, one = "/agreements", "/agreements/{id}"
	openapi.Register(h, openapi.Operation{
		ID: "list-agreements", Method: http.MethodGet, Path: list, Tag: tag, Summary: "List agreements",
		Description: "With all their versions, by name.", Answer: openapi.Page[WrittenAgreement]{Items: []WrittenAgreement{example}},
	}, s.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-agreement", Method: http.MethodPost, Path: list, Tag: tag, Summary: "Write an agreement", Status: http.StatusCreated,
		Description: "Its first version may begin in the past.", Errors: []int{http.StatusConflict}, Request: request, Answer: example,
	}, s.apiCreate)
	openapi.Register(h, openapi.Operation{
		ID: "preview-agreement", Method: http.MethodPost, Path: list + "/preview", Tag: tag, Summary: "Try an agreement",
		Description: "Says whether it could be kept and what it overlaps, and saves nothing.", Request: request, Answer: report,
	}, s.apiPreview)
	simulation := map[string]any{"days": 90}
	for k, v := range request {
		simulation[k] = v
	}
	openapi.Register(h, openapi.Operation{
		ID: "simulate-agreement", Method: http.MethodPost, Path: list + "/simulate", Tag: tag, Summary: "Try an agreement on the past",
		Description: "Computes what would have become of its promises on the tickets of the last days, beside what becomes of them by what holds today. Looks at 3,000 tickets at most and saves nothing.",
		Request:     simulation, Errors: []int{http.StatusNotFound},
		Answer: TrialReport{From: from, Found: 4120, Looked: 3000, Covered: 811, Targets: []TriedTarget{{Target: target, Kept: 97, Broken: 12, TodayKept: 108, TodayBroken: 1}}, Worst: []TriedTicket{{Number: "INC-1042", Title: "Printer", Measure: clock.Resolution, Over: 5400}}},
	}, s.apiSimulate)
	openapi.Register(h, openapi.Operation{
		ID: "find-agreements", Method: http.MethodGet, Path: list + "/holding", Tag: tag, Summary: "Ask what would hold for a ticket",
		Description: "Which agreements a ticket about these facts would come under, and of those in force why the others do not hold.",
		Answer:      openapi.Page[HoldingVerdict]{Items: []HoldingVerdict{{Agreement: NamedRecord{4294967810, "Gold"}, Role: clock.SLA, Holds: true, Number: 1, Reason: Holds, Targets: []TargetTerms{target}}}},
	}, s.apiAsk)
	openapi.Register(h, openapi.Operation{
		ID: "get-agreement", Method: http.MethodGet, Path: one, Tag: tag, Summary: "Get an agreement",
		Description: "With all its versions.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, s.apiGet)
	openapi.Register(h, openapi.Operation{
		ID: "change-agreement", Method: http.MethodPatch, Path: one, Tag: tag, Summary: "Change an agreement",
		Description: "Other terms make a new version, for tickets that come in from then on.", Errors: []int{404, 409, 412, 428}, Request: map[string]any{"name": "Gold"}, Answer: example,
	}, s.apiChange)
	openapi.Register(h, openapi.Operation{
		ID: "withdraw-agreement-version", Method: http.MethodDelete, Path: one + "/versions/{number}", Tag: tag, Summary: "Withdraw a planned version",
		Description: "Only one that has not begun.", Errors: []int{404, 409, 412, 428}, Status: http.StatusOK, Answer: example,
	}, s.apiWithdraw)
	openapi.Register(h, openapi.Operation{
		ID: "check-agreement", Method: http.MethodGet, Path: one + "/feasibility", Tag: tag, Summary: "Check an agreement",
		Description: "Whether the promises of groups and suppliers, one after the other, can keep the one to the customer: for every service it covers, and every priority.",
		Errors:      []int{http.StatusNotFound}, Answer: report,
	}, s.apiCheck)
}

type answer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body WrittenAgreement
}

func (s *Service) answer(a *Agreement) *answer {
	return &answer{openapi.ETag(int(a.Version)), s.documentOf(a)}
}

func (s *Service) apiList(ctx context.Context, in *struct {
	openapi.Paging
	Role  string `query:"role" enum:"sla,ola,uc"`
	State string `query:"state" enum:"planned,in_force,ended"`
	Q     string `query:"q" maxLength:"200" doc:"Parts of the name."`
},
) (*openapi.Listed[WrittenAgreement], error) {
	at, err := lookup.ParseCursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	page, err := s.List(ctx, Query{Text: in.Q, Role: clock.Role(in.Role), State: State(in.State), After: at, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	items := make([]WrittenAgreement, 0, len(page.Items))
	for i := range page.Items {
		items = append(items, s.documentOf(&page.Items[i]))
	}
	return openapi.List(ctx, items, page.Next.String()), nil
}

// draft reads what is posted.
func (d *NewAgreement) draft() (Draft, error) {
	terms, err := d.Terms.terms()
	in := Draft{Name: d.Name, Role: d.Role, Party: d.PartyID, Description: d.Description, OwnerID: d.OwnerID, Terms: terms}
	if d.From != nil {
		in.From = *d.From
	}
	if d.Ends != nil {
		in.Ends = *d.Ends
	}
	return in, err
}

func (s *Service) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body NewAgreement
},
) (*answer, error) {
	draft, err := in.Body.draft()
	if err != nil {
		return nil, err
	}
	keyed := once.With(ctx, in.IdempotencyKey)
	a, err := s.Create(keyed, draft)
	if err != nil {
		return nil, s.outside(err)
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return s.answer(&a), nil
}

type reportAnswer struct{ Body FeasibilityReport }

func (s *Service) apiPreview(ctx context.Context, in *struct{ Body NewAgreement }) (*reportAnswer, error) {
	draft, err := in.Body.draft()
	if err != nil {
		return nil, err
	}
	_, report, err := s.Preview(ctx, draft)
	if err != nil {
		return nil, s.outside(err)
	}
	return &reportAnswer{reportDocument(&report)}, nil
}

func (s *Service) apiAsk(ctx context.Context, in *struct {
	Kind         string    `query:"kind" maxLength:"40" required:"true" example:"incident"`
	Service      int64     `query:"service_id" minimum:"0"`
	Organisation int64     `query:"organisation_id" minimum:"0" doc:"The requester's."`
	Group        int64     `query:"group_id" minimum:"0" doc:"That gets the ticket."`
	Priority     int       `query:"priority" minimum:"0" maximum:"20"`
	At           time.Time `query:"at" doc:"Missing is now."`
},
) (*openapi.Listed[HoldingVerdict], error) {
	found, err := s.Ask(ctx, Question{in.Kind, in.Service, in.Organisation, in.Group, in.Priority, in.At})
	if err != nil {
		return nil, err
	}
	items := make([]HoldingVerdict, 0, len(found))
	for _, v := range found {
		d := HoldingVerdict{Agreement: namedDocument(v.Agreement), Role: v.Role, Holds: v.Reason == Holds, Number: v.Number, Reason: v.Reason, Targets: targetDocuments(v.Targets)}
		if v.Instead.ID != 0 {
			instead := namedDocument(v.Instead)
			d.Instead = &instead
		}
		items = append(items, d)
	}
	return openapi.List(ctx, items, ""), nil
}

type byID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Service) apiGet(ctx context.Context, in *byID) (*answer, error) {
	a, err := s.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.answer(&a), nil
}

func (s *Service) apiChange(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body ChangedAgreement
},
) (*answer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	change := Changes{Name: in.Body.Name, Description: in.Body.Description, OwnerID: in.Body.OwnerID.Pointer(), Ends: in.Body.Ends.Pointer()}
	if in.Body.Terms != nil {
		terms, err := in.Body.Terms.terms()
		if err != nil {
			return nil, err
		}
		change.Terms = &terms
	}
	if in.Body.From != nil {
		change.From = *in.Body.From
	}
	a, err := s.Change(ctx, in.ID, int64(version), change)
	if err != nil {
		return nil, s.outside(err)
	}
	return s.answer(&a), nil
}

func (s *Service) apiWithdraw(ctx context.Context, in *struct {
	openapi.Changing
	ID     int64 `path:"id" minimum:"1"`
	Number int   `path:"number" minimum:"1"`
},
) (*answer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.Withdraw(ctx, in.ID, int64(version), in.Number)
	if err != nil {
		return nil, s.outside(err)
	}
	return s.answer(&a), nil
}

func (s *Service) apiCheck(ctx context.Context, in *byID) (*reportAnswer, error) {
	report, err := s.Check(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &reportAnswer{reportDocument(&report)}, nil
}

// outside puts what an error carries into the API's words: the document of a
// conflict, the names of its fields.
func (s *Service) outside(err error) error {
	var e *apperr.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	if now, ok := e.Detail.(*Agreement); ok {
		out.Detail = s.documentOf(now)
	}
	out.Fields = nil
	for _, f := range e.Fields {
		switch name, _, _ := strings.Cut(f.Name, "."); name {
		case "party", "owner":
			f.Name += "_id"
		case "calendar":
			f.Name = "terms.calendar_id"
		case "services":
			f.Name = "terms.service_ids"
		case "offerings":
			f.Name = "terms.offering_ids"
		case "targets", "kinds", "reopen", "pauses", "warn":
			f.Name = "terms." + f.Name
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}
