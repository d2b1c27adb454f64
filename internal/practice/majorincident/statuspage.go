package majorincident

import (
	"net/http"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// status is the page for everybody.
func (p *pages) status(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	all, err := p.Status(ctx)
	if err != nil {
		return err
	}
	var ids []int64
	for _, a := range all {
		ids = append(ids, a.Services...)
	}
	names, err := p.services.Names(ctx, p.db.Reader(), ids)
	if err != nil {
		return err
	}
	var m view.Status
	for _, a := range all {
		o := view.Outage{ID: "outage-" + formatID(a.ID), Words: a.Words, Since: a.Since, Resolved: a.Resolved, Services: text.List(ctx, named(names, a.Services))}
		for _, u := range a.Updates {
			o.Updates = append(o.Updates, view.Said{At: u.At, Body: view.Prose(markdown.HTML(u.Body, markdown.Context{}))})
		}
		m.Items = append(m.Items, o)
	}
	return p.frame.Page(w, r, module.Page{Title: text.T(ctx, "Status"), Active: "status", Topics: []string{StatusTopic}}, m.View())
}

// banners answers the banners of an open page.
func (p *pages) banners(w http.ResponseWriter, r *http.Request) error {
	all, err := p.BannersFor(r.Context())
	if err != nil {
		return err
	}
	return web.Render(w, r, http.StatusOK, ui.Banners(all))
}

func named(names map[int64]string, ids []int64) []string {
	var out []string
	for _, id := range ids {
		if n := names[id]; n != "" {
			out = append(out, n)
		}
	}
	return out
}
