package majorincident

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p *pages) listRules(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := p.Rules(ctx)
	if err != nil {
		return err
	}
	changes := access.From(ctx).Can(access.ManageSettings, access.AnyKind)
	var m view.Rules
	if changes {
		m.NewURL = view.RulesURL + "/new"
	}
	for i, rule := range all {
		item := view.Rule{Name: rule.Name, Filter: rule.Filter, What: does(ctx, &rule), Active: rule.Active, First: i == 0, Last: i == len(all)-1}
		if changes {
			item.EditURL = view.RulesURL + "/" + formatID(rule.ID)
			item.MoveURL = item.EditURL + "/move"
		}
		if _, err := p.tickets.Condition(ctx, rule.Filter, time.UTC); err != nil {
			item.Problem = apperr.Message(err).In(ctx)
		}
		m.Items = append(m.Items, item)
	}
	return p.frame.Page(w, r, module.Page{Title: text.T(ctx, "Rules for major incidents"), Active: menuID}, m.View())
}

// does says what follows when a rule fits.
func does(ctx context.Context, r *Rule) string {
	switch {
	case r.Accepts && r.Children > 0:
		return text.N(ctx, r.Children, "with %d linked ticket or more: declares it", "with %d linked tickets or more: declares it")
	case r.Accepts:
		return text.T(ctx, "declares it")
	case r.Children > 0:
		return text.N(ctx, r.Children, "with %d linked ticket or more: proposes it", "with %d linked tickets or more: proposes it")
	}
	return text.T(ctx, "proposes it")
}

// ruleForm is a rule as it is edited.
type ruleForm struct {
	Name     string `form:"name"`
	Filter   string `form:"filter"`
	Children int    `form:"children"`
	Accepts  string `form:"accepts"`
	Active   bool   `form:"active"`
	Delete   bool   `form:"delete"`
	Version  int    `form:"version"`
}

// ruleOf finds the rule of a path; the zero Rule for "new".
func (p *pages) ruleOf(r *http.Request) (Rule, error) {
	if r.PathValue("rule") == "new" {
		return Rule{Active: true}, access.From(r.Context()).Require(access.ManageSettings, access.AnyKind)
	}
	id := web.PathID(r, "rule")
	all, err := p.Rules(r.Context())
	if err != nil {
		return Rule{}, err
	}
	for _, rule := range all {
		if rule.ID == id {
			return rule, nil
		}
	}
	return Rule{}, apperr.New(apperr.NotFound, "There is no such rule.")
}

func (p *pages) editRule(w http.ResponseWriter, r *http.Request) error {
	rule, err := p.ruleOf(r)
	if err != nil {
		return err
	}
	return p.askRule(w, r, rule, nil)
}

func (p *pages) askRule(w http.ResponseWriter, r *http.Request, rule Rule, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	accepts := "propose"
	if rule.Accepts {
		accepts = "accept"
	}
	m := view.Editor{
		Title: text.T(ctx, "Add a rule"), Action: view.RulesURL + "/new", Cancel: view.RulesURL, Save: text.T(ctx, "Save"), Alert: alert,
		Trail: []ui.Crumb{{Label: text.T(ctx, "Major incidents"), URL: view.ListURL}, {Label: text.T(ctx, "Rules"), URL: view.RulesURL}, {Label: text.T(ctx, "Rule")}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"], Help: text.T(ctx, "It stands as the reason: “A service that the business stops without”.")}, Value: rule.Name, Autofocus: true},
			ui.TextField{Field: ui.Field{Name: "filter", Label: text.T(ctx, "Which incidents"), Error: bad["filter"], Help: text.T(ctx, "In the language of lists, such as priority:1 or service:\"Payroll\". Empty is every incident.")}, Value: rule.Filter, Mono: true},
			ui.TextField{Field: ui.Field{Name: "children", Label: text.T(ctx, "Only with at least so many open linked tickets"), Error: bad["children"]}, Value: strconv.Itoa(rule.Children), Type: "number"},
			ui.Radios{Field: ui.Field{Name: "accepts", Label: text.T(ctx, "What follows")}, Options: []ui.Option{
				{Value: "propose", Label: text.T(ctx, "It is proposed"), Help: text.T(ctx, "Those who command decide."), Selected: accepts == "propose"},
				{Value: "accept", Label: text.T(ctx, "It is declared at once"), Selected: accepts == "accept"},
			}},
			ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "In force")}, Checked: rule.Active, Value: "true"},
		},
		Hidden: []ui.Hidden{{Name: "version", Value: strconv.Itoa(rule.Version)}},
	}
	if rule.ID != 0 {
		m.Title, m.Action = rule.Name, view.RulesURL+"/"+formatID(rule.ID)
		m.Also = []templ.Component{ui.Button{Label: text.T(ctx, "Delete the rule"), Submit: true, Name: "delete", Value: "true", Kind: ui.Danger, NoCheck: true}}
	}
	return p.edit(w, r, m, failed)
}

func (p *pages) saveRule(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	rule, err := p.ruleOf(r)
	if err != nil {
		return err
	}
	var f ruleForm
	err = web.Form(r, &f, nil)
	switch {
	case err != nil:
	case f.Delete && rule.ID != 0:
		err = p.DeleteRule(ctx, rule.ID)
	default:
		rule.Name, rule.Filter, rule.Children, rule.Accepts, rule.Active, rule.Version = f.Name, f.Filter, f.Children, f.Accepts == "accept", f.Active, f.Version
		_, err = p.SaveRule(ctx, rule)
	}
	if apperr.Is(err, apperr.Conflict) {
		if now, getErr := p.ruleOf(r); getErr == nil {
			rule.Version = now.Version
		}
	}
	if back(err) {
		return p.askRule(w, r, rule, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, view.RulesURL)
}

func (p *pages) moveRule(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "rule")
	var f struct {
		Earlier bool `form:"earlier"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if err := p.MoveRule(r.Context(), id, f.Earlier); err != nil {
		return err
	}
	return web.Redirect(w, r, view.RulesURL)
}
