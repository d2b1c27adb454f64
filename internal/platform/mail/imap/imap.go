// Package imap fetches messages from a mailbox of an IMAP server as they arrive.
//
// Watch keeps a connection, takes the messages behind a Position in the order of
// their UIDs, and gives each to a handler; only what the handler has taken is moved,
// marked or deleted. It waits with IDLE, or looks from time to time where the server
// has none, and comes back after any failure. A message can be given twice, so the
// handler must know what it has. What was handled and not marked, because the
// connection or the program ended in between or the server would not, is marked later.
package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/mail"
)

// Options are the settings of a mailbox.
type Options struct {
	Addr      string // host:port
	Security  mail.Security
	TLSConfig *tls.Config     // nil trusts what this machine trusts
	Auth      mail.AuthMethod // PLAIN or XOAUTH2
	User      string
	Secret    mail.Secret // asked anew for every connection
	Mailbox   string      // "INBOX"
	MaxSize   int64       // bytes; of a larger message only the header is fetched; 50 MB
	Timeout   time.Duration
	Idle      time.Duration // how long one IDLE lasts; 20 minutes, below the 29 of RFC 2177
	Poll      time.Duration // how often to look where there is no IDLE; 1 minute
	Retry     time.Duration // the first wait after a failure, doubled up to 5 minutes; 1 second
	NoIdle    bool          // look every Poll even if the server has IDLE
	Log       *slog.Logger
	// Changed is told when the mailbox is reached and when it is lost, or when messages
	// cannot be marked; nil tells nobody.
	Changed func(err error)
	// Again is what becomes of messages that were handled, but not marked then. Those
	// that are too large or flagged are left to people.
	Again Action
	// Marked is told when more is marked than the handler knows; nil tells nobody.
	Marked func(ctx context.Context, at Position) error
}

// ErrSignIn is of every failure in which the server, or the one that hands out
// tokens, does not let us in. No later try will, until somebody changes something.
var ErrSignIn = errors.New("the sign-in was refused")

// Position is how far a mailbox was read. It is kept by the handler, in the same
// transaction as the message. UIDs count only under their UIDValidity.
type Position struct {
	UIDValidity uint32
	UID         uint32 // the last one that was handled
	Marked      uint32 // of those that were handled, all up to this one are marked, moved or deleted
}

// Fetched is a message.
type Fetched struct {
	Position       // what to keep once it is handled
	Size     int64 // as the server says, which may guess
	Raw      []byte
	TooLarge bool      // Raw is the header alone
	Refused  string    // the server does not give the message out, and says this; Raw is nil
	Received time.Time // when the server got it
	Restart  bool      // the server numbered the mailbox anew: messages handled before may come again
}

// Action is what becomes of a message that was handled.
type Action struct {
	Seen   bool   // mark it read
	Flag   bool   // flag it for people to look at, where it is
	Move   string // to this mailbox, made if it is missing
	Delete bool
}

// Handler stores a message durably. After an error the message comes again, and
// none behind it does before.
type Handler func(ctx context.Context, m Fetched) (Action, error)

// Info is what Check found.
type Info struct {
	Messages    uint32
	UIDValidity uint32
	UIDNext     uint32
	Idle, Move  bool
}

func (o Options) withDefaults() (Options, error) {
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return o, fmt.Errorf("imap: the server %q is not host:port: %w", o.Addr, err)
	}
	if o.Secret == nil {
		return o, errors.New("imap: signing in needs a secret")
	}
	switch o.Auth {
	case mail.PLAIN, mail.LOGIN, mail.XOAUTH2:
	default:
		return o, fmt.Errorf("imap: %q is no way to sign in", o.Auth)
	}
	switch o.Security {
	case mail.TLS, mail.StartTLS:
	case mail.Plain:
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return o, errors.New("imap: a password is not sent over a connection that is not protected")
		}
	default:
		return o, fmt.Errorf("imap: %q is no way to protect a connection", o.Security)
	}
	config := &tls.Config{}
	if o.TLSConfig != nil {
		config = o.TLSConfig.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	o.TLSConfig = config
	if o.Mailbox == "" {
		o.Mailbox = "INBOX"
	}
	if o.MaxSize <= 0 {
		o.MaxSize = 50 << 20
	}
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&o.Timeout, time.Minute)
	set(&o.Idle, 20*time.Minute)
	set(&o.Poll, time.Minute)
	set(&o.Retry, time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func(error) {}
	}
	return o, nil
}

// Check connects, signs in and looks at the mailbox, for who enters its settings.
func Check(ctx context.Context, o Options) (Info, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Info{}, err
	}
	s, err := open(ctx, o)
	if err != nil {
		return Info{}, err
	}
	defer s.close()
	caps := s.client.Caps()
	return Info{
		Messages: s.selected.NumMessages, UIDValidity: s.selected.UIDValidity, UIDNext: uint32(s.selected.UIDNext), Idle: caps.Has(imap.CapIdle), Move: caps.Has(imap.CapMove),
	}, nil
}

// Watch gives every message behind from to the handler until the context ends,
// and those that arrive. It returns an error only for settings that cannot work.
func Watch(ctx context.Context, o Options, from Position, handle Handler) error {
	o, err := o.withDefaults()
	if err != nil {
		return err
	}
	w := &watch{o: o, at: from, handle: handle, wait: o.Retry, known: from.Marked, huge: map[imap.UID]bool{}, denied: map[imap.UID]int{}}
	for ctx.Err() == nil {
		err := w.connection(ctx)
		if ctx.Err() != nil {
			break
		}
		o.Log.Warn("mailbox lost", "server", o.Addr, "user", o.User, "mailbox", o.Mailbox, "error", err, "again_in", w.wait)
		o.Changed(err)
		timer := time.NewTimer(w.wait + rand.N(w.wait/4+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		w.wait = min(w.wait*2, 5*time.Minute)
	}
	return nil
}

type watch struct {
	o      Options
	at     Position
	handle Handler
	wait   time.Duration
	known  uint32 // how far the handler knows that messages are marked

	reached  bool // which was told
	unmarked bool // the server would not mark a message, and that was told
	huge     map[imap.UID]bool
	denied   map[imap.UID]int // how often the server would not give a message out
}

// connection works over one connection until it fails.
func (w *watch) connection(ctx context.Context) error {
	s, err := open(ctx, w.o)
	if err != nil {
		return err
	}
	defer s.close()
	restart := false
	if w.at.UIDValidity != s.selected.UIDValidity {
		restart = w.at.UIDValidity != 0
		w.at, w.known = Position{UIDValidity: s.selected.UIDValidity}, 0
		clear(w.huge)
		clear(w.denied)
	}
	w.reached, w.unmarked = false, false
	for {
		if err := w.mend(ctx, s); err != nil {
			return err
		}
		if err := w.round(ctx, s, restart); err != nil {
			return err
		}
		w.arrived()
		if err := w.tell(ctx); err != nil {
			return err
		}
		w.wait = w.o.Retry
		restart = false
		if err := w.pause(ctx, s); err != nil {
			return err
		}
	}
}

// arrived tells once that the mailbox is reached: when something came of it.
func (w *watch) arrived() {
	if !w.reached && !w.unmarked {
		w.reached = true
		w.o.Changed(nil)
	}
}

// mend marks what was handled and not marked. A server that would not stops nothing
// else.
func (w *watch) mend(ctx context.Context, s *session) error {
	if w.at.Marked >= w.at.UID || w.o.Again == (Action{}) {
		return nil
	}
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{{imap.UIDRange{Start: imap.UID(w.at.Marked) + 1, Stop: imap.UID(w.at.UID)}}}, NotFlag: []imap.Flag{imap.FlagDeleted, imap.FlagFlagged}, Smaller: w.o.MaxSize + 1}
	if w.o.Again.Move == "" && !w.o.Again.Delete {
		criteria.NotFlag = append(criteria.NotFlag, imap.FlagSeen)
	}
	var uids []imap.UID
	err := s.within(ctx, w.o.Timeout, func() error {
		found, err := s.client.UIDSearch(criteria, nil).Wait()
		if err == nil {
			uids = found.AllUIDs()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for messages that are not marked: %w", err)
	}
	for _, uid := range uids {
		if marked, err := w.mark(ctx, s, uid, w.o.Again); err != nil || !marked {
			return err
		}
	}
	w.at.Marked = w.at.UID
	if w.unmarked {
		w.unmarked = false
		w.o.Changed(nil)
	}
	return nil
}

// mark does with a message what was said; false when the server would not.
func (w *watch) mark(ctx context.Context, s *session, uid imap.UID, a Action) (bool, error) {
	err := s.within(ctx, w.o.Timeout, func() error { return s.act(uid, a) })
	if err == nil {
		return true, nil
	}
	err = fmt.Errorf("message %d was handled, but could not be marked: %w", uid, err)
	if refusal(err) == nil {
		return false, err
	}
	w.o.Log.Warn("message cannot be marked", "server", w.o.Addr, "user", w.o.User, "mailbox", w.o.Mailbox, "uid", uid, "error", err)
	if !w.unmarked {
		w.unmarked = true
		w.o.Changed(err)
	}
	return false, nil
}

// refusal is the server's own no, after which the connection goes on; nil for any
// other error, and for none.
func refusal(err error) *imap.Error {
	var no *imap.Error
	if errors.As(err, &no) && no.Type == imap.StatusResponseTypeNo {
		return no
	}
	return nil
}

// answered reports whether an error is what the server said.
func answered(err error) bool {
	var said *imap.Error
	return errors.As(err, &said)
}

// tell says how far messages are marked, if nobody knows yet.
func (w *watch) tell(ctx context.Context) error {
	if w.o.Marked == nil || w.known >= w.at.Marked {
		return nil
	}
	if err := w.o.Marked(ctx, w.at); err != nil {
		return fmt.Errorf("keep how far messages are marked: %w", err)
	}
	w.known = w.at.Marked
	return nil
}

// batch is how many messages are asked for at once.
const batch = 50

// round takes all messages behind the position.
func (w *watch) round(ctx context.Context, s *session, restart bool) error {
	var uids []imap.UID
	err := s.within(ctx, w.o.Timeout, func() error {
		found, err := s.client.UIDSearch(&imap.SearchCriteria{
			UID: []imap.UIDSet{{imap.UIDRange{Start: imap.UID(w.at.UID) + 1, Stop: 0}}}, NotFlag: []imap.Flag{imap.FlagDeleted},
		}, nil).Wait()
		if err == nil {
			uids = found.AllUIDs()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look for messages: %w", err)
	}
	// "n:*" names the last message even if it is before n.
	uids = slices.DeleteFunc(uids, func(u imap.UID) bool { return uint32(u) <= w.at.UID })
	slices.Sort(uids)
	for chunk := range slices.Chunk(uids, batch) {
		sizes, err := s.sizes(ctx, w.o.Timeout, chunk)
		if err != nil {
			return fmt.Errorf("look at messages: %w", err)
		}
		for _, uid := range chunk {
			known, ok := sizes[uid]
			if !ok {
				continue // somebody deleted it meanwhile
			}
			known.Position = Position{s.selected.UIDValidity, uint32(uid), w.at.Marked}
			known.Restart = restart
			if err := w.one(ctx, s, uid, known); err != nil {
				return err
			}
		}
	}
	return nil
}

// denials is how often a message is asked for that the server does not give out.
const denials = 3

func (w *watch) one(ctx context.Context, s *session, uid imap.UID, m Fetched) error {
	m.TooLarge = m.Size > w.o.MaxSize || w.huge[uid]
	raw, found, err := s.body(ctx, w.o, uid, m.TooLarge)
	if errors.Is(err, errTooMuch) {
		w.huge[uid] = true // the next connection asks for its header alone
	}
	if no := refusal(err); no != nil {
		if w.denied[uid]++; w.denied[uid] < denials {
			return fmt.Errorf("fetch message %d: %w", uid, err)
		}
		m.Refused, found, err = no.Error(), true, nil
	}
	if err != nil {
		return fmt.Errorf("fetch message %d: %w", uid, err)
	}
	if !found {
		return nil
	}
	m.Raw = raw
	action, err := w.handle(ctx, m)
	if err != nil {
		return fmt.Errorf("handle message %d: %w", uid, err)
	}
	whole := w.at.Marked == w.at.UID // nothing before it is left to mark
	w.at.UID, w.known = uint32(uid), m.Marked
	w.arrived()
	marked, err := w.mark(ctx, s, uid, action)
	if marked && whole {
		w.at.Marked = w.at.UID
	}
	return err
}

// pause waits for something new.
func (w *watch) pause(ctx context.Context, s *session) error {
	idles := s.client.Caps().Has(imap.CapIdle) && !w.o.NoIdle
	wait := w.o.Poll
	var idle *imapclient.IdleCommand
	if idles {
		wait = w.o.Idle
		err := s.within(ctx, w.o.Timeout, func() (err error) {
			idle, err = s.client.Idle()
			return err
		})
		if err != nil {
			return fmt.Errorf("wait for messages: %w", err)
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.news:
	case <-s.client.Closed():
		return errors.New("the server ended the connection")
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.within(ctx, w.o.Timeout, func() error {
		if idle == nil {
			return s.client.Noop().Wait()
		}
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
}

// session is a connection with the mailbox open.
type session struct {
	client   *imapclient.Client
	selected *imap.SelectData
	news     chan struct{}
}

func (s *session) close() { _ = s.client.Close() }

// within ends the connection if f does not end in time.
func (s *session) within(ctx context.Context, timeout time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, s.close)
	err := f()
	if !stop() && err != nil {
		return context.Cause(ctx)
	}
	return err
}

func open(ctx context.Context, o Options) (*session, error) {
	s := &session{news: make(chan struct{}, 1)}
	options := &imapclient.Options{
		TLSConfig: o.TLSConfig,
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				select {
				case s.news <- struct{}{}:
				default:
				}
			}
		}},
	}
	dialing, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(dialing, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	stop := context.AfterFunc(dialing, func() { _ = conn.Close() })
	switch o.Security {
	case mail.TLS:
		secured := tls.Client(conn, o.TLSConfig)
		if err = secured.HandshakeContext(dialing); err == nil {
			s.client = imapclient.New(secured, options)
		}
	case mail.StartTLS:
		s.client, err = imapclient.NewStartTLS(conn, options)
	default:
		s.client = imapclient.New(conn, options)
	}
	if err == nil {
		err = s.client.WaitGreeting()
	}
	stop()
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := s.within(ctx, o.Timeout, func() error { return s.signIn(ctx, o) }); err != nil {
		s.close()
		if answered(err) || apperr.Is(err, apperr.Unauthenticated) {
			err = fmt.Errorf("%w: %w", ErrSignIn, err)
		}
		return nil, fmt.Errorf("sign in: %w", err)
	}
	err = s.within(ctx, o.Timeout, func() (err error) {
		s.selected, err = s.client.Select(o.Mailbox, nil).Wait()
		return err
	})
	if err != nil {
		s.close()
		return nil, fmt.Errorf("open the mailbox %s: %w", o.Mailbox, err)
	}
	return s, nil
}

func (s *session) signIn(ctx context.Context, o Options) error {
	secret, err := o.Secret(ctx)
	if err != nil {
		return err
	}
	if o.Auth != mail.XOAUTH2 {
		return s.client.Login(o.User, secret).Wait()
	}
	err = s.bear(o.User, secret)
	if !answered(err) {
		return err
	}
	// A token can be taken back before it ends.
	fresh, other := o.Secret(mail.Afresh(ctx))
	if other != nil || fresh == secret {
		return errors.Join(err, other)
	}
	return s.bear(o.User, fresh)
}

// bear signs in with an access token, by the mechanism that the server has: the
// one of Google and Microsoft, or the standard's (RFC 7628).
func (s *session) bear(user, token string) error {
	if caps := s.client.Caps(); caps.Has(imap.AuthCap("OAUTHBEARER")) && !caps.Has(imap.AuthCap("XOAUTH2")) {
		return s.client.Authenticate(&bearer{mech: "OAUTHBEARER", first: "n,a=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(user) + ",", token: token})
	}
	return s.client.Authenticate(&bearer{mech: "XOAUTH2", first: "user=" + user, token: token})
}

// bearer signs in with a token.
type bearer struct{ mech, first, token string }

// Start implements sasl.Client.
func (b *bearer) Start() (mech string, ir []byte, err error) {
	return b.mech, []byte(b.first + "\x01auth=Bearer " + b.token + "\x01\x01"), nil
}

// Next implements sasl.Client: the server explains a refusal, and waits for an answer
// to refuse. An empty one cannot be sent here; this is RFC 7628's, and does for both.
func (b *bearer) Next([]byte) ([]byte, error) { return []byte{1}, nil }

// sizes asks what messages there are.
func (s *session) sizes(ctx context.Context, timeout time.Duration, uids []imap.UID) (map[imap.UID]Fetched, error) {
	out := map[imap.UID]Fetched{}
	err := s.within(ctx, timeout, func() error {
		all, err := s.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
		for _, m := range all {
			out[m.UID] = Fetched{Size: m.RFC822Size, Received: m.InternalDate}
		}
		return err
	})
	return out, err
}

var errTooMuch = errors.New("the server sent more than it said")

// body fetches a message, or its header; false if it is gone.
func (s *session) body(ctx context.Context, o Options, uid imap.UID, headerOnly bool) (raw []byte, found bool, err error) {
	section := &imap.FetchItemBodySection{Peek: true}
	if headerOnly {
		section.Specifier = imap.PartSpecifierHeader
	}
	err = s.within(ctx, o.Timeout, func() error {
		cmd := s.client.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			for item := m.Next(); item != nil; item = m.Next() {
				data, ok := item.(imapclient.FetchItemDataBodySection)
				if !ok || data.Literal == nil {
					continue
				}
				// A server may say one size and send another.
				if raw, err = io.ReadAll(io.LimitReader(data.Literal, o.MaxSize+1)); err != nil {
					return err
				}
				if int64(len(raw)) > o.MaxSize {
					s.close()
					return fmt.Errorf("%w: more than %d bytes", errTooMuch, o.MaxSize)
				}
				found = true
			}
		}
		return cmd.Close()
	})
	return raw, found, err
}

// act does with a handled message what the handler said.
func (s *session) act(uid imap.UID, a Action) error {
	set := imap.UIDSetNum(uid)
	store := func(flag imap.Flag) error {
		return s.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
	}
	if a.Seen {
		if err := store(imap.FlagSeen); err != nil {
			return err
		}
	}
	if a.Flag {
		if err := store(imap.FlagFlagged); err != nil {
			return err
		}
	}
	if a.Move != "" {
		_, err := s.client.Move(set, a.Move).Wait()
		var no *imap.Error
		if errors.As(err, &no) && (no.Code == imap.ResponseCodeTryCreate || no.Code == imap.ResponseCodeNonExistent) {
			if err := s.client.Create(a.Move, nil).Wait(); err != nil {
				return err
			}
			_, err = s.client.Move(set, a.Move).Wait()
		}
		return err
	}
	if a.Delete {
		if err := store(imap.FlagDeleted); err != nil {
			return err
		}
		// Without UIDPLUS it stays marked: EXPUNGE would also take what others marked.
		if s.client.Caps().Has(imap.CapUIDPlus) || s.client.Caps().Has(imap.CapIMAP4rev2) {
			return s.client.UIDExpunge(set).Close()
		}
	}
	return nil
}
