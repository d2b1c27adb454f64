package record

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// entry is one event of the timeline as its reader gets it: whole for those who
// read notes, and with no more than a PublicEvent holds for everybody else.
type entry struct {
	seq      int
	at       time.Time
	actor    ticket.ActorRef
	typ      ticket.EventType
	internal bool
	body     string
	changes  []ticket.Change
	files    []ticket.Attachment

	operation int64          // that it is part of, or takes back
	source    *ticket.Ticket // the merged ticket it is from; nil: this one
}

func (e *entry) change(field string) (ticket.Change, bool) {
	for _, c := range e.changes {
		if c.Field == field {
			return c, true
		}
	}
	return ticket.Change{}, false
}

// pageOfEvents is how many events a page shows at once.
const pageOfEvents = 40

// The parts of a timeline that can be shown alone.
const (
	tabAll          = "all"
	tabConversation = "conversation"
	tabChanges      = "changes"
)

// spoken are the events in which somebody said something.
var spoken = []ticket.EventType{ticket.Created, ticket.Replied, ticket.Noted, ticket.Attached, ticket.Rated}

// changed are the events in which something moved.
var changed = []ticket.EventType{ticket.Created, ticket.Changed, ticket.Transitioned, ticket.Linked, ticket.Unlinked, ticket.Synced, ticket.Imported, ticket.Rated, ticket.Merged, ticket.Split, ticket.Converted, ticket.Undone, ticket.Acted}

func tabOf(s string) string {
	if s == tabConversation || s == tabChanges {
		return s
	}
	return tabAll
}

func typesOf(tab string) []ticket.EventType {
	switch tab {
	case tabConversation:
		return spoken
	case tabChanges:
		return changed
	}
	return nil
}

// read gives a stretch of the timeline, and the sequence number with which it
// goes on backwards; 0 at its beginning.
func (d *desk) read(ctx context.Context, part ticket.Stretch) (entries []entry, earlier int, err error) {
	if d.reader.inside {
		events, err := d.p.d.Tickets.TimelineStretch(ctx, &d.ticket, part)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range events {
			entries = append(entries, entryOf(&e))
		}
	} else {
		events, err := d.p.d.Tickets.PublicTimelineStretch(ctx, &d.ticket, part)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range events {
			entries = append(entries, publicEntry(e))
		}
	}
	earlier = d.earlier(entries, part)
	entries, err = d.withSources(ctx, entries, earlier, part)
	return entries, earlier, err
}

// publicEntry is an event for those outside: a state it moved to, and words.
func publicEntry(e ticket.PublicEvent) entry {
	out := entry{seq: e.Seq, at: e.At, actor: e.Actor, typ: e.Type, body: e.Message, files: e.Attachments}
	add := func(field, value string) {
		if value != "" {
			out.changes = append(out.changes, ticket.Change{Field: field, To: value})
		}
	}
	add(ticket.FieldState, e.State)
	add(ticket.FieldWaitReason, e.WaitReason)
	if moves(e.Type) {
		add(ticket.FieldResolution, e.Message)
		out.body = ""
	}
	return out
}

// moves reports whether an entry's public words are those of a resolution.
func moves(typ ticket.EventType) bool {
	switch typ {
	case ticket.Transitioned, ticket.Synced, ticket.Imported, ticket.Merged, ticket.Converted, ticket.Undone:
		return true
	}
	return false
}

// earlier gives where the part before begins. A reader from outside may get
// fewer entries than were asked for, or none, although there are earlier ones.
func (d *desk) earlier(entries []entry, part ticket.Stretch) int {
	if len(entries) > 0 && (len(entries) >= part.Limit || !d.reader.inside) && entries[0].seq > 1 {
		return entries[0].seq
	}
	if len(entries) == 0 && !d.reader.inside {
		before := part.Before
		if before == 0 {
			before = d.ticket.LastSeq + 1
		}
		return max(before-part.Limit, 0)
	}
	return 0
}

// timeline shows entries. fresh marks those that arrived while the page was open.
func (d *desk) timeline(ctx context.Context, tab string, entries []entry, earlier int, fresh bool) ui.Timeline {
	out := ui.Timeline{ID: view.TimelineID, Label: text.T(ctx, "Conversation and changes")}
	if earlier > 1 {
		out.Earlier = ui.LoadMore{URL: view.EarlierURL(d.ticket.Number, tab, earlier), Label: text.T(ctx, "Show earlier")}
	}
	for i := range entries {
		shown, ok := d.show(ctx, &entries[i])
		if !ok {
			continue
		}
		shown.Fresh = fresh && !shown.Own
		out.Entries = append(out.Entries, shown)
	}
	return out
}

// show makes an entry for the page; false when it has nothing to say.
func (d *desk) show(ctx context.Context, e *entry) (ui.Entry, bool) {
	out, shown := d.from(ctx, e).told(ctx, e)
	out.Origin = d.origin(e)
	var why string
	if why, out.Part = d.act(ctx, e); why != "" {
		out.Why = why
	}
	if e.source != nil {
		out.ID += "-" + e.source.Number
	}
	out.Actions = d.pluggedEntryActions(ctx, e)
	if url := d.from(ctx, e).mailPage(e); url != "" {
		whole := text.T(ctx, "The mail as it came")
		if out.Actions = append(out.Actions, ui.MenuItem{Label: whole, Icon: ui.IconMail, URL: url}); e.typ == ticket.Created && out.Part.Label == "" {
			out.Part = ui.Link{Label: whole, URL: url}
		}
	}
	return out, shown
}

// told makes an entry of the ticket it is from.
func (d *desk) told(ctx context.Context, e *entry) (ui.Entry, bool) {
	out := ui.Entry{
		ID: "e" + strconv.Itoa(e.seq), At: e.at, Author: d.author(ctx, e.actor), Role: d.role(ctx, e.actor),
		Own: e.actor.Type == access.TypePerson && e.actor.ID == d.reader.actor.ID, Attachments: attachments(e.files),
	}
	more := view.TextURL(d.ticket.Number, strconv.Itoa(e.seq))
	say := func(more string) {
		body, files := d.said(ctx, e.seq, e.body, e.files, more)
		out.Kind, out.Body, out.Attachments = ui.EntryMessage, body, attachments(files)
	}
	sentences := d.sentences(ctx, e)
	switch e.typ {
	case ticket.Replied, ticket.Noted:
		say(more)
		if e.typ == ticket.Noted {
			out.Kind = ui.EntryNote
		}
		out.Via = strings.Join(sentences, ", ")
		return out, true
	case ticket.Attached:
		out.Kind = ui.EntryMessage
		if e.internal {
			out.Kind = ui.EntryNote
		}
		out.Via = text.T(ctx, "attached without a message")
		return out, len(e.files) > 0
	case ticket.Rated:
		out.Kind, out.Body = ui.EntryMessage, d.prose(ctx, e.body, more)
		out.Via = strings.Join(sentences, ", ")
		if e.body == "" {
			out.Kind, out.Icon, out.Text = ui.EntryChange, ui.IconStar, out.Via
			out.Via = ""
		}
		return out, true
	}
	if e.typ == ticket.Created && e.source != nil { // its description stands nowhere else on this page
		say(view.TextURL(d.ticket.Number, ticket.FieldDescription))
		out.Via = strings.Join(sentences, ", ")
		return out, true
	}
	if c, ok := e.change(ticket.FieldResolution); ok && c.To != "" {
		// How it was resolved is written for the requester: it is a message.
		out.Kind, out.Body = ui.EntryMessage, d.prose(ctx, c.To, more)
		out.Via = strings.Join(sentences, ", ")
		return out, true
	}
	if len(sentences) == 0 {
		return out, false
	}
	out.Kind, out.Icon = ui.EntryChange, d.icon(e)
	if e.actor.Type != access.TypePerson && e.actor.Type != access.TypeSupplier {
		out.Kind = ui.EntrySystem
	}
	out.Text = strings.Join(sentences, ", ")
	if e.typ == ticket.Synced {
		out.Why = text.T(ctx, "because its parent did")
	}
	if c, ok := e.change(ticket.FieldPriorityReason); ok && c.To != "" {
		out.Why = c.To
	}
	if e.typ == ticket.Created {
		out.Attachments = nil // they stand with the description
	}
	return out, true
}

// author names who did something; the product's own doings have its name.
func (d *desk) author(ctx context.Context, a ticket.ActorRef) ui.Party {
	switch a.Type {
	case access.TypePerson:
		if p := d.names.party(a.ID, d.reader); p.Name != "" {
			return p
		}
		return ui.Party{Name: text.T(ctx, "Somebody")}
	case access.TypeSupplier:
		return ui.Party{Name: text.T(ctx, "The supplier's system"), Kind: ui.PartySupplier}
	case access.TypeRule:
		return ui.Party{Name: text.T(ctx, "A rule"), Kind: ui.PartySystem}
	case access.TypeImporter:
		return ui.Party{Name: text.T(ctx, "The import"), Kind: ui.PartySystem}
	case access.TypeSystem:
	}
	return ui.Party{Name: "Steward", Kind: ui.PartySystem}
}

func (d *desk) role(ctx context.Context, a ticket.ActorRef) string {
	switch {
	case a.Type == access.TypeSupplier:
		return text.T(ctx, "Supplier")
	case a.Type == access.TypePerson && a.ID == d.ticket.RequesterID:
		return text.T(ctx, "Requester")
	}
	return ""
}

// icon shows what kind of change an entry is.
func (d *desk) icon(e *entry) ui.Icon {
	if c, ok := e.change(ticket.FieldState); ok && e.typ != ticket.Undone && e.typ != ticket.Merged {
		return stateIcon(d, c.To)
	}
	has := func(fields ...string) bool {
		return slices.ContainsFunc(e.changes, func(c ticket.Change) bool { return slices.Contains(fields, c.Field) })
	}
	switch {
	case e.typ == ticket.Created:
		return ui.IconTicket
	case e.typ == ticket.Acted:
		return ui.IconListDetails
	case e.typ == ticket.Undone:
		return ui.IconArrowBackUp
	case e.typ == ticket.Merged:
		return ui.IconArrowsJoin
	case e.typ == ticket.Split:
		return ui.IconArrowsSplit
	case e.typ == ticket.Linked || e.typ == ticket.Unlinked || has(ticket.FieldParent):
		return ui.IconLink
	case has(ticket.FieldGroup, ticket.FieldAssignee):
		return ui.IconUserCheck
	case has(ticket.FieldPriority, ticket.FieldImpact, ticket.FieldUrgency):
		return ui.IconFlag
	case has(ticket.FieldTags):
		return ui.IconTag
	case has(ticket.FieldWatchers):
		return ui.IconEye
	}
	return ui.IconPencil
}

func stateIcon(d *desk, state string) ui.Icon {
	s, _ := d.def.State(state)
	switch ui.Category(s.Category) {
	case ui.CategoryWaiting:
		return ui.IconClockPause
	case ui.CategoryResolved:
		return ui.IconCircleCheck
	case ui.CategoryClosed:
		return ui.IconCircleDot
	case ui.CategoryCancelled:
		return ui.IconCircleX
	case ui.CategoryNew:
		return ui.IconCircleDashed
	case ui.CategoryOpen:
	}
	return ui.IconCircleHalf2
}

func attachments(files []ticket.Attachment) []ui.Attachment {
	out := make([]ui.Attachment, 0, len(files))
	for i := range files {
		f := &files[i]
		out = append(out, ui.Attachment{Name: f.Name, URL: view.FileURL(f.ID), Bytes: f.Size, Image: f.Inline()})
	}
	return out
}
