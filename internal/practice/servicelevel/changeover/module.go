package changeover

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/changeover/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

type pages struct {
	s     *Service
	frame module.Frame
	https bool
}

// New gives what plugs into the running system.
func New(s *Service, frame module.Frame, https bool) module.Module {
	p := pages{s, frame, https}
	return module.Module{
		Name: "servicelevel/changeover",
		Routes: func(mux *web.Mux) {
			mux.Handle("GET /tickets/{number}/agreement", p.form)
			mux.Handle("POST /tickets/{number}/agreement", p.put)
		},
		API: s.register,
		Actions: []module.Action{{
			Label: text.Key("Change the agreement"), Icon: "heart-handshake",
			URL:     func(t *ticket.Ticket) string { return view.URL(t.Number) },
			Visible: func(ctx context.Context, t *ticket.Ticket) bool { return t.Category.Active() && May(ctx, t) },
		}},
		Tells: tells,
	}
}

// tells says what stands on a timeline.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	var over clock.ChangeOver
	if c.Field != ticket.ActivityPrefix+clock.ChangeOverActivity || json.Unmarshal([]byte(c.To), &over) != nil {
		return "", false
	}
	if over.Agreement == 0 {
		return text.T(ctx, "put this back under the agreement that the rules give: %s", over.Reason), true
	}
	return text.T(ctx, "put this under the agreement “%s”, version %s: %s", over.Name, text.Number(ctx, int64(over.Number)), over.Reason), true
}

func (p pages) form(w http.ResponseWriter, r *http.Request) error {
	t, err := p.s.tickets.Get(r.Context(), ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	return p.show(w, r, &t, "", "", nil)
}

// value is how the form names a choice; the rules' is an agreement of 0.
func value(role clock.Role, party, agreement int64) string {
	return string(role) + ":" + strconv.FormatInt(party, 10) + ":" + strconv.FormatInt(agreement, 10)
}

func parseValue(s string) Order {
	parts := strings.SplitN(s, ":", 3)
	if len(parts) != 3 {
		return Order{}
	}
	party, _ := strconv.ParseInt(parts[1], 10, 64) // what is no number is found in no list
	agreement, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return Order{}
	}
	return Order{Role: clock.Role(parts[0]), Party: party, Agreement: agreement}
}

func (p pages) show(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, chosen, reason string, failed error) error {
	ctx := r.Context()
	choices, err := p.s.Choices(ctx, t)
	if err != nil {
		return err
	}
	wrong := apperr.ByField(ctx, failed)
	m := view.Form{Number: t.Number, Title: t.Title, Reason: reason, MaxReason: maxReason, Errors: wrong}
	add := func(v, label, help string) {
		m.Agreements = append(m.Agreements, ui.Option{Value: v, Label: label, Help: help, Selected: v == chosen})
	}
	for i, c := range choices {
		help := ""
		if c.Rules {
			help = text.T(ctx, "As the rules say for a new ticket.")
		}
		add(value(c.Role, c.Party, c.Agreement), text.T(ctx, "%s (%s), version %s", c.Name, strings.ToUpper(string(c.Role)), text.Number(ctx, int64(c.Number))), help)
		if i+1 == len(choices) || choices[i+1].Role != c.Role || choices[i+1].Party != c.Party {
			add(value(c.Role, c.Party, 0), text.T(ctx, "What the rules say (%s)", strings.ToUpper(string(c.Role))), text.T(ctx, "Takes back what was changed by hand."))
		}
	}
	status := http.StatusOK
	if failed != nil {
		status = http.StatusUnprocessableEntity
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, m.Dialog())
	}
	return p.frame.Page(w, r, module.Page{Title: text.T(ctx, "Change the agreement"), Active: "queue", Status: status}, m.Page())
}

func (p pages) put(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := p.s.tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return err
	}
	var f struct {
		Agreement string `form:"agreement,line,max=100"`
		Reason    string `form:"reason"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	order := parseValue(f.Agreement)
	order.Reason = f.Reason
	_, err = p.s.Put(ctx, ticket.ByID(t.ID), order)
	if apperr.Is(err, apperr.Invalid) {
		return p.show(w, r, &t, f.Agreement, f.Reason, err)
	}
	if err != nil {
		return err
	}
	toast := web.Toast{Text: text.T(ctx, "The agreement of %s is changed", t.Number)}
	if !web.IsHTMX(r) {
		web.Flash(w, toast, p.https)
		return web.Redirect(w, r, view.TicketURL(t.Number))
	}
	web.ShowToast(w, toast)
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, "ticket-changed", nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// AgreementChange says under what to put a ticket.
type AgreementChange struct {
	AgreementID int64      `json:"agreement_id,omitempty" minimum:"0" doc:"One with the customer, the group or the supplier of the ticket, in the version in force. Missing goes back to what the rules say."`
	Role        clock.Role `json:"role,omitempty" enum:"sla,ola,uc" doc:"Without an agreement: whose is to follow the rules again."`
	PartyID     int64      `json:"party_id,omitempty" minimum:"0" doc:"Without an agreement: the group or supplier."`
	Reason      string     `json:"reason" minLength:"1" maxLength:"500"`
}

// AgreementOfTicket is what a ticket was put under.
type AgreementOfTicket struct {
	Role        clock.Role `json:"role" enum:"sla,ola,uc"`
	PartyID     int64      `json:"party_id,omitempty"`
	AgreementID int64      `json:"agreement_id,omitempty"`
	VersionID   int64      `json:"version_id,omitempty"`
	Name        string     `json:"name,omitempty"`
	Number      int        `json:"number,omitempty"`
	Reason      string     `json:"reason"`
}

type putAnswer struct{ Body AgreementOfTicket }

func (s *Service) register(h huma.API) {
	openapi.Register(h, openapi.Operation{
		ID: "change-ticket-agreement", Method: http.MethodPost, Path: "/tickets/{ref}/agreement", Tag: "Clocks", Summary: "Put a ticket under another agreement",
		Description: "Or under the version in force of the one it is under. What was consumed stays; the timeline and the audit log say who did it and why. Needs the permission to change the agreement.",
		Errors:      []int{http.StatusNotFound}, Request: map[string]any{"agreement_id": 4294967810, "reason": "The customer has Gold since Monday."},
		Answer: AgreementOfTicket{Role: clock.SLA, AgreementID: 4294967810, VersionID: 4294967811, Name: "Gold", Number: 1, Reason: "The customer has Gold since Monday."},
	}, s.apiPut)
}

func (s *Service) apiPut(ctx context.Context, in *struct {
	Ref  string `path:"ref" maxLength:"40" doc:"The ticket's number, or its id." example:"INC-1042"`
	Body AgreementChange
},
) (*putAnswer, error) {
	ref := ticket.ByNumber(in.Ref)
	if id, err := strconv.ParseInt(in.Ref, 10, 64); err == nil && id > 0 {
		ref = ticket.ByID(id)
	}
	over, err := s.Put(ctx, ref, Order{Role: in.Body.Role, Party: in.Body.PartyID, Agreement: in.Body.AgreementID, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	return &putAnswer{AgreementOfTicket{over.Role, over.Party, over.Agreement, over.Version, over.Name, over.Number, over.Reason}}, nil
}
