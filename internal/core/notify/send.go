package notify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
)

// Publisher tells open screens, within the transaction.
type Publisher interface {
	Publish(ctx context.Context, tx *database.Tx, events ...live.Event) error
}

// Event is the kind of live event by which a person's screens learn that their
// notices changed. It has no content.
const Event = "notices-changed"

// The prefixes of a person's live topics: "notices:42" and, for what only those
// who read internal notes may hear of, "notices-inside:42".
const (
	TopicPrefix       = "notices"
	TopicPrefixInside = "notices-inside"
)

// Topics lists the live topics that an actor's screens follow.
func Topics(a access.Actor) []string {
	if !a.IsPerson() {
		return nil
	}
	topics := []string{topic(a.ID, false)}
	if AudienceOf(a) == Insiders {
		topics = append(topics, topic(a.ID, true))
	}
	return topics
}

// MayFollow decides about a live topic of this room; rest is what follows the prefix.
func MayFollow(a access.Actor, prefix, rest string) bool {
	return slices.Contains(Topics(a), prefix+":"+rest)
}

func topic(person int64, inside bool) string {
	if inside {
		return fmt.Sprintf("%s:%d", TopicPrefixInside, person)
	}
	return fmt.Sprintf("%s:%d", TopicPrefix, person)
}

// maxDetail bounds a notice's sentence, in characters.
const maxDetail = 300

// MaxRecipients bounds how many notices one call of Send may write.
const MaxRecipients = 1000

// Guard says which of some records of a room's own the actor may see now.
type Guard func(ctx context.Context, ids []int64) (visible []int64, err error)

// Service keeps what people are told.
type Service struct {
	db     *database.DB
	live   Publisher
	now    func() time.Time
	guards map[string]Guard
	stand  standIns
}

// New makes the service.
func New(db *database.DB, live Publisher, now func() time.Time) *Service {
	return &Service{db: db, live: live, now: now, guards: map[string]Guard{}}
}

// GuardSubjects has notices about a type of record shown only for the records
// that the guard lets the reader see. A type without a guard cannot be told of.
// For wiring, before anything is served.
func (s *Service) GuardSubjects(subjectType string, g Guard) { s.guards[subjectType] = g }

// Send writes notices in the caller's transaction, at most MaxRecipients. It
// leaves out those who did it themselves, who do not want this kind, who muted
// the ticket, or who got a notice with this Key before. Invalid for a notice that
// cannot be shown.
func (s *Service) Send(ctx context.Context, tx *database.Tx, notices ...Notice) error {
	if len(notices) > MaxRecipients {
		return apperr.New(apperr.Invalid, "At most %d persons can be told at once.", MaxRecipients)
	}
	var out []Notice
	for _, n := range notices {
		if err := n.complete(s.now()); err != nil {
			return err
		}
		if n.Subject.Type != TicketSubject && s.guards[n.Subject.Type] == nil {
			return apperr.New(apperr.Internal, "Nobody says who may see a notice about a %s.", n.Subject.Type)
		}
		if n.To != 0 && (n.Actor.Type != access.TypePerson || n.Actor.ID != n.To) {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return nil
	}
	if err := s.instead(ctx, tx, out); err != nil {
		return err
	}
	wishes, err := wishesOf(ctx, tx, out)
	if err != nil {
		return err
	}
	out = slices.DeleteFunc(out, func(n Notice) bool { return !wishes.want(n) })
	return s.store(ctx, tx, out, wishes)
}

// complete checks a notice and fills in what was left out.
func (n *Notice) complete(now time.Time) error {
	info, known := infoOf(n.Kind)
	switch {
	case !known || n.Subject.Type == "" || n.Subject.ID == 0:
		return apperr.New(apperr.Internal, "A notice needs a kind and a subject, and has %q and %q.", n.Kind, n.Subject.Type)
	case n.Subject.Type != TicketSubject && (n.Subject.Title == "" || !strings.HasPrefix(n.Subject.URL, "/")):
		return apperr.New(apperr.Internal, "A notice about a %s needs a title and a path that leads there.", n.Subject.Type)
	}
	if info.Kind == Noted {
		n.Internal = true
	}
	if info.Kind == Major {
		n.Urgent = MajorIncident
	}
	if n.Actor.Type == "" {
		n.Actor = ticket.ActorRef{Type: access.TypeSystem}
	}
	if n.At.IsZero() {
		n.At = now
	}
	if r := []rune(n.Detail); len(r) > maxDetail || !utf8.ValidString(n.Detail) {
		n.Detail = strings.ToValidUTF8(string(r[:min(len(r), maxDetail)]), "")
	}
	return nil
}

// rowsPerInsert keeps a statement below the number of arguments that both engines take.
const rowsPerInsert = 200

// store writes notices and tells their recipients' screens.
func (s *Service) store(ctx context.Context, tx *database.Tx, notices []Notice, w wishes) error {
	if len(notices) == 0 {
		return nil
	}
	for part := range slices.Chunk(notices, rowsPerInsert) {
		var args database.Args
		rows, ids := make([]string, len(part)), make([]int64, len(part))
		for i, n := range part {
			ids[i] = tx.NextID()
			cause := any(nil)
			if n.Key != "" {
				cause = n.Key
			}
			values := []any{
				ids[i], n.To, string(n.Kind), string(n.Reason), n.Subject.Type, n.Subject.ID, n.Subject.Title, n.Subject.URL,
				string(n.Actor.Type), database.ID(n.Actor.ID), n.Internal, n.Seq, n.Detail, database.Time(n.At), cause,
				database.ID(n.For), database.Time(n.ForUntil), string(n.Urgent),
			}
			places := make([]string, len(values))
			for j, v := range values {
				places[j] = args.Arg(v)
			}
			rows[i] = "(" + strings.Join(places, ", ") + ")"
		}
		_, err := tx.Exec(ctx, `INSERT INTO notices (id, person_id, kind, reason, subject, subject_id, title, url,
			actor_type, actor_id, internal, seq, detail, at, cause, for_id, for_until, urgent) VALUES `+strings.Join(rows, ", ")+
			` ON CONFLICT (person_id, cause) DO NOTHING`, args.Values()...)
		if err != nil {
			return err
		}
		if err := s.planMail(ctx, tx, part, ids, w); err != nil {
			return err
		}
		if err := s.planChannels(ctx, tx, part, ids, w); err != nil {
			return err
		}
	}
	var topics []string
	for _, n := range notices {
		if t := topic(n.To, n.Internal); !slices.Contains(topics, t) {
			topics = append(topics, t)
		}
	}
	var events []live.Event
	for part := range slices.Chunk(topics, live.MaxTopics) {
		events = append(events, live.Event{Topics: part, Kind: Event})
	}
	return s.live.Publish(ctx, tx, events...)
}

// announce tells a person's own screens that they read something elsewhere.
func (s *Service) announce(ctx context.Context, tx *database.Tx, person int64) error {
	return s.live.Publish(ctx, tx, live.Event{Topics: []string{topic(person, false)}, Kind: Event})
}
