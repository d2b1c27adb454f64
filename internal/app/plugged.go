package app

import (
	"context"
	"maps"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// plugged is what modules plug into tickets and into the desk's pages.
type plugged struct {
	panels  []module.Panel
	actions []module.Action
	columns []module.Column
	bulk    []module.BulkAction
	homes   []func(ctx context.Context) (web.Component, error)
	tells   []func(ctx context.Context, c ticket.Change) (string, bool)
	marks   []func(ctx context.Context, ids []int64) (map[int64]string, error)
	written []module.Writer
}

// plug puts every module's parts where they belong.
func (a *App) plug() {
	for _, m := range a.modules {
		a.plugged.panels = append(a.plugged.panels, m.Panels...)
		a.plugged.actions = append(a.plugged.actions, m.Actions...)
		a.plugged.columns = append(a.plugged.columns, m.Columns...)
		a.plugged.bulk = append(a.plugged.bulk, m.Bulk...)
		if m.Tells != nil {
			a.plugged.tells = append(a.plugged.tells, m.Tells)
		}
		if m.Home != nil {
			a.plugged.homes = append(a.plugged.homes, m.Home)
		}
		if m.Marks != nil {
			a.plugged.marks = append(a.plugged.marks, m.Marks)
		}
		if m.Written != nil {
			a.plugged.written = append(a.plugged.written, m.Written)
		}
		for _, g := range m.Guards {
			a.core.Tickets.Guard(g)
		}
		a.core.Tickets.Extend(m.Attributes...)
		if m.Follow != nil {
			a.core.Tickets.Follow(m.Follow)
		}
	}
}

// tell says in words what a module wrote on a timeline; "" for what no module
// knows any more.
func (p *plugged) tell(ctx context.Context, c ticket.Change) string {
	for _, tells := range p.tells {
		if words, ok := tells(ctx, c); ok {
			return words
		}
	}
	return ""
}

// atHome gives what modules add to "My work".
func (p *plugged) atHome(ctx context.Context) ([]templ.Component, error) {
	var out []templ.Component
	for _, home := range p.homes {
		part, err := home(ctx)
		if err != nil {
			return nil, err
		}
		if part != nil {
			out = append(out, part)
		}
	}
	return out, nil
}

// mark gives what modules say beside the titles of tickets.
func (p *plugged) mark(ctx context.Context, ids []int64) (map[int64][]string, error) {
	out := map[int64][]string{}
	for _, marks := range p.marks {
		found, err := marks(ctx, ids)
		if err != nil {
			return nil, err
		}
		for id, words := range found {
			out[id] = append(out[id], words)
		}
	}
	return out, nil
}

// writing tells how messages of timelines were written that came through a module.
func (p *plugged) writing(ctx context.Context, messages []module.Said) (map[module.Said]module.Written, error) {
	out := map[module.Said]module.Written{}
	for _, written := range p.written {
		found, err := written(ctx, messages)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, found)
	}
	return out, nil
}
