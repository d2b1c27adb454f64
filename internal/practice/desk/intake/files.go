package intake

import (
	"net/http"
	"strings"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/intake/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// receive reads the form. With scripts, files were uploaded ahead of it; without
// them, the form brings them. They are stored as they arrive; one that cannot be
// is told of as a wrong field, after all text has been read, so that nothing
// typed is lost.
func (i *Intake) receive(r *http.Request, a *asked) error {
	ctx := r.Context()
	zone := text.From(ctx).Location
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return web.Form(r, a, zone)
	}
	var refused error
	var stored []int64
	err := web.Upload(r, a, zone, func(f web.UploadedFile) error {
		file, err := i.d.Tickets.Upload(ctx, f.Name, f.Content)
		switch {
		case apperr.Is(err, apperr.TooLarge), apperr.Is(err, apperr.Invalid):
			refused = apperr.InvalidField("attachments", "%s: %s", f.Name, apperr.Message(err))
			return nil
		case err != nil:
			return err
		}
		stored = append(stored, file.ID)
		return nil
	})
	a.Attachments = append(a.Attachments, stored...)
	if err == nil {
		err = refused
	}
	return err
}

// loose is a file that waits for its ticket.
func loose(a ticket.Attachment) ui.Attachment {
	url := view.FilesURL + "/" + formatID(a.ID)
	return ui.Attachment{Name: a.Name, URL: url, Bytes: a.Size, Image: a.Inline(), Token: formatID(a.ID), RemoveURL: url}
}
