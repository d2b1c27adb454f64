package record_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/steward-itsm/steward/internal/core/ticket"
)

func TestStepsAreTakenFromIntakeToClosure(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, quick := range []bool{false, true} {
			tk := w.incident(t, "x")
			b := w.as(t, w.ana)
			b.htmx = quick
			take := func(key, state string, fill url.Values) {
				t.Helper()
				in := url.Values{}
				if len(fill) > 0 {
					in = form(b.get(page(tk)+"/steps/"+key).want(http.StatusOK), "form[action='"+page(tk)+"/steps/"+key+"']")
				}
				for name, values := range fill {
					in[name] = values
				}
				a := b.post(page(tk)+"/steps/"+key, in)
				if quick {
					a.want(http.StatusNoContent)
					if h := a.header.Get("HX-Trigger"); !strings.Contains(h, "ticket-changed") || !strings.Contains(h, "dialog-close") || !strings.Contains(h, "steward:toast") {
						t.Errorf("%s tells the page %s", key, h)
					}
				} else {
					a.follow(b).want(http.StatusOK)
				}
				if now := w.now(t, tk); now.State != state {
					t.Fatalf("%s led to %s, want %s", key, now.State, state)
				}
			}
			take("start", "in_progress", nil)
			take("hold", "on_hold", url.Values{"reason": {"vendor"}, "comment": {"case 4711"}})
			take("resume", "in_progress", nil)
			take("resolve", "resolved", url.Values{"resolution_code": {"workaround"}, "resolution": {"Use the other one."}})
			take("close", "closed", nil)
			take("reopen", "in_progress", url.Values{"comment": {"again"}})
			take("cancel", "cancelled", url.Values{"comment": {"never mind"}})
			if e := w.events(t, tk)[2]; e.Type != ticket.Noted || e.Body != "case 4711" {
				t.Errorf("the words of the hold are %s %q", e.Type, e.Body)
			}
		}
	})
}

func TestStepThatIsNotPossibleIsSaid(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		for _, key := range []string{"close", "resume", "nonsense"} {
			w.as(t, w.ana).get(page(tk) + "/steps/" + key).want(http.StatusConflict)
			w.as(t, w.ana).post(page(tk)+"/steps/"+key, nil).want(http.StatusConflict)
		}
	})
}

func TestWrongStepComesBackWithEverythingTyped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		for _, quick := range []bool{false, true} {
			b := w.as(t, w.ana)
			b.htmx = quick
			a := b.post(page(tk)+"/steps/hold", url.Values{"reason": {"caller"}, "comment": {"Which tray?"}}).want(http.StatusUnprocessableEntity)
			a.says(".s-error", "Write to the requester what you need from them.")
			a.has(1, "input[name=reason][value=caller][checked]")
			if got := a.value("textarea[name=comment]"); got != "Which tray?" {
				t.Errorf("typed text is %q", got)
			}
			a = b.post(page(tk)+"/steps/hold", nil).want(http.StatusUnprocessableEntity)
			a.says(".s-error", "Say what it waits for.")
			a = b.post(page(tk)+"/steps/cancel", nil).want(http.StatusUnprocessableEntity)
			a.says(".s-error", "Say why.")
		}
		if w.now(t, tk).Version != tk.Version {
			t.Error("something was saved")
		}
	})
}

func TestStepOverAChangedTicketIsShownAgainWithItsWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, quick := range []bool{false, true} {
			tk := w.incident(t, "x")
			b := w.as(t, w.ana)
			b.htmx = quick
			in := form(b.get(page(tk)+"/steps/resolve"), "form[action$='/steps/resolve']")
			must(w.Reply(w.As(w.carla), ticket.ByID(tk.ID), ticket.PublicReply{Body: "still broken!"}))(t)
			in["resolution_code"], in["resolution"] = []string{"solved"}, []string{"It works now."}
			a := b.post(page(tk)+"/steps/resolve", in).want(http.StatusConflict)
			a.says(".s-alert", "The ticket has changed meanwhile.")
			again := form(a, "form[action$='/steps/resolve']")
			if again.Get("resolution") != "It works now." || again.Get("resolution_code") != "solved" {
				t.Errorf("it comes back with %v", again)
			}
			b.post(page(tk)+"/steps/resolve", again)
			if now := w.now(t, tk); now.State != "resolved" {
				t.Errorf("sent again it is %s", now.State)
			}
		}
	})
}

func TestPageOffersTheStepsThatArePossible(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		offered := func(a *answer) (out []string) {
			for _, key := range []string{"start", "hold", "resume", "resolve", "close", "reopen", "cancel"} {
				if a.Find("#record-actions [href$='/steps/"+key+"'], #record-actions form[action$='/steps/"+key+"']").Length() > 0 {
					out = append(out, key)
				}
			}
			return out
		}
		a := w.as(t, w.ana).get(page(tk))
		if got := offered(a); !slices.Equal(got, []string{"start", "hold", "resolve", "cancel"}) {
			t.Errorf("a new ticket offers %v", got)
		}
		a.has(1, "#record-actions [data-key=h]")
		a.has(1, "#record-actions .s-button-primary")
		must(w.Transition(w.As(w.ana), ticket.ByID(tk.ID), ticket.Step{Transition: "resolve", ResolutionCode: "solved", Resolution: "done"}))(t)
		if got := offered(w.as(t, w.ana).get(page(tk))); !slices.Equal(got, []string{"close", "reopen"}) {
			t.Errorf("a resolved ticket offers %v", got)
		}
		keys := map[string]int{}
		a.Find("main [data-key]").Each(func(_ int, s *goquery.Selection) {
			key, _ := s.Attr("data-key")
			keys[key]++
		})
		for key, n := range keys {
			if n > 1 {
				t.Errorf("the key %q does %d things", key, n)
			}
		}
	})
}

func TestAssigningToOneself(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, quick := range []bool{false, true} {
			tk := w.incident(t, "x")
			b := w.as(t, w.ana)
			b.htmx = quick
			w.as(t, w.ana).get(page(tk)).has(1, "#record-take [data-key=t]")
			b.post(page(tk)+"/take", nil)
			if now := w.now(t, tk); now.AssigneeID != w.ana || now.GroupID != w.network {
				t.Errorf("assigned to %d in %d", now.AssigneeID, now.GroupID)
			}
			w.as(t, w.ana).get(page(tk)).has(0, "#record-take form")
		}
		// Ben is not in Network, but in one group only: it moves there with him.
		tk := w.incident(t, "x")
		w.as(t, w.ben).post(page(tk)+"/take", nil).want(http.StatusSeeOther)
		if now := w.now(t, tk); now.AssigneeID != w.ben || now.GroupID != w.printing {
			t.Errorf("assigned to %d in %d", now.AssigneeID, now.GroupID)
		}
		// Ana is in two others: which one is hers to say.
		tk = must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "x", GroupID: w.supplierTeam}))(t)
		w.as(t, w.ana).post(page(tk)+"/take", nil).want(http.StatusUnprocessableEntity)
	})
}

func TestWatching(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		for _, quick := range []bool{false, true} {
			b := w.as(t, w.audrey)
			b.htmx = quick
			for _, on := range []string{"true", "false"} {
				in := form(w.as(t, w.audrey).get(page(tk)), "form[action$='/watch']")
				if in.Get("on") != on {
					t.Errorf("the button posts %v, want on=%s", in, on)
				}
				b.post(page(tk)+"/watch", in)
				if got := slices.Contains(w.now(t, tk).Watchers, w.audrey); got != (on == "true") {
					t.Errorf("watching is %v after on=%s", got, on)
				}
			}
		}
	})
}

func TestLinksAreAddedByNumberOrWordsAndRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, quick := range []bool{false, true} {
			tk, other := w.incident(t, "This"), w.incident(t, "Zebra crossing blocked")
			b := w.as(t, w.ana)
			b.htmx = quick
			for _, c := range []struct {
				typ   string
				fill  url.Values
				shown string
				undo  string
			}{
				{"related", url.Values{"other": {other.Number}, "other.text": {other.Number + " Zebra crossing blocked"}}, "Is related to", "related"},
				{"duplicate_of", url.Values{"other.text": {strings.ToLower(other.Number)}}, "Is a duplicate of", "duplicate_of"},
				{"inverse_duplicate_of", url.Values{"other": {other.Number}}, "Has the duplicate", "duplicate_of"},
				{"caused_by", url.Values{"other": {other.Number}}, "Was caused by", "caused_by"},
				{"inverse_caused_by", url.Values{"other": {other.Number}}, "Caused", "caused_by"},
				{"child", url.Values{"other": {other.Number}}, "Is a child of", "child"},
				{"parent", url.Values{"other": {other.Number}}, "Is the parent of", "parent"},
			} {
				in := form(b.get(page(tk)+"/links/new").want(http.StatusOK), "form[action$='/links']")
				in.Set("type", c.typ)
				in.Del("other.text")
				for name, values := range c.fill {
					in[name] = values
				}
				a := b.post(page(tk)+"/links", in)
				if quick {
					a.want(http.StatusNoContent)
				} else {
					a.want(http.StatusSeeOther)
				}
				shown := w.as(t, w.ana).get(page(tk))
				shown.says("#record-links", c.shown+" "+other.Number)
				undo := form(shown, "#record-links form")
				if undo.Get("type") != c.undo {
					t.Errorf("%s is removed as %v", c.typ, undo)
				}
				b.post(page(tk)+"/links/remove", undo)
				w.as(t, w.ana).get(page(tk)).has(0, "#record-links form")
			}
			// By words that fit one ticket only.
			only := w.incident(t, "Quokka "+strings.Repeat("q", 1+len(tk.Number)))
			in := url.Values{"type": {"related"}, "other.text": {"quokka " + strings.Repeat("q", 1+len(tk.Number))}}
			a := b.post(page(tk)+"/links", in)
			if a.status == http.StatusUnprocessableEntity && !quick {
				t.Errorf("words were not found: %s", a.words(".s-error"))
			}
			if !quick {
				w.as(t, w.ana).get(page(tk)).says("#record-links", only.Number)
			}
		}
	})
}

func TestWrongLinkComesBackWithWhatWasTyped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tk := w.incident(t, "x")
		hidden := must(w.Create(w.As(w.colin), ticket.Create{Kind: "incident", Title: "Colin's"}))(t)
		b := w.as(t, w.ana).quick()
		for typed, want := range map[string]string{"": "Choose a ticket.", "INC-4711": "no such ticket", tk.Number: "cannot be linked to itself", "Colin's": ""} {
			a := b.post(page(tk)+"/links", url.Values{"type": {"duplicate_of"}, "other.text": {typed}})
			if want == "" {
				continue
			}
			a.want(http.StatusUnprocessableEntity)
			a.says(".s-error", want)
			if got := a.value("input[name='other.text']"); got != typed {
				t.Errorf("typed %q came back as %q", typed, got)
			}
			a.has(1, "option[value=duplicate_of][selected]")
		}
		a := b.post(page(tk)+"/links", url.Values{"type": {"child"}, "other": {tk.Number}})
		a.want(http.StatusUnprocessableEntity)
		a.says(".s-error", "its own ancestor")
		// Sam may not link, and would not find Colin's ticket either.
		mine := must(w.Create(w.As(w.ana), ticket.Create{Kind: "incident", Title: "x", GroupID: w.supplierTeam}))(t)
		w.as(t, w.sam).get(page(mine)).has(0, "#record-links a[href$='/links/new']")
		w.as(t, w.sam).post(page(mine)+"/links", url.Values{"type": {"related"}, "other": {hidden.Number}}).want(http.StatusUnprocessableEntity)
	})
}
