package servicenow

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// Source is the name under which imported records are known here.
const Source = "servicenow"

// Unknown is the name of what the log hides: a group that was there, but whose
// name was not written. It counts as a group of its own, as it did in the source.
const Unknown = "Unknown"

// Names of the custom fields that the log's columns become.
const (
	fieldLocation  = "location"
	fieldCategory  = "category"
	fieldSub       = "subcategory"
	fieldSymptom   = "symptom"
	fieldCI        = "configuration_item"
	fieldProblem   = "problem"
	fieldChange    = "change"
	fieldCausedBy  = "caused_by"
	fieldVendor    = "vendor"
	fieldKnowledge = "knowledge_used"
	fieldMadeSLA   = "source_made_sla"
)

// states maps the source's states to ours, with the waiting reason.
var states = map[string][2]string{
	"New":                {"new", ""},
	"Active":             {"in_progress", ""},
	"Awaiting User Info": {"on_hold", "caller"},
	"Awaiting Vendor":    {"on_hold", "vendor"},
	"Awaiting Problem":   {"on_hold", "problem"},
	"Awaiting Evidence":  {"on_hold", "evidence"},
	"Resolved":           {"resolved", ""},
	"Closed":             {"closed", ""},
}

// ids resolves the names of a batch; they were made sure of before.
type ids struct {
	persons, groups, services map[string]int64
	organisation              int64
}

// incident is one incident on its way to a history.
type incident struct {
	rows  []Row
	notes []Finding // what had to be mended
}

// Finding is something a report tells about a line or an incident.
type Finding struct {
	Line   int    `json:"line,omitempty"`
	Number string `json:"number,omitempty"`
	Text   string `json:"text"`
}

func (in *incident) find(row Row, format string, args ...any) {
	in.notes = append(in.notes, Finding{Line: row.Line, Number: row.Number, Text: fmt.Sprintf(format, args...)})
}

// history turns the rows of an incident, in order of time, into a
// timeline: one event when it was opened, then one for every saved state at
// its own instant. It is pure; what it mends is added to in.notes.
func (in *incident) history(id ids) (ticket.History, error) {
	first := in.rows[0]
	b := builder{id: id}
	opened := first.Opened
	if opened.IsZero() || first.Saved.Before(opened) {
		if !opened.IsZero() {
			in.find(first, "saved at %s, before it was opened at %s; taken as opened when it was first saved", stamp(first.Saved), stamp(opened))
		}
		opened = first.Saved
	}
	b.begin(first, opened)
	state := [2]string{"new", ""}
	for i, row := range in.rows {
		if i > 0 && row.Saves <= in.rows[i-1].Saves {
			in.find(row, "save %d comes after save %d; the order of their times was kept", row.Saves, in.rows[i-1].Saves)
		}
		if i > 0 && row.Line < in.rows[i-1].Line {
			in.find(row, "saved at %s, but its line stands before an earlier one; put in order of time", stamp(row.Saved))
		}
		to, known := states[row.State]
		if !known {
			in.find(row, "the state %q is unknown; the state before was kept", row.State)
			to = state
		}
		state = to
		b.save(row, row.Saved, state)
	}
	return ticket.History{Kind: "incident", Source: Source, SourceRef: first.Number, Events: b.events}, b.err
}

// builder writes events and remembers the values, so that each event holds
// only what changed.
type builder struct {
	id     ids
	now    ticket.Ticket
	events []ticket.Event
	err    error
}

func (b *builder) set(field, value string) {
	e := &b.events[len(b.events)-1]
	from := b.now.Get(field)
	if from == value {
		return
	}
	if err := b.now.Set(field, value); err != nil && b.err == nil {
		b.err = err
	}
	e.Changes = append(e.Changes, ticket.Change{Field: field, From: from, To: value})
}

func (b *builder) event(typ ticket.EventType, at time.Time, by string) {
	b.events = append(b.events, ticket.Event{At: at, Type: typ, Actor: b.actor(by)})
}

// actor is the person the source names, or the importer where it names nobody.
func (b *builder) actor(name string) ticket.ActorRef {
	if id := b.id.persons[personRef(name)]; id != 0 {
		return ticket.ActorRef{Type: access.TypePerson, ID: id}
	}
	return ticket.ActorRef{Type: access.TypeImporter}
}

func (b *builder) begin(row Row, at time.Time) {
	b.event(ticket.Created, at, row.OpenedBy)
	b.set(ticket.FieldKind, "incident")
	b.set(ticket.FieldTitle, title(row))
	b.set(ticket.FieldState, "new")
	b.set(ticket.FieldRequester, number(b.id.persons[personRef(either(row.Caller, Unknown+" caller"))]))
	b.set(ticket.FieldOpenedBy, number(b.id.persons[personRef(row.OpenedBy)]))
	b.set(ticket.FieldOrganisation, number(b.id.organisation))
	b.set(ticket.FieldChannel, channel(row.Contact))
	b.set(ticket.FieldImpact, strconv.Itoa(orDefault(row.Impact, 2)))
	b.set(ticket.FieldUrgency, strconv.Itoa(orDefault(row.Urgency, 2)))
	b.set(ticket.FieldPriority, strconv.Itoa(orDefault(row.Priority, 3)))
}

func (b *builder) save(row Row, at time.Time, state [2]string) {
	b.event(ticket.Imported, at, row.SavedBy)
	b.set(ticket.FieldRequester, number(b.id.persons[personRef(either(row.Caller, Unknown+" caller"))]))
	b.set(ticket.FieldGroup, number(b.id.groups[either(row.Group, Unknown)]))
	b.set(ticket.FieldAssignee, number(b.id.persons[personRef(row.Assignee)]))
	b.set(ticket.FieldService, number(b.id.services[row.Category]))
	b.set(ticket.FieldState, state[0])
	b.set(ticket.FieldWaitReason, state[1])
	for _, l := range []struct {
		field string
		level int
	}{{ticket.FieldImpact, row.Impact}, {ticket.FieldUrgency, row.Urgency}, {ticket.FieldPriority, row.Priority}} {
		if l.level != 0 {
			b.set(l.field, strconv.Itoa(l.level))
		}
	}
	// The export repeats the final code on every line; it was true from the resolution on.
	if done := state[0] == "resolved" || state[0] == "closed"; done {
		b.set(ticket.FieldResolutionCode, codeKey(row.Code))
	} else {
		b.set(ticket.FieldResolutionCode, "")
	}
	for _, f := range customFields {
		b.set(ticket.CustomPrefix+f.key, f.value(row))
	}
	b.set(ticket.FieldTitle, title(row))
}

// customFields are the columns that become fields, in the order they are shown.
var customFields = []struct {
	key, label string
	value      func(Row) string
}{
	{fieldLocation, "Location", func(r Row) string { return r.Location }},
	{fieldCategory, "Category", func(r Row) string { return r.Category }},
	{fieldSub, "Subcategory", func(r Row) string { return r.Sub }},
	{fieldSymptom, "Symptom", func(r Row) string { return r.Symptom }},
	{fieldCI, "Configuration item", func(r Row) string { return r.CI }},
	{fieldProblem, "Problem", func(r Row) string { return r.Problem }},
	{fieldChange, "Change", func(r Row) string { return r.Change }},
	{fieldCausedBy, "Caused by change", func(r Row) string { return r.CausedBy }},
	{fieldVendor, "Vendor", func(r Row) string { return r.Vendor }},
	{fieldKnowledge, "Knowledge used", func(r Row) string { return r.Knowledge }},
	{fieldMadeSLA, "Kept its target (source)", func(r Row) string { return r.MadeSLA }},
}

// title makes a readable line of what the log has instead of texts.
func title(row Row) string {
	var parts []string
	for _, p := range []string{row.Category, row.Sub, row.Symptom} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return "Incident " + row.Number
	}
	return strings.Join(parts, " - ")
}

func channel(contact string) string {
	switch strings.ToLower(contact) {
	case "phone":
		return "phone"
	case "email":
		return "email"
	case "chat":
		return "chat"
	case "walk-in", "walk in":
		return "walk_in"
	case "self-service", "self service":
		return "portal"
	}
	return "import"
}

// personRef gives the stable key of a person. The log names the same person
// "Resolver 149" as an assignee and "Resolved by 149" when they resolved.
func personRef(name string) string {
	if n, ok := strings.CutPrefix(name, "Resolved by "); ok {
		return "Resolver " + n
	}
	return name
}

// codeKey makes a key of "code 6".
func codeKey(code string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, code))
}

func number(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func orDefault(n, d int) int {
	if n == 0 {
		return d
	}
	return n
}

func stamp(t time.Time) string { return t.Format("2006-01-02 15:04") }
