package canned

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

const tagCanned = "Canned replies"

// Tags describes the group of operations, for the document.
func Tags() []openapi.Tag {
	return []openapi.Tag{{Name: tagCanned, Description: "Texts with variables that agents use often: one's own, a group's, everybody's."}}
}

// CannedReply is a canned reply as the API shows it.
type CannedReply struct {
	ID        int64        `json:"id" example:"4294967500"`
	Title     string       `json:"title" example:"Password reset"`
	Folder    string       `json:"folder,omitempty" example:"Accounts"`
	Body      string       `json:"body" doc:"Markdown with variables." example:"Hello {{requester.first_name|there}}"`
	Purpose   string       `json:"purpose" enum:"reply,note" doc:"reply: requesters read it; note: only those who read internal notes."`
	Kinds     []string     `json:"kinds" nullable:"false" doc:"Kinds of ticket it is for; none is all."`
	Language  string       `json:"language,omitempty" doc:"A BCP 47 tag." example:"en"`
	Audience  string       `json:"audience" enum:"mine,group,everyone"`
	GroupID   int64        `json:"group_id,omitempty" doc:"Whose it is, for the audience group."`
	OwnerID   int64        `json:"owner_id"`
	Uses      int64        `json:"uses" doc:"How often it was used, by everybody."`
	Files     []CannedFile `json:"files" nullable:"false" doc:"Sent whenever the reply is used."`
	UpdatedAt time.Time    `json:"updated_at"`
	Version   int64        `json:"version"`
}

// CannedFile is a file of a canned reply.
type CannedFile struct {
	ID   int64  `json:"id"`
	Name string `json:"name" example:"how-to.pdf"`
	Size int64  `json:"size"`
}

// CannedReplyInput is what a canned reply is made of.
type CannedReplyInput struct {
	Title       string   `json:"title" minLength:"1" maxLength:"80"`
	Folder      string   `json:"folder,omitempty" maxLength:"80"`
	Body        string   `json:"body" minLength:"1" maxLength:"20000"`
	Purpose     string   `json:"purpose,omitempty" enum:"reply,note" default:"reply"`
	Kinds       []string `json:"kinds,omitempty" maxItems:"50"`
	Language    string   `json:"language,omitempty" maxLength:"40"`
	Audience    string   `json:"audience,omitempty" enum:"mine,group,everyone" default:"mine"`
	GroupID     int64    `json:"group_id,omitempty" minimum:"1"`
	KeepFiles   []int64  `json:"keep_files,omitempty" maxItems:"10" doc:"When changing: those of its files that stay; the others go."`
	Attachments []int64  `json:"attachments,omitempty" maxItems:"10" doc:"Ids of uploaded files that it shall send."`
}

func (in *CannedReplyInput) apply(r *Reply) {
	r.Title, r.Folder, r.Body, r.Purpose, r.Kinds, r.Language = in.Title, in.Folder, in.Body, Purpose(in.Purpose), in.Kinds, in.Language
	r.Audience, r.GroupID = sharing.Audience(in.Audience), in.GroupID
}

// Reply is the canned reply that the input describes.
func (in *CannedReplyInput) Reply() Reply {
	r := Reply{Purpose: ForReply}
	if in.Purpose == "" {
		in.Purpose = string(ForReply)
	}
	in.apply(&r)
	return r
}

func documentOf(r Reply) CannedReply {
	d := CannedReply{
		ID: r.ID, Title: r.Title, Folder: r.Folder, Body: r.Body, Purpose: string(r.Purpose), Kinds: r.Kinds, Language: r.Language,
		Audience: string(r.Audience), GroupID: r.GroupID, OwnerID: r.OwnerID, Uses: r.Uses, Files: []CannedFile{}, UpdatedAt: r.UpdatedAt, Version: r.Version,
	}
	if d.Kinds == nil {
		d.Kinds = []string{}
	}
	return d
}

// documents adds the files of replies, all in one query.
func (c *Canned) documents(ctx context.Context, replies ...Reply) ([]CannedReply, error) {
	ids := make([]int64, len(replies))
	out := make([]CannedReply, len(replies))
	at := make(map[int64]*CannedReply, len(replies))
	for i, r := range replies {
		ids[i], out[i] = r.ID, documentOf(r)
		at[r.ID] = &out[i]
	}
	files, err := c.d.Tickets.Kept(ctx, c.d.DB.Reader(), ids...)
	for _, f := range files {
		d := at[f.KeeperID]
		d.Files = append(d.Files, CannedFile{f.ID, f.Name, f.Size})
	}
	return out, err
}

type answer struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body CannedReply
}

func (c *Canned) answer(ctx context.Context, r Reply) (*answer, error) {
	docs, err := c.documents(ctx, r)
	if err != nil {
		return nil, err
	}
	return &answer{openapi.ETag(int(r.Version)), docs[0]}, nil
}

// FilledReply is a canned reply as it reads on a ticket.
type FilledReply struct {
	Text        string   `json:"text" doc:"Markdown with the values in it."`
	Missing     []string `json:"missing" nullable:"false" doc:"Variables that have no value on this ticket; they still stand in the text."`
	Attachments []int64  `json:"attachments" nullable:"false" doc:"Uploads made of its files, for the message that you send."`
}

func (c *Canned) register(h huma.API) {
	example := CannedReply{
		ID: 4294967500, Title: "Password reset", Folder: "Accounts", Body: "Hello {{requester.first_name|there}},\n\nyour password …", Purpose: "reply",
		Kinds: []string{}, Audience: "mine", OwnerID: 4294967312, Uses: 12, Files: []CannedFile{}, UpdatedAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Version: 1,
	}
	openapi.Register(h, openapi.Operation{
		ID: "list-canned-replies", Method: http.MethodGet, Path: "/canned-replies", Tag: tagCanned, Summary: "List canned replies",
		Description: "Your own, those of your groups, and everybody's, by title.", Answer: openapi.Page[CannedReply]{Items: []CannedReply{example}},
	}, c.apiList)
	openapi.Register(h, openapi.Operation{
		ID: "create-canned-reply", Method: http.MethodPost, Path: "/canned-replies", Tag: tagCanned, Summary: "Write a canned reply", Status: http.StatusCreated,
		Description: "Variables that do not exist, and internal ones in a text for requesters, are an error. Sharing needs the permission to share views.",
		Errors:      []int{http.StatusConflict}, Request: map[string]any{"title": "Password reset", "body": "Hello {{requester.first_name|there}}"}, Answer: example,
	}, c.apiCreate)
	openapi.Register(h, openapi.Operation{
		ID: "get-canned-reply", Method: http.MethodGet, Path: "/canned-replies/{id}", Tag: tagCanned, Summary: "Read a canned reply",
		Description: "One that you have.", Errors: []int{http.StatusNotFound}, Answer: example,
	}, c.apiGet)
	openapi.Register(h, openapi.Operation{
		ID: "replace-canned-reply", Method: http.MethodPut, Path: "/canned-replies/{id}", Tag: tagCanned, Summary: "Change a canned reply",
		Description: "What is left out gets its default.", Errors: []int{404, 409, 412, 428},
		Request: map[string]any{"title": "Password reset", "body": "Hello {{requester.first_name|there}}"}, Answer: example,
	}, c.apiReplace)
	openapi.Register(h, openapi.Operation{
		ID: "delete-canned-reply", Method: http.MethodDelete, Path: "/canned-replies/{id}", Tag: tagCanned, Summary: "Delete a canned reply",
		Description: "Nobody has it any more.", Errors: []int{http.StatusNotFound},
	}, c.apiDelete)
	openapi.Register(h, openapi.Operation{
		ID: "use-canned-reply", Method: http.MethodPost, Path: "/canned-replies/{id}/use", Tag: tagCanned, Summary: "Use a canned reply on a ticket",
		Description: "Gives the text as it reads on the ticket, and uploads made of its files. Nothing is sent: send it as a reply or a note.",
		Errors:      []int{http.StatusNotFound}, Request: map[string]any{"ticket": "INC-1042"},
		Answer: FilledReply{Text: "Hello Ana, …", Missing: []string{}, Attachments: []int64{}},
	}, c.apiUse)
}

func (c *Canned) apiList(ctx context.Context, in *struct {
	openapi.Paging
	Query string `query:"q" maxLength:"200" doc:"Words that the replies hold."`
},
) (*openapi.Listed[CannedReply], error) {
	q := Query{Text: in.Query, Limit: in.Limit + 1}
	if in.Cursor != "" {
		var err error
		if q.After, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
			return nil, apperr.InvalidField("cursor", "This is not a cursor of this list.")
		}
	}
	found, err := c.List(ctx, q)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = strconv.FormatInt(found[in.Limit-1].ID, 10)
	}
	items, err := c.documents(ctx, found...)
	if err != nil {
		return nil, err
	}
	return openapi.List(ctx, items, next), nil
}

func (c *Canned) apiCreate(ctx context.Context, in *struct {
	openapi.Once
	Body CannedReplyInput
},
) (*answer, error) {
	var r Reply
	in.Body.apply(&r)
	keyed := once.With(ctx, in.IdempotencyKey)
	r, err := c.Create(keyed, r, Files{Add: in.Body.Attachments})
	if err != nil {
		return nil, err
	}
	if once.Replayed(keyed) {
		openapi.Replayed(ctx)
	}
	return c.answer(ctx, r)
}

func (c *Canned) apiGet(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*answer, error) {
	r, err := c.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return c.answer(ctx, r)
}

func (c *Canned) apiReplace(ctx context.Context, in *struct {
	openapi.Changing
	ID   int64 `path:"id" minimum:"1"`
	Body CannedReplyInput
},
) (*answer, error) {
	if err := mayUse(ctx); err != nil {
		return nil, err
	}
	version, err := in.Version(ctx)
	if err != nil {
		return nil, err
	}
	r, err := c.Change(ctx, in.ID, int64(version), &Files{Keep: in.Body.KeepFiles, Add: in.Body.Attachments}, in.Body.apply)
	if err != nil {
		return nil, outside(err)
	}
	return c.answer(ctx, r)
}

func (c *Canned) apiDelete(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
},
) (*struct{}, error) {
	_, err := c.Delete(ctx, in.ID)
	return nil, err
}

func (c *Canned) apiUse(ctx context.Context, in *struct {
	ID   int64 `path:"id" minimum:"1"`
	Body struct {
		Ticket string `json:"ticket" minLength:"1" maxLength:"60" example:"INC-1042"`
	}
},
) (*struct{ Body FilledReply }, error) {
	r, err := c.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	t, err := c.d.Tickets.Get(ctx, ticket.ByNumber(in.Body.Ticket))
	if err != nil {
		return nil, err
	}
	var out FilledReply
	if out.Text, out.Missing, err = c.fill(ctx, &r, &t); err != nil {
		return nil, err
	}
	files, err := c.use(ctx, &r)
	if err != nil {
		return nil, err
	}
	out.Attachments = []int64{}
	for i := range files {
		out.Attachments = append(out.Attachments, files[i].ID)
	}
	if out.Missing == nil {
		out.Missing = []string{}
	}
	return &struct{ Body FilledReply }{out}, nil
}

// outside puts what a conflict carries into the API's words.
func outside(err error) error {
	return apperr.Retold(err, func(now *Reply) any { return documentOf(*now) })
}
