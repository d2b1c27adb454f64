package api

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/requestid"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

func (a *API) registerFiles(api huma.API) {
	large := []web.Option{web.MaxBody(a.maxUpload + 1<<20), web.Timeout(time.Hour)}
	sent := " Send the bytes themselves with `?name=`, or a form (multipart/form-data) with one file. What kind of file it is, is " +
		"found by looking at the content."
	example := File{
		ID: 4294967455, Name: "screenshot.png", MediaType: "image/png", Size: 48213, Internal: true, CreatedAt: exampleMorning,
		SHA256:  "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Content: openapi.Prefix + "/attachments/4294967455/content",
	}
	register(a, api, openapi.Operation{
		ID: "upload-file", Method: http.MethodPost, Path: "/attachments", Tag: tagFiles, Status: http.StatusCreated,
		Summary: "Upload a file",
		Description: "Keeps a file for a ticket or message that you send within a day and that names its id. Until then only you " +
			"can read it." + sent,
		Errors: []int{http.StatusConflict}, Body: fileBody(), Options: large, Answer: example,
	}, a.upload)
	register(a, api, openapi.Operation{
		ID: "attach-file", Method: http.MethodPost, Path: "/tickets/{ref}/attachments", Tag: tagFiles, Status: http.StatusCreated,
		Summary:     "Add a file to a ticket",
		Description: "Uploads a file and adds it to the ticket in one step, without a message." + sent,
		Errors:      []int{http.StatusNotFound, http.StatusConflict}, Body: fileBody(), Options: large, Answer: example,
	}, a.attach)
	register(a, api, openapi.Operation{
		ID: "get-file", Method: http.MethodGet, Path: "/attachments/{id}", Tag: tagFiles,
		Summary:     "Describe a file",
		Description: "What a file is. Files of internal notes are there only for those who read notes.",
		Errors:      []int{http.StatusNotFound}, Answer: example,
	}, a.file)
	register(a, api, openapi.Operation{
		ID: "download-file", Method: http.MethodGet, Path: "/attachments/{id}/content", Tag: tagFiles,
		Summary: "Download a file",
		Description: "The bytes, in whole or, with Range, in part. The ETag is the content's hash. No browser runs what it downloads " +
			"here: everything but plain pictures and text comes as a download without a type.",
		Errors:   []int{http.StatusPartialContent, http.StatusNotModified, http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable},
		Options:  []web.Option{web.Timeout(time.Hour)},
		Streamed: map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}, a.download)
}

// fileBody describes the two ways to send a file.
func fileBody() *huma.RequestBody {
	bytes := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: bytes},
		"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": bytes}, Required: []string{"file"},
		}},
	}}
}

// Sent is the part of an input that says what is sent, and to send it once.
type Sent struct {
	openapi.Once
	Name string `query:"name" maxLength:"255" doc:"The file's name, when the body is the file itself." example:"screenshot.png"`
}

type fileOutput struct {
	Location string `header:"Location" doc:"The file's path."`
	Body     File
}

func (a *API) upload(ctx context.Context, in *Sent) (*fileOutput, error) {
	keyed, replay := idempotent(ctx, in.Once)
	f, err := a.receive(keyed, in.Name)
	if err != nil {
		return nil, err
	}
	replay()
	return fileOut(&f), nil
}

func fileOut(f *ticket.Attachment) *fileOutput {
	shown := file(f)
	return &fileOutput{Location: strings.TrimSuffix(shown.Content, "/content"), Body: shown}
}

type attachInput struct {
	Which
	Sent
	Internal bool `query:"internal" doc:"Only for those who read internal notes."`
}

func (a *API) attach(ctx context.Context, in *attachInput) (*fileOutput, error) {
	// Before a long upload, not after it.
	if _, err := a.tickets.Get(ctx, in.ref()); err != nil {
		return nil, err
	}
	keyed, replay := idempotent(ctx, in.Once)
	f, err := a.receive(ticket.PartOfIdempotencyKey(keyed, "file"), in.Name)
	if err != nil {
		return nil, err
	}
	if _, err := a.tickets.Attach(keyed, in.ref(), []int64{f.ID}, in.Internal); err != nil {
		return nil, err
	}
	f.Internal = in.Internal
	replay()
	return fileOut(&f), nil
}

// receive stores the file that a request carries.
func (a *API) receive(ctx context.Context, name string) (ticket.Attachment, error) {
	r := openapi.Request(ctx)
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return ticket.Attachment{}, apperr.New(apperr.Unsupported, "The Content-Type cannot be read.")
	}
	if media != "multipart/form-data" {
		if name == "" {
			return ticket.Attachment{}, apperr.InvalidField("name", "Give the file a name.")
		}
		return a.tickets.Upload(ctx, name, r.Body)
	}
	var stored []ticket.Attachment
	err = web.Upload(r, &struct{}{}, nil, func(f web.UploadedFile) error {
		if len(stored) > 0 {
			return apperr.InvalidField(f.Field, "Send one file at a time.")
		}
		one, err := a.tickets.Upload(ctx, f.Name, f.Content)
		stored = append(stored, one)
		return err
	})
	if err == nil && len(stored) == 0 {
		err = apperr.InvalidField("file", "The form has no file.")
	}
	if err != nil {
		return ticket.Attachment{}, err
	}
	return stored[0], nil
}

type fileInput struct {
	ID int64 `path:"id" minimum:"1" doc:"The file's id." example:"4294967455"`
}

func (a *API) file(ctx context.Context, in *fileInput) (*struct{ Body File }, error) {
	f, body, err := a.tickets.Attachment(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body File }{Body: file(&f)}, body.Close()
}

func (a *API) download(ctx context.Context, in *fileInput) (*huma.StreamResponse, error) {
	f, body, err := a.tickets.Attachment(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return openapi.Stream(func(w http.ResponseWriter, r *http.Request) error {
		defer body.Close()
		web.File(w, f.Name, f.MediaType)
		w.Header().Set("ETag", `"`+f.SHA256+`"`)
		out := &rangeWriter{ResponseWriter: w}
		http.ServeContent(out, r, "", time.Time{}, body)
		if !out.refused {
			return nil
		}
		w.Header().Del("Content-Disposition")
		return web.WriteProblem(w, &web.Problem{
			Type: "urn:steward:problem:range", Title: http.StatusText(http.StatusRequestedRangeNotSatisfiable),
			Status: http.StatusRequestedRangeNotSatisfiable, Detail: "The file does not reach there.",
			Instance: r.URL.Path, RequestID: requestid.From(r.Context()),
		})
	}), nil
}

// rangeWriter holds back net/http's plain refusal of a range.
type rangeWriter struct {
	http.ResponseWriter
	refused bool
}

func (w *rangeWriter) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *rangeWriter) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}
