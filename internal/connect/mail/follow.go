package mail

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Follow is a ticket.Follower: it writes the letters that a save asks for, to those
// who take part in the ticket by mail. Internal entries ask for none.
func (s *Service) Follow(ctx context.Context, tx *database.Tx, what *ticket.Saved) error {
	arrived := arrivalOf(ctx)
	if arrived != nil {
		if err := s.landed(ctx, tx, arrived, what); err != nil {
			return err
		}
	}
	def, err := s.Tickets.Kinds().Get(what.After.Kind)
	if err != nil {
		return err
	}
	n, tells := newsOf(what, def)
	if !tells {
		return nil
	}
	if arrived != nil && n.kind == letter.Opened && !arrived.acknowledge {
		return nil
	}
	t := &what.After
	readers := []int64{t.RequesterID}
	if n.kind != letter.Opened { // of one's own request one is told that it arrived
		readers = append(readers, t.Watchers...)
		readers = slices.DeleteFunc(readers, func(p int64) bool { return p == n.author })
	}
	if arrived != nil && n.kind != letter.Opened { // those who had the mail itself
		readers = slices.DeleteFunc(readers, func(p int64) bool { return slices.Contains(arrived.alsoTo, p) })
	}
	asker := int64(0)
	if t.Channel == "email" {
		asker = t.RequesterID
	}
	found, err := taking(ctx, tx, t.ID, asker, readers)
	if err != nil {
		return err
	}
	for _, l := range lettersTo(t, found) {
		l.Kind, l.Ticket, l.Seq, l.URL = n.kind, t.ID, n.seq, s.RequesterPage(t.Number)
		l.Key = fmt.Sprintf("ticket:%d:%d", t.ID, n.key)
		if _, err := s.enqueue(ctx, tx, l, Stored{AuthorID: n.author, Since: n.since}); err != nil {
			return err
		}
	}
	return nil
}

// lettersTo addresses a ticket's news: one letter to those who take part by mail, who
// see one another as in any conversation, and one to each of the others.
func lettersTo(t *ticket.Ticket, found []reader) []letter.Letter {
	var together letter.Letter
	var out []letter.Letter
	for _, r := range found {
		switch to := (letter.Recipient{Person: r.person}); {
		case r.openly && r.person == t.RequesterID:
			together.To = append(together.To, to)
		case r.openly:
			together.Cc = append(together.Cc, to)
		default:
			out = append(out, letter.Letter{To: []letter.Recipient{to}})
		}
	}
	if len(together.To) == 0 {
		together.To, together.Cc = together.Cc, nil
	}
	if len(together.To) > 0 {
		out = append([]letter.Letter{together}, out...)
	}
	return out
}

// news is what a save tells those who take part.
type news struct {
	kind       letter.Kind
	since, seq int   // the entries of the timeline that it tells
	key        int   // the one that says most
	author     int64 // the person who wrote; 0 for the program
}

// newsOf says what there is to tell, of public entries alone. An end or a question
// takes the words that came with it along.
func newsOf(what *ticket.Saved, def *workflow.Definition) (news, bool) {
	if what.Created() {
		return news{kind: letter.Opened, seq: what.Events[0].Seq, key: what.Events[0].Seq}, true
	}
	var n news
	told := false
	for i := range what.Events {
		e := &what.Events[i]
		public, may := e.Public()
		if !may || e.Type == ticket.Merged || e.Type == ticket.Rated {
			continue
		}
		kind := letter.Kind("")
		switch {
		case public.Type == ticket.Replied, public.Type == ticket.Attached:
			kind = letter.Reply
		case public.State != "" && what.Before.Category != what.After.Category:
			kind = ofStep(what, def)
		}
		if kind == "" {
			continue
		}
		if n.since == 0 {
			n.since = public.Seq
		}
		told = true
		if n.kind == "" || n.kind == letter.Reply {
			n.kind, n.key = kind, public.Seq
		}
		n.seq = max(n.seq, public.Seq)
		if e.Actor.Type == access.TypePerson {
			n.author = e.Actor.ID
		}
	}
	return n, told
}

// ofStep is the letter of a step to another category of states; "" for none.
func ofStep(what *ticket.Saved, def *workflow.Definition) letter.Kind {
	switch what.After.Category {
	case workflow.Resolved:
		return Resolved
	case workflow.Cancelled:
		return Cancelled
	case workflow.Waiting:
		if what.After.WaitsForRequester(def) {
			return Waiting
		}
	case workflow.New, workflow.Open, workflow.Closed:
	}
	return ""
}

// arrival is a mail that is being made into a ticket or a message of one: it travels
// in the context of the save, so that both become true together.
type arrival struct {
	mail        *mailed
	acknowledge bool
	alsoTo      []int64 // persons who had the mail itself
	onto        int64   // the ticket it is for; 0 is the one that it opens
	possible    int64
	reopen      string // the step that opens the ticket again, which its author may not take
}

type arrivalKey struct{}

func arrivalOf(ctx context.Context) *arrival {
	a, _ := ctx.Value(arrivalKey{}).(*arrival)
	return a
}

// landed notes, within the save, that a mail is on its ticket, and what later mails
// are recognised by.
func (s *Service) landed(ctx context.Context, tx *database.Tx, a *arrival, what *ticket.Saved) error {
	if a.onto != what.After.ID && (a.onto != 0 || !what.Created()) {
		return nil // another ticket that follows this one
	}
	d := a.mail
	seq := what.Events[0].Seq
	for i := range what.Events {
		if what.Events[i].Type == ticket.Replied {
			seq = what.Events[i].Seq
		}
	}
	mine := *d.Arrival
	mine.State, mine.Reason, mine.TicketID, mine.Seq = ArrivalLanded, "", what.After.ID, seq
	first, err := landArrival(ctx, tx, &mine)
	if err != nil {
		return err
	}
	if !first {
		return errLanded
	}
	now := s.now()
	if err := rememberIDs(ctx, tx, what.After.ID, relationMentioned, now, slices.Concat(d.m.References, d.m.InReplyTo, threadKeys(d.m.Header.Get("Thread-Index")))...); err != nil {
		return err
	}
	if err := rememberIDs(ctx, tx, what.After.ID, relationReceived, now, d.m.ID); err != nil {
		return err
	}
	topic := strings.TrimSpace(prefixes.ReplaceAllString(d.m.Subject, ""))
	err = touchThread(ctx, tx, what.After.ID, threadChange{
		topic: cutTo(topic, maxSubject), index: cutTo(d.m.Header.Get("Thread-Index"), maxID), lastID: cutTo(d.m.ID, maxID), senderID: d.box.SenderID, at: now,
	})
	if err != nil {
		return err
	}
	if err := takePart(ctx, tx, what.After.ID, now, append([]int64{d.PersonID}, a.alsoTo...)...); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, reviveAddress, d.From); err != nil {
		return err
	}
	_, err = s.settle.Enqueue(ctx, tx, settling{Ticket: what.After.ID, Watchers: append([]int64{d.PersonID}, a.alsoTo...), Possible: a.possible, Reopen: a.reopen})
	return err
}

// settling is what follows a mail that landed.
type settling struct {
	Ticket   int64   `json:"ticket"`
	Watchers []int64 `json:"watchers"`
	Possible int64   `json:"possible,omitempty"`
	Reopen   string  `json:"reopen,omitempty"`
}

// settleTicket makes those who had a mail watchers of its ticket, opens one again that
// was done, and links it with the one that it may belong to.
func (s *Service) settleTicket(ctx context.Context, _ *jobs.Job, work settling) error {
	ctx = asSystem(ctx)
	t, err := s.Tickets.Get(ctx, ticket.ByID(work.Ticket))
	if err != nil {
		return err
	}
	watchers := slices.Clone(t.Watchers)
	for _, p := range work.Watchers {
		if p != t.RequesterID && !slices.Contains(watchers, p) && len(watchers) < ticket.MaxWatchers {
			watchers = append(watchers, p)
		}
	}
	if len(watchers) != len(t.Watchers) {
		slices.Sort(watchers)
		if _, err := s.Tickets.SetWatchers(ctx, ticket.ByID(t.ID), 0, watchers); err != nil {
			return err
		}
	}
	if work.Reopen != "" && !t.Category.Active() {
		_, err := s.Tickets.Transition(ctx, ticket.ByID(t.ID), ticket.Step{Transition: work.Reopen, Comment: ticket.Markdown(text.T(ctx, "An answer came by mail."))})
		if err != nil && !apperr.Is(err, apperr.Conflict) { // somebody took another step meanwhile
			return err
		}
	}
	if work.Possible == 0 {
		return nil
	}
	links, err := s.Tickets.Links(ctx, &t)
	if err != nil || slices.ContainsFunc(links, func(l ticket.Link) bool { return l.Other.ID == work.Possible }) {
		return err
	}
	if _, err := s.Tickets.Link(ctx, ticket.ByID(t.ID), ticket.RelatedTo, ticket.ByID(work.Possible)); err != nil {
		return err
	}
	other, err := s.Tickets.Get(ctx, ticket.ByID(work.Possible))
	if err != nil {
		return err
	}
	return s.sayOn(ctx, t.ID, saysPossible, other.Number)
}
