package agreement

import (
	"context"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// usualDays is over how many days an agreement is tried unless somebody says
// otherwise, mostDays the most.
const (
	usualDays = 90
	mostDays  = 400
)

// Trials compute what agreements would have done to tickets of the past.
type Trials interface {
	Try(ctx context.Context, subject clock.Agreement, terms clock.Terms, from time.Time) (clock.Trial, error)
}

// Tickets gives the visible ones of some tickets.
type Tickets interface {
	ByIDs(ctx context.Context, ids []int64) ([]ticket.Ticket, error)
}

// TryWith says what computes trials. Call it while the system is put together.
func (s *Service) TryWith(trials Trials, tickets Tickets) { s.trials, s.tickets = trials, tickets }

// Tried is what a trial found, with the tickets that it names.
type Tried struct {
	clock.Trial
	From    time.Time
	Tickets map[int64]ticket.Ticket // of Worst, by id
}

// Simulate says what an agreement that is not saved would have done to the tickets
// of so many days. Invalid as Create.
func (s *Service) Simulate(ctx context.Context, in Draft, days int) (Tried, error) {
	if err := mayManage(ctx); err != nil {
		return Tried{}, err
	}
	a, err := s.draft(ctx, s.d.DB.Reader(), tidyDraft(in), s.now())
	if err != nil {
		return Tried{}, err
	}
	return s.try(ctx, a.Clock(), a.Versions[0].Terms, days)
}

// SimulateChange is Simulate of other terms of an agreement. Invalid as Change.
func (s *Service) SimulateChange(ctx context.Context, id int64, change Changes, days int) (Tried, error) {
	if err := mayManage(ctx); err != nil {
		return Tried{}, err
	}
	before, err := read(ctx, s.d.DB.Reader(), id)
	if err != nil {
		return Tried{}, err
	}
	change.From = instant(change.From)
	after, fresh, err := s.changes(ctx, s.d.DB.Reader(), &before, change)
	if err != nil {
		return Tried{}, err
	}
	terms := after.At(s.now()).Terms
	if fresh != nil {
		terms = fresh.Terms
	}
	return s.try(ctx, after.Clock(), terms, days)
}

func (s *Service) try(ctx context.Context, subject clock.Agreement, terms clock.Terms, days int) (Tried, error) {
	if days < 1 || days > mostDays {
		return Tried{}, apperr.InvalidField("days", "Try it on 1 to %d days.", mostDays)
	}
	out := Tried{From: s.now().AddDate(0, 0, -days), Tickets: map[int64]ticket.Ticket{}}
	var err error
	if out.Trial, err = s.trials.Try(ctx, subject, terms, out.From); err != nil {
		return out, err
	}
	ids := make([]int64, 0, len(out.Worst))
	for _, w := range out.Worst {
		ids = append(ids, w.TicketID)
	}
	found, err := s.tickets.ByIDs(ctx, ids)
	for i := range found {
		out.Tickets[found[i].ID] = found[i]
	}
	return out, err
}

// tried puts what a trial found into words.
func (s *Service) tried(ctx context.Context, t *Tried) templ.Component {
	w := &words{kinds: s.d.Kinds.In(ctx).All()}
	number := func(n int) string { return text.Number(ctx, int64(n)) }
	m := view.Tried{Looked: text.T(ctx, "Looked at %s tickets that came in since %s; %s of them would have come under it.", number(t.Looked), text.Date(ctx, t.From), number(t.Covered))}
	if t.Looked < t.Found {
		m.Looked = text.T(ctx, "Looked at %s of %s tickets that came in since %s, evenly spread; %s of them would have come under it.", number(t.Looked), number(t.Found), text.Date(ctx, t.From), number(t.Covered))
	}
	if t.Leaves > 0 {
		m.Leaves = text.N(ctx, t.Leaves, "%d ticket that is under it today would not be any more.", "%d tickets that are under it today would not be any more.")
	}
	m.Lines = ui.Table{
		ID: "tried", Caption: text.T(ctx, "What would have become of the promises"),
		Columns: []ui.Column{
			{Key: "promise", Label: text.T(ctx, "Promise"), Main: true},
			{Key: "kept", Label: text.T(ctx, "Kept"), Number: true},
			{Key: "broken", Label: text.T(ctx, "Broken"), Number: true},
			{Key: "open", Label: text.T(ctx, "Still open"), Number: true},
			{Key: "today-kept", Label: text.T(ctx, "Today kept"), Number: true},
			{Key: "today-broken", Label: text.T(ctx, "Today broken"), Number: true},
			{Key: "fresh", Label: text.T(ctx, "Not promised today"), Number: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconHeartHandshake, Title: text.T(ctx, "No ticket would have come under it"), Text: text.T(ctx, "Look at the kinds, the services and the party it names.")},
	}
	for _, l := range t.Lines {
		label := text.T(ctx, "%s, %s: %s", w.measure(ctx, l.Target.Measure, l.Target.State), w.priority(ctx, l.Target.Priority), SpanOf(l.Target).Words(ctx))
		if l.Tried == (clock.Tally{}) {
			label = text.T(ctx, "%s (no longer promised)", label)
		}
		cells := []templ.Component{ui.Words(label)}
		for _, n := range []int{l.Tried.Kept, l.Tried.Broken, l.Tried.Open, l.Today.Kept, l.Today.Broken, l.Fresh} {
			cells = append(cells, ui.Words(number(n)))
		}
		m.Lines.Rows = append(m.Lines.Rows, ui.Row{Cells: cells})
	}
	if len(t.Worst) == 0 {
		return m.View()
	}
	m.Worst = ui.Table{
		ID: "tried-worst", Caption: text.T(ctx, "The tickets that would have missed it most"),
		Columns: []ui.Column{
			{Key: "ticket", Label: text.T(ctx, "Ticket"), Main: true},
			{Key: "promise", Label: text.T(ctx, "Promise")},
			{Key: "over", Label: text.T(ctx, "Over"), Number: true},
			{Key: "today", Label: text.T(ctx, "Today")},
		},
	}
	for _, x := range t.Worst {
		tk, ok := t.Tickets[x.TicketID]
		if !ok {
			continue
		}
		today := text.T(ctx, "not broken")
		if x.Today {
			today = text.T(ctx, "broken as well")
		}
		address := "/tickets/" + tk.Number + "/clocks"
		m.Worst.Rows = append(m.Worst.Rows, ui.Row{URL: address, Cells: []templ.Component{
			ui.Link{Label: tk.Number + " " + tk.Title, URL: address}, ui.Words(w.measure(ctx, x.Target.Measure, x.Target.State)), ui.Words(Span{Within: x.Over.Round(time.Minute)}.Words(ctx)), ui.Words(today),
		}})
	}
	return m.View()
}

// TriedTarget is what would have become of the promises of one target.
type TriedTarget struct {
	Target      TargetTerms `json:"target"`
	Kept        int         `json:"kept"`
	Broken      int         `json:"broken" doc:"Those that are still open included."`
	Open        int         `json:"open" doc:"Still to be kept."`
	TodayKept   int         `json:"today_kept" doc:"Of the same tickets, by what holds today."`
	TodayBroken int         `json:"today_broken"`
	TodayOpen   int         `json:"today_open"`
	NotToday    int         `json:"not_promised_today"`
}

// TriedTicket is a ticket on which a promise would have been broken.
type TriedTicket struct {
	Number      string        `json:"number" example:"INC-1042"`
	Title       string        `json:"title"`
	Measure     clock.Measure `json:"measure" enum:"response,update,workaround,resolution,step"`
	State       string        `json:"state,omitempty"`
	Over        int64         `json:"over" doc:"Seconds of business time past the target."`
	BrokenToday bool          `json:"broken_today" doc:"It is broken by what holds today, too."`
}

// TrialReport is what a trial found.
type TrialReport struct {
	From    time.Time     `json:"from"`
	Found   int           `json:"found" doc:"Tickets that came in since then, as far as you may see them,"`
	Looked  int           `json:"looked_at" doc:"of them looked at, evenly spread,"`
	Covered int           `json:"covered" doc:"and of these under the agreement."`
	Leaves  int           `json:"leaves" doc:"Under it today, and not any more."`
	Targets []TriedTarget `json:"targets" nullable:"false"`
	Worst   []TriedTicket `json:"worst" nullable:"false" doc:"Furthest past their target first, at most 20."`
}

// Simulation is what is to be tried.
type Simulation struct {
	NewAgreement
	AgreementID int64 `json:"agreement_id,omitempty" minimum:"1" doc:"Tries the terms as a new version of this agreement; its party and role stay."`
	Days        int   `json:"days,omitempty" minimum:"1" maximum:"400" default:"90"`
}

type trialAnswer struct{ Body TrialReport }

func (s *Service) apiSimulate(ctx context.Context, in *struct{ Body Simulation }) (*trialAnswer, error) {
	draft, err := in.Body.draft()
	if err != nil {
		return nil, err
	}
	days := in.Body.Days
	if days == 0 {
		days = usualDays
	}
	var t Tried
	if in.Body.AgreementID != 0 {
		t, err = s.SimulateChange(ctx, in.Body.AgreementID, Changes{Terms: &draft.Terms}, days)
	} else {
		t, err = s.Simulate(ctx, draft, days)
	}
	if err != nil {
		return nil, s.outside(err)
	}
	return &trialAnswer{trialDocument(&t)}, nil
}

func trialDocument(t *Tried) TrialReport {
	d := TrialReport{From: t.From, Found: t.Found, Looked: t.Looked, Covered: t.Covered, Leaves: t.Leaves, Targets: []TriedTarget{}, Worst: []TriedTicket{}}
	for _, l := range t.Lines {
		d.Targets = append(d.Targets, TriedTarget{
			Target: targetDocument(l.Target), Kept: l.Tried.Kept, Broken: l.Tried.Broken, Open: l.Tried.Open,
			TodayKept: l.Today.Kept, TodayBroken: l.Today.Broken, TodayOpen: l.Today.Open, NotToday: l.Fresh,
		})
	}
	for _, x := range t.Worst {
		if tk, ok := t.Tickets[x.TicketID]; ok {
			d.Worst = append(d.Worst, TriedTicket{tk.Number, tk.Title, x.Target.Measure, x.Target.State, int64(x.Over / time.Second), x.Today})
		}
	}
	return d
}

// tryLabel is what the button says.
func tryLabel(ctx context.Context) string {
	return text.T(ctx, "Try on the last %s days", strconv.Itoa(usualDays))
}
