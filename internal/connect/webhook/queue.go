package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/outbound"
)

// State says how far a message is.
type State string

// The states of a message.
const (
	StateWaiting State = "waiting"
	StateSent    State = "sent"
	StateFailed  State = "failed"  // for good; a person can send it again
	StateStopped State = "stopped" // its channel was switched off; a person can send it again
	StateDropped State = "dropped" // given up, or there was nobody left to tell
)

// States lists them.
func States() []State {
	return []State{StateWaiting, StateSent, StateFailed, StateStopped, StateDropped}
}

// Stored is a message as the queue keeps it.
type Stored struct {
	ID        int64
	ChannelID int64
	PersonID  int64 // 0 for a room
	TicketID  int64
	Kind      channel.Kind
	Content   content
	State     State
	Attempts  int // all of them
	Tries     int // since it was queued last
	Status    int // of the last answer; 0 for none
	Error     string
	CreatedAt time.Time
	QueuedAt  time.Time
	DueAt     time.Time // not before
	EndedAt   time.Time
}

// content is what a message tells. Of a room's the facts of the ticket are added when it
// is sent.
type content struct {
	Lines  []channel.Line `json:"lines"`
	Change string         `json:"change,omitempty"`
	URL    string         `json:"url,omitempty"`
}

// Attempt is one try, without secrets.
type Attempt struct {
	Number  int
	Node    string
	BeganAt time.Time
	EndedAt time.Time // zero: its node ended first, and the message may have arrived
	Status  int
	Request string
	Answer  string
	Error   string
}

type sending struct {
	Message int64 `json:"message"`
}

// The bounds of sending.
const (
	MaxTries      = 10
	MaxAge        = 24 * time.Hour // since it was queued
	maxRetryAfter = time.Hour
	burst         = 5 // messages that may go at once before the rate counts
)

// Reasons that are kept as the error of a message; shown by reasonText.
const (
	reasonOff      = "channel-off"
	reasonDeleted  = "channel-deleted"
	reasonNobody   = "nobody"
	reasonGaveUp   = "gave-up"
	reasonNoTarget = "no-target"
	reasonExpired  = "expired"
	reasonConfined = "confidential"
	reasonByHand   = "by-hand"
	reasonDenied   = "denied"
	reasonRedirect = "redirect"
	reasonStatus   = "status"
	reasonNetwork  = "network"
	reasonTimeout  = "timeout"
	reasonCertif   = "certificate"
	reasonWrong    = "wrong"
)

// pause is how long to wait after so many failed tries.
func pause(tries int) time.Duration {
	steps := []time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 10 * time.Minute, 15 * time.Minute, 15 * time.Minute}
	return steps[min(max(tries, 1), len(steps))-1]
}

// later runs the job again, now and then before there is something to do: a message that
// somebody gave up, or whose channel was switched off, frees those behind it soon.
func later(wait time.Duration) error { return jobs.Later(min(wait, 30*time.Second)) }

// Enqueue writes a message to a person, in the transaction of its cause. Nothing is
// written when the channel does not reach them, or when they had one of this Key.
func (s *Service) Enqueue(ctx context.Context, tx *database.Tx, m channel.Message) error {
	if len(m.Lines) == 0 || m.Kind == "" || m.Person == 0 {
		return apperr.New(apperr.Internal, "A message needs a kind, a person and something to tell.")
	}
	c, err := s.channel(ctx, tx, m.Channel)
	if apperr.Is(err, apperr.NotFound) || err == nil && (c.Deleted || !c.Active || !c.Personal) {
		return nil
	}
	if err != nil {
		return err
	}
	reached, err := s.reaches(ctx, tx, m.Channel, m.Person)
	if err != nil || !reached {
		return err
	}
	cause := ""
	if m.Key != "" {
		cause = fmt.Sprintf("%d:%s", m.Person, m.Key)
	}
	one := int64(0)
	if len(m.Lines) == 1 {
		one = m.Lines[0].Ticket
	}
	_, err = s.insert(ctx, tx, &Stored{
		ChannelID: m.Channel, PersonID: m.Person, TicketID: one, Kind: m.Kind, Content: content{Lines: m.Lines, Change: m.Change, URL: m.URL}, State: StateWaiting,
	}, cause)
	return err
}

// Post writes a post to rooms, in the transaction of its cause. What is for a room that is
// switched off is kept as stopped, so that somebody sees it.
func (s *Service) Post(ctx context.Context, tx *database.Tx, p channel.Post) error {
	found, err := s.byID(ctx, tx, p.Channels)
	if err != nil {
		return err
	}
	for _, id := range p.Channels {
		c, known := found[id]
		if !known || c.Deleted || c.Personal {
			continue
		}
		if err := s.postTo(ctx, tx, &c, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) postTo(ctx context.Context, tx *database.Tx, c *Channel, p channel.Post) error {
	reading := s.Reading(ctx, 0, c.Language)
	l := channel.Line{Ticket: p.Ticket, Text: p.Text(reading)}
	if p.Why != nil {
		l.Why = p.Why(reading)
	}
	m := &Stored{ChannelID: c.ID, TicketID: p.Ticket, Kind: p.Kind, Content: content{Lines: []channel.Line{l}}, State: StateWaiting}
	if !c.Active {
		m.State, m.Error = StateStopped, reasonOff
	}
	_, err := s.insert(ctx, tx, m, p.Key)
	return err
}

// insert writes a message and asks for it to be sent; false when there was one of this
// cause.
func (s *Service) insert(ctx context.Context, tx *database.Tx, m *Stored, cause string) (bool, error) {
	m.CreatedAt = s.now()
	m.QueuedAt, m.DueAt = m.CreatedAt, m.CreatedAt
	done, err := insertMessage(ctx, tx, m, cause)
	if err != nil || !done || m.State != StateWaiting {
		return done, err
	}
	return true, s.schedule(ctx, tx, m)
}

// schedule asks for a message to be sent. Those of a room go in their order; those of
// persons in the order of each, so that a telephone that is off keeps nobody else waiting.
func (s *Service) schedule(ctx context.Context, tx *database.Tx, m *Stored) error {
	key := fmt.Sprint("webhook:", m.ChannelID)
	if m.PersonID != 0 {
		key += fmt.Sprint(":", m.PersonID)
	}
	_, err := s.send.Enqueue(ctx, tx, sending{m.ID}, jobs.Key(key))
	return err
}

// sendMessage is the job. It runs at least once: a far side that took the message just
// before a crash gets it again under the same id.
func (s *Service) sendMessage(ctx context.Context, _ *jobs.Job, work sending) error {
	ctx = asSystem(ctx)
	m, err := s.message(ctx, s.DB.Reader(), work.Message)
	if apperr.Is(err, apperr.NotFound) {
		return nil
	}
	if err != nil || m.State != StateWaiting {
		return err
	}
	if wait := m.DueAt.Sub(s.now()); wait > 0 {
		return later(wait)
	}
	c, err := s.channel(ctx, s.DB.Reader(), m.ChannelID)
	if err != nil {
		return err
	}
	if c.Deleted || !c.Active {
		return s.end(ctx, &m, StateStopped, reasonOff)
	}
	words, to, reason, err := s.write(ctx, &c, &m)
	if err != nil {
		return err
	}
	if reason != "" {
		return s.end(ctx, &m, StateDropped, reason)
	}
	at := s.now()
	r, err := c.build(words, to.whole, at)
	if err != nil {
		return s.fail(ctx, &c, &m, reasonWrong+": "+err.Error())
	}
	wait, begun, err := s.begin(ctx, &c, &m, c.shownRequest(words.masked(to.code), to.shown, at))
	switch {
	case err != nil:
		return err
	case wait > 0:
		return later(wait)
	case !begun: // another node is at it, or somebody decided otherwise meanwhile
		return nil
	}
	a, err := s.client.Do(ctx, r.Method, r.URL, r.Header, r.Body)
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the node stops: another attempt follows
	}
	return s.note(ctx, &c, &m, to, a, err)
}

// outcome is what an attempt came to.
type outcome struct {
	state  State // sent, failed, or waiting for the next attempt
	reason string
	pause  time.Duration // the far side asked for so long; 0 when it did not
}

// judge decides what an answer means. What may work later is tried again: no answer, 408,
// 425, 429 and 5xx; everything else is for a person.
func judge(a outbound.Answer, err error, now time.Time) outcome {
	var denied *outbound.Denied
	switch {
	case errors.As(err, &denied):
		return outcome{state: StateFailed, reason: reasonDenied + ": " + denied.Why}
	case err != nil:
		return outcome{state: StateWaiting, reason: networkReason(err)}
	case a.Status >= 200 && a.Status < 300:
		return outcome{state: StateSent}
	case a.Status >= 300 && a.Status < 400:
		return outcome{state: StateFailed, reason: reasonRedirect + ": " + hostOf(a.Header.Get("Location"))}
	}
	o := outcome{state: StateFailed, reason: reasonStatus + ": " + strconv.Itoa(a.Status)}
	switch {
	case a.Status == http.StatusRequestTimeout, a.Status == http.StatusTooEarly, a.Status == http.StatusTooManyRequests, a.Status >= 500:
		o.state, o.pause = StateWaiting, retryAfter(a.Header, now)
	}
	return o
}

// hostOf is where a redirect would have led, without what may be secret in it.
func hostOf(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	return u.Host
}

// retryAfter reads how long the far side asks to wait (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	wait := time.Duration(0)
	if n, err := strconv.ParseFloat(v, 64); err == nil && n >= 0 {
		wait = time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(v); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

func networkReason(err error) string {
	var timeout net.Error
	var unknown *net.DNSError
	if errors.As(err, &unknown) {
		return reasonNetwork + ": " + unknown.Err
	}
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return reasonTimeout
	}
	inner := err
	var outer *url.Error // holds the address, which is a secret
	if errors.As(err, &outer) {
		inner = outer.Err
	}
	if strings.Contains(inner.Error(), "x509:") || strings.Contains(inner.Error(), "tls:") {
		return reasonCertif + ": " + inner.Error()
	}
	return reasonNetwork + ": " + inner.Error()
}

// cleanReason takes secrets out of what belongs to a reason.
func (c *Channel) cleanReason(reason string, more ...string) string {
	word, rest, found := strings.Cut(reason, ": ")
	if !found {
		return reason
	}
	return word + ": " + shorten(c.clean(rest, more...), 500)
}

// note keeps what an attempt came to, and asks for the next one.
func (s *Service) note(ctx context.Context, c *Channel, m *Stored, to target, a outbound.Answer, failed error) error {
	now := s.now()
	o := judge(a, failed, now)
	wait := pause(m.Tries)
	if o.pause > 0 {
		wait = o.pause
	}
	m.Status, m.Error = a.Status, c.cleanReason(o.reason, to.whole)
	gaveUp := o.state == StateWaiting && (m.Tries >= MaxTries || now.Add(wait).Sub(m.QueuedAt) > MaxAge)
	if gaveUp {
		o.state = StateFailed
		m.Error = reasonGaveUp + ": " + strconv.Itoa(m.Tries) + ": " + m.Error
	}
	m.State = o.state
	m.DueAt = now
	hold := time.Time{}
	if o.state == StateWaiting {
		m.DueAt = now.Add(wait)
		// Of what all messages share, the far side speaks for all.
		if o.pause > 0 && c.Reach != ByAddress {
			hold = m.DueAt
		}
	} else {
		m.EndedAt = now
	}
	answer := ""
	if failed == nil {
		answer = s.shownAnswer(c, a, to.whole, to.code)
	}
	if err := s.finish(ctx, m, answer, hold); err != nil {
		return err
	}
	switch m.State {
	case StateWaiting:
		return later(wait)
	case StateFailed:
		return s.sayFailed(ctx, c, m)
	case StateSent, StateStopped, StateDropped:
	}
	return nil
}

// shownAnswer is an answer as the log shows it.
func (s *Service) shownAnswer(c *Channel, a outbound.Answer, secrets ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", a.Status, http.StatusText(a.Status))
	for _, name := range []string{"Content-Type", "Retry-After", "Location"} {
		if v := a.Header.Get(name); v != "" {
			if name == "Location" {
				v = hostOf(v)
			}
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	if len(a.Body) > 0 {
		b.WriteString("\n" + string(a.Body))
	}
	if a.Cut {
		b.WriteString("…")
	}
	return shorten(c.clean(b.String(), secrets...), maxShownAnswer)
}

// fail ends a message that cannot be sent at all.
func (s *Service) fail(ctx context.Context, c *Channel, m *Stored, reason string) error {
	if err := s.end(ctx, m, StateFailed, c.cleanReason(reason)); err != nil {
		return err
	}
	return s.sayFailed(ctx, c, m)
}

// saysUntold is what this room writes on timelines; see tells.
const saysUntold = "webhook.untold"

// sayFailed tells those who work on the ticket that a room does not know of it.
func (s *Service) sayFailed(ctx context.Context, c *Channel, m *Stored) error {
	if m.TicketID == 0 || m.PersonID != 0 {
		return nil
	}
	_, err := s.Tickets.Act(asSystem(ctx), ticket.ByID(m.TicketID), access.View, func(a *ticket.Acting) error {
		a.Say(saysUntold, "", c.Name)
		return nil
	})
	if apperr.Is(err, apperr.NotFound) {
		return nil
	}
	return err
}
