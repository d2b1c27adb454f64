package notify

import (
	"context"
	"fmt"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Follow is a ticket.Follower: it tells whom a save concerns.
func (s *Service) Follow(ctx context.Context, tx *database.Tx, what *ticket.Saved) error {
	notices := About(what)
	if news, ok := groupNews(what); ok {
		members, err := wantingMembers(ctx, tx, what.After.GroupID)
		if err != nil {
			return err
		}
		for _, person := range members {
			if !slices.ContainsFunc(notices, func(n Notice) bool { return n.To == person }) {
				news.To = person
				notices = append(notices, news)
			}
		}
	}
	// Everybody's own acts, too, when a rule acts on behalf of them within the save.
	notices = slices.DeleteFunc(notices, func(n Notice) bool { return what.Actor.IsPerson() && n.To == what.Actor.ID })
	return s.Send(ctx, tx, notices[:min(len(notices), MaxRecipients)]...)
}

// About gives the notices of a save, at most one per person: the one that says
// most. Mentions and assignments come before what happened to the ticket; an end
// or a hold comes before the words that came with it.
func About(what *ticket.Saved) []Notice {
	a := &audience{what: what, told: map[int64]bool{}}
	a.mentions()
	a.assignment()
	a.opening()
	reply, replied := eventOf(what, ticket.Replied)
	step, moved := movingEvent(what)
	if moved && !workflow.Category.Active(what.After.Category) || what.After.Category == workflow.Waiting || !replied {
		a.step(step, moved)
		a.message(Replied, reply, replied)
	} else {
		a.message(Replied, reply, replied)
		a.step(step, moved)
	}
	note, noted := eventOf(what, ticket.Noted)
	a.message(Noted, note, noted)
	return a.notices
}

// audience gathers the notices of one save.
type audience struct {
	what    *ticket.Saved
	told    map[int64]bool
	notices []Notice
}

// tell adds a notice of an event, unless the person hears of the save already.
func (a *audience) tell(to int64, kind Kind, why Reason, e *ticket.Event, internal bool) {
	if to == 0 || a.told[to] {
		return
	}
	a.told[to] = true
	n := newsOf(a.what, kind, why, e)
	n.To, n.Internal = to, internal
	a.notices = append(a.notices, n)
}

func newsOf(what *ticket.Saved, kind Kind, why Reason, e *ticket.Event) Notice {
	n := Notice{
		Kind: kind, Reason: why, Subject: Ticket(what.After.ID), Actor: e.Actor, Internal: e.Internal, Seq: e.Seq, At: e.At,
		Key: fmt.Sprintf("ticket:%d:%d", what.After.ID, e.Seq),
	}
	if kind == Moved {
		n.Detail = what.After.State
	}
	return n
}

// mentions tells whom a text names. Only our own people name persons; a link that
// a requester writes is just text.
func (a *audience) mentions() {
	if !a.what.Actor.Trusted() && !a.what.Actor.Check(access.Note, a.what.After.Record()).Allowed {
		return
	}
	for i := range a.what.Events {
		e := &a.what.Events[i]
		if e.Body == "" {
			continue
		}
		for _, person := range ticket.Mentions(e.Body) {
			a.tell(person, Mentioned, AsMentioned, e, e.Internal)
		}
	}
}

// assignment tells the new assignee. Changes are internal, but not to whom they mean.
func (a *audience) assignment() {
	if a.what.After.AssigneeID == a.what.Before.AssigneeID {
		return
	}
	for i := range a.what.Events {
		if _, ok := a.what.Events[i].Change(ticket.FieldAssignee); ok {
			a.tell(a.what.After.AssigneeID, Assigned, AsAssignee, &a.what.Events[i], false)
		}
	}
}

// opening tells the requester that somebody opened a ticket for them, and those
// who were made its watchers.
func (a *audience) opening() {
	if !a.what.Created() {
		return
	}
	e := &a.what.Events[0]
	a.tell(a.what.After.RequesterID, Opened, AsRequester, e, false)
	for _, person := range a.what.After.Watchers {
		a.tell(person, Opened, AsWatcher, e, false)
	}
}

// message tells of a reply or a note to those who follow the ticket.
func (a *audience) message(kind Kind, e *ticket.Event, there bool) {
	if there {
		a.followers(kind, e)
	}
}

// step tells of a change of state, but not that time closed what was resolved:
// nobody asked for that, and nothing is wanted of anybody.
func (a *audience) step(e *ticket.Event, there bool) {
	if !there || a.what.Created() || a.what.After.Category == workflow.Closed && e.Actor.Type == access.TypeSystem {
		return
	}
	a.followers(Moved, e)
}

// followers are those a ticket's news are for: who works on it, who asked for it,
// and who watches it. A note is news for the requester only if they read notes,
// which showing it decides.
func (a *audience) followers(kind Kind, e *ticket.Event) {
	t := &a.what.After
	a.tell(t.AssigneeID, kind, AsAssignee, e, e.Internal)
	if kind != Noted {
		a.tell(t.RequesterID, kind, AsRequester, e, e.Internal)
		a.tell(t.OpenedByID, kind, AsOpener, e, e.Internal)
	}
	for _, person := range t.Watchers {
		a.tell(person, kind, AsWatcher, e, e.Internal)
	}
}

// eventOf gives the last event of a type.
func eventOf(what *ticket.Saved, typ ticket.EventType) (*ticket.Event, bool) {
	for i := len(what.Events) - 1; i >= 0; i-- {
		if what.Events[i].Type == typ {
			return &what.Events[i], true
		}
	}
	return nil, false
}

// movingEvent gives the last event that changed the state.
func movingEvent(what *ticket.Saved) (*ticket.Event, bool) {
	if what.Before.State == what.After.State {
		return nil, false
	}
	for i := len(what.Events) - 1; i >= 0; i-- {
		if _, ok := what.Events[i].Change(ticket.FieldState); ok {
			return &what.Events[i], true
		}
	}
	return nil, false
}

// groupNews gives the notice for the members of a group whose ticket nobody has
// taken: it came to the group, or its requester wrote.
func groupNews(what *ticket.Saved) (Notice, bool) {
	t := &what.After
	if t.GroupID == 0 || t.AssigneeID != 0 || !t.Category.Active() {
		return Notice{}, false
	}
	if t.GroupID != what.Before.GroupID {
		news := newsOf(what, GroupWork, AsMember, &what.Events[0])
		news.Internal = false // to a member of the group
		return news, true
	}
	if e, ok := eventOf(what, ticket.Replied); ok && e.Actor.ID == t.RequesterID {
		return newsOf(what, GroupWork, AsMember, e), true
	}
	return Notice{}, false
}

// wantingMembers lists the members of a group who want to hear of its work, which
// only those do who said so.
func wantingMembers(ctx context.Context, tx *database.Tx, group int64) ([]int64, error) {
	return database.All(ctx, tx, database.Scalar[int64], `SELECT m.person_id FROM group_members m
		JOIN notice_choices c ON c.person_id = m.person_id AND c.kind = $2 AND c.wanted
		WHERE m.group_id = $1 ORDER BY m.person_id LIMIT $3`, group, string(GroupWork), MaxRecipients)
}
