package draft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/live"
)

// Publisher tells open screens, within the transaction.
type Publisher interface {
	Publish(ctx context.Context, tx *database.Tx, events ...live.Event) error
}

// Notices tells people, within the transaction.
type Notices interface {
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// Event is the kind of live event by which a ticket's page learns that its drafts
// changed, where the ticket itself did not. It has no content, and only those who
// work with the ticket inside hear it.
const Event = "drafts-changed"

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db      *database.DB
	tickets *ticket.Service
	names   Names
	notices Notices
	live    Publisher
	now     func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, tickets *ticket.Service, names Names, notices Notices, live Publisher, now func() time.Time) *Service {
	return &Service{db: db, tickets: tickets, names: names, notices: notices, live: live, now: now}
}

func (s *Service) instant() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Of gives the drafts that are shared on a ticket, and on those that go on in it,
// as far as the actor works with them.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) ([]Draft, error) {
	actor := access.From(ctx)
	if !MayShare(actor, t) {
		return nil, nil
	}
	found, err := openOn(ctx, s.db.Reader(), t.ID)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(d Draft) bool { return !MayWork(actor, t, d.Kind) })
	found, _, err = s.visible(ctx, found, t)
	return found, err
}

// visible leaves out drafts of tickets that the actor does not work with, and gives
// the tickets of the others. known are tickets that were read already.
func (s *Service) visible(ctx context.Context, found []Draft, known ...*ticket.Ticket) ([]Draft, map[int64]*ticket.Ticket, error) {
	actor := access.From(ctx)
	tickets := map[int64]*ticket.Ticket{}
	for _, t := range known {
		tickets[t.ID] = t
	}
	var missing []int64
	for i := range found {
		if id := found[i].TicketID; tickets[id] == nil && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		more, err := s.tickets.ByIDs(ctx, missing)
		if err != nil {
			return nil, nil, err
		}
		for i := range more {
			tickets[more[i].ID] = &more[i]
		}
	}
	return slices.DeleteFunc(found, func(d Draft) bool {
		t := tickets[d.TicketID]
		return t == nil || !MayWork(actor, t, d.Kind)
	}), tickets, nil
}

// Get gives one draft of a ticket. NotFound when there is none, or not for the actor.
func (s *Service) Get(ctx context.Context, t *ticket.Ticket, id int64) (Draft, error) {
	if !MayShare(access.From(ctx), t) {
		return Draft{}, errNone()
	}
	d, err := load(ctx, s.db.Reader(), t.ID, id, false)
	if err != nil {
		return d, err
	}
	return d, s.mayWork(ctx, &d, t)
}

// mayWork fails with NotFound unless the actor works with a draft that is shown on
// a ticket: a merged ticket's is for those who work on that one, too.
func (s *Service) mayWork(ctx context.Context, d *Draft, t *ticket.Ticket) error {
	if !MayWork(access.From(ctx), t, d.Kind) {
		return errNone()
	}
	if d.TicketID == t.ID {
		return nil
	}
	left, _, err := s.visible(ctx, []Draft{*d}, t)
	if err == nil && len(left) == 0 {
		err = errNone()
	}
	return err
}

// Texts gives what a draft said in earlier versions, the last one first.
func (s *Service) Texts(ctx context.Context, d *Draft) ([]Text, error) {
	return textsOf(ctx, s.db.Reader(), d.ID)
}

// List is what there is for the actor to go on with.
type List struct {
	Waiting []Draft        // for the actor's review
	Mine    []Draft        // that the actor shared
	Private []ticket.Draft // that nobody else sees
	Tickets map[int64]*ticket.Ticket
}

// ShownOn gives the ticket on whose page a draft stands: where its own goes on.
func (l *List) ShownOn(d *Draft) *ticket.Ticket {
	t := l.Tickets[d.TicketID]
	for range ticket.MaxMerged {
		next := l.Tickets[t.MergedIntoID]
		if t.MergedIntoID == 0 || next == nil {
			break
		}
		t = next
	}
	return t
}

// Mine gives what waits for the actor's review, and what the actor shared or began
// to write, newest first.
func (s *Service) Mine(ctx context.Context) (List, error) {
	out, err := s.Concerning(ctx)
	if err != nil {
		return out, err
	}
	private, err := s.tickets.AllDrafts(ctx)
	if err != nil {
		return out, err
	}
	var ids []int64
	for _, d := range private {
		if d.Slot == string(Reply) || d.Slot == string(Note) {
			ids = append(ids, d.TicketID)
		}
	}
	slices.Sort(ids)
	found, err := s.tickets.ByIDs(ctx, slices.Compact(ids))
	if err != nil {
		return out, err
	}
	for i := range found {
		out.Tickets[found[i].ID] = &found[i]
	}
	for _, d := range private {
		if out.Tickets[d.TicketID] != nil && slices.Contains(ids, d.TicketID) && (d.Slot == string(Reply) || d.Slot == string(Note)) {
			out.Private = append(out.Private, d)
		}
	}
	return out, nil
}

// Concerning is Mine without what nobody else sees.
func (s *Service) Concerning(ctx context.Context) (List, error) {
	actor := access.From(ctx)
	out := List{Tickets: map[int64]*ticket.Ticket{}}
	if !actor.IsPerson() {
		return out, apperr.New(apperr.Forbidden, "Only persons have drafts.")
	}
	found, err := concerning(ctx, s.db.Reader(), actor.ID)
	if err != nil || len(found) == 0 {
		return out, err
	}
	if found, out.Tickets, err = s.visible(ctx, found); err != nil {
		return out, err
	}
	if err := s.goOn(ctx, out.Tickets); err != nil {
		return out, err
	}
	for _, d := range found {
		if d.WaitsFor(actor.ID) {
			out.Waiting = append(out.Waiting, d)
		} else if d.AuthorID == actor.ID {
			out.Mine = append(out.Mine, d)
		}
	}
	return out, nil
}

// goOn adds the tickets in which some go on.
func (s *Service) goOn(ctx context.Context, tickets map[int64]*ticket.Ticket) error {
	for range ticket.MaxMerged {
		var missing []int64
		for _, t := range tickets {
			if id := t.MergedIntoID; id != 0 && tickets[id] == nil && !slices.Contains(missing, id) {
				missing = append(missing, id)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		found, err := s.tickets.ByIDs(ctx, missing)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return nil
		}
		for i := range found {
			tickets[found[i].ID] = &found[i]
		}
	}
	return nil
}

// Share shares a text on a ticket with those who may send it, and asks somebody
// for a review, if one is named. NotFound or Forbidden without the ticket, its
// notes or the right to write what the draft becomes; Invalid with what is wrong;
// Conflict when there are too many, or the ticket goes on in another one.
func (s *Service) Share(ctx context.Context, ref ticket.Ref, cmd Share) (Draft, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return Draft{}, apperr.New(apperr.Forbidden, "Only a person shares drafts.")
	}
	if err := cmd.check(actor); err != nil {
		return Draft{}, err
	}
	if err := s.checkReviewer(ctx, ref, cmd.Kind, cmd.ReviewerID); err != nil {
		return Draft{}, err
	}
	now := s.instant()
	var shared Draft
	_, err := s.act(ctx, ref, cmd.Kind, func(a *ticket.Acting) error {
		t := a.Ticket()
		id, _, err := once.Do(ctx, a.Tx(), now, []any{"draft", t.ID, cmd}, func() (int64, error) {
			return s.share(ctx, a, cmd, now)
		})
		if err == nil {
			shared, err = load(ctx, a.Tx(), t.ID, id, true)
		}
		return err
	})
	return shared, err
}

// act does something on a ticket that goes on by itself.
func (s *Service) act(ctx context.Context, ref ticket.Ref, kind Kind, fn func(a *ticket.Acting) error) (ticket.Ticket, error) {
	return s.tickets.Act(ctx, ref, kind.verb(), func(a *ticket.Acting) error {
		if t := a.Ticket(); t.MergedIntoID != 0 {
			return apperr.New(apperr.Conflict, "This ticket goes on in another one. Its drafts are there, too.")
		}
		return fn(a)
	})
}

func (s *Service) share(ctx context.Context, a *ticket.Acting, cmd Share, now time.Time) (int64, error) {
	actor, t := access.From(ctx), a.Ticket()
	onTicket, ofPerson, err := counts(ctx, a.Tx(), t.ID, actor.ID)
	switch {
	case err != nil:
		return 0, err
	case onTicket >= MaxOnTicket:
		return 0, apperr.New(apperr.Conflict, "This ticket has %d shared drafts already. Send or discard one first.", onTicket)
	case ofPerson >= MaxOfPerson:
		return 0, apperr.New(apperr.Conflict, "You share %d drafts already. Send or discard one first.", ofPerson)
	}
	d := Draft{
		ID: a.Tx().NextID(), TicketID: t.ID, Kind: cmd.Kind, AuthorID: actor.ID, Author: actor.Name, Body: cmd.Body, Files: len(cmd.Files), Version: 1,
		EditorID: actor.ID, Editor: actor.Name, EditedAt: now, SharedAt: now, ReviewerID: cmd.ReviewerID, Asked: cmd.Asked, Waits: cmd.ReviewerID != 0,
	}
	if err := insert(ctx, a.Tx(), &d); err != nil {
		return 0, err
	}
	if err := s.tickets.Keep(ctx, a.Tx(), d.ID, nil, cmd.Files); err != nil {
		return 0, err
	}
	reviewer, err := s.nameOf(ctx, a.Tx(), d.ReviewerID)
	if err != nil {
		return 0, err
	}
	if err := say(a, saidShared, told{Kind: d.Kind, For: reviewer}); err != nil {
		return 0, err
	}
	return d.ID, s.ask(ctx, a.Tx(), &d, t.ID)
}

// checkReviewer fails with Invalid when somebody could not work with a draft that
// they are asked to review.
func (s *Service) checkReviewer(ctx context.Context, ref ticket.Ref, kind Kind, person int64) error {
	if person == 0 {
		return nil
	}
	t, err := s.tickets.Get(ctx, ref)
	if err != nil {
		return err
	}
	for _, verb := range []access.Verb{access.ReadNotes, kind.verb()} {
		may, err := s.tickets.PersonMay(ctx, person, verb, &t)
		if err != nil {
			return err
		}
		if !may {
			return apperr.InvalidField("reviewer", "They do not work on this ticket, so they could not see the draft.")
		}
	}
	return nil
}

func (s *Service) nameOf(ctx context.Context, q database.Querier, person int64) (string, error) {
	if person == 0 {
		return "", nil
	}
	names, err := s.names.PersonNames(ctx, q, []int64{person})
	return names[person].Name, err
}

// ask tells the one who is asked for a review; ticketID is where the draft is shown.
func (s *Service) ask(ctx context.Context, tx *database.Tx, d *Draft, ticketID int64) error {
	if d.ReviewerID == 0 || !d.Waits {
		return nil
	}
	return s.notices.Send(ctx, tx, notice(ctx, d, ticketID, d.ReviewerID, notify.AsReviewer, "ask"))
}

// notice tells somebody of a draft. It says nothing of its text, and is for
// readers of the ticket's notes.
func notice(ctx context.Context, d *Draft, ticketID, to int64, why notify.Reason, what string) notify.Notice {
	return notify.Notice{
		To: to, Kind: notify.Reviewed, Reason: why, Subject: notify.Ticket(ticketID), Internal: true, Detail: what,
		Actor: ticket.ActorRef{Type: access.TypePerson, ID: access.From(ctx).ID},
		Key:   fmt.Sprintf("draft:%d:%d:%d:%s", d.ID, d.Version, len(d.Reviews), what),
	}
}

// on does something to a draft that the actor works with. What fn says on the
// timeline and what it stores become true together.
func (s *Service) on(ctx context.Context, ref ticket.Ref, id int64, ended bool, fn func(a *ticket.Acting, d *Draft) error) (ticket.Ticket, error) {
	if !access.From(ctx).IsPerson() {
		return ticket.Ticket{}, errNone()
	}
	t, err := s.tickets.Get(ctx, ref)
	if err != nil {
		return t, err
	}
	d, err := load(ctx, s.db.Reader(), t.ID, id, ended)
	if err != nil {
		return t, err
	}
	if err := s.mayWork(ctx, &d, &t); err != nil {
		return t, err
	}
	return s.act(ctx, ref, d.Kind, func(a *ticket.Acting) error {
		now, err := load(ctx, a.Tx(), t.ID, id, ended)
		if err != nil {
			return err
		}
		return fn(a, &now)
	})
}

// checkVersion fails with Conflict, which carries the draft as it is now, when
// somebody changed it after it was read.
func checkVersion(d *Draft, version int) error {
	if version == 0 || version == d.Version {
		return nil
	}
	return apperr.Stale(d, "%s changed this draft after you opened it.", d.Editor)
}

// ConflictOf gives the draft as it is now, when an error says that somebody else
// was quicker.
func ConflictOf(err error) (*Draft, bool) {
	var e *apperr.Error
	if !errors.As(err, &e) || e.Kind != apperr.Conflict {
		return nil, false
	}
	d, ok := e.Detail.(*Draft)
	return d, ok
}

// Change writes the next version of a draft. Conflict, with the draft as it is
// now, when it is not the version that was read; Invalid with what is wrong.
func (s *Service) Change(ctx context.Context, ref ticket.Ref, id int64, cmd Edit) (Draft, error) {
	actor := access.From(ctx)
	if err := cmd.check(actor); err != nil {
		return Draft{}, err
	}
	var changed Draft
	_, err := s.on(ctx, ref, id, false, func(a *ticket.Acting, d *Draft) error {
		if err := checkVersion(d, cmd.Version); err != nil {
			return err
		}
		if cmd.Reviewer != nil {
			if err := s.checkReviewer(ctx, ref, d.Kind, *cmd.Reviewer); err != nil {
				return err
			}
		}
		if err := keepText(ctx, a.Tx(), d); err != nil {
			return err
		}
		d.change(cmd, actor, s.instant())
		if cmd.Files != nil {
			if err := s.tickets.Keep(ctx, a.Tx(), d.ID, cmd.Files.Keep, cmd.Files.Add); err != nil {
				return err
			}
			held, err := s.tickets.Kept(ctx, a.Tx(), d.ID)
			if err != nil {
				return err
			}
			d.Files = len(held)
		}
		if d.Files == 0 && isBlank(d.Body) {
			return apperr.InvalidField("body", "Write something, or attach a file.")
		}
		if cmd.Reviewer != nil {
			if err := s.askAnew(ctx, a, d, *cmd.Reviewer, cmd.Asked); err != nil {
				return err
			}
		}
		if err := update(ctx, a.Tx(), d); err != nil {
			return err
		}
		if err := s.tell(ctx, a); err != nil {
			return err
		}
		t := a.Ticket()
		var err error
		changed, err = load(ctx, a.Tx(), t.ID, id, false)
		return err
	})
	return changed, err
}

// askAnew asks somebody to review the version that is being written.
func (s *Service) askAnew(ctx context.Context, a *ticket.Acting, d *Draft, reviewer int64, asked string) error {
	d.ReviewerID, d.Asked, d.Waits = reviewer, asked, reviewer != 0
	if reviewer == 0 {
		return nil
	}
	name, err := s.nameOf(ctx, a.Tx(), reviewer)
	if err != nil {
		return err
	}
	if err := say(a, saidAsked, told{Kind: d.Kind, For: name, Of: other(d, access.From(ctx))}); err != nil {
		return err
	}
	t := a.Ticket()
	return s.ask(ctx, a.Tx(), d, t.ID)
}

// tell lets the open pages of a ticket show its drafts anew.
func (s *Service) tell(ctx context.Context, a *ticket.Acting) error {
	t := a.Ticket()
	return s.live.Publish(ctx, a.Tx(), live.Event{Topics: []string{fmt.Sprintf("desk:%d", t.ID)}, Kind: Event, Key: fmt.Sprint(t.ID)})
}

// Review notes what the actor finds of a draft, and tells its author. Conflict,
// with the draft as it is now, when it is not the version that was read; Forbidden
// for the author, whose own word is no review.
func (s *Service) Review(ctx context.Context, ref ticket.Ref, id int64, cmd Finding) (Draft, error) {
	actor := access.From(ctx)
	if err := cmd.check(); err != nil {
		return Draft{}, err
	}
	var reviewed Draft
	_, err := s.on(ctx, ref, id, false, func(a *ticket.Acting, d *Draft) error {
		if d.AuthorID == actor.ID {
			return apperr.New(apperr.Forbidden, "Somebody else reviews what you wrote.")
		}
		if err := checkVersion(d, cmd.Version); err != nil {
			return err
		}
		d.review(cmd, actor, s.instant())
		if err := update(ctx, a.Tx(), d); err != nil {
			return err
		}
		if err := say(a, saidReviewed, told{Kind: d.Kind, Of: d.Author, Verdict: cmd.Verdict}); err != nil {
			return err
		}
		t := a.Ticket()
		reviewed = *d
		return s.notices.Send(ctx, a.Tx(), notice(ctx, d, t.ID, d.AuthorID, notify.AsAuthor, string(cmd.Verdict)))
	})
	return reviewed, err
}

// Send makes an entry of the ticket's timeline of a draft, by the actor, which
// says who drafted it. Conflict, with the draft as it is now, when it is not the
// version that was read; Invalid while a reply has variables that are not filled.
func (s *Service) Send(ctx context.Context, ref ticket.Ref, id int64, version int) (ticket.Ticket, error) {
	actor := access.From(ctx)
	return s.on(ctx, ref, id, false, func(a *ticket.Acting, d *Draft) error {
		if err := checkVersion(d, version); err != nil {
			return err
		}
		if err := d.sendable(); err != nil {
			return err
		}
		files, err := s.tickets.TakeKept(ctx, a.Tx(), d.ID)
		if err != nil {
			return err
		}
		ids := make([]int64, len(files))
		for i := range files {
			ids[i] = files[i].ID
		}
		credit, err := creditOf(d, actor)
		if err != nil {
			return err
		}
		if d.Kind == Reply {
			err = a.Reply(ctx, ticket.PublicReply{Body: ticket.Markdown(d.Body), Attachments: ids}, credit...)
		} else {
			err = a.Note(ctx, ticket.InternalNote{Body: ticket.Markdown(d.Body), Attachments: ids}, credit...)
		}
		if err != nil {
			return err
		}
		if err := end(ctx, a.Tx(), d.ID, Sent, actor.ID, s.instant()); err != nil {
			return err
		}
		t := a.Ticket()
		return s.notices.Send(ctx, a.Tx(), notice(ctx, d, t.ID, d.AuthorID, notify.AsAuthor, "sent"))
	})
}

// TakeBack makes a draft its author's alone again: the text is what they are
// writing on the ticket, after what is there. Forbidden for everybody else. Its
// files stay behind.
func (s *Service) TakeBack(ctx context.Context, ref ticket.Ref, id int64) error {
	actor := access.From(ctx)
	var taken Draft
	t, err := s.on(ctx, ref, id, false, func(a *ticket.Acting, d *Draft) error {
		if d.AuthorID != actor.ID {
			return apperr.New(apperr.Forbidden, "Only its author takes a draft back.")
		}
		taken = *d
		if err := end(ctx, a.Tx(), d.ID, TakenBack, actor.ID, s.instant()); err != nil {
			return err
		}
		return say(a, saidTakenBack, told{Kind: d.Kind})
	})
	if err != nil {
		return err
	}
	typed, err := s.tickets.Drafts(ctx, t.ID)
	if err != nil {
		return err
	}
	body := taken.Body
	for _, d := range typed {
		if d.Slot == string(taken.Kind) && d.Body != "" && d.Body != body {
			body = d.Body + "\n\n" + body
		}
	}
	return s.tickets.SaveDraft(ctx, t.ID, string(taken.Kind), body)
}

// Discard ends a draft. It is for its author, and for everybody who works with it
// once the author has left.
func (s *Service) Discard(ctx context.Context, ref ticket.Ref, id int64) error {
	actor := access.From(ctx)
	_, err := s.on(ctx, ref, id, false, func(a *ticket.Acting, d *Draft) error {
		if !d.mayDiscard(actor) {
			return apperr.New(apperr.Forbidden, "Only its author discards a draft. You can ask for a change, or send it.")
		}
		if err := end(ctx, a.Tx(), d.ID, Discarded, actor.ID, s.instant()); err != nil {
			return err
		}
		return say(a, saidDiscarded, told{Kind: d.Kind, Of: other(d, actor)})
	})
	return err
}

// Restore brings a draft back that was discarded within DroppedLasts. Conflict
// when there is nothing to bring back.
func (s *Service) Restore(ctx context.Context, ref ticket.Ref, id int64) error {
	actor := access.From(ctx)
	_, err := s.on(ctx, ref, id, true, func(a *ticket.Acting, d *Draft) error {
		if !d.mayDiscard(actor) {
			return apperr.New(apperr.Forbidden, "Only its author brings a draft back.")
		}
		back, err := restore(ctx, a.Tx(), d.ID)
		if err != nil {
			return err
		}
		if !back {
			return apperr.New(apperr.Conflict, "This draft cannot be brought back any more.")
		}
		return say(a, saidRestored, told{Kind: d.Kind, Of: other(d, actor)})
	})
	return err
}

// atOnce bounds one transaction of Expire.
const atOnce = 200

// Expire ends shared drafts that nobody went on with for SharedLasts, removes what
// ended before DroppedLasts, and lets private drafts go that are too old or too many.
func (s *Service) Expire(ctx context.Context) error {
	now := s.instant()
	for {
		var n int64
		err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
			n, err = expire(ctx, tx, now.Add(-SharedLasts), now, atOnce)
			return err
		})
		if err != nil {
			return err
		}
		if n < atOnce {
			break
		}
	}
	for {
		ids, err := overdue(ctx, s.db.Reader(), now.Add(-DroppedLasts), atOnce)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		err = s.db.Write(ctx, func(tx *database.Tx) error {
			for _, id := range ids {
				if err := s.tickets.Keep(ctx, tx, id, nil, nil); err != nil {
					return err
				}
			}
			return remove(ctx, tx, ids)
		})
		if err != nil {
			return err
		}
	}
	return s.tickets.ForgetDrafts(ctx)
}

func marshal(t told) (string, error) {
	text, err := json.Marshal(t)
	return string(text), err
}
