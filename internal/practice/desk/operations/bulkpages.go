package operations

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/operations/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// bulkForm is what the page posts.
type bulkForm struct {
	IDs      []int64 `form:"id"`
	Matching string  `form:"matching,line,max=2000"`
	Which    string  `form:"which"`
	Back     string  `form:"back,line,max=4000"`
	Do       string  `form:"do"`

	Group        int64    `form:"group"`
	GroupText    string   `form:"group.text,line,max=200"`
	Assignee     int64    `form:"assignee"`
	AssigneeText string   `form:"assignee.text,line,max=200"`
	Service      int64    `form:"service"`
	ServiceText  string   `form:"service.text,line,max=200"`
	Clear        []string `form:"clear"`
	Impact       int      `form:"impact"`
	Urgency      int      `form:"urgency"`
	AddTags      string   `form:"add_tags,line,max=500"`
	RemoveTags   string   `form:"remove_tags,line,max=500"`
	Watch        string   `form:"watch"`
	Parent       string   `form:"parent,line,max=60"`
	ParentText   string   `form:"parent.text,line,max=300"`
	LinkType     string   `form:"link_type"`
	Link         string   `form:"link,line,max=60"`
	LinkText     string   `form:"link.text,line,max=300"`

	Transition     string `form:"transition"`
	Reason         string `form:"reason"`
	ResolutionCode string `form:"resolution_code"`
	Resolution     string `form:"resolution"`
	Message        string `form:"message"`
	Public         string `form:"public"`
}

// The choices of "which".
const (
	whichChosen   = "chosen"
	whichMatching = "matching"
)

func (f *bulkForm) selection() Selection {
	if f.Which == whichMatching {
		return Selection{Filter: &f.Matching}
	}
	return Selection{IDs: f.IDs}
}

// wish reads what is to be done, finding by name what was typed.
func (o *Operations) wish(ctx context.Context, f *bulkForm) (Bulk, error) {
	b := Bulk{
		Impact: f.Impact, Urgency: f.Urgency, AddTags: tagList(f.AddTags), RemoveTags: tagList(f.RemoveTags),
		Transition: f.Transition, Reason: f.Reason, ResolutionCode: f.ResolutionCode, Resolution: f.Resolution, Message: f.Message, Public: f.Public == "reply",
	}
	if f.Watch != "" {
		on := f.Watch == "on"
		b.Watch = &on
	}
	group, err := pick(ctx, "group", chosen{f.Group, f.GroupText}, o.d.Directory.SuggestGroups)
	if err != nil {
		return b, err
	}
	assignee, err := pick(ctx, "assignee", chosen{f.Assignee, f.AssigneeText}, o.members(group))
	if err != nil {
		return b, err
	}
	about, err := pick(ctx, "service", chosen{f.Service, f.ServiceText}, o.services)
	if err != nil {
		return b, err
	}
	for _, v := range []struct {
		name string
		id   int64
		to   **int64
	}{{"group", group, &b.GroupID}, {"assignee", assignee, &b.AssigneeID}, {"service", about, &b.ServiceID}} {
		if v.id != 0 || slices.Contains(f.Clear, v.name) {
			*v.to = &v.id
		}
	}
	parent, err := o.pickTicket(ctx, "parent", f.Parent, f.ParentText)
	if err != nil {
		return b, err
	}
	other, err := o.pickTicket(ctx, "other", f.Link, f.LinkText)
	if err != nil {
		return b, err
	}
	b.Parent, b.Link, b.LinkType = parent.Number, other.Number, f.LinkType
	return b, nil
}

func (o *Operations) bulkForm(w http.ResponseWriter, r *http.Request) error {
	var f bulkForm
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if err := access.From(r.Context()).Require(access.Bulk, access.AnyKind); err != nil {
		return err
	}
	f.Back = backOf(r, f.Back)
	if len(f.IDs) == 0 && f.Which == "" {
		f.Which = whichMatching
	}
	return o.showBulk(w, r, http.StatusOK, &f, nil, nil)
}

// backOf is the list that somebody came from.
func backOf(r *http.Request, named string) string {
	if named == "" {
		named = r.Referer()
		if u, err := r.URL.Parse(named); err == nil {
			named = u.RequestURI()
		}
	}
	return web.LocalPath(named, "/queue")
}

// bulkDo changes the tickets, or tells what would happen.
func (o *Operations) bulkDo(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f bulkForm
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	f.Back = backOf(r, f.Back)
	wish, err := o.wish(ctx, &f)
	if err == nil && f.Do == preview {
		var ahead view.Preview
		if ahead, err = o.preview(ctx, &f, wish); err == nil {
			return o.showBulk(w, r, http.StatusOK, &f, &ahead, nil)
		}
	}
	var op ticket.Operation
	if err == nil {
		op, err = o.Do(ctx, f.selection(), wish)
	}
	if apperr.Is(err, apperr.Invalid) {
		return o.showBulk(w, r, http.StatusUnprocessableEntity, &f, nil, err)
	}
	if err != nil {
		return err
	}
	toast := web.Toast{Text: told(ctx, &op), Undo: view.UndoURL(op.ID)}
	to := f.Back
	if op.Counts[ticket.OutcomeFailed] > 0 || op.State == ticket.Running {
		to = view.OneURL(op.ID) // it says why, and how far it is
	}
	if op.Counts[ticket.OutcomeChanged] == 0 || op.State == ticket.Running {
		toast.Undo = ""
	}
	web.Flash(w, toast, o.d.HTTPS)
	return web.Redirect(w, r, to)
}

// shownRefused is how many refused tickets a preview names.
const shownRefused = 50

func (o *Operations) preview(ctx context.Context, f *bulkForm, wish Bulk) (view.Preview, error) {
	items, of, err := o.Rehearse(ctx, f.selection(), wish)
	out := view.Preview{Of: of}
	if err != nil {
		return out, err
	}
	why := map[int64]string{}
	var refused []int64
	for _, i := range items {
		if i.Role == ticket.RoleFollowed {
			continue
		}
		out.Looked++
		switch i.Outcome {
		case ticket.OutcomeChanged:
			out.Changed++
		case ticket.OutcomeSame:
			out.Same++
		default:
			refused = append(refused, i.TicketID)
			why[i.TicketID] = i.Message
		}
	}
	out.More = max(0, len(refused)-shownRefused)
	shown, err := o.d.Tickets.ByIDs(ctx, refused[:min(len(refused), shownRefused)])
	for i := range shown {
		out.Failed = append(out.Failed, view.Refused{Number: shown[i].Number, Title: shown[i].Title, Why: why[shown[i].ID]})
	}
	return out, err
}

func (o *Operations) showBulk(w http.ResponseWriter, r *http.Request, status int, f *bulkForm, preview *view.Preview, wrong error) error {
	m, err := o.bulkModel(r.Context(), f, wrong)
	if err != nil {
		return err
	}
	m.Preview = preview
	return o.d.Frame.Page(w, r, module.Page{Title: text.T(r.Context(), "Edit many"), Active: "queue", Status: status}, m.Page())
}

// bulkModel is the form with what was typed in it.
func (o *Operations) bulkModel(ctx context.Context, f *bulkForm, wrong error) (view.Bulk, error) {
	m := view.Bulk{
		IDs: f.IDs, Matching: f.Matching, Back: f.Back, Count: len(f.IDs), Errors: problems(ctx, wrong), Problem: alertOf(ctx, wrong),
		Group: chosen{f.Group, f.GroupText}.choice(ui.PartyGroup), Assignee: chosen{f.Assignee, f.AssigneeText}.choice(ui.PartyPerson),
		Service: chosen{f.Service, f.ServiceText}.choice(ui.PartyService), GroupText: f.GroupText, AssigneeText: f.AssigneeText, ServiceText: f.ServiceText,
		ParentText: f.ParentText, LinkText: f.LinkText, AddTags: f.AddTags, RemoveTags: f.RemoveTags, Resolution: f.Resolution, Message: f.Message,
		Clear: options([]string{"group", "assignee", "service"}, []string{text.T(ctx, "Group"), text.T(ctx, "Person"), text.T(ctx, "Service")}, f.Clear...),
		Watch: options([]string{"on", "off"}, []string{text.T(ctx, "I watch them"), text.T(ctx, "I no longer watch them")}, f.Watch),
		LinkTypes: options([]string{string(ticket.RelatedTo), string(ticket.DuplicateOf), string(ticket.CausedBy)},
			[]string{text.T(ctx, "Is related to"), text.T(ctx, "Is a duplicate of"), text.T(ctx, "Was caused by")}, f.LinkType),
		Public: options([]string{"note", "reply"}, []string{text.T(ctx, "Only we: an internal note"), text.T(ctx, "The requesters: a reply")}, either(f.Public, "note")),
	}
	o.fromKinds(ctx, &m, f)
	for _, t := range []struct {
		number string
		to     *[]ui.Choice
	}{{f.Parent, &m.Parent}, {f.Link, &m.Link}} {
		found, err := o.d.Tickets.ByNumbers(ctx, []string{t.number})
		if err != nil {
			return m, err
		}
		if len(found) == 1 {
			*t.to = ticketChoice(&found[0])
		}
	}
	return m, o.which(ctx, &m, f)
}

// which offers the tickets that were chosen, and all that match.
func (o *Operations) which(ctx context.Context, m *view.Bulk, f *bulkForm) error {
	if len(f.IDs) > 0 {
		m.Which = append(m.Which, ui.Option{Value: whichChosen, Label: text.N(ctx, len(f.IDs), "The %d that is chosen", "The %d that are chosen"), Selected: f.Which != whichMatching})
	}
	n, more, err := o.count(ctx, f.Matching)
	if err != nil {
		return nil //nolint:nilerr // a filter that cannot be read offers nothing; changing by it says what is wrong
	}
	label := text.N(ctx, n, "The %d that matches the filter", "All %d that match the filter")
	if more {
		label = text.T(ctx, "More than %s match the filter: narrow it to change all", text.Number(ctx, int64(n)))
	}
	if len(f.IDs) == 0 || n > len(f.IDs) {
		m.Which = append(m.Which, ui.Option{Value: whichMatching, Label: label, Help: f.Matching, Selected: f.Which == whichMatching, Disabled: more})
	}
	if f.Which == whichMatching {
		m.Count = n
	}
	return nil
}

// fromKinds offers what the kinds know: levels, steps of agents, reasons, codes.
func (o *Operations) fromKinds(ctx context.Context, m *view.Bulk, f *bulkForm) {
	add := func(to *[]ui.Option, value, label, picked string) {
		if !slices.ContainsFunc(*to, func(o ui.Option) bool { return o.Value == value }) {
			*to = append(*to, ui.Option{Value: value, Label: text.T(ctx, label), Selected: value == picked})
		}
	}
	for _, def := range o.d.Tickets.Kinds().All() {
		for _, l := range def.Matrix.Impact {
			add(&m.Impact, strconv.Itoa(l.Value), l.Label, strconv.Itoa(f.Impact))
		}
		for _, l := range def.Matrix.Urgency {
			add(&m.Urgency, strconv.Itoa(l.Value), l.Label, strconv.Itoa(f.Urgency))
		}
		for _, tr := range def.Transitions {
			if tr.AllowsAny([]workflow.Party{workflow.Agent}) {
				add(&m.Steps, tr.Key, tr.Label, f.Transition)
			}
		}
		for _, s := range def.States {
			for _, reason := range s.Reasons {
				add(&m.Reasons, reason.Key, reason.Label, f.Reason)
			}
		}
		for _, c := range def.Codes {
			add(&m.Codes, c.Key, c.Label, f.ResolutionCode)
		}
	}
}

func options(values, labels []string, picked ...string) []ui.Option {
	out := make([]ui.Option, len(values))
	for i, v := range values {
		out[i] = ui.Option{Value: v, Label: labels[i], Selected: slices.Contains(picked, v)}
	}
	return out
}

func either(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// problems are the wrong fields of an error by name.
func problems(ctx context.Context, err error) view.Errors { return apperr.ByField(ctx, err) }

// alertOf says what is wrong with a form as a whole.
func alertOf(ctx context.Context, err error) ui.Alert {
	if err == nil {
		return ui.Alert{}
	}
	a := ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "This could not be done yet.")}
	for _, f := range apperr.FieldsOf(err) {
		a.Items = append(a.Items, f.Message.In(ctx))
	}
	if len(a.Items) == 0 {
		a.Text = apperr.Message(err).In(ctx)
	}
	return a
}
