package results

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

// Agreements are what is promised.
type Agreements interface {
	Book(ctx context.Context, q database.Querier) ([]clock.Agreement, error)
	Owner(ctx context.Context, q database.Querier, id int64) (int64, error)
	Owners(ctx context.Context, q database.Querier, ids []int64) (map[int64]int64, error)
}

// Promises are what became of it.
type Promises interface {
	Settle(ctx context.Context) (bool, error)
	Decided(ctx context.Context, q clock.Decisions) ([]clock.Decision, error)
	Covering(ctx context.Context, tickets []int64) (map[int64]int64, error)
	AtRisk(ctx context.Context, requester int64, agreements []int64) ([]clock.Risk, error)
}

// Calendars give hours.
type Calendars interface {
	Hours(ctx context.Context, q database.Querier, ids ...int64) (map[int64]*calendar.Hours, error)
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// People say who is who, and who belongs to whom; people.Service does.
type People interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	OrganisationStandings(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.OrganisationStanding, error)
	Above(ctx context.Context, q database.Querier, ids []int64) (map[int64][]int64, error)
	Answerables(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.Answerable, error)
}

// Services say who answers for them.
type Services interface {
	Owners(ctx context.Context, q database.Querier, ids []int64) ([]service.Owned, error)
}

// Actors gives persons with what they may do now.
type Actors interface {
	Person(ctx context.Context, id int64) (actors.Person, error)
}

// Notices tells people what concerns them.
type Notices interface {
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// Deps are what the room leans on.
type Deps struct {
	DB         *database.DB
	Agreements Agreements
	Promises   Promises
	Calendars  Calendars
	People     People
	Services   Services
	Tickets    *ticket.Service
	Kinds      *workflow.Registry
	Audit      *audit.Log
	Notices    Notices
	Actors     Actors
	Reading    func(ctx context.Context, p actors.Person) context.Context // texts in that person's language
	Frame      module.Frame
	Now        func() time.Time
	Logger     *slog.Logger
	HTTPS      bool // cookies travel over https only
}

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	d   Deps
	any *kept.Cache[int, bool] // whether anything is published, under one key
}

// New makes the service. Close it in the end.
func New(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{d: d, any: kept.New[int, bool](d.DB, kept.Options{Topic: "results", Clock: d.Now})}
}

// Close stops listening for changes on other nodes.
func (s *Service) Close() { s.any.Close() }

func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

// publishes reports whether anything is published to anybody.
func (s *Service) publishes(ctx context.Context) bool {
	found, err := s.any.Get(ctx, 0, func(ctx context.Context, _ int) (bool, error) { return anyActive(ctx, s.d.DB.Reader()) })
	return err == nil && found
}

// Publication is a month as it was published to a customer.
type Publication struct {
	ID           int64
	Agreement    int64
	Organisation int64
	Month        Month
	Number       int // 2 for what was published again after it was withdrawn
	Zone         string
	From, To     time.Time // To is excluded
	Figures      Figures
	PublishedAt  time.Time
	PublishedBy  int64 // a person; 0: by itself
	WithdrawnAt  time.Time
	WithdrawnBy  int64
	WithdrawnWhy string
	CheckedAt    time.Time
	Recount      *Recount // what it comes to now, where that is something else
}

// Withdrawn reports whether it was taken back.
func (p *Publication) Withdrawn() bool { return !p.WithdrawnAt.IsZero() }

// Draft is a month as it would be published.
type Draft struct {
	Agreement    int64
	Organisation int64
	Month        Month
	Zone         string
	From, To     time.Time
	Figures      Figures
	Decided      []clock.Decision
	Fingerprint  string // of what it holds
}

// zone gives where an agreement's months begin: the zone of its calendar.
func (s *Service) zone(ctx context.Context, of *subject) (*time.Location, error) {
	zones, err := s.zones(ctx, map[int64]subject{of.ID: *of})
	return zones[of.ID], err
}

// zones is zone for many agreements.
func (s *Service) zones(ctx context.Context, subjects map[int64]subject) (map[int64]*time.Location, error) {
	var calendars []int64
	for _, of := range subjects {
		calendars = append(calendars, latest(&of.Agreement, s.now()).Calendar)
	}
	hours, err := s.d.Calendars.Hours(ctx, s.d.DB.Reader(), database.Distinct(calendars)...)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*time.Location, len(subjects))
	for id, of := range subjects {
		out[id] = time.UTC
		if h := hours[latest(&of.Agreement, s.now()).Calendar]; h != nil {
			out[id] = h.Zone()
		}
	}
	return out, nil
}

// latest gives the version that holds, or held last, or will hold first.
func latest(a *clock.Agreement, now time.Time) clock.Version {
	found := a.Versions[0]
	for _, v := range a.Versions {
		if !v.From.After(now) {
			found = v
		}
	}
	return found
}

// termsOf looks versions of an agreement up.
func (of *subject) termsOf(version int64) *clock.Terms {
	for i := range of.Versions {
		if of.Versions[i].ID == version {
			return &of.Versions[i].Terms
		}
	}
	return nil
}

// Draft gives what would be published of a month that has ended. It saves nothing.
func (s *Service) Draft(ctx context.Context, agreement, organisation int64, month Month) (Draft, error) {
	of, err := s.readable(ctx, agreement)
	if err != nil {
		return Draft{}, err
	}
	if err := mustManage(ctx, &of); err != nil {
		return Draft{}, err
	}
	setting, err := readSetting(ctx, s.d.DB.Reader(), agreement)
	if err != nil {
		return Draft{}, err
	}
	if err := s.settled(ctx); err != nil {
		return Draft{}, err
	}
	return s.draft(ctx, &of, &setting, organisation, month)
}

// settled fails while what became of promises is still being computed.
func (s *Service) settled(ctx context.Context) error {
	ok, err := s.d.Promises.Settle(ctx)
	if err == nil && !ok {
		err = apperr.New(apperr.Conflict, "Promises are being computed at this moment. Try again in a minute.")
	}
	return err
}

func (s *Service) draft(ctx context.Context, of *subject, setting *Setting, organisation int64, month Month) (Draft, error) {
	d := Draft{Agreement: of.ID, Organisation: organisation, Month: month}
	if !slices.Contains(setting.Organisations, organisation) {
		return d, apperr.InvalidField("organisation", "Nothing of this agreement is published to this organisation.")
	}
	if _, ok := ParseMonth(string(month)); !ok {
		return d, apperr.InvalidField("month", "Write a month such as 2026-03.")
	}
	zone, err := s.zone(ctx, of)
	if err != nil {
		return d, err
	}
	d.Zone = zone.String()
	if d.From, d.To = month.Bounds(zone); d.To.After(s.now()) {
		return d, apperr.InvalidField("month", "This month has not ended.")
	}
	d.Decided, err = s.d.Promises.Decided(ctx, clock.Decisions{Agreement: of.ID, Customer: organisation, From: d.From, To: d.To})
	if err != nil {
		return d, err
	}
	d.Decided = Chosen(d.Decided, setting.Measures)
	d.Figures = Add(d.Decided, of.termsOf)
	d.Figures.Agreement, d.Figures.Goal, d.Figures.Measures = of.Name, setting.Goal, setting.Measures
	d.Fingerprint = Fingerprint(&d.Figures, d.Decided)
	return d, nil
}

// Publish freezes a month and shows it to the customer. seen is the fingerprint of the
// draft that was looked at; Conflict when the draft is another by now, or the month is
// published already.
func (s *Service) Publish(ctx context.Context, agreement, organisation int64, month Month, seen string) (Publication, error) {
	of, err := s.readable(ctx, agreement)
	if err != nil {
		return Publication{}, err
	}
	if err := mustManage(ctx, &of); err != nil {
		return Publication{}, err
	}
	setting, err := readSetting(ctx, s.d.DB.Reader(), agreement)
	if err != nil {
		return Publication{}, err
	}
	if !setting.Active {
		return Publication{}, apperr.New(apperr.Conflict, "Nothing of this agreement is published. Turn it on first.")
	}
	if err := s.settled(ctx); err != nil {
		return Publication{}, err
	}
	d, err := s.draft(ctx, &of, &setting, organisation, month)
	if err != nil {
		return Publication{}, err
	}
	if seen != "" && seen != d.Fingerprint {
		return Publication{}, apperr.New(apperr.Conflict, "The figures have changed since you looked at them. Look at the draft again.")
	}
	return s.publish(ctx, &of, &setting, &d)
}

// publish writes a publication, its notices and its trace, in one transaction.
func (s *Service) publish(ctx context.Context, of *subject, setting *Setting, d *Draft) (Publication, error) {
	now := s.now()
	p := Publication{
		Agreement: d.Agreement, Organisation: d.Organisation, Month: d.Month, Zone: d.Zone, From: d.From, To: d.To, Figures: d.Figures, PublishedAt: now, CheckedAt: now,
	}
	if a := access.From(ctx); a.IsPerson() {
		p.PublishedBy = a.ID
	}
	told, err := s.subscribers(ctx, setting, d.Organisation)
	if err != nil {
		return p, err
	}
	err = s.d.DB.Write(ctx, func(tx *database.Tx) error {
		p.ID = tx.NextID()
		if p.Number, err = nextNumber(ctx, tx, &p); err != nil {
			return err
		}
		first, err := insertPublication(ctx, tx, &p)
		if err != nil {
			return err
		}
		if !first {
			return apperr.New(apperr.Conflict, "This month is published already.")
		}
		if err := insertOutcomes(ctx, tx, p.ID, d.Decided); err != nil {
			return err
		}
		if err := s.tell(ctx, tx, &p, told); err != nil {
			return err
		}
		return s.d.Audit.Append(ctx, tx, s.entry("results.publish", of, &p, nil))
	})
	return p, err
}

// traced is a publication as the audit log keeps it.
type traced struct {
	Publication  int64  `json:"publication"`
	Organisation int64  `json:"organisation_id"`
	Month        Month  `json:"month"`
	Number       int    `json:"number"`
	Kept         int    `json:"kept"`
	Broken       int    `json:"broken"`
	Reason       string `json:"reason,omitempty"`
}

func (s *Service) entry(action string, of *subject, p *Publication, before any) audit.Entry {
	return audit.Entry{
		Action: action, ObjectType: "agreement", ObjectID: audit.ID(of.ID), ObjectName: of.Name, Before: before,
		After: traced{p.ID, p.Organisation, p.Month, p.Number, p.Figures.Kept, p.Figures.Broken, p.WithdrawnWhy},
	}
}

// maxWhy bounds the reason of a withdrawal, in characters.
const maxWhy = 500

// Withdraw takes a publication back, with a reason that its customers read. It can
// be published again.
func (s *Service) Withdraw(ctx context.Context, id int64, why string) (Publication, error) {
	p, of, err := s.inside(ctx, id)
	if err != nil {
		return p, err
	}
	if err := mustManage(ctx, &of); err != nil {
		return p, err
	}
	if why = clean(why); why == "" {
		return p, apperr.InvalidField("reason", "Say why, for those who have read it.")
	}
	if len([]rune(why)) > maxWhy {
		return p, apperr.InvalidField("reason", "Use at most %d characters.", maxWhy)
	}
	err = s.d.DB.Write(ctx, func(tx *database.Tx) error {
		p.WithdrawnAt, p.WithdrawnBy, p.WithdrawnWhy = s.now(), access.From(ctx).ID, why
		ok, err := withdraw(ctx, tx, &p)
		if err != nil {
			return err
		}
		if !ok {
			return apperr.New(apperr.Conflict, "This was withdrawn already.")
		}
		return s.d.Audit.Append(ctx, tx, s.entry("results.withdraw", &of, &p, nil))
	})
	return p, err
}

// missing answers for what does not exist as for what somebody may not see.
func missing() error {
	return apperr.New(apperr.NotFound, "These results do not exist, or you may not see them.")
}

// inside gives a publication to colleagues who may see the customer's results.
func (s *Service) inside(ctx context.Context, id int64) (Publication, subject, error) {
	if !colleague(access.From(ctx)) {
		return Publication{}, subject{}, missing()
	}
	p, err := readPublication(ctx, s.d.DB.Reader(), id)
	if err != nil {
		return p, subject{}, err
	}
	of, err := s.agreement(ctx, p.Agreement)
	if err == nil && !sees(access.From(ctx), &of, p.Organisation) {
		return Publication{}, subject{}, missing()
	}
	return p, of, err
}

// Published gives the months of an agreement as they were published, the newest
// first, to colleagues: those of customers whose results they see.
func (s *Service) Published(ctx context.Context, agreement int64, since Month) ([]Publication, error) {
	of, err := s.readable(ctx, agreement)
	if err != nil {
		return nil, err
	}
	found, err := readOfAgreement(ctx, s.d.DB.Reader(), agreement, since)
	return slices.DeleteFunc(found, func(p Publication) bool { return !sees(access.From(ctx), &of, p.Organisation) }), err
}

// Recounted counts a published month again: what counts differently, and why.
func (s *Service) Recounted(ctx context.Context, id int64) (Publication, Figures, []Change, error) {
	p, of, err := s.inside(ctx, id)
	if err != nil {
		return p, Figures{}, nil, err
	}
	f, changes, err := s.recount(ctx, &of, &p)
	return p, f, changes, err
}

// recount counts the month of a publication as it was counted then.
func (s *Service) recount(ctx context.Context, of *subject, p *Publication) (Figures, []Change, error) {
	published, err := readOutcomes(ctx, s.d.DB.Reader(), p.ID)
	if err != nil {
		return Figures{}, nil, err
	}
	now, err := s.d.Promises.Decided(ctx, clock.Decisions{Agreement: p.Agreement, Customer: p.Organisation, From: p.From, To: p.To})
	if err != nil {
		return Figures{}, nil, err
	}
	now = Chosen(now, p.Figures.Measures)
	f := Add(now, of.termsOf)
	f.Agreement, f.Goal, f.Measures = p.Figures.Agreement, p.Figures.Goal, p.Figures.Measures
	changes := Compare(published, now, of.termsOf)
	return f, changes, s.explain(ctx, p, published, changes)
}

// explain says of each change why.
func (s *Service) explain(ctx context.Context, p *Publication, published []clock.Decision, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(changes))
	for i := range changes {
		ids = append(ids, changes[i].Ticket)
	}
	ids = database.Distinct(ids)
	facts, err := readFacts(ctx, s.d.DB.Reader(), ids, p.Organisation)
	if err != nil {
		return err
	}
	covering, err := s.d.Promises.Covering(ctx, ids)
	if err != nil {
		return err
	}
	priorities := map[int64]int{}
	for i := range published {
		priorities[published[i].Ticket] = published[i].Priority
	}
	for i := range changes {
		c := &changes[i]
		f := facts[c.Ticket]
		was, counted := priorities[c.Ticket]
		switch {
		case !f.customers:
			c.Why = OtherCustomer
		case covering[c.Ticket] != 0 && covering[c.Ticket] != p.Agreement:
			c.Why = OtherAgreement
		case f.category == workflow.Cancelled:
			c.Why = Cancelled
		case c.Is == NotCounted && f.category.Active():
			c.Why = Reopened
		case counted && was != f.priority:
			c.Why = OtherPriority
		case !f.updated.After(p.PublishedAt):
			c.Why = TermsChanged
		default:
			c.Why = TicketChanged
		}
	}
	return nil
}
