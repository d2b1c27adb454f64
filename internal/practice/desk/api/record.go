package api

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/workflow"
)

// Named is a record that something refers to.
type Named struct {
	ID   int64  `json:"id" example:"4294967312"`
	Name string `json:"name" example:"Ana Silva"`
}

// Labelled is one of a kind's own words.
type Labelled struct {
	Key   string `json:"key" doc:"Stable; what filters and inputs use." example:"incident"`
	Label string `json:"label" doc:"For people; may change." example:"Incident"`
}

// State is where a ticket stands.
type State struct {
	Labelled
	Category string `json:"category" enum:"new,open,waiting,resolved,closed,cancelled" doc:"What the state means, whatever the kind calls it." example:"open"`
}

// Level is a step of impact, urgency or priority.
type Level struct {
	Value int    `json:"value" doc:"1 is the highest." example:"2"`
	Label string `json:"label" example:"High"`
}

// TicketName names a ticket.
type TicketName struct {
	ID     int64  `json:"id" example:"4294967401"`
	Number string `json:"number" example:"INC-1042"`
	Title  string `json:"title" example:"Printer on floor 3 jams"`
}

// Ticket is a ticket as its reader may see it. Whatever is marked "staff" is
// missing for readers who may neither edit the ticket nor read its notes;
// "inside" needs the permission to read notes.
type Ticket struct {
	ID          int64     `json:"id" example:"4294967401"`
	Number      string    `json:"number" example:"INC-1042"`
	Kind        Labelled  `json:"kind"`
	Title       string    `json:"title" example:"Printer on floor 3 jams"`
	Description string    `json:"description,omitempty" doc:"Markdown. Lists leave it out."`
	State       State     `json:"state"`
	WaitReason  *Labelled `json:"wait_reason,omitempty" doc:"While the state's category is waiting."`
	Priority    Level     `json:"priority"`

	Requester    *Named      `json:"requester,omitempty" doc:"Whom it is for."`
	OpenedBy     *Named      `json:"opened_by,omitempty" doc:"Who wrote it down."`
	Organisation *Named      `json:"organisation,omitempty" doc:"The requester's, when it was opened."`
	Service      *Named      `json:"service,omitempty"`
	Parent       *TicketName `json:"parent,omitempty" doc:"Missing if you may not see it."`

	Channel    string `json:"channel,omitempty" example:"portal"`
	Resolution string `json:"resolution,omitempty" doc:"Markdown, in the requester's words. Lists leave it out."`
	Rating     int    `json:"rating,omitempty" minimum:"1" maximum:"5" doc:"The requester's verdict."`

	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	ResolvedAt  time.Time `json:"resolved_at,omitzero" doc:"The last resolution; missing while work is owed."`
	ClosedAt    time.Time `json:"closed_at,omitzero"`
	ReopenCount int       `json:"reopen_count,omitempty"`
	Version     int       `json:"version" doc:"Counts saves; the ETag is this number in quotation marks." example:"7"`

	Fields map[string]FieldValue `json:"fields,omitempty" doc:"The kind's own fields by key. Requesters get those that the kind shows them."`

	Impact          *Level    `json:"impact,omitempty" doc:"Staff."`
	Urgency         *Level    `json:"urgency,omitempty" doc:"Staff."`
	Group           *Named    `json:"group,omitempty" doc:"Staff."`
	Assignee        *Named    `json:"assignee,omitempty" doc:"Staff."`
	ResolutionCode  *Labelled `json:"resolution_code,omitempty" doc:"Staff."`
	Tags            []string  `json:"tags,omitempty" nullable:"false" doc:"Staff."`
	AssignedAt      time.Time `json:"assigned_at,omitzero" doc:"Staff. The first time a group or a person had it."`
	FirstResponseAt time.Time `json:"first_response_at,omitzero" doc:"Staff. The first public word from somebody other than the requester."`
	UnansweredSince time.Time `json:"unanswered_since,omitzero" doc:"Staff. The requester's first word that nobody has answered."`
	ReassignCount   int       `json:"reassign_count,omitempty" doc:"Staff. Moves from one group to another."`

	PriorityReason    string  `json:"priority_reason,omitempty" doc:"Inside. Why the matrix of impact and urgency was overridden."`
	PriorityExplained string  `json:"priority_explained,omitempty" doc:"Inside. Where the priority comes from, in a sentence."`
	Watchers          []Named `json:"watchers,omitempty" nullable:"false" doc:"Inside."`
	Source            string  `json:"source,omitempty" doc:"Inside. The system it was imported from."`
	SourceRef         string  `json:"source_ref,omitempty" doc:"Inside. Its number there."`
}

// FieldValue is the value of a custom field: a text, a number, or yes or no. It
// is kept as the text that tickets store.
type FieldValue struct {
	Text string
	Type workflow.FieldType // says how it is written; "" and those unknown are texts
}

// MarshalJSON writes a value by its type.
func (v FieldValue) MarshalJSON() ([]byte, error) {
	switch v.Type {
	case workflow.Number:
		if _, err := strconv.ParseFloat(v.Text, 64); err == nil && json.Valid([]byte(v.Text)) {
			return []byte(v.Text), nil
		}
	case workflow.Bool:
		if v.Text == "true" || v.Text == "false" {
			return []byte(v.Text), nil
		}
	case workflow.Text, workflow.Date, workflow.Choice:
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON takes a text, a number, a truth value, or null for nothing. Which
// of them the field wants is for the kind to say.
func (v *FieldValue) UnmarshalJSON(doc []byte) error {
	var value any
	if err := json.Unmarshal(doc, &value); err != nil {
		return err
	}
	switch value := value.(type) {
	case nil:
		*v = FieldValue{}
	case string:
		*v = FieldValue{Text: value, Type: workflow.Text}
	case bool:
		*v = FieldValue{Text: strconv.FormatBool(value), Type: workflow.Bool}
	case float64:
		*v = FieldValue{Text: string(doc), Type: workflow.Number}
	default:
		return errFieldValue
	}
	return nil
}

var errFieldValue = errors.New("a field is a text, a number, true, false or null")

// Schema describes a value.
func (FieldValue) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "A text, a number, or true or false, as the kind's field says.",
		AnyOf:       []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}, {Type: "null"}},
		Examples:    []any{"Hamburg"},
	}
}

// Entry is one entry of a timeline. Readers who may not read notes get no
// internal entries, and of the others only what is said and where it stands.
type Entry struct {
	Seq         int       `json:"seq" doc:"Its place within the ticket; there are gaps where entries are not shown." example:"4"`
	At          time.Time `json:"at" doc:"When it happened."`
	RecordedAt  time.Time `json:"recorded_at,omitzero" doc:"Inside. When it was written down; later for imported history."`
	Actor       Actor     `json:"actor"`
	Type        string    `json:"type" enum:"created,reply,note,change,transition,link,unlink,attach,rating,sync,import,activity,merge,split,convert,undo" example:"reply"`
	Internal    bool      `json:"internal,omitempty" doc:"Inside. Never shown to requesters and suppliers."`
	Message     string    `json:"message,omitempty" doc:"Markdown."`
	State       *State    `json:"state,omitempty" doc:"The state it moved to."`
	WaitReason  *Labelled `json:"wait_reason,omitempty"`
	Rating      int       `json:"rating,omitempty"`
	Changes     []Change  `json:"changes,omitempty" nullable:"false" doc:"Inside. What changed, before and after."`
	Attachments []File    `json:"attachments,omitempty" nullable:"false"`
}

// Actor is who did something.
type Actor struct {
	Type string `json:"type" enum:"person,supplier,rule,importer,system" example:"person"`
	ID   int64  `json:"id,omitempty" doc:"The person; missing for rules, timers and importers."`
	Name string `json:"name,omitempty" example:"Ana Silva"`
}

// Change is one field's before and after, as text: ids and numbers in decimal,
// lists joined by commas, nothing for empty.
type Change struct {
	Field    string `json:"field" doc:"As in the filter language; the kind's own are field.KEY, links are link." example:"assignee"`
	From     string `json:"from,omitempty"`
	To       string `json:"to,omitempty" example:"4294967312"`
	FromName string `json:"from_name,omitempty" doc:"What From is called, if it is an id."`
	ToName   string `json:"to_name,omitempty" example:"Ana Silva"`
}

// File is a file of a ticket.
type File struct {
	ID        int64     `json:"id" example:"4294967455"`
	Name      string    `json:"name" example:"screenshot.png"`
	MediaType string    `json:"media_type" doc:"Found by looking at the content, not at the name." example:"image/png"`
	Size      int64     `json:"size" doc:"Bytes." example:"48213"`
	SHA256    string    `json:"sha256" doc:"Of the content, in hexadecimal digits."`
	Internal  bool      `json:"internal,omitempty" doc:"Belongs to something internal, or to nothing yet."`
	CreatedAt time.Time `json:"created_at"`
	Content   string    `json:"content" doc:"The path of the bytes." example:"/api/v1/attachments/4294967455/content"`
}

// Link is what a ticket is to another.
type Link struct {
	Type    string        `json:"type" enum:"parent,child,related,duplicate_of,caused_by,merged_into" doc:"What this ticket is to the other: its parent, its child, a duplicate of it, …" example:"duplicate_of"`
	Inverse bool          `json:"inverse,omitempty" doc:"It is the other way round: the other one is the duplicate, or was caused by this."`
	Other   TicketSummary `json:"other"`
}

// TicketSummary is what a list of other tickets shows of each.
type TicketSummary struct {
	TicketName
	Kind  Labelled `json:"kind"`
	State State    `json:"state"`
}

// Verdict is the requester's rating.
type Verdict struct {
	Score       int       `json:"score" minimum:"1" maximum:"5" example:"5"`
	MinutesLost *int      `json:"minutes_lost,omitempty" doc:"Working time the matter cost the requester." example:"20"`
	Comment     string    `json:"comment,omitempty"`
	By          *Named    `json:"by,omitempty"`
	At          time.Time `json:"at"`
}
