package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
)

func TestShutdownFinishesRequestsAndEndsStreams(t *testing.T) {
	t.Parallel()
	m := newMux(t, web.Options{})
	var srv *web.Server
	entered, finish := make(chan struct{}), make(chan struct{})
	m.Handle("GET /slow", func(w http.ResponseWriter, _ *http.Request) error {
		close(entered)
		<-finish
		_, err := io.WriteString(w, "finished")
		return err
	})
	m.Handle("GET /live", func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": hello\n\n")
		if err := http.NewResponseController(w).Flush(); err != nil {
			return err
		}
		select {
		case <-web.ShutdownSignal(r.Context()):
			fmt.Fprint(w, ": bye\n\n")
			close(finish) // streams end while requests still run
			return nil
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}, web.Stream())
	srv = web.NewServer(web.ServerOptions{Address: "127.0.0.1:0", Handler: m, DrainTimeout: 20 * time.Second})
	addr, err := srv.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	base := "http://" + addr.String()

	live, err := http.Get(base + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	lines := bufio.NewReader(live.Body)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	slow := make(chan string, 1)
	go func() {
		res, err := http.Get(base + "/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		slow <- string(body)
	}()
	<-entered
	stop()
	if got := <-slow; got != "finished" {
		t.Errorf("the running request got %q", got)
	}
	rest, err := io.ReadAll(lines)
	if err != nil || !strings.Contains(string(rest), "bye") {
		t.Errorf("the stream ended with %q, %v", rest, err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if !srv.Draining() {
		t.Error("the server does not say that it is draining")
	}
}

func TestAPanicThatNobodyCaughtIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	srv := web.NewServer(web.ServerOptions{
		Address: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("outside") }),
	})
	addr, err := srv.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	if resp, err := http.Get("http://" + addr.String()); err == nil {
		resp.Body.Close()
		t.Errorf("answered with %s", resp.Status)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "level=ERROR") || !strings.Contains(text, "outside") {
		t.Errorf("the log: %s", text)
	}
}

func TestTakenAddressIsSaidInWords(t *testing.T) {
	t.Parallel()
	first := web.NewServer(web.ServerOptions{Address: "127.0.0.1:0"})
	addr, err := first.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- first.Run(ctx) }()
	second := web.NewServer(web.ServerOptions{Address: addr.String()})
	if err := second.Run(t.Context()); !apperr.Is(err, apperr.Unavailable) || !strings.Contains(apperr.Message(err).String(), addr.String()) {
		t.Errorf("got %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	srv := web.NewServer(web.ServerOptions{Address: "127.0.0.1:0", Handler: http.NotFoundHandler(), MaxHeaderBytes: 8 << 10})
	addr, err := srv.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx) }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 32<<10))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// writeCertificate makes a certificate for a name that signs itself, and writes it with
// its key.
func writeCertificate(t *testing.T, certFile, keyFile, name string, written time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "EC PRIVATE KEY", Bytes: raw}} {
		if err := errors.Join(os.WriteFile(file, pem.EncodeToMemory(block), 0o600), os.Chtimes(file, written, written)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	t.Parallel()
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	if _, err := web.TLS(certFile, keyFile); !apperr.Is(err, apperr.Invalid) {
		t.Errorf("no files: %v", err)
	}
	now := time.Now()
	writeCertificate(t, certFile, keyFile, "old.example", now.Add(-2*time.Minute))
	c, err := web.TLS(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	serves := func(when, name string) {
		t.Helper()
		cert, err := c.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		if leaf, err := x509.ParseCertificate(cert.Certificate[0]); err != nil || leaf.DNSNames[0] != name {
			t.Errorf("%s %v is served, want %s: %v", when, leaf.DNSNames, name, err)
		}
	}
	serves("at first", "old.example")
	if err := os.WriteFile(certFile, []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	serves("half written", "old.example")
	writeCertificate(t, certFile, keyFile, "new.example", now)
	serves("renewed", "new.example")
}
