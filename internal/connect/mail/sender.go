package mail

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// NumberIn says where a ticket's number stands in the subject of our letters.
type NumberIn string

// Where it can stand. Programs such as Gmail keep a conversation together only
// while its subject stays the same, so the number is in the text by default.
const (
	NumberNowhere NumberIn = ""
	NumberFirst   NumberIn = "first"
	NumberLast    NumberIn = "last"
)

// Sender is an address that mail is sent from, and the server that takes it.
type Sender struct {
	ID      int64
	Name    string // as readers see it: "IT service desk"
	Address string
	GroupID int64 // its tickets' letters come from here; 0 for none
	Default bool  // for all other letters
	// Language is for readers who chose none: a BCP 47 tag.
	Language  string
	Signature string // Markdown
	Account
	DKIMDomain   string
	DKIMSelector string
	DKIMKey      string // PEM, in memory only
	Plus         bool   // answers go to desk+MARK@example.org
	NumberIn     NumberIn
	Active       bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Version      int64
}

const (
	maxName      = 120    // characters
	maxSignature = 10_000 // characters
)

func (s *Sender) check() error {
	var p apperr.Problems
	s.Name, s.Address = strings.Join(strings.Fields(s.Name), " "), strings.TrimSpace(s.Address)
	s.DKIMDomain, s.DKIMSelector = strings.ToLower(strings.TrimSpace(s.DKIMDomain)), strings.TrimSpace(s.DKIMSelector)
	if n := utf8.RuneCountInString(s.Name); n == 0 || n > maxName {
		p.Add("name", "Give the name that readers see, at most %d characters.", maxName)
	}
	if !message.ValidAddress(s.Address) {
		p.Add("address", "This is not a mail address.")
	}
	if utf8.RuneCountInString(s.Signature) > maxSignature {
		p.Add("signature", "Keep the signature under %d characters.", maxSignature)
	}
	known := slices.ContainsFunc(text.Languages(), func(l text.Language) bool { return l.Tag.String() == s.Language })
	if s.Language != "" && !known {
		p.Add("language", "Choose one of the languages there are.")
	}
	if !slices.Contains([]NumberIn{NumberNowhere, NumberFirst, NumberLast}, s.NumberIn) {
		p.Add("number_in", "Choose where the number stands.")
	}
	s.Account.check(&p, message.NoAuth, message.PLAIN, message.LOGIN, message.XOAUTH2)
	s.checkKey(&p)
	return p.Err()
}

func (s *Sender) checkKey(p *apperr.Problems) {
	if s.DKIMDomain == "" && s.DKIMSelector == "" {
		s.DKIMKey = ""
		return
	}
	if s.DKIMDomain == "" || s.DKIMSelector == "" {
		p.Add("dkim_domain", "Give the domain and the selector, or neither.")
		return
	}
	if s.DKIMKey == "" {
		key, err := newKey()
		if err != nil {
			p.Add("dkim_key", "A key could not be made.")
			return
		}
		s.DKIMKey = key
	}
	if _, err := message.NewSigner(s.DKIMDomain, s.DKIMSelector, []byte(s.DKIMKey)); err != nil {
		p.Add("dkim_key", "This is not a private key for DKIM: an RSA or Ed25519 key as PEM.")
	}
}

// newKey makes a key that every server can check: not all know Ed25519.
func newKey() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), err
}

// Record is the TXT record to publish for DKIM; "" without one.
func (s *Sender) Record() (name, value string) {
	if s.DKIMKey == "" {
		return "", ""
	}
	signer, err := message.NewSigner(s.DKIMDomain, s.DKIMSelector, []byte(s.DKIMKey))
	if err != nil {
		return "", ""
	}
	name, value, _ = signer.Record()
	return name, value
}

// domain is where its Message-IDs come from.
func (s *Sender) domain() string {
	return strings.ToLower(s.Address[strings.LastIndexByte(s.Address, '@')+1:])
}

// outlet is a sender that is ready to send.
type outlet struct {
	version int64
	sender  *message.Sender
	signer  *message.Signer
}

func (o *outlet) close() { o.sender.Close() }

// outletOf gives the connections of a sender; those of an older version are closed.
func (s *Service) outletOf(from *Sender) (*outlet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.outlets[from.ID]; o != nil {
		if o.version == from.Version {
			return o, nil
		}
		o.close()
		delete(s.outlets, from.ID)
	}
	o, err := s.newOutlet(from)
	if err == nil && from.ID != 0 {
		s.outlets[from.ID] = o
	}
	return o, err
}

func (s *Service) newOutlet(from *Sender) (*outlet, error) {
	id := from.ID
	server := message.SMTPServer{
		Addr: from.Server, Security: from.Security, TLSConfig: s.TLS, Auth: from.Auth, User: from.User, Hello: s.Hostname,
		Secret: from.secret(s.Client, s.Now, s.tokenOf("mail_senders", id)),
	}
	sender, err := message.NewSender(server)
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "These settings cannot work: %s", err.Error())
	}
	o := &outlet{version: from.Version, sender: sender}
	if from.DKIMKey != "" {
		if o.signer, err = message.NewSigner(from.DKIMDomain, from.DKIMSelector, []byte(from.DKIMKey)); err != nil {
			sender.Close()
			return nil, apperr.Wrap(err, apperr.Invalid, "The key for DKIM cannot be used.")
		}
	}
	return o, nil
}

// mayManage fails unless the actor sets up mail.
func mayManage(ctx context.Context) error {
	return access.From(ctx).Require(ManageMail, access.AnyKind)
}
