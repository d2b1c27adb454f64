package mail

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzTNEF(f *testing.F) {
	f.Add([]byte{0x78, 0x9f, 0x3e, 0x22, 1, 0, 1, 3, 0x90, 6, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ok := readTNEF(data, 10, 1<<20)
		if ok && len(m.files) > 10 {
			t.Errorf("%d files", len(m.files))
		}
		if text := textOfRTF(m.rtf); !utf8.ValidString(text) {
			t.Errorf("%q", text)
		}
	})
}

func FuzzInflateRTF(f *testing.F) {
	f.Add([]byte("\x10\x00\x00\x00\xff\xff\xff\xffLZFu\x00\x00\x00\x00\x03abc\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if out := inflateRTF(data, 1000); len(out) > 1000+32 {
			t.Errorf("%d bytes", len(out))
		}
	})
}

func TestCompressedRTFIsInflated(t *testing.T) {
	t.Parallel()
	// The example of [MS-OXRTFCP] 3.1.
	data := []byte{
		0x2d, 0, 0, 0, 0x2b, 0, 0, 0, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0, 0x0a, 0, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c,
		0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
	}
	if got := string(inflateRTF(data, 1000)); got != "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n" {
		t.Errorf("got %q", got)
	}
	if got := strings.TrimSpace(textOfRTF(string(inflateRTF(data, 1000)))); got != "hello world" {
		t.Errorf("got %q", got)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add("=?utf-8?B?YQ==?= =?utf-8?Q?b?= <a@b>, \"c\" <d@e>; g: h@i;", "attachment; filename*0*=utf-8''a%20; filename*1=\"b\"")
	f.Fuzz(func(t *testing.T, list, params string) {
		for _, a := range addresses([]string{list}) {
			if !utf8.ValidString(a.Name) || !utf8.ValidString(a.Mail) || strings.ContainsAny(a.Name+a.Mail, "\r\n\x00") {
				t.Errorf("%q", a)
			}
		}
		_, p := mediaType(params)
		for _, v := range p {
			if !utf8.ValidString(v) {
				t.Errorf("%q", v)
			}
		}
		parseDate(list)
		parseInvite(list)
		readBER([]byte(list), 0)
	})
}
