package notify

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// Mail says whether a kind of notice comes by mail, besides standing in the inbox.
type Mail string

// The ways.
const (
	MailNever  Mail = ""
	MailNow    Mail = "now"
	MailDigest Mail = "digest" // with others, in the rhythm of the person's Plan
)

// Mails lists the ways.
func Mails() []Mail { return []Mail{MailNever, MailNow, MailDigest} }

// Rhythm is how often a digest is sent.
type Rhythm string

// The rhythms.
const (
	Hourly Rhythm = "hourly"
	Daily  Rhythm = "daily"
	Weekly Rhythm = "weekly"
)

// Rhythms lists them.
func Rhythms() []Rhythm { return []Rhythm{Hourly, Daily, Weekly} }

// Plan is when somebody gets mail, by the clock where they are.
type Plan struct {
	Rhythm    Rhythm
	Minute    int          // after midnight, of a daily or weekly digest
	Weekday   time.Weekday // of a weekly one
	QuietFrom int          // minutes after midnight between which no mail is sent; may pass
	QuietTo   int          // midnight. The same twice is never quiet
	Urgent    bool         // what cannot wait passes quiet hours, and is in no digest
}

// usualPlan is that of who chose nothing.
var usualPlan = Plan{Rhythm: Daily, Minute: 8 * 60, Weekday: time.Monday, Urgent: true}

const minutesADay = 24 * 60

func (p Plan) check() error {
	var wrong apperr.Problems
	if !slices.Contains(Rhythms(), p.Rhythm) {
		wrong.Add("rhythm", "Choose hourly, daily or weekly.")
	}
	if p.Minute < 0 || p.Minute >= minutesADay {
		wrong.Add("time", "Give a time of day, such as 08:00.")
	}
	if p.Weekday < time.Sunday || p.Weekday > time.Saturday {
		wrong.Add("weekday", "Choose a day of the week.")
	}
	if p.QuietFrom < 0 || p.QuietFrom >= minutesADay || p.QuietTo < 0 || p.QuietTo >= minutesADay {
		wrong.Add("quiet_from", "Give two times of day, such as 20:00 and 07:00.")
	}
	return wrong.Err()
}

// due is when a notice of an instant goes by mail.
func (p Plan) due(how Mail, now time.Time, zone *time.Location) time.Time {
	at := now
	if how == MailDigest {
		switch p.Rhythm {
		case Hourly:
			at = jobs.Every(time.Hour).Next(now)
		case Weekly:
			at = jobs.Daily(p.Minute/60, p.Minute%60, zone).Next(now)
			for at.In(zone).Weekday() != p.Weekday {
				at = jobs.Daily(p.Minute/60, p.Minute%60, zone).Next(at)
			}
		case Daily:
			at = jobs.Daily(p.Minute/60, p.Minute%60, zone).Next(now)
		}
	}
	return p.hold(at, zone)
}

// dueOf is due for a notice: what cannot wait goes at once.
func (p Plan) dueOf(n *Notice, how Mail, now time.Time, zone *time.Location) time.Time {
	if p.Urgent && n.Urgent != "" {
		return now
	}
	return p.due(how, now, zone)
}

// hold gives the first instant from t on that is not quiet.
func (p Plan) hold(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	minute := local.Hour()*60 + local.Minute()
	quiet := p.QuietFrom <= minute && minute < p.QuietTo
	if p.QuietFrom > p.QuietTo {
		quiet = minute >= p.QuietFrom || minute < p.QuietTo
	}
	if !quiet {
		return t
	}
	return jobs.Daily(p.QuietTo/60, p.QuietTo%60, zone).Next(t)
}

// mailing is when somebody gets mail, and where they are.
type mailing struct {
	Plan
	zone *time.Location
}

// PlanOf gives when the actor gets mail.
func (s *Service) PlanOf(ctx context.Context) (Plan, error) {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return Plan{}, err
	}
	p, err := database.One(ctx, s.db.Reader(), func(r database.Row) (Plan, error) {
		var p Plan
		err := r.Scan((*string)(&p.Rhythm), &p.Minute, &p.Weekday, &p.QuietFrom, &p.QuietTo, &p.Urgent)
		return p, err
	}, `SELECT rhythm, minute, weekday, quiet_from, quiet_to, urgent FROM notice_plans WHERE person_id = $1`, actor.ID)
	if apperr.Is(err, apperr.NotFound) {
		return usualPlan, nil
	}
	return p, err
}

// SavePlan sets when the actor gets mail; what waits already goes when it was to.
// Invalid beside each field.
func (s *Service) SavePlan(ctx context.Context, p Plan) error {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO notice_plans (person_id, rhythm, minute, weekday, quiet_from, quiet_to, urgent) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (person_id) DO UPDATE SET rhythm = excluded.rhythm, minute = excluded.minute, weekday = excluded.weekday,
			quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, urgent = excluded.urgent`, actor.ID, string(p.Rhythm), p.Minute, int(p.Weekday), p.QuietFrom, p.QuietTo, p.Urgent)
		return err
	})
}

// ChooseMail sets how kinds come to the actor by mail; kinds not named stay as they
// are. Invalid for an unknown kind or way.
func (s *Service) ChooseMail(ctx context.Context, how map[Kind]Mail) error {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return err
	}
	var args database.Args
	var rows []string
	for _, info := range kinds {
		if way, chose := how[info.Kind]; chose {
			if !slices.Contains(Mails(), way) {
				return apperr.InvalidField("mail", "Mail comes never, at once or in the digest.")
			}
			rows = append(rows, "("+args.Arg(actor.ID)+", "+args.Arg(string(info.Kind))+", "+args.Arg(info.Wanted)+", "+args.Arg(string(way))+")")
		}
	}
	if len(rows) != len(how) {
		return apperr.InvalidField("kinds", "There is no such kind of notification.")
	}
	if len(rows) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO notice_choices (person_id, kind, wanted, mail) VALUES `+strings.Join(rows, ", ")+
			` ON CONFLICT (person_id, kind) DO UPDATE SET mail = excluded.mail`, args.Values()...)
		return err
	})
}

// planMail notes which of some notices go by mail, and when.
func (s *Service) planMail(ctx context.Context, tx *database.Tx, notices []Notice, ids []int64, w wishes) error {
	var args database.Args
	var rows []string
	now := s.now()
	for i, n := range notices {
		how := w.mails[wish{n.To, n.Kind}]
		if how == MailNever {
			continue
		}
		m := w.plans[n.To]
		rows = append(rows, database.In(&args, []any{ids[i], n.To, database.Time(m.dueOf(&n, how, now, m.zone))}))
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO notice_mails (notice_id, person_id, due_at) VALUES `+strings.Join(rows, ", "), args.Values()...)
	return err
}

// absent tells of a row m who is away, from $1 on, and was not welcomed back yet.
const absent = `EXISTS (SELECT 1 FROM absences a WHERE a.person_id = m.person_id AND a.from_at <= $1 AND a.ended_at IS NULL)`

// DueByMail gives people for whom notices are to go by mail now, at most so many. What
// is for somebody who is away waits until they are back (Back).
func (s *Service) DueByMail(ctx context.Context, most int) ([]int64, error) {
	return database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT d.person_id FROM (
		SELECT m.person_id, min(m.due_at) AS first FROM notice_mails m WHERE m.due_at <= $1 AND NOT `+absent+` GROUP BY m.person_id) d ORDER BY d.first, d.person_id LIMIT $2`, database.Time(s.now()), most)
}

// maxMailed bounds how many notices one letter tells of; the next goes on.
const maxMailed = 200

// ForMail gives what is to be told to the actor by mail now: of records they may see
// now, and that they have not read yet. ids are all that is done with it, also what is
// not told any more; they go to Mailed.
func (s *Service) ForMail(ctx context.Context) (found []Line, ids []int64, err error) {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return nil, nil, err
	}
	if ids, err = s.waiting(ctx, actor.ID); err != nil || len(ids) == 0 {
		return nil, ids, err
	}
	rows, err := s.visible(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	rows = slices.DeleteFunc(rows, func(r row) bool { return !r.Unread() || !slices.Contains(ids, r.ID) })
	return lines(rows, ""), ids, nil
}

// Waiting gives the notices that are to go to somebody by mail now, for those who are
// nobody to ask any more.
func (s *Service) Waiting(ctx context.Context, person int64) ([]int64, error) {
	return s.waiting(ctx, person)
}

func (s *Service) waiting(ctx context.Context, person int64) ([]int64, error) {
	return database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT notice_id FROM notice_mails WHERE person_id = $1 AND due_at <= $2 ORDER BY notice_id LIMIT $3`,
		person, database.Time(s.now()), maxMailed)
}

// Mailed notes, in the transaction that writes the letter, that notices are done with.
// Conflict when another node was first: then no letter must be written.
func (s *Service) Mailed(ctx context.Context, tx *database.Tx, ids []int64) error {
	var args database.Args
	n, err := tx.Exec(ctx, `DELETE FROM notice_mails WHERE notice_id IN `+database.In(&args, ids), args.Values()...)
	if err == nil && int(n) != len(ids) {
		return apperr.New(apperr.Conflict, "Another node sent this.")
	}
	return err
}

// PublicLines are lines as requesters and suppliers may have them.
func PublicLines(found []Line) []PublicLine {
	var out []PublicLine
	for _, l := range found {
		line := PublicLine{
			Subject: l.Subject, Number: l.Number, Title: l.Subject.Title, Kind: l.Kind, State: l.State, Muted: l.Muted, Watched: l.Watched,
		}
		for i := range l.Notices {
			n, ok := l.Notices[i].Public()
			if !ok {
				continue
			}
			line.Notices = append(line.Notices, n)
			if n.ReadAt.IsZero() {
				line.Unread++
			}
		}
		if len(line.Notices) > 0 {
			out = append(out, line)
		}
	}
	return out
}
