package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// ServerOptions says where a Server listens and how it ends.
type ServerOptions struct {
	Address        string // host:port; port 0 picks a free one
	Handler        http.Handler
	Logger         *slog.Logger
	CertFile       string        // PEM files; with both the server speaks TLS and HTTP/2
	KeyFile        string        // and takes up renewed ones by itself
	DrainDelay     time.Duration // from "not ready" to closing the door, for balancers to notice
	DrainTimeout   time.Duration // what running requests may still take; 0 is 20 s
	MaxHeaderBytes int           // 0 is 64 KiB
}

// Server listens and, when it is told to end, first says that it is not ready,
// then takes no new connection, ends the streams, and waits for what is running.
type Server struct {
	opts     ServerOptions
	draining atomic.Bool
	stop     chan struct{} // closed when streams shall end

	mu       sync.Mutex
	listener net.Listener
}

type shutdownKey struct{}

// NewServer prepares a Server; it listens from Listen or Run on.
func NewServer(o ServerOptions) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = 20 * time.Second
	}
	if o.MaxHeaderBytes == 0 {
		o.MaxHeaderBytes = 64 << 10
	}
	return &Server{opts: o, stop: make(chan struct{})}
}

// Draining reports whether the server is on its way down: readiness says no.
func (s *Server) Draining() bool { return s.draining.Load() }

// ShutdownSignal gives a channel that closes when a stream of this server shall
// end; nil, which never does, outside of one.
func ShutdownSignal(ctx context.Context) <-chan struct{} {
	stop, _ := ctx.Value(shutdownKey{}).(chan struct{})
	return stop
}

// Listen takes the address, so that a taken port is known before anything runs.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", s.opts.Address)
		if err != nil {
			return nil, apperr.Wrap(err, apperr.Unavailable, "The address %s cannot be listened on: is another program using it?", s.opts.Address)
		}
		s.listener = l
	}
	return s.listener.Addr(), nil
}

// Run serves until ctx is done, and then drains. It returns nil after a clean
// end, and an error when requests had to be cut off.
func (s *Server) Run(ctx context.Context) error {
	if _, err := s.Listen(ctx); err != nil {
		return err
	}
	hs := &http.Server{
		Handler:           s.opts.Handler,
		ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout:      time.Minute, // until the route sets its own; see Timeout
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    s.opts.MaxHeaderBytes,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), shutdownKey{}, s.stop)
		},
		ErrorLog: log.New(serverLog{s.opts.Logger}, "", 0),
	}
	served := make(chan error, 1)
	go func() { served <- s.serve(hs) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.opts.Logger.Info("shutting down: no longer ready", "delay", s.opts.DrainDelay)
	if s.opts.DrainDelay > 0 {
		<-time.After(s.opts.DrainDelay)
	}
	close(s.stop)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.opts.DrainTimeout)
	defer cancel()
	if err := hs.Shutdown(last); err != nil {
		return errors.Join(apperr.Wrap(err, apperr.Unavailable, "Some requests were cut off by the shutdown."), hs.Close())
	}
	s.opts.Logger.Info("shut down: every request was answered")
	return nil
}

// serverLog takes what net/http has to say. Clients that break off are no news;
// a panic that no Mux caught is.
type serverLog struct{ *slog.Logger }

// Write logs one message.
func (l serverLog) Write(p []byte) (int, error) {
	level := slog.LevelDebug
	if bytes.HasPrefix(p, []byte("http: panic")) {
		level = slog.LevelError
	}
	l.Log(context.Background(), level, string(bytes.TrimSpace(p)))
	return len(p), nil
}

func (s *Server) serve(hs *http.Server) error {
	var err error
	if s.opts.CertFile != "" {
		if hs.TLSConfig, err = TLS(s.opts.CertFile, s.opts.KeyFile); err != nil {
			return err
		}
		err = hs.ServeTLS(s.listener, "", "")
	} else {
		// Proxies may speak HTTP/2 to us without TLS: one connection for many streams.
		hs.Protocols = new(http.Protocols)
		hs.Protocols.SetHTTP1(true)
		hs.Protocols.SetUnencryptedHTTP2(true)
		err = hs.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// TLS serves with a certificate chain and its key, PEM files that are read again when
// they change. Invalid if they cannot be used.
func TLS(certFile, keyFile string) (*tls.Config, error) {
	certs := &certificates{certFile: certFile, keyFile: keyFile}
	if _, err := certs.get(nil); err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "The TLS certificate cannot be used.")
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certs.get}, nil
}

// certificates reads the files again when they change, because short-lived
// certificates are renewed while the server runs.
type certificates struct {
	certFile, keyFile string

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time // of the certificate file
}

func (c *certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certFile)
	if err == nil && c.current != nil && info.ModTime().Equal(c.changed) {
		return c.current, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.current, c.changed = &pair, info.ModTime()
		}
	}
	if c.current == nil {
		return nil, err
	}
	return c.current, nil // a renewal that is half written: the old one still serves
}
