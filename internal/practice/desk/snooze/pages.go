package snooze

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type pages struct {
	Deps
	service *Service
}

// asked is what the form posts.
type asked struct {
	Preset string `form:"preset,line,max=80"` // the button of a usual time
	Until  string `form:"until,line"`
	Wakes  string `form:"wakes,line"`
	Linked int64  `form:"linked"`
	Reason string `form:"reason,line"`
	Group  int64  `form:"group"`
}

// command reads the words in the reader's zone.
func (a *asked) command(ctx context.Context, now time.Time) (SetAside, error) {
	cmd := SetAside{Wakes: Event(a.Wakes), Reason: a.Reason, Group: a.Group}
	if cmd.Wakes == Linked {
		cmd.Linked = ticket.ByID(a.Linked)
	}
	words := a.Until
	if a.Preset != "" {
		words = a.Preset
	}
	if words == "" && cmd.Wakes != NoEvent {
		return cmd, nil
	}
	var err error
	cmd.Until, err = ParseWhen(words, readersNow(ctx, now))
	return cmd, err
}

// readersNow is the present by the reader's clock.
func readersNow(ctx context.Context, now time.Time) time.Time {
	if zone := text.From(ctx).Location; zone != nil {
		return now.In(zone)
	}
	return now.UTC()
}

func (p pages) form(w http.ResponseWriter, r *http.Request) error {
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	return p.show(w, r, &t, asked{}, nil)
}

// ticket gives the ticket of the address, if the reader may set it aside.
func (p pages) ticket(r *http.Request) (ticket.Ticket, error) {
	ctx := r.Context()
	t, err := p.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err == nil && !mayUse(ctx, &t) {
		err = apperr.New(apperr.Forbidden, "Only those who work on this ticket set it aside.")
	}
	return t, err
}

func (p pages) show(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, a asked, wrong error) error {
	ctx := r.Context()
	m := view.Form{
		Number: t.Number, Title: t.Title, Until: a.Until, Reason: a.Reason, MaxReason: MaxReason, Errors: view.Errors{}, Presets: p.presets(ctx),
	}
	for _, f := range apperr.FieldsOf(wrong) {
		m.Errors[f.Name] = f.Message.In(ctx)
	}
	links, err := p.Tickets.Links(ctx, t)
	if err != nil {
		return err
	}
	for i := range links {
		o := &links[i].Other
		id := strconv.FormatInt(o.ID, 10)
		if o.Category.Active() && !slices.ContainsFunc(m.Linked, func(l ui.Option) bool { return l.Value == id }) {
			m.Linked = append(m.Linked, ui.Option{Value: id, Label: o.Number + " " + o.Title, Selected: o.ID == a.Linked})
		}
	}
	m.Wakes = wakeOptions(ctx, Event(a.Wakes), len(m.Linked) > 0)
	if m.Groups, err = p.groups(ctx, t, a.Group); err != nil {
		return err
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusUnprocessableEntity
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.Dialog())
	}
	return p.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Set aside"), Active: "queue", Status: status}, m.Page())
}

// presets are the usual times that are still to come.
func (p pages) presets(ctx context.Context) []view.Preset {
	now := readersNow(ctx, p.Now())
	var out []view.Preset
	for _, c := range []struct{ label, words string }{
		{text.T(ctx, "In 3 hours"), "in 3 h"}, {text.T(ctx, "Tomorrow"), "tomorrow 9"}, {text.T(ctx, "Next week"), "next week"}, {text.T(ctx, "Next month"), "next month"},
	} {
		if at, err := ParseWhen(c.words, now); err == nil {
			out = append(out, view.Preset{Label: c.label, Hint: text.DateTime(ctx, at), Words: c.words})
		}
	}
	return out
}

func wakeOptions(ctx context.Context, chosen Event, linked bool) []ui.Option {
	out := []ui.Option{
		{Value: string(NoEvent), Label: text.T(ctx, "Nothing else brings it back")},
		{Value: string(Answered), Label: text.T(ctx, "the requester answers")},
		{Value: string(Changed), Label: text.T(ctx, "somebody else changes anything")},
	}
	if linked {
		out = append(out, ui.Option{Value: string(Linked), Label: text.T(ctx, "the linked ticket is done")})
	}
	for i := range out {
		out[i].Selected = out[i].Value == string(chosen)
	}
	return out
}

// groups are those the reader can set aside for, the ticket's own first.
func (p pages) groups(ctx context.Context, t *ticket.Ticket, chosen int64) ([]ui.Option, error) {
	mine := access.From(ctx).Groups()
	if len(mine) == 0 {
		return nil, nil
	}
	names, err := p.Names.GroupNames(ctx, p.DB.Reader(), mine)
	if err != nil {
		return nil, err
	}
	var out []ui.Option
	for _, id := range mine {
		out = append(out, ui.Option{Value: strconv.FormatInt(id, 10), Label: text.T(ctx, "All of %s", names[id].Name), Selected: id == chosen})
	}
	own := strconv.FormatInt(t.GroupID, 10)
	slices.SortFunc(out, func(a, b ui.Option) int {
		if (a.Value == own) != (b.Value == own) {
			if a.Value == own {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Label, b.Label)
	})
	return append([]ui.Option{{Value: "0", Label: text.T(ctx, "Only me"), Selected: chosen == 0}}, out...), nil
}

func (p pages) set(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.ticket(r)
	if err != nil {
		return err
	}
	var a asked
	if err := web.Form(r, &a, nil); err != nil {
		return err
	}
	cmd, err := a.command(ctx, p.Now())
	var z Snooze
	if err == nil {
		z, err = p.service.Set(ctx, ticket.ByID(t.ID), cmd)
	}
	if apperr.Is(err, apperr.Invalid) {
		return p.show(w, r, &t, a, err)
	}
	if err != nil {
		return err
	}
	return p.done(w, r, t.Number, web.Toast{
		Text: text.T(ctx, "%s is set aside %s", t.Number, untilWords(ctx, z.Until, z.Wakes, "")), Undo: view.OneURL(t.Number, z.ID, "undo"),
	})
}

// one reads which snooze of which ticket an address names.
func one(r *http.Request) (ticket.Ref, int64) {
	return ticket.ByNumber(r.PathValue("number")), web.PathID(r, "id")
}

func (p pages) wake(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	ref, id := one(r)
	if err := p.service.Wake(ctx, ref, id, false); err != nil {
		return err
	}
	return p.done(w, r, ref.Number, web.Toast{Text: text.T(ctx, "%s is back in your lists", ref.Number), Undo: view.OneURL(ref.Number, id, "resume")})
}

func (p pages) undo(w http.ResponseWriter, r *http.Request) error {
	ref, id := one(r)
	if err := p.service.Wake(r.Context(), ref, id, true); err != nil {
		return err
	}
	return p.done(w, r, ref.Number, web.Toast{Text: text.T(r.Context(), "%s is back in your lists", ref.Number)})
}

func (p pages) resume(w http.ResponseWriter, r *http.Request) error {
	ref, id := one(r)
	if err := p.service.Resume(r.Context(), ref, id); err != nil {
		return err
	}
	return p.done(w, r, ref.Number, web.Toast{Text: text.T(r.Context(), "%s is set aside again", ref.Number)})
}

func (p pages) seen(w http.ResponseWriter, r *http.Request) error {
	ref, id := one(r)
	if err := p.service.Seen(r.Context(), ref, id); err != nil {
		return err
	}
	return p.done(w, r, ref.Number, web.Toast{})
}

// done answers an action: the open page asks what has changed, or, without
// scripts, is shown again.
func (p pages) done(w http.ResponseWriter, r *http.Request, number string, toast web.Toast) error {
	if !web.IsHTMX(r) {
		if toast.Text != "" {
			web.Flash(w, toast, p.HTTPS)
		}
		return web.Redirect(w, r, view.TicketURL(number))
	}
	if toast.Text != "" {
		web.ShowToast(w, toast)
	}
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "ticket-changed", nil)
	if r.FormValue("from") == fromBanner {
		return p.bannerNow(w, r, number)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// fromBanner marks what was pressed on the banner: it is where the focus is, so
// the page does not change it by itself.
const fromBanner = "banner"

// bannerNow answers with what the banner says now.
func (p pages) bannerNow(w http.ResponseWriter, r *http.Request, number string) error {
	t, err := p.Tickets.Get(r.Context(), ticket.ByNumber(number))
	if err != nil {
		return err
	}
	banner, err := p.banner(r.Context(), &t)
	if err != nil {
		return err
	}
	if banner == nil {
		banner = view.Banners(nil)
	}
	return web.Render(w, r, http.StatusOK, banner)
}

// banner says on the ticket's page until when it is set aside, or why it is back.
func (p pages) banner(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	if !mayUse(ctx, t) {
		return nil, nil
	}
	open, err := p.service.Of(ctx, t)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	groups, err := p.groupNames(ctx, open)
	if err != nil {
		return nil, err
	}
	alerts := make([]ui.Alert, 0, len(open))
	for i := range open {
		alerts = append(alerts, alertOf(ctx, t.Number, &open[i], groups[open[i].GroupID]))
	}
	return view.Banners(alerts), nil
}

func (p pages) groupNames(ctx context.Context, of []Snooze) (map[int64]string, error) {
	var ids []int64
	for i := range of {
		if of[i].GroupID != 0 {
			ids = append(ids, of[i].GroupID)
		}
	}
	out := map[int64]string{}
	if len(ids) == 0 {
		return out, nil
	}
	names, err := p.Names.GroupNames(ctx, p.DB.Reader(), ids)
	for id, n := range names {
		out[id] = n.Name
	}
	return out, err
}

func alertOf(ctx context.Context, number string, z *Snooze, group string) ui.Alert {
	act := func(label, what string) templ.Component {
		url := view.OneURL(number, z.ID, what) + "?from=" + fromBanner
		return ui.Button{Label: label, Small: true, Post: url, HX: ui.HX{Post: url, Target: "#panel-" + panelID, Swap: "innerHTML"}}
	}
	if z.Asleep() {
		until := untilWords(ctx, z.Until, z.Wakes, "")
		title := text.T(ctx, "Set aside %s", until)
		if group != "" {
			title = text.T(ctx, "Set aside for %s %s", group, until)
		}
		return ui.Alert{Title: title, Text: z.Reason, Tone: ui.Info, Actions: []templ.Component{act(text.T(ctx, "Bring it back now"), "wake")}}
	}
	a := ui.Alert{
		Title: text.T(ctx, "Back since %s: %s", text.DateTime(ctx, z.WokenAt), causeWords(ctx, z.WokenBy)), Tone: ui.Success,
		Actions: []templ.Component{act(text.T(ctx, "Seen"), "seen")},
	}
	if z.Reason != "" {
		a.Text = text.T(ctx, "It was set aside: %s", z.Reason)
	}
	return a
}

// cells are the texts of the column: until when.
func (p pages) cells(ctx context.Context, ids []int64) (map[int64]string, error) {
	open, err := p.service.ofMany(ctx, ids)
	out := map[int64]string{}
	for i := range open {
		if z := &open[i]; z.Asleep() {
			out[z.TicketID] = untilWords(ctx, z.Until, z.Wakes, "")
		}
	}
	return out, err
}

// marks say beside the titles of tickets why they are back.
func (p pages) marks(ctx context.Context, ids []int64) (map[int64]string, error) {
	open, err := p.service.ofMany(ctx, ids)
	out := map[int64]string{}
	for i := range open {
		if z := &open[i]; !z.Asleep() {
			out[z.TicketID] = causeWords(ctx, z.WokenBy)
		}
	}
	return out, err
}
