package checklist

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// Names gives the names behind ids, each in one query.
type Names interface {
	PersonNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.PersonName, error)
	GroupNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]people.GroupName, error)
}

// Service holds the use cases. The actor is taken from the context.
type Service struct {
	db      *database.DB
	tickets *ticket.Service
	names   Names
	audit   *audit.Log
	now     func() time.Time
}

// NewService makes the service.
func NewService(db *database.DB, tickets *ticket.Service, names Names, log *audit.Log, now func() time.Time) *Service {
	return &Service{db: db, tickets: tickets, names: names, audit: log, now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
}

// What is said on the timeline. From is the list's name, or what a text was; To is
// the item's text, or what the text is.
const (
	saidAdded     = "checklist.added"
	saidRemoved   = "checklist.removed"
	saidRestored  = "checklist.restored"
	saidRenamed   = "checklist.renamed"
	saidItem      = "checklist.item"
	saidDone      = "checklist.done"
	saidUndone    = "checklist.undone"
	saidReworded  = "checklist.reworded"
	saidMoved     = "checklist.moved"
	saidGiven     = "checklist.given" // From is the name, "" for nobody
	saidDropped   = "checklist.dropped"
	saidBroughtUp = "checklist.brought"
)

// Of gives the lists of a ticket; Forbidden without its notes.
func (s *Service) Of(ctx context.Context, t *ticket.Ticket) ([]List, error) {
	if err := access.From(ctx).Check(access.ReadNotes, t.Record()).Err(); err != nil {
		return nil, err
	}
	return ofTicket(ctx, s.db.Reader(), t.ID)
}

// Add puts an empty list on a ticket.
func (s *Service) Add(ctx context.Context, ref ticket.Ref, name string) (List, error) {
	var p apperr.Problems
	name = line(name)
	checkLine(&p, "name", name, MaxName, words.Key("Give the checklist a name."))
	if err := p.Err(); err != nil {
		return List{}, err
	}
	l := List{Name: name}
	return s.put(ctx, ref, []any{"checklist", ref, name}, &l)
}

// Attach puts a list made of a template on a ticket. NotFound when the actor does
// not have the template, Invalid when it is for other tickets.
func (s *Service) Attach(ctx context.Context, ref ticket.Ref, template int64) (List, error) {
	t, err := s.Template(ctx, template)
	if err != nil {
		return List{}, err
	}
	tk, err := s.tickets.Get(ctx, ref)
	if err != nil {
		return List{}, err
	}
	if !t.suits(&tk) {
		return List{}, apperr.InvalidField("template", "“%s” is for tickets of another kind or service.", t.Name)
	}
	l := t.list()
	return s.put(ctx, ref, []any{"checklist of", ref, template}, &l)
}

// list makes a list of the template.
func (t *Template) list() List {
	l := List{Name: t.Name, TemplateID: t.ID, Blocks: t.Blocks}
	for _, text := range t.Items {
		l.Items = append(l.Items, Item{Text: text})
	}
	return l
}

func (s *Service) store(ctx context.Context, tx *database.Tx, ticketID int64, actor access.Actor, l *List, say func(what, from, to string)) (int64, error) {
	l.ID, l.TicketID, l.CreatedAt = tx.NextID(), ticketID, s.now()
	if actor.IsPerson() {
		l.CreatedBy = actor.ID
	}
	for n := range l.Items {
		l.Items[n].ID, l.Items[n].ListID = tx.NextID(), l.ID
	}
	if err := insertList(ctx, tx, l); err != nil {
		return 0, err
	}
	say(saidAdded, "", l.Name)
	return l.ID, nil
}

// Remove takes a list from its ticket; Restore undoes it. Who keeps a ticket from
// being resolved was a decision of those who share templates: Forbidden for others
// while an item of such a list is open.
func (s *Service) Remove(ctx context.Context, ref ticket.Ref, list int64) error {
	return s.on(ctx, ref, list, false, func(a *ticket.Acting, l *List) error {
		if err := mayLoosen(ctx, l); err != nil {
			return err
		}
		a.Say(saidRemoved, "", l.Name)
		return markRemoved(ctx, a.Tx(), "checklists", l.ID, s.now())
	})
}

// Restore puts a removed list back.
func (s *Service) Restore(ctx context.Context, ref ticket.Ref, list int64) error {
	return s.on(ctx, ref, list, true, func(a *ticket.Acting, l *List) error {
		a.Say(saidRestored, "", l.Name)
		return markRemoved(ctx, a.Tx(), "checklists", l.ID, time.Time{})
	})
}

// mayLoosen fails when what the list asks for would be got round.
func mayLoosen(ctx context.Context, l *List) error {
	if !l.Blocks || len(l.open()) == 0 {
		return nil
	}
	return access.From(ctx).Require(access.ManageViews, access.AnyKind)
}

// on does something to a list of a ticket.
func (s *Service) on(ctx context.Context, ref ticket.Ref, list int64, removed bool, fn func(a *ticket.Acting, l *List) error) error {
	_, err := s.tickets.Act(ctx, ref, access.Note, func(a *ticket.Acting) error {
		l, err := loadList(ctx, a.Tx(), a.Ticket().ID, list, removed)
		if err != nil {
			return err
		}
		return fn(a, &l)
	})
	return err
}

// AddItem puts an item at the end of a list.
func (s *Service) AddItem(ctx context.Context, ref ticket.Ref, list int64, text string) (Item, error) {
	var p apperr.Problems
	text = line(text)
	checkLine(&p, "text", text, MaxText, words.Key("Say what there is to do."))
	if err := p.Err(); err != nil {
		return Item{}, err
	}
	i := Item{ListID: list, Text: text}
	err := s.on(ctx, ref, list, false, func(a *ticket.Acting, l *List) error {
		id, _, err := once.Do(ctx, a.Tx(), s.now(), []any{"checklist item", list, text}, func() (int64, error) {
			if len(l.Items) >= MaxItems {
				return 0, apperr.InvalidField("text", "A checklist has at most %d items.", MaxItems)
			}
			i.ID = a.Tx().NextID()
			a.Say(saidItem, l.Name, text)
			return i.ID, insertItem(ctx, a.Tx(), &i)
		})
		i.ID = id
		return err
	})
	return i, err
}

// Change names what to change of an item; nil leaves it as it is.
type Change struct {
	Text     *string
	Assignee *int64 // 0 is nobody
	Done     *bool
	Place    *int // from 1; beyond the end is the end
}

// ChangeItem changes an item. Ticking off what is done already is no error. The
// assignee must be able to see the ticket's lists, or at least be somebody of ours:
// InvalidField otherwise.
func (s *Service) ChangeItem(ctx context.Context, ref ticket.Ref, list, item int64, c Change) (Item, error) {
	if c.Text != nil {
		var p apperr.Problems
		*c.Text = line(*c.Text)
		checkLine(&p, "text", *c.Text, MaxText, words.Key("Say what there is to do."))
		if err := p.Err(); err != nil {
			return Item{}, err
		}
	}
	var changed Item
	err := s.onItem(ctx, ref, list, item, func(a *ticket.Acting, l *List, at int) error {
		i := &l.Items[at]
		if err := s.apply(ctx, a, i, c); err != nil {
			return err
		}
		changed = *i
		if err := updateItem(ctx, a.Tx(), i); err != nil {
			return err
		}
		if c.Place == nil {
			return nil
		}
		return s.move(ctx, a, l, at, *c.Place)
	})
	return changed, err
}

func (s *Service) onItem(ctx context.Context, ref ticket.Ref, list, item int64, fn func(a *ticket.Acting, l *List, at int) error) error {
	return s.on(ctx, ref, list, false, func(a *ticket.Acting, l *List) error {
		at := slices.IndexFunc(l.Items, func(i Item) bool { return i.ID == item })
		if at < 0 {
			return apperr.New(apperr.NotFound, "This item is not there any more.")
		}
		return fn(a, l, at)
	})
}

func (s *Service) apply(ctx context.Context, a *ticket.Acting, i *Item, c Change) error {
	if c.Text != nil && *c.Text != i.Text {
		a.Say(saidReworded, i.Text, *c.Text)
		i.Text = *c.Text
	}
	if c.Assignee != nil && *c.Assignee != i.AssigneeID {
		name := ""
		if *c.Assignee != 0 {
			names, err := s.names.PersonNames(ctx, a.Tx(), []int64{*c.Assignee})
			if err != nil {
				return err
			}
			if name = names[*c.Assignee].Name; name == "" {
				return apperr.InvalidField("assignee", "There is no such person.")
			}
		}
		i.AssigneeID = *c.Assignee
		a.Say(saidGiven, name, i.Text)
	}
	if c.Done != nil && *c.Done != i.Done() {
		i.DoneBy, i.DoneAt = 0, time.Time{}
		if *c.Done {
			i.DoneBy, i.DoneAt = access.From(ctx).ID, s.now()
			a.Say(saidDone, "", i.Text)
		} else {
			a.Say(saidUndone, "", i.Text)
		}
	}
	return nil
}

// move puts an item to a place, counted from 1.
func (s *Service) move(ctx context.Context, a *ticket.Acting, l *List, at, place int) error {
	to := min(max(place, 1), len(l.Items)) - 1
	if to == at {
		return nil
	}
	i := l.Items[at]
	items := slices.Insert(slices.Delete(slices.Clone(l.Items), at, at+1), to, i)
	a.Say(saidMoved, strconv.Itoa(to+1), i.Text)
	return arrange(ctx, a.Tx(), items)
}

// RemoveItem takes an item from its list; RestoreItem undoes it. As with lists, an
// open item that keeps a ticket from being resolved is not everybody's to remove.
func (s *Service) RemoveItem(ctx context.Context, ref ticket.Ref, list, item int64) error {
	return s.onItem(ctx, ref, list, item, func(a *ticket.Acting, l *List, at int) error {
		if !l.Items[at].Done() {
			if err := mayLoosen(ctx, l); err != nil {
				return err
			}
		}
		a.Say(saidDropped, l.Name, l.Items[at].Text)
		return markRemoved(ctx, a.Tx(), "checklist_items", item, s.now())
	})
}

// Blocked is the guard before a ticket is resolved: Invalid with the open items of
// the lists that must be done first.
func (s *Service) Blocked(ctx context.Context, q database.Querier, t *ticket.Ticket) error {
	lists, err := ofTicket(ctx, q, t.ID)
	if err != nil {
		return err
	}
	return blocked(lists)
}

// Follow puts the lists on new tickets that come by themselves.
func (s *Service) Follow(ctx context.Context, tx *database.Tx, saved *ticket.Saved) error {
	if !saved.Created() {
		return nil
	}
	templates, err := comingByThemselves(ctx, tx, &saved.After)
	if err != nil {
		return err
	}
	for i := range templates {
		t := &templates[i]
		if t.Filter != "" {
			found, err := s.tickets.Matches(ctx, tx, t.Filter, &saved.After)
			if err != nil {
				// A kind that lost a field must not keep tickets from being opened.
				continue
			}
			if !found {
				continue
			}
		}
		l := t.list()
		if _, err := s.store(ctx, tx, saved.After.ID, access.System(), &l, saved.Say); err != nil {
			return fmt.Errorf("checklist %q: %w", t.Name, err)
		}
	}
	return nil
}
