package queue

import (
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
)

// csvValue is what a column says of a ticket, as text that programs can sort.
func csvValue(column string, t *view.Ticket, zone *time.Location) string {
	switch column {
	case view.ColumnNumber:
		return t.Number
	case view.ColumnTitle:
		return t.Title
	case view.ColumnState:
		if t.WaitLabel != "" {
			return t.StateLabel + " (" + t.WaitLabel + ")"
		}
		return t.StateLabel
	case view.ColumnPriority:
		return strconv.Itoa(t.Priority) + " " + t.PriorityLabel
	case view.ColumnRequester:
		return t.Requester
	case view.ColumnGroup:
		return t.Group
	case view.ColumnAssignee:
		return t.Assignee
	case view.ColumnService:
		return t.Service
	case view.ColumnOrganisation:
		return t.Organisation
	case view.ColumnKind:
		return t.KindLabel
	case view.ColumnTags:
		return strings.Join(t.Tags, ", ")
	case view.ColumnUpdated:
		return csvTime(t.UpdatedAt, zone)
	case view.ColumnCreated:
		return csvTime(t.CreatedAt, zone)
	case view.ColumnResolved:
		return csvTime(t.ResolvedAt, zone)
	}
	return t.Fields[column]
}

// csvTime is the form that spreadsheets read as a date; the head of the column
// names the zone.
func csvTime(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(zone).Format(time.DateTime)
}

func isTimeColumn(key string) bool {
	return key == view.ColumnUpdated || key == view.ColumnCreated || key == view.ColumnResolved
}
