package record

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
)

// now tells an open page what has changed since what it shows: nothing, when it
// shows the present version.
func (p *Record) now(w http.ResponseWriter, r *http.Request, d *desk) error {
	ctx := r.Context()
	version, _ := strconv.Atoi(r.FormValue("version")) // a page that names none is told everything
	after, _ := strconv.Atoi(r.FormValue("after"))
	tab := tabOf(r.FormValue("tab"))
	if version == d.ticket.Version {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	m, err := d.gather(ctx, ticket.Stretch{After: after})
	if err != nil {
		return err
	}
	c := view.Changes{Page: d.model(ctx, tab, m, d.changedByOthers(m.entries))}
	fresh := m.entries
	if types := typesOf(tab); types != nil {
		fresh = slices.DeleteFunc(slices.Clone(fresh), func(e entry) bool { return !slices.Contains(types, e.typ) })
	}
	c.Fresh = d.timeline(ctx, tab, fresh, 0, true)
	return web.Render(w, r, http.StatusOK, c.View())
}

// changedByOthers lists the values that others changed in some entries.
func (d *desk) changedByOthers(entries []entry) []string {
	var out []string
	for _, e := range entries {
		if e.actor.Type == access.TypePerson && e.actor.ID == d.reader.actor.ID {
			continue
		}
		for _, c := range e.changes {
			out = append(out, c.Field)
		}
	}
	return out
}

// here shows who else looks at the ticket, and who types; the stream keeps it fresh.
func (d *desk) here() ui.Presence {
	out := ui.Presence{Topic: presenceOf(&d.ticket), Self: formatID(d.reader.actor.ID)}
	for _, who := range d.p.d.Presence.List(presenceOf(&d.ticket)) {
		switch {
		case who.ID == d.reader.actor.ID:
		case who.Typing:
			out.Typing = append(out.Typing, who.Name)
			out.Viewing = append(out.Viewing, ui.Party{Name: who.Name})
		default:
			out.Viewing = append(out.Viewing, ui.Party{Name: who.Name})
		}
	}
	return out
}

// types tells colleagues that the reader writes, or has stopped.
func (d *desk) types(on bool) {
	if d.p.d.Presence != nil {
		d.p.d.Presence.Typing(presenceOf(&d.ticket), live.Person{ID: d.reader.actor.ID, Name: d.reader.actor.Name}, on)
	}
}
