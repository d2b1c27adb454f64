// Package sharing says who has a thing that people make for themselves and for
// one another: a saved view, a canned reply, a macro. It is its owner's alone, a
// group's, or everybody's; sharing it needs the verb manage_views.
//
// The rule is written once as a check and once as a condition of SQL, and a test
// holds the two together.
package sharing

import (
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
)

// Scope is whose a thing is.
type Scope struct {
	OwnerID  int64
	Audience Audience
	GroupID  int64 // for the audience Group
}

// May reports whether somebody may share at all.
func May(actor access.Actor) bool { return actor.Can(access.ManageViews, access.AnyKind) }

// Check reports what is wrong with a scope that the actor wants, beside the
// fields audience and group, and drops a group that means nothing.
func (s *Scope) Check(p *apperr.Problems, actor access.Actor) {
	if s.Audience != Group {
		s.GroupID = 0
	}
	switch {
	case s.Audience == Mine:
	case s.Audience != Group && s.Audience != Everyone:
		p.Add("audience", "Choose who has this.")
	case !May(actor):
		p.Add("audience", "You may not share this with others.")
	case s.Audience == Group && !actor.Trusted() && !actor.InGroup(s.GroupID):
		p.Add("group", "Choose one of your groups.")
	}
}

// SeenBy is the rule of who has the thing; Visible is the same in SQL.
func (s Scope) SeenBy(actor access.Actor) bool {
	switch {
	case s.OwnerID == actor.ID && actor.IsPerson(), s.Audience == Everyone:
		return true
	case s.Audience == Group:
		return actor.InGroup(s.GroupID)
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
	return "(" + alias + ".owner_id = " + args.Arg(actor.ID) + " OR " + alias + ".audience = 'everyone' OR (" + alias + ".audience = 'group' AND " +
		alias + ".group_id IN " + database.In(args, actor.Groups()) + "))"
}
