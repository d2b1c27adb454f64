package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// post is a system that takes mail.
type post struct {
	*apptest.System
	*testing.T
	box mail.Box
	n   int
}

func newPost(t *testing.T, s *apptest.System) *post {
	t.Helper()
	if err := s.Core.Jobs.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Core.Jobs.Stop(ctx) // what is left ends with the test
	})
	b, err := s.App.Mail().CreateBox(s.As(access.RoleAdministrator), mail.Box{
		Address: "help@itsm.example", Protocol: mail.Delivery, Kind: "incident", GroupID: s.Group, Active: true, PerHour: 10_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &post{System: s, T: t, box: b}
}

// comes brings a mail in and waits for what becomes of it.
func (p *post) comes(raw string) mail.Arrival {
	p.Helper()
	a, err := p.App.Mail().ImportFile(p.As("system"), "help@itsm.example", []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
	if err != nil {
		p.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); a.State == mail.ArrivalStored; {
		select {
		case <-tick.C:
			if a, err = p.App.Mail().Arrival(p.As(access.RoleAdministrator), a.ID); err != nil {
				p.Fatal(err)
			}
		case <-deadline:
			p.Fatal("the mail was not looked at")
		}
	}
	return a
}

// letter writes a mail of the requester; fields are further lines of its header.
func (p *post) letter(body string, fields ...string) string {
	p.n++
	head := []string{
		"From: Requester person <requester@example.org>", "To: help@itsm.example", fmt.Sprintf("Message-ID: <%d@x.example>", p.n), "Subject: Printer", "MIME-Version: 1.0",
	}
	return strings.Join(append(head, fields...), "\n") + "\n" + body
}

func plain(text string) string { return "Content-Type: text/plain; charset=utf-8\n\n" + text + "\n" }

func (p *post) number(a mail.Arrival) string {
	p.Helper()
	tk, err := p.Core.Tickets.Get(p.As("system"), ticket.ByID(a.TicketID))
	if err != nil || a.State != mail.ArrivalLanded {
		p.Fatalf("%v: %+v", err, a)
	}
	return tk.Number
}

// page reads a page and counts its queries.
func (p *post) page(role, path string) (*goquery.Document, int) {
	p.Helper()
	ctx, counter := database.WithCounter(p.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, p.URL+path, nil)
	r.AddCookie(p.SignedIn(role).Cookie())
	w := httptest.NewRecorder()
	p.App.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		p.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		p.Fatal(err)
	}
	return doc, counter.N()
}

// cost counts the queries of a page once what a node keeps in memory is there; what it
// forgets meanwhile does not count.
func (p *post) cost(role, path string) int {
	p.Helper()
	least := 1 << 30
	for range 3 {
		if _, n := p.page(role, path); n < least {
			least = n
		}
	}
	return least
}

// wordsOf are what a part of a page says, blanks made even.
func wordsOf(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// drawn is a picture.
func drawn(width, height int, c color.Color) []byte {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, m)
	return b.Bytes()
}

// related is a body of HTML with pictures: cid1, cid2, …
func related(html string, pictures ...[]byte) string {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/related; boundary=rel\n\n--rel\nContent-Type: text/html; charset=utf-8\n\n" + html + "\n")
	for i, data := range pictures {
		fmt.Fprintf(&b, "--rel\nContent-Type: image/png; name=image.png\nContent-ID: <cid%d>\nContent-Transfer-Encoding: base64\n\n%s\n", i+1, base64.StdEncoding.EncodeToString(data))
	}
	return b.String() + "--rel--\n"
}

func TestAMailStandsOnTheTimelineAsItWasWritten(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		number := p.number(p.comes(p.letter(plain("It eats paper.\n\n-- \nRequester person\nFloor 2"))))
		p.comes(p.letter(plain("Hello,\n\n> Which tray\n> is it?\n\nThe second.\n\n> Since when?\n\nSince Monday.\n\n-- \nRequester person\n\nOn Mon, 3 Nov 2025 at 10:00, Ana <ana@example.org> wrote:\n> Good morning,\n>> It eats paper.\n> <script>alert(1)</script>"),
			"In-Reply-To: <1@x.example>"))

		page, _ := p.page(access.RoleAgent, "/tickets/"+number)
		first := page.Find("#v-description .s-letter")
		if got := wordsOf(first.ChildrenFiltered(".s-prose")); got != "It eats paper." {
			t.Errorf("the description says %q", got)
		}
		if fold := first.Find("details.s-letter-signature"); fold.Length() != 1 || !strings.Contains(wordsOf(fold), "Floor 2") || fold.Is("[open]") {
			t.Errorf("the signature of the first: %q", wordsOf(fold))
		}
		var order []string
		answer := page.Find("#timeline .s-entry-message .s-letter").Last()
		answer.Children().Each(func(_ int, part *goquery.Selection) {
			if part.Is("details") {
				order = append(order, "["+wordsOf(part.Find("summary"))+"]")
			} else {
				order = append(order, wordsOf(part))
			}
		})
		want := "Hello, | [Quoted text: Which tray is it?] | The second. | [Quoted text: Since when?] | Since Monday. | [Show signature Hide signature] | [Show quoted text of ana@example.org Hide quoted text]"
		if got := strings.Join(order, " | "); got != want {
			t.Errorf("the answer reads\n%s, want\n%s", got, want)
		}
		if deep := answer.Find("blockquote blockquote"); wordsOf(deep) != "It eats paper." {
			t.Errorf("what is quoted twice: %q", wordsOf(deep))
		}
		if page.Find(`#timeline a[href^="/tickets/`+number+`/mail/"]`).Length() < 2 {
			t.Error("no way leads to the mails as they came")
		}
		if answer.Find("script").Length() != 0 {
			t.Error("a script came out of a quote")
		}

		// Nobody is shown more than before: not in the portal, not by the API, not who
		// edits what was said.
		for _, see := range []struct{ role, path string }{
			{access.RoleRequester, "/portal/tickets/" + number}, {access.RoleAgent, "/api/v1/tickets/" + number + "/timeline"}, {access.RoleAgent, "/search?q=morning"},
		} {
			a := s.SignedIn(see.role).Get(see.path)
			if a.Status != http.StatusOK || strings.Contains(a.Body, "Good morning") || strings.Contains(a.Body, "Floor 2") {
				t.Errorf("%s of %s: %d, or it shows what was quoted", see.path, see.role, a.Status)
			}
		}
		said := ticket.Markdown("It eats the paper of the second tray.")
		tk, err := s.Core.Tickets.Edit(s.As(access.RoleAgent), ticket.ByNumber(number), ticket.Edit{Description: &said})
		if err != nil {
			t.Fatal(err)
		}
		page, _ = p.page(access.RoleAgent, "/tickets/"+tk.Number)
		if got := wordsOf(page.Find("#v-description .s-prose")); got != string(said) || page.Find("#v-description details").Length() != 0 {
			t.Errorf("a description that was changed says %q", got)
		}
	})
}

func TestASupplierIsNotShownWhatAMailQuotes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		number := p.number(p.comes(p.letter(plain("It eats paper.\n\nOn Mon, 3 Nov 2025 at 10:00, Ana <ana@example.org> wrote:\n> between us"))))
		if _, err := s.Core.Tickets.Edit(s.As(access.RoleAdministrator), ticket.ByNumber(number), ticket.Edit{GroupID: &s.Theirs}); err != nil {
			t.Fatal(err)
		}
		for role, want := range map[string]bool{access.RoleSupplierAgent: false, access.RoleAdministrator: true} {
			page, _ := p.page(role, "/tickets/"+number)
			if got := strings.Contains(page.Text(), "between us"); got != want || !strings.Contains(page.Text(), "It eats paper.") {
				t.Errorf("%s is shown what was quoted: %v", role, got)
			}
		}
	})
}

func TestMailsOfAMergedTicketAreShownWhereItGoesOn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		source := p.number(p.comes(p.letter(plain("It eats paper.\n\n-- \nFloor 2"))))
		p.comes(p.letter(plain("The second tray.\n\nOn Mon, 3 Nov 2025 at 10:00, Ana <ana@example.org> wrote:\n> Which tray?"), "In-Reply-To: <1@x.example>"))
		target := s.Ticket(access.RoleRequester, "incident", "Printer on floor 2")
		if _, err := s.Core.Tickets.Merge(s.As(access.RoleTeamLead), ticket.ByID(target.ID), []ticket.Ref{ticket.ByNumber(source)}); err != nil {
			t.Fatal(err)
		}
		page, _ := p.page(access.RoleAgent, "/tickets/"+target.Number)
		for _, want := range []string{"Floor 2", "Which tray?"} {
			if got := page.Find("#timeline details.s-letter-fold").FilterFunction(func(_ int, fold *goquery.Selection) bool { return strings.Contains(fold.Text(), want) }); got.Length() != 1 {
				t.Errorf("%q stands in %d folds", want, got.Length())
			}
		}
		if page.Find(`#timeline a[href^="/tickets/`+source+`/mail/"]`).Length() == 0 {
			t.Error("no way leads to the mails of the merged ticket")
		}
	})
}

func TestPicturesOfAMailStandInTheirPlaces(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		shot, logo, pixel, late := drawn(1200, 300, color.White), drawn(120, 40, color.Black), drawn(1, 1, color.White), drawn(300, 200, color.Black)
		number := p.number(p.comes(p.letter(related(
			`<p>This I saw:</p><p><img src="cid:cid1" width="600" alt="The screen"></p><p>And then <b>that</b>:</p><img src="cid:cid4"><p>Regards</p><img src="cid:cid2" alt="Logo"><img src="cid:cid3">`,
			shot, logo, pixel, late))))
		p.comes(p.letter(related(`<p>Once more.</p><img src="cid:cid1" alt="Logo">`, logo), "In-Reply-To: <1@x.example>"))

		page, _ := p.page(access.RoleAgent, "/tickets/"+number)
		var order []string
		page.Find("#v-description .s-letter .s-prose").Children().Each(func(_ int, part *goquery.Selection) {
			img := part.Find("img")
			if img.Length() == 0 {
				order = append(order, wordsOf(part))
				return
			}
			order = append(order, fmt.Sprintf("%s %sx%s %s", img.AttrOr("alt", ""), img.AttrOr("width", ""), img.AttrOr("height", ""), img.AttrOr("loading", "")))
			if a := s.SignedIn(access.RoleAgent).Get(img.AttrOr("src", "")); a.Status != http.StatusOK || a.Header.Get("Content-Type") != "image/png" {
				t.Errorf("the picture is not to be had: %d", a.Status)
			}
			if a := s.SignedIn("other").Get(img.AttrOr("src", "")); a.Status == http.StatusOK {
				t.Error("somebody of no concern gets the picture")
			}
		})
		want := "This I saw: | The screen 600x150 lazy | And then that: | Picture image.png 300x200 lazy | Regards"
		if got := strings.Join(order, " | "); got != want {
			t.Errorf("the mail reads\n%s, want\n%s", got, want)
		}
		if files := page.Find("#v-description .s-files, #timeline .s-files"); files.Length() != 0 {
			t.Errorf("pictures are listed again: %s", wordsOf(files))
		}
		if got := page.Find("#record-files > details > div > .s-files .s-file, #record-files .s-record-files").First().Find(".s-file").Length(); got != 2 {
			t.Errorf("%d files are listed at the side, want the two that somebody sent", got)
		}
		if got := page.Find("#record-files .s-letter-fold .s-file").Length(); got != 3 {
			t.Errorf("%d small pictures stand apart, want two logos and a pixel", got)
		}
	})
}

func TestFiftyPicturesAskNoMoreQueriesThanOne(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		pictured := func(n int) string {
			var html strings.Builder
			all := make([][]byte, n)
			for i := range all {
				all[i] = drawn(200+i, 100, color.White)
				fmt.Fprintf(&html, `<p>Step %d</p><img src="cid:cid%[1]d">`, i+1)
			}
			return p.number(p.comes(p.letter(related(html.String(), all...), "X-Of: "+fmt.Sprint(n))))
		}
		one, fifty := "/tickets/"+pictured(1), "/tickets/"+pictured(50)
		if few, many := p.cost(access.RoleAgent, one), p.cost(access.RoleAgent, fifty); few != many {
			t.Errorf("a page with one picture asks %d queries, one with fifty %d", few, many)
		}
		page, _ := p.page(access.RoleAgent, fifty)
		shown := page.Find("#v-description .s-letter img[loading=lazy][width][height]")
		if shown.Length() != 50 {
			t.Fatalf("%d pictures are shown", shown.Length())
		}
		var order []string
		page.Find("#v-description .s-letter .s-prose").Children().Each(func(_ int, part *goquery.Selection) {
			order = append(order, wordsOf(part)+part.Find("img").AttrOr("width", ""))
		})
		for i := range 50 {
			if order[2*i] != fmt.Sprint("Step ", i+1) || order[2*i+1] != fmt.Sprint(200+i) {
				t.Fatalf("the order is lost at %d: %v", i, order[2*i:2*i+2])
			}
		}
		// Each picture asks for itself: who it is for, the file and its ticket.
		if n := p.cost(access.RoleAgent, shown.First().AttrOr("src", "")); n > 4 {
			t.Errorf("a picture asks %d queries", n)
		}
	})
}

func TestATicketOfManyMailsAsksNoMoreQueries(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		shot := drawn(40, 30, color.White)
		mails := func(n int) string {
			first := p.n + 1
			number := p.number(p.comes(p.letter(related(`<p>It eats paper.</p><img src="cid:cid1">`, shot))))
			for i := range n - 1 {
				p.comes(p.letter(related(fmt.Sprintf(`<p>Answer %d</p><img src="cid:cid1"><blockquote type="cite"><p>It eats paper.</p></blockquote>`, i), shot), fmt.Sprintf("In-Reply-To: <%d@x.example>", first)))
			}
			return number
		}
		few, many := mails(2), mails(30)
		for _, path := range []string{"/tickets/%s", "/tickets/%s/mail", "/tickets/%s?tab=conversation"} {
			one, n := p.cost(access.RoleAgent, fmt.Sprintf(path, few)), p.cost(access.RoleAgent, fmt.Sprintf(path, many))
			if n > one {
				t.Errorf("%s asks %d queries with two mails, %d with thirty", path, one, n)
			}
			page, _ := p.page(access.RoleAgent, fmt.Sprintf(path, many))
			if strings.Contains(path, "conversation") && page.Find("#timeline .s-letter").Length() < 25 {
				t.Errorf("%d mails are shown as they were written", page.Find("#timeline .s-letter").Length())
			}
		}
	})
}

// fillMail writes n of everything the pages of mail list.
func (p *post) fillMail(n int, on mail.Arrival) {
	p.Helper()
	at := database.Time(p.Core.Now())
	err := p.Core.DB.Write(p.Context(), func(tx *database.Tx) error {
		for i := range n {
			for _, state := range []string{"quarantined", "landed"} {
				var ticketID any
				if state == "landed" {
					ticketID = on.TicketID
				}
				if _, err := tx.Exec(p.Context(), `INSERT INTO mail_arrivals (id, box_id, blob_key, size, whole, content_key, message_id, from_address, from_name, subject, nature, state, reason, trace,
						released, ticket_id, seq, received_at, stored_at)
					VALUES ($1, $2, $3, 10, TRUE, $4, '', 'eve@x.example', 'Eve', $5, 'person', $6, 'spam', $7, FALSE, $8, $9, $10, $10)`,
					tx.NextID(), p.box.ID, fmt.Sprintf("%064d", 0), fmt.Sprint(state, p.n), fmt.Sprint("Subject ", i), state, database.JSON{V: []any{}}, ticketID, 1000+p.n, at); err != nil {
					return err
				}
				p.n++
			}
			letter := tx.NextID()
			if _, err := tx.Exec(p.Context(), `INSERT INTO mail_letters (id, kind, ticket_id, since, seq, subject, body, why, url, files, language, message_id, in_reply_to, earlier, topic, thread_index,
					state, attempts, error, created_at)
				VALUES ($1, 'reply', $2, 1, 1, 'Re: x', 'Hello', '', '', $3, 'en', '', '', $3, '', '', 'dropped', 1, '', $4)`, letter, on.TicketID, database.JSON{V: []any{}}, at); err != nil {
				return err
			}
			for range 3 {
				if _, err := tx.Exec(p.Context(), `INSERT INTO mail_recipients (id, letter_id, address, name, copied, state, error) VALUES ($1, $2, 'a@x.example', '', FALSE, 'sent', '')`, tx.NextID(), letter); err != nil {
					return err
				}
			}
			for _, fill := range []string{
				`INSERT INTO mail_blocks (pattern, created_at) VALUES ($1, $2)`, `INSERT INTO mail_dead_addresses (address, reason, since) VALUES ($1, '5.1.1', $2)`,
			} {
				if _, err := tx.Exec(p.Context(), fill, fmt.Sprintf("gone%d@x.example", p.n), at); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(p.Context(), `INSERT INTO mail_boxes (id, name, address, address_folded, protocol, server, security, auth, username, token_url, client_id, scope, secrets, folder, after, move_to,
					kind, unknown, per_hour, active, uid_validity, uid, holder, beat, problem, created_at, updated_at, version)
				VALUES ($1, '', $2, $2, 'delivery', '', '', '', '', '', '', '', '', '', 'seen', '', 'incident', 'accept', 1, FALSE, 0, 0, '', 0, '', $3, $3, 1)`,
				tx.NextID(), fmt.Sprintf("box%d@x.example", p.n), at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.Fatal(err)
	}
}

func TestPagesOfMailAskNoMoreQueriesWithMoreRows(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		arrived := p.comes(p.letter(plain("It eats paper.")))
		number := p.number(arrived)
		p.fillMail(10, arrived)
		pages := map[string]string{
			"/admin/mail/senders": "", "/admin/mail/mailboxes": "", "/admin/mail/templates": "", "/admin/mail/outbox": "#letters", "/admin/mail/outbox?state=dropped": "#letters",
			"/mail/quarantine": "#arrivals", "/mail/quarantine?state=all": "#arrivals", "/mail/blocks": "#blocks", "/mail/preferences": "",
			"/tickets/" + number: "", "/tickets/" + number + "/mail": "#mails", "/tickets/" + number + "/mail/" + fmt.Sprint(arrived.ID): "",
			fmt.Sprint("/mail/quarantine/", arrived.ID): "", fmt.Sprint("/admin/mail/mailboxes/", p.box.ID): "",
		}
		few := map[string]int{}
		for path := range pages {
			few[path] = p.cost(access.RoleAdministrator, path)
		}
		p.fillMail(190, arrived)
		for path, list := range pages {
			if n := p.cost(access.RoleAdministrator, path); n != few[path] {
				t.Errorf("%s asks %d queries with 10 rows, %d with 200", path, few[path], n)
			}
			if list == "" {
				continue
			}
			// What is not on the page comes by keyset, each row once.
			seen := map[string]bool{}
			for next := path; next != ""; {
				part := s.SignedIn(access.RoleAdministrator).Get(next).HTML(t)
				rows := part.Find(list + " tbody tr")
				if rows.Length() > 55 {
					t.Fatalf("%s shows %d rows at once", next, rows.Length())
				}
				rows.Each(func(_ int, row *goquery.Selection) {
					name := row.AttrOr("id", wordsOf(row.Find("td, th").First()))
					if name != "" && seen[name] && !row.HasClass("s-more-row") {
						t.Errorf("%s shows %s again", path, name)
					}
					seen[name] = true
				})
				next = part.Find(list+" [href*='?']").FilterFunction(func(_ int, a *goquery.Selection) bool {
					return strings.Contains(a.AttrOr("href", ""), "after=") || strings.Contains(a.AttrOr("href", ""), "blocked=")
				}).AttrOr("href", "")
			}
			if len(seen) < 200 {
				t.Errorf("%s shows %d rows in all", path, len(seen))
			}
		}
		if got := wordsOf(p.pageOnly("/tickets/" + number).Find("#panel-mail")); !strings.Contains(got, "201") {
			t.Errorf("beside the ticket stands %q", got)
		}
	})
}

func (p *post) pageOnly(path string) *goquery.Document {
	doc, _ := p.page(access.RoleAdministrator, path)
	return doc
}

func TestPicturesOfOtherServersAreLoadedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		p := newPost(t, s)
		a := p.comes(p.letter(related(`<p>Look:</p><img src="https://far.example/map.png" alt="Map"><img src="cid:cid1" alt="Screen"><img src="https://far.example/pixel.gif" width="1" height="1"><blockquote type="cite">before</blockquote>`, drawn(30, 20, color.White))))
		at := "/tickets/" + p.number(a) + "/mail/" + fmt.Sprint(a.ID)
		agent := s.SignedIn(access.RoleAgent)
		without, with := agent.Get(at), agent.Get(at+"/pictures")
		if strings.Contains(without.Body, `src="https://far.example`) || strings.Contains(without.Header.Get("Content-Security-Policy"), "img-src 'self' data: https:") {
			t.Error("a picture of another server is loaded without being asked for")
		}
		page := without.HTML(t)
		if got := page.Find(".s-letter-html .mail-absent"); wordsOf(got) != "Map" || page.Find(`a[href="`+at+`/pictures"]`).Length() != 1 {
			t.Errorf("in its place stands %q", wordsOf(got))
		}
		if own := page.Find(".s-letter-html img"); own.Length() != 1 || own.AttrOr("width", "") != "30" || own.AttrOr("alt", "") != "Screen" {
			t.Errorf("its own pictures: %d", own.Length())
		}
		if fold := page.Find(".s-letter-html details"); !strings.Contains(wordsOf(fold), "before") {
			t.Error("the quote is not folded")
		}
		far := with.HTML(t).Find(`.s-letter-html img[src="https://far.example/map.png"]`)
		if far.AttrOr("referrerpolicy", "") != "no-referrer" || !strings.Contains(with.Header.Get("Content-Security-Policy"), "img-src 'self' data: https: http:") {
			t.Errorf("it is not loaded when asked for: %s", with.Header.Get("Content-Security-Policy"))
		}
		for _, path := range []string{at, at + "/pictures", at + "/raw"} {
			for _, role := range []string{access.RoleRequester, access.RoleSupplierAgent, "other", ""} {
				if a := s.SignedIn(role).Get(path); a.Status == http.StatusOK {
					t.Errorf("%s is shown to %q", path, role)
				}
			}
		}
	})
}
