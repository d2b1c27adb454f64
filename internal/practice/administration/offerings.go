package administration

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// useForm gives an offering to an organisation, or takes back what was said.
type useForm struct {
	OrganisationID int64  `form:"organisation_id"`
	OfferingID     int64  `form:"offering_id"`
	Since          string `form:"since"`
	Remove         int64  `form:"remove"` // a use
}

// offeringSections are a service's offerings, and who has which.
func (p pages) offeringSections(ctx context.Context, s *service.Service, f useForm, failed error) ([]view.Section, error) {
	offerings, err := p.Services.Offerings(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	at := "/services/" + id(s.ID)
	actor := access.From(ctx)
	may := actor.Check(access.ManageServices, access.Record{Service: s.ID, Organisation: s.ProviderID}).Allowed
	t := ui.Table{ID: "offerings", Caption: text.T(ctx, "Offerings"), Columns: []ui.Column{
		{Key: "name", Label: text.T(ctx, "Name"), Main: true}, {Key: "description", Label: text.T(ctx, "Description")}, {Key: "state", Label: text.T(ctx, "State"), Shrink: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "No offerings"), Text: text.T(ctx, "Levels at which the service is offered, such as standard and premium. Agreements can be for one of them.")}}
	for i := range offerings {
		o := &offerings[i]
		name := templ.Component(view.Text(o.Name))
		if may {
			name = ui.Link{Label: o.Name, URL: at + "/offerings/" + id(o.ID)}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "offering-" + id(o.ID), Muted: !o.Active, Cells: []templ.Component{name, view.Text(o.Description), activeBadge(ctx, o.Active)}})
	}
	level := view.Section{Title: text.T(ctx, "Offerings"), Count: len(offerings), Flush: true, Body: t}
	if may {
		level.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Add an offering"), URL: at + "/offerings/new", Small: true}}
	}
	out := []view.Section{level}
	if len(offerings) == 0 || !actor.Can(access.ReadNotes, access.AnyKind) && !actor.Can(access.ManageServices, access.AnyKind) {
		return out, nil
	}
	uses, err := p.usesSection(ctx, s, offerings, may, f, failed)
	return append(out, uses), err
}

// usesSection says who has which offering since when.
func (p pages) usesSection(ctx context.Context, s *service.Service, offerings []service.Offering, may bool, f useForm, failed error) (view.Section, error) {
	title := text.T(ctx, "Who has which offering")
	uses, err := p.Services.Uses(ctx, s.ID)
	if err != nil {
		return view.Section{}, err
	}
	organisations := []int64{f.OrganisationID}
	for _, u := range uses {
		organisations = append(organisations, u.OrganisationID)
	}
	names, err := p.People.OrganisationNames(ctx, p.DB.Reader(), organisations)
	if err != nil {
		return view.Section{}, err
	}
	called := map[int64]string{0: text.T(ctx, "None any more")}
	options := []ui.Option{}
	for _, o := range offerings {
		called[o.ID] = o.Name
		if o.Active {
			options = append(options, ui.Option{Value: id(o.ID), Label: o.Name, Selected: o.ID == f.OfferingID})
		}
	}
	options = append(options, ui.Option{Value: "0", Label: called[0]})
	action := "/services/" + id(s.ID) + "/uses"
	t := ui.Table{ID: "uses", Caption: title, Columns: []ui.Column{
		{Key: "customer", Label: text.T(ctx, "Customer"), Main: true},
		{Key: "offering", Label: text.T(ctx, "Offering")},
		{Key: "since", Label: text.T(ctx, "Since"), Shrink: true},
		{Key: "action", Label: text.T(ctx, "Action"), Hidden: true, Shrink: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "Nobody has an offering"), Text: text.T(ctx, "Give one to a customer, with everybody below them, or to everybody who has none of their own.")}}
	for _, u := range uses {
		who := templ.Component(view.Text(text.T(ctx, "Everybody else")))
		if u.OrganisationID != 0 {
			who = link(ctx, u.OrganisationID, names[u.OrganisationID], "/organisations")
		}
		var remove templ.Component
		if may {
			remove = view.Inline{Bare: true, Action: action, Hidden: []ui.Hidden{{Name: "remove", Value: id(u.ID)}}, Button: ui.Button{Label: text.T(ctx, "Take back"), Submit: true, Small: true}}
		}
		t.Rows = append(t.Rows, ui.Row{Muted: u.OfferingID == 0, Cells: []templ.Component{who, view.Text(called[u.OfferingID]), ui.Moment{At: u.Since}, remove}})
	}
	body := templ.Component(t)
	if may {
		bad, _ := problems(ctx, failed)
		body = view.Stack(t, view.Inline{Action: action, Button: ui.Button{Label: text.T(ctx, "Give the offering"), Submit: true}, Fields: []templ.Component{
			ui.Combobox{Field: ui.Field{Name: "organisation_id", Label: text.T(ctx, "Customer; none is everybody else"), Error: bad["organisation"]}, URL: "/choose/organisations", Chosen: picked(f.OrganisationID, names[f.OrganisationID])},
			ui.Select{Field: ui.Field{Name: "offering_id", Label: text.T(ctx, "Offering"), Error: bad["offering"]}, Options: options},
			ui.DateField{Field: ui.Field{Name: "since", Label: text.T(ctx, "From; empty is now"), Error: bad["since"]}, Value: f.Since, Time: true},
		}})
	}
	return view.Section{Title: title, Count: len(uses), Flush: true, Body: body}, nil
}

// changeUse gives an offering, or takes back what was said of one.
func (p pages) changeUse(w http.ResponseWriter, r *http.Request) error {
	n, err := pathID(r)
	if err != nil {
		return err
	}
	var f useForm
	err = web.Form(r, &f, nil)
	switch {
	case err != nil:
	case f.Remove != 0:
		err = p.Services.TakeBack(r.Context(), n, f.Remove)
	default:
		var since time.Time
		if f.Since != "" {
			if since, err = web.ParseTime(f.Since, text.From(r.Context()).Location); err != nil {
				err = apperr.InvalidField("since", "Give a date and a time.")
			}
		}
		if err == nil {
			_, err = p.Services.Give(r.Context(), service.Use{ServiceID: n, OrganisationID: f.OrganisationID, OfferingID: f.OfferingID, Since: since})
		}
	}
	if back(err) {
		return p.servicePage(w, r, n, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/services/"+id(n))
}

type offeringForm struct {
	Name        string `form:"name"`
	Description string `form:"description"`
	Active      bool   `form:"active"`
	Version     int64  `form:"version"`
}

// offering reads the offering that an address names; a new one is the zero value.
func (p pages) offering(r *http.Request) (service.Offering, error) {
	s := r.PathValue("offering")
	if s == "new" {
		return service.Offering{}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return service.Offering{}, apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	o, err := p.Services.Offering(r.Context(), n)
	if err == nil && id(o.ServiceID) != r.PathValue("id") {
		err = apperr.New(apperr.NotFound, "There is nothing at this address.")
	}
	return o, err
}

func (p pages) editOffering(w http.ResponseWriter, r *http.Request) error {
	o, err := p.offering(r)
	if err != nil {
		return err
	}
	f := offeringForm{Active: true}
	if o.ID != 0 {
		f = offeringForm{o.Name, o.Description, o.Active, o.Version}
	}
	return p.offeringEditor(w, r, o.ID, f, nil)
}

func (p pages) offeringEditor(w http.ResponseWriter, r *http.Request, n int64, f offeringForm, failed error) error {
	ctx := r.Context()
	of, err := pathID(r)
	if err != nil {
		return err
	}
	s, err := p.Services.Get(ctx, of)
	if err != nil {
		return err
	}
	if err := access.From(ctx).Check(access.ManageServices, access.Record{Service: s.ID, Organisation: s.ProviderID}).Err(); err != nil {
		return err
	}
	bad, alert := problems(ctx, failed)
	at := "/services/" + id(s.ID)
	m := view.Editor{
		Title: text.T(ctx, "Add an offering"), Action: at + "/offerings/new", Cancel: at, Save: text.T(ctx, "Add the offering"), Alert: alert,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Services"), URL: "/services"}, {Label: s.Name, URL: at}, {Label: text.T(ctx, "Add an offering")}},
		Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"]}, Value: f.Name, Autofocus: n == 0},
			ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: bad["description"]}, Value: f.Description},
			ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "Customers can be given it")}, Checked: f.Active, Value: "true"},
		},
	}
	if n != 0 {
		m.Title, m.Action, m.Save = f.Name, at+"/offerings/"+id(n), text.T(ctx, "Save")
		m.Trail[2].Label = f.Name
	}
	return p.Frame.Page(w, r, module.Page{Title: m.Title, Active: "services", Status: statusOf(failed)}, m.View())
}

func (p pages) saveOffering(w http.ResponseWriter, r *http.Request) error {
	of, err := pathID(r)
	if err != nil {
		return err
	}
	o, err := p.offering(r)
	if err != nil {
		return err
	}
	var f offeringForm
	err = web.Form(r, &f, nil)
	in := service.OfferingInput{Name: f.Name, Description: f.Description, Active: f.Active}
	if err == nil && o.ID == 0 {
		_, err = p.Services.AddOffering(r.Context(), of, in)
	} else if err == nil {
		_, err = p.Services.UpdateOffering(r.Context(), o.ID, f.Version, in)
	}
	if back(err) {
		f.Version = o.Version
		return p.offeringEditor(w, r, o.ID, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/services/"+id(of))
}
