package tension

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui/text"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of pairs and alarms.
var Migrations fs.FS = migrations

// Names gives the names of persons.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
}

// Actors gives persons with what they may do now.
type Actors interface {
	Person(ctx context.Context, id int64) (actors.Person, error)
}

// Notices tells people what concerns them.
type Notices interface {
	Send(ctx context.Context, tx *database.Tx, notices ...notify.Notice) error
}

// Deps are what the pages lean on.
type Deps struct {
	DB      *database.DB
	Metrics metric.Reader
	Tickets *ticket.Service
	Names   Names
	Actors  Actors
	Audit   *audit.Log
	Notices Notices
	Frame   module.Frame
	Clock   func() time.Time
	Reading func(ctx context.Context, p actors.Person) context.Context
	HTTPS   bool
}

// Tension serves pairs of figures.
type Tension struct{ d Deps }

// New makes the pages.
func New(d Deps) *Tension { return &Tension{d} }

// Subject is the type of the notices that tell of a pair's alarm.
const Subject = "tension"

// Menu is the id of the menu entry, for module.Page.Active.
const Menu = "tension"

// Module gives everything pairs add to the running system.
func (t *Tension) Module() module.Module {
	return module.Module{
		Name: "measurement/tension", Migrations: []fs.FS{Migrations}, Routes: t.routes, API: t.register,
		Menu: []module.MenuItem{
			{Section: text.Key("Measurement"), Label: text.Key("Tension pairs"), URL: "/tension", Icon: "scale", Key: "g a", ID: Menu, Visible: mayRead},
		},
		Periodic: []module.Periodic{{Name: "tension.try", Every: time.Hour, Run: t.Try}},
	}
}

func (t *Tension) routes(mux *web.Mux) {
	mux.Handle("GET /tension", t.list)
	mux.Handle("POST /tension", t.create)
	mux.Handle("GET /tension/new", t.newPair)
	mux.Handle("GET /tension/{id}", t.show)
	mux.Handle("POST /tension/{id}", t.save)
	mux.Handle("GET /tension/{id}/edit", t.edit)
	mux.Handle("POST /tension/{id}/delete", t.remove)
}

// needed is what pairs ask for: they are the desk's own, not for those who see
// only what was handed to them.
func needed() []access.Verb { return []access.Verb{access.View, access.Export, access.ReadNotes} }

func mayRead(actor access.Actor) bool {
	return !slices.ContainsFunc(needed(), func(v access.Verb) bool { return !actor.Can(v, access.AnyKind) })
}

func require(ctx context.Context) error {
	for _, v := range needed() {
		if err := access.From(ctx).Require(v, access.AnyKind); err != nil {
			return err
		}
	}
	return nil
}

func mayManage(actor access.Actor) bool { return actor.Can(access.ManageSettings, access.AnyKind) }

// Pair is a process figure with those that keep it honest.
type Pair struct {
	ID        int64
	Process   metric.Key
	Goal      *float64 // in the unit of the figure; only with the partners' goals
	Partners  []Partner
	Filter    string // tickets that both are over
	Periods   int    // weeks in a row that a tension must hold
	OwnerID   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// Partner is a service or experience figure of a pair. It is stored as JSON.
type Partner struct {
	Metric metric.Key `json:"metric"`
	Goal   *float64   `json:"goal,omitempty"`
}

// Proposal is a pair that practice knows to pull.
type Proposal struct {
	Process  metric.Key
	Partners []metric.Key
	Why      string
}

// Proposals are those that come with the product.
func Proposals() []Proposal {
	return []Proposal{
		{metric.TimeToResolve, []metric.Key{metric.ReopenRate, metric.LostTime}, text.Key("Tickets that are resolved in haste come back, and people lose time.")},
		{metric.FirstContact, []metric.Key{metric.ReopenRate, metric.Satisfaction}, text.Key("Whoever must solve at the first contact may call solved what is not.")},
		{metric.FirstLine, []metric.Key{metric.TimeToResolve, metric.ReopenRate}, text.Key("Tickets that are kept in the first line may wait there too long.")},
		{metric.TimeToResolveNet, []metric.Key{metric.TimeToResolve}, text.Key("Time on hold does not count for the one, but the requester waits all the same.")},
		{metric.FirstResponse, []metric.Key{metric.TimeToResolve, metric.Satisfaction}, text.Key("A quick answer that says nothing is soon written.")},
		{metric.Reassignments, []metric.Key{metric.TimeToResolve, metric.Satisfaction}, text.Key("Whoever may not hand on keeps what others would solve sooner.")},
		{metric.Touches, []metric.Key{metric.ReopenRate, metric.Satisfaction}, text.Key("Less work on a ticket is good only as long as it is solved.")},
	}
}

// Limits of pairs.
const (
	maxPairs    = 50
	maxPartners = 4
)

// check reports what is wrong with a pair, field by field.
func (t *Tension) check(ctx context.Context, p *Pair) error {
	all, err := t.definitions(ctx)
	if err != nil {
		return err
	}
	var wrong apperr.Problems
	directed := func(field string, key metric.Key) {
		def, known := all[key]
		switch {
		case !known:
			wrong.Add(field, "There is no such figure.")
		case def.Direction == metric.Steady:
			wrong.Add(field, "“%s” has no direction: neither more nor less of it is better.", def.Name)
		}
	}
	directed("process", p.Process)
	if len(p.Partners) == 0 || len(p.Partners) > maxPartners {
		wrong.Add("partners", "Choose one to %d figures beside it.", maxPartners)
	}
	withGoal := 0
	for i, partner := range p.Partners {
		directed("partners", partner.Metric)
		if partner.Metric == p.Process || slices.ContainsFunc(p.Partners[:i], func(q Partner) bool { return q.Metric == partner.Metric }) {
			wrong.Add("partners", "Each figure stands in a pair once.")
		}
		if partner.Goal != nil {
			withGoal++
		}
	}
	if (p.Goal != nil || withGoal > 0) && (p.Goal == nil || withGoal != len(p.Partners)) {
		wrong.Add("goal", "Goals are set for the whole pair: for the process figure and for each one beside it, or for none.")
	}
	if p.Periods < 1 || p.Periods > 8 {
		wrong.Add("periods", "A tension holds for one to eight weeks before it alarms.")
	}
	if _, err := t.d.Tickets.Condition(ctx, p.Filter, time.UTC); err != nil {
		e := new(filter.Error)
		if !errors.As(err, &e) {
			return err
		}
		wrong.Add("filter", "%s", e.Msg)
	}
	return wrong.Err()
}

func (t *Tension) definitions(ctx context.Context) (definitions, error) {
	all, err := t.d.Metrics.Catalogue(ctx)
	out := make(definitions, len(all))
	for _, def := range all {
		out[def.Key] = def
	}
	return out, err
}

const pairColumns = `p.id, p.process, p.goal, p.partners, p.filter, p.periods, p.owner_id, p.created_at, p.updated_at, p.version`

func scanPair(r database.Row) (Pair, error) {
	var p Pair
	err := r.Scan(&p.ID, &p.Process, &p.Goal, database.JSON{V: &p.Partners}, &p.Filter, &p.Periods, &p.OwnerID,
		(*database.Time)(&p.CreatedAt), (*database.Time)(&p.UpdatedAt), &p.Version)
	return p, err
}

// Pairs lists the pairs of the organisation.
func (t *Tension) Pairs(ctx context.Context) ([]Pair, error) {
	if err := require(ctx); err != nil {
		return nil, err
	}
	return t.pairs(ctx)
}

// Pair gives one pair.
func (t *Tension) Pair(ctx context.Context, id int64) (Pair, error) {
	if err := require(ctx); err != nil {
		return Pair{}, err
	}
	return load(ctx, t.d.DB.Reader(), id)
}

// Add stores a new pair, which belongs to the actor.
func (t *Tension) Add(ctx context.Context, p Pair) (Pair, error) {
	if err := t.mayChange(ctx, &p); err != nil {
		return p, err
	}
	p.OwnerID = access.From(ctx).ID
	err := t.d.DB.Write(ctx, func(tx *database.Tx) error {
		id, _, err := once.Do(ctx, tx, t.d.Clock(), []any{"tension", p.Process, p.Partners, p.Goal, p.Filter}, func() (int64, error) { return t.insert(ctx, tx, &p) })
		if err == nil && id != p.ID {
			p, err = load(ctx, tx, id)
		}
		return err
	})
	return p, err
}

func (t *Tension) mayChange(ctx context.Context, p *Pair) error {
	actor := access.From(ctx)
	if err := actor.Require(access.ManageSettings, access.AnyKind); err != nil {
		return err
	}
	if !actor.IsPerson() {
		return apperr.New(apperr.Forbidden, "Only persons own pairs.")
	}
	return t.check(ctx, p)
}

func (t *Tension) audited(ctx context.Context, tx *database.Tx, action string, before, after *Pair) error {
	doc := func(p *Pair) any {
		if p == nil {
			return nil
		}
		return map[string]any{"process": p.Process, "goal": p.Goal, "partners": p.Partners, "filter": p.Filter, "periods": p.Periods}
	}
	p := after
	if p == nil {
		p = before
	}
	return t.d.Audit.Append(ctx, tx, audit.Entry{Action: action, ObjectType: "tension", ObjectID: audit.ID(p.ID), ObjectName: string(p.Process), Before: doc(before), After: doc(after)})
}
