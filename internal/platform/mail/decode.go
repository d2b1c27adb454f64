package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
)

// wordDecoder decodes the encoded words within a list of addresses.
var wordDecoder = &mime.WordDecoder{CharsetReader: func(label string, input io.Reader) (io.Reader, error) {
	data, err := io.ReadAll(io.LimitReader(input, 64<<10))
	if err != nil {
		return nil, err
	}
	text, _ := decodeCharset(label, data)
	return strings.NewReader(text), nil
}}

// aliases are labels that programs write for a charset that has another name. The
// East Asian ones are read as the larger set they are a part of, and Latin 1 as
// what programs mean by it.
var aliases = map[string]string{
	"": "", "us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "8bit": "", "binary": "", "unknown": "", "unknown-8bit": "",
	"x-unknown": "", "default": "", "default_charset": "", "none": "", "x-user-defined": "", "0": "", "iso-8859": "",
	"utf8": "utf-8", "utf-8n": "utf-8", "unicode": "utf-8", "utf8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8",
	"iso-8859-1": "windows-1252", "iso8859-1": "windows-1252", "iso_8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252",
	"ansi": "windows-1252", "cp1252": "windows-1252", "cp-1252": "windows-1252", "windows1252": "windows-1252", "win-1252": "windows-1252",
	"cp1251": "windows-1251", "win-1251": "windows-1251", "windows1251": "windows-1251", "cp1250": "windows-1250", "iso8859-2": "iso-8859-2",
	"iso8859-15": "iso-8859-15", "latin9": "iso-8859-15", "iso-8859-8-i": "iso-8859-8", "koi8r": "koi8-r", "cp866": "ibm866", "cp850": "ibm850", "cp-850": "ibm850",
	"gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "x-gbk": "gb18030", "euc-cn": "gb18030", "hz": "hz-gb-2312", "hz-gb2312": "hz-gb-2312",
	"ks_c_5601-1987": "euc-kr", "ks_c_5601": "euc-kr", "ksc5601": "euc-kr", "cp949": "euc-kr", "uhc": "euc-kr",
	"sjis": "shift_jis", "x-sjis": "shift_jis", "cp932": "shift_jis", "windows-31j": "shift_jis", "ms932": "shift_jis",
	"iso2022jp": "iso-2022-jp", "_iso-2022-jp$esc": "iso-2022-jp", "iso-2022-jp-ms": "iso-2022-jp", "cp50220": "iso-2022-jp", "iso-2022-jp-2": "iso-2022-jp",
	"eucjp": "euc-jp", "big5-hkscs": "big5", "cp950": "big5", "tis620": "windows-874", "tis-620": "windows-874", "utf-7": "utf-7", "unicode-1-1-utf-7": "utf-7",
}

// decodeCharset gives text for bytes with the label of a charset; false if the
// label was unknown or did not fit the bytes, and the bytes were read as they look.
func decodeCharset(label string, data []byte) (string, bool) {
	label = strings.ToLower(strings.Trim(label, "\"' \t.,;"))
	name := label
	if alias, ok := aliases[label]; ok {
		name = alias
	}
	multi := hasHighBytes(data) && utf8.Valid(data)
	switch {
	case name == "":
		return decodeUnlabelled(string(data)), label != "" && !hasHighBytes(data)
	case name == "utf-8":
		if utf8.Valid(data) {
			return strings.TrimPrefix(string(data), "\ufeff"), true
		}
		return decodeBroken(data), false
	case name == "utf-7":
		return decodeUTF7(string(data)), true
	case multi && (strings.HasPrefix(name, "windows-125") || strings.HasPrefix(name, "iso-8859-")):
		return string(data), false // UTF-8 that was given a wrong label
	}
	r, err := charset.Reader(name, bytes.NewReader(data))
	if err != nil {
		return decodeUnlabelled(string(data)), false
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(len(data))*4+16))
	if err != nil {
		return decodeUnlabelled(string(data)), false
	}
	if bytes.ContainsRune(text, utf8.RuneError) && multi {
		return string(data), false
	}
	return strings.ToValidUTF8(strings.TrimPrefix(string(text), "\ufeff"), "\ufffd"), true
}

func hasHighBytes(data []byte) bool {
	for _, c := range data {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// decodeUnlabelled reads bytes by how they look: UTF-8, Japanese with escapes,
// else as Western programs write.
func decodeUnlabelled(s string) string {
	if strings.Contains(s, "\x1b$") || strings.Contains(s, "\x1b(") {
		if r, err := charset.Reader("iso-2022-jp", strings.NewReader(s)); err == nil {
			if text, err := io.ReadAll(r); err == nil && !bytes.ContainsRune(text, utf8.RuneError) {
				return string(text)
			}
		}
	}
	if utf8.ValidString(s) {
		return s
	}
	return windows1252([]byte(s))
}

// decodeBroken reads UTF-8 with a few wrong bytes as UTF-8, and what is none at
// all as Western.
func decodeBroken(data []byte) string {
	good, bad := 0, 0
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		i += n
	}
	if bad > good {
		return windows1252(data)
	}
	return strings.ToValidUTF8(string(data), "\ufffd")
}

func windows1252(data []byte) string {
	r, err := charset.Reader("windows-1252", bytes.NewReader(data))
	if err == nil {
		if text, err := io.ReadAll(r); err == nil {
			return string(text)
		}
	}
	return strings.ToValidUTF8(string(data), "\ufffd")
}

// decodeUTF7 is RFC 2152.
func decodeUTF7(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		plus := strings.IndexByte(s, '+')
		if plus < 0 {
			out.WriteString(s)
			break
		}
		out.WriteString(s[:plus])
		s = s[plus+1:]
		end := 0
		for end < len(s) && (s[end] == '+' || s[end] == '/' || s[end] >= '0' && s[end] <= '9' || s[end] >= 'A' && s[end] <= 'Z' || s[end] >= 'a' && s[end] <= 'z') {
			end++
		}
		if end == 0 {
			out.WriteByte('+')
		} else {
			data := decodeBase64([]byte(s[:end]))
			units := make([]uint16, 0, len(data)/2)
			for i := 0; i+1 < len(data); i += 2 {
				units = append(units, uint16(data[i])<<8|uint16(data[i+1]))
			}
			out.WriteString(string(utf16.Decode(units)))
		}
		s = s[end:]
		s = strings.TrimPrefix(s, "-")
	}
	return strings.ToValidUTF8(out.String(), "\ufffd")
}

// decodeTransfer undoes a transfer encoding; false where the encoding is unknown.
func decodeTransfer(encoding string, data []byte) ([]byte, bool) {
	encoding, _, _ = strings.Cut(encoding, ";")
	switch encoding = strings.ToLower(strings.Trim(encoding, "\"' \t")); encoding {
	case "base64":
		return decodeBase64(data), true
	case "quoted-printable", "quotedprintable", "quoted printable":
		return decodeQuotedPrintable(data), true
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "none":
		return data, true
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return decodeUU(data), true
	}
	return data, false
}

// decodeBase64 skips what is not of the alphabet, goes on after padding, and takes
// a tail that broke off.
func decodeBase64(data []byte) []byte {
	clean := make([]byte, 0, len(data))
	out := make([]byte, 0, len(data)*3/4+3)
	flush := func() {
		if len(clean)%4 == 1 {
			clean = clean[:len(clean)-1]
		}
		piece := make([]byte, base64.RawStdEncoding.DecodedLen(len(clean)))
		n, _ := base64.RawStdEncoding.Decode(piece, clean) // the alphabet is right, and stray bits at the end do not matter
		out = append(out, piece[:n]...)
		clean = clean[:0]
	}
	for _, c := range data {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
		case c == '-': // the alphabet for addresses
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c == '=':
			if len(clean) > 0 {
				flush()
			}
		}
	}
	flush()
	return out
}

// decodeQuotedPrintable leaves what is no escape as it stands.
func decodeQuotedPrintable(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for len(data) > 0 {
		line, rest := cutLine(data)
		end := data[len(line) : len(data)-len(rest)]
		line = bytes.TrimRight(line, " \t")
		soft := false
		for i := 0; i < len(line); i++ {
			c := line[i]
			if c != '=' {
				out = append(out, c)
				continue
			}
			if i == len(line)-1 {
				soft = true
				break
			}
			if i+2 < len(line) {
				if hi, lo := hexDigit(line[i+1]), hexDigit(line[i+2]); hi >= 0 && lo >= 0 {
					out = append(out, byte(hi<<4|lo))
					i += 2
					continue
				}
			}
			out = append(out, c)
		}
		if !soft {
			out = append(out, end...)
		}
		data = rest
	}
	return out
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// decodeUU reads the lines of uuencode between begin and end.
func decodeUU(data []byte) []byte {
	var out []byte
	for len(data) > 0 {
		var line []byte
		line, data = cutLine(data)
		if bytes.HasPrefix(line, []byte("begin ")) || len(line) == 0 {
			continue
		}
		if bytes.Equal(line, []byte("end")) {
			break
		}
		n := int(line[0]-' ') & 63
		line = line[1:]
		for ; n > 0 && len(line) > 0; n -= 3 {
			var group [4]byte
			for i := range group {
				group[i] = ' '
			}
			copy(group[:], line)
			line = line[min(4, len(line)):]
			v := uint32(0)
			for _, c := range group {
				v = v<<6 | uint32((c-' ')&63)
			}
			three := []byte{byte(v >> 16), byte(v >> 8), byte(v)}
			out = append(out, three[:min(3, n)]...)
		}
	}
	return out
}

// cleanText gives a text \n for its line ends and takes out what no text has.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\f' || r == '\v' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == '\ufeff' || isBidiControl(r):
			return -1
		}
		return r
	}, s)
}

// unflow joins the lines of a text with format=flowed (RFC 3676).
func unflow(s string, delsp bool) string {
	out := make([]byte, 0, len(s))
	depth := -1 // of the paragraph that goes on, -1 if none does
	for i, line := range strings.Split(s, "\n") {
		text := strings.TrimLeft(line, ">")
		quotes := len(line) - len(text)
		text = strings.TrimPrefix(text, " ") // stuffed
		if depth != quotes || text == "-- " {
			if i > 0 {
				out = append(out, '\n')
			}
			if quotes > 0 {
				out = append(append(out, line[:quotes]...), ' ')
			}
		}
		out = append(out, text...)
		depth = -1
		if strings.HasSuffix(text, " ") && text != "-- " {
			depth = quotes
			if delsp {
				out = out[:len(out)-1]
			}
		}
	}
	return string(out)
}
