package mail

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/emersion/go-msgauth/dkim"
)

// Signer signs messages with DKIM (RFC 6376), with a key RSA or Ed25519 (RFC 8463).
type Signer struct {
	domain, selector string
	key              crypto.Signer
}

// NewSigner takes the domain, the selector its key is published under, and the
// private key in PEM (PKCS #8, or PKCS #1 for RSA).
func NewSigner(domain, selector string, privateKey []byte) (*Signer, error) {
	if !dnsName.MatchString(domain) || !dnsName.MatchString(selector) {
		return nil, fmt.Errorf("mail: %q and %q are no names of a domain and a selector", domain, selector)
	}
	block, _ := pem.Decode(privateKey)
	if block == nil {
		return nil, errors.New("mail: the key for DKIM is not in PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return newSigner(domain, selector, key)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("mail: the key for DKIM cannot be read: %w", err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("mail: the key for DKIM cannot sign")
	}
	return newSigner(domain, selector, key)
}

func newSigner(domain, selector string, key crypto.Signer) (*Signer, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 1024 {
			return nil, errors.New("mail: the key for DKIM has fewer than 1024 bits, which nobody accepts")
		}
	case ed25519.PrivateKey:
	default:
		return nil, errors.New("mail: the key for DKIM must be RSA or Ed25519")
	}
	return &Signer{domain, selector, key}, nil
}

// signedFields are covered by the signature, and cannot be added to.
var signedFields = []string{
	"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
	"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted",
}

// Sign gives the message with a signature before it.
func (s *Signer) Sign(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	err := dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: s.domain, Selector: s.selector, Signer: s.key, HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		HeaderKeys: signedFields,
	})
	if err != nil {
		return nil, fmt.Errorf("mail: sign with DKIM: %w", err)
	}
	return out.Bytes(), nil
}

// Record gives the name and the text of the TXT record to publish.
func (s *Signer) Record() (name, text string, err error) {
	kind := "rsa"
	var public []byte
	switch k := s.key.Public().(type) {
	case ed25519.PublicKey:
		kind, public = "ed25519", k
	default:
		if public, err = x509.MarshalPKIXPublicKey(k); err != nil {
			return "", "", err
		}
	}
	return s.selector + "._domainkey." + s.domain, "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public), nil
}
