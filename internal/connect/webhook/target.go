package webhook

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// target is where a personal channel reaches somebody.
type target struct {
	person, channel int64
	whole, shown    string
	code            string
	codeUntil       time.Time
	tries           int // wrong codes
	codes           int // that were sent
	codesSince      time.Time
	verifiedAt      time.Time
}

// The bounds of proving that a channel reaches somebody.
const (
	codeLasts  = 15 * time.Minute
	maxWrong   = 5 // codes typed
	maxCodes   = 3 // sent within
	codesAfter = time.Hour
)

// Mine is a personal channel as its reader sees it.
type Mine struct {
	channel.Way
	Description string
	Reach       Reach
	Hosts       []string
	Shown       string // where it reaches the reader, as it may be shown; "" for nowhere
	Asked       bool   // a code is on its way
	Blocked     bool   // the code was wrong too often
}

// MyWays lists the personal channels that are switched on, and where they reach the actor.
func (s *Service) MyWays(ctx context.Context) ([]Mine, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil, apperr.New(apperr.Forbidden, "Only persons have channels of their own.")
	}
	found, err := s.ways(ctx, s.DB.Reader(), actor.ID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	out := make([]Mine, 0, len(found))
	for _, w := range found {
		out = append(out, Mine{
			Way:         channel.Way{ID: w.c.ID, Name: w.c.Name, Phone: w.c.Kind == SMS, Active: !w.t.verifiedAt.IsZero()},
			Description: w.c.Description, Reach: w.c.Reach, Hosts: w.c.Hosts, Shown: w.t.shown,
			Asked: w.t.verifiedAt.IsZero() && w.t.codeUntil.After(now), Blocked: w.t.tries >= maxWrong,
		})
	}
	return out, nil
}

// Offered lists the channels by which the actor can be told, those first set up included.
func (s *Service) Offered(ctx context.Context) ([]channel.Way, error) {
	mine, err := s.MyWays(ctx)
	out := make([]channel.Way, 0, len(mine))
	for _, m := range mine {
		out = append(out, m.Way)
	}
	return out, err
}

// SetTarget says where a channel reaches the actor, and sends a code there. Nothing else is
// sent before the code is confirmed. Invalid for what cannot be a target; TooMany when
// codes were asked for too often.
func (s *Service) SetTarget(ctx context.Context, id int64, typed string) error {
	actor := access.From(ctx)
	c, err := s.personal(ctx, id)
	if err != nil {
		return err
	}
	whole, shown, err := c.target(typed)
	if err != nil {
		return err
	}
	code, err := newCode()
	if err != nil {
		return err
	}
	now := s.now()
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		t, err := s.target(ctx, tx, id, actor.ID)
		if err != nil && !apperr.Is(err, apperr.NotFound) {
			return err
		}
		if now.Sub(t.codesSince) >= codesAfter {
			t.codes, t.codesSince = 0, now
		}
		if t.codes >= maxCodes {
			return apperr.New(apperr.TooMany, "You asked for %d codes within an hour. Please try again later.", maxCodes)
		}
		if !t.verifiedAt.IsZero() { // what was proved is true of the old target only
			if err := s.Notices.LeaveChannel(ctx, tx, id, actor.ID); err != nil {
				return err
			}
		}
		t.person, t.channel, t.whole, t.shown, t.code, t.codeUntil, t.tries, t.verifiedAt = actor.ID, id, whole, shown, code, now.Add(codeLasts), 0, time.Time{}
		t.codes++
		if err := s.storeTarget(ctx, tx, &t); err != nil {
			return err
		}
		_, err = s.insert(ctx, tx, &Stored{ChannelID: id, PersonID: actor.ID, Kind: channel.Code, State: StateWaiting, Content: content{Lines: []channel.Line{}}}, "")
		return err
	})
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%06d", n), nil
}

// ConfirmTarget proves by the code that a channel reaches the actor. Invalid for a wrong or old
// code; after five wrong ones another must be asked for.
func (s *Service) ConfirmTarget(ctx context.Context, id int64, typed string) error {
	actor := access.From(ctx)
	if _, err := s.personal(ctx, id); err != nil {
		return err
	}
	var wrong error
	err := s.DB.Write(ctx, func(tx *database.Tx) error {
		wrong = nil
		t, err := s.target(ctx, tx, id, actor.ID)
		if apperr.Is(err, apperr.NotFound) {
			return apperr.InvalidField("code", "Ask for a code first.")
		}
		if err != nil {
			return err
		}
		now := s.now()
		switch {
		case !t.verifiedAt.IsZero():
			return nil
		case t.code == "" || !t.codeUntil.After(now) || t.tries >= maxWrong:
			wrong = apperr.InvalidField("code", "This code is not good any more. Ask for another one.")
			return nil
		}
		if subtle.ConstantTimeCompare([]byte(strings.Join(strings.Fields(typed), "")), []byte(t.code)) != 1 {
			t.tries++
			wrong = apperr.InvalidField("code", "This is not the code that was sent.")
		} else {
			t.verifiedAt, t.code, t.codeUntil, t.tries, t.codes = now, "", time.Time{}, 0, 0
		}
		return s.storeTarget(ctx, tx, &t)
	})
	if err != nil {
		return err
	}
	return wrong
}

// LeaveTarget ends that a channel reaches the actor, and what was to go by it.
func (s *Service) LeaveTarget(ctx context.Context, id int64) error {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return apperr.New(apperr.Forbidden, "Only persons have channels of their own.")
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		t, err := s.target(ctx, tx, id, actor.ID)
		if apperr.Is(err, apperr.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		// The row stays, with nothing in it: how many codes were asked for does not begin anew.
		t.whole, t.shown, t.code, t.codeUntil, t.verifiedAt = "", "", "", time.Time{}, time.Time{}
		if err := s.storeTarget(ctx, tx, &t); err != nil {
			return err
		}
		if err := s.dropOf(ctx, tx, id, actor.ID); err != nil {
			return err
		}
		return s.Notices.LeaveChannel(ctx, tx, id, actor.ID)
	})
}

// personal gives a personal channel that is switched on, for whoever it may reach.
func (s *Service) personal(ctx context.Context, id int64) (Channel, error) {
	if !access.From(ctx).IsPerson() {
		return Channel{}, apperr.New(apperr.Forbidden, "Only persons have channels of their own.")
	}
	c, err := s.live(ctx, s.DB.Reader(), id)
	if err == nil && (!c.Personal || !c.Active) {
		return c, apperr.New(apperr.NotFound, "There is no such channel.")
	}
	return c, err
}
