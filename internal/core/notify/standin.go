package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Absences knows who is away and who stands in for them; people.Service does.
type Absences interface {
	AwayAt(ctx context.Context, q database.Querier, at time.Time, persons []int64) (people.Book, error)
	AroundGroup(ctx context.Context, q database.Querier, person, group, service int64) (people.Around, error)
}

// Tickets says what somebody may know of a ticket; ticket.Service does.
type Tickets interface {
	Get(ctx context.Context, ref ticket.Ref) (ticket.Ticket, error)
	PersonMay(ctx context.Context, person int64, verb access.Verb, t *ticket.Ticket) (bool, error)
}

// Absentees are notices that want something of people who are away.
type Absentees struct {
	Notices []Notice `json:"notices"`
}

// standIns is what telling others instead leans on; without it nobody is.
type standIns struct {
	absences Absences
	tickets  Tickets
	later    func(ctx context.Context, tx *database.Tx, a Absentees) error
}

// StandIn has what asks something of people who are away told to those who stand in for
// them. later is asked, within the transaction of the notices, to have TellInstead
// called: what somebody may see is not asked within a save.
func (s *Service) StandIn(absences Absences, tickets Tickets, later func(ctx context.Context, tx *database.Tx, a Absentees) error) {
	s.stand = standIns{absences, tickets, later}
}

// instead asks for others to be told of what is wanted of people who are away.
func (s *Service) instead(ctx context.Context, tx *database.Tx, notices []Notice) error {
	if s.stand.later == nil {
		return nil
	}
	var asked []Notice
	var persons []int64
	for i := range notices {
		if notices[i].asks() {
			asked = append(asked, notices[i])
			persons = append(persons, notices[i].To)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	book, err := s.stand.absences.AwayAt(ctx, tx, s.now(), unique(persons))
	if err != nil {
		return err
	}
	var away Absentees
	for _, n := range asked {
		if _, is := book[n.To]; is {
			if n.Key == "" { // it is told once, also when the job is run again
				n.Key = fmt.Sprintf("instead:%d", tx.NextID())
			}
			away.Notices = append(away.Notices, n)
		}
	}
	if len(away.Notices) == 0 {
		return nil
	}
	return s.stand.later(ctx, tx, away)
}

// TellInstead tells others what is wanted of people who are away, each of them what they
// may know. Called again it tells nobody twice.
func (s *Service) TellInstead(ctx context.Context, a Absentees) error {
	ctx = access.With(ctx, access.System())
	var out []Notice
	for _, n := range a.Notices {
		t, err := s.stand.tickets.Get(ctx, ticket.ByID(n.Subject.ID))
		if apperr.Is(err, apperr.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		told, err := s.Instead(ctx, &t, n.To, n.Internal)
		if err != nil {
			return err
		}
		for _, i := range told {
			out = append(out, i.Of(n))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *database.Tx) error { return s.Send(ctx, tx, out[:min(len(out), MaxRecipients)]...) })
}

// Instead is somebody who is told of a ticket in the place of a person who is away.
type Instead struct {
	Person int64
	Reason Reason
	For    int64
	Until  time.Time
}

// Of gives what somebody is told of a notice that is for another.
func (i *Instead) Of(n Notice) Notice {
	n.To, n.Reason, n.For, n.ForUntil, n.Routed = i.Person, i.Reason, i.For, i.Until, true
	return n
}

// Instead gives who is told of a ticket in the place of a person; nobody while they are
// there. Of those who stand in only who may see the ticket, and its notes if it is about
// one, is told; where they may not, the people of the group that has it are. It must not
// be asked within a transaction.
func (s *Service) Instead(ctx context.Context, t *ticket.Ticket, person int64, internal bool) ([]Instead, error) {
	if s.stand.absences == nil {
		return nil, nil
	}
	book, err := s.stand.absences.AwayAt(ctx, s.db.Reader(), s.now(), []int64{person})
	if err != nil || len(book) == 0 {
		return nil, err
	}
	around, err := s.stand.absences.AroundGroup(ctx, s.db.Reader(), person, t.GroupID, t.ServiceID)
	if err != nil {
		return nil, err
	}
	// Those whom it falls to are asked for, too: they may be away as well.
	others := append(append([]int64{around.Owner}, around.Leads...), around.Members...)
	more, err := s.stand.absences.AwayAt(ctx, s.db.Reader(), s.now(), others)
	if err != nil {
		return nil, err
	}
	for p, away := range more {
		book[p] = away
	}
	var failed error
	may := func(p int64) bool {
		ok, err := s.stand.tickets.PersonMay(ctx, p, access.View, t)
		if err == nil && ok && internal {
			ok, err = s.stand.tickets.PersonMay(ctx, p, access.ReadNotes, t)
		}
		if err != nil && !apperr.Is(err, apperr.Unauthenticated) && !apperr.Is(err, apperr.NotFound) {
			failed = err
		}
		return ok && err == nil
	}
	var out []Instead
	for _, i := range book.Instead(person, t.GroupID, around, may) {
		reason := map[people.InsteadAs]Reason{people.AsSubstitute: AsSubstitute, people.AsGroupLead: AsLead, people.AsMember: AsMember, people.AsOwner: AsOwner}[i.As]
		out = append(out, Instead{i.Person, reason, person, book[person].Until})
	}
	return out, failed
}

// Back lets what goes by mail and other channels go that waited for somebody who was away, in the transaction that
// notes their return: outside their quiet hours, and together.
func (s *Service) Back(ctx context.Context, tx *database.Tx, person int64) error {
	plan, zone, err := planFor(ctx, tx, person)
	if err != nil {
		return err
	}
	now := s.now()
	for _, table := range []string{"notice_mails", "notice_sendings"} {
		if _, err := tx.Exec(ctx, `UPDATE `+table+` SET due_at = $1 WHERE person_id = $2 AND due_at <= $3`,
			database.Time(plan.hold(now, zone)), person, database.Time(now)); err != nil {
			return err
		}
	}
	return nil
}

// planFor gives when somebody gets mail, and where they are.
func planFor(ctx context.Context, q database.Querier, person int64) (Plan, *time.Location, error) {
	m := mailingOf(Plan{}, "")
	err := database.Each(ctx, q, func(r database.Row) error {
		var p Plan
		var zone string
		err := r.Scan(&p.Rhythm, &p.Minute, &p.Weekday, &p.QuietFrom, &p.QuietTo, &p.Urgent, &zone)
		m = mailingOf(p, zone)
		return err
	}, `SELECT COALESCE(l.rhythm, ''), COALESCE(l.minute, 0), COALESCE(l.weekday, 0), COALESCE(l.quiet_from, 0), COALESCE(l.quiet_to, 0), COALESCE(l.urgent, TRUE), p.zone
		FROM persons p LEFT JOIN notice_plans l ON l.person_id = p.id WHERE p.id = $1`, person)
	return m.Plan, m.zone, err
}

// Missed counts the notices that came to a person within a time, and the records they
// are about.
type Missed struct{ Notices, Records, Unread int }

// MissedBy gives what came to a person while they were away.
func (s *Service) MissedBy(ctx context.Context, q database.Querier, person int64, from, until time.Time) (Missed, error) {
	return database.One(ctx, q, func(r database.Row) (Missed, error) {
		var m Missed
		err := r.Scan(&m.Notices, &m.Unread, &m.Records)
		return m, err
	}, `SELECT count(*), count(CASE WHEN n.read_at IS NULL THEN 1 END), count(DISTINCT n.subject_id) FROM notices n
		WHERE n.person_id = $1 AND n.at >= $2 AND n.at < $3 AND n.kind <> $4`, person, database.Time(from), database.Time(until), string(Absence))
}
