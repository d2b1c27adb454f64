package paper

import (
	"strings"
	"unicode"

	"github.com/steward-itsm/steward/internal/platform/markdown"
)

// piece is a stretch of a line in one font: a word, blanks, or one letter of a
// script that is written without blanks.
type piece struct {
	text  string
	face  *face
	url   string
	blank bool
	end   bool // of the line, as it was written
	width float64
}

// box stands for a letter that no font has.
const box = '□'

// faceOf gives the font for a letter in a style.
func (d *Document) faceOf(s markdown.Span, r rune) (*face, rune) {
	own := regular
	switch {
	case s.Code:
		own = mono
	case s.Bold:
		own = bold
	}
	for _, f := range []*face{own, regular, wide} {
		if f.has(r) {
			return f, r
		}
	}
	d.missing++
	for _, f := range []*face{regular, wide} {
		if f.has(box) {
			return f, box
		}
	}
	return regular, '?'
}

// alone reports whether a line may break on both sides of a letter.
func alone(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// unseen are letters that only change how others look.
func unseen(r rune) bool {
	return r == 0xFEFF || r >= 0xFE00 && r <= 0xFE0F || unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && r != '\n' && r != '\t'
}

// pieces cuts a text where a line may break or the font changes.
func (d *Document) pieces(spans []markdown.Span) []piece {
	var out []piece
	for _, s := range spans {
		var last *piece
		single := false
		for _, r := range s.Text {
			switch {
			case r == '\n':
				out, last = append(out, piece{end: true}), nil
				continue
			case unseen(r):
				continue
			case r == '\t':
				r = ' '
			}
			blank := unicode.IsSpace(r)
			if blank {
				r = ' '
			}
			f, r := d.faceOf(s, r)
			if last == nil || last.face != f || last.blank != blank || single || alone(r) {
				out = append(out, piece{face: f, url: s.URL, blank: blank})
				last = &out[len(out)-1]
			}
			last.text += string(r)
			single = alone(r)
		}
	}
	return out
}

// use chooses a font, which the document gets when it first needs it.
func (d *Document) use(f *face, size float64) {
	if !d.used[f] {
		l, err := f.load()
		if err != nil {
			d.err = err
			return
		}
		d.pdf.AddUTF8FontFromBytes(f.family, f.style, l.bytes)
		d.used[f] = true
	}
	d.pdf.SetFont(f.family, f.style, size)
}

// height of a line in millimetres, for letters of a size in points.
func height(size float64) float64 { return size * 0.352778 * 1.35 }

// lay writes a text in lines of a width, and goes on below it.
func (d *Document) lay(spans []markdown.Span, x, width, size float64) {
	var line []piece
	used := 0.0
	flush := func() {
		d.room(height(size))
		if !d.full {
			d.draw(line, x, d.y+height(size)*0.78, size)
		}
		d.y += height(size)
		line, used = line[:0], 0
	}
	for _, p := range d.pieces(spans) {
		if d.err != nil || d.full {
			return
		}
		if p.end {
			flush()
			continue
		}
		d.use(p.face, size)
		p.width = d.pdf.GetStringWidth(p.text)
		if used+p.width > width && len(line) > 0 {
			flush()
			if p.blank {
				continue
			}
		}
		for p.width > width { // a word that is longer than a line
			head, rest := d.fitting(p, width)
			line = append(line, head)
			flush()
			p = rest
		}
		line, used = append(line, p), used+p.width
	}
	if len(line) > 0 {
		flush()
	}
}

// fitting cuts a piece where a line ends.
func (d *Document) fitting(p piece, width float64) (head, rest piece) {
	letters := []rune(p.text)
	n := max(1, int(float64(len(letters))*width/p.width))
	for n > 1 && d.pdf.GetStringWidth(string(letters[:n])) > width {
		n--
	}
	head, rest = p, p
	head.text, rest.text = string(letters[:n]), string(letters[n:])
	head.width, rest.width = d.pdf.GetStringWidth(head.text), d.pdf.GetStringWidth(rest.text)
	return head, rest
}

// draw writes the pieces of one line.
func (d *Document) draw(line []piece, x, y, size float64) {
	for _, p := range line {
		d.use(p.face, size)
		if d.err != nil {
			return
		}
		d.pdf.Text(x, y, p.text)
		if strings.HasPrefix(p.url, "http://") || strings.HasPrefix(p.url, "https://") || strings.HasPrefix(p.url, "mailto:") {
			d.pdf.LinkString(x, y-height(size)*0.78, p.width, height(size), p.url)
		}
		x += p.width
	}
}

// line writes one line at a place, however long it is.
func (d *Document) line(spans []markdown.Span, x, y, size float64) {
	all := d.pieces(spans)
	for i := range all {
		if all[i].face != nil {
			d.use(all[i].face, size)
			all[i].width = d.pdf.GetStringWidth(all[i].text)
		}
	}
	d.draw(all, x, y, size)
}

// lineAt writes one line at the present height, and stays there.
func (d *Document) lineAt(spans []markdown.Span, x, size float64) {
	d.line(spans, x, d.y+height(size)*0.78, size)
}
