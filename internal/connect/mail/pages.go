package mail

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Addresses of the pages.
const (
	base         = "/admin/mail"
	sendersURL   = base + "/senders"
	outboxURL    = base + "/outbox"
	templatesURL = base + "/templates"
	// PreferencesURL is where everybody says which mail they want.
	PreferencesURL = "/mail/preferences"
)

// MenuID is the entry of the navigation.
const MenuID = "mail"

// pageSize is how many rows come at a time.
const pageSize = 50

// Module gives what plugs into the running system.
func (s *Service) Module() module.Module {
	may := func(v access.Verb) func(access.Actor) bool {
		return func(a access.Actor) bool { return a.Can(v, access.AnyKind) }
	}
	return module.Module{
		Name:   "mail",
		Routes: s.routes,
		API: func(h huma.API) {
			s.register(h)
			s.registerIn(h)
		},
		Follow: s.Follow,
		Tells:  tells, Written: s.Written,
		Menu: []module.MenuItem{
			{Section: text.Key("Administration"), Label: text.Key("Mail"), URL: sendersURL, Icon: "mail", ID: MenuID, Visible: may(ManageMail)},
			{Section: text.Key("Administration"), Label: text.Key("Quarantine"), URL: quarantineURL, Icon: "shield", ID: QuarantineID, Visible: may(HandleQuarantine)},
		},
		Periodic: []module.Periodic{{Name: "mail.strand", Every: time.Hour, Run: s.Strand}},
		Panels:   []module.Panel{{ID: "mail", Place: module.PlaceSide, Show: s.shown}},
	}
}

func (s *Service) routes(mux *web.Mux) {
	mux.Handle("GET "+base, func(w http.ResponseWriter, r *http.Request) error { return web.Redirect(w, r, sendersURL) })
	mux.Handle("GET "+sendersURL, s.listSenders)
	mux.Handle("GET "+sendersURL+"/new", s.editSender)
	mux.Handle("POST "+sendersURL, s.saveSender)
	mux.Handle("GET "+sendersURL+"/{id}", s.editSender)
	mux.Handle("POST "+sendersURL+"/{id}", s.saveSender)
	mux.Handle("POST "+sendersURL+"/{id}/test", s.testSender, web.Timeout(2*time.Minute))
	mux.Handle("GET "+outboxURL, s.listLetters)
	mux.Handle("GET "+outboxURL+"/{id}", s.showLetter)
	mux.Handle("POST "+outboxURL+"/{id}/send", s.sendAgain)
	mux.Handle("POST "+outboxURL+"/{id}/drop", s.dropLetter)
	mux.Handle("GET "+templatesURL, s.listTemplates)
	mux.Handle("GET "+templatesURL+"/{kind}/{language}", s.editTemplate)
	mux.Handle("POST "+templatesURL+"/{kind}/{language}", s.saveTemplate)
	mux.Handle("POST "+templatesURL+"/{kind}/{language}/reset", s.resetTemplate)
	s.routesIn(mux)
	mux.Handle("GET "+PreferencesURL, s.showWish)
	mux.Handle("POST "+PreferencesURL, s.saveWish)
}

// tells completes a sentence about what this room wrote on a timeline.
func tells(ctx context.Context, c ticket.Change) (string, bool) {
	switch c.Field {
	case ticket.ActivityPrefix + saysUndelivered:
		return text.T(ctx, "could not deliver mail to %s", c.To), true
	case ticket.ActivityPrefix + saysBounced:
		return text.T(ctx, "was told that mail did not arrive: %s", c.To), true
	}
	if c.Field == ticket.ActivityPrefix+saysPossible {
		return text.T(ctx, "noted that this may be a follow-up of %s", c.To), true
	}
	return "", false
}

// id writes an id.
func id(n int64) string { return strconv.FormatInt(n, 10) }

// page shows the body of a page of the mail settings, with the tabs above it.
func (s *Service) page(w http.ResponseWriter, r *http.Request, title string, status int, body web.Component) error {
	return s.Frame.Page(w, r, module.Page{Title: title, Active: MenuID, Status: status}, body)
}

// tabs lead from one part of the settings to the others.
func (s *Service) tabs(ctx context.Context, active string) (templ.Component, error) {
	counts, err := s.LetterCounts(ctx)
	if err != nil {
		return nil, err
	}
	return ui.Tabs(text.T(ctx, "Mail"), []ui.Tab{
		{Label: text.T(ctx, "Senders"), URL: sendersURL, Active: active == sendersURL},
		{Label: text.T(ctx, "Mailboxes"), URL: boxesURL, Active: active == boxesURL},
		{Label: text.T(ctx, "Templates"), URL: templatesURL, Active: active == templatesURL},
		{Label: text.T(ctx, "Outbox"), URL: outboxURL, Active: active == outboxURL, Count: counts[LetterFailed]},
	}), nil
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

func (s *Service) listSenders(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	found, err := s.Senders(ctx)
	if err != nil {
		return err
	}
	groups := make([]int64, 0, len(found))
	for _, v := range found {
		groups = append(groups, v.GroupID)
	}
	names, err := s.People.GroupNames(ctx, s.DB.Reader(), groups)
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "senders", Caption: text.T(ctx, "Senders"),
		Columns: []ui.Column{
			{Key: "address", Label: text.T(ctx, "Address"), Main: true},
			{Key: "name", Label: text.T(ctx, "Name")},
			{Key: "group", Label: text.T(ctx, "For tickets of")},
			{Key: "server", Label: text.T(ctx, "Server")},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
		},
		Empty: ui.EmptyState{
			Icon: ui.IconMail, Title: text.T(ctx, "No mail is sent yet"), Text: text.T(ctx, "Add the address of your service desk and the server that takes its mail. Answers then reach people who wrote by mail."),
			Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Add a sender"), Kind: ui.Primary, URL: sendersURL + "/new"}},
		},
	}
	for _, v := range found {
		state := ui.Badge{Label: text.T(ctx, "On"), Tone: ui.Success}
		if !v.Active {
			state = ui.Badge{Label: text.T(ctx, "Off")}
		}
		about := view.Text(names[v.GroupID].Name)
		if v.Default {
			about = ui.Badge{Label: text.T(ctx, "All others"), Tone: ui.Info}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "sender-" + id(v.ID), URL: sendersURL + "/" + id(v.ID), Muted: !v.Active, Cells: []templ.Component{
			ui.Link{Label: v.Address, URL: sendersURL + "/" + id(v.ID)}, view.Text(v.Name), about, view.Text(v.Server), state,
		}})
	}
	tabs, err := s.tabs(ctx, sendersURL)
	if err != nil {
		return err
	}
	m := view.Listing{
		Title: text.T(ctx, "Senders"), Lead: text.T(ctx, "The addresses that mail is sent from, and the servers that take it."), NewLabel: text.T(ctx, "Add a sender"), NewURL: sendersURL + "/new",
		NoSearch: true, Table: t,
	}
	return s.page(w, r, m.Title, 0, stacked(tabs, m.View()))
}

// stacked puts parts of a page under each other.
func stacked(parts ...templ.Component) templ.Component { return view.Stack(parts...) }

// accountForm is the part of a form that signs in at a server.
type accountForm struct {
	Server       string `form:"server"`
	Security     string `form:"security"`
	Auth         string `form:"auth"`
	User         string `form:"user"`
	Password     string `form:"password,raw"`
	TokenURL     string `form:"token_url"`
	ClientID     string `form:"client_id"`
	ClientSecret string `form:"client_secret,raw"`
	RefreshToken string `form:"refresh_token,raw"`
	Scope        string `form:"scope"`
}

func (f accountForm) account() Account {
	return Account{
		Server: f.Server, Security: meant(securityWords, f.Security), Auth: meant(authWords, f.Auth), User: f.User, TokenURL: f.TokenURL, ClientID: f.ClientID, Scope: f.Scope,
		Secrets: Secrets{Password: f.Password, ClientSecret: f.ClientSecret, RefreshToken: f.RefreshToken},
	}
}

func accountFormOf(a Account) accountForm {
	return accountForm{
		Server: a.Server, Security: securityWords[a.Security], Auth: authWords[a.Auth], User: a.User, TokenURL: a.TokenURL, ClientID: a.ClientID, Scope: a.Scope,
	}
}

// accountFields asks how to reach a server. has are the secrets there are.
func accountFields(ctx context.Context, f accountForm, has Account, bad map[string]string, example string, auths ...message.AuthMethod) []templ.Component {
	securities := []ui.Option{
		{Value: "starttls", Label: text.T(ctx, "STARTTLS, or nothing")},
		{Value: "tls", Label: text.T(ctx, "TLS from the first byte")},
		{Value: "opportunistic", Label: text.T(ctx, "STARTTLS if the server has it")},
		{Value: "none", Label: text.T(ctx, "None: for a server on this machine")},
	}
	for i := range securities {
		securities[i].Selected = securities[i].Value == f.Security
	}
	words := map[message.AuthMethod]string{
		message.NoAuth: text.T(ctx, "Not at all"), message.PLAIN: text.T(ctx, "Name and password"), message.LOGIN: text.T(ctx, "Name and password, for old servers (LOGIN)"),
		message.XOAUTH2: text.T(ctx, "OAuth 2, as Microsoft 365 and Google want it"),
	}
	var ways []ui.Option
	for _, a := range auths {
		ways = append(ways, ui.Option{Value: authWords[a], Label: words[a], Selected: f.Auth == authWords[a]})
	}
	password, client, refresh := secretsOf(has)
	kept := func(there bool) string {
		if there {
			return text.T(ctx, "There is one. Leave it empty to keep it.")
		}
		return ""
	}
	return []templ.Component{
		ui.TextField{Field: ui.Field{Name: "server", Label: text.T(ctx, "Server"), Required: true, Error: bad["server"], Help: text.T(ctx, "With its port.")}, Value: f.Server, Placeholder: example},
		ui.Select{Field: ui.Field{Name: "security", Label: text.T(ctx, "Protection of the connection"), Error: bad["security"]}, Options: securities},
		ui.Select{Field: ui.Field{Name: "auth", Label: text.T(ctx, "Sign in"), Error: bad["auth"]}, Options: ways},
		ui.TextField{Field: ui.Field{Name: "user", Label: text.T(ctx, "User name"), Error: bad["user"]}, Value: f.User, Autocomplete: "off"},
		ui.TextField{Field: ui.Field{Name: "password", Label: text.T(ctx, "Password"), Error: bad["password"], Help: kept(password)}, Type: "password", Autocomplete: "new-password"},
		view.Details(text.T(ctx, "OAuth 2"),
			ui.TextField{Field: ui.Field{Name: "token_url", Label: text.T(ctx, "Address of the token server"), Error: bad["token_url"]}, Value: f.TokenURL, Placeholder: "https://login.microsoftonline.com/TENANT/oauth2/v2.0/token"},
			ui.TextField{Field: ui.Field{Name: "client_id", Label: text.T(ctx, "Client id"), Error: bad["client_id"]}, Value: f.ClientID, Autocomplete: "off"},
			ui.TextField{Field: ui.Field{Name: "client_secret", Label: text.T(ctx, "Client secret"), Error: bad["client_secret"], Help: kept(client)}, Type: "password", Autocomplete: "new-password"},
			ui.TextField{Field: ui.Field{Name: "refresh_token", Label: text.T(ctx, "Refresh token"), Error: bad["refresh_token"], Help: kept(refresh)}, Type: "password", Autocomplete: "new-password"},
			ui.TextField{Field: ui.Field{Name: "scope", Label: text.T(ctx, "Scope"), Error: bad["scope"]}, Value: f.Scope, Placeholder: "https://outlook.office365.com/.default"},
		),
	}
}

// choose is a field that finds a record of the directory.
func choose(name, label, what, help string, chosen int64, chosenName string, bad map[string]string) templ.Component {
	c := ui.Combobox{Field: ui.Field{Name: name, Label: label, Help: help, Error: bad[name]}, URL: "/choose/" + what}
	if chosen != 0 {
		c.Chosen = []ui.Choice{{Value: id(chosen), Label: chosenName}}
	}
	return c
}

type senderForm struct {
	accountForm
	Name         string `form:"name,line"`
	Address      string `form:"address"`
	Group        int64  `form:"group"`
	Default      bool   `form:"default"`
	Language     string `form:"language"`
	Signature    string `form:"signature"`
	DKIMDomain   string `form:"dkim_domain"`
	DKIMSelector string `form:"dkim_selector"`
	DKIMKey      string `form:"dkim_key,raw"`
	Plus         bool   `form:"plus"`
	NumberIn     string `form:"number_in"`
	Active       bool   `form:"active"`
	Version      int64  `form:"version"`
}

func (f *senderForm) apply(v *Sender) {
	v.Name, v.Address, v.GroupID, v.Default, v.Language, v.Signature = f.Name, f.Address, f.Group, f.Default, f.Language, f.Signature
	v.Account = f.accountForm.account()
	v.DKIMDomain, v.DKIMSelector, v.DKIMKey, v.Plus, v.NumberIn, v.Active = f.DKIMDomain, f.DKIMSelector, f.DKIMKey, f.Plus, NumberIn(f.NumberIn), f.Active
}

func (s *Service) editSender(w http.ResponseWriter, r *http.Request) error {
	n := web.PathID(r, "id")
	f := senderForm{Plus: true, Active: true, accountForm: accountForm{Security: "starttls", Auth: "plain"}}
	var v Sender
	if r.PathValue("id") != "" {
		var err error
		if v, err = s.Sender(r.Context(), n); err != nil {
			return err
		}
		f = senderForm{
			accountForm: accountFormOf(v.Account), Name: v.Name, Address: v.Address, Group: v.GroupID, Default: v.Default, Language: v.Language, Signature: v.Signature,
			DKIMDomain: v.DKIMDomain, DKIMSelector: v.DKIMSelector, Plus: v.Plus, NumberIn: string(v.NumberIn), Active: v.Active, Version: v.Version,
		}
	}
	return s.senderEditor(w, r, v, f, nil)
}

func (s *Service) senderEditor(w http.ResponseWriter, r *http.Request, v Sender, f senderForm, failed error) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	bad, alert := wrong(ctx, failed)
	groups, err := s.People.GroupNames(ctx, s.DB.Reader(), []int64{f.Group})
	if err != nil {
		return err
	}
	languages := []ui.Option{{Value: "", Label: text.T(ctx, "English")}}
	for _, l := range text.Languages() {
		if l.Tag.String() != "en" {
			languages = append(languages, ui.Option{Value: l.Tag.String(), Label: l.Name, Selected: f.Language == l.Tag.String()})
		}
	}
	numbers := []ui.Option{
		{Value: "", Label: text.T(ctx, "Not in the subject: programs keep the conversation together")}, {Value: "first", Label: text.T(ctx, "Before the subject")}, {Value: "last", Label: text.T(ctx, "Behind the subject")},
	}
	for i := range numbers {
		numbers[i].Selected = numbers[i].Value == f.NumberIn
	}
	fields := []templ.Component{
		ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name that readers see"), Required: true, Error: bad["name"]}, Value: f.Name, Placeholder: text.T(ctx, "IT service desk"), MaxLength: maxName, Autofocus: v.ID == 0},
		ui.TextField{Field: ui.Field{Name: "address", Label: text.T(ctx, "Address"), Required: true, Error: bad["address"]}, Type: "email", Value: f.Address, Placeholder: "desk@example.org", Autocomplete: "off"},
		choose("group", text.T(ctx, "Group"), "groups", text.T(ctx, "Letters about its tickets come from here."), f.Group, groups[f.Group].Name, bad),
		ui.Check{Field: ui.Field{Name: "default", Label: text.T(ctx, "All other letters come from here"), Error: bad["default"]}, Checked: f.Default, Value: "true"},
		ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "In use")}, Checked: f.Active, Value: "true"},
	}
	fields = append(fields, accountFields(ctx, f.accountForm, v.Account, bad, "mail.example.org:587", message.PLAIN, message.LOGIN, message.XOAUTH2, message.NoAuth)...)
	fields = append(fields,
		ui.Check{Field: ui.Field{Name: "plus", Label: text.T(ctx, "Answers go to an address with a mark"), Help: text.T(ctx, "desk+mark@example.org: an answer finds its ticket from any program. The mailbox must take such addresses.")}, Checked: f.Plus, Value: "true"},
		ui.Select{Field: ui.Field{Name: "number_in", Label: text.T(ctx, "The ticket's number"), Error: bad["number_in"]}, Options: numbers},
		ui.Select{Field: ui.Field{Name: "language", Label: text.T(ctx, "Language for readers who chose none"), Error: bad["language"]}, Options: languages},
		ui.TextArea{Field: ui.Field{Name: "signature", Label: text.T(ctx, "Signature"), Error: bad["signature"], Help: text.T(ctx, "Markdown.")}, Value: f.Signature, Rows: 4},
		view.Details(text.T(ctx, "Sign letters with DKIM"),
			ui.TextField{Field: ui.Field{Name: "dkim_domain", Label: text.T(ctx, "Domain"), Error: bad["dkim_domain"]}, Value: f.DKIMDomain, Placeholder: "example.org"},
			ui.TextField{Field: ui.Field{Name: "dkim_selector", Label: text.T(ctx, "Selector")}, Value: f.DKIMSelector, Placeholder: "steward"},
			ui.TextArea{Field: ui.Field{Name: "dkim_key", Label: text.T(ctx, "Private key"), Error: bad["dkim_key"], Help: text.T(ctx, "As PEM. Leave it empty to keep the key there is, or to have one made.")}, Rows: 3},
		),
	)
	m := view.Editor{
		Title: text.T(ctx, "Add a sender"), Action: sendersURL, Cancel: sendersURL, Save: text.T(ctx, "Add the sender"), Alert: alert, Fields: fields,
		Trail: []ui.Crumb{{Label: text.T(ctx, "Mail"), URL: sendersURL}, {Label: text.T(ctx, "Add a sender")}}, Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
	}
	if v.ID == 0 {
		return s.page(w, r, m.Title, statusOf(failed), m.View())
	}
	m.Title, m.Action, m.Save = v.Address, sendersURL+"/"+id(v.ID), text.T(ctx, "Save")
	m.Trail = []ui.Crumb{{Label: text.T(ctx, "Mail"), URL: sendersURL}, {Label: v.Address}}
	parts := []templ.Component{m.View(), s.tryForm(ctx, v, "")}
	if name, value := v.Record(); name != "" {
		parts = append(parts, panel(text.T(ctx, "DKIM record to publish"), ui.Values(
			ui.Value{Label: text.T(ctx, "Name"), Content: ui.Code(name)}, ui.Value{Label: text.T(ctx, "TXT"), Content: view.Preformatted(value)},
		)))
	}
	return s.page(w, r, m.Title, statusOf(failed), stacked(parts...))
}

// panel is a titled part of a page.
func panel(title string, body templ.Component) templ.Component {
	return around(ui.Panel{Title: title}, body)
}

// around puts a panel around a part of a page.
func around(p ui.Panel, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return p.View().Render(templ.WithChildren(ctx, body), w)
	})
}

func (s *Service) tryForm(ctx context.Context, v Sender, bad string) templ.Component {
	return panel(text.T(ctx, "Try it"), view.Inline{
		Action: sendersURL + "/" + id(v.ID) + "/test", Error: bad, Bare: true, Button: ui.Button{Label: text.T(ctx, "Send a test letter"), Submit: true, Icon: ui.IconSend},
		Fields: []templ.Component{ui.TextField{Field: ui.Field{Name: "to", Label: text.T(ctx, "To"), Error: bad, Required: true}, Type: "email", Placeholder: "ana@example.org"}},
	})
}

func (s *Service) saveSender(w http.ResponseWriter, r *http.Request) error {
	ctx, n := r.Context(), web.PathID(r, "id")
	var f senderForm
	err := web.Form(r, &f, nil)
	var v Sender
	if err == nil && n == 0 {
		f.apply(&v)
		v, err = s.CreateSender(ctx, v)
	} else if err == nil {
		v, err = s.ChangeSender(ctx, n, f.Version, f.apply)
	}
	if back(err) {
		var now Sender
		if n != 0 {
			var getErr error
			if now, getErr = s.Sender(ctx, n); getErr != nil {
				return getErr
			}
			f.Version = now.Version
		}
		return s.senderEditor(w, r, now, f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s is saved", v.Address)}, s.HTTPS)
	return web.Redirect(w, r, sendersURL+"/"+id(v.ID))
}

func (s *Service) testSender(w http.ResponseWriter, r *http.Request) error {
	ctx, n := r.Context(), web.PathID(r, "id")
	var f struct {
		To string `form:"to"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	tried, err := s.TrySender(ctx, n, f.To)
	if apperr.Is(err, apperr.Invalid) {
		tried, err = Tried{Message: apperr.Message(err).In(ctx)}, nil
	}
	if err != nil {
		return err
	}
	toast := web.Toast{Text: text.T(ctx, "The server took the letter for %s", f.To)}
	if !tried.OK {
		toast.Text = text.T(ctx, "It was not sent: %s", tried.Message)
	}
	web.Flash(w, toast, s.HTTPS)
	return web.Redirect(w, r, sendersURL+"/"+id(n))
}

// numbersOf names tickets, for lists of mail.
func (s *Service) numbersOf(ctx context.Context, ids []int64) (map[int64]string, error) {
	return ticketNumbers(ctx, s.DB.Reader(), ids)
}
