package measurement

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// history lists the versions of what was set for a metric.
func (p *Practice) history(ctx context.Context, d *metric.Definition) (ui.Table, error) {
	versions, err := p.d.Metrics.History(ctx, d.Key)
	if err != nil {
		return ui.Table{}, err
	}
	var ids []int64
	for _, v := range versions {
		ids = append(ids, v.OwnerID, v.ChangedBy)
	}
	names, err := p.d.Names.PersonNames(ctx, p.d.DB.Reader(), ids)
	t := ui.Table{
		ID: "versions", Caption: text.T(ctx, "Targets and owners"),
		Columns: []ui.Column{
			{Key: "from", Label: text.T(ctx, "In force from"), Main: true},
			{Key: "target", Label: text.T(ctx, "Target"), Number: true},
			{Key: "direction", Label: text.T(ctx, "Direction")},
			{Key: "owner", Label: text.T(ctx, "Owner")},
			{Key: "by", Label: text.T(ctx, "Changed by")},
			{Key: "note", Label: text.T(ctx, "Why")},
		},
		Empty: ui.EmptyState{Icon: ui.IconReportAnalytics, Title: text.T(ctx, "No target yet"), Text: text.T(ctx, "A target says from which figure on it is good. Without one, watch the trend.")},
	}
	for _, v := range versions {
		set := metric.Definition{Unit: d.Unit, Target: v.Target}
		t.Rows = append(t.Rows, ui.Row{Muted: v.Version != d.Version, Cells: []templ.Component{
			ui.Moment{At: v.EffectiveFrom, Full: true}, target(ctx, &set), view.Text(directionWord(ctx, v.Direction)), name(names[v.OwnerID].Name), name(names[v.ChangedBy].Name), name(v.Note),
		}})
	}
	return t, err
}

// settingForm is what stands in the form, as it was typed.
type settingForm struct {
	Version   int    `form:"version"`
	OwnerID   int64  `form:"owner"`
	Target    string `form:"target"`
	Direction string `form:"direction"`
	From      string `form:"effective_from"`
	Note      string `form:"note"`
}

func (p *Practice) edit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d, err := p.d.Metrics.Definition(ctx, metric.Key(r.PathValue("key")))
	if err != nil {
		return err
	}
	if !p.d.Metrics.MayManage(ctx) {
		return apperr.New(apperr.Forbidden, "This needs the permission to change settings.")
	}
	versions, err := p.d.Metrics.History(ctx, d.Key)
	if err != nil {
		return err
	}
	f := settingForm{OwnerID: d.OwnerID, Direction: string(d.Direction), Target: typedTarget(&d)}
	if len(versions) > 0 {
		f.Version = versions[0].Version
	}
	return p.editor(w, r, &d, f, nil)
}

// typedTarget is a target as it is typed: in hours for times, in percent for shares.
func typedTarget(d *metric.Definition) string {
	if d.Target == nil {
		return ""
	}
	return ui.UnitOf(string(d.Unit)).Typed(*d.Target)
}

func (p *Practice) editor(w http.ResponseWriter, r *http.Request, d *metric.Definition, f settingForm, failed error) error {
	ctx := r.Context()
	bad := map[string]string{}
	var alert ui.Alert
	status := http.StatusOK
	if failed != nil {
		alert, status = ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)}, http.StatusUnprocessableEntity
		for _, wrong := range apperr.FieldsOf(failed) {
			bad[wrong.Name] = wrong.Message.In(ctx)
			if wrong.Message.In(ctx) != alert.Title {
				alert.Items = append(alert.Items, wrong.Message.In(ctx))
			}
		}
		if apperr.Is(failed, apperr.Conflict) {
			status = http.StatusConflict
			alert.Text = text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
		}
	}
	names, err := p.d.Names.PersonNames(ctx, p.d.DB.Reader(), []int64{f.OwnerID})
	if err != nil {
		return err
	}
	var chosen []ui.Choice
	if f.OwnerID != 0 {
		chosen = []ui.Choice{{Value: strconv.FormatInt(f.OwnerID, 10), Label: names[f.OwnerID].Name}}
	}
	var directions []ui.Option
	for _, way := range metric.Directions() {
		directions = append(directions, ui.Option{Value: string(way), Label: directionWord(ctx, way), Selected: f.Direction == string(way)})
	}
	m := view.Editor{
		Title: text.T(ctx, "Target and owner of “%s”", text.T(ctx, d.Name)), Lead: text.T(ctx, d.Meaning), Alert: alert, Action: address(d.Key), Cancel: address(d.Key),
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Metrics"), URL: Base}, {Label: text.T(ctx, d.Name), URL: address(d.Key)}, {Label: text.T(ctx, "Edit")}},
		Hidden: []ui.Hidden{{Name: "version", Value: strconv.Itoa(f.Version)}},
		Fields: []templ.Component{
			ui.Combobox{Field: ui.Field{Name: "owner", Label: text.T(ctx, "Owner"), Error: bad["owner"], Help: text.T(ctx, "Who answers for the figure and acts on it.")}, URL: "/choose/people", Chosen: chosen},
			ui.TextField{Field: ui.Field{Name: "target", Label: text.T(ctx, "Target"), Error: bad["target"], Help: text.T(ctx, "Empty sets none.")}, Value: f.Target, Suffix: ui.UnitOf(string(d.Unit)).Suffix(ctx)},
			ui.Select{Field: ui.Field{Name: "direction", Label: text.T(ctx, "Direction"), Error: bad["direction"]}, Options: directions},
			ui.DateField{Field: ui.Field{Name: "effective_from", Label: text.T(ctx, "In force from"), Error: bad["effective_from"], Help: text.T(ctx, "Empty is now.")}, Value: f.From},
			ui.TextField{Field: ui.Field{Name: "note", Label: text.T(ctx, "Why"), Error: bad["note"]}, Value: f.Note, MaxLength: 500},
		},
	}
	return p.d.Frame.Page(w, r, module.Page{Title: m.Title, Active: "metrics", Status: status}, m.View())
}

// change reads the form.
func (f *settingForm) change(u metric.Unit, zone *time.Location) (metric.Change, error) {
	c := metric.Change{Version: f.Version, OwnerID: f.OwnerID, Direction: metric.Direction(f.Direction), Note: f.Note}
	var wrong apperr.Problems
	if typed := strings.ReplaceAll(strings.TrimSpace(f.Target), ",", "."); typed != "" {
		v, err := strconv.ParseFloat(typed, 64)
		if err != nil {
			wrong.Add("target", "Write a number.")
		}
		v *= ui.UnitOf(string(u)).Scale()
		c.Target = &v
	}
	if f.From != "" {
		day, err := time.ParseInLocation(time.DateOnly, f.From, zone)
		if err != nil {
			wrong.Add("effective_from", "Write a day such as 2026-11-21.")
		}
		c.EffectiveFrom = day
	}
	return c, wrong.Err()
}

func (p *Practice) save(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	d, err := p.d.Metrics.Definition(ctx, metric.Key(r.PathValue("key")))
	if err != nil {
		return err
	}
	var f settingForm
	err = web.Form(r, &f, orUTC(text.From(ctx).Location))
	if err == nil {
		var c metric.Change
		if c, err = f.change(d.Unit, orUTC(text.From(ctx).Location)); err == nil {
			_, err = p.d.Metrics.Set(ctx, d.Key, c)
		}
	}
	switch {
	case err == nil:
		return web.Redirect(w, r, address(d.Key)+"#history")
	case apperr.Is(err, apperr.Conflict):
		if versions, listErr := p.d.Metrics.History(ctx, d.Key); listErr == nil && len(versions) > 0 {
			f.Version = versions[0].Version
		}
		return p.editor(w, r, &d, f, err)
	case apperr.Is(err, apperr.Invalid):
		return p.editor(w, r, &d, f, err)
	}
	return err
}
