package administration

import (
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p pages) listJobs(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageJobs, access.AnyKind); err != nil {
		return err
	}
	stats, err := p.Jobs.Stats(ctx)
	if err != nil {
		return err
	}
	before, err := beforeOf(r)
	if err != nil {
		return err
	}
	const limit = 50
	dead, err := p.Jobs.Dead(ctx, jobs.DeadQuery{Before: before, Limit: limit})
	if err != nil {
		return err
	}
	letters := ui.Table{ID: "dead", Caption: text.T(ctx, "Failed for good"), Columns: []ui.Column{
		{Key: "kind", Label: text.T(ctx, "Job"), Main: true}, {Key: "error", Label: text.T(ctx, "Last error")}, {Key: "attempts", Label: text.T(ctx, "Attempts"), Number: true}, {Key: "at", Label: text.T(ctx, "Ended"), Shrink: true},
	}, Empty: ui.EmptyState{Icon: ui.IconCircleCheck, Title: text.T(ctx, "Nothing has failed for good"), Text: text.T(ctx, "Work that fails is tried again by itself; what still fails waits here for you.")}}
	for _, j := range dead {
		letters.Rows = append(letters.Rows, ui.Row{ID: "job-" + id(j.ID), URL: "/jobs/" + id(j.ID), Cells: []templ.Component{
			ui.Link{Label: j.Kind, URL: "/jobs/" + id(j.ID)}, view.Text(cut(j.LastError, 120)), view.Text(strconv.Itoa(j.Attempts)), ui.Moment{At: j.FinishedAt},
		}})
	}
	if len(dead) == limit {
		letters.More = moreAt(r, id(dead[limit-1].ID))
	}
	if r.FormValue("after") != "" && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(letters))
	}
	t := ui.Table{ID: "stats", Caption: text.T(ctx, "Waiting and running"), Columns: []ui.Column{
		{Key: "kind", Label: text.T(ctx, "Job"), Main: true}, {Key: "state", Label: text.T(ctx, "State")}, {Key: "count", Label: text.T(ctx, "Number"), Number: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "Nothing to do")}}
	for _, s := range stats {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{view.Text(s.Kind), view.Text(string(s.State)), view.Text(text.Number(ctx, int64(s.Jobs)))}})
	}
	m := view.Record{Title: text.T(ctx, "Background jobs"), Sections: []view.Section{
		{Title: text.T(ctx, "Failed for good"), Flush: true, Body: letters}, {Title: text.T(ctx, "Waiting and running"), Flush: true, Body: t},
	}}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "jobs"}, m.View())
}

func beforeOf(r *http.Request) (int64, error) {
	var f struct {
		After int64 `form:"after"`
	}
	err := web.Values(r.URL.Query(), &f, nil)
	return f.After, err
}

func cut(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "…"
}

func (p pages) showJob(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageJobs, access.AnyKind); err != nil {
		return err
	}
	n, err := pathID(r)
	if err != nil {
		return err
	}
	job, failures, err := p.Jobs.Get(ctx, n)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "failures", Caption: text.T(ctx, "Failed attempts"), Columns: []ui.Column{
		{Key: "attempt", Label: text.T(ctx, "Attempt"), Main: true, Shrink: true}, {Key: "at", Label: text.T(ctx, "When"), Shrink: true}, {Key: "node", Label: text.T(ctx, "Node"), Shrink: true}, {Key: "error", Label: text.T(ctx, "Error")},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "No failed attempts")}}
	for _, f := range failures {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{view.Text(strconv.Itoa(f.Attempt)), ui.Moment{At: f.At}, view.Text(f.Node), view.Preformatted(f.Message)}})
	}
	m := view.Record{
		Title: job.Kind, Badges: []templ.Component{ui.Badge{Label: string(job.State)}}, Trail: []ui.Crumb{{Label: text.T(ctx, "Background jobs"), URL: "/jobs"}, {Label: job.Kind}},
		Sections: []view.Section{{Title: text.T(ctx, "Failed attempts"), Flush: true, Body: t}, {Title: text.T(ctx, "What it was to do"), Body: view.Preformatted(string(job.Payload))}},
	}
	if job.State == jobs.Dead {
		m.Actions = []templ.Component{
			ui.Button{Label: text.T(ctx, "Run it again"), Post: "/jobs/" + id(n) + "/replay", Kind: ui.Primary, Icon: ui.IconReload},
			ui.Button{Label: text.T(ctx, "Give it up"), Post: "/jobs/" + id(n) + "/discard"},
		}
	}
	return p.Frame.Page(w, r, module.Page{Title: job.Kind, Active: "jobs"}, m.View())
}

func (p pages) replayJob(w http.ResponseWriter, r *http.Request) error {
	return p.changeJob(w, r, "job.replay", func(tx *database.Tx, n int64) error {
		_, err := p.Jobs.Replay(r.Context(), tx, n)
		return err
	})
}

func (p pages) discardJob(w http.ResponseWriter, r *http.Request) error {
	return p.changeJob(w, r, "job.discard", func(tx *database.Tx, n int64) error {
		_, err := p.Jobs.Discard(r.Context(), tx, n)
		return err
	})
}

func (p pages) changeJob(w http.ResponseWriter, r *http.Request, action string, fn func(tx *database.Tx, n int64) error) error {
	ctx := r.Context()
	if err := access.From(ctx).Require(access.ManageJobs, access.AnyKind); err != nil {
		return err
	}
	n, err := pathID(r)
	if err != nil {
		return err
	}
	err = p.DB.Write(ctx, func(tx *database.Tx) error {
		if err := fn(tx, n); err != nil {
			return err
		}
		return p.Audit.Append(ctx, tx, audit.Entry{Action: action, ObjectType: "job", ObjectID: audit.ID(n)})
	})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/jobs")
}
