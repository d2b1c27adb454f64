package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Security is how a connection is protected.
type Security string

// How a connection is protected.
const (
	StartTLS      Security = ""              // STARTTLS, or nothing is sent
	TLS           Security = "tls"           // TLS from the first byte
	Opportunistic Security = "opportunistic" // STARTTLS if the server has it; passwords only then
	Plain         Security = "plain"         // none: for a server on this machine
)

// AuthMethod is how we say who we are.
type AuthMethod string

// How we say who we are.
const (
	NoAuth  AuthMethod = ""
	PLAIN   AuthMethod = "plain"
	LOGIN   AuthMethod = "login"
	XOAUTH2 AuthMethod = "xoauth2"
)

// Secret gives a password, or for XOAUTH2 an access token that is valid now. A
// context of Afresh asks for another token than the one before, which was refused.
type Secret func(ctx context.Context) (string, error)

type afreshKey struct{}

// Afresh asks a Secret for another token than the one before.
func Afresh(ctx context.Context) context.Context { return context.WithValue(ctx, afreshKey{}, true) }

// IsAfresh reports whether another token than the one before is asked for.
func IsAfresh(ctx context.Context) bool { return ctx.Value(afreshKey{}) != nil }

// SMTPServer is a server that takes our messages.
type SMTPServer struct {
	Addr      string // host:port
	Security  Security
	TLSConfig *tls.Config // nil trusts what this machine trusts
	Auth      AuthMethod
	User      string
	Secret    Secret
	Hello     string        // the name we greet with; "localhost"
	Timeout   time.Duration // for each message; 60 seconds
	Idle      time.Duration // how long a connection is kept for the next message; 30 seconds
	Conns     int           // connections at once; 2
}

// SendKind says what to do about a message that was not sent.
type SendKind string

// What to do about a message that was not sent.
const (
	Temporary SendKind = "temporary" // try again: the server is away, busy, or does not let us in
	Permanent SendKind = "permanent" // the server will never take this message
	Refused   SendKind = "refused"   // it was sent, but not to the recipients named
)

// SendError says why a message was not sent, or not to everybody.
type SendError struct {
	Kind    SendKind
	Stage   string // connect, tls, auth, sender, recipients, data
	Code    int    // of the server's answer, 0 if there was none
	Message string // the server's words
	Refused []RefusedRecipient
	Err     error
}

// RefusedRecipient is one whom the server does not take messages for.
type RefusedRecipient struct {
	Mail      string
	Code      int
	Message   string
	Temporary bool // it may do so later
}

// Error implements error.
func (e *SendError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "mail: %s failure at %s", e.Kind, e.Stage)
	if e.Message != "" {
		fmt.Fprintf(&b, ": %d %s", e.Code, e.Message)
	} else if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	for _, r := range e.Refused {
		fmt.Fprintf(&b, "; %s: %d %s", r.Mail, r.Code, r.Message)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Envelope says whom a message is really from and for.
type Envelope struct {
	From string // "" for what must never be answered, such as an automatic reply
	To   []string
}

// Sender hands messages to a server over connections that it keeps.
type Sender struct {
	server SMTPServer
	host   string
	slots  chan struct{}

	mu   sync.Mutex
	idle []*conn
	shut bool
}

type conn struct {
	net    net.Conn
	client *smtp.Client
	timer  *time.Timer
}

var dnsName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,250}[A-Za-z0-9])?$`)

// NewSender checks the settings; it does not connect yet.
func NewSender(server SMTPServer) (*Sender, error) {
	host, _, err := net.SplitHostPort(server.Addr)
	if err != nil {
		return nil, fmt.Errorf("mail: the server %q is not host:port: %w", server.Addr, err)
	}
	switch server.Security {
	case StartTLS, TLS, Opportunistic, Plain:
	default:
		return nil, fmt.Errorf("mail: %q is no way to protect a connection", server.Security)
	}
	switch server.Auth {
	case NoAuth:
	case PLAIN, LOGIN, XOAUTH2:
		if server.Secret == nil {
			return nil, errors.New("mail: signing in needs a secret")
		}
		if server.Security == Plain && !isLoopback(host) {
			return nil, errors.New("mail: a password is not sent over a connection that is not protected")
		}
	default:
		return nil, fmt.Errorf("mail: %q is no way to sign in", server.Auth)
	}
	if server.Hello == "" {
		server.Hello = "localhost"
	}
	if !dnsName.MatchString(server.Hello) {
		return nil, fmt.Errorf("mail: %q is no name to greet with", server.Hello)
	}
	if server.Timeout <= 0 {
		server.Timeout = time.Minute
	}
	if server.Idle <= 0 {
		server.Idle = 30 * time.Second
	}
	if server.Conns <= 0 {
		server.Conns = 2
	}
	return &Sender{server: server, host: host, slots: make(chan struct{}, server.Conns)}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send hands a message to the server for all its recipients. Any error is a
// *SendError. With Kind Refused the message went to everybody but those in
// Refused; sending it again to the others would send it twice.
func (s *Sender) Send(ctx context.Context, to Envelope, raw []byte) error {
	if to.From != "" && !ValidAddress(to.From) {
		return &SendError{Kind: Permanent, Stage: "sender", Err: fmt.Errorf("%q is no address", to.From)}
	}
	if len(to.To) == 0 {
		return &SendError{Kind: Permanent, Stage: "recipients", Err: errors.New("there is nobody to send to")}
	}
	for _, a := range to.To {
		if !ValidAddress(a) {
			return &SendError{Kind: Permanent, Stage: "recipients", Err: fmt.Errorf("%q is no address", a)}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, s.server.Timeout)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return &SendError{Kind: Temporary, Stage: "connect", Err: ctx.Err()}
	}
	c := s.reuse(ctx)
	if c == nil {
		var err *SendError
		c, err = s.connect(ctx)
		if err != nil && err.Stage == "auth" && err.Code != 0 && s.server.Auth == XOAUTH2 {
			c, err = s.connect(Afresh(ctx)) // a token can be taken back before it ends
		}
		if err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = c.net.Close() })
	err := s.transact(c, to, raw)
	if !stop() {
		_ = c.net.Close()
		if err == nil {
			return nil // it was over just in time
		}
		return err
	}
	if err == nil || err.Kind == Refused || err.Code != 0 && err.Code != 421 {
		s.keep(c)
	} else {
		_ = c.net.Close()
	}
	if err == nil {
		return nil
	}
	return err
}

// Close ends the connections that are kept.
func (s *Sender) Close() {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.shut = nil, true
	s.mu.Unlock()
	for _, c := range idle {
		c.timer.Stop()
		s.quit(c)
	}
}

func (s *Sender) quit(c *conn) {
	_ = c.net.SetDeadline(time.Now().Add(2 * time.Second)) // a server that is gone is no loss
	_ = c.client.Quit()
	_ = c.net.Close()
}

// reuse gives a kept connection that still answers, or nil.
func (s *Sender) reuse(ctx context.Context) *conn {
	for {
		s.mu.Lock()
		n := len(s.idle)
		if n == 0 {
			s.mu.Unlock()
			return nil
		}
		c := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		c.timer.Stop()
		s.deadline(ctx, c)
		if c.client.Reset() == nil {
			return c
		}
		_ = c.net.Close()
	}
}

func (s *Sender) deadline(ctx context.Context, c *conn) {
	at, ok := ctx.Deadline()
	if !ok {
		at = time.Now().Add(s.server.Timeout)
	}
	_ = c.net.SetDeadline(at) // fails only on a connection that fails anyway
}

func (s *Sender) keep(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		go s.quit(c)
		return
	}
	s.idle = append(s.idle, c)
	c.timer = time.AfterFunc(s.server.Idle, func() {
		s.mu.Lock()
		found := false
		for i, other := range s.idle {
			if other == c {
				s.idle = append(s.idle[:i], s.idle[i+1:]...)
				found = true
				break
			}
		}
		s.mu.Unlock()
		if found {
			s.quit(c)
		}
	})
}

func (s *Sender) tlsConfig() *tls.Config {
	config := &tls.Config{}
	if s.server.TLSConfig != nil {
		config = s.server.TLSConfig.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = s.host
	}
	if config.MinVersion < tls.VersionTLS12 {
		config.MinVersion = tls.VersionTLS12
	}
	return config
}

func (s *Sender) connect(ctx context.Context) (*conn, *SendError) {
	dialed, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.server.Addr)
	if err != nil {
		return nil, &SendError{Kind: Temporary, Stage: "connect", Err: err}
	}
	stop := context.AfterFunc(ctx, func() { _ = dialed.Close() })
	defer stop()
	c := &conn{net: dialed}
	s.deadline(ctx, c)
	fail := func(stage string, err error) (*conn, *SendError) {
		_ = dialed.Close()
		e := answer(stage, err)
		e.Kind = Temporary // whatever it is, the message is not at fault
		return nil, e
	}
	if s.server.Security == TLS {
		secured := tls.Client(dialed, s.tlsConfig())
		if err := secured.HandshakeContext(ctx); err != nil {
			return fail("tls", err)
		}
		c.net = secured
	}
	if c.client, err = smtp.NewClient(c.net, s.host); err != nil {
		return fail("connect", err)
	}
	if err := c.client.Hello(s.server.Hello); err != nil {
		return fail("connect", err)
	}
	secure := s.server.Security == TLS
	if s.server.Security == StartTLS || s.server.Security == Opportunistic {
		has, _ := c.client.Extension("STARTTLS")
		switch {
		case has:
			if err := c.client.StartTLS(s.tlsConfig()); err != nil {
				return fail("tls", err)
			}
			secure = true
		case s.server.Security == StartTLS:
			return fail("tls", errors.New("the server does not offer STARTTLS, and nothing is sent without it"))
		}
	}
	if s.server.Auth != NoAuth {
		if !secure && !isLoopback(s.host) {
			return fail("auth", errors.New("a password is not sent over a connection that is not protected"))
		}
		secret, err := s.server.Secret(ctx)
		if err != nil {
			return fail("auth", err)
		}
		var auth smtp.Auth
		switch s.server.Auth {
		case PLAIN:
			auth = smtp.PlainAuth("", s.server.User, secret, s.host, true)
		case LOGIN:
			auth = smtp.LoginAuth(s.server.User, secret, s.host, true)
		case XOAUTH2:
			auth = smtp.XOAuth2Auth(s.server.User, secret)
		}
		if err := c.client.Auth(auth); err != nil {
			return fail("auth", err)
		}
	}
	return c, nil
}

// transact sends one message over a connection.
func (s *Sender) transact(c *conn, to Envelope, raw []byte) *SendError {
	international := !isASCII(to.From + strings.Join(to.To, ""))
	if has, _ := c.client.Extension("SMTPUTF8"); international && !has {
		return &SendError{Kind: Permanent, Stage: "recipients", Code: 553, Message: "the server does not take addresses beyond ASCII"}
	}
	c.client.SkipSMTPUTF8(!international)
	if err := c.client.Mail(to.From); err != nil {
		return answer("sender", err)
	}
	var refused []RefusedRecipient
	for _, address := range to.To {
		err := c.client.Rcpt(address)
		if err == nil {
			continue
		}
		e := answer("recipients", err)
		if e.Code == 0 || e.Code == 421 {
			return e
		}
		refused = append(refused, RefusedRecipient{Mail: address, Code: e.Code, Message: e.Message, Temporary: e.Kind == Temporary})
	}
	if len(refused) == len(to.To) {
		e := &SendError{Kind: Permanent, Stage: "recipients", Code: refused[0].Code, Message: refused[0].Message, Refused: refused}
		for _, r := range refused {
			if r.Temporary {
				e.Kind = Temporary // nothing was sent, so all of it can be tried again
			}
		}
		return e
	}
	w, err := c.client.Data()
	if err != nil {
		return answer("data", err)
	}
	if _, err := w.Write(raw); err != nil {
		return answer("data", err)
	}
	if err := w.Close(); err != nil {
		return answer("data", err)
	}
	if len(refused) > 0 {
		return &SendError{Kind: Refused, Stage: "recipients", Code: refused[0].Code, Message: refused[0].Message, Refused: refused}
	}
	return nil
}

// answer makes an error of a server's answer, or of its absence.
func answer(stage string, err error) *SendError {
	e := &SendError{Kind: Temporary, Stage: stage, Err: err}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		e.Code, e.Message = reply.Code, reply.Msg
		if reply.Code >= 500 {
			e.Kind = Permanent
		}
	}
	return e
}
