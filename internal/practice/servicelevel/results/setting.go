package results

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/clock"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Limits of what is published of one agreement.
const (
	MaxAudience = 20
	MaxContacts = 200
	MaxDays     = 28 // after a month's end
)

// Setting says whether, what and to whom results of an agreement are published.
type Setting struct {
	Agreement     int64           `json:"agreement_id"`
	Active        bool            `json:"active"`
	Organisations []int64         `json:"organisations"` // the customer or its units; each gets figures of its own
	Measures      []clock.Measure `json:"measures"`      // none is all
	Goal          int             `json:"goal"`          // in hundredths of a percent; 0 is none
	Tickets       bool            `json:"tickets"`       // with the list of the customer's own tickets
	AtRisk        bool            `json:"at_risk"`       // requesters see which of their own promises are at risk
	ContactsOnly  bool            `json:"contacts_only"` // only Contacts see it
	Contacts      []int64         `json:"contacts"`      // people at the customer, who are told when results come
	ByItself      bool            `json:"by_itself"`     // Days after a month's end, from the month Since on
	Days          int             `json:"days"`
	Since         Month           `json:"since"`
	Version       int64           `json:"version"` // 0 while nothing was chosen
}

// subject is the agreement that something is published of.
type subject struct {
	clock.Agreement
	owner int64
}

// agreement gives the agreement with a customer of an id; NotFound for any other.
func (s *Service) agreement(ctx context.Context, id int64) (subject, error) {
	q := s.d.DB.Reader()
	owner, err := s.d.Agreements.Owner(ctx, q, id)
	if err != nil {
		return subject{}, err
	}
	book, err := s.d.Agreements.Book(ctx, q)
	if err != nil {
		return subject{}, err
	}
	for i := range book {
		if book[i].ID == id && book[i].Role == clock.SLA {
			return subject{book[i], owner}, nil
		}
	}
	return subject{}, apperr.New(apperr.NotFound, "Results are published of agreements with customers, and this is none.")
}

// subjects gives all agreements with customers by their ids, in one query.
func (s *Service) subjects(ctx context.Context) (map[int64]subject, error) {
	q := s.d.DB.Reader()
	book, err := s.d.Agreements.Book(ctx, q)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for i := range book {
		if book[i].Role == clock.SLA {
			ids = append(ids, book[i].ID)
		}
	}
	owners, err := s.d.Agreements.Owners(ctx, q, ids)
	out := make(map[int64]subject, len(ids))
	for i := range book {
		if book[i].Role == clock.SLA {
			out[book[i].ID] = subject{book[i], owners[book[i].ID]}
		}
	}
	return out, err
}

// colleague reports whether somebody reads agreements at all.
func colleague(a access.Actor) bool {
	return a.Can(access.ReadNotes, access.AnyKind) || a.Can(access.ManageSettings, access.AnyKind)
}

// manages reports whether somebody may publish results of an agreement: who manages
// settings, or is accountable for it.
func manages(a access.Actor, of *subject) bool {
	return a.Can(access.ManageSettings, access.AnyKind) || a.ID != 0 && a.ID == of.owner && colleague(a)
}

// sees reports whether a colleague may look at results of a customer: who manages
// them, or reads the notes of that customer's tickets.
func sees(a access.Actor, of *subject, organisation int64) bool {
	return manages(a, of) || a.Check(access.ReadNotes, access.Record{Organisation: organisation}).Allowed
}

func mustManage(ctx context.Context, of *subject) error {
	if manages(access.From(ctx), of) {
		return nil
	}
	return apperr.New(apperr.Forbidden, "Results are published by who is accountable for the agreement, or manages settings.")
}

// Setting gives what is published of an agreement, to colleagues: to whom it is
// published only as far as they see those customers.
func (s *Service) Setting(ctx context.Context, agreement int64) (Setting, error) {
	of, err := s.readable(ctx, agreement)
	if err != nil {
		return Setting{}, err
	}
	found, err := readSetting(ctx, s.d.DB.Reader(), agreement)
	found.Organisations = slices.DeleteFunc(found.Organisations, func(id int64) bool { return !sees(access.From(ctx), &of, id) })
	if !manages(access.From(ctx), &of) {
		found.Contacts = nil
	}
	return found, err
}

// readable gives an agreement to colleagues.
func (s *Service) readable(ctx context.Context, agreement int64) (subject, error) {
	if !colleague(access.From(ctx)) {
		return subject{}, access.From(ctx).Require(access.ReadNotes, access.AnyKind)
	}
	return s.agreement(ctx, agreement)
}

// Configure chooses what is published of an agreement, over the version that was read.
// What was published stays as it was; of an organisation that is no longer among them,
// or of nothing active, customers see nothing. Invalid beside each field.
func (s *Service) Configure(ctx context.Context, in Setting) (Setting, error) {
	of, err := s.readable(ctx, in.Agreement)
	if err != nil {
		return in, err
	}
	if err := mustManage(ctx, &of); err != nil {
		return in, err
	}
	in.Organisations, in.Contacts = database.Distinct(in.Organisations), database.Distinct(in.Contacts)
	in.Measures = slices.Compact(slices.Sorted(slices.Values(in.Measures)))
	if !in.ByItself {
		in.Days, in.Since = 0, ""
	}
	err = s.d.DB.Write(ctx, func(tx *database.Tx) error {
		before, err := readSetting(ctx, tx, in.Agreement)
		if err != nil {
			return err
		}
		if before.Version != in.Version {
			return apperr.Stale(before, "Somebody else changed this in the meantime. Look at their version and save again.")
		}
		if err := s.checkSetting(ctx, tx, &of, &in); err != nil {
			return err
		}
		in.Version++
		if err := writeSetting(ctx, tx, &in, s.now()); err != nil {
			return err
		}
		s.any.Changed(tx)
		return s.d.Audit.Append(ctx, tx, audit.Entry{
			Action: "results.configure", ObjectType: "agreement", ObjectID: audit.ID(of.ID), ObjectName: of.Name, Before: before, After: in,
		})
	})
	return in, err
}

func (s *Service) checkSetting(ctx context.Context, q database.Querier, of *subject, in *Setting) error {
	var wrong apperr.Problems
	for _, m := range in.Measures {
		if !slices.Contains(clock.Measures(), m) {
			wrong.Add("measures", "Choose what is published.")
			break
		}
	}
	if in.Goal < 0 || in.Goal > whole {
		wrong.Add("goal", "Give a percentage from 0 to 100, such as 95.")
	}
	if in.ByItself {
		if in.Days < 0 || in.Days > MaxDays {
			wrong.Add("days", "Give a number of days from 0 to %d.", MaxDays)
		}
		if _, ok := ParseMonth(string(in.Since)); !ok {
			wrong.Add("since", "Write a month such as 2026-03.")
		}
	}
	switch {
	case in.Active && len(in.Organisations) == 0:
		wrong.Add("organisations", "Choose to whom it is published.")
	case len(in.Organisations) > MaxAudience:
		wrong.Add("organisations", "Choose at most %d organisations.", MaxAudience)
	default:
		if err := s.checkAudience(ctx, q, &wrong, of, in.Organisations); err != nil {
			return err
		}
	}
	if len(in.Contacts) > MaxContacts {
		wrong.Add("contacts", "Choose at most %d people.", MaxContacts)
		return wrong.Err()
	}
	if err := s.checkContacts(ctx, q, &wrong, in); err != nil {
		return err
	}
	return wrong.Err()
}

// checkAudience refuses organisations that are no customers of the agreement.
func (s *Service) checkAudience(ctx context.Context, q database.Querier, wrong *apperr.Problems, of *subject, ids []int64) error {
	found, err := s.d.People.OrganisationStandings(ctx, q, ids)
	if err != nil {
		return err
	}
	above, err := s.d.People.Above(ctx, q, ids)
	if err != nil {
		return err
	}
	kinds, err := s.kindsOf(ctx, q, above)
	if err != nil {
		return err
	}
	for _, id := range ids {
		o, ok := found[id]
		switch {
		case !ok:
			wrong.Add("organisations", "One of these organisations does not exist.")
		case of.Party != 0 && !slices.Contains(above[id], of.Party):
			wrong.Add("organisations", "%s is neither the customer of this agreement nor one of its units.", o.Name)
		case slices.ContainsFunc(above[id], func(up int64) bool { return kinds[up] == people.Supplier }):
			wrong.Add("organisations", "%s is a supplier: results go to customers.", o.Name)
		}
	}
	return nil
}

func (s *Service) kindsOf(ctx context.Context, q database.Querier, above map[int64][]int64) (map[int64]people.OrganisationKind, error) {
	var ids []int64
	for _, up := range above {
		ids = append(ids, up...)
	}
	found, err := s.d.People.OrganisationStandings(ctx, q, database.Distinct(ids))
	out := make(map[int64]people.OrganisationKind, len(found))
	for id, o := range found {
		out[id] = o.Kind
	}
	return out, err
}

// checkContacts refuses people who do not belong to those it is published to.
func (s *Service) checkContacts(ctx context.Context, q database.Querier, wrong *apperr.Problems, in *Setting) error {
	found, err := s.d.People.PersonNames(ctx, q, in.Contacts)
	if err != nil {
		return err
	}
	var organisations []int64
	for _, p := range found {
		organisations = append(organisations, p.OrganisationID)
	}
	above, err := s.d.People.Above(ctx, q, database.Distinct(organisations))
	if err != nil {
		return err
	}
	for _, id := range in.Contacts {
		p, ok := found[id]
		switch {
		case !ok || !p.Active:
			wrong.Add("contacts", "One of these people does not exist or is no longer active.")
		case !slices.ContainsFunc(above[p.OrganisationID], func(up int64) bool { return slices.Contains(in.Organisations, up) }):
			wrong.Add("contacts", "%s does not belong to any of the organisations.", p.Name)
		}
	}
	return nil
}
