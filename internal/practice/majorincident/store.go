package majorincident

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of major incidents.
var Migrations fs.FS = migrations

const columns = `m.id, m.ticket_id, m.state, m.summary, m.impact, m.people, m.proposed_by, m.proposed_at, m.reason, m.decided_by, m.decided_at, m.decision,
	m.cadence_seconds, m.next_update_at, m.resolved_at, m.public, m.public_text, m.overview, m.findings, m.cause, m.remedy, m.reviewed_at, m.reviewed_by, m.version`

func scan(r database.Row) (Major, error) {
	var m Major
	var cadence int64
	err := r.Scan(&m.ID, &m.TicketID, &m.State, &m.Summary, &m.Impact, &m.People, (*database.ID)(&m.ProposedBy), (*database.Time)(&m.ProposedAt), &m.Reason,
		(*database.ID)(&m.DecidedBy), (*database.Time)(&m.DecidedAt), &m.Decision, &cadence, (*database.Time)(&m.NextUpdate), (*database.Time)(&m.ResolvedAt),
		&m.Public, &m.PublicText, &m.Review.Overview, &m.Review.Findings, &m.Review.Cause, &m.Review.Remedy,
		(*database.Time)(&m.Review.CompletedAt), (*database.ID)(&m.Review.CompletedBy), &m.Version)
	m.Cadence = time.Duration(cadence) * time.Second
	m.Roles = map[Role]int64{}
	return m, err
}

func missing() error {
	return apperr.New(apperr.NotFound, "There is no such major incident, or you may not see it.")
}

// loadRow reads a major incident without its services and roles.
func loadRow(ctx context.Context, q database.Querier, id int64) (Major, error) {
	m, err := database.One(ctx, q, scan, `SELECT `+columns+` FROM major_incidents m WHERE m.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return m, missing()
	}
	return m, err
}

// load reads a major incident with its services and roles.
func load(ctx context.Context, q database.Querier, id int64) (Major, error) {
	m, err := loadRow(ctx, q, id)
	if err != nil {
		return m, err
	}
	err = database.Each(ctx, q, func(r database.Row) error {
		var role string
		var n int64
		if err := r.Scan(&role, &n); err != nil {
			return err
		}
		if role == "" {
			m.Services = append(m.Services, n)
		} else {
			m.Roles[Role(role)] = n
		}
		return nil
	}, `SELECT '' AS role, service_id AS n FROM major_incident_services WHERE major_id = $1
		UNION ALL SELECT role, person_id FROM major_incident_roles WHERE major_id = $1 ORDER BY 1, 2`, id)
	return m, err
}

// openOf gives the ticket's open major incident; ID is 0 when there is none.
func openOf(ctx context.Context, q database.Querier, ticketID int64) (Major, error) {
	m, err := database.One(ctx, q, scan, `SELECT `+columns+` FROM major_incidents m
		WHERE m.ticket_id = $1 AND m.state IN ('proposed', 'accepted', 'resolved')`, ticketID)
	if apperr.Is(err, apperr.NotFound) {
		return Major{}, nil
	}
	return m, err
}

// Lasts reports whether a ticket is a major incident that was accepted and is not over.
// It asks for no permission: it is for rules, not for readers.
func (s *Service) Lasts(ctx context.Context, q database.Querier, ticketID int64) (bool, error) {
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM major_incidents m WHERE m.ticket_id = $1 AND m.state = 'accepted'`, ticketID)
	return n > 0, err
}

func insert(ctx context.Context, tx *database.Tx, m *Major) error {
	_, err := tx.Exec(ctx, `INSERT INTO major_incidents (id, ticket_id, state, summary, impact, people, proposed_by, proposed_at, reason, decided_by, decided_at, decision,
		cadence_seconds, next_update_at, resolved_at, public, public_text, overview, findings, cause, remedy, reviewed_at, reviewed_by, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`, m.values()...)
	if err != nil {
		return err
	}
	return m.storeParts(ctx, tx)
}

func (m *Major) values() []any {
	return []any{
		m.ID, m.TicketID, string(m.State), m.Summary, m.Impact, m.People, database.ID(m.ProposedBy), database.Time(m.ProposedAt), m.Reason,
		database.ID(m.DecidedBy), database.Time(m.DecidedAt), m.Decision, int64(m.Cadence / time.Second), database.Time(m.NextUpdate), database.Time(m.ResolvedAt),
		m.Public, m.PublicText, m.Review.Overview, m.Review.Findings, m.Review.Cause, m.Review.Remedy,
		database.Time(m.Review.CompletedAt), database.ID(m.Review.CompletedBy), m.Version,
	}
}

// update stores a row whose Version was counted up; Conflict when somebody was quicker.
func update(ctx context.Context, tx *database.Tx, m *Major) error {
	n, err := tx.Exec(ctx, `UPDATE major_incidents SET ticket_id = $2, state = $3, summary = $4, impact = $5, people = $6, proposed_by = $7, proposed_at = $8,
		reason = $9, decided_by = $10, decided_at = $11, decision = $12, cadence_seconds = $13, next_update_at = $14, resolved_at = $15, public = $16,
		public_text = $17, overview = $18, findings = $19, cause = $20, remedy = $21, reviewed_at = $22, reviewed_by = $23, version = $24
		WHERE id = $1 AND version = $24 - 1`, m.values()...)
	if err == nil && n == 0 {
		return conflict(m)
	}
	return err
}

func conflict(now *Major) error {
	return apperr.Stale(now, "Somebody else saved this major incident after you opened it.")
}

// storeParts writes services and roles anew.
func (m *Major) storeParts(ctx context.Context, tx *database.Tx) error {
	for _, table := range []string{"major_incident_services", "major_incident_roles"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE major_id = $1`, m.ID); err != nil {
			return err
		}
	}
	for _, id := range m.Services {
		if _, err := tx.Exec(ctx, `INSERT INTO major_incident_services (major_id, service_id) VALUES ($1, $2)`, m.ID, id); err != nil {
			return err
		}
	}
	for _, role := range Roles() {
		if person := m.Roles[role]; person != 0 {
			if _, err := tx.Exec(ctx, `INSERT INTO major_incident_roles (major_id, role, person_id) VALUES ($1, $2, $3)`, m.ID, string(role), person); err != nil {
				return err
			}
		}
	}
	return nil
}

const updateColumns = `u.id, u.major_id, u.at, u.person_id, u.public, u.body, u.replied`

func scanUpdate(r database.Row) (Update, error) {
	var u Update
	err := r.Scan(&u.ID, &u.MajorID, (*database.Time)(&u.At), (*database.ID)(&u.By), &u.Public, &u.Body, &u.Replied)
	return u, err
}

// maxUpdates bounds what one page shows of what was told.
const maxUpdates = 200

// updates gives what was told, newest first.
func updates(ctx context.Context, q database.Querier, publicOnly bool, ids ...int64) ([]Update, error) {
	var args database.Args
	where := `u.major_id IN ` + database.In(&args, ids)
	if publicOnly {
		where += ` AND u.public`
	}
	return database.All(ctx, q, scanUpdate, `SELECT `+updateColumns+` FROM major_incident_updates u WHERE `+where+
		` ORDER BY u.at DESC, u.id DESC LIMIT `+args.Arg(maxUpdates), args.Values()...)
}

const actionColumns = `a.id, a.major_id, a.title, a.owner_id, a.due_on, a.done_at, a.done_by`

func scanAction(r database.Row) (Action, error) {
	var a Action
	err := r.Scan(&a.ID, &a.MajorID, &a.Title, (*database.ID)(&a.OwnerID), (*database.Time)(&a.Due), (*database.Time)(&a.DoneAt), (*database.ID)(&a.DoneBy))
	return a, err
}

func actions(ctx context.Context, q database.Querier, id int64) ([]Action, error) {
	return database.All(ctx, q, scanAction, `SELECT `+actionColumns+` FROM major_incident_actions a WHERE a.major_id = $1 ORDER BY a.id LIMIT $2`, id, maxActions)
}

// openChildren gives the next open tickets below a major incident's, by their ids.
func (s *Service) openChildren(ctx context.Context, major, after int64) ([]int64, error) {
	return database.All(ctx, s.db.Reader(), database.Scalar[int64], `SELECT t.id FROM tickets t JOIN major_incidents m ON m.ticket_id = t.parent_id
		WHERE m.id = $1 AND t.category IN ('new', 'open', 'waiting') AND t.id > $2 ORDER BY t.id LIMIT $3`, major, after, replyPage)
}

// reached notes to how many tickets an update went so far.
func (s *Service) reached(ctx context.Context, u *Update, n int) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE major_incident_updates SET replied = $2 WHERE id = $1`, u.ID, n); err != nil {
			return err
		}
		return s.announce.MajorChanged(ctx, tx, u.MajorID, false)
	})
}

func insertUpdate(ctx context.Context, tx *database.Tx, u *Update) error {
	_, err := tx.Exec(ctx, `INSERT INTO major_incident_updates (id, major_id, at, person_id, public, body) VALUES ($1, $2, $3, $4, $5, $6)`,
		u.ID, u.MajorID, database.Time(u.At), database.ID(u.By), u.Public, u.Body)
	return err
}
