package servicenow

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Directory makes sure that persons, groups and organisations exist.
type Directory interface {
	EnsurePersons(ctx context.Context, tx *database.Tx, source string, seeds []people.PersonSeed) (map[string]int64, error)
	EnsureGroups(ctx context.Context, tx *database.Tx, source string, seeds []people.GroupSeed) (map[string]int64, error)
	EnsureOrganisations(ctx context.Context, tx *database.Tx, source string, seeds []people.OrganisationSeed) (map[string]int64, error)
}

// Services makes sure that services exist.
type Services interface {
	Ensure(ctx context.Context, tx *database.Tx, source string, seeds []service.Seed) (map[string]int64, error)
}

// Importer brings logs in.
type Importer struct {
	DB        *database.DB
	Tickets   *ticket.Service
	Directory Directory
	Services  Services
	Now       func() time.Time
}

// Options of one import.
type Options struct {
	Zone     *time.Location       // of the times in the file; nil is UTC
	Progress func(report *Report) // called after every batch; must return quickly
}

// Report says what an import did. Lists are cut at MaxFindings; the counts are whole.
type Report struct {
	Lines      int        `json:"lines"`     // saved states that were read
	Incidents  int        `json:"incidents"` // incidents that were read
	Created    int        `json:"created"`
	Extended   int        `json:"extended"`
	Known      int        `json:"known"`
	Diverged   int        `json:"diverged"`
	Skipped    int        `json:"skipped"` // broken lines
	Mended     int        `json:"mended"`  // oddities that were put right
	Counted    Counted    `json:"counted"`
	Broken     []Finding  `json:"broken,omitempty"`
	Oddities   []Finding  `json:"oddities,omitempty"`
	Mismatches []Mismatch `json:"mismatches,omitempty"`
	Mismatched int        `json:"mismatched"`
}

// MaxFindings bounds each list of a report.
const MaxFindings = 1000

// Bounds of one transaction: small enough to let people work meanwhile.
const (
	batchIncidents = 150
	batchRows      = 2000
)

// Run imports a log. It can be stopped at any moment and run again: what is in
// stays in, the rest follows. The report covers this run's reading.
func (im *Importer) Run(ctx context.Context, r io.Reader, o Options) (*Report, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	rows, err := newLogReader(r, o.Zone)
	if err != nil {
		return nil, err
	}
	run := &run{
		im: im, options: o, in: incidentReader{rows: rows}, report: &Report{},
		known: ids{persons: map[string]int64{}, groups: map[string]int64{}, services: map[string]int64{}},
	}
	ctx = access.With(ctx, access.NewImporter("ServiceNow log"))
	for {
		more, err := run.batch(ctx)
		if o.Progress != nil {
			o.Progress(run.report)
		}
		if err != nil || !more {
			return run.report, err
		}
		if err := ctx.Err(); err != nil {
			return run.report, err
		}
	}
}

type run struct {
	im      *Importer
	options Options
	in      incidentReader
	report  *Report
	known   ids
	learnt  []func() // forgets what a transaction that did not commit has learnt
}

// maxKnown bounds the names that are remembered between batches.
const maxKnown = 200_000

// batch reads and stores some incidents; more is false after the last.
func (r *run) batch(ctx context.Context) (more bool, err error) {
	var incidents []*incident
	lines := 0
	for more = true; more && len(incidents) < batchIncidents && lines < batchRows; {
		rows, bad, err := r.in.Next()
		for _, b := range bad {
			r.report.Skipped++
			add(&r.report.Broken, Finding{Line: b.Line, Text: b.Text})
		}
		if errors.Is(err, io.EOF) {
			more = false
			break
		}
		if err != nil {
			return false, err
		}
		if len(rows) > 0 {
			incidents = append(incidents, &incident{rows: rows})
			lines += len(rows)
		}
	}
	if len(incidents) == 0 {
		return more, nil
	}
	def, err := r.prepareKind(ctx, incidents)
	if err != nil {
		return false, err
	}
	var results []ticket.ImportResult
	var histories []ticket.History
	err = r.im.DB.Write(ctx, func(tx *database.Tx) error {
		histories = histories[:0]
		for _, forget := range r.learnt {
			forget()
		}
		r.learnt = r.learnt[:0]
		if err := r.ensure(ctx, tx, incidents); err != nil {
			return err
		}
		for _, in := range incidents {
			in.notes = nil
			h, err := in.history(r.known)
			if err != nil {
				return err
			}
			histories = append(histories, h)
		}
		var err error
		results, err = r.im.Tickets.Import(ctx, tx, histories)
		return err
	})
	if err != nil {
		return false, err
	}
	r.learnt = r.learnt[:0]
	for i, in := range incidents {
		r.tell(in, &histories[i], results[i], def)
	}
	return more, nil
}

// tell adds one incident to the report.
func (r *run) tell(in *incident, h *ticket.History, result ticket.ImportResult, def *workflow.Definition) {
	rep := r.report
	rep.Incidents++
	rep.Lines += len(in.rows)
	switch result.Outcome {
	case ticket.ImportCreated:
		rep.Created++
	case ticket.ImportExtended:
		rep.Extended++
	case ticket.ImportKnown:
		rep.Known++
	case ticket.ImportDiverged:
		rep.Diverged++
		in.find(in.rows[0], "%s was worked on here since; later saves in the log were left out", result.Number)
	}
	for _, f := range in.notes {
		rep.Mended++
		add(&rep.Oddities, f)
	}
	for _, m := range compare(in.rows, h.Events, def, &rep.Counted) {
		rep.Mismatched++
		add(&rep.Mismatches, m)
	}
}

func add[T any](list *[]T, v T) {
	if len(*list) < MaxFindings {
		*list = append(*list, v)
	}
}

// prepareKind gives incidents the fields and resolution codes that the log has.
func (r *run) prepareKind(ctx context.Context, incidents []*incident) (*workflow.Definition, error) {
	kinds := r.im.Tickets.Kinds()
	current, err := kinds.Get("incident")
	if err != nil {
		return nil, err
	}
	def := *current
	def.Fields, def.Codes = slices.Clone(def.Fields), slices.Clone(def.Codes)
	changed := false
	for _, f := range customFields {
		if _, has := def.Field(f.key); !has {
			def.Fields = append(def.Fields, workflow.Field{Key: f.key, Label: f.label, Type: workflow.Text, Retired: true})
			changed = true
		}
	}
	for _, in := range incidents {
		for _, row := range in.rows {
			key := codeKey(row.Code)
			if _, has := def.Code(key); !has && key != "" {
				def.Codes = append(def.Codes, workflow.Code{Key: key, Label: row.Code})
				changed = true
			}
		}
	}
	if !changed {
		return current, nil
	}
	err = r.im.DB.Write(ctx, func(tx *database.Tx) error {
		return kinds.Save(ctx, tx, &def, current.Version, 0, r.im.Now())
	})
	if err != nil {
		return nil, err
	}
	return kinds.Get("incident")
}

// ensure makes sure of everybody and everything the incidents name.
func (r *run) ensure(ctx context.Context, tx *database.Tx, incidents []*incident) error {
	if len(r.known.persons)+len(r.known.groups)+len(r.known.services) > maxKnown {
		r.known.persons, r.known.groups, r.known.services = map[string]int64{}, map[string]int64{}, map[string]int64{}
	}
	if r.known.organisation == 0 {
		found, err := r.im.Directory.EnsureOrganisations(ctx, tx, Source, []people.OrganisationSeed{{
			Ref: "company", OrganisationInput: people.OrganisationInput{Kind: people.Own, Name: "Imported from ServiceNow", Active: true},
		}})
		if err != nil {
			return err
		}
		r.known.organisation = found["company"]
		r.learnt = append(r.learnt, func() { r.known.organisation = 0 })
	}
	persons, groups, services := wanted{known: r.known.persons}, wanted{known: r.known.groups}, wanted{known: r.known.services}
	persons.add(Unknown + " caller")
	for _, in := range incidents {
		for _, row := range in.rows {
			for _, name := range []string{row.Caller, row.OpenedBy, row.SavedBy, row.Assignee, row.Resolver} {
				persons.add(personRef(name))
			}
			groups.add(either(row.Group, Unknown))
			services.add(row.Category)
		}
	}
	var seeds []people.PersonSeed
	for _, name := range persons.names {
		seeds = append(seeds, people.PersonSeed{Ref: name, PersonInput: people.PersonInput{Name: name, OrganisationID: r.known.organisation, Active: true}})
	}
	if err := r.take(&persons)(r.im.Directory.EnsurePersons(ctx, tx, Source, seeds)); err != nil {
		return err
	}
	var catalogue []service.Seed
	for _, name := range services.names {
		catalogue = append(catalogue, service.Seed{Ref: name, Input: service.Input{Name: name, Criticality: service.DefaultCriticality, Stage: service.Live}})
	}
	if err := r.take(&services)(r.im.Services.Ensure(ctx, tx, Source, catalogue)); err != nil {
		return err
	}
	return r.ensureGroups(ctx, tx, incidents, &groups)
}

// ensureGroups makes sure of groups and of their members: whoever was assigned
// a ticket of a group works in it.
func (r *run) ensureGroups(ctx context.Context, tx *database.Tx, incidents []*incident, groups *wanted) error {
	members := map[string][]int64{}
	for _, in := range incidents {
		for _, row := range in.rows {
			group, person := either(row.Group, Unknown), r.known.persons[personRef(row.Assignee)]
			if person != 0 && !slices.Contains(members[group], person) {
				members[group] = append(members[group], person)
			}
		}
	}
	for group := range members {
		if !slices.Contains(groups.names, group) {
			groups.names = append(groups.names, group)
		}
	}
	slices.Sort(groups.names)
	var seeds []people.GroupSeed
	for _, name := range groups.names {
		seeds = append(seeds, people.GroupSeed{
			Ref: name, Members: members[name],
			GroupInput: people.GroupInput{Name: groupName(name), OrganisationID: r.known.organisation, Active: true},
		})
	}
	return r.take(groups)(r.im.Directory.EnsureGroups(ctx, tx, Source, seeds))
}

func groupName(name string) string {
	if name == Unknown {
		return "Unknown group (ServiceNow)"
	}
	return name
}

// wanted collects names that are not known yet, each once.
type wanted struct {
	known map[string]int64
	names []string
	seen  map[string]bool
}

func (w *wanted) add(name string) {
	if name == "" || w.known[name] != 0 || w.seen[name] {
		return
	}
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	w.seen[name] = true
	w.names = append(w.names, name)
}

// take remembers the ids of wanted names, until the transaction turns out not to commit.
func (r *run) take(w *wanted) func(found map[string]int64, err error) error {
	return func(found map[string]int64, err error) error {
		for name, id := range found {
			if w.known[name] != 0 {
				continue
			}
			w.known[name] = id
			r.learnt = append(r.learnt, func() { delete(w.known, name) })
		}
		return err
	}
}
