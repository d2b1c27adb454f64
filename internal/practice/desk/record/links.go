package record

import (
	"context"
	"net/http"
	"slices"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// inverse is how a link is named that the other ticket holds, in a form.
const inverse = "inverse_"

// linkWords says what this ticket is to the others of a group.
func linkWords(ctx context.Context, typ ticket.LinkType, inverse bool) string {
	switch {
	case typ == ticket.ChildOf:
		return text.T(ctx, "Is a child of")
	case typ == ticket.ParentOf:
		return text.T(ctx, "Is the parent of")
	case typ == ticket.MergedWith && inverse:
		return text.T(ctx, "Goes on from")
	case typ == ticket.MergedWith:
		return text.T(ctx, "Goes on in")
	case typ == ticket.DuplicateOf && inverse:
		return text.T(ctx, "Has the duplicate")
	case typ == ticket.DuplicateOf:
		return text.T(ctx, "Is a duplicate of")
	case typ == ticket.CausedBy && inverse:
		return text.T(ctx, "Caused")
	case typ == ticket.CausedBy:
		return text.T(ctx, "Was caused by")
	}
	return text.T(ctx, "Is related to")
}

// links shows what the ticket has to do with others.
func (d *desk) links(ctx context.Context, all []ticket.Link) view.Links {
	out := view.Links{Number: d.ticket.Number, CanAdd: d.reader.links}
	for i := range all {
		l := &all[i]
		label := linkWords(ctx, l.Type, l.Inverse && l.Type != ticket.RelatedTo)
		item := d.item(ctx, &l.Other)
		item.Note = d.names.person(l.Other.AssigneeID)
		if !d.reader.inside {
			item.Note = ""
		}
		shown := view.Link{Item: item, Type: string(l.Type), Fixed: l.Type == ticket.MergedWith}
		if g := slices.IndexFunc(out.Groups, func(g view.LinkGroup) bool { return g.Label == label }); g >= 0 {
			out.Groups[g].Items = append(out.Groups[g].Items, shown)
			continue
		}
		out.Groups = append(out.Groups, view.LinkGroup{Label: label, Items: []view.Link{shown}})
	}
	return out
}

// linking is what the form of a link posts.
type linking struct {
	Type  string  `form:"type"`
	Other string  `form:"other,line,max=60"` // its number
	Text  *string `form:"other.text,line,max=300"`
}

func (p *Record) linkForm(w http.ResponseWriter, r *http.Request, d *desk) error {
	return p.showLink(w, r, http.StatusOK, d, &linking{Type: string(ticket.RelatedTo)}, nil)
}

func (p *Record) showLink(w http.ResponseWriter, r *http.Request, status int, d *desk, in *linking, wrong error) error {
	ctx := r.Context()
	m := view.LinkForm{Number: d.ticket.Number, Errors: problems(ctx, wrong)}
	if in.Text != nil {
		m.Text = *in.Text
	}
	for _, t := range []struct {
		typ     ticket.LinkType
		inverse bool
	}{
		{ticket.RelatedTo, false},
		{ticket.DuplicateOf, false},
		{ticket.DuplicateOf, true},
		{ticket.CausedBy, false},
		{ticket.CausedBy, true},
		{ticket.ChildOf, false},
		{ticket.ParentOf, false},
	} {
		value := string(t.typ)
		if t.inverse {
			value = inverse + value
		}
		m.Types = append(m.Types, ui.Option{Value: value, Label: linkWords(ctx, t.typ, t.inverse), Selected: value == in.Type})
	}
	if in.Other != "" {
		found, err := p.d.Tickets.ByNumbers(ctx, []string{in.Other})
		if err != nil {
			return err
		}
		for _, t := range found {
			m.Other = []ui.Choice{{Value: t.Number, Label: t.Number + " " + t.Title, Kind: ui.PartyTicket}}
		}
	}
	if wrong != nil {
		m.Problem = alertOf(ctx, wrong, "type", "other")
	}
	return p.dialog(w, r, status, d.ticket.Number, view.Dialog{Title: text.T(ctx, "Link %s", d.ticket.Number), Form: m.Form()})
}

// link connects the ticket with another one.
func (p *Record) link(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	var in linking
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	other, err := p.pickTicket(ctx, in.Other, in.Text, "other")
	if err == nil && other.ID == 0 {
		err = apperr.InvalidField("other", "Choose a ticket.")
	}
	if err == nil {
		err = p.linkWith(ctx, d.ref(), in.Type, ticket.ByID(other.ID))
	}
	if apperr.Is(err, apperr.Invalid) {
		err = renamed(err, ticket.FieldParent, "other")
		return p.showLink(w, r, http.StatusUnprocessableEntity, d, &in, err)
	}
	if err != nil {
		return err
	}
	return p.done(w, r, d.ticket.Number, web.Toast{Text: text.T(ctx, "Linked")})
}

// linkWith makes a link of a type as the form names it.
func (p *Record) linkWith(ctx context.Context, ref ticket.Ref, typ string, other ticket.Ref) error {
	if name, held := cutInverse(typ); held {
		_, err := p.d.Tickets.Link(ctx, other, name, ref)
		return err
	}
	_, err := p.d.Tickets.Link(ctx, ref, ticket.LinkType(typ), other)
	return err
}

func cutInverse(typ string) (ticket.LinkType, bool) {
	if len(typ) > len(inverse) && typ[:len(inverse)] == inverse {
		return ticket.LinkType(typ[len(inverse):]), true
	}
	return "", false
}

// unlink removes a link, whichever ticket holds it.
func (p *Record) unlink(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	var in struct {
		Type  string `form:"type,required"`
		Other string `form:"other,required,line,max=60"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	if _, err := p.d.Tickets.Unlink(ctx, d.ref(), ticket.LinkType(in.Type), ticket.ByNumber(in.Other)); err != nil {
		return err
	}
	return p.done(w, r, d.ticket.Number, web.Toast{Text: text.T(ctx, "The link to %s is removed", in.Other)})
}

// renamed gives a wrong field the name it has in a form.
func renamed(err error, from, to string) error {
	fields := slices.Clone(apperr.FieldsOf(err))
	for i := range fields {
		if fields[i].Name == from {
			fields[i].Name = to
		}
	}
	return &apperr.Error{Kind: apperr.Invalid, Message: apperr.Message(err), Fields: fields, Err: err}
}
