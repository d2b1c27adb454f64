package workaround

import (
	"context"
	"embed"
	"io/fs"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the table of workarounds.
var Migrations fs.FS = migrations

const columns = `w.id, w.ticket_id, w.body, w.public, w.given_by, w.given_at, w.withdrawn_by, w.withdrawn_at`

func scan(r database.Row) (Workaround, error) {
	var w Workaround
	err := r.Scan(&w.ID, &w.TicketID, &w.Body, &w.Public, &w.GivenBy, (*database.Time)(&w.GivenAt), (*database.ID)(&w.WithdrawnBy), (*database.Time)(&w.WithdrawnAt))
	return w, err
}

func insert(ctx context.Context, tx *database.Tx, w *Workaround) error {
	_, err := tx.Exec(ctx, `INSERT INTO ticket_workarounds (id, ticket_id, body, public, given_by, given_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		w.ID, w.TicketID, w.Body, w.Public, w.GivenBy, database.Time(w.GivenAt))
	return err
}

func load(ctx context.Context, q database.Querier, ticketID, id int64) (Workaround, error) {
	w, err := database.One(ctx, q, scan, `SELECT `+columns+` FROM ticket_workarounds w WHERE w.id = $1 AND w.ticket_id = $2`, id, ticketID)
	if apperr.Is(err, apperr.NotFound) {
		err = apperr.New(apperr.NotFound, "There is no such workaround on this ticket.")
	}
	return w, err
}

// maxListed bounds what is read of one ticket.
const maxListed = 100

// ofTicket gives the workarounds of a ticket, the newest first.
func ofTicket(ctx context.Context, q database.Querier, ticketID int64) ([]Workaround, error) {
	return database.All(ctx, q, scan, `SELECT `+columns+` FROM ticket_workarounds w WHERE w.ticket_id = $1 ORDER BY w.id DESC LIMIT $2`, ticketID, maxListed)
}

// withdraw takes a workaround back; false if it was taken back before.
func withdraw(ctx context.Context, tx *database.Tx, w *Workaround) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE ticket_workarounds SET withdrawn_by = $1, withdrawn_at = $2 WHERE id = $3 AND withdrawn_at IS NULL`,
		w.WithdrawnBy, database.Time(w.WithdrawnAt), w.ID)
	return n > 0, err
}
