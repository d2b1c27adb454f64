package mail

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Mailbox is a mailbox as the API shows it.
type Mailbox struct {
	ID       int64  `json:"id" example:"4294967700"`
	Name     string `json:"name" example:"Help"`
	Address  string `json:"address" example:"help@example.org"`
	Protocol string `json:"protocol" enum:"imap,delivery" doc:"imap: we fetch its mail; delivery: a server brings it, or it is imported."`
	MailAccount
	HasSecrets
	Folder         string     `json:"folder,omitempty" example:"INBOX"`
	After          string     `json:"after,omitempty" enum:"seen,move,delete" doc:"What becomes of a mail at its server when it is here."`
	MoveTo         string     `json:"move_to,omitempty"`
	Kind           string     `json:"kind" doc:"Of new tickets." example:"incident"`
	ServiceID      int64      `json:"service_id,omitempty"`
	GroupID        int64      `json:"group_id,omitempty"`
	SenderID       int64      `json:"sender_id,omitempty" doc:"From which answers come."`
	OrganisationID int64      `json:"organisation_id,omitempty" doc:"Of strangers who become contacts."`
	Unknown        string     `json:"unknown" enum:"accept,quarantine" doc:"What becomes of mail from strangers."`
	PerHour        int        `json:"per_hour" doc:"Mails of one sender; more are held back."`
	Active         bool       `json:"active"`
	Problem        string     `json:"problem,omitempty" doc:"Why it is not reached."`
	ReachedAt      *time.Time `json:"reached_at,omitempty"`
	Version        int64      `json:"version"`
	SecretsChanged bool       `json:"secrets_changed,omitempty" doc:"In the audit log only: a secret was changed."`
}

// MailboxInput is what a mailbox is made of.
type MailboxInput struct {
	Name     string `json:"name,omitempty" maxLength:"120"`
	Address  string `json:"address" minLength:"3" maxLength:"320" format:"email"`
	Protocol string `json:"protocol" enum:"imap,delivery"`
	Server   string `json:"server,omitempty" maxLength:"500"`
	Security string `json:"security,omitempty" enum:"starttls,tls,opportunistic,none" default:"starttls"`
	Auth     string `json:"auth,omitempty" enum:"plain,xoauth2" default:"plain"`
	User     string `json:"user,omitempty" maxLength:"500"`
	TokenURL string `json:"token_url,omitempty" maxLength:"500"`
	ClientID string `json:"client_id,omitempty" maxLength:"500"`
	Scope    string `json:"scope,omitempty" maxLength:"500"`
	MailSecrets
	Folder         string `json:"folder,omitempty" maxLength:"500"`
	After          string `json:"after,omitempty" enum:"seen,move,delete" default:"seen"`
	MoveTo         string `json:"move_to,omitempty" maxLength:"500"`
	Kind           string `json:"kind" maxLength:"60"`
	ServiceID      int64  `json:"service_id,omitempty" minimum:"1"`
	GroupID        int64  `json:"group_id,omitempty" minimum:"1"`
	SenderID       int64  `json:"sender_id,omitempty" minimum:"1"`
	OrganisationID int64  `json:"organisation_id,omitempty" minimum:"1"`
	Unknown        string `json:"unknown,omitempty" enum:"accept,quarantine" default:"accept"`
	PerHour        int    `json:"per_hour,omitempty" minimum:"1" maximum:"10000" default:"30"`
	Active         *bool  `json:"active,omitempty" doc:"true if left out"`
}

func (in *MailboxInput) apply(b *Box) {
	d := MailAccount{Server: in.Server, Security: in.Security, Auth: in.Auth, User: in.User, TokenURL: in.TokenURL, ClientID: in.ClientID, Scope: in.Scope}
	b.Name, b.Address, b.Protocol, b.Account = in.Name, in.Address, Protocol(in.Protocol), d.account(in.MailSecrets)
	b.Folder, b.After, b.MoveTo, b.Kind, b.ServiceID, b.GroupID, b.SenderID = in.Folder, After(in.After), in.MoveTo, in.Kind, in.ServiceID, in.GroupID, in.SenderID
	b.OrganisationID, b.Unknown, b.PerHour, b.Active = in.OrganisationID, Unknown(in.Unknown), in.PerHour, in.Active == nil || *in.Active
}

func boxDocument(b Box) Mailbox {
	d := Mailbox{
		ID: b.ID, Name: b.Name, Address: b.Address, Protocol: string(b.Protocol), MailAccount: accountDocument(b.Account), Folder: b.Folder, After: string(b.After), MoveTo: b.MoveTo,
		Kind: b.Kind, ServiceID: b.ServiceID, GroupID: b.GroupID, SenderID: b.SenderID, OrganisationID: b.OrganisationID, Unknown: string(b.Unknown), PerHour: b.PerHour,
		Active: b.Active, Problem: b.Problem, Version: b.Version,
	}
	d.HasPassword, d.HasClientSecret, d.HasRefreshToken = secretsOf(b.Account)
	if !b.ReachedAt.IsZero() {
		d.ReachedAt = &b.ReachedAt
	}
	return d
}

type boxAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body Mailbox
}

func answerBox(b Box) *boxAnswer { return &boxAnswer{openapi.ETag(int(b.Version)), boxDocument(b)} }

// MailArrival is a mail that came, as the API shows it.
type MailArrival struct {
	ID         int64       `json:"id"`
	MailboxID  int64       `json:"mailbox_id"`
	State      string      `json:"state" enum:"stored,landed,ignored,quarantined,dropped,duplicate"`
	Reason     string      `json:"reason,omitempty" example:"spam"`
	From       string      `json:"from"`
	FromName   string      `json:"from_name,omitempty"`
	Subject    string      `json:"subject"`
	MessageID  string      `json:"message_id,omitempty"`
	Nature     string      `json:"nature,omitempty" doc:"person, list, automatic, autoreply, bounce, loop"`
	Size       int64       `json:"size"`
	Trace      []MailTrace `json:"trace" nullable:"false" doc:"Why it landed where it did."`
	TicketID   int64       `json:"ticket_id,omitempty"`
	PossibleID int64       `json:"possible_ticket_id,omitempty" doc:"A ticket that it may belong to."`
	ReceivedAt time.Time   `json:"received_at"`
}

// MailTrace is one reason.
type MailTrace struct {
	Code  string `json:"code"`
	Text  string `json:"text"`
	Value string `json:"value,omitempty"`
}

func arrivalDocument(ctx context.Context, a Arrival) MailArrival {
	d := MailArrival{
		ID: a.ID, MailboxID: a.BoxID, State: string(a.State), Reason: a.Reason, From: a.From, FromName: a.FromName, Subject: a.Subject, MessageID: a.MessageID, Nature: string(a.Nature),
		Size: a.Size, Trace: []MailTrace{}, TicketID: a.TicketID, PossibleID: a.PossibleID, ReceivedAt: a.ReceivedAt,
	}
	for _, r := range a.Trace {
		d.Trace = append(d.Trace, MailTrace{Code: r.Code, Text: remark(ctx, r), Value: r.Value})
	}
	return d
}

func (s *Service) registerIn(h huma.API) {
	example := Mailbox{
		ID: 4294967700, Name: "Help", Address: "help@example.org", Protocol: "imap", MailAccount: MailAccount{Server: "mail.example.org:993", Security: "tls", Auth: "plain", User: "help"},
		HasSecrets: HasSecrets{HasPassword: true}, Folder: "INBOX", After: "seen", Kind: "incident", Unknown: "accept", PerHour: 30, Active: true, Version: 1,
	}
	input := map[string]any{"address": "help@example.org", "protocol": "imap", "server": "mail.example.org:993", "security": "tls", "user": "help", "password": "…", "kind": "incident"}
	openapi.Register(h, openapi.Operation{
		ID: "list-mailboxes", Method: http.MethodGet, Path: "/mail/mailboxes", Tag: tagMail, Summary: "List mailboxes",
		Description: "Those whose mail becomes tickets.", Answer: openapi.Page[Mailbox]{Items: []Mailbox{example}},
	}, s.apiBoxes)
	openapi.Register(h, openapi.Operation{
		ID: "create-mailbox", Method: http.MethodPost, Path: "/mail/mailboxes", Tag: tagMail, Summary: "Add a mailbox", Status: http.StatusCreated,
		Description: "Its mail is read as soon as it is active.", Errors: []int{http.StatusConflict}, Request: input, Answer: example,
	}, s.apiCreateBox)
	openapi.Register(h, openapi.Operation{
		ID: "get-mailbox", Method: http.MethodGet, Path: "/mail/mailboxes/{id}", Tag: tagMail, Summary: "Read a mailbox",
		Description: "Without its secrets.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, s.apiBox)
	openapi.Register(h, openapi.Operation{
		ID: "replace-mailbox", Method: http.MethodPut, Path: "/mail/mailboxes/{id}", Tag: tagMail, Summary: "Change a mailbox",
		Description: "Secrets that are left out stay.", Errors: []int{404, 409, 412, 428}, Request: input, Answer: example,
	}, s.apiReplaceBox)
	openapi.Register(h, openapi.Operation{
		ID: "test-mailbox", Method: http.MethodPost, Path: "/mail/mailboxes/{id}/test", Tag: tagMail, Summary: "Try a mailbox",
		Description: "Connects, signs in and looks.", Errors: []int{404, 409}, Answer: Tried{OK: true, Messages: 3},
	}, s.apiTestBox)

	one := MailArrival{
		ID: 4294967800, MailboxID: 4294967700, State: "quarantined", Reason: "spam", From: "win@example.com", Subject: "You won", Nature: "person", Size: 2048,
		Trace: []MailTrace{}, ReceivedAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
	openapi.Register(h, openapi.Operation{
		ID: "list-mail-arrivals", Method: http.MethodGet, Path: "/mail/arrivals", Tag: tagMail, Summary: "List mail that came",
		Description: "Newest first; state=quarantined is what waits for a decision.", Answer: openapi.Page[MailArrival]{Items: []MailArrival{one}},
	}, s.apiArrivals)
	openapi.Register(h, openapi.Operation{
		ID: "get-mail-arrival", Method: http.MethodGet, Path: "/mail/arrivals/{id}", Tag: tagMail, Summary: "Read about a mail that came",
		Description: "With why it landed where it did.", Errors: []int{http.StatusNotFound}, Answer: one,
	}, s.apiArrival)
	openapi.Register(h, openapi.Operation{
		ID: "release-mail-arrival", Method: http.MethodPost, Path: "/mail/arrivals/{id}/release", Tag: tagMail, Summary: "Let a mail out of quarantine",
		Description: "It becomes a ticket, or a message of one.", Errors: []int{404, 409}, Answer: one,
	}, s.apiRelease)
	openapi.Register(h, openapi.Operation{
		ID: "drop-mail-arrival", Method: http.MethodPost, Path: "/mail/arrivals/{id}/drop", Tag: tagMail, Summary: "Drop a mail in quarantine",
		Description: "Nobody is told.", Errors: []int{404, 409}, Answer: one,
	}, s.apiDropArrival)
	openapi.Register(h, openapi.Operation{
		ID: "list-mail-blocks", Method: http.MethodGet, Path: "/mail/blocks", Tag: tagMail, Summary: "List blocked senders",
		Description: "Addresses, and domains with @ before them.", Answer: openapi.Page[MailBlock]{Items: []MailBlock{{Pattern: "@spam.example"}}},
	}, s.apiBlocks)
	openapi.Register(h, openapi.Operation{
		ID: "block-mail-sender", Method: http.MethodPut, Path: "/mail/blocks/{pattern}", Tag: tagMail, Summary: "Block a sender",
		Description: "Their mail is held back.",
	}, s.apiBlock)
	openapi.Register(h, openapi.Operation{
		ID: "unblock-mail-sender", Method: http.MethodDelete, Path: "/mail/blocks/{pattern}", Tag: tagMail, Summary: "End a block",
		Description: "Their mail is let in again.",
	}, s.apiUnblock)
}

func (s *Service) apiBoxes(ctx context.Context, _ *struct{}) (*openapi.Listed[Mailbox], error) {
	found, err := s.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]Mailbox, 0, len(found))
	for _, b := range found {
		items = append(items, boxDocument(b))
	}
	return openapi.List(ctx, items, ""), nil
}

func (s *Service) apiCreateBox(ctx context.Context, in *struct {
	openapi.Once
	Body MailboxInput
},
) (*boxAnswer, error) {
	var b Box
	in.Body.apply(&b)
	keyed := once.With(ctx, in.IdempotencyKey)
	b, err := s.CreateBox(keyed, b)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return answerBox(b), nil
}

func (s *Service) apiBox(ctx context.Context, in *byID) (*boxAnswer, error) {
	b, err := s.Box(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answerBox(b), nil
}

func (s *Service) apiReplaceBox(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body MailboxInput
},
) (*boxAnswer, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.ChangeBox(ctx, in.ID, int64(version), in.Body.apply)
	if err != nil {
		return nil, apperr.Retold(err, func(now *Box) any { return boxDocument(*now) })
	}
	return answerBox(b), nil
}

func (s *Service) apiTestBox(ctx context.Context, in *byID) (*struct{ Body Tried }, error) {
	tried, err := s.TryBox(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Tried }{tried}, nil
}

func (s *Service) apiArrivals(ctx context.Context, in *struct {
	openapi.Paging
	State string `query:"state" enum:"stored,landed,ignored,quarantined,dropped,duplicate"`
},
) (*openapi.Listed[MailArrival], error) {
	q := ArrivalQuery{State: ArrivalState(in.State), Limit: in.Limit + 1}
	var err error
	if q.Before, err = cursorOf(in.Cursor); err != nil {
		return nil, err
	}
	found, err := s.Arrivals(ctx, q)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	items := make([]MailArrival, 0, len(found))
	for _, a := range found {
		items = append(items, arrivalDocument(ctx, a))
	}
	return openapi.List(ctx, items, next), nil
}

type arrivalAnswer struct{ Body MailArrival }

func answerArrival(ctx context.Context, a Arrival, err error) (*arrivalAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &arrivalAnswer{arrivalDocument(ctx, a)}, nil
}

func (s *Service) apiArrival(ctx context.Context, in *byID) (*arrivalAnswer, error) {
	a, err := s.Arrival(ctx, in.ID)
	return answerArrival(ctx, a, err)
}

func (s *Service) apiRelease(ctx context.Context, in *byID) (*arrivalAnswer, error) {
	a, err := s.Release(ctx, in.ID)
	return answerArrival(ctx, a, err)
}

func (s *Service) apiDropArrival(ctx context.Context, in *byID) (*arrivalAnswer, error) {
	a, err := s.Drop(ctx, in.ID)
	return answerArrival(ctx, a, err)
}

// MailBlock is a blocked sender as the API shows it.
type MailBlock struct {
	Pattern   string    `json:"pattern" doc:"An address, or @ and a domain."`
	PersonID  int64     `json:"person_id,omitempty" doc:"Who blocked it."`
	CreatedAt time.Time `json:"created_at"`
}

func (s *Service) apiBlocks(ctx context.Context, _ *struct{}) (*openapi.Listed[MailBlock], error) {
	found, err := s.Blocks(ctx, "", 1000)
	if err != nil {
		return nil, err
	}
	items := make([]MailBlock, 0, len(found))
	for _, b := range found {
		items = append(items, MailBlock(b))
	}
	return openapi.List(ctx, items, ""), nil
}

type blockInput struct {
	Pattern string `path:"pattern" maxLength:"320"`
}

func (s *Service) apiBlock(ctx context.Context, in *blockInput) (*struct{}, error) {
	return nil, s.SetBlock(ctx, in.Pattern, true)
}

func (s *Service) apiUnblock(ctx context.Context, in *blockInput) (*struct{}, error) {
	return nil, s.SetBlock(ctx, in.Pattern, false)
}
