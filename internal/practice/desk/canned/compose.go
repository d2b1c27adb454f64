package canned

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/canned/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	offeredMost = 8  // while typing
	chosenMost  = 30 // on the page of choosing
)

// ComposerURL is where a ticket's composer asks for canned replies.
func ComposerURL(number string) string { return view.ComposerURL(number) }

// purposeOf reads what kind of message is being written.
func purposeOf(kind string) Purpose {
	if kind == string(ui.ModeNote) {
		return ForNote
	}
	return ForReply
}

// complete answers the replies that fit what is typed after the slash.
func (c *Canned) complete(w http.ResponseWriter, r *http.Request) error {
	t, err := c.on(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	requester, err := c.contact(ctx, &t)
	if err != nil {
		return err
	}
	found, err := c.offered(ctx, purposeOf(r.FormValue("kind")), t.Kind, requester.Language, web.Typed(r, "q", maxTyped), offeredMost)
	if err != nil {
		return err
	}
	options := make([]view.Option, 0, len(found))
	for i := range found {
		options = append(options, view.Option{
			URL: view.InsertURL(t.Number, found[i].ID), Title: found[i].Title, Folder: found[i].Folder, Begins: begins(found[i].Body),
		})
	}
	return web.Render(w, r, http.StatusOK, view.Options(options))
}

// begins is the beginning of a text, on one line.
func begins(body string) string {
	const most = 80
	plain := []rune(strings.Join(strings.Fields(body), " "))
	if len(plain) > most {
		return string(plain[:most]) + "…"
	}
	return string(plain)
}

// choose shows the replies for a ticket on a page, to those without scripts.
func (c *Canned) choose(w http.ResponseWriter, r *http.Request) error {
	t, err := c.on(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	purpose := purposeOf(r.FormValue("kind"))
	requester, err := c.contact(ctx, &t)
	if err != nil {
		return err
	}
	q := web.Typed(r, "q", maxTyped)
	found, err := c.offered(ctx, purpose, t.Kind, requester.Language, q, chosenMost)
	if err != nil {
		return err
	}
	m := view.Choose{Number: t.Number, Title: t.Title, Query: q, Note: purpose == ForNote}
	for i := range found {
		m.Replies = append(m.Replies, view.Chosen{
			URL: view.InsertURL(t.Number, found[i].ID), Title: found[i].Title, Folder: found[i].Folder, Body: begins(found[i].Body),
		})
	}
	return c.page(w, r, http.StatusOK, text.T(ctx, "Canned replies for %s", t.Number), m.Page())
}

// insertInto answers a reply as it reads on a ticket. To a script it is a text to
// put where the caret is, with its files; without one, it is added to the draft.
func (c *Canned) insertInto(w http.ResponseWriter, r *http.Request) error {
	t, err := c.on(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	reply, err := c.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	purpose := purposeOf(r.FormValue("kind"))
	if reply.Purpose == ForNote && purpose == ForReply {
		return apperr.New(apperr.Invalid, "This text is for internal notes. Nothing of it goes to a requester.")
	}
	body, missing, err := c.fill(ctx, &reply, &t)
	if err != nil {
		return err
	}
	files, err := c.use(ctx, &reply)
	if err != nil {
		return err
	}
	if web.IsHTMX(r) {
		m := view.Inserted{Text: body, Files: loose(files)}
		if len(missing) > 0 {
			m.Missing = text.T(ctx, "Not known here, to be filled in: %s", strings.Join(missing, ", "))
		}
		return web.Render(w, r, http.StatusOK, m.View())
	}
	return c.intoDraft(w, r, &t, purpose, body)
}

// intoDraft adds a text to what the actor has begun to write.
func (c *Canned) intoDraft(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, purpose Purpose, body string) error {
	ctx := r.Context()
	drafts, err := c.d.Tickets.Drafts(ctx, t.ID)
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if d.Slot == string(purpose) && d.Body != "" {
			body = d.Body + "\n\n" + body
		}
	}
	if err := c.d.Tickets.SaveDraft(ctx, t.ID, string(purpose), body); err != nil {
		return err
	}
	return web.Redirect(w, r, view.TicketURL(t.Number)+"#composer")
}

// loose shows files that wait for a form to take them.
func loose(files []ticket.Attachment) []ui.Attachment {
	out := make([]ui.Attachment, 0, len(files))
	for i := range files {
		id := strconv.FormatInt(files[i].ID, 10)
		out = append(out, ui.Attachment{
			Name: files[i].Name, Bytes: files[i].Size, URL: "/attachments/" + id, Image: files[i].Inline(), Token: id, RemoveURL: "/attachments/" + id,
		})
	}
	return out
}

// variables lists what can be written into a text.
func variables() []view.Variable {
	var out []view.Variable
	for _, v := range phrase.Variables() {
		out = append(out, view.Variable{Name: v.Name, Label: v.Label, Internal: v.Internal})
	}
	return out
}
