package results

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	// caughtUp is how many months that were missed are published afterwards.
	caughtUp = 12
	// afterEnd is how many months after an agreement ended are published: tickets under
	// way keep their promises.
	afterEnd = 3
	// oneGo bounds how many months one look publishes; the next goes on.
	oneGo = 50
	// checkEvery is how often a published month is counted again.
	checkEvery = 6 * time.Hour
)

// due is a month of a customer that is to be published by itself.
type due struct {
	setting      *Setting
	of           subject
	organisation int64
	month        Month
}

// PublishDue publishes the months that are to be published by themselves, those that
// were missed while the product did not run included. It is a periodic job; a month is
// published once, on however many nodes it runs, and what was withdrawn is not
// published again.
func (s *Service) PublishDue(ctx context.Context) error {
	all, err := s.due(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	ok, err := s.d.Promises.Settle(ctx)
	if err != nil || !ok {
		return err // the next look comes soon
	}
	var failed []error // one that fails must not hold up the others
	for _, d := range all[:min(len(all), oneGo)] {
		draft, err := s.draft(ctx, &d.of, d.setting, d.organisation, d.month)
		if err == nil {
			_, err = s.publish(ctx, &d.of, d.setting, &draft)
		}
		if err != nil && !apperr.Is(err, apperr.Conflict) {
			failed = append(failed, fmt.Errorf("results of agreement %d for %s: %w", d.of.ID, d.month, err))
		}
	}
	return errors.Join(failed...)
}

// due lists what is to be published now, the oldest month of each first.
func (s *Service) due(ctx context.Context) ([]due, error) {
	q := s.d.DB.Reader()
	settings, err := readAutomatic(ctx, q)
	if err != nil || len(settings) == 0 {
		return nil, err
	}
	now := s.now()
	oldest := MonthOf(now, time.UTC).Add(-caughtUp)
	published, err := readDone(ctx, q, oldest)
	if err != nil {
		return nil, err
	}
	subjects, err := s.subjects(ctx)
	if err != nil {
		return nil, err
	}
	zones, err := s.zones(ctx, subjects)
	if err != nil {
		return nil, err
	}
	var out []due
	for i := range settings {
		setting := &settings[i]
		of, ok := subjects[setting.Agreement]
		if !ok {
			continue
		}
		zone := zones[of.ID]
		for month := max(oldest, setting.Since, MonthOf(of.Versions[0].From, zone)); ; month = month.Add(1) {
			_, end := month.Bounds(zone)
			if end.In(zone).AddDate(0, 0, setting.Days).After(now) || !of.Ends.IsZero() && month > MonthOf(of.Ends, zone).Add(afterEnd) {
				break
			}
			for _, organisation := range setting.Organisations {
				if !published[done{of.ID, organisation, month}] {
					out = append(out, due{setting, of, organisation, month})
				}
			}
		}
	}
	return out, nil
}

// CheckAgain counts published months of the last year again, each every few hours,
// and keeps what they come to now where that is something else. It is a periodic job.
func (s *Service) CheckAgain(ctx context.Context) error {
	now := s.now()
	found, err := readUnchecked(ctx, s.d.DB.Reader(), MonthOf(now, time.UTC).Add(-shownMonths), now.Add(-checkEvery), oneGo)
	if err != nil || len(found) == 0 {
		return err
	}
	ok, err := s.d.Promises.Settle(ctx)
	if err != nil || !ok {
		return err
	}
	subjects, err := s.subjects(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for i := range found {
		of, ok := subjects[found[i].Agreement]
		if !ok {
			continue
		}
		if err := s.check(ctx, &of, &found[i]); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (s *Service) check(ctx context.Context, of *subject, p *Publication) error {
	f, changes, err := s.recount(ctx, of, p)
	if err != nil {
		return err
	}
	var recount *Recount
	if len(changes) > 0 {
		recount = &Recount{Figures: f, Reasons: reasonsOf(changes)}
	}
	return s.d.DB.Write(ctx, func(tx *database.Tx) error { return writeChecked(ctx, tx, p.ID, s.now(), recount) })
}

// told is somebody who hears of a publication, and the context of their language.
type told struct {
	person int64
	reason notify.Reason
	ctx    context.Context
}

// subscribers gives who is to be told of results of an organisation: those at it, or
// below it, who may read them. It is asked before the transaction, which must not wait
// for another connection.
func (s *Service) subscribers(ctx context.Context, setting *Setting, organisation int64) ([]told, error) {
	q := s.d.DB.Reader()
	contacts, err := readTold(ctx, q, setting.Agreement)
	if err != nil || len(contacts) == 0 {
		return nil, err
	}
	var organisations []int64
	for _, c := range contacts {
		organisations = append(organisations, c.organisation)
	}
	above, err := s.d.People.Above(ctx, q, database.Distinct(organisations))
	if err != nil {
		return nil, err
	}
	var out []told
	for _, c := range contacts {
		if !slices.Contains(above[c.organisation], organisation) || setting.ContactsOnly && !c.named || len(out) == notify.MaxRecipients {
			continue
		}
		p, err := s.d.Actors.Person(ctx, c.person)
		if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) || err == nil && !p.Actor.Can(Read, access.AnyKind) {
			continue
		}
		if err != nil {
			return nil, err
		}
		reason := notify.AsSubscriber
		if c.named {
			reason = notify.AsListed
		}
		out = append(out, told{c.person, reason, s.d.Reading(ctx, p)})
	}
	return out, nil
}

// tell writes the notices of a publication.
func (s *Service) tell(ctx context.Context, tx *database.Tx, p *Publication, to []told) error {
	notices := make([]notify.Notice, 0, len(to))
	for _, t := range to {
		notices = append(notices, notify.Notice{
			To: t.person, Kind: notify.Published, Reason: t.reason, At: p.PublishedAt,
			Subject: notify.Subject{Type: Subject, ID: p.ID, Title: text.T(t.ctx, "%s: service levels of %s", p.Figures.Agreement, monthWords(t.ctx, p.Month)), URL: publicURL(p.ID)},
			Key:     "results:" + strconv.FormatInt(p.ID, 10),
		})
	}
	return s.d.Notices.Send(ctx, tx, notices...)
}

func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", ""))
}
