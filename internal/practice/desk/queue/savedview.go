package queue

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// audience says who has a saved view in their side list.
type audience string

const (
	forMe       audience = "mine"
	forGroup    audience = "group"
	forEveryone audience = "everyone"
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
	Audience  audience
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
	switch v.Audience {
	case forMe:
		v.GroupID = 0
	case forEveryone:
		v.GroupID = 0
		if !actor.Can(access.ManageViews, access.AnyKind) {
			p.Add("audience", "You may not share views.")
		}
	case forGroup:
		switch {
		case !actor.Can(access.ManageViews, access.AnyKind):
			p.Add("audience", "You may not share views.")
		case !actor.InGroup(v.GroupID):
			p.Add("group", "Choose one of your groups.")
		}
	default:
		p.Add("audience", "Choose who has this view.")
	}
	return p.Err()
}

// seenBy is the rule of whose side list has the view; visibleViews is the same in SQL.
func (v *savedView) seenBy(actor access.Actor) bool {
	switch v.Audience {
	case forEveryone:
		return true
	case forGroup:
		return actor.InGroup(v.GroupID) || v.OwnerID == actor.ID
	case forMe:
	}
	return v.OwnerID == actor.ID
}

// editableBy is the rule of who may change or delete the view: its owner, and
// for a shared one whoever may share views with those who have it.
func (v *savedView) editableBy(actor access.Actor) bool {
	if v.ID == 0 || !actor.IsPerson() {
		return false
	}
	if v.OwnerID == actor.ID {
		return true
	}
	return v.Audience != forMe && v.seenBy(actor) && actor.Can(access.ManageViews, access.AnyKind)
}

// beside reports whether two views stand in the same part of a side list, and so
// can change places.
func (v *savedView) beside(other savedView) bool {
	return v.Audience == other.Audience && v.GroupID == other.GroupID && (v.Audience != forMe || v.OwnerID == other.OwnerID)
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
