package servicenow

import (
	"context"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/connect/servicenow/view"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/words"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names of the persons who started imports.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

type pages struct {
	runs  *Runs
	names Names
	frame module.Frame
}

// Module gives what plugs into the running system.
func (r *Runs) Module(names Names, frame module.Frame) module.Module {
	p := pages{runs: r, names: names, frame: frame}
	return module.Module{
		Name:       "servicenow",
		Migrations: []fs.FS{Migrations},
		Routes: func(mux *web.Mux) {
			mux.Handle("GET /admin/import", p.list)
			mux.Handle("POST /admin/import", p.start, web.MaxBody(MaxFile), web.Timeout(2*time.Hour))
			mux.Handle("GET /admin/import/{id}", p.show)
		},
		Menu: []module.MenuItem{{
			Section: text.Key("Administration"), Label: text.Key("Import"), URL: "/admin/import", Icon: "file-import", ID: "import",
			Visible: func(a access.Actor) bool { return a.Can(access.ManageSettings, access.AnyKind) },
		}},
		Topics: []module.Topic{{Prefix: "import", Allow: func(ctx context.Context, _ string) bool {
			return access.From(ctx).Can(access.ManageSettings, access.AnyKind)
		}}},
	}
}

// Topic is the live topic of a run.
func Topic(run int64) string { return "import:" + strconv.FormatInt(run, 10) }

func (p pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.form(w, r, http.StatusOK, view.Imports{Zone: text.From(r.Context()).Location.String()})
}

func (p pages) form(w http.ResponseWriter, r *http.Request, status int, m view.Imports) error {
	ctx := r.Context()
	runs, err := p.runs.List(ctx, 50)
	if err != nil {
		return err
	}
	if m.Runs, err = p.views(ctx, runs); err != nil {
		return err
	}
	m.Zones = zones(m.Zone)
	return p.frame.Page(w, r, module.Page{Title: text.T(ctx, "Import from ServiceNow"), Active: "import", Status: status}, m.View())
}

func (p pages) start(w http.ResponseWriter, r *http.Request) error {
	if err := access.From(r.Context()).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err // before gigabytes are read
	}
	var form struct {
		Zone string `form:"zone"`
	}
	var run RunRecord
	var kept upload
	err := web.Upload(r, &form, time.UTC, func(f web.UploadedFile) error {
		info, err := p.runs.blobs.Put(r.Context(), f.Content, MaxFile)
		kept = upload{name: f.Name, key: info.Key, size: info.Size}
		return err
	})
	if err == nil {
		run, err = p.runs.Start(r.Context(), kept, form.Zone)
	}
	if apperr.Is(err, apperr.Invalid) {
		m := view.Imports{Zone: form.Zone}
		for _, f := range apperr.FieldsOf(err) {
			if f.Name == "zone" {
				m.ZoneError = f.Message.In(r.Context())
			} else {
				m.FileError = f.Message.In(r.Context())
			}
		}
		return p.form(w, r, http.StatusUnprocessableEntity, m)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, address(run.ID))
}

func (p pages) show(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return apperr.New(apperr.NotFound, "There is no such import.")
	}
	run, err := p.runs.Get(r.Context(), id)
	if err != nil {
		return err
	}
	views, err := p.views(r.Context(), []RunRecord{run})
	if err != nil {
		return err
	}
	if web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, views[0].View())
	}
	return p.frame.Page(w, r, module.Page{Title: run.FileName, Active: "import", Topics: []string{Topic(id)}}, views[0].Page())
}

func address(run int64) string { return "/admin/import/" + strconv.FormatInt(run, 10) }

func (p pages) views(ctx context.Context, runs []RunRecord) ([]view.Run, error) {
	var ids []int64
	for _, run := range runs {
		ids = append(ids, run.PersonID)
	}
	names, err := p.names.PersonNames(ctx, p.runs.importer.DB.Reader(), ids)
	if err != nil {
		return nil, err
	}
	out := make([]view.Run, 0, len(runs))
	for _, run := range runs {
		out = append(out, viewOf(ctx, run, names[run.PersonID].Name))
	}
	return out, nil
}

func viewOf(ctx context.Context, run RunRecord, by string) view.Run {
	rep := run.Report
	v := view.Run{
		ID: strconv.FormatInt(run.ID, 10), URL: address(run.ID), FileName: run.FileName, Size: run.Size, Zone: run.Zone,
		State: string(run.State), Problem: words.Recall(run.Problem).In(ctx), StartedBy: by, CreatedAt: run.CreatedAt,
		Lines: rep.Lines, Incidents: rep.Incidents, Created: rep.Created, Extended: rep.Extended, Known: rep.Known,
		Diverged: rep.Diverged, Skipped: rep.Skipped, Mended: rep.Mended, Mismatched: rep.Mismatched,
	}
	if run.Size > 0 {
		v.Percent = int(min(100, run.ReadBytes*100/run.Size))
	}
	if run.State == Done {
		v.Percent = 100
	}
	for _, c := range []struct {
		what string
		pair Pair
	}{
		{text.Key("Reassignments"), rep.Counted.Reassignments}, {text.Key("Reopenings"), rep.Counted.Reopenings}, {text.Key("Vendor holds"), rep.Counted.VendorHolds},
	} {
		v.Compared = append(v.Compared, view.Compared{What: c.what, Source: c.pair.Source, Timeline: c.pair.Timeline, Equal: c.pair.Equal, Differ: c.pair.Differ})
	}
	for _, f := range rep.Broken {
		v.Broken = append(v.Broken, view.Finding(f))
	}
	for _, f := range rep.Oddities {
		v.Oddities = append(v.Oddities, view.Finding(f))
	}
	for _, m := range rep.Mismatches {
		v.Mismatches = append(v.Mismatches, view.Mismatch{Number: m.Number, What: m.What, Why: m.Why, Source: m.Source, Timeline: m.Timeline})
	}
	return v
}

// zones offers common zones; the reader's own comes first.
func zones(own string) []string {
	common := []string{
		"UTC", "Europe/London", "Europe/Lisbon", "Europe/Berlin", "Europe/Madrid", "Europe/Paris", "Europe/Rome", "Europe/Warsaw",
		"Europe/Athens", "Europe/Istanbul", "Africa/Johannesburg", "Africa/Lagos", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo",
		"Australia/Sydney", "Pacific/Auckland", "America/Sao_Paulo", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
	}
	var out []string
	if own != "" && own != "Local" {
		out = append(out, own)
	}
	for _, z := range common {
		if z != own {
			out = append(out, z)
		}
	}
	return out
}
