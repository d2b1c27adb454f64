package majorincident

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind the ids of a page, each sort in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Services names services.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// BannersURL answers what stands above every page.
const BannersURL = view.StatusURL + "/banners"

// The live events of these pages.
const (
	Event       = "major-changed"  // a room's topic is "major:ID"
	StatusEvent = "status-changed" // what everybody reads has changed
	StatusTopic = "status"
)

// Topic is the live topic of a room.
func Topic(id int64) string { return "major:" + formatID(id) }

type pages struct {
	*Service
	names Names
	frame module.Frame
}

func (p *pages) routes(mux *web.Mux) {
	mux.Handle("GET "+view.ListURL, p.list)
	mux.Handle("GET "+view.StatusURL, p.status)
	mux.Handle("GET "+BannersURL, p.banners)
	mux.Handle("GET "+view.RulesURL, p.listRules)
	mux.Handle("GET "+view.RulesURL+"/{rule}", p.editRule)
	mux.Handle("POST "+view.RulesURL+"/{rule}", p.saveRule)
	mux.Handle("POST "+view.RulesURL+"/{rule}/move", p.moveRule)
	mux.Handle("GET /tickets/{number}/major", p.proposal)
	mux.Handle("POST /tickets/{number}/major", p.proposed)
	const one = view.ListURL + "/{id}"
	mux.Handle("GET "+one, p.room)
	mux.Handle("POST "+one+"/accept", p.accepted)
	mux.Handle("GET "+one+"/end", p.ending)
	mux.Handle("POST "+one+"/end", p.ended)
	mux.Handle("POST "+one+"/updates", p.telling)
	mux.Handle("GET "+one+"/scope", p.editScope)
	mux.Handle("POST "+one+"/scope", p.saveScope)
	mux.Handle("GET "+one+"/roles", p.editRoles)
	mux.Handle("POST "+one+"/roles", p.saveRoles)
	mux.Handle("GET "+one+"/banner", p.editBanner)
	mux.Handle("POST "+one+"/banner", p.saveBanner)
	mux.Handle("GET "+one+"/review", p.editReview)
	mux.Handle("POST "+one+"/review", p.saveReview)
	mux.Handle("POST "+one+"/actions", p.addAction)
	mux.Handle("POST "+one+"/actions/{action}", p.finishAction)
}

func roomURL(id int64) string { return view.ListURL + "/" + formatID(id) }

// back reports whether a form is shown again with what was typed.
func back(err error) bool { return apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict) }

func statusOf(err error) int {
	switch {
	case apperr.Is(err, apperr.Conflict):
		return http.StatusConflict
	case err != nil:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// problems are the errors of a form by field, and what is wrong with all of it.
func problems(ctx context.Context, err error) (map[string]string, ui.Alert) {
	out := apperr.ByField(ctx, err)
	if err == nil {
		return out, ui.Alert{}
	}
	alert := ui.Alert{Tone: ui.Critical, Title: apperr.Message(err).In(ctx)}
	if apperr.Is(err, apperr.Conflict) {
		alert.Tone, alert.Text = ui.Warning, text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
	}
	return out, alert
}

// edit shows a form, as a dialog where scripts asked for it.
func (p *pages) edit(w http.ResponseWriter, r *http.Request, m view.Editor, failed error) error {
	if web.IsFragment(r) {
		return web.Render(w, r, statusOf(failed), m.Dialog())
	}
	return p.frame.Page(w, r, module.Page{Title: m.Title, Active: menuID, Status: statusOf(failed)}, m.View())
}

func stateLabel(ctx context.Context, s State) string {
	switch s {
	case Proposed:
		return text.T(ctx, "Proposed")
	case Accepted:
		return text.T(ctx, "Under way")
	case Rejected:
		return text.T(ctx, "Rejected")
	case Cancelled:
		return text.T(ctx, "Withdrawn")
	case Resolved:
		return text.In(ctx, "major incidents", "Resolved")
	}
	return string(s)
}

func stateBadge(ctx context.Context, m *Major) ui.Badge {
	b := ui.Badge{Label: stateLabel(ctx, m.State)}
	switch m.State {
	case Proposed:
		b.Tone, b.Icon = ui.Warning, ui.IconUrgent
	case Accepted:
		b.Tone, b.Icon = ui.Critical, ui.IconFlame
	case Resolved:
		b.Tone, b.Icon = ui.Success, ui.IconCircleCheck
		if !m.Review.Complete() {
			b.Label, b.Tone = text.T(ctx, "Resolved, review open"), ui.Info
		}
	}
	return b
}

func roleLabel(ctx context.Context, r Role) string {
	switch r {
	case Commander:
		return text.T(ctx, "Incident commander")
	case Technician:
		return text.T(ctx, "Technical lead")
	case Communicator:
		return text.T(ctx, "Communication")
	case Liaison:
		return text.T(ctx, "Contact to suppliers")
	case ScribeOfEvent:
		return text.T(ctx, "Scribe")
	}
	return string(r)
}

// menuID names the menu entry to mark.
const menuID = "major-incidents"

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f struct {
		State string `form:"state"`
		After int64  `form:"after"`
	}
	if err := web.Values(r.URL.Query(), &f, nil); err != nil {
		return err
	}
	found, next, err := p.List(ctx, Query{State: State(f.State), Before: f.After})
	if err != nil {
		return err
	}
	t := ui.Table{ID: "majors", Caption: text.T(ctx, "Major incidents"), Columns: []ui.Column{
		{Key: "number", Label: text.T(ctx, "Number"), Shrink: true},
		{Key: "summary", Label: text.T(ctx, "What is affected"), Main: true},
		{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		{Key: "since", Label: text.In(ctx, "when", "Proposed"), Shrink: true},
		{Key: "due", Label: text.T(ctx, "Next update"), Shrink: true},
	}, Empty: ui.EmptyState{Icon: ui.IconCircleCheck, Title: text.T(ctx, "No major incident"), Text: text.T(ctx, "When an incident needs everybody, propose it from its page.")}}
	for i := range found {
		m := &found[i]
		due := ui.Nothing()
		if !m.NextUpdate.IsZero() {
			due = ui.Moment{At: m.NextUpdate, Due: true}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "major-" + formatID(m.ID), URL: roomURL(m.ID), Muted: !m.State.Open(), Cells: []templ.Component{
			ui.Link{Label: m.Ticket.Number, URL: "/tickets/" + m.Ticket.Number, Mono: true},
			ui.Link{Label: m.Summary, URL: roomURL(m.ID)},
			stateBadge(ctx, &m.Major),
			ui.Moment{At: m.ProposedAt},
			due,
		}})
	}
	if next != 0 {
		t.More = ui.LoadMore{URL: view.ListURL + "?state=" + f.State + "&after=" + formatID(next), Auto: true}
	}
	if f.After != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(t))
	}
	actor := access.From(ctx)
	m := view.List{Table: t, Rules: actor.Can(access.ManageSettings, access.AnyKind) || actor.Can(Manage, access.AnyKind)}
	for _, s := range []State{"", Proposed, Accepted, Resolved, Rejected, Cancelled} {
		tab := ui.Tab{Label: text.In(ctx, "major incidents", "All"), URL: view.ListURL, Active: string(s) == f.State}
		if s != "" {
			tab.Label, tab.URL = stateLabel(ctx, s), view.ListURL+"?state="+string(s)
		}
		m.Tabs = append(m.Tabs, tab)
	}
	return p.frame.Page(w, r, module.Page{Title: text.T(ctx, "Major incidents"), Active: menuID, Topics: []string{StatusTopic}}, m.View())
}

func (p *pages) trail(ctx context.Context, m *Major, number, here string) []ui.Crumb {
	return []ui.Crumb{{Label: text.T(ctx, "Major incidents"), URL: view.ListURL}, {Label: number, URL: roomURL(m.ID)}, {Label: here}}
}

// tells completes "Ana …" for what this practice wrote on a timeline.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	what, ok := strings.CutPrefix(c.Field, ticket.ActivityPrefix+"major.")
	if !ok {
		return "", false
	}
	if role, ok := strings.CutPrefix(what, "role."); ok {
		return text.T(ctx, "changed who does this in the major incident: %s", roleLabel(ctx, Role(role))), true
	}
	switch what {
	case "proposed":
		if c.To == "" {
			return text.T(ctx, "proposed this as a major incident"), true
		}
		return text.T(ctx, "proposed this as a major incident: %s", c.To), true
	case "accepted":
		return text.T(ctx, "declared this a major incident"), true
	case "rejected":
		return text.T(ctx, "rejected this as a major incident: %s", c.To), true
	case "cancelled":
		return text.T(ctx, "withdrew the major incident: %s", c.To), true
	case "summary":
		return text.T(ctx, "changed what is affected to “%s”", c.To), true
	case "published":
		return text.T(ctx, "told everybody by banner: %s", c.To), true
	case "hidden":
		return text.T(ctx, "took the banner down"), true
	case "told":
		return text.T(ctx, "told colleagues: %s", markdown.Words(c.To)), true
	case "told_all":
		return text.T(ctx, "told everybody: %s", markdown.Words(c.To)), true
	case "reviewed":
		return text.T(ctx, "completed the review of the major incident"), true
	case "action":
		return text.T(ctx, "noted an improvement: %s", c.To), true
	}
	return "", false
}
