package intake

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/intake/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// submit does what the button says that was pressed: open the ticket, add to
// another one, write down the caller, or show the form of another kind. Whatever
// is wrong, the form comes back as it was.
func (i *Intake) submit(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var a asked
	err := i.receive(r, &a)
	if wrong := i.place(ctx, &a); err == nil {
		err = wrong
	}
	to := ""
	if err == nil {
		to, err = i.do(ctx, w, &a)
	}
	switch {
	case err != nil && !tellable(err):
		return err
	case to != "":
		if err := i.forget(ctx, a.Kind, a.Was); err != nil {
			return err
		}
		return web.Redirect(w, r, to)
	case apperr.Is(err, apperr.Conflict): // it was sent before and was changed since: it may go again under a new name
		a.Once = ""
	}
	if err := i.keepShown(ctx, a.Kind, a); err != nil {
		return err
	}
	return i.show(w, r, a, shown{wrong: err})
}

// place makes sure that the kinds in the form are the actor's to open. What was
// typed for another one goes on as the first of them.
func (i *Intake) place(ctx context.Context, a *asked) error {
	def, err := i.kind(ctx, a.Kind)
	if err != nil {
		err = apperr.InvalidField(ticket.FieldKind, "%s", apperr.Message(err))
		first, none := i.kind(ctx, "")
		if none != nil {
			return none
		}
		def = first
	}
	a.Kind = def.Key
	if _, wrong := i.kind(ctx, a.Was); wrong != nil || a.Was == "" {
		a.Was = a.Kind
	}
	return err
}

// tellable reports whether an error can be told in the form, which then keeps
// what was typed.
func tellable(err error) bool {
	switch apperr.KindOf(err) {
	case apperr.Invalid, apperr.Forbidden, apperr.NotFound, apperr.Conflict:
		return true
	}
	return false
}

// forget drops the drafts of what has been sent.
func (i *Intake) forget(ctx context.Context, kinds ...string) error {
	slices.Sort(kinds)
	for _, kind := range slices.Compact(kinds) {
		if err := i.d.Tickets.SaveDraft(ctx, 0, slot(kind), ""); err != nil {
			return err
		}
	}
	return nil
}

// do carries out what was asked for, and gives the page that comes next; "" is
// the form again.
func (i *Intake) do(ctx context.Context, w http.ResponseWriter, a *asked) (to string, err error) {
	deed, which, _ := strings.Cut(a.Do, ":")
	switch deed {
	case view.DoShow:
		return "", i.turn(ctx, w, a)
	case view.DoPerson:
		return "", i.introduce(ctx, w, a)
	case view.DoAdd:
		return i.addTo(ctx, w, a, which)
	}
	t, err := i.create(ctx, a)
	if err != nil {
		return "", err
	}
	if deed == view.DoAnother {
		web.Flash(w, web.Toast{Text: text.T(ctx, "%s created", t.Number)}, i.d.HTTPS)
		return view.URL(t.Kind) + "&" + url.Values{"channel": {t.Channel}}.Encode(), nil
	}
	return view.TicketURL(t.Number), nil
}

// turn goes on with the kind that was chosen, or, without scripts, looks again at
// what follows from the answers. A name that is not found yet is no mistake yet.
func (i *Intake) turn(ctx context.Context, w http.ResponseWriter, a *asked) error {
	if a.Kind != a.Was {
		if was := i.definition(ctx, a.Was); a.Impact == was.DefaultImpact && a.Urgency == was.DefaultUrgency {
			a.Impact, a.Urgency = 0, 0 // nobody chose them; the other kind has its own
		}
		if err := i.exchange(ctx, a, a.Was, a.Kind); err != nil {
			return err
		}
		w.Header().Set("HX-Replace-Url", view.URL(a.Kind))
	}
	if err := i.resolve(ctx, a); err != nil && !apperr.Is(err, apperr.Invalid) {
		return err
	}
	return i.route(ctx, a)
}

// introduce writes down a caller who is not known yet.
func (i *Intake) introduce(ctx context.Context, w http.ResponseWriter, a *asked) error {
	if err := access.From(ctx).Require(access.ManagePeople, access.AnyKind); err != nil {
		return err
	}
	named := asked{newPerson: a.newPerson} // the other fields may wait
	if err := i.resolve(ctx, &named); err != nil {
		return err
	}
	a.newPerson = named.newPerson
	p, err := i.addPerson(ctx, a)
	if err != nil {
		return err
	}
	web.ShowToast(w, web.Toast{Text: text.T(ctx, "%s is known from now on", p.Name)})
	return nil
}

// create opens the ticket.
func (i *Intake) create(ctx context.Context, a *asked) (ticket.Ticket, error) {
	def, err := i.kind(ctx, a.Kind)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if err := i.complete(ctx, def, a); err != nil {
		return ticket.Ticket{}, err
	}
	if err := i.route(ctx, a); err != nil {
		return ticket.Ticket{}, err
	}
	mayAssign := access.From(ctx).Can(access.Assign, def.Key)
	return i.d.Tickets.Create(ticket.WithIdempotencyKey(ctx, a.Once), a.wish(def, mayAssign))
}

// complete finds everything that was named, and says at once all that is missing.
// A new caller is written down last, when nothing else is wrong.
func (i *Intake) complete(ctx context.Context, def *workflow.Definition, a *asked) error {
	var wrong apperr.Problems
	err := i.resolve(ctx, a)
	if err != nil && !apperr.Is(err, apperr.Invalid) {
		return err
	}
	for _, f := range apperr.FieldsOf(err) {
		wrong.Add(f.Name, "%s", f.Message)
	}
	introduce := a.Requester == 0 && a.RequesterText == "" && a.typed() && mayAddPeople(ctx)
	if a.Requester == 0 && a.RequesterText == "" && !introduce {
		wrong.Add(ticket.FieldRequester, "%s", text.T(ctx, "Say who is asking."))
	}
	if a.Title == "" {
		wrong.Add(ticket.FieldTitle, "%s", text.T(ctx, "Say in a few words what it is about."))
	}
	for _, f := range def.Fields {
		if f.Required && a.Fields[f.Key] == "" {
			wrong.Add(ticket.CustomPrefix+f.Key, "%s", text.T(ctx, "%s is needed.", text.T(ctx, f.Label)))
		}
	}
	if err := wrong.Err(); err != nil || !introduce {
		return err
	}
	_, err = i.addPerson(ctx, a)
	return err
}

// addTo puts what was typed into a ticket that is there already, instead of
// opening another one.
func (i *Intake) addTo(ctx context.Context, w http.ResponseWriter, a *asked, number string) (string, error) {
	t, err := i.d.Tickets.Get(ctx, ticket.ByNumber(number))
	if err != nil {
		return "", err
	}
	said := a.said(ctx, i.definition(ctx, a.Kind))
	if said == "" && len(a.Attachments) == 0 {
		return "", apperr.InvalidField(ticket.FieldTitle, "%s", text.T(ctx, "Write down what is to be added to %s.", t.Number))
	}
	once := ticket.WithIdempotencyKey(ctx, a.Once)
	if a.As == view.AsReply {
		_, err = i.d.Tickets.Reply(once, ticket.ByID(t.ID), ticket.PublicReply{Body: ticket.Markdown(said), Attachments: a.Attachments})
	} else {
		var caller string
		if caller, err = i.caller(ctx, a); err != nil {
			return "", err
		}
		note := strings.TrimSpace(caller + "\n\n" + said)
		_, err = i.d.Tickets.Note(once, ticket.ByID(t.ID), ticket.InternalNote{Body: ticket.Markdown(note), Attachments: a.Attachments})
	}
	if err != nil {
		return "", err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Added to %s", t.Number)}, i.d.HTTPS)
	return view.TicketURL(t.Number), nil
}

// definition gives a kind that may no longer exist.
func (i *Intake) definition(ctx context.Context, kind string) *workflow.Definition {
	def, err := i.d.Tickets.Kinds().In(ctx).Get(kind)
	if err != nil {
		return &workflow.Definition{}
	}
	return def
}

// said is what was typed as one text: the title, the description, the answers to
// the kind's own questions.
func (a *asked) said(ctx context.Context, def *workflow.Definition) string {
	parts := []string{a.Title, a.Body}
	if a.Title != "" && strings.Contains(a.Body, a.Title) {
		parts = parts[1:]
	}
	var answers []string
	for _, f := range def.Fields {
		if v := a.Fields[f.Key]; v != "" && v != "false" {
			if v == "true" && f.Type == workflow.Bool {
				v = text.T(ctx, "yes")
			}
			answers = append(answers, "- "+text.T(ctx, f.Label)+": "+v)
		}
	}
	parts = append(parts, strings.Join(answers, "\n"))
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return strings.TrimSpace(p) == "" }), "\n\n")
}

// caller says in an internal note who it was and how they came. Replies do not:
// the ticket's requester need not know who else has called.
func (i *Intake) caller(ctx context.Context, a *asked) (string, error) {
	name := a.RequesterText
	if a.Requester != 0 {
		known, err := i.d.People.SuggestKnown(ctx, []int64{a.Requester})
		if err != nil {
			return "", err
		}
		for _, p := range known {
			name = p.Name
		}
	}
	if name == "" {
		return "", nil
	}
	switch a.Channel {
	case "phone":
		return text.T(ctx, "%s called:", name), nil
	case "walk_in":
		return text.T(ctx, "%s came by:", name), nil
	}
	return text.T(ctx, "%s wrote:", name), nil
}
