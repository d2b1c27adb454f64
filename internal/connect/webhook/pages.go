package webhook

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// deliveriesURL is where one sees what was sent.
const deliveriesURL = "/admin/deliveries"

// MenuID is the entry of the navigation.
const MenuID = "channels"

// pageSize is how many rows come at a time.
const pageSize = 50

// Module gives what plugs into the running system.
func (s *Service) Module() module.Module {
	return module.Module{
		Name:     "webhook",
		Routes:   s.routes,
		API:      func(h huma.API) { s.register(h) },
		Follow:   s.Follow,
		Tells:    tells,
		Periodic: []module.Periodic{{Name: "webhook.prune", Every: time.Hour, Run: s.Prune}},
		Menu: []module.MenuItem{{
			Section: text.Key("Administration"), Label: text.Key("Chat and SMS"), URL: adminURL, Icon: string(ui.IconMessages), ID: MenuID,
			Visible: func(a access.Actor) bool { return a.Can(ManageChannels, access.AnyKind) },
		}},
	}
}

func (s *Service) routes(mux *web.Mux) {
	mux.Handle("GET "+adminURL, s.listChannels)
	mux.Handle("GET "+adminURL+"/new", s.newChannel)
	mux.Handle("POST "+adminURL, s.saveChannel)
	mux.Handle("GET "+adminURL+"/{id}", s.editChannel)
	mux.Handle("POST "+adminURL+"/{id}", s.saveChannel)
	mux.Handle("POST "+adminURL+"/{id}/test", s.testChannel, web.Timeout(time.Minute))
	mux.Handle("POST "+adminURL+"/{id}/key", s.renewKey)
	mux.Handle("POST "+adminURL+"/{id}/delete", s.deleteChannel)
	mux.Handle("POST "+adminURL+"/{id}/replay", s.replayAll)
	mux.Handle("POST "+adminURL+"/{id}/drop", s.dropAll)
	mux.Handle("GET "+deliveriesURL, s.listMessages)
	mux.Handle("GET "+deliveriesURL+"/{id}", s.showMessage)
	mux.Handle("POST "+deliveriesURL+"/{id}/replay", s.replayOne)
	mux.Handle("POST "+deliveriesURL+"/{id}/drop", s.dropOne)
	s.routesOfWays(mux)
}

// id writes an id.
func id(n int64) string { return strconv.FormatInt(n, 10) }

func (s *Service) page(w http.ResponseWriter, r *http.Request, title string, status int, parts ...templ.Component) error {
	return s.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, view.Stack(parts...))
}

// tabs lead from one part of the settings to the other.
func (s *Service) tabs(ctx context.Context, active string) (templ.Component, map[int64]Count, error) {
	counts, err := s.Counts(ctx)
	failed := 0
	for _, c := range counts {
		failed += c.Failed + c.Stopped
	}
	return ui.Tabs(text.T(ctx, "Chat and SMS"), []ui.Tab{
		{Label: text.T(ctx, "Channels"), URL: adminURL, Active: active == adminURL},
		{Label: text.T(ctx, "Deliveries"), URL: deliveriesURL, Active: active == deliveriesURL, Count: failed},
	}), counts, err
}

// panel is a titled part of a page.
func panel(title string, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Panel{Title: title}.View().Render(templ.WithChildren(ctx, body), w)
	})
}

// wrong are the messages beside fields, and what is wrong as a whole.
func wrong(ctx context.Context, err error) (map[string]string, ui.Alert) {
	if err == nil {
		return map[string]string{}, ui.Alert{}
	}
	alert := ui.Alert{Tone: ui.Critical, Title: apperr.Message(err).In(ctx)}
	if apperr.Is(err, apperr.Conflict) {
		alert.Text = text.T(ctx, "Your changes are still in the form. Saving again puts them over what is there now.")
	}
	return apperr.ByField(ctx, err), alert
}

// back reports whether the form comes again with what is wrong.
func back(err error) bool { return apperr.Is(err, apperr.Invalid) || apperr.Is(err, apperr.Conflict) }

func statusOf(err error) int {
	switch {
	case apperr.Is(err, apperr.Conflict):
		return http.StatusConflict
	case err != nil:
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

func activeBadge(ctx context.Context, active bool) ui.Badge {
	if active {
		return ui.Badge{Label: text.T(ctx, "On"), Tone: ui.Success}
	}
	return ui.Badge{Label: text.T(ctx, "Off")}
}

func leadsTo(ctx context.Context, personal bool) string {
	if personal {
		return text.T(ctx, "Persons")
	}
	return text.T(ctx, "A room")
}

func (s *Service) listChannels(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	found, err := s.Channels(ctx)
	if err != nil {
		return err
	}
	tabs, counts, err := s.tabs(ctx, adminURL)
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "channels", Caption: text.T(ctx, "Channels"),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Name"), Main: true},
			{Key: "kind", Label: text.T(ctx, "Kind")},
			{Key: "to", Label: text.T(ctx, "Leads to")},
			{Key: "address", Label: text.T(ctx, "Address")},
			{Key: "waits", Label: text.T(ctx, "Not sent"), Number: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		},
		Empty: ui.EmptyState{
			Icon: ui.IconMessages, Title: text.T(ctx, "Nobody is told by chat or SMS yet"),
			Text:    text.T(ctx, "Add the room of a team, so that escalations and news of its tickets appear there, or a way to persons, which they choose in their notification settings."),
			Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Add a channel"), Kind: ui.Primary, URL: adminURL + "/new"}},
		},
	}
	for i := range found {
		c := &found[i]
		at := adminURL + "/" + id(c.ID)
		waits := templ.Component(ui.Nothing())
		if n := counts[c.ID]; n.Waiting+n.Failed+n.Stopped > 0 {
			waits = ui.Link{Label: text.Number(ctx, int64(n.Waiting+n.Failed+n.Stopped)), URL: deliveriesURL + "?channel=" + id(c.ID)}
		}
		shown := c.Shown
		if c.Reach == ByAddress {
			shown = strings.Join(c.Hosts, ", ")
		}
		t.Rows = append(t.Rows, ui.Row{ID: "channel-" + id(c.ID), URL: at, Muted: !c.Active, Cells: []templ.Component{
			ui.Link{Label: c.Name, URL: at}, view.Text(kindLabel(ctx, c.Kind)), view.Text(leadsTo(ctx, c.Personal)), view.Text(shown), waits, activeBadge(ctx, c.Active),
		}})
	}
	m := view.Listing{
		Title: text.T(ctx, "Chat and SMS"), Lead: text.T(ctx, "The rooms of teams, and the ways by which people can be told besides mail."), NewLabel: text.T(ctx, "Add a channel"), NewURL: adminURL + "/new",
		NoSearch: true, Table: t,
	}
	return s.page(w, r, m.Title, 0, tabs, m.View())
}

// form is what the editor posts.
type form struct {
	Kind        string   `form:"kind,line"`
	Personal    bool     `form:"personal"`
	Name        string   `form:"name,line"`
	Description string   `form:"description"`
	Active      bool     `form:"active"`
	Reach       string   `form:"reach,line"`
	Hosts       string   `form:"hosts,line"`
	Address     string   `form:"address,raw"`
	Method      string   `form:"method,line"`
	Encoding    string   `form:"encoding,line"`
	Template    string   `form:"template"`
	Headers     string   `form:"headers,raw"`
	Signing     string   `form:"signing,raw"`
	Parts       int      `form:"parts"`
	Rate        int      `form:"rate"`
	Language    string   `form:"language,line"`
	Facts       []string `form:"facts"`
	Events      []string `form:"events"`
	Groups      []int64  `form:"groups"`
	Condition   string   `form:"condition,line"`
	Version     int64    `form:"version"`
	Preview     bool     `form:"preview"`
}

func (f *form) apply(c *Channel) {
	c.Kind, c.Personal, c.Name, c.Description, c.Active = Kind(f.Kind), f.Personal, f.Name, f.Description, f.Active
	c.Reach, c.Hosts = Reach(f.Reach), strings.FieldsFunc(f.Hosts, func(r rune) bool { return r == ',' || r == ' ' })
	c.Address, c.Method, c.Form, c.Template, c.Signing = f.Address, f.Method, f.Encoding == "form", f.Template, f.Signing
	c.Parts, c.Rate, c.Language, c.Groups, c.Condition = f.Parts, f.Rate, f.Language, f.Groups, f.Condition
	c.Facts, c.Events, c.Headers = nil, nil, nil
	for _, v := range f.Facts {
		c.Facts = append(c.Facts, Fact(v))
	}
	for _, v := range f.Events {
		c.Events = append(c.Events, Event(v))
	}
	for line := range strings.SplitSeq(f.Headers, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		c.Headers = append(c.Headers, Header{strings.TrimSpace(name), strings.TrimSpace(value)})
	}
}

func formOf(c *Channel) form {
	f := form{
		Kind: string(c.Kind), Personal: c.Personal, Name: c.Name, Description: c.Description, Active: c.Active, Reach: string(c.Reach), Hosts: strings.Join(c.Hosts, ", "),
		Method: c.Method, Encoding: "json", Template: c.Template, Parts: c.Parts, Rate: c.Rate, Language: c.Language, Groups: c.Groups, Condition: c.Condition, Version: c.Version,
	}
	if c.Form {
		f.Encoding = "form"
	}
	for _, v := range c.Facts {
		f.Facts = append(f.Facts, string(v))
	}
	for _, v := range c.Events {
		f.Events = append(f.Events, string(v))
	}
	var headers []string
	for _, name := range c.Names {
		headers = append(headers, name+": "+dots)
	}
	f.Headers = strings.Join(headers, "\n")
	return f
}

func (s *Service) newChannel(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	kind, personal := Kind(r.FormValue("kind")), r.FormValue("to") == "persons"
	f := form{Kind: string(kind), Personal: personal, Active: true, Method: http.MethodPost, Encoding: "json", Parts: 1, Rate: DefaultRate, Facts: []string{string(FactTitle), string(FactService)}}
	switch kind {
	case Slack, JSON:
		f.Reach = string(ByAddress)
	case Teams:
		f.Reach = string(ByAddress)
	case SMS:
		f.Personal, f.Reach, f.Template = true, string(ByNumber), "{\"to\": \"{{number}}\", \"text\": \"{{text}}\"}"
	default:
		return s.chooseKind(w, r)
	}
	return s.editor(w, r, Channel{}, f, nil)
}

// chooseKind asks what kind of channel is to be added.
func (s *Service) chooseKind(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t := ui.Table{ID: "kinds", Caption: text.T(ctx, "Kinds of channels"), Columns: []ui.Column{
		{Key: "kind", Label: text.T(ctx, "Kind"), Main: true}, {Key: "about", Label: text.T(ctx, "What it is for")},
	}}
	add := func(k Kind, to, label, about string) {
		at := adminURL + "/new?kind=" + string(k) + "&to=" + to
		t.Rows = append(t.Rows, ui.Row{ID: "kind-" + string(k) + "-" + to, URL: at, Cells: []templ.Component{ui.Link{Label: label, URL: at}, view.Text(about)}})
	}
	for _, k := range []Kind{Slack, Teams, JSON} {
		add(k, "room", text.T(ctx, "%s: a room", kindLabel(ctx, k)), text.T(ctx, "A team reads it. Rungs of escalation ladders can name it, and it can follow tickets."))
		add(k, "persons", text.T(ctx, "%s: persons", kindLabel(ctx, k)), text.T(ctx, "Everybody says where it reaches them, and of what they want to hear there."))
	}
	add(SMS, "persons", kindLabel(ctx, SMS), text.T(ctx, "Everybody gives their mobile number, and proves it by a code."))
	m := view.Listing{Title: text.T(ctx, "Add a channel"), NoSearch: true, Table: t}
	return s.page(w, r, m.Title, 0, m.View())
}

func (s *Service) editChannel(w http.ResponseWriter, r *http.Request) error {
	c, err := s.shown(r)
	if err != nil {
		return err
	}
	return s.editor(w, r, c, formOf(&c), nil)
}

func (s *Service) shown(r *http.Request) (Channel, error) {
	if err := mayManage(r.Context()); err != nil {
		return Channel{}, err
	}
	return s.live(r.Context(), s.DB.Reader(), web.PathID(r, "id"))
}

// editor shows the form, with further parts above it; c.ID is 0 for a new channel.
func (s *Service) editor(w http.ResponseWriter, r *http.Request, c Channel, f form, failed error, above ...templ.Component) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	bad, alert := wrong(ctx, failed)
	fields, err := s.fields(ctx, &c, &f, bad)
	if err != nil {
		return err
	}
	m := view.Editor{
		Title: text.T(ctx, "Add a channel"), Lead: kindLabel(ctx, Kind(f.Kind)), Action: adminURL, Cancel: adminURL, Save: text.T(ctx, "Add the channel"), Alert: alert, Fields: fields,
		Trail:  []ui.Crumb{{Label: text.T(ctx, "Chat and SMS"), URL: adminURL}, {Label: text.T(ctx, "Add a channel")}},
		Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}, {Name: "kind", Value: f.Kind}, {Name: "personal", Value: strconv.FormatBool(f.Personal)}},
	}
	if c.ID == 0 {
		return s.page(w, r, m.Title, statusOf(failed), append(above, m.View())...)
	}
	m.Title, m.Action, m.Save = c.Name, adminURL+"/"+id(c.ID), text.T(ctx, "Save")
	m.Trail[1].Label = c.Name
	parts := append(above, m.View(), s.tryForm(ctx, &c, bad["target"]))
	if c.Kind == JSON {
		about := []templ.Component{view.Text(text.T(ctx, "Messages are not signed."))}
		if c.Signing != "" {
			about = []templ.Component{
				view.Text(text.T(ctx, "Messages are signed as Standard Webhooks says: webhook-id, webhook-timestamp, webhook-signature.")),
				ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "With a new key, the one in use stops being good at once.")},
			}
		}
		parts = append(parts, panel(text.T(ctx, "Signature"), view.Stack(append(about, ui.Button{Label: text.T(ctx, "Make a new key"), Post: m.Action + "/key?version=" + id(c.Version)})...)))
	}
	parts = append(parts, panel(text.T(ctx, "Deliveries"), ui.Buttons(
		ui.Button{Label: text.T(ctx, "What was sent"), URL: deliveriesURL + "?channel=" + id(c.ID), Icon: ui.IconSend},
		ui.Button{Label: text.T(ctx, "Delete the channel"), Kind: ui.Danger, Post: m.Action + "/delete?version=" + id(c.Version), HX: ui.HX{Post: m.Action + "/delete?version=" + id(c.Version), Confirm: text.T(ctx, "What waits for it is given up, and nobody is told by it any more.")}},
	)))
	return s.page(w, r, m.Title, statusOf(failed), parts...)
}

// fields are those of the kind of channel.
func (s *Service) fields(ctx context.Context, c *Channel, f *form, bad map[string]string) ([]templ.Component, error) {
	kind := Kind(f.Kind)
	out := []templ.Component{
		ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Required: true, Error: bad["name"], Help: text.T(ctx, "As people read it, such as #network-oncall.")}, Value: f.Name, MaxLength: maxName, Autofocus: c.ID == 0},
		ui.TextArea{Field: ui.Field{Name: "description", Label: text.T(ctx, "Description"), Error: bad["description"]}, Value: f.Description, Rows: 2},
		ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "In use"), Help: text.T(ctx, "Switching it off stops what waits for it.")}, Checked: f.Active, Value: "true"},
	}
	if f.Personal && kind != SMS {
		reaches := ui.Radios{Field: ui.Field{Name: "reach", Label: text.T(ctx, "How it finds a person"), Error: bad["reach"]}}
		for _, v := range []Reach{ByAddress, ByMember} {
			if kind != Teams || v == ByAddress {
				reaches.Options = append(reaches.Options, ui.Option{Value: string(v), Label: reachLabel(ctx, v), Selected: f.Reach == string(v)})
			}
		}
		out = append(out, reaches, ui.TextField{Field: ui.Field{Name: "hosts", Label: text.T(ctx, "Hosts of their addresses"), Error: bad["hosts"], Help: text.T(ctx, "Only for webhooks of their own: where these may lead, such as hooks.slack.com or *.example.org.")}, Value: f.Hosts})
	}
	out = append(out, s.addressField(ctx, c, f, bad))
	if kind == JSON || kind == SMS {
		out = append(out, templateFields(ctx, f, bad)...)
	}
	out = append(out, ui.TextArea{Field: ui.Field{Name: "headers", Label: text.T(ctx, "Headers"), Error: bad["headers"], Help: text.T(ctx, "One a line, such as Authorization: Bearer abc. Their values are never shown again; ••• keeps one.")}, Value: f.Headers, Rows: 2, Mono: true})
	if kind == JSON {
		help := text.T(ctx, "Begins with whsec_. Empty signs nothing; a key can also be made below, once the channel is saved.")
		if c.Signing != "" {
			help = text.T(ctx, "There is one. Leave it empty to keep it.")
		}
		out = append(out, ui.TextField{Field: ui.Field{Name: "signing", Label: text.T(ctx, "Key of the signature"), Error: bad["signing"], Help: help}, Type: "password", Autocomplete: "new-password"})
	}
	if kind == SMS {
		out = append(out, ui.TextField{Field: ui.Field{Name: "parts", Label: text.T(ctx, "Messages one text may take"), Error: bad["parts"], Help: text.T(ctx, "1 to 4. One holds 160 characters, or 70 of alphabets such as the Cyrillic.")}, Value: strconv.Itoa(f.Parts), Type: "number"})
	}
	facts := ui.Checks{Field: ui.Field{Name: "facts", Label: text.T(ctx, "What may be said of a ticket, besides its number"), Error: bad["facts"], Help: text.T(ctx, "The text of notes and answers is never sent.")}, Inline: true}
	for _, v := range Facts() {
		facts.Options = append(facts.Options, ui.Option{Value: string(v), Label: factLabel(ctx, v), Selected: contains(f.Facts, string(v))})
	}
	out = append(out, facts)
	if !f.Personal {
		more, err := s.roomFields(ctx, f, bad)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return append(out,
		ui.TextField{Field: ui.Field{Name: "rate", Label: text.T(ctx, "Messages a minute, at most"), Error: bad["rate"]}, Value: strconv.Itoa(f.Rate), Type: "number"},
		ui.Button{Label: text.T(ctx, "Show the request"), Submit: true, Name: "preview", Value: "true", Icon: ui.IconEye},
	), nil
}

func contains(all []string, v string) bool {
	for _, o := range all {
		if o == v {
			return true
		}
	}
	return false
}

func (s *Service) addressField(ctx context.Context, c *Channel, f *form, bad map[string]string) templ.Component {
	kind := Kind(f.Kind)
	example, help := "https://hooks.slack.com/services/…", text.T(ctx, "It is a secret, and is never shown again.")
	switch kind {
	case Teams:
		example = "https://….logic.azure.com/workflows/…"
	case JSON:
		example = "https://example.org/hooks/steward"
	case SMS:
		example = "https://sms.example.org/send"
	case Slack:
	}
	if f.Personal && kind != SMS {
		help = text.T(ctx, "Only for names in the chat: {{to}} stands for the name. It is a secret, and is never shown again.")
	}
	if c.Shown != "" {
		help = text.T(ctx, "There is one: %s. Leave it empty to keep it.", c.Shown)
	}
	return ui.TextField{Field: ui.Field{Name: "address", Label: text.T(ctx, "Address"), Error: bad["address"], Help: help, Required: c.ID == 0 && (!f.Personal || kind == SMS)}, Value: f.Address, Placeholder: example, Autocomplete: "off"}
}

func templateFields(ctx context.Context, f *form, bad map[string]string) []templ.Component {
	methods := ui.Select{Field: ui.Field{Name: "method", Label: text.T(ctx, "Method"), Error: bad["method"]}}
	for _, v := range []string{http.MethodPost, http.MethodPut, http.MethodGet} {
		methods.Options = append(methods.Options, ui.Option{Value: v, Label: v, Selected: f.Method == v})
	}
	encodings := ui.Select{Field: ui.Field{Name: "encoding", Label: text.T(ctx, "Encoding"), Error: bad["encoding"]}, Options: []ui.Option{
		{Value: "json", Label: text.T(ctx, "JSON"), Selected: f.Encoding != "form"}, {Value: "form", Label: text.T(ctx, "A form; with GET in the address"), Selected: f.Encoding == "form"},
	}}
	var known []string
	for _, p := range textPlaceholders {
		known = append(known, "{{"+p+"}}")
	}
	help := text.T(ctx, "Of a form one field a line, such as to={{number}}. Values are escaped for the encoding. There are %s.", strings.Join(known, ", "))
	if Kind(f.Kind) == JSON {
		help = text.T(ctx, "Empty sends a document of Steward's own. Of a form one field a line, such as message={{text}}. Values are escaped for the encoding. There are %s.", strings.Join(known, ", "))
	}
	return []templ.Component{methods, encodings, ui.TextArea{Field: ui.Field{Name: "template", Label: text.T(ctx, "Template of the body"), Error: bad["template"], Help: help, Required: Kind(f.Kind) == SMS}, Value: f.Template, Rows: 5, Mono: true}}
}

func (s *Service) roomFields(ctx context.Context, f *form, bad map[string]string) ([]templ.Component, error) {
	names, err := s.People.GroupNames(ctx, s.DB.Reader(), f.Groups)
	if err != nil {
		return nil, err
	}
	languages := []ui.Option{{Value: "", Label: text.T(ctx, "English")}}
	for _, l := range text.Languages() {
		if l.Tag.String() != "en" {
			languages = append(languages, ui.Option{Value: l.Tag.String(), Label: l.Name, Selected: f.Language == l.Tag.String()})
		}
	}
	events := ui.Checks{Field: ui.Field{Name: "events", Label: text.T(ctx, "What it follows by itself"), Error: bad["events"], Help: text.T(ctx, "Rungs of escalation ladders name it without this.")}}
	for _, e := range Events() {
		events.Options = append(events.Options, ui.Option{Value: string(e), Label: eventLabel(ctx, e), Selected: contains(f.Events, string(e))})
	}
	groups := ui.Combobox{Field: ui.Field{Name: "groups", Label: text.T(ctx, "Of the tickets of these groups"), Error: bad["groups"], Help: text.T(ctx, "None is all.")}, URL: "/choose/groups", Multiple: true}
	for _, g := range f.Groups {
		groups.Chosen = append(groups.Chosen, ui.Choice{Value: id(g), Label: names[g].Name})
	}
	return []templ.Component{
		ui.Select{Field: ui.Field{Name: "language", Label: text.T(ctx, "Language"), Error: bad["language"]}, Options: languages},
		events, groups,
		ui.TextField{Field: ui.Field{Name: "condition", Label: text.T(ctx, "Only tickets that match"), Error: bad["condition"], Help: text.T(ctx, "A filter, as in the queue. Empty is all of them.")}, Value: f.Condition, Placeholder: "priority:<=2"},
	}, nil
}

func (s *Service) tryForm(ctx context.Context, c *Channel, bad string) templ.Component {
	form := view.Inline{
		Action: adminURL + "/" + id(c.ID) + "/test", Bare: true, Button: ui.Button{Label: text.T(ctx, "Send a test"), Submit: true, Icon: ui.IconSend},
	}
	if c.Personal {
		example := "+49 170 1234567"
		switch c.Reach {
		case ByMember:
			example = "@ana"
		case ByAddress:
			example = "https://"
			if len(c.Hosts) > 0 {
				example += c.Hosts[0] + "/…"
			}
		case ByNumber:
		}
		form.Fields = []templ.Component{ui.TextField{Field: ui.Field{Name: "to", Label: text.T(ctx, "To"), Error: bad, Required: true}, Placeholder: example, Autocomplete: "off"}}
	}
	return panel(text.T(ctx, "Try it"), form)
}

// triedPanel shows what came of a test.
func triedPanel(ctx context.Context, t ChannelTest) templ.Component {
	alert := ui.Alert{Tone: ui.Success, Title: text.T(ctx, "The far side took it: %s", strconv.Itoa(t.Status))}
	if !t.OK {
		alert = ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "It was not taken"), Text: t.Error}
	}
	parts := []templ.Component{alert, view.Text(text.T(ctx, "Sent")), view.Preformatted(t.Request)}
	if t.Answer != "" {
		parts = append(parts, view.Text(text.T(ctx, "Answered after %s ms", text.Number(ctx, t.Took))), view.Preformatted(t.Answer))
	}
	return panel(text.T(ctx, "What came of the test"), view.Stack(parts...))
}

func (s *Service) saveChannel(w http.ResponseWriter, r *http.Request) error {
	ctx, n := r.Context(), web.PathID(r, "id")
	if err := mayManage(ctx); err != nil {
		return err
	}
	var f form
	err := web.Form(r, &f, nil)
	var c Channel
	if n != 0 {
		var getErr error
		if c, getErr = s.live(ctx, s.DB.Reader(), n); getErr != nil {
			return getErr
		}
	}
	if err == nil && f.Preview {
		shown, err := s.Preview(ctx, n, f.apply)
		if back(err) {
			return s.editor(w, r, c, f, err)
		}
		if err != nil {
			return err
		}
		return s.editor(w, r, c, f, nil, panel(text.T(ctx, "The request"), view.Preformatted(shown)))
	}
	saved := c
	if err == nil && n == 0 {
		f.apply(&saved)
		saved, err = s.CreateChannel(ctx, saved)
	} else if err == nil {
		saved, err = s.ChangeChannel(ctx, n, f.Version, f.apply)
	}
	if back(err) {
		if now, ok := apperr.Now[Channel](err); ok {
			f.Version = now.Version
		}
		return s.editor(w, r, c, f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s is saved", saved.Name)}, s.HTTPS)
	return web.Redirect(w, r, adminURL+"/"+id(saved.ID))
}

func (s *Service) testChannel(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := s.shown(r)
	if err != nil {
		return err
	}
	var f struct {
		To string `form:"to,raw"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	tried, err := s.Try(ctx, c.ID, f.To)
	if apperr.Is(err, apperr.Invalid) {
		return s.editor(w, r, c, formOf(&c), err)
	}
	if err != nil {
		return err
	}
	return s.editor(w, r, c, formOf(&c), nil, triedPanel(ctx, tried))
}

// renewKey shows the new key this once.
func (s *Service) renewKey(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	version, _ := strconv.ParseInt(r.FormValue("version"), 10, 64) // what is no number checks nothing
	c, key, err := s.NewSigningKey(ctx, web.PathID(r, "id"), version)
	if apperr.Is(err, apperr.Conflict) {
		now, getErr := s.shown(r)
		if getErr != nil {
			return getErr
		}
		return s.editor(w, r, now, formOf(&now), err)
	}
	if err != nil {
		return err
	}
	return s.editor(w, r, c, formOf(&c), nil, panel(text.T(ctx, "The new key"), view.Stack(
		ui.Alert{Tone: ui.Warning, Title: text.T(ctx, "Copy it now: it is never shown again.")}, view.Preformatted(key), ui.Button{Label: text.T(ctx, "Copy"), Copies: key},
	)))
}

func (s *Service) deleteChannel(w http.ResponseWriter, r *http.Request) error {
	c, err := s.shown(r)
	if err != nil {
		return err
	}
	version, _ := strconv.ParseInt(r.FormValue("version"), 10, 64) // what is no number checks nothing
	err = s.DeleteChannel(r.Context(), c.ID, version)
	if apperr.Is(err, apperr.Conflict) {
		return s.editor(w, r, c, formOf(&c), err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "“%s” is deleted", c.Name)}, s.HTTPS)
	return web.Redirect(w, r, adminURL)
}
