package webhook

import (
	"context"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// WaysURL is where everybody says by which channels they can be reached.
const WaysURL = "/ways"

func (s *Service) routesOfWays(mux *web.Mux) {
	mux.Handle("GET "+WaysURL, s.showWays)
	mux.Handle("POST "+WaysURL+"/{id}", s.setWay)
	mux.Handle("POST "+WaysURL+"/{id}/confirm", s.confirmWay)
	mux.Handle("POST "+WaysURL+"/{id}/leave", s.leaveWay)
}

func (s *Service) showWays(w http.ResponseWriter, r *http.Request) error {
	return s.ofWays(w, r, 0, "", nil)
}

// ofWays is the page; typed is what failed of one of the channels.
func (s *Service) ofWays(w http.ResponseWriter, r *http.Request, failedID int64, typed string, failed error) error {
	ctx := r.Context()
	mine, err := s.MyWays(ctx)
	if err != nil {
		return err
	}
	m := view.Record{
		Title: text.T(ctx, "Chat and SMS"), Lead: text.T(ctx, "Say where you can be reached. Then choose in the notification settings of what you want to hear there."),
		Trail: []ui.Crumb{{Label: text.T(ctx, "Notification settings"), URL: "/inbox/settings"}, {Label: text.T(ctx, "Chat and SMS")}},
	}
	for i := range mine {
		bad, old := map[string]string{}, ""
		if mine[i].ID == failedID {
			bad, old = apperr.ByField(ctx, failed), typed
			if len(bad) == 0 && failed != nil {
				bad["target"] = apperr.Message(failed).In(ctx)
			}
		}
		m.Sections = append(m.Sections, view.Section{Title: mine[i].Name, Body: wayPart(ctx, &mine[i], old, bad)})
	}
	if len(mine) == 0 {
		m.Sections = []view.Section{{Title: text.T(ctx, "Chat and SMS"), Body: ui.EmptyState{
			Icon: ui.IconMessages, Title: text.T(ctx, "There is no such way yet"), Text: text.T(ctx, "An administrator has not set up a chat or an SMS gateway for persons."),
		}}}
	}
	status := http.StatusOK
	switch {
	case apperr.Is(failed, apperr.TooMany):
		status = http.StatusTooManyRequests
	case failed != nil:
		status = http.StatusUnprocessableEntity
	}
	return s.Frame.Page(w, r, module.Page{Title: m.Title, Status: status}, m.View())
}

// wayPart is one channel: where it reaches the reader, the code, or how to begin.
func wayPart(ctx context.Context, m *Mine, typed string, bad map[string]string) templ.Component {
	at := WaysURL + "/" + id(m.ID)
	var parts []templ.Component
	if m.Description != "" {
		parts = append(parts, view.Text(m.Description))
	}
	if m.Active {
		return view.Stack(append(parts,
			ui.Values(ui.Value{Label: text.T(ctx, "Reaches you at"), Content: view.Text(m.Shown)}),
			ui.Buttons(ui.Button{Label: text.T(ctx, "Choose what you are told"), URL: "/inbox/settings"}, ui.Button{Label: text.T(ctx, "Stop using it"), Post: at + "/leave", Kind: ui.Quiet}),
		)...)
	}
	if m.Asked {
		parts = append(parts,
			ui.Alert{Title: text.T(ctx, "A code is on its way to %s", m.Shown), Text: text.T(ctx, "It is good for 15 minutes. Nothing else is sent before you have typed it here.")},
			view.Inline{Action: at + "/confirm", Bare: true, Button: ui.Button{Label: text.T(ctx, "Confirm"), Submit: true, Kind: ui.Primary}, Fields: []templ.Component{
				ui.TextField{Field: ui.Field{Name: "code", ID: "code-" + id(m.ID), Label: text.T(ctx, "Code"), Required: true, Error: bad["code"]}, Autocomplete: "one-time-code", MaxLength: 12},
			}},
		)
	}
	label, help, example, kind := text.T(ctx, "Your name in the chat"), "", "@ana", ""
	switch m.Reach {
	case ByNumber:
		label, example, kind = text.T(ctx, "Your mobile number"), "+49 170 1234567", "tel"
	case ByAddress:
		label, help = text.T(ctx, "The address of your webhook"), text.T(ctx, "It leads to %s, and is never shown again.", strings.Join(m.Hosts, ", "))
		example = "https://…"
	case ByMember:
	}
	button := ui.Button{Label: text.T(ctx, "Send me a code"), Submit: true, Kind: ui.Primary}
	if m.Asked {
		button.Label, button.Kind = text.T(ctx, "Send another code"), ""
	}
	return view.Stack(append(parts, view.Inline{Action: at, Bare: true, Button: button, Fields: []templ.Component{
		ui.TextField{Field: ui.Field{Name: "target", ID: "target-" + id(m.ID), Label: label, Help: help, Required: true, Error: bad["target"]}, Value: typed, Placeholder: example, Type: kind, Autocomplete: "off"},
	}})...)
}

func (s *Service) setWay(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Target string `form:"target,raw"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	n := web.PathID(r, "id")
	err := s.SetTarget(r.Context(), n, f.Target)
	if apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.TooMany) {
		return s.ofWays(w, r, n, f.Target, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "A code is on its way")}, s.HTTPS)
	return web.Redirect(w, r, WaysURL)
}

func (s *Service) confirmWay(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Code string `form:"code,line"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	n := web.PathID(r, "id")
	err := s.ConfirmTarget(r.Context(), n, f.Code)
	if apperr.Is(err, apperr.Invalid) {
		return s.ofWays(w, r, n, "", err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "It reaches you. Now choose of what you want to hear.")}, s.HTTPS)
	return web.Redirect(w, r, "/inbox/settings")
}

func (s *Service) leaveWay(w http.ResponseWriter, r *http.Request) error {
	if err := s.LeaveTarget(r.Context(), web.PathID(r, "id")); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "Nothing is sent there any more")}, s.HTTPS)
	return web.Redirect(w, r, WaysURL)
}
