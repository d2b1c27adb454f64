package mail

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Placed is a picture that a message shows, and where in its Text that is.
type Placed struct {
	ContentID     string
	Alt           string
	Width, Height int // as the message wants it shown; 0 where it does not say
	From, To      int // bytes of Text that it stands for, such as "[image: map.png]"; From is -1 where its place is not found
}

// maxPlaced is how many pictures of a message are looked for in its text.
const maxPlaced = 300

// Place finds where in the text of a message the pictures of its HTML stand: by what
// programs write into the text in place of them, else by the words before them.
func Place(m *Message) []Placed {
	if !strings.Contains(m.HTML, "data-cid") {
		return nil
	}
	found := pictured(m.HTML)
	if len(found) == 0 {
		return nil
	}
	p := placer{text: m.Text, stands: standing(m.Text)}
	p.read()
	out := make([]Placed, len(found))
	for i, f := range found {
		out[i] = f.Placed
		out[i].From, out[i].To = p.place(f)
	}
	return out
}

// shownPicture is a picture of the HTML, with the letters and digits of all before it.
type shownPicture struct {
	Placed
	before string
}

func pictured(source string) []shownPicture {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return nil
	}
	var letters []byte
	var out []shownPicture
	for n := range doc.Descendants() {
		switch {
		case n.Type == html.TextNode:
			letters = appendLetters(letters, n.Data)
		case n.Type == html.ElementNode && n.DataAtom == atom.Img && attr(n, "data-cid") != "" && len(out) < maxPlaced:
			p := shownPicture{before: string(letters[max(0, len(letters)-contexts[0]):])}
			p.ContentID, p.Alt = attr(n, "data-cid"), strings.Join(strings.Fields(attr(n, "alt")), " ")
			p.Width, _ = strconv.Atoi(attr(n, "width"))
			p.Height, _ = strconv.Atoi(attr(n, "height"))
			out = append(out, p)
		}
	}
	return out
}

// appendLetters adds what of a text is the same in every form of it.
func appendLetters(to []byte, s string) []byte {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			to = utf8.AppendRune(to, unicode.ToLower(r))
		}
	}
	return to
}

// contexts are how many bytes of what stands before a picture are looked for.
var contexts = [...]int{60, 30, 15, 8}

// stand is what stands for a picture in a text.
type stand struct {
	from, to int
	says     string
	used     bool
}

var (
	inBrackets = regexp.MustCompile(`\[([^\[\]\n]{1,300})\]|<(cid:[^<>\s]{1,300})>`)
	linkAfter  = regexp.MustCompile(`<(?:https?|mailto|tel):[^<>\s]*>`)
)

func standing(text string) []stand {
	var out []stand
	for _, m := range inBrackets.FindAllStringSubmatchIndex(text, 5000) {
		from, to := m[2], m[3]
		if from < 0 {
			from, to = m[4], m[5]
		}
		out = append(out, stand{from: m[0], to: m[1], says: strings.Join(strings.Fields(text[from:to]), " ")})
	}
	return out
}

type placer struct {
	text    string
	stands  []stand
	letters string // of the text, without what stands for pictures
	ends    []int32
	after   int // where in the text the picture before stands
	begin   int // where in the letters that is
}

// read takes the letters out of the text, and notes where in it each of them ends.
func (p *placer) read() {
	var letters []byte
	skips := linkAfter.FindAllStringIndex(p.text, -1)
	stands := p.stands
	for i := 0; i < len(p.text); {
		for len(skips) > 0 && skips[0][1] <= i {
			skips = skips[1:]
		}
		for len(stands) > 0 && stands[0].to <= i {
			stands = stands[1:]
		}
		if len(skips) > 0 && skips[0][0] == i {
			i = skips[0][1]
			continue
		}
		if len(stands) > 0 && stands[0].from == i && p.ofPicture(stands[0]) {
			i = stands[0].to
			continue
		}
		r, size := utf8.DecodeRuneInString(p.text[i:])
		i += size
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			before := len(letters)
			letters = utf8.AppendRune(letters, unicode.ToLower(r))
			for range len(letters) - before {
				p.ends = append(p.ends, int32(i)) //nolint:gosec // a text is far smaller
			}
		}
	}
	p.letters = string(letters)
}

// ofPicture guesses whether brackets stand for some picture.
func (p *placer) ofPicture(s stand) bool {
	return strings.HasPrefix(s.says, "cid:") || strings.HasPrefix(s.says, "image: ")
}

func (p *placer) place(f shownPicture) (from, to int) {
	for i := range p.stands {
		s := &p.stands[i]
		if !s.used && s.says == "cid:"+f.ContentID {
			return p.take(s)
		}
	}
	for i := range p.stands {
		s := &p.stands[i]
		if !s.used && f.Alt != "" && s.from >= p.after && (s.says == f.Alt || strings.HasSuffix(s.says, ": "+f.Alt) && len(s.says) < len(f.Alt)+20) {
			return p.take(s)
		}
	}
	if f.before == "" {
		return 0, 0
	}
	for _, n := range contexts {
		tail := f.before[max(0, len(f.before)-n):]
		for len(tail) > 0 && !utf8.RuneStart(tail[0]) {
			tail = tail[1:]
		}
		// Pictures in a row have the same words before them.
		start := max(0, p.begin-len(tail))
		if i := strings.Index(p.letters[start:], tail); i >= 0 && tail != "" {
			p.begin = start + i + len(tail)
			at := int(p.ends[p.begin-1])
			if end := strings.IndexByte(p.text[at:], '\n'); end >= 0 {
				at += end
			} else {
				at = len(p.text)
			}
			at = max(at, p.after)
			p.after = at
			return at, at
		}
	}
	return -1, -1
}

// take puts a picture where something stands for it.
func (p *placer) take(s *stand) (from, to int) {
	s.used = true
	if s.from >= p.after {
		p.after = s.to
		for p.begin < len(p.ends) && int(p.ends[p.begin]) <= s.from {
			p.begin++
		}
	}
	return s.from, s.to
}
