package mail

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/administration/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func letterBadge(ctx context.Context, state LetterState) ui.Badge {
	switch state {
	case LetterSent:
		return ui.Badge{Label: text.T(ctx, "Sent"), Tone: ui.Success}
	case LetterFailed:
		return ui.Badge{Label: text.T(ctx, "Failed"), Tone: ui.Critical}
	case LetterDropped:
		return ui.Badge{Label: text.T(ctx, "Given up")}
	case LetterWaiting:
	}
	return ui.Badge{Label: text.In(ctx, "letter", "Waiting"), Tone: ui.Info}
}

func recipientBadge(ctx context.Context, state RecipientState) ui.Badge {
	switch state {
	case RecipientSent:
		return ui.Badge{Label: text.T(ctx, "Sent"), Tone: ui.Success}
	case RecipientRefused:
		return ui.Badge{Label: text.T(ctx, "Refused"), Tone: ui.Critical}
	case RecipientBounced:
		return ui.Badge{Label: text.T(ctx, "Came back"), Tone: ui.Critical}
	case RecipientSkipped:
		return ui.Badge{Label: text.T(ctx, "Not sent: the address is dead"), Tone: ui.Warning}
	case RecipientWaiting:
	}
	return ui.Badge{Label: text.In(ctx, "letter", "Waiting"), Tone: ui.Info}
}

// kindLabel names a kind of letter.
func kindLabel(ctx context.Context, kind letter.Kind) string {
	for _, b := range builtIns() {
		if b.kind == kind {
			return text.T(ctx, b.label)
		}
	}
	switch kind {
	case letter.Notice:
		return text.T(ctx, "Notification")
	case letter.Escalate:
		return text.T(ctx, "Escalation")
	case letter.Moved:
		return text.T(ctx, "A step")
	case letter.Test:
		return text.T(ctx, "Test")
	}
	return string(kind)
}

// before reads where a list goes on.
func before(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.FormValue("after"), 10, 64) // anything else is the beginning
	return n
}

// more is the address of a list's next page.
func more(r *http.Request, last int64) ui.LoadMore {
	q := r.URL.Query()
	q.Set("after", id(last))
	return ui.LoadMore{URL: r.URL.Path + "?" + q.Encode(), Auto: true}
}

func (s *Service) listLetters(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	state := LetterState(r.FormValue("state"))
	found, err := s.Letters(ctx, LetterQuery{State: state, Before: before(r), Limit: pageSize + 1})
	if err != nil {
		return err
	}
	t := ui.Table{
		ID: "letters", Caption: text.T(ctx, "Outbox"),
		Columns: []ui.Column{
			{Key: "subject", Label: text.T(ctx, "Subject"), Main: true},
			{Key: "to", Label: text.T(ctx, "To")},
			{Key: "kind", Label: text.T(ctx, "Kind"), Shrink: true},
			{Key: "ticket", Label: text.T(ctx, "Ticket"), Shrink: true},
			{Key: "state", Label: text.T(ctx, "State"), Shrink: true},
			{Key: "at", Label: text.T(ctx, "Written"), Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconSend, Title: text.T(ctx, "No letters"), Text: text.T(ctx, "What Steward sends by mail waits here until the server has taken it, and what fails stays until somebody decides.")},
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		t.More = more(r, found[pageSize-1].ID)
	}
	about := make([]int64, len(found))
	for i := range found {
		about[i] = found[i].TicketID
	}
	numbers, err := s.numbersOf(ctx, about)
	if err != nil {
		return err
	}
	for i := range found {
		l := &found[i]
		subject := either(l.Subject, kindLabel(ctx, l.Kind))
		var where templ.Component
		if n := numbers[l.TicketID]; n != "" {
			where = ui.Link{Label: n, URL: "/tickets/" + n, Mono: true}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "letter-" + id(l.ID), URL: outboxURL + "/" + id(l.ID), Muted: l.State == LetterDropped, Cells: []templ.Component{
			ui.Link{Label: subject, URL: outboxURL + "/" + id(l.ID)}, view.Text(toWhom(ctx, l.Recipients)), view.Text(kindLabel(ctx, l.Kind)), where, letterBadge(ctx, l.State), ui.Moment{At: l.CreatedAt},
		}})
	}
	if before(r) != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, ui.Rows(t))
	}
	states := []ui.Option{{Value: "", Label: text.T(ctx, "All")}}
	for _, v := range LetterStates() {
		states = append(states, ui.Option{Value: string(v), Label: letterBadge(ctx, v).Label, Selected: v == state})
	}
	tabs, err := s.tabs(ctx, outboxURL)
	if err != nil {
		return err
	}
	m := view.Listing{
		Title: text.T(ctx, "Outbox"), Lead: text.T(ctx, "Every letter, whom it is for, and what became of it."), Action: outboxURL, SearchHidden: true, Table: t,
		Filters: []templ.Component{ui.Select{Field: ui.Field{Name: "state", Label: text.T(ctx, "State"), Hidden: true}, Options: states, SubmitNow: true}},
	}
	return s.page(w, r, m.Title, 0, stacked(tabs, m.View()))
}

// toWhom names the first of those a letter is for.
func toWhom(ctx context.Context, all []StoredRecipient) string {
	const most = 3
	var out []string
	for _, p := range all[:min(len(all), most)] {
		out = append(out, p.Address)
	}
	if rest := len(all) - most; rest > 0 {
		return text.T(ctx, "%s and %d more", strings.Join(out, ", "), rest)
	}
	return strings.Join(out, ", ")
}

func (s *Service) showLetter(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	l, err := s.Letter(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	numbers, err := s.numbersOf(ctx, []int64{l.TicketID})
	if err != nil {
		return err
	}
	senders, err := s.Senders(ctx)
	if err != nil {
		return err
	}
	to := ui.Table{ID: "recipients", Caption: text.T(ctx, "Recipients"), Columns: []ui.Column{
		{Key: "to", Label: text.T(ctx, "Address"), Main: true}, {Key: "state", Label: text.T(ctx, "State"), Shrink: true}, {Key: "error", Label: text.T(ctx, "What the server said")},
	}}
	for _, p := range l.Recipients {
		to.Rows = append(to.Rows, ui.Row{Cells: []templ.Component{view.Text(p.Address), recipientBadge(ctx, p.State), view.Text(p.Error)}})
	}
	title := l.Subject
	if title == "" {
		title = kindLabel(ctx, l.Kind)
	}
	from := ""
	for _, v := range senders {
		if v.ID == l.SenderID {
			from = v.Address
		}
	}
	about := []ui.Value{
		{Label: text.T(ctx, "Kind"), Content: view.Text(kindLabel(ctx, l.Kind))},
		{Label: text.T(ctx, "From"), Content: view.Text(from)},
		{Label: text.T(ctx, "Written"), Content: ui.Moment{At: l.CreatedAt}},
		{Label: text.T(ctx, "Attempts"), Content: view.Text(strconv.Itoa(l.Attempts))},
	}
	if !l.SentAt.IsZero() {
		about = append(about, ui.Value{Label: text.T(ctx, "Sent"), Content: ui.Moment{At: l.SentAt}})
	}
	if n := numbers[l.TicketID]; n != "" {
		about = append(about, ui.Value{Label: text.T(ctx, "Ticket"), Content: ui.Link{Label: n, URL: "/tickets/" + n}})
	}
	if l.MessageID != "" {
		about = append(about, ui.Value{Label: "Message-ID", Content: element("code", "text-break", view.Text(l.MessageID))})
	}
	m := view.Record{
		Title: title, Badges: []templ.Component{letterBadge(ctx, l.State)}, Trail: []ui.Crumb{{Label: text.T(ctx, "Outbox"), URL: outboxURL}, {Label: title}},
		Sections: []view.Section{{Title: text.T(ctx, "Recipients"), Flush: true, Body: to}}, Aside: []view.Section{{Title: text.T(ctx, "About"), Body: ui.Values(about...)}},
	}
	if l.Body != "" {
		m.Sections = append(m.Sections, view.Section{Title: text.T(ctx, "Text"), Body: element("div", "s-prose", templ.Raw(markdown.HTML(l.Body, markdown.Context{})))})
	}
	if l.Error != "" {
		m.Alert = ui.Alert{Tone: ui.Critical, Title: text.T(ctx, "It was not sent to everybody"), Text: l.Error}
		if l.State == LetterWaiting {
			m.Alert.Tone, m.Alert.Title = ui.Warning, text.T(ctx, "It was not sent yet, and is tried again")
		}
	}
	at := outboxURL + "/" + id(l.ID)
	if l.State == LetterFailed || l.State == LetterDropped {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Send it again"), Post: at + "/send", Kind: ui.Primary, Icon: ui.IconReload})
	}
	if l.State == LetterFailed || l.State == LetterWaiting {
		m.Actions = append(m.Actions, ui.Button{Label: text.T(ctx, "Give it up"), Post: at + "/drop"})
	}
	return s.page(w, r, title, 0, m.View())
}

func (s *Service) sendAgain(w http.ResponseWriter, r *http.Request) error {
	return s.decideLetter(w, r, s.SendAgain, text.Key("It is sent again"))
}

func (s *Service) dropLetter(w http.ResponseWriter, r *http.Request) error {
	return s.decideLetter(w, r, s.DropLetter, text.Key("It is given up"))
}

func (s *Service) decideLetter(w http.ResponseWriter, r *http.Request, do func(ctx context.Context, id int64) (Stored, error), done string) error {
	ctx := r.Context()
	l, err := do(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, done)}, s.HTTPS)
	return web.Redirect(w, r, outboxURL+"/"+id(l.ID))
}

func templateURL(t Template) string { return templatesURL + "/" + string(t.Kind) + "/" + t.Language }

func languageName(tag string) string {
	for _, l := range text.Languages() {
		if l.Tag.String() == tag {
			return l.Name
		}
	}
	return tag
}

func (s *Service) listTemplates(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := s.AllTemplates(ctx)
	if err != nil {
		return err
	}
	t := ui.Table{ID: "templates", Caption: text.T(ctx, "Templates"), Columns: []ui.Column{
		{Key: "kind", Label: text.T(ctx, "When"), Main: true}, {Key: "language", Label: text.T(ctx, "Language"), Shrink: true}, {Key: "begins", Label: text.T(ctx, "Text")}, {Key: "own", Label: text.T(ctx, "Origin"), Shrink: true},
	}}
	for _, v := range all {
		origin := ui.Badge{Label: text.T(ctx, "Built in")}
		if v.Version != 0 {
			origin = ui.Badge{Label: text.T(ctx, "Your own"), Tone: ui.Info}
		}
		t.Rows = append(t.Rows, ui.Row{ID: "template-" + string(v.Kind) + "-" + v.Language, URL: templateURL(v), Cells: []templ.Component{
			ui.Link{Label: kindLabel(ctx, v.Kind), URL: templateURL(v)}, view.Text(languageName(v.Language)), view.Text(begins(v.Body)), origin,
		}})
	}
	tabs, err := s.tabs(ctx, templatesURL)
	if err != nil {
		return err
	}
	m := view.Listing{Title: text.T(ctx, "Templates"), Lead: text.T(ctx, "What letters about tickets say. Readers get them in their language."), NoSearch: true, Table: t}
	return s.page(w, r, m.Title, 0, stacked(tabs, m.View()))
}

// begins is the first words of a text.
func begins(body string) string {
	words := strings.Join(strings.Fields(plainOf(body)), " ")
	const most = 100
	if r := []rune(words); len(r) > most {
		return string(r[:most]) + "…"
	}
	return words
}

type templateForm struct {
	Subject string `form:"subject,line"`
	Body    string `form:"body"`
	Version int64  `form:"version"`
	Preview bool   `form:"preview"`
}

func (s *Service) oneTemplate(r *http.Request) (Template, error) {
	all, err := s.AllTemplates(r.Context())
	if err != nil {
		return Template{}, err
	}
	for _, t := range all {
		if string(t.Kind) == r.PathValue("kind") && t.Language == r.PathValue("language") {
			return t, nil
		}
	}
	return Template{}, apperr.New(apperr.NotFound, "There is no such template.")
}

func (s *Service) editTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := s.oneTemplate(r)
	if err != nil {
		return err
	}
	return s.templateEditor(w, r, t, templateForm{Subject: t.Subject, Body: t.Body, Version: t.Version}, nil)
}

func (s *Service) templateEditor(w http.ResponseWriter, r *http.Request, t Template, f templateForm, failed error) error {
	ctx := r.Context()
	bad, alert := wrong(ctx, failed)
	title := kindLabel(ctx, t.Kind) + " · " + languageName(t.Language)
	m := view.Editor{
		Title: title, Action: templateURL(t), Cancel: templatesURL, Save: text.T(ctx, "Save"), Alert: alert, Hidden: []ui.Hidden{{Name: "version", Value: id(f.Version)}},
		Trail: []ui.Crumb{{Label: text.T(ctx, "Templates"), URL: templatesURL}, {Label: title}},
		Fields: []templ.Component{
			ui.TextField{Field: ui.Field{Name: "subject", Label: text.T(ctx, "Subject"), Required: true, Error: bad["subject"]}, Value: f.Subject, MaxLength: maxSubject},
			ui.TextArea{Field: ui.Field{Name: "body", Label: text.T(ctx, "Text"), Required: true, Error: bad["body"], Help: text.T(ctx, "Markdown with variables. {{message}} is what was written, {{subject}} the conversation's subject, {{ticket.url}} the address of the ticket's page.")}, Value: f.Body, Rows: 12},
			element("div", "d-flex", ui.Button{Label: text.T(ctx, "Preview"), Submit: true, Name: "preview", Value: "true", Icon: ui.IconEye}),
		},
	}
	var variables []ui.Value
	for _, v := range phrase.Variables() {
		if !v.Internal {
			variables = append(variables, ui.Value{Label: text.T(ctx, v.Label), Content: element("code", "text-break", view.Text("{{"+v.Name+"}}"))})
		}
	}
	parts := []templ.Component{m.View()}
	if p, err := s.PreviewTemplate(ctx, Template{Kind: t.Kind, Language: t.Language, Subject: f.Subject, Body: f.Body}); err == nil {
		parts = append(parts, panel(text.T(ctx, "As it reads"), stacked(
			ui.Values(ui.Value{Label: text.T(ctx, "Subject"), Content: view.Text(p.Subject)}),
			element("div", "s-prose", templ.Raw(markdown.Plain(p.Plain))),
		)))
	}
	parts = append(parts, panel(text.T(ctx, "Variables"), ui.Values(variables...)))
	if t.Version != 0 {
		parts = append(parts, panel(text.T(ctx, "Built in"), ui.Button{Label: text.T(ctx, "Take the built-in text again"), Post: templateURL(t) + "/reset"}))
	}
	return s.page(w, r, title, statusOf(failed), stacked(parts...))
}

func (s *Service) saveTemplate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := s.oneTemplate(r)
	if err != nil {
		return err
	}
	var f templateForm
	if err = web.Form(r, &f, nil); err == nil && f.Preview {
		return s.templateEditor(w, r, t, f, nil)
	}
	if err == nil {
		_, err = s.SaveTemplate(ctx, Template{Kind: t.Kind, Language: t.Language, Subject: f.Subject, Body: f.Body}, f.Version)
	}
	if back(err) {
		f.Version = t.Version
		return s.templateEditor(w, r, t, f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "The template is saved")}, s.HTTPS)
	return web.Redirect(w, r, templatesURL)
}

func (s *Service) resetTemplate(w http.ResponseWriter, r *http.Request) error {
	t, err := s.oneTemplate(r)
	if err != nil {
		return err
	}
	if err := s.ResetTemplate(r.Context(), t.Kind, t.Language); err != nil {
		return err
	}
	return web.Redirect(w, r, templateURL(t))
}

func (s *Service) showWish(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	now, err := s.MyWish(ctx)
	if err != nil {
		return err
	}
	options := []ui.Option{
		{Value: string(WishOwn), Label: text.T(ctx, "Of tickets in which I write by mail")},
		{Value: string(WishAll), Label: text.T(ctx, "Of all tickets I asked for or watch")},
		{Value: string(WishNone), Label: text.T(ctx, "None: I look at the pages")},
	}
	for i := range options {
		options[i].Selected = options[i].Value == string(now)
	}
	m := view.Editor{
		Title: text.T(ctx, "Mail about tickets"), Lead: text.T(ctx, "Which answers and news of tickets come to you by mail."), Action: PreferencesURL, Cancel: "/", Save: text.T(ctx, "Save"),
		Fields: []templ.Component{ui.Radios{Field: ui.Field{Name: "wish", Label: text.T(ctx, "I want mail")}, Options: options}},
	}
	return s.Frame.Page(w, r, module.Page{Title: m.Title}, m.View())
}

func (s *Service) saveWish(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Wish string `form:"wish"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if err := s.SetMyWish(r.Context(), Wish(f.Wish)); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "It is saved")}, s.HTTPS)
	return web.Redirect(w, r, PreferencesURL)
}
