package record_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/ui"
)

func TestPracticesPlugPanelsAndActionsIntoThePage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		quiet := func(context.Context, *ticket.Ticket) (web.Component, error) { return nil, nil }
		says := func(what string) func(context.Context, *ticket.Ticket) (web.Component, error) {
			return func(_ context.Context, t *ticket.Ticket) (web.Component, error) {
				return ui.Words(what + t.Number), nil
			}
		}
		w.panels = []module.Panel{
			{ID: "quiet", Show: quiet}, {ID: "steps", Show: says("Steps of ")}, {ID: "alarm", Place: module.PlaceBanner, Show: says("Everybody waits for ")},
		}
		w.actions = []module.Action{
			{Label: "Snooze…", Icon: "clock", Key: "q", URL: func(t *ticket.Ticket) string { return "/tickets/" + t.Number + "/snooze" }},
			{Label: "Hidden", URL: func(*ticket.Ticket) string { return "/hidden" }, Visible: func(context.Context, *ticket.Ticket) bool { return false }},
		}
		tk := w.incident(t, "Printer on floor 3 jams")
		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		a.says("#panel-steps", "Steps of "+tk.Number)
		a.says(".s-record > #panel-alarm:first-child", "Everybody waits for "+tk.Number)
		a.has(1, "#panel-quiet:empty")
		a.has(1, "#record-more [data-key=q][href='/tickets/"+tk.Number+"/snooze']")
		a.has(0, "[href='/hidden']")

		must(w.Edit(w.As(w.ben), ticket.ByID(tk.ID), ticket.Edit{GroupID: &w.printing}))(t)
		now := w.as(t, w.ana).get(page(tk) + "/now?version=1&after=1").want(http.StatusOK)
		now.has(1, "hx-partial[hx-target^='#panel-steps']")
		now.has(1, "hx-partial[hx-target^='#panel-quiet']")
	})
}
