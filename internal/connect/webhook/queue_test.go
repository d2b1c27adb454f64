package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

func TestAMessageIsTriedAgainUntilTheFarSideTakesIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, func(n int, w http.ResponseWriter, r *http.Request) {
			switch n {
			case 1:
				http.Error(w, "try later, token verysecret", http.StatusInternalServerError)
			case 2:
				w.Header().Set("Retry-After", "120")
				w.WriteHeader(http.StatusTooManyRequests)
			case 3: // slow
				<-r.Context().Done()
			}
		})
		c := w.room("#oncall", f.URL+"/services/T0/abcdefgh", func(c *Channel) { c.Headers = []Header{{"Authorization", "Bearer verysecret"}} })
		tk := w.incident("VPN <drops> @channel")
		id := w.post(c, tk.ID, "Time is up")
		began := w.Clock.Now()
		m := w.deliver(id, time.Hour)
		had := f.requests()
		if m.State != StateSent || len(had) != 4 || m.Attempts != 4 {
			t.Fatalf("%+v after %d requests", m, len(had))
		}
		for _, r := range had {
			if r.Header.Get("Webhook-Id") != messageID(id) || r.Header.Get("Idempotency-Key") != messageID(id) || r.Header.Get("Authorization") != "Bearer verysecret" || r.Path != "/services/T0/abcdefgh" {
				t.Errorf("%+v", r)
			}
		}
		_, attempts := w.get(id)
		if len(attempts) != 4 || attempts[3].Status != 500 || attempts[2].Status != 429 || attempts[1].Error != reasonTimeout || attempts[0].Status != 200 {
			t.Errorf("%+v", attempts)
		}
		if wait := attempts[1].BeganAt.Sub(attempts[2].BeganAt); wait < 2*time.Minute || wait > 3*time.Minute {
			t.Errorf("after Retry-After of two minutes it went on after %s", wait)
		}
		if spent := w.Clock.Now().Sub(began); spent > 10*time.Minute {
			t.Errorf("it took %s", spent)
		}
		for _, a := range attempts {
			log := a.Request + a.Answer + a.Error
			if strings.Contains(log, "verysecret") || strings.Contains(log, "abcdefgh") || !strings.Contains(a.Request, "Authorization: "+dots) {
				t.Errorf("the log holds a secret, or no request: %s", log)
			}
		}
		var sent slackMessage
		if err := json.Unmarshal([]byte(had[0].Body), &sent); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"<https://desk.example.org/tickets/" + tk.Number + "|" + tk.Number + " VPN &lt;drops&gt; @\u200bchannel>", "Time is up", "Service: Printing", "Because of a test.", "/admin/channels/"} {
			if !strings.Contains(sent.Text, want) {
				t.Errorf("the room does not read %q in %q", want, sent.Text)
			}
		}
	})
}

func TestWhatCannotBeDeliveredIsGivenUpAndSaidAndSentAgainByHand(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		broken := true
		f := farSide(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			if broken {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		c := w.room("#oncall", f.URL)
		tk := w.incident("VPN drops")
		first, second := w.post(c, tk.ID, "One"), w.post(c, tk.ID, "Two")
		for _, id := range []int64{first, second} {
			m := w.deliver(id, 3*time.Hour)
			if m.State != StateFailed || m.Tries != MaxTries || !strings.HasPrefix(m.Error, reasonGaveUp) {
				t.Fatalf("%+v", m)
			}
			if words := reasonText(t.Context(), m.Error); words != "Given up after 10 attempts. It answered 502." {
				t.Error(words)
			}
		}
		events, err := w.Tickets.Timeline(w.System(), &tk, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, e := range events {
			if change, ok := e.Change(ticket.ActivityPrefix + saysUntold); ok && change.To == "#oncall" {
				told++
			}
		}
		if told != 2 {
			t.Errorf("the timeline says %d times that the room was not told", told)
		}
		counts, err := w.Counts(w.System())
		if err != nil || counts[c.ID].Failed != 2 {
			t.Errorf("%+v %v", counts, err)
		}
		broken = false
		if n, err := w.Replay(w.System(), c.ID, 0); err != nil || n != 2 {
			t.Fatalf("%d %v", n, err)
		}
		for _, id := range []int64{first, second} {
			if m := w.deliver(id, time.Hour); m.State != StateSent {
				t.Errorf("%+v", m)
			}
		}
		had := f.requests()
		if last := had[len(had)-1]; last.Header.Get("Webhook-Id") != messageID(second) {
			t.Errorf("replayed under another id: %s", last.Header.Get("Webhook-Id"))
		}
		if _, err := w.Replay(w.System(), c.ID, 0); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("nothing is sent again: %v", err)
		}
		if _, err := w.Replay(w.As(w.ana), c.ID, 0); !apperr.Is(err, apperr.Forbidden) {
			t.Errorf("an agent replays: %v", err)
		}
	})
}

func TestWhatNoRetryMendsFailsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/redirect":
				http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
			case "/gone":
				http.Error(w, "no_service", http.StatusNotFound)
			}
		})
		for name, want := range map[string]struct{ address, reason string }{
			"redirect": {f.URL + "/redirect", "redirect: 169.254.169.254"}, "gone": {f.URL + "/gone", "status: 404"},
			"metadata": {"http://169.254.169.254/latest/meta-data/iam", "denied: link-local"}, "private": {"https://10.0.0.1/x", "denied: private"}, "mapped": {"https://[::ffff:10.0.0.1]/x", "denied: private"},
		} {
			id := w.post(w.room(name, want.address), 0, "x")
			if again := w.run(id); again {
				t.Errorf("%s is tried again", name)
			}
			if m, _ := w.get(id); m.State != StateFailed || m.Error != want.reason {
				t.Errorf("%s: %s %q", name, m.State, m.Error)
			}
		}
		if n := len(f.requests()); n != 2 {
			t.Errorf("%d requests", n)
		}
		id := w.post(w.room("refused", nobodyListens(t)), 0, "x")
		if again := w.run(id); !again {
			t.Error("a far side that is away is given up")
		}
	})
}

func TestANodeThatEndsBetweenSendingAndNotingLetsAnotherSendAgainUnderTheSameID(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, crash := context.WithCancelCause(t.Context())
		f := farSide(t, func(n int, _ http.ResponseWriter, r *http.Request) {
			if n == 1 {
				crash(errStopped)
				<-r.Context().Done()
			}
		})
		c := w.room("#oncall", f.URL)
		id := w.post(c, 0, "x")
		if err := w.sendMessage(ctx, nil, sending{id}); err == nil {
			t.Fatal("it ended well")
		}
		m, attempts := w.get(id)
		if m.State != StateWaiting || len(attempts) != 1 || !attempts[0].EndedAt.IsZero() {
			t.Fatalf("%+v %+v", m, attempts)
		}
		if m := w.deliver(id, time.Hour); m.State != StateSent || m.Attempts != 2 {
			t.Errorf("%+v", m)
		}
		had := f.requests()
		if len(had) != 2 || had[0].Header.Get("Webhook-Id") != had[1].Header.Get("Webhook-Id") || had[0].Body != had[1].Body {
			t.Errorf("%+v", had)
		}
	})
}

func TestAChannelThatIsOffStopsItsQueueVisibly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, nil)
		c := w.room("#oncall", f.URL)
		waiting := w.post(c, 0, "x")
		off := func(active bool) Channel {
			now, err := w.ChangeChannel(w.System(), c.ID, 0, func(c *Channel) { c.Active = active })
			if err != nil {
				t.Fatal(err)
			}
			return now
		}
		off(false)
		later := w.post(c, 0, "y")
		for _, id := range []int64{waiting, later} {
			if w.run(id) {
				t.Error("its job goes on")
			}
			if m, _ := w.get(id); m.State != StateStopped || m.Error != reasonOff {
				t.Errorf("%+v", m)
			}
		}
		if _, err := w.Replay(w.System(), c.ID, 0); !apperr.Is(err, apperr.Conflict) {
			t.Errorf("it is sent although the channel is off: %v", err)
		}
		off(true)
		if n, err := w.Replay(w.System(), 0, waiting); err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		if m := w.deliver(waiting, time.Hour); m.State != StateSent || len(f.requests()) != 1 {
			t.Errorf("%+v", m)
		}
		third := w.post(c, 0, "z")
		if err := w.DeleteChannel(w.System(), c.ID, 0); err != nil {
			t.Fatal(err)
		}
		if m, _ := w.get(third); m.State != StateDropped || m.Error != reasonDeleted {
			t.Errorf("%+v", m)
		}
		if _, err := w.Channel(w.System(), c.ID); err != nil {
			t.Errorf("the log cannot name it: %v", err)
		}
		if kept, err := w.Service.channel(t.Context(), w.World.DB.Reader(), c.ID); err != nil || kept.Address != "" {
			t.Errorf("its secrets stay: %v", err)
		}
	})
}

func TestTheRateOfAChannelIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, nil)
		c := w.room("#oncall", f.URL, func(c *Channel) { c.Rate = 6 })
		var ids []int64
		for i := range 8 {
			ids = append(ids, w.post(c, 0, strconv.Itoa(i)))
		}
		at := w.Clock.Now()
		for _, id := range ids {
			w.run(id)
		}
		if n := len(f.requests()); n != burst {
			t.Errorf("%d went at once", n)
		}
		for _, id := range ids[burst:] {
			for w.run(id) {
				w.Clock.Advance(time.Second)
			}
		}
		if spent := w.Clock.Now().Sub(at); len(f.requests()) != 8 || spent < 25*time.Second || spent > 40*time.Second {
			t.Errorf("%d went within %s", len(f.requests()), spent)
		}
	})
}

// TestTwoNodesSendEachMessageOnceAndInOrder runs two queues on one database.
func TestTwoNodesSendEachMessageOnceAndInOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if w.World.DB.Engine() != database.PostgreSQL {
			return // SQLite serves one process
		}
		f := farSide(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n%7 == 0 {
				w.WriteHeader(http.StatusConflict) // fails at once
			}
		})
		other, err := database.Open(t.Context(), database.Options{URL: w.World.DB.URL(), MaxConns: 8})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		var queues []*jobs.Queue
		for i, db := range []*database.DB{w.World.DB, other} {
			name := fmt.Sprint("node ", i)
			q := jobs.New(db, jobs.Options{Node: name, Poll: 20 * time.Millisecond, Workers: 4})
			s := node(t, w.World, db, q, name, "127.0.0.0/8")
			s.Now = time.Now
			queues = append(queues, q)
		}
		rooms := []Channel{w.room("#one", f.URL+"/1"), w.room("#two", f.URL+"/2")}
		const each = 30
		for i := range each {
			for _, c := range rooms {
				w.post(c, 0, strconv.Itoa(i))
			}
		}
		for _, q := range queues {
			if err := q.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range 3000 {
			counts, err := w.Counts(w.System())
			if err != nil {
				t.Fatal(err)
			}
			if counts[rooms[0].ID].Waiting+counts[rooms[1].ID].Waiting == 0 {
				break
			}
			<-tick.C
		}
		for _, q := range queues {
			if err := q.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		seen, last := map[string]int{}, map[string]int64{}
		for _, r := range f.requests() {
			id := r.Header.Get("Webhook-Id")
			seen[id]++
			n, err := strconv.ParseInt(strings.TrimPrefix(id, "msg_"), 10, 64)
			if err != nil || n < last[r.Path] {
				t.Errorf("%s came after %d", id, last[r.Path])
			}
			last[r.Path] = n
		}
		if len(seen) != 2*each {
			t.Errorf("%d of %d messages came", len(seen), 2*each)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s came %d times", id, n)
			}
		}
	})
}

func TestWhatIsOverIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, func(n int, w http.ResponseWriter, _ *http.Request) {
			if n > 1 {
				w.WriteHeader(http.StatusBadRequest)
			}
		})
		c := w.room("#oncall", f.URL)
		sent, failed, waiting := w.post(c, 0, "1"), w.post(c, 0, "2"), w.post(c, 0, "3")
		w.run(sent)
		w.run(failed)
		left := func() (ids []int64) {
			t.Helper()
			if err := w.Prune(t.Context()); err != nil {
				t.Fatal(err)
			}
			all, err := w.Messages(w.System(), MessageQuery{})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range all {
				ids = append(ids, m.ID)
			}
			return ids
		}
		for _, step := range []struct {
			after time.Duration
			want  []int64
		}{{0, []int64{waiting, failed, sent}}, {KeepEnded + time.Hour, []int64{waiting, failed}}, {KeepFailed, []int64{waiting}}} {
			w.Clock.Advance(step.after)
			if got := left(); !slices.Equal(got, step.want) {
				t.Errorf("after %s there are %v, want %v", step.after, got, step.want)
			}
		}
	})
}

func TestDocumentsAreSignedAsStandardWebhooksSays(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		f := farSide(t, nil)
		key := make([]byte, 32)
		c := w.room("hook", f.URL, func(c *Channel) {
			c.Kind, c.Signing = JSON, signingBegin+base64.StdEncoding.EncodeToString(key)
		})
		tk := w.incident("VPN drops")
		id := w.post(c, tk.ID, "Time is up")
		if m := w.deliver(id, time.Hour); m.State != StateSent {
			t.Fatalf("%+v", m)
		}
		r := f.requests()[0]
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(r.Header.Get("Webhook-Id") + "." + r.Header.Get("Webhook-Timestamp") + "." + r.Body))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); r.Header.Get("Webhook-Signature") != want {
			t.Errorf("signed %s, want %s", r.Header.Get("Webhook-Signature"), want)
		}
		if at, err := strconv.ParseInt(r.Header.Get("Webhook-Timestamp"), 10, 64); err != nil || time.Unix(at, 0).Sub(w.Clock.Now()).Abs() > time.Minute {
			t.Errorf("at %s", r.Header.Get("Webhook-Timestamp"))
		}
		var d Document
		if err := json.Unmarshal([]byte(r.Body), &d); err != nil || d.ID != messageID(id) || d.Type != "steward.escalation" || len(d.Data.Lines) != 1 || d.Data.Lines[0].Ticket != tk.Number || d.Data.Lines[0].Facts["service"] != "Printing" {
			t.Errorf("%+v %v", d, err)
		}
		_, attempts := w.get(id)
		if strings.Contains(attempts[0].Request, r.Header.Get("Webhook-Signature")) {
			t.Error("the log holds the signature")
		}
	})
}

// TestTheSignatureIsThatOfTheSpecification uses the example of the Standard Webhooks libraries.
func TestTheSignatureIsThatOfTheSpecification(t *testing.T) {
	t.Parallel()
	key, err := signingKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	sign(h, key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got := h.Get("Webhook-Signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
}
