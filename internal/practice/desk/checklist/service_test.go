package checklist_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/desk/checklist"
)

// world is a small desk with checklists.
type world struct {
	*coretest.World
	tickets *ticket.Service
	lists   *checklist.Service

	asker, ana, ben, lea, vendor int64
	network, vendors             int64
	payroll                      int64
}

type directory struct {
	*people.Service
	*service.Store
}

type silent struct{}

// Announce implements ticket.Announcer.
func (silent) Announce(context.Context, *database.Tx, ticket.Announcement) error { return nil }

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	coretest.Each(t, func(t *testing.T, c *coretest.World) {
		kinds, err := workflow.NewRegistry(t.Context(), c.DB)
		ok(t, err)
		t.Cleanup(kinds.Close)
		w := &world{World: c}
		w.tickets = ticket.New(ticket.Deps{
			DB: c.DB, Kinds: kinds, Directory: directory{c.People, c.Services}, Announcer: silent{}, Now: c.Clock.Now, Search: search.New(c.DB),
		})
		m := checklist.New(checklist.Deps{DB: c.DB, Tickets: w.tickets, Names: c.People, Directory: c.People, Services: c.Services, Audit: c.Log, Now: c.Clock.Now})
		w.tickets.Follow(m.Follow)
		w.tickets.Extend(m.Attributes...)
		for _, g := range m.Guards {
			w.tickets.Guard(g)
		}
		w.lists = checklist.NewService(c.DB, w.tickets, c.People, c.Log, c.Clock.Now)
		company, supplier := w.Organisation(people.Own, "Halden", 0), w.Organisation(people.Supplier, "Wireworks", 0)
		w.asker = w.Person("Mira Asker", company)
		w.ana, w.ben = w.Person("Ana Agent", company, access.RoleAgent), w.Person("Ben Agent", company, access.RoleAgent)
		w.lea = w.Person("Lea Leader", company, access.RoleTeamLead)
		w.vendor = w.Person("Vera Vendor", supplier, access.RoleSupplierAgent)
		w.network, w.vendors = w.Group("Network", company, w.ana, w.lea), w.Group("Wireworks field", supplier, w.vendor)
		w.payroll = w.Service("Payroll", w.lea)
		fn(t, w)
	}, workflow.Migrations, ticket.Migrations, search.Migrations, checklist.Migrations)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, err error, kind apperr.Kind, fields ...string) {
	t.Helper()
	if apperr.KindOf(err) != kind {
		t.Errorf("got %v, want %s", err, kind)
		return
	}
	for _, name := range fields {
		if !slices.ContainsFunc(apperr.FieldsOf(err), func(f apperr.Field) bool { return f.Name == name }) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

func (w *world) incident(t *testing.T, prepare ...func(*ticket.Create)) ticket.Ticket {
	t.Helper()
	c := ticket.Create{Kind: "incident", Title: "x", RequesterID: w.asker, GroupID: w.network}
	for _, p := range prepare {
		p(&c)
	}
	tk, err := w.tickets.Create(w.System(), c)
	ok(t, err)
	w.Clock.Advance(time.Minute)
	return tk
}

func (w *world) template(t *testing.T, person int64, c checklist.Template) checklist.Template {
	t.Helper()
	if c.Name == "" {
		c.Name = "Leaver"
	}
	if c.Items == nil {
		c.Items = []string{"Collect the badge", "Close the mailbox"}
	}
	if c.Audience == "" {
		c.Audience = sharing.Everyone
	}
	made, err := w.lists.CreateTemplate(w.As(person), c)
	ok(t, err)
	return made
}

func (w *world) of(t *testing.T, tk ticket.Ticket) []checklist.List {
	t.Helper()
	lists, err := w.lists.Of(w.System(), &tk)
	ok(t, err)
	return lists
}

func texts(l checklist.List) string {
	var out []string
	for _, i := range l.Items {
		out = append(out, i.Text)
	}
	return strings.Join(out, ",")
}

func acts(t *testing.T, w *world, tk ticket.Ticket) []string {
	t.Helper()
	events, err := w.tickets.Timeline(w.System(), &tk, 0, 0)
	ok(t, err)
	var out []string
	for _, e := range events {
		if e.Type == ticket.Acted {
			out = append(out, strings.TrimPrefix(e.Changes[0].Field, ticket.ActivityPrefix+"checklist."))
		}
	}
	return out
}

func ptr[T any](v T) *T { return &v }

func TestAListIsWrittenTickedAndArranged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t)
		ref, ctx := ticket.ByID(tk.ID), w.As(w.ana)
		l, err := w.lists.Add(ctx, ref, "  To\tdo ")
		ok(t, err)
		ids := map[string]int64{}
		for _, text := range []string{"one", "two", "three"} {
			i, err := w.lists.AddItem(ctx, ref, l.ID, text)
			ok(t, err)
			ids[text] = i.ID
		}
		change := func(item string, c checklist.Change) {
			t.Helper()
			_, err := w.lists.ChangeItem(ctx, ref, l.ID, ids[item], c)
			ok(t, err)
		}
		change("three", checklist.Change{Place: ptr(1)})
		change("one", checklist.Change{Place: ptr(99)})
		change("two", checklist.Change{Done: ptr(true), Assignee: &w.ben})
		change("two", checklist.Change{Done: ptr(true)}) // twice is no error, and no entry
		change("one", checklist.Change{Text: ptr("the first")})
		got := w.of(t, tk)[0]
		if got.Name != "To do" || texts(got) != "three,two,the first" {
			t.Errorf("%q has %s", got.Name, texts(got))
		}
		two := got.Items[1]
		if !two.Done() || two.DoneBy != w.ana || two.AssigneeID != w.ben || !two.DoneAt.Equal(w.Clock.Now()) {
			t.Errorf("%+v", two)
		}
		ok(t, w.lists.RemoveItem(ctx, ref, l.ID, ids["three"]))
		ok(t, w.lists.RestoreItem(ctx, ref, l.ID, ids["three"]))
		ok(t, w.lists.Rename(ctx, ref, l.ID, "Done"))
		ok(t, w.lists.Remove(ctx, ref, l.ID))
		if len(w.of(t, tk)) != 0 {
			t.Error("it is not removed")
		}
		ok(t, w.lists.Restore(ctx, ref, l.ID))
		if texts(w.of(t, tk)[0]) != "three,two,the first" {
			t.Error("it is not as it was")
		}
		wanted := []string{"added", "item", "item", "item", "moved", "moved", "given", "done", "reworded", "dropped", "brought", "renamed", "removed", "restored"}
		if said := acts(t, w, tk); !slices.Equal(said, wanted) {
			t.Errorf("the timeline has %v", said)
		}
	})
}

func TestATicketIsNotResolvedBeforeWhatMustBeDone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		template := w.template(t, w.lea, checklist.Template{Blocks: true})
		tk := w.incident(t)
		ref := ticket.ByID(tk.ID)
		l, err := w.lists.Attach(w.As(w.ana), ref, template.ID)
		ok(t, err)
		resolve := func() error {
			_, err := w.tickets.Transition(w.As(w.ana), ref, ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "Done."})
			return err
		}
		_, err = w.lists.ChangeItem(w.As(w.ana), ref, l.ID, l.Items[0].ID, checklist.Change{Done: ptr(true)})
		ok(t, err)
		err = resolve()
		want(t, err, apperr.Invalid, "checklist")
		if m := apperr.FieldsOf(err)[0].Message.String(); !strings.Contains(m, "Close the mailbox") || strings.Contains(m, "Collect the badge") {
			t.Errorf("the refusal says %q", m)
		}
		// Nobody gets round it by removing what is open.
		want(t, w.lists.Remove(w.As(w.ana), ref, l.ID), apperr.Forbidden)
		want(t, w.lists.RemoveItem(w.As(w.ana), ref, l.ID, l.Items[1].ID), apperr.Forbidden)
		_, err = w.lists.ChangeItem(w.As(w.ana), ref, l.ID, l.Items[1].ID, checklist.Change{Done: ptr(true)})
		ok(t, err)
		ok(t, resolve())
	})
}

func TestTemplatesComeByThemselvesToTheTicketsTheyAreFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.template(t, w.lea, checklist.Template{Name: "all", ByItself: true})
		w.template(t, w.lea, checklist.Template{Name: "requests", ByItself: true, Kind: "request"})
		w.template(t, w.lea, checklist.Template{Name: "payroll", ByItself: true, Scope: sharing.Scope{}, ServiceID: w.payroll})
		w.template(t, w.lea, checklist.Template{Name: "urgent", ByItself: true, Filter: "priority:<=2"})
		w.template(t, w.lea, checklist.Template{Name: "network", ByItself: true, Scope: sharing.Scope{Audience: sharing.Group, GroupID: w.network}})
		w.template(t, w.lea, checklist.Template{Name: "by hand"})
		for name, c := range map[string]struct {
			prepare func(*ticket.Create)
			want    string
		}{
			"plain":   {func(*ticket.Create) {}, "all,network"},
			"urgent":  {func(c *ticket.Create) { c.Impact, c.Urgency = 1, 1 }, "all,urgent,network"},
			"payroll": {func(c *ticket.Create) { c.ServiceID = w.payroll }, "all,payroll,network"},
			"nobody":  {func(c *ticket.Create) { c.GroupID = 0 }, "all"},
			"request": {func(c *ticket.Create) { c.Kind = "request"; c.GroupID = 0 }, "all,requests"},
		} {
			tk := w.incident(t, c.prepare)
			var names []string
			for _, l := range w.of(t, tk) {
				names = append(names, l.Name)
			}
			if got := strings.Join(names, ","); got != c.want {
				t.Errorf("%s: got %s, want %s", name, got, c.want)
			}
			if tk.LastSeq != 1+len(names) || tk.Version != 1 {
				t.Errorf("%s: the ticket given is at %d of version %d", name, tk.LastSeq, tk.Version)
			}
		}
	})
}

func TestWhoHasAndChangesTemplates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		base := checklist.Template{Name: "x", Items: []string{"y"}, Scope: sharing.Scope{Audience: sharing.Mine}}
		with := func(change func(*checklist.Template)) checklist.Template {
			c := base
			change(&c)
			return c
		}
		for name, c := range map[string]struct {
			person int64
			t      checklist.Template
			wrong  string
		}{
			"no name":                {w.ana, with(func(c *checklist.Template) { c.Name = " " }), "name"},
			"no items":               {w.ana, with(func(c *checklist.Template) { c.Items = []string{"", " "} }), "items"},
			"long item":              {w.ana, with(func(c *checklist.Template) { c.Items = []string{strings.Repeat("x", 400)} }), "items"},
			"shared by an agent":     {w.ana, with(func(c *checklist.Template) { c.Audience = sharing.Everyone }), "audience"},
			"own that blocks":        {w.ana, with(func(c *checklist.Template) { c.Blocks = true }), "audience"},
			"no such kind":           {w.lea, with(func(c *checklist.Template) { c.Kind = "moon" }), "kind"},
			"filter without a sense": {w.lea, with(func(c *checklist.Template) { c.Audience, c.ByItself, c.Filter = sharing.Everyone, true, "moon:full" }), "filter"},
		} {
			_, err := w.lists.CreateTemplate(w.As(c.person), c.t)
			if !apperr.Is(err, apperr.Invalid) || !slices.ContainsFunc(apperr.FieldsOf(err), func(f apperr.Field) bool { return f.Name == c.wrong }) {
				t.Errorf("%s: %v", name, err)
			}
		}
		own, err := w.lists.CreateTemplate(w.As(w.ana), base)
		ok(t, err)
		_, err = w.lists.Template(w.As(w.ben), own.ID)
		want(t, err, apperr.NotFound)
		_, err = w.lists.Template(w.As(w.vendor), own.ID)
		want(t, err, apperr.Forbidden)
		shared := w.template(t, w.lea, checklist.Template{})
		_, err = w.lists.ChangeTemplate(w.As(w.ana), shared.ID, 0, func(*checklist.Template) {})
		want(t, err, apperr.Forbidden)
		_, err = w.lists.ChangeTemplate(w.As(w.lea), shared.ID, shared.Version, func(c *checklist.Template) { c.Name = "Joiner" })
		ok(t, err)
		_, err = w.lists.ChangeTemplate(w.As(w.lea), shared.ID, shared.Version, func(c *checklist.Template) { c.Name = "Mover" })
		want(t, err, apperr.Conflict)
		_, err = w.lists.DeleteTemplate(w.As(w.lea), shared.ID)
		ok(t, err)
		_, err = w.lists.Attach(w.As(w.ana), ticket.ByID(w.incident(t).ID), shared.ID)
		want(t, err, apperr.NotFound)
		_, err = w.lists.RestoreTemplate(w.As(w.lea), shared.ID)
		ok(t, err)
		n, err := database.One(t.Context(), w.DB.Reader(), database.Scalar[int], `SELECT COUNT(*) FROM audit_log WHERE object_type = 'checklist_template'`)
		if err != nil || n != 4 {
			t.Errorf("%d entries of the audit log, %v", n, err)
		}
	})
}

func TestThoseOutsideLearnNothingOfChecklists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, func(c *ticket.Create) { c.GroupID = w.vendors })
		ref := ticket.ByID(tk.ID)
		l, err := w.lists.Add(w.As(w.ana), ref, "Secret")
		ok(t, err)
		_, err = w.lists.AddItem(w.As(w.ana), ref, l.ID, "Secret item")
		ok(t, err)
		for _, person := range []int64{w.asker, w.vendor} {
			_, err := w.lists.Of(w.As(person), &tk)
			want(t, err, apperr.Forbidden)
			_, err = w.lists.AddItem(w.As(person), ref, l.ID, "mine")
			want(t, err, apperr.Forbidden)
			ctx := w.As(person)
			c, err := w.tickets.Condition(ctx, "checklist:open", nil)
			ok(t, err)
			page, err := w.tickets.List(ctx, ticket.Query{Condition: c})
			ok(t, err)
			if len(page.Tickets) != 0 {
				t.Error("a filter tells")
			}
		}
		for f, n := range map[string]int{"checklist:open": 1, "checklist:done": 0, "checklist:none": 0, "-checklist:open": 0} {
			c, err := w.tickets.Condition(w.As(w.ana), f, nil)
			ok(t, err)
			page, err := w.tickets.List(w.As(w.ana), ticket.Query{Condition: c})
			ok(t, err)
			if len(page.Tickets) != n {
				t.Errorf("%s finds %d", f, len(page.Tickets))
			}
			matched, err := w.tickets.Matches(w.System(), w.DB.Reader(), f, &tk)
			if err != nil || matched != (n == 1) {
				t.Errorf("%s matches in Go: %v %v", f, matched, err)
			}
		}
	})
}

func TestListsAndItemsAreBounded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t)
		ref, ctx := ticket.ByID(tk.ID), w.As(w.ana)
		for range checklist.MaxLists {
			_, err := w.lists.Add(ctx, ref, "x")
			ok(t, err)
		}
		_, err := w.lists.Add(ctx, ref, "x")
		want(t, err, apperr.Invalid, "name")
		_, err = w.lists.AddItem(ctx, ref, w.of(t, tk)[0].ID, strings.Repeat("x", 301))
		want(t, err, apperr.Invalid, "text")
		_, err = w.lists.AddItem(ctx, ref, 7, "x")
		want(t, err, apperr.NotFound)
		other := w.incident(t)
		_, err = w.lists.AddItem(ctx, ticket.ByID(other.ID), w.of(t, tk)[0].ID, "x")
		want(t, err, apperr.NotFound)
	})
}
