package webhook

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

const tagChannels = "Channels"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagChannels, Description: "Chat and SMS: channels by webhook, what they sent, and where they reach you. Addresses, values of headers and keys are written and never read."}}
}

// ChannelHeader is a header of every request.
type ChannelHeader struct {
	Name  string `json:"name" minLength:"1" maxLength:"200" example:"Authorization"`
	Value string `json:"value,omitempty" maxLength:"4000" writeOnly:"true" doc:"Left out, the one there is stays."`
}

// ChannelInput is what a channel is made of.
type ChannelInput struct {
	Name        string          `json:"name" minLength:"1" maxLength:"80" example:"#network-oncall"`
	Description string          `json:"description,omitempty" maxLength:"2000"`
	Kind        string          `json:"kind" enum:"slack,teams,json,sms" doc:"What the far side understands: incoming webhooks of Slack, Mattermost and Rocket.Chat; Workflows of Microsoft Teams; a JSON document; an SMS gateway. It cannot be changed."`
	Personal    bool            `json:"personal,omitempty" doc:"It leads to persons, not to a room. It cannot be changed; sms is always personal."`
	Active      *bool           `json:"active,omitempty" doc:"true if left out. Switching it off stops what waits."`
	Reach       string          `json:"reach,omitempty" enum:"number,member,address" doc:"How a personal channel finds somebody: a mobile number (sms), a name in the chat, or a webhook of their own."`
	Hosts       []string        `json:"hosts,omitempty" maxItems:"20" doc:"Of the reach address: where persons' own webhooks may lead." example:"[\"hooks.slack.com\"]"`
	Address     string          `json:"address,omitempty" maxLength:"2000" writeOnly:"true" doc:"Left out, the one there is stays."`
	Method      string          `json:"method,omitempty" enum:"POST,PUT,GET" doc:"Of json and sms; POST if left out."`
	Encoding    string          `json:"encoding,omitempty" enum:"json,form" doc:"What the template makes."`
	Template    string          `json:"template,omitempty" maxLength:"8000" doc:"Of sms and json: a JSON document, or lines name=value, with placeholders such as {{number}} and {{text}} whose values are escaped. Of json, none sends a document of Steward's own."`
	Headers     []ChannelHeader `json:"headers,omitempty" maxItems:"20"`
	SigningKey  string          `json:"signing_key,omitempty" maxLength:"200" writeOnly:"true" doc:"Of json: whsec_ and base64, as Standard Webhooks has it. Left out, the one there is stays."`
	Parts       int             `json:"parts,omitempty" minimum:"0" maximum:"4" doc:"Of sms: messages that one text may take; 1 if left out."`
	Rate        int             `json:"rate,omitempty" minimum:"0" maximum:"600" doc:"Messages a minute, at most; 60 if left out."`
	Language    string          `json:"language,omitempty" maxLength:"40" doc:"Of a room." example:"de"`
	Facts       []string        `json:"facts,omitempty" maxItems:"10" doc:"What may be said of a ticket besides its number: title, service, priority, state, group."`
	Events      []string        `json:"events,omitempty" maxItems:"10" doc:"What a room follows by itself: arrived, asked, urgent, resolved, reopened."`
	GroupIDs    []int64         `json:"group_ids,omitempty" maxItems:"100" doc:"Of the tickets of these groups; none is all."`
	Condition   string          `json:"condition,omitempty" maxLength:"2000" doc:"Only tickets that match this filter." example:"priority:<=2"`
}

func (in *ChannelInput) apply(c *Channel) {
	c.Kind, c.Personal, c.Name, c.Description, c.Active = Kind(in.Kind), in.Personal, in.Name, in.Description, in.Active == nil || *in.Active
	c.Reach, c.Hosts, c.Address, c.Method, c.Form, c.Template, c.Signing = Reach(in.Reach), in.Hosts, in.Address, in.Method, in.Encoding == "form", in.Template, in.SigningKey
	c.Parts, c.Rate, c.Language, c.Groups, c.Condition = in.Parts, in.Rate, in.Language, in.GroupIDs, in.Condition
	c.Facts, c.Events, c.Headers = nil, nil, nil
	for _, v := range in.Facts {
		c.Facts = append(c.Facts, Fact(v))
	}
	for _, v := range in.Events {
		c.Events = append(c.Events, Event(v))
	}
	for _, h := range in.Headers {
		c.Headers = append(c.Headers, Header(h))
	}
}

// ChannelDocument is a channel as the API shows it.
type ChannelDocument struct {
	ID             int64     `json:"id" example:"4294967800"`
	Name           string    `json:"name" example:"#network-oncall"`
	Description    string    `json:"description,omitempty"`
	Kind           string    `json:"kind" enum:"slack,teams,json,sms"`
	Personal       bool      `json:"personal"`
	Active         bool      `json:"active"`
	Reach          string    `json:"reach,omitempty" enum:"number,member,address"`
	Hosts          []string  `json:"hosts,omitempty"`
	Address        string    `json:"address,omitempty" doc:"Without what is secret in it." example:"https://hooks.slack.com/•••"`
	Method         string    `json:"method"`
	Encoding       string    `json:"encoding" enum:"json,form"`
	Template       string    `json:"template,omitempty"`
	Headers        []string  `json:"headers,omitempty" doc:"Their names."`
	Signed         bool      `json:"signed"`
	Parts          int       `json:"parts,omitempty"`
	Rate           int       `json:"rate"`
	Language       string    `json:"language,omitempty"`
	Facts          []Fact    `json:"facts,omitempty"`
	Events         []Event   `json:"events,omitempty"`
	GroupIDs       []int64   `json:"group_ids,omitempty"`
	Condition      string    `json:"condition,omitempty"`
	UpdatedAt      time.Time `json:"updated_at"`
	Version        int64     `json:"version"`
	SecretsChanged bool      `json:"secrets_changed,omitempty" doc:"In the audit log only: a secret was changed."`
}

func channelDocument(c *Channel) ChannelDocument {
	d := ChannelDocument{
		ID: c.ID, Name: c.Name, Description: c.Description, Kind: string(c.Kind), Personal: c.Personal, Active: c.Active, Reach: string(c.Reach), Hosts: c.Hosts, Address: c.Shown,
		Method: c.Method, Encoding: "json", Template: c.Template, Headers: c.Names, Signed: c.Signing != "", Parts: c.Parts, Rate: c.Rate, Language: c.Language,
		Facts: c.Facts, Events: c.Events, GroupIDs: c.Groups, Condition: c.Condition, UpdatedAt: c.UpdatedAt, Version: c.Version,
	}
	if c.Form {
		d.Encoding = "form"
	}
	return d
}

// Delivery is a message as the API shows it.
type Delivery struct {
	ID        int64             `json:"id" example:"4294967801"`
	WebhookID string            `json:"webhook_id" doc:"The same over all attempts: the far side can tell by it what it had." example:"msg_4294967801"`
	ChannelID int64             `json:"channel_id"`
	PersonID  int64             `json:"person_id,omitempty"`
	TicketID  int64             `json:"ticket_id,omitempty"`
	Kind      string            `json:"kind" enum:"notice,escalation,news,code,test"`
	State     string            `json:"state" enum:"waiting,sent,failed,stopped,dropped" doc:"stopped: its channel was switched off. dropped: given up, or there was nobody left to tell."`
	Attempts  int               `json:"attempts"`
	Status    int               `json:"status,omitempty" doc:"HTTP status of the last answer."`
	Error     string            `json:"error,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
	DueAt     *time.Time        `json:"due_at,omitempty" doc:"Of a waiting one: when it is tried next."`
	EndedAt   *time.Time        `json:"ended_at,omitempty"`
	Log       []DeliveryAttempt `json:"log,omitempty" doc:"Of a single delivery: the newest attempts."`
}

// DeliveryAttempt is one attempt, without secrets.
type DeliveryAttempt struct {
	Number  int        `json:"number"`
	Node    string     `json:"node,omitempty"`
	BeganAt time.Time  `json:"began_at"`
	EndedAt *time.Time `json:"ended_at,omitempty" doc:"Missing: its node ended first, and it may have arrived."`
	Status  int        `json:"status,omitempty"`
	Request string     `json:"request"`
	Answer  string     `json:"answer,omitempty"`
	Error   string     `json:"error,omitempty"`
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func deliveryDocument(ctx context.Context, m *Stored, attempts []Attempt) Delivery {
	d := Delivery{
		ID: m.ID, WebhookID: messageID(m.ID), ChannelID: m.ChannelID, PersonID: m.PersonID, TicketID: m.TicketID, Kind: string(m.Kind), State: string(m.State), Attempts: m.Attempts,
		Status: m.Status, Error: reasonText(ctx, m.Error), CreatedAt: m.CreatedAt, EndedAt: instant(m.EndedAt),
	}
	if m.State == StateWaiting {
		d.DueAt = instant(m.DueAt)
	}
	for _, a := range attempts {
		d.Log = append(d.Log, DeliveryAttempt{Number: a.Number, Node: a.Node, BeganAt: a.BeganAt, EndedAt: instant(a.EndedAt), Status: a.Status, Request: a.Request, Answer: a.Answer, Error: reasonText(ctx, a.Error)})
	}
	return d
}

// DeliveryCount is how many messages something was done with.
type DeliveryCount struct {
	Messages int `json:"messages" example:"3"`
}

// PersonalChannel is a channel as it can reach you.
type PersonalChannel struct {
	ID          int64    `json:"id" example:"4294967802"`
	Name        string   `json:"name" example:"SMS"`
	Description string   `json:"description,omitempty"`
	Reach       string   `json:"reach" enum:"number,member,address"`
	Hosts       []string `json:"hosts,omitempty"`
	Target      string   `json:"target,omitempty" doc:"Where it reaches you, without what is secret in it." example:"+49•••567"`
	State       string   `json:"state" enum:"none,asked,confirmed" doc:"asked: a code is on its way."`
}

func (s *Service) register(h huma.API) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	example := ChannelDocument{
		ID: 4294967800, Name: "#network-oncall", Kind: "slack", Active: true, Address: "https://hooks.slack.com/•••", Method: "POST", Encoding: "json", Rate: 60,
		Facts: []Fact{FactTitle, FactService}, Events: []Event{Arrived}, UpdatedAt: at, Version: 1,
	}
	input := map[string]any{"name": "#network-oncall", "kind": "slack", "address": "https://hooks.slack.com/services/…", "facts": []string{"title", "service"}, "events": []string{"arrived"}}
	const list, one = "/channels", "/channels/{id}"
	reg := func(op openapi.Operation) openapi.Operation { op.Tag = tagChannels; return op }
	openapi.Register(h, reg(openapi.Operation{
		ID: "list-channels", Method: http.MethodGet, Path: list, Summary: "List channels", Description: "By name.", Answer: openapi.Page[ChannelDocument]{Items: []ChannelDocument{example}},
	}), s.apiList)
	openapi.Register(h, reg(openapi.Operation{
		ID: "create-channel", Method: http.MethodPost, Path: list, Summary: "Add a channel", Status: http.StatusCreated, Description: "To a room, or to persons.",
		Errors: []int{http.StatusConflict}, Request: input, Answer: example,
	}), s.apiCreate)
	openapi.Register(h, reg(openapi.Operation{
		ID: "get-channel", Method: http.MethodGet, Path: one, Summary: "Read a channel", Description: "Without its secrets.", Errors: []int{http.StatusNotFound}, Answer: example,
	}), s.apiGet)
	openapi.Register(h, reg(openapi.Operation{
		ID: "replace-channel", Method: http.MethodPut, Path: one, Summary: "Change a channel", Description: "Secrets that are left out stay.", Errors: []int{404, 409, 412, 428}, Request: input, Answer: example,
	}), s.apiReplace)
	openapi.Register(h, reg(openapi.Operation{
		ID: "delete-channel", Method: http.MethodDelete, Path: one, Summary: "Delete a channel", Description: "What waits for it is given up.", Status: http.StatusNoContent, Errors: []int{404, 409, 412, 428},
	}), s.apiDelete)
	openapi.Register(h, reg(openapi.Operation{
		ID: "test-channel", Method: http.MethodPost, Path: one + "/test", Summary: "Try a channel", Description: "Sends a test at once, and says what the far side answered.",
		Errors: []int{http.StatusNotFound}, Request: map[string]any{"to": "+491701234567"}, Answer: ChannelTest{OK: true, Status: 200, Request: "POST https://hooks.slack.com/•••", Answer: "200 OK"},
	}), s.apiTest)
	openapi.Register(h, reg(openapi.Operation{
		ID: "preview-channel", Method: http.MethodPost, Path: list + "/preview", Summary: "Preview a request", Description: "The request that a channel would send, with ••• for secrets. Nothing is saved or sent.",
		Request: input, Answer: map[string]any{"request": "POST https://hooks.slack.com/•••"},
	}), s.apiPreview)
	counted := DeliveryCount{Messages: 3}
	openapi.Register(h, reg(openapi.Operation{
		ID: "replay-channel", Method: http.MethodPost, Path: one + "/replay", Summary: "Send again what failed", Description: "All messages of the channel that failed or were stopped, in their order, at most 1000.",
		Errors: []int{404, 409}, Answer: counted,
	}), s.apiReplayAll)

	message := Delivery{ID: 4294967801, WebhookID: "msg_4294967801", ChannelID: 4294967800, Kind: "news", State: "failed", Attempts: 10, Status: 500, Error: "Given up after 10 attempts. It answered 500.", CreatedAt: at, EndedAt: &at}
	openapi.Register(h, reg(openapi.Operation{
		ID: "list-deliveries", Method: http.MethodGet, Path: "/deliveries", Summary: "List deliveries", Description: "What went by channels and what waits, newest first.", Answer: openapi.Page[Delivery]{Items: []Delivery{message}},
	}), s.apiMessages)
	openapi.Register(h, reg(openapi.Operation{
		ID: "get-delivery", Method: http.MethodGet, Path: "/deliveries/{id}", Summary: "Read a delivery", Description: "With its newest attempts: what was sent and what was answered.", Errors: []int{http.StatusNotFound}, Answer: message,
	}), s.apiMessage)
	openapi.Register(h, reg(openapi.Operation{
		ID: "replay-delivery", Method: http.MethodPost, Path: "/deliveries/{id}/replay", Summary: "Send a message again", Description: "Under the same id.", Errors: []int{404, 409}, Answer: counted,
	}), s.apiReplay)
	openapi.Register(h, reg(openapi.Operation{
		ID: "drop-delivery", Method: http.MethodPost, Path: "/deliveries/{id}/drop", Summary: "Give up a message", Description: "It is not sent.", Errors: []int{404, 409}, Answer: counted,
	}), s.apiDrop)

	mine := PersonalChannel{ID: 4294967802, Name: "SMS", Reach: "number", Target: "+49•••567", State: "confirmed"}
	openapi.Register(h, reg(openapi.Operation{
		ID: "list-my-channels", Method: http.MethodGet, Path: "/my-channels", Summary: "List the channels that can reach you", Description: "And where they do.", Answer: openapi.Page[PersonalChannel]{Items: []PersonalChannel{mine}},
	}), s.apiMine)
	openapi.Register(h, reg(openapi.Operation{
		ID: "set-my-channel", Method: http.MethodPut, Path: "/my-channels/{id}", Summary: "Say where a channel reaches you", Description: "A code is sent there; nothing else is before you have confirmed it.",
		Status: http.StatusNoContent, Errors: []int{404, 429}, Request: map[string]any{"target": "+49 170 1234567"},
	}), s.apiSetMine)
	openapi.Register(h, reg(openapi.Operation{
		ID: "confirm-my-channel", Method: http.MethodPost, Path: "/my-channels/{id}/confirm", Summary: "Confirm that a channel reaches you", Description: "By the code that was sent.",
		Status: http.StatusNoContent, Errors: []int{http.StatusNotFound}, Request: map[string]any{"code": "123456"},
	}), s.apiConfirmMine)
	openapi.Register(h, reg(openapi.Operation{
		ID: "leave-my-channel", Method: http.MethodDelete, Path: "/my-channels/{id}", Summary: "Stop using a channel", Description: "Nothing is sent to you by it any more.", Status: http.StatusNoContent,
	}), s.apiLeaveMine)
}

type byID struct {
	ID int64 `path:"id" minimum:"1"`
}

type channelAnswer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body ChannelDocument
}

func answerOf(c *Channel) *channelAnswer {
	return &channelAnswer{openapi.ETag(int(c.Version)), channelDocument(c)}
}

func (s *Service) apiList(ctx context.Context, _ *struct{}) (*openapi.Listed[ChannelDocument], error) {
	found, err := s.Channels(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]ChannelDocument, 0, len(found))
	for i := range found {
		items = append(items, channelDocument(&found[i]))
	}
	return openapi.List(ctx, items, ""), nil
}

func (s *Service) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body ChannelInput
},
) (*channelAnswer, error) {
	var c Channel
	in.Body.apply(&c)
	keyed := once.With(ctx, in.IdempotencyKey)
	c, err := s.CreateChannel(keyed, c)
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return answerOf(&c), nil
}

func (s *Service) apiGet(ctx context.Context, in *byID) (*channelAnswer, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	c, err := s.live(ctx, s.DB.Reader(), in.ID)
	if err != nil {
		return nil, err
	}
	return answerOf(&c), nil
}

func (s *Service) apiReplace(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body ChannelInput
},
) (*channelAnswer, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.ChangeChannel(ctx, in.ID, int64(version), in.Body.apply)
	if err != nil {
		return nil, apperr.Retold(err, func(now *Channel) any { return channelDocument(now) })
	}
	return answerOf(&c), nil
}

func (s *Service) apiDelete(ctx context.Context, in *struct {
	openapi.Changing
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	return nil, apperr.Retold(s.DeleteChannel(ctx, in.ID, int64(version)), func(now *Channel) any { return channelDocument(now) })
}

func (s *Service) apiTest(ctx context.Context, in *struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		To string `json:"to,omitempty" maxLength:"2000" doc:"Where, of a personal channel."`
	}
},
) (*struct{ Body ChannelTest }, error) {
	tried, err := s.Try(ctx, in.ID, in.Body.To)
	if err != nil {
		return nil, renamed(err, "target", "to")
	}
	return &struct{ Body ChannelTest }{tried}, nil
}

// renamed gives an error whose field has the name that this document knows.
func renamed(err error, from, to string) error {
	fields := apperr.FieldsOf(err)
	if len(fields) != 1 || fields[0].Name != from {
		return err
	}
	return &apperr.Error{Kind: apperr.Invalid, Message: fields[0].Message, Fields: []apperr.Field{{Name: to, Message: fields[0].Message}}}
}

type previewAnswer struct {
	Body struct {
		Request string `json:"request"`
	}
}

func (s *Service) apiPreview(ctx context.Context, in *struct {
	Channel int64 `query:"channel" minimum:"0" doc:"A channel that is there: what the body leaves out of its secrets is taken from it."`
	Body    ChannelInput
},
) (*previewAnswer, error) {
	shown, err := s.Preview(ctx, in.Channel, in.Body.apply)
	if err != nil {
		return nil, err
	}
	out := &previewAnswer{}
	out.Body.Request = shown
	return out, nil
}

func (s *Service) apiMessages(ctx context.Context, in *struct {
	openapi.Paging
	Channel int64  `query:"channel" minimum:"0"`
	State   string `query:"state" enum:"waiting,sent,failed,stopped,dropped"`
},
) (*openapi.Listed[Delivery], error) {
	before, err := in.After()
	if err != nil {
		return nil, err
	}
	limit := in.Limit
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	found, err := s.Messages(ctx, MessageQuery{Channel: in.Channel, State: State(in.State), Before: before, Limit: limit + 1})
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = strconv.FormatInt(found[limit-1].ID, 10)
	}
	items := make([]Delivery, 0, len(found))
	for i := range found {
		items = append(items, deliveryDocument(ctx, &found[i], nil))
	}
	return openapi.List(ctx, items, next), nil
}

func (s *Service) apiMessage(ctx context.Context, in *byID) (*struct{ Body Delivery }, error) {
	m, attempts, err := s.Message(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Delivery }{deliveryDocument(ctx, &m, attempts)}, nil
}

type countAnswer struct{ Body DeliveryCount }

func counted(n int, err error) (*countAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &countAnswer{DeliveryCount{n}}, nil
}

func (s *Service) apiReplayAll(ctx context.Context, in *byID) (*countAnswer, error) {
	return counted(s.Replay(ctx, in.ID, 0))
}

func (s *Service) apiReplay(ctx context.Context, in *byID) (*countAnswer, error) {
	return counted(s.Replay(ctx, 0, in.ID))
}

func (s *Service) apiDrop(ctx context.Context, in *byID) (*countAnswer, error) {
	return counted(s.Drop(ctx, 0, in.ID))
}

func (s *Service) apiMine(ctx context.Context, _ *struct{}) (*openapi.Listed[PersonalChannel], error) {
	mine, err := s.MyWays(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]PersonalChannel, 0, len(mine))
	for _, m := range mine {
		d := PersonalChannel{ID: m.ID, Name: m.Name, Description: m.Description, Reach: string(m.Reach), Hosts: m.Hosts, Target: m.Shown, State: "none"}
		switch {
		case m.Active:
			d.State = "confirmed"
		case m.Asked:
			d.State = "asked"
		}
		items = append(items, d)
	}
	return openapi.List(ctx, items, ""), nil
}

func (s *Service) apiSetMine(ctx context.Context, in *struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Target string `json:"target" minLength:"1" maxLength:"2000" doc:"A mobile number with its country, a name in the chat, or the address of a webhook of your own."`
	}
},
) (*struct{}, error) {
	return nil, s.SetTarget(ctx, in.ID, in.Body.Target)
}

func (s *Service) apiConfirmMine(ctx context.Context, in *struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"20"`
	}
},
) (*struct{}, error) {
	return nil, s.ConfirmTarget(ctx, in.ID, in.Body.Code)
}

func (s *Service) apiLeaveMine(ctx context.Context, in *byID) (*struct{}, error) {
	return nil, s.LeaveTarget(ctx, in.ID)
}
