package database

// Waiting is how many writers wait for their turn on SQLite.
func (db *DB) Waiting() int { return int(db.turn.waiting.Load()) }

// MaxPrepared is how many compiled statements a connection of SQLite keeps.
const MaxPrepared = maxPrepared
