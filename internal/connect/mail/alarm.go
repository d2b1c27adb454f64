package mail

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// What notices of this room are about.
const (
	BoxSubject    = "mailbox"
	SenderSubject = "mail_sender"
)

// Notices tells people what concerns them.
type Notices interface {
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// Roles knows who may do what.
type Roles interface {
	PersonsWith(ctx context.Context, q database.Querier, verb access.Verb, limit int) ([]int64, error)
}

// alarmAfter is how long a mailbox may be out of reach before somebody is told: a
// server that is started anew is no news.
const alarmAfter = 10 * time.Minute

// alarmOfBox tells once of each time that a mailbox is not reached.
func (s *Service) alarmOfBox(ctx context.Context, tx *database.Tx, b Box, refused bool) error {
	long := s.now().Sub(b.ProblemSince) >= alarmAfter
	if !refused && !long {
		return nil
	}
	about := notify.Subject{Type: BoxSubject, ID: b.ID, Title: b.Address, URL: boxesURL + "/" + id(b.ID)}
	return s.alarm(ctx, tx, about, fmt.Sprint("mailbox:", b.ID, ":", b.ProblemSince.UnixMicro()), func(ctx context.Context) string {
		if refused {
			return text.T(ctx, "Its server does not let us in any more. No mail comes in until somebody signs in anew: %s", b.Problem)
		}
		return text.T(ctx, "It has not been reached since %s: %s", text.DateTime(ctx, b.ProblemSince), b.Problem)
	})
}

// alarmOfSender tells once a day that the server of a sender does not let us in;
// until somebody mends that, its letters wait.
func (s *Service) alarmOfSender(ctx context.Context, senderID int64, failed *message.SendError) error {
	if failed.Stage != "auth" || failed.Code < 500 && !apperr.Is(failed.Err, apperr.Unauthenticated) {
		return nil
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		from, err := s.sender(ctx, tx, senderID)
		if err != nil {
			return err
		}
		about := notify.Subject{Type: SenderSubject, ID: from.ID, Title: from.Address, URL: sendersURL + "/" + id(from.ID)}
		return s.alarm(ctx, tx, about, fmt.Sprint("mail_sender:", from.ID, ":", s.now().Format(time.DateOnly)), func(ctx context.Context) string {
			return text.T(ctx, "Its server does not let us in any more. Letters wait until somebody signs in anew: %s", sayOf(failed))
		})
	})
}

// alarm tells everybody who sets up mail, each in their language and once by key.
func (s *Service) alarm(ctx context.Context, tx *database.Tx, about notify.Subject, key string, words func(ctx context.Context) string) error {
	const most = 200
	persons, err := s.Roles.PersonsWith(ctx, tx, ManageMail, most)
	if err != nil {
		return err
	}
	notices := make([]notify.Notice, 0, len(persons))
	for _, p := range persons {
		notices = append(notices, notify.Notice{
			To: p, Kind: notify.Alarm, Reason: notify.AsRole, Subject: about, At: s.now(), Detail: words(s.Reading(ctx, p, "")), Key: key,
		})
	}
	return s.Notices.Send(ctx, tx, notices...)
}

// tokenKeeper is where an account's refresh token lies. Nodes share it: each asks
// for the newest before it uses one, because many issuers take back all tokens when
// an old one comes again.
type tokenKeeper struct {
	newest func(ctx context.Context) (string, error)
	keep   func(ctx context.Context, token string) error
}

func (s *Service) tokenOf(table string, id int64) tokenKeeper {
	return tokenKeeper{
		newest: func(ctx context.Context) (string, error) { return s.refreshToken(ctx, table, id) },
		keep:   func(ctx context.Context, token string) error { return s.keepToken(ctx, table, id, token) },
	}
}
