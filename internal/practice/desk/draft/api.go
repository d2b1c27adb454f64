package draft

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tag = "Drafts"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tag, Description: "Texts of replies and notes before they are sent: your own, and those that are shared for review. Nobody but those who may send them learns of them."}}
}

// SharedDraft is a text that is shared for review.
type SharedDraft struct {
	ID         int64         `json:"id" example:"4294967600"`
	TicketID   int64         `json:"ticket_id" doc:"The ticket it was written on." example:"4294967400"`
	Kind       Kind          `json:"kind" enum:"reply,note" doc:"What it becomes when it is sent."`
	Body       string        `json:"body" doc:"Markdown."`
	Version    int           `json:"version" doc:"From 1; each change makes the next one."`
	AuthorID   int64         `json:"author_id"`
	SharedAt   time.Time     `json:"shared_at"`
	EditedBy   int64         `json:"edited_by" doc:"Who wrote this version."`
	EditedAt   time.Time     `json:"edited_at"`
	Files      int           `json:"files" doc:"How many files it holds. They are attached when it is sent."`
	ReviewerID int64         `json:"reviewer_id,omitempty" doc:"Who was asked for a review."`
	Asked      string        `json:"asked,omitempty" doc:"What the reviewer is asked."`
	Waiting    bool          `json:"waiting" doc:"The reviewer has not answered yet."`
	Reviews    []DraftReview `json:"reviews" nullable:"false"`
}

// DraftReview is what somebody found of a draft.
type DraftReview struct {
	PersonID int64     `json:"person_id"`
	Verdict  Verdict   `json:"verdict" enum:"ready,change"`
	Remark   string    `json:"remark,omitempty"`
	Version  int       `json:"version" doc:"The version that was read."`
	At       time.Time `json:"at"`
}

// OwnDraft is what you are writing, and nobody else sees.
type OwnDraft struct {
	TicketID  int64     `json:"ticket_id" example:"4294967400"`
	Kind      Kind      `json:"kind" enum:"reply,note"`
	Body      string    `json:"body"`
	UpdatedAt time.Time `json:"updated_at"`
}

// OwnText is what to keep of what you are writing.
type OwnText struct {
	Body string `json:"body" doc:"Markdown; an empty text removes the draft." maxLength:"4000000"`
}

// NewSharedDraft shares a text.
type NewSharedDraft struct {
	Kind        Kind    `json:"kind" enum:"reply,note"`
	Body        string  `json:"body,omitempty" maxLength:"400000" doc:"Markdown. What you are writing on the ticket is no longer kept apart when it is this text."`
	Attachments []int64 `json:"attachments,omitempty" maxItems:"10" doc:"Ids of files you uploaded."`
	ReviewerID  int64   `json:"reviewer_id,omitempty" doc:"Whom to ask for a review. They are told."`
	Asked       string  `json:"asked,omitempty" maxLength:"2000"`
}

// DraftChange is the next version of a draft.
type DraftChange struct {
	Version    int    `json:"version" minimum:"1" doc:"The version you read. Another one now is a conflict."`
	Body       string `json:"body" maxLength:"400000"`
	ReviewerID *int64 `json:"reviewer_id,omitempty" doc:"Asks for a review of this version; missing asks nobody anew."`
	Asked      string `json:"asked,omitempty" maxLength:"2000"`
}

// DraftFinding is a review to give.
type DraftFinding struct {
	Version int     `json:"version" minimum:"1" doc:"The version you read. Another one now is a conflict."`
	Verdict Verdict `json:"verdict" enum:"ready,change"`
	Remark  string  `json:"remark,omitempty" maxLength:"8000" doc:"Needed to ask for a change."`
}

// DraftSending names what to send.
type DraftSending struct {
	Version int `json:"version" minimum:"1" doc:"The version you read. Another one now is a conflict."`
}

// SentDraft tells what a draft became.
type SentDraft struct {
	TicketID int64  `json:"ticket_id"`
	Number   string `json:"number" example:"INC-1042"`
	Version  int    `json:"version" doc:"The ticket's version now."`
}

// MyDrafts are those you can go on with.
type MyDrafts struct {
	Waiting []SharedDraft `json:"waiting" nullable:"false" doc:"For your review."`
	Shared  []SharedDraft `json:"shared" nullable:"false" doc:"That you shared."`
	Own     []OwnDraft    `json:"own" nullable:"false" doc:"That nobody else sees."`
}

// TicketDrafts are those of one ticket.
type TicketDrafts struct {
	Shared []SharedDraft `json:"shared" nullable:"false" doc:"For review, also those written on tickets that go on in this one."`
	Own    []OwnDraft    `json:"own" nullable:"false" doc:"That nobody else sees."`
}

type api struct {
	service *Service
	tickets *ticket.Service
}

func (a api) register(h huma.API) {
	at := time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)
	example := SharedDraft{
		ID: 4294967600, TicketID: 4294967400, Kind: Reply, Body: "Please restart the **VPN client** once.", Version: 1, AuthorID: 4294967312, SharedAt: at,
		EditedBy: 4294967312, EditedAt: at, ReviewerID: 4294967313, Asked: "Is the tone right?", Waiting: true, Reviews: []DraftReview{},
	}
	own := OwnDraft{TicketID: 4294967400, Kind: Note, Body: "They have a spare one.", UpdatedAt: at}
	missing := []int{http.StatusNotFound}
	clash := []int{http.StatusNotFound, http.StatusConflict}
	openapi.Register(h, openapi.Operation{
		ID: "list-my-drafts", Method: http.MethodGet, Path: "/drafts", Tag: tag, Summary: "List your drafts",
		Description: "What waits for your review, what you shared, and what you are writing.",
		Answer:      MyDrafts{Waiting: []SharedDraft{}, Shared: []SharedDraft{example}, Own: []OwnDraft{own}},
	}, a.mine)
	openapi.Register(h, openapi.Operation{
		ID: "list-ticket-drafts", Method: http.MethodGet, Path: "/tickets/{ref}/drafts", Tag: tag, Summary: "List the drafts of a ticket",
		Description: "Those that are shared for review, and your own.", Errors: missing, Answer: TicketDrafts{Shared: []SharedDraft{example}, Own: []OwnDraft{own}},
	}, a.of)
	openapi.Register(h, openapi.Operation{
		ID: "keep-own-draft", Method: http.MethodPut, Path: "/tickets/{ref}/drafts/own/{kind}", Tag: tag, Summary: "Keep what you are writing",
		Description: "Nobody else sees it. The ticket's page shows it where you write.", Errors: missing, Request: OwnText{Body: own.Body},
	}, a.keep)
	openapi.Register(h, openapi.Operation{
		ID: "share-draft", Method: http.MethodPost, Path: "/tickets/{ref}/drafts", Tag: tag, Summary: "Share a draft for review", Status: http.StatusCreated,
		Description: "Everybody who may send it can read, change, review and send it.", Errors: clash,
		Request: map[string]any{"kind": "reply", "body": example.Body, "reviewer_id": example.ReviewerID, "asked": example.Asked}, Answer: example,
	}, a.share)
	openapi.Register(h, openapi.Operation{
		ID: "change-draft", Method: http.MethodPut, Path: "/tickets/{ref}/drafts/{id}", Tag: tag, Summary: "Change a shared draft",
		Description: "What it said before is kept.", Errors: clash, Request: map[string]any{"version": 1, "body": example.Body}, Answer: example,
	}, a.change)
	openapi.Register(h, openapi.Operation{
		ID: "review-draft", Method: http.MethodPost, Path: "/tickets/{ref}/drafts/{id}/review", Tag: tag, Summary: "Review a shared draft",
		Description: "Its author is told. Nobody reviews a draft of their own.", Errors: clash,
		Request: map[string]any{"version": 1, "verdict": "ready"}, Answer: example,
	}, a.review)
	openapi.Register(h, openapi.Operation{
		ID: "send-draft", Method: http.MethodPost, Path: "/tickets/{ref}/drafts/{id}/send", Tag: tag, Summary: "Send a shared draft",
		Description: "It becomes an entry of the timeline, by you; who drafted it is told to those who read internal notes.", Errors: clash,
		Request: map[string]any{"version": 1}, Answer: SentDraft{TicketID: example.TicketID, Number: "INC-1042", Version: 7},
	}, a.send)
	openapi.Register(h, openapi.Operation{
		ID: "take-draft-back", Method: http.MethodPost, Path: "/tickets/{ref}/drafts/{id}/take-back", Tag: tag, Summary: "Take a shared draft back",
		Description: "It is what you are writing again, and nobody else sees it.", Errors: missing,
	}, a.takeBack)
	openapi.Register(h, openapi.Operation{
		ID: "discard-draft", Method: http.MethodDelete, Path: "/tickets/{ref}/drafts/{id}", Tag: tag, Summary: "Discard a shared draft",
		Description: "For its author; for everybody who works with it once the author has left.", Errors: missing,
	}, a.discard)
}

// ref reads a number or an id.
func ref(s string) ticket.Ref {
	if id, err := strconv.ParseInt(s, 10, 64); err == nil && id > 0 {
		return ticket.ByID(id)
	}
	return ticket.ByNumber(s)
}

func sharedOf(d *Draft) SharedDraft {
	out := SharedDraft{
		ID: d.ID, TicketID: d.TicketID, Kind: d.Kind, Body: d.Body, Version: d.Version, AuthorID: d.AuthorID, SharedAt: d.SharedAt, EditedBy: d.EditorID,
		EditedAt: d.EditedAt, Files: d.Files, ReviewerID: d.ReviewerID, Asked: d.Asked, Waiting: d.Waits, Reviews: []DraftReview{},
	}
	for _, r := range d.Reviews {
		out.Reviews = append(out.Reviews, DraftReview{PersonID: r.PersonID, Verdict: r.Verdict, Remark: r.Remark, Version: r.Version, At: r.At})
	}
	return out
}

func allShared(of []Draft) []SharedDraft {
	out := make([]SharedDraft, 0, len(of))
	for i := range of {
		out = append(out, sharedOf(&of[i]))
	}
	return out
}

func allOwn(of []ticket.Draft) []OwnDraft {
	out := make([]OwnDraft, 0, len(of))
	for _, d := range of {
		if d.Slot == string(Reply) || d.Slot == string(Note) {
			out = append(out, OwnDraft{TicketID: d.TicketID, Kind: Kind(d.Slot), Body: d.Body, UpdatedAt: d.UpdatedAt})
		}
	}
	return out
}

type mineAnswer struct {
	Body MyDrafts
}

func (a api) mine(ctx context.Context, _ *struct{}) (*mineAnswer, error) {
	if !Uses(access.From(ctx)) {
		return nil, apperr.New(apperr.Forbidden, "Only those who work on tickets have drafts of them.")
	}
	found, err := a.service.Mine(ctx)
	return &mineAnswer{MyDrafts{Waiting: allShared(found.Waiting), Shared: allShared(found.Mine), Own: allOwn(found.Private)}}, err
}

type onTicket struct {
	Ref string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
}

// DraftRef names a draft of a ticket.
type DraftRef struct {
	Ref string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
	ID  int64  `path:"id" minimum:"1"`
}

type ofAnswer struct {
	Body TicketDrafts
}

func (a api) of(ctx context.Context, in *onTicket) (*ofAnswer, error) {
	t, err := a.working(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	shared, err := a.service.Of(ctx, &t)
	if err != nil {
		return nil, err
	}
	own, err := a.tickets.Drafts(ctx, t.ID)
	return &ofAnswer{TicketDrafts{Shared: allShared(shared), Own: allOwn(own)}}, err
}

// working gives a ticket on which the actor writes something.
func (a api) working(ctx context.Context, s string) (ticket.Ticket, error) {
	t, err := a.tickets.Get(ctx, ref(s))
	actor := access.From(ctx)
	if err == nil && !MayWork(actor, &t, Reply) && !MayWork(actor, &t, Note) {
		err = apperr.New(apperr.Forbidden, "Only those who work on this ticket have drafts there.")
	}
	return t, err
}

func (a api) keep(ctx context.Context, in *struct {
	Ref  string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
	Kind Kind   `path:"kind" enum:"reply,note"`
	Body OwnText
},
) (*struct{}, error) {
	t, err := a.working(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	return nil, a.tickets.SaveDraft(ctx, t.ID, string(in.Kind), in.Body.Body)
}

type draftAnswer struct {
	Body SharedDraft
}

func answer(d *Draft, err error) (*draftAnswer, error) {
	if err != nil {
		return nil, plain(err)
	}
	return &draftAnswer{sharedOf(d)}, nil
}

// plain puts what a conflict carries, the draft as it is now, into the API's words.
func plain(err error) error {
	if d, ok := ConflictOf(err); ok {
		return &apperr.Error{Kind: apperr.Conflict, Message: apperr.Message(err), Detail: sharedOf(d)}
	}
	return err
}

func (a api) share(ctx context.Context, in *struct {
	openapi.Once
	Ref  string `path:"ref" maxLength:"40" doc:"Number or id of the ticket." example:"INC-1042"`
	Body NewSharedDraft
},
) (*draftAnswer, error) {
	t, err := a.working(ctx, in.Ref)
	if err != nil {
		return nil, err
	}
	cmd := Share{Kind: in.Body.Kind, Body: in.Body.Body, Files: in.Body.Attachments, ReviewerID: in.Body.ReviewerID, Asked: in.Body.Asked}
	keyed := once.With(ctx, in.IdempotencyKey)
	d, err := a.service.Share(keyed, ticket.ByID(t.ID), cmd)
	if err != nil {
		return nil, plain(err)
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	typed, err := a.tickets.Drafts(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	for _, own := range typed {
		if own.Slot == string(cmd.Kind) && own.Body == cmd.Body { // it is no more yours alone
			if err := a.tickets.SaveDraft(ctx, t.ID, own.Slot, ""); err != nil {
				return nil, err
			}
		}
	}
	return answer(&d, nil)
}

func (a api) change(ctx context.Context, in *struct {
	DraftRef
	Body DraftChange
},
) (*draftAnswer, error) {
	d, err := a.service.Change(ctx, ref(in.Ref), in.ID, Edit{Version: in.Body.Version, Body: in.Body.Body, Reviewer: in.Body.ReviewerID, Asked: in.Body.Asked})
	return answer(&d, err)
}

func (a api) review(ctx context.Context, in *struct {
	DraftRef
	Body DraftFinding
},
) (*draftAnswer, error) {
	d, err := a.service.Review(ctx, ref(in.Ref), in.ID, Finding{Version: in.Body.Version, Verdict: in.Body.Verdict, Remark: in.Body.Remark})
	return answer(&d, err)
}

type sentAnswer struct {
	Body SentDraft
}

func (a api) send(ctx context.Context, in *struct {
	DraftRef
	Body DraftSending
},
) (*sentAnswer, error) {
	t, err := a.service.Send(ctx, ref(in.Ref), in.ID, in.Body.Version)
	if err != nil {
		return nil, plain(err)
	}
	return &sentAnswer{SentDraft{TicketID: t.ID, Number: t.Number, Version: t.Version}}, nil
}

func (a api) takeBack(ctx context.Context, in *DraftRef) (*struct{}, error) {
	return nil, a.service.TakeBack(ctx, ref(in.Ref), in.ID)
}

func (a api) discard(ctx context.Context, in *DraftRef) (*struct{}, error) {
	return nil, a.service.Discard(ctx, ref(in.Ref), in.ID)
}
