package mail

import (
	"bytes"
	"strings"
)

// Of CMS (RFC 5652): what kind of content a .p7m has.
var (
	oidSigned     = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	oidEnveloped  = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}
	oidAuthEnvelo = []byte{0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17}
)

// smime reads a part in S/MIME's own format: a signed one has the message within,
// an encrypted one is kept.
func (r *reader) smime(h Header, kind string, params map[string]string, body []byte, at place) (content, error) {
	data, _ := decodeTransfer(h.raw("Content-Transfer-Encoding"), body)
	head := data[:min(len(data), 32)]
	how := strings.ToLower(params["smime-type"])
	switch {
	case bytes.Contains(head, oidSigned) && how != "certs-only":
		inner := signedContent(data)
		if len(inner) == 0 {
			break
		}
		r.m.Signed = "S/MIME"
		r.m.remark("signed", "The message is signed. The signature is kept as an attachment; it was not checked.", r.m.Signed)
		if err := r.attach(h, kind, params, body, RoleSignature, "smime.p7m"); err != nil {
			return content{}, err
		}
		at.depth++
		return r.part(inner, at)
	case bytes.Contains(head, oidEnveloped) || bytes.Contains(head, oidAuthEnvelo) || strings.Contains(how, "enveloped"):
		r.m.Encrypted = "S/MIME"
		r.m.remark("encrypted", "The message is encrypted. It is kept as it came and can only be read by who holds the key.", r.m.Encrypted)
		return content{}, r.attach(h, kind, params, body, RoleEncrypted, "smime.p7m")
	}
	return content{}, r.attach(h, kind, params, body, RoleFile, "smime.p7m")
}

// signedContent takes the message out of CMS signed data:
// SEQUENCE { OID, [0] { SEQUENCE { version, digests, SEQUENCE { OID, [0] { OCTET STRING }}}}}.
func signedContent(der []byte) []byte {
	at := func(b []byte, index int) (ber, bool) {
		for range index {
			_, rest, ok := readBER(b, 0)
			if !ok {
				return ber{}, false
			}
			b = rest
		}
		v, _, ok := readBER(b, 0)
		return v, ok
	}
	v, ok := at(der, 0)
	for _, index := range []int{1, 0, 2, 1, 0} {
		if !ok || !v.constructed {
			return nil
		}
		v, ok = at(v.content, index)
	}
	if !ok {
		return nil
	}
	return octets(v, 0)
}

// ber is one value of ASN.1 in its basic encoding, which may be in pieces and
// without a length.
type ber struct {
	tag         byte
	constructed bool
	content     []byte
}

func readBER(b []byte, depth int) (v ber, rest []byte, ok bool) {
	if len(b) < 2 || depth > 16 || b[0]&0x1f == 0x1f {
		return v, nil, false
	}
	v.tag, v.constructed = b[0], b[0]&0x20 != 0
	size := int(b[1])
	b = b[2:]
	switch {
	case size == 0x80: // until an end of contents
		if !v.constructed {
			return v, nil, false
		}
		inner := b
		for {
			if len(inner) >= 2 && inner[0] == 0 && inner[1] == 0 {
				v.content = b[:len(b)-len(inner)]
				return v, inner[2:], true
			}
			_, next, ok := readBER(inner, depth+1)
			if !ok || len(next) >= len(inner) {
				return v, nil, false
			}
			inner = next
		}
	case size > 0x80:
		n := size & 0x7f
		if n > 4 || n > len(b) {
			return v, nil, false
		}
		size = 0
		for _, c := range b[:n] {
			size = size<<8 | int(c)
		}
		b = b[n:]
	}
	if size < 0 || size > len(b) {
		return v, nil, false
	}
	v.content = b[:size]
	return v, b[size:], true
}

// octets puts the pieces of an OCTET STRING together.
func octets(v ber, depth int) []byte {
	if !v.constructed {
		return v.content
	}
	var out []byte
	for rest := v.content; len(rest) > 0 && depth < 8; {
		piece, next, ok := readBER(rest, 0)
		if !ok {
			break
		}
		out = append(out, octets(piece, depth+1)...)
		rest = next
	}
	return out
}

const (
	pgpSigned    = "-----BEGIN PGP SIGNED MESSAGE-----\n"
	pgpSignature = "-----BEGIN PGP SIGNATURE-----\n"
	pgpEnd       = "-----END PGP SIGNATURE-----"
	pgpMessage   = "-----BEGIN PGP MESSAGE-----"
)

// armour takes PGP's own wrapping off a text: a clear signature becomes an
// attachment; an encrypted text is kept as one and said to be.
func (r *reader) armour(text string) (string, error) {
	if begin := strings.Index(text, pgpSigned); begin >= 0 {
		rest := text[begin+len(pgpSigned):]
		signature := strings.Index(rest, pgpSignature)
		_, body, ok := strings.Cut(rest, "\n\n") // headers such as "Hash: SHA256"
		if signature < 0 || !ok || len(rest)-len(body) > signature {
			return text, nil
		}
		body = rest[len(rest)-len(body) : signature]
		end := len(rest)
		if i := strings.Index(rest[signature:], pgpEnd); i >= 0 {
			end = signature + i + len(pgpEnd)
		}
		if err := r.spend(end - signature); err != nil {
			return "", err
		}
		r.m.Signed = "PGP"
		r.m.remark("signed", "The message is signed. The signature is kept as an attachment; it was not checked.", r.m.Signed)
		r.add(Attachment{Name: "signature.asc", Declared: "application/pgp-signature", Role: RoleSignature, Data: []byte(rest[signature:end] + "\n")})
		body = strings.ReplaceAll("\n"+body, "\n- ", "\n")[1:]
		return text[:begin] + body + strings.TrimLeft(rest[end:], "\n"), nil
	}
	if strings.HasPrefix(strings.TrimSpace(text), pgpMessage) {
		if err := r.spend(len(text)); err != nil {
			return "", err
		}
		r.m.Encrypted = "PGP"
		r.m.remark("encrypted", "The message is encrypted. It is kept as it came and can only be read by who holds the key.", r.m.Encrypted)
		r.add(Attachment{Name: "encrypted.asc", Declared: "application/pgp-encrypted", Role: RoleEncrypted, Data: []byte(text)})
		return "", nil
	}
	return text, nil
}
