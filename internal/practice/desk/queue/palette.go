package queue

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// paletteMost is how many of one sort the palette shows.
const paletteMost = 6

// palette answers the command palette: tickets, people, services, views, pages
// and what can be created. With nothing typed it shows the way back.
func (q *Queue) palette(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if access.From(ctx).Type == "" {
		return access.From(ctx).Require(access.View, access.AnyKind)
	}
	typed := web.Typed(r, "q", maxSearch)
	var groups []ui.PaletteGroup
	for _, source := range []func(context.Context, string) (ui.PaletteGroup, error){
		q.paletteTickets, q.palettePages, q.paletteViews, q.palettePeople, q.paletteServices,
	} {
		g, err := source(ctx, typed)
		if err != nil {
			return err
		}
		if len(g.Items) > 0 {
			groups = append(groups, g)
		}
	}
	return web.Render(w, r, http.StatusOK, ui.PaletteResults(groups))
}

func (q *Queue) paletteTickets(ctx context.Context, typed string) (ui.PaletteGroup, error) {
	g := ui.PaletteGroup{Label: text.T(ctx, "Tickets")}
	tickets, err := q.paletteHits(ctx, typed)
	if typed == "" {
		g.Label = text.T(ctx, "Opened last")
	}
	desk := WorksTickets(access.From(ctx))
	for i := range tickets[:min(paletteMost, len(tickets))] {
		t := &tickets[i]
		item := ui.PaletteItem{Label: t.Title, Hint: t.Number, URL: q.ticketURL(ctx, t.Number)}
		if def, err := q.d.Tickets.Kinds().In(ctx).Get(t.Kind); err == nil {
			item.Icon = ui.Icon(def.Icon)
			label, _ := stateLabels(t, def)
			if !desk {
				label = requesterState(t, def)
			}
			item.Hint += " · " + label
		}
		g.Items = append(g.Items, item)
	}
	return g, err
}

// paletteHits finds tickets: by number, whole or only its digits, then by words.
func (q *Queue) paletteHits(ctx context.Context, typed string) ([]ticket.Ticket, error) {
	if typed == "" {
		ids, err := q.recent(ctx, paletteMost)
		if err != nil {
			return nil, err
		}
		return q.d.Tickets.ByIDs(ctx, ids)
	}
	tickets, err := q.numbered(ctx, typed)
	if err != nil {
		return nil, err
	}
	words := searchWords(typed)
	if len(words) == 0 {
		return tickets, nil
	}
	hits, err := q.d.Tickets.Find(ctx, words, paletteMost)
	for _, h := range hits {
		if !slices.ContainsFunc(tickets, func(t ticket.Ticket) bool { return t.ID == h.Ticket.ID }) {
			tickets = append(tickets, h.Ticket)
		}
	}
	return tickets, err
}

// numbered finds the tickets that have what was typed as their number: "inc-7",
// or "7" for INC-7 and REQ-7.
func (q *Queue) numbered(ctx context.Context, typed string) ([]ticket.Ticket, error) {
	var numbers []string
	if number, ok := numberOf(typed); ok {
		numbers = []string{number}
	} else if typed != "" && len(typed) <= 18 && strings.Trim(typed, "0123456789") == "" {
		for _, def := range q.d.Tickets.Kinds().In(ctx).All() {
			numbers = append(numbers, def.Prefix+"-"+strings.TrimLeft(typed, "0"))
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	schema, err := q.d.Tickets.Schema(ctx)
	if err != nil {
		return nil, err
	}
	page, err := q.d.Tickets.List(ctx, ticket.Query{Condition: filter.In(schema.MustField("number"), filter.Texts(numbers...)...), Limit: paletteMost})
	return page.Tickets, err
}

func (q *Queue) palettePeople(ctx context.Context, typed string) (ui.PaletteGroup, error) {
	g := ui.PaletteGroup{Label: text.T(ctx, "People")}
	if typed == "" {
		return g, nil
	}
	found, err := q.foundPeople(ctx, typed, paletteMost)
	for _, p := range found {
		g.Items = append(g.Items, ui.PaletteItem{Label: p.Name, Hint: p.Detail, Icon: ui.IconUser, URL: p.URL})
	}
	return g, err
}

func (q *Queue) paletteServices(ctx context.Context, typed string) (ui.PaletteGroup, error) {
	g := ui.PaletteGroup{Label: text.T(ctx, "Services")}
	// Those without a desk choose a service in a form and have no page about it.
	if typed == "" || !WorksTickets(access.From(ctx)) {
		return g, nil
	}
	found, err := q.services(ctx, typed)
	for _, s := range found[:min(paletteMost, len(found))] {
		id, _ := refID("#" + s.Value)
		g.Items = append(g.Items, ui.PaletteItem{Label: s.Label, Hint: s.Hint, Icon: ui.IconStack2, URL: q.d.Links.Service(id)})
	}
	return g, err
}

func (q *Queue) paletteViews(ctx context.Context, typed string) (ui.PaletteGroup, error) {
	g := ui.PaletteGroup{Label: text.T(ctx, "Views")}
	actor := access.From(ctx)
	if typed == "" || !WorksTickets(actor) {
		return g, nil
	}
	saved, err := q.listViews(ctx)
	for _, v := range append(q.builtin(actor), saved...) {
		if name := viewName(ctx, &v); beginsWord(name, typed) && len(g.Items) < paletteMost {
			icon := ui.Icon(v.Icon)
			if icon == "" {
				icon = ui.IconListDetails
			}
			g.Items = append(g.Items, ui.PaletteItem{Label: name, Icon: icon, URL: place{View: v.key()}.url("/queue")})
		}
	}
	return g, err
}

// palettePages are the pages of the product and what can be created, as the menu
// offers them to the actor.
func (q *Queue) palettePages(ctx context.Context, typed string) (ui.PaletteGroup, error) {
	g := ui.PaletteGroup{Label: text.T(ctx, "Go to")}
	actor := access.From(ctx)
	pages, create := q.d.Menu(ctx)
	add := func(items []module.MenuItem, hint string, icon ui.Icon) {
		for _, item := range items {
			label := text.T(ctx, item.Label)
			if item.Visible != nil && !item.Visible(actor) || !beginsWord(label, typed) || len(g.Items) >= paletteMost {
				continue
			}
			p := ui.PaletteItem{Label: label, Hint: hint, Icon: ui.Icon(item.Icon), URL: item.URL}
			if p.Icon == "" {
				p.Icon = icon
			}
			g.Items = append(g.Items, p)
		}
	}
	if typed != "" {
		add(create, text.T(ctx, "Create"), ui.IconPlus)
	}
	add(pages, "", ui.IconArrowRight)
	return g, nil
}

// beginsWord reports whether every word typed begins a word of the name.
func beginsWord(name, typed string) bool {
	words := strings.Fields(filter.Fold(name))
	for _, t := range strings.Fields(filter.Fold(typed)) {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, t) }) {
			return false
		}
	}
	return true
}

// workflowPriority is a kind's word for a priority.
func workflowPriority(def *workflow.Definition, level int) string {
	return workflow.Label(def.Matrix.Priority, level)
}
