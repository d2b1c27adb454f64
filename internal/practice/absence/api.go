package absence

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Absences"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "When people are away, and who stands in for them. Who stands in is told what is wanted of who is away; nothing is reassigned by itself."}}
}

// GroupSubstitute is who stands in for the tickets of one group.
type GroupSubstitute struct {
	GroupID      int64 `json:"group_id" minimum:"1" example:"4294967320"`
	SubstituteID int64 `json:"substitute_id" minimum:"1" example:"4294967313"`
}

// NewAbsence says when somebody is away.
type NewAbsence struct {
	From         time.Time         `json:"from" example:"2026-03-02T17:00:00Z"`
	Until        time.Time         `json:"until" doc:"When they are back." example:"2026-03-16T07:00:00Z"`
	Reason       string            `json:"reason,omitempty" maxLength:"300" doc:"For the person alone; of others it is not kept."`
	SubstituteID int64             `json:"substitute_id,omitempty" minimum:"1" doc:"Missing is nobody: what is wanted then goes to the leads of the group."`
	ByGroup      []GroupSubstitute `json:"by_group,omitempty" maxItems:"50" doc:"Who stands in for the tickets of a group, where it is somebody else."`
}

// Absence is a time in which somebody is away.
type Absence struct {
	ID           int64             `json:"id" example:"4294967500"`
	PersonID     int64             `json:"person_id" example:"4294967312"`
	From         time.Time         `json:"from"`
	Until        time.Time         `json:"until" doc:"When they are back."`
	Reason       string            `json:"reason,omitempty" doc:"Shown to the person alone."`
	SubstituteID int64             `json:"substitute_id,omitempty"`
	ByGroup      []GroupSubstitute `json:"by_group" nullable:"false"`
	EnteredBy    int64             `json:"entered_by,omitempty"`
	Version      int64             `json:"version" doc:"Counts saves; the ETag is this number in quotation marks." example:"1"`
}

// Away is what everybody who works with somebody may know.
type Away struct {
	Away     bool       `json:"away"`
	Until    *time.Time `json:"until,omitempty"`
	StandsIn int64      `json:"stands_in,omitempty" doc:"Who stands in now: of a substitute who is away, too, their substitute, and so on. Missing for nobody."`
}

// Covered is somebody who is away and for whom you stand in.
type Covered struct {
	AbsenceID int64     `json:"absence_id"`
	PersonID  int64     `json:"person_id"`
	Until     time.Time `json:"until"`
	Groups    []int64   `json:"groups" nullable:"false" doc:"The groups whose tickets it is about, or, with except, those whose tickets are somebody else's."`
	Except    bool      `json:"except"`
	Filter    string    `json:"filter" doc:"Finds their open tickets." example:"state:open (assignee:#4294967312)"`
}

func absenceOf(a *people.Absence) Absence {
	out := Absence{
		ID: a.ID, PersonID: a.PersonID, From: a.From, Until: a.Until, Reason: a.Reason, SubstituteID: a.Substitute, ByGroup: []GroupSubstitute{}, EnteredBy: a.EnteredBy, Version: a.Version,
	}
	for _, g := range slices.Sorted(maps.Keys(a.ByGroup)) {
		out.ByGroup = append(out.ByGroup, GroupSubstitute{g, a.ByGroup[g]})
	}
	return out
}

func (n *NewAbsence) input() people.AbsenceInput {
	in := people.AbsenceInput{From: n.From, Until: n.Until, Reason: n.Reason, Substitute: n.SubstituteID, ByGroup: map[int64]int64{}}
	for _, g := range n.ByGroup {
		in.ByGroup[g.GroupID] = g.SubstituteID
	}
	return in
}

// ByID is the part of an input that says which record.
type ByID struct {
	ID int64 `path:"id" minimum:"1" example:"4294967312"`
}

type saved struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body Absence
}

func savedOf(a *people.Absence) *saved {
	return &saved{openapi.ETag(int(a.Version)), absenceOf(a)}
}

func (a *Absences) register(h huma.API) {
	from := time.Date(2026, 3, 2, 17, 0, 0, 0, time.UTC)
	example := Absence{ID: 4294967500, PersonID: 4294967312, From: from, Until: from.AddDate(0, 0, 14), SubstituteID: 4294967313, ByGroup: []GroupSubstitute{}, Version: 1}
	request := map[string]any{"from": from, "until": from.AddDate(0, 0, 14), "substitute_id": 4294967313}
	changing := []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired}
	openapi.Register(h, openapi.Operation{
		ID: "list-absences", Method: http.MethodGet, Path: "/people/{id}/absences", Tag: tag, Summary: "List a person's absences",
		Description: "The latest first. For the person, those who manage people, and those who lead a group of theirs.", Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[Absence]{Items: []Absence{example}},
	}, a.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-absence", Method: http.MethodPost, Path: "/people/{id}/absences", Tag: tag, Summary: "Enter an absence", Status: http.StatusCreated,
		Description: "One's own, or, for those who may, that of somebody else, which the audit log keeps. Absences of a person do not overlap.", Errors: []int{http.StatusNotFound},
		Request: request, Answer: example,
	}, a.apiAdd)
	openapi.Register(h, openapi.Operation{
		ID: "get-person-away", Method: http.MethodGet, Path: "/people/{id}/away", Tag: tag, Summary: "Tell whether somebody is away",
		Description: "For everybody who may look them up.", Errors: []int{http.StatusNotFound}, Answer: Away{Away: true, Until: &from, StandsIn: 4294967313},
	}, a.apiAway)
	openapi.Register(h, openapi.Operation{
		ID: "get-absence", Method: http.MethodGet, Path: "/absences/{id}", Tag: tag, Summary: "Get an absence",
		Description: "Also for those who stand in.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, a.apiGet)
	openapi.Register(h, openapi.Operation{
		ID: "replace-absence", Method: http.MethodPut, Path: "/absences/{id}", Tag: tag, Summary: "Change an absence",
		Description: "All of it at once. What is over stays as it was.", Errors: changing, Request: request, Answer: example,
	}, a.apiChange)
	openapi.Register(h, openapi.Operation{
		ID: "end-absence", Method: http.MethodPost, Path: "/absences/{id}/end", Tag: tag, Summary: "End an absence now",
		Description: "One that has not begun is taken back: it never was.", Errors: changing, Status: http.StatusNoContent,
	}, a.apiEnd)
	openapi.Register(h, openapi.Operation{
		ID: "step-down", Method: http.MethodPost, Path: "/absences/{id}/step-down", Tag: tag, Summary: "Say that you cannot stand in",
		Description: "Who is away and the leads of their groups are told.", Errors: []int{http.StatusNotFound}, Status: http.StatusNoContent,
	}, a.apiStepDown)
	openapi.Register(h, openapi.Operation{
		ID: "list-standing-in", Method: http.MethodGet, Path: "/me/standing-in", Tag: tag, Summary: "List for whom you stand in",
		Description: "Those who are away now and whose matters come to you in the end, the first to be back first.",
		Answer:      openapi.Page[Covered]{Items: []Covered{{AbsenceID: 4294967500, PersonID: 4294967312, Until: from, Groups: []int64{}, Except: true, Filter: "state:open (assignee:#4294967312)"}}},
	}, a.apiStandingIn)
}

// told gives an error with the fields named as the API's inputs are.
func told(err error) error {
	fields := apperr.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	var out apperr.Problems
	for _, f := range fields {
		if f.Name == "substitute" {
			f.Name = "substitute_id"
		}
		out.Say(f.Name, f.Message)
	}
	return out.Err()
}

func (a *Absences) apiList(ctx context.Context, in *ByID) (*openapi.Listed[Absence], error) {
	all, err := a.d.People.Absences(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	items := make([]Absence, 0, len(all))
	for i := range all {
		items = append(items, absenceOf(&all[i]))
	}
	return openapi.List(ctx, items, ""), nil
}

func (a *Absences) apiAdd(ctx context.Context, in *struct {
	openapi.Once
	ByID
	Body NewAbsence
},
) (*saved, error) {
	keyed := once.With(ctx, in.IdempotencyKey)
	x, err := a.d.People.AddAbsence(keyed, in.ID, in.Body.input())
	if err != nil {
		return nil, told(err)
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return savedOf(&x), nil
}

func (a *Absences) apiAway(ctx context.Context, in *ByID) (*struct{ Body Away }, error) {
	if _, err := a.d.People.Person(ctx, in.ID); err != nil {
		return nil, err
	}
	book, err := a.d.People.AwayNow(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body Away }{}
	if away, is := book[in.ID]; is {
		out.Body = Away{Away: true, Until: &away.Until}
		if chain, ok := book.Chain(in.ID, 0); ok {
			out.Body.StandsIn = chain[len(chain)-1]
		}
	}
	return out, nil
}

func (a *Absences) apiGet(ctx context.Context, in *ByID) (*saved, error) {
	x, err := a.d.People.Absence(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return savedOf(&x), nil
}

// Changing is the part of an input that changes an absence.
type Changing struct {
	ByID
	openapi.Changing
}

// version is the one that a change is meant for.
func (a *Absences) version(ctx context.Context, in *Changing) (int64, error) {
	version, err := in.Version(ctx)
	if err != nil || version != 0 {
		return int64(version), err
	}
	x, err := a.d.People.Absence(ctx, in.ID)
	return x.Version, err
}

func (a *Absences) apiChange(ctx context.Context, in *struct {
	Changing
	Body NewAbsence
},
) (*saved, error) {
	version, err := a.version(ctx, &in.Changing)
	if err != nil {
		return nil, err
	}
	x, err := a.d.People.ChangeAbsence(ctx, in.ID, version, in.Body.input())
	if err != nil {
		return nil, apperr.Retold(told(err), func(now *people.Absence) any { return absenceOf(now) })
	}
	return savedOf(&x), nil
}

func (a *Absences) apiEnd(ctx context.Context, in *Changing) (*struct{}, error) {
	version, err := a.version(ctx, in)
	if err != nil {
		return nil, err
	}
	_, err = a.d.People.EndAbsence(ctx, in.ID, version)
	return nil, apperr.Retold(err, func(now *people.Absence) any { return absenceOf(now) })
}

func (a *Absences) apiStepDown(ctx context.Context, in *ByID) (*struct{}, error) {
	_, err := a.stepsDown(ctx, in.ID)
	return nil, err
}

func (a *Absences) apiStandingIn(ctx context.Context, _ *struct{}) (*openapi.Listed[Covered], error) {
	if !access.From(ctx).IsPerson() {
		return nil, apperr.New(apperr.Unauthenticated, "Send an API token or sign in.")
	}
	covers, err := a.d.People.AwayFor(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]Covered, 0, len(covers))
	for i := range covers {
		c := &covers[i]
		items = append(items, Covered{c.Absence, c.Person, c.Until, append([]int64{}, c.Groups...), c.Except, heldBy(covers[i : i+1])})
	}
	return openapi.List(ctx, items, ""), nil
}
