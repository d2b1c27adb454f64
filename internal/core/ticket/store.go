package ticket

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// columns of tickets, in the order scanTicket reads them. Long texts come last:
// both engines keep them off the row's main page.
const columns = `t.id, t.kind, t.number, t.title, t.state, t.category, t.wait_reason, t.impact, t.urgency, t.priority, t.priority_reason,
	t.requester_id, t.opened_by_id, t.organisation_id, t.service_id, t.group_id, t.assignee_id, t.parent_id, t.merged_into_id, t.merged_from, t.channel,
	t.resolution_code, t.created_at, t.updated_at, t.assigned_at, t.first_response_at, t.resolved_at, t.closed_at,
	t.unanswered_since, t.reopen_count, t.reassign_count, t.rating, t.source, t.source_ref, t.version, t.last_seq, t.due_at, t.fields`

const textColumns = `, t.resolution, t.description`

func (t *Ticket) destinations() []any {
	return []any{
		&t.ID, &t.Kind, &t.Number, &t.Title, &t.State, &t.Category, &t.WaitReason, &t.Impact, &t.Urgency, &t.Priority, &t.PriorityReason,
		(*database.ID)(&t.RequesterID), (*database.ID)(&t.OpenedByID), (*database.ID)(&t.OrganisationID), (*database.ID)(&t.ServiceID),
		(*database.ID)(&t.GroupID), (*database.ID)(&t.AssigneeID), (*database.ID)(&t.ParentID), (*database.ID)(&t.MergedIntoID),
		idList{&t.MergedFrom},
		&t.Channel,
		&t.ResolutionCode, (*database.Time)(&t.CreatedAt), (*database.Time)(&t.UpdatedAt), (*database.Time)(&t.AssignedAt),
		(*database.Time)(&t.FirstResponseAt), (*database.Time)(&t.ResolvedAt), (*database.Time)(&t.ClosedAt),
		(*database.Time)(&t.UnansweredSince), &t.ReopenCount, &t.ReassignCount,
		nullInt{&t.Rating},
		&t.Source,
		nullText{&t.SourceRef},
		&t.Version, &t.LastSeq,
		(*database.Time)(&t.DueAt),
		database.JSON{V: &t.Fields},
	}
}

// scanRow reads a ticket without its long texts, for lists.
func scanRow(r database.Row) (Ticket, error) {
	var t Ticket
	err := r.Scan(t.destinations()...)
	return t, err
}

func scanTicket(r database.Row) (Ticket, error) {
	var t Ticket
	err := r.Scan(append(t.destinations(), &t.Resolution, &t.Description)...)
	return t, err
}

// nullInt reads NULL as 0.
type nullInt struct{ p *int }

func (n nullInt) Scan(src any) error {
	var id database.ID
	if err := id.Scan(src); err != nil {
		return err
	}
	*n.p = int(id)
	return nil
}

// idList reads ids joined by commas.
type idList struct{ p *[]int64 }

func (l idList) Scan(src any) (err error) {
	var joined string
	if err := (nullText{&joined}).Scan(src); err != nil {
		return err
	}
	*l.p, err = splitIDs(joined)
	return err
}

// nullText reads NULL as "".
type nullText struct{ p *string }

func (n nullText) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*n.p = v
	case []byte:
		*n.p = string(v)
	default:
		*n.p = ""
	}
	return nil
}

func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// wholeColumns are columns and textColumns with tags and watchers, joined by commas,
// which no tag contains.
const wholeColumns = columns + textColumns + `,
	(SELECT string_agg(g.tag, ',') FROM ticket_tags g WHERE g.ticket_id = t.id),
	(SELECT string_agg(CAST(w.person_id AS TEXT), ',') FROM ticket_watchers w WHERE w.ticket_id = t.id)`

func scanWhole(r database.Row) (Ticket, error) {
	var t Ticket
	var tags string
	if err := r.Scan(append(t.destinations(), &t.Resolution, &t.Description, nullText{&tags}, idList{&t.Watchers})...); err != nil {
		return t, err
	}
	if tags != "" {
		t.Tags = strings.Split(tags, ",")
	}
	slices.Sort(t.Tags)
	slices.Sort(t.Watchers)
	return t, nil
}

// load reads one ticket with tags and watchers by number ("INC-7") or id.
func load(ctx context.Context, q database.Querier, ref Ref) (Ticket, error) {
	query, arg := `SELECT `+wholeColumns+` FROM tickets t WHERE t.id = $1`, any(ref.ID)
	if ref.ID == 0 {
		query, arg = `SELECT `+wholeColumns+` FROM tickets t WHERE t.number = $1`, any(strings.ToUpper(strings.TrimSpace(ref.Number)))
	}
	t, err := database.One(ctx, q, scanWhole, query, arg)
	if ref.ID == 0 && apperr.Is(err, apperr.NotFound) {
		t, err = database.One(ctx, q, scanWhole, `SELECT `+wholeColumns+` FROM tickets t
			JOIN ticket_numbers n ON n.ticket_id = t.id WHERE n.number = $1`, arg)
	}
	if apperr.Is(err, apperr.NotFound) {
		return t, notFound()
	}
	return t, err
}

func notFound() error {
	return apperr.New(apperr.NotFound, "There is no such ticket, or you may not see it.")
}

// loadSets fills tags and watchers of some tickets with one query.
func loadSets(ctx context.Context, q database.Querier, tickets []Ticket) error {
	if len(tickets) == 0 {
		return nil
	}
	index := make(map[int64]int, len(tickets))
	ids := make([]int64, len(tickets))
	for i := range tickets {
		index[tickets[i].ID] = i
		ids[i] = tickets[i].ID
	}
	var args database.Args
	list := database.In(&args, ids)
	return database.Each(ctx, q, func(r database.Row) error {
		var ticketID, person int64
		var tag string
		if err := r.Scan(&ticketID, &tag, &person); err != nil {
			return err
		}
		t := &tickets[index[ticketID]]
		if person != 0 {
			t.Watchers = append(t.Watchers, person)
		} else {
			t.Tags = append(t.Tags, tag)
		}
		return nil
	}, `SELECT ticket_id, tag, 0 AS person FROM ticket_tags WHERE ticket_id IN `+list+`
		UNION ALL SELECT ticket_id, '', person_id FROM ticket_watchers WHERE ticket_id IN `+list+` ORDER BY 1, 2, 3`, args.Values()...)
}

const insertTicket = `INSERT INTO tickets (id, kind, number, title, title_folded, state, category, wait_reason, impact, urgency, priority, priority_reason,
	requester_id, opened_by_id, organisation_id, service_id, group_id, assignee_id, parent_id, channel,
	resolution_code, created_at, updated_at, assigned_at, first_response_at, resolved_at, closed_at,
	unanswered_since, reopen_count, reassign_count, rating, source, source_ref, version, last_seq, fields, resolution, description, merged_into_id, merged_from)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
	$21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)`

func (t *Ticket) values() []any {
	fields := t.Fields
	if fields == nil {
		fields = map[string]string{}
	}
	return []any{
		t.ID, t.Kind, t.Number, t.Title, filter.Fold(t.Title), t.State, string(t.Category), t.WaitReason, t.Impact, t.Urgency, t.Priority, t.PriorityReason,
		database.ID(t.RequesterID), database.ID(t.OpenedByID), database.ID(t.OrganisationID), database.ID(t.ServiceID),
		database.ID(t.GroupID), database.ID(t.AssigneeID), database.ID(t.ParentID), t.Channel,
		t.ResolutionCode, database.Time(t.CreatedAt), database.Time(t.UpdatedAt), database.Time(t.AssignedAt),
		database.Time(t.FirstResponseAt), database.Time(t.ResolvedAt), database.Time(t.ClosedAt),
		database.Time(t.UnansweredSince), t.ReopenCount, t.ReassignCount, database.ID(t.Rating), t.Source, textOrNull(t.SourceRef), t.Version, t.LastSeq,
		database.JSON{V: fields},
		t.Resolution, t.Description, database.ID(t.MergedIntoID), joinIDs(t.MergedFrom),
	}
}

func insert(ctx context.Context, tx *database.Tx, t *Ticket) error {
	if err := tx.Later(ctx, insertTicket, t.values()...); err != nil {
		return err
	}
	return saveSets(ctx, tx, t, &Ticket{})
}

// update writes the whole row, if nobody saved since version was read.
func update(ctx context.Context, tx *database.Tx, t, before *Ticket) error {
	v := t.values()
	args := append(slices.Clone(v[3:]), t.ID, before.Version)
	n, err := tx.Exec(ctx, `UPDATE tickets SET title = $1, title_folded = $2, state = $3, category = $4, wait_reason = $5, impact = $6, urgency = $7,
		priority = $8, priority_reason = $9, requester_id = $10, opened_by_id = $11, organisation_id = $12, service_id = $13, group_id = $14,
		assignee_id = $15, parent_id = $16, channel = $17, resolution_code = $18, created_at = $19, updated_at = $20, assigned_at = $21,
		first_response_at = $22, resolved_at = $23, closed_at = $24, unanswered_since = $25, reopen_count = $26, reassign_count = $27, rating = $28,
		source = $29, source_ref = $30, version = $31, last_seq = $32, fields = $33, resolution = $34, description = $35,
		merged_into_id = $36, merged_from = $37
		WHERE id = $38 AND version = $39`, args...)
	if err != nil {
		return err
	}
	if n == 0 {
		return errStale
	}
	if t.Kind != before.Kind {
		if err := renumber(ctx, tx, t, before); err != nil {
			return err
		}
	}
	return saveSets(ctx, tx, t, before)
}

// saveSets makes the tag and watcher rows equal to the ticket's.
func saveSets(ctx context.Context, tx *database.Tx, t, before *Ticket) error {
	for _, tag := range t.Tags {
		if !slices.Contains(before.Tags, tag) {
			if err := tx.Later(ctx, `INSERT INTO ticket_tags (ticket_id, tag) VALUES ($1, $2)`, t.ID, tag); err != nil {
				return err
			}
		}
	}
	for _, tag := range before.Tags {
		if !slices.Contains(t.Tags, tag) {
			if err := tx.Later(ctx, `DELETE FROM ticket_tags WHERE ticket_id = $1 AND tag = $2`, t.ID, tag); err != nil {
				return err
			}
		}
	}
	for _, id := range t.Watchers {
		if !slices.Contains(before.Watchers, id) {
			if err := tx.Later(ctx, `INSERT INTO ticket_watchers (ticket_id, person_id) VALUES ($1, $2)`, t.ID, id); err != nil {
				return err
			}
		}
	}
	for _, id := range before.Watchers {
		if !slices.Contains(t.Watchers, id) {
			if err := tx.Later(ctx, `DELETE FROM ticket_watchers WHERE ticket_id = $1 AND person_id = $2`, t.ID, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func insertEvent(ctx context.Context, tx *database.Tx, e *Event) error {
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return err
	}
	if e.Changes == nil {
		changes = []byte("[]")
	}
	return tx.Later(ctx, `INSERT INTO ticket_events (ticket_id, seq, at, recorded_at, actor_type, actor_id, type, internal, changes, body, operation_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		e.TicketID, e.Seq, database.Time(e.At), database.Time(e.RecordedAt), string(e.Actor.Type), database.ID(e.Actor.ID),
		string(e.Type), e.Internal, string(changes), e.Body, database.ID(e.Operation))
}

func scanEvent(r database.Row) (Event, error) {
	var e Event
	err := r.Scan(&e.TicketID, &e.Seq, (*database.Time)(&e.At), (*database.Time)(&e.RecordedAt), &e.Actor.Type, (*database.ID)(&e.Actor.ID),
		&e.Type, &e.Internal, database.JSON{V: &e.Changes}, &e.Body, (*database.ID)(&e.Operation))
	return e, err
}

const eventColumns = `e.ticket_id, e.seq, e.at, e.recorded_at, e.actor_type, e.actor_id, e.type, e.internal, e.changes, e.body, e.operation_id`

// loadEvents reads the newest events of a timeline, oldest first: at most limit
// before the sequence number before (0: to the end).
func loadEvents(ctx context.Context, q database.Querier, ticketID int64, before, limit int, notes bool) ([]Event, error) {
	return loadStretch(ctx, q, ticketID, Stretch{Before: before, Limit: limit}, notes)
}

func loadStretch(ctx context.Context, q database.Querier, ticketID int64, part Stretch, notes bool) ([]Event, error) {
	var args database.Args
	query := `SELECT ` + eventColumns + ` FROM ticket_events e WHERE e.ticket_id = ` + args.Arg(ticketID)
	if part.After > 0 {
		query += ` AND e.seq > ` + args.Arg(part.After)
	}
	if part.Before > 0 {
		query += ` AND e.seq < ` + args.Arg(part.Before)
	}
	if !notes {
		query += ` AND NOT e.internal`
	}
	if len(part.Types) > 0 {
		types := make([]string, len(part.Types))
		for i, t := range part.Types {
			types[i] = string(t)
		}
		query += ` AND e.type IN ` + database.In(&args, types)
	}
	query += ` ORDER BY e.seq DESC LIMIT ` + args.Arg(part.Limit)
	events, err := database.All(ctx, q, scanEvent, query, args.Values()...)
	if err != nil {
		return nil, err
	}
	slices.Reverse(events)
	return events, loadAttachments(ctx, q, ticketID, events, notes)
}

const attachmentColumns = `a.id, a.ticket_id, a.seq, a.internal, a.name, a.media_type, a.size, a.sha256, a.uploader_id, a.created_at`

func scanAttachment(r database.Row) (Attachment, error) {
	var a Attachment
	var seq database.ID
	err := r.Scan(&a.ID, (*database.ID)(&a.TicketID), &seq, &a.Internal, &a.Name, &a.MediaType, &a.Size, &a.SHA256, &a.UploaderID, (*database.Time)(&a.CreatedAt))
	a.Seq = int(seq)
	return a, err
}

func loadAttachments(ctx context.Context, q database.Querier, ticketID int64, events []Event, notes bool) error {
	if len(events) == 0 {
		return nil
	}
	query := `SELECT ` + attachmentColumns + ` FROM ticket_attachments a WHERE a.ticket_id = $1 AND a.seq >= $2 AND a.seq <= $3`
	if !notes {
		query += ` AND NOT a.internal`
	}
	files, err := database.All(ctx, q, scanAttachment, query+` ORDER BY a.seq, a.id LIMIT 5000`, ticketID, events[0].Seq, events[len(events)-1].Seq)
	if err != nil {
		return err
	}
	for i := range events {
		for _, a := range files {
			if a.Seq == events[i].Seq {
				events[i].Attachments = append(events[i].Attachments, a)
			}
		}
	}
	return nil
}

// bindAttachments gives uploaded files to an event. Only loose files of the
// same uploader can be taken, so that nobody can attach what they cannot read.
func bindAttachments(ctx context.Context, tx *database.Tx, e *Event, ids []int64, uploader int64) error {
	if len(ids) == 0 {
		return nil
	}
	if len(ids) > MaxAttachments {
		return apperr.InvalidField("attachments", "A message has at most %d files.", MaxAttachments)
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var args database.Args
	query := `UPDATE ticket_attachments SET ticket_id = ` + args.Arg(e.TicketID) + `, seq = ` + args.Arg(e.Seq) + `, internal = ` + args.Arg(e.Internal) +
		` WHERE ticket_id IS NULL AND uploader_id = ` + args.Arg(uploader)
	query += ` AND id IN ` + database.In(&args, ids)
	n, err := tx.Exec(ctx, query, args.Values()...)
	if err != nil {
		return err
	}
	if int(n) != len(ids) {
		return apperr.InvalidField("attachments", "One of the files is gone or was already sent. Please attach it again.")
	}
	return nil
}

func sortedStrings(s []string) []string {
	slices.Sort(s)
	return s
}

// micro drops what the database cannot hold, so that a ticket in memory equals the stored one.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// childrenOf gives the tickets directly below one.
func childrenOf(ctx context.Context, q database.Querier, parent int64, limit int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT t.id FROM tickets t WHERE t.parent_id = $1 ORDER BY t.id LIMIT $2`, parent, limit)
}

// childrenAfter gives some of the tickets directly below one, from the one after
// an id on, without their sets.
func childrenAfter(ctx context.Context, q database.Querier, parent, after int64, limit int) ([]Ticket, error) {
	return database.All(ctx, q, scanTicket, `SELECT `+columns+textColumns+` FROM tickets t WHERE t.parent_id = $1 AND t.id > $2 ORDER BY t.id LIMIT $3`, parent, after, limit)
}

// Era is which kind a ticket was of, from an entry of its timeline on.
type Era struct {
	Seq  int
	Kind string // key
}

// Eras gives the kinds that a ticket was of, oldest first: more than one when it
// was converted. Numbers tell it to whoever sees the ticket.
func (s *Service) Eras(ctx context.Context, t *Ticket) ([]Era, error) {
	if !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return nil, notFound()
	}
	var out []Era
	err := database.Each(ctx, s.db.Reader(), func(r database.Row) error {
		var e Event
		if err := r.Scan(&e.Seq, database.JSON{V: &e.Changes}); err != nil {
			return err
		}
		if c, ok := e.Change(FieldKind); ok {
			out = append(out, Era{e.Seq, c.To})
		}
		return nil
	}, `SELECT e.seq, e.changes FROM ticket_events e WHERE e.ticket_id = $1 AND CAST(e.changes AS TEXT) LIKE '%"kind"%' ORDER BY e.seq LIMIT $2`, t.ID, maxMoves)
	return out, err
}

// mergedOf gives the newest merged tickets that a person asked for.
func mergedOf(ctx context.Context, q database.Querier, requester int64, limit int) ([]Ticket, error) {
	return database.All(ctx, q, scanRow, `SELECT `+columns+` FROM tickets t WHERE t.requester_id = $1 AND t.merged_into_id IS NOT NULL
		ORDER BY t.created_at DESC, t.id DESC LIMIT $2`, requester, limit)
}
