package intake

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// asked is what the form holds: what it sends, what its address may bring along,
// and what a draft of it keeps. Who or what was chosen is an id; what was typed
// without choosing stands in the text beside it.
type asked struct {
	Kind          string            `form:"kind" json:"kind"`
	Title         string            `form:"title,line" json:"title,omitempty"`
	Body          string            `form:"body" json:"body,omitempty"`
	Requester     int64             `form:"requester" json:"requester,omitempty"`
	RequesterText string            `form:"requester.text,line" json:"requester_text,omitempty"`
	Service       int64             `form:"service" json:"service,omitempty"`
	ServiceText   string            `form:"service.text,line" json:"service_text,omitempty"`
	Group         int64             `form:"group" json:"group,omitempty"`
	GroupText     string            `form:"group.text,line" json:"group_text,omitempty"`
	Routed        int64             `form:"routed" json:"routed,omitempty"` // the group that was suggested
	Assignee      int64             `form:"assignee" json:"assignee,omitempty"`
	AssigneeText  string            `form:"assignee.text,line" json:"assignee_text,omitempty"`
	Impact        int               `form:"impact" json:"impact,omitempty"`
	Urgency       int               `form:"urgency" json:"urgency,omitempty"`
	Channel       string            `form:"channel" json:"channel,omitempty"`
	Tags          string            `form:"tags,line" json:"tags,omitempty"`
	Watchers      []int64           `form:"watchers" json:"watchers,omitempty"`
	WatchersText  string            `form:"watchers.text,line" json:"watchers_text,omitempty"`
	Fields        map[string]string `form:"field.*" json:"fields,omitempty"`
	Attachments   []int64           `form:"attachments" json:"attachments,omitempty"`
	newPerson

	As   string `form:"as" json:"as,omitempty"` // how it is added to another ticket
	Was  string `form:"was" json:"-"`           // the kind that the form was shown for
	Do   string `form:"do" json:"-"`            // which button was pressed
	Once string `form:"once" json:"-"`          // names this form, so that sending it twice opens one ticket
}

// newPerson is a caller whom nobody has written down yet.
type newPerson struct {
	PersonName       string `form:"person.name,line" json:"person_name,omitempty"`
	PersonEmail      string `form:"person.email,line" json:"person_email,omitempty"`
	PersonPhone      string `form:"person.phone,line" json:"person_phone,omitempty"`
	Organisation     int64  `form:"person.organisation" json:"person_organisation,omitempty"`
	OrganisationText string `form:"person.organisation.text,line" json:"person_organisation_text,omitempty"`
}

// typed reports whether something about a new person was written.
func (p newPerson) typed() bool {
	return p.PersonName != "" || p.PersonEmail != "" || p.PersonPhone != ""
}

// empty reports whether there is nothing that would be a pity to lose. Defaults
// of the form are no content.
func (a *asked) empty() bool {
	for _, v := range a.Fields {
		if v != "" && v != "false" {
			return false
		}
	}
	return a.Title == "" && a.Body == "" && a.Requester == 0 && a.RequesterText == "" && a.Service == 0 && a.ServiceText == "" &&
		a.Assignee == 0 && a.Tags == "" && len(a.Watchers) == 0 && len(a.Attachments) == 0 && !a.typed()
}

// bring fills in what is still open from an address: /tickets/new?requester=7.
func (a *asked) bring(from *asked) {
	if a.Requester == 0 && a.RequesterText == "" {
		a.Requester, a.RequesterText = from.Requester, from.RequesterText
	}
	if a.Service == 0 && a.ServiceText == "" {
		a.Service, a.ServiceText = from.Service, from.ServiceText
	}
	if a.Title == "" {
		a.Title = from.Title
	}
}

// tags cuts what was typed at its commas.
func (a *asked) tags() []string {
	return slices.DeleteFunc(strings.FieldsFunc(a.Tags, func(r rune) bool { return r == ',' || r == ';' }),
		func(tag string) bool { return strings.TrimSpace(tag) == "" })
}

// wish is the ticket that was asked for.
func (a *asked) wish(def *workflow.Definition, mayAssign bool) ticket.Create {
	c := ticket.Create{
		Kind: def.Key, Title: a.Title, Description: ticket.Markdown(a.Body), RequesterID: a.Requester, ServiceID: a.Service,
		Impact: a.Impact, Urgency: a.Urgency, Channel: a.Channel, Tags: a.tags(), Watchers: slices.Clone(a.Watchers),
		Fields: map[string]string{}, Attachments: a.Attachments,
	}
	if mayAssign {
		c.GroupID, c.AssigneeID = a.Group, a.Assignee
	}
	for _, f := range def.Fields { // answers to another kind's questions stay in the form
		if v, ok := a.Fields[f.Key]; ok {
			c.Fields[f.Key] = v
		}
	}
	return c
}

// slot is where the draft of a kind is kept.
func slot(kind string) string { return "new:" + kind }

// draft is what was begun and not sent.
type draft struct {
	asked
	at time.Time
}

// drafts gives what the actor began, by kind.
func (i *Intake) drafts(ctx context.Context) (map[string]draft, error) {
	stored, err := i.d.Tickets.Drafts(ctx, 0)
	if err != nil {
		return nil, err
	}
	out := map[string]draft{}
	for _, s := range stored {
		kind, ours := strings.CutPrefix(s.Slot, slot(""))
		d := draft{at: s.UpdatedAt}
		if ours && json.Unmarshal([]byte(s.Body), &d.asked) == nil && d.Kind == kind && !d.empty() {
			out[kind] = d
		}
	}
	return out, nil
}

// keep stores what the form holds as the draft of a kind.
func (i *Intake) keep(ctx context.Context, kind string, a asked) error {
	body := ""
	if !a.empty() {
		a.Kind = kind
		raw, err := json.Marshal(a)
		if err != nil {
			return err
		}
		body = string(raw)
	}
	return i.d.Tickets.SaveDraft(ctx, 0, slot(kind), body)
}

// keepShown is keep for a form that is shown again. What is too long for a draft
// is in the form all the same.
func (i *Intake) keepShown(ctx context.Context, kind string, a asked) error {
	if err := i.keep(ctx, kind, a); err != nil && !apperr.Is(err, apperr.Invalid) {
		return err
	}
	return nil
}

// exchange goes on with another kind. What was typed goes along; a draft that the
// other kind had already is not lost but becomes the one of the kind that was
// left. An empty form gives way to the other kind's draft.
func (i *Intake) exchange(ctx context.Context, a *asked, from, to string) error {
	drafts, err := i.drafts(ctx)
	if err != nil {
		return err
	}
	other, had := drafts[to]
	if a.empty() && had {
		*a = other.asked
		return nil
	}
	a.Kind = to
	if err := i.keepShown(ctx, to, *a); err != nil {
		return err
	}
	return i.keepShown(ctx, from, other.asked)
}
