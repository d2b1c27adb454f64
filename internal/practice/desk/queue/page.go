package queue

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// pageSize is how many rows come at a time.
const pageSize = 50

// list is what a place shows: its view, with what the address changes.
type list struct {
	place   place
	views   []savedView // of the reader, built-in ones first
	view    savedView
	typed   string        // what stands in the filter field
	filter  string        // what is in force
	wrong   *filter.Error // why what was typed is not
	empty   bool          // nothing can be read: neither what was typed nor anything before
	sort    ticket.Sort
	all     []view.Column // what can be shown
	columns []view.Column // what is
	where   filter.Condition

	arranged arrangement
	limits   limits
}

// changed reports whether the list differs from its view.
func (l *list) changed() bool {
	return l.filter != l.view.Filter || l.arranged != arranged(place{}, &l.view) || l.sort.String() != l.view.Sort || l.place.Columns != "" && joinColumns(l.columns) != joinColumns(chosen(l.all, splitColumns(l.view.Columns)))
}

// open finds out what a place shows. What is wrong with a filter is part of the
// list; an error is one of the address or of the machine.
func (q *Queue) open(ctx context.Context, p place) (*list, error) {
	l := &list{place: p}
	kinds := q.d.Tickets.Kinds().In(ctx).All()
	saved, err := q.listViews(ctx)
	if err != nil {
		return nil, err
	}
	l.views = append(q.builtin(access.From(ctx)), saved...)
	if l.place.View == "" {
		l.place.View = defaultView
	}
	i := slices.IndexFunc(l.views, func(v savedView) bool { return v.key() == l.place.View })
	if i < 0 {
		return nil, errNoView()
	}
	l.view = l.views[i]
	l.all = columns(ctx, q.d.Plugged(), kinds)
	l.columns = chosen(l.all, splitColumns(p.Columns))
	if p.Columns == "" {
		l.columns = chosen(l.all, splitColumns(cmp.Or(q.ownColumns(ctx, l.place.View), l.view.Columns)))
	}
	if l.sort, err = sortOf(p.Sort, l.view.Sort); err != nil {
		return nil, err
	}
	l.arranged = arranged(p, &l.view)
	if l.arranged.By != "" {
		if _, err := q.groupingOf(ctx, l.arranged.By); err != nil {
			return nil, err
		}
	}
	l.limits, _ = parseLimits(l.view.WorkLimit) // checked when it was saved
	l.typed = l.view.Filter
	if p.Filter != nil {
		l.typed = *p.Filter
	}
	return l, q.read(ctx, l)
}

// sortOf gives the order of an address, or the view's if it has none.
func sortOf(asked, views string) (ticket.Sort, error) {
	if asked == "" {
		asked = views
	}
	return ticket.ParseSort(asked)
}

// read gives the filter its meaning. While what was typed cannot be read, the
// last filter that could stays in force.
func (q *Queue) read(ctx context.Context, l *list) error {
	var err error
	l.filter = l.typed
	l.where, err = q.d.Tickets.Condition(ctx, l.typed, zone(ctx))
	if err == nil {
		return nil
	}
	if !errors.As(err, &l.wrong) {
		return err
	}
	l.filter, l.empty, l.where = "", true, filter.False()
	before := []string{l.place.Good}
	if l.typed != l.view.Filter {
		before = append(before, l.view.Filter)
	}
	for _, text := range before {
		if text == "" {
			continue
		}
		where, err := q.d.Tickets.Condition(ctx, text, zone(ctx))
		if err == nil {
			l.filter, l.where, l.empty = text, where, false
			return nil
		}
		if notAFilter := new(filter.Error); !errors.As(err, &notAFilter) {
			return err
		}
	}
	return nil
}

// page answers the queue, or the rows that follow when its list scrolls on.
func (q *Queue) page(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := placeOf(r.URL.Query())
	l, err := q.open(ctx, p)
	if err != nil {
		return err
	}
	if l.wrong == nil && p.Good != "" {
		return web.Redirect(w, r, p.readable().url("/queue"))
	}
	if !web.IsFragment(r) {
		q.remember(w, p)
	}
	switch {
	case l.arranged.Layout == asSplit && q.hasSplit():
		return q.inSplit(w, r, l)
	case l.arranged.By != "":
		return q.inLanes(w, r, l)
	}
	return q.inRows(w, r, l)
}

// inRows answers the list as one table, or the rows that follow.
func (q *Queue) inRows(w http.ResponseWriter, r *http.Request, l *list) error {
	ctx := r.Context()
	page, err := q.d.Tickets.List(ctx, ticket.Query{Condition: l.where, Sort: l.sort, After: l.place.After, Limit: pageSize})
	if err != nil {
		return err
	}
	var ids wanted
	ids.of(page.Tickets, l.columns)
	if l.place.After != "" && web.IsFragment(r) {
		n, err := q.names(ctx, ids)
		if err != nil {
			return err
		}
		return web.Render(w, r, http.StatusOK, ui.Rows(q.list(ctx, l, page, n).Table(ctx)))
	}
	m, n, err := q.queueModel(ctx, l, ids)
	if err != nil {
		return err
	}
	m.List = q.list(ctx, l, page, n)
	m.Count, m.More = len(page.Tickets), page.Next != ""
	return q.d.Frame.Page(w, r, module.Page{
		Title: m.Title, Active: MenuQueue, Wide: true, Topics: []string{Topic}, Bundles: []string{liveBundle},
	}, m.Page())
}

// liveBundle is the script that keeps lists true.
const liveBundle = "livelist.js"

// chips gives the conditions of a filter, and notes whose names they need. A
// text that cannot be parsed has none.
func (q *Queue) chips(ctx context.Context, text string, ids *wanted) ([]filter.Chip, error) {
	node, err := filter.Parse(text)
	if err != nil {
		return nil, nil //nolint:nilerr // said beside the field already
	}
	schema, err := q.d.Tickets.Schema(ctx)
	if err != nil {
		return nil, err
	}
	chips := schema.Chips(node)
	for i, c := range chips {
		f, ok := schema.Field(c.Field)
		if ok {
			chips[i].Label = labelWord(ctx, c.Label)
			chips[i].Value = c.In(ctx)
		}
		if !ok || f.Type != filter.TypeRef && f.Type != filter.TypeRefs {
			continue
		}
		for value := range strings.SplitSeq(c.Value, ", ") {
			if id, ok := refID(value); ok {
				ids.ref(f.Ref, id)
			}
		}
	}
	return chips, nil
}

// refID reads "#42", an id in the place of a name.
func refID(value string) (int64, bool) {
	digits, ok := strings.CutPrefix(value, "#")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil
}

func (w *wanted) ref(kind string, id int64) {
	switch kind {
	case ticket.RefPerson:
		w.persons = append(w.persons, id)
	case ticket.RefGroup:
		w.groups = append(w.groups, id)
	case ticket.RefOrganisation:
		w.organisations = append(w.organisations, id)
	case ticket.RefService:
		w.services = append(w.services, id)
	}
}

// nameChips puts names in the place of ids.
func nameChips(chips []filter.Chip, n names) []filter.Chip {
	for i := range chips {
		values := strings.Split(chips[i].Value, ", ")
		for j, value := range values {
			if id, ok := refID(value); ok {
				values[j] = n.any(id, value)
			}
		}
		chips[i].Value = strings.Join(values, ", ")
	}
	return chips
}

// any gives the name behind an id of whatever sort: ids are unique among all.
func (n names) any(id int64, unknown string) string {
	for _, name := range []string{n.persons[id].Name, n.groups[id].Name, n.organisations[id], n.services[id]} {
		if name != "" {
			return name
		}
	}
	return unknown
}

// list makes the table of one page.
func (q *Queue) list(ctx context.Context, l *list, page ticket.Page, n names) view.List {
	shown := view.List{
		ID: "queue", Caption: viewName(ctx, &l.view), Select: "id", Tickets: q.rows(ctx, page.Tickets, n),
		Columns: shownColumns(l), Choose: l.place.top().url("/queue/columns"), Empty: q.nothing(ctx, l),
	}
	if page.Next != "" {
		shown.MoreURL = l.place.after(page.Next).url("/queue")
	}
	for _, c := range l.all {
		if c.Key != view.ColumnTitle {
			visible := slices.ContainsFunc(l.columns, func(s view.Column) bool { return s.Key == c.Key })
			shown.Choices = append(shown.Choices, ui.ColumnChoice{Key: c.Key, Label: c.Label, Visible: visible})
		}
	}
	return shown
}

// shownColumns gives each column the link that sorts by it.
func shownColumns(l *list) []view.Shown {
	var out []view.Shown
	for _, c := range l.columns {
		s := view.Shown{Column: c}
		if c.Sort != "" {
			next := ticket.Sort{Field: c.Sort, Descending: newestFirst(c.Sort)}
			if l.sort.Field == c.Sort {
				next.Descending = !l.sort.Descending
				s.Sorted = ui.Ascending
				if l.sort.Descending {
					s.Sorted = ui.Descending
				}
			}
			s.SortURL = l.place.sorted(next.String()).url("/queue")
		}
		out = append(out, s)
	}
	return out
}

// newestFirst says which order people mean when they first press a column.
func newestFirst(field string) bool {
	return field == "updated" || field == "created" || field == "resolved"
}

// nothing says what an empty list means and what to do next.
func (q *Queue) nothing(ctx context.Context, l *list) ui.EmptyState {
	switch {
	case l.empty:
		return ui.EmptyState{
			Icon: ui.IconAlertTriangle, Title: text.T(ctx, "This list cannot be shown"),
			Text: text.T(ctx, "Its filter has a mistake, which is marked above. Correct it and press Enter."),
		}
	case l.changed():
		return ui.EmptyState{
			Icon: ui.IconFilter, Title: text.T(ctx, "No ticket fits this filter"), Text: text.T(ctx, "Take a condition away, or go back to the view."),
			Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Back to %s", viewName(ctx, &l.view)), URL: l.home()}},
		}
	case l.view.Key == "mine":
		return ui.EmptyState{
			Icon: ui.IconCheck, Title: text.T(ctx, "Nothing is assigned to you"), Text: text.T(ctx, "Take the next ticket of your team."),
			Actions: []templ.Component{ui.Button{Label: text.T(ctx, "All open"), URL: place{View: defaultView}.url("/queue")}},
		}
	}
	return ui.EmptyState{Icon: ui.IconCheck, Title: text.T(ctx, "Nothing here"), Text: text.T(ctx, "No ticket belongs to this view right now. New ones appear by themselves.")}
}

// viewName is a view's name in the reader's language.
func viewName(ctx context.Context, v *savedView) string {
	if v.Key != "" {
		return text.T(ctx, v.Name)
	}
	return v.Name
}

// queueModel is the page around a list, and the names of the ids in it and of
// those that are wanted.
func (q *Queue) queueModel(ctx context.Context, l *list, ids wanted) (view.Queue, names, error) {
	chips, err := q.chips(ctx, l.typed, &ids)
	if err != nil {
		return view.Queue{}, names{}, err
	}
	ids.sharing(l.views)
	n, err := q.names(ctx, ids)
	if err != nil {
		return view.Queue{}, n, err
	}
	m := view.Queue{
		Title: viewName(ctx, &l.view), Views: q.sideList(ctx, l, n, nil), Layouts: q.layouts(ctx, l), Buttons: q.buttons(ctx, l), Bulk: append(q.d.Bulk(ctx), bulkActions(ctx, l)...), Matching: l.filter,
		Filter: ui.FilterBar{
			Action: "/queue", Text: l.typed, CompleteURL: "/queue/complete", ClearURL: l.place.filtered("").url("/queue"),
			Keep: []ui.Hidden{{Name: paramView, Value: l.place.View}, {Name: paramGood, Value: l.filter}},
		},
		Live: view.Live{
			ChangesURL: l.place.top().url("/queue/changes"), Event: Event, Since: q.d.Clock(), TopURL: l.place.top().url("/queue"),
		},
	}
	if l.place.Layout != "" {
		m.Filter.Keep = append(m.Filter.Keep, ui.Hidden{Name: paramLayout, Value: l.place.Layout})
	}
	if l.place.By != nil {
		m.Filter.Keep = append(m.Filter.Keep, ui.Hidden{Name: paramBy, Value: *l.place.By})
	}
	if l.place.Sort != "" {
		m.Filter.Keep = append(m.Filter.Keep, ui.Hidden{Name: paramSort, Value: l.place.Sort})
	}
	if l.place.Columns != "" {
		m.Filter.Keep = append(m.Filter.Keep, ui.Hidden{Name: paramColumns, Value: l.place.Columns})
	}
	for i, c := range nameChips(chips, n) {
		chip := ui.FilterChip{Label: chipLabel(ctx, c), RemoveURL: l.place.filtered(c.Without).url("/queue")}
		if l.wrongTerm(i) {
			chip.Wrong = l.wrong.Msg.In(ctx)
		}
		m.Filter.Chips = append(m.Filter.Chips, chip)
	}
	if l.wrong != nil {
		e := excerptOf(l.typed, l.wrong.Span)
		if len(chips) == 0 { // they would show it
			m.Excerpt = view.Excerpt{Before: e.Before, Wrong: e.Wrong, After: e.After}
		}
		m.Filter.Error = text.T(ctx, "Character %s: %s", strconv.Itoa(e.From), l.wrong.Msg.In(ctx))
		if e.To > e.From {
			m.Filter.Error = text.T(ctx, "Characters %s to %s: %s", strconv.Itoa(e.From), strconv.Itoa(e.To), l.wrong.Msg.In(ctx))
		}
		if !l.empty {
			m.Filter.Error += " " + text.T(ctx, "The list still shows the last filter: %s", l.filter)
		}
	}
	return m, n, nil
}

// wrongTerm reports whether the i-th condition is what cannot be read.
func (l *list) wrongTerm(i int) bool {
	if l.wrong == nil {
		return false
	}
	node, err := filter.Parse(l.typed)
	if err != nil {
		return false
	}
	at := filter.Terms(node)[i].Where()
	return at.Pos < l.wrong.End && l.wrong.Pos < at.End
}

// labelWord reads a label of the filter language, or of a kind.
func labelWord(ctx context.Context, label string) string {
	if word := text.Label(ctx, "kind", label); word != label {
		return word
	}
	return text.T(ctx, label)
}

func chipLabel(ctx context.Context, c filter.Chip) string {
	switch {
	case c.Label == "" && c.Negated:
		return text.T(ctx, "not “%s”", c.Value)
	case c.Label == "":
		return "“" + c.Value + "”"
	case c.Negated:
		return text.T(ctx, "%s: not %s", c.Label, c.Value)
	}
	return text.T(ctx, "%s: %s", c.Label, c.Value)
}

// buttons are what can be done with the list as a whole.
func (q *Queue) buttons(ctx context.Context, l *list) []templ.Component {
	var out []templ.Component
	place := ui.HX{Target: "#" + view.DialogPlace}
	dialog := func(url string) ui.HX { hx := place; hx.Get = url; return hx }
	actor := access.From(ctx)
	if l.changed() && l.wrong == nil {
		if l.view.editableBy(actor) {
			out = append(out, ui.Button{
				Label: text.T(ctx, "Save changes"), Icon: ui.IconDeviceFloppy, Small: true,
				Post: l.place.top().url("/queue/views/" + strconv.FormatInt(l.view.ID, 10) + "/list"),
			})
		}
		if actor.IsPerson() {
			url := l.place.top().url("/queue/views/new")
			out = append(out, ui.Button{Label: text.T(ctx, "Save as view"), Icon: ui.IconPlus, Small: true, URL: url, HX: dialog(url)})
		}
		out = append(out, ui.Button{Label: text.T(ctx, "Reset"), Icon: ui.IconArrowBackUp, Kind: ui.Quiet, Small: true, URL: l.home()})
	}
	if actor.Can(access.Export, access.AnyKind) && !l.empty {
		url := l.exported().url("/queue/export/options")
		out = append(out, ui.Button{Label: text.T(ctx, "Export"), Icon: ui.IconDownload, Kind: ui.Quiet, Small: true, URL: url, HX: dialog(url)})
	}
	return out
}

// home is the address of the view without what the list changes of it.
func (l *list) home() string { return place{View: l.place.View}.url("/queue") }

// exported is the place whose whole list an export holds: what is in force, not
// what cannot be read.
func (l *list) exported() place {
	p := l.place.top()
	if l.wrong != nil {
		p = p.filtered(l.filter)
	}
	return p
}

// bulkActions are what can be done with selected rows.
func bulkActions(ctx context.Context, l *list) []templ.Component {
	if !access.From(ctx).Can(access.Export, access.AnyKind) {
		return nil
	}
	return []templ.Component{
		ui.Button{Label: text.T(ctx, "Export selected"), Icon: ui.IconDownload, Small: true, Submit: true, Name: paramColumns, Value: joinColumns(l.columns)},
	}
}

// columnsOf is how a person's columns of a view are called.
func columnsOf(view string) string { return "queue:" + view }

// ownColumns gives the columns that the reader chose for a view; "" when they chose none.
func (q *Queue) ownColumns(ctx context.Context, view string) string {
	if q.d.Columns == nil {
		return ""
	}
	return q.d.Columns.Chosen(ctx, columnsOf(view))
}

// chooseColumns keeps the chosen columns for the reader, on every device, or in
// the address where nothing keeps them. None are those of the view again.
func (q *Queue) chooseColumns(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	p := placeOf(r.URL.Query())
	keys := slices.DeleteFunc(r.PostForm["columns"], func(key string) bool { return !isColumnKey(key) })
	p.Columns = strings.Join(append([]string{view.ColumnTitle}, keys...), ",")
	if q.d.Columns != nil {
		if len(keys) == 0 || r.PostForm.Has("reset") {
			p.Columns = ""
		}
		if err := q.d.Columns.Choose(r.Context(), columnsOf(cmp.Or(p.View, defaultView)), p.Columns); err != nil {
			return err
		}
		p.Columns = ""
	}
	return web.Redirect(w, r, p.url("/queue"))
}

func isColumnKey(key string) bool {
	return key != "" && len(key) < 60 && url.PathEscape(key) == key && !strings.Contains(key, ",")
}
