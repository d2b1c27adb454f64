package identity

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Session is one browser in which a person is signed in.
type Session struct {
	ID        int64
	PersonID  int64
	Method    string
	Address   string
	UserAgent string
	CreatedAt time.Time
	SeenAt    time.Time // to about a minute
	ExpiresAt time.Time
}

// Current is the session or token a request came with.
type Current struct {
	SessionID  int64
	TokenID    int64
	MustChange bool // the person must choose a password before anything else
}

// maxSessions is how many sessions a person may have; the one not seen for
// longest makes room.
const maxSessions = 50

func (s *Service) insertSession(ctx context.Context, tx *database.Tx, o Opened, method string, from Origin, now time.Time) error {
	if _, err := tx.Exec(ctx, `INSERT INTO sessions (id, person_id, hash, method, address, user_agent, created_at, seen_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)`, tx.NextID(), o.PersonID, digest(o.Token), method,
		addressText(from.Address), clip(from.UserAgent, 300), database.Time(now), database.Time(o.Expires)); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM sessions WHERE person_id = $1 AND id NOT IN (
		SELECT id FROM sessions WHERE person_id = $1 ORDER BY seen_at DESC, id DESC LIMIT $2)`, o.PersonID, maxSessions)
	if n > 0 {
		s.sessions.Changed(tx)
	}
	return err
}

// sessionRow is what every request of a session needs to know of it.
type sessionRow struct {
	current       Current
	person        int64
	seen, expires time.Time
}

// session finds who a session's token belongs to. ok is false for a token that is
// unknown, too old, or was not used for too long.
func (s *Service) session(ctx context.Context, token string) (person int64, c Current, ok bool, err error) {
	row, err := s.sessions.Get(ctx, digest(token), func(ctx context.Context, hash string) (r sessionRow, err error) {
		err = s.db.Reader().QueryRow(ctx, `SELECT s.id, s.person_id, s.seen_at, s.expires_at, COALESCE(pw.must_change, FALSE)
			FROM sessions s LEFT JOIN passwords pw ON pw.person_id = s.person_id WHERE s.hash = $1`, hash).
			Scan(&r.current.SessionID, &r.person, (*database.Time)(&r.seen), (*database.Time)(&r.expires), &r.current.MustChange)
		return r, err
	})
	if apperr.Is(err, apperr.NotFound) {
		return 0, Current{}, false, nil
	}
	if err != nil {
		return 0, Current{}, false, err
	}
	now := s.now()
	idle := now.Sub(row.seen)
	if !now.Before(row.expires) || idle > s.opts.Idle {
		return 0, Current{}, false, nil
	}
	if idle >= seenAfter {
		s.seen.session(row.current.SessionID)
	}
	return row.person, row.current, true, nil
}

// SignOut ends the session of a token. An unknown one is fine.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		s.sessions.Changed(tx, digest(token))
		_, err := tx.Exec(ctx, "DELETE FROM sessions WHERE hash = $1", digest(token))
		return err
	})
}

// mayReadHistory is for a person's sessions and sign-ins: their own, those of
// people one manages, and all for auditors.
func (s *Service) mayReadHistory(ctx context.Context, person int64) error {
	actor := access.From(ctx)
	if actor.IsPerson() && actor.ID == person {
		return nil
	}
	p, err := s.people.Person(ctx, person)
	if err != nil {
		return err
	}
	if actor.Can(access.ViewAudit, access.AnyKind) {
		return nil
	}
	return actor.Check(access.ManagePeople, access.Record{Requester: p.ID, Organisation: p.OrganisationID}).Err()
}

// Sessions lists a person's sessions that are still good, the latest seen first.
func (s *Service) Sessions(ctx context.Context, person int64) ([]Session, error) {
	if err := s.mayReadHistory(ctx, person); err != nil {
		return nil, err
	}
	now := s.now()
	return database.All(ctx, s.db.Reader(), scanSession, "SELECT "+sessionColumns+` FROM sessions
		WHERE person_id = $1 AND expires_at > $2 AND seen_at >= $3 ORDER BY seen_at DESC, id DESC LIMIT $4`,
		person, database.Time(now), database.Time(now.Add(-s.opts.Idle)), maxSessions)
}

const sessionColumns = "id, person_id, method, address, user_agent, created_at, seen_at, expires_at"

func scanSession(r database.Row) (Session, error) {
	var v Session
	err := r.Scan(&v.ID, &v.PersonID, &v.Method, &v.Address, &v.UserAgent,
		(*database.Time)(&v.CreatedAt), (*database.Time)(&v.SeenAt), (*database.Time)(&v.ExpiresAt))
	return v, err
}

// EndSession ends a session of one's own or of a person one manages.
func (s *Service) EndSession(ctx context.Context, id int64) error {
	actor, err := onlySession(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		v, err := database.One(ctx, tx, scanSession, "SELECT "+sessionColumns+" FROM sessions WHERE id = $1", id)
		if apperr.Is(err, apperr.NotFound) {
			return apperr.New(apperr.NotFound, "This session has ended already.")
		}
		if err != nil {
			return err
		}
		if v.PersonID != actor.ID {
			if err := s.mayEndSessions(ctx, v.PersonID); err != nil {
				return err
			}
		}
		s.sessions.Changed(tx)
		if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE id = $1", id); err != nil || v.PersonID == actor.ID {
			return err
		}
		return s.audit.Append(ctx, tx, s.personEntry(ctx, "person.session_ended", v.PersonID))
	})
}

// EndSessions ends all sessions of a person but the one the request came with.
func (s *Service) EndSessions(ctx context.Context, person int64) error {
	actor, err := onlySession(ctx)
	if err != nil {
		return err
	}
	if person != actor.ID {
		if err := s.mayEndSessions(ctx, person); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if err := s.deleteSessions(ctx, tx, person, From(ctx).SessionID); err != nil || person == actor.ID {
			return err
		}
		return s.audit.Append(ctx, tx, s.personEntry(ctx, "person.sessions_ended", person))
	})
}

// mayEndSessions hides sessions of people the actor may not even look up.
func (s *Service) mayEndSessions(ctx context.Context, person int64) error {
	p, err := s.people.Person(ctx, person)
	if err != nil {
		return err
	}
	return access.From(ctx).Check(access.ManagePeople, access.Record{Requester: p.ID, Organisation: p.OrganisationID}).Err()
}

func (s *Service) deleteSessions(ctx context.Context, tx *database.Tx, person, except int64) error {
	s.sessions.Changed(tx)
	_, err := tx.Exec(ctx, "DELETE FROM sessions WHERE person_id = $1 AND id <> $2", person, except)
	return err
}

// personEntry names the person in the audit log.
func (s *Service) personEntry(ctx context.Context, action string, person int64) audit.Entry {
	names, err := s.people.PersonNames(ctx, s.db.Reader(), []int64{person})
	if err != nil {
		names = map[int64]people.PersonName{} // the id says it too
	}
	return audit.Entry{Action: action, ObjectType: "person", ObjectID: audit.ID(person), ObjectName: names[person].Name}
}

// SignInRecord is one sign-in that succeeded or was refused.
type SignInRecord struct {
	ID        int64
	At        time.Time
	OK        bool
	Method    string
	Address   string
	UserAgent string
}

// HistoryCursor is a place in a person's history.
type HistoryCursor struct {
	At time.Time
	ID int64
}

// History lists the sign-ins of a person, the latest first, from before a place;
// the zero cursor is the beginning. next is zero at the end.
func (s *Service) History(ctx context.Context, person int64, before HistoryCursor, limit int) (records []SignInRecord, next HistoryCursor, err error) {
	if err := s.mayReadHistory(ctx, person); err != nil {
		return nil, next, err
	}
	limit = min(max(limit, 1), 200)
	var args database.Args
	where := "person_id = " + args.Arg(person)
	if before.ID != 0 {
		where += " AND (at, id) < (" + args.Arg(database.Time(before.At)) + ", " + args.Arg(before.ID) + ")"
	}
	records, err = database.All(ctx, s.db.Reader(), func(r database.Row) (v SignInRecord, err error) {
		err = r.Scan(&v.ID, (*database.Time)(&v.At), &v.OK, &v.Method, &v.Address, &v.UserAgent)
		return v, err
	}, "SELECT id, at, ok, method, address, user_agent FROM sign_ins WHERE "+where+" ORDER BY at DESC, id DESC LIMIT "+args.Arg(limit+1),
		args.Values()...)
	if len(records) > limit {
		records = records[:limit]
		next = HistoryCursor{records[limit-1].At, records[limit-1].ID}
	}
	return records, next, err
}

// keepHistory is how long sign-ins and unused devices are remembered.
const keepHistory = 400 * 24 * time.Hour

// Purge forgets what has no use any more: sessions that ended by themselves,
// counts whose window is over, old history. It is to run once a day.
func (s *Service) Purge(ctx context.Context) error {
	now := s.now()
	for _, old := range []struct {
		statement string
		before    time.Time
	}{
		{"DELETE FROM sessions WHERE expires_at <= $1", now},
		{"DELETE FROM sessions WHERE seen_at < $1", now.Add(-s.opts.Idle)},
		{"DELETE FROM sign_in_failures WHERE since < $1", now.Add(-failureWindow)},
		{"DELETE FROM sign_ins WHERE at < $1", now.Add(-keepHistory)},
		{"DELETE FROM devices WHERE used_at < $1", now.Add(-keepHistory)},
	} {
		err := s.db.Write(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, old.statement, database.Time(old.before))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
