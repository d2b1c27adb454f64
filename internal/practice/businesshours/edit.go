package businesshours

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/holiday"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/businesshours/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// basics are what a calendar is called and where it is.
type basics struct {
	Name        string `form:"name,line"`
	Description string `form:"description"`
	Zone        string `form:"zone,line"`
	Hours       string `form:"hours,max=2000"`
	Region      string `form:"region,line"`
	Version     int64  `form:"version"`
}

// mayManage fails for whoever may not change calendars, before a form is shown.
func mayManage(ctx context.Context) error {
	return access.From(ctx).Require(access.ManageSettings, access.AnyKind)
}

func (p *Practice) newForm(w http.ResponseWriter, r *http.Request) error {
	if err := mayManage(r.Context()); err != nil {
		return err
	}
	f := basics{Zone: text.From(r.Context()).Location.String(), Hours: weekWords(r.Context(), calendar.OfficeHours())}
	if standard, err := p.Calendars.Standard(r.Context(), p.DB.Reader()); err == nil {
		f.Zone = standard.Zone
	}
	return p.showBasics(w, r, 0, f, nil)
}

func (p *Practice) editForm(w http.ResponseWriter, r *http.Request) error {
	if err := mayManage(r.Context()); err != nil {
		return err
	}
	c, err := p.Calendars.Get(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return p.showBasics(w, r, c.ID, basics{Name: c.Name, Description: c.Description, Zone: c.Zone, Version: c.Version}, nil)
}

func (p *Practice) showBasics(w http.ResponseWriter, r *http.Request, id int64, f basics, failed error) error {
	ctx := r.Context()
	m := view.Basics{
		ID: id, Name: f.Name, Description: f.Description, Version: f.Version, Hours: f.Hours,
		Zones: zoneOptions(f.Zone), Regions: regionOptions(ctx, f.Region), Errors: apperr.ByField(ctx, failed), Alert: alertOf(ctx, failed),
	}
	title := text.T(ctx, "Add a calendar")
	if id != 0 {
		title = f.Name
	}
	return p.page(w, r, statusOf(failed), title, m.View())
}

// alertOf is what stands above a form that came back.
func alertOf(ctx context.Context, failed error) ui.Alert {
	if failed == nil {
		return ui.Alert{}
	}
	a := ui.Alert{Tone: ui.Critical, Title: apperr.Message(failed).In(ctx)}
	if apperr.Is(failed, apperr.Conflict) {
		a.Text = text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
	}
	return a
}

func zoneOptions(chosen string) []ui.Option {
	names := calendar.Zones()
	if chosen != "" && !slices.Contains(names, chosen) {
		names = append([]string{chosen}, names...)
	}
	out := make([]ui.Option, 0, len(names))
	for _, name := range names {
		region, place, _ := strings.Cut(name, "/")
		o := ui.Option{Value: name, Label: strings.NewReplacer("_", " ", "/", ", ").Replace(place), Group: region, Selected: name == chosen}
		if place == "" {
			o.Group, o.Label = "", name
		}
		out = append(out, o)
	}
	return out
}

func regionOptions(ctx context.Context, chosen string, without ...calendar.Observed) []ui.Option {
	var out []ui.Option
	for _, r := range holiday.Regions() {
		if slices.ContainsFunc(without, func(o calendar.Observed) bool { return o.Code == r.Code }) {
			continue
		}
		out = append(out, ui.Option{Value: r.Code, Label: regionLabel(ctx, r), Selected: r.Code == chosen})
	}
	slices.SortStableFunc(out, func(a, b ui.Option) int { return strings.Compare(a.Label, b.Label) })
	return out
}

func (p *Practice) create(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f basics
	err := web.Form(r, &f, nil)
	var c calendar.Record
	if err == nil {
		v := calendar.Version{}
		if v.Week, err = calendar.ParseWeek(f.Hours); err != nil {
			err = apperr.InvalidField("hours", "This is not understood: %v.", err)
		} else {
			if f.Region != "" {
				v.Regions = []calendar.Observed{{Code: f.Region}}
			}
			c, err = p.Calendars.Create(ctx, calendar.Calendar{Name: f.Name, Description: f.Description, Zone: f.Zone, Versions: []calendar.Version{v}})
		}
	}
	if back(err) {
		return p.showBasics(w, r, 0, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, view.URL(c.ID))
}

func (p *Practice) edit(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	var f basics
	err := web.Form(r, &f, nil)
	if err == nil {
		_, err = p.Calendars.Change(r.Context(), id, f.Version, func(c *calendar.Calendar) error {
			c.Name, c.Description, c.Zone = f.Name, f.Description, f.Zone
			return nil
		})
	}
	if back(err) {
		f.Version = presentVersion(err, f.Version)
		return p.showBasics(w, r, id, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, view.URL(id))
}

// presentVersion is the version that a conflict carries, so that saving again
// puts the form over it.
func presentVersion(err error, sent int64) int64 {
	var e *apperr.Error
	if errors.As(err, &e) {
		if now, ok := e.Detail.(*calendar.Record); ok {
			return now.Version
		}
	}
	return sent
}
