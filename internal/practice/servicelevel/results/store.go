package results

import (
	"context"
	"embed"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of published results.
var Migrations fs.FS = migrations

const settingColumns = `s.agreement_id, s.active, s.measures, s.goal, s.tickets, s.at_risk, s.contacts_only, s.days, s.since, s.version`

func scanSetting(r database.Row) (Setting, error) {
	var s Setting
	var days *int
	err := r.Scan(&s.Agreement, &s.Active, database.JSON{V: &s.Measures}, &s.Goal, &s.Tickets, &s.AtRisk, &s.ContactsOnly, &days, (*string)(&s.Since), &s.Version)
	if days != nil {
		s.ByItself, s.Days = true, *days
	}
	return s, err
}

// readSetting gives what is published of an agreement; with Version 0 when nothing was chosen.
func readSetting(ctx context.Context, q database.Querier, agreement int64) (Setting, error) {
	s, err := database.One(ctx, q, scanSetting, `SELECT `+settingColumns+` FROM result_settings s WHERE s.agreement_id = $1`, agreement)
	if apperr.Is(err, apperr.NotFound) {
		return Setting{Agreement: agreement}, nil
	}
	if err != nil {
		return s, err
	}
	s.Organisations, err = database.All(ctx, q, database.Scalar[int64], `SELECT a.organisation_id FROM result_audiences a WHERE a.agreement_id = $1 ORDER BY a.organisation_id`, agreement)
	if err != nil {
		return s, err
	}
	s.Contacts, err = database.All(ctx, q, database.Scalar[int64], `SELECT c.person_id FROM result_contacts c WHERE c.agreement_id = $1 AND c.named ORDER BY c.person_id`, agreement)
	return s, err
}

// readAutomatic gives what is published by itself, with its audience.
func readAutomatic(ctx context.Context, q database.Querier) ([]Setting, error) {
	found, err := database.All(ctx, q, scanSetting, `SELECT `+settingColumns+` FROM result_settings s WHERE s.active AND s.days IS NOT NULL ORDER BY s.agreement_id`)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found, database.Each(ctx, q, func(r database.Row) error {
		var agreement, organisation int64
		err := r.Scan(&agreement, &organisation)
		for i := range found {
			if found[i].Agreement == agreement {
				found[i].Organisations = append(found[i].Organisations, organisation)
			}
		}
		return err
	}, `SELECT a.agreement_id, a.organisation_id FROM result_audiences a ORDER BY a.agreement_id, a.organisation_id`)
}

func anyActive(ctx context.Context, q database.Querier) (bool, error) {
	return database.One(ctx, q, database.Scalar[bool], `SELECT EXISTS (SELECT 1 FROM result_settings s WHERE s.active)`)
}

func writeSetting(ctx context.Context, tx *database.Tx, s *Setting, now time.Time) error {
	var days *int
	if s.ByItself {
		days = &s.Days
	}
	if s.Measures == nil {
		s.Measures = []clock.Measure{}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO result_settings (agreement_id, active, measures, goal, tickets, at_risk, contacts_only, days, since, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (agreement_id) DO UPDATE SET active = excluded.active, measures = excluded.measures,
		goal = excluded.goal, tickets = excluded.tickets, at_risk = excluded.at_risk, contacts_only = excluded.contacts_only, days = excluded.days,
		since = excluded.since, updated_at = excluded.updated_at, version = excluded.version`,
		s.Agreement, s.Active, database.JSON{V: s.Measures}, s.Goal, s.Tickets, s.AtRisk, s.ContactsOnly, days, string(s.Since), database.Time(now), s.Version); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM result_audiences WHERE agreement_id = $1`, s.Agreement); err != nil {
		return err
	}
	if err := insertPairs(ctx, tx, `INSERT INTO result_audiences (agreement_id, organisation_id) VALUES `, s.Agreement, s.Organisations, ``); err != nil {
		return err
	}
	// Who asked to be told by themselves stays; who was named and is no more goes.
	var args database.Args
	if _, err := tx.Exec(ctx, `DELETE FROM result_contacts WHERE agreement_id = `+args.Arg(s.Agreement)+` AND named AND person_id NOT IN `+database.In(&args, append([]int64{0}, s.Contacts...)), args.Values()...); err != nil {
		return err
	}
	return insertPairs(ctx, tx, `INSERT INTO result_contacts (agreement_id, person_id, named, told) VALUES `, s.Agreement, s.Contacts,
		` ON CONFLICT (agreement_id, person_id) DO UPDATE SET named = TRUE`, true, true)
}

func insertPairs(ctx context.Context, tx *database.Tx, insert string, agreement int64, ids []int64, conflict string, more ...any) error {
	if len(ids) == 0 {
		return nil
	}
	var args database.Args
	rows := make([]string, 0, len(ids))
	for _, id := range ids {
		rows = append(rows, database.In(&args, append([]any{agreement, id}, more...)))
	}
	_, err := tx.Exec(ctx, insert+strings.Join(rows, ", ")+conflict, args.Values()...)
	return err
}

func writeTold(ctx context.Context, tx *database.Tx, agreement, person int64, told bool) error {
	_, err := tx.Exec(ctx, `INSERT INTO result_contacts (agreement_id, person_id, named, told) VALUES ($1, $2, FALSE, $3)
		ON CONFLICT (agreement_id, person_id) DO UPDATE SET told = excluded.told`, agreement, person, told)
	return err
}

// contact is somebody who is told when results come.
type contact struct {
	person       int64
	organisation int64
	named        bool
}

func readTold(ctx context.Context, q database.Querier, agreement int64) ([]contact, error) {
	return database.All(ctx, q, func(r database.Row) (c contact, err error) {
		err = r.Scan(&c.person, (*database.ID)(&c.organisation), &c.named)
		return c, err
	}, `SELECT c.person_id, p.organisation_id, c.named FROM result_contacts c JOIN persons p ON p.id = c.person_id
		WHERE c.agreement_id = $1 AND c.told AND p.active ORDER BY c.person_id LIMIT 1000`, agreement)
}

const columns = `p.id, p.agreement_id, p.organisation_id, p.month, p.number, p.zone, p.from_at, p.to_at, p.figures, p.published_at, p.published_by,
	p.withdrawn_at, p.withdrawn_by, p.withdrawn_why, p.checked_at, p.recount`

func scan(r database.Row) (Publication, error) {
	var p Publication
	var recount Recount
	err := r.Scan(&p.ID, &p.Agreement, &p.Organisation, (*string)(&p.Month), &p.Number, &p.Zone, (*database.Time)(&p.From), (*database.Time)(&p.To), database.JSON{V: &p.Figures},
		(*database.Time)(&p.PublishedAt), (*database.ID)(&p.PublishedBy), (*database.Time)(&p.WithdrawnAt), (*database.ID)(&p.WithdrawnBy), &p.WithdrawnWhy,
		(*database.Time)(&p.CheckedAt), database.JSON{V: &recount})
	if len(recount.Reasons) > 0 {
		p.Recount = &recount
	}
	return p, err
}

func readPublication(ctx context.Context, q database.Querier, id int64) (Publication, error) {
	p, err := database.One(ctx, q, scan, `SELECT `+columns+` FROM result_publications p WHERE p.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		err = missing()
	}
	return p, err
}

func readOfAgreement(ctx context.Context, q database.Querier, agreement int64, since Month) ([]Publication, error) {
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM result_publications p WHERE p.agreement_id = $1 AND p.month >= $2
		ORDER BY p.month DESC, p.organisation_id, p.number DESC LIMIT 2000`, agreement, string(since))
}

// done names a month of a customer that was published, withdrawn or not.
type done struct {
	agreement, organisation int64
	month                   Month
}

func readDone(ctx context.Context, q database.Querier, since Month) (map[done]bool, error) {
	out := map[done]bool{}
	return out, database.Each(ctx, q, func(r database.Row) error {
		var d done
		err := r.Scan(&d.agreement, &d.organisation, (*string)(&d.month))
		out[d] = true
		return err
	}, `SELECT p.agreement_id, p.organisation_id, p.month FROM result_publications p WHERE p.month >= $1`, string(since))
}

// mine is the SQL of what is published to an actor: to their organisation or one
// above it, while that is among those it is published to.
func mine(args *database.Args, a access.Actor) string {
	return `s.active AND u.organisation_id IN (SELECT o.ancestor_id FROM organisation_tree o WHERE o.organisation_id = ` + args.Arg(a.OrganisationID) + `)
		AND (NOT s.contacts_only OR EXISTS (SELECT 1 FROM result_contacts n WHERE n.agreement_id = s.agreement_id AND n.person_id = ` + args.Arg(a.ID) + ` AND n.named))`
}

const toWhom = ` JOIN result_settings s ON s.agreement_id = p.agreement_id JOIN result_audiences u ON u.agreement_id = p.agreement_id AND u.organisation_id = p.organisation_id`

// readShown gives what agreements are published to an actor.
func readShown(ctx context.Context, q database.Querier, a access.Actor) ([]Shown, error) {
	var args database.Args
	return database.All(ctx, q, func(r database.Row) (Shown, error) {
		var x Shown
		var days *int
		err := r.Scan(&x.Agreement, &x.Setting.Active, database.JSON{V: &x.Setting.Measures}, &x.Setting.Goal, &x.Setting.Tickets, &x.Setting.AtRisk, &x.Setting.ContactsOnly,
			&days, (*string)(&x.Setting.Since), &x.Setting.Version, &x.Organisation, &x.Told)
		x.Setting.Agreement = x.Agreement
		return x, err
	}, `SELECT `+settingColumns+`, u.organisation_id,
			EXISTS (SELECT 1 FROM result_contacts c WHERE c.agreement_id = s.agreement_id AND c.told AND c.person_id = `+args.Arg(a.ID)+`)
		FROM result_settings s JOIN agreements g ON g.id = s.agreement_id JOIN result_audiences u ON u.agreement_id = s.agreement_id
		WHERE `+mine(&args, a)+` ORDER BY g.name_folded, s.agreement_id, u.organisation_id LIMIT 100`, args.Values()...)
}

// readVisible gives what is published to an actor: one publication, or with 0 all
// since a month, the newest first. It gives withdrawn ones, too.
func readVisible(ctx context.Context, q database.Querier, a access.Actor, id int64, since Month) ([]Publication, error) {
	var args database.Args
	where := mine(&args, a)
	if id != 0 {
		where += ` AND p.id = ` + args.Arg(id)
	} else {
		where += ` AND p.month >= ` + args.Arg(string(since))
	}
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM result_publications p`+toWhom+` WHERE `+where+` ORDER BY p.month DESC, p.number DESC, p.id LIMIT 2000`, args.Values()...)
}

func readGuarded(ctx context.Context, q database.Querier, a access.Actor, ids []int64) ([]int64, error) {
	var args database.Args
	return database.All(ctx, q, database.Scalar[int64], `SELECT p.id FROM result_publications p`+toWhom+` WHERE `+mine(&args, a)+
		` AND p.withdrawn_at IS NULL AND p.id IN `+database.In(&args, ids), args.Values()...)
}

// readListed gives one more than a page of publications that were not withdrawn, the
// latest first; with only those that are published to the actor.
func readListed(ctx context.Context, q database.Querier, l ListQuery, a access.Actor, only bool) ([]Publication, error) {
	var args database.Args
	from, where := ` FROM result_publications p`, `p.withdrawn_at IS NULL`
	if only {
		from += toWhom
		where += ` AND ` + mine(&args, a)
	}
	if l.Agreement != 0 {
		where += ` AND p.agreement_id = ` + args.Arg(l.Agreement)
	}
	if l.Month != "" {
		where += ` AND p.month = ` + args.Arg(string(l.Month))
	}
	if l.After.ID != 0 {
		where += ` AND (p.month, p.id) < (` + args.Arg(string(l.After.Month)) + `, ` + args.Arg(l.After.ID) + `)`
	}
	return database.All(ctx, q, scan, `SELECT `+columns+from+` WHERE `+where+` ORDER BY p.month DESC, p.id DESC LIMIT `+args.Arg(l.Limit+1), args.Values()...)
}

func nextNumber(ctx context.Context, tx *database.Tx, p *Publication) (int, error) {
	return database.One(ctx, tx, database.Scalar[int], `SELECT COALESCE(MAX(p.number), 0) + 1 FROM result_publications p WHERE p.agreement_id = $1 AND p.organisation_id = $2 AND p.month = $3`,
		p.Agreement, p.Organisation, string(p.Month))
}

// insertPublication writes a publication; false if the month is published already, by
// this node or another.
func insertPublication(ctx context.Context, tx *database.Tx, p *Publication) (bool, error) {
	n, err := tx.Exec(ctx, `INSERT INTO result_publications (id, agreement_id, organisation_id, month, number, zone, from_at, to_at, figures, published_at, published_by, checked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
		p.ID, p.Agreement, p.Organisation, string(p.Month), p.Number, p.Zone, database.Time(p.From), database.Time(p.To), database.JSON{V: p.Figures},
		database.Time(p.PublishedAt), database.ID(p.PublishedBy), database.Time(p.CheckedAt))
	return n > 0, err
}

func insertOutcomes(ctx context.Context, tx *database.Tx, id int64, decided []clock.Decision) error {
	const batch = 200
	position := 0
	for part := range slices.Chunk(decided, batch) {
		var args database.Args
		rows := make([]string, 0, len(part))
		for i := range part {
			d := &part[i]
			position++
			rows = append(rows, database.In(&args, []any{
				id, position, d.Ticket, d.Number, d.Kind, d.Service, d.Priority, d.Version, string(d.Measure), d.State, d.Cycle, database.Time(d.At), d.Broken,
				d.Used.Microseconds(), d.Whole.Microseconds(),
			}))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO result_outcomes (publication_id, position, ticket_id, number, kind, service_id, priority, version_id, measure, state, cycle,
			decided_at, broken, used, whole) VALUES `+strings.Join(rows, ", "), args.Values()...); err != nil {
			return err
		}
	}
	return nil
}

const outcomeColumns = `o.position, o.ticket_id, o.number, o.kind, o.service_id, o.priority, o.version_id, o.measure, o.state, o.cycle, o.decided_at, o.broken, o.used, o.whole`

func scanOutcome(r database.Row, position *int) (clock.Decision, error) {
	var d clock.Decision
	var used, whole int64
	err := r.Scan(position, &d.Ticket, &d.Number, &d.Kind, &d.Service, &d.Priority, &d.Version, (*string)(&d.Measure), &d.State, &d.Cycle,
		(*database.Time)(&d.At), &d.Broken, &used, &whole)
	d.Used, d.Whole = time.Duration(used)*time.Microsecond, time.Duration(whole)*time.Microsecond
	return d, err
}

func readOutcomes(ctx context.Context, q database.Querier, id int64) ([]clock.Decision, error) {
	return database.All(ctx, q, func(r database.Row) (clock.Decision, error) {
		var position int
		return scanOutcome(r, &position)
	}, `SELECT `+outcomeColumns+` FROM result_outcomes o WHERE o.publication_id = $1 ORDER BY o.position`, id)
}

// readPage gives promises behind a publication after a position, without those on
// tickets of some kinds.
func readPage(ctx context.Context, q database.Querier, id int64, without []string, after, limit int) (out []clock.Decision, positions []int, err error) {
	var args database.Args
	where := `o.publication_id = ` + args.Arg(id) + ` AND o.position > ` + args.Arg(after)
	if len(without) > 0 {
		where += ` AND o.kind NOT IN ` + database.In(&args, without)
	}
	err = database.Each(ctx, q, func(r database.Row) error {
		var position int
		d, err := scanOutcome(r, &position)
		out, positions = append(out, d), append(positions, position)
		return err
	}, `SELECT `+outcomeColumns+` FROM result_outcomes o WHERE `+where+` ORDER BY o.position LIMIT `+args.Arg(limit), args.Values()...)
	return out, positions, err
}

func withdraw(ctx context.Context, tx *database.Tx, p *Publication) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE result_publications SET withdrawn_at = $1, withdrawn_by = $2, withdrawn_why = $3 WHERE id = $4 AND withdrawn_at IS NULL`,
		database.Time(p.WithdrawnAt), database.ID(p.WithdrawnBy), p.WithdrawnWhy, p.ID)
	return n > 0, err
}

// facts are what is known of a ticket today.
type facts struct {
	customers bool // it belongs to the customer
	category  workflow.Category
	priority  int
	updated   time.Time
}

func readFacts(ctx context.Context, q database.Querier, ids []int64, organisation int64) (map[int64]facts, error) {
	below, err := database.All(ctx, q, database.Scalar[int64], `SELECT o.organisation_id FROM organisation_tree o WHERE o.ancestor_id = $1`, organisation)
	if err != nil {
		return nil, err
	}
	return kept.Read(ctx, q, ids, `SELECT t.id, t.organisation_id, t.category, t.priority, t.updated_at FROM tickets t WHERE t.id IN `, func(r database.Row) (int64, facts, error) {
		var id, of int64
		var f facts
		err := r.Scan(&id, (*database.ID)(&of), (*string)(&f.category), &f.priority, (*database.Time)(&f.updated))
		f.customers = slices.Contains(below, of)
		return id, f, err
	})
}

// readUnchecked gives publications that were not counted again since an instant, those
// that wait longest first.
func readUnchecked(ctx context.Context, q database.Querier, since Month, before time.Time, most int) ([]Publication, error) {
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM result_publications p WHERE p.withdrawn_at IS NULL AND p.checked_at < $1 AND p.month >= $2
		ORDER BY p.checked_at, p.id LIMIT $3`, database.Time(before), string(since), most)
}

func writeChecked(ctx context.Context, tx *database.Tx, id int64, at time.Time, recount *Recount) error {
	var doc any
	if recount != nil {
		doc = database.JSON{V: recount}
	}
	_, err := tx.Exec(ctx, `UPDATE result_publications SET checked_at = $1, recount = $2 WHERE id = $3`, database.Time(at), doc, id)
	return err
}
