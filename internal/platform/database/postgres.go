package database

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// minPostgres is the oldest server version, as server_version_num counts.
const minPostgres = 150000

// applicationName is how this product's connections begin to call themselves.
const applicationName = "steward"

func (db *DB) openPostgres(ctx context.Context, o Options) error {
	cfg, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return apperr.Wrap(err, apperr.Invalid, "The PostgreSQL address cannot be read.")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	set := func(key, value string) {
		if _, chosen := cfg.RuntimeParams[key]; !chosen {
			cfg.RuntimeParams[key] = value
		}
	}
	set("application_name", o.Name)
	set("timezone", "UTC")
	// Compiling a statement takes a tenth of a second, which no statement of ours saves.
	set("jit", "off")
	set("statement_timeout", fmt.Sprint(o.Timeout.Milliseconds()))
	set("idle_in_transaction_session_timeout", fmt.Sprint(2*o.Timeout.Milliseconds()))

	unhurried := cfg.Copy()
	unhurried.RuntimeParams["statement_timeout"] = "0"
	unhurried.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	db.schema = stdlib.OpenDB(*unhurried)
	db.schema.SetMaxIdleConns(0) // needed once, at the start

	db.writer = stdlib.OpenDB(*cfg)
	db.writer.SetMaxOpenConns(o.MaxConns)
	db.writer.SetMaxIdleConns(o.MaxConns)
	db.writer.SetConnMaxIdleTime(5 * time.Minute)
	db.reader = db.writer
	db.side = stdlib.OpenDB(*cfg)
	db.side.SetMaxOpenConns(2)
	db.side.SetMaxIdleConns(1)

	var version int
	err = db.Reader().QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version)
	if err != nil {
		return err
	}
	if version < minPostgres {
		return apperr.New(apperr.Invalid, "PostgreSQL %d is too old: Steward needs 15 or later.", version/10000)
	}
	return nil
}

// listener holds one raw connection for LISTEN and brings it back when it is lost.
func (db *DB) listen(ctx context.Context, channel string, up func(), deliver func(payload string)) error {
	cfg, err := pgx.ParseConfig(db.url)
	if err != nil {
		return apperr.Wrap(err, apperr.Invalid, "The PostgreSQL address cannot be read.")
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return translate(err)
	}
	defer func() {
		closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closeCtx) // the connection is gone either way
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return translate(err)
	}
	up()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return translate(err)
		}
		deliver(n.Payload)
	}
}

func notifyPostgres(ctx context.Context, side *sql.DB, channel, payload string) error {
	_, err := side.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, payload)
	return translate(err)
}
