package ticket

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// What names in filters refer to, for the filter.Resolver.
const (
	RefPerson       = "person"
	RefGroup        = "group"
	RefService      = "service"
	RefOrganisation = "organisation"
	RefTicket       = "ticket"
)

// Schema gives the fields that filters, views and permissions can name, for one
// reader. It is made of the kinds in force, so that their states, levels and
// custom fields can be asked for.
func (s *Service) Schema(ctx context.Context) (*filter.Schema, error) {
	return s.schema(access.From(ctx))
}

func (s *Service) schema(actor access.Actor) (*filter.Schema, error) {
	plain, err := s.plainSchema()
	if err != nil {
		return nil, err
	}
	// Permissions read only the plain fields, so a schema without text search serves them.
	notes := actor.Condition(access.ReadNotes, plain)
	return plain.WithText(s.search.TextSearch("t.id", notes)), nil
}

// keptSchema is a schema and what it was made of.
type keptSchema struct {
	changes    uint64 // of the kinds
	attributes int
	schema     *filter.Schema
}

// plainSchema gives the schema without text search. It is the same for everybody
// until a kind changes, and every list asks for it.
func (s *Service) plainSchema() (*filter.Schema, error) {
	now := keptSchema{changes: s.kinds.Changes(), attributes: len(s.attributes)}
	if kept := s.kept.Load(); kept != nil && kept.changes == now.changes && kept.attributes == now.attributes {
		return kept.schema, nil
	}
	schema, err := filter.NewSchema(filter.Definition{Fields: s.fields(), Families: []filter.Family{customFields(s.kinds.All())}})
	if err != nil {
		return nil, err
	}
	now.schema = schema
	s.kept.Store(&now)
	return schema, nil
}

func ticketFields(db *database.DB, kinds []*workflow.Definition) []filter.Field {
	one := func(name, label, column, ref string, aliases ...string) filter.Field {
		return filter.Field{Name: name, Aliases: aliases, Label: label, Type: filter.TypeRef, SQL: column, Ref: ref, Self: ref == RefPerson}
	}
	instant := func(name, label, column string, required bool) filter.Field {
		return filter.Field{Name: name, Label: label, Type: filter.TypeTime, SQL: column, Required: required}
	}
	count := func(name, label, column string) filter.Field {
		return filter.Field{Name: name, Label: label, Type: filter.TypeNumber, SQL: column, Required: true}
	}
	return []filter.Field{
		kindField(kinds),
		stateField(kinds),
		waitField(kinds),
		levelField("priority", "Priority", "t.priority", kinds, func(m workflow.Matrix) []workflow.Level { return m.Priority }),
		levelField("impact", "Impact", "t.impact", kinds, func(m workflow.Matrix) []workflow.Level { return m.Impact }),
		levelField("urgency", "Urgency", "t.urgency", kinds, func(m workflow.Matrix) []workflow.Level { return m.Urgency }),
		{Name: "number", Label: "Number", Type: filter.TypeText, SQL: "t.number", Required: true, Fold: strings.ToUpper},
		{Name: "title", Label: "Title", Type: filter.TypeText, SQL: "t.title_folded", Required: true},
		one("assignee", "Assignee", "t.assignee_id", RefPerson, "assigned"),
		one("group", "Group", "t.group_id", RefGroup, "team"),
		one("requester", "Requester", "t.requester_id", RefPerson, "caller"),
		one("opened_by", "Opened by", "t.opened_by_id", RefPerson),
		one("organisation", "Organisation", "t.organisation_id", RefOrganisation, "org", "customer"),
		one("service", "Service", "t.service_id", RefService),
		one("parent", "Parent", "t.parent_id", RefTicket),
		{
			Name: "watcher", Label: "Watcher", Type: filter.TypeRefs, SQL: "w.person_id", Ref: RefPerson, Self: true,
			// Not a correlated EXISTS: "requested, opened or watched by me" is then a
			// union of index searches instead of a look at every ticket.
			Exists: db.Among("t.id", "SELECT w.ticket_id FROM ticket_watchers w WHERE {}"),
		},
		{
			Name: "tag", Label: "Tag", Type: filter.TypeTags, SQL: "g.tag", Aliases: []string{"tags"},
			Exists: "t.id IN (SELECT g.ticket_id FROM ticket_tags g WHERE {})", Fold: strings.ToLower,
		},
		instant("created", "Created", "t.created_at", true),
		instant("updated", "Updated", "t.updated_at", true),
		instant("resolved", "Resolved", "t.resolved_at", false),
		instant("closed", "Closed", "t.closed_at", false),
		instant("responded", "First response", "t.first_response_at", false),
		instant("unanswered", "Unanswered since", "t.unanswered_since", false),
		{Name: "due", Label: "Due", Type: filter.TypeTime, SQL: "t.due_at", Future: true},
		count("reopened", "Times reopened", "t.reopen_count"),
		count("reassigned", "Times reassigned", "t.reassign_count"),
		{Name: "rating", Label: "Rating", Type: filter.TypeNumber, SQL: "t.rating"},
		channelField(),
		codeField(kinds),
		{Name: "source", Label: "Source", Type: filter.TypeText, SQL: "t.source", Required: true, Fold: strings.ToLower},
	}
}

func kindField(kinds []*workflow.Definition) filter.Field {
	f := filter.Field{Name: "kind", Label: "Kind", Aliases: []string{"type"}, Type: filter.TypeEnum, SQL: "t.kind", Required: true}
	for i, d := range kinds {
		f.Options = append(f.Options, filter.Option{Key: d.Key, Label: d.Label, Rank: int64(i)})
	}
	return f
}

// stateField has every state of every kind, and each category as a group.
func stateField(kinds []*workflow.Definition) filter.Field {
	f := filter.Field{Name: "state", Label: "State", Aliases: []string{"status"}, Type: filter.TypeEnum, SQL: "t.state", Required: true}
	groups := map[workflow.Category][]string{}
	for _, d := range kinds {
		for _, s := range d.States {
			if slices.ContainsFunc(f.Options, func(o filter.Option) bool { return o.Key == s.Key }) {
				continue
			}
			f.Options = append(f.Options, filter.Option{Key: s.Key, Label: s.Label, Rank: int64(len(f.Options))})
			groups[s.Category] = append(groups[s.Category], s.Key)
		}
	}
	open := slices.Concat(groups[workflow.New], groups[workflow.Open], groups[workflow.Waiting])
	done := slices.Concat(groups[workflow.Resolved], groups[workflow.Closed], groups[workflow.Cancelled])
	f.Groups = []filter.Group{{Key: "open", Label: "Open", Options: open}, {Key: "done", Label: "Done", Options: done}}
	if len(groups[workflow.Waiting]) > 0 {
		f.Groups = append(f.Groups, filter.Group{Key: "waiting", Label: "Waiting", Options: groups[workflow.Waiting]})
	}
	if len(groups[workflow.Open]) > 0 {
		f.Groups = append(f.Groups, filter.Group{Key: "active", Label: "Being worked on", Options: groups[workflow.Open]})
	}
	return f
}

func waitField(kinds []*workflow.Definition) filter.Field {
	f := filter.Field{Name: "waiting", Label: "Waiting for", Type: filter.TypeEnum, SQL: "NULLIF(t.wait_reason, '')", Aliases: []string{"hold"}}
	for _, d := range kinds {
		for _, s := range d.States {
			for _, r := range s.Reasons {
				if !slices.ContainsFunc(f.Options, func(o filter.Option) bool { return o.Key == r.Key }) {
					f.Options = append(f.Options, filter.Option{Key: r.Key, Label: r.Label})
				}
			}
		}
	}
	return f
}

// levelField is ordered by number: priority:<=2 means the two highest.
func levelField(name, label, column string, kinds []*workflow.Definition, levels func(workflow.Matrix) []workflow.Level) filter.Field {
	f := filter.Field{Name: name, Label: label, Type: filter.TypeEnum, SQL: column, Required: true, Ordered: true, ByRank: true}
	seen := map[int]bool{}
	for _, d := range kinds {
		for _, l := range levels(d.Matrix) {
			if !seen[l.Value] {
				seen[l.Value] = true
				f.Options = append(f.Options, filter.Option{Key: fmt.Sprint(l.Value), Label: l.Label, Rank: int64(l.Value)})
			}
		}
	}
	return f
}

func channelField() filter.Field {
	f := filter.Field{Name: "channel", Label: "Channel", Type: filter.TypeEnum, SQL: "t.channel", Required: true}
	for _, c := range Channels() {
		f.Options = append(f.Options, filter.Option{Key: c, Label: strings.ReplaceAll(c, "_", " ")})
	}
	return f
}

func codeField(kinds []*workflow.Definition) filter.Field {
	f := filter.Field{Name: "resolution", Label: "Resolution code", Type: filter.TypeEnum, SQL: "NULLIF(t.resolution_code, '')", Aliases: []string{"code"}}
	for _, d := range kinds {
		for _, c := range d.Codes {
			if !slices.ContainsFunc(f.Options, func(o filter.Option) bool { return o.Key == c.Key }) {
				f.Options = append(f.Options, filter.Option{Key: c.Key, Label: c.Label})
			}
		}
	}
	return f
}

// customFields gives field.KEY for the custom fields of every kind. They are
// compared as text: a JSON document has no index, so this is for narrowing a
// list that other conditions have made short.
func customFields(kinds []*workflow.Definition) filter.Family {
	list := func() []filter.Field {
		var out []filter.Field
		seen := map[string]bool{}
		for _, d := range kinds {
			for _, f := range d.Fields {
				if seen[f.Key] {
					continue
				}
				seen[f.Key] = true
				out = append(out, filter.Field{
					Name: CustomPrefix + f.Key, Label: f.Label, Type: filter.TypeText,
					SQL:  "t.fields->>'" + f.Key + "'", // the key is checked to be a plain name
					Fold: func(s string) string { return s },
				})
			}
		}
		return out
	}
	return filter.Family{
		Prefix: CustomPrefix, List: list,
		Lookup: func(name string) (filter.Field, bool) {
			fields := list()
			i := slices.IndexFunc(fields, func(f filter.Field) bool { return f.Name == name })
			if i < 0 {
				return filter.Field{}, false
			}
			return fields[i], true
		},
	}
}

// Values lets a condition be tried on a ticket in memory.
func (t *Ticket) Values(field string) []filter.Value {
	id := func(v int64) []filter.Value {
		if v == 0 {
			return nil
		}
		return []filter.Value{filter.Int(v)}
	}
	text := func(v string) []filter.Value {
		if v == "" {
			return nil
		}
		return []filter.Value{filter.Text(v)}
	}
	switch field {
	case "kind":
		return text(t.Kind)
	case "state":
		return text(t.State)
	case "waiting":
		return text(t.WaitReason)
	case "priority":
		return []filter.Value{filter.Int(int64(t.Priority))}
	case "impact":
		return []filter.Value{filter.Int(int64(t.Impact))}
	case "urgency":
		return []filter.Value{filter.Int(int64(t.Urgency))}
	case "number":
		return text(t.Number)
	case "title":
		return text(t.Title)
	case "assignee", "group", "requester", "opened_by", "organisation", "service", "parent":
		return id(*t.ref(field))
	case "watcher":
		return filter.IDs(t.Watchers...)
	case "tag":
		return filter.Texts(t.Tags...)
	case "created":
		return filter.Times(t.CreatedAt)
	case "updated":
		return filter.Times(t.UpdatedAt)
	case "resolved":
		return filter.Times(t.ResolvedAt)
	case "closed":
		return filter.Times(t.ClosedAt)
	case "responded":
		return filter.Times(t.FirstResponseAt)
	case "unanswered":
		return filter.Times(t.UnansweredSince)
	case "due":
		return filter.Times(t.DueAt)
	case "reopened":
		return []filter.Value{filter.Int(int64(t.ReopenCount))}
	case "reassigned":
		return []filter.Value{filter.Int(int64(t.ReassignCount))}
	case "rating":
		return id(int64(t.Rating))
	case "channel":
		return text(t.Channel)
	case "resolution":
		return text(t.ResolutionCode)
	case "source": // "" is a value: our own
		return []filter.Value{filter.Text(t.Source)}
	}
	if key, ok := strings.CutPrefix(field, CustomPrefix); ok {
		return text(t.Fields[key])
	}
	return nil
}

// Condition reads a filter as the actor means it: names resolved, "me" known,
// times relative to now in the reader's zone. A *filter.Error says what is
// wrong and where.
func (s *Service) Condition(ctx context.Context, text string, zone *time.Location) (filter.Condition, error) {
	node, err := filter.Parse(text)
	if err != nil {
		return filter.False(), err
	}
	actor := access.From(ctx)
	schema, err := s.schema(actor)
	if err != nil {
		return filter.False(), err
	}
	c, err := schema.Bind(ctx, node, filter.Env{Now: s.now(), Location: zone, Me: actor.ID, Resolve: ownGroups{s.resolver}})
	return s.conceal(actor, schema, node, c), err
}

// matches tries a workflow's condition on a ticket.
func (s *Service) matches(ctx context.Context, q database.Querier, condition string, t *Ticket, now time.Time) (bool, error) {
	node, err := filter.Parse(condition)
	if err != nil {
		return false, err
	}
	schema, err := s.schema(access.System())
	if err != nil {
		return false, err
	}
	c, err := schema.Bind(ctx, node, filter.Env{Now: now, Me: access.From(ctx).ID, Resolve: s.resolver})
	if err != nil {
		return false, err
	}
	record, err := s.withAttributes(ctx, q, t, c)
	if err != nil {
		return false, err
	}
	return c.Match(record), nil
}
