package mail

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Outlook wraps what it cannot say in MIME into winmail.dat, in the Transport
// Neutral Encapsulation Format ([MS-OXTNEF]): a stream of attributes, of which some
// hold MAPI properties.

const tnefSignature = 0x223e9f78

// Attributes, with their type in the upper half.
const (
	attOEMCodepage    = 0x00069007
	attMessageClass   = 0x00078008
	attBody           = 0x0002800c
	attMsgProps       = 0x00069003
	attAttachRendData = 0x00069002
	attAttachTitle    = 0x00018010
	attAttachData     = 0x0006800f
	attAttachment     = 0x00069005
)

// MAPI properties.
const (
	prSubject        = 0x0037
	prBody           = 0x1000
	prRTFCompressed  = 0x1009
	prBodyHTML       = 0x1013
	prInternetCPID   = 0x3fde
	prAttachData     = 0x3701
	prAttachFilename = 0x3704
	prAttachLong     = 0x3707
	prAttachMIME     = 0x370e
	prAttachCID      = 0x3712
	prDisplayName    = 0x3001
)

type tnefMessage struct {
	body, html, rtf string
	files           []Attachment
}

// tnef unpacks a winmail.dat; one that cannot be read is kept as it is.
func (r *reader) tnef(h Header, kind string, params map[string]string, body []byte) (content, error) {
	data, err := r.decode(h, body)
	if err != nil {
		return content{}, err
	}
	t, ok := readTNEF(data, r.limits.Parts-r.parts, r.limits.Decoded-r.decoded)
	if !ok {
		r.m.remark("tnef_unreadable", "The file winmail.dat that Outlook sent cannot be unpacked.", "")
		return content{}, r.attach(h, kind, params, body, RoleFile, "winmail.dat")
	}
	r.m.remark("tnef", "Outlook packed the message into a file winmail.dat; it was unpacked.", "")
	for _, f := range t.files {
		if r.parts++; r.parts > r.limits.Parts {
			return content{}, readError(TooLarge, "the message has more than %d parts", r.limits.Parts)
		}
		if err := r.spend(len(f.Data)); err != nil {
			return content{}, err
		}
		r.add(f)
	}
	var c content
	if t.html != "" && len(t.html) <= maxHTML {
		c.html, c.hasHTML = t.html, true
	}
	switch {
	case strings.TrimSpace(t.body) != "":
		c.plain, c.hasPlain = cleanText(t.body), true
	case t.html == "" && t.rtf != "":
		c.plain, c.hasPlain = textOfRTF(t.rtf), true
	}
	return c, r.spend(len(c.plain) + len(c.html))
}

// readTNEF reads a stream; false if it is none. What broke off is read as far as
// it goes.
func readTNEF(data []byte, maxFiles, maxBytes int) (tnefMessage, bool) {
	var t tnefMessage
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature {
		return t, false
	}
	data = data[6:]
	codepage := "windows-1252"
	var file *Attachment
	flush := func() {
		if file != nil && len(t.files) < maxFiles && (len(file.Data) > 0 || file.Name != "") {
			t.files = append(t.files, *file)
		}
		file = nil
	}
	for len(data) >= 9 {
		id := binary.LittleEndian.Uint32(data[1:])
		size := binary.LittleEndian.Uint32(data[5:])
		data = data[9:]
		if uint64(size) > uint64(len(data)) {
			break
		}
		value := data[:size]
		data = data[min(len(data), int(size)+2):] // a checksum follows
		switch id {
		case attOEMCodepage:
			if len(value) >= 4 {
				codepage = "windows-" + strconv.Itoa(int(binary.LittleEndian.Uint32(value)))
			}
		case attBody:
			t.body, _ = decodeCharset(codepage, bytes.TrimRight(value, "\x00"))
		case attMsgProps:
			props := mapiProps(value)
			if text := props[prBody].text(codepage); text != "" {
				t.body = text
			}
			if raw := props[prBodyHTML]; len(raw.data) > 0 {
				set := codepage
				if cp := props[prInternetCPID]; len(cp.data) >= 4 {
					set = codepageName(binary.LittleEndian.Uint32(cp.data))
				}
				if raw.kind == 0x001f {
					t.html = raw.text(codepage)
				} else {
					t.html, _ = decodeCharset(set, bytes.TrimRight(raw.data, "\x00"))
				}
			}
			if raw := props[prRTFCompressed]; len(raw.data) > 0 {
				t.rtf = string(inflateRTF(raw.data, maxBytes))
			}
		case attAttachRendData:
			flush()
			file = &Attachment{}
		case attAttachTitle:
			if file != nil {
				file.Name, _ = decodeCharset(codepage, bytes.TrimRight(value, "\x00"))
			}
		case attAttachData:
			if file != nil {
				file.Data = value
			}
		case attAttachment:
			if file == nil {
				break
			}
			props := mapiProps(value)
			if name := firstOf(props[prAttachLong].text(codepage), props[prDisplayName].text(codepage), props[prAttachFilename].text(codepage)); name != "" {
				file.Name = name
			}
			file.Declared = strings.ToLower(props[prAttachMIME].text(codepage))
			file.ContentID = strings.Trim(props[prAttachCID].text(codepage), "<>")
			if raw := props[prAttachData]; len(file.Data) == 0 && len(raw.data) > 0 {
				file.Data = raw.data
				if raw.kind == 0x000d && len(raw.data) > 16 {
					file.Data = raw.data[16:] // an object begins with the id of its interface
					if inner, ok := readTNEF(file.Data, 1, maxBytes); ok {
						// A message within: its words are what can be shown.
						file.Data = []byte(firstOf(inner.body, textOf(inner.html)))
						file.Name, file.Declared = strings.TrimSuffix(file.Name, ".msg")+".txt", "text/plain"
					}
				}
			}
		}
	}
	flush()
	return t, true
}

func codepageName(n uint32) string {
	switch n {
	case 65001:
		return "utf-8"
	case 20127:
		return "us-ascii"
	case 932:
		return "shift_jis"
	case 936, 54936:
		return "gb18030"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 51932:
		return "euc-jp"
	case 20866:
		return "koi8-r"
	}
	if n >= 28591 && n <= 28605 {
		return "iso-8859-" + strconv.Itoa(int(n-28590))
	}
	return "windows-" + strconv.Itoa(int(n))
}

type mapiValue struct {
	kind uint16
	data []byte
}

func (v mapiValue) text(codepage string) string {
	switch v.kind {
	case 0x001f: // UTF-16
		units := make([]uint16, 0, len(v.data)/2)
		for i := 0; i+1 < len(v.data); i += 2 {
			units = append(units, binary.LittleEndian.Uint16(v.data[i:]))
		}
		return strings.TrimRight(string(utf16.Decode(units)), "\x00")
	case 0x001e:
		text, _ := decodeCharset(codepage, bytes.TrimRight(v.data, "\x00"))
		return text
	}
	return ""
}

// mapiProps reads properties by their id: a count, then each with a type, an id,
// perhaps a name, and its value padded to four bytes.
func mapiProps(b []byte) map[uint16]mapiValue {
	out := map[uint16]mapiValue{}
	u32 := func() (uint32, bool) {
		if len(b) < 4 {
			return 0, false
		}
		v := binary.LittleEndian.Uint32(b)
		b = b[4:]
		return v, true
	}
	take := func(n uint32) ([]byte, bool) {
		if uint64(n) > uint64(len(b)) {
			return nil, false
		}
		v := b[:n]
		b = b[min(uint64(len(b)), (uint64(n)+3)&^3):]
		return v, true
	}
	count, ok := u32()
	if !ok {
		return out
	}
	for range min(count, 4096) {
		head, ok := u32()
		if !ok {
			return out
		}
		kind, id := uint16(head), uint16(head>>16)
		many := kind&0x1000 != 0
		kind &^= 0x1000
		if id >= 0x8000 { // a named property: an id of its family, then a number or a name
			if _, ok := take(16); !ok {
				return out
			}
			form, ok := u32()
			if !ok {
				return out
			}
			n := uint32(0)
			if n, ok = u32(); !ok {
				return out
			}
			if form == 1 {
				if _, ok := take(n); !ok {
					return out
				}
			}
		}
		values := uint32(1)
		size := uint32(0)
		switch kind {
		case 0x0002, 0x0003, 0x0004, 0x000a, 0x000b:
			size = 4
		case 0x0005, 0x0006, 0x0007, 0x0014, 0x0040:
			size = 8
		case 0x0048:
			size = 16
		case 0x001e, 0x001f, 0x0102, 0x000d:
			if values, ok = u32(); !ok {
				return out
			}
		default:
			return out // its length is not known
		}
		if many && size > 0 {
			if values, ok = u32(); !ok {
				return out
			}
		}
		for i := range min(values, 4096) {
			n := size
			if size == 0 {
				if n, ok = u32(); !ok {
					return out
				}
			}
			v, ok := take(n)
			if !ok {
				return out
			}
			if i == 0 {
				out[id] = mapiValue{kind, v}
			}
		}
	}
	return out
}

// rtfDictionary is what the compression of [MS-OXRTFCP] begins with.
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

// inflateRTF undoes that compression, giving at most limit bytes.
func inflateRTF(data []byte, limit int) []byte {
	if len(data) < 16 {
		return nil
	}
	size := binary.LittleEndian.Uint32(data[4:])
	kind := binary.LittleEndian.Uint32(data[8:])
	data = data[16:]
	size = min(size, uint32(max(0, min(limit, maxHTML))))
	if kind == 0x414c454d { // "MELA": not compressed
		return data[:min(len(data), int(size))]
	}
	if kind != 0x75465a4c { // "LZFu"
		return nil
	}
	var window [4096]byte
	at := copy(window[:], rtfDictionary)
	for i := at; i < len(window); i++ {
		window[i] = ' '
	}
	out := make([]byte, 0, min(int(size), 64<<10))
	put := func(c byte) {
		out = append(out, c)
		window[at] = c
		at = (at + 1) & 4095
	}
	for len(data) > 0 && len(out) < int(size) {
		flags := data[0]
		data = data[1:]
		for bit := range 8 {
			if len(out) >= int(size) {
				return out
			}
			if flags>>bit&1 == 0 {
				if len(data) == 0 {
					return out
				}
				put(data[0])
				data = data[1:]
				continue
			}
			if len(data) < 2 {
				return out
			}
			ref := int(data[0])<<8 | int(data[1])
			data = data[2:]
			from, n := ref>>4, ref&15+2
			if from == at {
				return out // the end
			}
			for i := range n {
				put(window[(from+i)&4095])
			}
		}
	}
	return out
}

var rtfToken = regexp.MustCompile(`\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z0-9])|[{}]|[\r\n]+|[^\\{}\r\n]+|.`)

// rtfHidden are groups whose words are not the text's.
var rtfHidden = map[string]bool{
	"fonttbl": true, "colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "header": true, "footer": true, "htmltag": true,
	"generator": true, "listtable": true, "listoverridetable": true, "themedata": true, "datastore": true, "latentstyles": true, "xmlnstbl": true, "fldinst": true,
}

// textOfRTF gives the words of RTF.
func textOfRTF(source string) string {
	var out strings.Builder
	var pending []byte // 8 bit characters in a row
	hidden := []bool{false}
	set, skip := "windows-1252", 0
	flush := func() {
		if len(pending) > 0 {
			text, _ := decodeCharset(set, pending)
			out.WriteString(text)
			pending = nil
		}
	}
	for _, m := range rtfToken.FindAllStringSubmatch(source, -1) {
		top := &hidden[len(hidden)-1]
		if m[3] == "" {
			flush()
		}
		switch token := m[0]; {
		case token == "{":
			if len(hidden) < 1000 {
				hidden = append(hidden, *top)
			}
		case token == "}":
			if len(hidden) > 1 {
				hidden = hidden[:len(hidden)-1]
			}
		case m[1] != "":
			n, _ := strconv.Atoi(m[2]) // a number that is missing is none
			switch word := m[1]; {
			case rtfHidden[word]:
				*top = true
			case word == "htmlrtf":
				*top = m[2] != "0"
			case word == "ansicpg":
				set = codepageName(uint32(n))
			case *top:
			case word == "par" || word == "line" || word == "row":
				out.WriteByte('\n')
			case word == "tab" || word == "cell":
				out.WriteByte('\t')
			case word == "u" && m[2] != "":
				if n < 0 {
					n += 1 << 16
				}
				out.WriteRune(rune(n))
				skip = 1
			}
		case *top:
		case m[3] != "":
			if skip > 0 {
				skip--
				break
			}
			n, err := strconv.ParseUint(m[3], 16, 8)
			if err == nil {
				pending = append(pending, byte(n))
			}
		case m[4] == "*":
			*top = true
		case m[4] == "~":
			out.WriteByte(' ')
		case m[4] == "{" || m[4] == "}" || m[4] == `\`:
			out.WriteString(m[4])
		case m[4] != "" || strings.Trim(token, "\r\n") == "":
		default:
			if skip > 0 {
				skip--
				token = token[1:]
			}
			out.WriteString(token)
		}
	}
	flush()
	return cleanText(strings.TrimSpace(out.String())) + "\n"
}
