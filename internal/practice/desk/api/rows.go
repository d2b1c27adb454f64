package api

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

var exportedType = reflect.TypeFor[ExportedTicket]()

// rows writes one row per ticket.
type rows struct {
	w       *bufio.Writer
	csv     *csv.Writer
	custom  []string
	started bool
}

func newRows(w *bufio.Writer, custom []string) *rows {
	return &rows{w: w, csv: csv.NewWriter(w), custom: custom}
}

// column is one column of the tickets' sheet. The names are those of the JSON,
// with _id where a name stands beside it.
type column struct {
	name  string
	value func(t *ExportedTicket) string
}

var columns = []column{
	{"id", func(t *ExportedTicket) string { return strconv.FormatInt(t.ID, 10) }},
	{"number", func(t *ExportedTicket) string { return t.Number }},
	{"kind", func(t *ExportedTicket) string { return t.Kind.Key }},
	{"title", func(t *ExportedTicket) string { return t.Title }},
	{"description", func(t *ExportedTicket) string { return t.Description }},
	{"state", func(t *ExportedTicket) string { return t.State.Key }},
	{"state_category", func(t *ExportedTicket) string { return t.State.Category }},
	{"wait_reason", func(t *ExportedTicket) string { return key(t.WaitReason) }},
	{"priority", func(t *ExportedTicket) string { return strconv.Itoa(t.Priority.Value) }},
	{"impact", func(t *ExportedTicket) string { return number(t.Impact) }},
	{"urgency", func(t *ExportedTicket) string { return number(t.Urgency) }},
	{"priority_reason", func(t *ExportedTicket) string { return t.PriorityReason }},
	{"requester_id", func(t *ExportedTicket) string { return id(t.Requester) }},
	{"requester", func(t *ExportedTicket) string { return name(t.Requester) }},
	{"opened_by_id", func(t *ExportedTicket) string { return id(t.OpenedBy) }},
	{"opened_by", func(t *ExportedTicket) string { return name(t.OpenedBy) }},
	{"organisation_id", func(t *ExportedTicket) string { return id(t.Organisation) }},
	{"organisation", func(t *ExportedTicket) string { return name(t.Organisation) }},
	{"service_id", func(t *ExportedTicket) string { return id(t.Service) }},
	{"service", func(t *ExportedTicket) string { return name(t.Service) }},
	{"group_id", func(t *ExportedTicket) string { return id(t.Group) }},
	{"group", func(t *ExportedTicket) string { return name(t.Group) }},
	{"assignee_id", func(t *ExportedTicket) string { return id(t.Assignee) }},
	{"assignee", func(t *ExportedTicket) string { return name(t.Assignee) }},
	{"parent", func(t *ExportedTicket) string {
		if t.Parent == nil {
			return ""
		}
		return t.Parent.Number
	}},
	{"channel", func(t *ExportedTicket) string { return t.Channel }},
	{"resolution_code", func(t *ExportedTicket) string { return key(t.ResolutionCode) }},
	{"resolution", func(t *ExportedTicket) string { return t.Resolution }},
	{"rating", func(t *ExportedTicket) string { return count(t.Rating) }},
	{"minutes_lost", func(t *ExportedTicket) string {
		if t.Verdict == nil || t.Verdict.MinutesLost == nil {
			return ""
		}
		return strconv.Itoa(*t.Verdict.MinutesLost)
	}},
	{"tags", func(t *ExportedTicket) string { return strings.Join(t.Tags, ",") }},
	{"created_at", func(t *ExportedTicket) string { return instant(t.CreatedAt) }},
	{"updated_at", func(t *ExportedTicket) string { return instant(t.UpdatedAt) }},
	{"assigned_at", func(t *ExportedTicket) string { return instant(t.AssignedAt) }},
	{"first_response_at", func(t *ExportedTicket) string { return instant(t.FirstResponseAt) }},
	{"resolved_at", func(t *ExportedTicket) string { return instant(t.ResolvedAt) }},
	{"closed_at", func(t *ExportedTicket) string { return instant(t.ClosedAt) }},
	{"reopen_count", func(t *ExportedTicket) string { return strconv.Itoa(t.ReopenCount) }},
	{"reassign_count", func(t *ExportedTicket) string { return strconv.Itoa(t.ReassignCount) }},
	{"source", func(t *ExportedTicket) string { return t.Source }},
	{"source_ref", func(t *ExportedTicket) string { return t.SourceRef }},
	{"version", func(t *ExportedTicket) string { return strconv.Itoa(t.Version) }},
}

func (s *rows) record(r *ExportedTicket) error {
	if err := s.begin(); err != nil {
		return err
	}
	cells := make([]string, 0, len(columns)+len(s.custom))
	for _, c := range columns {
		cells = append(cells, harmless(c.value(r)))
	}
	for _, key := range s.custom {
		cells = append(cells, harmless(r.Fields[key].Text))
	}
	return s.csv.Write(cells)
}

// begin writes the header, once; also of a sheet without rows.
func (s *rows) begin() error {
	if s.started {
		return nil
	}
	s.started = true
	var header []string
	for _, c := range columns {
		header = append(header, c.name)
	}
	for _, key := range s.custom {
		header = append(header, "field."+key)
	}
	return s.csv.Write(header)
}

func (s *rows) flush() error {
	if err := s.begin(); err != nil {
		return err
	}
	s.csv.Flush()
	if err := s.csv.Error(); err != nil {
		return err
	}
	return s.w.Flush()
}

// entryRows writes one row per entry of the timelines.
type entryRows struct {
	w       *bufio.Writer
	csv     *csv.Writer
	started bool
}

func newEntryRows(w *bufio.Writer) *entryRows { return &entryRows{w: w, csv: csv.NewWriter(w)} }

func (s *entryRows) begin() error {
	if s.started {
		return nil
	}
	s.started = true
	return s.csv.Write([]string{
		"ticket_id", "number", "seq", "at", "recorded_at", "actor_type", "actor_id", "actor", "type", "internal", "message",
		"state", "wait_reason", "rating", "changes", "attachments",
	})
}

func (s *entryRows) record(r *ExportedTicket) error {
	if err := s.begin(); err != nil {
		return err
	}
	for i := range r.Timeline {
		e := &r.Timeline[i]
		state := ""
		if e.State != nil {
			state = e.State.Key
		}
		changes, err := document(e.Changes)
		if err != nil {
			return err
		}
		attachments, err := document(e.Attachments)
		if err != nil {
			return err
		}
		actor := ""
		if e.Actor.ID != 0 {
			actor = strconv.FormatInt(e.Actor.ID, 10)
		}
		cells := []string{
			strconv.FormatInt(r.ID, 10), r.Number, strconv.Itoa(e.Seq), instant(e.At), instant(e.RecordedAt), e.Actor.Type, actor, e.Actor.Name,
			e.Type, strconv.FormatBool(e.Internal), e.Message, state, key(e.WaitReason), count(e.Rating), changes, attachments,
		}
		for i := range cells {
			cells[i] = harmless(cells[i])
		}
		if err := s.csv.Write(cells); err != nil {
			return err
		}
	}
	return nil
}

func (s *entryRows) flush() error {
	if err := s.begin(); err != nil {
		return err
	}
	s.csv.Flush()
	if err := s.csv.Error(); err != nil {
		return err
	}
	return s.w.Flush()
}

// document writes a list into one cell; an empty one is an empty cell.
func document[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// harmless keeps a spreadsheet from running a text as a formula (CWE-1236).
// Negative numbers are none.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

// customKeys lists the kinds' own fields that the reader may know of.
func (a *API) customKeys(ctx context.Context) []string {
	var keys []string
	for _, def := range a.tickets.Kinds().All() {
		if !knows(ctx, def) {
			continue
		}
		for _, f := range kindOf(ctx, def).Fields {
			if !slices.Contains(keys, f.Key) {
				keys = append(keys, f.Key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func id(n *Named) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(n.ID, 10)
}

func name(n *Named) string {
	if n == nil {
		return ""
	}
	return n.Name
}

func key(l *Labelled) string {
	if l == nil {
		return ""
	}
	return l.Key
}

func number(l *Level) string {
	if l == nil {
		return ""
	}
	return strconv.Itoa(l.Value)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
