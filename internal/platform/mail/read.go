package mail

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Read reads a message. What is wrong with a part of it is a remark; the error is
// always a *ReadError: the message is over a bound, or it is no message at all.
func Read(raw []byte, limits Limits) (*Message, error) {
	r := &reader{m: &Message{}, limits: limits.withDefaults()}
	if len(raw) > r.limits.Size {
		return nil, readError(TooLarge, "the message has %d bytes, more than %d", len(raw), r.limits.Size)
	}
	h, body, ended := splitHeader(bytes.TrimLeft(raw, "\r\n\x00\ufeff"))
	if err := r.checkHeader(h, len(raw)-len(body)); err != nil {
		return nil, err
	}
	if !looksLikeMessage(h) {
		return nil, readError(NotMessage, "these bytes have no header of a message")
	}
	if !ended {
		r.m.remark("no_body", "The message has a header and no body.", "")
	}
	content, err := r.walk(h, body, place{depth: 1, fallback: "text/plain"})
	if err == nil {
		r.headers(h)
		err = r.texts(content)
	}
	if err != nil {
		var e *ReadError
		if errors.As(err, &e) {
			return nil, e
		}
		return nil, readError(NotMessage, "%v", err)
	}
	return r.m, nil
}

// looksLikeMessage asks for one of the fields that every message has one of.
func looksLikeMessage(h Header) bool {
	for _, name := range []string{
		"From", "To", "Subject", "Date", "Message-ID", "Received", "Return-Path", "Sender", "Reply-To", "Cc", "Bcc",
		"Delivered-To", "MIME-Version", "Content-Type", "Resent-From", "X-Mailer",
	} {
		if h.Has(name) {
			return true
		}
	}
	return false
}

type reader struct {
	m       *Message
	limits  Limits
	parts   int
	decoded int
	charset string // of the first text, for fields that name none
}

// content is what a part has to say.
type content struct {
	plain    string
	hasPlain bool
	html     string // as it came
	hasHTML  bool
}

// place is where a part stands.
type place struct {
	depth    int
	fallback string // its type if it names none
	related  bool   // beside the HTML that shows it
	report   bool   // of a report
}

func (r *reader) checkHeader(h Header, size int) error {
	total := 0
	for _, f := range h {
		total += len(f.Name) + len(f.raw) + 4
	}
	if total > r.limits.Header || len(h) == 0 && size > r.limits.Header {
		return readError(TooLarge, "a header has %d bytes, more than %d", max(total, size), r.limits.Header)
	}
	return nil
}

// spend counts decoded bytes against the bound.
func (r *reader) spend(n int) error {
	if r.decoded += n; r.decoded > r.limits.Decoded {
		return readError(TooLarge, "the parts have more than %d bytes when decoded", r.limits.Decoded)
	}
	return nil
}

func (r *reader) walk(h Header, body []byte, at place) (content, error) {
	if r.parts++; r.parts > r.limits.Parts {
		return content{}, readError(TooLarge, "the message has more than %d parts", r.limits.Parts)
	}
	if at.depth > r.limits.Depth {
		return content{}, readError(TooDeep, "the message has parts within parts, more than %d levels", r.limits.Depth)
	}
	kind, params := mediaType(h.raw("Content-Type"))
	if !strings.Contains(kind, "/") {
		switch kind {
		case "text":
			kind = "text/plain"
		case "html":
			kind = "text/html"
		default:
			kind = at.fallback
		}
	}
	if strings.HasPrefix(kind, "multipart/") {
		if boundary := params["boundary"]; boundary != "" || guessBoundary(body) != "" {
			if boundary == "" {
				boundary = guessBoundary(body)
				r.m.remark("no_boundary", "A part of several names no boundary; it was found by looking.", boundary)
			}
			return r.multipart(kind, params, boundary, body, at)
		}
		r.m.remark("no_boundary", "A part of several names no boundary; it was read as text.", "")
		kind = "text/plain"
	}
	return r.leaf(h, kind, params, body, at)
}

var boundaryLine = regexp.MustCompile(`(?m)^--([^\s-][^\r\n]{0,199}?)[ \t]*\r?\n[A-Za-z-]+:`)

// guessBoundary looks for the line that a first part begins with.
func guessBoundary(body []byte) string {
	if m := boundaryLine.FindSubmatch(body[:min(len(body), 64<<10)]); m != nil {
		return string(m[1])
	}
	return ""
}

func (r *reader) multipart(kind string, params map[string]string, boundary string, body []byte, at place) (content, error) {
	pieces, closed := splitParts(body, boundary, r.limits.Parts+1)
	if len(pieces) == 0 {
		if other := guessBoundary(body); other != "" && other != boundary {
			r.m.remark("wrong_boundary", "A part of several names a boundary that it does not use; the one it uses was found by looking.", other)
			pieces, closed = splitParts(body, other, r.limits.Parts+1)
		}
	}
	if len(pieces) == 0 {
		r.m.remark("empty_multipart", "A part of several has none; it was read as text.", "")
		return r.leaf(nil, "text/plain", nil, body, at)
	}
	if !closed {
		r.m.remark("broken_off", "The last part has no end; the message may have been cut off.", "")
	}
	inner := place{depth: at.depth + 1, fallback: "text/plain"}
	if kind == "multipart/digest" {
		inner.fallback = "message/rfc822"
	}
	switch kind {
	case "multipart/encrypted":
		return r.encrypted(params, pieces, inner)
	case "multipart/alternative":
		return r.alternative(pieces, inner)
	case "multipart/related":
		return r.related(params, pieces, inner)
	case "multipart/signed":
		if strings.Contains(params["protocol"], "pgp") {
			r.m.Signed = "PGP"
		} else {
			r.m.Signed = "S/MIME"
		}
	case "multipart/report":
		inner.report = true
	}
	var all []content
	for _, piece := range pieces {
		c, err := r.part(piece, inner)
		if err != nil {
			return content{}, err
		}
		all = append(all, c)
	}
	return join(all), nil
}

func (r *reader) part(piece []byte, at place) (content, error) {
	h, body, err := r.partHeader(piece)
	if err != nil {
		return content{}, err
	}
	return r.walk(h, body, at)
}

func (r *reader) partHeader(piece []byte) (Header, []byte, error) {
	// A part may have no header at all: then it begins with an empty line.
	h, body, ended := splitHeader(piece)
	if err := r.checkHeader(h, len(piece)-len(body)); err != nil {
		return nil, nil, err
	}
	if !ended && len(h) == 0 || len(h) > 0 && !hasContentField(h) && body == nil {
		return nil, piece, nil // text whose writer forgot the empty line
	}
	return h, body, nil
}

func hasContentField(h Header) bool {
	for _, f := range h {
		if len(f.Name) > 8 && strings.EqualFold(f.Name[:8], "Content-") {
			return true
		}
	}
	return false
}

// join puts the texts of parts that follow one another together. Where only some
// have HTML, the others are given some.
func join(all []content) content {
	var out content
	for _, c := range all {
		out.hasPlain = out.hasPlain || c.hasPlain
		out.hasHTML = out.hasHTML || c.hasHTML
	}
	var plain, htm []string
	for _, c := range all {
		if !c.hasPlain && !c.hasHTML {
			continue
		}
		if out.hasPlain {
			text := c.plain
			if !c.hasPlain {
				text = textOf(c.html)
			}
			if strings.TrimSpace(text) != "" {
				plain = append(plain, strings.Trim(text, "\n"))
			}
		}
		if out.hasHTML {
			if c.hasHTML {
				htm = append(htm, c.html)
			} else if strings.TrimSpace(c.plain) != "" {
				htm = append(htm, `<p>`+strings.ReplaceAll(html.EscapeString(strings.Trim(c.plain, "\n")), "\n", "<br>")+"</p>")
			}
		}
	}
	if len(plain) > 0 {
		out.plain = strings.Join(plain, "\n\n") + "\n"
	}
	out.html = strings.Join(htm, "\n")
	return out
}

// alternative takes the first plain text and the last HTML.
func (r *reader) alternative(pieces [][]byte, at place) (content, error) {
	var out content
	for _, piece := range pieces {
		c, err := r.part(piece, at)
		if err != nil {
			return content{}, err
		}
		if c.hasPlain && (!out.hasPlain || strings.TrimSpace(out.plain) == "") {
			out.plain, out.hasPlain = c.plain, true
		}
		if c.hasHTML {
			out.html, out.hasHTML = c.html, true
		}
	}
	return out, nil
}

// related takes the root's texts; the rest is what the root shows.
func (r *reader) related(params map[string]string, pieces [][]byte, at place) (content, error) {
	root := 0
	if start := strings.Trim(params["start"], "<> "); start != "" {
		for i, piece := range pieces {
			if h, _, err := r.partHeader(piece); err == nil && strings.Trim(h.raw("Content-ID"), "<> ") == start {
				root = i
				break
			}
		}
	}
	var all []content
	for i, piece := range pieces {
		inner := at
		inner.related = i != root
		c, err := r.part(piece, inner)
		if err != nil {
			return content{}, err
		}
		all = append(all, c)
	}
	return join(all), nil
}

func (r *reader) encrypted(params map[string]string, pieces [][]byte, at place) (content, error) {
	r.m.Encrypted = "PGP"
	if strings.Contains(params["protocol"], "pkcs7") {
		r.m.Encrypted = "S/MIME"
	}
	r.m.remark("encrypted", "The message is encrypted. It is kept as it came and can only be read by who holds the key.", r.m.Encrypted)
	for _, piece := range pieces {
		if r.parts++; r.parts > r.limits.Parts {
			return content{}, readError(TooLarge, "the message has more than %d parts", r.limits.Parts)
		}
		h, body, err := r.partHeader(piece)
		if err != nil {
			return content{}, err
		}
		kind, params := mediaType(h.raw("Content-Type"))
		if kind == "application/pgp-encrypted" {
			continue // says "Version: 1" and nothing else
		}
		if err := r.attach(h, kind, params, body, RoleEncrypted, "encrypted.asc"); err != nil {
			return content{}, err
		}
	}
	return content{}, nil
}

// splitParts cuts at the lines of a boundary. closed is false where the last one
// is missing. At most limit parts are looked for.
func splitParts(body []byte, boundary string, limit int) (pieces [][]byte, closed bool) {
	mark := []byte("--" + boundary)
	start := -1
	for at := 0; at < len(body); {
		line, rest := cutLine(body[at:])
		next := len(body) - len(rest)
		if bytes.HasPrefix(line, mark) {
			tail := bytes.TrimRight(line[len(mark):], " \t")
			isEnd := bytes.Equal(tail, []byte("--"))
			if isEnd || len(tail) == 0 {
				if start >= 0 && len(pieces) < limit {
					pieces = append(pieces, trimLineEnd(body[start:at]))
				}
				start = next
				if isEnd {
					return pieces, true
				}
			}
		}
		at = next
		if len(rest) == 0 {
			break
		}
	}
	if start >= 0 && start < len(body) && len(pieces) < limit {
		pieces = append(pieces, body[start:])
	}
	return pieces, false
}

// trimLineEnd takes off the line end that belongs to the boundary.
func trimLineEnd(b []byte) []byte {
	if bytes.HasSuffix(b, []byte("\r\n")) {
		return b[:len(b)-2]
	}
	if len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		return b[:len(b)-1]
	}
	return b
}

// leaf reads a part that has no parts.
func (r *reader) leaf(h Header, kind string, params map[string]string, body []byte, at place) (content, error) {
	disposition, dparams := mediaType(h.raw("Content-Disposition"))
	name := firstOf(dparams["filename"], params["name"])
	isText := kind == "text/plain" || kind == "text/html" || kind == "text/enriched" || kind == "text/richtext"
	role := RoleFile
	if at.related && h.raw("Content-ID") != "" {
		role = RoleInline
	}
	switch {
	case kind == "message/rfc822" || kind == "message/global":
		return content{}, r.nested(h, body, at)
	case kind == "application/ms-tnef" || kind == "application/vnd.ms-tnef" || strings.EqualFold(name, "winmail.dat"):
		return r.tnef(h, kind, params, body)
	case kind == "message/delivery-status" || kind == "message/global-delivery-status" || kind == "message/disposition-notification":
		data, err := r.decode(h, body)
		if err != nil {
			return content{}, err
		}
		if kind != "message/disposition-notification" {
			r.m.Report = parseReport(data, r.m.Report)
		}
		return content{}, r.attach(h, kind, params, body, RoleReport, "delivery-status.txt")
	case kind == "text/rfc822-headers" || kind == "message/rfc822-headers" || kind == "message/global-headers":
		data, err := r.decode(h, body)
		if err != nil {
			return content{}, err
		}
		r.original(data)
		return content{}, r.attach(h, kind, params, body, RoleReport, "headers.txt")
	case kind == "application/pkcs7-mime" || kind == "application/x-pkcs7-mime":
		return r.smime(h, kind, params, body, at)
	case kind == "application/pgp-signature" || kind == "application/pkcs7-signature" || kind == "application/x-pkcs7-signature":
		if r.m.Signed == "" {
			r.m.Signed = map[bool]string{true: "PGP", false: "S/MIME"}[kind == "application/pgp-signature"]
		}
		r.m.remark("signed", "The message is signed. The signature is kept as an attachment; it was not checked.", r.m.Signed)
		return content{}, r.attach(h, kind, params, body, RoleSignature, map[bool]string{true: "signature.asc", false: "smime.p7s"}[kind == "application/pgp-signature"])
	case kind == "text/calendar" || kind == "application/ics":
		return r.calendar(h, kind, params, body, at)
	case !isText || disposition == "attachment" || name != "" && disposition != "inline" && !r.bodyName(name, kind) || at.related:
		return content{}, r.attach(h, kind, params, body, role, "")
	}
	data, err := r.decode(h, body)
	if err != nil {
		return content{}, err
	}
	text, fits := decodeCharset(firstOf(params["charset"], metaCharset(kind, data)), data)
	if r.charset == "" {
		r.charset = params["charset"]
	}
	if !fits && params["charset"] != "" {
		r.m.remark("wrong_charset", "The text does not fit the character set it names; it was read as it looks.", params["charset"])
	}
	if err := r.spend(len(text) - len(data)); err != nil {
		return content{}, err
	}
	switch kind {
	case "text/html":
		if len(text) > maxHTML {
			r.m.remark("html_too_large", "The formatted text is too large to show. It is kept as an attachment.", "")
			return content{}, r.attach(h, kind, params, body, RoleFile, "message.html")
		}
		return content{html: strings.ReplaceAll(text, "\x00", ""), hasHTML: true}, nil
	case "text/enriched", "text/richtext":
		text = enriched.ReplaceAllString(text, "")
	}
	text = cleanText(text)
	if strings.EqualFold(params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(params["delsp"], "yes"))
	}
	if text, err = r.armour(text); err != nil {
		return content{}, err
	}
	return content{plain: text, hasPlain: true}, nil
}

var enriched = regexp.MustCompile(`(?s)<param>.*?</param>|</?[A-Za-z][A-Za-z0-9-]*>`)

// bodyName finds texts that carry a name and are the body all the same: some
// programs name every part.
func (r *reader) bodyName(name, kind string) bool {
	if r.parts > 3 {
		return false
	}
	switch strings.ToLower(path.Ext(name)) {
	case "", ".htm", ".html":
		return kind == "text/html" || path.Ext(name) == ""
	}
	return false
}

var metaTag = regexp.MustCompile(`(?i)<meta[^>]{1,200}charset\s*=\s*["']?([A-Za-z0-9_:.\-]{1,40})`)

// metaCharset finds what the HTML itself says of its charset.
func metaCharset(kind string, data []byte) string {
	if kind != "text/html" {
		return ""
	}
	if m := metaTag.FindSubmatch(data[:min(len(data), 4096)]); m != nil {
		return string(m[1])
	}
	return ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// decode undoes a part's transfer encoding and counts what came of it.
func (r *reader) decode(h Header, body []byte) ([]byte, error) {
	encoding := h.raw("Content-Transfer-Encoding")
	data, known := decodeTransfer(comment.ReplaceAllString(encoding, ""), body)
	if !known {
		r.m.remark("unknown_encoding", "A part names a transfer encoding that nobody knows; it was read as it stands.", encoding)
	}
	return data, r.spend(len(data))
}

// attach keeps a part as an attachment.
func (r *reader) attach(h Header, kind string, params map[string]string, body []byte, role Role, fallback string) error {
	data, err := r.decode(h, body)
	if err != nil {
		return err
	}
	disposition, dparams := mediaType(h.raw("Content-Disposition"))
	if role == RoleFile && disposition == "inline" && strings.HasPrefix(kind, "image/") && h.raw("Content-ID") != "" {
		role = RoleInline
	}
	name := firstOf(dparams["filename"], params["name"], dparams["name"], decodeLoose(h.Get("Content-Description"), kind), fallback)
	r.add(Attachment{Name: name, Declared: kind, ContentID: strings.Trim(h.raw("Content-ID"), "<> \t"), Role: role, Data: data})
	return nil
}

// decodeLoose takes a part's description for its name if it looks like one.
func decodeLoose(description, kind string) string {
	if path.Ext(description) != "" && len(description) < 120 && !strings.ContainsAny(description, " \t") && !strings.HasPrefix(kind, "multipart/") {
		return description
	}
	return ""
}

// add gives an attachment its safe name and its type.
func (r *reader) add(a Attachment) {
	a.Type = sniff(a.Declared, a.Name, a.Data)
	a.Name = safeName(a.Name, a.Type, len(r.m.Attachments)+1)
	r.m.Attachments = append(r.m.Attachments, a)
}

// containers are formats that others are made of: the bytes say only the former.
var containers = map[string][]string{
	"application/zip": {
		"application/vnd.openxmlformats-", "application/vnd.oasis.", "application/java-archive", "application/epub+zip", "application/vnd.ms-",
		"application/x-zip", "application/vnd.android.", "application/vnd.apple.",
	},
	"application/x-gzip":       {"application/gzip", "application/x-compressed-tar", "application/x-tgz"},
	"application/octet-stream": {""},
	"text/plain":               {"text/", "application/json", "application/xml", "application/yaml", "application/pgp", "application/x-sh", "application/sql", "message/", "image/svg+xml", "application/javascript", "application/rtf", "application/ics", "application/x-pem"},
	"text/xml":                 {"text/", "application/xml", "image/svg+xml", "application/"},
	"video/webm":               {"audio/webm", "video/x-matroska"},
	"video/mp4":                {"audio/", "video/"},
	"audio/wave":               {"audio/"},
	"application/ogg":          {"audio/", "video/"},
	"application/postscript":   {"application/"},
}

// sniff says what bytes are. What was claimed counts only where it agrees.
func sniff(declared, name string, data []byte) string {
	if bytes.HasPrefix(data, []byte("MZ")) && strings.IndexByte(string(data[:min(len(data), 64)]), 0) >= 0 {
		return "application/vnd.microsoft.portable-executable"
	}
	found, _, _ := strings.Cut(http.DetectContentType(data[:min(len(data), 512)]), ";")
	if declared == "" || declared == "application/octet-stream" || !validType.MatchString(declared) {
		byName, _, _ := strings.Cut(mime.TypeByExtension(strings.ToLower(path.Ext(name))), ";")
		declared = byName
	}
	if declared == "" || declared == found || knownByBytes[declared] && len(data) > 0 {
		return found
	}
	for _, prefix := range containers[found] {
		// Nothing a browser would run is taken on trust: markup must look like it.
		if strings.HasPrefix(declared, prefix) && (declared != "text/html" || found == "text/html") {
			return declared
		}
	}
	if len(data) == 0 {
		return declared
	}
	return found
}

// knownByBytes are types that the bytes of a file always tell.
var knownByBytes = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/bmp": true, "application/pdf": true, "application/zip": true,
}

var validType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+\-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+\-]{0,80}$`)

var looksLikePath = regexp.MustCompile(`^([A-Za-z]:[\\/]|[\\/~]|\.\.?[\\/])`)

// safeName makes a name for a file of what a stranger wrote.
func safeName(name, kind string, number int) string {
	if looksLikePath.MatchString(name) {
		name = name[strings.LastIndexAny(name, `/\`)+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '-'
		case r == '\t' || r == '\n' || r == '\r' || r == '\u00a0':
			return ' '
		case unicode.IsControl(r) || isBidiControl(r) || r == utf8.RuneError || r == '\u200e' || r == '\u200f' || r == '\u200b' || r == '\ufeff':
			return -1
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if name == "" {
		ext := ""
		if known, err := mime.ExtensionsByType(kind); err == nil && len(known) > 0 {
			ext = preferredExtension(kind, known)
		}
		return fmt.Sprintf("attachment-%d%s", number, ext)
	}
	const most = 180
	if len(name) > most {
		ext := path.Ext(name)
		if len(ext) > 20 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:most-len(ext)], "") + ext
	}
	return name
}

// preferredExtension does not leave to the machine's tables what a picture is called.
func preferredExtension(kind string, known []string) string {
	switch kind {
	case "image/jpeg":
		return ".jpg"
	case "text/plain":
		return ".txt"
	case "text/html":
		return ".html"
	case "message/rfc822":
		return ".eml"
	}
	return known[0]
}

// nested keeps another message as an attachment that is named after its subject.
func (r *reader) nested(h Header, body []byte, at place) error {
	data, err := r.decode(h, body)
	if err != nil {
		return err
	}
	inner, _, _ := splitHeader(data)
	if err := r.checkHeader(inner, 0); err != nil {
		return err
	}
	name := inner.Get("Subject")
	if name == "" {
		_, params := mediaType(h.raw("Content-Disposition"))
		_, tparams := mediaType(h.raw("Content-Type"))
		name = strings.TrimSuffix(firstOf(params["filename"], tparams["name"], "message"), ".eml")
	}
	if looksLikePath.MatchString(name) {
		name = strings.NewReplacer("/", "-", `\`, "-").Replace(name)
	}
	if at.report {
		r.original(data)
	}
	if len(name) > 170 {
		name = strings.ToValidUTF8(name[:170], "")
	}
	r.m.Attachments = append(r.m.Attachments, Attachment{
		Name: safeName(name+".eml", "message/rfc822", len(r.m.Attachments)+1),
		Type: "message/rfc822", Declared: "message/rfc822", ContentID: strings.Trim(h.raw("Content-ID"), "<> \t"), Role: RoleMessage, Data: data,
	})
	return nil
}

// original notes the message that a report returns.
func (r *reader) original(data []byte) {
	h, _, _ := splitHeader(data)
	if r.m.Report == nil {
		r.m.Report = &Report{}
	}
	if id := ids(h.raw("Message-ID")); len(id) > 0 && r.m.Report.OriginalID == "" {
		r.m.Report.OriginalID = id[0]
	}
	if r.m.Report.originalHeader == nil {
		r.m.Report.originalHeader = h
	}
}

// headers reads the fields of the message's own header.
func (r *reader) headers(h Header) {
	m := r.m
	if r.charset != "" {
		for i, f := range h {
			if !utf8.ValidString(f.raw) && !encodedWord.MatchString(f.raw) {
				text, _ := decodeCharset(r.charset, []byte(f.raw))
				h[i].Value, h[i].raw = oneLine(text), text
			}
		}
	}
	m.Header = h
	if id := ids(h.raw("Message-ID")); len(id) > 0 {
		m.ID = id[0]
	} else {
		m.remark("no_id", "The message has no Message-ID.", "")
	}
	m.InReplyTo = ids(strings.Join(h.raws("In-Reply-To"), " "))
	m.References = ids(strings.Join(h.raws("References"), " "))
	m.From = addresses(h.raws("From"))
	if sender := addresses(h.raws("Sender")); len(sender) > 0 {
		m.Sender = sender[0]
	}
	m.ReplyTo = addresses(h.raws("Reply-To"))
	m.To, m.Cc, m.Bcc = addresses(h.raws("To")), addresses(h.raws("Cc")), addresses(h.raws("Bcc"))
	seen := map[string]bool{}
	for _, f := range h {
		for _, name := range []string{"Delivered-To", "X-Original-To", "X-Envelope-To", "Envelope-To", "X-Delivered-To", "X-RCPT-TO"} {
			if !strings.EqualFold(f.Name, name) {
				continue
			}
			for _, a := range addressList(f.raw) {
				if a.Mail != "" && !seen[a.Key()] {
					seen[a.Key()] = true
					m.DeliveredTo = append(m.DeliveredTo, a.Mail)
				}
			}
		}
	}
	if h.Has("Return-Path") {
		path := strings.TrimSpace(comment.ReplaceAllString(h.raw("Return-Path"), ""))
		if m.ReturnPath = strings.Trim(path, "<> "); m.ReturnPath == "" {
			m.ReturnPath = "<>"
		}
	}
	m.Subject = h.Get("Subject")
	r.date(h)
	if m.Author().Mail == "" {
		m.remark("no_author", "The message does not say who wrote it.", h.Get("From"))
	}
}

func (r *reader) date(h Header) {
	value := h.raw("Date")
	if t, ok := parseDate(value); ok {
		r.m.Date = t
		return
	}
	// The newest server that took the message knows when it did.
	for _, received := range h.raws("Received") {
		if i := strings.LastIndexByte(received, ';'); i >= 0 {
			if t, ok := parseDate(strings.TrimSpace(received[i+1:])); ok {
				r.m.Date = t
				break
			}
		}
	}
	switch {
	case r.m.Date.IsZero():
		r.m.remark("no_date", "The message has no date that can be read.", value)
	default:
		r.m.remark("bad_date", "The message has no date that can be read; the time at which a server took it stands in.", value)
	}
}

// texts makes the message's text and its safe HTML of what the parts say.
func (r *reader) texts(c content) error {
	m := r.m
	if c.hasHTML && strings.TrimSpace(c.html) != "" {
		clean := r.sanitise(c.html)
		if err := r.spend(len(clean)); err != nil {
			return err
		}
		m.HTML = clean
	}
	m.Text = c.plain
	if strings.TrimSpace(m.Text) == "" && c.hasHTML {
		m.Text, m.FromHTML = textOf(c.html), true
	}
	if strings.TrimSpace(m.Text) == "" {
		m.Text = ""
		for _, invite := range m.Invites {
			m.Text += invite.String()
		}
	}
	return r.spend(len(m.Text))
}
