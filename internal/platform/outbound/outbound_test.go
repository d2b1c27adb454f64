package outbound_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/steward-itsm/steward/internal/platform/outbound"
)

func TestOnlyPublicAddressesAreReached(t *testing.T) {
	t.Parallel()
	p := outbound.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("fd12::/16")}}
	for address, want := range map[string]string{
		"93.184.216.34": "", "1.1.1.1": "", "172.32.0.1": "", "100.128.0.1": "", "2606:4700::1111": "", "2a00:1450::5": "",
		"10.20.3.4": "", "fd12::1": "", "::ffff:10.20.3.4": "",
		"127.0.0.1": "loopback", "127.200.0.1": "loopback", "::1": "loopback", "::ffff:127.0.0.1": "loopback",
		"10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private", "fc00::1": "private", "fd00:ec2::254": "private", "::ffff:192.168.0.1": "private",
		"169.254.169.254": "link-local", "169.254.170.2": "link-local", "fe80::1": "link-local", "fe80::1%eth0": "link-local", "::ffff:169.254.169.254": "link-local",
		"168.63.129.16": "cloud metadata", "192.0.0.192": "reserved",
		"100.64.0.1": "carrier-grade NAT", "100.127.255.255": "carrier-grade NAT", "100.100.100.200": "carrier-grade NAT",
		"0.0.0.0": "unspecified", "::": "unspecified", "0.1.2.3": "this network", "255.255.255.255": "reserved", "250.1.1.1": "reserved",
		"224.0.0.1": "multicast", "ff02::1": "multicast", "192.0.2.1": "documentation", "198.51.100.7": "documentation", "203.0.113.9": "documentation", "198.18.0.1": "benchmarking",
		"64:ff9b::7f00:1": "loopback", "64:ff9b::a9fe:a9fe": "link-local", "64:ff9b::a00:1": "private", "64:ff9b::a14:304": "", "64:ff9b::101:101": "", "64:ff9b:1::101:101": "local NAT64",
		"::7f00:1": "IPv4-compatible", "::ffff:0:7f00:1": "IPv4-translated", "2002:7f00:1::": "6to4", "2001:0:4136:e378::1": "protocol assignments", "2001:db8::1": "documentation", "fec0::1": "site-local", "3fff::1": "documentation",
	} {
		err := p.Check(netip.MustParseAddr(address))
		var denied *outbound.Denied
		switch {
		case want == "" && err != nil:
			t.Errorf("%s is denied: %v", address, err)
		case want != "" && (!errors.As(err, &denied) || denied.Why != want):
			t.Errorf("%s: %v, want %s", address, err, want)
		}
	}
	if (outbound.Policy{}).Check(netip.Addr{}) == nil {
		t.Error("no address at all is reached")
	}
}

func TestAddressesAreCheckedAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://hooks.example.org/services/T1/B2/x": true, "http://10.0.0.1:8080/": true, "https://[2606:4700::1]/x": true,
		"": false, "hooks.example.org/x": false, "ftp://example.org": false, "file:///etc/passwd": false, "gopher://example.org": false,
		"https://": false, "https:///x": false, "https://:443/": false, "https://user:pass@example.org/": false, "https:example.org": false, "https://exa mple.org/": false,
	} {
		if _, err := outbound.CheckURL(address); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// loopback allows what tests serve on.
var loopback = outbound.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}

func TestWhatIsServedInsideIsNotReached(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 100)
	far := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	t.Cleanup(far.Close)
	_, port, err := net.SplitHostPort(far.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := outbound.New(outbound.Options{})
	t.Cleanup(c.Close)
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1", "0", "[::]"} {
		for _, scheme := range []string{"http://", "https://"} {
			if _, err := c.Do(t.Context(), http.MethodPost, scheme+host+":"+port+"/inside", nil, []byte("x")); err == nil {
				t.Errorf("%s%s answers", scheme, host)
			}
		}
	}
	if len(asked) != 0 {
		t.Errorf("the far side was asked for %s", <-asked)
	}
}

func TestHTTPIsForNetworksThatAreAllowedByName(t *testing.T) {
	t.Parallel()
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(far.Close)
	c := outbound.New(outbound.Options{Policy: loopback})
	t.Cleanup(c.Close)
	a, err := c.Do(t.Context(), http.MethodPost, far.URL, nil, []byte("x"))
	if err != nil || a.Status != http.StatusNoContent {
		t.Fatalf("%+v %v", a, err)
	}
	var denied *outbound.Denied
	resolver := answering(t, "1.1.1.1")
	_, err = outbound.New(outbound.Options{Policy: loopback, Resolve: resolver}).Do(t.Context(), http.MethodPost, "http://public.example/", nil, nil)
	if !errors.As(err, &denied) || denied.Why != "http" {
		t.Errorf("http to a public address: %v", err)
	}
}

// answering is a resolver that gives the addresses in turn: what a name means changes
// from one question to the next.
func answering(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		asked := 0
		for buffer := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if m.Questions[0].Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
					Body:   &dnsmessage.AResource{A: netip.MustParseAddr(addresses[min(asked, len(addresses)-1)]).As4()},
				}}
				asked++
			}
			raw, err := m.Pack()
			if err == nil {
				_, err = conn.WriteTo(raw, from)
			}
			if err != nil {
				return
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

func TestANameThatMeansSomethingElseAMomentLaterGainsNothing(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	inside := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Host }))
	t.Cleanup(inside.Close)
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// A check before the request would see the public address; the connection gets ours.
	resolver := answering(t, "93.184.216.34", "127.0.0.1")
	if first, err := resolver.LookupNetIP(t.Context(), "ip4", "rebinding.example"); err != nil || (outbound.Policy{}).Check(first[0]) != nil {
		t.Fatalf("%v %v", first, err)
	}
	c := outbound.New(outbound.Options{Resolve: resolver, TLS: &tls.Config{InsecureSkipVerify: true}}) //nolint:gosec // the far side is this test's
	t.Cleanup(c.Close)
	_, err = c.Do(t.Context(), http.MethodPost, "https://rebinding.example:"+port+"/", nil, nil)
	var denied *outbound.Denied
	if !errors.As(err, &denied) || denied.Why != "loopback" {
		t.Errorf("%v", err)
	}
	if len(asked) != 0 {
		t.Error("it was reached")
	}
}

func TestACertificateThatIsNotTrustedIsRefused(t *testing.T) {
	t.Parallel()
	far := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	t.Cleanup(far.Close)
	if _, err := outbound.New(outbound.Options{Policy: loopback}).Do(t.Context(), http.MethodPost, far.URL, nil, nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v", err)
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(far.Certificate())
	c := outbound.New(outbound.Options{Policy: loopback, TLS: &tls.Config{RootCAs: trusted}})
	t.Cleanup(c.Close)
	if a, err := c.Do(t.Context(), http.MethodPost, far.URL, nil, []byte("{}")); err != nil || a.Status != http.StatusAccepted {
		t.Errorf("%+v %v", a, err)
	}
}

func TestRedirectsAreAnswers(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(far.Close)
	c := outbound.New(outbound.Options{Policy: loopback})
	t.Cleanup(c.Close)
	a, err := c.Do(t.Context(), http.MethodPost, far.URL+"/hook", nil, []byte("{}"))
	if err != nil || a.Status != http.StatusTemporaryRedirect || a.Header.Get("Location") == "" || len(asked) != 1 {
		t.Errorf("%+v %v", a, err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
			return
		}
		for range 100 {
			if _, err := w.Write([]byte(strings.Repeat("x", 10_000))); err != nil {
				return
			}
		}
	}))
	t.Cleanup(far.Close)
	c := outbound.New(outbound.Options{Policy: loopback, Timeout: 500 * time.Millisecond})
	t.Cleanup(c.Close)
	a, err := c.Do(t.Context(), http.MethodGet, far.URL+"/large", nil, nil)
	if err != nil || len(a.Body) != outbound.MaxAnswer || !a.Cut {
		t.Errorf("%d bytes, %v", len(a.Body), err)
	}
	if _, err := c.Do(t.Context(), http.MethodGet, far.URL+"/slow", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a slow answer: %v", err)
	}
	if _, err := c.Do(t.Context(), http.MethodPost, far.URL, nil, make([]byte, outbound.MaxBody+1)); err == nil {
		t.Error("a body of any size is sent")
	}
}
