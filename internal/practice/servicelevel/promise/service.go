package promise

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of kept clocks.
var Migrations fs.FS = migrations

// Agreements are what is promised.
type Agreements interface {
	Book(ctx context.Context, q database.Querier) ([]clock.Agreement, error)
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Calendars give hours.
type Calendars interface {
	Hours(ctx context.Context, q database.Querier, ids ...int64) (map[int64]*calendar.Hours, error)
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Places say where groups and organisations stand, and what they are called.
type Places interface {
	SuppliersThen(ctx context.Context) (func(group int64, at time.Time) (supplier int64, until time.Time), error)
	Lineages(ctx context.Context, q database.Querier, ids []int64) (func(organisation int64, at time.Time) []int64, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
	OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
}

// Services name services, and say which offering of them customers had.
type Services interface {
	Names(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error)
	OfferingThen(ctx context.Context) (func(service int64, above []int64, at time.Time) int64, error)
}

// Deps are what a Service leans on.
type Deps struct {
	DB         *database.DB
	Tickets    *ticket.Service
	Kinds      *workflow.Registry
	Agreements Agreements
	Calendars  Calendars
	Places     Places
	Services   Services
	Now        func() time.Time
	Logger     *slog.Logger
}

// Service computes and keeps clocks.
type Service struct {
	d    Deps
	kept []Kept
	past *past
}

// NewService makes the service.
func NewService(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return &Service{d: d, past: &past{}}
}

// Kept hears, within the transaction, what the clocks of some tickets say from now
// on; those that have none are named, too. swept tells that they were computed because
// of what is promised, not because something happened to the tickets.
type Kept func(ctx context.Context, tx *database.Tx, ids []int64, clocks map[int64][]clock.Clock, swept bool) error

// FollowKept adds one. Call it while the system is put together.
func (s *Service) FollowKept(fn Kept) { s.kept = append(s.kept, fn) }

func (s *Service) now() time.Time { return s.d.Now().UTC().Truncate(time.Microsecond) }

// Clocks are those of one ticket, with what they were computed by.
type Clocks struct {
	All    []clock.Clock
	Course clock.Course
	Hours  func(calendar int64) *calendar.Hours
}

// Of computes the clocks of a ticket as they are now. Whoever reads internal notes
// gets all of them; others nothing, since clocks tell who works on it.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) (Clocks, error) {
	if !access.From(ctx).Check(access.ReadNotes, t.Record()).Allowed {
		return Clocks{}, nil
	}
	found, err := s.computeAll(ctx, []int64{t.ID})
	return found[t.ID], err
}

// computeAll computes the clocks of some tickets in a fixed number of queries.
func (s *Service) computeAll(ctx context.Context, ids []int64) (map[int64]Clocks, error) {
	agreements, err := s.d.Agreements.Book(ctx, s.d.DB.Reader())
	if err != nil {
		return nil, err
	}
	out := make(map[int64]Clocks, len(ids))
	if len(agreements) == 0 {
		return out, nil
	}
	courses, book, err := s.courses(ctx, ids, agreements)
	if err != nil {
		return nil, err
	}
	now := s.now()
	for id, course := range courses {
		out[id] = Clocks{All: clock.Compute(course, book, now), Course: course, Hours: book.Hours}
	}
	return out, nil
}

// Compute gives the clocks of some tickets as they are now. It asks for no permission.
func (s *Service) Compute(ctx context.Context, ids []int64) (map[int64][]clock.Clock, error) {
	found, err := s.computeAll(ctx, ids)
	return clocksOf(found), err
}

func clocksOf(computed map[int64]Clocks) map[int64][]clock.Clock {
	out := make(map[int64][]clock.Clock, len(computed))
	for id := range computed {
		out[id] = computed[id].All
	}
	return out
}

// Courses gives what the clocks of some tickets are computed from, in a fixed number
// of queries. It asks for no permission.
func (s *Service) Courses(ctx context.Context, ids []int64) (map[int64]clock.Course, clock.Book, error) {
	agreements, err := s.d.Agreements.Book(ctx, s.d.DB.Reader())
	if err != nil {
		return nil, clock.Book{}, err
	}
	return s.courses(ctx, ids, agreements)
}

// courses reads the courses of some tickets, and what their clocks under some
// agreements look up.
func (s *Service) courses(ctx context.Context, ids []int64, agreements []clock.Agreement) (map[int64]clock.Course, clock.Book, error) {
	q, book := s.d.DB.Reader(), clock.Book{Agreements: agreements}
	suppliers, err := s.d.Places.SuppliersThen(ctx)
	if err != nil {
		return nil, book, err
	}
	kinds, err := s.d.Kinds.Then(ctx)
	if err != nil {
		return nil, book, err
	}
	timelines, err := ticket.Timelines(ctx, q, ids)
	if err != nil {
		return nil, book, err
	}
	rules := clock.Rules{Kind: kinds, Supplier: suppliers}
	courses := make(map[int64]clock.Course, len(timelines))
	var organisations []int64
	for id, events := range timelines {
		course, err := clock.Read(events, rules)
		if err != nil {
			// One timeline that does not apply must not keep all others from their clocks.
			s.d.Logger.WarnContext(ctx, "a timeline could not be read to its end for clocks", "ticket", id, "error", err)
		}
		courses[id] = course
		for i := range course.Moments {
			organisations = append(organisations, course.Moments[i].Organisation)
		}
	}
	above, err := s.d.Places.Lineages(ctx, q, database.Distinct(organisations))
	if err != nil {
		return nil, book, err
	}
	hours, err := s.d.Calendars.Hours(ctx, q, calendarsOf(agreements)...)
	if err != nil {
		return nil, book, err
	}
	book.Hours = func(id int64) *calendar.Hours { return hours[id] }
	if book.Offering, err = s.d.Services.OfferingThen(ctx); err != nil {
		return nil, book, err
	}
	now := s.now()
	book.Above = func(id int64) []int64 { return above(id, now) }
	book.AboveThen = above
	return courses, book, nil
}

// Recheck has the clocks of all tickets whose promises are still to be kept computed
// anew, for those who follow what is kept of them.
func (s *Service) Recheck(ctx context.Context, tx *database.Tx) error { return noteOpen(ctx, tx) }

// Recent gives tickets with a promise that was to be kept at an instant or later, the
// newest first, at most so many.
func (s *Service) Recent(ctx context.Context, from time.Time, most int) ([]int64, error) {
	return readRecent(ctx, s.d.DB.Reader(), from, most)
}

func calendarsOf(agreements []clock.Agreement) []int64 {
	var ids []int64
	for i := range agreements {
		for _, v := range agreements[i].Versions {
			ids = append(ids, v.Calendar)
			for _, t := range v.Targets {
				ids = append(ids, t.Calendar)
			}
		}
	}
	return database.Distinct(ids)
}
