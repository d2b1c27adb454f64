package record

import (
	"context"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// plugged gives the panels that practices show the reader of this ticket.
func (d *desk) plugged(ctx context.Context) (banners, side []view.Plugged, err error) {
	panels, _ := d.p.d.Plugged()
	for _, panel := range panels {
		content, err := panel.Show(ctx, &d.ticket)
		if err != nil {
			return nil, nil, err
		}
		shown := view.Plugged{ID: panel.ID, Content: content}
		if panel.Place == module.PlaceBanner {
			banners = append(banners, shown)
		} else {
			side = append(side, shown)
		}
	}
	return banners, side, nil
}

// pluggedEntryActions gives what practices let the reader do with a message. What
// another ticket says is worked on there.
func (d *desk) pluggedEntryActions(ctx context.Context, e *entry) []ui.MenuItem {
	if e.source != nil {
		return nil
	}
	switch e.typ {
	case ticket.Created, ticket.Replied, ticket.Noted, ticket.Attached:
	default:
		return nil
	}
	_, actions := d.p.d.Plugged()
	var out []ui.MenuItem
	for _, a := range actions {
		if !a.Message || a.Visible != nil && !a.Visible(ctx, &d.ticket) {
			continue
		}
		url := a.URL(&d.ticket) + "?seq=" + strconv.Itoa(e.seq)
		out = append(out, ui.MenuItem{Label: text.T(ctx, a.Label), Icon: ui.Icon(a.Icon), URL: url, HX: view.DialogHX(url)})
	}
	return out
}

// pluggedActions gives what practices let the reader do with this ticket.
func (d *desk) pluggedActions(ctx context.Context) []ui.MenuItem {
	_, actions := d.p.d.Plugged()
	var out []ui.MenuItem
	for _, a := range actions {
		if a.Message || a.Visible != nil && !a.Visible(ctx, &d.ticket) {
			continue
		}
		url := a.URL(&d.ticket)
		item := ui.MenuItem{Label: text.T(ctx, a.Label), Icon: ui.Icon(a.Icon), Key: a.Key, Danger: a.Danger, Divider: len(out) == 0}
		switch {
		case a.File:
			item.URL = url
		case a.Post:
			item.Post, item.HX = url, ui.HX{Post: url, Swap: "none"}
		default:
			item.URL, item.HX = url, view.DialogHX(url)
		}
		out = append(out, item)
	}
	return out
}
