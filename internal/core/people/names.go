package people

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

// PersonName is what a page shows of a person who is mentioned on it.
type PersonName struct {
	ID             int64
	Name           string
	OrganisationID int64
	VIP, Active    bool
}

// GroupName is what a page shows of a group.
type GroupName struct {
	ID             int64
	Name           string
	Tier           int
	OrganisationID int64
	Active         bool
}

// nameCaches keep the names that nearly every page shows.
type nameCaches struct {
	persons       *kept.Cache[int64, PersonName]
	groups        *kept.Cache[int64, GroupName]
	organisations *kept.Cache[int64, string]
	places        *kept.Cache[struct{}, *places]
}

func newNameCaches(db *database.DB, clock func() time.Time) nameCaches {
	return nameCaches{
		kept.New[int64, PersonName](db, kept.Options{Topic: "person-names", Clock: clock}),
		kept.New[int64, GroupName](db, kept.Options{Topic: "group-names", Clock: clock}),
		kept.New[int64, string](db, kept.Options{Topic: "organisation-names", Clock: clock}),
		kept.New[struct{}, *places](db, kept.Options{Topic: "group-places", Clock: clock}),
	}
}

// Close stops listening for changes of names on other nodes.
func (s *Service) Close() {
	s.kept.persons.Close()
	s.kept.groups.Close()
	s.kept.organisations.Close()
	s.kept.places.Close()
}

// PersonNames gives the names behind ids, those that are not kept in one query. It
// asks for no permission: whoever sees a record sees the names on it. Missing ids
// and 0 are left out. Within a transaction names are read from it.
func (s *Service) PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]PersonName, error) {
	return kept.ByID(ctx, s.kept.persons, q, ids, "SELECT p.id, p.name, p.organisation_id, p.vip, p.active FROM persons p WHERE p.id IN ",
		func(r database.Row) (id int64, n PersonName, err error) {
			err = r.Scan(&n.ID, &n.Name, (*database.ID)(&n.OrganisationID), &n.VIP, &n.Active)
			return n.ID, n, err
		})
}

// GroupNames is PersonNames for groups.
func (s *Service) GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]GroupName, error) {
	return kept.ByID(ctx, s.kept.groups, q, ids, "SELECT g.id, g.name, g.tier, g.organisation_id, g.active FROM groups g WHERE g.id IN ",
		func(r database.Row) (id int64, n GroupName, err error) {
			err = r.Scan(&n.ID, &n.Name, &n.Tier, (*database.ID)(&n.OrganisationID), &n.Active)
			return n.ID, n, err
		})
}

// OrganisationNames is PersonNames for organisations.
func (s *Service) OrganisationNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]string, error) {
	return kept.ByID(ctx, s.kept.organisations, q, ids, "SELECT o.id, o.name FROM organisations o WHERE o.id IN ",
		func(r database.Row) (id int64, name string, err error) {
			err = r.Scan(&id, &name)
			return id, name, err
		})
}

// OrganisationStanding is what rules of other rooms ask of an organisation.
type OrganisationStanding struct {
	Name   string
	Kind   OrganisationKind
	Active bool
}

// OrganisationStandings gives what organisations are to us, in one query. Like names
// it asks for no permission. Missing ids and 0 are left out.
func (s *Service) OrganisationStandings(ctx context.Context, q database.Querier, ids []int64) (map[int64]OrganisationStanding, error) {
	return kept.Read(ctx, q, ids, "SELECT o.id, o.name, o.kind, o.active FROM organisations o WHERE o.id IN ",
		func(r database.Row) (id int64, o OrganisationStanding, err error) {
			err = r.Scan(&id, &o.Name, (*string)(&o.Kind), &o.Active)
			return id, o, err
		})
}

// Suggestion is an entry of a list that opens while somebody types.
type Suggestion struct {
	ID     int64
	Name   string
	Detail string // what tells two of the same name apart: e-mail address or organisation
}

const maxSuggestions = 10

// SuggestPeople completes the name of an active person. A requester or a
// supplier's agent gets nobody but themselves.
func (s *Service) SuggestPeople(ctx context.Context, text string) ([]Suggestion, error) {
	return s.suggestPeople(ctx, text, visiblePeople(access.From(ctx)), 0)
}

// SuggestMembers completes the name of an active member of a group the actor
// may see: whom a ticket of the group can be assigned to.
func (s *Service) SuggestMembers(ctx context.Context, group int64, text string) ([]Suggestion, error) {
	if _, err := s.Group(ctx, group); err != nil {
		return nil, err
	}
	return s.suggestPeople(ctx, text, filter.True(), group)
}

func (s *Service) suggestPeople(ctx context.Context, text string, visible filter.Condition, group int64) ([]Suggestion, error) {
	var args database.Args
	where := visible.SQL(&args) + " AND p.active AND " + lookup.Where(&args, lookup.Person, "p.id", text)
	if group != 0 {
		where += " AND p.id IN (SELECT gm.person_id FROM group_members gm WHERE gm.group_id = " + args.Arg(group) + ")"
	}
	return database.All(ctx, s.db.Reader(), scanSuggestion, `SELECT p.id, p.name, COALESCE(NULLIF(p.email, ''), o.name, '')
		FROM persons p LEFT JOIN organisations o ON o.id = p.organisation_id WHERE `+where+
		" ORDER BY p.name_folded, p.id LIMIT "+args.Arg(maxSuggestions), args.Values()...)
}

// SuggestKnown names those of some people the actor may look up, at most 100: what
// a form shows again of those who were chosen in it.
func (s *Service) SuggestKnown(ctx context.Context, ids []int64) ([]Suggestion, error) {
	const most = 100
	if len(ids) == 0 {
		return nil, nil
	}
	var args database.Args
	where := visiblePeople(access.From(ctx)).SQL(&args) + " AND p.id IN " + database.In(&args, ids[:min(len(ids), most)])
	return database.All(ctx, s.db.Reader(), scanSuggestion, `SELECT p.id, p.name, COALESCE(NULLIF(p.email, ''), o.name, '')
		FROM persons p LEFT JOIN organisations o ON o.id = p.organisation_id WHERE `+where+
		" ORDER BY p.name_folded, p.id LIMIT "+args.Arg(most), args.Values()...)
}

// SuggestGroups completes the name of an active group the actor may see.
func (s *Service) SuggestGroups(ctx context.Context, text string) ([]Suggestion, error) {
	var args database.Args
	where := visibleGroups(access.From(ctx)).SQL(&args) + " AND g.active AND " + lookup.Where(&args, lookup.Group, "g.id", text)
	return database.All(ctx, s.db.Reader(), scanSuggestion, `SELECT g.id, g.name, COALESCE(o.name, '')
		FROM groups g LEFT JOIN organisations o ON o.id = g.organisation_id WHERE `+where+
		" ORDER BY g.name_folded, g.id LIMIT "+args.Arg(maxSuggestions), args.Values()...)
}

// SuggestOrganisations completes the name of an active organisation the actor
// may see.
func (s *Service) SuggestOrganisations(ctx context.Context, text string) ([]Suggestion, error) {
	var args database.Args
	where := visibleOrganisations(access.From(ctx)).SQL(&args) + " AND o.active AND " +
		lookup.Where(&args, lookup.Organisation, "o.id", text)
	return database.All(ctx, s.db.Reader(), scanSuggestion, `SELECT o.id, o.name, COALESCE(parent.name, '')
		FROM organisations o LEFT JOIN organisations parent ON parent.id = o.parent_id WHERE `+where+
		" ORDER BY o.name_folded, o.id LIMIT "+args.Arg(maxSuggestions), args.Values()...)
}

func scanSuggestion(r database.Row) (Suggestion, error) {
	var s Suggestion
	err := r.Scan(&s.ID, &s.Name, &s.Detail)
	return s, err
}

// OrganisationOf gives the organisation of an active person, 0 for none;
// Invalid if there is no such person.
func (s *Service) OrganisationOf(ctx context.Context, q database.Querier, person int64) (int64, error) {
	var organisation int64
	err := q.QueryRow(ctx, "SELECT p.organisation_id FROM persons p WHERE p.id = $1 AND p.active", person).
		Scan((*database.ID)(&organisation))
	if apperr.Is(err, apperr.NotFound) {
		return 0, apperr.InvalidField("requester", "This person does not exist or is no longer active.")
	}
	return organisation, err
}

// CheckGroup fails with Invalid unless the group is active and the person, if
// any, an active member of it.
func (s *Service) CheckGroup(ctx context.Context, q database.Querier, group, person int64) error {
	var active, member bool
	err := q.QueryRow(ctx, `SELECT g.active, EXISTS (SELECT 1 FROM group_members gm JOIN persons p ON p.id = gm.person_id
			WHERE gm.group_id = g.id AND gm.person_id = $2 AND p.active)
		FROM groups g WHERE g.id = $1`, group, person).Scan(&active, &member)
	switch {
	case apperr.Is(err, apperr.NotFound) || err == nil && !active:
		return apperr.InvalidField("group", "This group does not exist or is no longer in use.")
	case err != nil:
		return err
	case person != 0 && !member:
		return apperr.InvalidField("assignee", "This person is not an active member of the group.")
	}
	return nil
}
