package checklist

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// Limits on what one ticket and one list hold.
const (
	MaxLists = 20
	MaxItems = 100
	MaxName  = 100 // characters
	MaxText  = 300 // characters of an item
)

// List is a checklist of a ticket.
type List struct {
	ID         int64
	TicketID   int64
	Name       string
	TemplateID int64 // 0: written by hand
	Blocks     bool  // keeps the ticket from being resolved while an item is open
	CreatedBy  int64
	CreatedAt  time.Time
	Items      []Item // in their order
}

// Item is one thing to do.
type Item struct {
	ID         int64
	ListID     int64
	Text       string
	AssigneeID int64
	DoneBy     int64
	DoneAt     time.Time // zero while it is open
}

// Done reports whether the item is ticked off.
func (i *Item) Done() bool { return !i.DoneAt.IsZero() }

// Progress counts what is done of all items.
func (l *List) Progress() (done, all int) {
	for i := range l.Items {
		if l.Items[i].Done() {
			done++
		}
	}
	return done, len(l.Items)
}

// open lists the texts of what is left to do.
func (l *List) open() []string {
	var out []string
	for i := range l.Items {
		if !l.Items[i].Done() {
			out = append(out, l.Items[i].Text)
		}
	}
	return out
}

// maxNamed is how many open items a refusal names of one list.
const maxNamed = 10

// blocked says which items keep a ticket from being resolved, list by list.
func blocked(lists []List) error {
	var p apperr.Problems
	for i := range lists {
		l := &lists[i]
		open := l.open()
		if !l.Blocks || len(open) == 0 {
			continue
		}
		named := strings.Join(open[:min(len(open), maxNamed)], "; ")
		if len(open) > maxNamed {
			p.Add("checklist", "%d items of the checklist “%s” are open, among them: %s.", len(open), l.Name, named)
		} else {
			p.Add("checklist", "Open on the checklist “%s”: %s.", l.Name, named)
		}
	}
	return p.Err()
}

// Template is what lists are made of.
type Template struct {
	ID   int64
	Name string
	sharing.Scope
	Items     []string
	Kind      string // key of a kind; "" is for every kind
	ServiceID int64  // 0 is for every service
	ByItself  bool   // comes to new tickets that it is for
	Filter    string // which of them, in the filter language; "" is all
	Blocks    bool
	UpdatedAt time.Time
	CreatedAt time.Time
	Version   int64
}

// suits reports whether the template is for a ticket's kind and service.
func (t *Template) suits(tk *ticket.Ticket) bool {
	return (t.Kind == "" || t.Kind == tk.Kind) && (t.ServiceID == 0 || t.ServiceID == tk.ServiceID)
}

// check makes a template as it is stored, or says what is wrong with it. The
// filter, the kind and the service are checked by whoever can look them up.
func (t *Template) check(actor access.Actor) error {
	var p apperr.Problems
	t.Name = line(t.Name)
	checkLine(&p, "name", t.Name, MaxName, words.Key("Give the template a name."))
	var items []string
	for _, text := range t.Items {
		if text = line(text); text != "" {
			checkLine(&p, "items", text, MaxText, "")
			items = append(items, text)
		}
	}
	switch t.Items = items; {
	case len(items) == 0:
		p.Add("items", "Write at least one item, each on a line of its own.")
	case len(items) > MaxItems:
		p.Add("items", "A checklist has at most %d items.", MaxItems)
	}
	t.Scope.Check(&p, actor)
	if t.Audience == sharing.Mine && (t.ByItself || t.Blocks) {
		p.Add("audience", "Only a shared template comes by itself or keeps tickets from being resolved.")
	}
	if !t.ByItself {
		t.Filter = ""
	}
	return p.Err()
}

// line makes one line of a text.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// checkLine notes what is wrong with a line; missing is said of an empty one, ""
// allows it.
func checkLine(p *apperr.Problems, field, text string, most int, missing string) {
	switch {
	case text == "" && missing != "":
		p.Say(field, words.Text{Key: missing})
	case utf8.RuneCountInString(text) > most:
		p.Add(field, "“%s…” is too long: at most %d characters.", string([]rune(text)[:30]), most)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		p.Add(field, "This has characters that cannot be stored.")
	}
}
