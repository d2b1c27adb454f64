package access

import "github.com/steward-itsm/steward/internal/core/filter"

// Record is what the rules look at in a ticket, or in anything else that has
// some of these fields. A field that does not apply is zero and matches no scope.
type Record struct {
	Kind         string
	Requester    int64 // persons
	OpenedBy     int64
	Assignee     int64
	Watchers     []int64
	Group        int64 // the group it is assigned to
	Organisation int64 // the requester's, at the time of the record
	Service      int64
}

// The names of the fields in a filter.Schema that Condition is given.
const (
	FieldKind         = "kind"
	FieldRequester    = "requester"
	FieldOpenedBy     = "opened_by"
	FieldAssignee     = "assignee"
	FieldWatcher      = "watcher"
	FieldGroup        = "group"
	FieldOrganisation = "organisation"
	FieldService      = "service"
)

// Values implements filter.Record.
func (r Record) Values(field string) []filter.Value {
	switch field {
	case FieldKind:
		return []filter.Value{filter.Text(r.Kind)}
	case FieldRequester:
		return filter.IDs(r.Requester)
	case FieldOpenedBy:
		return filter.IDs(r.OpenedBy)
	case FieldAssignee:
		return filter.IDs(r.Assignee)
	case FieldWatcher:
		return filter.IDs(r.Watchers...)
	case FieldGroup:
		return filter.IDs(r.Group)
	case FieldOrganisation:
		return filter.IDs(r.Organisation)
	case FieldService:
		return filter.IDs(r.Service)
	}
	return nil
}

// records is the schema of Record itself.
var records = func() *filter.Schema {
	d := filter.Definition{MatchOnly: true, Fields: []filter.Field{
		{Name: FieldKind, Type: filter.TypeEnum},
		{Name: FieldWatcher, Type: filter.TypeRefs},
	}}
	for _, name := range []string{FieldRequester, FieldOpenedBy, FieldAssignee, FieldGroup, FieldOrganisation, FieldService} {
		d.Fields = append(d.Fields, filter.Field{Name: name, Type: filter.TypeRef})
	}
	schema, err := filter.NewSchema(d)
	if err != nil {
		panic(err) // a mistake in the lines above
	}
	return schema
}()
