package mail

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

// senderFor gives the id of the sender of a letter; 0 when there is none.
func (s *Service) senderFor(ctx context.Context, tx *database.Tx, l letter.Letter) (int64, error) {
	var group, conversation int64
	if l.Ticket != 0 {
		err := database.Each(ctx, tx, func(r database.Row) error {
			return r.Scan((*database.ID)(&group), (*database.ID)(&conversation))
		}, `SELECT t.group_id, h.sender_id FROM tickets t LEFT JOIN mail_threads h ON h.ticket_id = t.id WHERE t.id = $1`, l.Ticket)
		if err != nil {
			return 0, err
		}
	}
	return pickSender(ctx, tx, l.Sender, group, conversation)
}

// addressed looks up whom a letter is for: those with an address, each address once,
// and the language of the first. Dead addresses are kept as skipped.
func (s *Service) addressed(ctx context.Context, tx *database.Tx, l letter.Letter) (out []StoredRecipient, language string, err error) {
	var ids []int64
	for _, r := range slices.Concat(l.To, l.Cc) {
		if r.Person != 0 {
			ids = append(ids, r.Person)
		}
	}
	type contact struct {
		name, mail, language string
	}
	found := map[int64]contact{}
	if len(ids) > 0 {
		var args database.Args
		err := database.Each(ctx, tx, func(r database.Row) error {
			var id int64
			var c contact
			err := r.Scan(&id, &c.name, &c.mail, &c.language)
			found[id] = c
			return err
		}, `SELECT p.id, p.name, p.email, p.language FROM persons p WHERE p.active AND p.id IN `+database.In(&args, ids), args.Values()...)
		if err != nil {
			return nil, "", err
		}
	}
	seen := map[string]bool{}
	var addresses []string
	add := func(list []letter.Recipient, copied bool) {
		for _, r := range list {
			if c, known := found[r.Person]; known {
				r.Mail, r.Name = c.mail, c.name
				if language == "" && !copied {
					language = c.language
				}
			} else if r.Person != 0 {
				continue // who left gets no mail
			}
			key := people.NormalEmail(r.Mail)
			if !message.ValidAddress(r.Mail) || seen[key] {
				continue
			}
			seen[key] = true
			addresses = append(addresses, key)
			out = append(out, StoredRecipient{PersonID: r.Person, Address: r.Mail, Name: r.Name, Copied: copied, State: RecipientWaiting})
		}
	}
	add(l.To, false)
	add(l.Cc, true)
	if len(out) == 0 {
		return nil, "", nil
	}
	own, err := ownAmong(ctx, tx, addresses)
	if err != nil {
		return nil, "", err
	}
	out = slices.DeleteFunc(out, func(r StoredRecipient) bool { return slices.Contains(own, people.NormalEmail(r.Address)) })
	if len(out) == 0 {
		return nil, "", nil
	}
	dead, err := deadAmong(ctx, tx, addresses)
	for i := range out {
		if why, is := dead[people.NormalEmail(out[i].Address)]; is {
			out[i].State, out[i].Error = RecipientSkipped, why
		}
	}
	return out, language, err
}

// ownAmong gives those addresses whose mail we read: what we write comes back from them.
func ownAmong(ctx context.Context, q database.Querier, addresses []string) ([]string, error) {
	var args database.Args
	return database.All(ctx, q, database.Scalar[string], `SELECT b.address_folded FROM mail_boxes b WHERE b.active AND b.address_folded IN `+database.In(&args, addresses), args.Values()...)
}

func deadAmong(ctx context.Context, q database.Querier, addresses []string) (map[string]string, error) {
	var args database.Args
	out := map[string]string{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var address, why string
		err := r.Scan(&address, &why)
		out[address] = why
		return err
	}, `SELECT d.address, d.reason FROM mail_dead_addresses d WHERE d.address IN `+database.In(&args, addresses), args.Values()...)
	return out, err
}

// insertLetter writes a letter; waiting is whether anybody is to get it.
func insertLetter(ctx context.Context, tx *database.Tx, l *Stored, cause string) (waiting bool, err error) {
	l.ID = tx.NextID()
	if l.Files == nil {
		l.Files = []int64{}
	}
	l.Earlier = []string{}
	_, err = tx.Exec(ctx, `INSERT INTO mail_letters (id, kind, sender_id, author_id, ticket_id, since, seq, subject, body, why, url, files, language,
			message_id, in_reply_to, earlier, topic, thread_index, state, attempts, error, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', '', $14, '', '', $15, 0, '', $16)`,
		l.ID, string(l.Kind), l.SenderID, database.ID(l.AuthorID), database.ID(l.TicketID), l.Since, l.Seq, l.Subject, l.Body, l.Why, l.URL,
		database.JSON{V: l.Files}, l.Language, database.JSON{V: l.Earlier}, string(l.State), database.Time(l.CreatedAt))
	if err != nil {
		return false, err
	}
	written := 0
	for i := range l.Recipients {
		r := &l.Recipients[i]
		r.ID, r.LetterID = tx.NextID(), l.ID
		because := any(nil)
		if cause != "" && r.PersonID != 0 {
			because = cause
		}
		n, err := tx.Exec(ctx, `INSERT INTO mail_recipients (id, letter_id, person_id, address, name, copied, cause, state, error)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (person_id, cause) DO NOTHING`,
			r.ID, r.LetterID, database.ID(r.PersonID), r.Address, r.Name, r.Copied, because, string(r.State), r.Error)
		if err != nil {
			return false, err
		}
		written += int(n)
		waiting = waiting || n > 0 && r.State == RecipientWaiting
	}
	if waiting {
		return true, nil
	}
	if written == 0 { // everybody had one of this cause
		_, err = tx.Exec(ctx, `DELETE FROM mail_letters WHERE id = $1`, l.ID)
		l.ID = 0
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE mail_letters SET state = $1 WHERE id = $2`, string(LetterDropped), l.ID)
	return false, err
}

const letterColumns = `l.id, l.kind, l.sender_id, l.author_id, l.ticket_id, l.since, l.seq, l.subject, l.body, l.why, l.url, l.files, l.language, l.message_id,
	l.in_reply_to, l.earlier, l.topic, l.thread_index, l.state, l.attempts, l.error, l.created_at, l.sent_at`

func scanLetter(r database.Row) (Stored, error) {
	var l Stored
	err := r.Scan(&l.ID, &l.Kind, (*database.ID)(&l.SenderID), (*database.ID)(&l.AuthorID), (*database.ID)(&l.TicketID), &l.Since, &l.Seq, &l.Subject, &l.Body, &l.Why, &l.URL,
		database.JSON{V: &l.Files}, &l.Language, &l.MessageID, &l.InReplyTo, database.JSON{V: &l.Earlier}, &l.Topic, &l.Index, &l.State, &l.Attempts, &l.Error,
		(*database.Time)(&l.CreatedAt), (*database.Time)(&l.SentAt))
	return l, err
}

func (s *Service) letter(ctx context.Context, q database.Querier, id int64) (Stored, error) {
	l, err := database.One(ctx, q, scanLetter, `SELECT `+letterColumns+` FROM mail_letters l WHERE l.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return l, apperr.New(apperr.NotFound, "There is no such letter.")
	}
	if err != nil {
		return l, err
	}
	all, err := recipientsOf(ctx, q, []int64{id})
	l.Recipients = all[id]
	return l, err
}

func recipientsOf(ctx context.Context, q database.Querier, letters []int64) (map[int64][]StoredRecipient, error) {
	out := map[int64][]StoredRecipient{}
	if len(letters) == 0 {
		return out, nil
	}
	var args database.Args
	err := database.Each(ctx, q, func(row database.Row) error {
		var r StoredRecipient
		err := row.Scan(&r.ID, &r.LetterID, (*database.ID)(&r.PersonID), &r.Address, &r.Name, &r.Copied, &r.State, &r.Error)
		out[r.LetterID] = append(out[r.LetterID], r)
		return err
	}, `SELECT r.id, r.letter_id, r.person_id, r.address, r.name, r.copied, r.state, r.error FROM mail_recipients r
		WHERE r.letter_id IN `+database.In(&args, letters)+` ORDER BY r.letter_id, r.id`, args.Values()...)
	return out, err
}

// storeWritten keeps a letter as it was put into words, and its place in the
// conversation.
func (s *Service) storeWritten(ctx context.Context, l *Stored) error {
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mail_letters SET subject = $1, body = $2, url = $3, message_id = $4, in_reply_to = $5, earlier = $6, topic = $7, thread_index = $8, files = $9 WHERE id = $10`,
			l.Subject, l.Body, l.URL, l.MessageID, l.InReplyTo, database.JSON{V: l.Earlier}, l.Topic, l.Index, database.JSON{V: l.Files}, l.ID)
		if err != nil || l.TicketID == 0 {
			return err
		}
		if err := rememberIDs(ctx, tx, l.TicketID, relationSent, s.now(), l.MessageID); err != nil {
			return err
		}
		if err := rememberIDs(ctx, tx, l.TicketID, relationMentioned, s.now(), threadKeys(l.Index)...); err != nil {
			return err
		}
		return touchThread(ctx, tx, l.TicketID, threadChange{topic: l.Topic, index: l.Index, at: s.now()})
	})
}

// storeOutcome keeps what became of an attempt.
func (s *Service) storeOutcome(ctx context.Context, l *Stored) error {
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mail_letters SET state = $1, attempts = $2, error = $3, sent_at = $4 WHERE id = $5`,
			string(l.State), l.Attempts, l.Error, database.Time(l.SentAt), l.ID)
		for i := range l.Recipients {
			if err != nil {
				return err
			}
			r := &l.Recipients[i]
			_, err = tx.Exec(ctx, `UPDATE mail_recipients SET state = $1, error = $2 WHERE id = $3`, string(r.State), r.Error, r.ID)
		}
		return err
	})
}

// ToldOf gives those of some entries of timelines of which letters about their tickets
// told a person, or will: the letters that Follow writes, of public entries.
func (s *Service) ToldOf(ctx context.Context, q database.Querier, person int64, entries []letter.Entry) (map[letter.Entry]bool, error) {
	out := map[letter.Entry]bool{}
	var tickets []int64
	for _, e := range entries {
		tickets = append(tickets, e.Ticket)
	}
	slices.Sort(tickets)
	if tickets = slices.Compact(tickets); len(tickets) == 0 {
		return out, nil
	}
	var args database.Args
	return out, database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var since, seq int
		if err := r.Scan(&id, &since, &seq); err != nil {
			return err
		}
		for _, e := range entries {
			if e.Ticket == id && (since == 0 && e.Seq == seq || since != 0 && since <= e.Seq && e.Seq <= seq) {
				out[e] = true
			}
		}
		return nil
	}, `SELECT l.ticket_id, l.since, l.seq FROM mail_letters l WHERE l.ticket_id IN `+database.In(&args, tickets)+` AND l.kind <> '`+string(letter.Notice)+`'
		AND EXISTS (SELECT 1 FROM mail_recipients r WHERE r.letter_id = l.id AND r.person_id = `+args.Arg(person)+`)`, args.Values()...)
}

// relation says what a Message-ID is to a ticket.
type relation string

const (
	relationSent      relation = "sent"
	relationReceived  relation = "received"
	relationMentioned relation = "mentioned"
)

// maxID bounds a Message-ID that is kept, in bytes; longer ones are kept by nobody.
const maxID = 500

// rememberIDs notes that messages belong to a ticket. What is known of a message
// stays when it is only mentioned again.
func rememberIDs(ctx context.Context, tx *database.Tx, ticketID int64, what relation, at any, ids ...string) error {
	seen := map[string]bool{}
	for _, id := range ids {
		if id == "" || len(id) > maxID || seen[id] {
			continue
		}
		seen[id] = true
		update := "NOTHING"
		if what != relationMentioned {
			update = "UPDATE SET relation = excluded.relation"
		}
		instant := at
		if t, ok := at.(interface{ UnixMicro() int64 }); ok {
			instant = t.UnixMicro()
		}
		_, err := tx.Exec(ctx, `INSERT INTO mail_ids (message_id, ticket_id, relation, at) VALUES ($1, $2, $3, $4) ON CONFLICT (message_id, ticket_id) DO `+update,
			id, ticketID, string(what), instant)
		if err != nil {
			return err
		}
	}
	return nil
}

// thread is how a ticket's conversation looks in mail programs.
type thread struct {
	topic, index, lastID string
	senderID             int64
}

// conversation gives it, with the ids of its messages: the first and the newest.
func (s *Service) conversation(ctx context.Context, q database.Querier, ticketID int64) (thread, []string, error) {
	var t thread
	err := database.Each(ctx, q, func(r database.Row) error {
		return r.Scan(&t.topic, &t.index, &t.lastID, (*database.ID)(&t.senderID))
	}, `SELECT h.topic, h.thread_index, h.last_id, h.sender_id FROM mail_threads h WHERE h.ticket_id = $1`, ticketID)
	if err != nil {
		return t, nil, err
	}
	const most = 20 // as Compose writes
	newest, err := database.All(ctx, q, database.Scalar[string], `SELECT m.message_id FROM mail_ids m
		WHERE m.ticket_id = $1 AND m.relation <> 'mentioned' ORDER BY m.at DESC, m.message_id DESC LIMIT $2`, ticketID, most)
	if err != nil {
		return t, nil, err
	}
	slices.Reverse(newest)
	if len(newest) == most {
		first, err := database.All(ctx, q, database.Scalar[string], `SELECT m.message_id FROM mail_ids m
			WHERE m.ticket_id = $1 AND m.relation <> 'mentioned' ORDER BY m.at, m.message_id LIMIT 1`, ticketID)
		if err != nil {
			return t, nil, err
		}
		newest = append(first, newest[1:]...)
	}
	return t, newest, nil
}

type threadChange struct {
	topic, index, lastID string
	senderID             int64
	at                   interface{ UnixMicro() int64 }
}

// touchThread keeps what is new about a conversation; empty fields stay what they are.
func touchThread(ctx context.Context, tx *database.Tx, ticketID int64, c threadChange) error {
	_, err := tx.Exec(ctx, `INSERT INTO mail_threads (ticket_id, topic, thread_index, sender_id, last_id, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (ticket_id) DO UPDATE SET
			topic = CASE WHEN mail_threads.topic = '' THEN excluded.topic ELSE mail_threads.topic END,
			thread_index = CASE WHEN excluded.thread_index = '' THEN mail_threads.thread_index ELSE excluded.thread_index END,
			sender_id = COALESCE(mail_threads.sender_id, excluded.sender_id),
			last_id = CASE WHEN excluded.last_id = '' THEN mail_threads.last_id ELSE excluded.last_id END, updated_at = excluded.updated_at`,
		ticketID, c.topic, c.index, database.ID(c.senderID), c.lastID, c.at.UnixMicro())
	return err
}

// LetterQuery selects letters of the outbox.
type LetterQuery struct {
	State  LetterState // "" is every one
	Ticket int64
	Before int64 // only ids below; 0 starts with the newest
	Limit  int
}

// Letters lists the outbox, newest first.
func (s *Service) Letters(ctx context.Context, q LetterQuery) ([]Stored, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	return s.letters(ctx, s.DB.Reader(), q)
}

func (s *Service) letters(ctx context.Context, r database.Querier, q LetterQuery) ([]Stored, error) {
	var args database.Args
	where := []string{"TRUE"}
	if q.State != "" {
		where = append(where, "l.state = "+args.Arg(string(q.State)))
	}
	if q.Ticket != 0 {
		where = append(where, "l.ticket_id = "+args.Arg(q.Ticket))
	}
	if q.Before != 0 {
		where = append(where, "l.id < "+args.Arg(q.Before))
	}
	found, err := database.All(ctx, r, scanLetter, `SELECT `+letterColumns+` FROM mail_letters l WHERE `+strings.Join(where, " AND ")+
		` ORDER BY l.id DESC LIMIT `+args.Arg(q.Limit), args.Values()...)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	to, err := recipientsOf(ctx, r, ids)
	for i := range found {
		found[i].Recipients = to[found[i].ID]
	}
	return found, err
}

// Letter gives one of the outbox.
func (s *Service) Letter(ctx context.Context, id int64) (Stored, error) {
	if err := mayManage(ctx); err != nil {
		return Stored{}, err
	}
	return s.letter(ctx, s.DB.Reader(), id)
}

// SendAgain sends a letter that failed, to those who did not get it. Conflict when
// there is nobody to send it to.
func (s *Service) SendAgain(ctx context.Context, id int64) (Stored, error) {
	return s.changeLetter(ctx, id, "send_again", func(tx *database.Tx, l *Stored) error {
		n, err := tx.Exec(ctx, `UPDATE mail_recipients SET state = 'waiting', error = '' WHERE letter_id = $1 AND state IN ('refused', 'bounced', 'skipped')`, id)
		if err != nil {
			return err
		}
		if n == 0 && l.State != LetterDropped || l.State == LetterWaiting {
			return apperr.New(apperr.Conflict, "Everybody has this letter, or will get it.")
		}
		if _, err := tx.Exec(ctx, `UPDATE mail_letters SET state = 'waiting', error = '' WHERE id = $1`, id); err != nil {
			return err
		}
		return s.schedule(ctx, tx, l)
	})
}

// DropLetter gives up a letter that was not sent.
func (s *Service) DropLetter(ctx context.Context, id int64) (Stored, error) {
	return s.changeLetter(ctx, id, "drop", func(tx *database.Tx, l *Stored) error {
		if l.State != LetterWaiting && l.State != LetterFailed {
			return apperr.New(apperr.Conflict, "This letter is sent, or was dropped.")
		}
		_, err := tx.Exec(ctx, `UPDATE mail_letters SET state = 'dropped' WHERE id = $1`, id)
		return err
	})
}

func (s *Service) changeLetter(ctx context.Context, id int64, verb string, change func(tx *database.Tx, l *Stored) error) (Stored, error) {
	var l Stored
	if err := mayManage(ctx); err != nil {
		return l, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := s.letter(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := change(tx, &before); err != nil {
			return err
		}
		if l, err = s.letter(ctx, tx, id); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{
			Action: "mail_letter." + verb, ObjectType: "mail_letter", ObjectID: audit.ID(id), ObjectName: l.Subject,
			Before: map[string]any{"state": before.State}, After: map[string]any{"state": l.State},
		})
	})
	return l, err
}

// LetterCounts counts the letters of the states that somebody has to look at.
func (s *Service) LetterCounts(ctx context.Context) (map[LetterState]int, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	out := map[LetterState]int{}
	err := database.Each(ctx, s.DB.Reader(), func(r database.Row) error {
		var state LetterState
		var n int
		err := r.Scan(&state, &n)
		out[state] = n
		return err
	}, `SELECT l.state, count(*) FROM mail_letters l WHERE l.state IN ('waiting', 'failed') GROUP BY l.state`)
	return out, err
}

// template gives what an administrator wrote; NotFound when nobody did.
func template(ctx context.Context, q database.Querier, kind letter.Kind, language string) (Template, error) {
	return database.One(ctx, q, scanTemplate, `SELECT t.kind, t.language, t.subject, t.body, t.updated_at, t.version FROM mail_templates t
		WHERE t.kind = $1 AND t.language = $2`, string(kind), language)
}

func scanTemplate(r database.Row) (Template, error) {
	var t Template
	err := r.Scan(&t.Kind, &t.Language, &t.Subject, &t.Body, (*database.Time)(&t.UpdatedAt), &t.Version)
	return t, err
}

// Templates lists what administrators wrote.
func (s *Service) Templates(ctx context.Context) ([]Template, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	return database.All(ctx, s.DB.Reader(), scanTemplate, `SELECT t.kind, t.language, t.subject, t.body, t.updated_at, t.version FROM mail_templates t ORDER BY t.kind, t.language`)
}

// SaveTemplate keeps what letters of a kind say in a language. version is the one
// that was read, 0 for what the product brings. Conflict carries the template as it
// is (*Template).
func (s *Service) SaveTemplate(ctx context.Context, t Template, version int64) (Template, error) {
	if err := mayManage(ctx); err != nil {
		return t, err
	}
	if err := t.check(); err != nil {
		return t, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := template(ctx, tx, t.Kind, t.Language)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return err
		}
		if before.Version != version {
			return apperr.Stale(&before, "Somebody else changed this template meanwhile.")
		}
		t.UpdatedAt, t.Version = s.now(), before.Version+1
		_, err = tx.Exec(ctx, `INSERT INTO mail_templates (kind, language, subject, body, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind, language) DO UPDATE SET subject = excluded.subject, body = excluded.body, updated_at = excluded.updated_at, version = excluded.version`,
			string(t.Kind), t.Language, t.Subject, t.Body, database.Time(t.UpdatedAt), t.Version)
		if err != nil {
			return err
		}
		return s.noteTemplate(ctx, tx, "update", before, t)
	})
	return t, err
}

// ResetTemplate gives the product's words back.
func (s *Service) ResetTemplate(ctx context.Context, kind letter.Kind, language string) error {
	if err := mayManage(ctx); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := template(ctx, tx, kind, language)
		if apperr.Is(err, apperr.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM mail_templates WHERE kind = $1 AND language = $2`, string(kind), language); err != nil {
			return err
		}
		return s.noteTemplate(ctx, tx, "reset", before, Template{Kind: kind, Language: language})
	})
}

func (s *Service) noteTemplate(ctx context.Context, tx *database.Tx, verb string, before, after Template) error {
	e := audit.Entry{Action: "mail_template." + verb, ObjectType: "mail_template", ObjectID: string(after.Kind) + "/" + after.Language, ObjectName: string(after.Kind)}
	if before.Version != 0 {
		e.Before = map[string]any{"subject": before.Subject, "body": before.Body}
	}
	if after.Version != 0 {
		e.After = map[string]any{"subject": after.Subject, "body": after.Body}
	}
	return s.Audit.Append(ctx, tx, e)
}

// Wish says which mail about tickets a person wants.
type Wish string

// The wishes.
const (
	WishOwn  Wish = ""     // of tickets that they take part in by mail
	WishAll  Wish = "all"  // of all tickets they asked for or watch
	WishNone Wish = "none" // of none
)

// MyWish gives the actor's.
func (s *Service) MyWish(ctx context.Context) (Wish, error) {
	found, err := database.All(ctx, s.DB.Reader(), database.Scalar[Wish], `SELECT w.wish FROM mail_wishes w WHERE w.person_id = $1`, access.From(ctx).ID)
	if err != nil || len(found) == 0 {
		return WishOwn, err
	}
	return found[0], nil
}

// SetMyWish keeps the actor's.
func (s *Service) SetMyWish(ctx context.Context, w Wish) error {
	me := actorID(ctx)
	if me == 0 {
		return apperr.New(apperr.Forbidden, "Only persons get mail.")
	}
	if !slices.Contains([]Wish{WishOwn, WishAll, WishNone}, w) {
		return apperr.InvalidField("wish", "Choose which mail you want.")
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO mail_wishes (person_id, wish) VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET wish = excluded.wish`, me, string(w))
		return err
	})
}

// reader is somebody who is told about a ticket by mail.
type reader struct {
	person int64
	openly bool // takes part by mail, so that the others see it
}

// taking lists who of some people is told. asker is who asked for it by mail, 0 for
// nobody.
func taking(ctx context.Context, q database.Querier, ticketID, asker int64, persons []int64) ([]reader, error) {
	if len(persons) == 0 {
		return nil, nil
	}
	var args database.Args
	id, first := args.Arg(ticketID), args.Arg(asker)
	return database.All(ctx, q, func(r database.Row) (reader, error) {
		var v reader
		err := r.Scan(&v.person, &v.openly)
		return v, err
	}, `SELECT p.id, m.person_id IS NOT NULL OR p.id = `+first+` FROM persons p
		LEFT JOIN mail_participants m ON m.person_id = p.id AND m.ticket_id = `+id+`
		LEFT JOIN mail_wishes w ON w.person_id = p.id
		WHERE p.active AND p.email <> '' AND COALESCE(w.wish, '') <> 'none' AND (w.wish = 'all' OR m.person_id IS NOT NULL OR p.id = `+first+`)
		AND p.id IN `+database.In(&args, persons)+` ORDER BY p.id`, args.Values()...)
}

// takePart notes that persons take part in a ticket by mail.
func takePart(ctx context.Context, tx *database.Tx, ticketID int64, at interface{ UnixMicro() int64 }, persons ...int64) error {
	for _, p := range persons {
		if p == 0 {
			continue
		}
		_, err := tx.Exec(ctx, `INSERT INTO mail_participants (ticket_id, person_id, since) VALUES ($1, $2, $3) ON CONFLICT (ticket_id, person_id) DO NOTHING`,
			ticketID, p, at.UnixMicro())
		if err != nil {
			return err
		}
	}
	return nil
}

// ticketNumbers gives the numbers of tickets, for lists of mail; whoever follows one
// is asked there whether they may see it.
func ticketNumbers(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error) {
	out := map[int64]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var args database.Args
	err := database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var number string
		err := r.Scan(&id, &number)
		out[id] = number
		return err
	}, `SELECT t.id, t.number FROM tickets t WHERE t.id IN `+database.In(&args, ids), args.Values()...)
	return out, err
}
