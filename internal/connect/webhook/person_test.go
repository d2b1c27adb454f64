package webhook

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/sms"
)

// gateway adds an SMS gateway that takes a form.
func (w *world) gateway(address string, change ...func(c *Channel)) Channel {
	return w.room("SMS", address, append([]func(c *Channel){func(c *Channel) {
		c.Kind, c.Form, c.Template, c.Headers = SMS, true, "to={{number}}\ntext={{text}}", []Header{{"X-Api-Key", "verysecret"}}
	}}, change...)...)
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// proven makes a channel reach a person, by the code that the far side got.
func (w *world) proven(f *far, c Channel, person int64, target string) {
	w.T.Helper()
	if err := w.SetTarget(w.As(person), c.ID, target); err != nil {
		w.T.Fatal(err)
	}
	if m := w.deliver(w.newest(c).ID, time.Hour); m.State != StateSent {
		w.T.Fatalf("%+v", m)
	}
	had := f.requests()
	body, err := url.QueryUnescape(had[len(had)-1].Body)
	if err != nil {
		w.T.Fatal(err)
	}
	if err := w.ConfirmTarget(w.As(person), c.ID, sixDigits.FindString(body)); err != nil {
		w.T.Fatalf("%s: %v", body, err)
	}
}

// tell writes a message to a person and gives it as it ended.
func (w *world) tell(c Channel, person int64, lines ...channel.Line) Stored {
	w.T.Helper()
	before, err := w.Messages(w.System(), MessageQuery{Channel: c.ID, Limit: 1})
	if err != nil {
		w.T.Fatal(err)
	}
	err = w.World.DB.Write(w.System(), func(tx *database.Tx) error {
		return w.Enqueue(w.System(), tx, channel.Message{Channel: c.ID, Person: person, Kind: channel.Notice, Lines: lines, URL: "https://desk.example.org/inbox", Change: "Choose: https://desk.example.org/inbox/settings"})
	})
	if err != nil {
		w.T.Fatal(err)
	}
	after, err := w.Messages(w.System(), MessageQuery{Channel: c.ID, Limit: 1})
	if err != nil {
		w.T.Fatal(err)
	}
	if len(after) == 0 || len(before) > 0 && before[0].ID == after[0].ID {
		return Stored{} // nothing was written
	}
	return after[0]
}

func lineOf(t *ticket.Ticket, words string) channel.Line {
	return channel.Line{Ticket: t.ID, Number: t.Number, Title: t.Title, Text: words, Why: "You get this because it is yours.", URL: "https://desk.example.org/tickets/" + t.Number, About: "https://desk.example.org/inbox/about/" + t.Number}
}

func TestATelephoneIsToldOnlyAfterItsOwnerProvedIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, nil)
		c := w.gateway(f.URL + "/send?from=IT")
		tk := w.incident("The “printer” eats paper – all day")
		if m := w.tell(c, w.ana, lineOf(&tk, "Lea assigned this to you")); m.ID != 0 {
			t.Fatalf("it is told before: %+v", m)
		}
		for _, wrong := range []string{"", "170 1234567", "+49", "+0170 1234567", "+49 170 12345678901234", "+49 170 abc"} {
			if err := w.SetTarget(w.As(w.ana), c.ID, wrong); !apperr.Is(err, apperr.Invalid) {
				t.Errorf("%q is taken: %v", wrong, err)
			}
		}
		if err := w.SetTarget(w.As(w.ana), c.ID, "0049 (170) 12-34.567"); err != nil {
			t.Fatal(err)
		}
		code := w.newest(c)
		if m := w.tell(c, w.ana, lineOf(&tk, "x")); m.ID != 0 {
			t.Errorf("it is told before the code is typed: %+v", m)
		}
		if m := w.deliver(code.ID, time.Hour); m.State != StateSent {
			t.Fatalf("%+v", m)
		}
		sent, err := url.ParseQuery(f.requests()[0].Body)
		if err != nil || sent.Get("to") != "+491701234567" || f.requests()[0].Query != "from=IT" || f.requests()[0].Header.Get("X-Api-Key") != "verysecret" {
			t.Errorf("%v %v", sent, err)
		}
		typed := sixDigits.FindString(sent.Get("text"))
		_, attempts := w.get(code.ID)
		if strings.Contains(attempts[0].Request, typed) || strings.Contains(attempts[0].Request, "1234567") {
			t.Errorf("the log holds the code, or the number: %s", attempts[0].Request)
		}
		for range maxWrong - 1 {
			if err := w.ConfirmTarget(w.As(w.ana), c.ID, "000000x"); !apperr.Is(err, apperr.Invalid) {
				t.Fatalf("a wrong code: %v", err)
			}
		}
		if err := w.ConfirmTarget(w.As(w.lea), c.ID, typed); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("somebody else's code: %v", err)
		}
		if err := w.ConfirmTarget(w.As(w.ana), c.ID, typed[:3]+" "+typed[3:]); err != nil {
			t.Fatal(err)
		}
		m := w.tell(c, w.ana, lineOf(&tk, "Lea assigned this to you"))
		if m = w.deliver(m.ID, time.Hour); m.State != StateSent {
			t.Fatalf("%+v", m)
		}
		had := f.requests()
		sent, err = url.ParseQuery(had[len(had)-1].Body)
		want := tk.Number + `: Lea assigned this to you. The "printer" eats paper - all day. Service: Printing https://desk.example.org/inbox/about/` + tk.Number
		if err != nil || sent.Get("text") != want || sms.Measure(want).Parts != 1 {
			t.Errorf("%q, want %q", sent.Get("text"), want)
		}
		if err := w.LeaveTarget(w.As(w.ana), c.ID); err != nil {
			t.Fatal(err)
		}
		if last := w.tell(c, w.ana, lineOf(&tk, "x")); last.ID != 0 {
			t.Errorf("it is told after: %+v", last)
		}
	})
}

func TestCodesAreFewAndEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, nil)
		c := w.gateway(f.URL)
		for range maxCodes {
			if err := w.SetTarget(w.As(w.ana), c.ID, "+491701234567"); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.SetTarget(w.As(w.ana), c.ID, "+491701234568"); !apperr.Is(err, apperr.TooMany) {
			t.Errorf("a number more: %v", err)
		}
		if err := w.LeaveTarget(w.As(w.ana), c.ID); err != nil {
			t.Fatal(err)
		}
		if err := w.SetTarget(w.As(w.ana), c.ID, "+491701234568"); !apperr.Is(err, apperr.TooMany) {
			t.Errorf("leaving lets one ask anew: %v", err)
		}
		w.Clock.Advance(codesAfter)
		if err := w.SetTarget(w.As(w.ana), c.ID, "+491701234567"); err != nil {
			t.Fatal(err)
		}
		last := w.newest(c)
		to, err := w.Service.target(t.Context(), w.World.DB.Reader(), c.ID, w.ana)
		if err != nil {
			t.Fatal(err)
		}
		for range maxWrong {
			if err := w.ConfirmTarget(w.As(w.ana), c.ID, "no"); !apperr.Is(err, apperr.Invalid) {
				t.Fatal(err)
			}
		}
		if err := w.ConfirmTarget(w.As(w.ana), c.ID, to.code); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("after too many wrong codes: %v", err)
		}
		w.Clock.Advance(codeLasts)
		if w.run(last.ID); w.newest(c).Error != reasonExpired {
			t.Errorf("an old code is sent: %+v", w.newest(c))
		}
	})
}

func TestWhatItsReaderMayNotSeeAnyMoreIsLeftOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, nil)
		c := w.room("Chat", f.URL, func(c *Channel) { c.Kind, c.Personal, c.Reach = Slack, true, ByMember })
		w.proven(f, c, w.sam, "@sam")
		theirs, ours := w.incident("The switch in the yard"), w.incident("Payroll of the board")
		if _, err := w.Tickets.Edit(w.System(), ticket.ByID(theirs.ID), ticket.Edit{GroupID: &w.field}); err != nil {
			t.Fatal(err)
		}
		m := w.tell(c, w.sam, lineOf(&theirs, "One"), lineOf(&ours, "Two"), channel.Line{Ticket: theirs.ID, Text: "Internal", Internal: true})
		if m = w.deliver(m.ID, time.Hour); m.State != StateSent {
			t.Fatalf("%+v", m)
		}
		had := f.requests()
		var sent slackMessage
		if err := json.Unmarshal([]byte(had[len(had)-1].Body), &sent); err != nil || sent.Channel != "@sam" {
			t.Fatalf("%+v %v", sent, err)
		}
		if !strings.Contains(sent.Text, "The switch in the yard") || strings.Contains(sent.Text, "Payroll") || strings.Contains(sent.Text, "Internal") || strings.Contains(sent.Text, "2 things") {
			t.Errorf("%s", sent.Text)
		}
		if !strings.Contains(sent.Text, "You get this because it is yours. Choose: https://desk.example.org/inbox/settings") {
			t.Errorf("it does not say why, or where to change that: %s", sent.Text)
		}
		lost := w.tell(c, w.sam, lineOf(&theirs, "Three"))
		if _, err := w.Tickets.Edit(w.System(), ticket.ByID(theirs.ID), ticket.Edit{GroupID: &w.network}); err != nil {
			t.Fatal(err)
		}
		if m := w.deliver(lost.ID, time.Hour); m.State != StateDropped || m.Error != reasonNobody {
			t.Errorf("%+v", m)
		}
	})
}

func TestPersonalAddressesLeadWhereTheyMay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.room("Own chat", "", func(c *Channel) {
			c.Kind, c.Personal, c.Reach, c.Hosts = Teams, true, ByAddress, []string{"hooks.example.org", "*.logic.azure.com"}
		})
		for address, good := range map[string]bool{
			"https://hooks.example.org/x": true, "https://prod-1.westeurope.logic.azure.com/workflows/1": true, "https://HOOKS.example.org:443/x": true,
			"http://hooks.example.org/x": false, "https://logic.azure.com/x": false, "https://evil-logic.azure.com.example.org/": false, "https://evil.example.org/x": false,
			"https://hooks.example.org.evil.example/x": false, "https://hooks.example.org@evil.example/": false, "https://169.254.169.254/": false, "javascript:alert(1)": false, "@ana": false,
		} {
			_, shown, err := c.target(address)
			if (err == nil) != good {
				t.Errorf("%s: %v", address, err)
			}
			if strings.Contains(shown, "workflows") {
				t.Errorf("the address is shown: %s", shown)
			}
		}
	})
}

func TestARoomIsToldWhatItFollowsAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, nil)
		c := w.room("#network", f.URL, func(c *Channel) {
			c.Events, c.Groups, c.Condition, c.Facts = []Event{Arrived, Asked, Urgent, Resolved}, []int64{w.network}, "priority:<=4", []Fact{FactTitle, FactPriority, FactGroup}
		})
		bare := w.room("#bare", f.URL+"/bare", func(c *Channel) { c.Events, c.Facts = []Event{Arrived}, nil })
		tk, err := w.Tickets.Create(w.System(), ticket.Create{Kind: "incident", Title: "VPN drops", Description: "descriptionsecret", RequesterID: w.asker, GroupID: w.network, ServiceID: w.printing})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tickets.Note(w.System(), ticket.ByID(tk.ID), ticket.InternalNote{Body: "notesecret"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tickets.Reply(w.As(w.asker), ticket.ByID(tk.ID), ticket.PublicReply{Body: "replysecret"}); err != nil {
			t.Fatal(err)
		}
		high := 1
		if _, err := w.Tickets.Edit(w.System(), ticket.ByID(tk.ID), ticket.Edit{Priority: &high, PriorityReason: "All of us."}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tickets.Edit(w.System(), ticket.ByID(tk.ID), ticket.Edit{GroupID: &w.field}); err != nil {
			t.Fatal(err)
		}
		all, err := w.Messages(w.System(), MessageQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if m := w.deliver(all[len(all)-1-i].ID, time.Hour); m.State != StateSent {
				t.Fatalf("%+v", m)
			}
		}
		var here, there []string
		for _, r := range f.requests() {
			if strings.Contains(r.Body, "secret") {
				t.Errorf("a text left: %s", r.Body)
			}
			if r.Path == "/bare" {
				there = append(there, r.Body)
			} else {
				here = append(here, r.Body)
			}
		}
		if len(here) != 3 || !strings.Contains(here[0], "It came to Network") || !strings.Contains(here[1], "The requester wrote") || !strings.Contains(here[2], "highest priority") {
			t.Errorf("the room was told %q", here)
		}
		for _, body := range here {
			if !strings.Contains(body, "follows the tickets of Network") || !strings.Contains(body, "/admin/channels/"+id(c.ID)) {
				t.Errorf("it does not say why, or who changes that: %s", body)
			}
		}
		if len(there) != 2 || strings.Contains(there[0], "VPN") || !strings.Contains(there[0], tk.Number) || !strings.Contains(there[0], "/admin/channels/"+id(bare.ID)) {
			t.Errorf("the room that may know the number was told %q", there)
		}
	})
}

func TestChannelsAreCheckedBesideEachField(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		good := func() Channel {
			return Channel{Name: "x", Kind: SMS, Active: true, Secrets: Secrets{Address: "https://sms.example.org/send"}, Body: Body{Template: `{"to":"{{number}}","text":"{{text}}"}`}}
		}
		for name, test := range map[string]struct {
			field  string
			change func(c *Channel)
		}{
			"no name": {"name", func(c *Channel) { c.Name = " " }}, "no kind": {"kind", func(c *Channel) { c.Kind = "pigeon" }},
			"no address": {"address", func(c *Channel) { c.Address = "" }}, "not https or http": {"address", func(c *Channel) { c.Address = "ftp://x.example.org" }},
			"a name in the address": {"address", func(c *Channel) { c.Address = "https://a:b@x.example.org" }}, "a placeholder as host": {"address", func(c *Channel) { c.Address = "https://{{to}}.example.org/" }},
			"a placeholder as port": {"address", func(c *Channel) { c.Address = "https://example.org:{{to}}/" }}, "another placeholder": {"address", func(c *Channel) { c.Address = "https://example.org/{{text}}" }},
			"no template": {"template", func(c *Channel) { c.Template = "" }}, "not JSON": {"template", func(c *Channel) { c.Template = "{{text}} {{number}}" }}, "no text": {"template", func(c *Channel) { c.Template = `{"to":"{{number}}"}` }},
			"no number": {"template", func(c *Channel) { c.Template = `{"text":"{{text}}"}` }}, "an unknown placeholder": {"template", func(c *Channel) { c.Template = `{"a":"{{text}}{{number}}{{note}}"}` }},
			"GET with JSON": {"method", func(c *Channel) { c.Method = http.MethodGet }}, "DELETE": {"method", func(c *Channel) { c.Method = http.MethodDelete }},
			"a header of ours": {"headers", func(c *Channel) { c.Headers = []Header{{"host", "x"}} }}, "a header of two lines": {"headers", func(c *Channel) { c.Headers = []Header{{"X", "a\r\nHost: b"}} }},
			"no value": {"headers", func(c *Channel) { c.Headers = []Header{{"X", ""}} }}, "twice": {"headers", func(c *Channel) { c.Headers = []Header{{"X", "a"}, {"x", "b"}} }},
			"too fast": {"rate", func(c *Channel) { c.Rate = maxRate + 1 }}, "too long": {"parts", func(c *Channel) { c.Parts = maxParts + 1 }},
			"a bad filter": {"condition", func(c *Channel) { c.Kind, c.Template, c.Condition = Slack, "", "state:((" }}, "a group that is none": {"groups", func(c *Channel) { c.Kind, c.Template, c.Groups = Slack, "", []int64{7} }},
			"a short key": {"signing", func(c *Channel) { c.Kind, c.Template, c.Signing = JSON, "", "whsec_YQ==" }}, "no hosts": {"hosts", func(c *Channel) { c.Kind, c.Template, c.Personal, c.Reach = Slack, "", true, ByAddress }},
			"a name for Teams": {"reach", func(c *Channel) { c.Kind, c.Template, c.Personal, c.Reach = Teams, "", true, ByMember }},
		} {
			c := good()
			test.change(&c)
			_, err := w.CreateChannel(w.System(), c)
			fields := apperr.FieldsOf(err)
			found := false
			for _, f := range fields {
				found = found || f.Name == test.field
			}
			if !found {
				t.Errorf("%s: %v", name, err)
			}
		}
		c, err := w.CreateChannel(w.System(), good())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateChannel(w.System(), good()); len(apperr.FieldsOf(err)) != 1 {
			t.Errorf("a name that is taken: %v", err)
		}
		if _, err := w.CreateChannel(w.As(w.ana), good()); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent: %v", err)
		}
		if _, err := w.ChangeChannel(w.System(), c.ID, c.Version+1, func(*Channel) {}); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("a stale version: %v", err)
		}
	})
}

func TestSecretsStayWhenAChangeLeavesThemOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c := w.room("hook", "https://example.org/hooks/verysecretpath?key=verysecretkey", func(c *Channel) {
			c.Kind, c.Headers = JSON, []Header{{"X-One", "verysecretone"}, {"X-Two", "verysecrettwo"}}
			c.Signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
		})
		f := formOf(&c)
		if strings.Contains(f.Address+f.Headers+f.Signing, "secret") || c.Shown != "https://example.org/hooks/verysecretpath?key="+dots {
			t.Errorf("the form shows %+v, the list %s", f, c.Shown)
		}
		f.Name, f.Headers = "hook 2", "X-One: "+dots+"\nX-Three: new"
		if _, err := w.ChangeChannel(w.System(), c.ID, f.Version, f.apply); err != nil {
			t.Fatal(err)
		}
		now, err := w.Channel(w.System(), c.ID)
		if err != nil || now.Address != c.Address || now.Signing != c.Signing || len(now.Headers) != 2 || now.Headers[0].Value != "verysecretone" || now.Headers[1].Value != "new" {
			t.Errorf("%+v %v", now, err)
		}
		rows, err := database.All(t.Context(), w.World.DB.Reader(), database.Scalar[string], `SELECT c.address || c.headers || c.signing || c.shown FROM webhook_channels c`)
		if err != nil || len(rows) != 1 || strings.Contains(rows[0], "verysecretkey") || strings.Contains(rows[0], "verysecretone") || strings.Contains(rows[0], "MfKQ") {
			t.Errorf("the database holds %v, %v", rows, err)
		}
		entries, err := database.All(t.Context(), w.World.DB.Reader(), database.Scalar[string], `SELECT a.before || a.after FROM audit_log a WHERE a.object_type = 'webhook_channel'`)
		if err != nil || len(entries) != 2 {
			t.Errorf("%d entries stand in the audit log: %v", len(entries), err)
		}
		for _, e := range entries {
			if strings.Contains(e, "verysecretkey") || strings.Contains(e, "verysecretone") || strings.Contains(e, "MfKQ") {
				t.Errorf("the audit log holds a secret: %s", e)
			}
		}
	})
}
