package view

import (
	"context"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func ticketColumns(ctx context.Context, what string) []ui.Column {
	return []ui.Column{
		{Key: "number", Label: text.T(ctx, "Number"), Shrink: true}, {Key: "title", Label: text.T(ctx, "Title"), Main: true}, {Key: "what", Label: what},
	}
}

func (m Bulk) table(ctx context.Context) ui.Table {
	t := ui.Table{ID: "macro-bulk", Caption: text.T(ctx, "What it does to each ticket"), Columns: ticketColumns(ctx, text.T(ctx, "What it does"))}
	for _, r := range m.Rows {
		t.Rows = append(t.Rows, ui.Row{ID: "bulk-" + r.Number, Label: r.Number, URL: TicketURL(r.Number), Cells: []templ.Component{
			ui.Link{Label: r.Number, URL: TicketURL(r.Number), Mono: true}, ui.Words(r.Title), r.what(),
		}})
	}
	return t
}

func (m Ran) table(ctx context.Context) ui.Table {
	t := ui.Table{
		ID: "macro-ran", Caption: text.T(ctx, "What became of each ticket"), Columns: ticketColumns(ctx, text.T(ctx, "Outcome")),
		Empty: ui.EmptyState{Icon: ui.IconBolt, Title: text.T(ctx, "No ticket of this run is there for you")},
	}
	for _, r := range m.Rows {
		t.Rows = append(t.Rows, ui.Row{ID: "ran-" + r.Number, Label: r.Number, URL: TicketURL(r.Number), Cells: []templ.Component{
			ui.Link{Label: r.Number, URL: TicketURL(r.Number), Mono: true}, ui.Words(r.Title), r.what(),
		}})
	}
	return t
}

func (m Ran) actions(ctx context.Context) []templ.Component {
	if !m.MayUndo {
		return nil
	}
	return []templ.Component{ui.Button{Label: text.T(ctx, "Undo"), Icon: ui.IconArrowBackUp, Post: OperationURL(m.ID) + "/undo"}}
}
