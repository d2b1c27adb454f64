package ticket

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// MaxMerged is how many tickets can be merged at once, and how many deep a chain
// of merged tickets is followed.
const MaxMerged = 50

// Merge lets some tickets go on in another one: they are cancelled (closed if they
// were resolved) and say where they went, their children become the target's, and
// whoever of their requesters and watchers may see the target watches it. What is
// written to them from then on lands on the target. Nothing is copied: a merged
// ticket's timeline is read beside the target's, by those who may see both.
//
// Errors: Forbidden unless the actor may link and move every source and link the
// target, Conflict when one of them was merged already, Invalid for a ticket into
// itself and when more children than 500 would move.
func (s *Service) Merge(ctx context.Context, target Ref, sources []Ref) (Operation, error) {
	type wish struct {
		Target  Ref
		Sources []Ref
	}
	return s.Operate(ctx, Act{Kind: MergeInto, Wish: wish{target, sources}}, func(ctx context.Context, b *Batch) error {
		return b.Merge(ctx, target, sources)
	})
}

// Merge is Service.Merge within an operation.
func (b *Batch) Merge(ctx context.Context, target Ref, sources []Ref) error {
	if len(sources) == 0 || len(sources) > MaxMerged {
		return apperr.InvalidField("sources", "Choose the tickets to merge, at most %d.", MaxMerged)
	}
	ctx = withBatch(ctx, b)
	left := maxChildren
	for _, ref := range sources {
		moved, err := b.mergeOne(ctx, target, ref, left)
		if err != nil {
			return err
		}
		left -= moved
	}
	return nil
}

// mergeOne merges a ticket that has at most so many children, and says how many.
func (b *Batch) mergeOne(ctx context.Context, target, source Ref, most int) (children int, err error) {
	to, err := b.s.begin(ctx, b.tx, target, 0)
	if err != nil {
		return 0, renamedField(missingUnless(false, err), "other", "target")
	}
	from, err := b.s.begin(ctx, b.tx, source, 0)
	if err != nil {
		return 0, renamedField(missingUnless(false, err), "other", "sources")
	}
	if err := mergeable(&from.before, &to.before); err != nil {
		return 0, err
	}
	for _, need := range []struct {
		c    *change
		verb access.Verb
	}{{from, access.Link}, {from, access.Transition}, {to, access.Link}} {
		if err := need.c.may(need.verb); err != nil {
			return 0, err
		}
	}
	below, err := childrenOf(ctx, b.tx, from.ticket.ID, most+1)
	if err != nil {
		return 0, err
	}
	if len(below) > most {
		return 0, apperr.InvalidField("sources", "%s has so many tickets below it that they cannot move at once: with those of the others at most %d do. Merge the other way round, or in parts.", from.ticket.Number, maxChildren)
	}
	if err := from.end(ctx, to.ticket.ID); err != nil {
		return 0, err
	}
	if err := to.takeIn(ctx, &from.before); err != nil {
		return 0, err
	}
	for _, c := range []*change{from, to} {
		saved, err := c.save(ctx)
		if _, err := b.meant(saved, err); err != nil {
			return 0, err
		}
	}
	return len(below), b.adopt(ctx, below, to.ticket.ID)
}

// mergeable is the rule on which ticket may go on in which.
func mergeable(source, target *Ticket) error {
	switch {
	case source.ID == target.ID:
		return apperr.InvalidField("target", "A ticket cannot be merged into itself.")
	case source.MergedIntoID == target.ID:
		return apperr.New(apperr.Conflict, "%s has been merged into %s already.", source.Number, target.Number)
	case source.MergedIntoID != 0:
		return apperr.New(apperr.Conflict, "%s has been merged into another ticket already.", source.Number)
	case target.MergedIntoID != 0:
		return apperr.New(apperr.Conflict, "%s itself goes on in another ticket. Merge into that one.", target.Number)
	}
	return nil
}

// end puts a merged ticket into its last state.
func (c *change) end(ctx context.Context, target int64) error {
	e := c.event(Merged, false, "")
	if err := c.setID(e, FieldMergedInto, target); err != nil {
		return err
	}
	state := c.ticket.State
	switch {
	case c.ticket.Category.Active():
		state = firstOf(c.def, workflow.Cancelled, workflow.Closed, workflow.Resolved)
	case c.ticket.Category == workflow.Resolved:
		state = firstOf(c.def, workflow.Closed, workflow.Resolved)
	}
	if to, known := c.def.State(state); known {
		if err := c.checkGuards(ctx, to); err != nil {
			return err
		}
	}
	if err := c.set(e, FieldState, state); err != nil {
		return err
	}
	return c.set(e, FieldWaitReason, "")
}

// firstOf gives a kind's first state of the first category that it has.
func firstOf(def *workflow.Definition, categories ...workflow.Category) string {
	for _, category := range categories {
		if states := def.StatesIn(category); len(states) > 0 {
			return states[0]
		}
	}
	return def.Initial
}

// takeIn notes on the target what goes on in it, and who follows it now.
func (c *change) takeIn(ctx context.Context, source *Ticket) error {
	e := c.event(Merged, true, "")
	from := append(slices.Clone(c.ticket.MergedFrom), source.ID)
	slices.Sort(from)
	if err := c.set(e, FieldMergedFrom, joinIDs(from)); err != nil {
		return err
	}
	watchers, err := c.s.newWatchers(ctx, &c.ticket, source)
	if err != nil {
		return err
	}
	if err := c.set(e, FieldWatchers, joinIDs(watchers)); err != nil {
		return err
	}
	// Whoever waits for an answer there waits here.
	since := source.UnansweredSince
	if !since.IsZero() && c.ticket.Category.Active() && (c.ticket.UnansweredSince.IsZero() || since.Before(c.ticket.UnansweredSince)) {
		waiting := Ticket{UnansweredSince: since}
		return c.set(e, FieldUnansweredSince, waiting.Get(FieldUnansweredSince))
	}
	return nil
}

// newWatchers gives the target's watchers with those of a source who may see the
// target anyway. To watch is to see: the others follow it through their own
// ticket, where nobody else's words are (Continuation).
func (s *Service) newWatchers(ctx context.Context, target, source *Ticket) ([]int64, error) {
	out := slices.Clone(target.Watchers)
	for _, person := range append([]int64{source.RequesterID}, source.Watchers...) {
		if person == 0 || person == target.RequesterID || slices.Contains(out, person) || len(out) >= MaxWatchers {
			continue
		}
		sees, err := s.personMay(ctx, person, access.View, target)
		if err != nil {
			return nil, err
		}
		if sees {
			out = append(out, person)
		}
	}
	slices.Sort(out)
	return out, nil
}

// personMay reports whether a person may do something with a ticket; of a person
// whose rights cannot be found out it says no.
func (s *Service) personMay(ctx context.Context, person int64, verb access.Verb, t *Ticket) (bool, error) {
	if s.actorOf == nil {
		return false, nil
	}
	actor, err := s.actorOf(ctx, person)
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Unauthenticated) || apperr.Is(err, apperr.Forbidden) {
		return false, nil
	}
	return err == nil && actor.Check(verb, t.Record()).Allowed, err
}

// PersonMay reports whether a person may do something with a ticket. Of a person
// whose rights cannot be found out, such as one who left, it says no.
func (s *Service) PersonMay(ctx context.Context, person int64, verb access.Verb, t *Ticket) (bool, error) {
	return s.personMay(ctx, person, verb, t)
}

// adopt makes the children of a merged ticket, all of them, the target's. One that the target
// hangs below itself loses its parent rather than going round in a circle.
func (b *Batch) adopt(ctx context.Context, children []int64, target int64) error {
	for _, id := range children {
		t, err := load(ctx, b.tx, ByID(id))
		if err != nil {
			return err
		}
		def, err := b.s.kinds.Get(t.Kind)
		if err != nil {
			return err
		}
		c := &change{s: b.s, tx: b.tx, actor: access.System(), def: def, before: cloneTicket(t), ticket: t, now: b.s.instant(&t)}
		e := c.event(Changed, true, "")
		err = c.setParent(ctx, e, target)
		if apperr.Is(err, apperr.Invalid) {
			err = c.setParent(ctx, e, 0)
		}
		if err != nil {
			return err
		}
		if _, err := c.save(ctx); err != nil {
			return err
		}
	}
	return nil
}

// errMerged says that a ticket's life goes on elsewhere.
func errMerged() error {
	return apperr.New(apperr.Conflict, "This ticket goes on in another one. Work there, or undo the merge.")
}

// goesOnIn gives the ticket in which a merged one goes on, through a chain of
// merges, for what is written to it.
func goesOnIn(ctx context.Context, q database.Querier, t Ticket) (Ticket, error) {
	for range MaxMerged {
		if t.MergedIntoID == 0 {
			return t, nil
		}
		var err error
		if t, err = load(ctx, q, ByID(t.MergedIntoID)); err != nil {
			return t, err
		}
	}
	return t, apperr.New(apperr.Conflict, "Too many tickets were merged into one another.")
}

// replyIn adds a public message within a transaction. One to a merged ticket
// lands on the ticket in which it goes on, and is shown there to those who work
// on it; what it gives is the ticket that was asked for.
func (s *Service) replyIn(ctx context.Context, tx *database.Tx, ref Ref, cmd PublicReply) (Ticket, error) {
	c, err := s.begin(ctx, tx, ref, cmd.Version)
	if err != nil {
		return Ticket{}, err
	}
	if c.before.MergedIntoID == 0 {
		if err := c.reply(ctx, cmd); err != nil {
			return Ticket{}, err
		}
		return c.save(ctx)
	}
	if err := c.may(access.Comment); err != nil {
		return Ticket{}, err
	}
	target, err := goesOnIn(ctx, tx, c.before)
	if err != nil {
		return Ticket{}, err
	}
	def, err := s.kinds.Get(target.Kind)
	if err != nil {
		return Ticket{}, err
	}
	on := &change{s: s, tx: tx, actor: c.actor, def: def, before: cloneTicket(target), ticket: target, now: s.instant(&target)}
	if err := on.replyVia(ctx, &c.before, cmd); err != nil {
		return Ticket{}, err
	}
	if _, err := on.save(ctx); err != nil {
		return Ticket{}, err
	}
	return c.before, nil
}

// replyVia adds a message that was written to a merged ticket. What its requester
// or its watchers write is not for the target's requester to read.
func (c *change) replyVia(ctx context.Context, source *Ticket, cmd PublicReply) error {
	outside := !c.actor.Check(access.ReadNotes, c.before.Record()).Allowed
	e := c.event(Replied, outside, string(cmd.Body))
	c.events[e].Changes = append(c.events[e].Changes, Change{Field: FieldVia, To: via{source.ID, outside}.String()})
	c.attach(e, cmd.Attachments)
	if outside && c.before.WaitsForRequester(c.def) {
		return c.endHold(ctx)
	}
	return nil
}

// via says through which merged ticket a message came, and whether it is from
// somebody who asked rather than from somebody who answers.
type via struct {
	ticket int64
	asked  bool
}

// String writes what FieldVia holds.
func (v via) String() string {
	if v.asked {
		return formatID(v.ticket) + " asked"
	}
	return formatID(v.ticket)
}

// viaOf reads FieldVia; false when a message was written to its own ticket.
func viaOf(e *Event) (via, bool) {
	c, ok := e.Change(FieldVia)
	if !ok {
		return via{}, false
	}
	id, asked := strings.CutSuffix(c.To, " asked")
	ticket, err := parseID(id)
	return via{ticket, asked}, err == nil
}

// Via gives the id of the merged ticket that a message was written to; 0 for none.
func (e *Event) Via() int64 {
	v, _ := viaOf(e)
	return v.ticket
}

// Sources gives the tickets that go on in a ticket, directly or through others, as
// far as the actor may see them.
func (s *Service) Sources(ctx context.Context, t *Ticket) ([]Ticket, error) {
	known := []int64{t.ID}
	var all []Ticket
	for next := t.MergedFrom; len(next) > 0 && len(all) < maxPage; {
		found, err := s.byIDs(ctx, next)
		if err != nil {
			return nil, err
		}
		next = nil
		for i := range found {
			if !slices.Contains(known, found[i].ID) {
				known = append(known, found[i].ID)
				all = append(all, found[i])
				next = append(next, found[i].MergedFrom...)
			}
		}
	}
	actor := access.From(ctx)
	return slices.DeleteFunc(all, func(o Ticket) bool { return !actor.Check(access.View, o.Record()).Allowed }), nil
}

// byIDs gives some tickets whether the actor may see them or not, with what
// access looks at.
func (s *Service) byIDs(ctx context.Context, ids []int64) ([]Ticket, error) {
	var args database.Args
	found, err := database.All(ctx, s.db.Reader(), scanRow, `SELECT `+columns+` FROM tickets t WHERE t.id IN `+
		database.In(&args, ids[:min(len(ids), maxPage)])+` ORDER BY t.id LIMIT `+args.Arg(maxPage), args.Values()...)
	if err != nil {
		return nil, err
	}
	return found, loadSets(ctx, s.db.Reader(), found)
}

// Between asks for the entries of several timelines in a stretch of time: after
// the one instant, until the other; a zero one is open.
type Between struct {
	After, Until time.Time
	Types        []EventType // none: all
	Limit        int
}

// EventsOf gives the newest entries of some tickets in a stretch of time, oldest
// first; internal ones only of those whose notes the actor reads. The tickets are
// ones that the actor may see, as Sources gives them. more tells that there are
// older ones.
func (s *Service) EventsOf(ctx context.Context, tickets []Ticket, part Between) (events []Event, more bool, err error) {
	if len(tickets) == 0 {
		return nil, false, nil
	}
	var ids, notes []int64
	for i := range tickets {
		ids = append(ids, tickets[i].ID)
		if s.ReadsNotes(ctx, &tickets[i]) {
			notes = append(notes, tickets[i].ID)
		}
	}
	var args database.Args
	query := `SELECT ` + eventColumns + ` FROM ticket_events e WHERE e.ticket_id IN ` + database.In(&args, ids) +
		` AND (NOT e.internal OR e.ticket_id IN ` + database.In(&args, notes) + `)`
	if !part.After.IsZero() {
		query += ` AND e.at > ` + args.Arg(database.Time(part.After))
	}
	if !part.Until.IsZero() {
		query += ` AND e.at <= ` + args.Arg(database.Time(part.Until))
	}
	if len(part.Types) > 0 {
		types := make([]string, len(part.Types))
		for i, t := range part.Types {
			types[i] = string(t)
		}
		query += ` AND e.type IN ` + database.In(&args, types)
	}
	events, err = database.All(ctx, s.db.Reader(), scanEvent, query+` ORDER BY e.at DESC, e.ticket_id DESC, e.seq DESC LIMIT `+args.Arg(part.Limit+1), args.Values()...)
	if err != nil {
		return nil, false, err
	}
	if more = len(events) > part.Limit; more {
		events = events[:part.Limit]
	}
	slices.Reverse(events)
	files, err := s.allAttachments(ctx, ids, notes)
	for i := range events {
		events[i].Attachments = files[attachedTo{events[i].TicketID, events[i].Seq}]
	}
	return events, more, err
}

// Continuation is how a merged ticket goes on, as whoever asked for it may know.
type Continuation struct {
	Number string // of the ticket in which it goes on
	Ticket Ticket // its kind, state and holders; no text of it is for those who may not see it
	Sees   bool   // whether the actor may see that ticket
	Events []PublicEvent
}

// maxContinued bounds how much of how it goes on is shown.
const maxContinued = 200

// Continuation tells how a merged ticket goes on: in which ticket, in which
// state, and what was said since by those who work on it, and by the actor.
// What others wrote who asked for something is left out.
func (s *Service) Continuation(ctx context.Context, t *Ticket) (Continuation, error) {
	if !access.From(ctx).Check(access.View, t.Record()).Allowed {
		return Continuation{}, notFound()
	}
	if t.MergedIntoID == 0 {
		return Continuation{}, nil
	}
	target, err := goesOnIn(ctx, s.db.Reader(), *t)
	if err != nil {
		return Continuation{}, err
	}
	out := Continuation{Number: target.Number, Ticket: target, Sees: access.From(ctx).Check(access.View, target.Record()).Allowed}
	since, err := s.mergedAt(ctx, t)
	if err != nil {
		return out, err
	}
	events, err := database.All(ctx, s.db.Reader(), scanEvent, `SELECT `+eventColumns+` FROM ticket_events e
		WHERE e.ticket_id = $1 AND e.at >= $2 AND e.type IN ($3, $4) ORDER BY e.seq DESC LIMIT $5`,
		target.ID, database.Time(since), string(Replied), string(Transitioned), maxContinued)
	if err != nil {
		return out, err
	}
	slices.Reverse(events)
	answers := map[int64]bool{}
	for i := range events {
		p, shown, err := s.continued(ctx, &target, &events[i], answers)
		if err != nil {
			return out, err
		}
		if shown {
			out.Events = append(out.Events, p)
		}
	}
	return out, nil
}

// Continuations tells where some merged tickets go on, by their ids and without
// what was said there. It costs a query for each link of the longest chain.
// Tickets that are not merged, or that the actor may not see, are left out.
func (s *Service) Continuations(ctx context.Context, tickets []Ticket) (map[int64]Continuation, error) {
	actor := access.From(ctx)
	into := map[int64]int64{} // from a ticket to where it goes on, as far as it was followed
	for i := range tickets {
		if t := &tickets[i]; t.MergedIntoID != 0 && actor.Check(access.View, t.Record()).Allowed {
			into[t.ID] = t.MergedIntoID
		}
	}
	known := map[int64]Ticket{}
	for range MaxMerged {
		var ids []int64
		for from, to := range into {
			next, there := known[to]
			switch {
			case !there:
				ids = append(ids, to)
			case next.MergedIntoID != 0:
				into[from] = next.MergedIntoID
				if _, there := known[next.MergedIntoID]; !there {
					ids = append(ids, next.MergedIntoID)
				}
			}
		}
		if len(ids) == 0 {
			break
		}
		slices.Sort(ids)
		found, err := s.byIDs(ctx, slices.Compact(ids))
		if err != nil {
			return nil, err
		}
		for i := range found {
			known[found[i].ID] = found[i]
		}
	}
	out := map[int64]Continuation{}
	for from, to := range into {
		if t, there := known[to]; there {
			out[from] = Continuation{Number: t.Number, Ticket: t, Sees: actor.Check(access.View, t.Record()).Allowed}
		}
	}
	return out, nil
}

// maxGoingOn bounds how many of somebody's merged tickets are looked at.
const maxGoingOn = 100

// GoingOn gives the tickets that the actor asked for and that were merged into
// others which are still worked on, the newest of them, with where they go on.
func (s *Service) GoingOn(ctx context.Context) ([]Ticket, map[int64]Continuation, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return nil, nil, nil
	}
	merged, err := mergedOf(ctx, s.db.Reader(), actor.ID, maxGoingOn)
	if err != nil || len(merged) == 0 {
		return nil, nil, err
	}
	next, err := s.Continuations(ctx, merged)
	if err != nil {
		return nil, nil, err
	}
	return slices.DeleteFunc(merged, func(t Ticket) bool {
		c, seen := next[t.ID]
		return !seen || !c.Ticket.Category.Active()
	}), next, nil
}

// continued gives an entry of the target to somebody who follows it through a
// merged ticket: an answer, a state, or what they wrote themselves.
func (s *Service) continued(ctx context.Context, target *Ticket, e *Event, answers map[int64]bool) (PublicEvent, bool, error) {
	me := access.From(ctx)
	if v, ok := viaOf(e); ok && v.asked {
		return PublicEvent{TicketID: e.TicketID, Seq: e.Seq, At: e.At, Actor: e.Actor, Type: e.Type, Message: e.Body}, e.Actor.ID == me.ID, nil
	}
	p, public := e.Public()
	if !public {
		return p, false, nil
	}
	if e.Actor.Type == access.TypePerson {
		known, seen := answers[e.Actor.ID]
		if !seen {
			var err error
			if known, err = s.personMay(ctx, e.Actor.ID, access.ReadNotes, target); err != nil {
				return p, false, err
			}
			answers[e.Actor.ID] = known
		}
		if !known {
			p.Message, p.Attachments = "", nil
		}
	}
	p.Attachments = nil // they belong to a ticket that the reader may not see
	return p, p.Message != "" || p.State != "", nil
}

// mergedAt is when a ticket was merged.
func (s *Service) mergedAt(ctx context.Context, t *Ticket) (time.Time, error) {
	at, err := database.One(ctx, s.db.Reader(), func(r database.Row) (time.Time, error) {
		var at database.Time
		err := r.Scan(&at)
		return time.Time(at), err
	}, `SELECT e.at FROM ticket_events e WHERE e.ticket_id = $1 AND e.type = $2 ORDER BY e.seq DESC LIMIT 1`, t.ID, string(Merged))
	if apperr.Is(err, apperr.NotFound) {
		return t.UpdatedAt, nil
	}
	return at, err
}

// tellSources announces that what goes on in a ticket has news: whoever asked for
// a merged ticket follows it there.
func (c *change) tellSources(ctx context.Context, t *Ticket) error {
	if len(t.MergedFrom) == 0 {
		return nil
	}
	var args database.Args
	sources, err := database.All(ctx, c.tx, scanRow, `SELECT `+columns+` FROM tickets t WHERE t.id IN `+database.In(&args, t.MergedFrom)+` ORDER BY t.id`, args.Values()...)
	if err != nil {
		return err
	}
	for i := range sources {
		said := Announcement{TicketID: sources[i].ID, Number: sources[i].Number, Version: sources[i].Version, RequesterID: sources[i].RequesterID}
		if err := c.s.announce.Announce(ctx, c.tx, said); err != nil {
			return err
		}
	}
	return nil
}

// renamedField gives a wrong field another name.
func renamedField(err error, from, to string) error {
	fields := slices.Clone(apperr.FieldsOf(err))
	if len(fields) == 0 {
		return err
	}
	for i := range fields {
		if fields[i].Name == from {
			fields[i].Name = to
		}
	}
	return &apperr.Error{Kind: apperr.KindOf(err), Message: apperr.Message(err), Fields: fields, Err: err}
}
