package record

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// value is one of a ticket's values: how the page shows it, and how it is edited
// where it stands. What is edited posts "value"; a combobox also "value.text".
type value struct {
	key     string // of ticket.Get
	label   string // a text key
	hotkey  string
	merges  bool // two versions of it are texts that can be merged
	lines   bool // of several lines
	shown   bool // its reader may see it
	edits   bool // and change it
	content func(ctx context.Context) templ.Component
	hint    func(ctx context.Context) string
	control func(ctx context.Context, in *editing) templ.Component
	// change reads what was posted into a command; what is wrong with it is Invalid.
	change func(ctx context.Context, in *editing, cmd *ticket.Edit) error
}

// editing is what the form of a value posts, and shows again with what is wrong.
type editing struct {
	Version int      `form:"version"`
	Base    string   `form:"base"` // names the value that was read
	Value   string   `form:"value"`
	All     []string `form:"value"`
	Text    *string  `form:"value.text,line,max=300"` // what was typed into a combobox; nil when the form has none
	Reason  string   `form:"reason,line,max=1000"`
	Mode    string   `form:"mode"`

	wrong view.Errors
}

func (in *editing) typed() string {
	if in.Text == nil {
		return ""
	}
	return *in.Text
}

// field is the form's field of the value, with what is wrong with it.
func (in *editing) field(ctx context.Context, v *value) ui.Field {
	f := ui.Field{Name: "value", ID: "e-" + strings.ReplaceAll(v.key, ".", "-"), Label: text.T(ctx, v.label), Hidden: true}
	f.Error = in.wrong[v.key]
	if f.Error == "" {
		f.Error = in.wrong["value"]
	}
	return f
}

// box is a combobox with what was chosen, or with what was typed instead of it.
func (in *editing) box(ctx context.Context, v *value, url string, chosen ui.Choice, placeholder string) templ.Component {
	out := ui.Combobox{Field: in.field(ctx, v), URL: url, Text: in.typed(), Placeholder: placeholder, Autofocus: true}
	if chosen.Label != "" && (in.Text == nil || filter.Fold(*in.Text) == filter.Fold(chosen.Label)) {
		out.Chosen = []ui.Choice{chosen}
	}
	return out
}

// find gives the value that a path names.
func (d *desk) find(key string) (value, error) {
	all := append(d.texts(), d.values()...)
	i := slices.IndexFunc(all, func(v value) bool { return v.key == key && v.shown })
	if i < 0 {
		return value{}, apperr.New(apperr.NotFound, "There is no such value.")
	}
	return all[i], nil
}

// texts are the title and the description, which have places of their own.
func (d *desk) texts() []value {
	t, r := &d.ticket, d.reader
	return []value{
		{
			key: ticket.FieldTitle, label: text.Key("Title"), shown: true, edits: r.edits, merges: true,
			control: func(ctx context.Context, in *editing) templ.Component {
				f := in.field(ctx, &value{key: ticket.FieldTitle, label: text.Key("Title")})
				return ui.TextField{Field: f, Value: in.Value, MaxLength: ticket.MaxTitle}
			},
			change: func(_ context.Context, in *editing, cmd *ticket.Edit) error { cmd.Title = &in.Value; return nil },
		},
		{
			key: ticket.FieldDescription, label: text.Key("Description"), shown: true, edits: r.edits, merges: true, lines: true,
			control: func(ctx context.Context, in *editing) templ.Component {
				f := in.field(ctx, &value{key: ticket.FieldDescription, label: text.Key("Description")})
				f.Help = text.T(ctx, "Markdown: **bold**, `code`, - lists, > quotes.")
				return ui.TextArea{Field: f, Value: in.Value, Rows: min(24, max(8, strings.Count(t.Description, "\n")+3))}
			},
			change: func(_ context.Context, in *editing, cmd *ticket.Edit) error {
				body := ticket.Markdown(in.Value)
				cmd.Description = &body
				return nil
			},
		},
	}
}

// values are what stands in the list of details, in its order.
func (d *desk) values() []value {
	out := []value{
		d.groupValue(), d.assigneeValue(), d.priorityValue(),
		d.levelValue(ticket.FieldImpact, text.Key("Impact"), d.def.Matrix.Impact, d.ticket.Impact, func(cmd *ticket.Edit, n *int) { cmd.Impact = n }),
		d.levelValue(ticket.FieldUrgency, text.Key("Urgency"), d.def.Matrix.Urgency, d.ticket.Urgency, func(cmd *ticket.Edit, n *int) { cmd.Urgency = n }),
		d.serviceValue(), d.requesterValue(),
	}
	for _, f := range d.def.Fields {
		if !f.Retired || d.ticket.Fields[f.Key] != "" {
			out = append(out, d.customValue(f))
		}
	}
	return append(out, d.tagsValue(), d.parentValue(), d.watchersValue())
}

func (d *desk) groupValue() value {
	v := value{key: ticket.FieldGroup, label: text.Key("Group"), shown: true, edits: d.reader.assigns, hotkey: "u g"}
	v.content = func(ctx context.Context) templ.Component {
		if d.ticket.GroupID == 0 {
			return ui.Party{None: text.T(ctx, "No group")}
		}
		return d.names.groupParty(d.ticket.GroupID)
	}
	v.control = func(ctx context.Context, in *editing) templ.Component {
		chosen := ui.Choice{Value: in.Value, Label: d.names.group(parseID(in.Value)), Kind: ui.PartyGroup}
		return in.box(ctx, &v, view.GroupsURL, chosen, text.T(ctx, "No group"))
	}
	v.change = func(ctx context.Context, in *editing, cmd *ticket.Edit) error {
		id, err := d.p.pickGroup(ctx, parseID(in.Value), in.Text, v.key)
		cmd.GroupID = &id
		return err
	}
	return v
}

func (d *desk) assigneeValue() value {
	v := value{key: ticket.FieldAssignee, label: text.Key("Assignee"), shown: true, edits: d.reader.assigns, hotkey: "a"}
	v.content = func(context.Context) templ.Component { return d.names.party(d.ticket.AssigneeID, d.reader) }
	v.control = func(ctx context.Context, in *editing) templ.Component {
		url := view.PeopleURL
		if d.ticket.GroupID != 0 {
			url = view.MembersURL + "?group=" + formatID(d.ticket.GroupID)
		}
		return in.box(ctx, &v, url, ui.Choice{Value: in.Value, Label: d.names.person(parseID(in.Value))}, text.T(ctx, "Nobody yet"))
	}
	v.change = func(ctx context.Context, in *editing, cmd *ticket.Edit) error {
		id, err := d.p.pickPerson(ctx, parseID(in.Value), in.Text, d.ticket.GroupID, v.key)
		cmd.AssigneeID = &id
		return err
	}
	return v
}

// priorityValue follows the matrix; colleagues may overrule it for a reason, which
// they keep among themselves.
func (d *desk) priorityValue() value {
	t := &d.ticket
	v := value{key: ticket.FieldPriority, label: text.Key("Priority"), shown: true, edits: d.reader.edits && d.reader.inside, hotkey: "u p"}
	v.content = func(ctx context.Context) templ.Component { return d.priorityBadge(ctx) }
	v.hint = d.explainPriority
	v.control = func(ctx context.Context, in *editing) templ.Component {
		o := view.Override{Reason: in.Reason, Errors: in.wrong, Explains: d.explainPriority(ctx), ByHand: t.PriorityReason != ""}
		for _, l := range d.def.Matrix.Priority {
			o.Levels = append(o.Levels, ui.Option{
				Value: strconv.Itoa(l.Value), Label: strconv.Itoa(l.Value) + " - " + text.T(ctx, l.Label), Selected: strconv.Itoa(l.Value) == in.Value,
			})
		}
		return o.View()
	}
	v.change = func(_ context.Context, in *editing, cmd *ticket.Edit) error {
		if in.Mode == "matrix" {
			cmd.PriorityByMatrix = true
			return nil
		}
		n, err := strconv.Atoi(in.Value)
		if err != nil {
			return apperr.InvalidField(ticket.FieldPriority, "There is no such priority.")
		}
		cmd.Priority, cmd.PriorityReason = &n, in.Reason
		return nil
	}
	return v
}

// explainPriority says where the priority comes from. Why somebody overruled the
// matrix is said among colleagues only.
func (d *desk) explainPriority(ctx context.Context) string {
	t := d.ticket
	if t.PriorityReason != "" && !d.reader.inside {
		return text.T(ctx, "Set by hand to %s.", level(ctx, d.def.Matrix.Priority, t.Priority))
	}
	return t.ExplainPriority(d.def).In(ctx)
}

func (d *desk) priorityBadge(ctx context.Context) ui.PriorityBadge {
	return ui.PriorityBadge{Level: d.ticket.Priority, Label: level(ctx, d.def.Matrix.Priority, d.ticket.Priority)}
}

func (d *desk) levelValue(key, label string, levels []workflow.Level, now int, set func(*ticket.Edit, *int)) value {
	v := value{key: key, label: label, shown: true, edits: d.reader.edits}
	v.content = func(ctx context.Context) templ.Component { return words(level(ctx, levels, now)) }
	v.control = func(ctx context.Context, in *editing) templ.Component {
		return ui.Select{Field: in.field(ctx, &v), Options: levelOptions(ctx, levels, in.Value)}
	}
	v.change = func(_ context.Context, in *editing, cmd *ticket.Edit) error {
		n, err := strconv.Atoi(in.Value)
		if err != nil {
			return apperr.InvalidField(key, "Choose one.")
		}
		set(cmd, &n)
		return nil
	}
	return v
}

func levelOptions(ctx context.Context, levels []workflow.Level, now string) []ui.Option {
	out := make([]ui.Option, 0, len(levels))
	for _, l := range levels {
		out = append(out, ui.Option{Value: strconv.Itoa(l.Value), Label: text.T(ctx, l.Label), Selected: strconv.Itoa(l.Value) == now})
	}
	return out
}

func (d *desk) serviceValue() value {
	v := value{key: ticket.FieldService, label: text.Key("Service"), shown: true, edits: d.reader.edits, hotkey: "u s"}
	v.content = func(ctx context.Context) templ.Component {
		if d.ticket.ServiceID == 0 {
			return nil
		}
		return d.names.serviceParty(d.ticket.ServiceID, d.reader)
	}
	v.control = func(ctx context.Context, in *editing) templ.Component {
		chosen := ui.Choice{Value: in.Value, Label: d.names.service(parseID(in.Value)), Kind: ui.PartyService}
		return in.box(ctx, &v, view.ServiceAsk, chosen, text.T(ctx, "No service"))
	}
	v.change = func(ctx context.Context, in *editing, cmd *ticket.Edit) error {
		id, err := d.p.pickService(ctx, parseID(in.Value), in.Text, v.key)
		cmd.ServiceID = &id
		return err
	}
	return v
}

func (d *desk) requesterValue() value {
	v := value{key: ticket.FieldRequester, label: text.Key("Requester"), shown: true, edits: d.reader.edits && d.reader.people}
	v.content = func(context.Context) templ.Component { return d.names.party(d.ticket.RequesterID, d.reader) }
	v.control = func(ctx context.Context, in *editing) templ.Component {
		chosen := ui.Choice{Value: in.Value, Label: d.names.person(parseID(in.Value))}
		return in.box(ctx, &v, view.PeopleURL, chosen, text.T(ctx, "A name or e-mail address"))
	}
	v.change = func(ctx context.Context, in *editing, cmd *ticket.Edit) error {
		id, err := d.p.pickPerson(ctx, parseID(in.Value), in.Text, 0, v.key)
		if err == nil && id == 0 {
			err = apperr.InvalidField(ticket.FieldRequester, "Say for whom this is.")
		}
		cmd.RequesterID = &id
		return err
	}
	return v
}

func (d *desk) tagsValue() value {
	v := value{key: ticket.FieldTags, label: text.Key("Tags"), shown: true, edits: d.reader.edits, hotkey: "#"}
	v.content = func(ctx context.Context) templ.Component {
		if len(d.ticket.Tags) == 0 {
			return nil
		}
		badges := make([]templ.Component, 0, len(d.ticket.Tags))
		for _, tag := range d.ticket.Tags {
			badges = append(badges, ui.Badge{Label: tag})
		}
		return templ.Join(badges...)
	}
	v.control = func(ctx context.Context, in *editing) templ.Component {
		f := in.field(ctx, &v)
		f.Help = text.T(ctx, "Separated by commas.")
		return ui.TextField{Field: f, Value: strings.ReplaceAll(in.Value, ",", ", ")}
	}
	v.change = func(_ context.Context, in *editing, cmd *ticket.Edit) error {
		tags := tagsOf(in.Value)
		cmd.Tags = &tags
		return nil
	}
	return v
}

func tagsOf(s string) []string {
	return slices.DeleteFunc(strings.Split(strings.ReplaceAll(s, ", ", ","), ","), func(tag string) bool { return strings.TrimSpace(tag) == "" })
}

// parentValue is for colleagues: what else hangs on a parent is not told outside.
func (d *desk) parentValue() value {
	v := value{key: ticket.FieldParent, label: text.Key("Parent"), shown: d.reader.inside, edits: d.reader.edits}
	v.content = func(ctx context.Context) templ.Component {
		p, known := d.names.tickets[d.ticket.ParentID]
		if !known {
			return nil
		}
		return ui.Link{URL: view.TicketURL(p.Number), Label: p.Number + " " + p.Title}
	}
	v.control = func(ctx context.Context, in *editing) templ.Component {
		var chosen ui.Choice
		if p, known := d.names.numbers[in.Value]; known {
			chosen = ui.Choice{Value: p.Number, Label: p.Number + " " + p.Title, Kind: ui.PartyTicket}
		}
		return in.box(ctx, &v, view.OthersURL(d.ticket.Number), chosen, text.T(ctx, "INC-1042, or printer"))
	}
	v.change = func(ctx context.Context, in *editing, cmd *ticket.Edit) error {
		parent, err := d.p.pickTicket(ctx, in.Value, in.Text, ticket.FieldParent)
		cmd.ParentID = &parent.ID
		return err
	}
	return v
}

// watchersValue is for colleagues. It is saved by a method of its own.
func (d *desk) watchersValue() value {
	v := value{key: ticket.FieldWatchers, label: text.Key("Watchers"), shown: d.reader.inside && d.reader.people, edits: d.reader.edits}
	v.content = func(ctx context.Context) templ.Component {
		if len(d.ticket.Watchers) == 0 {
			return nil
		}
		parties := make([]templ.Component, 0, len(d.ticket.Watchers))
		for _, id := range d.ticket.Watchers {
			parties = append(parties, d.names.party(id, d.reader))
		}
		return templ.Join(parties...)
	}
	v.control = func(ctx context.Context, in *editing) templ.Component {
		box := ui.Combobox{Field: in.field(ctx, &v), URL: view.PeopleURL, Text: in.typed(), Multiple: true, Placeholder: text.T(ctx, "Add a person"), Autofocus: true}
		for _, s := range in.All {
			if id := parseID(s); d.names.person(id) != "" {
				box.Chosen = append(box.Chosen, ui.Choice{Value: s, Label: d.names.person(id)})
			}
		}
		return box
	}
	return v
}

func (d *desk) customValue(f workflow.Field) value {
	key := ticket.CustomPrefix + f.Key
	v := value{key: key, label: f.Label, shown: true, edits: d.reader.edits, merges: f.Type == workflow.Text}
	v.content = func(ctx context.Context) templ.Component { return words(fieldWords(ctx, f, d.ticket.Fields[f.Key])) }
	if f.Help != "" {
		v.hint = func(ctx context.Context) string { return text.T(ctx, f.Help) }
	}
	v.control = func(ctx context.Context, in *editing) templ.Component {
		field := in.field(ctx, &v)
		field.Required = f.Required
		return customControl(ctx, f, field, in.Value)
	}
	v.change = func(_ context.Context, in *editing, cmd *ticket.Edit) error {
		cmd.Fields = map[string]string{f.Key: in.Value}
		return nil
	}
	return v
}

// customControl is the form's control for a kind's own field, by its type.
func customControl(ctx context.Context, f workflow.Field, field ui.Field, now string) templ.Component {
	switch {
	case f.Type == workflow.Number:
		return ui.TextField{Field: field, Value: now, Type: "number", Step: "any"}
	case f.Type == workflow.Date:
		return ui.DateField{Field: field, Value: now}
	case f.Type == workflow.Bool:
		return ui.Select{Field: field, Placeholder: "—", Options: []ui.Option{
			{Value: "true", Label: text.T(ctx, "Yes"), Selected: now == "true"}, {Value: "false", Label: text.T(ctx, "No"), Selected: now == "false"},
		}}
	case f.Type == workflow.Choice && len(f.Options) > 0:
		s := ui.Select{Field: field, Placeholder: "—"}
		for _, o := range f.Options {
			s.Options = append(s.Options, ui.Option{Value: o, Label: text.T(ctx, o), Selected: o == now})
		}
		return s
	}
	return ui.TextField{Field: field, Value: now}
}

// words shows a text; nothing as a dash.
func words(s string) templ.Component {
	if s == "" {
		return nil
	}
	return ui.Words(s)
}

// show makes a value for the page. changed marks one that somebody else changed
// while the page was open.
func (d *desk) showValue(ctx context.Context, v *value, changed bool) ui.Value {
	out := ui.Value{ID: view.ValueID(v.key), Label: text.T(ctx, v.label), Content: v.content(ctx), Changed: changed}
	if v.hint != nil {
		out.Hint = v.hint(ctx)
	}
	if v.edits {
		out.EditURL, out.Key = view.TicketURL(d.ticket.Number)+"/edit/"+v.key, v.hotkey
	}
	return out
}

// showValues makes the list of details.
func (d *desk) showValues(ctx context.Context, changed []string) []ui.Value {
	var out []ui.Value
	for _, v := range d.values() {
		if v.shown {
			out = append(out, d.showValue(ctx, &v, slices.Contains(changed, v.key)))
		}
	}
	return out
}

func (d *desk) title(changed bool) view.Title {
	return view.Title{Number: d.ticket.Number, Text: d.ticket.Title, CanEdit: d.reader.edits, Changed: changed}
}

func (d *desk) description(ctx context.Context, files []ticket.Attachment, changed bool) view.Description {
	m := view.Description{Number: d.ticket.Number, CanEdit: d.reader.edits, Changed: changed}
	// The opening is the first event.
	files = slices.DeleteFunc(slices.Clone(files), func(f ticket.Attachment) bool { return f.Seq != 1 })
	m.Body, files = d.said(ctx, 1, d.ticket.Description, files, view.TextURL(d.ticket.Number, ticket.FieldDescription))
	m.Files = attachments(files)
	return m
}
