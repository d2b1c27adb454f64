package journeys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/ui/assets"
)

// records are the addresses of what the practices have made.
type records struct {
	major, screen, board, received, pair, agreement, promised                         string
	list, item, template, entry, bulk, merge, macro, job, run, draft, ladder, absence string
	published                                                                         string
	mail, chat                                                                        []string
}

// practices lets every practice make something that has pages of its own.
func (w *world) practices() records {
	w.t.Helper()
	admin, lead, agent := w.SignedIn("administrator"), w.SignedIn("team_lead"), w.SignedIn("agent")
	open := "/tickets/" + w.open.Number
	var r records

	r.mail, r.chat = w.mailPages(), w.chatPages()
	r.ladder = path("/escalation-ladders/%d", made[int64](w, admin, "/escalation-ladders", "id", `{"name":"Standard","active":true,"rungs":[{"anchor":"percent","percent":75,"tell":["assignee"]},{"anchor":"after","span":"1h","tell":["chain"],"raise_priority":true}]}`))

	failed := w.post(agent, open+"/major", url.Values{"summary": {"No labels anywhere"}, "reason": {"Every floor"}})
	r.major = failed.Header.Get("Location")
	w.post(lead, r.major+"/accept", nil)
	w.post(lead, r.major+"/updates", url.Values{"body": {"We look for **the cause**."}, "public": {"true"}})

	secret := w.post(admin, "/dashboards/screens", url.Values{"name": {"By the door"}, "boards": {"desk-today"}, "seconds": {"30"}, "days": {"90"}})
	_, token, _ := strings.Cut(secret.Body, w.URL+"/wall/")
	token, _, _ = strings.Cut(token, "<")
	r.screen = "/wall/" + token
	r.board = "/dashboards/" + made[string](w, lead, "/dashboards", "ref", `{"name":"Our week","tiles":[{"metric":"backlog","kind":"number"},{"metric":"volume_in","kind":"line","step":"week"}]}`)
	r.received = w.receivedBoard(strings.TrimPrefix(r.board, "/dashboards/"))
	r.pair = path("/tension/%d", made[int64](w, admin, "/tension-pairs", "id", `{"process":"time_to_resolve","goal":14400,"partners":[{"metric":"reopen_rate","goal":0.05}],"filter":"service:Printing"}`))

	r.agreement = path("/agreements/%d", made[int64](w, admin, "/agreements", "id", `{"name":"Gold","role":"sla","from":"2020-01-01T00:00:00Z","terms":{"calendar_id":2,"warn":[75],"pauses":["caller"],"targets":[{"measure":"response","within":"1h"},{"measure":"resolution","within":"2 business days until 17:00"}]}}`))
	promised := w.ticket("requester", ticket.Create{Title: "The scanner is slow"})
	w.step(promised, "agent", ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "It is quick again."})
	r.promised = "/tickets/" + promised.Number
	w.keepPromises()
	r.published = w.publishedMonth(admin, r.agreement)

	r.template = path("/checklists/%d", made[int64](w, lead, "/checklist-templates", "id", `{"name":"Leaver","items":["Collect the badge","Close the account"],"audience":"everyone","blocks":true}`))
	list := made[int64](w, agent, open+"/checklists", "id", `{"name":"Before we call the vendor"}`)
	r.list = path(open+"/checklists/%d", list)
	r.item = path(r.list+"/items/%d", made[int64](w, agent, r.list+"/items", "id", `{"text":"Write down the serial number"}`))
	r.entry = path(open+"/time/%d", made[int64](w, agent, open+"/time", "id", `{"length":"1:20","note":"On the phone with the vendor"}`))

	toner, phone := w.ticket("other", ticket.Create{Title: "Toner for the copier"}), w.ticket("other", ticket.Create{Title: "The phone has no tone"})
	var done struct{ Operation struct{ ID int64 } }
	w.decode(w.json(lead, "/tickets/bulk-edit", fmt.Sprintf(`{"tickets":[%q,%q],"add_tags":["office"]}`, toner.Number, phone.Number)), &done)
	r.bulk = path("/operations/%d", done.Operation.ID)
	r.merge = fmt.Sprintf("/bulk/merge?id=%d&id=%d", toner.ID, phone.ID)
	var macros struct{ Items []struct{ ID int64 } }
	w.decode(agent.Get("/api/v1/macros"), &macros)
	var ran struct {
		OperationID int64 `json:"operation_id"`
	}
	w.decode(w.json(lead, path("/macros/%d/run", macros.Items[0].ID), fmt.Sprintf(`{"tickets":[%q]}`, phone.Number)), &ran)
	r.macro = path("/macro-runs/%d", ran.OperationID)
	r.run = w.imported(admin)
	r.draft = path("/tickets/"+w.asked.Number+"/drafts/%d", w.one("SELECT id FROM shared_drafts ORDER BY id LIMIT 1"))
	now := time.Now().UTC()
	r.absence = path("/absences/%d", made[int64](w, agent, path("/people/%d/absences", w.Persons["agent"]), "id", fmt.Sprintf(`{"from":%q,"until":%q,"substitute_id":%d,"by_group":[{"group_id":%d,"substitute_id":%d}]}`,
		now.Add(-time.Hour).Format(time.RFC3339), now.Add(48*time.Hour).Format(time.RFC3339), w.Persons["team_lead"], w.Group, w.Persons["team_lead"])))
	r.job = path("/jobs/%d", w.one("SELECT id FROM jobs ORDER BY id LIMIT 1"))
	return r
}

// keepPromises writes down what became of promises, as happens every second.
func (w *world) keepPromises() {
	w.t.Helper()
	for _, m := range w.App.Modules() {
		for _, p := range m.Periodic {
			if p.Name == "clocks.keep" {
				w.check(p.Run(w.As("system")))
			}
		}
	}
}

// publishedMonth publishes the last month of an agreement, with what was kept today as
// if it had been kept then.
func (w *world) publishedMonth(admin *apptest.Client, agreement string) string {
	w.t.Helper()
	now := time.Now().UTC()
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	w.check(w.Core.DB.Write(context.Background(), func(tx *database.Tx) error {
		_, err := tx.Exec(context.Background(), "UPDATE ticket_clocks SET ended_at = $1 WHERE stage = 'completed'", database.Time(first.AddDate(0, 0, -10)))
		return err
	}))
	setting := fmt.Sprintf(`{"active":true,"organisation_ids":[%d],"measures":[],"goal":0.9,"tickets":true,"at_risk":true,"contacts_only":false,"contact_ids":[%d]}`, w.Own, w.Persons["requester"])
	a := admin.Do(http.MethodPut, "/api/v1"+agreement+"/publishing", strings.NewReader(setting), http.Header{"Content-Type": {"application/json"}, "If-Match": {"*"}})
	if a.Status != http.StatusOK {
		w.t.Fatal(a.Status, a.Body)
	}
	return path("/%d", made[int64](w, admin, agreement+"/results", "id", fmt.Sprintf(`{"organisation_id":%d,"month":%q}`, w.Own, first.AddDate(0, -1, 0).Format("2006-01"))))
}

func path(format string, id int64) string { return fmt.Sprintf(format, id) }

// post sends a form that must be taken.
func (w *world) post(c *apptest.Client, path string, form url.Values) apptest.Answer {
	w.t.Helper()
	a := c.Post(path, form)
	if a.Status >= http.StatusBadRequest {
		w.t.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	return a
}

// json posts to the API what must be taken.
func (w *world) json(c *apptest.Client, path, body string) apptest.Answer {
	w.t.Helper()
	return c.Do(http.MethodPost, "/api/v1"+path, strings.NewReader(body), http.Header{"Content-Type": {"application/json"}})
}

func (w *world) decode(a apptest.Answer, into any) {
	w.t.Helper()
	if a.Status >= http.StatusBadRequest {
		w.t.Fatalf("%d %s", a.Status, a.Body)
	}
	w.check(json.Unmarshal([]byte(a.Body), into))
}

// made gives the field of what the API made that names it.
func made[T any](w *world, c *apptest.Client, path, field, body string) T {
	w.t.Helper()
	doc := map[string]json.RawMessage{}
	w.decode(w.json(c, path, body), &doc)
	var out T
	w.check(json.Unmarshal(doc[field], &out))
	return out
}

// one asks the database what no page tells.
func (w *world) one(query string) int64 {
	w.t.Helper()
	n, err := database.One(context.Background(), w.Core.DB.Reader(), database.Scalar[int64], query)
	w.check(err)
	return n
}

// receivedBoard is a board as it came to the agent: that takes a day otherwise.
func (w *world) receivedBoard(ref string) string {
	w.t.Helper()
	var id int64
	w.check(w.Core.DB.Write(context.Background(), func(tx *database.Tx) error {
		id = tx.NextID()
		_, err := tx.Exec(context.Background(), "INSERT INTO dashboard_snapshots (id, board, person_id, title, made_at, content) VALUES ($1, $2, $3, $4, $5, $6)",
			id, ref, w.Persons["team_lead"], "Our week", database.Time(time.Now()), "<p>Nothing happened.</p>")
		return err
	}))
	return path("/received/%d", id)
}

// imported is the run of an import that waits for its turn.
func (w *world) imported(admin *apptest.Client) string {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	w.check(form.WriteField("zone", "UTC"))
	file, err := form.CreateFormFile("file", "march.csv")
	w.check(err)
	_, err = file.Write([]byte("number,incident_state,sys_mod_count,opened_at,sys_updated_at,caller_id,assignment_group\nINC7,New,0,1/3/2016 08:00,1/3/2016 08:00,Caller 1,Group 1\n"))
	w.check(err)
	w.check(form.Close())
	a := admin.Do(http.MethodPost, "/admin/import", &body, http.Header{"Content-Type": {form.FormDataContentType()}})
	if a.Status != http.StatusSeeOther {
		w.t.Fatalf("import: %d %s", a.Status, a.Body)
	}
	return a.Header.Get("Location")
}

// chatPages sets up chat and SMS, with messages in every state, and gives the pages of it.
func (w *world) chatPages() []string {
	w.t.Helper()
	admin := w.SignedIn("administrator")
	far := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadRequest) }))
	w.t.Cleanup(far.Close)
	room := w.post(admin, "/admin/channels", url.Values{
		"kind": {"slack"}, "name": {"#network-oncall"}, "active": {"true"}, "address": {far.URL + "/services/T0/B0/secret"}, "facts": {"title", "service"}, "events": {"arrived"}, "rate": {"60"},
	}).Header.Get("Location")
	hook := w.post(admin, "/admin/channels", url.Values{"kind": {"json"}, "name": {"Hook"}, "active": {"true"}, "address": {far.URL + "/hook?key=1"}, "headers": {"X-Token: secret"}, "rate": {"60"}}).Header.Get("Location")
	sms := w.post(admin, "/admin/channels", url.Values{
		"kind": {"sms"}, "name": {"SMS"}, "active": {"true"}, "address": {far.URL}, "template": {`{"to": "{{number}}", "text": "{{text}}"}`}, "parts": {"1"}, "rate": {"60"}, "description": {"For those who are on call."},
	}).Header.Get("Location")
	agent := w.SignedIn("agent")
	w.post(agent, strings.Replace(sms, "/admin/channels/", "/ways/", 1), url.Values{"target": {"+49 170 1234567"}})
	arrived := w.ticket("other", ticket.Create{Title: "The switch in the yard is dark"})
	_, err := w.Core.Tickets.Edit(w.As("agent"), ticket.ByID(arrived.ID), ticket.Edit{GroupID: &w.Group})
	w.check(err)
	w.check(w.Core.DB.Write(w.As("system"), func(tx *database.Tx) error {
		_, err := tx.Exec(w.t.Context(), `UPDATE webhook_messages SET state = 'failed', error = 'gave-up: 10: status: 502' WHERE kind = 'news'`)
		return err
	}))
	message := w.one("SELECT id FROM webhook_messages WHERE kind = 'news' ORDER BY id LIMIT 1")
	return []string{
		"/admin/channels", "/admin/channels/new", "/admin/channels/new?kind=slack&to=room", "/admin/channels/new?kind=teams&to=persons", "/admin/channels/new?kind=sms&to=persons", room, hook, sms,
		"/admin/deliveries", fmt.Sprint("/admin/deliveries/", message), "/ways", "/inbox/settings",
	}
}

// mailPages sets up mail and gives the pages of it.
func (w *world) mailPages() []string {
	w.t.Helper()
	admin := w.SignedIn("administrator")
	sender := w.post(admin, "/admin/mail/senders", url.Values{
		"name": {"IT service desk"}, "address": {"desk@example.org"}, "server": {"127.0.0.1:1"}, "security": {"none"}, "auth": {"none"}, "active": {"true"},
		"dkim_domain": {"example.org"}, "dkim_selector": {"desk"},
	}).Header.Get("Location")
	if _, err := w.Core.Tickets.Create(w.As("requester"), ticket.Create{Kind: "incident", Title: "By mail", Channel: "email"}); err != nil {
		w.t.Fatal(err)
	}
	w.post(admin, "/admin/mail/mailboxes", url.Values{"address": {"help@example.org"}, "protocol": {"delivery"}, "kind": {"incident"}, "unknown": {"quarantine"}, "active": {"true"}})
	arrived := w.mailed("From: eve@example.com\nTo: help@example.org\nMessage-ID: <e@example.com>\nSubject: Hello\n\nBuy this.\n")
	w.mailed("From: requester@example.org\nTo: help@example.org\nMessage-ID: <1@example.org>\nSubject: The plotter is offline\n\nSince Monday.\n\n-- \nThe requester\nFloor 2\n")
	landed := w.mailed("From: requester@example.org\nTo: help@example.org\nMessage-ID: <2@example.org>\nIn-Reply-To: <1@example.org>\nSubject: Re: The plotter is offline\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/related; boundary=rel\n\n--rel\nContent-Type: text/html; charset=utf-8\n\n<p>It says:</p><img src=\"cid:shot\" alt=\"The display of the plotter\">" +
		`<table><tr><th>Light</th><th>What it means</th></tr><tr><td>red</td><td>` + strings.Repeat("A-very-long-word", 20) + `</td></tr></table><img alt="Our sign" src="` + w.URL + assets.URL("icon.svg") + `">` +
		"<blockquote type=\"cite\"><p>Which light is on?</p></blockquote><p>The red one.</p>\n--rel\nContent-Type: image/png\nContent-ID: <shot>\nContent-Transfer-Encoding: base64\n\n" +
		"iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==\n--rel--\n")
	about, err := w.Core.Tickets.Get(w.As("system"), ticket.ByID(landed.TicketID))
	if err != nil {
		w.t.Fatal(err, landed.State, landed.Reason)
	}
	onTicket := "/tickets/" + about.Number
	whole := fmt.Sprint(onTicket, "/mail/", landed.ID)
	letters, err := w.App.Mail().Letters(w.As("administrator"), mail.LetterQuery{Limit: 1})
	if err != nil || len(letters) != 1 {
		w.t.Fatal(letters, err)
	}
	return []string{
		"/admin/mail/senders", "/admin/mail/senders/new", sender, "/admin/mail/templates", "/admin/mail/templates/opened/de", "/admin/mail/outbox",
		"/admin/mail/mailboxes", "/admin/mail/mailboxes/new", fmt.Sprint("/admin/mail/mailboxes/", arrived.BoxID),
		"/mail/quarantine", fmt.Sprint("/mail/quarantine/", arrived.ID), "/mail/blocks", "/mail/quarantine?state=all", onTicket, onTicket + "/mail", whole, whole + "/pictures",
		fmt.Sprint("/admin/mail/outbox/", letters[0].ID), mail.PreferencesURL,
	}
}

// mailed brings a mail in.
func (w *world) mailed(raw string) mail.Arrival {
	w.t.Helper()
	a, err := w.App.Mail().ImportFile(w.As("system"), "help@example.org", []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
	if err == nil {
		a, err = w.App.Mail().LandNow(w.As("system"), a.ID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// ofPractices looks at the pages of what the practices have made.
func (w *world) ofPractices(b browser, r records) {
	open := "/tickets/" + w.open.Number
	byRole := map[string][]string{
		"team_lead": {
			r.major, r.major + "/end", r.major + "/scope", r.major + "/roles", r.major + "/banner", r.major + "/review",
			r.board + "/edit", r.board + "/tiles/1/edit", r.received, r.template, r.bulk, r.merge, r.macro,
			r.absence, fmt.Sprintf("/people/%d/absences", w.Persons["agent"]), "/",
		},
		"agent": {
			open + "/clocks", r.promised + "/clocks", open + "/texts/description", open + "/timeline?before=9",
			open + "/checklists", r.list + "/rename", r.item, r.entry, "/profile/password",
			r.draft, r.draft + "/review", r.draft + "/versions", r.absence, "/profile/absence",
		},
		"administrator": {
			r.screen, r.pair, r.pair + "/edit", r.agreement, r.agreement + "/edit", r.ladder, open + "/escalations", "/service-levels", "/service-levels/likely", open + "/workaround", open + "/agreement",
			fmt.Sprintf("/service-levels/behind?by=service&of=%d&measure=resolution", w.Service), "/roles/agent/edit", r.job, r.run,
		},
	}
	byRole["administrator"] = slices.Concat(byRole["administrator"], r.mail, r.chat)
	month := time.Now().UTC().AddDate(0, 0, -time.Now().UTC().Day()-40).Format("2006-01") // the one before the last
	byRole["administrator"] = append(byRole["administrator"], r.agreement+"/results", r.agreement+"/results"+r.published, r.agreement+"/results/settings",
		fmt.Sprintf("%s/results/draft?month=%s&organisation=%d", r.agreement, month, w.Own), "/services?owner=none")
	byRole["requester"] = []string{"/portal/service-levels", "/portal/service-levels" + r.published}
	for _, role := range []string{"agent", "team_lead", "administrator", "requester"} {
		p := b.visit(w.t, w.System, role, desktop)
		for _, address := range byRole[role] {
			p.goTo(address)
			p.lookAtAll(b, shapeOf(address))
		}
		p.close()
	}
}

// setUp looks at the page of an installation that nobody has set up.
func setUp(t *testing.T, b browser) {
	t.Helper()
	p := b.open(t, apptest.Empty(t, database.SQLite).URL, "setup", desktop)
	p.goTo("/setup")
	p.lookAtAll(b, "setup")
	p.close()
}
