package queue

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Aside is how filters tell what people have set aside for later: such tickets
// are none of their reader's present work. The zero Aside tells nothing.
type Aside struct {
	Awake  string // what is not set aside
	Asleep string // what is
	Back   string // what came back and was not looked at yet
}

// builtin gives the built-in views, those of one's own work without what is set
// aside, and a view for that.
func (q *Queue) builtin(actor access.Actor) []savedView {
	views := builtinViews(actor, q.d.Tickets.Kinds().All())
	if q.d.Aside.Awake == "" {
		return views
	}
	for i := range views {
		if views[i].Key == "mine" || views[i].Key == "team" {
			views[i].Filter += " " + q.d.Aside.Awake
		}
	}
	return append(views, savedView{Key: "aside", Name: text.Key("Set aside"), Icon: "clock-pause", Filter: q.d.Aside.Asleep + " state:open", Sort: "updated"})
}

// sections are workSections without what is set aside, after what came back.
func (q *Queue) sections(ctx context.Context, actor access.Actor) []section {
	all := workSections(ctx, actor)
	if q.d.Aside.Awake == "" {
		return all
	}
	back := section{id: "work-back", title: text.T(ctx, "Back again"), filter: "state:open " + q.d.Aside.Back, sort: "priority", most: 6}
	for i := range all {
		all[i].filter += " " + q.d.Aside.Awake + " -" + q.d.Aside.Back
	}
	return append([]section{back}, all...)
}

// present narrows a filter of one's work to what is not set aside.
func (q *Queue) present(filter string) string {
	return strings.TrimSpace(filter + " " + q.d.Aside.Awake)
}
