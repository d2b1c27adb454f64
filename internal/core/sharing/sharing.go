// Package sharing says who has a thing that people make for themselves and for
// one another: a saved view, a canned reply, a macro, a board. It is its owner's
// alone, a group's, for some things a role's, or everybody's; sharing it needs the
// verb manage_views.
//
// The rule is written once as a check and once as a condition of SQL, and a test
// holds the two together.
package sharing

import (
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Audience says who has a thing.
type Audience string

// The audiences.
const (
	Mine     Audience = "mine"
	Group    Audience = "group"
	Everyone Audience = "everyone"
	// Role is for things whose table has a column role, too: boards.
	Role Audience = "role"
)

// Scope is whose a thing is.
type Scope struct {
	OwnerID  int64
	Audience Audience
	GroupID  int64  // for the audience Group
	Role     string // for the audience Role: its key
}

// May reports whether somebody may share at all.
func May(actor access.Actor) bool { return actor.Can(access.ManageViews, access.AnyKind) }

// Check reports what is wrong with a scope that the actor wants, beside the
// fields audience, group and role, and drops a group or role that means nothing.
// more are the audiences that the thing can have besides mine, group and everyone.
func (s *Scope) Check(p *apperr.Problems, actor access.Actor, more ...Audience) {
	if s.Audience != Group {
		s.GroupID = 0
	}
	if s.Audience != Role {
		s.Role = ""
	}
	switch {
	case s.Audience == Mine:
	case s.Audience != Group && s.Audience != Everyone && !slices.Contains(more, s.Audience):
		p.Add("audience", "Choose who has this.")
	case !May(actor):
		p.Add("audience", "You may not share this with others.")
	case s.Audience == Group && !actor.Trusted() && !actor.InGroup(s.GroupID):
		p.Add("group", "Choose one of your groups.")
	case s.Audience == Role && s.Role == "":
		p.Add("role", "Choose a role.")
	}
}

// SeenBy is the rule of who has the thing; Visible is the same in SQL.
func (s Scope) SeenBy(actor access.Actor) bool {
	switch {
	case s.OwnerID == actor.ID && actor.IsPerson(), s.Audience == Everyone:
		return true
	case s.Audience == Group:
		return actor.InGroup(s.GroupID)
	case s.Audience == Role:
		return actor.HasRole(s.Role)
	}
	return false
}

// EditableBy is the rule of who may change or delete the thing: its owner, and
// for a shared one whoever may share with those who have it.
func (s Scope) EditableBy(actor access.Actor) bool {
	if !actor.IsPerson() {
		return false
	}
	return s.OwnerID == actor.ID || s.Audience != Mine && s.SeenBy(actor) && May(actor)
}

// Visible is SeenBy as a condition on the columns owner_id, audience and group_id
// of a table's alias.
func Visible(alias string, actor access.Actor, args *database.Args) string {
	return "(" + visible(alias, actor, args) + ")"
}

// VisibleByRole is Visible for a table that has a column role as well.
func VisibleByRole(alias string, actor access.Actor, args *database.Args) string {
	return "(" + visible(alias, actor, args) + " OR (" + alias + ".audience = 'role' AND " + alias + ".role IN " + database.In(args, actor.Roles()) + "))"
}

func visible(alias string, actor access.Actor, args *database.Args) string {
	return alias + ".owner_id = " + args.Arg(actor.ID) + " OR " + alias + ".audience = 'everyone' OR (" + alias + ".audience = 'group' AND " +
		alias + ".group_id IN " + database.In(args, actor.Groups()) + ")"
}
