package record

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// foldAt is how many bytes of a text a page shows before it is asked for the
// rest; foldedTo is how many it then shows.
const (
	foldAt   = 6_000
	foldedTo = 4_000
)

// prose shows a text of the ticket. A huge one shows its beginning and asks for
// the rest under moreURL.
func (d *desk) prose(ctx context.Context, body, moreURL string) templ.Component {
	if body == "" {
		return nil
	}
	m := view.Prose{}
	shown := body
	if len(body) > foldAt && moreURL != "" {
		shown, _ = markdown.Cut(body, foldedTo)
		m.MoreURL, m.Bytes = moreURL, int64(len(body))
	}
	m.HTML = markdown.HTML(shown, d.references(ctx))
	return m.View()
}

// references tells a text what it may point to: tickets its reader may see, and
// persons that exist.
func (d *desk) references(ctx context.Context) markdown.Context {
	return markdown.Context{
		Ticket: func(number string) (markdown.Reference, bool) {
			t, known := d.names.numbers[number]
			if !known {
				return markdown.Reference{}, false
			}
			return markdown.Reference{URL: view.TicketURL(t.Number), Hint: t.Title + " · " + d.p.stateOf(ctx, &t)}, true
		},
		Person: func(id string) (markdown.Reference, bool) {
			n := parseID(id)
			p, known := d.names.persons[n]
			if !known || !d.reader.people {
				return markdown.Reference{}, false
			}
			return markdown.Reference{URL: view.PersonURL(n), Label: p.Name}, true
		},
	}
}

// stateOf names a ticket's state, with what it waits for.
func (p *Record) stateOf(ctx context.Context, t *ticket.Ticket) string {
	def, err := p.d.Tickets.Kinds().In(ctx).Get(t.Kind)
	if err != nil {
		return t.State
	}
	return stateLabel(ctx, def, t.State, t.WaitReason)
}

func stateLabel(ctx context.Context, def *workflow.Definition, state, reason string) string {
	s, known := def.State(state)
	if !known {
		return state
	}
	label := text.T(ctx, s.Label)
	if r, waits := s.Reason(reason); waits {
		label += ": " + text.T(ctx, r.Label)
	}
	return label
}

// badge is a ticket's state as a badge: what it waits for instead of that it waits.
func (p *Record) badge(ctx context.Context, t *ticket.Ticket) ui.StateBadge {
	b := ui.StateBadge{Label: t.State, Category: ui.Category(t.Category)}
	if def, err := p.d.Tickets.Kinds().In(ctx).Get(t.Kind); err == nil {
		s, _ := def.State(t.State)
		b.Label = text.T(ctx, s.Label)
		if r, waits := s.Reason(t.WaitReason); waits {
			b.Label = text.T(ctx, r.Label)
		}
	}
	return b
}

// level names a step of impact, urgency or priority.
func level(ctx context.Context, levels []workflow.Level, value int) string {
	if value == 0 {
		return ""
	}
	return text.T(ctx, workflow.Label(levels, value))
}

// levelNumber is level of a number as the timeline writes it.
func levelNumber(ctx context.Context, levels []workflow.Level, value string) string {
	n, err := strconv.Atoi(value)
	if err != nil {
		return value
	}
	return level(ctx, levels, n)
}
