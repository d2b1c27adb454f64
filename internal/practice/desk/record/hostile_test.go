package record_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/ticket"
)

// secrets are words that only colleagues may read, one for each way in which
// something internal is written.
func (w *world) secrets(t *testing.T) (tk ticket.Ticket, words []string) {
	t.Helper()
	ana := w.As(w.ana)
	tk = must(w.Create(ana, ticket.Create{Kind: "incident", Title: "Public title", Description: "Public description", RequesterID: w.carla, GroupID: w.network, ServiceID: w.payroll}))(t)
	ref := ticket.ByID(tk.ID)
	file := must(w.Upload(ana, "SECRETFILE.txt", strings.NewReader("x")))(t)
	must(w.Note(ana, ref, ticket.InternalNote{Body: "SECRETNOTE", Attachments: []int64{file.ID}}))(t)
	one := 1
	must(w.Edit(ana, ref, ticket.Edit{Priority: &one, PriorityReason: "SECRETREASON"}))(t)
	must(w.Edit(ana, ref, ticket.Edit{AssigneeID: &w.lea}))(t)
	must(w.SetWatchers(ana, ref, 0, []int64{w.oscar}))(t)
	other := must(w.Create(ana, ticket.Create{Kind: "incident", Title: "SECRETTICKET", RequesterID: w.carla, ServiceID: w.payroll, GroupID: w.printing}))(t)
	must(w.Link(ana, ref, ticket.RelatedTo, ticket.ByID(other.ID)))(t)
	must(w.Edit(ana, ref, ticket.Edit{ParentID: &other.ID}))(t)
	must(w.Reply(ana, ref, ticket.PublicReply{Body: ticket.Markdown("Public reply about " + other.Number + " and [@somebody](person:" + id(w.oscar) + ")")}))(t)
	must(w.Transition(ana, ref, ticket.Step{Transition: "hold", Reason: "vendor", Comment: "SECRETCOMMENT"}))(t)
	must(w.Edit(ana, ref, ticket.Edit{GroupID: &w.supplierTeam}))(t)
	if err := w.SaveDraft(ana, tk.ID, "note", "SECRETDRAFT"); err != nil {
		t.Fatal(err)
	}
	return w.now(t, tk), []string{"SECRET", "Leaderson", "Ownerson", "Network", "Printing"}
}

// Whatever a supplier's agent asks for, nothing internal is in any answer, nor in
// any header of one.
func TestSupplierIsNeverSentAnythingInternal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk, words := w.secrets(t)
		defer w.hub.Presence().Join("desk:"+id(tk.ID), presentPerson(w.lea, "Lea Leaderson"))()
		sam := w.as(t, w.sam)
		paths := []string{"", "?tab=conversation", "?tab=changes", "/now?version=0&after=0", "/timeline?before=99", "/timeline?before=3&tab=changes"}
		for _, field := range []string{
			"title", "description", "group", "assignee", "priority", "impact", "urgency", "service", "requester", "tags", "parent", "watchers",
		} {
			paths = append(paths, "/values/"+field, "/edit/"+field)
		}
		for seq := range 14 {
			paths = append(paths, fmt.Sprintf("/texts/%d", seq))
		}
		for _, step := range []string{"start", "hold", "resume", "resolve", "cancel", "close", "reopen"} {
			paths = append(paths, "/steps/"+step)
		}
		paths = append(paths, "/links/new", "/texts/description")
		asked := 0
		for _, quick := range []bool{false, true} {
			sam.htmx = quick
			for _, path := range paths {
				a := sam.get(page(tk) + path)
				asked++
				wantNothing(t, "GET "+path, a, words)
			}
			for path, in := range map[string]url.Values{
				"/messages":       {"kind": {"reply"}, "body": {""}},
				"/edit/title":     {"value": {"mine"}, "version": {"1"}, "base": {"stale"}},
				"/edit/group":     {"value": {""}, "value.text": {"Pri"}},
				"/edit/assignee":  {"value": {id(w.lea)}, "value.text": {"Lea"}, "version": {"1"}, "base": {"stale"}},
				"/edit/priority":  {"value": {"2"}, "reason": {"r"}, "version": {"1"}, "base": {"stale"}},
				"/edit/tags":      {"value": {"x"}, "version": {"1"}, "base": {"stale"}},
				"/steps/hold":     {"version": {"1"}, "reason": {"vendor"}},
				"/steps/resolve":  {"version": {"1"}, "resolution_code": {"solved"}, "resolution": {"x"}},
				"/preview":        {"body": {"see INC-2, [@x](person:" + id(w.oscar) + ")"}},
				"/links":          {"type": {"related"}, "other": {"INC-2"}},
				"/links/remove":   {"type": {"related"}, "other": {"INC-2"}},
				"/edit/requester": {"value": {id(w.oscar)}},
				"/edit/watchers":  {"value": {id(w.oscar)}},
				"/edit/service":   {"value": {id(w.payroll)}, "value.text": {"no such service"}},
			} {
				wantNothing(t, "POST "+path, sam.post(page(tk)+path, in), words)
				wantNothing(t, "POST "+path+" for JSON", sam.with("Accept", "application/json").post(page(tk)+path, in), words)
			}
		}
		// Nobody is named for an id that was only tried.
		for _, n := range []int64{w.lea, w.oscar, w.network, w.printing} {
			for _, field := range []string{"assignee", "group", "requester", "watchers"} {
				a := sam.post(page(tk)+"/edit/"+field, url.Values{"value": {id(n)}, "version": {"1"}, "base": {"stale"}})
				wantNothing(t, "trying an id as "+field, a, words)
			}
		}
		// And yet the page is worth opening.
		sam.htmx = false
		a := sam.get(page(tk)).want(http.StatusOK)
		a.says("#v-description", "Public description")
		a.says(".s-timeline", "Public reply")
		a.says(".s-timeline", "put this on hold: Awaiting vendor")
		a.has(0, ".s-entry-note")
		a.has(0, "input[name=kind][type=radio]")
		if now := w.now(t, tk); now.Version != tk.Version {
			t.Errorf("something was saved: version %d, want %d", now.Version, tk.Version)
		}
	})
}

func TestRequesterIsNeverSentAnythingOfTheDesk(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk, words := w.secrets(t)
		for _, person := range []int64{w.carla, w.colin} {
			b := w.as(t, person)
			for _, quick := range []bool{false, true} {
				b.htmx = quick
				for _, path := range []string{"", "/now?version=0", "/timeline?before=99", "/texts/2", "/values/group", "/edit/title", "/steps/cancel"} {
					wantNothing(t, "GET "+path, b.get(page(tk)+path), append(words, "Public"))
				}
				wantNothing(t, "POST", b.with("Accept", "application/json").post(page(tk)+"/steps/cancel", url.Values{"version": {"1"}, "comment": {"x"}}), append(words, "Public"))
			}
		}
	})
}

func wantNothing(t *testing.T, what string, a *answer, words []string) {
	t.Helper()
	all := a.body
	for name, values := range a.header {
		all += "\n" + name + ": " + strings.Join(values, ",")
	}
	for _, word := range words {
		if i := strings.Index(all, word); i >= 0 {
			t.Errorf("%s (%d) tells %q: …%s…", what, a.status, word, all[max(0, i-80):min(len(all), i+80)])
			return
		}
	}
}

// hostile is what people write who mean harm.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg onload=alert(1)>`, `<hx-partial hx-target="body">x</hx-partial>`,
	`<div hx-get="/x" hx-trigger="load"></div>`, `javascript:alert(1)`, `[x](javascript:alert(1))`, `</textarea><script>alert(1)</script>`,
	`</title><script>alert(1)</script>`, `{{constructor.constructor('alert(1)')()}}`, `<a href="data:text/html,x" data-key="r">x</a>`, `<input name=version value=1>`,
	`<form action=//evil.example><button>`, `![x](https://evil.example/pixel.png)`, `<style>*{display:none}</style>`, "\u202e<script>", `--><script>alert(1)</script>`,
}

func TestNothingThatIsWrittenRuns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		all := strings.Join(hostile, "\n\n")
		for i, text := range append(slices.Clone(hostile), all) {
			title := text
			if len(title) > 200 {
				title = title[:200]
			}
			tk := must(w.Create(w.As(w.ana), ticket.Create{
				Kind: "visit", Title: title, Description: ticket.Markdown(text), RequesterID: w.carla, GroupID: w.network,
				Tags: []string{title[:min(len(title), 40)]}, Fields: map[string]string{"room": "Blue", "wishes": text},
			}))(t)
			ref := ticket.ByID(tk.ID)
			file := must(w.Upload(w.As(w.ana), text+".html", strings.NewReader(text)))(t)
			must(w.Reply(w.As(w.ana), ref, ticket.PublicReply{Body: ticket.Markdown(text), Attachments: []int64{file.ID}}))(t)
			must(w.Note(w.As(w.ana), ref, ticket.InternalNote{Body: ticket.Markdown(text)}))(t)
			must(w.Edit(w.As(w.ana), ref, ticket.Edit{Title: &[]string{title + "!"}[0], Priority: &[]int{1}[0], PriorityReason: title}))(t)
			if err := w.SaveDraft(w.As(w.ana), tk.ID, "note", text); err != nil {
				t.Fatal(err)
			}
			b := w.as(t, w.ana)
			harmless(t, text, b.get(page(tk)).want(http.StatusOK))
			if i != len(hostile) {
				continue
			}
			for _, path := range []string{"/edit/title", "/edit/description", "/edit/field.wishes", "/edit/priority", "/values/description", "/now?version=0&after=0", "/texts/2", "/steps/resolve"} {
				harmless(t, text, b.get(page(tk)+path))
				harmless(t, text, b.quick().get(page(tk)+path))
			}
			in := b.open(tk, "description")
			theirs := ticket.Markdown(text + " theirs")
			must(w.Edit(w.As(w.ben), ref, ticket.Edit{Description: &theirs}))(t)
			in.Set("value", text+" mine")
			harmless(t, text, b.quick().post(page(tk)+"/edit/description", in).want(http.StatusConflict))
			harmless(t, text, b.quick().post(page(tk)+"/messages", url.Values{"kind": {"reply"}, "body": {text + strings.Repeat("x", 1_000_000)}}))
			harmless(t, text, b.quick().post(page(tk)+"/preview", url.Values{"body": {text}}).want(http.StatusOK))
			harmless(t, text, b.quick().post(page(tk)+"/links", url.Values{"type": {text}, "other.text": {text[:40]}}))
		}
	})
}

// harmless fails on anything that a browser would run, load from elsewhere or
// take for the page's own.
func harmless(t *testing.T, what string, a *answer) {
	t.Helper()
	a.Find("script:not([src]), iframe, object, embed, base, style, math").Each(func(_ int, s *goquery.Selection) {
		t.Errorf("%.60q: <%s> in the page", what, goquery.NodeName(s))
	})
	a.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, attr := range s.Get(0).Attr {
			value := strings.ToLower(strings.TrimSpace(attr.Val))
			switch {
			case strings.HasPrefix(attr.Key, "on"), attr.Key == "style", strings.HasPrefix(value, "javascript:"), strings.HasPrefix(value, "data:text"):
				t.Errorf("%.60q: %s=%q in the page", what, attr.Key, attr.Val)
			case attr.Key == "src" && strings.Contains(value, "evil"), attr.Key == "action" && !strings.HasPrefix(value, "/"):
				t.Errorf("%.60q: %s=%q in the page", what, attr.Key, attr.Val)
			}
		}
	})
	if n := a.Find(".s-prose [hx-get], .s-prose form, .s-prose [data-key], .s-prose hx-partial").Length(); n > 0 {
		t.Errorf("%.60q: %d elements that act, in a text", what, n)
	}
}

func TestHugeTextsAreFoldedAndShownWholeOnDemand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		huge := strings.Repeat("0123456789 lines of a log\n", 38_000) // just under a million characters
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "Log", Description: ticket.Markdown(huge), RequesterID: w.carla}))(t)
		must(w.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: ticket.Markdown(huge)}))(t)
		start := time.Now()
		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		if len(a.body) > 200_000 {
			t.Errorf("the page has %d bytes", len(a.body))
		}
		t.Logf("the page with two texts of a million characters took %v", time.Since(start))
		a.has(1, "#v-description .s-record-unfold")
		a.has(1, ".s-timeline .s-record-unfold")
		a.says("#v-description .s-record-unfold", "Show all of it (988 kB)")
		more, _ := a.Find(".s-timeline .s-record-unfold").Attr("hx-get")
		for _, path := range []string{more, page(tk) + "/texts/description"} {
			whole := w.as(t, w.ana).quick().get(path).want(http.StatusOK)
			if got := strings.Count(whole.Text(), "0123456789"); got != 38_000 {
				t.Errorf("%s shows %d of 38000 lines", path, got)
			}
			w.as(t, w.ana).get(path).want(http.StatusOK).has(1, "h1")
		}
		// Edited and saved as it was, it is the same.
		in := w.as(t, w.ana).open(tk, "description")
		if in.Get("value") != huge {
			t.Error("the form holds something else")
		}
		w.as(t, w.ana).post(page(tk)+"/edit/description", in).want(http.StatusSeeOther)
		w.as(t, w.ana).get(page(tk) + "/texts/77").want(http.StatusNotFound)
		w.as(t, w.ana).get(page(tk) + "/texts/1").want(http.StatusNotFound)
		w.as(t, w.ana).get(page(tk) + "/texts/x").want(http.StatusNotFound)
	})
}

func TestEveryScriptAndEmojiIsShownInItsDirection(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		title, body := "الطابعة لا تعمل 👩‍👩‍👧", "مرحبا **عالم**\n\nand English 🖨️\n\n- פריט\n"
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: title, Description: ticket.Markdown(body), RequesterID: w.carla}))(t)
		must(w.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Body: ticket.Markdown(body)}))(t)
		a := w.as(t, w.ana).get(page(tk)).want(http.StatusOK)
		a.says("h1[dir=auto]", title)
		a.says("#v-description p[dir=auto] strong", "عالم")
		a.says(".s-timeline li[dir=auto]", "פריט")
		if in := w.as(t, w.ana).open(tk, "title"); in.Get("value") != title {
			t.Errorf("the title is edited as %q", in.Get("value"))
		}
	})
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		for _, site := range []string{"cross-site", "same-site"} {
			b := w.as(t, w.ana).with("Sec-Fetch-Site", site).with("Origin", "https://evil.example")
			for path, in := range map[string]url.Values{
				"/edit/title": {"value": {"forged"}}, "/messages": {"body": {"forged"}}, "/steps/start": {}, "/take": {}, "/watch": {"on": {"true"}},
				"/links": {"type": {"related"}, "other": {tk.Number}}, "/links/remove": {"type": {"related"}, "other": {tk.Number}}, "/draft": {"body": {"forged"}},
			} {
				b.post(page(tk)+path, in).want(http.StatusForbidden)
			}
			b.send("/attachments", nil, map[string]string{"a": "b"}).want(http.StatusForbidden)
			b.do(http.MethodDelete, "/attachments/1", "", nil).want(http.StatusForbidden)
		}
		if now := w.now(t, tk); now.Version != tk.Version {
			t.Error("a forged form was obeyed")
		}
	})
}

func TestNoBrowserRunsAFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.as(t, w.ana)
		for _, c := range []struct{ name, content, disposition, media string }{
			{"page.html", "<script>alert(1)</script>", "attachment", "application/octet-stream"},
			{"vector.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "attachment", "application/octet-stream"},
			{"doc.pdf", "%PDF-1.7", "attachment", "application/octet-stream"},
			{"notes.txt", "plain", "attachment", "application/octet-stream"},
			{"photo.png", "\x89PNG\r\n\x1a\n0000", "inline", "image/png"},
			{"lies.png", "<html>", "attachment", "application/octet-stream"},
			{"evil\"\r\nX-A: b.txt", "x", "attachment", "application/octet-stream"},
		} {
			file := must(w.Upload(w.As(w.ana), c.name, strings.NewReader(c.content)))(t)
			a := b.get("/attachments/" + id(file.ID)).want(http.StatusOK)
			if a.body != c.content {
				t.Errorf("%s came back as %q", c.name, a.body)
			}
			if d := a.header.Get("Content-Disposition"); !strings.HasPrefix(d, c.disposition) {
				t.Errorf("%s is an %s", c.name, d)
			}
			if got := a.header.Get("Content-Type"); got != c.media {
				t.Errorf("%s is sent as %s", c.name, got)
			}
			if a.header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%s: %v", c.name, a.header)
			}
			if a.header.Get("X-A") != "" {
				t.Error("a name made a header")
			}
		}
	})
}

func TestFilesAreGivenInRangesAndOnlyToWhoMaySee(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		public, secret := must(w.Upload(w.As(w.ana), "a.bin", strings.NewReader("0123456789")))(t), must(w.Upload(w.As(w.ana), "b.bin", strings.NewReader("inside")))(t)
		w.as(t, w.ben).get("/attachments/" + id(public.ID)).want(http.StatusNotFound)
		must(w.Reply(w.As(w.ana), ticket.ByID(tk.ID), ticket.PublicReply{Attachments: []int64{public.ID}}))(t)
		must(w.Note(w.As(w.ana), ticket.ByID(tk.ID), ticket.InternalNote{Attachments: []int64{secret.ID}}))(t)
		part := w.as(t, w.ana).with("Range", "bytes=3-5").get("/attachments/" + id(public.ID)).want(http.StatusPartialContent)
		if part.body != "345" {
			t.Errorf("the range is %q", part.body)
		}
		tag := part.header.Get("ETag")
		w.as(t, w.ana).with("If-None-Match", tag).get("/attachments/" + id(public.ID)).want(http.StatusNotModified)
		w.as(t, w.carla).get("/attachments/" + id(public.ID)).want(http.StatusOK)
		for _, person := range []int64{w.carla, w.colin, w.sam} {
			w.as(t, person).get("/attachments/" + id(secret.ID)).want(http.StatusNotFound)
		}
		w.as(t, w.ben).get("/attachments/" + id(secret.ID)).want(http.StatusOK)
		for _, path := range []string{"0", "-1", "x", "99999999999999999999"} {
			w.as(t, w.ana).get("/attachments/" + path).want(http.StatusNotFound)
		}
		if a := w.as(t, 0).get("/attachments/" + id(public.ID)); a.status != http.StatusNotFound && a.status != http.StatusUnauthorized {
			t.Errorf("nobody gets %d", a.status)
		}
		w.as(t, w.ana).do(http.MethodDelete, "/attachments/"+id(public.ID), "", nil).want(http.StatusOK)
		w.as(t, w.ana).get("/attachments/" + id(public.ID)).want(http.StatusOK) // sent: it cannot be taken back so
	})
}

func TestUploadIsStreamedToItsLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		// A body far over the limit, of a length nobody told: it is refused, not kept.
		pr, pw := io.Pipe()
		go func() {
			_, err := fmt.Fprintf(pw, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big\"\r\n\r\n")
			chunk := strings.Repeat("0", 32<<10)
			for i := 0; err == nil && i < 40; i++ {
				_, err = io.WriteString(pw, chunk)
			}
			if err == nil {
				_, err = io.WriteString(pw, "\r\n--b--\r\n")
			}
			pw.CloseWithError(err)
		}()
		w.as(t, w.ana).quick().do(http.MethodPost, "/attachments", "multipart/form-data; boundary=b", pr).want(http.StatusRequestEntityTooLarge)
	})
}

func TestSupplierCanDoItsWorkOnThePage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "x", RequesterID: w.carla, GroupID: w.supplierTeam}))(t)
		sam := w.as(t, w.sam)
		a := sam.get(page(tk)).want(http.StatusOK)
		a.has(1, "#composer input[type=hidden][name=kind][value=reply]")
		a.says("#v-requester", "Carla Callerson")
		a.has(0, "#v-requester a.s-party, #v-watchers, #v-parent, #v-requester .s-value-edit")
		sam.post(page(tk)+"/take", nil).want(http.StatusSeeOther)
		sam.post(page(tk)+"/messages", url.Values{"kind": {"note"}, "body": {"meant as a note"}}).want(http.StatusForbidden)
		sam.post(page(tk)+"/messages", url.Values{"kind": {"reply"}, "body": {"we are on our way"}}).want(http.StatusSeeOther)
		sam.post(page(tk)+"/steps/cancel", url.Values{"comment": {"duplicate"}}).want(http.StatusSeeOther)
		now := w.now(t, tk)
		if now.AssigneeID != w.sam || now.State != "cancelled" {
			t.Errorf("assigned to %d, %s", now.AssigneeID, now.State)
		}
		for _, e := range w.events(t, tk) {
			if e.Type == ticket.Noted || e.Type == ticket.Replied && e.Internal {
				t.Errorf("the supplier wrote an internal %s", e.Type)
			}
		}
		if got := access.From(w.As(w.sam)).Can(access.Note, access.AnyKind); got {
			t.Error("the test's supplier may write notes")
		}
	})
}
