package record_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

func TestMergedTicketsStandInOneTimeline(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		target, source := w.incident(t, "Printer jams"), w.incident(t, "Printer is broken")
		w.Clock.Advance(time.Hour)
		must(w.Reply(w.As(w.ana), ticket.ByID(target.ID), ticket.PublicReply{Body: "First on the target"}))(t)
		w.Clock.Advance(time.Hour)
		must(w.Note(w.As(w.ana), ticket.ByID(source.ID), ticket.InternalNote{Body: "Second on the source"}))(t)
		w.Clock.Advance(time.Hour)
		must(w.Reply(w.As(w.ana), ticket.ByID(target.ID), ticket.PublicReply{Body: "Third on the target"}))(t)
		op := must(w.Merge(w.As(w.ana), ticket.ByID(target.ID), []ticket.Ref{ticket.ByID(source.ID)}))(t)

		w.actions = []module.Action{{Label: "Split", Icon: "arrows-split", Message: true, URL: func(t *ticket.Ticket) string { return "/split/" + t.Number }}}
		a := w.as(t, w.ana).get(page(target)).want(http.StatusOK)
		order := a.words(".s-timeline")
		first, second, third := strings.Index(order, "First on"), strings.Index(order, "Second on"), strings.Index(order, "Third on")
		if first < 0 || second < first || third < second {
			t.Errorf("the timelines are not one: %s", order)
		}
		a.says(".s-entry-note .s-entry-origin", source.Number)
		a.says(".s-timeline", "merged "+source.Number+" Printer is broken into this")
		a.has(1, ".s-entry-part a[href='/operations/"+id(op.ID)+"']")
		a.has(2, ".s-entry-message a[href^='/split/"+target.Number+"?seq=']")
		a.says(".s-record-heading", "Goes on from")
		a.has(0, "form[action$='/links/remove']")

		b := w.as(t, w.ana).get(page(source)).want(http.StatusOK)
		b.says(".s-timeline", "merged this into "+target.Number+" Printer jams")
		must(w.Undo(w.As(w.ana), op.ID))(t)
		b = w.as(t, w.ana).get(page(source)).want(http.StatusOK)
		b.says(".s-timeline", "took this out of "+target.Number)
		b.says(".s-timeline", "to undo: merge")
	})
}

func TestAnOldNumberLeadsOn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "I need a mouse")
		must(w.Note(w.As(w.ana), ticket.ByID(w.incident(t, "Other").ID), ticket.InternalNote{Body: ticket.Markdown("see " + tk.Number)}))(t)
		must(w.Convert(w.As(w.ana), ticket.ByID(tk.ID), ticket.Conversion{Kind: "request"}))(t)
		now := must(w.Get(w.As(w.ana), ticket.ByNumber(tk.Number)))(t)
		if to := w.as(t, w.ana).get("/tickets/" + tk.Number).want(http.StatusSeeOther).header.Get("Location"); to != "/tickets/"+now.Number {
			t.Errorf("the old number leads to %s", to)
		}
		w.as(t, w.ana).get("/tickets/INC-2").has(1, ".s-entry-note a.s-ref[title*='I need a mouse']")
		w.as(t, w.ana).get(page(now)).says(".s-timeline", "changed the kind from Incident to Request, it was "+tk.Number+" before")
	})
}
