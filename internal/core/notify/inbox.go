package notify

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Only narrows an inbox.
type Only string

// The parts of an inbox. The zero value is all of it.
const (
	OnlyUnread   Only = "unread"
	OnlyMentions Only = "mentions"
	OnlyAssigned Only = "assigned" // was assigned to me, or is news of what I work on
	OnlyWatching Only = "watching"
)

// Onlys lists the parts.
func Onlys() []Only { return []Only{OnlyUnread, OnlyMentions, OnlyAssigned, OnlyWatching} }

func (o Only) takes(n *Stored) bool {
	switch o {
	case OnlyUnread:
		return n.Unread()
	case OnlyMentions:
		return n.Kind == Mentioned
	case OnlyAssigned:
		return n.Kind == Assigned || n.Reason == AsAssignee
	case OnlyWatching:
		return n.Reason == AsWatcher
	}
	return true
}

// Query asks for a page of an inbox.
type Query struct {
	Only   Only
	Before int64 // goes on behind the line whose newest notice has this id; 0 begins
	Limit  int   // 1 to 100 lines; 0 is 50
}

// Line is one record with everything there is to tell of it.
type Line struct {
	Subject Subject
	Number  string   // of a ticket
	Kind    string   // of a ticket: its kind's key
	State   string   // of a ticket: its state's key
	Muted   bool     // of a ticket
	Watched bool     // of a ticket: the reader is among its watchers
	Notices []Stored // newest first, at least one
	Unread  int
}

// Page is a part of an inbox, the newest line first.
type Page struct {
	Lines []Line
	Next  int64 // Query.Before of what follows; 0 at the end
}

// Kept is how many notices a person has at most; older ones end.
const Kept = 500

// Inbox gives the actor's lines: of records they may see now, and of internal
// notes only where they may read them.
func (s *Service) Inbox(ctx context.Context, q Query) (Page, error) {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return Page{}, err
	}
	if q.Only != "" && !slices.Contains(Onlys(), q.Only) {
		return Page{}, apperr.InvalidField("only", "There is no such part of the inbox.")
	}
	found, err := s.visible(ctx, actor)
	if err != nil {
		return Page{}, err
	}
	return page(lines(found, q.Only), q), nil
}

// lines puts notices, newest first, into lines by their subject.
func lines(found []row, only Only) []Line {
	places := map[subjectKey]int{}
	var out []Line
	for i := range found {
		if !only.takes(&found[i].Stored) {
			continue
		}
		key := found[i].key()
		at, known := places[key]
		if !known {
			at = len(out)
			places[key] = at
			out = append(out, found[i].line())
		}
		out[at].Notices = append(out[at].Notices, found[i].Stored)
		if found[i].Unread() {
			out[at].Unread++
		}
	}
	return out
}

func page(all []Line, q Query) Page {
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 50
	}
	if q.Before != 0 {
		at := slices.IndexFunc(all, func(l Line) bool { return l.Notices[0].ID == q.Before })
		if at < 0 { // the line moved up since: what follows begins where it was
			at = slices.IndexFunc(all, func(l Line) bool { return l.Notices[0].ID < q.Before }) - 1
			if at < -1 {
				return Page{}
			}
		}
		all = all[at+1:]
	}
	p := Page{Lines: all}
	if len(all) > q.Limit {
		p.Lines = all[:q.Limit]
		p.Next = p.Lines[q.Limit-1].Notices[0].ID
	}
	return p
}

// PublicLine is a Line as requesters and suppliers may have it.
type PublicLine struct {
	Subject Subject // of a ticket without an address
	Number  string
	Title   string
	Kind    string // the ticket's kind
	State   string // its state
	Muted   bool
	Watched bool
	Notices []PublicNotice // newest first, at least one
	Unread  int
}

// PublicPage is a Page as requesters and suppliers may have it.
type PublicPage struct {
	Lines []PublicLine
	Next  int64
}

// PublicInbox is Inbox for requesters and suppliers: a type that has nowhere to
// put an internal text.
func (s *Service) PublicInbox(ctx context.Context, q Query) (PublicPage, error) {
	p, err := s.Inbox(ctx, q)
	return PublicPage{Lines: PublicLines(p.Lines), Next: p.Next}, err
}

type subjectKey struct {
	typ string
	id  int64
}

// row is a stored notice with what decides whether it may be shown.
type row struct {
	Stored
	record  access.Record // of a ticket
	exists  bool          // the ticket does
	number  string
	state   string
	muted   bool
	watched bool
}

func (r *row) key() subjectKey { return subjectKey{r.Subject.Type, r.Subject.ID} }

func (r *row) line() Line {
	return Line{Subject: r.Subject, Number: r.number, Kind: r.record.Kind, State: r.state, Muted: r.muted, Watched: r.watched}
}

// mayShow is the rule: the record is visible now, and what was internal only to
// those who read its notes. Those who read no notes at all have of their notices
// what is public: of tickets, and what was published.
func (r *row) mayShow(actor access.Actor) bool {
	if AudienceOf(actor) != Insiders && (r.Internal || r.Subject.Type != TicketSubject && r.Kind != Published) {
		return false
	}
	if r.Subject.Type != TicketSubject {
		return true // the room that owns it decides; see guarded
	}
	return r.exists && actor.Check(access.View, r.record).Allowed &&
		(!r.Internal || actor.Check(access.ReadNotes, r.record).Allowed)
}

// visible gives the notices that the actor may see now, newest first, at most Kept.
func (s *Service) visible(ctx context.Context, actor access.Actor) ([]row, error) {
	found, err := database.All(ctx, s.db.Reader(), func(r database.Row) (row, error) {
		var n row
		var facts ticketFacts
		dest := append([]any{
			&n.ID, &n.Kind, &n.Reason, &n.Subject.Type, &n.Subject.ID, &n.Subject.Title, &n.Subject.URL,
			&n.Actor.Type, (*database.ID)(&n.Actor.ID), &n.Internal, &n.Seq, &n.Detail, (*database.Time)(&n.At), (*database.Time)(&n.ReadAt),
			(*database.ID)(&n.For), (*database.Time)(&n.ForUntil), &n.Urgent, &n.muted,
		}, facts.destinations()...)
		if err := r.Scan(dest...); err != nil {
			return n, err
		}
		n.To = actor.ID
		facts.fill(&n, actor.ID)
		return n, nil
	}, `SELECT n.id, n.kind, n.reason, n.subject, n.subject_id, n.title, n.url,
			n.actor_type, n.actor_id, n.internal, n.seq, n.detail, n.at, n.read_at,
			n.for_id, n.for_until, n.urgent, EXISTS (SELECT 1 FROM ticket_mutes m WHERE m.person_id = n.person_id AND m.ticket_id = t.id), `+factColumns+`
		FROM notices n `+joinTicket+`
		WHERE n.person_id = $1 ORDER BY n.at DESC, n.id DESC LIMIT $2`, actor.ID, Kept)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(r row) bool { return !r.mayShow(actor) })
	return s.guarded(ctx, found)
}

// factColumns are what access rules and a line need of a ticket t, for a notice n.
const factColumns = `t.id, t.number, t.title, t.kind, t.state, t.requester_id, t.opened_by_id, t.assignee_id, t.group_id, t.organisation_id, t.service_id,
	EXISTS (SELECT 1 FROM ticket_watchers w WHERE w.ticket_id = t.id AND w.person_id = n.person_id)`

const joinTicket = `LEFT JOIN tickets t ON n.subject = '` + TicketSubject + `' AND t.id = n.subject_id`

// ticketFacts are read from factColumns.
type ticketFacts struct {
	id                         int64
	number, title, kind, state *string
	record                     access.Record
	watched                    bool
}

func (f *ticketFacts) destinations() []any {
	r := &f.record
	return []any{
		(*database.ID)(&f.id), &f.number, &f.title, &f.kind, &f.state, (*database.ID)(&r.Requester), (*database.ID)(&r.OpenedBy),
		(*database.ID)(&r.Assignee), (*database.ID)(&r.Group), (*database.ID)(&r.Organisation), (*database.ID)(&r.Service), &f.watched,
	}
}

func (f *ticketFacts) fill(n *row, person int64) {
	if f.id == 0 {
		return
	}
	n.exists, n.number, n.state, n.watched, n.record = true, *f.number, *f.state, f.watched, f.record
	n.record.Kind, n.Subject.Title = *f.kind, *f.title
	if f.watched { // of all watchers only the reader can matter to the reader
		n.record.Watchers = []int64{person}
	}
}

// guarded asks the rooms that own the other subjects. What no room answers for is
// not shown.
func (s *Service) guarded(ctx context.Context, found []row) ([]row, error) {
	found = slices.DeleteFunc(found, func(r row) bool { return r.Subject.Type != TicketSubject && s.guards[r.Subject.Type] == nil })
	for typ, guard := range s.guards {
		var ids []int64
		for _, r := range found {
			if r.Subject.Type == typ {
				ids = append(ids, r.Subject.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		visible, err := guard(ctx, unique(ids))
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(r row) bool { return r.Subject.Type == typ && !slices.Contains(visible, r.Subject.ID) })
	}
	return found, nil
}

// Unread is what waits for somebody: what the bell shows.
type Unread struct {
	Lines   int
	tickets []int64
}

// Has reports whether a ticket has something unread.
func (u Unread) Has(ticketID int64) bool { return slices.Contains(u.tickets, ticketID) }

// Unread counts the actor's lines with something unread, in one query and by the
// rule of Inbox. Nobody and nothing is zero.
func (s *Service) Unread(ctx context.Context) (Unread, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return Unread{}, nil
	}
	found, err := database.All(ctx, s.db.Reader(), func(r database.Row) (row, error) {
		var n row
		var facts ticketFacts
		if err := r.Scan(append([]any{&n.Subject.Type, &n.Subject.ID, &n.Internal, &n.Kind}, facts.destinations()...)...); err != nil {
			return n, err
		}
		facts.fill(&n, actor.ID)
		return n, nil
	}, `SELECT n.subject, n.subject_id, n.internal, n.kind, `+factColumns+`
		FROM (SELECT person_id, subject, subject_id, min(CASE WHEN internal THEN 1 ELSE 0 END) = 1 AS internal, max(kind) AS kind
			FROM notices WHERE person_id = $1 AND read_at IS NULL GROUP BY person_id, subject, subject_id LIMIT $2) n `+joinTicket,
		actor.ID, Kept)
	if err != nil {
		return Unread{}, err
	}
	found = slices.DeleteFunc(found, func(r row) bool { return !r.mayShow(actor) })
	if found, err = s.guarded(ctx, found); err != nil {
		return Unread{}, err
	}
	u := Unread{Lines: len(found)}
	for _, r := range found {
		if r.Subject.Type == TicketSubject {
			u.tickets = append(u.tickets, r.Subject.ID)
		}
	}
	return u, nil
}

// Marked says what MarkRead did, so that it can be undone.
type Marked struct {
	At    time.Time // the instant the notices bear as their reading
	Count int
}

// MarkRead marks the actor's unread notices of some subjects as read; of all
// subjects when none is named.
func (s *Service) MarkRead(ctx context.Context, subjects ...Subject) (Marked, error) {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return Marked{}, err
	}
	m := Marked{At: s.now().UTC().Truncate(time.Microsecond)}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		var args database.Args
		n, err := tx.Exec(ctx, `UPDATE notices SET read_at = `+args.Arg(database.Time(m.At))+` WHERE person_id = `+args.Arg(actor.ID)+
			` AND read_at IS NULL`+among(&args, subjects), args.Values()...)
		m.Count = int(n)
		if err != nil || n == 0 {
			return err
		}
		return s.announce(ctx, tx, actor.ID)
	})
	return m, err
}

// MarkUnread marks as unread what was read at an instant (Marked.At), or the
// newest notice of each of the subjects when the instant is zero.
func (s *Service) MarkUnread(ctx context.Context, at time.Time, subjects ...Subject) error {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return err
	}
	if at.IsZero() && len(subjects) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		var args database.Args
		where := ` WHERE person_id = ` + args.Arg(actor.ID) + among(&args, subjects)
		if at.IsZero() {
			where += ` AND id IN (SELECT max(id) FROM notices WHERE person_id = ` + args.Arg(actor.ID) + ` GROUP BY subject, subject_id)`
		} else {
			where += ` AND read_at = ` + args.Arg(database.Time(at))
		}
		n, err := tx.Exec(ctx, `UPDATE notices SET read_at = NULL`+where, args.Values()...)
		if err != nil || n == 0 {
			return err
		}
		return s.announce(ctx, tx, actor.ID)
	})
}

func among(args *database.Args, subjects []Subject) string {
	if len(subjects) == 0 {
		return ""
	}
	var parts []string
	for _, subject := range subjects[:min(len(subjects), Kept)] {
		parts = append(parts, `(subject = `+args.Arg(subject.Type)+` AND subject_id = `+args.Arg(subject.ID)+`)`)
	}
	return ` AND (` + strings.Join(parts, " OR ") + `)`
}
