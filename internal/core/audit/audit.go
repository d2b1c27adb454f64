// Package audit keeps the log of everything an administrator changes: who did
// what to which thing, from where, and how it was before and after.
//
// Entries are appended in the transaction of the change itself, so neither can
// exist without the other. Each entry carries the SHA-256 of its content and of
// the entry before it; a row apart holds the end of the chain. Changing,
// inserting or removing an entry, the last ones included, therefore shows in
// Verify. Whoever notes the end of the chain elsewhere can also tell that the
// whole log was written anew.
package audit

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of the log.
var Migrations fs.FS = migrations

// Entry is what happened, as the one who did it reports it.
type Entry struct {
	Action     string // object and verb: "role.update"
	ObjectType string // "role"
	ObjectID   string // an id or a key
	ObjectName string // as people know it
	// Before and After are the object's fields as they were and are, to be
	// written as JSON; nil when there was or is none. Never put a secret here.
	Before, After any
}

// ID writes a numeric id for Entry.ObjectID.
func ID(id int64) string { return strconv.FormatInt(id, 10) }

// Record is an entry as it stands in the log.
type Record struct {
	Seq        int64 // its place in the chain, from 1 without gaps
	At         time.Time
	ActorType  access.ActorType
	ActorID    int64
	ActorName  string
	Address    string // where the request came from; empty for the command line
	Action     string
	ObjectType string
	ObjectID   string
	ObjectName string
	Before     string // JSON, or empty
	After      string // JSON, or empty
	Previous   string // the hash of the entry before; empty for the first
	Hash       string
}

// Log is the audit log of one database.
type Log struct {
	db    *database.DB
	clock func() time.Time
}

// New gives the log of a database.
func New(db *database.DB, clock func() time.Time) *Log { return &Log{db, clock} }

// Append adds an entry to the end of the chain. Other transactions that append
// wait until this one is over; append last, and in short transactions.
func (l *Log) Append(ctx context.Context, tx *database.Tx, e Entry) error {
	before, err := document(e.Before)
	if err != nil {
		return err
	}
	after, err := document(e.After)
	if err != nil {
		return err
	}
	actor := access.From(ctx)
	r := Record{
		At: l.clock().UTC().Truncate(time.Microsecond), ActorType: actor.Type, ActorID: actor.ID, ActorName: actor.Name,
		Address: addressOf(ctx), Action: e.Action, ObjectType: e.ObjectType, ObjectID: e.ObjectID, ObjectName: e.ObjectName,
		Before: before, After: after,
	}
	// The update locks the row until the commit, so that two entries never
	// follow the same one.
	if err := tx.QueryRow(ctx, "UPDATE audit_tail SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash").
		Scan(&r.Seq, &r.Previous); err != nil {
		return err
	}
	r.Hash = r.digest()
	if _, err := tx.Exec(ctx, `INSERT INTO audit_log (seq, at, actor_type, actor_id, actor_name, address, action,
			object_type, object_id, object_name, before, after, previous, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		r.Seq, database.Time(r.At), string(r.ActorType), database.ID(r.ActorID), r.ActorName, r.Address, r.Action,
		r.ObjectType, r.ObjectID, r.ObjectName, r.Before, r.After, r.Previous, r.Hash); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE audit_tail SET hash = $1 WHERE id = 1", r.Hash)
	return err
}

func document(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", apperr.Wrap(err, apperr.Internal, "The change could not be written to the audit log.")
	}
	return string(text), nil
}

// digest hashes every field with its length before it, so that no two records
// give the same bytes.
func (r Record) digest() string {
	h := sha256.New()
	number := func(n int64) { _ = binary.Write(h, binary.BigEndian, n) } // a hash never fails
	number(r.Seq)
	number(r.At.UnixMicro())
	number(r.ActorID)
	for _, s := range []string{
		string(r.ActorType), r.ActorName, r.Address, r.Action, r.ObjectType, r.ObjectID, r.ObjectName, r.Before, r.After, r.Previous,
	} {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil))
}

type addressKey struct{}

// WithAddress notes where the work in this context comes from: an IP address.
func WithAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

func addressOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}
