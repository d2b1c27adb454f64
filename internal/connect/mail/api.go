package mail

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tagMail = "Mail"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagMail, Description: "Senders, mailboxes, templates, the outbox, and mail in quarantine. Secrets are written and never read."}}
}

// MailAccount is how to sign in at a mail server, as the API shows it.
type MailAccount struct {
	Server   string `json:"server" maxLength:"500" doc:"host:port" example:"mail.example.org:587"`
	Security string `json:"security" enum:"starttls,tls,opportunistic,none" default:"starttls" doc:"starttls: STARTTLS or nothing; tls: from the first byte; opportunistic: STARTTLS if there is one; none: only for a server on this machine."`
	Auth     string `json:"auth" enum:"none,plain,login,xoauth2" default:"plain" doc:"login only for sending."`
	User     string `json:"user,omitempty" maxLength:"500"`
	TokenURL string `json:"token_url,omitempty" maxLength:"500" doc:"For xoauth2: where access tokens come from."`
	ClientID string `json:"client_id,omitempty" maxLength:"500"`
	Scope    string `json:"scope,omitempty" maxLength:"500"`
}

// MailSecrets are written and never read; what is left out stays.
type MailSecrets struct {
	Password     string `json:"password,omitempty" maxLength:"500" writeOnly:"true"`
	ClientSecret string `json:"client_secret,omitempty" maxLength:"500" writeOnly:"true"`
	RefreshToken string `json:"refresh_token,omitempty" maxLength:"10000" writeOnly:"true"`
}

// HasSecrets says which there are.
type HasSecrets struct {
	HasPassword     bool `json:"has_password"`
	HasClientSecret bool `json:"has_client_secret"`
	HasRefreshToken bool `json:"has_refresh_token"`
}

// The words of the API for how a connection is protected and how one signs in; the
// first of each is what it is without a word.
var (
	securityWords = map[message.Security]string{message.StartTLS: "starttls", message.TLS: "tls", message.Opportunistic: "opportunistic", message.Plain: "none"}
	authWords     = map[message.AuthMethod]string{message.NoAuth: "none", message.PLAIN: "plain", message.LOGIN: "login", message.XOAUTH2: "xoauth2"}
)

func meant[K comparable](words map[K]string, word string) K {
	var none K
	for k, w := range words {
		if w == word {
			return k
		}
	}
	return none
}

func accountDocument(a Account) MailAccount {
	return MailAccount{
		Server: a.Server, Security: securityWords[a.Security], Auth: authWords[a.Auth], User: a.User, TokenURL: a.TokenURL, ClientID: a.ClientID, Scope: a.Scope,
	}
}

func (d MailAccount) account(s MailSecrets) Account {
	return Account{
		Server: d.Server, Security: meant(securityWords, d.Security), Auth: meant(authWords, d.Auth), User: d.User, TokenURL: d.TokenURL, ClientID: d.ClientID, Scope: d.Scope,
		Secrets: Secrets(s),
	}
}

// MailSender is a sender as the API shows it.
type MailSender struct {
	ID        int64  `json:"id" example:"4294967500"`
	Name      string `json:"name" example:"IT service desk"`
	Address   string `json:"address" example:"desk@example.org"`
	GroupID   int64  `json:"group_id,omitempty" doc:"Letters about its tickets come from here."`
	Default   bool   `json:"default" doc:"All other letters come from here."`
	Language  string `json:"language,omitempty" doc:"For readers who chose none." example:"de"`
	Signature string `json:"signature,omitempty" doc:"Markdown."`
	MailAccount
	HasSecrets
	DKIMDomain     string    `json:"dkim_domain,omitempty"`
	DKIMSelector   string    `json:"dkim_selector,omitempty"`
	DKIMRecord     string    `json:"dkim_record,omitempty" doc:"Name of the TXT record to publish."`
	DKIMText       string    `json:"dkim_text,omitempty" doc:"Text of that record."`
	Plus           bool      `json:"plus" doc:"Answers go to desk+MARK@…, so that they find their ticket in any program."`
	NumberIn       string    `json:"number_in" enum:"nowhere,first,last" doc:"Where the ticket's number stands in subjects."`
	Active         bool      `json:"active"`
	UpdatedAt      time.Time `json:"updated_at"`
	Version        int64     `json:"version"`
	SecretsChanged bool      `json:"secrets_changed,omitempty" doc:"In the audit log only: a secret was changed."`
}

// MailSenderInput is what a sender is made of.
type MailSenderInput struct {
	Name      string `json:"name" minLength:"1" maxLength:"120"`
	Address   string `json:"address" minLength:"3" maxLength:"320" format:"email"`
	GroupID   int64  `json:"group_id,omitempty" minimum:"1"`
	Default   bool   `json:"default,omitempty"`
	Language  string `json:"language,omitempty" maxLength:"40"`
	Signature string `json:"signature,omitempty" maxLength:"10000"`
	MailAccount
	MailSecrets
	DKIMDomain   string `json:"dkim_domain,omitempty" maxLength:"253"`
	DKIMSelector string `json:"dkim_selector,omitempty" maxLength:"100"`
	DKIMKey      string `json:"dkim_key,omitempty" maxLength:"10000" writeOnly:"true" doc:"Private key as PEM; without one a key is made."`
	Plus         bool   `json:"plus,omitempty"`
	NumberIn     string `json:"number_in,omitempty" enum:"nowhere,first,last" default:"nowhere"`
	Active       *bool  `json:"active,omitempty" doc:"true if left out"`
}

var numberWords = map[NumberIn]string{NumberNowhere: "nowhere", NumberFirst: "first", NumberLast: "last"}

func (in *MailSenderInput) apply(v *Sender) {
	v.Name, v.Address, v.GroupID, v.Default, v.Language, v.Signature = in.Name, in.Address, in.GroupID, in.Default, in.Language, in.Signature
	v.Account = in.MailAccount.account(in.MailSecrets)
	v.DKIMDomain, v.DKIMSelector, v.DKIMKey, v.Plus, v.NumberIn = in.DKIMDomain, in.DKIMSelector, in.DKIMKey, in.Plus, meant(numberWords, in.NumberIn)
	v.Active = in.Active == nil || *in.Active
}

func senderDocument(v Sender) MailSender {
	d := MailSender{
		ID: v.ID, Name: v.Name, Address: v.Address, GroupID: v.GroupID, Default: v.Default, Language: v.Language, Signature: v.Signature,
		MailAccount: accountDocument(v.Account), DKIMDomain: v.DKIMDomain, DKIMSelector: v.DKIMSelector, Plus: v.Plus, NumberIn: numberWords[v.NumberIn],
		Active: v.Active, UpdatedAt: v.UpdatedAt, Version: v.Version,
	}
	d.HasPassword, d.HasClientSecret, d.HasRefreshToken = secretsOf(v.Account)
	d.DKIMRecord, d.DKIMText = v.Record()
	return d
}

type senderAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body MailSender
}

func answerSender(v Sender) *senderAnswer {
	return &senderAnswer{openapi.ETag(int(v.Version)), senderDocument(v)}
}

// MailLetter is a letter of the outbox as the API shows it.
type MailLetter struct {
	ID         int64           `json:"id"`
	Kind       string          `json:"kind" example:"reply"`
	State      string          `json:"state" enum:"waiting,sent,failed,dropped"`
	SenderID   int64           `json:"sender_id,omitempty"`
	TicketID   int64           `json:"ticket_id,omitempty"`
	Subject    string          `json:"subject"`
	MessageID  string          `json:"message_id,omitempty"`
	Recipients []MailRecipient `json:"recipients" nullable:"false"`
	Attempts   int             `json:"attempts"`
	Error      string          `json:"error,omitempty"`
	CreatedAt  time.Time       `json:"created_at"`
	SentAt     *time.Time      `json:"sent_at,omitempty"`
}

// MailRecipient is whom a letter is for.
type MailRecipient struct {
	PersonID int64  `json:"person_id,omitempty"`
	Address  string `json:"address"`
	Name     string `json:"name,omitempty"`
	Copied   bool   `json:"copied,omitempty"`
	State    string `json:"state" enum:"waiting,sent,refused,bounced,skipped"`
	Error    string `json:"error,omitempty"`
}

func letterDocument(l Stored) MailLetter {
	d := MailLetter{
		ID: l.ID, Kind: string(l.Kind), State: string(l.State), SenderID: l.SenderID, TicketID: l.TicketID, Subject: l.Subject, MessageID: l.MessageID,
		Recipients: []MailRecipient{}, Attempts: l.Attempts, Error: l.Error, CreatedAt: l.CreatedAt,
	}
	if !l.SentAt.IsZero() {
		d.SentAt = &l.SentAt
	}
	for _, r := range l.Recipients {
		d.Recipients = append(d.Recipients, MailRecipient{PersonID: r.PersonID, Address: r.Address, Name: r.Name, Copied: r.Copied, State: string(r.State), Error: r.Error})
	}
	return d
}

// MailTemplate is what letters of a kind say.
type MailTemplate struct {
	Kind     string `json:"kind" enum:"opened,reply,resolved,waiting,cancelled"`
	Language string `json:"language" example:"de"`
	Subject  string `json:"subject" example:"{{subject}}"`
	Body     string `json:"body" doc:"Markdown with variables."`
	BuiltIn  bool   `json:"built_in" doc:"Nobody has changed it."`
	Version  int64  `json:"version"`
}

func templateDocument(t Template) MailTemplate {
	return MailTemplate{Kind: string(t.Kind), Language: t.Language, Subject: t.Subject, Body: t.Body, BuiltIn: t.Version == 0, Version: t.Version}
}

func (s *Service) register(h huma.API) {
	example := MailSender{
		ID: 4294967500, Name: "IT service desk", Address: "desk@example.org", Default: true, MailAccount: MailAccount{Server: "mail.example.org:587", Security: "starttls", Auth: "plain", User: "desk"},
		HasSecrets: HasSecrets{HasPassword: true}, Plus: true, NumberIn: "nowhere", Active: true, UpdatedAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Version: 1,
	}
	input := map[string]any{
		"name": "IT service desk", "address": "desk@example.org", "server": "mail.example.org:587", "security": "starttls", "auth": "plain", "user": "desk", "password": "…", "plus": true,
	}
	openapi.Register(h, openapi.Operation{
		ID: "list-mail-senders", Method: http.MethodGet, Path: "/mail/senders", Tag: tagMail, Summary: "List senders",
		Description: "The addresses that mail is sent from.", Answer: openapi.Page[MailSender]{Items: []MailSender{example}},
	}, s.apiSenders)
	openapi.Register(h, openapi.Operation{
		ID: "create-mail-sender", Method: http.MethodPost, Path: "/mail/senders", Tag: tagMail, Summary: "Add a sender", Status: http.StatusCreated,
		Description: "The first one is the default.", Errors: []int{http.StatusConflict}, Request: input, Answer: example,
	}, s.apiCreateSender)
	openapi.Register(h, openapi.Operation{
		ID: "get-mail-sender", Method: http.MethodGet, Path: "/mail/senders/{id}", Tag: tagMail, Summary: "Read a sender",
		Description: "Without its secrets.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, s.apiSender)
	openapi.Register(h, openapi.Operation{
		ID: "replace-mail-sender", Method: http.MethodPut, Path: "/mail/senders/{id}", Tag: tagMail, Summary: "Change a sender",
		Description: "Secrets that are left out stay.", Errors: []int{404, 409, 412, 428}, Request: input, Answer: example,
	}, s.apiReplaceSender)
	openapi.Register(h, openapi.Operation{
		ID: "test-mail-sender", Method: http.MethodPost, Path: "/mail/senders/{id}/test", Tag: tagMail, Summary: "Try a sender",
		Description: "Sends a letter to an address at once, and says what the server said.", Errors: []int{http.StatusNotFound},
		Request: map[string]any{"to": "ana@example.org"}, Answer: Tried{OK: true},
	}, s.apiTestSender)

	one := MailLetter{
		ID: 4294967600, Kind: "reply", State: "failed", SenderID: 4294967500, TicketID: 4294967312, Subject: "Re: Printer eats paper", Attempts: 3, Error: "recipients: 550 no such user",
		Recipients: []MailRecipient{{Address: "ana@example.org", Name: "Ana Novak", State: "refused", Error: "550 no such user"}}, CreatedAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	}
	openapi.Register(h, openapi.Operation{
		ID: "list-mail-letters", Method: http.MethodGet, Path: "/mail/letters", Tag: tagMail, Summary: "List the outbox",
		Description: "Newest first.", Answer: openapi.Page[MailLetter]{Items: []MailLetter{one}},
	}, s.apiLetters)
	openapi.Register(h, openapi.Operation{
		ID: "get-mail-letter", Method: http.MethodGet, Path: "/mail/letters/{id}", Tag: tagMail, Summary: "Read a letter of the outbox",
		Description: "Whom it is for and what became of it.", Errors: []int{http.StatusNotFound}, Answer: one,
	}, s.apiLetter)
	openapi.Register(h, openapi.Operation{
		ID: "send-mail-letter-again", Method: http.MethodPost, Path: "/mail/letters/{id}/send", Tag: tagMail, Summary: "Send a letter again",
		Description: "To those who did not get it.", Errors: []int{404, 409}, Answer: one,
	}, s.apiSendAgain)
	openapi.Register(h, openapi.Operation{
		ID: "drop-mail-letter", Method: http.MethodPost, Path: "/mail/letters/{id}/drop", Tag: tagMail, Summary: "Give up a letter",
		Description: "It is not sent.", Errors: []int{404, 409}, Answer: one,
	}, s.apiDrop)

	words := MailTemplate{Kind: "reply", Language: "en", Subject: "{{subject}}", Body: "{{message}}", BuiltIn: true}
	openapi.Register(h, openapi.Operation{
		ID: "list-mail-templates", Method: http.MethodGet, Path: "/mail/templates", Tag: tagMail, Summary: "List templates",
		Description: "What letters of each kind say in each language, the product's own words included.", Answer: openapi.Page[MailTemplate]{Items: []MailTemplate{words}},
	}, s.apiTemplates)
	openapi.Register(h, openapi.Operation{
		ID: "replace-mail-template", Method: http.MethodPut, Path: "/mail/templates/{kind}/{language}", Tag: tagMail, Summary: "Write a template",
		Description: "version is the one that was read.", Errors: []int{http.StatusConflict},
		Request: map[string]any{"subject": "{{subject}}", "body": "{{message}}", "version": 0}, Answer: words,
	}, s.apiSaveTemplate)
	openapi.Register(h, openapi.Operation{
		ID: "reset-mail-template", Method: http.MethodDelete, Path: "/mail/templates/{kind}/{language}", Tag: tagMail, Summary: "Take back a template",
		Description: "Letters say what the product brings.",
	}, s.apiResetTemplate)
}

func (s *Service) apiSenders(ctx context.Context, _ *struct{}) (*openapi.Listed[MailSender], error) {
	found, err := s.Senders(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]MailSender, 0, len(found))
	for _, v := range found {
		items = append(items, senderDocument(v))
	}
	return openapi.List(ctx, items, ""), nil
}

func (s *Service) apiCreateSender(ctx context.Context, in *struct {
	openapi.Once
	Body MailSenderInput
},
) (*senderAnswer, error) {
	var v Sender
	in.Body.apply(&v)
	keyed := once.With(ctx, in.IdempotencyKey)
	v, err := s.CreateSender(keyed, v)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return answerSender(v), nil
}

func (s *Service) apiSender(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*senderAnswer, error) {
	v, err := s.Sender(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return answerSender(v), nil
}

func (s *Service) apiReplaceSender(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body MailSenderInput
},
) (*senderAnswer, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.ChangeSender(ctx, in.ID, int64(version), in.Body.apply)
	if err != nil {
		return nil, apperr.Retold(err, func(now *Sender) any { return senderDocument(*now) })
	}
	return answerSender(v), nil
}

func (s *Service) apiTestSender(ctx context.Context, in *struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		To string `json:"to" minLength:"3" maxLength:"320"`
	}
},
) (*struct{ Body Tried }, error) {
	tried, err := s.TrySender(ctx, in.ID, in.Body.To)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Tried }{tried}, nil
}

func (s *Service) apiLetters(ctx context.Context, in *struct {
	openapi.Paging
	State  string `query:"state" enum:"waiting,sent,failed,dropped"`
	Ticket int64  `query:"ticket_id" minimum:"1"`
},
) (*openapi.Listed[MailLetter], error) {
	q := LetterQuery{State: LetterState(in.State), Ticket: in.Ticket, Limit: in.Limit + 1}
	var err error
	if q.Before, err = cursorOf(in.Cursor); err != nil {
		return nil, err
	}
	found, err := s.Letters(ctx, q)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	items := make([]MailLetter, 0, len(found))
	for _, l := range found {
		items = append(items, letterDocument(l))
	}
	return openapi.List(ctx, items, next), nil
}

func cursorOf(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return 0, apperr.InvalidField("cursor", "This is not a cursor of this list.")
	}
	return n, nil
}

type letterAnswer struct{ Body MailLetter }

func answerLetter(l Stored, err error) (*letterAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &letterAnswer{letterDocument(l)}, nil
}

type byID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s *Service) apiLetter(ctx context.Context, in *byID) (*letterAnswer, error) {
	return answerLetter(s.Letter(ctx, in.ID))
}

func (s *Service) apiSendAgain(ctx context.Context, in *byID) (*letterAnswer, error) {
	return answerLetter(s.SendAgain(ctx, in.ID))
}

func (s *Service) apiDrop(ctx context.Context, in *byID) (*letterAnswer, error) {
	return answerLetter(s.DropLetter(ctx, in.ID))
}

func (s *Service) apiTemplates(ctx context.Context, _ *struct{}) (*openapi.Listed[MailTemplate], error) {
	found, err := s.AllTemplates(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]MailTemplate, 0, len(found))
	for _, t := range found {
		items = append(items, templateDocument(t))
	}
	return openapi.List(ctx, items, ""), nil
}

func (s *Service) apiSaveTemplate(ctx context.Context, in *struct {
	Kind     string `path:"kind" maxLength:"40"`
	Language string `path:"language" maxLength:"40"`
	Body     struct {
		Subject string `json:"subject" minLength:"1" maxLength:"250"`
		Body    string `json:"body" minLength:"1" maxLength:"20000"`
		Version int64  `json:"version" minimum:"0"`
	}
},
) (*struct{ Body MailTemplate }, error) {
	t, err := s.SaveTemplate(ctx, Template{Kind: letter.Kind(in.Kind), Language: in.Language, Subject: in.Body.Subject, Body: in.Body.Body}, in.Body.Version)
	if err != nil {
		return nil, apperr.Retold(err, func(now *Template) any { return templateDocument(*now) })
	}
	return &struct{ Body MailTemplate }{templateDocument(t)}, nil
}

func (s *Service) apiResetTemplate(ctx context.Context, in *struct {
	Kind     string `path:"kind" maxLength:"40"`
	Language string `path:"language" maxLength:"40"`
},
) (*struct{}, error) {
	return nil, s.ResetTemplate(ctx, letter.Kind(in.Kind), in.Language)
}
