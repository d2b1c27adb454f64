package portal

import (
	"net/http"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/portal/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// receive reads a form that may bring files. They are stored as they arrive; one
// that cannot be is told of as a wrong field, after all text has been read, so
// that nothing typed is lost.
func (p *Portal) receive(r *http.Request, dst any) (files []int64, err error) {
	if !isMultipart(r) {
		return nil, web.Form(r, dst, text.From(r.Context()).Location)
	}
	var refused error
	err = web.Upload(r, dst, text.From(r.Context()).Location, func(f web.UploadedFile) error {
		a, err := p.Tickets.Upload(r.Context(), f.Name, f.Content)
		switch {
		case apperr.Is(err, apperr.TooLarge), apperr.Is(err, apperr.Invalid):
			refused = apperr.InvalidField("files", "%s: %s", f.Name, apperr.Message(err))
			return nil
		case err != nil:
			return err
		}
		files = append(files, a.ID)
		return nil
	})
	if err == nil {
		err = refused
	}
	return files, err
}

func isMultipart(r *http.Request) bool {
	const prefix = "multipart/form-data"
	ct := r.Header.Get("Content-Type")
	return len(ct) >= len(prefix) && ct[:len(prefix)] == prefix
}

// upload takes one file ahead of its form.
func (p *Portal) upload(w http.ResponseWriter, r *http.Request) error {
	var stored []ticket.Attachment
	err := web.Upload(r, &struct{}{}, nil, func(f web.UploadedFile) error {
		a, err := p.Tickets.Upload(r.Context(), f.Name, f.Content)
		stored = append(stored, a)
		return err
	})
	if err != nil {
		return err
	}
	if len(stored) == 0 {
		return apperr.InvalidField("file", "%s", text.T(r.Context(), "Choose a file."))
	}
	return web.Render(w, r, http.StatusOK, view.Uploaded(fileOf(stored[0])))
}

func fileID(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return -1 // no file has it
	}
	return id
}

// file gives a file of a conversation, or one that the reader has not sent yet.
// Files of internal notes are not given here even to those who may read them.
func (p *Portal) file(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	missing := apperr.New(apperr.NotFound, "There is no such file, or you may not see it.")
	a, body, err := p.Tickets.Attachment(ctx, fileID(r))
	if apperr.Is(err, apperr.NotFound) {
		return missing // in the same words, whatever the reason
	}
	if err != nil {
		return err
	}
	defer body.Close()
	if a.TicketID != 0 {
		if _, err := p.load(ctx, ticket.ByID(a.TicketID)); err != nil || a.Internal {
			return missing
		}
	}
	web.File(w, a.Name, a.MediaType)
	w.Header().Set("ETag", `"`+a.SHA256+`"`)
	w.Header().Set("Cache-Control", "private, max-age=0, must-revalidate")
	http.ServeContent(w, r, "", a.CreatedAt, body)
	return nil
}

// dropUpload gives up a file that was uploaded and not sent.
func (p *Portal) dropUpload(w http.ResponseWriter, r *http.Request) error {
	if err := p.Tickets.Discard(r.Context(), fileID(r)); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK) // htmx takes the chip away, which it would not for 204
	return nil
}

func filesOf(attachments []ticket.Attachment) []view.File {
	out := make([]view.File, 0, len(attachments))
	for i := range attachments {
		out = append(out, fileOf(attachments[i]))
	}
	return out
}

func fileOf(a ticket.Attachment) view.File {
	return view.File{ID: strconv.FormatInt(a.ID, 10), Name: a.Name, Bytes: a.Size, Image: a.Inline(), Loose: a.TicketID == 0}
}
