package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// translate turns a driver's error into one of apperr's kinds. Errors that
// already are one pass through.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var known *apperr.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return apperr.Wrap(err, apperr.NotFound, "Nothing was found here.")
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translatePostgres(pg)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return translateSQLite(lite)
	}
	var netErr net.Error
	var connErr *pgconn.ConnectError
	if errors.As(err, &netErr) || errors.As(err, &connErr) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) { // ErrTxDone: the transaction ended with its context
		return unavailable(err)
	}
	return err
}

func unavailable(err error) error {
	return apperr.Wrap(err, apperr.Unavailable, "The database cannot be reached right now. Nothing was saved. Please try again in a moment.")
}

// committing translates the error of a commit. When the connection broke in its
// midst, nobody knows which side of it the transaction ended on.
func committing(err error) error {
	translated := translate(err)
	if late := new(putOff); errors.As(err, &late) {
		return err
	}
	var pg *pgconn.PgError
	var lite *sqlite.Error
	answered := errors.As(err, &pg) || errors.As(err, &lite) && lite.Code()&0xff != sqlite3.SQLITE_IOERR
	if answered || !apperr.Is(translated, apperr.Unavailable) {
		return translated
	}
	return apperr.Wrap(err, apperr.Unavailable, "The connection to the database broke while this was being saved, so it may or may not be saved. Please look before you try again.")
}

func full(err error) error {
	return apperr.Wrap(err, apperr.Unavailable, "The server's disk is full. Nothing was saved. Please tell your administrator.")
}

func duplicate(err error) error {
	return apperr.Wrap(err, apperr.Conflict, "This already exists.")
}

func referenced(err error) error {
	return apperr.Wrap(err, apperr.InUse, "Something else refers to this, or it refers to something that is gone.")
}

func translatePostgres(err *pgconn.PgError) error {
	switch err.Code {
	case "23505":
		return duplicate(err)
	case "23503":
		return referenced(err)
	case "23502", "23514", "22001", "22003", "22P02", "22021", "22P05":
		return apperr.Wrap(err, apperr.Invalid, "The database refused a value.")
	case "53100":
		return full(err)
	case "57014", "57P01", "57P02", "57P03", "53300", "25P03":
		return unavailable(err)
	}
	if len(err.Code) >= 2 && err.Code[:2] == "08" {
		return unavailable(err)
	}
	return err
}

func translateSQLite(err *sqlite.Error) error {
	switch err.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return duplicate(err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		return referenced(err)
	case sqlite3.SQLITE_CONSTRAINT_NOTNULL, sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_DATATYPE:
		return apperr.Wrap(err, apperr.Invalid, "The database refused a value.")
	}
	switch err.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return full(err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_READONLY:
		return unavailable(err)
	case sqlite3.SQLITE_TOOBIG:
		return apperr.Wrap(err, apperr.TooLarge, "This is too large to store.")
	}
	return err
}

// retryable reports whether the same transaction may succeed when run again.
func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}
