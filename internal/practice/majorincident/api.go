package majorincident

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tagMajor = "Major incidents"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagMajor, Description: "Incidents that need everybody: command, updates, banner, review."}}
}

// Item is a major incident.
type Item struct {
	ID             int64            `json:"id" example:"4294967500"`
	Ticket         string           `json:"ticket" example:"INC-1042"`
	State          State            `json:"state" enum:"proposed,accepted,rejected,cancelled,resolved"`
	Summary        string           `json:"summary" example:"Nobody can pay invoices"`
	Impact         string           `json:"impact,omitempty"`
	Reason         string           `json:"reason,omitempty"`
	Decision       string           `json:"decision,omitempty" doc:"Why it was rejected or cancelled."`
	People         int              `json:"people,omitempty" doc:"How many are affected, as estimated."`
	Services       []int64          `json:"services" nullable:"false" doc:"Ids of the affected services."`
	Roles          map[string]int64 `json:"roles" nullable:"false" doc:"Persons by role: commander, technician, communicator, liaison, scribe."`
	CadenceMinutes int              `json:"cadence_minutes" doc:"Between updates; 0 is no set pace."`
	NextUpdate     time.Time        `json:"next_update,omitzero"`
	ProposedAt     time.Time        `json:"proposed_at"`
	DecidedAt      time.Time        `json:"decided_at,omitzero"`
	ResolvedAt     time.Time        `json:"resolved_at,omitzero"`
	Public         bool             `json:"public" doc:"Whether its banner is up."`
	PublicText     string           `json:"public_text,omitempty"`
	Review         ReviewItem       `json:"review"`
	Version        int              `json:"version"`
}

// ReviewItem is the post-incident review.
type ReviewItem struct {
	Overview    string    `json:"overview,omitempty" maxLength:"20000"`
	Cause       string    `json:"cause,omitempty" maxLength:"20000"`
	Findings    string    `json:"findings,omitempty" maxLength:"20000"`
	Remedy      string    `json:"remedy,omitempty" maxLength:"20000"`
	CompletedAt time.Time `json:"completed_at,omitzero" readOnly:"true"`
}

func itemOf(m *Major, number string) Item {
	out := Item{
		ID: m.ID, Ticket: number, State: m.State, Summary: m.Summary, Impact: m.Impact, Reason: m.Reason, Decision: m.Decision, People: m.People,
		Services: append([]int64{}, m.Services...), Roles: map[string]int64{}, CadenceMinutes: int(m.Cadence.Minutes()), NextUpdate: m.NextUpdate,
		ProposedAt: m.ProposedAt, DecidedAt: m.DecidedAt, ResolvedAt: m.ResolvedAt, Public: m.Public, PublicText: m.PublicText, Version: m.Version,
		Review: ReviewItem{m.Review.Overview, m.Review.Cause, m.Review.Findings, m.Review.Remedy, m.Review.CompletedAt},
	}
	for role, person := range m.Roles {
		out.Roles[string(role)] = person
	}
	return out
}

// UpdateItem is what was told.
type UpdateItem struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	PersonID int64     `json:"person_id,omitempty"`
	Public   bool      `json:"public"`
	Body     string    `json:"body" doc:"Markdown."`
	Replied  int       `json:"replied,omitempty" doc:"Linked tickets that it was sent to."`
}

func updateItem(u *Update) UpdateItem {
	return UpdateItem{u.ID, u.At, u.By, u.Public, u.Body, u.Replied}
}

type answer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body Item
}

func (p *Practice) answer(ctx context.Context, m Major, err error) (*answer, error) {
	if err != nil {
		return nil, p.outside(err)
	}
	_, t, err := p.Get(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	return &answer{openapi.ETag(m.Version), itemOf(&m, t.Number)}, nil
}

// outside puts what a conflict carries into the API's words.
func (p *Practice) outside(err error) error {
	return apperr.Retold(err, func(now *Major) any { return itemOf(now, "") })
}

// Which is the part of an input that says which major incident.
type Which struct {
	ID int64 `path:"id" minimum:"1" example:"4294967500"`
}

func (p *Practice) register(h huma.API) {
	example := Item{
		ID: 4294967500, Ticket: "INC-1042", State: Accepted, Summary: "Nobody can pay invoices", Services: []int64{4294967350}, Roles: map[string]int64{"commander": 4294967312},
		CadenceMinutes: 30, NextUpdate: time.Date(2026, 11, 21, 10, 30, 0, 0, time.UTC), ProposedAt: time.Date(2026, 11, 21, 9, 55, 0, 0, time.UTC), DecidedAt: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), Version: 2,
	}
	told := UpdateItem{ID: 4294967510, At: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), PersonID: 4294967312, Public: true, Body: "We know the cause. Payments work again by noon."}
	op := func(id, method, path, summary, about string, more openapi.Operation) openapi.Operation {
		more.ID, more.Method, more.Path, more.Tag, more.Summary, more.Description = id, method, path, tagMajor, summary, about
		return more
	}
	changing := []int{404, 409, 412, 428}
	openapi.Register(h, op("list-major-incidents", http.MethodGet, "/major-incidents", "List major incidents", "The newest first, as far as you see their tickets.",
		openapi.Operation{Answer: openapi.Page[Item]{Items: []Item{example}}}), p.apiList)
	openapi.Register(h, op("get-major-incident", http.MethodGet, "/major-incidents/{id}", "Read a major incident", "With its review.",
		openapi.Operation{Errors: []int{404}, Answer: example}), p.apiGet)
	openapi.Register(h, op("propose-major-incident", http.MethodPost, "/major-incidents", "Propose a major incident", "Accepting at once needs the permission to command.",
		openapi.Operation{Status: http.StatusCreated, Errors: []int{404, 409}, Request: map[string]any{"ticket": "INC-1042", "summary": "Nobody can pay invoices"}, Answer: example}), p.apiPropose)
	openapi.Register(h, op("accept-major-incident", http.MethodPost, "/major-incidents/{id}/accept", "Declare a major incident", "You are in command until somebody else is.",
		openapi.Operation{Errors: []int{404, 409}, Answer: example}), p.apiAccept)
	openapi.Register(h, op("end-major-incident", http.MethodPost, "/major-incidents/{id}/end", "Reject or withdraw", "The incident goes on as an ordinary one.",
		openapi.Operation{Errors: []int{404, 409}, Request: map[string]any{"why": "Only one office"}, Answer: example}), p.apiEnd)
	openapi.Register(h, op("change-major-incident", http.MethodPatch, "/major-incidents/{id}", "Change a major incident", "What is left out stays as it is.",
		openapi.Operation{Errors: changing, Request: map[string]any{"people": 120, "public": true, "public_text": "Invoices cannot be paid at the moment"}, Answer: example}), p.apiChange)
	openapi.Register(h, op("write-major-incident-review", http.MethodPut, "/major-incidents/{id}/review", "Write the review", "With complete, all parts must be written; the incident can then be closed.",
		openapi.Operation{Errors: changing, Request: map[string]any{"overview": "Payments stood still.", "complete": false}, Answer: example}), p.apiReview)
	openapi.Register(h, op("list-major-incident-updates", http.MethodGet, "/major-incidents/{id}/updates", "List what was told", "The newest first, at most 200.",
		openapi.Operation{Errors: []int{404}, Answer: openapi.Page[UpdateItem]{Items: []UpdateItem{told}}}), p.apiUpdates)
	openapi.Register(h, op("tell-major-incident-update", http.MethodPost, "/major-incidents/{id}/updates", "Tell what is going on", "It starts the time to the next update anew.",
		openapi.Operation{Status: http.StatusCreated, Errors: []int{404, 409}, Request: map[string]any{"body": "We know the cause.", "public": true}, Answer: told}), p.apiTell)
}

func (p *Practice) apiList(ctx context.Context, in *struct {
	openapi.Paging
	State string `query:"state" enum:"proposed,accepted,rejected,cancelled,resolved" doc:"Only those in this state."`
},
) (*openapi.Listed[Item], error) {
	before := parseID(in.Cursor)
	if in.Cursor != "" && before == 0 {
		return nil, apperr.InvalidField("cursor", "Use the cursor of the page before.")
	}
	found, next, err := p.List(ctx, Query{State: State(in.State), Before: before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	items := make([]Item, 0, len(found))
	for i := range found {
		items = append(items, itemOf(&found[i].Major, found[i].Ticket.Number))
	}
	return openapi.List(ctx, items, formatID(next)), nil
}

func (p *Practice) apiGet(ctx context.Context, in *Which) (*answer, error) {
	m, _, err := p.Get(ctx, in.ID)
	return p.answer(ctx, m, err)
}

func (p *Practice) apiPropose(ctx context.Context, in *struct {
	Body struct {
		Ticket         string  `json:"ticket" minLength:"1" maxLength:"40"`
		Summary        string  `json:"summary" minLength:"1" maxLength:"300"`
		Impact         string  `json:"impact,omitempty" maxLength:"20000"`
		Reason         string  `json:"reason,omitempty" maxLength:"300"`
		People         int     `json:"people,omitempty" minimum:"0" maximum:"100000000"`
		Services       []int64 `json:"services,omitempty" maxItems:"50"`
		Accept         bool    `json:"accept,omitempty" doc:"Declare it at once."`
		CadenceMinutes int     `json:"cadence_minutes,omitempty" minimum:"0" maximum:"1440"`
	}
},
) (*answer, error) {
	b := &in.Body
	m, err := p.Propose(ctx, ticket.ByNumber(b.Ticket), Proposal{
		Summary: b.Summary, Impact: b.Impact, Reason: b.Reason, People: b.People, Services: b.Services, Accept: b.Accept, Cadence: time.Duration(b.CadenceMinutes) * time.Minute,
	})
	return p.answer(ctx, m, err)
}

func (p *Practice) apiAccept(ctx context.Context, in *Which) (*answer, error) {
	m, err := p.Accept(ctx, in.ID, 0)
	return p.answer(ctx, m, err)
}

func (p *Practice) apiEnd(ctx context.Context, in *struct {
	Which
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"300"`
	}
},
) (*answer, error) {
	m, _, err := p.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if m.State == Proposed {
		m, err = p.Reject(ctx, in.ID, 0, in.Body.Why)
	} else {
		m, err = p.Cancel(ctx, in.ID, 0, in.Body.Why)
	}
	return p.answer(ctx, m, err)
}

func (p *Practice) apiChange(ctx context.Context, in *struct {
	openapi.Changing
	Which
	Body struct {
		Summary        *string           `json:"summary,omitempty" minLength:"1" maxLength:"300"`
		Impact         *string           `json:"impact,omitempty" maxLength:"20000"`
		People         *int              `json:"people,omitempty" minimum:"0" maximum:"100000000"`
		Services       *[]int64          `json:"services,omitempty" maxItems:"50"`
		CadenceMinutes *int              `json:"cadence_minutes,omitempty" minimum:"0" maximum:"1440"`
		Roles          *map[string]int64 `json:"roles,omitempty" doc:"All roles anew; one left out is nobody's."`
		Public         *bool             `json:"public,omitempty"`
		PublicText     *string           `json:"public_text,omitempty" maxLength:"300"`
	}
},
) (*answer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	m, _, err := p.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if b.Summary != nil || b.Impact != nil || b.People != nil || b.Services != nil || b.CadenceMinutes != nil {
		scope := Scope{m.Summary, m.Impact, m.People, m.Services, m.Cadence}
		put(&scope.Summary, b.Summary)
		put(&scope.Impact, b.Impact)
		put(&scope.People, b.People)
		put(&scope.Services, b.Services)
		if b.CadenceMinutes != nil {
			scope.Cadence = time.Duration(*b.CadenceMinutes) * time.Minute
		}
		if m, err = p.Describe(ctx, in.ID, version, scope); err != nil {
			return nil, p.outside(err)
		}
		version = m.Version
	}
	if b.Roles != nil {
		roles := map[Role]int64{}
		for role, person := range *b.Roles {
			roles[Role(role)] = person
		}
		if m, err = p.Cast(ctx, in.ID, version, roles); err != nil {
			return nil, p.outside(err)
		}
		version = m.Version
	}
	if b.Public != nil || b.PublicText != nil {
		public, words := m.Public, m.PublicText
		put(&public, b.Public)
		put(&words, b.PublicText)
		if m, err = p.Publish(ctx, in.ID, version, public, words); err != nil {
			return nil, p.outside(err)
		}
	} else if version != m.Version { // nothing was changed: the version must be right all the same
		return nil, p.outside(conflict(&m))
	}
	return p.answer(ctx, m, nil)
}

func put[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (p *Practice) apiReview(ctx context.Context, in *struct {
	openapi.Changing
	Which
	Body struct {
		ReviewItem
		Complete bool `json:"complete,omitempty"`
	}
},
) (*answer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	m, err := p.Write(ctx, in.ID, version, Review{Overview: b.Overview, Cause: b.Cause, Findings: b.Findings, Remedy: b.Remedy}, b.Complete)
	return p.answer(ctx, m, err)
}

func (p *Practice) apiUpdates(ctx context.Context, in *Which) (*openapi.Listed[UpdateItem], error) {
	all, err := p.Updates(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	items := make([]UpdateItem, 0, len(all))
	for i := range all {
		items = append(items, updateItem(&all[i]))
	}
	return openapi.List(ctx, items, ""), nil
}

func (p *Practice) apiTell(ctx context.Context, in *struct {
	Which
	Body struct {
		Body        string `json:"body" minLength:"1" maxLength:"20000" doc:"Markdown."`
		Public      bool   `json:"public,omitempty"`
		Replies     bool   `json:"replies,omitempty" doc:"Also as a public reply on every linked ticket."`
		NextMinutes int    `json:"next_minutes,omitempty" minimum:"0" maximum:"1440"`
	}
},
) (*struct{ Body UpdateItem }, error) {
	b := &in.Body
	u, err := p.Tell(ctx, in.ID, Telling{Public: b.Public, Body: b.Body, Replies: b.Replies, Next: time.Duration(b.NextMinutes) * time.Minute})
	if err != nil {
		return nil, p.outside(err)
	}
	return &struct{ Body UpdateItem }{updateItem(&u)}, nil
}
