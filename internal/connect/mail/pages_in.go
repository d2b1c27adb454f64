package mail

import (
	"context"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	boxesURL      = base + "/mailboxes"
	quarantineURL = "/mail/quarantine"
	blocksURL     = "/mail/blocks"
)

// QuarantineID is the entry of the navigation.
const QuarantineID = "quarantine"

func (s *Service) routesIn(mux *web.Mux) {
	mux.Handle("GET "+boxesURL, s.listBoxes)
	mux.Handle("GET "+boxesURL+"/new", s.editBox)
	mux.Handle("POST "+boxesURL, s.saveBox)
	mux.Handle("GET "+boxesURL+"/{id}", s.editBox)
	mux.Handle("POST "+boxesURL+"/{id}", s.saveBox)
	mux.Handle("POST "+boxesURL+"/{id}/test", s.testBox, web.Timeout(2*time.Minute))
	mux.Handle("GET "+quarantineURL, s.listArrivals)
	mux.Handle("GET "+quarantineURL+"/{id}", s.showArrival)
	mux.Handle("GET "+quarantineURL+"/{id}/raw", s.rawArrival)
	mux.Handle("POST "+quarantineURL+"/{id}/release", s.releaseArrival)
	mux.Handle("POST "+quarantineURL+"/{id}/drop", s.dropArrival)
	mux.Handle("POST "+quarantineURL+"/{id}/block", s.blockArrival)
	mux.Handle("GET "+blocksURL, s.listBlocks)
	mux.Handle("POST "+blocksURL, s.saveBlock)
	mux.Handle("POST "+blocksURL+"/revive", s.revive)
	mux.Handle("GET /tickets/{number}/mail", s.ticketMail)
	mux.Handle("GET /tickets/{number}/mail/{id}", s.ticketMessage)
	mux.Handle("GET /tickets/{number}/mail/{id}/raw", s.ticketRaw)
	mux.Handle("GET /tickets/{number}/mail/{id}/pictures", s.ticketMessage, web.CSP(strings.Replace(web.DefaultCSP, "img-src 'self' data:", "img-src 'self' data: https: http:", 1)))
}

func (s *Service) listBoxes(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	found, err := s.Boxes(ctx)
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "boxes", Caption: text.T(ctx, "Mailboxes"),
		Columns: []ui.Column{
			{Key: "address", Label: text.T(ctx, "Address"), Main: true},
			{Key: "kind", Label: text.T(ctx, "Becomes")},
			{Key: "server", Label: text.T(ctx, "Server")},
			{Key: "state", Label: text.T(ctx, "State")},
			{Key: "reached", Label: text.T(ctx, "Last reached"), Shrink: true},
		},
		Empty: ui.EmptyState{
			Icon: ui.IconInbox, Title: text.T(ctx, "No mail is read yet"), Text: text.T(ctx, "Add the mailbox people write to. Each mail becomes a ticket, or a message of one."),
			Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Add a mailbox"), Kind: ui.Primary, URL: boxesURL + "/new"}},
		},
	}
	for _, b := range found {
		at := boxesURL + "/" + id(b.ID)
		def, _ := s.Tickets.Kinds().In(ctx).Get(b.Kind)
		kind := b.Kind
		if def != nil {
			kind = text.T(ctx, def.Label)
		}
		var reached templ.Component
		if !b.ReachedAt.IsZero() {
			reached = ui.Moment{At: b.ReachedAt}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "box-" + id(b.ID), URL: at, Muted: !b.Active, Cells: []templ.Component{
			ui.Link{Label: b.Address, URL: at}, view.Text(kind), view.Text(b.Server), boxBadge(ctx, b), reached,
		}})
	}
	tabs, err := s.tabs(ctx, boxesURL)
	if err != nil {
		return err
	}
	m := view.Listing{
		Title: text.T(ctx, "Mailboxes"), Lead: text.T(ctx, "Where mail comes from, and what it becomes."), NewLabel: text.T(ctx, "Add a mailbox"), NewURL: boxesURL + "/new", NoSearch: true, Table: t,
	}
	return s.page(w, r, m.Title, 0, stacked(tabs, m.View()))
}

func boxBadge(ctx context.Context, b Box) ui.Badge {
	switch {
	case !b.Active:
		return ui.Badge{Label: text.T(ctx, "Off")}
	case b.Problem != "":
		return ui.Badge{Label: text.T(ctx, "Not reached"), Tone: ui.Critical, Hint: b.Problem}
	case b.Protocol == IMAP && b.ReachedAt.IsZero():
		return ui.Badge{Label: text.T(ctx, "Not reached yet"), Tone: ui.Warning}
	}
	return ui.Badge{Label: text.T(ctx, "On"), Tone: ui.Success}
}

type boxForm struct {
	accountForm
	Name         string `form:"name,line"`
	Address      string `form:"address"`
	Protocol     string `form:"protocol"`
	Folder       string `form:"folder,line"`
	After        string `form:"after"`
	MoveTo       string `form:"move_to,line"`
	Kind         string `form:"kind"`
	Service      int64  `form:"service"`
	Group        int64  `form:"group"`
	Sender       int64  `form:"sender"`
	Organisation int64  `form:"organisation"`
	Unknown      string `form:"unknown"`
	PerHour      int    `form:"per_hour"`
	Active       bool   `form:"active"`
	Version      int64  `form:"version"`
}

func (f *boxForm) apply(b *Box) {
	b.Name, b.Address, b.Protocol, b.Account = f.Name, f.Address, Protocol(f.Protocol), f.accountForm.account()
	b.Folder, b.After, b.MoveTo, b.Kind, b.ServiceID, b.GroupID, b.SenderID = f.Folder, After(f.After), f.MoveTo, f.Kind, f.Service, f.Group, f.Sender
	b.OrganisationID, b.Unknown, b.PerHour, b.Active = f.Organisation, Unknown(f.Unknown), f.PerHour, f.Active
}

func (s *Service) editBox(w http.ResponseWriter, r *http.Request) error {
	f := boxForm{Protocol: string(IMAP), Active: true, Folder: "INBOX", After: string(AfterSeen), Unknown: string(UnknownAccept), PerHour: defaultPerHour, accountForm: accountForm{Security: "tls", Auth: "plain"}}
	var b Box
	if r.PathValue("id") != "" {
		var err error
		if b, err = s.Box(r.Context(), web.PathID(r, "id")); err != nil {
			return err
		}
		f = boxForm{
			accountForm: accountFormOf(b.Account), Name: b.Name, Address: b.Address, Protocol: string(b.Protocol), Folder: b.Folder, After: string(b.After), MoveTo: b.MoveTo, Kind: b.Kind,
			Service: b.ServiceID, Group: b.GroupID, Sender: b.SenderID, Organisation: b.OrganisationID, Unknown: string(b.Unknown), PerHour: b.PerHour, Active: b.Active, Version: b.Version,
		}
	}
	return s.boxEditor(w, r, b, f, nil)
}

// chosen marks one of some options.
func chosen(options []ui.Option, value string) []ui.Option {
	for i := range options {
		options[i].Selected = options[i].Value == value
	}
	return options
}

func (s *Service) boxEditor(w http.ResponseWriter, r *http.Request, b Box, f boxForm, failed error) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	bad, alert := wrong(ctx, failed)
	q := s.DB.Reader()
	groups, err := s.People.GroupNames(ctx, q, []int64{f.Group})
	if err != nil {
		return err
	}
	services, err := s.Services.Names(ctx, q, []int64{f.Service})
	if err != nil {
		return err
	}
	organisations, err := s.People.OrganisationNames(ctx, q, []int64{f.Organisation})
	if err != nil {
		return err
	}
	senders, err := s.Senders(ctx)
	if err != nil {
		return err
	}
	from := []ui.Option{{Value: "", Label: text.T(ctx, "The group's, else the default")}}
	for _, v := range senders {
		from = append(from, ui.Option{Value: id(v.ID), Label: v.Address})
	}
	var kinds []ui.Option
	for _, def := range s.Tickets.Kinds().In(ctx).All() {
		kinds = append(kinds, ui.Option{Value: def.Key, Label: text.T(ctx, def.Label)})
	}
	fields := []templ.Component{
		ui.TextField{Field: ui.Field{Name: "address", Label: text.T(ctx, "Address"), Required: true, Error: bad["address"]}, Type: "email", Value: f.Address, Placeholder: "help@example.org", Autocomplete: "off", Autofocus: b.ID == 0},
		ui.TextField{Field: ui.Field{Name: "name", Label: text.T(ctx, "Name"), Error: bad["name"]}, Value: f.Name, MaxLength: maxName},
		ui.Check{Field: ui.Field{Name: "active", Label: text.T(ctx, "In use")}, Checked: f.Active, Value: "true"},
		ui.Radios{Field: ui.Field{Name: "protocol", Label: text.T(ctx, "How its mail gets here"), Error: bad["protocol"]}, Options: chosen([]ui.Option{
			{Value: string(IMAP), Label: text.T(ctx, "Steward fetches it (IMAP)")}, {Value: string(Delivery), Label: text.T(ctx, "A mail server brings it (LMTP, SMTP), or it is imported from files")},
		}, f.Protocol)},
		view.Details(text.T(ctx, "Server of the mailbox"), append(accountFields(ctx, f.accountForm, b.Account, bad, "mail.example.org:993", message.PLAIN, message.XOAUTH2),
			ui.TextField{Field: ui.Field{Name: "folder", Label: text.T(ctx, "Folder"), Error: bad["folder"]}, Value: f.Folder},
			ui.Select{Field: ui.Field{Name: "after", Label: text.T(ctx, "When a mail is here"), Error: bad["after"]}, Options: chosen([]ui.Option{
				{Value: string(AfterSeen), Label: text.T(ctx, "Mark it read")}, {Value: string(AfterMove), Label: text.T(ctx, "Move it")}, {Value: string(AfterDelete), Label: text.T(ctx, "Delete it")},
			}, f.After)},
			ui.TextField{Field: ui.Field{Name: "move_to", Label: text.T(ctx, "Move it to"), Error: bad["move_to"]}, Value: f.MoveTo, Placeholder: "Steward"},
		)...),
		ui.Select{Field: ui.Field{Name: "kind", Label: text.T(ctx, "Its mail becomes"), Required: true, Error: bad["kind"]}, Options: chosen(kinds, f.Kind)},
		choose("service", text.T(ctx, "Service"), "services", "", f.Service, services[f.Service], bad),
		choose("group", text.T(ctx, "Group"), "groups", text.T(ctx, "Which gets the tickets; else that of the service."), f.Group, groups[f.Group].Name, bad),
		ui.Select{Field: ui.Field{Name: "sender", Label: text.T(ctx, "Answers come from"), Error: bad["sender"]}, Options: chosen(from, id(f.Sender))},
		ui.Radios{Field: ui.Field{Name: "unknown", Label: text.T(ctx, "Mail from strangers"), Error: bad["unknown"]}, Options: chosen([]ui.Option{
			{Value: string(UnknownAccept), Label: text.T(ctx, "Comes in, and they become contacts")}, {Value: string(UnknownQuarantine), Label: text.T(ctx, "Waits in quarantine")},
		}, f.Unknown)},
		choose("organisation", text.T(ctx, "Organisation of such contacts"), "organisations", "", f.Organisation, organisations[f.Organisation], bad),
		ui.TextField{Field: ui.Field{Name: "per_hour", Label: text.T(ctx, "Mails of one sender within an hour"), Error: bad["per_hour"], Help: text.T(ctx, "More of them wait in quarantine.")}, Type: "number", Min: "1", Max: "10000", Value: strconv.Itoa(f.PerHour)},
	}
	m := view.Editor{
		Title: text.T(ctx, "Add a mailbox"), Action: boxesURL, Cancel: boxesURL, Save: text.T(ctx, "Add the mailbox"), Alert: alert, Fields: fields,
		Trail: []ui.Crumb{{Label: text.T(ctx, "Mailboxes"), URL: boxesURL}, {Label: text.T(ctx, "Add a mailbox")}}, Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
	}
	if b.ID == 0 {
		return s.page(w, r, m.Title, statusOf(failed), m.View())
	}
	at := boxesURL + "/" + id(b.ID)
	m.Title, m.Action, m.Save, m.Trail = b.Address, at, text.T(ctx, "Save"), []ui.Crumb{{Label: text.T(ctx, "Mailboxes"), URL: boxesURL}, {Label: b.Address}}
	if b.Problem != "" && failed == nil {
		m.Alert = ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "This mailbox is not reached"), Text: b.Problem}
	}
	parts := []templ.Component{m.View()}
	if b.Protocol == IMAP {
		parts = append(parts, panel(text.T(ctx, "Try it"), ui.Button{Label: text.T(ctx, "Connect and look"), Post: at + "/test", Icon: ui.IconReload}))
	}
	return s.page(w, r, m.Title, statusOf(failed), stacked(parts...))
}

func (s *Service) saveBox(w http.ResponseWriter, r *http.Request) error {
	ctx, n := r.Context(), web.PathID(r, "id")
	var f boxForm
	err := web.Form(r, &f, nil)
	var b Box
	if err == nil && n == 0 {
		f.apply(&b)
		b, err = s.CreateBox(ctx, b)
	} else if err == nil {
		b, err = s.ChangeBox(ctx, n, f.Version, f.apply)
	}
	if back(err) {
		var now Box
		if n != 0 {
			var getErr error
			if now, getErr = s.Box(ctx, n); getErr != nil {
				return getErr
			}
			f.Version = now.Version
		}
		return s.boxEditor(w, r, now, f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s is saved", b.Address)}, s.HTTPS)
	return web.Redirect(w, r, boxesURL+"/"+id(b.ID))
}

func (s *Service) testBox(w http.ResponseWriter, r *http.Request) error {
	ctx, n := r.Context(), web.PathID(r, "id")
	tried, err := s.TryBox(ctx, n)
	if err != nil {
		return err
	}
	toast := web.Toast{Text: text.N(ctx, tried.Messages, "It works: %d mail lies there", "It works: %d mails lie there")}
	if !tried.OK {
		toast.Text = text.T(ctx, "It does not work: %s", tried.Message)
	}
	web.Flash(w, toast, s.HTTPS)
	return web.Redirect(w, r, boxesURL+"/"+id(n))
}

func arrivalBadge(ctx context.Context, state ArrivalState) ui.Badge {
	switch state {
	case ArrivalLanded:
		return ui.Badge{Label: text.T(ctx, "On a ticket"), Tone: ui.Success}
	case ArrivalIgnored:
		return ui.Badge{Label: text.T(ctx, "Not taken")}
	case ArrivalQuarantined:
		return ui.Badge{Label: text.T(ctx, "In quarantine"), Tone: ui.Warning}
	case ArrivalDropped:
		return ui.Badge{Label: text.T(ctx, "Dropped")}
	case ArrivalDuplicate:
		return ui.Badge{Label: text.T(ctx, "Here already")}
	case ArrivalStored:
	}
	return ui.Badge{Label: text.T(ctx, "Is being read"), Tone: ui.Info}
}

func (s *Service) quarantinePage(w http.ResponseWriter, r *http.Request, title string, status int, body web.Component) error {
	return s.Frame.Page(w, r, module.Page{Title: title, Active: QuarantineID, Status: status}, body)
}

func quarantineTabs(ctx context.Context, active string) templ.Component {
	return ui.Tabs(text.T(ctx, "Mail"), []ui.Tab{
		{Label: text.T(ctx, "In quarantine"), URL: quarantineURL, Active: active == quarantineURL},
		{Label: text.T(ctx, "All mail"), URL: quarantineURL + "?state=all", Active: active == "all"},
		{Label: text.T(ctx, "Blocked and dead addresses"), URL: blocksURL, Active: active == blocksURL},
	})
}

func (s *Service) listArrivals(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	state, active := ArrivalQuarantined, quarantineURL
	if r.FormValue("state") == "all" {
		state, active = "", "all"
	}
	found, err := s.Arrivals(ctx, ArrivalQuery{State: state, Before: before(r), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "arrivals", Caption: text.T(ctx, "Mail"),
		Columns: []ui.Column{
			{Key: "subject", Label: text.T(ctx, "Subject"), Main: true},
			{Key: "from", Label: text.T(ctx, "From")},
			{Key: "why", Label: text.T(ctx, "Why"), Shrink: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
			{Key: "at", Label: text.T(ctx, "Came"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconCircleCheck, Title: text.T(ctx, "Nothing waits here"), Text: text.T(ctx, "Spam, mail of blocked and unknown senders and what cannot be read is held back here until somebody decides.")},
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		t.More = more(r, found[pageSize-1].ID)
	}
	for i := range found {
		a := &found[i]
		subject := a.Subject
		if subject == "" {
			subject = text.T(ctx, "No subject")
		}
		t.Rows = append(t.Rows, ui.Row{ID: "arrival-" + id(a.ID), URL: quarantineURL + "/" + id(a.ID), Cells: []templ.Component{
			ui.Link{Label: subject, URL: quarantineURL + "/" + id(a.ID)}, view.Text(a.From), view.Text(reason(ctx, a.Reason)), arrivalBadge(ctx, a.State), ui.Moment{At: a.ReceivedAt},
		}})
	}
	if before(r) != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(t))
	}
	m := view.Listing{Title: text.T(ctx, "Quarantine"), Lead: text.T(ctx, "Mail that was held back, and why. Nothing is thrown away by itself."), NoSearch: true, Table: t}
	return s.quarantinePage(w, r, m.Title, 0, stacked(quarantineTabs(ctx, active), m.View()))
}

// traced lists why a mail landed where it did.
func traced(ctx context.Context, a *Arrival) templ.Component {
	var lines []templ.Component
	for _, r := range a.Trace {
		lines = append(lines, view.Text(remark(ctx, r)))
	}
	if len(lines) == 0 {
		return view.Text(reason(ctx, a.Reason))
	}
	items := make([]templ.Component, len(lines))
	for i, l := range lines {
		items[i] = element("li", "", l)
	}
	return element("ol", "mb-0", items...)
}

// element puts components into an HTML element.
func element(name, class string, parts ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, "<"+name+` class="`+html.EscapeString(class)+`">`); err != nil {
			return err
		}
		for _, p := range parts {
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "</"+name+">")
		return err
	})
}

// written shows what a mail says: its text, with quotes and signatures folded, and
// its formatted form with the pictures it brought. Those of other servers are asked
// for by remote.
func (s *Service) written(ctx context.Context, a *Arrival, files map[string]string, remote bool, remoteURL string) ([]view.Section, error) {
	raw, err := s.raw(ctx, a)
	if err != nil {
		return nil, err
	}
	m, err := message.Read(raw, s.limits())
	if err != nil {
		return []view.Section{{Title: text.T(ctx, "Text"), Body: view.Text(text.T(ctx, "It cannot be read: %s", err.Error()))}}, nil
	}
	var parts []templ.Component
	for _, p := range message.Split(m.Text) {
		switch said := view.Preformatted(strings.Trim(p.Text, "\n")); {
		case strings.TrimSpace(p.Text) == "":
		case p.Kind == message.Quote:
			parts = append(parts, view.Details(text.T(ctx, "Quoted text"), said))
		case p.Kind == message.Signature:
			parts = append(parts, view.Details(text.T(ctx, "Signature"), said))
		default:
			parts = append(parts, said)
		}
	}
	out := []view.Section{{Title: text.T(ctx, "Text"), Body: stacked(parts...)}}
	if m.HTML != "" {
		var far func(int) string
		if remote {
			far = func(n int) string { return m.Remote[n] }
		}
		body := message.Pictures(m.HTML, func(cid string) string { return files[cid] }, far)
		shown := view.Section{Title: text.T(ctx, "Formatted"), Body: element("div", "s-prose", templ.Raw(body))}
		if len(m.Remote) > 0 && !remote && remoteURL != "" {
			shown.Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Load pictures of other servers"), URL: remoteURL, Small: true}}
		}
		out = append(out, shown)
	}
	return out, nil
}

func aboutMail(ctx context.Context, a *Arrival) ui.Value {
	from := a.From
	if a.FromName != "" {
		from = a.FromName + " <" + a.From + ">"
	}
	return ui.Value{Label: text.T(ctx, "From"), Content: view.Text(from)}
}

func (s *Service) showArrival(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := s.Arrival(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	numbers, err := s.numbersOf(ctx, []int64{a.TicketID, a.PossibleID})
	if err != nil {
		return err
	}
	at := quarantineURL + "/" + id(a.ID)
	title := a.Subject
	if title == "" {
		title = text.T(ctx, "No subject")
	}
	about := []ui.Value{aboutMail(ctx, &a), {Label: text.T(ctx, "Came"), Content: ui.Moment{At: a.ReceivedAt}}, {Label: text.T(ctx, "Size"), Content: view.Text(text.FileSize(ctx, a.Size))}}
	for _, n := range []int64{a.TicketID, a.PossibleID} {
		if numbers[n] != "" {
			about = append(about, ui.Value{Label: text.T(ctx, "Ticket"), Content: ui.Link{Label: numbers[n], URL: "/tickets/" + numbers[n]}})
		}
	}
	m := view.Record{
		Title: title, Badges: []templ.Component{arrivalBadge(ctx, a.State)}, Trail: []ui.Crumb{{Label: text.T(ctx, "Quarantine"), URL: quarantineURL}, {Label: title}},
		Aside: []view.Section{{Title: text.T(ctx, "About"), Body: ui.Values(about...)}, {Title: text.T(ctx, "Why it is here"), Body: traced(ctx, &a)}},
	}
	if m.Sections, err = s.written(ctx, &a, nil, false, ""); err != nil {
		return err
	}
	if a.State == ArrivalQuarantined {
		if a.Whole {
			m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Let it in"), Post: at + "/release", Kind: ui.Primary})
		}
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Drop it"), Post: at + "/drop"})
		if a.From != "" {
			m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Drop it and block the sender"), Post: at + "/block"})
		}
	}
	m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Download"), URL: at + "/raw", Download: true})
	return s.quarantinePage(w, r, title, 0, m.View())
}

// sendRaw gives the mail as it came.
func (s *Service) sendRaw(w http.ResponseWriter, r *http.Request, a *Arrival) error {
	raw, err := s.raw(r.Context(), a)
	if err != nil {
		return err
	}
	web.File(w, "mail-"+id(a.ID)+".eml", "application/octet-stream") // never shown by a browser
	_, err = w.Write(raw)
	return err
}

func (s *Service) rawArrival(w http.ResponseWriter, r *http.Request) error {
	a, err := s.Arrival(r.Context(), web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return s.sendRaw(w, r, &a)
}

func (s *Service) releaseArrival(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Release(r.Context(), web.PathID(r, "id")); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "It is let in")}, s.HTTPS)
	return web.Redirect(w, r, quarantineURL)
}

func (s *Service) dropArrival(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.Drop(r.Context(), web.PathID(r, "id")); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "It is dropped")}, s.HTTPS)
	return web.Redirect(w, r, quarantineURL)
}

func (s *Service) blockArrival(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	a, err := s.Drop(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	if err := s.SetBlock(ctx, a.From, true); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Mail of %s is blocked", a.From)}, s.HTTPS)
	return web.Redirect(w, r, quarantineURL)
}

func (s *Service) listBlocks(w http.ResponseWriter, r *http.Request) error {
	return s.blocksPage(w, r, "", nil)
}

func (s *Service) blocksPage(w http.ResponseWriter, r *http.Request, typed string, failed error) error {
	ctx := r.Context()
	blocks, err := s.Blocks(ctx)
	if err != nil {
		return err
	}
	dead, err := s.DeadAddresses(ctx)
	if err != nil {
		return err
	}
	bad, _ := wrong(ctx, failed)
	t := ui.Table{ID: "blocks", Caption: text.T(ctx, "Blocked senders"), Columns: []ui.Column{
		{Key: "pattern", Label: text.T(ctx, "Address"), Main: true}, {Key: "at", Label: text.T(ctx, "Since"), Shrink: true}, {Key: "act", Label: text.T(ctx, "Actions"), Hidden: true, Shrink: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "Nobody is blocked")}}
	for _, b := range blocks {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{view.Text(b.Pattern), ui.Moment{At: b.CreatedAt}, view.Inline{
			Action: blocksURL, Bare: true, Hidden: []ui.Hidden{{Name: "pattern", Value: b.Pattern}, {Name: "end", Value: "true"}}, Button: ui.Button{Label: text.T(ctx, "Let in again"), Submit: true, Small: true},
		}}})
	}
	gone := ui.Table{ID: "dead", Caption: text.T(ctx, "Dead addresses"), Columns: []ui.Column{
		{Key: "address", Label: text.T(ctx, "Address"), Main: true},
		{Key: "why", Label: text.T(ctx, "What the server said")},
		{Key: "at", Label: text.T(ctx, "Since"), Shrink: true},
		{Key: "act", Label: text.T(ctx, "Actions"), Hidden: true, Shrink: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "No letter came back for good")}}
	for _, d := range dead {
		gone.Rows = append(gone.Rows, ui.Row{Cells: []templ.Component{view.Text(d.Address), view.Text(d.Reason), ui.Moment{At: d.Since}, view.Inline{
			Action: blocksURL + "/revive", Bare: true, Hidden: []ui.Hidden{{Name: "address", Value: d.Address}}, Button: ui.Button{Label: text.T(ctx, "Write to it again"), Submit: true, Small: true},
		}}})
	}
	m := view.Record{Title: text.T(ctx, "Blocked and dead addresses"), Sections: []view.Section{
		{Title: text.T(ctx, "Blocked senders"), Flush: true, Body: stacked(view.Inline{
			Action: blocksURL, Button: ui.Button{Label: text.T(ctx, "Block"), Submit: true},
			Fields: []templ.Component{ui.TextField{Field: ui.Field{Name: "pattern", Label: text.T(ctx, "An address, or @ and a domain"), Error: bad["pattern"], Required: true}, Value: typed, Placeholder: "@spam.example"}},
		}, t)},
		{Title: text.T(ctx, "Dead addresses"), Flush: true, Body: gone},
	}}
	return s.quarantinePage(w, r, m.Title, statusOf(failed), stacked(quarantineTabs(ctx, blocksURL), m.View()))
}

func (s *Service) saveBlock(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Pattern string `form:"pattern"`
		End     bool   `form:"end"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	err := s.SetBlock(r.Context(), f.Pattern, !f.End)
	if apperr.Is(err, apperr.Invalid) {
		return s.blocksPage(w, r, f.Pattern, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, blocksURL)
}

func (s *Service) revive(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Address string `form:"address"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if err := s.Revive(r.Context(), f.Address); err != nil {
		return err
	}
	return web.Redirect(w, r, blocksURL)
}

// shown is the part of a ticket's page that lists its mails, with why each is there.
func (s *Service) shown(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	found, err := s.ArrivalsOf(ctx, t)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var parts []templ.Component
	for i := range found[:min(len(found), 5)] {
		a := &found[i]
		at := mailURL(t.Number, a.ID)
		name := either(a.FromName, a.From)
		parts = append(parts, view.Details(name+": "+either(a.Subject, text.T(ctx, "No subject")), ui.Moment{At: a.ReceivedAt}, traced(ctx, a), ui.Link{Label: text.T(ctx, "The mail as it came"), URL: at}))
	}
	if len(found) > len(parts) {
		parts = append(parts, ui.Link{Label: text.T(ctx, "All mail of this ticket"), URL: "/tickets/" + t.Number + "/mail"})
	}
	body := stacked(parts...)
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Panel{Title: text.T(ctx, "Mail"), Quiet: true, Count: len(found)}.View().Render(templ.WithChildren(ctx, body), w)
	}), nil
}

func mailURL(number string, arrival int64) string {
	return "/tickets/" + number + "/mail/" + id(arrival)
}

// ofTicket gives the ticket an address names, for those who read its notes.
func (s *Service) ofTicket(r *http.Request) (ticket.Ticket, []Arrival, error) {
	t, err := s.Tickets.Get(r.Context(), ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return t, nil, err
	}
	if !s.Tickets.ReadsNotes(r.Context(), &t) {
		return t, nil, apperr.New(apperr.Forbidden, "The mails of a ticket are for those who work on it.")
	}
	found, err := s.ArrivalsOf(r.Context(), &t)
	return t, found, err
}

// ticketMail lists a ticket's mails; with seq it leads to that of one message.
func (s *Service) ticketMail(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, found, err := s.ofTicket(r)
	if err != nil {
		return err
	}
	if seq := r.FormValue("seq"); seq != "" {
		for _, a := range found {
			if a.State == ArrivalLanded && strconv.Itoa(a.Seq) == seq {
				return web.Redirect(w, r, mailURL(t.Number, a.ID))
			}
		}
	}
	list := ui.Table{ID: "mails", Caption: text.T(ctx, "Mail"), Columns: []ui.Column{
		{Key: "subject", Label: text.T(ctx, "Subject"), Main: true}, {Key: "from", Label: text.T(ctx, "From")}, {Key: "state", Label: text.T(ctx, "State"), Shrink: true}, {Key: "at", Label: text.T(ctx, "Came"), Shrink: true},
	}, Empty: ui.EmptyState{Icon: ui.IconMail, Title: text.T(ctx, "No mail"), Text: text.T(ctx, "Nothing on this ticket came by mail.")}}
	for _, a := range found {
		list.Rows = append(list.Rows, ui.Row{URL: mailURL(t.Number, a.ID), Cells: []templ.Component{
			ui.Link{Label: either(a.Subject, text.T(ctx, "No subject")), URL: mailURL(t.Number, a.ID)}, view.Text(a.From), arrivalBadge(ctx, a.State), ui.Moment{At: a.ReceivedAt},
		}})
	}
	m := view.Record{
		Title: text.T(ctx, "Mail of %s", t.Number), Lead: t.Title, Trail: []ui.Crumb{{Label: t.Number, URL: "/tickets/" + t.Number}, {Label: text.T(ctx, "Mail")}},
		Sections: []view.Section{{Title: text.T(ctx, "Mail"), Flush: true, Body: list}},
	}
	return s.Frame.Page(w, r, module.Page{Title: m.Title}, m.View())
}

func (s *Service) oneOfTicket(r *http.Request) (ticket.Ticket, Arrival, error) {
	t, found, err := s.ofTicket(r)
	if err != nil {
		return t, Arrival{}, err
	}
	for _, a := range found {
		if a.ID == web.PathID(r, "id") {
			return t, a, nil
		}
	}
	return t, Arrival{}, apperr.New(apperr.NotFound, "There is no such mail.")
}

func (s *Service) ticketMessage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, a, err := s.oneOfTicket(r)
	if err != nil {
		return err
	}
	files, err := s.pictures(ctx, &t, &a)
	if err != nil {
		return err
	}
	at := mailURL(t.Number, a.ID)
	title := either(a.Subject, text.T(ctx, "No subject"))
	m := view.Record{
		Title: title, Trail: []ui.Crumb{{Label: t.Number, URL: "/tickets/" + t.Number}, {Label: text.T(ctx, "Mail"), URL: "/tickets/" + t.Number + "/mail"}, {Label: title}},
		Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Download"), URL: at + "/raw", Download: true}}, Badges: []templ.Component{arrivalBadge(ctx, a.State)},
		Aside: []view.Section{
			{Title: text.T(ctx, "About"), Body: ui.Values(aboutMail(ctx, &a), ui.Value{Label: text.T(ctx, "Came"), Content: ui.Moment{At: a.ReceivedAt}})},
			{Title: text.T(ctx, "Why it is here"), Body: traced(ctx, &a)},
		},
	}
	if m.Sections, err = s.written(ctx, &a, files, strings.HasSuffix(r.URL.Path, "/pictures"), at+"/pictures"); err != nil {
		return err
	}
	return s.Frame.Page(w, r, module.Page{Title: title}, m.View())
}

// pictures gives the addresses of the pictures that a mail brought, by their
// Content-ID: they are files of its message.
func (s *Service) pictures(ctx context.Context, t *ticket.Ticket, a *Arrival) (map[string]string, error) {
	if a.State != ArrivalLanded {
		return nil, nil
	}
	events, err := s.Tickets.TimelineStretch(ctx, t, ticket.Stretch{After: a.Seq - 1, Before: a.Seq + 1})
	if err != nil || len(events) == 0 {
		return nil, err
	}
	raw, err := s.raw(ctx, a)
	if err != nil {
		return nil, err
	}
	m, err := message.Read(raw, s.limits())
	if err != nil {
		return nil, nil //nolint:nilerr // what cannot be read has no pictures
	}
	byName := map[string]int64{}
	for _, f := range events[0].Attachments {
		if f.Inline() {
			byName[f.Name] = f.ID
		}
	}
	out := map[string]string{}
	for _, f := range m.Attachments {
		if n := byName[f.Name]; f.ContentID != "" && n != 0 {
			out[f.ContentID] = "/attachments/" + id(n)
		}
	}
	return out, nil
}

func (s *Service) ticketRaw(w http.ResponseWriter, r *http.Request) error {
	_, a, err := s.oneOfTicket(r)
	if err != nil {
		return err
	}
	return s.sendRaw(w, r, &a)
}
