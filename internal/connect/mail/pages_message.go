package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// mostShown is how many bytes of a mail's text its page shows; the file has all of it.
const mostShown = 300_000

// A picture on the page of its mail is shown no larger than this; it may be a leaflet.
const (
	wholeWidth  = 1600
	wholeHeight = 4000
)

// opened is a mail as its page shows it.
type opened struct {
	*Arrival
	m     *message.Message    // nil for one that cannot be read
	fault string              // why it cannot
	kept  []ticket.Attachment // the files of its message, when it became one
}

// openMail reads a mail. t is the ticket for whose readers it is; nil for those who
// decide about mail.
func (s *Service) openMail(ctx context.Context, a *Arrival, t *ticket.Ticket) (opened, error) {
	out := opened{Arrival: a}
	raw, err := s.raw(ctx, a)
	if err != nil {
		return out, err
	}
	if out.m, err = message.Read(raw, s.limits()); err != nil {
		out.m, out.fault = nil, faultOf(err)
	}
	if t == nil || a.State != ArrivalLanded {
		return out, nil
	}
	events, err := s.Tickets.TimelineStretch(ctx, t, ticket.Stretch{After: a.Seq - 1, Before: a.Seq + 1, Limit: 1})
	if err == nil && len(events) > 0 {
		out.kept = events[0].Attachments
	}
	return out, err
}

// faultOf is what is wrong with a message, in plain words.
func faultOf(err error) string {
	var e *message.ReadError
	if errors.As(err, &e) {
		return e.Detail
	}
	return err.Error()
}

// about are the fields of its header that people read.
func (o opened) about(ctx context.Context) []ui.Value {
	var out []ui.Value
	add := func(label, words string) {
		if words != "" {
			out = append(out, ui.Value{Label: label, Content: view.Text(words)})
		}
	}
	from := o.From
	if o.FromName != "" && o.FromName != o.From {
		from = strings.TrimSpace(o.FromName + " <" + o.From + ">")
	}
	add(text.T(ctx, "From"), from)
	if o.m != nil {
		add(text.T(ctx, "To"), addressed(ctx, o.m.To))
		add(text.T(ctx, "In copy"), addressed(ctx, o.m.Cc))
		if !o.m.Date.IsZero() {
			out = append(out, ui.Value{Label: text.T(ctx, "Written"), Content: ui.Moment{At: o.m.Date, Full: true}})
		}
	}
	out = append(out, ui.Value{Label: text.T(ctx, "Came"), Content: ui.Moment{At: o.ReceivedAt, Full: true}})
	add(text.T(ctx, "Size"), text.FileSize(ctx, o.Size))
	return out
}

// addressed names those a mail went to, as many as anybody reads.
func addressed(ctx context.Context, list []message.Address) string {
	const most = 10
	var out []string
	for _, a := range list[:min(len(list), most)] {
		name := either(a.Name, a.Mail)
		if a.Name != "" && a.Mail != "" && a.Name != a.Mail {
			name = a.Name + " <" + a.Mail + ">"
		}
		out = append(out, name)
	}
	if rest := len(list) - most; rest > 0 {
		return text.T(ctx, "%s and %d more", strings.Join(out, ", "), rest)
	}
	return strings.Join(out, ", ")
}

// sections show what a mail says, as people see it, and what it brought. far loads
// the pictures of other servers; farURL is the page that does, "" offers none.
func (o opened) sections(ctx context.Context, far bool, farURL string) []view.Section {
	if o.m == nil {
		return []view.Section{{Title: text.T(ctx, "Text"), Body: view.Text(text.T(ctx, "It cannot be read: %s", o.fault))}}
	}
	words := o.words(ctx)
	out := []view.Section{{Title: text.T(ctx, "Text"), Body: words}}
	if o.m.HTML != "" {
		parts := []templ.Component{element("div", "s-prose s-letter-html", templ.Raw(o.html(ctx, far)))}
		if !o.m.FromHTML {
			parts = append(parts, view.Details(text.T(ctx, "The text without its form"), words))
		}
		out[0] = view.Section{Title: text.T(ctx, "As it was sent"), Body: stacked(parts...)}
		if len(o.m.Remote) > 0 && !far && farURL != "" {
			out[0].Actions = []templ.Component{ui.Button{Label: text.T(ctx, "Load pictures of other servers"), URL: farURL, Small: true}}
		}
	}
	if files := o.files(); len(files) > 0 {
		chips := make([]templ.Component, len(files))
		for i, f := range files {
			chips[i] = f
		}
		out = append(out, view.Section{Title: text.T(ctx, "Files"), Count: len(files), Body: element("div", "s-files", chips...)})
	}
	return out
}

// files are those of the message, or the names of what the mail brought.
func (o opened) files() []ui.Attachment {
	var out []ui.Attachment
	for i := range o.kept {
		f := &o.kept[i]
		out = append(out, ui.Attachment{Name: f.Name, URL: fileURL(f), Bytes: f.Size, Image: f.Inline()})
	}
	if len(o.kept) > 0 {
		return out
	}
	for _, f := range o.m.Attachments {
		out = append(out, ui.Attachment{Name: f.Name, Bytes: int64(len(f.Data))})
	}
	return out
}

func fileURL(f *ticket.Attachment) string { return "/attachments/" + id(f.ID) }

// keptAs finds the file that a picture was kept as.
func (o opened) keptAs(sum string) *ticket.Attachment {
	for i := range o.kept {
		if f := &o.kept[i]; f.SHA256 == sum && f.Inline() {
			return f
		}
	}
	return nil
}

// html is the formatted form of a mail. Its own pictures are those that were kept with
// its message.
func (o opened) html(ctx context.Context, far bool) string {
	show := message.Showing{Quote: text.T(ctx, "Quoted text"), Table: text.T(ctx, "Table")}
	show.Inline = func(cid string, width, height int) message.Shown {
		for _, f := range o.m.Attachments {
			if f.ContentID != cid {
				continue
			}
			sum := sha256.Sum256(f.Data)
			kept := o.keptAs(hex.EncodeToString(sum[:]))
			if kept == nil {
				break
			}
			shown := message.Shown{URL: fileURL(kept), Alt: text.T(ctx, "Picture %s", kept.Name)}
			shown.Width, shown.Height = fitted(naturalSize(f.Data), width, height, wholeWidth, wholeHeight)
			return shown
		}
		return message.Shown{}
	}
	if far {
		show.Remote = func(n int) string {
			if n < 0 || n >= len(o.m.Remote) {
				return ""
			}
			return o.m.Remote[n]
		}
	}
	return message.Show(o.m.HTML, show)
}

// words is the text of a mail, with quotes and signatures folded.
func (o opened) words(ctx context.Context) templ.Component {
	w := writingOf(o.m)
	if len(w.Pieces) == 0 {
		shown := o.m.Text
		if len(shown) > mostShown {
			shown, _ = markdown.Cut(shown, mostShown)
		}
		return view.Preformatted(strings.Trim(shown, "\n"))
	}
	out := ui.Letter{}
	left := mostShown
	for _, p := range w.Pieces {
		part := ui.LetterPart{Who: p.Who}
		switch p.Kind {
		case module.PieceQuoted:
			part.Kind = ui.LetterQuote
		case module.PieceSignature:
			part.Kind = ui.LetterSignature
		case module.PieceSaid:
		}
		for _, b := range p.Blocks {
			shown := b.Text
			if len(shown) > left {
				shown, _ = markdown.Cut(shown, max(left, 0))
			}
			left -= len(b.Text)
			switch {
			case b.Picture != nil:
				part.Body = append(part.Body, o.picture(ctx, b.Picture))
			case shown == "":
			case part.Kind == ui.LetterSaid:
				part.Body = append(part.Body, templ.Raw(markdown.HTML(shown, markdown.Context{})))
			default:
				part.Body = append(part.Body, ui.Quote(shown))
			}
		}
		out.Parts = append(out.Parts, part)
	}
	if left < 0 {
		out.More = ui.Link{Label: text.T(ctx, "The rest is in the file"), URL: "raw"}
	}
	return out
}

func (o opened) picture(ctx context.Context, p *module.Picture) templ.Component {
	alt := either(p.Alt, text.T(ctx, "Picture %s", p.Name))
	if f := o.keptAs(p.SHA256); f != nil {
		return ui.Picture{URL: fileURL(f), Alt: alt, Width: p.Width, Height: p.Height}
	}
	return element("p", "s-nothing", view.Text(alt))
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
	o, err := s.openMail(ctx, &a, nil)
	if err != nil {
		return err
	}
	at := quarantineURL + "/" + id(a.ID)
	title := either(a.Subject, text.T(ctx, "No subject"))
	about := o.about(ctx)
	for _, n := range []struct {
		label  string
		ticket int64
	}{{text.T(ctx, "Ticket"), a.TicketID}, {text.T(ctx, "May belong to"), a.PossibleID}} {
		if number := numbers[n.ticket]; number != "" {
			about = append(about, ui.Value{Label: n.label, Content: ui.Link{Label: number, URL: "/tickets/" + number}})
		}
	}
	m := view.Record{
		Title: title, Badges: []templ.Component{arrivalBadge(ctx, a.State)}, Trail: []ui.Crumb{{Label: text.T(ctx, "Quarantine"), URL: quarantineURL}, {Label: title}},
		Aside: []view.Section{{Title: text.T(ctx, "About"), Body: ui.Values(about...)}, {Title: text.T(ctx, "Why it is here"), Body: traced(ctx, &a)}}, Sections: o.sections(ctx, false, ""),
	}
	if a.State == ArrivalQuarantined {
		if a.Whole && o.m != nil {
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

// ofTicket gives the ticket an address names, for those who read its notes.
func (s *Service) ofTicket(r *http.Request) (ticket.Ticket, error) {
	t, err := s.Tickets.Get(r.Context(), ticket.ByNumber(r.PathValue("number")))
	if err == nil && !s.Tickets.ReadsNotes(r.Context(), &t) {
		err = apperr.New(apperr.Forbidden, "The mails of a ticket are for those who work on it.")
	}
	return t, err
}

func (s *Service) ticketMessage(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.ofTicket(r)
	if err != nil {
		return err
	}
	a, err := s.ArrivalOf(ctx, &t, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	o, err := s.openMail(ctx, &a, &t)
	if err != nil {
		return err
	}
	at := mailURL(t.Number, a.ID)
	title := either(a.Subject, text.T(ctx, "No subject"))
	m := view.Record{
		Title: title, Trail: []ui.Crumb{{Label: t.Number, URL: "/tickets/" + t.Number}, {Label: text.T(ctx, "Mail"), URL: "/tickets/" + t.Number + "/mail"}, {Label: title}},
		Actions: []templ.Component{ui.Button{Label: text.T(ctx, "Download"), URL: at + "/raw", Download: true}}, Badges: []templ.Component{arrivalBadge(ctx, a.State)},
		Aside:    []view.Section{{Title: text.T(ctx, "About"), Body: ui.Values(o.about(ctx)...)}, {Title: text.T(ctx, "Why it is here"), Body: traced(ctx, &a)}},
		Sections: o.sections(ctx, strings.HasSuffix(r.URL.Path, "/pictures"), at+"/pictures"),
	}
	return s.Frame.Page(w, r, module.Page{Title: title}, m.View())
}

func (s *Service) ticketRaw(w http.ResponseWriter, r *http.Request) error {
	t, err := s.ofTicket(r)
	if err != nil {
		return err
	}
	a, err := s.ArrivalOf(r.Context(), &t, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	return s.sendRaw(w, r, &a)
}

// ticketMail lists a ticket's mails.
func (s *Service) ticketMail(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.ofTicket(r)
	if err != nil {
		return err
	}
	found, _, err := s.ArrivalsOf(ctx, &t, before(r), pageSize+1)
	if err != nil {
		return err
	}
	list := ui.Table{ID: "mails", Caption: text.T(ctx, "Mail"), Columns: []ui.Column{
		{Key: "subject", Label: text.T(ctx, "Subject"), Main: true}, {Key: "from", Label: text.T(ctx, "From")}, {Key: "state", Label: text.T(ctx, "State"), Shrink: true}, {Key: "at", Label: text.T(ctx, "Came"), Shrink: true},
	}, Empty: ui.EmptyState{Icon: ui.IconMail, Title: text.T(ctx, "No mail"), Text: text.T(ctx, "Nothing on this ticket came by mail.")}}
	if len(found) > pageSize {
		found = found[:pageSize]
		list.More = more(r, found[pageSize-1].ID)
	}
	for i := range found {
		a := &found[i]
		list.Rows = append(list.Rows, ui.Row{ID: "mail-" + id(a.ID), URL: mailURL(t.Number, a.ID), Cells: []templ.Component{
			ui.Link{Label: either(a.Subject, text.T(ctx, "No subject")), URL: mailURL(t.Number, a.ID)}, author(a), stateOf(ctx, a), ui.Moment{At: a.ReceivedAt},
		}})
	}
	if before(r) != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(list))
	}
	m := view.Record{
		Title: text.T(ctx, "Mail of %s", t.Number), Lead: t.Title, Trail: []ui.Crumb{{Label: t.Number, URL: "/tickets/" + t.Number}, {Label: text.T(ctx, "Mail")}},
		Sections: []view.Section{{Title: text.T(ctx, "Mail"), Flush: true, Body: list}},
	}
	return s.Frame.Page(w, r, module.Page{Title: m.Title}, m.View())
}

// author names who wrote a mail in a list, with the address under the name.
func author(a *Arrival) templ.Component {
	if a.FromName == "" || a.FromName == a.From {
		return view.Text(a.From)
	}
	return templ.Join(view.Text(a.FromName), element("div", "s-lead", view.Text(a.From)))
}

// stateOf says what became of a mail in a list: why, where it was not taken.
func stateOf(ctx context.Context, a *Arrival) templ.Component {
	b := arrivalBadge(ctx, a.State)
	if a.State == ArrivalIgnored && a.Reason != "" {
		b.Label = reason(ctx, a.Reason)
	}
	return b
}

// mailsBeside is how many of a ticket's mails its page lists.
const mailsBeside = 5

// shown is the part of a ticket's page that lists its mails, with why each is there.
func (s *Service) shown(ctx context.Context, t *ticket.Ticket) (web.Component, error) {
	found, all, err := s.ArrivalsOf(ctx, t, 0, mailsBeside)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	parts := make([]templ.Component, 0, len(found)+1)
	for i := range found {
		a := &found[i]
		summary := either(a.FromName, a.From) + ": " + either(a.Subject, text.T(ctx, "No subject"))
		parts = append(parts, view.Details(summary, stateOf(ctx, a), ui.Moment{At: a.ReceivedAt}, traced(ctx, a), ui.Link{Label: text.T(ctx, "The mail as it came"), URL: mailURL(t.Number, a.ID)}))
	}
	if all > len(found) {
		parts = append(parts, ui.Link{Label: text.T(ctx, "All mail of this ticket"), URL: "/tickets/" + t.Number + "/mail"})
	}
	body := element("div", "s-mails", stacked(parts...))
	return around(ui.Panel{Title: text.T(ctx, "Mail"), Quiet: true, Count: all}, body), nil
}

func mailURL(number string, arrival int64) string {
	return "/tickets/" + number + "/mail/" + id(arrival)
}
