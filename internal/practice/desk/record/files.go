package record

import (
	"io"
	"net/http"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// download gives a file that the reader may see. No browser ever runs it: only
// pictures that carry no script are shown in place.
func (p *Record) download(w http.ResponseWriter, r *http.Request) error {
	a, body, err := p.d.Tickets.Attachment(r.Context(), parseID(r.PathValue("id")))
	if err != nil {
		return err
	}
	defer body.Close()
	media := a.MediaType
	if !a.Inline() {
		media = "application/octet-stream"
	}
	web.File(w, a.Name, media)
	w.Header().Set("ETag", `"`+a.SHA256+`"`)
	http.ServeContent(w, r, "", a.CreatedAt, body)
	return nil
}

// upload takes files ahead of their form. Its answer becomes a part of the form;
// a refusal is the reason in plain words, which the scripts put beside the file.
func (p *Record) upload(w http.ResponseWriter, r *http.Request) error {
	if !access.From(r.Context()).IsPerson() {
		return apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	var stored []ticket.Attachment
	refused, err := p.store(r, &struct{}{}, func(a ticket.Attachment) { stored = append(stored, a) })
	if err != nil {
		return err
	}
	if refused == nil && len(stored) == 0 {
		refused = apperr.InvalidField("file", "Choose a file.")
	}
	if refused != nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(web.NewProblem(r.Context(), r, refused).Status)
		_, _ = io.WriteString(w, apperr.Message(refused).In(r.Context())) // a reader that went away is no error of ours
		return nil
	}
	return web.Render(w, r, http.StatusOK, view.Files(loose(stored)))
}

// discard gives up a file that was uploaded and not sent.
func (p *Record) discard(w http.ResponseWriter, r *http.Request) error {
	if err := p.d.Tickets.Discard(r.Context(), parseID(r.PathValue("id"))); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK) // htmx takes the chip away, which it would not for 204
	return nil
}

// loose shows files that wait for a form to take them.
func loose(files []ticket.Attachment) []ui.Attachment {
	out := attachments(files)
	for i := range files {
		out[i].Token, out[i].RemoveURL = formatID(files[i].ID), view.FileURL(files[i].ID)
	}
	return out
}

// receive reads a form that may bring files, and gives their ids. A file that
// cannot be stored is told of after all text has been read, so that nothing typed
// is lost.
func (p *Record) receive(r *http.Request, dst any) (files []int64, refused, err error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return nil, nil, web.Form(r, dst, text.From(r.Context()).Location)
	}
	refused, err = p.store(r, dst, func(a ticket.Attachment) { files = append(files, a.ID) })
	return files, refused, err
}

// store keeps the files of a form as they arrive. What is over the limit is read
// to its end and thrown away: a browser that is cut off shows a network error
// instead of the reason.
func (p *Record) store(r *http.Request, dst any, keep func(ticket.Attachment)) (refused, err error) {
	ctx := r.Context()
	err = web.Upload(r, dst, text.From(ctx).Location, func(f web.UploadedFile) error {
		a, err := p.d.Tickets.Upload(ctx, f.Name, f.Content)
		switch {
		case apperr.Is(err, apperr.TooLarge):
			refused = apperr.Wrap(err, apperr.TooLarge, "%s is too large: at most %s.", f.Name, text.FileSize(ctx, p.d.MaxUpload))
			return nil
		case apperr.Is(err, apperr.Invalid):
			refused = err
			return nil
		case err != nil:
			return err
		}
		keep(a)
		return nil
	})
	return refused, err
}
