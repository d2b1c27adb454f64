package tension

import (
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type definitions map[metric.Key]metric.Definition

func (d definitions) name(ctx context.Context, key metric.Key) string {
	if def, known := d[key]; known {
		return text.T(ctx, def.Name)
	}
	return string(key)
}

func (d definitions) unit(key metric.Key) ui.Unit { return ui.UnitOf(string(d[key].Unit)) }

func (d definitions) title(ctx context.Context, process metric.Key, partners []metric.Key) string {
	names := make([]string, 0, len(partners))
	for _, p := range partners {
		names = append(names, d.name(ctx, p))
	}
	return text.T(ctx, "%s beside %s", d.name(ctx, process), text.List(ctx, names))
}

func (p *Pair) partnerKeys() []metric.Key {
	keys := make([]metric.Key, 0, len(p.Partners))
	for _, x := range p.Partners {
		keys = append(keys, x.Metric)
	}
	return keys
}

func address(id int64) string { return "/tension/" + strconv.FormatInt(id, 10) }

func (t *Tension) list(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	pairs, err := t.Pairs(ctx)
	if err != nil {
		return err
	}
	all, err := t.definitions(ctx)
	if err != nil {
		return err
	}
	open, err := t.alarming(ctx)
	if err != nil {
		return err
	}
	owners := make([]int64, 0, len(pairs))
	for _, p := range pairs {
		owners = append(owners, p.OwnerID)
	}
	names, err := t.d.Names.PersonNames(ctx, t.d.DB.Reader(), owners)
	if err != nil {
		return err
	}
	v := view.List{Manages: mayManage(access.From(ctx)), Table: ui.Table{
		ID: "pair-list", Caption: text.T(ctx, "Tension pairs"),
		Columns: []ui.Column{{Key: "pair", Label: text.T(ctx, "Pair"), Main: true}, {Key: "state", Label: text.T(ctx, "State"), Shrink: true}, {Key: "owner", Label: text.T(ctx, "Owner")}},
		Empty:   ui.EmptyState{Icon: ui.IconScale, Title: text.T(ctx, "No pair is watched yet"), Text: text.T(ctx, "Begin with one of those below.")},
	}}
	if v.Manages {
		v.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "New pair"), Icon: ui.IconPlus, Kind: ui.Primary, URL: "/tension/new"}}
	}
	for _, p := range pairs {
		state := ui.Badge{Label: text.T(ctx, "Quiet"), Tone: ui.Success, Icon: ui.IconCheck}
		if open[p.ID] {
			state = ui.Badge{Label: text.T(ctx, "Alarm"), Tone: ui.Critical, Icon: ui.IconAlertTriangle}
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{URL: address(p.ID), Cells: []templ.Component{
			ui.Link{Label: all.title(ctx, p.Process, p.partnerKeys()), URL: address(p.ID)}, state, ui.Party{Name: names[p.OwnerID].Name},
		}})
	}
	for _, x := range Proposals() {
		taken := slices.ContainsFunc(pairs, func(p Pair) bool { return p.Process == x.Process && slices.Equal(p.partnerKeys(), x.Partners) })
		if taken {
			continue
		}
		proposal := view.Proposal{Title: all.title(ctx, x.Process, x.Partners), Why: text.T(ctx, x.Why), Process: string(x.Process)}
		for _, p := range x.Partners {
			proposal.Partners = append(proposal.Partners, string(p))
		}
		v.Proposals = append(v.Proposals, proposal)
	}
	return t.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Tension pairs"), Active: Menu}, v.View())
}

func (t *Tension) show(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	p, err := t.Pair(ctx, id)
	if err != nil {
		return err
	}
	var actions []templ.Component
	if mayManage(access.From(ctx)) {
		actions = []templ.Component{ui.Button{Label: text.T(ctx, "Change"), Icon: ui.IconPencil, URL: address(id) + "/edit"}}
	}
	s, err := t.look(ctx, p, text.From(ctx).Location)
	if apperr.Is(err, apperr.Invalid) {
		return t.showBroken(w, r, &p, actions, err)
	}
	if err != nil {
		return err
	}
	alarms, err := t.alarms(ctx, id)
	if err != nil {
		return err
	}
	bunch, looked, err := t.bunching(ctx, &s)
	if err != nil {
		return err
	}
	v := s.view(ctx)
	v.Alarms = alarmTable(ctx, alarms, &s)
	if looked && bunch.Suspect {
		v.Notes = append(v.Notes, ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "Tickets crowd just under the goal"), Text: text.T(ctx,
			"%s tickets took up to a tenth less than the goal, %s up to a tenth more. Chance alone would give this in one of %s cases.",
			text.Number(ctx, int64(bunch.Under)), text.Number(ctx, int64(bunch.Over)), text.Decimal(ctx, 1/max(bunch.P, 1e-9), 0))})
	}
	v.Actions = actions
	return t.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true}, v.View())
}

// showBroken says why a pair has no figures: its filter names what is no longer
// there, or what this reader does not see.
func (t *Tension) showBroken(w http.ResponseWriter, r *http.Request, p *Pair, actions []templ.Component, wrong error) error {
	ctx := r.Context()
	all, err := t.definitions(ctx)
	if err != nil {
		return err
	}
	v := view.Broken{
		Title: all.title(ctx, p.Process, p.partnerKeys()), Actions: actions,
		Note: ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "The filter of this pair does not work for you"), Text: apperr.Message(wrong).In(ctx)},
	}
	return t.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Wide: true}, v.View())
}

// view puts a pair into words and charts.
func (s *state) view(ctx context.Context) view.Pair {
	def := s.process.Definition
	names := make([]string, 0, len(s.partners))
	for _, r := range s.partners {
		names = append(names, text.T(ctx, r.Definition.Name))
	}
	v := view.Pair{
		Title: text.T(ctx, "%s beside %s", text.T(ctx, def.Name), text.List(ctx, names)),
		Lead:  text.T(ctx, "Whole weeks up to %s, over the tickets you see.", text.Date(ctx, s.upTo.AddDate(0, 0, -1))),
	}
	if s.pair.Filter != "" {
		v.Lead = text.T(ctx, "Whole weeks up to %s, over the tickets you see that match %s.", text.Date(ctx, s.upTo.AddDate(0, 0, -1)), s.pair.Filter)
	}
	v.Charts = append(v.Charts, chart(ctx, "process", &s.process, s.pair.Goal))
	v.Evidence = ui.Table{ID: "evidence-list", Caption: text.T(ctx, "The numbers of the test"), Columns: []ui.Column{
		{Key: "figure", Label: text.T(ctx, "Figure"), Main: true},
		{Key: "slope", Label: text.T(ctx, "Change a week (median slope)"), Number: true},
		{Key: "s", Label: "S", Number: true, Shrink: true},
		{Key: "z", Label: "Z", Number: true, Shrink: true},
		{Key: "n", Label: text.T(ctx, "Weeks known"), Number: true, Shrink: true},
		{Key: "p", Label: text.T(ctx, "Chance that noise does as much"), Number: true},
		{Key: "held", Label: text.T(ctx, "Weeks it held with the other"), Number: true},
	}}
	for i, r := range s.partners {
		verdict := s.verdicts[i]
		if i == 0 {
			v.Evidence.Rows = append(v.Evidence.Rows, trendRow(ctx, text.T(ctx, "%s, for the better", text.T(ctx, def.Name)), ui.UnitOf(string(def.Unit)), verdict.Process, verdict.Better, ui.Nothing()))
		}
		name := text.T(ctx, r.Definition.Name)
		v.Charts = append(v.Charts, chart(ctx, "partner-"+strconv.Itoa(i+1), &s.partners[i], s.pair.Partners[i].Goal))
		v.Evidence.Rows = append(v.Evidence.Rows, trendRow(ctx, text.T(ctx, "%s, for the worse", name), ui.UnitOf(string(r.Definition.Unit)), verdict.Partner, verdict.Worse,
			ui.Words(text.T(ctx, "%s of %s", strconv.Itoa(verdict.Held), strconv.Itoa(s.pair.Periods)))))
		if verdict.Alarm {
			v.Notes = append(v.Notes, ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "%s improves while %s worsens", text.T(ctx, def.Name), name), Text: text.T(ctx,
				"Both trends of the last %s weeks are beyond noise (chances %s and %s), at each of the last %s ends of a week.",
				strconv.Itoa(Usual.Window), chance(ctx, verdict.Better), chance(ctx, verdict.Worse), strconv.Itoa(s.pair.Periods))})
		}
	}
	v.Rule = text.T(ctx, "An alarm is raised when, in the last %s weeks, the one improves and the other worsens, each with a chance of noise below %s by the test of Mann and Kendall, at %s ends of a week in a row. Two figures that have nothing to do with each other come to it in at most %s of the looks.",
		strconv.Itoa(Usual.Window), text.Percent(ctx, Usual.Alpha), strconv.Itoa(s.pair.Periods), chance(ctx, Usual.Alpha*Usual.Alpha))
	return v
}

// chance writes a small probability.
func chance(ctx context.Context, p float64) string {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return text.Decimal(ctx, p, 4)
}

func trendRow(ctx context.Context, name string, unit ui.Unit, tr Trend, p float64, held templ.Component) ui.Row {
	return ui.Row{Cells: []templ.Component{
		ui.Words(name), ui.Words(unit.Words(ctx, tr.Slope)), ui.Words(strconv.Itoa(tr.S)), ui.Words(text.Decimal(ctx, tr.Z, 2)), ui.Words(strconv.Itoa(tr.N)), ui.Words(chance(ctx, p)), held,
	}}
}

func chart(ctx context.Context, id string, r *metric.Result, goal *float64) ui.Chart {
	c := ui.Chart{ID: id, Kind: ui.ChartLine, Unit: ui.UnitOf(string(r.Definition.Unit)), Title: text.T(ctx, r.Definition.Name), Across: text.T(ctx, "Week from")}
	series := ui.ChartSeries{Label: c.Title}
	for _, p := range r.Points {
		c.Labels = append(c.Labels, text.Day(ctx, p.From))
		series.Values = append(series.Values, p.Figure.OrNaN())
	}
	c.Series = []ui.ChartSeries{series}
	if goal != nil {
		c.Target = ui.ChartLevel{Label: text.T(ctx, "Goal"), Value: *goal}
	}
	return c
}

func alarmTable(ctx context.Context, alarms []Alarm, s *state) ui.Table {
	t := ui.Table{
		ID: "alarm-list", Caption: text.T(ctx, "Alarms so far"),
		Columns: []ui.Column{
			{Key: "figure", Label: text.T(ctx, "Worsened"), Main: true},
			{Key: "raised", Label: text.T(ctx, "Raised"), Shrink: true},
			{Key: "ended", Label: text.T(ctx, "Ended"), Shrink: true},
			{Key: "p", Label: text.T(ctx, "Chances of noise then"), Number: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconScale, Title: text.T(ctx, "This pair has not alarmed")},
	}
	for _, a := range alarms {
		name := string(a.Partner)
		for _, r := range s.partners {
			if r.Definition.Key == a.Partner {
				name = text.T(ctx, r.Definition.Name)
			}
		}
		ended := ui.Nothing()
		if !a.EndedAt.IsZero() {
			ended = ui.Moment{At: a.EndedAt}.View()
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{
			ui.Words(name), ui.Moment{At: a.RaisedAt}, ended, ui.Words(chance(ctx, a.Evidence.Better) + " / " + chance(ctx, a.Evidence.Worse)),
		}})
	}
	return t
}

// pairForm is what the form of a pair posts.
type pairForm struct {
	Process  string            `form:"process,line,max=80"`
	Partners []string          `form:"partners"`
	Goals    map[string]string `form:"goal."`
	Filter   string            `form:"filter,line,max=1000"`
	Periods  int               `form:"periods"`
	Version  int64             `form:"version"`
}

// apply fills a pair, with goals as they are typed: in hours, in percent. One that
// is no number is reported.
func (f *pairForm) apply(p *Pair, all definitions) error {
	p.Process, p.Filter, p.Periods, p.Partners, p.Goal = metric.Key(f.Process), f.Filter, f.Periods, nil, nil
	var wrong apperr.Problems
	goal := func(key string) *float64 {
		s := strings.TrimSpace(strings.ReplaceAll(f.Goals[key], ",", "."))
		if s == "" {
			return nil
		}
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v > 1e9 {
			wrong.Add("goal", "A goal is a number that is not below zero.")
			return nil
		}
		v *= all.unit(metric.Key(key)).Scale()
		return &v
	}
	p.Goal = goal(f.Process)
	for _, key := range f.Partners {
		p.Partners = append(p.Partners, Partner{Metric: metric.Key(key), Goal: goal(key)})
	}
	return wrong.Err()
}

func formOf(p *Pair, all definitions) pairForm {
	f := pairForm{Process: string(p.Process), Filter: p.Filter, Periods: p.Periods, Version: p.Version, Goals: map[string]string{}}
	write := func(key metric.Key, goal *float64) {
		if goal != nil {
			f.Goals[string(key)] = all.unit(key).Typed(*goal)
		}
	}
	write(p.Process, p.Goal)
	for _, x := range p.Partners {
		f.Partners = append(f.Partners, string(x.Metric))
		write(x.Metric, x.Goal)
	}
	return f
}

func (t *Tension) newPair(w http.ResponseWriter, r *http.Request) error {
	if err := access.From(r.Context()).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	return t.showForm(w, r, http.StatusOK, 0, pairForm{Process: string(metric.TimeToResolve), Periods: Usual.Periods}, nil)
}

func (t *Tension) edit(w http.ResponseWriter, r *http.Request) error {
	if err := access.From(r.Context()).Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	id := web.PathID(r, "id")
	p, err := t.Pair(r.Context(), id)
	if err != nil {
		return err
	}
	all, err := t.definitions(r.Context())
	if err != nil {
		return err
	}
	return t.showForm(w, r, http.StatusOK, id, formOf(&p, all), nil)
}

func (t *Tension) showForm(w http.ResponseWriter, r *http.Request, status int, id int64, f pairForm, wrong error) error {
	ctx := r.Context()
	all, err := t.d.Metrics.Catalogue(ctx)
	if err != nil {
		return err
	}
	v := view.Form{
		Title: text.T(ctx, "New pair"), Action: "/tension", Submit: text.T(ctx, "Watch this pair"), Version: strconv.FormatInt(f.Version, 10),
		Filter: f.Filter, Periods: strconv.Itoa(f.Periods), Errors: map[string]string{},
	}
	for _, field := range apperr.FieldsOf(wrong) {
		v.Errors[field.Name] = field.Message.In(ctx)
	}
	if id != 0 {
		v.Title, v.Action, v.Submit, v.Delete = text.T(ctx, "Change a pair"), address(id), text.T(ctx, "Save"), address(id)+"/delete"
	}
	for _, def := range all {
		if def.Direction == metric.Steady {
			continue
		}
		key, name := string(def.Key), text.T(ctx, def.Name)
		v.Process = append(v.Process, ui.Option{Value: key, Label: name, Selected: key == f.Process})
		v.Partners = append(v.Partners, ui.Option{Value: key, Label: name, Selected: slices.Contains(f.Partners, key)})
		if id != 0 && (key == f.Process || slices.Contains(f.Partners, key)) {
			goal := view.Goal{Name: "goal." + key, Label: text.T(ctx, "Goal for %s", name), Value: f.Goals[key], Suffix: ui.UnitOf(string(def.Unit)).Suffix(ctx)}
			if def.Unit == metric.Score {
				goal.Help = text.T(ctx, "From 1 to 5")
			}
			if key == f.Process {
				v.Goals = append([]view.Goal{goal}, v.Goals...)
			} else {
				v.Goals = append(v.Goals, goal)
			}
		}
	}
	return t.d.Frame.Page(w, r, module.Page{Title: v.Title, Active: Menu, Status: status}, v.View())
}

func (t *Tension) create(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f pairForm
	if err := web.Form(r, &f, text.From(ctx).Location); err != nil {
		return err
	}
	all, err := t.definitions(ctx)
	if err != nil {
		return err
	}
	var p Pair
	err = f.apply(&p, all)
	if err == nil {
		p, err = t.Add(ctx, p)
	}
	if apperr.Is(err, apperr.Invalid) {
		return t.showForm(w, r, http.StatusUnprocessableEntity, 0, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, address(p.ID))
}

func (t *Tension) save(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	var f pairForm
	if err := web.Form(r, &f, text.From(ctx).Location); err != nil {
		return err
	}
	all, err := t.definitions(ctx)
	if err != nil {
		return err
	}
	err = f.apply(&Pair{}, all)
	if err == nil {
		_, err = t.Change(ctx, id, f.Version, func(p *Pair) { _ = f.apply(p, all) }) // checked just before
	}
	if apperr.Is(err, apperr.Invalid) {
		return t.showForm(w, r, http.StatusUnprocessableEntity, id, f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Saved")}, t.d.HTTPS)
	return web.Redirect(w, r, address(id))
}

func (t *Tension) remove(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	if err := t.Delete(r.Context(), id); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "The pair is no longer watched")}, t.d.HTTPS)
	return web.Redirect(w, r, "/tension")
}
