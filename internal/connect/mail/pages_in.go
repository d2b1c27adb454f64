package mail

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
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
			ui.Link{Label: b.Address, URL: at}, view.Text(kind), view.Text(either(b.Server, text.T(ctx, "A mail server brings it"))), boxBadge(ctx, b), reached,
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
	all := r.FormValue("state") == "all"
	q := ArrivalQuery{State: ArrivalQuarantined, Before: before(r), Limit: pageSize + 1}
	if all {
		q.State = ""
	}
	found, err := s.Arrivals(ctx, q)
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "arrivals", Caption: text.T(ctx, "Mail"),
		Columns: []ui.Column{{Key: "subject", Label: text.T(ctx, "Subject"), Main: true}, {Key: "from", Label: text.T(ctx, "From")}},
		Empty:   ui.EmptyState{Icon: ui.IconCircleCheck, Title: text.T(ctx, "Nothing waits here"), Text: text.T(ctx, "Spam, mail of blocked and unknown senders and what cannot be read is held back here until somebody decides.")},
	}
	if all {
		t.Empty = ui.EmptyState{Icon: ui.IconInbox, Title: text.T(ctx, "No mail came yet"), Text: text.T(ctx, "Every mail that comes is listed here, with what became of it.")}
		t.Columns = append(t.Columns, ui.Column{Key: "state", Label: text.T(ctx, "State"), Shrink: true}, ui.Column{Key: "ticket", Label: text.T(ctx, "Ticket"), Shrink: true})
	} else {
		t.Columns = append(t.Columns, ui.Column{Key: "why", Label: text.T(ctx, "Why"), Shrink: true})
	}
	t.Columns = append(t.Columns, ui.Column{Key: "at", Label: text.T(ctx, "Came"), Shrink: true})
	if len(found) > pageSize {
		found = found[:pageSize]
		t.More = more(r, found[pageSize-1].ID)
	}
	var on []int64
	for i := range found {
		if all && found[i].TicketID != 0 {
			on = append(on, found[i].TicketID)
		}
	}
	numbers, err := s.numbersOf(ctx, on)
	if err != nil {
		return err
	}
	for i := range found {
		a := &found[i]
		at := quarantineURL + "/" + id(a.ID)
		row := ui.Row{ID: "arrival-" + id(a.ID), URL: at, Cells: []templ.Component{ui.Link{Label: either(a.Subject, text.T(ctx, "No subject")), URL: at}, author(a)}}
		if all {
			var where templ.Component
			if n := numbers[a.TicketID]; n != "" {
				where = ui.Link{Label: n, URL: "/tickets/" + n, Mono: true}
			}
			row.Cells = append(row.Cells, stateOf(ctx, a), where)
		} else {
			row.Cells = append(row.Cells, ui.Badge{Label: reason(ctx, a.Reason), Tone: ui.Warning})
		}
		row.Cells = append(row.Cells, ui.Moment{At: a.ReceivedAt})
		t.Rows = append(t.Rows, row)
	}
	if before(r) != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(t))
	}
	m := view.Listing{Title: text.T(ctx, "Quarantine"), Lead: text.T(ctx, "Mail that was held back, and why. Nothing is thrown away by itself."), NoSearch: true, Table: t}
	active := quarantineURL
	if all {
		m.Title, m.Lead, active = text.T(ctx, "All mail"), text.T(ctx, "Every mail that came, and what became of it."), "all"
	}
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
	return element("div", "s-prose", element("ol", "", items...))
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
	blocked, err := s.blockTable(r)
	if err != nil {
		return err
	}
	dead, err := s.deadTable(r)
	if err != nil {
		return err
	}
	if web.IsFragment(r) && r.Method == http.MethodGet {
		switch {
		case r.FormValue("blocked") != "":
			return web.Render(w, r, http.StatusOK, ui.Rows(blocked))
		case r.FormValue("dead") != "":
			return web.Render(w, r, http.StatusOK, ui.Rows(dead))
		}
	}
	bad, _ := wrong(ctx, failed)
	m := view.Record{Title: text.T(ctx, "Blocked and dead addresses"), Lead: text.T(ctx, "Whose mail is held back, and where ours does not arrive."), Sections: []view.Section{
		{Title: text.T(ctx, "Blocked senders"), Flush: true, Body: stacked(view.Inline{
			Action: blocksURL, Button: ui.Button{Label: text.T(ctx, "Block"), Submit: true},
			Fields: []templ.Component{ui.TextField{Field: ui.Field{Name: "pattern", Label: text.T(ctx, "An address, or @ and a domain"), Error: bad["pattern"], Required: true}, Value: typed, Placeholder: "@spam.example"}},
		}, blocked)},
		{Title: text.T(ctx, "Dead addresses"), Flush: true, Body: dead},
	}}
	return s.quarantinePage(w, r, m.Title, statusOf(failed), stacked(quarantineTabs(ctx, blocksURL), m.View()))
}

// goesOn is the address at which one of the lists of a page goes on.
func goesOn(list, last string) ui.LoadMore {
	return ui.LoadMore{URL: blocksURL + "?" + url.Values{list: {last}}.Encode()}
}

func (s *Service) blockTable(r *http.Request) (ui.Table, error) {
	ctx := r.Context()
	t := ui.Table{ID: "blocks", Caption: text.T(ctx, "Blocked senders"), Columns: []ui.Column{
		{Key: "pattern", Label: text.T(ctx, "Address"), Main: true}, {Key: "at", Label: text.T(ctx, "Since"), Shrink: true}, {Key: "act", Label: text.T(ctx, "Actions"), Hidden: true, Shrink: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "Nobody is blocked")}}
	found, err := s.Blocks(ctx, r.FormValue("blocked"), pageSize+1)
	if len(found) > pageSize {
		found = found[:pageSize]
		t.More = goesOn("blocked", found[pageSize-1].Pattern)
	}
	for _, b := range found {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{view.Text(b.Pattern), ui.Moment{At: b.CreatedAt}, view.Inline{
			Action: blocksURL, Bare: true, Hidden: []ui.Hidden{{Name: "pattern", Value: b.Pattern}, {Name: "end", Value: "true"}}, Button: ui.Button{Label: text.T(ctx, "Let in again"), Submit: true, Small: true},
		}}})
	}
	return t, err
}

func (s *Service) deadTable(r *http.Request) (ui.Table, error) {
	ctx := r.Context()
	t := ui.Table{ID: "dead", Caption: text.T(ctx, "Dead addresses"), Columns: []ui.Column{
		{Key: "address", Label: text.T(ctx, "Address"), Main: true},
		{Key: "why", Label: text.T(ctx, "What the server said")},
		{Key: "at", Label: text.T(ctx, "Since"), Shrink: true},
		{Key: "act", Label: text.T(ctx, "Actions"), Hidden: true, Shrink: true},
	}, Empty: ui.EmptyState{Title: text.T(ctx, "No letter came back for good")}}
	found, err := s.DeadAddresses(ctx, r.FormValue("dead"), pageSize+1)
	if len(found) > pageSize {
		found = found[:pageSize]
		t.More = goesOn("dead", found[pageSize-1].Address)
	}
	for _, d := range found {
		t.Rows = append(t.Rows, ui.Row{Cells: []templ.Component{view.Text(d.Address), view.Text(d.Reason), ui.Moment{At: d.Since}, view.Inline{
			Action: blocksURL + "/revive", Bare: true, Hidden: []ui.Hidden{{Name: "address", Value: d.Address}}, Button: ui.Button{Label: text.T(ctx, "Write to it again"), Submit: true, Small: true},
		}}})
	}
	return t, err
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
