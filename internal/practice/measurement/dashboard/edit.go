package dashboard

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// boardForm is what the form of a board posts.
type boardForm struct {
	Name     string `form:"name,line,max=200"`
	Audience string `form:"audience"`
	Group    int64  `form:"group"`
	Role     string `form:"role,line,max=80"`
	Version  int64  `form:"version"`
}

func (f *boardForm) apply(b *Board) {
	b.Name, b.Audience, b.GroupID, b.Role = f.Name, sharing.Audience(f.Audience), f.Group, f.Role
	if b.Audience == "" {
		b.Audience = sharing.Mine
	}
}

// tileForm is what the form of a tile posts.
type tileForm struct {
	Title   string `form:"title,line,max=200"`
	Metric  string `form:"metric,line,max=80"`
	Kind    string `form:"kind,line,max=40"`
	Cut     string `form:"cut,line,max=80"`
	Step    string `form:"step,line,max=40"`
	Days    int    `form:"days"`
	Size    string `form:"size,line,max=4"`
	Filter  string `form:"filter,line,max=1000"`
	Version int64  `form:"version"`
}

func (f *tileForm) tile() Tile {
	return Tile{
		Title: f.Title, Metric: metric.Key(f.Metric), Kind: Kind(f.Kind), Cut: metric.Cut(f.Cut), Step: metric.Period(f.Step), Days: f.Days, Size: Size(f.Size), Filter: f.Filter,
	}
}

// newBoard asks for the name of a board.
func (d *Dashboards) newBoard(w http.ResponseWriter, r *http.Request) error {
	if err := require(r.Context()); err != nil {
		return err
	}
	return d.showNew(w, r, http.StatusOK, boardForm{Audience: string(sharing.Mine)}, nil)
}

func (d *Dashboards) showNew(w http.ResponseWriter, r *http.Request, status int, f boardForm, wrong error) error {
	ctx := r.Context()
	s, err := d.settings(ctx, f, wrong)
	if err != nil {
		return err
	}
	s.ID, s.Action, s.Submit = "new-board", "/dashboards", text.T(ctx, "Make the board")
	v := view.FormPage{Title: text.T(ctx, "New board"), Name: text.T(ctx, "Dashboards"), Back: "/dashboards", Form: s.View()}
	return d.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Status: status}, v.View())
}

// settings is the form of a board.
func (d *Dashboards) settings(ctx context.Context, f boardForm, wrong error) (view.Settings, error) {
	actor := access.From(ctx)
	s := view.Settings{Name: f.Name, Version: strconv.FormatInt(f.Version, 10), Errors: apperr.ByField(ctx, wrong), Shares: actor.Can(access.ManageViews, access.AnyKind)}
	if !s.Shares {
		return s, nil
	}
	labels := map[sharing.Audience]string{
		sharing.Mine: text.T(ctx, "Only I"), sharing.Group: text.T(ctx, "A group of mine"), sharing.Role: text.T(ctx, "Everybody with a role"), sharing.Everyone: text.T(ctx, "Everybody who may read figures"),
	}
	for _, a := range Audiences() {
		s.Audience = append(s.Audience, ui.Option{Value: string(a), Label: labels[a], Selected: string(a) == f.Audience})
	}
	names, err := d.d.Names.GroupNames(ctx, d.d.DB.Reader(), actor.Groups())
	if err != nil {
		return s, err
	}
	for _, id := range actor.Groups() {
		s.Groups = append(s.Groups, ui.Option{Value: strconv.FormatInt(id, 10), Label: names[id].Name, Selected: id == f.Group})
	}
	roles, err := d.d.Roles.All(ctx)
	for _, role := range roles {
		s.Roles = append(s.Roles, ui.Option{Value: role.Key, Label: role.Name, Selected: role.Key == f.Role})
	}
	return s, err
}

func (d *Dashboards) create(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f boardForm
	if err := web.Form(r, &f, zoneOf(ctx)); err != nil {
		return err
	}
	var b Board
	f.apply(&b)
	b, err := d.Add(ctx, b)
	if apperr.Is(err, apperr.Invalid) {
		return d.showNew(w, r, http.StatusUnprocessableEntity, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/dashboards/"+b.ref()+"/edit")
}

// edit is where a board is built.
func (d *Dashboards) edit(w http.ResponseWriter, r *http.Request) error {
	b, err := d.editable(r.Context(), d.d.DB.Reader(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	usual := tileForm{Metric: string(metric.VolumeIn), Kind: string(Number), Size: string(Small), Step: string(metric.Week)}
	return d.showEdit(w, r, http.StatusOK, &b, boardForm{b.Name, string(b.Audience), b.GroupID, b.Role, b.Version}, nil, usual, nil)
}

func (d *Dashboards) showEdit(w http.ResponseWriter, r *http.Request, status int, b *Board, f boardForm, wrong error, add tileForm, wrongTile error) error {
	ctx := r.Context()
	catalogue, err := d.d.Metrics.Catalogue(ctx)
	if err != nil {
		return err
	}
	path := "/dashboards/" + b.ref()
	v := view.Edit{Title: b.Name, Back: path, Version: strconv.FormatInt(b.Version, 10), Delete: path + "/delete"}
	if v.Settings, err = d.settings(ctx, f, wrong); err != nil {
		return err
	}
	v.Settings.ID, v.Settings.Action, v.Settings.Submit = "board-settings", path, text.T(ctx, "Save")
	for i, t := range b.Tiles {
		a := drawn{tile: t}
		if k := slices.IndexFunc(catalogue, func(def metric.Definition) bool { return def.Key == t.Metric }); k >= 0 {
			a.result.Definition = catalogue[k]
		}
		tile := path + "/tiles/" + strconv.Itoa(i+1)
		v.Tiles = append(v.Tiles, view.Placed{
			Name: a.title(ctx), Note: kindLabel(ctx, t.Kind), MoveURL: tile + "/move", EditURL: tile + "/edit", Remove: tile + "/remove", First: i == 0, Last: i == len(b.Tiles)-1,
		})
	}
	v.Add = tileFormView(ctx, add, catalogue, wrongTile)
	v.Add.ID, v.Add.Action, v.Add.Submit, v.Add.Version = "add-tile", path+"/tiles", text.T(ctx, "Add the tile"), v.Version
	return d.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Status: status, Bundles: []string{"arrange.js"}}, v.View())
}

func tileFormView(ctx context.Context, f tileForm, catalogue []metric.Definition, wrong error) view.TileForm {
	v := view.TileForm{Title: f.Title, Filter: f.Filter, Errors: apperr.ByField(ctx, wrong), Prefix: "tile-", Version: strconv.FormatInt(f.Version, 10)}
	if f.Days > 0 {
		v.Days = strconv.Itoa(f.Days)
	}
	for _, def := range catalogue {
		v.Metrics = append(v.Metrics, ui.Option{Value: string(def.Key), Label: text.T(ctx, def.Name), Selected: string(def.Key) == f.Metric})
	}
	for _, k := range TileKinds() {
		v.Kinds = append(v.Kinds, ui.Option{Value: string(k), Label: kindLabel(ctx, k), Selected: string(k) == f.Kind})
	}
	v.Cuts = []ui.Option{{Label: text.T(ctx, "Nothing")}}
	for _, c := range cuts {
		v.Cuts = append(v.Cuts, ui.Option{Value: string(c.cut), Label: text.T(ctx, c.label), Selected: string(c.cut) == f.Cut})
	}
	if c := metric.Cut(f.Cut); c.Field() != "" { // by a custom field, as the API makes it
		v.Cuts = append(v.Cuts, ui.Option{Value: f.Cut, Label: cutLabel(ctx, c), Selected: true})
	}
	steps := map[metric.Period]string{metric.Day: text.T(ctx, "Days"), metric.Week: text.T(ctx, "Weeks"), metric.Month: text.T(ctx, "Months"), metric.Quarter: text.T(ctx, "Quarters")}
	for _, p := range metric.Periods() {
		v.Steps = append(v.Steps, ui.Option{Value: string(p), Label: steps[p], Selected: string(p) == f.Step})
	}
	for _, s := range []struct {
		size  Size
		label string
	}{{Small, text.T(ctx, "A quarter")}, {Medium, text.T(ctx, "Half")}, {Large, text.T(ctx, "Whole width")}} {
		v.Sizes = append(v.Sizes, ui.Option{Value: string(s.size), Label: s.label, Selected: string(s.size) == f.Size})
	}
	return v
}

// save changes the name of a board and who has it.
func (d *Dashboards) save(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f boardForm
	if err := web.Form(r, &f, zoneOf(ctx)); err != nil {
		return err
	}
	b, err := d.Change(ctx, r.PathValue("ref"), f.Version, func(b *Board) error {
		f.apply(b)
		return nil
	})
	if apperr.Is(err, apperr.Invalid) {
		if b, err2 := d.editable(ctx, d.d.DB.Reader(), r.PathValue("ref")); err2 == nil {
			return d.showEdit(w, r, http.StatusUnprocessableEntity, &b, f, err, tileForm{Kind: string(Number), Size: string(Small), Step: string(metric.Week)}, nil)
		}
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Saved")}, d.d.HTTPS)
	return web.Redirect(w, r, "/dashboards/"+b.ref()+"/edit")
}

// changeTiles applies change to the tiles and goes back to where boards are built.
func (d *Dashboards) changeTiles(w http.ResponseWriter, r *http.Request, version int64, change func(b *Board) error) error {
	b, err := d.Change(r.Context(), r.PathValue("ref"), version, change)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/dashboards/"+b.ref()+"/edit")
}

func (d *Dashboards) addTile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f tileForm
	if err := web.Form(r, &f, zoneOf(ctx)); err != nil {
		return err
	}
	t := f.tile()
	err := d.checkAlone(ctx, &t)
	if err == nil {
		err = d.changeTiles(w, r, f.Version, func(b *Board) error {
			b.Tiles = append(b.Tiles, t)
			return nil
		})
	}
	if !apperr.Is(err, apperr.Invalid) {
		return err
	}
	b, err2 := d.editable(ctx, d.d.DB.Reader(), r.PathValue("ref"))
	if err2 != nil {
		return err2
	}
	return d.showEdit(w, r, http.StatusUnprocessableEntity, &b, boardForm{b.Name, string(b.Audience), b.GroupID, b.Role, b.Version}, nil, f, err)
}

func (d *Dashboards) checkAlone(ctx context.Context, t *Tile) error {
	catalogue, err := d.catalogue(ctx)
	if err != nil {
		return err
	}
	return d.checkOne(ctx, t, catalogue)
}

func (d *Dashboards) editTile(w http.ResponseWriter, r *http.Request) error {
	b, err := d.editable(r.Context(), d.d.DB.Reader(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	at, err := tileAt(&b, r.PathValue("n"))
	if err != nil {
		return err
	}
	t := b.Tiles[at]
	f := tileForm{t.Title, string(t.Metric), string(t.Kind), string(t.Cut), string(t.Step), t.Days, string(t.Size), t.Filter, b.Version}
	return d.showTile(w, r, http.StatusOK, &b, f, nil)
}

func (d *Dashboards) showTile(w http.ResponseWriter, r *http.Request, status int, b *Board, f tileForm, wrong error) error {
	ctx := r.Context()
	catalogue, err := d.d.Metrics.Catalogue(ctx)
	if err != nil {
		return err
	}
	form := tileFormView(ctx, f, catalogue, wrong)
	form.ID, form.Action, form.Submit = "tile", "/dashboards/"+b.ref()+"/tiles/"+r.PathValue("n"), text.T(ctx, "Save the tile")
	v := view.FormPage{Title: text.T(ctx, "Change a tile"), Name: b.Name, Back: "/dashboards/" + b.ref() + "/edit", Form: form.View()}
	return d.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Status: status}, v.View())
}

func (d *Dashboards) saveTile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f tileForm
	if err := web.Form(r, &f, zoneOf(ctx)); err != nil {
		return err
	}
	t := f.tile()
	if err := d.checkAlone(ctx, &t); err != nil {
		b, err2 := d.editable(ctx, d.d.DB.Reader(), r.PathValue("ref"))
		if err2 != nil || !apperr.Is(err, apperr.Invalid) {
			return errors.Join(err2, err)
		}
		return d.showTile(w, r, http.StatusUnprocessableEntity, &b, f, err)
	}
	return d.changeTiles(w, r, f.Version, func(b *Board) error {
		at, err := tileAt(b, r.PathValue("n"))
		if err == nil {
			b.Tiles[at] = t
		}
		return err
	})
}

// moveTile puts a tile some places further down, or up when by is negative.
func (d *Dashboards) moveTile(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		By      int   `form:"by"`
		Version int64 `form:"version"`
	}
	if err := web.Form(r, &f, zoneOf(r.Context())); err != nil {
		return err
	}
	return d.changeTiles(w, r, f.Version, func(b *Board) error {
		at, err := tileAt(b, r.PathValue("n"))
		if err != nil {
			return err
		}
		to := min(max(at+max(min(f.By, maxTiles), -maxTiles), 0), len(b.Tiles)-1)
		t := b.Tiles[at]
		b.Tiles = slices.Insert(slices.Delete(b.Tiles, at, at+1), to, t)
		return nil
	})
}

func (d *Dashboards) removeTile(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Version int64 `form:"version"`
	}
	if err := web.Form(r, &f, zoneOf(r.Context())); err != nil {
		return err
	}
	return d.changeTiles(w, r, f.Version, func(b *Board) error {
		at, err := tileAt(b, r.PathValue("n"))
		if err == nil {
			b.Tiles = slices.Delete(b.Tiles, at, at+1)
		}
		return err
	})
}

// copy makes a board of one's own that is like another.
func (d *Dashboards) copy(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := d.Board(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	title := []rune(text.T(ctx, "%s (copy)", name(ctx, &b)))
	b, err = d.Add(ctx, Board{Name: strings.TrimSpace(string(title[:min(len(title), maxName)])), Audience: sharing.Mine, Tiles: b.Tiles})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/dashboards/"+b.ref()+"/edit")
}

func (d *Dashboards) remove(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := d.Delete(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s deleted", b.Name), Undo: "/dashboards/" + b.ref() + "/restore"}, d.d.HTTPS)
	return web.Redirect(w, r, "/dashboards")
}

func (d *Dashboards) restore(w http.ResponseWriter, r *http.Request) error {
	b, err := d.Restore(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/dashboards/"+b.ref())
}
