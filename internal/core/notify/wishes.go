package notify

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// mutePierced are the kinds that a muted ticket still tells: they mean this
// person and nobody else.
var mutePierced = []Kind{Mentioned, Assigned, Reviewed}

// wishes are what some recipients chose.
type wishes struct {
	kinds    map[wish]bool
	mutes    map[mute]bool
	mails    map[wish]Mail
	plans    map[int64]mailing // of those with a mail or a channel
	channels map[wish][]way
}

type wish struct {
	person int64
	kind   Kind
}

type mute struct{ person, ticket int64 }

func (w wishes) want(n Notice) bool {
	if n.Subject.Type == TicketSubject && w.mutes[mute{n.To, n.Subject.ID}] && !slices.Contains(mutePierced, n.Kind) {
		return false
	}
	if wanted, chose := w.kinds[wish{n.To, n.Kind}]; chose {
		return wanted
	}
	info, _ := infoOf(n.Kind)
	return info.Wanted
}

// wishesOf reads what the recipients of some notices chose, in one query.
func wishesOf(ctx context.Context, q database.Querier, notices []Notice) (wishes, error) {
	w := wishes{kinds: map[wish]bool{}, mutes: map[mute]bool{}, mails: map[wish]Mail{}, plans: map[int64]mailing{}, channels: map[wish][]way{}}
	var persons, tickets []int64
	for _, n := range notices {
		persons = append(persons, n.To)
		if n.Subject.Type == TicketSubject {
			tickets = append(tickets, n.Subject.ID)
		}
	}
	persons, tickets = unique(persons), unique(tickets)
	var args database.Args
	query := `SELECT c.person_id, c.kind, c.wanted, 0 AS ticket, c.mail, COALESCE(l.rhythm, '') AS rhythm, COALESCE(l.minute, 0) AS minute, COALESCE(l.weekday, 0) AS weekday,
			COALESCE(l.quiet_from, 0) AS quiet_from, COALESCE(l.quiet_to, 0) AS quiet_to, COALESCE(l.urgent, TRUE) AS urgent, COALESCE(p.zone, '') AS zone, 0 AS channel
		FROM notice_choices c LEFT JOIN notice_plans l ON l.person_id = c.person_id LEFT JOIN persons p ON p.id = c.person_id WHERE c.person_id IN ` + database.In(&args, persons) + `
		UNION ALL SELECT c.person_id, c.kind, FALSE, 0, c.how, COALESCE(l.rhythm, ''), COALESCE(l.minute, 0), COALESCE(l.weekday, 0), COALESCE(l.quiet_from, 0), COALESCE(l.quiet_to, 0),
			COALESCE(l.urgent, TRUE), COALESCE(p.zone, ''), c.channel_id
		FROM notice_channels c LEFT JOIN notice_plans l ON l.person_id = c.person_id LEFT JOIN persons p ON p.id = c.person_id WHERE c.person_id IN ` + database.In(&args, persons)
	if len(tickets) > 0 {
		query += ` UNION ALL SELECT person_id, '', FALSE, ticket_id, '', '', 0, 0, 0, 0, TRUE, '', 0 FROM ticket_mutes WHERE person_id IN ` + database.In(&args, persons) +
			` AND ticket_id IN ` + database.In(&args, tickets)
	}
	err := database.Each(ctx, q, func(r database.Row) error {
		var person, ticketID, channel int64
		var kind Kind
		var wanted bool
		var mail Mail
		var plan Plan
		var zone string
		if err := r.Scan(&person, &kind, &wanted, &ticketID, &mail, &plan.Rhythm, &plan.Minute, &plan.Weekday, &plan.QuietFrom, &plan.QuietTo, &plan.Urgent, &zone, &channel); err != nil {
			return err
		}
		switch {
		case channel != 0:
			if mail != MailNever {
				w.channels[wish{person, kind}], w.plans[person] = append(w.channels[wish{person, kind}], way{channel, mail}), mailingOf(plan, zone)
			}
			return nil
		case ticketID != 0:
			w.mutes[mute{person, ticketID}] = true
		default:
			w.kinds[wish{person, kind}] = wanted
		}
		if mail != MailNever {
			w.mails[wish{person, kind}], w.plans[person] = mail, mailingOf(plan, zone)
		}
		return nil
	}, query, args.Values()...)
	return w, err
}

// mailingOf is a plan as it is stored; without one it is the usual one.
func mailingOf(p Plan, zone string) mailing {
	if p.Rhythm == "" {
		p = usualPlan
	}
	at, err := time.LoadLocation(zone)
	if err != nil {
		at = time.UTC
	}
	return mailing{p, at}
}

func unique(ids []int64) []int64 {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Choice is one kind and whether the actor wants it.
type Choice struct {
	Info
	On       bool
	Mail     Mail
	Channels map[int64]Mail // by which channels it comes as well
}

// Choices lists the kinds that can concern the actor, with what they chose.
func (s *Service) Choices(ctx context.Context) ([]Choice, error) {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return nil, err
	}
	w, err := wishesOf(ctx, s.db.Reader(), []Notice{{To: actor.ID}})
	if err != nil {
		return nil, err
	}
	var out []Choice
	for _, info := range kinds {
		if info.For > AudienceOf(actor) {
			continue
		}
		c := Choice{Info: info, On: w.want(Notice{To: actor.ID, Kind: info.Kind}), Mail: w.mails[wish{actor.ID, info.Kind}], Channels: map[int64]Mail{}}
		for _, by := range w.channels[wish{actor.ID, info.Kind}] {
			c.Channels[by.channel] = by.how
		}
		out = append(out, c)
	}
	return out, nil
}

// Choose sets which kinds the actor wants; kinds not named stay as they are.
// Invalid for an unknown kind.
func (s *Service) Choose(ctx context.Context, wanted map[Kind]bool) error {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return err
	}
	var args database.Args
	var rows []string
	for _, info := range kinds {
		if on, chose := wanted[info.Kind]; chose {
			rows = append(rows, "("+args.Arg(actor.ID)+", "+args.Arg(string(info.Kind))+", "+args.Arg(on)+")")
		}
	}
	if len(rows) != len(wanted) {
		return apperr.InvalidField("kinds", "There is no such kind of notification.")
	}
	if len(rows) == 0 {
		return nil
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO notice_choices (person_id, kind, wanted) VALUES `+strings.Join(rows, ", ")+
			` ON CONFLICT (person_id, kind) DO UPDATE SET wanted = excluded.wanted`, args.Values()...)
		return err
	})
}

func mustBePerson(a access.Actor) error {
	if !a.IsPerson() {
		return apperr.New(apperr.Forbidden, "Only persons have notifications.")
	}
	return nil
}

// Mute stops (or starts again) the notices of a ticket for the actor, but for
// mentions and assignments. The caller made sure that the actor may see it.
func (s *Service) Mute(ctx context.Context, ticketID int64, muted bool) error {
	actor := access.From(ctx)
	if err := mustBePerson(actor); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *database.Tx) error {
		if !muted {
			_, err := tx.Exec(ctx, `DELETE FROM ticket_mutes WHERE person_id = $1 AND ticket_id = $2`, actor.ID, ticketID)
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO ticket_mutes (person_id, ticket_id, since) VALUES ($1, $2, $3) ON CONFLICT (person_id, ticket_id) DO NOTHING`,
			actor.ID, ticketID, database.Time(s.now()))
		return err
	})
}

// Muted reports whether the actor muted a ticket.
func (s *Service) Muted(ctx context.Context, ticketID int64) (bool, error) {
	n, err := database.One(ctx, s.db.Reader(), database.Scalar[int], `SELECT count(*) FROM ticket_mutes WHERE person_id = $1 AND ticket_id = $2`,
		access.From(ctx).ID, ticketID)
	return n > 0, err
}
