package record_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

func TestMessagesAreSentAsRepliesAndNotes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, quick := range []bool{false, true} {
			for kind, want := range map[string]ticket.EventType{"reply": ticket.Replied, "note": ticket.Noted} {
				tk := w.incident(t, "x")
				b := w.as(t, w.ana)
				b.htmx = quick
				in := form(b.get(page(tk)).want(http.StatusOK), "form#composer")
				in["kind"], in["body"] = []string{kind}, []string{"Hello **there**"}
				a := b.post(page(tk)+"/messages", in)
				if quick {
					a.want(http.StatusOK)
					if got := a.value("textarea[name=body]"); got != "" {
						t.Errorf("the composer still holds %q", got)
					}
					a.has(1, "input[name=kind][value="+kind+"][checked]")
					if !strings.Contains(a.header.Get("HX-Trigger"), "ticket-changed") {
						t.Error("the page is not told to ask for the message")
					}
				} else {
					a.follow(b).want(http.StatusOK).says(".s-timeline", "Hello there")
				}
				if e := w.last(t, tk); e.Type != want || e.Body != "Hello **there**" {
					t.Errorf("stored as %s %q", e.Type, e.Body)
				}
			}
		}
	})
}

func TestEmptyMessageIsRefusedBesideItsText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		for _, quick := range []bool{false, true} {
			b := w.as(t, w.ana)
			b.htmx = quick
			a := b.post(page(tk)+"/messages", url.Values{"kind": {"note"}, "body": {" "}}).want(http.StatusUnprocessableEntity)
			a.says("#composer-error", "Write something, or attach a file.")
			a.has(1, "input[name=kind][value=note][checked]")
			long := strings.Repeat("x", 1_000_001)
			a = b.post(page(tk)+"/messages", url.Values{"kind": {"reply"}, "body": {long}}).want(http.StatusUnprocessableEntity)
			if got := a.value("textarea[name=body]"); got != long {
				t.Errorf("%d of %d characters came back", len(got), len(long))
			}
		}
	})
}

func TestFilesTravelWithAMessageOrAheadOfIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		b := w.as(t, w.ana)
		b.send(page(tk)+"/messages", url.Values{"kind": {"note"}, "body": {"see"}}, map[string]string{"log.txt": "line"}).want(http.StatusSeeOther)
		if e := w.last(t, tk); len(e.Attachments) != 1 || e.Attachments[0].Name != "log.txt" || !e.Attachments[0].Internal {
			t.Errorf("attached %+v", e.Attachments)
		}
		up := b.quick().send("/attachments", nil, map[string]string{"shot.png": "\x89PNG\r\n\x1a\n0000"}).want(http.StatusOK)
		token := up.value("input[name=attachments]")
		up.has(1, ".s-file img")
		up.has(1, "[hx-delete='/attachments/"+token+"']")
		b.quick().send(page(tk)+"/messages", url.Values{"kind": {"reply"}, "body": {""}, "attachments": {token}}, nil).want(http.StatusOK)
		if e := w.last(t, tk); e.Type != ticket.Replied || len(e.Attachments) != 1 || e.Attachments[0].Name != "shot.png" {
			t.Errorf("attached %+v", e)
		}
		a := b.get(page(tk)).want(http.StatusOK)
		a.has(1, ".s-timeline .s-entry-message .s-file img")
		a.says("#record-files", "log.txt")
		// A refused message keeps what was uploaded ahead.
		loose := b.quick().send("/attachments", nil, map[string]string{"b.txt": "b"}).want(http.StatusOK).value("input[name=attachments]")
		wrong := b.quick().post(page(tk)+"/messages", url.Values{"kind": {"reply"}, "body": {"a\x00b"}, "attachments": {loose}})
		if wrong.status == http.StatusUnprocessableEntity && wrong.Find("input[name=attachments]").Length() == 1 {
			return
		}
		wrong = b.quick().post(page(tk)+"/messages", url.Values{"kind": {"reply"}, "body": {strings.Repeat("x", 1_000_001)}, "attachments": {loose}}).want(http.StatusUnprocessableEntity)
		if got := wrong.value("input[name=attachments]"); got != loose {
			t.Errorf("the upload is %q", got)
		}
	})
}

func TestFileOverTheLimitIsSaidAndTheTextKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		big := map[string]string{"big.bin": strings.Repeat("0", maxUpload+1)}
		a := w.as(t, w.ana).send(page(tk)+"/messages", url.Values{"kind": {"reply"}, "body": {"see the file"}}, big).want(http.StatusUnprocessableEntity)
		a.says("#composer-error", "big.bin is too large: at most 65.5 kB.")
		if got := a.value("textarea[name=body]"); got != "see the file" {
			t.Errorf("the text is %q", got)
		}
		if len(w.events(t, tk)) != 1 {
			t.Error("the message was sent without its file")
		}
		plain := w.as(t, w.ana).quick().send("/attachments", nil, big).want(http.StatusRequestEntityTooLarge)
		if !strings.HasPrefix(plain.header.Get("Content-Type"), "text/plain") || !strings.Contains(plain.body, "too large") {
			t.Errorf("refused with %s %q", plain.header.Get("Content-Type"), plain.body)
		}
		w.as(t, w.ana).quick().send("/attachments", nil, nil).want(http.StatusUnprocessableEntity)
		w.as(t, 0).quick().send("/attachments", nil, map[string]string{"a": "b"}).want(http.StatusUnauthorized)
	})
}

func TestReplyAndWaitIsOneSave(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, quick := range []bool{false, true} {
			tk := w.incident(t, "x")
			b := w.as(t, w.ana)
			b.htmx = quick
			a := b.get(page(tk)).want(http.StatusOK)
			a.has(1, "#composer button[name=then][value='hold:caller']")
			in := form(a, "form#composer")
			in["body"], in["then"] = []string{"Which floor?"}, []string{"hold:caller"}
			b.post(page(tk)+"/messages", in)
			now := w.now(t, tk)
			if now.State != "on_hold" || now.WaitReason != "caller" || now.Version != tk.Version+1 {
				t.Errorf("htmx %v: %s %q, version %d", quick, now.State, now.WaitReason, now.Version)
			}
			empty := b.post(page(tk)+"/messages", url.Values{"body": {""}, "then": {"hold:caller"}})
			if empty.status != http.StatusUnprocessableEntity {
				t.Errorf("an empty question answers %d", empty.status)
			}
		}
	})
}

func TestReplyAndResolveAsksHowAndKeepsTheText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, quick := range []bool{false, true} {
			tk := w.incident(t, "x")
			b := w.as(t, w.ana)
			b.htmx = quick
			if err := w.SaveDraft(w.As(w.ana), tk.ID, "reply", "Cleaned the rollers."); err != nil {
				t.Fatal(err)
			}
			in := form(b.get(page(tk)), "form#composer")
			in["body"], in["then"] = []string{"Cleaned the rollers."}, []string{"resolve"}
			a := b.post(page(tk)+"/messages", in).want(http.StatusOK)
			if got := a.value("textarea[name=resolution]"); got != "Cleaned the rollers." {
				t.Errorf("the resolution is %q", got)
			}
			if quick && a.header.Get("HX-Retarget") != "#record-dialog" {
				t.Errorf("it goes to %q", a.header.Get("HX-Retarget"))
			}
			if len(w.events(t, tk)) != 1 {
				t.Error("something was sent before the question was answered")
			}
			step := form(a, "form[action$='/steps/resolve']")
			wrong := b.post(page(tk)+"/steps/resolve", step).want(http.StatusUnprocessableEntity)
			wrong.says(".s-error", "Choose how it was resolved.")
			if got := wrong.value("textarea[name=resolution]"); got != "Cleaned the rollers." {
				t.Errorf("after an error the resolution is %q", got)
			}
			step.Set("resolution_code", "solved")
			done := b.post(page(tk)+"/steps/resolve", step)
			if quick {
				done.want(http.StatusOK)
				done.has(1, "hx-partial[hx-target='#composer'] form")
				if got := done.value("textarea[name=body]"); got != "" {
					t.Errorf("the composer still holds %q", got)
				}
				if !strings.Contains(done.header.Get("HX-Trigger"), "dialog-close") {
					t.Error("the dialog stays open")
				}
			} else {
				done.follow(b).want(http.StatusOK).says(".s-timeline", "Cleaned the rollers.")
			}
			if now := w.now(t, tk); now.State != "resolved" || now.Resolution != "Cleaned the rollers." || now.ResolutionCode != "solved" {
				t.Errorf("%s: %q, %q", now.State, now.ResolutionCode, now.Resolution)
			}
			if drafts := must(w.Drafts(w.As(w.ana), tk.ID))(t); quick && len(drafts) != 0 {
				t.Errorf("the draft stays: %+v", drafts)
			}
		}
	})
}

func TestReplyAndWaitOverAChangedTicketKeepsTheText(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		for _, quick := range []bool{false, true} {
			b := w.as(t, w.ana)
			b.htmx = quick
			in := form(b.get(page(tk)), "form#composer")
			must(w.Reply(w.As(w.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "it is floor 3"}))(t)
			in["body"], in["then"] = []string{"Which floor?"}, []string{"hold:caller"}
			a := b.post(page(tk)+"/messages", in).want(http.StatusConflict)
			a.says(".s-alert", "The ticket has changed meanwhile.")
			again := form(a, "form#composer")
			if again.Get("body") != "Which floor?" || again.Get("version") != id(int64(w.now(t, tk).Version)) {
				t.Errorf("it comes back with %v", again)
			}
			again["then"] = []string{"hold:caller"}
			b.post(page(tk)+"/messages", again)
			if now := w.now(t, tk); now.State != "on_hold" {
				t.Errorf("sent again it is %s", now.State)
			}
			must(w.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "resume"}))(t)
		}
	})
}

func TestDraftsAreKeptOnTheServerAndBroughtBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		b := w.as(t, w.ana)
		draft := func(kind, body string) {
			b.post(page(tk)+"/draft", url.Values{"kind": {kind}, "body": {body}}).want(http.StatusNoContent)
		}
		draft("reply", "half a sen")
		draft("reply", "  half a sentence ")
		a := b.get(page(tk))
		if got := a.value("textarea[name=body]"); got != "  half a sentence " {
			t.Errorf("restored %q", got)
		}
		a.has(1, "input[name=kind][value=reply][checked]")
		// Switched to a note, the text must not come back as a reply.
		draft("note", "half a sentence, for us")
		a = b.get(page(tk))
		a.has(1, "input[name=kind][value=note][checked]")
		if got := a.value("textarea[name=body]"); got != "half a sentence, for us" {
			t.Errorf("restored %q", got)
		}
		if got := w.as(t, w.ben).get(page(tk)).value("textarea[name=body]"); got != "" {
			t.Errorf("a colleague sees %q", got)
		}
		b.post(page(tk)+"/messages", url.Values{"kind": {"note"}, "body": {"half a sentence, for us"}}).want(http.StatusSeeOther)
		if got := b.get(page(tk)).value("textarea[name=body]"); got != "" {
			t.Errorf("after sending it is still %q", got)
		}
		// A draft that arrives late, after its text was sent, is not brought back.
		draft("note", "half a sentence, for us")
		if got := b.get(page(tk)).value("textarea[name=body]"); got != "" {
			t.Errorf("what was said comes back as a draft: %q", got)
		}
		draft("note", "")
	})
}

func TestPreviewShowsTheTextAsItWillLook(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk, other := w.incident(t, "x"), w.incident(t, "Other matter")
		a := w.as(t, w.ana).quick().post(page(tk)+"/preview", url.Values{"body": {"**bold** <script>x</script> " + other.Number}}).want(http.StatusOK)
		a.has(1, "strong")
		a.has(0, "script")
		a.has(1, "a.s-ref[title*='Other matter']")
		w.as(t, w.ana).quick().post(page(tk)+"/preview", url.Values{"body": {""}}).want(http.StatusOK)
	})
}

func TestMentionsLeadToThePersonAndMakeThemWatch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		w.as(t, w.ana).post(page(tk)+"/messages", url.Values{"kind": {"note"}, "body": {"[@boss](person:" + id(w.ben) + ") look"}}).want(http.StatusSeeOther)
		a := w.as(t, w.ana).get(page(tk))
		if got := a.words(".s-entry-note a.s-mention[href='/people/" + id(w.ben) + "']"); got != "@Ben Benchley" {
			t.Errorf("mentioned as %q", got)
		}
		a.says("#v-watchers", "Ben Benchley")
	})
}
