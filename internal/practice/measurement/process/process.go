package process

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Names gives the names behind the groups of a map.
type Names interface {
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
}

// Deps are what the pages lean on.
type Deps struct {
	DB      *database.DB
	Tickets *ticket.Service
	Names   Names
	Frame   module.Frame
	Clock   func() time.Time
	// TicketURL is where a ticket is for whoever reads.
	TicketURL func(actor access.Actor, number string) string
	// CompleteURL completes a filter that is being typed; "" does not.
	CompleteURL string
}

// Process serves the pages.
type Process struct {
	d    Deps
	held cache
}

// New makes the pages.
func New(d Deps) *Process { return &Process{d: d} }

// Menu is the id of the menu entry, for module.Page.Active.
const Menu = "process"

// Module gives everything these pages add to the running system.
func (p *Process) Module() module.Module {
	return module.Module{
		Name:   "measurement/process",
		Routes: p.routes,
		API:    p.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Measurement"), Label: text.Key("Process map"), URL: "/process", Icon: "route", Key: "g f", ID: Menu, Visible: mayRead},
		},
	}
}

func (p *Process) routes(mux *web.Mux) {
	mux.Handle("GET /process", p.page)
	mux.Handle("GET /process/tickets", p.tickets)
	mux.Handle("GET /process/export", p.export)
}

// mayRead reports whether somebody may have figures over tickets at all.
func mayRead(actor access.Actor) bool {
	return actor.Can(access.Export, access.AnyKind) && actor.Can(access.View, access.AnyKind)
}

func require(ctx context.Context) error {
	return access.From(ctx).Require(access.Export, access.AnyKind)
}

// question is what a map is asked for: everything in its address.
type question struct {
	Between Between
	Filter  string
	From    time.Time // the beginning of a day in the reader's zone
	To      time.Time // the last day's end, excluded
	Share   int       // percent of the tickets; auto draws what can be read
	Wrong   *filter.Error
	where   filter.Condition
}

// auto leaves it to the map how much it shows.
const auto = -1

// usualDays is the length of the period when none was chosen.
const usualDays = 90

// longest bounds a period; the number of tickets is bounded besides.
const longest = 10 * 366 * 24 * time.Hour

// ask reads what is asked for. A filter that cannot be read is part of the
// question, and then nothing matches.
func (p *Process) ask(ctx context.Context, between, text, from, to, share string) (question, error) {
	q := question{Between: Between(between), Filter: text, Share: auto}
	zone := zoneOf(ctx)
	if q.Between == "" {
		q.Between = States
	}
	if q.Between != States && q.Between != Groups {
		return q, apperr.InvalidField("between", "A flow is between states or between groups.")
	}
	today := dayOf(p.d.Clock(), zone)
	q.From, q.To = today.AddDate(0, 0, 1-usualDays), today.AddDate(0, 0, 1)
	var wrong apperr.Problems
	for _, end := range []struct {
		name, text string
		day        *time.Time
		plus       int
	}{{"from", from, &q.From, 0}, {"to", to, &q.To, 1}} {
		if end.text == "" {
			continue
		}
		day, err := time.ParseInLocation(time.DateOnly, end.text, zone)
		if err != nil || day.Year() < 1970 || day.Year() > 9000 {
			wrong.Add(end.name, "A day is written 2026-11-21.")
			continue
		}
		*end.day = day.AddDate(0, 0, end.plus)
	}
	if !q.From.Before(q.To) {
		wrong.Add("to", "The period ends before it begins.")
	} else if q.To.Sub(q.From) > longest {
		wrong.Add("from", "A period is at most ten years long.")
	}
	if share != "" {
		n, err := strconv.Atoi(share)
		if err != nil || n < 0 || n > 100 {
			wrong.Add("share", "The share of tickets is a number from 0 to 100.")
		}
		q.Share = n
	}
	if err := wrong.Err(); err != nil {
		return q, err
	}
	var err error
	q.where, err = p.d.Tickets.Condition(ctx, text, zone)
	if errors.As(err, &q.Wrong) {
		q.where = filter.False()
		err = nil
	}
	return q, err
}

func zoneOf(ctx context.Context) *time.Location { return text.From(ctx).Location }

func dayOf(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// log is the traces of one question.
type log struct {
	traces []Trace
	more   bool // there were more tickets than are read at once
	readAt time.Time
}

// read gives the traces a question is about, from the cache if the same reader
// asked the same a moment ago.
func (p *Process) read(ctx context.Context, q question) (*log, error) {
	key, err := p.key(ctx, q)
	if err != nil {
		return nil, err
	}
	now := p.d.Clock()
	if held := p.held.get(key, now); held != nil {
		return held, nil
	}
	l := &log{readAt: now}
	category := Categories(p.d.Tickets.Kinds().In(ctx).All())
	l.more, err = p.d.Tickets.Courses(ctx, ticket.CourseQuery{Condition: q.where, From: q.From, To: q.To}, func(c ticket.Course) error {
		l.traces = append(l.traces, TraceOf(c, q.Between, category))
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.held.put(key, l, now)
	return l, nil
}

// key names a question and everything that decides which tickets the reader
// gets to know of, so that nobody is answered with what another may see.
func (p *Process) key(ctx context.Context, q question) (string, error) {
	schema, err := p.d.Tickets.Schema(ctx)
	if err != nil {
		return "", err
	}
	actor := access.From(ctx)
	parts := []string{string(q.Between), q.where.String(), q.From.UTC().String(), q.To.UTC().String()}
	for _, verb := range []access.Verb{access.View, access.Export, access.ReadNotes, access.Edit} {
		parts = append(parts, actor.Condition(verb, schema).String())
	}
	return strings.Join(parts, "\n"), nil
}

func (q question) discover(l *log) Map {
	if q.Share == auto {
		return Readable(l.traces, q.Between)
	}
	return Discover(l.traces, q.Between, float64(q.Share)/100)
}
