package mail

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/seal"
)

// ensureIdentity gives what is stored, after storing the offer if there is nothing.
func (s *Service) ensureIdentity(ctx context.Context, instance, key string) (storedInstance, storedKey string, err error) {
	type pair struct{ instance, key string }
	read := func(q database.Querier) (pair, error) {
		return database.One(ctx, q, func(r database.Row) (pair, error) {
			var p pair
			err := r.Scan(&p.instance, &p.key)
			return p, err
		}, `SELECT instance, mark_key FROM mail_identity WHERE id = 1`)
	}
	found, err := read(s.DB.Reader())
	if apperr.Is(err, apperr.NotFound) {
		err = s.DB.Write(ctx, func(tx *database.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO mail_identity (id, instance, mark_key, created_at) VALUES (1, $1, $2, $3) ON CONFLICT (id) DO NOTHING`,
				instance, key, database.Time(s.now()))
			if err == nil {
				found, err = read(tx)
			}
			return err
		})
	}
	return found.instance, found.key, err
}

const senderColumns = `s.id, s.name, s.address, s.group_id, s.by_default, s.language, s.signature, s.server, s.security, s.auth, s.username, s.token_url,
	s.client_id, s.scope, s.secrets, s.dkim_domain, s.dkim_selector, s.dkim_key, s.plus, s.number_in, s.active, s.created_at, s.updated_at, s.version`

// scanSender reads a row. Secrets that another key sealed are left out: the server
// then refuses us, and the sender's page asks for them.
func (s *Service) scanSender(r database.Row) (Sender, error) {
	var v Sender
	var secrets, key string
	err := r.Scan(&v.ID, &v.Name, &v.Address, (*database.ID)(&v.GroupID), &v.Default, &v.Language, &v.Signature, &v.Server, &v.Security, &v.Auth, &v.User, &v.TokenURL,
		&v.ClientID, &v.Scope, &secrets, &v.DKIMDomain, &v.DKIMSelector, &key, &v.Plus, &v.NumberIn, &v.Active,
		(*database.Time)(&v.CreatedAt), (*database.Time)(&v.UpdatedAt), &v.Version)
	if err != nil {
		return v, err
	}
	if v.Secrets, err = s.unseal("mail_senders", v.ID, secrets); err != nil {
		return v, err
	}
	v.DKIMKey, err = s.Seal.Open(purpose("mail_senders.dkim_key", v.ID), key)
	if errors.Is(err, seal.ErrKey) {
		err = nil
	}
	return v, err
}

func purpose(what string, id int64) string { return what + ":" + strconv.FormatInt(id, 10) }

func (s *Service) sealed(table string, id int64, secrets Secrets) (string, error) {
	if secrets == (Secrets{}) {
		return "", nil
	}
	raw, err := json.Marshal(secrets)
	if err != nil {
		return "", err
	}
	return s.Seal.Seal(purpose(table, id), string(raw))
}

func (s *Service) unseal(table string, id int64, sealed string) (Secrets, error) {
	var out Secrets
	raw, err := s.Seal.Open(purpose(table, id), sealed)
	if errors.Is(err, seal.ErrKey) || raw == "" && err == nil {
		return out, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(raw), &out)
	}
	return out, err
}

// secretsQuery reads the secrets of a row of a table.
func secretsQuery(table string) string {
	if table == "mail_boxes" {
		return `SELECT secrets FROM mail_boxes WHERE id = $1`
	}
	return `SELECT secrets FROM mail_senders WHERE id = $1`
}

// refreshToken gives the newest refresh token of an account.
func (s *Service) refreshToken(ctx context.Context, table string, id int64) (string, error) {
	sealed, err := database.One(ctx, s.DB.Reader(), database.Scalar[string], secretsQuery(table), id)
	if err != nil {
		return "", err
	}
	secrets, err := s.unseal(table, id, sealed)
	return secrets.RefreshToken, err
}

// keepToken stores a refresh token that took the place of the one before. It is no
// change of the settings: the version stays.
func (s *Service) keepToken(ctx context.Context, table string, id int64, token string) error {
	read, write := secretsQuery(table), `UPDATE mail_senders SET secrets = $1 WHERE id = $2`
	if table == "mail_boxes" {
		write = `UPDATE mail_boxes SET secrets = $1 WHERE id = $2`
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		sealed, err := database.One(ctx, tx, database.Scalar[string], read, id)
		if err != nil {
			return err
		}
		secrets, err := s.unseal(table, id, sealed)
		if err != nil {
			return err
		}
		secrets.RefreshToken = token
		if sealed, err = s.sealed(table, id, secrets); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, write, sealed, id)
		return err
	})
}

// Senders lists all senders, by name. At most 500.
func (s *Service) Senders(ctx context.Context) ([]Sender, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	return s.senders(ctx, s.DB.Reader())
}

func (s *Service) senders(ctx context.Context, q database.Querier) ([]Sender, error) {
	return database.All(ctx, q, s.scanSender, `SELECT `+senderColumns+` FROM mail_senders s ORDER BY s.address_folded LIMIT 500`)
}

// Sender gives one.
func (s *Service) Sender(ctx context.Context, id int64) (Sender, error) {
	if err := mayManage(ctx); err != nil {
		return Sender{}, err
	}
	return s.sender(ctx, s.DB.Reader(), id)
}

func (s *Service) sender(ctx context.Context, q database.Querier, id int64) (Sender, error) {
	v, err := database.One(ctx, q, s.scanSender, `SELECT `+senderColumns+` FROM mail_senders s WHERE s.id = $1`, id)
	if apperr.Is(err, apperr.NotFound) {
		return v, apperr.New(apperr.NotFound, "There is no such sender.")
	}
	return v, err
}

// pickSender gives the id of the active sender for a letter: the one that is wished
// for, that of the group, the conversation's, or the default; 0 when there is none.
func pickSender(ctx context.Context, q database.Querier, wished, group, conversation int64) (int64, error) {
	ids, err := database.All(ctx, q, database.Scalar[int64], `SELECT s.id FROM mail_senders s
		WHERE s.active AND (s.id = $1 OR s.group_id = $2 OR s.id = $3 OR s.by_default)
		ORDER BY CASE WHEN s.id = $1 THEN 0 WHEN s.group_id = $2 THEN 1 WHEN s.id = $3 THEN 2 ELSE 3 END, s.id LIMIT 1`,
		wished, group, conversation)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ids[0], nil
}

// CreateSender adds one, once per idempotency key. The first one is the default.
func (s *Service) CreateSender(ctx context.Context, v Sender) (Sender, error) {
	if err := mayManage(ctx); err != nil {
		return v, err
	}
	if err := v.check(); err != nil {
		return v, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		id, replayed, err := once.Do(ctx, tx, s.now(), []any{"mail sender", v.Address, v.Name, v.GroupID}, func() (int64, error) {
			return s.insertSender(ctx, tx, &v)
		})
		if err == nil && replayed {
			v, err = s.sender(ctx, tx, id)
		}
		return err
	})
	return v, err
}

func (s *Service) insertSender(ctx context.Context, tx *database.Tx, v *Sender) (int64, error) {
	v.ID, v.Version, v.CreatedAt = tx.NextID(), 1, s.now()
	v.UpdatedAt = v.CreatedAt
	n, err := database.One(ctx, tx, database.Scalar[int], `SELECT count(*) FROM mail_senders s WHERE s.by_default`)
	if err != nil {
		return 0, err
	}
	v.Default = v.Default || n == 0
	if err := s.prepareSender(ctx, tx, v); err != nil {
		return 0, err
	}
	secrets, key, err := s.sealedSender(v)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO mail_senders (id, name, address, address_folded, group_id, by_default, language, signature, server, security, auth, username,
			token_url, client_id, scope, secrets, dkim_domain, dkim_selector, dkim_key, plus, number_in, active, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`,
		v.ID, v.Name, v.Address, people.NormalEmail(v.Address), database.ID(v.GroupID), v.Default, v.Language, v.Signature, v.Server, string(v.Security), string(v.Auth), v.User,
		v.TokenURL, v.ClientID, v.Scope, secrets, v.DKIMDomain, v.DKIMSelector, key, v.Plus, string(v.NumberIn), v.Active,
		database.Time(v.CreatedAt), database.Time(v.UpdatedAt), v.Version)
	if err != nil {
		return 0, sameAddress(err)
	}
	return v.ID, s.noteSender(ctx, tx, "create", nil, v)
}

func sameAddress(err error) error {
	if apperr.Is(err, apperr.Conflict) {
		return apperr.InvalidField("address", "There is a sender with this address already.")
	}
	return err
}

// prepareSender checks what only the database knows, and keeps one default.
func (s *Service) prepareSender(ctx context.Context, tx *database.Tx, v *Sender) error {
	if v.GroupID != 0 {
		found, err := s.People.GroupNames(ctx, tx, []int64{v.GroupID})
		if err != nil {
			return err
		}
		if !found[v.GroupID].Active {
			return apperr.InvalidField("group", "There is no such group.")
		}
		others, err := database.All(ctx, tx, database.Scalar[string], `SELECT s.address FROM mail_senders s WHERE s.group_id = $1 AND s.id <> $2 LIMIT 1`, v.GroupID, v.ID)
		if err != nil {
			return err
		}
		if len(others) > 0 {
			return apperr.InvalidField("group", "This group has a sender already: %s.", others[0])
		}
	}
	if v.Default {
		_, err := tx.Exec(ctx, `UPDATE mail_senders SET by_default = FALSE WHERE by_default AND id <> $1`, v.ID)
		return err
	}
	return nil
}

func (s *Service) sealedSender(v *Sender) (secrets, key string, err error) {
	if secrets, err = s.sealed("mail_senders", v.ID, v.Secrets); err != nil {
		return "", "", err
	}
	key, err = s.Seal.Seal(purpose("mail_senders.dkim_key", v.ID), v.DKIMKey)
	return secrets, key, err
}

// ChangeSender applies change to a sender; secrets that it leaves empty stay.
// version is the one that was read, 0 does not check. Conflict carries the sender
// as it is (*Sender), without its secrets.
func (s *Service) ChangeSender(ctx context.Context, id, version int64, change func(v *Sender)) (Sender, error) {
	var v Sender
	if err := mayManage(ctx); err != nil {
		return v, err
	}
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := s.sender(ctx, tx, id)
		if err != nil {
			return err
		}
		if version != 0 && version != before.Version {
			before.Secrets, before.DKIMKey = Secrets{}, ""
			return apperr.Stale(&before, "Somebody else changed this sender meanwhile.")
		}
		v = before
		v.Secrets, v.DKIMKey = Secrets{}, ""
		change(&v)
		v.keep(before.Secrets)
		if v.DKIMKey == "" && v.DKIMDomain != "" {
			v.DKIMKey = before.DKIMKey
		}
		if err := v.check(); err != nil {
			return err
		}
		if before.Default && !v.Default {
			return apperr.InvalidField("default", "Make another sender the default instead.")
		}
		v.UpdatedAt, v.Version = s.now(), before.Version+1
		if err := s.prepareSender(ctx, tx, &v); err != nil {
			return err
		}
		return s.updateSender(ctx, tx, &before, &v)
	})
	return v, err
}

func (s *Service) updateSender(ctx context.Context, tx *database.Tx, before, v *Sender) error {
	secrets, key, err := s.sealedSender(v)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE mail_senders SET name = $1, address = $2, address_folded = $3, group_id = $4, by_default = $5, language = $6, signature = $7, server = $8,
			security = $9, auth = $10, username = $11, token_url = $12, client_id = $13, scope = $14, secrets = $15, dkim_domain = $16, dkim_selector = $17,
			dkim_key = $18, plus = $19, number_in = $20, active = $21, updated_at = $22, version = $23 WHERE id = $24 AND version = $25`,
		v.Name, v.Address, people.NormalEmail(v.Address), database.ID(v.GroupID), v.Default, v.Language, v.Signature, v.Server,
		string(v.Security), string(v.Auth), v.User, v.TokenURL, v.ClientID, v.Scope, secrets, v.DKIMDomain, v.DKIMSelector,
		key, v.Plus, string(v.NumberIn), v.Active, database.Time(v.UpdatedAt), v.Version, v.ID, before.Version)
	if err != nil {
		return sameAddress(err)
	}
	if n == 0 {
		return apperr.New(apperr.Conflict, "Somebody else changed this sender at the same moment. Please try again.")
	}
	return s.noteSender(ctx, tx, "update", before, v)
}

// noteSender writes into the audit log, which never holds a secret: only whether
// there is one, and whether it was changed.
func (s *Service) noteSender(ctx context.Context, tx *database.Tx, verb string, before, after *Sender) error {
	e := audit.Entry{Action: "mail_sender." + verb, ObjectType: "mail_sender", ObjectID: audit.ID(after.ID), ObjectName: after.Address}
	now := senderDocument(*after)
	if before != nil {
		e.Before = senderDocument(*before)
		now.SecretsChanged = before.Secrets != after.Secrets || before.DKIMKey != after.DKIMKey
	}
	e.After = now
	return s.Audit.Append(ctx, tx, e)
}

// secretsOf says which secrets there are, for those who set them up.
func secretsOf(a Account) (password, client, refresh bool) {
	return a.Secrets.Password != "", a.Secrets.ClientSecret != "", a.Secrets.RefreshToken != ""
}

// HasSender reports whether letters can be sent at all.
func (s *Service) HasSender(ctx context.Context, q database.Querier) (bool, error) {
	n, err := pickSender(ctx, q, 0, 0, 0)
	return n != 0, err
}

// actorID is the person at work, 0 for the program.
func actorID(ctx context.Context) int64 {
	if a := access.From(ctx); a.IsPerson() {
		return a.ID
	}
	return 0
}
