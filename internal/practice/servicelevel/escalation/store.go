package escalation

import (
	"context"
	"embed"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of ladders and of what their rungs did.
var Migrations fs.FS = migrations

const ladderColumns = `l.id, l.name, l.description, l.active, l.body, l.created_at, l.updated_at, l.version`

func scanLadder(r database.Row) (Ladder, error) {
	var l Ladder
	err := r.Scan(&l.ID, &l.Name, &l.Description, &l.Active, database.JSON{V: &l.Body}, (*database.Time)(&l.CreatedAt), (*database.Time)(&l.UpdatedAt), &l.Version)
	return l, err
}

// readLadders gives every ladder, by name.
func readLadders(ctx context.Context, q database.Querier) ([]Ladder, error) {
	return database.All(ctx, q, scanLadder, `SELECT `+ladderColumns+` FROM escalation_ladders l ORDER BY l.name_folded, l.id LIMIT $1`, MaxLadders+1)
}

func readLadder(ctx context.Context, q database.Querier, id int64) (Ladder, error) {
	l, err := database.One(ctx, q, scanLadder, `SELECT `+ladderColumns+` FROM escalation_ladders l WHERE l.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return l, apperr.New(apperr.NotFound, "This escalation ladder does not exist, or you may not see it.")
	}
	return l, err
}

func countLadders(ctx context.Context, q database.Querier) (int, error) {
	return database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM escalation_ladders`)
}

func insertLadder(ctx context.Context, tx *database.Tx, l *Ladder) error {
	_, err := tx.Exec(ctx, `INSERT INTO escalation_ladders (id, name, name_folded, description, active, body, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		l.ID, l.Name, filter.Fold(l.Name), l.Description, l.Active, database.JSON{V: l.Body}, database.Time(l.CreatedAt), database.Time(l.UpdatedAt), l.Version)
	return err
}

// updateLadder stores a ladder over the version before; Conflict with the present one
// if somebody else was first.
func updateLadder(ctx context.Context, tx *database.Tx, l *Ladder) error {
	n, err := tx.Exec(ctx, `UPDATE escalation_ladders SET name = $1, name_folded = $2, description = $3, active = $4, body = $5, updated_at = $6, version = $7 WHERE id = $8 AND version = $9`,
		l.Name, filter.Fold(l.Name), l.Description, l.Active, database.JSON{V: l.Body}, database.Time(l.UpdatedAt), l.Version, l.ID, l.Version-1)
	if err != nil || n > 0 {
		return err
	}
	now, err := readLadder(ctx, tx, l.ID)
	if err != nil {
		return err
	}
	return stale(&now)
}

func deleteLadder(ctx context.Context, tx *database.Tx, id, version int64) error {
	n, err := tx.Exec(ctx, `DELETE FROM escalation_ladders WHERE id = $1 AND version = $2`, id, version)
	if err != nil || n > 0 {
		return err
	}
	now, err := readLadder(ctx, tx, id)
	if err != nil {
		return err
	}
	return stale(&now)
}

// Status is what became of a rung on a clock.
type Status string

// The statuses.
const (
	Planned Status = "planned"
	Fired   Status = "fired"
	Skipped Status = "skipped"
)

// Reason says why a rung was skipped.
type Reason string

// The reasons.
const (
	BeforeLadder Reason = "before_ladder" // its instant lies before the rung was written
	BeforeTicket Reason = "before_ticket" // its instant lies before the ticket was imported
	Retroactive  Reason = "retroactive"   // what is promised was changed after its instant
	Overtaken    Reason = "overtaken"     // it was missed, and a later one of the clock told of it
	NotMatching  Reason = "not_matching"  // the ticket did not match its condition
)

// Step is a rung on a clock of a ticket.
type Step struct {
	ID, Ticket int64
	step
	Ladder int64
	Status Status
	Reason Reason
	At     time.Time // zero while the clock is paused
	Fire   time.Time // At after quiet hours
	Ended  time.Time // when it fired or was skipped
}

const stepColumns = `e.id, e.ticket_id, e.role, e.party_id, e.measure, e.state, e.cycle, e.rung_id, e.round, e.ladder_id, e.status, e.reason, e.at, e.fire_at, e.ended_at`

func scanStep(r database.Row) (Step, error) {
	var s Step
	k := &s.Clock
	err := r.Scan(&s.ID, &s.Ticket, (*string)(&k.Role), &k.Party, (*string)(&k.Measure), &k.State, &k.Cycle, &s.Rung, &s.Round, &s.Ladder,
		(*string)(&s.Status), (*string)(&s.Reason), (*database.Time)(&s.At), (*database.Time)(&s.Fire), (*database.Time)(&s.Ended))
	return s, err
}

// readSteps gives all that is known of the rungs of some tickets.
func readSteps(ctx context.Context, q database.Querier, tickets []int64) ([]Step, error) {
	var args database.Args
	return database.All(ctx, q, scanStep, `SELECT `+stepColumns+` FROM escalations e WHERE e.ticket_id IN `+database.In(&args, tickets)+` ORDER BY e.ticket_id, e.id`, args.Values()...)
}

// insertSteps writes steps that were not known. One that another node wrote meanwhile
// stays as it is.
func insertSteps(ctx context.Context, tx *database.Tx, steps []Step) error {
	const batch = 100
	for part := range slices.Chunk(steps, batch) {
		var args database.Args
		rows := make([]string, 0, len(part))
		for i := range part {
			s := &part[i]
			s.ID = tx.NextID()
			k := &s.Clock
			rows = append(rows, database.In(&args, []any{
				s.ID, s.Ticket, string(k.Role), k.Party, string(k.Measure), k.State, k.Cycle, s.Rung, s.Round, s.Ladder, string(s.Status), string(s.Reason),
				database.Time(s.At), database.Time(s.Fire), database.Time(s.Ended),
			}))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO escalations (id, ticket_id, role, party_id, measure, state, cycle, rung_id, round, ladder_id, status, reason, at, fire_at, ended_at)
			VALUES `+strings.Join(rows, ", ")+` ON CONFLICT (ticket_id, role, party_id, measure, state, cycle, rung_id, round) DO NOTHING`, args.Values()...); err != nil {
			return err
		}
	}
	return nil
}

// moveStep changes when a step fires that has not fired.
func moveStep(ctx context.Context, tx *database.Tx, id int64, p *planned) error {
	return tx.Later(ctx, `UPDATE escalations SET at = $1, fire_at = $2, ladder_id = $3 WHERE id = $4 AND status = 'planned'`, database.Time(p.At), database.Time(p.Fire), p.Ladder, id)
}

// dropSteps takes away steps that have not fired: their clock ended, or their rung is gone.
func dropSteps(ctx context.Context, tx *database.Tx, ids []int64) error {
	const batch = 500
	for part := range slices.Chunk(ids, batch) {
		var args database.Args
		if _, err := tx.Exec(ctx, `DELETE FROM escalations WHERE status = 'planned' AND id IN `+database.In(&args, part), args.Values()...); err != nil {
			return err
		}
	}
	return nil
}

// endStep turns a planned step into what became of it; false if it is planned no more.
func endStep(ctx context.Context, tx *database.Tx, id int64, status Status, reason Reason, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE escalations SET status = $1, reason = $2, ended_at = $3 WHERE id = $4 AND status = 'planned'`, string(status), string(reason), database.Time(now), id)
	return n > 0, err
}

// readDue gives tickets of which something is due, those that wait longest first.
func readDue(ctx context.Context, q database.Querier, now time.Time, most int) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT d.ticket_id FROM (SELECT e.ticket_id, min(e.fire_at) AS first FROM escalations e
		WHERE e.status = 'planned' AND e.fire_at IS NOT NULL AND e.fire_at <= $1 GROUP BY e.ticket_id) d ORDER BY d.first, d.ticket_id LIMIT $2`, database.Time(now), most)
}

// about is what a plan needs to know of a ticket besides its clocks.
type about struct {
	critical bool      // its service is one that the business stops without
	recorded time.Time // when its first entry was written here
}

func readAbout(ctx context.Context, q database.Querier, tickets []int64) (map[int64]about, error) {
	var args database.Args
	out := make(map[int64]about, len(tickets))
	return out, database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var a about
		err := r.Scan(&id, &a.critical, (*database.Time)(&a.recorded))
		out[id] = a
		return err
	}, `SELECT t.id, COALESCE(s.mission_critical, FALSE), (SELECT e.recorded_at FROM ticket_events e WHERE e.ticket_id = t.id AND e.seq = 1)
		FROM tickets t LEFT JOIN services s ON s.id = t.service_id WHERE t.id IN `+database.In(&args, tickets), args.Values()...)
}

// around are the people around a ticket.
type around struct {
	members, leads []int64
	owner          int64 // of the service
	businessOwner  int64
}

const mostMembers = 200

func readAround(ctx context.Context, q database.Querier, group, service int64) (around, error) {
	var a around
	return a, database.Each(ctx, q, func(r database.Row) error {
		var what string
		var person int64
		if err := r.Scan(&what, &person); err != nil {
			return err
		}
		switch what {
		case "lead":
			a.leads = append(a.leads, person)
			a.members = append(a.members, person)
		case "member":
			a.members = append(a.members, person)
		case "owner":
			a.owner = person
		case "business":
			a.businessOwner = person
		}
		return nil
	}, `SELECT x.what, x.person_id FROM (
			SELECT CASE WHEN m.lead THEN 'lead' ELSE 'member' END AS what, m.person_id FROM group_members m WHERE m.group_id = $1
			UNION ALL SELECT 'owner', s.owner_id FROM services s WHERE s.id = $2
			UNION ALL SELECT 'business', s.business_owner_id FROM services s WHERE s.id = $2) x
		JOIN persons p ON p.id = x.person_id WHERE p.active AND NOT p.service_account ORDER BY x.what, x.person_id LIMIT $3`, group, service, mostMembers)
}

// readPersons keeps those of some persons who are active.
func readPersons(ctx context.Context, q database.Querier, ids []int64) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var args database.Args
	return database.All(ctx, q, database.Scalar[int64], `SELECT p.id FROM persons p WHERE p.active AND p.id IN `+database.In(&args, ids)+` ORDER BY p.id`, args.Values()...)
}

// readCounts says how often each ladder fired since an instant.
func readCounts(ctx context.Context, q database.Querier, from time.Time) (map[int64]int, error) {
	out := map[int64]int{}
	return out, database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var n int
		err := r.Scan(&id, &n)
		out[id] = n
		return err
	}, `SELECT e.ladder_id, count(*) FROM escalations e WHERE e.status = 'fired' AND e.ended_at >= $1 GROUP BY e.ladder_id`, database.Time(from))
}
