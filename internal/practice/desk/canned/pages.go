package canned

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/canned/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (c *Canned) page(w http.ResponseWriter, r *http.Request, status int, title string, body web.Component) error {
	return c.d.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, body)
}

// maxTyped is how many characters of a search are looked at.
const maxTyped = 200

// pageSize is how many rows come at a time.
const pageSize = 50

// list answers the page with all replies one has.
func (c *Canned) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := Query{Text: web.Typed(r, "q", maxTyped), Limit: pageSize + 1}
	q.After, _ = strconv.ParseInt(r.FormValue("after"), 10, 64) // anything else is the beginning
	found, err := c.List(ctx, q)
	if err != nil {
		return err
	}
	m := view.List{Query: q.Text}
	if len(found) > pageSize {
		found = found[:pageSize]
		m.MoreURL = view.ListURL(q.Text, found[pageSize-1].ID)
	}
	if m.Replies, err = c.rows(ctx, found); err != nil {
		return err
	}
	if q.After != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(m.Table(ctx)))
	}
	return c.page(w, r, http.StatusOK, text.T(ctx, "Canned replies"), m.Page())
}

func (c *Canned) rows(ctx context.Context, found []Reply) ([]view.Row, error) {
	actor := access.From(ctx)
	var persons, groups []int64
	for i := range found {
		persons, groups = append(persons, found[i].OwnerID), append(groups, found[i].GroupID)
	}
	names, err := c.d.Names.PersonNames(ctx, c.d.DB.Reader(), persons)
	if err != nil {
		return nil, err
	}
	teams, err := c.d.Names.GroupNames(ctx, c.d.DB.Reader(), groups)
	if err != nil {
		return nil, err
	}
	out := make([]view.Row, 0, len(found))
	for i := range found {
		r := &found[i]
		row := view.Row{
			ID: r.ID, Title: r.Title, Folder: r.Folder, Note: r.Purpose == ForNote, Uses: r.Uses, Language: r.Language,
			UpdatedAt: r.UpdatedAt, Editable: r.EditableBy(actor), Begins: begins(r.Body),
		}
		switch r.Audience {
		case sharing.Everyone:
			row.Audience = text.T(ctx, "Everyone")
		case sharing.Group:
			row.Audience = teams[r.GroupID].Name
		case sharing.Mine:
			row.Audience = text.T(ctx, "Only me")
		}
		if r.OwnerID != actor.ID {
			row.Owner = names[r.OwnerID].Name
		}
		out = append(out, row)
	}
	return out, nil
}

// form is what the form of a reply posts.
type form struct {
	Title       string   `form:"title,line"`
	Folder      string   `form:"folder,line"`
	Body        string   `form:"body"`
	Purpose     string   `form:"purpose"`
	Kinds       []string `form:"kinds"`
	Language    string   `form:"language,line,max=40"`
	Audience    string   `form:"audience"`
	Group       int64    `form:"group"`
	Version     int64    `form:"version"`
	Copy        int64    `form:"copy"`
	Kept        []int64  `form:"kept"`
	Attachments []int64  `form:"attachments"`
}

func (f *form) apply(r *Reply) {
	r.Title, r.Folder, r.Body, r.Purpose, r.Kinds, r.Language = f.Title, f.Folder, f.Body, Purpose(f.Purpose), f.Kinds, f.Language
	r.Audience, r.GroupID = sharing.Audience(f.Audience), f.Group
}

func formOf(r *Reply) form {
	return form{
		Title: r.Title, Folder: r.Folder, Body: r.Body, Purpose: string(r.Purpose), Kinds: r.Kinds, Language: r.Language,
		Audience: string(r.Audience), Group: r.GroupID, Version: r.Version,
	}
}

// newForm asks for a new reply; copy=ID starts with another one.
func (c *Canned) newForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return err
	}
	f := form{Purpose: string(ForReply), Audience: string(sharing.Mine)}
	if id, _ := strconv.ParseInt(r.FormValue("copy"), 10, 64); id != 0 {
		from, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		f = formOf(&from)
		f.Title, f.Copy, f.Audience, f.Group, f.Version = text.T(ctx, "Copy of %s", from.Title), from.ID, string(sharing.Mine), 0, 0
	}
	return c.show(w, r, http.StatusOK, 0, &f, nil)
}

func (c *Canned) create(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f form
	refused, err := c.receive(r, &f)
	if err != nil {
		return err
	}
	var reply Reply
	f.apply(&reply)
	if err = refused; err == nil {
		reply, err = c.Create(ctx, reply, Files{Add: f.Attachments, Copy: f.Copy})
	}
	return c.saved(w, r, 0, &f, &reply, err)
}

func (c *Canned) editForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	reply, err := editable(ctx, c.d.DB.Reader(), web.PathID(r, "id"), false)
	if err != nil {
		return err
	}
	f := formOf(&reply)
	kept, err := c.d.Tickets.Kept(ctx, c.d.DB.Reader(), reply.ID)
	if err != nil {
		return err
	}
	for _, k := range kept {
		f.Kept = append(f.Kept, k.ID)
	}
	return c.show(w, r, http.StatusOK, reply.ID, &f, nil)
}

func (c *Canned) update(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	var f form
	refused, err := c.receive(r, &f)
	if err != nil {
		return err
	}
	var reply Reply
	if err = refused; err == nil {
		reply, err = c.Change(ctx, id, f.Version, &Files{Keep: f.Kept, Add: f.Attachments}, f.apply)
	}
	return c.saved(w, r, id, &f, &reply, err)
}

// saved answers a save: the list, or the form again with what is wrong.
func (c *Canned) saved(w http.ResponseWriter, r *http.Request, id int64, f *form, reply *Reply, err error) error {
	ctx := r.Context()
	if apperr.Is(err, apperr.Conflict) {
		if now, ok := apperr.Now[Reply](err); ok {
			f.Version = now.Version
		}
		return c.show(w, r, http.StatusConflict, id, f, apperr.InvalidField("title", "%s Save again to put your version over theirs.", apperr.Message(err)))
	}
	if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.TooLarge) {
		return c.show(w, r, http.StatusUnprocessableEntity, id, f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is saved", reply.Title)}, c.d.HTTPS)
	return web.Redirect(w, r, "/canned")
}

// receive reads a form that may bring files.
func (c *Canned) receive(r *http.Request, f *form) (refused, err error) {
	if err := mayUse(r.Context()); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return nil, web.Form(r, f, nil)
	}
	ctx := r.Context()
	var added []int64
	err = web.Upload(r, f, nil, func(u web.UploadedFile) error {
		a, err := c.d.Tickets.Upload(ctx, u.Name, u.Content)
		if apperr.Is(err, apperr.TooLarge) || apperr.Is(err, apperr.Invalid) {
			refused = apperr.InvalidField("attachments", "%s: %s", u.Name, apperr.Message(err))
			return nil
		}
		if err == nil {
			added = append(added, a.ID)
		}
		return err
	})
	f.Attachments = append(f.Attachments, added...)
	return refused, err
}

func (c *Canned) remove(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	reply, err := c.Delete(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is deleted", reply.Title), Undo: view.ReplyURL(reply.ID) + "/restore"}, c.d.HTTPS)
	return web.Redirect(w, r, "/canned")
}

func (c *Canned) restore(w http.ResponseWriter, r *http.Request) error {
	if _, err := c.Restore(r.Context(), web.PathID(r, "id")); err != nil {
		return err
	}
	return web.Redirect(w, r, "/canned")
}

// file gives a file of a reply that the reader has.
func (c *Canned) file(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	reply, err := c.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	k, body, err := c.d.Tickets.OpenKept(ctx, reply.ID, web.PathID(r, "file"))
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
	http.ServeContent(w, r, "", reply.CreatedAt, body)
	return nil
}

// show shows the form of a reply; id 0 is a new one.
func (c *Canned) show(w http.ResponseWriter, r *http.Request, status int, id int64, f *form, wrong error) error {
	ctx := r.Context()
	m := view.Form{
		ID: id, Title: f.Title, Folder: f.Folder, Body: f.Body, Note: f.Purpose == string(ForNote), Language: f.Language, Version: f.Version, Copy: f.Copy,
		Audience: f.Audience, MayShare: sharing.May(access.From(ctx)), Errors: view.Errors{}, Variables: variables(),
		MaxTitle: maxTitle, MaxFolder: maxFolder, MaxUpload: c.d.MaxUpload,
	}
	for _, p := range apperr.FieldsOf(wrong) {
		if m.Errors[p.Name] == "" {
			m.Errors[p.Name] = p.Message.In(ctx)
		}
	}
	for _, def := range c.d.Tickets.Kinds().In(ctx).All() {
		m.Kinds = append(m.Kinds, ui.Option{Value: def.Key, Label: text.T(ctx, def.Label), Selected: slices.Contains(f.Kinds, def.Key)})
	}
	var err error
	if m.Groups, err = c.ownGroups(ctx, f.Group); err != nil {
		return err
	}
	if m.Files, err = c.formFiles(ctx, id, f); err != nil {
		return err
	}
	title := text.T(ctx, "New canned reply")
	if id != 0 {
		title = text.T(ctx, "Edit canned reply")
	}
	return c.page(w, r, status, title, m.Page(title))
}

func (c *Canned) ownGroups(ctx context.Context, chosen int64) ([]ui.Option, error) {
	groups := access.From(ctx).Groups()
	names, err := c.d.Names.GroupNames(ctx, c.d.DB.Reader(), groups)
	if err != nil {
		return nil, err
	}
	var out []ui.Option
	for _, g := range groups {
		out = append(out, ui.Option{Value: strconv.FormatInt(g, 10), Label: names[g].Name, Selected: g == chosen})
	}
	slices.SortFunc(out, func(a, b ui.Option) int { return strings.Compare(a.Label, b.Label) })
	return out, nil
}

// formFiles shows the files a form holds: those kept already, and new ones.
func (c *Canned) formFiles(ctx context.Context, id int64, f *form) ([]ui.Attachment, error) {
	keeper := id
	if f.Copy != 0 {
		keeper = f.Copy
	}
	var out []ui.Attachment
	if keeper != 0 {
		kept, err := c.d.Tickets.Kept(ctx, c.d.DB.Reader(), keeper)
		if err != nil {
			return nil, err
		}
		for _, k := range kept {
			if f.Copy == 0 && !slices.Contains(f.Kept, k.ID) {
				continue
			}
			a := ui.Attachment{Name: k.Name, Bytes: k.Size, URL: view.FileURL(keeper, k.ID)}
			if f.Copy == 0 {
				a.Token, a.TokenName = strconv.FormatInt(k.ID, 10), "kept"
			}
			out = append(out, a)
		}
	}
	uploads, err := c.d.Tickets.Uploads(ctx, f.Attachments)
	return append(out, loose(uploads)...), err
}
