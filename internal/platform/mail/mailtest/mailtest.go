// Package mailtest starts real mail servers for tests: Dovecot, which keeps
// mailboxes (IMAP) and takes mail for them (LMTP), and Exim, which takes mail
// (SMTP) and hands it on. Each runs in a folder of its own, as a user without
// rights, and ends with its test. A server that is not installed fails the test.
package mailtest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Who may sign in at both servers. XOAUTH2 takes Token for any user.
const (
	Password = "a-secret"
	Token    = "ya29.a-token"
)

// server is a process with its folder.
type server struct {
	dir  string
	who  *syscall.Credential
	user string
	cert *x509.CertPool
}

// newServer makes a folder that the user of the servers can write to.
func newServer(t testing.TB, account string) *server {
	t.Helper()
	// Not the test's own folder: sockets have short names, and others may not look into it.
	dir, err := os.MkdirTemp("", "mail")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("mailtest: %v", err)
		}
	})
	s := &server{dir: dir}
	s.findUser(t, account)
	s.certificate(t)
	return s
}

func (s *server) findUser(t testing.TB, account string) {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	s.user = me.Username
	if os.Getuid() != 0 {
		return
	}
	found, err := user.Lookup(account)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	s.user, s.who = found.Username, &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	s.own(t, s.dir)
}

func (s *server) own(t testing.TB, path string) {
	t.Helper()
	if s.who == nil {
		return
	}
	if err := os.Chown(path, int(s.who.Uid), int(s.who.Gid)); err != nil {
		t.Fatal(err)
	}
}

func (s *server) ids() (uid, gid int) {
	if s.who != nil {
		return int(s.who.Uid), int(s.who.Gid)
	}
	return os.Getuid(), os.Getgid()
}

func (s *server) group(t testing.TB) string {
	t.Helper()
	_, gid := s.ids()
	g, err := user.LookupGroupId(strconv.Itoa(gid))
	if err != nil {
		t.Fatal(err)
	}
	return g.Name
}

func (s *server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *server) write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.own(t, s.path(name))
	return s.path(name)
}

func (s *server) mkdir(t testing.TB, name string) string {
	t.Helper()
	if err := os.Mkdir(s.path(name), 0o700); err != nil {
		t.Fatal(err)
	}
	s.own(t, s.path(name))
	return s.path(name)
}

// certificate makes a key and a certificate for localhost.
func (s *server) certificate(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.write(t, "cert.pem", string(public))
	s.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	s.cert = x509.NewCertPool()
	s.cert.AppendCertsFromPEM(public)
}

// TLS trusts the server's certificate.
func (s *server) TLS() *tls.Config {
	return &tls.Config{RootCAs: s.cert, ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

// program finds a program, also where only root looks.
func program(t testing.TB, name, pkg string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name)
		}
	}
	t.Fatalf("%s is not installed; install the package %s", name, pkg)
	return ""
}

// run starts a server in the foreground and waits until its ports answer.
func (s *server) run(t testing.TB, logs []string, ports []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=UTC", "HOME=" + s.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.who, Setpgid: true}
	out, err := os.Create(s.path("out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed in the end
		close(ended)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", name, s.said(logs))
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, port := range ports {
		await(t, ctx, port, ended, func() string { return s.said(logs) })
	}
	return cmd
}

func (s *server) said(logs []string) string {
	var b bytes.Buffer
	for _, name := range append(logs, "out") {
		text, err := os.ReadFile(s.path(name))
		if err == nil {
			b.Write(text)
		}
	}
	return b.String()
}

// await waits until an address answers.
func await(t testing.TB, ctx context.Context, addr string, ended <-chan struct{}, said func() string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err == nil {
			_ = c.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatalf("the server ended: %s", said())
		case <-ctx.Done():
			t.Fatalf("the server does not answer at %s: %s", addr, said())
		}
	}
}

// port finds one that is free, below those that the system gives to connections: between
// finding it and the server's listening nobody else is given it.
func port(t testing.TB) string {
	t.Helper()
	const first, last, tries = 20_000, 32_000, 100
	for range tries {
		p := strconv.Itoa(first + mrand.IntN(last-first))
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", p))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return p
	}
	t.Fatal("no port is free")
	return ""
}

// DovecotServer keeps mailboxes for any user, who signs in with Password or Token.
type DovecotServer struct {
	*server
	IMAP  string // address, with STARTTLS
	IMAPS string // address, with TLS
	LMTP  string // address
	exe   string
}

// DovecotOptions change how Dovecot lets people in.
type DovecotOptions struct {
	// Whose says to whom an access token belongs, "" for nobody; nil knows Token of
	// oauth@itsm.example.
	Whose func(token string) string
	// Mechanism takes tokens: "xoauth2" or "oauthbearer"; "" is the first.
	Mechanism string
}

// Dovecot starts one.
func Dovecot(t testing.TB) *DovecotServer {
	t.Helper()
	return DovecotWith(t, DovecotOptions{})
}

// DovecotWith starts one with options.
func DovecotWith(t testing.TB, o DovecotOptions) *DovecotServer {
	t.Helper()
	if o.Mechanism == "" {
		o.Mechanism = "xoauth2"
	}
	if o.Whose == nil {
		o.Whose = func(token string) string {
			if token == Token {
				return "oauth@itsm.example"
			}
			return ""
		}
	}
	s := newServer(t, "nobody")
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		who := o.Whose(r.URL.Query().Get("access_token"))
		if who == "" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_token"}`)
			return
		}
		fmt.Fprintf(w, `{"active":true,"email":%q,"username":%q}`, who, who)
	}))
	t.Cleanup(tokens.Close)
	uid, gid := s.ids()
	imap, imaps, lmtp := port(t), port(t), port(t)
	s.mkdir(t, "run")
	s.mkdir(t, "state")
	s.mkdir(t, "home")
	s.write(t, "oauth.conf", "tokeninfo_url = "+tokens.URL+"/?access_token=\nusername_attribute = username\nintrospection_mode = auth\nactive_attribute = active\nactive_value = true\n")
	config := s.write(t, "dovecot.conf", strings.NewReplacer(
		"DIR", s.dir, "USER", s.user, "GROUP", s.group(t), "UID", strconv.Itoa(uid), "GID", strconv.Itoa(gid), "PORT1", imap, "PORT2", imaps, "PORT3", lmtp, "MECHANISM", o.Mechanism,
	).Replace(`
base_dir = DIR/run
state_dir = DIR/state
log_path = DIR/log
protocols = imap lmtp
default_internal_user = USER
default_internal_group = GROUP
default_login_user = USER
first_valid_uid = 1
ssl = yes
ssl_cert = <DIR/cert.pem
ssl_key = <DIR/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login MECHANISM
auth_failure_delay = 0
mail_location = maildir:DIR/home/%u/mail
lda_mailbox_autocreate = yes
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
postmaster_address = postmaster@itsm.example
hostname = localhost
passdb {
  driver = oauth2
  mechanisms = MECHANISM
  args = DIR/oauth.conf
}
passdb {
  driver = static
  mechanisms = plain login
  args = password=`+Password+`
}
userdb {
  driver = static
  args = uid=UID gid=GID home=DIR/home/%u allow_all_users=yes
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = PORT1
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = PORT2
    ssl = yes
  }
}
service lmtp {
  chroot =
  inet_listener lmtp {
    address = 127.0.0.1
    port = PORT3
  }
}
service stats {
  chroot =
}
protocol imap {
  imap_idle_notify_interval = 1 mins
}
`))
	d := &DovecotServer{server: s, IMAP: "127.0.0.1:" + imap, IMAPS: "127.0.0.1:" + imaps, LMTP: "127.0.0.1:" + lmtp, exe: program(t, "dovecot", "dovecot-imapd")}
	s.run(t, []string{"log"}, []string{d.IMAP, d.IMAPS, d.LMTP}, d.exe, "-F", "-c", config)
	return d
}

// Kick ends the connections of all users, as a restart would; the server goes on.
func (d *DovecotServer) Kick(t testing.TB) {
	t.Helper()
	if out, err := d.doveadm("kick", "*"); err != nil && !strings.Contains(out, "no users kicked") { // they may just be between two connections
		t.Fatalf("doveadm kick: %v: %s", err, out)
	}
}

func (d *DovecotServer) doveadm(args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(filepath.Dir(d.exe), "../bin/doveadm"), append([]string{"-c", d.path("dovecot.conf")}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: d.who}
	cmd.Dir = d.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Count gives how many messages of a user lie in a mailbox, and how many of them
// nobody has marked as read.
func (d *DovecotServer) Count(t testing.TB, user, mailbox string) (all, unseen int) {
	t.Helper()
	out, err := d.doveadm("-f", "flow", "mailbox", "status", "-u", user, "messages unseen", mailbox)
	if strings.Contains(out, "Mailbox doesn't exist") {
		return 0, 0
	}
	if err != nil {
		t.Fatalf("doveadm mailbox status: %v: %s", err, out)
	}
	for word := range strings.FieldsSeq(out) {
		key, value, _ := strings.Cut(word, "=")
		n, _ := strconv.Atoi(value) // other words are no numbers
		switch key {
		case "messages":
			all = n
		case "unseen":
			unseen = n
		}
	}
	return all, unseen
}

// EximServer takes mail. It refuses the local part "unknown", puts off "later",
// and lets in who signs in with Password or Token.
type EximServer struct {
	*server
	SMTP  string // address, with STARTTLS
	SMTPS string // address, with TLS
	// Bare is an address without STARTTLS.
	Bare string
}

// Exim starts one that hands all mail on to a server of LMTP.
func Exim(t testing.TB, lmtp string) *EximServer {
	t.Helper()
	s := newServer(t, "Debian-exim") // the only one besides root that Exim listens for
	s.mkdir(t, "spool")
	s.mkdir(t, "log")
	smtp, smtps, bare := port(t), port(t), port(t)
	_, lmtpPort, err := net.SplitHostPort(lmtp)
	if err != nil {
		t.Fatal(err)
	}
	config := s.write(t, "exim.conf", strings.NewReplacer("DIR", s.dir, "PORT1", smtp, "PORT2", smtps, "PORT3", bare, "PORT4", lmtpPort).Replace(`
primary_hostname = localhost
spool_directory = DIR/spool
log_file_path = DIR/log/%s
pid_file_path = DIR/pid
keep_environment =
local_interfaces = <; 127.0.0.1.PORT1 ; 127.0.0.1.PORT2 ; 127.0.0.1.PORT3
tls_on_connect_ports = PORT2
tls_advertise_hosts = ${if eq{$received_port}{PORT3}{}{*}}
tls_certificate = DIR/cert.pem
tls_privatekey = DIR/key.pem
deliver_drop_privilege = true
smtputf8_advertise_hosts =
message_size_limit = 200K
smtp_accept_max = 40
smtp_accept_max_per_host = 40
smtp_accept_queue_per_connection = 0
acl_smtp_rcpt = check
acl_smtp_data = check_data
begin acl
check:
  deny message = no such user
       local_parts = unknown
  defer message = try again later
       local_parts = later
  accept
check_data:
  deny message = this looks like spam
       condition = ${if match{$h_subject:}{SPAM}}
  accept
begin routers
all:
  driver = manualroute
  transport = handover
  route_list = * 127.0.0.1
  self = send
begin transports
handover:
  driver = smtp
  protocol = lmtp
  port = PORT4
  allow_localhost
  hosts_try_fastopen =
begin retry
* * F,1h,1s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth3}{`+Password+`}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if eq{$auth2}{`+Password+`}}
  server_set_id = $auth1
xoauth2:
  driver = plaintext
  public_name = XOAUTH2
  server_prompts = :
  server_condition = ${if match{$auth1}{\N^user=[^\x01]+\x01auth=Bearer `+strings.ReplaceAll(Token, ".", `\.`)+`\x01\x01$\N}}
  server_set_id = token
`))
	e := &EximServer{server: s, SMTP: "127.0.0.1:" + smtp, SMTPS: "127.0.0.1:" + smtps, Bare: "127.0.0.1:" + bare}
	s.run(t, []string{"log/main", "log/panic"}, []string{e.SMTP, e.SMTPS, e.Bare}, program(t, "exim4", "exim4-daemon-light"), "-C", config, "-bdf", "-q1s")
	return e
}
