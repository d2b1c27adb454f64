package macro

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/macro/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (s *Macros) page(w http.ResponseWriter, r *http.Request, status int, title string, body web.Component) error {
	return s.d.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, body)
}

// maxTyped is how many characters of a search are looked at.
const maxTyped = 200

// pageSize is how many rows come at a time.
const pageSize = 50

// list answers the page with all macros one has.
func (s *Macros) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	q := Query{Text: web.Typed(r, "q", maxTyped), Limit: pageSize + 1}
	q.After, _ = strconv.ParseInt(r.FormValue("after"), 10, 64) // anything else is the beginning
	found, err := s.List(ctx, q)
	if err != nil {
		return err
	}
	m := view.List{Query: q.Text}
	if len(found) > pageSize {
		found = found[:pageSize]
		m.MoreURL = view.ListURL(q.Text, found[pageSize-1].ID)
	}
	if m.Macros, err = s.rows(ctx, found); err != nil {
		return err
	}
	if q.After != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(m.Table(ctx)))
	}
	return s.page(w, r, http.StatusOK, text.T(ctx, "Macros"), m.Page())
}

func (s *Macros) rows(ctx context.Context, found []Macro) ([]view.Row, error) {
	actor := access.From(ctx)
	all := make([]*Macro, len(found))
	for i := range found {
		all[i] = &found[i]
	}
	n, err := s.named(ctx, all...)
	if err != nil {
		return nil, err
	}
	kinds := s.d.Tickets.Kinds().In(ctx).All()
	out := make([]view.Row, 0, len(found))
	for _, m := range all {
		row := view.Row{
			ID: m.ID, Title: m.Title, About: m.About, Steps: n.summary(ctx, m, fitting(m, kinds)), Uses: m.Uses, UpdatedAt: m.UpdatedAt,
			Editable: m.EditableBy(actor), Replies: m.replies(),
		}
		switch m.Audience {
		case sharing.Everyone:
			row.Audience = text.T(ctx, "Everyone")
		case sharing.Group:
			row.Audience = n.groups[m.GroupID].Name
		case sharing.Mine:
			row.Audience = text.T(ctx, "Only me")
		}
		if m.OwnerID != actor.ID {
			row.Owner = n.persons[m.OwnerID].Name
		}
		out = append(out, row)
	}
	return out, nil
}

// fitting are the kinds a macro is for.
func fitting(m *Macro, kinds []*workflow.Definition) []*workflow.Definition {
	var out []*workflow.Definition
	for _, d := range kinds {
		if m.fits(d.Key) {
			out = append(out, d)
		}
	}
	return out
}

// newForm asks for a new macro; copy=ID starts with another one.
func (s *Macros) newForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return err
	}
	f := form{Next: string(Stay), Audience: string(sharing.Mine)}
	if id, _ := strconv.ParseInt(r.FormValue("copy"), 10, 64); id != 0 {
		from, err := s.Get(ctx, id)
		if err != nil {
			return err
		}
		f = formOf(&from)
		f.Title, f.Copy, f.Audience, f.Group, f.Version = text.T(ctx, "Copy of %s", from.Title), from.ID, string(sharing.Mine), 0, 0
	}
	return s.show(w, r, http.StatusOK, 0, &f, nil)
}

func (s *Macros) create(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	f, wrong, err := s.receive(r)
	if err != nil {
		return err
	}
	if f.edits() {
		return s.show(w, r, http.StatusOK, 0, f, nil)
	}
	var m Macro
	f.apply(&m)
	if wrong == nil {
		m, wrong = s.Create(ctx, m, Files{Add: f.Attachments, Copy: f.Copy})
	}
	return s.saved(w, r, 0, f, &m, wrong)
}

func (s *Macros) editForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, err := editable(ctx, s.d.DB.Reader(), web.PathID(r, "id"), false)
	if err != nil {
		return err
	}
	f := formOf(&m)
	kept, err := s.d.Tickets.Kept(ctx, s.d.DB.Reader(), m.ID)
	if err != nil {
		return err
	}
	for _, k := range kept {
		f.Kept = append(f.Kept, k.ID)
	}
	return s.show(w, r, http.StatusOK, m.ID, &f, nil)
}

func (s *Macros) update(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	f, wrong, err := s.receive(r)
	if err != nil {
		return err
	}
	if f.edits() {
		return s.show(w, r, http.StatusOK, id, f, nil)
	}
	var m Macro
	if wrong == nil {
		m, wrong = s.Change(ctx, id, f.Version, &Files{Keep: f.Kept, Add: f.Attachments}, f.apply)
	}
	return s.saved(w, r, id, f, &m, wrong)
}

// saved answers a save: the list, or the form again with what is wrong.
func (s *Macros) saved(w http.ResponseWriter, r *http.Request, id int64, f *form, m *Macro, err error) error {
	ctx := r.Context()
	if apperr.Is(err, apperr.Conflict) {
		if now, ok := apperr.Now[Macro](err); ok {
			f.Version = now.Version
		}
		return s.show(w, r, http.StatusConflict, id, f, apperr.InvalidField("title", "%s Save again to put your version over theirs.", apperr.Message(err)))
	}
	if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.TooLarge) {
		return s.show(w, r, http.StatusUnprocessableEntity, id, f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is saved", m.Title)}, s.d.HTTPS)
	return web.Redirect(w, r, "/macros")
}

// receive reads a form that may bring files; wrong is what is wrong with it.
func (s *Macros) receive(r *http.Request) (f *form, wrong, err error) {
	ctx := r.Context()
	if err := mayUse(ctx); err != nil {
		return nil, nil, err
	}
	f = &form{}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = web.Form(r, f, nil)
	} else {
		var added []int64
		err = web.Upload(r, f, nil, func(u web.UploadedFile) error {
			a, err := s.d.Tickets.Upload(ctx, u.Name, u.Content)
			if apperr.Is(err, apperr.TooLarge) || apperr.Is(err, apperr.Invalid) {
				wrong = apperr.InvalidField("attachments", "%s: %s", u.Name, apperr.Message(err))
				return nil
			}
			if err == nil {
				added = append(added, a.ID)
			}
			return err
		})
		f.Attachments = append(f.Attachments, added...)
	}
	if err != nil {
		return f, nil, err
	}
	if err := s.read(ctx, f); apperr.Is(err, apperr.Invalid) {
		wrong = err
	} else if err != nil {
		return f, nil, err
	}
	return f, wrong, nil
}

func (s *Macros) remove(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	m, err := s.Delete(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "“%s” is deleted", m.Title), Undo: view.MacroURL(m.ID) + "/restore"}, s.d.HTTPS)
	return web.Redirect(w, r, "/macros")
}

func (s *Macros) restore(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Restore(r.Context(), web.PathID(r, "id")); err != nil {
		return err
	}
	return web.Redirect(w, r, "/macros")
}

// show shows the form of a macro; id 0 is a new one.
func (s *Macros) show(w http.ResponseWriter, r *http.Request, status int, id int64, f *form, wrong error) error {
	ctx := r.Context()
	m := view.Form{
		ID: id, Title: f.Title, About: f.About, Condition: f.Condition, Next: f.Next, Version: f.Version, Copy: f.Copy, Audience: f.Audience,
		MayShare: sharing.May(access.From(ctx)), Errors: view.Errors{}, MaxTitle: maxTitle, MaxAbout: maxAbout, MaxUpload: s.d.MaxUpload,
	}
	for _, p := range apperr.FieldsOf(wrong) {
		if m.Errors[p.Name] == "" {
			m.Errors[p.Name] = p.Message.In(ctx)
		}
	}
	all := s.d.Tickets.Kinds().In(ctx).All()
	for _, def := range all {
		m.Kinds = append(m.Kinds, ui.Option{Value: def.Key, Label: text.T(ctx, def.Label), Selected: slices.Contains(f.Kinds, def.Key)})
	}
	shown := Macro{Kinds: f.Kinds, Steps: f.Steps}
	n, err := s.named(ctx, &shown)
	if err != nil {
		return err
	}
	e := editor{ctx: ctx, names: n, kinds: fitting(&shown, all), typed: f.typed}
	for i := range f.Steps {
		m.Steps = append(m.Steps, e.step(i, &f.Steps[i], len(f.Steps)))
	}
	m.Adds = e.adds()
	if m.Groups, err = s.ownGroups(ctx, f.Group); err != nil {
		return err
	}
	if m.Files, err = s.formFiles(ctx, id, f); err != nil {
		return err
	}
	title := text.T(ctx, "New macro")
	if id != 0 {
		title = text.T(ctx, "Edit macro")
	}
	return s.page(w, r, status, title, m.Page(title))
}

func (s *Macros) ownGroups(ctx context.Context, chosen int64) ([]ui.Option, error) {
	groups := access.From(ctx).Groups()
	names, err := s.d.Names.GroupNames(ctx, s.d.DB.Reader(), groups)
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
func (s *Macros) formFiles(ctx context.Context, id int64, f *form) ([]ui.Attachment, error) {
	var out []ui.Attachment
	keeper := max(id, f.Copy)
	if keeper != 0 {
		kept, err := s.d.Tickets.Kept(ctx, s.d.DB.Reader(), keeper)
		if err != nil {
			return nil, err
		}
		for _, k := range kept {
			a := ui.Attachment{Name: k.Name, Bytes: k.Size}
			if f.Copy == 0 {
				if !slices.Contains(f.Kept, k.ID) {
					continue
				}
				a.Token, a.TokenName = strconv.FormatInt(k.ID, 10), "kept"
			}
			out = append(out, a)
		}
	}
	uploads, err := s.d.Tickets.Uploads(ctx, f.Attachments)
	for i := range uploads {
		token := strconv.FormatInt(uploads[i].ID, 10)
		out = append(out, ui.Attachment{Name: uploads[i].Name, Bytes: uploads[i].Size, URL: "/attachments/" + token, Token: token, RemoveURL: "/attachments/" + token})
	}
	return out, err
}
