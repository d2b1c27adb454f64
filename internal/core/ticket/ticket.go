package ticket

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// Ticket is the present of a record: the fold of its timeline.
type Ticket struct {
	ID     int64
	Kind   string // key of a workflow.Definition
	Number string // "INC-1042"

	Title       string
	Description string // Markdown
	State       string
	Category    workflow.Category
	WaitReason  string // set while Category is waiting

	Impact         int
	Urgency        int
	Priority       int    // 1 is the highest
	PriorityReason string // why the matrix was overridden; "" means it was not

	RequesterID    int64 // whom it is for
	OpenedByID     int64 // who wrote it down
	OrganisationID int64 // the requester's organisation when it was opened
	ServiceID      int64
	GroupID        int64
	AssigneeID     int64
	ParentID       int64
	MergedIntoID   int64   // the ticket in which this one goes on
	MergedFrom     []int64 // the tickets that go on in this one; sorted
	Channel        string  // portal, phone, walk_in, email, api, chat, monitoring, import

	ResolutionCode string
	Resolution     string

	CreatedAt       time.Time
	UpdatedAt       time.Time
	AssignedAt      time.Time // first time a group or a person had it
	FirstResponseAt time.Time // first public word from somebody other than the requester
	ResolvedAt      time.Time // last resolution; zero while work is owed
	ClosedAt        time.Time
	UnansweredSince time.Time // the requester's first word nobody has answered; zero when none waits
	// DueAt is when the next promise on it is due, as SetDue keeps it beside the
	// timeline; zero when nothing is.
	DueAt         time.Time
	ReopenCount   int
	ReassignCount int // moves from one group to another
	Rating        int // 1 to 5; 0 is not rated

	Source    string // "" for our own; else the system it was imported from
	SourceRef string
	Version   int // counts saves; a save names the version it read
	LastSeq   int // of the timeline

	Fields   map[string]string // custom fields by key, as canonical text
	Tags     []string          // sorted
	Watchers []int64           // sorted
}

// Names of the fields a timeline can change. Custom fields are "field.KEY".
const (
	FieldKind           = "kind"
	FieldTitle          = "title"
	FieldDescription    = "description"
	FieldState          = "state"
	FieldWaitReason     = "wait_reason"
	FieldImpact         = "impact"
	FieldUrgency        = "urgency"
	FieldPriority       = "priority"
	FieldPriorityReason = "priority_reason"
	FieldRequester      = "requester"
	FieldOpenedBy       = "opened_by"
	FieldOrganisation   = "organisation"
	FieldService        = "service"
	FieldGroup          = "group"
	FieldAssignee       = "assignee"
	FieldParent         = "parent"
	FieldChannel        = "channel"
	FieldResolutionCode = "resolution_code"
	FieldResolution     = "resolution"
	FieldRating         = "rating"
	FieldMinutesLost    = "minutes_lost" // beside a rating: in the timeline only
	FieldTags           = "tags"
	FieldWatchers       = "watchers"
	FieldMergedInto     = "merged_into"
	FieldMergedFrom     = "merged_from"
	FieldNumber         = "number"     // changes with the kind
	FieldLink           = "link"       // "TYPE ID": in the timeline only
	FieldVia            = "via"        // id of the merged ticket that a message was written to: in the timeline only
	FieldSplitFrom      = "split_from" // "ID SEQ": in the timeline only
	FieldSplitInto      = "split_into" // id: in the timeline only
	CustomPrefix        = "field."
)

// Names of what follows from the other changes. Only an undo writes them, since
// it is not a thing that happens to the ticket but one that is taken back; and a
// merge, since whoever waited for an answer goes on waiting.
const (
	FieldAssignedAt      = "assigned_at"
	FieldFirstResponseAt = "first_response_at"
	FieldResolvedAt      = "resolved_at"
	FieldClosedAt        = "closed_at"
	FieldUnansweredSince = "unanswered_since"
	FieldReopenCount     = "reopen_count"
	FieldReassignCount   = "reassign_count"
)

// Get gives a field's value as the timeline writes it: ids and numbers in
// decimal, lists joined by commas, "" for nothing.
func (t *Ticket) Get(field string) string {
	if p := t.text(field); p != nil {
		return *p
	}
	if p := t.ref(field); p != nil {
		return formatID(*p)
	}
	if p := t.number(field); p != nil {
		if *p == 0 {
			return ""
		}
		return strconv.Itoa(*p)
	}
	if p := t.instant(field); p != nil {
		if p.IsZero() {
			return ""
		}
		return strconv.FormatInt(p.UnixMicro(), 10)
	}
	switch field {
	case FieldMergedFrom:
		return joinIDs(t.MergedFrom)
	case FieldTags:
		return strings.Join(t.Tags, ",")
	case FieldWatchers:
		return joinIDs(t.Watchers)
	}
	if key, ok := strings.CutPrefix(field, CustomPrefix); ok {
		return t.Fields[key]
	}
	return ""
}

// Set is the inverse of Get. It fails on an unknown field or a value that is
// not of the field's type.
func (t *Ticket) Set(field, value string) error {
	if p := t.text(field); p != nil {
		*p = value
		return nil
	}
	if p := t.ref(field); p != nil {
		id, err := parseID(value)
		*p = id
		return err
	}
	if p := t.number(field); p != nil {
		*p = 0
		if value == "" {
			return nil
		}
		n, err := strconv.Atoi(value)
		*p = n
		return err
	}
	if p := t.instant(field); p != nil {
		at, err := parseID(value)
		*p = time.Time{}
		if at != 0 {
			*p = time.UnixMicro(at).UTC()
		}
		return err
	}
	switch field {
	case FieldMergedFrom:
		ids, err := splitIDs(value)
		t.MergedFrom = ids
		return err
	case FieldTags:
		t.Tags = nil
		if value != "" {
			t.Tags = strings.Split(value, ",")
		}
		return nil
	case FieldWatchers:
		ids, err := splitIDs(value)
		t.Watchers = ids
		return err
	case FieldLink, FieldVia, FieldSplitFrom, FieldSplitInto, FieldMinutesLost:
		return nil
	}
	if isActivity(field) {
		return nil
	}
	key, ok := strings.CutPrefix(field, CustomPrefix)
	if !ok || key == "" {
		return fmt.Errorf("ticket: there is no field %q", field)
	}
	fields := make(map[string]string, len(t.Fields)+1)
	for k, v := range t.Fields {
		fields[k] = v
	}
	delete(fields, key)
	if value != "" {
		fields[key] = value
	}
	t.Fields = fields
	return nil
}

func (t *Ticket) text(field string) *string {
	switch field {
	case FieldKind:
		return &t.Kind
	case FieldNumber:
		return &t.Number
	case FieldTitle:
		return &t.Title
	case FieldDescription:
		return &t.Description
	case FieldState:
		return &t.State
	case FieldWaitReason:
		return &t.WaitReason
	case FieldPriorityReason:
		return &t.PriorityReason
	case FieldChannel:
		return &t.Channel
	case FieldResolutionCode:
		return &t.ResolutionCode
	case FieldResolution:
		return &t.Resolution
	}
	return nil
}

func (t *Ticket) ref(field string) *int64 {
	switch field {
	case FieldRequester:
		return &t.RequesterID
	case FieldOpenedBy:
		return &t.OpenedByID
	case FieldOrganisation:
		return &t.OrganisationID
	case FieldService:
		return &t.ServiceID
	case FieldGroup:
		return &t.GroupID
	case FieldAssignee:
		return &t.AssigneeID
	case FieldParent:
		return &t.ParentID
	case FieldMergedInto:
		return &t.MergedIntoID
	}
	return nil
}

func (t *Ticket) number(field string) *int {
	switch field {
	case FieldImpact:
		return &t.Impact
	case FieldUrgency:
		return &t.Urgency
	case FieldPriority:
		return &t.Priority
	case FieldRating:
		return &t.Rating
	case FieldReopenCount:
		return &t.ReopenCount
	case FieldReassignCount:
		return &t.ReassignCount
	}
	return nil
}

func (t *Ticket) instant(field string) *time.Time {
	switch field {
	case FieldAssignedAt:
		return &t.AssignedAt
	case FieldFirstResponseAt:
		return &t.FirstResponseAt
	case FieldResolvedAt:
		return &t.ResolvedAt
	case FieldClosedAt:
		return &t.ClosedAt
	case FieldUnansweredSince:
		return &t.UnansweredSince
	}
	return nil
}

// Apply moves the ticket by one event of its timeline. It is the only rule
// that does: saving, replaying and importing all come through here. The
// definition is the kind's; event changes name states that it knows (unknown
// ones, from an older definition, count as open).
func (t *Ticket) Apply(e Event, def *workflow.Definition) error {
	before := *t
	for _, c := range e.Changes {
		if err := t.Set(c.Field, c.To); err != nil {
			return fmt.Errorf("event %d: %w", e.Seq, err)
		}
	}
	t.LastSeq = e.Seq
	if e.At.After(t.UpdatedAt) {
		t.UpdatedAt = e.At
	}
	if t.CreatedAt.IsZero() {
		t.CreatedAt = e.At
	}
	t.Category = workflow.Open
	if s, ok := def.State(t.State); ok {
		t.Category = s.Category
	}
	if e.Type == Undone { // it says all it gives back, and nothing follows from it
		return nil
	}
	if before.GroupID != 0 && t.GroupID != 0 && before.GroupID != t.GroupID {
		t.ReassignCount++
	}
	if t.AssignedAt.IsZero() && (t.GroupID != 0 || t.AssigneeID != 0) {
		t.AssignedAt = e.At
	}
	if e.Type == Replied && t.FirstResponseAt.IsZero() && !t.asks(&e) {
		t.FirstResponseAt = e.At
	}
	if e.Type == Replied {
		t.spoken(e)
	}
	if before.State != t.State && (e.Type != Converted || before.Category != t.Category) {
		t.moved(before.Category, e.At)
	}
	return nil
}

// asks reports whether a message is from somebody who asked for the ticket: its
// requester, or one of a ticket that was merged into it.
func (t *Ticket) asks(e *Event) bool {
	v, merged := viaOf(e)
	return e.Actor.ID == t.RequesterID || merged && v.asked
}

// spoken keeps since when the requester waits for an answer. A person's or a
// supplier's reply is one; what a rule sends by itself is not.
func (t *Ticket) spoken(e Event) {
	switch {
	case e.Actor.ID == 0:
	case !t.asks(&e):
		t.UnansweredSince = time.Time{}
	case t.UnansweredSince.IsZero():
		t.UnansweredSince = e.At
	}
}

// moved keeps the instants that follow from a change of category.
func (t *Ticket) moved(from workflow.Category, at time.Time) {
	if !t.Category.Active() {
		t.UnansweredSince = time.Time{} // the outcome is the answer
	}
	wasDone := from == workflow.Resolved || from == workflow.Closed || from == workflow.Cancelled
	switch {
	case t.Category.Active():
		if wasDone {
			t.ReopenCount++
		}
		t.ResolvedAt, t.ClosedAt = time.Time{}, time.Time{}
	case t.Category == workflow.Resolved:
		t.ResolvedAt, t.ClosedAt = at, time.Time{}
	default:
		if t.ResolvedAt.IsZero() && t.Category == workflow.Closed {
			t.ResolvedAt = at
		}
		t.ClosedAt = at
	}
}

// ExplainPriority says where the priority comes from.
func (t *Ticket) ExplainPriority(def *workflow.Definition) words.Text {
	m := def.Matrix
	computed, ok := m.Lookup(t.Impact, t.Urgency)
	label := func(levels []workflow.Level, n int) words.Label {
		return words.Label{Meaning: "kind", Word: workflow.Label(levels, n)}
	}
	name := func(p int) words.Text { return words.Of("%d - %s", p, label(m.Priority, p)) }
	from := words.Of("impact %s and urgency %s", label(m.Impact, t.Impact), label(m.Urgency, t.Urgency))
	switch {
	case t.PriorityReason != "" && ok:
		return words.Of("Set by hand to %s; %s would give %s. Reason: %s", name(t.Priority), from, name(computed), t.PriorityReason)
	case t.PriorityReason != "":
		return words.Of("Set by hand to %s. Reason: %s", name(t.Priority), t.PriorityReason)
	case ok && computed == t.Priority:
		return words.Of("%s, because of %s.", name(t.Priority), from)
	case ok:
		return words.Of("%s as recorded when it was set; today's matrix gives %s for %s.", name(t.Priority), name(computed), from)
	}
	return words.Of("%s as recorded; the matrix has no cell for %s.", name(t.Priority), from)
}

// WaitsForRequester reports whether the requester's answer ends the hold.
func (t *Ticket) WaitsForRequester(def *workflow.Definition) bool {
	s, ok := def.State(t.State)
	if !ok || s.Category != workflow.Waiting {
		return false
	}
	r, ok := s.Reason(t.WaitReason)
	return ok && r.OnRequester
}

func formatID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func parseID(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	return strconv.ParseInt(s, 10, 64)
}

func joinIDs(ids []int64) string {
	parts := make([]string, len(ids))
	for i, id := range ids {
		parts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(parts, ",")
}

func splitIDs(s string) ([]int64, error) {
	if s == "" {
		return nil, nil
	}
	var ids []int64
	for part := range strings.SplitSeq(s, ",") {
		id, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
