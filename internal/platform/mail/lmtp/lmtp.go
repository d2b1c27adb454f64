// Package lmtp takes messages from a mail server, over LMTP (RFC 2033) or SMTP.
//
// A message is acknowledged only after the callback has stored it: until then the
// other server keeps it and tries again. An error of the callback puts the message
// off, unless it says that it will never do.
package lmtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Protocol is what is spoken.
type Protocol string

// What is spoken.
const (
	LMTP Protocol = "lmtp"
	SMTP Protocol = "smtp"
)

// Delivery is a message with its envelope.
type Delivery struct {
	From string // "" for the empty return path of bounces
	To   []string
	Raw  []byte
	Peer string // address of the server that brings it
}

// Rejection is an error of the callbacks that no later try will mend. Message goes
// to the other server and from there to who wrote.
type Rejection struct{ Message string }

// Error implements error.
func (r *Rejection) Error() string { return r.Message }

// Options are a listener's settings.
type Options struct {
	Protocol Protocol
	// Deliver stores a message durably. nil acknowledges it.
	Deliver func(ctx context.Context, d Delivery) error
	// Recipient says whether there is such a mailbox; nil takes all. A *Rejection
	// refuses the recipient, another error puts it off.
	Recipient func(ctx context.Context, address string) error
	TLS       *tls.Config   // offers STARTTLS
	Domain    string        // the name to greet with; "localhost"
	MaxSize   int64         // bytes of a message; 50 MB
	MaxTo     int           // recipients of a message; 100
	Conns     int           // connections at once; 50. More are told to come back
	Timeout   time.Duration // for each command, and for Deliver; 5 minutes
	Log       *slog.Logger
}

// Server is a listener.
type Server struct {
	options Options
	inner   *smtp.Server
	slots   chan struct{}
	ctx     context.Context
	cancel  context.CancelFunc
	mu      sync.Mutex
	closed  bool
}

// New makes one; Serve starts it.
func New(o Options) (*Server, error) {
	if o.Deliver == nil {
		return nil, errors.New("lmtp: somebody has to take the messages")
	}
	if o.Protocol != LMTP && o.Protocol != SMTP {
		return nil, fmt.Errorf("lmtp: %q is neither lmtp nor smtp", o.Protocol)
	}
	if o.Domain == "" {
		o.Domain = "localhost"
	}
	if o.MaxSize <= 0 {
		o.MaxSize = 50 << 20
	}
	if o.MaxTo <= 0 {
		o.MaxTo = 100
	}
	if o.Conns <= 0 {
		o.Conns = 50
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: o, slots: make(chan struct{}, o.Conns)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.inner = smtp.NewServer(smtp.BackendFunc(s.session))
	s.inner.LMTP = o.Protocol == LMTP
	s.inner.Domain = o.Domain
	s.inner.TLSConfig = o.TLS
	s.inner.MaxMessageBytes = o.MaxSize
	s.inner.MaxRecipients = o.MaxTo
	s.inner.MaxLineLength = longestLine
	s.inner.ReadTimeout, s.inner.WriteTimeout = o.Timeout, o.Timeout
	s.inner.EnableSMTPUTF8 = true
	s.inner.ErrorLog = slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn)
	return s, nil
}

// longestLine bounds a line, in bytes. The standard's are 998 (RFC 5321, 4.5.3.1.6), but
// programs write whole pages into one, and who wrote them is not to have them back.
const longestLine = 4 << 20

// Serve takes messages until Close or Shutdown; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	err := s.inner.Serve(l)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown takes no more connections and waits for those there are.
func (s *Server) Shutdown(ctx context.Context) error {
	s.shut()
	err := s.inner.Shutdown(ctx)
	s.cancel()
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends all connections at once. What was not acknowledged comes again.
func (s *Server) Close() {
	s.shut()
	s.cancel()
	_ = s.inner.Close() // the listener may be closed already
}

func (s *Server) shut() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	select {
	case s.slots <- struct{}{}:
	default:
		return nil, &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "too many connections, come back later"}
	}
	return &session{s: s, peer: c.Conn().RemoteAddr().String()}, nil
}

type session struct {
	s    *Server
	peer string
	from string
	to   []string
	once sync.Once
}

// Reset implements smtp.Session.
func (x *session) Reset() { x.from, x.to = "", nil }

// Logout implements smtp.Session.
func (x *session) Logout() error {
	x.once.Do(func() { <-x.s.slots })
	return nil
}

// Mail implements smtp.Session.
func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	x.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if x.s.options.Recipient != nil {
		ctx, cancel := context.WithTimeout(x.s.ctx, x.s.options.Timeout)
		defer cancel()
		if err := x.s.options.Recipient(ctx, to); err != nil {
			return x.s.reply(err, smtp.EnhancedCode{5, 1, 1}, "recipient")
		}
	}
	x.to = append(x.to, to)
	return nil
}

// Data implements smtp.Session.
func (x *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(io.LimitReader(r, x.s.options.MaxSize+1))
	if err != nil {
		return err // too large, or the connection broke: the library has the answer
	}
	if int64(len(raw)) > x.s.options.MaxSize {
		return smtp.ErrDataTooLarge
	}
	ctx, cancel := context.WithTimeout(x.s.ctx, x.s.options.Timeout)
	defer cancel()
	if err := x.deliver(ctx, Delivery{From: x.from, To: x.to, Raw: raw, Peer: x.peer}); err != nil {
		return x.s.reply(err, smtp.EnhancedCode{5, 6, 0}, "message")
	}
	return nil
}

// deliver keeps a panic of the callback from being taken for success.
func (x *session) deliver(ctx context.Context, d Delivery) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return x.s.options.Deliver(ctx, d)
}

// reply says what the other server may know: a rejection's message, and of other
// errors only that it should come back.
func (s *Server) reply(err error, code smtp.EnhancedCode, what string) error {
	var no *Rejection
	if errors.As(err, &no) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: code, Message: strings.Join(strings.Fields(no.Message), " ")}
	}
	s.options.Log.Warn("mail put off", "what", what, "error", err)
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "not now, try again later"}
}
