package checklist

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/words"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations make the tables of checklists and their templates.
var Migrations fs.FS = migrations

const listColumns = `l.id, l.ticket_id, l.name, l.template_id, l.blocks, l.created_by, l.created_at`

func scanList(r database.Row) (List, error) {
	var l List
	err := r.Scan(&l.ID, &l.TicketID, &l.Name, (*database.ID)(&l.TemplateID), &l.Blocks, (*database.ID)(&l.CreatedBy), (*database.Time)(&l.CreatedAt))
	return l, err
}

const itemColumns = `i.id, i.checklist_id, i.text, i.assignee_id, i.done_by, i.done_at`

func scanItem(r database.Row) (Item, error) {
	var i Item
	err := r.Scan(&i.ID, &i.ListID, &i.Text, (*database.ID)(&i.AssigneeID), (*database.ID)(&i.DoneBy), (*database.Time)(&i.DoneAt))
	return i, err
}

// ofTicket gives the lists of a ticket with their items, in two queries.
func ofTicket(ctx context.Context, q database.Querier, ticketID int64) ([]List, error) {
	lists, err := database.All(ctx, q, scanList, `SELECT `+listColumns+` FROM checklists l WHERE l.ticket_id = $1 AND l.removed_at IS NULL ORDER BY l.id LIMIT $2`,
		ticketID, MaxLists)
	if err != nil || len(lists) == 0 {
		return lists, err
	}
	items, err := database.All(ctx, q, scanItem, `SELECT `+itemColumns+` FROM checklist_items i JOIN checklists l ON l.id = i.checklist_id
		WHERE l.ticket_id = $1 AND l.removed_at IS NULL AND i.removed_at IS NULL ORDER BY i.checklist_id, i.place, i.id LIMIT $2`, ticketID, MaxLists*MaxItems)
	if err != nil {
		return nil, err
	}
	place := map[int64]int{}
	for n := range lists {
		place[lists[n].ID] = n
	}
	for _, i := range items {
		if n, ok := place[i.ListID]; ok {
			lists[n].Items = append(lists[n].Items, i)
		}
	}
	return lists, nil
}

// loadList gives a list of a ticket with its items; removed ones only when asked for.
func loadList(ctx context.Context, q database.Querier, ticketID, id int64, removed bool) (List, error) {
	condition := `IS NULL`
	if removed {
		condition = `IS NOT NULL`
	}
	l, err := database.One(ctx, q, scanList, `SELECT `+listColumns+` FROM checklists l WHERE l.id = $1 AND l.ticket_id = $2 AND l.removed_at `+condition, id, ticketID)
	if apperr.Is(err, apperr.NotFound) {
		return l, apperr.New(apperr.NotFound, "This checklist is not there any more.")
	}
	if err != nil {
		return l, err
	}
	l.Items, err = database.All(ctx, q, scanItem, `SELECT `+itemColumns+` FROM checklist_items i WHERE i.checklist_id = $1 AND i.removed_at IS NULL ORDER BY i.place, i.id LIMIT $2`, id, MaxItems)
	return l, err
}

func insertList(ctx context.Context, tx *database.Tx, l *List) error {
	_, err := tx.Exec(ctx, `INSERT INTO checklists (id, ticket_id, name, template_id, blocks, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		l.ID, l.TicketID, l.Name, database.ID(l.TemplateID), l.Blocks, database.ID(l.CreatedBy), database.Time(l.CreatedAt))
	if err != nil {
		return err
	}
	if len(l.Items) == 0 {
		return nil
	}
	var args database.Args
	values := ""
	for n := range l.Items {
		if n > 0 {
			values += ", "
		}
		values += "(" + args.Arg(l.Items[n].ID) + ", " + args.Arg(l.ID) + ", " + args.Arg(n+1) + ", " + args.Arg(l.Items[n].Text) + ")"
	}
	_, err = tx.Exec(ctx, `INSERT INTO checklist_items (id, checklist_id, place, text) VALUES `+values, args.Values()...)
	return err
}

// insertItem puts an item at the end of its list.
func insertItem(ctx context.Context, tx *database.Tx, i *Item) error {
	_, err := tx.Exec(ctx, `INSERT INTO checklist_items (id, checklist_id, place, text, assignee_id)
		SELECT $1, $2, COALESCE(MAX(place), 0) + 1, $3, $4 FROM checklist_items WHERE checklist_id = $2`, i.ID, i.ListID, i.Text, database.ID(i.AssigneeID))
	return err
}

func updateItem(ctx context.Context, tx *database.Tx, i *Item) error {
	_, err := tx.Exec(ctx, `UPDATE checklist_items SET text = $1, assignee_id = $2, done_by = $3, done_at = $4 WHERE id = $5`,
		i.Text, database.ID(i.AssigneeID), database.ID(i.DoneBy), database.Time(i.DoneAt), i.ID)
	return err
}

// arrange gives the items of a list their places, in one statement.
func arrange(ctx context.Context, tx *database.Tx, items []Item) error {
	var args database.Args
	cases := ""
	ids := make([]int64, 0, len(items))
	for n := range items {
		cases += " WHEN " + args.Arg(items[n].ID) + " THEN CAST(" + args.Arg(n+1) + " AS BIGINT)"
		ids = append(ids, items[n].ID)
	}
	_, err := tx.Exec(ctx, `UPDATE checklist_items SET place = CASE id`+cases+` ELSE place END WHERE id IN `+database.In(&args, ids), args.Values()...)
	return err
}

func markRemoved(ctx context.Context, tx *database.Tx, table string, id int64, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE `+table+` SET removed_at = $1 WHERE id = $2`, database.Time(at), id)
	return err
}

// progressOf counts the done and all items of some tickets.
func progressOf(ctx context.Context, q database.Querier, tickets []int64) (map[int64][2]int, error) {
	var args database.Args
	out := map[int64][2]int{}
	err := database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var done, all int
		err := r.Scan(&id, &done, &all)
		out[id] = [2]int{done, all}
		return err
	}, `SELECT l.ticket_id, COUNT(i.done_at), COUNT(*) FROM checklists l JOIN checklist_items i ON i.checklist_id = l.id
		WHERE l.removed_at IS NULL AND i.removed_at IS NULL AND l.ticket_id IN `+database.In(&args, tickets)+` GROUP BY l.ticket_id`, args.Values()...)
	return out, err
}

func (s *Service) put(ctx context.Context, ref ticket.Ref, request []any, l *List) (List, error) {
	_, err := s.tickets.Act(ctx, ref, access.Note, func(a *ticket.Acting) error {
		id, replayed, err := once.Do(ctx, a.Tx(), s.now(), request, func() (int64, error) {
			n, err := database.One(ctx, a.Tx(), database.Scalar[int], `SELECT COUNT(*) FROM checklists WHERE ticket_id = $1 AND removed_at IS NULL`, a.Ticket().ID)
			if err != nil {
				return 0, err
			}
			if n >= MaxLists {
				return 0, apperr.InvalidField("name", "A ticket has at most %d checklists.", MaxLists)
			}
			return s.store(ctx, a.Tx(), a.Ticket().ID, access.From(ctx), l, a.Say)
		})
		if err == nil && replayed {
			*l, err = loadList(ctx, a.Tx(), a.Ticket().ID, id, false)
		}
		return err
	})
	return *l, err
}

// Rename gives a list another name.
func (s *Service) Rename(ctx context.Context, ref ticket.Ref, list int64, name string) error {
	var p apperr.Problems
	name = line(name)
	checkLine(&p, "name", name, MaxName, words.Key("Give the checklist a name."))
	if err := p.Err(); err != nil {
		return err
	}
	return s.on(ctx, ref, list, false, func(a *ticket.Acting, l *List) error {
		if l.Name == name {
			return nil
		}
		_, err := a.Tx().Exec(ctx, `UPDATE checklists SET name = $1 WHERE id = $2`, name, l.ID)
		a.Say(saidRenamed, l.Name, name)
		return err
	})
}

// RestoreItem puts a removed item back where it was.
func (s *Service) RestoreItem(ctx context.Context, ref ticket.Ref, list, item int64) error {
	return s.on(ctx, ref, list, false, func(a *ticket.Acting, l *List) error {
		text, err := database.One(ctx, a.Tx(), database.Scalar[string],
			`SELECT text FROM checklist_items WHERE id = $1 AND checklist_id = $2 AND removed_at IS NOT NULL`, item, list)
		switch {
		case apperr.Is(err, apperr.NotFound):
			return nil // it is there
		case err != nil:
			return err
		case len(l.Items) >= MaxItems:
			return apperr.InvalidField("text", "A checklist has at most %d items.", MaxItems)
		}
		a.Say(saidBroughtUp, l.Name, text)
		return markRemoved(ctx, a.Tx(), "checklist_items", item, time.Time{})
	})
}

// attribute is the field checklist: of filters and workflows: open while an item
// is, done when all are, none without an item.
func attribute() ticket.Attribute {
	const state = `SELECT CASE WHEN COUNT(*) > COUNT(i.done_at) THEN 'open' ELSE 'done' END FROM checklists l JOIN checklist_items i ON i.checklist_id = l.id
		WHERE l.removed_at IS NULL AND i.removed_at IS NULL AND l.ticket_id = `
	return ticket.Attribute{
		Field: filter.Field{
			Name: "checklist", Label: "Checklist", Type: filter.TypeEnum, SQL: `(` + state + `t.id HAVING COUNT(*) > 0)`,
			Options: []filter.Option{{Key: "open", Label: "Something is open"}, {Key: "done", Label: "All is done"}},
		},
		Load: func(ctx context.Context, q database.Querier, ids []int64) (map[int64][]filter.Value, error) {
			found, err := progressOf(ctx, q, ids)
			out := map[int64][]filter.Value{}
			for id, n := range found {
				out[id] = filter.Texts("open")
				if n[0] == n[1] {
					out[id] = filter.Texts("done")
				}
			}
			return out, err
		},
	}
}
