package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Outgoing is a message to be written. Ids have no angle brackets.
type Outgoing struct {
	ID       string // Message-ID; needed
	Date     time.Time
	From     Address
	ReplyTo  []Address
	To, Cc   []Address // who else gets it stands only in the Envelope
	Subject  string
	Text     string
	HTML     string // "" leaves the text alone
	Files    []File
	Instance string // who we are, for Classify to know our own messages by
	Hops     int    // of the message this answers, plus one; see Nature.Hops

	InReplyTo   string
	References  []string // oldest first; of many the first and the last are kept
	ThreadTopic string   // for Outlook: the subject the conversation began with
	ThreadIndex string   // for Outlook; see ThreadIndex

	Automatic       Automation
	ListUnsubscribe string // an address https: or mailto:
}

// Automation says that a program wrote a message.
type Automation string

// Who wrote a message.
const (
	ByPerson  Automation = ""               // a person did
	Generated Automation = "auto-generated" // a rule did, of its own accord
	Replied   Automation = "auto-replied"   // a rule answers a message
)

// File is sent along.
type File struct {
	Name      string
	Type      string // media type; "" for any bytes
	ContentID string // set for a picture that the HTML shows by cid:
	Data      []byte
}

// ComposeError says what of an Outgoing cannot be written.
type ComposeError struct {
	Field  string
	Detail string
}

// Error implements error.
func (e *ComposeError) Error() string { return "mail: " + e.Field + ": " + e.Detail }

// maxReferences is how many References are written.
const maxReferences = 20

// Compose writes a message. The same Outgoing always gives the same bytes. What
// would break out of its header field is refused with a *ComposeError.
func Compose(o Outgoing) ([]byte, error) {
	c := composer{o: o}
	c.header()
	if c.err != nil {
		return nil, c.err
	}
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	c.out.Write(body)
	return c.out.Bytes(), nil
}

type composer struct {
	o   Outgoing
	out bytes.Buffer
	err error
}

func (c *composer) fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = &ComposeError{Field: field, Detail: fmt.Sprintf(format, args...)}
	}
}

func (c *composer) header() {
	o := c.o
	if o.Date.IsZero() {
		c.fail("Date", "a message needs one")
	}
	if !validID(o.ID) {
		c.fail("Message-ID", "%q is none", o.ID)
	}
	if o.From.Mail == "" {
		c.fail("From", "a message needs one")
	}
	c.field("Date", o.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	c.field("From", c.addresses("From", []Address{o.From}))
	for _, list := range []struct {
		name string
		all  []Address
	}{{"Reply-To", o.ReplyTo}, {"To", o.To}, {"Cc", o.Cc}} {
		if len(list.all) > 0 {
			c.field(list.name, c.addresses(list.name, list.all))
		}
	}
	if len(o.To)+len(o.Cc) == 0 {
		c.field("To", "undisclosed-recipients:;")
	}
	c.field("Subject", c.words("Subject", o.Subject))
	c.field("Message-ID", "<"+o.ID+">")
	if validID(o.InReplyTo) {
		c.field("In-Reply-To", "<"+o.InReplyTo+">")
	}
	if refs := references(o.References, o.InReplyTo); len(refs) > 0 {
		c.field("References", "<"+strings.Join(refs, "> <")+">")
	}
	if o.ThreadTopic != "" {
		c.field("Thread-Topic", c.words("Thread-Topic", o.ThreadTopic))
	}
	if o.ThreadIndex != "" {
		if _, err := base64.StdEncoding.DecodeString(o.ThreadIndex); err != nil {
			c.fail("Thread-Index", "%q is none", o.ThreadIndex)
		}
		c.field("Thread-Index", o.ThreadIndex)
	}
	switch o.Automatic {
	case ByPerson:
	case Generated, Replied:
		c.field("Auto-Submitted", string(o.Automatic))
		c.field("X-Auto-Response-Suppress", "All")
	default:
		c.fail("Auto-Submitted", "%q is none", o.Automatic)
	}
	if o.ListUnsubscribe != "" {
		u, err := url.Parse(o.ListUnsubscribe)
		if err != nil || u.Scheme != "https" && u.Scheme != "mailto" || strings.ContainsAny(o.ListUnsubscribe, "<> \t\r\n") || !isASCII(o.ListUnsubscribe) {
			c.fail("List-Unsubscribe", "%q is no address to unsubscribe at", o.ListUnsubscribe)
		}
		c.field("List-Unsubscribe", "<"+o.ListUnsubscribe+">")
		if err == nil && u.Scheme == "https" {
			c.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	if o.Instance != "" {
		if !instanceName.MatchString(o.Instance) {
			c.fail(LoopHeader, "%q cannot be a name of an instance", o.Instance)
		}
		value := o.Instance
		if o.Hops > 0 {
			value += "; hops=" + strconv.Itoa(o.Hops)
		}
		c.field(LoopHeader, value)
	}
	c.field("MIME-Version", "1.0")
}

var instanceName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// references keeps the first and the last ids of a long conversation, and ends in
// the message that is answered.
func references(all []string, parent string) []string {
	var out []string
	seen := map[string]bool{}
	for _, id := range append(append([]string(nil), all...), parent) {
		if validID(id) && !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	if len(out) > maxReferences {
		out = append(out[:1:1], out[len(out)-maxReferences+1:]...)
	}
	return out
}

// validID asks for what every program takes for an id: printable ASCII in one word.
func validID(id string) bool {
	if id == "" || len(id) > 900 || strings.ContainsAny(id, "<> \t") {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// addresses writes a list of addresses.
func (c *composer) addresses(field string, all []Address) string {
	var out []string
	for _, a := range all {
		if !ValidAddress(a.Mail) {
			c.fail(field, "%q is no address", a.Mail)
			continue
		}
		if hasControl(a.Name) {
			c.fail(field, "the name %q has control characters", a.Name)
			continue
		}
		switch plain := isASCII(a.Name) && !strings.Contains(a.Name, "=?") && !strings.Contains(a.Name, "  ") && longestWord(a.Name) < 200; {
		case a.Name == "":
			out = append(out, a.Mail)
		case plain:
			out = append(out, `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name)+`" <`+a.Mail+">")
		default:
			out = append(out, phrase(a.Name)+" <"+a.Mail+">")
		}
	}
	return strings.Join(out, ", ")
}

// ValidAddress reports whether an address can be written to: local@domain, without
// blanks or what has a meaning in a header. Characters beyond ASCII are those of
// RFC 6532.
func ValidAddress(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || at == len(address)-1 || at > 64*4 || len(address) > 320 || !utf8.ValidString(address) || strings.Contains(address[:at], "@") {
		return false
	}
	for _, r := range address {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`<>()[]",;:\`, r) || unicode.IsSpace(r) || unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// words writes a text, encoded where it has to be.
func (c *composer) words(field, text string) string {
	if hasControl(text) {
		c.fail(field, "%q has control characters", text)
		return ""
	}
	if !utf8.ValidString(text) {
		c.fail(field, "%q is not UTF-8", text)
		return ""
	}
	plain := isASCII(text) && !strings.Contains(text, "=?") && !strings.Contains(text, "  ") && strings.TrimSpace(text) == text
	if plain && longestWord(text) < 200 {
		return text
	}
	return encodeWords(text)
}

func longestWord(text string) int {
	n := 0
	for word := range strings.FieldsSeq(text) {
		n = max(n, len(word))
	}
	return n
}

// phrase writes a name in base64: the other encoding may not have commas and the
// like within a name.
func phrase(name string) string {
	if !isASCII(name) {
		return mime.BEncoding.Encode("utf-8", name)
	}
	var out []string
	for len(name) > 0 { // mime encodes no ASCII
		n := min(len(name), 42)
		out = append(out, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(name[:n]))+"?=")
		name = name[n:]
	}
	return strings.Join(out, " ")
}

// encodeWords writes words of RFC 2047, in the encoding that is shorter.
func encodeWords(text string) string {
	high := 0
	for _, r := range text {
		if r > '~' {
			high++
		}
	}
	if high*3 > utf8.RuneCountInString(text) {
		return mime.BEncoding.Encode("utf-8", text)
	}
	q := mime.QEncoding.Encode("utf-8", text)
	if q == text { // ASCII that must be encoded all the same
		return phrase(text)
	}
	return q
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// field writes a field, folded at its blanks.
func (c *composer) field(name, value string) {
	if strings.ContainsAny(value, "\r\n\x00") {
		c.fail(name, "the value would break out of its field")
		return
	}
	line := name + ":"
	for word := range strings.FieldsSeq(value) {
		if len(line)+1+len(word) > 76 && line != name+":" {
			c.out.WriteString(line + "\r\n")
			line = ""
		}
		line += " " + word
	}
	c.out.WriteString(line + "\r\n")
}

// mimePart is a part with its header's fields.
type mimePart struct {
	fields [][2]string
	body   []byte
}

func (c *composer) body() ([]byte, error) {
	var inline, files []mimePart
	for _, f := range c.o.Files {
		p, err := filePart(f)
		if err != nil {
			return nil, err
		}
		if f.ContentID != "" && c.o.HTML != "" {
			inline = append(inline, p)
		} else {
			files = append(files, p)
		}
	}
	root := textPart("text/plain", c.o.Text)
	if c.o.HTML != "" {
		formatted := textPart("text/html", c.o.HTML)
		if len(inline) > 0 {
			formatted = c.multi("related", append([]mimePart{formatted}, inline...), `; type="text/html"`)
		}
		root = c.multi("alternative", []mimePart{root, formatted}, "")
	}
	if len(files) > 0 {
		root = c.multi("mixed", append([]mimePart{root}, files...), "")
	}
	return root.bytes(), nil
}

func (p mimePart) bytes() []byte {
	var b bytes.Buffer
	for _, f := range p.fields {
		b.WriteString(f[0] + ": " + f[1] + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(p.body)
	return b.Bytes()
}

// multi puts parts together. Its boundary follows from the id; neither of the
// encodings in use can produce it.
func (c *composer) multi(kind string, parts []mimePart, params string) mimePart {
	sum := sha256.Sum256([]byte(kind + "\x00" + c.o.ID))
	boundary := "=_" + kind[:1] + "_" + hex.EncodeToString(sum[:12])
	var b bytes.Buffer
	for _, p := range parts {
		b.WriteString("--" + boundary + "\r\n")
		b.Write(p.bytes())
		b.WriteString("\r\n")
	}
	b.WriteString("--" + boundary + "--\r\n")
	return mimePart{fields: [][2]string{{"Content-Type", "multipart/" + kind + ";\r\n boundary=\"" + boundary + "\"" + params}}, body: b.Bytes()}
}

func textPart(kind, text string) mimePart {
	text = strings.ToValidUTF8(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\ufffd")
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	p := mimePart{fields: [][2]string{{"Content-Type", kind + "; charset=utf-8"}}}
	high := 0
	for i := range len(text) {
		if text[i] >= 0x80 {
			high++
		}
	}
	if high*4 > len(text) {
		p.fields = append(p.fields, [2]string{"Content-Transfer-Encoding", "base64"})
		p.body = wrapBase64([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
		return p
	}
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))) // a buffer takes everything
	_ = w.Close()
	p.fields = append(p.fields, [2]string{"Content-Transfer-Encoding", "quoted-printable"})
	p.body = b.Bytes()
	return p
}

func wrapBase64(data []byte) []byte {
	text := base64.StdEncoding.EncodeToString(data)
	out := make([]byte, 0, len(text)+len(text)/38+2)
	for len(text) > 76 {
		out = append(append(out, text[:76]...), '\r', '\n')
		text = text[76:]
	}
	return append(append(out, text...), '\r', '\n')
}

func filePart(f File) (mimePart, error) {
	kind := strings.ToLower(f.Type)
	if kind == "" || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		kind = "application/octet-stream" // others may not be sent in base64
	}
	if !validType.MatchString(kind) {
		return mimePart{}, &ComposeError{"Content-Type", fmt.Sprintf("%q is no media type", f.Type)}
	}
	if hasControl(f.Name) || !utf8.ValidString(f.Name) {
		return mimePart{}, &ComposeError{"Content-Disposition", fmt.Sprintf("the file name %q has control characters", f.Name)}
	}
	disposition := "attachment"
	p := mimePart{}
	if f.ContentID != "" {
		if !validID(f.ContentID) {
			return mimePart{}, &ComposeError{"Content-ID", fmt.Sprintf("%q is none", f.ContentID)}
		}
		disposition = "inline"
	}
	p.fields = [][2]string{{"Content-Type", kind}, {"Content-Disposition", disposition + fileName(f.Name)}, {"Content-Transfer-Encoding", "base64"}}
	if f.ContentID != "" {
		p.fields = append(p.fields, [2]string{"Content-ID", "<" + f.ContentID + ">"})
	}
	p.body = wrapBase64(f.Data)
	return p, nil
}

// fileName writes the parameter by RFC 2231, in pieces that fit a line.
func fileName(name string) string {
	if name == "" {
		return ""
	}
	if isASCII(name) && len(name) < 60 {
		return ";\r\n filename=\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	var b strings.Builder
	line, n := "utf-8''", 0
	flush := func() {
		fmt.Fprintf(&b, ";\r\n filename*%d*=%s", n, line)
		line, n = "", n+1
	}
	for i := range len(name) {
		c := name[i]
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_' {
			line += string(rune(c))
		} else {
			line += fmt.Sprintf("%%%02X", c)
		}
		if len(line) > 55 {
			flush()
		}
	}
	if line != "" {
		flush()
	}
	return b.String()
}

// ThreadIndex gives the Thread-Index by which Outlook keeps a conversation
// together ([MS-OXOMSG] 2.2.1.3): 22 bytes for its beginning, of which 16 follow
// from the seed, and 5 more for every answer. parent is the index of the message
// that is answered; one that is none begins a conversation.
func ThreadIndex(parent, seed string, at time.Time) string {
	// Hundreds of nanoseconds since 1601.
	ticks := uint64(at.Unix()+11644473600)*10_000_000 + uint64(at.Nanosecond()/100)
	index, err := base64.StdEncoding.DecodeString(strings.TrimSpace(parent))
	if err != nil || len(index) < 22 || (len(index)-22)%5 != 0 || len(index) > 22+5*200 || index[0] != 1 {
		var head [8]byte
		binary.BigEndian.PutUint64(head[:], ticks)
		guid := sha256.Sum256([]byte(seed))
		index = append(append([]byte{1}, head[1:6]...), guid[:16]...)
		return base64.StdEncoding.EncodeToString(index)
	}
	var head [8]byte
	copy(head[:6], index[:6])
	began := binary.BigEndian.Uint64(head[:])
	var delta uint64
	if ticks > began {
		delta = ticks - began
	}
	child := uint32(delta>>18) & 0x7fffffff
	if delta>>49 != 0 { // more than 1.7 years: coarser, and said so by the first bit
		child = uint32(delta>>23)&0x7fffffff | 1<<31
	}
	noise := sha256.Sum256([]byte(parent + "\x00" + seed))
	var tail [5]byte
	binary.BigEndian.PutUint32(tail[:], child)
	tail[4] = noise[0]&0xf0 | byte(((len(index)-22)/5+1)&0x0f)
	return base64.StdEncoding.EncodeToString(append(index, tail[:]...))
}
