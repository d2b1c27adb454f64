package mail

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

const arrivalColumns = `a.id, a.box_id, a.uid_validity, a.uid, a.blob_key, a.size, a.whole, a.content_key, a.message_id, a.from_address, a.from_name, a.subject, a.nature,
	a.state, a.reason, a.trace, a.released, a.person_id, a.ticket_id, a.seq, a.possible_id, a.received_at, a.stored_at`

func scanArrival(r database.Row) (Arrival, error) {
	var a Arrival
	err := r.Scan(&a.ID, &a.BoxID, (*database.ID)(&a.Validity), (*database.ID)(&a.UID), &a.BlobKey, &a.Size, &a.Whole, &a.ContentKey, &a.MessageID, &a.From, &a.FromName, &a.Subject, &a.Nature,
		&a.State, &a.Reason, database.JSON{V: &a.Trace}, &a.Released, (*database.ID)(&a.PersonID), (*database.ID)(&a.TicketID), &a.Seq, (*database.ID)(&a.PossibleID),
		(*database.Time)(&a.ReceivedAt), (*database.Time)(&a.StoredAt))
	return a, err
}

// insertArrival stores a mail; fresh is false for a position that was stored before.
// One whose content is here already is stored as a duplicate.
func insertArrival(ctx context.Context, tx *database.Tx, a *Arrival) (fresh bool, err error) {
	if a.UID != 0 {
		n, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM mail_arrivals a WHERE a.box_id = $1 AND a.uid_validity = $2 AND a.uid = $3`, a.BoxID, a.Validity, a.UID)
		if err != nil || n > 0 {
			return false, err
		}
	}
	id := tx.NextID()
	for _, a.State = range []ArrivalState{ArrivalStored, ArrivalDuplicate} {
		reason := ""
		if a.State == ArrivalDuplicate {
			reason = "duplicate"
		}
		n, err := tx.Exec(ctx, `INSERT INTO mail_arrivals (id, box_id, uid_validity, uid, blob_key, size, whole, content_key, message_id, from_address, from_name, subject, nature,
				state, reason, trace, released, seq, received_at, stored_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', $13, $14, $15, FALSE, 0, $16, $17) ON CONFLICT DO NOTHING`,
			id, a.BoxID, database.ID(a.Validity), database.ID(a.UID), a.BlobKey, a.Size, a.Whole, a.ContentKey, a.MessageID, a.From, a.FromName, a.Subject,
			string(a.State), reason, database.JSON{V: []message.Remark{}}, database.Time(a.ReceivedAt), database.Time(a.StoredAt))
		if err != nil {
			return false, err
		}
		if n > 0 {
			a.ID = id
			return true, nil
		}
	}
	return false, nil // two nodes stored one position at the same moment
}

// movePosition keeps how far a mailbox was read.
func movePosition(ctx context.Context, tx *database.Tx, a *Arrival, marked uint32) error {
	if a.UID == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE mail_boxes SET uid_validity = $1, uid = $2, marked_uid = $3 WHERE id = $4 AND (uid_validity <> $1 OR uid < $2)`, a.Validity, a.UID, marked, a.BoxID)
	return err
}

func (s *Service) arrival(ctx context.Context, q database.Querier, id int64) (Arrival, error) {
	a, err := database.One(ctx, q, scanArrival, `SELECT `+arrivalColumns+` FROM mail_arrivals a WHERE a.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return a, apperr.New(apperr.NotFound, "There is no such mail.")
	}
	return a, err
}

func updateArrival(ctx context.Context, tx *database.Tx, a *Arrival) error {
	if a.Trace == nil {
		a.Trace = []message.Remark{}
	}
	_, err := tx.Exec(ctx, `UPDATE mail_arrivals SET state = $1, reason = $2, trace = $3, nature = $4, person_id = $5, ticket_id = $6, seq = $7, possible_id = $8 WHERE id = $9`,
		string(a.State), a.Reason, database.JSON{V: a.Trace}, string(a.Nature), database.ID(a.PersonID), database.ID(a.TicketID), a.Seq, database.ID(a.PossibleID), a.ID)
	return err
}

// landArrival notes that a mail is on its ticket; first is false when it was before.
func landArrival(ctx context.Context, tx *database.Tx, a *Arrival) (first bool, err error) {
	n, err := tx.Exec(ctx, `UPDATE mail_arrivals SET state = 'landed', reason = '', trace = $1, nature = $2, person_id = $3, ticket_id = $4, seq = $5, possible_id = $6
		WHERE id = $7 AND state = 'stored'`,
		database.JSON{V: a.Trace}, string(a.Nature), database.ID(a.PersonID), a.TicketID, a.Seq, database.ID(a.PossibleID), a.ID)
	return n > 0, err
}

// reviveAddress forgets that an address is dead: somebody wrote from it.
const reviveAddress = `DELETE FROM mail_dead_addresses WHERE address = $1`

type somebody struct {
	id     int64
	active bool
}

// personOf gives the person with an address; nobody when there is none.
func personOf(ctx context.Context, q database.Querier, address string) (somebody, error) {
	found, err := database.All(ctx, q, func(r database.Row) (somebody, error) {
		var p somebody
		err := r.Scan(&p.id, &p.active)
		return p, err
	}, `SELECT p.id, p.active FROM persons p WHERE p.email_folded = $1 ORDER BY p.active DESC, p.id LIMIT 1`, people.NormalEmail(address))
	if err != nil || len(found) == 0 {
		return somebody{}, err
	}
	return found[0], nil
}

// ticketsOfHad gives the tickets of those messages that we have, by their ids.
func ticketsOfHad(ctx context.Context, q database.Querier, ids []string) (map[string]int64, error) {
	ids = kept(ids)
	out := map[string]int64{}
	if len(ids) == 0 {
		return out, nil
	}
	var args database.Args
	err := database.Each(ctx, q, func(r database.Row) error {
		var id string
		var ticketID int64
		err := r.Scan(&id, &ticketID)
		out[id] = ticketID
		return err
	}, `SELECT m.message_id, m.ticket_id FROM mail_ids m WHERE m.message_id IN `+database.In(&args, ids)+` AND m.relation IN ('sent', 'received') ORDER BY m.at, m.ticket_id`, args.Values()...)
	return out, err
}

// kept gives those ids that can be kept, at most 100.
func kept(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id != "" && len(id) <= maxID && len(out) < 100 {
			out = append(out, id)
		}
	}
	return out
}

// followUpOf gives the newest ticket that somebody opened by an answer to one that was
// closed; 0 for none.
func followUpOf(ctx context.Context, q database.Querier, ticketID, personID int64) (id int64, err error) {
	err = database.Each(ctx, q, func(r database.Row) error { return r.Scan(&id) },
		`SELECT a.ticket_id FROM mail_arrivals a WHERE a.possible_id = $1 AND a.person_id = $2 AND a.state = 'landed' ORDER BY a.id DESC LIMIT 1`, ticketID, personID)
	return id, err
}

// ticketOfIDs finds the ticket that some messages belong to: those that we have go
// before those that were only mentioned, and the newest before the others. A mail
// that was mentioned before it came counts by its own id.
func ticketOfIDs(ctx context.Context, q database.Querier, ids []string, own string) (ticketID int64, by string, err error) {
	all := kept(append([]string{own}, ids...))
	if len(all) == 0 {
		return 0, "", nil
	}
	var args database.Args
	err = database.Each(ctx, q, func(r database.Row) error { return r.Scan(&ticketID, &by) },
		`SELECT m.ticket_id, m.message_id FROM mail_ids m WHERE m.message_id IN `+database.In(&args, all)+`
		ORDER BY CASE m.relation WHEN 'sent' THEN 0 WHEN 'received' THEN 1 ELSE 2 END, m.at DESC, m.ticket_id DESC LIMIT 1`, args.Values()...)
	return ticketID, by, err
}

func landedSince(ctx context.Context, q database.Querier, from string, since time.Time) (int, error) {
	return database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM mail_arrivals a WHERE a.from_address = $1 AND a.stored_at > $2 AND a.state = 'landed'`, from, database.Time(since))
}

func landedOn(ctx context.Context, q database.Querier, ticketID int64, since time.Time) (int, error) {
	return database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM mail_arrivals a WHERE a.ticket_id = $1 AND a.stored_at > $2 AND a.state = 'landed'`, ticketID, database.Time(since))
}

// blockedBy gives the pattern that blocks an address; "" for none.
func blockedBy(ctx context.Context, q database.Querier, address string) (string, error) {
	domain := address[strings.LastIndexByte(address, '@'):]
	found, err := database.All(ctx, q, database.Scalar[string], `SELECT b.pattern FROM mail_blocks b WHERE b.pattern IN ($1, $2) LIMIT 1`, people.NormalEmail(address), strings.ToLower(domain))
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// ownAddresses are those of our mailboxes and senders.
func ownAddresses(ctx context.Context, q database.Querier) (map[string]bool, error) {
	all, err := database.All(ctx, q, database.Scalar[string], `SELECT b.address_folded FROM mail_boxes b UNION SELECT s.address_folded FROM mail_senders s`)
	out := map[string]bool{}
	for _, a := range all {
		out[a] = true
	}
	return out, err
}

// letterOf gives the letter with a Message-ID, and its ticket; 0 for none.
func letterOf(ctx context.Context, q database.Querier, messageID string) (id, ticketID int64, err error) {
	err = database.Each(ctx, q, func(r database.Row) error { return r.Scan(&id, (*database.ID)(&ticketID)) },
		`SELECT l.id, l.ticket_id FROM mail_letters l WHERE l.message_id = $1 LIMIT 1`, messageID)
	return id, ticketID, err
}

// bury notes that a letter came back from an address. dead keeps later letters from it.
func (s *Service) bury(ctx context.Context, letterID int64, address, why string, dead bool) error {
	key := people.NormalEmail(address)
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		if letterID != 0 {
			recipients, err := recipientsOf(ctx, tx, []int64{letterID})
			if err != nil {
				return err
			}
			for _, r := range recipients[letterID] {
				if people.NormalEmail(r.Address) != key {
					continue
				}
				if _, err := tx.Exec(ctx, `UPDATE mail_recipients SET state = 'bounced', error = $1 WHERE id = $2`, why, r.ID); err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, `UPDATE mail_letters SET state = 'failed', error = $1 WHERE id = $2`, strings.TrimSpace(address+": "+why), letterID); err != nil {
					return err
				}
			}
		}
		if !dead || key == "" {
			return nil
		}
		_, err := tx.Exec(ctx, `INSERT INTO mail_dead_addresses (address, reason, letter_id, since) VALUES ($1, $2, $3, $4) ON CONFLICT (address) DO NOTHING`,
			key, why, database.ID(letterID), database.Time(s.now()))
		return err
	})
}

func mayDecide(ctx context.Context) error {
	return access.From(ctx).Require(HandleQuarantine, access.AnyKind)
}

// ArrivalQuery selects mails that came.
type ArrivalQuery struct {
	State  ArrivalState // "" is every one
	Before int64        // only ids below; 0 starts with the newest
	Limit  int
}

// Arrivals lists mails, newest first, for those who decide about quarantine.
func (s *Service) Arrivals(ctx context.Context, q ArrivalQuery) ([]Arrival, error) {
	if err := mayDecide(ctx); err != nil {
		return nil, err
	}
	var args database.Args
	where := "TRUE"
	if q.State != "" {
		where += " AND a.state = " + args.Arg(string(q.State))
	}
	if q.Before != 0 {
		where += " AND a.id < " + args.Arg(q.Before)
	}
	return database.All(ctx, s.DB.Reader(), scanArrival, `SELECT `+arrivalColumns+` FROM mail_arrivals a WHERE `+where+` ORDER BY a.id DESC LIMIT `+args.Arg(q.Limit), args.Values()...)
}

// Arrival gives one.
func (s *Service) Arrival(ctx context.Context, id int64) (Arrival, error) {
	if err := mayDecide(ctx); err != nil {
		return Arrival{}, err
	}
	return s.arrival(ctx, s.DB.Reader(), id)
}

// counted reads a column more, how many rows there are in all.
type counted struct {
	database.Row
	all *int
}

// Scan reads a row.
func (c counted) Scan(to ...any) error { return c.Row.Scan(append(to, c.all)...) }

// ArrivalsOf lists the mails of a ticket for whoever reads its notes, newest first,
// from before an id on, and how many there are; 0 starts with the newest.
func (s *Service) ArrivalsOf(ctx context.Context, t *ticket.Ticket, before int64, limit int) (found []Arrival, all int, err error) {
	if !s.Tickets.ReadsNotes(ctx, t) {
		return nil, 0, nil
	}
	if before == 0 {
		before = math.MaxInt64
	}
	found, err = database.All(ctx, s.DB.Reader(), func(r database.Row) (Arrival, error) { return scanArrival(counted{r, &all}) },
		`SELECT `+arrivalColumns+`, (SELECT count(*) FROM mail_arrivals c WHERE c.ticket_id = $1 AND c.state IN ('landed', 'ignored'))
		FROM mail_arrivals a WHERE a.ticket_id = $1 AND a.state IN ('landed', 'ignored') AND a.id < $2 ORDER BY a.id DESC LIMIT $3`, t.ID, before, limit)
	return found, all, err
}

// ArrivalOf gives one mail of a ticket, for whoever reads its notes.
func (s *Service) ArrivalOf(ctx context.Context, t *ticket.Ticket, id int64) (Arrival, error) {
	a, err := s.arrival(ctx, s.DB.Reader(), id)
	if err == nil && (a.TicketID != t.ID || !s.Tickets.ReadsNotes(ctx, t) || a.State != ArrivalLanded && a.State != ArrivalIgnored) {
		return Arrival{}, apperr.New(apperr.NotFound, "There is no such mail.")
	}
	return a, err
}

// Release lets a mail out of quarantine: it is looked at again, and let in.
func (s *Service) Release(ctx context.Context, id int64) (Arrival, error) {
	return s.changeArrival(ctx, id, "release", func(tx *database.Tx, a *Arrival) error {
		if !a.Whole {
			return apperr.New(apperr.Conflict, "Only the header of this mail was fetched: it is too large to be let in.")
		}
		if _, err := tx.Exec(ctx, `UPDATE mail_arrivals SET state = 'stored', reason = '', released = TRUE WHERE id = $1`, id); err != nil {
			return err
		}
		_, err := s.land.Enqueue(ctx, tx, landing{id}, jobs.Key("mail:box:"+audit.ID(a.BoxID)))
		return err
	})
}

// Drop gives up a mail in quarantine; it is kept, and nobody is told.
func (s *Service) Drop(ctx context.Context, id int64) (Arrival, error) {
	return s.changeArrival(ctx, id, "drop", func(tx *database.Tx, _ *Arrival) error {
		_, err := tx.Exec(ctx, `UPDATE mail_arrivals SET state = 'dropped' WHERE id = $1`, id)
		return err
	})
}

func (s *Service) changeArrival(ctx context.Context, id int64, verb string, change func(tx *database.Tx, a *Arrival) error) (Arrival, error) {
	var out Arrival
	if err := mayDecide(ctx); err != nil {
		return out, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		a, err := s.arrival(ctx, tx, id)
		if err != nil {
			return err
		}
		if a.State != ArrivalQuarantined {
			return apperr.New(apperr.Conflict, "This mail is not in quarantine any more.")
		}
		if err := change(tx, &a); err != nil {
			return err
		}
		if out, err = s.arrival(ctx, tx, id); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{
			Action: "mail_arrival." + verb, ObjectType: "mail_arrival", ObjectID: audit.ID(id), ObjectName: a.Subject,
			Before: map[string]any{"state": a.State, "reason": a.Reason, "from": a.From}, After: map[string]any{"state": out.State},
		})
	})
	return out, err
}

// Block is a sender whose mail is held back.
type Block struct {
	Pattern   string // an address, or @ and a domain
	PersonID  int64
	CreatedAt time.Time
}

// Blocks lists blocked senders behind a pattern; "" starts with the first.
func (s *Service) Blocks(ctx context.Context, after string, limit int) ([]Block, error) {
	if err := mayDecide(ctx); err != nil {
		return nil, err
	}
	return database.All(ctx, s.DB.Reader(), func(r database.Row) (Block, error) {
		var b Block
		err := r.Scan(&b.Pattern, (*database.ID)(&b.PersonID), (*database.Time)(&b.CreatedAt))
		return b, err
	}, `SELECT b.pattern, b.person_id, b.created_at FROM mail_blocks b WHERE b.pattern > $1 ORDER BY b.pattern LIMIT $2`, after, limit)
}

// SetBlock blocks an address, or with @ and a domain all of it; or ends that.
func (s *Service) SetBlock(ctx context.Context, pattern string, blocked bool) error {
	if err := mayDecide(ctx); err != nil {
		return err
	}
	pattern = people.NormalEmail(strings.TrimSpace(pattern))
	domain, whole := strings.CutPrefix(pattern, "@")
	if whole && !message.ValidAddress("x@"+domain) || !whole && !message.ValidAddress(pattern) {
		return apperr.InvalidField("pattern", "Give a mail address, or @ and a domain.")
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		e := audit.Entry{Action: "mail_block.remove", ObjectType: "mail_block", ObjectID: pattern, ObjectName: pattern}
		n, err := tx.Exec(ctx, `DELETE FROM mail_blocks WHERE pattern = $1`, pattern)
		if err != nil {
			return err
		}
		if blocked {
			e.Action = "mail_block.add"
			if _, err = tx.Exec(ctx, `INSERT INTO mail_blocks (pattern, person_id, created_at) VALUES ($1, $2, $3)`, pattern, database.ID(actorID(ctx)), database.Time(s.now())); err != nil {
				return err
			}
		}
		if blocked == (n > 0) {
			return nil // it was so already
		}
		return s.Audit.Append(ctx, tx, e)
	})
}

// DeadAddress is one that a server said does not exist.
type DeadAddress struct {
	Address, Reason string
	Since           time.Time
}

// DeadAddresses lists them behind an address; "" starts with the first.
func (s *Service) DeadAddresses(ctx context.Context, after string, limit int) ([]DeadAddress, error) {
	if err := mayDecide(ctx); err != nil {
		return nil, err
	}
	return database.All(ctx, s.DB.Reader(), func(r database.Row) (DeadAddress, error) {
		var d DeadAddress
		err := r.Scan(&d.Address, &d.Reason, (*database.Time)(&d.Since))
		return d, err
	}, `SELECT d.address, d.reason, d.since FROM mail_dead_addresses d WHERE d.address > $1 ORDER BY d.address LIMIT $2`, after, limit)
}

// Revive lets letters go to an address again.
func (s *Service) Revive(ctx context.Context, address string) error {
	if err := mayDecide(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		n, err := tx.Exec(ctx, reviveAddress, people.NormalEmail(address))
		if err != nil || n == 0 {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Action: "mail_address.revive", ObjectType: "mail_address", ObjectID: address, ObjectName: address})
	})
}

// InQuarantine counts what waits for a decision.
func (s *Service) InQuarantine(ctx context.Context) (int, error) {
	return database.One(ctx, s.DB.Reader(), database.Scalar[int], `SELECT count(*) FROM mail_arrivals a WHERE a.state = 'quarantined'`)
}

// holds reports whether the bytes of a mail lie under a key of the file store.
func holds(ctx context.Context, q database.Querier, key string) (bool, error) {
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM (SELECT 1 FROM mail_arrivals a WHERE a.blob_key = $1 LIMIT 1) m`, key)
	return n > 0, err
}
