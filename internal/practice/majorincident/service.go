package majorincident

import (
	"context"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Directory answers what the rules need to know of people.
type Directory interface {
	// OrganisationOf gives a person's organisation; InvalidField when there is no such active person.
	OrganisationOf(ctx context.Context, q database.Querier, person int64) (int64, error)
}

// Announcer tells open screens that a major incident has changed; public says
// that what everybody reads may have.
type Announcer interface {
	MajorChanged(ctx context.Context, tx *database.Tx, id int64, public bool) error
}

// Notifier tells people about their part; it never tells the actor of the context.
type Notifier interface {
	Notify(ctx context.Context, tx *database.Tx, n Notice) error
}

// NoticeKind says what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeProposed NoticeKind = "proposed" // to those who command
	NoticeRole     NoticeKind = "role"     // to whoever was given a role
	NoticeDue      NoticeKind = "due"      // the next update is due
)

// Notice is one message to some people.
type Notice struct {
	Kind     NoticeKind
	Persons  []int64 // whom it is for; with Verb, all who have it
	Verb     access.Verb
	MajorID  int64
	TicketID int64
	Number   string
	Summary  string
	Role     Role
	Key      string // the same key is told once
}

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db        *database.DB
	tickets   *ticket.Service
	directory Directory
	services  Services
	announce  Announcer
	notify    Notifier
	log       *audit.Log
	clock     func() time.Time
	active    rulesInForce
	banner    bannerCache
	told      func(ctx context.Context, tx *database.Tx, update int64) error // enqueues the replies to linked tickets
	judged    func(ctx context.Context, tx *database.Tx, ticketID int64) error
}

func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }

// mayRead is for colleagues: whoever reads the internal notes of the ticket.
func (s *Service) mayRead(ctx context.Context, t *ticket.Ticket) bool {
	return s.tickets.ReadsNotes(ctx, t)
}

func (s *Service) commands(ctx context.Context) error {
	return access.From(ctx).Require(Manage, access.AnyKind)
}

// Get gives a major incident with its ticket to a colleague.
func (s *Service) Get(ctx context.Context, id int64) (Major, ticket.Ticket, error) {
	m, err := load(ctx, s.db.Reader(), id)
	if err != nil {
		return Major{}, ticket.Ticket{}, err
	}
	t, err := s.tickets.Get(ctx, ticket.ByID(m.TicketID))
	if apperr.Is(err, apperr.NotFound) || err == nil && !s.mayRead(ctx, &t) {
		return Major{}, ticket.Ticket{}, missing()
	}
	return m, t, err
}

// Of gives the ticket's open major incident to a colleague; ID is 0 when there is none.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) (Major, error) {
	if !s.mayRead(ctx, t) {
		return Major{}, nil
	}
	return openOf(ctx, s.db.Reader(), t.ID)
}

// Proposal is what makes an incident a candidate.
type Proposal struct {
	Summary  string
	Impact   string
	Reason   string
	Services []int64
	People   int
	Accept   bool // at once, by somebody who commands
	Cadence  time.Duration
}

func (p *Proposal) check() error {
	p.Summary, p.Impact, p.Reason = clean(p.Summary), clean(p.Impact), clean(p.Reason)
	var wrong apperr.Problems
	checkLine(&wrong, "summary", p.Summary, true)
	checkText(&wrong, "impact", p.Impact, false)
	checkLine(&wrong, "reason", p.Reason, false)
	checkCadence(&wrong, p.Cadence)
	if p.People < 0 || p.People > 100_000_000 {
		wrong.Add("people", "Estimate how many people are affected, or leave it empty.")
	}
	if len(p.Services) > maxServices {
		wrong.Add("services", "Name at most %d services.", maxServices)
	}
	return wrong.Err()
}

// Propose makes an incident a candidate, or a major incident at once. Conflict
// when it is one already.
func (s *Service) Propose(ctx context.Context, ref ticket.Ref, in Proposal) (Major, error) {
	if err := in.check(); err != nil {
		return Major{}, err
	}
	if in.Accept {
		if err := s.commands(ctx); err != nil {
			return Major{}, err
		}
	}
	var m Major
	_, err := s.tickets.Act(ctx, ref, access.Edit, func(a *ticket.Acting) error {
		var err error
		m, err = s.propose(ctx, a, in)
		return err
	})
	if err == nil {
		s.banner.forget()
	}
	return m, err
}

// candidate says why a ticket cannot be a major incident.
func candidate(t *ticket.Ticket) error {
	switch {
	case t.Kind != "incident":
		return apperr.New(apperr.Conflict, "Only an incident can be a major incident.")
	case !t.Category.Active():
		return apperr.New(apperr.Conflict, "The incident is resolved. Reopen it first.")
	case t.ParentID != 0:
		return apperr.New(apperr.Conflict, "This incident is the child of another. Propose its parent.")
	}
	return nil
}

func (s *Service) propose(ctx context.Context, a *ticket.Acting, in Proposal) (Major, error) {
	t, now, actor := a.Ticket(), s.now(), access.From(ctx)
	if err := candidate(&t); err != nil {
		return Major{}, err
	}
	if there, err := openOf(ctx, a.Tx(), t.ID); err != nil {
		return Major{}, err
	} else if there.ID != 0 {
		return Major{}, apperr.Stale(&there, "This is a major incident already, or proposed as one.")
	}
	if err := s.checkServices(ctx, a.Tx(), in.Services); err != nil {
		return Major{}, err
	}
	m := Major{
		ID: a.Tx().NextID(), TicketID: t.ID, State: Proposed, Summary: in.Summary, Impact: in.Impact, Reason: in.Reason, People: in.People,
		ProposedBy: personOf(actor), ProposedAt: now, Cadence: in.Cadence, Services: slices.Clone(in.Services), Roles: map[Role]int64{}, Version: 1,
	}
	if t.ServiceID != 0 && !slices.Contains(m.Services, t.ServiceID) {
		m.Services = append(m.Services, t.ServiceID)
	}
	slices.Sort(m.Services)
	m.Services = slices.Compact(m.Services)
	a.Say(said("proposed"), "", in.Reason)
	notice := Notice{Kind: NoticeProposed, Verb: Manage}
	if in.Accept {
		m.accept(actor, now)
		a.Say(said("accepted"), "", "")
		notice = Notice{}
	}
	if err := insert(ctx, a.Tx(), &m); err != nil {
		return Major{}, err
	}
	if notice.Kind != "" {
		if err := s.tell(ctx, a.Tx(), &m, t.Number, notice); err != nil {
			return Major{}, err
		}
	}
	return m, s.announce.MajorChanged(ctx, a.Tx(), m.ID, false)
}

// accept puts the one who accepts in command until somebody else is.
func (m *Major) accept(actor access.Actor, now time.Time) {
	m.State, m.DecidedBy, m.DecidedAt, m.Decision = Accepted, personOf(actor), now, ""
	if m.Cadence == 0 {
		m.Cadence = DefaultCadence
	}
	if m.Roles[Commander] == 0 && actor.IsPerson() {
		m.Roles[Commander] = actor.ID
	}
	m.NextUpdate = m.plan(now)
}

func personOf(a access.Actor) int64 {
	if a.IsPerson() {
		return a.ID
	}
	return 0
}

func said(what string) string { return "major." + what }

func (s *Service) tell(ctx context.Context, tx *database.Tx, m *Major, number string, n Notice) error {
	n.MajorID, n.TicketID, n.Number, n.Summary = m.ID, m.TicketID, number, m.Summary
	return s.notify.Notify(ctx, tx, n)
}

// changing is one change of a major incident, within its transaction.
type changing struct {
	*ticket.Acting
	m      *Major
	number string
}

// checkServices refuses services that are not there.
func (s *Service) checkServices(ctx context.Context, q database.Querier, ids []int64) error {
	known, err := s.services.Names(ctx, q, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if _, ok := known[id]; !ok {
			return apperr.InvalidField("services", "Choose services that there are.")
		}
	}
	return nil
}

// change applies fn to a major incident that the actor may command, and stores
// it. version is what was read; 0 does not check. Conflict carries what is now.
func (s *Service) change(ctx context.Context, id int64, version int, fn func(c *changing) error) (Major, error) {
	if err := s.commands(ctx); err != nil {
		return Major{}, err
	}
	seen, _, err := s.Get(ctx, id)
	if err != nil {
		return Major{}, err
	}
	var m Major
	_, err = s.tickets.Act(ctx, ticket.ByID(seen.TicketID), access.View, func(a *ticket.Acting) error {
		var err error
		if m, err = load(ctx, a.Tx(), id); err != nil {
			return err
		}
		if version != 0 && version != m.Version {
			return conflict(&m)
		}
		t, wasPublic := a.Ticket(), m.Public
		if err := fn(&changing{a, &m, t.Number}); err != nil {
			return err
		}
		return s.store(ctx, a.Tx(), &m, wasPublic)
	})
	s.banner.forget()
	return m, err
}

// store writes a changed major incident and tells open screens.
func (s *Service) store(ctx context.Context, tx *database.Tx, m *Major, wasPublic bool) error {
	m.Version++
	if err := update(ctx, tx, m); err != nil {
		return err
	}
	if err := m.storeParts(ctx, tx); err != nil {
		return err
	}
	return s.announce.MajorChanged(ctx, tx, m.ID, wasPublic || m.Public)
}

func (m *Major) lead(to State) error {
	if !m.State.Leads(to) {
		return apperr.New(apperr.Conflict, "A major incident that is %s cannot become %s.", m.State, to)
	}
	return nil
}

// Accept makes a candidate a major incident.
func (s *Service) Accept(ctx context.Context, id int64, version int) (Major, error) {
	return s.change(ctx, id, version, func(c *changing) error {
		if err := c.m.lead(Accepted); err != nil {
			return err
		}
		if t := c.Ticket(); !t.Category.Active() {
			return apperr.New(apperr.Conflict, "The incident is resolved. Reopen it first.")
		}
		c.m.accept(access.From(ctx), s.now())
		c.Say(said("accepted"), "", "")
		return nil
	})
}

// Reject says that a candidate is none, and why.
func (s *Service) Reject(ctx context.Context, id int64, version int, why string) (Major, error) {
	return s.end(ctx, id, version, Rejected, why)
}

// Cancel ends a candidate that was withdrawn, or a major incident that turned out
// to be none, and says why.
func (s *Service) Cancel(ctx context.Context, id int64, version int, why string) (Major, error) {
	return s.end(ctx, id, version, Cancelled, why)
}

func (s *Service) end(ctx context.Context, id int64, version int, to State, why string) (Major, error) {
	why = clean(why)
	var wrong apperr.Problems
	checkLine(&wrong, "why", why, true)
	if err := wrong.Err(); err != nil {
		return Major{}, err
	}
	return s.change(ctx, id, version, func(c *changing) error {
		if err := c.m.lead(to); err != nil {
			return err
		}
		c.m.State, c.m.Decision, c.m.DecidedBy, c.m.DecidedAt = to, why, personOf(access.From(ctx)), s.now()
		c.m.Public, c.m.NextUpdate = false, time.Time{}
		c.Say(said(string(to)), "", why)
		return nil
	})
}

// Cast gives the roles; a role left out or 0 is nobody's. The commander cannot be
// missing while the major incident is accepted.
func (s *Service) Cast(ctx context.Context, id int64, version int, roles map[Role]int64) (Major, error) {
	return s.change(ctx, id, version, func(c *changing) error {
		var wrong apperr.Problems
		for _, role := range Roles() {
			if person := roles[role]; person != 0 {
				if _, err := s.directory.OrganisationOf(ctx, c.Tx(), person); apperr.Is(err, apperr.Invalid) {
					wrong.Add(string(role), "Choose somebody who works here.")
				} else if err != nil {
					return err
				}
			}
		}
		if c.m.State == Accepted && roles[Commander] == 0 {
			wrong.Add(string(Commander), "Somebody must be in command.")
		}
		if err := wrong.Err(); err != nil {
			return err
		}
		for _, role := range Roles() {
			before, now := c.m.Roles[role], roles[role]
			if before == now {
				continue
			}
			c.m.Roles[role] = now
			c.Say(said("role."+string(role)), formatID(before), formatID(now))
			if now != 0 {
				err := s.tell(ctx, c.Tx(), c.m, c.number, Notice{Kind: NoticeRole, Persons: []int64{now}, Role: role})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Scope is what is affected and how often people are told.
type Scope struct {
	Summary  string
	Impact   string
	People   int
	Services []int64
	Cadence  time.Duration
}

// Describe changes what is affected and the pace of updates.
func (s *Service) Describe(ctx context.Context, id int64, version int, in Scope) (Major, error) {
	p := Proposal{Summary: in.Summary, Impact: in.Impact, People: in.People, Services: in.Services, Cadence: in.Cadence}
	if err := p.check(); err != nil {
		return Major{}, err
	}
	return s.change(ctx, id, version, func(c *changing) error {
		m := c.m
		if !m.State.Open() {
			return apperr.New(apperr.Conflict, "It is over: nothing about it changes any more.")
		}
		if err := s.checkServices(ctx, c.Tx(), p.Services); err != nil {
			return err
		}
		if m.Summary != p.Summary {
			c.Say(said("summary"), m.Summary, p.Summary)
		}
		services := slices.Clone(p.Services)
		slices.Sort(services)
		m.Summary, m.Impact, m.People, m.Services = p.Summary, p.Impact, p.People, slices.Compact(services)
		if m.Cadence != p.Cadence {
			m.Cadence = p.Cadence
			m.NextUpdate = m.plan(s.now())
		}
		return nil
	})
}

// Publish puts up the banner for the whole organisation, changes what it says, or
// takes it down.
func (s *Service) Publish(ctx context.Context, id int64, version int, public bool, words string) (Major, error) {
	words = clean(words)
	var wrong apperr.Problems
	checkLine(&wrong, "text", words, public)
	if err := wrong.Err(); err != nil {
		return Major{}, err
	}
	return s.change(ctx, id, version, func(c *changing) error {
		if public && c.m.State != Accepted && c.m.State != Resolved {
			return apperr.New(apperr.Conflict, "Only an accepted major incident is told to everybody.")
		}
		if c.m.Public != public || c.m.PublicText != words {
			what := "hidden"
			if public {
				what = "published"
			}
			c.Say(said(what), "", words)
		}
		c.m.Public, c.m.PublicText = public, words
		return nil
	})
}

// Telling is an update as it is written.
type Telling struct {
	Public  bool
	Body    string
	Replies bool          // also as a public reply on every linked ticket; public updates only
	Next    time.Duration // until the next; 0 is the usual pace
}

// followTicket keeps a major incident in step with its ticket: resolved with it,
// accepted again when it is reopened, cancelled with it.
func (s *Service) followTicket(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	before, after := saved.Before.Category, saved.After.Category
	if saved.Created() || before == after {
		return s.judgeLater(ctx, tx, saved)
	}
	m, err := openOf(ctx, tx, saved.After.ID)
	if err != nil || m.ID == 0 {
		return err
	}
	if m, err = load(ctx, tx, m.ID); err != nil {
		return err
	}
	to := m.State
	switch {
	case after == workflow.Cancelled:
		to = Cancelled
	case !after.Active() && m.State == Accepted:
		to = Resolved
	case !after.Active() && m.State == Proposed:
		to = Cancelled
	case after.Active() && m.State == Resolved:
		to = Accepted
	}
	if to == m.State || !m.State.Leads(to) {
		return nil
	}
	m.State = to
	wasPublic := m.Public
	switch to {
	case Resolved:
		m.ResolvedAt, m.NextUpdate = saved.After.ResolvedAt, time.Time{}
	case Accepted:
		m.ResolvedAt, m.Review.CompletedAt, m.Review.CompletedBy = time.Time{}, time.Time{}, 0
		m.NextUpdate = m.plan(s.now())
	case Cancelled:
		m.Decision, m.DecidedAt, m.NextUpdate, m.Public = "The incident was ended.", s.now(), time.Time{}, false
	}
	s.banner.forget()
	return s.store(ctx, tx, &m, wasPublic)
}

// guardClosing keeps the ticket from being closed before the review is complete.
func (s *Service) guardClosing(ctx context.Context, q database.Querier, t *ticket.Ticket) error {
	m, err := openOf(ctx, q, t.ID)
	if err != nil || m.ID == 0 || !m.needsReview() {
		return err
	}
	return apperr.InvalidField("review", "This was a major incident: complete its review before you close it.")
}

// Tell writes an update. It starts the time to the next one anew.
func (s *Service) Tell(ctx context.Context, id int64, in Telling) (Update, error) {
	in.Body = clean(in.Body)
	var wrong apperr.Problems
	checkText(&wrong, "body", in.Body, true)
	if in.Next != 0 {
		checkCadence(&wrong, in.Next)
	}
	if err := wrong.Err(); err != nil {
		return Update{}, err
	}
	var u Update
	_, err := s.change(ctx, id, 0, func(c *changing) error {
		if c.m.State != Accepted && c.m.State != Resolved {
			return apperr.New(apperr.Conflict, "Accept it first: until then there is nothing to tell.")
		}
		u = Update{ID: c.Tx().NextID(), MajorID: c.m.ID, At: s.now(), By: personOf(access.From(ctx)), Public: in.Public, Body: in.Body}
		if err := insertUpdate(ctx, c.Tx(), &u); err != nil {
			return err
		}
		c.m.NextUpdate = c.m.plan(u.At)
		if in.Next != 0 && c.m.State == Accepted {
			c.m.NextUpdate = u.At.Add(in.Next)
		}
		what := "told"
		if in.Public {
			what = "told_all"
		}
		c.Say(said(what), "", in.Body)
		if in.Public && in.Replies {
			return s.told(ctx, c.Tx(), u.ID)
		}
		return nil
	})
	return u, err
}
