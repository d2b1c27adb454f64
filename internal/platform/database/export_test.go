package database

import "context"

// Waiting is how many writers wait for their turn on SQLite.
func (db *DB) Waiting() int { return int(db.turn.waiting.Load()) }

// MaxPrepared is how many compiled statements a connection of SQLite keeps.
const MaxPrepared = maxPrepared

// ForeignWrites is the number that changes when another process writes.
func (db *DB) ForeignWrites(ctx context.Context) (int64, error) { return db.foreignWrites(ctx) }
