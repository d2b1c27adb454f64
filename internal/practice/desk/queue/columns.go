package queue

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// standardColumns are what a list of tickets of any kind can show, in the order
// it shows them.
var standardColumns = []view.Column{
	{Key: view.ColumnNumber, Label: text.Key("Number")},
	{Key: view.ColumnTitle, Label: text.Key("Title"), Sort: "title"},
	{Key: view.ColumnState, Label: text.Key("State"), Sort: "state"},
	{Key: view.ColumnPriority, Label: text.Key("Priority"), Sort: "priority"},
	{Key: view.ColumnRequester, Label: text.Key("Requester")},
	{Key: view.ColumnGroup, Label: text.Key("Group")},
	{Key: view.ColumnAssignee, Label: text.Key("Assignee")},
	{Key: view.ColumnService, Label: text.Key("Service")},
	{Key: view.ColumnOrganisation, Label: text.Key("Organisation")},
	{Key: view.ColumnKind, Label: text.Key("Kind")},
	{Key: view.ColumnTags, Label: text.Key("Tags")},
	{Key: view.ColumnUpdated, Label: text.Key("Updated"), Sort: "updated"},
	{Key: view.ColumnCreated, Label: text.Key("Created"), Sort: "created"},
	{Key: view.ColumnResolved, Label: text.Key("Resolved"), Sort: "resolved"},
}

// defaultColumns are what a list shows until its reader chooses.
var defaultColumns = []string{
	view.ColumnNumber, view.ColumnTitle, view.ColumnState, view.ColumnPriority,
	view.ColumnRequester, view.ColumnAssignee, view.ColumnUpdated,
}

// maxColumns bounds what one list shows.
const maxColumns = 24

// columns gives the standard columns, those of practices, and one for each custom
// field of the kinds in force.
func columns(ctx context.Context, plugged []module.Column, kinds []*workflow.Definition) []view.Column {
	all := make([]view.Column, 0, len(standardColumns))
	for _, c := range standardColumns {
		c.Label = text.T(ctx, c.Label)
		all = append(all, c)
	}
	for _, c := range plugged {
		all = append(all, view.Column{Key: c.Key, Label: text.T(ctx, c.Label), Number: c.Number, Plugged: true})
	}
	for _, def := range kinds {
		for _, f := range def.Fields {
			key := ticket.CustomPrefix + f.Key
			if !slices.ContainsFunc(all, func(c view.Column) bool { return c.Key == key }) {
				all = append(all, view.Column{Key: key, Label: f.Label, Number: f.Type == workflow.Number})
			}
		}
	}
	return all
}

// splitColumns reads a list of keys with commas between.
func splitColumns(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// chosen gives the columns with the keys, in the order of all; unknown keys, of
// a field that a kind no longer has, are passed over. The title is always there:
// a row without it is nothing to click on.
func chosen(all []view.Column, keys []string) []view.Column {
	var out []view.Column
	for _, c := range all {
		if c.Key == view.ColumnTitle || slices.Contains(keys, c.Key) && len(out) < maxColumns {
			out = append(out, c)
		}
	}
	if len(out) == 1 && len(keys) == 0 {
		return chosen(all, defaultColumns)
	}
	return out
}

// joinColumns is the inverse of splitColumns.
func joinColumns(all []view.Column) string {
	keys := make([]string, 0, len(all))
	for _, c := range all {
		keys = append(keys, c.Key)
	}
	return strings.Join(keys, ",")
}
