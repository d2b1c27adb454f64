package queue

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// savedView is a list under a name. The built-in ones have a key and no id.
type savedView struct {
	ID        int64
	Key       string // of a built-in view
	Name      string
	Icon      string
	Filter    string
	Sort      string // as ticket.ParseSort reads it
	Columns   string // keys with commas between; "" are the default ones
	Layout    layout
	By        string // field whose values are the columns or groups
	WorkLimit string // as parseLimits reads it
	OwnerID   int64
	Audience  sharing.Audience
	GroupID   int64
	Position  int64
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// key names the view in an address.
func (v *savedView) key() string {
	if v.Key != "" {
		return v.Key
	}
	return "v" + strconv.FormatInt(v.ID, 10)
}

// Limits of a view.
const (
	maxViewName = 60 // characters
	maxViews    = 50 // of one person
)

// check reports what is wrong with the parts a person typed; the filter is
// checked by whoever can read it.
func (v *savedView) check(actor access.Actor) error {
	var p apperr.Problems
	switch n := utf8.RuneCountInString(v.Name); {
	case n == 0:
		p.Add("name", "Give the view a name.")
	case n > maxViewName:
		p.Add("name", "Keep the name under %d characters.", maxViewName)
	}
	scope := v.scope()
	scope.Check(&p, actor)
	v.GroupID = scope.GroupID
	return p.Err()
}

// scope is whose side lists have the view.
func (v *savedView) scope() sharing.Scope {
	return sharing.Scope{OwnerID: v.OwnerID, Audience: v.Audience, GroupID: v.GroupID}
}

// editableBy reports whether somebody may change or delete the view; those that
// come with the product nobody.
func (v *savedView) editableBy(actor access.Actor) bool {
	return v.ID != 0 && v.scope().EditableBy(actor)
}

// beside reports whether two views stand in the same part of a side list, and so
// can change places.
func (v *savedView) beside(other savedView) bool {
	return v.Audience == other.Audience && v.GroupID == other.GroupID && (v.Audience != sharing.Mine || v.OwnerID == other.OwnerID)
}

// defaultView is the key of the view the queue opens with.
const defaultView = "open"

// builtinViews are the views everybody with a desk has. Reasons and priorities
// come from the kinds in force, so that an edited workflow keeps them true.
func builtinViews(actor access.Actor, kinds []*workflow.Definition) []savedView {
	views := []savedView{
		{Key: "mine", Name: text.Key("My open work"), Icon: "user-check", Filter: "assignee:me state:open", Sort: "priority"},
		{Key: "team", Name: text.Key("My team's unassigned"), Icon: "users-group", Filter: "group:mine assignee:none state:open", Sort: "priority"},
		{Key: defaultView, Name: text.Key("All open"), Icon: "inbox", Filter: "state:open", Sort: "-updated"},
		{Key: "high", Name: text.Key("High priority"), Icon: "flame", Filter: "state:open priority:<=2", Sort: "priority"},
		{Key: "today", Name: text.Key("New today"), Icon: "calendar-event", Filter: "created:today", Sort: "-created"},
		{Key: "caller", Name: text.Key("Waiting for caller"), Icon: "clock-pause", Filter: "state:waiting waiting:" + callerReasons(kinds), Sort: "updated"},
		{Key: "resolved", Name: text.Key("Resolved this week"), Icon: "circle-check", Filter: "resolved:this-week", Sort: "-resolved"},
	}
	return slices.DeleteFunc(views, func(v savedView) bool {
		return v.Key == "team" && len(actor.Groups()) == 0 || strings.HasSuffix(v.Filter, ":")
	})
}

// callerReasons lists the waiting reasons that the requester's answer ends.
func callerReasons(kinds []*workflow.Definition) string {
	var keys []string
	for _, def := range kinds {
		for _, s := range def.States {
			for _, r := range s.Reasons {
				if r.OnRequester && !slices.Contains(keys, r.Key) {
					keys = append(keys, r.Key)
				}
			}
		}
	}
	slices.Sort(keys)
	return strings.Join(keys, ",")
}
