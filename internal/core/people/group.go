package people

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Group is a team that tickets are assigned to.
type Group struct {
	ID int64 `json:"id"`
	GroupInput
	// HomeSince is since when it is at home there; zero for always.
	HomeSince time.Time `json:"home_since,omitzero"`
	Source    string    `json:"source,omitempty"`
	SourceRef string    `json:"source_ref,omitempty"`
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`
	Version   int64     `json:"version"`
}

const noGroup = "This group does not exist, or you may not see it."

// GroupInput is what can be edited.
type GroupInput struct {
	Name           string `json:"name"`
	Tier           int    `json:"tier,omitempty"`            // support tier 1 to 3; 0 for none
	OrganisationID int64  `json:"organisation_id,omitempty"` // where it is at home: in-house or a supplier
	Email          string `json:"email,omitempty"`
	Description    string `json:"description,omitempty"`
	Active         bool   `json:"active"`
	// Since is what UpdateGroup is to say of since when the group is at home there: always
	// for a zero time. Nil leaves it to UpdateGroup: from now on for a group that moves, and
	// always for one that had no home.
	Since *time.Time `json:"-"`
}

// Member is a person in a group.
type Member struct {
	PersonID int64  `json:"person_id"`
	Name     string `json:"name"`
	Lead     bool   `json:"lead"`
	Active   bool   `json:"-"` // of the person
}

// Membership is a group from a member's side.
type Membership struct {
	Group Group
	Lead  bool
}

func (in *GroupInput) check() error {
	in.Name, in.Email, in.Description = clean(in.Name), clean(in.Email), clean(in.Description)
	var wrong apperr.Problems
	checkName(&wrong, in.Name)
	checkLength(&wrong, "description", in.Description, 2000)
	if in.Tier < 0 || in.Tier > 3 {
		wrong.Add("tier", "Support tiers are L1 to L3, or none.")
	}
	if !validEmail(in.Email) {
		wrong.Add("email", "Write an address such as name@example.com.")
	}
	return wrong.Err()
}

// record is what access rules look at.
func (g Group) record() access.Record {
	return access.Record{Group: g.ID, Organisation: g.OrganisationID}
}

var groupSchema = schema(map[string]string{
	access.FieldGroup:        "g.id",
	access.FieldOrganisation: "g.organisation_id",
})

// visibleGroups is the rule of who sees which group: whoever looks people up,
// and whoever works tickets sees those that may hold them. A supplier's agent
// thus sees the supplier's own groups and no other.
func visibleGroups(a access.Actor) filter.Condition {
	return filter.Or(
		a.Condition(access.ViewPeople, groupSchema),
		a.Condition(access.ManagePeople, groupSchema),
		a.Condition(access.Assign, groupSchema),
	)
}

// Group gives one group; NotFound if the actor may not see it.
func (s *Service) Group(ctx context.Context, id int64) (Group, error) {
	var args database.Args
	g, err := database.One(ctx, s.db.Reader(), scanGroup, "SELECT "+groupColumns+" FROM groups g WHERE g.id = "+args.Arg(id)+
		" AND "+visibleGroups(access.From(ctx)).SQL(&args), args.Values()...)
	return g, notFound(err, noGroup)
}

// GroupQuery chooses groups. Zero fields do not narrow.
type GroupQuery struct {
	Text   string // beginnings of words of the name
	Within int64  // at home in this organisation or below it
	Tier   int
	Active bool // only active ones
	After  lookup.Cursor
	Limit  int
}

// Groups lists what the actor may see, by name.
func (s *Service) Groups(ctx context.Context, q GroupQuery) (lookup.Page[Group], error) {
	var args database.Args
	where := visibleGroups(access.From(ctx)).SQL(&args) +
		" AND " + q.After.After(&args, "g.name_folded", "g.id") +
		" AND " + lookup.Where(&args, lookup.Group, "g.id", q.Text)
	if q.Within != 0 {
		where += " AND " + within(&args, "g.organisation_id", q.Within)
	}
	if q.Tier != 0 {
		where += " AND g.tier = " + args.Arg(q.Tier)
	}
	if q.Active {
		where += " AND g.active"
	}
	limit := lookup.Limit(q.Limit)
	rows, err := database.All(ctx, s.db.Reader(), scanGroup, "SELECT "+groupColumns+" FROM groups g WHERE "+where+
		" ORDER BY g.name_folded, g.id LIMIT "+args.Arg(limit+1), args.Values()...)
	return lookup.PageOf(rows, limit, func(g Group) lookup.Cursor {
		return lookup.Cursor{Name: filter.Fold(g.Name), ID: g.ID}
	}), err
}

// maxMembers bounds a group's page; a support group is a team, not a company.
const maxMembers = 1000

// Members lists the members of a group the actor may see, leads first.
func (s *Service) Members(ctx context.Context, group int64) ([]Member, error) {
	if _, err := s.Group(ctx, group); err != nil {
		return nil, err
	}
	return database.All(ctx, s.db.Reader(), scanMember, `SELECT p.id, p.name, gm.lead, p.active
		FROM group_members gm JOIN persons p ON p.id = gm.person_id WHERE gm.group_id = $1
		ORDER BY gm.lead DESC, p.name_folded, p.id LIMIT $2`, group, maxMembers)
}

// MembershipsOf lists the groups of a person the actor may look up.
func (s *Service) MembershipsOf(ctx context.Context, person int64) ([]Membership, error) {
	if _, err := s.Person(ctx, person); err != nil {
		return nil, err
	}
	return database.All(ctx, s.db.Reader(), func(r database.Row) (m Membership, err error) {
		m.Group, err = scanGroup(withLead{r, &m.Lead})
		return m, err
	}, "SELECT "+groupColumns+`, gm.lead FROM group_members gm JOIN groups g ON g.id = gm.group_id
		WHERE gm.person_id = $1 ORDER BY g.name_folded, g.id LIMIT $2`, person, maxMembers)
}

// CreateGroup adds a group without members, once per idempotency key.
func (s *Service) CreateGroup(ctx context.Context, in GroupInput) (Group, error) {
	var g Group
	if err := in.check(); err != nil {
		return g, err
	}
	if err := access.From(ctx).Check(access.ManagePeople, access.Record{Organisation: in.OrganisationID}).Err(); err != nil {
		return g, err
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		return onceOnly(ctx, tx, s, "group", in, &g, readGroup, func() (int64, error) {
			now := s.now()
			g = Group{ID: tx.NextID(), GroupInput: in, CreatedAt: now, UpdatedAt: now, Version: 1}
			return g.ID, s.addGroup(ctx, tx, g)
		})
	})
	return g, err
}

func (s *Service) addGroup(ctx context.Context, tx *database.Tx, g Group) error {
	if err := checkOrganisation(ctx, tx, g.OrganisationID); err != nil {
		return err
	}
	if err := insertGroups(ctx, tx, g); err != nil {
		return duplicateName(err, "There is already a group called %s.", g.Name)
	}
	s.kept.places.Changed(tx)
	s.changes.Note(tx)
	return s.log.Append(ctx, tx, groupEntry("group.create", g, nil, g))
}

// UpdateGroup saves a group that was read at a version; Conflict with the
// present one if somebody else was first.
func (s *Service) UpdateGroup(ctx context.Context, id, version int64, in GroupInput) (Group, error) {
	var g Group
	if err := in.check(); err != nil {
		return g, err
	}
	actor := access.From(ctx)
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := s.manageable(ctx, tx, id)
		if err != nil {
			return err
		}
		if before.Version != version {
			return stale(before)
		}
		g = before
		g.GroupInput, g.UpdatedAt, g.Version = in, s.now(), before.Version+1
		if g.OrganisationID != before.OrganisationID {
			if err := actor.Check(access.ManagePeople, g.record()).Err(); err != nil {
				return err
			}
			if err := checkOrganisation(ctx, tx, g.OrganisationID); err != nil {
				return err
			}
		}
		err = s.roles.KeepingAdministrator(ctx, tx, func() error { return s.updateGroup(ctx, tx, g) })
		if err != nil {
			return duplicateName(err, "There is already a group called %s.", in.Name)
		}
		if err := s.settleHome(ctx, tx, before, &g); err != nil {
			return err
		}
		g.Since = nil
		s.changes.Note(tx)
		return s.log.Append(ctx, tx, groupEntry("group.update", g, before, g))
	})
	return g, err
}

// settleHome keeps since when a group is at home where it is now, so that what was
// measured of the time before stays with those it was of.
func (s *Service) settleHome(ctx context.Context, tx *database.Tx, before Group, g *Group) error {
	moved, since := g.OrganisationID != before.OrganisationID, g.HomeSince
	switch {
	case g.Since != nil:
		since = g.Since.UTC().Truncate(time.Microsecond)
	case moved && before.OrganisationID != 0:
		since = g.UpdatedAt
	case moved:
		since = time.Time{}
	}
	if since.After(g.UpdatedAt) {
		return apperr.InvalidField("home_since", "A group cannot be at home somewhere before it is: this instant is still to come.")
	}
	if !moved && since.Equal(g.HomeSince) {
		return nil
	}
	homes, err := homesOf(ctx, tx, g.ID)
	if err != nil {
		return err
	}
	from := since // from when on anything changes
	if since.IsZero() {
		err = forgetHomes(ctx, tx, g.ID, since)
	} else {
		was := before.OrganisationID
		if !moved { // another instant for the same move
			was = 0
			if n := len(homes); n > 0 {
				was = homes[n-1].Organisation
				homes = homes[:n-1]
			}
			if !g.HomeSince.IsZero() && g.HomeSince.Before(from) {
				from = g.HomeSince
			}
		}
		for _, h := range homes {
			if h.Until.After(since) {
				was = h.Organisation
				break
			}
		}
		err = moveHome(ctx, tx, tenure{g.ID, was, since})
	}
	if err != nil {
		return err
	}
	g.HomeSince = since
	return s.tellMoved(ctx, tx, from)
}

// SetMember makes a person a member of a group, or changes whether they lead it.
// Where members get roles from the group it asks for the verb ManageRoles too:
// otherwise whoever manages people could make anybody an administrator.
func (s *Service) SetMember(ctx context.Context, group, person int64, lead bool) error {
	return s.changeMember(ctx, group, person, "group.member", &lead)
}

// RemoveMember takes a person out of a group.
func (s *Service) RemoveMember(ctx context.Context, group, person int64) error {
	return s.changeMember(ctx, group, person, "group.member_removed", nil)
}

func (s *Service) changeMember(ctx context.Context, group, person int64, action string, lead *bool) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		g, err := s.manageable(ctx, tx, group)
		if err != nil {
			return err
		}
		p, err := readPerson(ctx, tx, person)
		if err != nil {
			return err
		}
		if err := mayLookUp(ctx, p); err != nil {
			return err
		}
		if !p.Active && lead != nil {
			return apperr.InvalidField("person", "%s is no longer active.", p.Name)
		}
		gives, err := s.roles.GroupGivesRoles(ctx, tx, group)
		if err != nil {
			return err
		}
		if gives {
			if err := access.From(ctx).Require(access.ManageRoles, access.AnyKind); err != nil {
				return err
			}
		}
		before, err := readMember(ctx, tx, group, person)
		if err != nil {
			return err
		}
		err = s.roles.KeepingAdministrator(ctx, tx, func() error { return writeMember(ctx, tx, group, person, lead) })
		if err != nil {
			return err
		}
		s.changes.Note(tx, person)
		var after any
		if lead != nil {
			after = Member{PersonID: person, Name: p.Name, Lead: *lead}
		}
		return s.log.Append(ctx, tx, groupEntry(action, g, before, after))
	})
}

// manageable reads a group that the actor may manage.
func (s *Service) manageable(ctx context.Context, tx *database.Tx, id int64) (Group, error) {
	g, err := readGroup(ctx, tx, id)
	if err != nil {
		return g, err
	}
	return g, mayManage(ctx, g.record(), noGroup)
}

func groupEntry(action string, g Group, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, ObjectType: "group", ObjectID: audit.ID(g.ID), ObjectName: g.Name, Before: before, After: after,
	}
}
