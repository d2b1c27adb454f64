package absence

import (
	"context"
	"errors"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/absence/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	oneGo       = 200 // turns of one look; the next goes on
	mostCounted = 1000
)

// Turn tells of the beginnings and ends that were reached: once, whichever node does it.
func (a *Absences) Turn(ctx context.Context) error {
	ctx = access.With(ctx, access.System())
	turns, err := a.d.People.Turns(ctx, oneGo)
	if err != nil {
		return err
	}
	var failed []error // one that fails must not hold up the others
	for i := range turns {
		failed = append(failed, a.turn(ctx, &turns[i]))
	}
	return errors.Join(failed...)
}

func (a *Absences) turn(ctx context.Context, t *people.Turn) error {
	var notices []notify.Notice
	var err error
	if t.Ended {
		notices, err = a.welcome(ctx, t)
	} else {
		notices, err = a.begun(ctx, t)
	}
	if err != nil {
		return err
	}
	return a.d.DB.Write(ctx, func(tx *database.Tx) error {
		first, err := a.d.People.Taken(ctx, tx, t)
		if err != nil || !first {
			return err
		}
		if t.Ended {
			if err := a.d.Notices.Back(ctx, tx, t.PersonID); err != nil {
				return err
			}
		}
		return a.d.Notices.Send(ctx, tx, notices...)
	})
}

// begun tells whoever stands in, and, where nobody does, the leads of the person's
// groups; and offers the person to hand over what they hold.
func (a *Absences) begun(ctx context.Context, t *people.Turn) ([]notify.Notice, error) {
	open, err := a.count(ctx, t.PersonID)
	if err != nil {
		return nil, err
	}
	book, err := a.d.People.AwayAt(ctx, a.d.DB.Reader(), t.From, []int64{t.PersonID})
	if err != nil {
		return nil, err
	}
	names, err := a.names(ctx, book)
	if err != nil {
		return nil, err
	}
	told := map[int64]notify.Reason{}
	dead := false
	groups := []int64{0}
	for g := range t.ByGroup {
		groups = append(groups, g)
	}
	for _, g := range groups {
		chain, ok := book.Chain(t.PersonID, g)
		if ok && len(chain) > 0 {
			told[chain[len(chain)-1]] = notify.AsSubstitute
		}
		dead = dead || !ok
	}
	if dead && open > 0 {
		around, err := a.d.People.AroundGroup(ctx, a.d.DB.Reader(), t.PersonID, 0, 0)
		if err != nil {
			return nil, err
		}
		for _, lead := range around.Leads {
			if _, is := told[lead]; !is && lead != t.PersonID {
				told[lead] = notify.AsLead
			}
		}
	}
	name := names[t.PersonID].Name
	var out []notify.Notice
	for person, why := range told {
		reading, ok, err := a.reading(ctx, person)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		until := text.DateTime(reading, t.Until)
		detail := text.T(reading, "You stand in for %s.", name)
		if why == notify.AsLead {
			detail = text.T(reading, "Nobody stands in for %s, for some or all of what they do.", name)
		}
		n := a.notice(t, person, why, text.T(reading, "%s is away until %s", name, until), detail+" "+holds(reading, name, open))
		n.For, n.ForUntil = t.PersonID, t.Until
		out = append(out, n)
	}
	if open > 0 {
		reading, ok, err := a.reading(ctx, t.PersonID)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, a.notice(t, t.PersonID, notify.AsStarter, text.T(reading, "Your absence until %s has begun", text.DateTime(reading, t.Until)),
				text.N(reading, open, "You hold %d open ticket. Hand over what cannot wait.", "You hold %d open tickets. Hand over what cannot wait.")))
		}
	}
	slices.SortFunc(out, func(x, y notify.Notice) int { return int(x.To - y.To) })
	return out, nil
}

// welcome tells somebody who is back what happened meanwhile.
func (a *Absences) welcome(ctx context.Context, t *people.Turn) ([]notify.Notice, error) {
	reading, ok, err := a.reading(ctx, t.PersonID)
	if err != nil || !ok {
		return nil, err
	}
	missed, err := a.d.Notices.MissedBy(ctx, a.d.DB.Reader(), t.PersonID, t.From, t.Until)
	if err != nil {
		return nil, err
	}
	open, err := a.count(ctx, t.PersonID)
	if err != nil {
		return nil, err
	}
	return []notify.Notice{a.notice(t, t.PersonID, notify.AsStarter, text.T(reading, "While you were away"), summary(reading, missed, open))}, nil
}

// summary is what happened while somebody was away, in a line.
func summary(ctx context.Context, m notify.Missed, open int) string {
	said := text.T(ctx, "Nothing came for you.")
	if m.Notices > 0 {
		said = text.N(ctx, m.Notices, "%d notification came for you.", "%d notifications came for you.") + " " +
			text.N(ctx, m.Records, "It is about %d thing.", "They are about %d things.") + " " + text.N(ctx, m.Unread, "%d is unread.", "%d are unread.")
	}
	if open > 0 {
		said += " " + text.N(ctx, open, "You hold %d open ticket.", "You hold %d open tickets.")
	}
	return said
}

func holds(ctx context.Context, name string, open int) string {
	if open == 0 {
		return text.T(ctx, "%s holds no open ticket.", name)
	}
	return text.N(ctx, open, "They hold %d open ticket.", "They hold %d open tickets.")
}

func (a *Absences) notice(t *people.Turn, to int64, why notify.Reason, title, detail string) notify.Notice {
	what := "begun"
	if t.Ended {
		what = "ended"
	}
	return notify.Notice{
		To: to, Kind: notify.Absence, Reason: why, Actor: ticket.ActorRef{Type: access.TypeSystem}, Detail: detail,
		Subject: notify.Subject{Type: Subject, ID: t.ID, Title: title, URL: view.OneURL(t.ID)}, Key: "absence:" + formatID(t.ID) + ":" + what,
	}
}

// reading gives a context in which a person reads; false for somebody who is gone.
func (a *Absences) reading(ctx context.Context, person int64) (context.Context, bool, error) {
	p, err := a.d.Actors.Person(ctx, person)
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Unauthenticated) || apperr.Is(err, apperr.Forbidden) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return a.d.Reading(ctx, p), true, nil
}

// count counts the open tickets of a person.
func (a *Absences) count(ctx context.Context, person int64) (int, error) {
	condition, err := a.d.Tickets.Condition(ctx, "state:open assignee:#"+formatID(person), text.From(ctx).Location)
	if err != nil {
		return 0, err
	}
	n, _, err := a.d.Tickets.Count(ctx, condition, mostCounted)
	return n, err
}

// stepsDown has the actor no longer stand in, and tells who is away and the leads of
// their groups, who must find somebody else.
func (a *Absences) stepsDown(ctx context.Context, id int64) (people.Absence, error) {
	x, err := a.d.People.StepDown(ctx, id)
	if err != nil {
		return x, err
	}
	actor := access.From(ctx)
	around, err := a.d.People.AroundGroup(ctx, a.d.DB.Reader(), x.PersonID, 0, 0)
	if err != nil {
		return x, err
	}
	names, err := a.d.People.PersonNames(ctx, a.d.DB.Reader(), []int64{x.PersonID})
	if err != nil {
		return x, err
	}
	told := map[int64]notify.Reason{x.PersonID: notify.AsStarter}
	for _, lead := range around.Leads {
		if lead != x.PersonID {
			told[lead] = notify.AsLead
		}
	}
	var notices []notify.Notice
	for person, why := range told {
		reading, ok, err := a.reading(ctx, person)
		if err != nil {
			return x, err
		}
		if !ok {
			continue
		}
		title := text.T(reading, "Your absence until %s", text.DateTime(reading, x.Until))
		if why == notify.AsLead {
			title = text.T(reading, "%s is away until %s", names[x.PersonID].Name, text.DateTime(reading, x.Until))
		}
		n := a.notice(&people.Turn{Absence: x}, person, why, title, text.T(reading, "%s no longer stands in. Choose somebody else.", actor.Name))
		n.Key, n.Actor = "", ticket.ActorRef{Type: access.TypePerson, ID: actor.ID}
		if why == notify.AsLead {
			n.For, n.ForUntil = x.PersonID, x.Until
		}
		notices = append(notices, n)
	}
	return x, a.d.DB.Write(ctx, func(tx *database.Tx) error { return a.d.Notices.Send(ctx, tx, notices...) })
}
