package majorincident

import (
	"context"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// proposalForm is what proposing asks.
type proposalForm struct {
	Summary  string  `form:"summary"`
	Impact   string  `form:"impact"`
	Reason   string  `form:"reason"`
	People   int     `form:"people"`
	Services []int64 `form:"services"`
	Accept   bool    `form:"accept"`
}

func (p *pages) proposal(w http.ResponseWriter, r *http.Request) error {
	t, err := p.tickets.Get(r.Context(), ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	f := proposalForm{Summary: t.Title}
	if t.ServiceID != 0 {
		f.Services = []int64{t.ServiceID}
	}
	return p.askProposal(w, r, &t, f, candidate(&t))
}

func (p *pages) askProposal(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, f proposalForm, failed error) error {
	ctx := r.Context()
	bad, alert := problems(ctx, failed)
	if apperr.Is(failed, apperr.Conflict) {
		alert.Text = ""
	}
	services, err := p.services.Names(ctx, p.db.Reader(), f.Services)
	if err != nil {
		return err
	}
	at := "/tickets/" + t.Number
	m := view.Editor{
		Title: text.T(ctx, "Propose %s as a major incident", t.Number), Action: at + "/major", Cancel: at, Save: text.T(ctx, "Propose it"), Alert: alert,
		Lead:  text.T(ctx, "Those who command major incidents are told at once."),
		Trail: []ui.Crumb{{Label: t.Number, URL: at}, {Label: text.T(ctx, "Major incident")}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "summary", Label: text.T(ctx, "What is affected, in one line"), Required: true, Error: bad["summary"]}, Value: f.Summary, Autofocus: true},
			ui.TextField{Field: ui.Field{Name: "reason", Label: text.T(ctx, "Why it is a major incident"), Error: bad["reason"]}, Value: f.Reason},
			ui.TextArea{Field: ui.Field{Name: "impact", Label: text.T(ctx, "What it means for the business"), Error: bad["impact"]}, Value: f.Impact},
			p.servicesField(ctx, f.Services, services, bad["services"]), peopleField(ctx, f.People, bad["people"]),
		},
	}
	if access.From(ctx).Can(Manage, access.AnyKind) {
		m.Also = []templ.Component{ui.Button{Label: text.T(ctx, "Declare it at once"), Submit: true, Name: "accept", Value: "true", Icon: ui.IconFlame}}
	}
	return p.edit(w, r, m, failed)
}

func (p *pages) servicesField(ctx context.Context, ids []int64, names map[int64]string, wrong string) templ.Component {
	c := ui.Combobox{Field: ui.Field{Name: "services", Label: text.T(ctx, "Affected services"), Error: wrong}, URL: "/choose/services", Multiple: true}
	for _, id := range ids {
		c.Chosen = append(c.Chosen, ui.Choice{Value: formatID(id), Label: names[id], Kind: ui.PartyService})
	}
	return c
}

func peopleField(ctx context.Context, n int, wrong string) templ.Component {
	value := ""
	if n > 0 {
		value = strconv.Itoa(n)
	}
	return ui.TextField{Field: ui.Field{Name: "people", Label: text.T(ctx, "How many people are affected"), Help: text.T(ctx, "An estimate; leave it empty if nobody knows."), Error: wrong}, Value: value, Type: "number"}
}

func (p *pages) proposed(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	var f proposalForm
	err = web.Form(r, &f, nil)
	var m Major
	if err == nil {
		m, err = p.Propose(ctx, ticket.ByID(t.ID), Proposal{
			Summary: f.Summary, Impact: f.Impact, Reason: f.Reason, People: f.People, Services: f.Services, Accept: f.Accept,
		})
	}
	if back(err) {
		return p.askProposal(w, r, &t, f, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(m.ID))
}

func (p *pages) accepted(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	m, err := p.Accept(r.Context(), id, 0)
	if apperr.Is(err, apperr.Conflict) {
		return p.showRoom(w, r, id, ui.Alert{Tone: ui.Warning, Title: apperr.Message(err).In(r.Context())}, nil, nil, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(m.ID))
}

func (p *pages) ending(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	return p.askEnd(w, r, id, "", nil)
}

func (p *pages) askEnd(w http.ResponseWriter, r *http.Request, id int64, why string, failed error) error {
	ctx := r.Context()
	m, t, err := p.Get(ctx, id)
	if err != nil {
		return err
	}
	bad, alert := problems(ctx, failed)
	e := view.Editor{
		Title: text.T(ctx, "Withdraw the major incident"), Lead: text.T(ctx, "The incident goes on as an ordinary one; its banner is taken down."), Save: text.T(ctx, "Withdraw it"),
		Action: roomURL(id) + "/end", Cancel: roomURL(id), Alert: alert, Trail: p.trail(ctx, &m, t.Number, text.T(ctx, "Withdraw")),
		Fields: []templ.Component{ui.TextField{Field: ui.Field{Name: "why", Label: text.T(ctx, "Why"), Required: true, Error: bad["why"]}, Value: why, Autofocus: true}},
	}
	if m.State == Proposed {
		e.Title, e.Save, e.Lead = text.T(ctx, "Reject the proposal"), text.T(ctx, "Reject it"), text.T(ctx, "The incident goes on as an ordinary one.")
	}
	return p.edit(w, r, e, failed)
}

func (p *pages) ended(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	var f struct {
		Why string `form:"why"`
	}
	var err error
	if err = web.Form(r, &f, nil); err == nil {
		var m Major
		if m, _, err = p.Get(ctx, id); err != nil {
			return err
		}
		if m.State == Proposed {
			_, err = p.Reject(ctx, id, 0, f.Why)
		} else {
			_, err = p.Cancel(ctx, id, 0, f.Why)
		}
	}
	if back(err) {
		return p.askEnd(w, r, id, f.Why, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}
