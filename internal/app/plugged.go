package app

import "github.com/steward-itsm/steward/internal/core/module"

// plugged is what modules plug into tickets and into the desk's pages.
type plugged struct {
	panels  []module.Panel
	actions []module.Action
	columns []module.Column
}

// plug puts every module's parts where they belong.
func (a *App) plug() {
	for _, m := range a.modules {
		a.plugged.panels = append(a.plugged.panels, m.Panels...)
		a.plugged.actions = append(a.plugged.actions, m.Actions...)
		a.plugged.columns = append(a.plugged.columns, m.Columns...)
		a.core.Tickets.Extend(m.Attributes...)
		if m.Follow != nil {
			a.core.Tickets.Follow(m.Follow)
		}
	}
}
