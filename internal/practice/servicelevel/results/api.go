package results

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Published results"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "What became of the promises to a customer, a closed month at a time. Members of the customer read what is published to them; who is accountable for the agreement, or manages settings, publishes."}}
}

// PublishingTerms say whether, what and to whom results of an agreement are published.
type PublishingTerms struct {
	Active          bool     `json:"active" doc:"Turned off, customers see nothing of it; what was published is kept."`
	OrganisationIDs []int64  `json:"organisation_ids" maxItems:"20" nullable:"false" doc:"The customer or its units. Each gets figures of its own tickets and those of its units."`
	Measures        []string `json:"measures" maxItems:"5" nullable:"false" enum:"response,update,workaround,resolution,step" doc:"None is all."`
	Goal            float64  `json:"goal,omitempty" minimum:"0" maximum:"1" doc:"The share that is aimed at; 0 is none." example:"0.95"`
	Tickets         bool     `json:"tickets" doc:"With the list of the customer's own tickets."`
	AtRisk          bool     `json:"at_risk" doc:"Requesters see which of their own promises are at risk now."`
	ContactsOnly    bool     `json:"contacts_only" doc:"Only the contacts read it; otherwise every member of the organisation."`
	ContactIDs      []int64  `json:"contact_ids" maxItems:"200" nullable:"false" doc:"People at the customer who are told when results are published. Given to those who publish."`
	Days            *int     `json:"days,omitempty" minimum:"0" maximum:"28" doc:"Published by itself so many days after a month's end. Missing: by hand."`
	Since           string   `json:"since,omitempty" maxLength:"7" doc:"The first month that is published by itself." example:"2026-03"`
}

// PublishingSetting is PublishingTerms as they are kept.
type PublishingSetting struct {
	AgreementID int64 `json:"agreement_id"`
	PublishingTerms
	Version int64 `json:"version" doc:"0 while nothing was chosen."`
}

// TargetResult is what became of the promises for one target.
type TargetResult struct {
	Measure  string  `json:"measure" enum:"response,update,workaround,resolution,step"`
	State    string  `json:"state,omitempty"`
	Priority int     `json:"priority" doc:"0 is all others."`
	Attained float64 `json:"attained" doc:"The share that was kept, from 0 to 1."`
	Kept     int     `json:"kept"`
	Broken   int     `json:"broken"`
}

// ServiceResult is what became of the promises about one service.
type ServiceResult struct {
	ServiceID int64  `json:"service_id" doc:"0 is about none."`
	Name      string `json:"name,omitempty"`
	Owner     string `json:"owner,omitempty" doc:"Who answers for it."`
	Email     string `json:"owner_email,omitempty"`
	Phone     string `json:"owner_phone,omitempty"`
	Kept      int    `json:"kept"`
	Broken    int    `json:"broken"`
}

// ResultFigures are what a month adds up to.
type ResultFigures struct {
	Attained float64         `json:"attained"`
	Kept     int             `json:"kept"`
	Broken   int             `json:"broken"`
	Tickets  int             `json:"tickets"`
	Goal     float64         `json:"goal,omitempty"`
	Targets  []TargetResult  `json:"targets" nullable:"false"`
	Services []ServiceResult `json:"services" nullable:"false"`
}

// RecountReason is why so many promises count differently.
type RecountReason struct {
	Why   string `json:"why" enum:"other_customer,other_agreement,reopened,cancelled,other_priority,ticket_changed,terms_changed"`
	Count int    `json:"count"`
}

// ResultRecount is what a published month comes to now.
type ResultRecount struct {
	At      time.Time       `json:"at"`
	Figures ResultFigures   `json:"figures"`
	Reasons []RecountReason `json:"reasons" nullable:"false"`
}

// PublishedResult is a month as it was published to a customer.
type PublishedResult struct {
	ID             int64          `json:"id"`
	AgreementID    int64          `json:"agreement_id"`
	Agreement      string         `json:"agreement"`
	OrganisationID int64          `json:"organisation_id"`
	Month          string         `json:"month" example:"2026-03"`
	Number         int            `json:"number" doc:"2 for what was published again after it was withdrawn."`
	Zone           string         `json:"zone"`
	From           time.Time      `json:"from"`
	To             time.Time      `json:"to" doc:"Excluded."`
	PublishedAt    time.Time      `json:"published_at"`
	WithdrawnAt    *time.Time     `json:"withdrawn_at,omitempty"`
	WithdrawnWhy   string         `json:"withdrawn_why,omitempty"`
	Figures        ResultFigures  `json:"figures" doc:"Frozen when it was published."`
	Recount        *ResultRecount `json:"recount,omitempty" doc:"What it comes to when it is counted again, where that is something else."`
}

// ResultDraft is a month as it would be published.
type ResultDraft struct {
	AgreementID    int64         `json:"agreement_id"`
	OrganisationID int64         `json:"organisation_id"`
	Month          string        `json:"month"`
	Zone           string        `json:"zone"`
	From           time.Time     `json:"from"`
	To             time.Time     `json:"to" doc:"Excluded."`
	Figures        ResultFigures `json:"figures"`
	Fingerprint    string        `json:"fingerprint" doc:"Of what it holds; publishing with it fails when the draft is another by then."`
}

// ResultPromise is a promise behind a published month.
type ResultPromise struct {
	Number    string    `json:"number" example:"INC-1042"`
	Measure   string    `json:"measure" enum:"response,update,workaround,resolution,step"`
	State     string    `json:"state,omitempty"`
	Outcome   string    `json:"outcome" enum:"kept,broken"`
	DecidedAt time.Time `json:"decided_at" doc:"When it was kept, or broke."`
	Used      int64     `json:"used" doc:"Seconds of business time."`
	Target    int64     `json:"target"`
}

// NewPublication names the month to publish.
type NewPublication struct {
	OrganisationID int64  `json:"organisation_id" minimum:"1"`
	Month          string `json:"month" minLength:"7" maxLength:"7" example:"2026-03"`
	Fingerprint    string `json:"fingerprint,omitempty" maxLength:"100" doc:"Of the draft that was looked at."`
}

// ResultWithdrawal says why a publication is taken back.
type ResultWithdrawal struct {
	Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Customers read it."`
}

func settingDocument(s *Setting) PublishingSetting {
	d := PublishingSetting{AgreementID: s.Agreement, Version: s.Version, PublishingTerms: PublishingTerms{
		Active: s.Active, OrganisationIDs: append([]int64{}, s.Organisations...), Measures: []string{}, Goal: float64(s.Goal) / whole, Tickets: s.Tickets, AtRisk: s.AtRisk,
		ContactsOnly: s.ContactsOnly, ContactIDs: append([]int64{}, s.Contacts...), Since: string(s.Since),
	}}
	for _, m := range s.Measures {
		d.Measures = append(d.Measures, string(m))
	}
	if s.ByItself {
		d.Days = &s.Days
	}
	return d
}

func (d *PublishingTerms) setting(agreement, version int64) Setting {
	s := Setting{
		Agreement: agreement, Version: version, Active: d.Active, Organisations: d.OrganisationIDs, Goal: int(d.Goal*whole + 0.5), Tickets: d.Tickets, AtRisk: d.AtRisk,
		ContactsOnly: d.ContactsOnly, Contacts: d.ContactIDs, Since: Month(d.Since),
	}
	for _, m := range d.Measures {
		s.Measures = append(s.Measures, clock.Measure(m))
	}
	if d.Days != nil {
		s.ByItself, s.Days = true, *d.Days
	}
	return s
}

// figuresDocuments puts figures into the API's words, with the names of services and
// of who answers for them.
func (s *Service) figuresDocuments(ctx context.Context, all ...*Figures) ([]ResultFigures, error) {
	var ids []int64
	for _, f := range all {
		for _, l := range f.Services {
			ids = append(ids, l.Service)
		}
	}
	owned, err := s.d.Services.Owners(ctx, s.d.DB.Reader(), database.Distinct(ids))
	if err != nil {
		return nil, err
	}
	named, err := s.answerables(ctx, []Shown{{Services: owned}})
	if err != nil {
		return nil, err
	}
	out := make([]ResultFigures, 0, len(all))
	for _, f := range all {
		part, _ := f.Attained()
		d := ResultFigures{Attained: part, Kept: f.Kept, Broken: f.Broken, Tickets: f.Tickets, Goal: float64(f.Goal) / whole, Targets: []TargetResult{}, Services: []ServiceResult{}}
		for _, l := range f.Lines {
			part, _ := share(l.Kept, l.Broken)
			d.Targets = append(d.Targets, TargetResult{string(l.Measure), l.State, l.Priority, part, l.Kept, l.Broken})
		}
		for _, l := range f.Services {
			x := ServiceResult{ServiceID: l.Service, Kept: l.Kept, Broken: l.Broken}
			for _, o := range owned {
				if o.ID == l.Service {
					who := named[o.OwnerID]
					x.Name, x.Owner, x.Email, x.Phone = o.Name, who.Name, who.Email, who.Phone
				}
			}
			d.Services = append(d.Services, x)
		}
		out = append(out, d)
	}
	return out, nil
}

func (s *Service) documents(ctx context.Context, all []Publication) ([]PublishedResult, error) {
	var figures []*Figures
	for i := range all {
		figures = append(figures, &all[i].Figures)
		if all[i].Recount != nil {
			figures = append(figures, &all[i].Recount.Figures)
		}
	}
	worded, err := s.figuresDocuments(ctx, figures...)
	if err != nil {
		return nil, err
	}
	out := make([]PublishedResult, 0, len(all))
	for i := range all {
		p := &all[i]
		d := PublishedResult{
			ID: p.ID, AgreementID: p.Agreement, Agreement: p.Figures.Agreement, OrganisationID: p.Organisation, Month: string(p.Month), Number: p.Number, Zone: p.Zone,
			From: p.From, To: p.To, PublishedAt: p.PublishedAt, WithdrawnWhy: p.WithdrawnWhy, Figures: worded[0],
		}
		worded = worded[1:]
		if p.Withdrawn() {
			d.WithdrawnAt = &p.WithdrawnAt
		}
		if p.Recount != nil {
			d.Recount = &ResultRecount{At: p.CheckedAt, Figures: worded[0], Reasons: []RecountReason{}}
			worded = worded[1:]
			for _, r := range p.Recount.Reasons {
				d.Recount.Reasons = append(d.Recount.Reasons, RecountReason{string(r.Why), r.Count})
			}
		}
		out = append(out, d)
	}
	return out, nil
}

func (s *Service) register(h huma.API) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	figures := ResultFigures{Attained: 0.95, Kept: 95, Broken: 5, Tickets: 60, Goal: 0.95, Targets: []TargetResult{{Measure: "resolution", Attained: 0.95, Kept: 95, Broken: 5}}, Services: []ServiceResult{}}
	example := PublishedResult{
		ID: 4294968000, AgreementID: 4294967810, Agreement: "Gold", OrganisationID: 4294967300, Month: "2026-03", Number: 1, Zone: "UTC", From: at, To: at.AddDate(0, 1, 0),
		PublishedAt: at.AddDate(0, 1, 4), Figures: figures,
	}
	days := 5
	terms := PublishingTerms{Active: true, OrganisationIDs: []int64{4294967300}, Measures: []string{}, Goal: 0.95, Tickets: true, ContactIDs: []int64{}, Days: &days, Since: "2026-03"}
	setting := PublishingSetting{AgreementID: 4294967810, PublishingTerms: terms, Version: 1}
	const of, list, one = "/agreements/{id}", "/published-results", "/published-results/{id}"
	openapi.Register(h, openapi.Operation{
		ID: "get-publishing", Method: http.MethodGet, Path: of + "/publishing", Tag: tag, Summary: "Get what is published of an agreement",
		Description: "To colleagues, as far as they see the customers.", Errors: []int{http.StatusNotFound}, Answer: setting,
	}, s.apiSetting)
	openapi.Register(h, openapi.Operation{
		ID: "replace-publishing", Method: http.MethodPut, Path: of + "/publishing", Tag: tag, Summary: "Choose what is published of an agreement",
		Description: "For who is accountable for it, or manages settings. What was published stays as it was.", Errors: []int{404, 409, 412, 428}, Request: terms, Answer: setting,
	}, s.apiConfigure)
	openapi.Register(h, openapi.Operation{
		ID: "get-result-draft", Method: http.MethodGet, Path: of + "/results/draft", Tag: tag, Summary: "Look at a month before it is published",
		Description: "Of a month that has ended. Saves nothing.", Errors: []int{404, 409},
		Answer: ResultDraft{AgreementID: 4294967810, OrganisationID: 4294967300, Month: "2026-03", Zone: "UTC", From: at, To: at.AddDate(0, 1, 0), Figures: figures, Fingerprint: "5f1c2b"},
	}, s.apiDraft)
	openapi.Register(h, openapi.Operation{
		ID: "publish-results", Method: http.MethodPost, Path: of + "/results", Tag: tag, Summary: "Publish a month", Status: http.StatusCreated,
		Description: "Freezes its figures and shows them to the customer. A month is published once, until it is withdrawn.", Errors: []int{404, 409},
		Request: NewPublication{OrganisationID: 4294967300, Month: "2026-03"}, Answer: example,
	}, s.apiPublish)
	openapi.Register(h, openapi.Operation{
		ID: "list-published-results", Method: http.MethodGet, Path: list, Tag: tag, Summary: "List published results",
		Description: "The latest month first: to members of a customer what is published to them, to colleagues that of customers whose tickets' notes they read. What was withdrawn is left out.",
		Answer:      openapi.Page[PublishedResult]{Items: []PublishedResult{example}},
	}, s.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "get-published-result", Method: http.MethodGet, Path: one, Tag: tag, Summary: "Get a published month",
		Description: "As it was published, and what it comes to now where that is something else.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, s.apiGet)
	openapi.Register(h, openapi.Operation{
		ID: "list-published-promises", Method: http.MethodGet, Path: one + "/promises", Tag: tag, Summary: "List the promises behind a published month",
		Description: "To members of the customer if the list is published, without confidential kinds; to colleagues those on tickets they see.", Errors: []int{http.StatusNotFound},
		Answer: openapi.Page[ResultPromise]{Items: []ResultPromise{{Number: "INC-1042", Measure: "resolution", Outcome: "kept", DecidedAt: at, Used: 3600, Target: 28800}}},
	}, s.apiPromises)
	openapi.Register(h, openapi.Operation{
		ID: "withdraw-published-result", Method: http.MethodPost, Path: one + "/withdraw", Tag: tag, Summary: "Withdraw a published month",
		Description: "With a reason that customers read. The month can be published again, as it is counted then.", Errors: []int{404, 409}, Request: ResultWithdrawal{Reason: "The hours of March were wrong."}, Answer: example,
	}, s.apiWithdraw)
	for _, on := range []bool{true, false} {
		op := openapi.Operation{
			ID: "subscribe-to-results", Method: http.MethodPut, Path: of + "/results/subscription", Tag: tag, Summary: "Be told when results come",
			Description: "Of an agreement whose results are published to you.", Status: http.StatusNoContent, Errors: []int{http.StatusNotFound},
		}
		if !on {
			op.ID, op.Method, op.Summary, op.Description = "unsubscribe-from-results", http.MethodDelete, "Be told of results no more", "You find them as before."
		}
		openapi.Register(h, op, func(ctx context.Context, in *byID) (*struct{}, error) {
			return nil, s.Subscribe(ctx, in.ID, on)
		})
	}
}

type byID struct {
	ID int64 `path:"id" minimum:"1"`
}

type settingAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body PublishingSetting
}

type resultAnswer struct{ Body PublishedResult }

func (s *Service) apiSetting(ctx context.Context, in *byID) (*settingAnswer, error) {
	found, err := s.Setting(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &settingAnswer{openapi.ETag(int(found.Version)), settingDocument(&found)}, nil
}

func (s *Service) apiConfigure(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body PublishingTerms
},
) (*settingAnswer, error) {
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		now, err := s.Setting(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		version = int(now.Version)
	}
	saved, err := s.Configure(ctx, in.Body.setting(in.ID, int64(version)))
	if err != nil {
		return nil, outside(err)
	}
	return &settingAnswer{openapi.ETag(int(saved.Version)), settingDocument(&saved)}, nil
}

// outside puts what an error carries into the API's words.
func outside(err error) error {
	var e *apperr.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	if now, ok := e.Detail.(Setting); ok {
		out.Detail = settingDocument(&now)
	}
	out.Fields = nil
	for _, f := range e.Fields {
		switch f.Name {
		case "organisations":
			f.Name = "organisation_ids"
		case "contacts":
			f.Name = "contact_ids"
		case "organisation":
			f.Name = "organisation_id"
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}

func (s *Service) apiDraft(ctx context.Context, in *struct {
	ID           int64  `path:"id" minimum:"1"`
	Organisation int64  `query:"organisation_id" required:"true" minimum:"1"`
	Month        string `query:"month" required:"true" maxLength:"7" example:"2026-03"`
},
) (*struct{ Body ResultDraft }, error) {
	d, err := s.Draft(ctx, in.ID, in.Organisation, Month(in.Month))
	if err != nil {
		return nil, outside(err)
	}
	figures, err := s.figuresDocuments(ctx, &d.Figures)
	if err != nil {
		return nil, err
	}
	return &struct{ Body ResultDraft }{ResultDraft{d.Agreement, d.Organisation, string(d.Month), d.Zone, d.From, d.To, figures[0], d.Fingerprint}}, nil
}

func (s *Service) apiPublish(ctx context.Context, in *struct {
	ID   int64 `path:"id" minimum:"1"`
	Body NewPublication
},
) (*resultAnswer, error) {
	p, err := s.Publish(ctx, in.ID, in.Body.OrganisationID, Month(in.Body.Month), in.Body.Fingerprint)
	if err != nil {
		return nil, outside(err)
	}
	return s.answer(ctx, p)
}

func (s *Service) answer(ctx context.Context, p Publication) (*resultAnswer, error) {
	d, err := s.documents(ctx, []Publication{p})
	if err != nil {
		return nil, err
	}
	return &resultAnswer{d[0]}, nil
}

func (s *Service) apiList(ctx context.Context, in *struct {
	openapi.Paging
	Agreement int64  `query:"agreement_id" minimum:"1"`
	Month     string `query:"month" maxLength:"7" example:"2026-03"`
},
) (*openapi.Listed[PublishedResult], error) {
	after, err := parseMark(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, next, err := s.List(ctx, ListQuery{Agreement: in.Agreement, Month: Month(in.Month), After: after, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	items, err := s.documents(ctx, found)
	if err != nil {
		return nil, err
	}
	return openapi.List(ctx, items, next.String()), nil
}

func (s *Service) apiGet(ctx context.Context, in *byID) (*resultAnswer, error) {
	p, err := s.Visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, p)
}

func (s *Service) apiPromises(ctx context.Context, in *struct {
	openapi.Paging
	ID int64 `path:"id" minimum:"1"`
},
) (*openapi.Listed[ResultPromise], error) {
	after, err := in.After()
	if err != nil {
		return nil, err
	}
	p, err := s.Visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Promises(ctx, &p, int(after), in.Limit)
	if err != nil {
		return nil, err
	}
	items := make([]ResultPromise, 0, len(list))
	for i := range list {
		d := &list[i]
		items = append(items, ResultPromise{d.Number, string(d.Measure), d.State, string(outcomeOf(d)), d.At.UTC(), int64(d.Used / time.Second), int64(d.Whole / time.Second)})
	}
	cursor := ""
	if next != 0 {
		cursor = strconv.Itoa(next)
	}
	return openapi.List(ctx, items, cursor), nil
}

func (s *Service) apiWithdraw(ctx context.Context, in *struct {
	ID   int64 `path:"id" minimum:"1"`
	Body ResultWithdrawal
},
) (*resultAnswer, error) {
	p, err := s.Withdraw(ctx, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, p)
}
