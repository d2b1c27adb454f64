package mail

import (
	"context"
	"errors"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/mail/imap"
)

const boxColumns = `b.id, b.name, b.address, b.protocol, b.server, b.security, b.auth, b.username, b.token_url, b.client_id, b.scope, b.secrets, b.folder, b.after, b.move_to,
	b.kind, b.service_id, b.group_id, b.sender_id, b.organisation_id, b.unknown, b.per_hour, b.active, b.uid_validity, b.uid, b.marked_uid, b.holder, b.beat, b.problem, b.problem_since, b.reached_at,
	b.created_at, b.updated_at, b.version`

func (s *Service) scanBox(r database.Row) (Box, error) {
	var b Box
	var secrets string
	err := r.Scan(&b.ID, &b.Name, &b.Address, &b.Protocol, &b.Server, &b.Security, &b.Auth, &b.User, &b.TokenURL, &b.ClientID, &b.Scope, &secrets, &b.Folder, &b.After, &b.MoveTo,
		&b.Kind, (*database.ID)(&b.ServiceID), (*database.ID)(&b.GroupID), (*database.ID)(&b.SenderID), (*database.ID)(&b.OrganisationID), &b.Unknown, &b.PerHour, &b.Active,
		&b.Validity, &b.UID, &b.Marked, &b.Holder, &b.Beat, &b.Problem, (*database.Time)(&b.ProblemSince), (*database.Time)(&b.ReachedAt), (*database.Time)(&b.CreatedAt), (*database.Time)(&b.UpdatedAt), &b.Version)
	if err == nil {
		b.Secrets, err = s.unseal("mail_boxes", b.ID, secrets)
	}
	return b, err
}

// Boxes lists all mailboxes, by address. At most 500.
func (s *Service) Boxes(ctx context.Context) ([]Box, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	return s.boxes(ctx, s.DB.Reader())
}

func (s *Service) boxes(ctx context.Context, q database.Querier) ([]Box, error) {
	return database.All(ctx, q, s.scanBox, `SELECT `+boxColumns+` FROM mail_boxes b ORDER BY b.address_folded LIMIT 500`)
}

// Box gives one.
func (s *Service) Box(ctx context.Context, id int64) (Box, error) {
	if err := mayManage(ctx); err != nil {
		return Box{}, err
	}
	return s.box(ctx, s.DB.Reader(), id)
}

func (s *Service) box(ctx context.Context, q database.Querier, id int64) (Box, error) {
	b, err := database.One(ctx, q, s.scanBox, `SELECT `+boxColumns+` FROM mail_boxes b WHERE b.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return b, apperr.New(apperr.NotFound, "There is no such mailbox.")
	}
	return b, err
}

func (s *Service) kindKeys() []string {
	var out []string
	for _, d := range s.Tickets.Kinds().All() {
		out = append(out, d.Key)
	}
	return out
}

// CreateBox adds a mailbox, once per idempotency key.
func (s *Service) CreateBox(ctx context.Context, b Box) (Box, error) {
	if err := mayManage(ctx); err != nil {
		return b, err
	}
	if err := b.check(s.kindKeys()); err != nil {
		return b, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.now(), []any{"mailbox", b.Address, b.Name, b.Kind}, func() (int64, error) {
			b.ID, b.Version, b.CreatedAt = tx.NextID(), 1, s.now()
			b.UpdatedAt = b.CreatedAt
			if err := s.checkBox(ctx, tx, &b); err != nil {
				return 0, err
			}
			secrets, err := s.sealed("mail_boxes", b.ID, b.Secrets)
			if err != nil {
				return 0, err
			}
			_, err = tx.Exec(ctx, `INSERT INTO mail_boxes (id, name, address, address_folded, protocol, server, security, auth, username, token_url, client_id, scope, secrets,
					folder, after, move_to, kind, service_id, group_id, sender_id, organisation_id, unknown, per_hour, active, uid_validity, uid, holder, beat, problem, created_at, updated_at, version)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, 0, 0, '', 0, '', $25, $26, $27)`,
				b.ID, b.Name, b.Address, people.NormalEmail(b.Address), string(b.Protocol), b.Server, string(b.Security), string(b.Auth), b.User, b.TokenURL, b.ClientID, b.Scope, secrets,
				b.Folder, string(b.After), b.MoveTo, b.Kind, database.ID(b.ServiceID), database.ID(b.GroupID), database.ID(b.SenderID), database.ID(b.OrganisationID), string(b.Unknown),
				b.PerHour, b.Active, database.Time(b.CreatedAt), database.Time(b.UpdatedAt), b.Version)
			if err != nil {
				return 0, sameBox(err)
			}
			return b.ID, s.noteBox(ctx, tx, "create", nil, &b)
		})
		if err == nil && replayed {
			b, err = s.box(ctx, tx, id)
		}
		return err
	})
	return b, err
}

func sameBox(err error) error {
	if apperr.Is(err, apperr.Conflict) {
		return apperr.InvalidField("address", "There is a mailbox with this address already.")
	}
	return err
}

// checkBox checks what only the database knows.
func (s *Service) checkBox(ctx context.Context, tx *database.Tx, b *Box) error {
	var p apperr.Problems
	groups, err := s.People.GroupNames(ctx, tx, []int64{b.GroupID})
	if err != nil {
		return err
	}
	if b.GroupID != 0 && !groups[b.GroupID].Active {
		p.Add("group", "There is no such group.")
	}
	services, err := s.Services.Names(ctx, tx, []int64{b.ServiceID})
	if err != nil {
		return err
	}
	if b.ServiceID != 0 && services[b.ServiceID] == "" {
		p.Add("service", "There is no such service.")
	}
	organisations, err := s.People.OrganisationNames(ctx, tx, []int64{b.OrganisationID})
	if err != nil {
		return err
	}
	if b.OrganisationID != 0 && organisations[b.OrganisationID] == "" {
		p.Add("organisation", "There is no such organisation.")
	}
	if b.SenderID != 0 {
		if _, err := s.sender(ctx, tx, b.SenderID); apperr.Is(err, apperr.NotFound) {
			p.Add("sender", "There is no such sender.")
		} else if err != nil {
			return err
		}
	}
	return p.Err()
}

// ChangeBox applies change to a mailbox; secrets that it leaves empty stay. version
// is the one that was read, 0 does not check. Conflict carries the mailbox as it is
// (*Box), without its secrets. Another server or folder is read from its beginning.
func (s *Service) ChangeBox(ctx context.Context, id, version int64, change func(b *Box)) (Box, error) {
	var b Box
	if err := mayManage(ctx); err != nil {
		return b, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := s.box(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != 0 && version != before.Version {
			before.Secrets = Secrets{}
			return apperr.Stale(&before, "Somebody else changed this mailbox meanwhile.")
		}
		b = before
		b.Secrets = Secrets{}
		change(&b)
		b.keep(before.Secrets)
		if err := b.check(s.kindKeys()); err != nil {
			return err
		}
		if err := s.checkBox(ctx, tx, &b); err != nil {
			return err
		}
		if b.Server != before.Server || b.User != before.User || b.Folder != before.Folder {
			b.Validity, b.UID, b.Marked = 0, 0, 0
		}
		b.UpdatedAt, b.Version = s.now(), before.Version+1
		secrets, err := s.sealed("mail_boxes", b.ID, b.Secrets)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE mail_boxes SET name = $1, address = $2, address_folded = $3, protocol = $4, server = $5, security = $6, auth = $7, username = $8, token_url = $9,
				client_id = $10, scope = $11, secrets = $12, folder = $13, after = $14, move_to = $15, kind = $16, service_id = $17, group_id = $18, sender_id = $19,
				organisation_id = $20, unknown = $21, per_hour = $22, active = $23, uid_validity = $24, uid = $25, marked_uid = $26, problem = '', problem_since = NULL, updated_at = $27, version = $28
			WHERE id = $29 AND version = $30`,
			b.Name, b.Address, people.NormalEmail(b.Address), string(b.Protocol), b.Server, string(b.Security), string(b.Auth), b.User, b.TokenURL,
			b.ClientID, b.Scope, secrets, b.Folder, string(b.After), b.MoveTo, b.Kind, database.ID(b.ServiceID), database.ID(b.GroupID), database.ID(b.SenderID),
			database.ID(b.OrganisationID), string(b.Unknown), b.PerHour, b.Active, b.Validity, b.UID, b.Marked, database.Time(b.UpdatedAt), b.Version, b.ID, before.Version)
		if err != nil {
			return sameBox(err)
		}
		if n == 0 {
			return apperr.New(apperr.Conflict, "Somebody else changed this mailbox at the same moment. Please try again.")
		}
		return s.noteBox(ctx, tx, "update", &before, &b)
	})
	return b, err
}

func (s *Service) noteBox(ctx context.Context, tx *database.Tx, verb string, before, after *Box) error {
	e := audit.Entry{Action: "mailbox." + verb, ObjectType: "mailbox", ObjectID: audit.ID(after.ID), ObjectName: after.Address}
	now := boxDocument(*after)
	if before != nil {
		e.Before = boxDocument(*before)
		now.SecretsChanged = before.Secrets != after.Secrets
	}
	e.After = now
	return s.Audit.Append(ctx, tx, e)
}

// boxFor gives the active mailbox that an address is for; NotFound for none.
func (s *Service) boxFor(ctx context.Context, address string) (Box, error) {
	self, err := s.identity(ctx)
	if err != nil {
		return Box{}, err
	}
	_, plain, _ := self.marks.inAddress(address)
	return database.One(ctx, s.DB.Reader(), s.scanBox, `SELECT `+boxColumns+` FROM mail_boxes b WHERE b.active AND b.address_folded = $1`, people.NormalEmail(plain))
}

// take makes a node the one that reads a mailbox, if nobody has beaten since.
func (s *Service) take(ctx context.Context, b *Box) (bool, error) {
	var n int64
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		n, err = tx.Exec(ctx, `UPDATE mail_boxes SET holder = $1, beat = beat + 1 WHERE id = $2 AND beat = $3 AND holder = $4 AND active`, s.Node, b.ID, b.Beat, b.Holder)
		return err
	})
	return n > 0, err
}

// beat says that this node still reads a mailbox; false when another one does.
func (s *Service) beat(ctx context.Context, id int64) (bool, error) {
	var n int64
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		var err error
		n, err = tx.Exec(ctx, `UPDATE mail_boxes SET beat = beat + 1 WHERE id = $1 AND holder = $2 AND active`, id, s.Node)
		return err
	})
	return n > 0, err
}

// giveBack lets another node read a mailbox at once.
func (s *Service) giveBack(ctx context.Context, id int64) error {
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mail_boxes SET holder = '', beat = beat + 1 WHERE id = $1 AND holder = $2`, id, s.Node)
		return err
	})
}

// keepMarked keeps how far mails are marked at their server.
func (s *Service) keepMarked(ctx context.Context, id int64, at imap.Position) error {
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE mail_boxes SET marked_uid = $1 WHERE id = $2 AND uid_validity = $3 AND marked_uid < $1 AND uid >= $1`, at.Marked, id, at.UIDValidity)
		return err
	})
}

// noteReached keeps whether a mailbox can be reached, and tells who sets up mail of
// one that cannot for a while, or that lets us in no more.
func (s *Service) noteReached(ctx context.Context, b Box, problem error) error {
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		if problem == nil {
			_, err := tx.Exec(ctx, `UPDATE mail_boxes SET problem = '', problem_since = NULL, reached_at = $1 WHERE id = $2`, database.Time(s.now()), b.ID)
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE mail_boxes SET problem = $1, problem_since = COALESCE(problem_since, $2) WHERE id = $3`, cutTo(problem.Error(), maxSetting), database.Time(s.now()), b.ID)
		if err != nil {
			return err
		}
		now, err := s.box(ctx, tx, b.ID)
		if err != nil {
			return err
		}
		return s.alarmOfBox(ctx, tx, now, errors.Is(problem, imap.ErrSignIn))
	})
}

// GuardBoxes says of mailboxes which the actor may see. It is a notify.Guard.
func (s *Service) GuardBoxes(ctx context.Context, ids []int64) ([]int64, error) {
	return s.guarded(ctx, `SELECT b.id FROM mail_boxes b WHERE b.id IN `, ids)
}

// GuardSenders says of senders which the actor may see. It is a notify.Guard.
func (s *Service) GuardSenders(ctx context.Context, ids []int64) ([]int64, error) {
	return s.guarded(ctx, `SELECT s.id FROM mail_senders s WHERE s.id IN `, ids)
}

func (s *Service) guarded(ctx context.Context, query string, ids []int64) ([]int64, error) {
	if mayManage(ctx) != nil || len(ids) == 0 {
		return nil, nil
	}
	var args database.Args
	return database.All(ctx, s.DB.Reader(), database.Scalar[int64], query+database.In(&args, ids), args.Values()...)
}
