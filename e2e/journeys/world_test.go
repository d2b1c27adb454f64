package journeys_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// world is a system in which people have worked for a while: tickets in every
// state, long and short, in several scripts, with all that can hang on one.
type world struct {
	*apptest.System
	t       *testing.T
	open    ticket.Ticket // of the requester, in progress, with a long history
	asked   ticket.Ticket // waits for the requester
	solved  ticket.Ticket
	closed  ticket.Ticket // rated
	handed  ticket.Ticket // to the supplier
	payroll int64
}

func furnished(t *testing.T, engine database.Engine) *world {
	t.Helper()
	w := &world{System: apptest.New(t, engine), t: t}
	w.payroll = w.service("Payroll")
	w.service("E-mail and calendar")
	w.open = w.ticket("requester", ticket.Create{
		Title: "The label printer on the second floor prints only every other page", Tags: []string{"printer", "floor-2", "warehouse", "urgent"}, Impact: 2, Urgency: 1,
		Description: "Since **this morning**. The screen says:\n\n```\nE-2041: tray not found, check the paper path and try again\n```\n\n1. I switched it off and on\n2. I changed the paper\n\nSee https://printers.example.com/help/e-2041",
	})
	w.talk()
	w.asked = w.ticket("requester", ticket.Create{Title: "I cannot see my payslip of October", ServiceID: w.payroll})
	w.step(w.asked, "agent", ticket.Step{Transition: "hold", Reason: "caller", Comment: "Which browser do you use, and does it say anything?", CommentPublic: true})
	w.solved = w.ticket("requester", ticket.Create{Kind: "request", Title: "A second screen for my desk"})
	w.step(w.solved, "agent", ticket.Step{Transition: "resolve", ResolutionCode: w.code("request"), Resolution: "It stands on your desk."})
	w.closed = w.ticket("requester", ticket.Create{Title: "No sound in meetings"})
	w.step(w.closed, "agent", ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "The driver was too old."})
	w.step(w.closed, "requester", ticket.Step{Transition: "close"})
	lost := 45
	_, err := w.Core.Tickets.Rate(w.As("requester"), ticket.ByID(w.closed.ID), ticket.Rating{Score: 4, MinutesLost: &lost, Comment: "Quick, thank you!"})
	w.check(err)
	w.handed = w.ticket("other", ticket.Create{Title: "The printer in the canteen smells of smoke", GroupID: w.Theirs, Impact: 1, Urgency: 1})
	w.step(w.handed, "agent", ticket.Step{Transition: "hold", Reason: "vendor", Comment: "They promised to come today."})
	w.rest()
	w.prepared()
	return w
}

// rest is what else lies in the queue.
func (w *world) rest() {
	cancelled := w.ticket("other", ticket.Create{Title: "Asked by mistake"})
	w.step(cancelled, "other", ticket.Step{Transition: "cancel", Comment: "Never mind."})
	for _, title := range []string{
		"Wireless network drops in meeting room 3", "الطابعة لا تعمل في الطابق الثاني", "打印机无法打印 🖨️🔥", "Zoë’s badge does not open the côté door",
		"Averylongwordwithoutanyspace/from/a/log/file/that/breaks",
		"VPN asks for the password again and again", "The calendar shows the wrong hour", "Where do I order toner?",
	} {
		w.ticket("other", ticket.Create{Title: title})
	}
	lead := w.SignedIn("team_lead")
	draft := url.Values{"kind": {"reply"}, "body": {"Does it work in **another browser**?\n\n1. Firefox\n2. Chromium"}, "asked": {"Is it too short?"}}
	if a := lead.Post("/tickets/"+w.asked.Number+"/drafts", draft); a.Status != http.StatusSeeOther {
		w.t.Fatalf("share a draft: %d %s", a.Status, a.Body)
	}
	for _, v := range []url.Values{
		{"name": {"Unassigned printers"}, "filter": {"state:open assignee:none printer"}, "sort": {"-updated"}, "audience": {"everyone"}},
		{"name": {"Only mine"}, "filter": {"assignee:me"}, "sort": {"-updated"}, "audience": {"mine"}},
	} {
		if a := lead.Post("/queue/views", v); a.Status != http.StatusSeeOther {
			w.t.Fatalf("save a view: %d %s", a.Status, a.Body)
		}
	}
}

// talk gives the open ticket a conversation with notes, files, links and changes.
func (w *world) talk() {
	at := ticket.ByID(w.open.ID)
	agent := w.As("agent")
	w.step(w.open, "agent", ticket.Step{Transition: "start"})
	_, err := w.Core.Tickets.Note(agent, at, ticket.InternalNote{Body: "Same model as the one that burnt last year. **Do not** tell them yet.", Attachments: w.files(agent, "service contract.txt")})
	w.check(err)
	_, err = w.Core.Tickets.Reply(agent, at, ticket.PublicReply{Body: "Hello,\n\nplease send us a picture of the screen.\n\n> E-2041\n\nThanks!"})
	w.check(err)
	asker := w.As("requester")
	_, err = w.Core.Tickets.Reply(asker, at, ticket.PublicReply{Body: "Here it is.", Attachments: w.files(asker, "screen.png", strings.Repeat("a very long file name ", 4)+".txt")})
	w.check(err)
	level := 1
	_, err = w.Core.Tickets.Edit(agent, at, ticket.Edit{Priority: &level, PriorityReason: "The whole warehouse waits"})
	w.check(err)
	w.ticket("other", ticket.Create{Title: "No labels in the warehouse", ParentID: w.open.ID})
	related := w.ticket("other", ticket.Create{Title: "Toner is low"})
	_, err = w.Core.Tickets.Link(agent, at, ticket.RelatedTo, ticket.ByID(related.ID))
	w.check(err)
	w.open, err = w.Core.Tickets.Get(agent, at)
	w.check(err)
}

// files uploads files as whoever is in the context.
func (w *world) files(ctx context.Context, names ...string) []int64 {
	var ids []int64
	for _, name := range names {
		content := []byte("The contract ends in December.\n")
		if strings.HasSuffix(name, ".png") {
			content = picture()
		}
		a, err := w.Core.Tickets.Upload(ctx, name, bytes.NewReader(content))
		w.check(err)
		ids = append(ids, a.ID)
	}
	return ids
}

func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			img.Set(x, y, color.RGBA{uint8(x / 3), uint8(y / 2), 160, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil
	}
	return out.Bytes()
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) service(name string) int64 {
	w.t.Helper()
	s, err := w.Core.Services.Create(w.As("system"), service.Input{
		Name: name, Description: "What everybody needs to be paid.", Criticality: service.DefaultCriticality, Stage: service.Live,
		OwnerID: w.Persons["service_owner"], SupportGroupID: w.Group,
	})
	w.check(err)
	return s.ID
}

func (w *world) ticket(role string, c ticket.Create) ticket.Ticket {
	w.t.Helper()
	if c.Kind == "" {
		c.Kind = "incident"
	}
	if c.ServiceID == 0 {
		c.ServiceID = w.Service
	}
	c.RequesterID = w.Persons[role]
	by := role
	if c.GroupID != 0 || c.ParentID != 0 || c.Impact != 0 || len(c.Tags) > 0 {
		by = "agent"
	}
	t, err := w.Core.Tickets.Create(w.As(by), c)
	w.check(err)
	return t
}

func (w *world) step(t ticket.Ticket, role string, s ticket.Step) {
	w.t.Helper()
	_, err := w.Core.Tickets.Transition(w.As(role), ticket.ByID(t.ID), s)
	w.check(err)
}

// number is a ticket as it is now.
func (w *world) number(number string) ticket.Ticket {
	w.t.Helper()
	t, err := w.Core.Tickets.Get(w.As("agent"), ticket.ByNumber(number))
	w.check(err)
	return t
}

// code is a resolution code of a kind.
func (w *world) code(kind string) string {
	w.t.Helper()
	d, err := w.Core.Kinds.Get(kind)
	w.check(err)
	return d.Codes[0].Key
}

// password gives the person of a role one to sign in with.
func password(t *testing.T, s *apptest.System, role string) (email, secret string) {
	t.Helper()
	secret = "four words in a row"
	if err := s.Core.Identity.SetPassword(s.As("system"), s.Persons[role], secret); err != nil {
		t.Fatal(err)
	}
	p, err := s.Core.People.Person(s.As("system"), s.Persons[role])
	if err != nil {
		t.Fatal(err)
	}
	return p.Email, secret
}
