package queue

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// viewForm is what the form of a view posts.
type viewForm struct {
	Name     string `form:"name,line"`
	Filter   string `form:"filter,line"`
	Sort     string `form:"sort,line,max=40"`
	Columns  string `form:"columns,line,max=2000"`
	Layout   string `form:"layout"`
	By       string `form:"by,line,max=80"`
	Limit    string `form:"work_limit,line,max=500"`
	Audience string `form:"audience"`
	Group    int64  `form:"group"`
	Version  int64  `form:"version"`
}

func (f *viewForm) apply(v *savedView) {
	v.Name, v.Filter, v.Sort, v.Columns = f.Name, f.Filter, f.Sort, f.Columns
	a := f.arranged()
	v.Layout, v.By, v.WorkLimit = a.Layout, a.By, f.Limit
	v.Audience, v.GroupID = sharing.Audience(f.Audience), f.Group
}

func (f *viewForm) arranged() arrangement { return arrangement{layout(f.Layout), f.By}.tidy() }

// checkList reports what is wrong with what a view shows: a filter that cannot be
// read would be found out by everybody who has the view.
func (q *Queue) checkList(ctx context.Context, f *viewForm) error {
	if _, err := q.d.Tickets.Condition(ctx, f.Filter, zone(ctx)); err != nil {
		wrong := new(filter.Error)
		if !errors.As(err, &wrong) {
			return err
		}
		e := excerptOf(f.Filter, wrong.Span)
		return apperr.InvalidField("filter", "From character %d: %s", e.From, wrong.Msg)
	}
	sort, err := ticket.ParseSort(f.Sort)
	if err != nil {
		return err
	}
	if by := f.arranged().By; by != "" {
		if _, err := q.groupingOf(ctx, by); err != nil {
			return err
		}
	}
	if _, err := parseLimits(f.Limit); err != nil {
		return err
	}
	f.Sort = sort.String()
	f.Columns = joinColumns(chosen(columns(ctx, q.d.Plugged(), q.d.Tickets.Kinds().In(ctx).All()), splitColumns(f.Columns)))
	return nil
}

// newView asks for the name of the list that is shown.
func (q *Queue) newView(w http.ResponseWriter, r *http.Request) error {
	l, err := q.open(r.Context(), placeOf(r.URL.Query()))
	if err != nil {
		return err
	}
	form := viewForm{
		Filter: l.filter, Sort: l.sort.String(), Columns: joinColumns(l.columns), Audience: string(sharing.Mine),
		Layout: string(l.arranged.Layout), By: l.arranged.By, Limit: l.view.WorkLimit,
	}
	return q.showView(w, r, http.StatusOK, 0, form, nil)
}

func (q *Queue) createView(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var form viewForm
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	err := q.checkList(ctx, &form)
	var v savedView
	if err == nil {
		form.apply(&v)
		v, err = q.addView(ctx, v)
	}
	if apperr.Is(err, apperr.Invalid) {
		return q.showView(w, r, http.StatusUnprocessableEntity, 0, form, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The view “%s” is saved", v.Name)}, q.d.HTTPS)
	return web.Redirect(w, r, place{View: v.key()}.url("/queue"))
}

// viewID is the view an address names.
func viewID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, errNoView()
	}
	return id, nil
}

func (q *Queue) editView(w http.ResponseWriter, r *http.Request) error {
	id, err := viewID(r)
	if err != nil {
		return err
	}
	v, err := editable(r.Context(), q.d.DB.Reader(), id)
	if err != nil {
		return err
	}
	return q.showView(w, r, http.StatusOK, id, formOf(&v), nil)
}

func formOf(v *savedView) viewForm {
	return viewForm{Name: v.Name, Filter: v.Filter, Sort: v.Sort, Columns: v.Columns, Layout: string(v.Layout), By: v.By, Limit: v.WorkLimit, Audience: string(v.Audience), Group: v.GroupID, Version: v.Version}
}

func (q *Queue) updateView(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := viewID(r)
	if err != nil {
		return err
	}
	var form viewForm
	if err := web.Form(r, &form, nil); err != nil {
		return err
	}
	err = q.checkList(ctx, &form)
	if err == nil {
		_, err = q.changeView(ctx, id, form.Version, form.apply)
	}
	if apperr.Is(err, apperr.Conflict) {
		if now, ok := apperr.Now[savedView](err); ok {
			form.Version = now.Version
		}
		return q.showView(w, r, http.StatusConflict, id, form, apperr.InvalidField("name", "%s Save again to put your version over theirs.", apperr.Message(err)))
	}
	if apperr.Is(err, apperr.Invalid) {
		return q.showView(w, r, http.StatusUnprocessableEntity, id, form, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The view “%s” is saved", form.Name)}, q.d.HTTPS)
	return web.Redirect(w, r, "/queue/views")
}

// saveList makes a view show what the list shows now.
func (q *Queue) saveList(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := viewID(r)
	if err != nil {
		return err
	}
	l, err := q.open(ctx, placeOf(r.URL.Query()))
	if err != nil {
		return err
	}
	if l.wrong != nil {
		return l.wrong
	}
	v, err := q.changeView(ctx, id, 0, func(v *savedView) {
		v.Filter, v.Sort, v.Columns = l.filter, l.sort.String(), joinColumns(l.columns)
		v.Layout, v.By = l.arranged.Layout, l.arranged.By
	})
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The view “%s” is saved", v.Name)}, q.d.HTTPS)
	return web.Redirect(w, r, place{View: v.key()}.url("/queue"))
}

func (q *Queue) moveView(w http.ResponseWriter, r *http.Request) error {
	id, err := viewID(r)
	if err != nil {
		return err
	}
	if err := q.shiftView(r.Context(), id, r.FormValue("to") == "down"); err != nil {
		return err
	}
	return web.Redirect(w, r, "/queue/views")
}

func (q *Queue) deleteView(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := viewID(r)
	if err != nil {
		return err
	}
	v, err := q.removeView(ctx, id)
	if err != nil {
		return err
	}
	undo := "/queue/views/" + strconv.FormatInt(id, 10) + "/restore"
	web.Flash(w, web.Toast{Text: text.T(ctx, "The view “%s” is deleted", v.Name), Undo: undo}, q.d.HTTPS)
	return web.Redirect(w, r, "/queue/views")
}

func (q *Queue) restoreView(w http.ResponseWriter, r *http.Request) error {
	id, err := viewID(r)
	if err != nil {
		return err
	}
	if _, err := q.bringBack(r.Context(), id); err != nil {
		return err
	}
	return web.Redirect(w, r, "/queue/views")
}

// showView shows the form of a view; id 0 is a new one.
func (q *Queue) showView(w http.ResponseWriter, r *http.Request, status int, id int64, form viewForm, wrong error) error {
	ctx := r.Context()
	actor := access.From(ctx)
	m := view.ViewForm{
		Action: "/queue/views", Name: form.Name, Filter: form.Filter, Sort: form.Sort, Columns: form.Columns, Version: form.Version, Errors: view.Errors{},
		MayShare: actor.Can(access.ManageViews, access.AnyKind), Audience: form.Audience, MaxName: maxViewName,
		Limit: form.Limit, Layouts: layoutOptions(ctx, layout(form.Layout)),
	}
	m.Bys = append(m.Bys, choice("", text.T(ctx, "Nothing"), form.By))
	for _, g := range groupings(ctx, q.d.Tickets.Kinds().In(ctx).All()) {
		m.Bys = append(m.Bys, choice(g.Key, g.Label, form.By))
	}
	title := text.T(ctx, "Save as view")
	if id != 0 {
		m.Action += "/" + strconv.FormatInt(id, 10)
		title = text.T(ctx, "Edit view")
	}
	for _, f := range apperr.FieldsOf(wrong) {
		m.Errors[f.Name] = f.Message.In(ctx)
	}
	if m.MayShare {
		n, err := q.names(ctx, wanted{groups: actor.Groups()})
		if err != nil {
			return err
		}
		for _, g := range actor.Groups() {
			m.Groups = append(m.Groups, ui.Option{Value: strconv.FormatInt(g, 10), Label: n.groups[g].Name, Selected: g == form.Group})
		}
		slices.SortFunc(m.Groups, func(a, b ui.Option) int { return strings.Compare(a.Label, b.Label) })
	}
	for _, field := range ticket.SortFields() {
		for _, s := range []ticket.Sort{{Field: field}, {Field: field, Descending: true}} {
			m.Sorts = append(m.Sorts, ui.Option{Value: s.String(), Label: sortLabel(ctx, s), Selected: s.String() == form.Sort})
		}
	}
	return q.dialog(w, r, status, title, m.Form())
}

// layoutOptions are the ways a list can be laid out.
func layoutOptions(ctx context.Context, now layout) []ui.Option {
	if now == "" {
		now = asList
	}
	var out []ui.Option
	for _, o := range []struct {
		is    layout
		label string
	}{{asList, text.T(ctx, "List")}, {asBoard, text.T(ctx, "Board")}, {asSplit, text.T(ctx, "Split")}} {
		out = append(out, choice(string(o.is), o.label, string(now)))
	}
	return out
}

// sortLabel names an order.
func sortLabel(ctx context.Context, s ticket.Sort) string {
	labels := map[string][2]string{
		"updated":  {text.T(ctx, "Longest unchanged first"), text.T(ctx, "Latest change first")},
		"created":  {text.T(ctx, "Oldest first"), text.T(ctx, "Newest first")},
		"priority": {text.T(ctx, "Most urgent first"), text.T(ctx, "Least urgent first")},
		"title":    {text.T(ctx, "Title, A to Z"), text.T(ctx, "Title, Z to A")},
		"state":    {text.T(ctx, "State, A to Z"), text.T(ctx, "State, Z to A")},
		"resolved": {text.T(ctx, "Earliest resolved first"), text.T(ctx, "Latest resolved first")},
		"due":      {text.T(ctx, "Due soonest first"), text.T(ctx, "Due last first")},
		"reopened": {text.T(ctx, "Least often reopened first"), text.T(ctx, "Most often reopened first")},
	}
	if s.Descending {
		return labels[s.Field][1]
	}
	return labels[s.Field][0]
}

// manageViews lists the saved views one has, for renaming, ordering and deleting.
func (q *Queue) manageViews(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	actor := access.From(ctx)
	saved, err := q.listViews(ctx)
	if err != nil {
		return err
	}
	texts := make([]string, 0, len(saved))
	ids := wanted{}
	ids.sharing(saved)
	for i := range saved {
		texts = append(texts, saved[i].Filter)
		ids.persons = append(ids.persons, saved[i].OwnerID)
	}
	bound, err := q.d.Tickets.Conditions(ctx, texts, zone(ctx))
	if err != nil {
		return err
	}
	n, err := q.names(ctx, ids)
	if err != nil {
		return err
	}
	m := view.Views{}
	for i := range saved {
		v := &saved[i]
		row := view.SavedView{
			ID: strconv.FormatInt(v.ID, 10), Name: v.Name, URL: place{View: v.key()}.url("/queue"), Filter: v.Filter,
			Editable: v.editableBy(actor), UpdatedAt: v.UpdatedAt,
			First: !slices.ContainsFunc(saved[:i], v.beside), Last: !slices.ContainsFunc(saved[i+1:], v.beside),
		}
		if bound[i].Err != nil {
			row.Wrong = apperr.Message(bound[i].Err).In(ctx)
		}
		if v.OwnerID != actor.ID {
			row.Owner = n.persons[v.OwnerID].Name
		}
		switch v.Audience {
		case sharing.Everyone:
			row.Audience = text.T(ctx, "Everyone")
		case sharing.Group:
			row.Audience = n.groups[v.GroupID].Name
		case sharing.Mine:
			row.Audience = text.T(ctx, "Only me")
		}
		m.Saved = append(m.Saved, row)
	}
	return q.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Views"), Active: MenuQueue}, m.Page())
}
