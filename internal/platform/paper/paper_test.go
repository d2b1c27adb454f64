package paper_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/paper"
)

func about() paper.About {
	return paper.About{Title: "INC-1", Author: "Steward", Mark: "Internal", Foot: "INC-1", Page: "Page %d of %s", Created: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}
}

func write(t *testing.T, d *paper.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) {
		t.Fatalf("no PDF: %q", b.Bytes()[:min(20, b.Len())])
	}
	return b.Bytes()
}

func TestDocumentTakesEveryScript(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		missing bool
	}{
		"Latin":    {"Zoë’s façade – naïve “quotes” Łódź ğ", false},
		"Greek":    {"Ο εκτυπωτής δεν λειτουργεί", false},
		"Cyrillic": {"Принтер не печатает", false},
		"Chinese":  {"打印机无法打印", false},
		"Japanese": {"プリンターが動かない", false},
		"emoji":    {"🖨️🔥", true},
		"broken":   {"a\x00b\xff\ufeffc", false},
	} {
		d := paper.New(about())
		d.Title(c.text)
		d.Facts(paper.Fact{Label: c.text, Value: strings.Repeat(c.text+" ", 40)}, paper.Fact{Label: "empty"})
		d.Entry(paper.Entry{Who: c.text, What: c.text, When: "now", Marked: true})
		d.Text([]markdown.Block{{Mark: "•", Indent: 1, Spans: []markdown.Span{{Text: c.text}, {Text: c.text, Bold: true}, {Text: c.text, Code: true}}}})
		if got := d.Missing() > 0; got != c.missing && name != "broken" {
			t.Errorf("%s: letters are missing: %t", name, got)
		}
		write(t, d)
	}
}

func TestLongWordsAndTextsFitTheirPages(t *testing.T) {
	t.Parallel()
	d := paper.New(about())
	d.Text([]markdown.Block{{Spans: []markdown.Span{{Text: strings.Repeat("x", 5000), URL: "https://x.example"}}}})
	d.Text([]markdown.Block{{Code: true, Spans: []markdown.Span{{Text: strings.Repeat("line\n", 400), Code: true}}}})
	if pages := bytes.Count(write(t, d), []byte("/Type /Page\n")); pages < 4 {
		t.Errorf("%d pages", pages)
	}
	endless := paper.New(about())
	for range paper.MaxPages {
		endless.Text([]markdown.Block{{Spans: []markdown.Span{{Text: strings.Repeat("line\n", 70)}}}})
	}
	if !endless.Full() {
		t.Error("a document has no end")
	}
	write(t, endless)
}

func TestPicturesAreShownSmallOrNotAtAll(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 2000, 40))
	img.Set(3, 3, color.NRGBA{200, 0, 0, 128})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	d := paper.New(about())
	if !d.Picture(bytes.NewReader(b.Bytes())) {
		t.Error("a picture was refused")
	}
	for _, wrong := range [][]byte{nil, []byte("GIF89a"), b.Bytes()[:60]} {
		if d.Picture(bytes.NewReader(wrong)) {
			t.Errorf("%q is no picture", wrong[:min(len(wrong), 8)])
		}
	}
	write(t, d)
}
