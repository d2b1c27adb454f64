package draft

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/draft/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type pages struct {
	Deps
	service *Service
}

// panel shows the drafts of a ticket to those who work with them.
func (p pages) panel(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	if !MayShare(access.From(ctx), t) {
		return nil, nil
	}
	drafts, err := p.service.Of(ctx, t)
	if err != nil {
		return nil, err
	}
	m := view.Panel{Number: t.Number}
	files, err := p.files(ctx, t.Number, drafts)
	if err != nil {
		return nil, err
	}
	for i := range drafts {
		d := p.show(ctx, t, &drafts[i])
		d.Files, d.First = files[drafts[i].ID], i == 0
		m.Drafts = append(m.Drafts, d)
	}
	return m.View(), nil
}

// files are those that drafts hold, asked for only where there are some.
func (p pages) files(ctx context.Context, number string, drafts []Draft) (map[int64][]ui.Attachment, error) {
	var keepers []int64
	for i := range drafts {
		if drafts[i].Files > 0 {
			keepers = append(keepers, drafts[i].ID)
		}
	}
	kept, err := p.Tickets.Kept(ctx, p.DB.Reader(), keepers...)
	out := map[int64][]ui.Attachment{}
	for _, k := range kept {
		out[k.KeeperID] = append(out[k.KeeperID], ui.Attachment{Name: k.Name, Bytes: k.Size, URL: view.FileURL(number, k.KeeperID, k.ID)})
	}
	return out, err
}

// prose is a text as safe HTML. Whom it mentions has the name it was written with.
func prose(body string) string {
	return markdown.HTML(body, markdown.Context{
		Ticket: func(string) (markdown.Reference, bool) { return markdown.Reference{}, false },
		Person: func(string) (markdown.Reference, bool) { return markdown.Reference{}, false },
	})
}

// shownReviews is how many reviews the panel shows, the last ones.
const shownReviews = 3

func (p pages) show(ctx context.Context, t *ticket.Ticket, d *Draft) view.Draft {
	actor := access.From(ctx)
	out := view.Draft{
		ID: d.ID, Title: titleOf(ctx, d), SharedAt: d.SharedAt, Note: d.Kind == Note, HTML: prose(d.Body), Version: d.Version, State: badgeOf(ctx, d),
		Asked: askedOf(ctx, d), MayReview: d.AuthorID != actor.ID, MayTake: d.AuthorID == actor.ID, MayDiscard: d.mayDiscard(actor),
	}
	if d.TicketID != t.ID {
		out.From = p.numberOf(ctx, d.TicketID)
	}
	if d.Version > 1 {
		out.Changed, out.ChangedAt = text.T(ctx, "Changed by %s, version %d", d.Editor, d.Version), d.EditedAt
	}
	for _, r := range d.Reviews[max(0, len(d.Reviews)-shownReviews):] {
		shown := view.Review{Remark: r.Remark, At: r.At, Ready: r.Verdict == Ready, Old: r.Version != d.Version}
		switch {
		case shown.Ready && shown.Old:
			shown.Text = text.T(ctx, "%s found version %d ready to send", r.Name, r.Version)
		case shown.Ready:
			shown.Text = text.T(ctx, "%s finds it ready to send", r.Name)
		case shown.Old:
			shown.Text = text.T(ctx, "%s asked for a change of version %d", r.Name, r.Version)
		default:
			shown.Text = text.T(ctx, "%s asks for a change", r.Name)
		}
		out.Reviews = append(out.Reviews, shown)
	}
	return out
}

// numberOf names a merged ticket whose draft is shown elsewhere; its reader sees it.
func (p pages) numberOf(ctx context.Context, id int64) string {
	t, err := p.Tickets.Get(ctx, ticket.ByID(id))
	if err != nil {
		return ""
	}
	return t.Number
}

func titleOf(ctx context.Context, d *Draft) string {
	if d.AuthorID == access.From(ctx).ID {
		return text.T(ctx, "Your draft, shared for review")
	}
	return text.T(ctx, "Draft of %s, shared for review", d.Author)
}

func askedOf(ctx context.Context, d *Draft) string {
	switch {
	case d.ReviewerID == 0:
		return d.Asked
	case d.Asked == "":
		return ""
	}
	return text.T(ctx, "To %s: %s", d.Reviewer, d.Asked)
}

// badgeOf says where a draft stands.
func badgeOf(ctx context.Context, d *Draft) ui.Badge {
	r, current, reviewed := d.Verdict()
	switch {
	case reviewed && current && r.Verdict == Ready:
		return ui.Badge{Label: text.T(ctx, "Ready to send"), Tone: ui.Success, Icon: ui.IconCircleCheck}
	case reviewed && current:
		return ui.Badge{Label: text.T(ctx, "Please change"), Tone: ui.Warning, Icon: ui.IconPencil}
	case d.WaitsFor(access.From(ctx).ID):
		return ui.Badge{Label: text.T(ctx, "Waits for your review"), Tone: ui.Accent, Icon: ui.IconClock}
	case d.Waits:
		return ui.Badge{Label: text.T(ctx, "Waits for %s", d.Reviewer), Tone: ui.Info, Icon: ui.IconClock}
	}
	return ui.Badge{Label: text.T(ctx, "Not reviewed yet"), Icon: ui.IconCircleDashed}
}

// ticketOf gives the ticket of the address, if the reader works with drafts there.
func (p pages) ticketOf(r *http.Request) (ticket.Ticket, error) {
	ctx := r.Context()
	t, err := p.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err == nil && !MayShare(access.From(ctx), &t) {
		err = apperr.New(apperr.Forbidden, "Only those who work on this ticket share drafts there.")
	}
	return t, err
}

// now is the panel as it is now, or the ticket's page without scripts.
func (p pages) now(w http.ResponseWriter, r *http.Request) error {
	t, err := p.ticketOf(r)
	if err != nil {
		return err
	}
	if !web.IsFragment(r) {
		return web.Redirect(w, r, view.PanelURL(t.Number))
	}
	panel, err := p.panel(r.Context(), &t)
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, panel)
}

// written is what the forms post.
type written struct {
	Kind        string  `form:"kind"`
	Body        string  `form:"body"`
	Version     int     `form:"version"`
	Kept        []int64 `form:"kept"`
	Attachments []int64 `form:"attachments"`
	Reviewer    int64   `form:"reviewer"`
	Typed       string  `form:"reviewer.text,line,max=200"`
	Asked       string  `form:"asked"`

	theirs *view.Theirs
}

// receive reads a form with its files; refused is what is wrong with one of them.
func (p pages) receive(r *http.Request, in *written) (refused, err error) {
	files, refused, err := p.Receive(r, in)
	in.Attachments = append(in.Attachments, files...)
	if in.Kind != string(Note) {
		in.Kind = string(Reply)
	}
	return refused, err
}

// shareForm shows what a composer holds, to be shared.
func (p pages) shareForm(w http.ResponseWriter, r *http.Request) error {
	t, err := p.ticketOf(r)
	if err != nil {
		return err
	}
	var in written
	refused, err := p.receive(r, &in)
	if err != nil {
		return err
	}
	if web.IsHTMX(r) { // whichever part of the page it was asked from
		w.Header().Set("HX-Retarget", view.Place)
		w.Header().Set("HX-Reswap", "innerHTML")
	}
	in.Version = 0
	return p.form(w, r, http.StatusOK, &t, nil, &in, refused)
}

// form shows a text to be shared, or a draft to be changed.
func (p pages) form(w http.ResponseWriter, r *http.Request, status int, t *ticket.Ticket, d *Draft, in *written, wrong error) error {
	ctx := r.Context()
	m := view.Form{
		Number: t.Number, Title: t.Title, Kind: in.Kind, Note: in.Kind == string(Note), Body: in.Body, Version: in.Version, ReviewerTyped: in.Typed,
		Asked: in.Asked, MaxAsked: MaxAsked, PreviewURL: view.TicketURL(t.Number) + "/preview", Errors: errorsOf(ctx, wrong), Theirs: in.theirs,
	}
	if access.From(ctx).Can(access.ViewPeople, access.AnyKind) {
		m.MentionURL = "/suggest/mentions"
	}
	if apperr.Is(wrong, apperr.TooLarge) || apperr.Is(wrong, apperr.Conflict) && in.theirs == nil {
		m.Problem = ui.Alert{Tone: ui.Critical, Text: apperr.Message(wrong).In(ctx)}
	}
	if d != nil {
		m.ID, m.Note = d.ID, d.Kind == Note
		files, err := p.files(ctx, t.Number, []Draft{*d})
		if err != nil {
			return err
		}
		for _, f := range files[d.ID] {
			id := f.URL[strings.LastIndex(f.URL, "/")+1:]
			if n, _ := strconv.ParseInt(id, 10, 64); slices.Contains(in.Kept, n) {
				f.Token, f.TokenName = id, "kept"
				m.Files = append(m.Files, f)
			}
		}
	}
	loose, err := p.Tickets.Uploads(ctx, in.Attachments)
	if err != nil {
		return err
	}
	for i := range loose {
		id := strconv.FormatInt(loose[i].ID, 10)
		m.Files = append(m.Files, ui.Attachment{Name: loose[i].Name, Bytes: loose[i].Size, URL: "/attachments/" + id, Token: id, RemoveURL: "/attachments/" + id})
	}
	if in.Reviewer != 0 {
		names, err := p.Names.PersonNames(ctx, p.DB.Reader(), []int64{in.Reviewer})
		if err != nil {
			return err
		}
		if name := names[in.Reviewer].Name; name != "" {
			m.Reviewer = []ui.Choice{{Value: strconv.FormatInt(in.Reviewer, 10), Label: name}}
		}
	}
	return p.dialog(w, r, status, m.Heading(ctx), m)
}

func errorsOf(ctx context.Context, err error) view.Errors { return apperr.ByField(ctx, err) }

// dialogs are forms over the page, or pages of their own.
type dialogs interface {
	Dialog() templ.Component
	Page() templ.Component
}

func (p pages) dialog(w http.ResponseWriter, r *http.Request, status int, title string, m dialogs) error {
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.Dialog())
	}
	return p.Frame.Page(w, r, module.Page{Title: title, Active: "queue", Status: status}, m.Page())
}

// typedReviewer fails when a name was typed that chose nobody.
func typedReviewer(in *written) error {
	if in.Reviewer == 0 && in.Typed != "" {
		return apperr.InvalidField("reviewer", "Choose somebody from the list, or leave it empty.")
	}
	return nil
}

// share shares what was written, and empties the composer.
func (p pages) share(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticketOf(r)
	if err != nil {
		return err
	}
	var in written
	refused, err := p.receive(r, &in)
	if err != nil {
		return err
	}
	var d Draft
	if err = refused; err == nil {
		err = typedReviewer(&in)
	}
	if err == nil {
		d, err = p.service.Share(ctx, ticket.ByID(t.ID), Share{Kind: Kind(in.Kind), Body: in.Body, Files: in.Attachments, ReviewerID: in.Reviewer, Asked: in.Asked})
	}
	switch {
	case apperr.Is(err, apperr.Invalid), apperr.Is(err, apperr.TooLarge):
		return p.form(w, r, http.StatusUnprocessableEntity, &t, nil, &in, err)
	case apperr.Is(err, apperr.Conflict):
		return p.form(w, r, http.StatusConflict, &t, nil, &in, err)
	case err != nil:
		return err
	}
	emptied, err := p.Written(ctx, t.Number)
	if err != nil {
		return err
	}
	said := web.Toast{Text: text.T(ctx, "The draft is shared"), Undo: view.OneURL(t.Number, d.ID, "take-back")}
	if !web.IsHTMX(r) {
		web.Flash(w, said, p.HTTPS)
		return web.Redirect(w, r, view.PanelURL(t.Number))
	}
	web.ShowToast(w, said)
	web.Trigger(w, "composer-emptied", nil)
	p.changed(w)
	if emptied == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return web.Render(w, r, http.StatusOK, emptied)
}

// changed closes a dialog and lets the open page ask what has changed.
func (p pages) changed(w http.ResponseWriter) {
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "ticket-changed", nil)
	web.Trigger(w, Event, nil)
}

// done answers something done to a draft.
func (p pages) done(w http.ResponseWriter, r *http.Request, said web.Toast) error {
	if !web.IsHTMX(r) {
		web.Flash(w, said, p.HTTPS)
		return web.Redirect(w, r, view.PanelURL(r.PathValue("number")))
	}
	if said.Text != "" {
		web.ShowToast(w, said)
	}
	p.changed(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// one gives the draft of the address.
func (p pages) one(r *http.Request) (ticket.Ticket, Draft, error) {
	t, err := p.ticketOf(r)
	if err != nil {
		return t, Draft{}, err
	}
	d, err := p.service.Get(r.Context(), &t, web.PathID(r, "id"))
	return t, d, err
}

func (p pages) editForm(w http.ResponseWriter, r *http.Request) error {
	t, d, err := p.one(r)
	if err != nil {
		return err
	}
	in := written{Kind: string(d.Kind), Body: d.Body, Version: d.Version}
	if in.Kept, err = p.kept(r.Context(), &d); err != nil {
		return err
	}
	return p.form(w, r, http.StatusOK, &t, &d, &in, nil)
}

func (p pages) kept(ctx context.Context, d *Draft) (ids []int64, err error) {
	if d.Files == 0 {
		return nil, nil
	}
	files, err := p.Tickets.Kept(ctx, p.DB.Reader(), d.ID)
	for _, k := range files {
		ids = append(ids, k.ID)
	}
	return ids, err
}

func (p pages) edit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, d, err := p.one(r)
	if err != nil {
		return err
	}
	var in written
	refused, err := p.receive(r, &in)
	if err != nil {
		return err
	}
	if err = refused; err == nil {
		err = typedReviewer(&in)
	}
	if err == nil {
		cmd := Edit{Version: in.Version, Body: in.Body, Files: &Files{Keep: in.Kept, Add: in.Attachments}}
		if in.Reviewer != 0 {
			cmd.Reviewer, cmd.Asked = &in.Reviewer, in.Asked
		}
		_, err = p.service.Change(ctx, ticket.ByID(t.ID), d.ID, cmd)
	}
	if now, ok := ConflictOf(err); ok {
		in.Version = now.Version
		in.theirs = &view.Theirs{By: now.Editor, At: now.EditedAt, Body: now.Body}
		return p.form(w, r, http.StatusConflict, &t, now, &in, err)
	}
	if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.TooLarge) {
		return p.form(w, r, http.StatusUnprocessableEntity, &t, &d, &in, err)
	}
	if err != nil {
		return err
	}
	return p.done(w, r, web.Toast{Text: text.T(ctx, "The draft is saved")})
}

func (p pages) reviewForm(w http.ResponseWriter, r *http.Request) error {
	t, d, err := p.one(r)
	if err != nil {
		return err
	}
	return p.showReview(w, r, http.StatusOK, &t, &d, Finding{Version: d.Version}, nil, ui.Alert{})
}

func (p pages) showReview(w http.ResponseWriter, r *http.Request, status int, t *ticket.Ticket, d *Draft, f Finding, wrong error, problem ui.Alert) error {
	ctx := r.Context()
	m := view.Finding{
		Number: t.Number, Title: t.Title, ID: d.ID, Draft: p.show(ctx, t, d), Version: f.Version, Verdict: string(f.Verdict), Remark: f.Remark, MaxRemark: MaxRemark,
		Errors: errorsOf(ctx, wrong), Problem: problem,
	}
	return p.dialog(w, r, status, text.T(ctx, "Review draft"), m)
}

func (p pages) review(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, d, err := p.one(r)
	if err != nil {
		return err
	}
	var in struct {
		Version int    `form:"version"`
		Verdict string `form:"verdict"`
		Remark  string `form:"remark"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	f := Finding{Version: in.Version, Verdict: Verdict(in.Verdict), Remark: in.Remark}
	_, err = p.service.Review(ctx, ticket.ByID(t.ID), d.ID, f)
	if now, ok := ConflictOf(err); ok {
		f.Version = now.Version
		return p.showReview(w, r, http.StatusConflict, &t, now, f, nil, ui.Alert{
			Tone: ui.Warning, Title: text.T(ctx, "%s changed this draft meanwhile.", now.Editor), Text: text.T(ctx, "Read it as it is now. Your remark is kept."),
		})
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.showReview(w, r, http.StatusUnprocessableEntity, &t, &d, f, err, ui.Alert{})
	}
	if err != nil {
		return err
	}
	return p.done(w, r, web.Toast{Text: text.T(ctx, "%s is told what you find", d.Author)})
}

func (p pages) versions(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, d, err := p.one(r)
	if err != nil {
		return err
	}
	texts, err := p.service.Texts(ctx, &d)
	if err != nil {
		return err
	}
	m := view.Versions{Number: t.Number, ID: d.ID}
	for _, old := range texts {
		m.Texts = append(m.Texts, view.Text{Title: text.T(ctx, "Version %d, by %s", old.Version, old.Editor), At: old.At, Body: old.Body})
	}
	return p.dialog(w, r, http.StatusOK, text.T(ctx, "Earlier versions"), m)
}

// file gives a file that a draft holds.
func (p pages) file(w http.ResponseWriter, r *http.Request) error {
	_, d, err := p.one(r)
	if err != nil {
		return err
	}
	k, body, err := p.Tickets.OpenKept(r.Context(), d.ID, web.PathID(r, "file"))
	if err != nil {
		return err
	}
	defer body.Close()
	media := k.MediaType
	if a := (ticket.Attachment{MediaType: media}); !a.Inline() {
		media = "application/octet-stream"
	}
	web.File(w, k.Name, media)
	w.Header().Set("ETag", `"`+k.SHA256+`"`)
	http.ServeContent(w, r, "", d.SharedAt, body)
	return nil
}

func (p pages) send(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, d, err := p.one(r)
	if err != nil {
		return err
	}
	version, _ := strconv.Atoi(r.FormValue("version"))
	_, err = p.service.Send(ctx, ticket.ByID(t.ID), d.ID, version)
	if now, ok := ConflictOf(err); ok {
		return p.done(w, r, web.Toast{Text: text.T(ctx, "%s changed this draft meanwhile. It is not sent: read it once more.", now.Editor)})
	}
	if apperr.Is(err, apperr.Invalid) {
		in := written{Kind: string(d.Kind), Body: d.Body, Version: d.Version}
		var lost error
		if in.Kept, lost = p.kept(ctx, &d); lost != nil {
			return lost
		}
		if web.IsHTMX(r) {
			w.Header().Set("HX-Retarget", view.Place)
			w.Header().Set("HX-Reswap", "innerHTML")
		}
		return p.form(w, r, http.StatusUnprocessableEntity, &t, &d, &in, err)
	}
	if err != nil {
		return err
	}
	said := text.T(ctx, "The reply is sent")
	if d.Kind == Note {
		said = text.T(ctx, "The note is added")
	}
	return p.done(w, r, web.Toast{Text: said})
}

// takeBack puts the text back into the composer: the page is loaded anew.
func (p pages) takeBack(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	number := r.PathValue("number")
	if err := p.service.TakeBack(ctx, ticket.ByNumber(number), web.PathID(r, "id")); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Only you see the draft again. It stands where you write.")}, p.HTTPS)
	to := view.TicketURL(number)
	if !web.IsHTMX(r) {
		to += "#composer" // of the open page, another fragment would load nothing anew
	}
	return web.Redirect(w, r, to)
}

func (p pages) discard(w http.ResponseWriter, r *http.Request) error {
	number, id := r.PathValue("number"), web.PathID(r, "id")
	if err := p.service.Discard(r.Context(), ticket.ByNumber(number), id); err != nil {
		return err
	}
	return p.done(w, r, web.Toast{Text: text.T(r.Context(), "The draft is discarded"), Undo: view.OneURL(number, id, "restore")})
}

func (p pages) restore(w http.ResponseWriter, r *http.Request) error {
	if err := p.service.Restore(r.Context(), ticket.ByNumber(r.PathValue("number")), web.PathID(r, "id")); err != nil {
		return err
	}
	return p.done(w, r, web.Toast{Text: text.T(r.Context(), "The draft is back")})
}
