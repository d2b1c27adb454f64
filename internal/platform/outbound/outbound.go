// Package outbound makes HTTP requests to addresses that people typed in, and keeps
// them from reaching what only this machine or its network may reach (server-side
// request forgery).
//
// The address that a name resolves to is checked where the connection is made, in the
// dialer's Control, after every resolution and right before connecting: a name that
// means something else a moment later gains nothing. Redirects are not followed, no
// proxy of the environment is used, and what is read of an answer is bounded.
//
// What the installation allows by name of its network may be reached although it is
// private, and there http is enough; everything else is public and https.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The bounds of one request.
const (
	DefaultTimeout = 15 * time.Second
	MaxBody        = 64 << 10 // bytes sent
	MaxAnswer      = 16 << 10 // bytes of an answer that are read
	maxHeader      = 64 << 10
)

// Policy says what may be reached.
type Policy struct {
	Allow []netip.Prefix // networks that may be reached although they are not public
}

// Denied says that an address may not be reached.
type Denied struct {
	Address netip.Addr // what a name resolved to; the zero value when the scheme was refused
	Why     string     // "private", "link-local", "http"
}

// Error is for logs.
func (e *Denied) Error() string {
	if !e.Address.IsValid() {
		return "outbound: denied: " + e.Why
	}
	return fmt.Sprintf("outbound: %s is denied: %s", e.Address, e.Why)
}

// network is a part of the address space that is not for the public.
type network struct {
	prefix netip.Prefix
	why    string
}

// The networks that are never public, beyond what netip knows (IANA's registries of
// special-purpose addresses, RFC 6890 and its updates), and those by which clouds tell
// machines their secrets.
var reserved = []network{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud metadata"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "local NAT64"},
	{netip.MustParsePrefix("100::/64"), "discard"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignments"}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("5f00::/16"), "segment routing"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// Check says whether an address may be reached; nil, or a *Denied. An IPv4 address
// within an IPv6 one (mapped, NAT64) is looked at as what it is.
func (p Policy) Check(a netip.Addr) error {
	a = a.WithZone("").Unmap()
	if p.allows(a) {
		return nil
	}
	if nat64.Contains(a) {
		b := a.As16()
		v4 := netip.AddrFrom4([4]byte(b[12:]))
		if p.allows(v4) {
			return nil
		}
		if err := (Policy{}).Check(v4); err != nil {
			return &Denied{Address: a, Why: err.(*Denied).Why} //nolint:errorlint // Check gives nothing else
		}
		return nil
	}
	deny := func(why string) error { return &Denied{Address: a, Why: why} }
	switch {
	case !a.IsValid():
		return deny("not an address")
	case a.IsUnspecified():
		return deny("unspecified")
	case a.IsLoopback():
		return deny("loopback")
	case a.IsPrivate(): // RFC 1918, and unique local IPv6
		return deny("private")
	case a.IsLinkLocalUnicast(): // cloud metadata among them
		return deny("link-local")
	case a.IsMulticast():
		return deny("multicast")
	}
	for _, n := range reserved {
		if n.prefix.Contains(a) {
			return deny(n.why)
		}
	}
	if !a.IsGlobalUnicast() {
		return deny("not public")
	}
	return nil
}

func (p Policy) allows(a netip.Addr) bool {
	return slices.ContainsFunc(p.Allow, func(n netip.Prefix) bool { return n.Contains(a) })
}

// CheckURL says whether an address as it was typed can be used at all; where it leads
// is checked when it is connected to. Errors are meant for logs.
func CheckURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("outbound: not an address")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("outbound: not http")
	case u.Host == "" || u.Hostname() == "" || u.User != nil || u.Opaque != "":
		return nil, errors.New("outbound: no host, or a name and a password in the address")
	}
	return u, nil
}

// Client makes requests within a policy. It is safe for concurrent use.
type Client struct {
	policy      Policy
	http, https *http.Client
	timeout     time.Duration
}

// Options of a client; the zero value is usable.
type Options struct {
	Policy  Policy
	TLS     *tls.Config   // nil trusts what this machine trusts
	Timeout time.Duration // of one request with its answer; 0 picks DefaultTimeout
	// Resolve takes the place of the system's resolver, for tests; nil is the system's.
	Resolve *net.Resolver
}

// New makes a client.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	c := &Client{policy: o.Policy, timeout: o.Timeout}
	made := func(control func(network, address string, _ syscall.RawConn) error) *http.Client {
		d := &net.Dialer{Timeout: o.Timeout, KeepAlive: 30 * time.Second, Control: control, Resolver: o.Resolve}
		return &http.Client{
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext: d.DialContext, TLSClientConfig: o.TLS.Clone(), TLSHandshakeTimeout: o.Timeout, ForceAttemptHTTP2: true, DisableCompression: true,
				MaxIdleConns: 32, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: maxHeader, ResponseHeaderTimeout: o.Timeout,
			},
		}
	}
	c.https, c.http = made(c.control(false)), made(c.control(true))
	return c
}

// control checks what is connected to. plain is without encryption, which only networks
// that are allowed by name get.
func (c *Client) control(plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return &Denied{Why: "not an address"}
		}
		if err := c.policy.Check(at.Addr()); err != nil {
			return err
		}
		if plain && !c.policy.allows(at.Addr().WithZone("").Unmap()) {
			return &Denied{Address: at.Addr(), Why: "http"}
		}
		return nil
	}
}

// Close ends connections that are kept.
func (c *Client) Close() {
	c.https.CloseIdleConnections()
	c.http.CloseIdleConnections()
}

// Answer is what the far side said, within bounds.
type Answer struct {
	Status  int
	Header  http.Header
	Body    []byte // the first MaxAnswer bytes
	Cut     bool   // there was more
	Took    time.Duration
	Partial error // why the rest of the body did not come; the status counts nevertheless
}

// Do sends a request and reads its answer. An answer of any status is no error; a
// redirect is an answer. It fails with a *Denied in the chain, or as the network does.
func (c *Client) Do(ctx context.Context, method, address string, header http.Header, body []byte) (Answer, error) {
	var a Answer
	u, err := CheckURL(address)
	if err != nil {
		return a, err
	}
	if len(body) > MaxBody {
		return a, fmt.Errorf("outbound: %d bytes are too many", len(body))
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(string(body)))
	if err != nil {
		return a, err
	}
	if len(body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	for k, v := range header {
		req.Header[k] = v
	}
	client := c.https
	if u.Scheme == "http" {
		client = c.http
	}
	began := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	a.Status, a.Header = res.StatusCode, res.Header
	a.Body, a.Partial = io.ReadAll(io.LimitReader(res.Body, MaxAnswer+1))
	if len(a.Body) > MaxAnswer {
		a.Body, a.Cut = a.Body[:MaxAnswer], true
	}
	a.Took = time.Since(began)
	return a, nil
}
