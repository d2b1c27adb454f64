package operations

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/operations/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// ticketOf gives the ticket an address names, for somebody who works on it.
func (o *Operations) ticketOf(r *http.Request, verb access.Verb) (ticket.Ticket, error) {
	ctx := r.Context()
	if err := onlyPersons(ctx); err != nil {
		return ticket.Ticket{}, err
	}
	t, err := o.d.Tickets.Get(ctx, ticket.ByNumber(r.PathValue("number")))
	if err != nil {
		return t, err
	}
	return t, access.From(ctx).Check(verb, t.Record()).Err()
}

// dialog answers a form: over the page when a script asked for it, as a page of
// its own otherwise.
func (o *Operations) dialog(w http.ResponseWriter, r *http.Request, wrong error, d view.Dialog) error {
	status := http.StatusOK
	switch apperr.KindOf(wrong) {
	case "":
	case apperr.Invalid:
		status = http.StatusUnprocessableEntity
	case apperr.Conflict:
		status = http.StatusConflict
	default:
		return wrong
	}
	if web.IsFragment(r) {
		return web.Render(w, r, status, d.View())
	}
	return o.d.Frame.Page(w, r, module.Page{Title: d.Title, Active: "queue", Status: status}, d.Page())
}

// gone leads to a ticket after something was done, with the way back.
func (o *Operations) gone(w http.ResponseWriter, r *http.Request, number, what string, op *ticket.Operation) error {
	web.Flash(w, web.Toast{Text: what, Undo: view.UndoURL(op.ID)}, o.d.HTTPS)
	return web.Redirect(w, r, view.TicketURL(number))
}

// merging is what the form of a merge posts.
type merging struct {
	With      []string `form:"with"`
	Other     string   `form:"other,line,max=60"`
	OtherText string   `form:"other.text,line,max=300"`
	Direction string   `form:"direction"`
	Do        string   `form:"do"` // "preview", or else do it
}

// The directions of a merge.
const (
	intoOther = "into_other"
	intoThis  = "into_this"
)

func (o *Operations) mergeForm(w http.ResponseWriter, r *http.Request) error {
	t, err := o.ticketOf(r, access.Link)
	if err != nil {
		return err
	}
	return o.showMerge(w, r, &t, &merging{Direction: intoThis}, nil, nil)
}

// mergeChosen leads from selected rows to the form: the oldest is the one that
// goes on unless the reader says otherwise.
func (o *Operations) mergeChosen(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := onlyPersons(ctx); err != nil {
		return err
	}
	var in struct {
		IDs []int64 `form:"id"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	found, err := o.d.Tickets.ByIDs(ctx, in.IDs[:min(len(in.IDs), ticket.MaxMerged)])
	if err != nil {
		return err
	}
	if len(found) < 2 {
		return apperr.InvalidField("id", "Choose at least two tickets to merge.")
	}
	slices.SortFunc(found, func(a, b ticket.Ticket) int { return a.CreatedAt.Compare(b.CreatedAt) })
	form := merging{Direction: intoThis}
	for i := range found[1:] {
		form.With = append(form.With, found[1+i].Number)
	}
	return o.showMerge(w, r, &found[0], &form, nil, nil)
}

func (o *Operations) showMerge(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, in *merging, ahead view.Ahead, wrong error) error {
	ctx := r.Context()
	found, err := o.candidates(ctx, t, in.With)
	if err != nil {
		return err
	}
	m := view.Merge{Number: t.Number, Title: t.Title, OtherText: in.OtherText, Ahead: ahead, Errors: problems(ctx, wrong), Problem: alertOf(ctx, wrong)}
	for i := range found {
		c := &found[i]
		m.Candidates = append(m.Candidates, ui.Option{Value: c.ticket.Number, Label: c.ticket.Number + " " + c.ticket.Title, Help: c.why, Selected: slices.Contains(in.With, c.ticket.Number)})
	}
	if in.Other != "" {
		if other, err := o.d.Tickets.Get(ctx, ticket.ByNumber(in.Other)); err == nil {
			m.Other = ticketChoice(&other)
		}
	}
	m.Direction = options([]string{intoThis, intoOther},
		[]string{text.T(ctx, "%s goes on; the others end", t.Number), text.T(ctx, "The other one goes on; %s ends", t.Number)}, in.Direction)
	return o.dialog(w, r, wrong, view.Dialog{Title: text.T(ctx, "Merge %s", t.Number), Number: t.Number, Form: m.Form()})
}

// candidate is a ticket that is probably about the same, and why.
type candidate struct {
	ticket ticket.Ticket
	why    string
}

// mostCandidates is how many tickets a merge offers.
const mostCandidates = 8

// candidates are those that are picked already, the requester's other recent tickets, those with a similar title
// and those that were opened last, as far as the actor may see them.
func (o *Operations) candidates(ctx context.Context, t *ticket.Ticket, with []string) ([]candidate, error) {
	var out []candidate
	picked, err := o.d.Tickets.Referred(ctx, with)
	if err != nil {
		return nil, err
	}
	for _, number := range with {
		if p, ok := picked[upper(number)]; ok {
			out = append(out, candidate{p, text.T(ctx, "chosen by you")})
		}
	}
	add := func(found []ticket.Ticket, why string, most int) {
		for i := range found {
			f := &found[i]
			known := slices.ContainsFunc(out, func(c candidate) bool { return c.ticket.ID == f.ID })
			if most > 0 && len(out) < mostCandidates && !known && f.ID != t.ID && f.MergedIntoID == 0 {
				out = append(out, candidate{*f, why})
				most--
			}
		}
	}
	if t.RequesterID != 0 {
		condition, err := o.d.Tickets.Condition(ctx, "requester:#"+strconv.FormatInt(t.RequesterID, 10)+" updated:<30d", text.From(ctx).Location)
		if err != nil {
			return nil, err
		}
		page, err := o.d.Tickets.List(ctx, ticket.Query{Condition: condition, Limit: 6})
		if err != nil {
			return nil, err
		}
		add(page.Tickets, text.T(ctx, "by the same requester"), 4)
	}
	similar, err := o.d.Tickets.Similar(ctx, t.Title, 6)
	if err != nil {
		return nil, err
	}
	add(similar, text.T(ctx, "with a similar title"), 4)
	ids, err := o.d.Recent(ctx, 5)
	if err != nil {
		return nil, err
	}
	recent, err := o.d.Tickets.ByIDs(ctx, ids)
	add(recent, text.T(ctx, "you looked at it lately"), 3)
	return out, err
}

func (o *Operations) merge(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := o.ticketOf(r, access.Link)
	if err != nil {
		return err
	}
	var in merging
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	others := in.With
	other, err := o.pickTicket(ctx, "other", in.Other, in.OtherText)
	if err == nil && other.ID != 0 && !slices.Contains(others, other.Number) {
		others = append(others, other.Number)
	}
	switch {
	case err != nil:
	case len(others) == 0:
		err = apperr.InvalidField("other", "%s", text.T(ctx, "Choose at least one other ticket."))
	case in.Direction == intoOther && len(others) > 1:
		err = apperr.InvalidField("direction", "%s", text.T(ctx, "Choose only the one that shall go on."))
	}
	if err != nil {
		return o.showMerge(w, r, &t, &in, nil, err)
	}
	target, sources := t.Number, others
	if in.Direction == intoOther {
		target, sources = others[0], []string{t.Number}
	}
	if in.Do == preview {
		ahead, err := o.mergeAhead(ctx, target, sources)
		return o.showMerge(w, r, &t, &in, ahead, err)
	}
	op, err := o.d.Tickets.Merge(ctx, ticket.ByNumber(target), refs(sources))
	if err != nil {
		return o.showMerge(w, r, &t, &in, nil, err)
	}
	return o.gone(w, r, target, text.T(ctx, "Merged: it goes on as %s", target), &op)
}

func refs(numbers []string) []ticket.Ref {
	var out []ticket.Ref
	for _, n := range numbers {
		out = append(out, ticket.ByNumber(n))
	}
	return out
}

// splitting is what the form of a split posts.
type splitting struct {
	Seq           int     `form:"seq"`
	Title         string  `form:"title,line,max=250"`
	Kind          string  `form:"kind"`
	Requester     int64   `form:"requester"`
	RequesterText string  `form:"requester.text,line,max=200"`
	Service       int64   `form:"service"`
	ServiceText   string  `form:"service.text,line,max=200"`
	Description   string  `form:"description"`
	Files         []int64 `form:"file"`
	Do            string  `form:"do"`
}

// splitForm offers a ticket out of a message, filled with what is known.
func (o *Operations) splitForm(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := o.ticketOf(r, access.Link)
	if err != nil {
		return err
	}
	seq, _ := strconv.Atoi(r.FormValue("seq")) // no number is no message
	message, err := o.d.Tickets.Message(ctx, &t, seq)
	if err != nil {
		return err
	}
	in := splitting{Seq: seq, Kind: t.Kind, Requester: t.RequesterID, Service: t.ServiceID}
	if !message.Internal {
		in.Title, in.Description = firstLine(message.Body), message.Body
	}
	for _, f := range message.Attachments {
		in.Files = append(in.Files, f.ID)
	}
	return o.showSplit(w, r, &t, &message, &in, nil, nil)
}

// firstLine makes a title of a text: its first words, without marks.
func firstLine(s string) string {
	const most = 80
	line := ""
	for _, b := range markdown.Blocks(s) {
		for _, span := range b.Spans {
			line += span.Text
		}
		if line = strings.TrimSpace(line); line != "" {
			break
		}
	}
	line, _, _ = strings.Cut(line, "\n")
	if utf8.RuneCountInString(line) > most {
		line = string([]rune(line)[:most-1]) + "…"
	}
	return line
}

func (o *Operations) showSplit(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, message *ticket.Event, in *splitting, ahead view.Ahead, wrong error) error {
	ctx := r.Context()
	q := o.d.DB.Reader()
	persons, err := o.d.Names.PersonNames(ctx, q, []int64{in.Requester})
	if err != nil {
		return err
	}
	services, err := o.d.Services.Names(ctx, q, []int64{in.Service})
	if err != nil {
		return err
	}
	m := view.Split{
		Number: t.Number, Seq: strconv.Itoa(in.Seq), Internal: message.Internal, TicketTitle: in.Title, Description: in.Description,
		Ahead: ahead, Errors: problems(ctx, wrong), Problem: alertOf(ctx, wrong), RequesterText: in.RequesterText, ServiceText: in.ServiceText,
		Requester: chosen{in.Requester, either(in.RequesterText, persons[in.Requester].Name)}.choice(ui.PartyPerson),
		Service:   chosen{in.Service, either(in.ServiceText, services[in.Service])}.choice(ui.PartyService),
	}
	for _, def := range o.d.Tickets.Kinds().All() {
		if access.From(ctx).Can(access.Create, def.Key) {
			m.Kinds = append(m.Kinds, ui.Option{Value: def.Key, Label: text.T(ctx, def.Label), Selected: def.Key == in.Kind})
		}
	}
	for _, f := range message.Attachments {
		m.Files = append(m.Files, ui.Option{Value: strconv.FormatInt(f.ID, 10), Label: f.Name, Selected: slices.Contains(in.Files, f.ID)})
	}
	return o.dialog(w, r, wrong, view.Dialog{Title: text.T(ctx, "New ticket from a message of %s", t.Number), Number: t.Number, Form: m.Form()})
}

func (o *Operations) split(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := o.ticketOf(r, access.Link)
	if err != nil {
		return err
	}
	var in splitting
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	message, err := o.d.Tickets.Message(ctx, &t, in.Seq)
	if err != nil {
		return err
	}
	requester, err := pick(ctx, "requester", chosen{in.Requester, in.RequesterText}, o.d.Directory.SuggestPeople)
	about := int64(0)
	if err == nil {
		about, err = pick(ctx, "service", chosen{in.Service, in.ServiceText}, o.services)
	}
	if err != nil {
		return o.showSplit(w, r, &t, &message, &in, nil, err)
	}
	wish := ticket.SplitWish{Seq: in.Seq, Files: in.Files, Create: ticket.Create{
		Kind: in.Kind, Title: in.Title, Description: ticket.Markdown(in.Description), RequesterID: requester, ServiceID: about, Channel: t.Channel,
	}}
	if in.Do == preview {
		ahead, err := o.splitAhead(ctx, &t, &message, wish)
		return o.showSplit(w, r, &t, &message, &in, ahead, err)
	}
	op, made, err := o.d.Tickets.Split(ctx, ticket.ByID(t.ID), wish)
	if err != nil {
		return o.showSplit(w, r, &t, &message, &in, nil, err)
	}
	return o.gone(w, r, made.Number, text.T(ctx, "%s was opened", made.Number), &op)
}

// converting is what the form of a conversion posts.
type converting struct {
	Kind   string            `form:"kind"`
	Fields map[string]string `form:"field.*"`
	Do     string            `form:"do"`
}

func (o *Operations) convertForm(w http.ResponseWriter, r *http.Request) error {
	t, err := o.ticketOf(r, access.Edit)
	if err != nil {
		return err
	}
	return o.showConvert(w, r, &t, &converting{}, nil, nil)
}

func (o *Operations) showConvert(w http.ResponseWriter, r *http.Request, t *ticket.Ticket, in *converting, ahead view.Ahead, wrong error) error {
	ctx := r.Context()
	kinds := o.otherKinds(ctx, t)
	if len(kinds) == 0 {
		return apperr.New(apperr.Forbidden, "There is no other kind that you may open.")
	}
	m := view.Convert{Number: t.Number, Title: t.Title, Ahead: ahead, Errors: problems(ctx, wrong), Problem: alertOf(ctx, wrong)}
	for _, def := range kinds {
		picked := def.Key == in.Kind || in.Kind == "" && len(kinds) == 1
		m.Kinds = append(m.Kinds, ui.Option{Value: def.Key, Label: text.T(ctx, def.Label), Help: text.T(ctx, def.Description), Selected: picked})
		for _, f := range def.Fields {
			if f.Required && t.Fields[f.Key] == "" {
				m.Needs = append(m.Needs, need(ctx, def, f, in.Fields[f.Key], m.Errors))
			}
		}
	}
	m.Lost = o.lost(ctx, t, kinds)
	return o.dialog(w, r, wrong, view.Dialog{Title: text.T(ctx, "Change the kind of %s", t.Number), Number: t.Number, Form: m.Form()})
}

// need is the field of a kind that the ticket has no value for.
func need(ctx context.Context, def *workflow.Definition, f workflow.Field, value string, errors view.Errors) view.Need {
	name := ticket.CustomPrefix + f.Key
	out := view.Need{Kind: def.Key, Name: name}
	out.Field = ui.Field{Name: name, Label: text.T(ctx, "%s (%s)", text.T(ctx, f.Label), text.T(ctx, def.Label)), Help: text.T(ctx, f.Help), Error: errors[name]}
	out.Type, out.Value, out.Options = ui.AnswerType(f.Type), value, f.Options
	return out
}

// lost names the values that no other kind would keep.
func (o *Operations) lost(ctx context.Context, t *ticket.Ticket, kinds []kind) []string {
	def, err := o.d.Tickets.Kinds().Get(t.Kind)
	if err != nil {
		return nil
	}
	var out []string
	for _, f := range def.Fields {
		stays := slices.ContainsFunc(kinds, func(k kind) bool { _, has := k.Field(f.Key); return has })
		if t.Fields[f.Key] != "" && !stays {
			out = append(out, text.T(ctx, f.Label))
		}
	}
	return out
}

func (o *Operations) convert(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	t, err := o.ticketOf(r, access.Edit)
	if err != nil {
		return err
	}
	var in converting
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	given := map[string]string{}
	if def, err := o.d.Tickets.Kinds().Get(in.Kind); err == nil {
		for key, value := range in.Fields {
			if _, has := def.Field(key); has && value != "" {
				given[key] = value
			}
		}
	}
	wish := ticket.Conversion{Kind: in.Kind, Fields: given}
	if in.Do == preview {
		ahead, err := o.convertAhead(ctx, &t, wish)
		return o.showConvert(w, r, &t, &in, ahead, err)
	}
	op, err := o.d.Tickets.Convert(ctx, ticket.ByID(t.ID), wish)
	if err != nil {
		return o.showConvert(w, r, &t, &in, nil, err)
	}
	now, err := o.d.Tickets.Get(ctx, ticket.ByID(t.ID))
	if err != nil {
		return err
	}
	return o.gone(w, r, now.Number, text.T(ctx, "%s is %s now", t.Number, now.Number), &op)
}
