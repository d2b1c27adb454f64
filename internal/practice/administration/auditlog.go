package administration

import (
	"net/http"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p pages) listAudit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	records, next, err := p.Audit.List(ctx, audit.Query{Before: before, ObjectType: r.FormValue("type"), ObjectID: r.FormValue("id")})
	if err != nil {
		return err
	}
	t := ui.Table{ID: "audit", Caption: text.T(ctx, "Audit log"), Columns: []ui.Column{
		{Key: "what", Label: text.T(ctx, "What"), Main: true}, {Key: "object", Label: text.T(ctx, "On")}, {Key: "who", Label: text.T(ctx, "Who")},
		{Key: "from", Label: text.T(ctx, "From"), Shrink: true}, {Key: "at", Label: text.T(ctx, "When"), Shrink: true}, {Key: "change", Label: text.T(ctx, "Before and after")},
	}, Empty: ui.EmptyState{Icon: ui.IconHistory, Title: text.T(ctx, "Nothing has been changed yet")}}
	for _, rec := range records {
		var change templ.Component
		if rec.Before != "" || rec.After != "" {
			change = view.Details(text.T(ctx, "Show"), view.Preformatted(rec.Before), view.Preformatted(rec.After))
		}
		name := rec.ObjectName
		if name == "" {
			name = rec.ObjectID
		}
		t.Rows = append(t.Rows, ui.Row{ID: "audit-" + id(rec.Seq), Cells: []templ.Component{
			view.Text(rec.Action), view.Text(name), view.Text(rec.ActorName), view.Text(rec.Address), ui.Moment{At: rec.At}, change,
		}})
	}
	if next != 0 {
		t.More = moreAt(r, id(next))
	}
	m := view.Listing{Title: text.T(ctx, "Audit log"), Lead: text.T(ctx, "Everything an administrator changed. Each entry carries the hash of the one before, so that a change to the log itself shows."), Table: t, NoSearch: true}
	if r.FormValue("verify") != "" && !web.IsFragment(r) {
		report, err := p.Audit.Verify(ctx)
		if err != nil {
			return err
		}
		alert := ui.Alert{Tone: ui.Success, Title: text.N(ctx, int(report.Checked), "The chain of %d entry is whole.", "The chain of %d entries is whole.")}
		if report.Problem != "" {
			alert = ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "The chain is broken after entry %d.", report.Checked), Text: report.Problem}
		}
		m.Actions = append(m.Actions, alert)
	} else {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Verify the chain"), URL: "/audit?verify=1", Icon: ui.IconShieldCheck})
	}
	return p.listing(w, r, "audit", m)
}
