package checklist

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/checklist/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// mayChange reports whether the reader may change the lists of a ticket.
func mayChange(ctx context.Context, t *ticket.Ticket) bool {
	actor, record := access.From(ctx), t.Record()
	return actor.Check(access.ReadNotes, record).Allowed && actor.Check(access.Note, record).Allowed
}

// panel shows the lists on the ticket's page, to those who read its notes.
func (p pages) panel(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	if !access.From(ctx).Check(access.ReadNotes, t.Record()).Allowed {
		return nil, nil
	}
	m, err := p.model(ctx, t)
	if err != nil || len(m.Lists) == 0 && !m.MayChange {
		return nil, err
	}
	return m.View(), nil
}

func (p pages) model(ctx context.Context, t *ticket.Ticket) (view.Panel, error) {
	m := view.Panel{Number: t.Number, MayChange: mayChange(ctx, t)}
	lists, err := p.service.Of(ctx, t)
	if err != nil {
		return m, err
	}
	var ids []int64
	for i := range lists {
		for _, item := range lists[i].Items {
			ids = append(ids, item.AssigneeID, item.DoneBy)
		}
	}
	names, err := p.Names.PersonNames(ctx, p.DB.Reader(), ids)
	if err != nil {
		return m, err
	}
	for i := range lists {
		l := view.List{ID: lists[i].ID, Name: lists[i].Name, Blocks: lists[i].Blocks}
		l.Done, l.All = lists[i].Progress()
		for _, item := range lists[i].Items {
			l.Items = append(l.Items, view.Item{
				ID: item.ID, Text: item.Text, Done: item.Done(), Assignee: names[item.AssigneeID].Name, DoneBy: names[item.DoneBy].Name, DoneAt: item.DoneAt,
			})
		}
		m.Lists = append(m.Lists, l)
	}
	return m, nil
}

// at is which list and item of which ticket an address names; an id that is none
// is 0, which nothing has.
type at struct {
	ref        ticket.Ref
	list, item int64
}

func atOf(r *http.Request) at {
	id := func(name string) int64 {
		n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return at{ticket.ByNumber(r.PathValue("number")), id("list"), id("item")}
}

// changed answers an action on the panel: with the panel as it is now, or, without
// scripts, with the ticket's page.
func (p pages) changed(w http.ResponseWriter, r *http.Request, toast web.Toast) error {
	number := r.PathValue("number")
	if !web.IsHTMX(r) {
		if toast.Text != "" {
			web.Flash(w, toast, p.HTTPS)
		}
		return web.Redirect(w, r, view.TicketURL(number)+"#"+view.PanelID)
	}
	if toast.Text != "" {
		web.ShowToast(w, toast)
	}
	web.Trigger(w, "ticket-changed", nil)
	return p.panelNow(w, r, http.StatusOK, 0, "", "")
}

// panelNow answers with the panel; error and typed belong to the field that adds
// to a list.
func (p pages) panelNow(w http.ResponseWriter, r *http.Request, status int, list int64, typed, wrong string) error {
	ctx := r.Context()
	t, err := p.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	m, err := p.model(ctx, &t)
	if err != nil {
		return err
	}
	for i := range m.Lists {
		if m.Lists[i].ID == list {
			m.Lists[i].Typed, m.Lists[i].Error = typed, wrong
		}
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.View())
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Checklists of %s", t.Number), Active: "queue", Status: status}, m.Page(t.Title))
}

// closed answers a dialog that is done: the open page asks what has changed.
func (p pages) closed(w http.ResponseWriter, r *http.Request) error {
	if !web.IsHTMX(r) {
		return web.Redirect(w, r, view.TicketURL(r.PathValue("number"))+"#"+view.PanelID)
	}
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "ticket-changed", nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// whole is the panel on a page of its own.
func (p pages) whole(w http.ResponseWriter, r *http.Request) error {
	return p.panelNow(w, r, http.StatusOK, 0, "", "")
}

// dialogs are forms over the page, or pages of their own.
type dialogs interface {
	Dialog() templ.Component
	Page() templ.Component
}

func (p pages) form(w http.ResponseWriter, r *http.Request, title string, m dialogs, wrong error) error {
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.Dialog())
	}
	return p.Frame.Page(w, r, module.Page{Title: title, Active: "queue", Status: status}, m.Page())
}

func errorsOf(ctx context.Context, err error) view.Errors {
	out := view.Errors{}
	for _, f := range apperr.FieldsOf(err) {
		out[f.Name] = f.Message.In(ctx)
	}
	return out
}

func (p pages) choose(w http.ResponseWriter, r *http.Request) error {
	return p.showChoose(w, r, "", nil)
}

func (p pages) showChoose(w http.ResponseWriter, r *http.Request, name string, wrong error) error {
	ctx := r.Context()
	t, err := p.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	if !mayChange(ctx, &t) {
		return apperr.New(apperr.Forbidden, "Only those who work on this ticket keep its checklists.")
	}
	suiting, err := p.service.suiting(ctx, &t)
	if err != nil {
		return err
	}
	m := view.Choose{Number: t.Number, Title: t.Title, Name: name, MaxName: MaxName, Errors: errorsOf(ctx, wrong)}
	for _, o := range suiting {
		m.Templates = append(m.Templates, view.Offer{ID: o.ID, Name: o.Name, Items: len(o.Items), Blocks: o.Blocks})
	}
	return p.form(w, r, text.T(ctx, "Add a checklist"), m, wrong)
}

func (p pages) add(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name     string `form:"name,line"`
		Template int64  `form:"template"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	ref := atOf(r).ref
	var err error
	if in.Template != 0 {
		_, err = p.service.Attach(r.Context(), ref, in.Template)
	} else {
		_, err = p.service.Add(r.Context(), ref, in.Name)
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.showChoose(w, r, in.Name, err)
	}
	if err != nil {
		return err
	}
	return p.closed(w, r)
}

// load gives a list that the reader may change.
func (p pages) load(r *http.Request) (List, error) {
	ctx, where := r.Context(), atOf(r)
	t, err := p.Tickets.Get(ctx, where.ref)
	if err != nil {
		return List{}, err
	}
	if !mayChange(ctx, &t) {
		return List{}, apperr.New(apperr.Forbidden, "Only those who work on this ticket keep its checklists.")
	}
	return loadList(ctx, p.DB.Reader(), t.ID, where.list, false)
}

func (p pages) renameForm(w http.ResponseWriter, r *http.Request) error {
	l, err := p.load(r)
	if err != nil {
		return err
	}
	return p.showRename(w, r, l.Name, nil)
}

func (p pages) showRename(w http.ResponseWriter, r *http.Request, name string, wrong error) error {
	m := view.Edit{Number: r.PathValue("number"), List: atOf(r).list, Text: name, Max: MaxName, Errors: errorsOf(r.Context(), wrong)}
	return p.form(w, r, m.Title(r.Context()), m, wrong)
}

func (p pages) rename(w http.ResponseWriter, r *http.Request) error {
	where, name := atOf(r), r.FormValue("name")
	err := p.service.Rename(r.Context(), where.ref, where.list, name)
	if apperr.Is(err, apperr.Invalid) {
		return p.showRename(w, r, name, err)
	}
	if err != nil {
		return err
	}
	return p.closed(w, r)
}

func (p pages) remove(w http.ResponseWriter, r *http.Request) error {
	where := atOf(r)
	if err := p.service.Remove(r.Context(), where.ref, where.list); err != nil {
		return err
	}
	return p.changed(w, r, web.Toast{Text: text.T(r.Context(), "The checklist is removed"), Undo: view.ListURL(where.ref.Number, where.list, "/restore")})
}

func (p pages) restore(w http.ResponseWriter, r *http.Request) error {
	where := atOf(r)
	if err := p.service.Restore(r.Context(), where.ref, where.list); err != nil {
		return err
	}
	return p.closed(w, r)
}

func (p pages) addItem(w http.ResponseWriter, r *http.Request) error {
	where, typed := atOf(r), r.FormValue("text")
	_, err := p.service.AddItem(r.Context(), where.ref, where.list, typed)
	if fields := apperr.FieldsOf(err); len(fields) > 0 {
		return p.panelNow(w, r, http.StatusUnprocessableEntity, where.list, typed, fields[0].Message.In(r.Context()))
	}
	if err != nil {
		return err
	}
	return p.changed(w, r, web.Toast{})
}

func (p pages) itemForm(w http.ResponseWriter, r *http.Request) error {
	l, err := p.load(r)
	if err != nil {
		return err
	}
	for _, i := range l.Items {
		if i.ID == atOf(r).item {
			return p.showItem(w, r, i.Text, i.AssigneeID, "", nil)
		}
	}
	return apperr.New(apperr.NotFound, "This item is not there any more.")
}

func (p pages) showItem(w http.ResponseWriter, r *http.Request, words string, assignee int64, typed string, wrong error) error {
	ctx, where := r.Context(), atOf(r)
	m := view.Edit{Number: where.ref.Number, List: where.list, Item: where.item, Text: words, Typed: typed, Max: MaxText, Errors: errorsOf(ctx, wrong)}
	if assignee != 0 {
		names, err := p.Names.PersonNames(ctx, p.DB.Reader(), []int64{assignee})
		if err != nil {
			return err
		}
		m.Assignee = []ui.Choice{{Value: strconv.FormatInt(assignee, 10), Label: names[assignee].Name}}
	}
	return p.form(w, r, m.Title(ctx), m, wrong)
}

func (p pages) editItem(w http.ResponseWriter, r *http.Request) error {
	ctx, where := r.Context(), atOf(r)
	var in struct {
		Text     string `form:"text,line"`
		Assignee int64  `form:"assignee"`
		Typed    string `form:"assignee.text,line,max=200"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	assignee, err := p.person(ctx, in.Assignee, in.Typed)
	if err == nil {
		_, err = p.service.ChangeItem(ctx, where.ref, where.list, where.item, Change{Text: &in.Text, Assignee: &assignee})
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.showItem(w, r, in.Text, in.Assignee, in.Typed, err)
	}
	if err != nil {
		return err
	}
	return p.closed(w, r)
}

// person is who was chosen or, without scripts, the only one called as was typed.
func (p pages) person(ctx context.Context, id int64, typed string) (int64, error) {
	if id != 0 || typed == "" {
		return id, nil
	}
	found, err := p.Directory.SuggestPeople(ctx, typed)
	if err != nil {
		return 0, err
	}
	match := int64(0)
	for _, f := range found {
		if len(found) == 1 || strings.EqualFold(f.Name, typed) {
			if match != 0 {
				return 0, apperr.InvalidField("assignee", "Several people are called “%s”. Write more of the name.", typed)
			}
			match = f.ID
		}
	}
	if match == 0 {
		return 0, apperr.InvalidField("assignee", "Nobody is called “%s”.", typed)
	}
	return match, nil
}

func (p pages) done(w http.ResponseWriter, r *http.Request) error {
	where, done := atOf(r), r.FormValue("done") == "true"
	if _, err := p.service.ChangeItem(r.Context(), where.ref, where.list, where.item, Change{Done: &done}); err != nil {
		return err
	}
	return p.changed(w, r, web.Toast{})
}

func (p pages) move(w http.ResponseWriter, r *http.Request) error {
	where := atOf(r)
	place, err := strconv.Atoi(r.FormValue("place"))
	if err != nil {
		return apperr.InvalidField("place", "A place is a number.")
	}
	if _, err := p.service.ChangeItem(r.Context(), where.ref, where.list, where.item, Change{Place: &place}); err != nil {
		return err
	}
	return p.changed(w, r, web.Toast{})
}

func (p pages) removeItem(w http.ResponseWriter, r *http.Request) error {
	where := atOf(r)
	if err := p.service.RemoveItem(r.Context(), where.ref, where.list, where.item); err != nil {
		return err
	}
	return p.changed(w, r, web.Toast{Text: text.T(r.Context(), "The item is removed"), Undo: view.ItemURL(where.ref.Number, where.list, where.item, "/restore")})
}

func (p pages) restoreItem(w http.ResponseWriter, r *http.Request) error {
	where := atOf(r)
	if err := p.service.RestoreItem(r.Context(), where.ref, where.list, where.item); err != nil {
		return err
	}
	return p.closed(w, r)
}
