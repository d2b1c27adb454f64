package mail

import (
	"bytes"
	"cmp"
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/gif"  // sizes of pictures
	_ "image/jpeg" // sizes of pictures
	_ "image/png"  // sizes of pictures
	"slices"
	"strings"
	"sync"

	_ "golang.org/x/image/webp" // sizes of pictures

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	message "github.com/steward-itsm/steward/internal/platform/mail"
)

// How mails were written is read from their bytes when a timeline shows them, and kept
// in memory: a quote is stored nowhere but in the mail itself (decision 0015).
const (
	readAtOnce   = 48 << 20 // bytes of mails that one page has read; the others are shown without their quotes
	keptWritings = 24 << 20 // bytes of texts that a node keeps
)

// A picture in a conversation is shown no larger than this; it opens in full.
const (
	shownWidth  = 960
	shownHeight = 480
)

// writing is how a mail was written.
type writing struct {
	module.Written
	small map[string]bool // pictures by SHA-256 that may be logos
	cost  int
}

// Written is a module.Writer: mails that became messages, as they were written.
func (s *Service) Written(ctx context.Context, messages []module.Said) (map[module.Said]module.Written, error) {
	if len(messages) == 0 {
		return nil, nil
	}
	found, err := landedAs(ctx, s.DB.Reader(), messages)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	read := map[module.Said]*writing{}
	spent := int64(0)
	for _, m := range found {
		w := s.writings.get(m.blobKey)
		if w == nil {
			if spent > 0 && spent+m.size > readAtOnce {
				continue
			}
			spent += m.size
			if w, err = s.readWriting(ctx, m.blobKey); err != nil {
				return nil, err
			}
			s.writings.put(m.blobKey, w)
		}
		read[m.said] = w
	}
	logos := logosOf(read)
	out := map[module.Said]module.Written{}
	for _, m := range found {
		if w := read[m.said]; w != nil && w.Body != "" {
			shown := w.without(logos)
			shown.URL = mailURL(m.number, m.id)
			out[m.said] = shown
		}
	}
	return out, nil
}

// readWriting reads a mail; what is gone or cannot be read has no Body.
func (s *Service) readWriting(ctx context.Context, blobKey string) (*writing, error) {
	raw, err := s.raw(ctx, &Arrival{BlobKey: blobKey})
	if apperr.Is(err, apperr.NotFound) {
		return &writing{}, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := message.Read(raw, s.limits())
	if err != nil {
		return &writing{}, nil //nolint:nilerr // it is shown without
	}
	return writingOf(m), nil
}

// writingOf lays a message out: what is new, quoted and signed in its order, with the
// pictures where they stand.
func writingOf(m *message.Message) *writing {
	parts := message.Split(m.Text)
	w := &writing{small: map[string]bool{}}
	var whole bool
	if w.Body, whole = wordsOf(m, parts); !whole {
		return &writing{}
	}
	if parts.New() == "" {
		parts = message.Parts{{Kind: message.New, Text: m.Text}}
	}
	placed := w.pictures(m)
	at := 0
	for i, p := range parts {
		end := at + len(p.Text)
		last := i == len(parts)-1
		var here []placedPicture
		for len(placed) > 0 && placed[0].From >= 0 && (placed[0].From < end || last) {
			here, placed = append(here, placed[0]), placed[1:]
		}
		w.add(pieceOf(p, at, here))
		at = end
	}
	var late []module.Block // pictures whose place is not found
	for _, p := range placed {
		late = append(late, module.Block{Picture: p.Picture})
	}
	for _, invite := range invitesIn(m) {
		late = append(late, module.Block{Text: message.Markdown(strings.TrimSpace(invite))})
	}
	w.add(module.Piece{Kind: module.PieceSaid, Blocks: late})
	for _, p := range w.Pieces {
		for _, b := range p.Blocks {
			w.cost += 200 + len(b.Text)
		}
	}
	w.cost += len(w.Body)
	return w
}

// add appends a piece that has something in it; quotes in a row become one.
func (w *writing) add(p module.Piece) {
	if len(p.Blocks) == 0 {
		return
	}
	if n := len(w.Pieces); n > 0 && w.Pieces[n-1].Kind == p.Kind {
		w.Pieces[n-1].Blocks = append(w.Pieces[n-1].Blocks, p.Blocks...)
		return
	}
	w.Pieces = append(w.Pieces, p)
}

type placedPicture struct {
	message.Placed
	*module.Picture
}

// pictures gives the pictures of a message that a browser shows in place, those whose
// place is known first and in their order. Tracking pixels are none.
func (w *writing) pictures(m *message.Message) []placedPicture {
	type file struct {
		sum  string
		name string
		size int
		image.Point
	}
	files := map[string]file{}
	for _, f := range m.Attachments {
		if _, known := files[f.ContentID]; known || f.ContentID == "" {
			continue
		}
		switch f.Type {
		case "image/png", "image/jpeg", "image/gif", "image/webp":
			sum := sha256.Sum256(f.Data)
			files[f.ContentID] = file{sum: hex.EncodeToString(sum[:]), name: f.Name, size: len(f.Data), Point: naturalSize(f.Data)}
		}
	}
	var in, out []placedPicture
	for _, p := range message.Place(m) {
		f, known := files[p.ContentID]
		if !known {
			continue
		}
		width, height := fitted(f.Point, p.Width, p.Height, shownWidth, shownHeight)
		if width > 0 && width <= 3 && height <= 3 {
			w.Lesser = append(w.Lesser, f.sum)
			continue
		}
		w.small[f.sum] = f.size <= 40<<10 && f.X <= 600 && f.Y <= 160
		shown := placedPicture{p, &module.Picture{SHA256: f.sum, Name: f.name, Alt: p.Alt, Width: width, Height: height}}
		if p.From < 0 {
			out = append(out, shown)
		} else {
			in = append(in, shown)
		}
	}
	// What stands for pictures may do so in another order than that of the HTML.
	slices.SortStableFunc(in, func(a, b placedPicture) int { return cmp.Compare(a.From, b.From) })
	return append(in, out...)
}

// naturalSize is that of a picture's own; zero when unknown.
func naturalSize(data []byte) image.Point {
	c, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return image.Point{}
	}
	return image.Pt(c.Width, c.Height)
}

// fitted is how large a picture is shown: as its mail wants it, within bounds.
func fitted(natural image.Point, width, height, maxWidth, maxHeight int) (int, int) {
	switch {
	case width > 0 && height == 0 && natural.X > 0:
		height = width * natural.Y / natural.X
	case height > 0 && width == 0 && natural.Y > 0:
		width = height * natural.X / natural.Y
	case width == 0 || height == 0:
		width, height = natural.X, natural.Y
	}
	if width > maxWidth {
		width, height = maxWidth, height*maxWidth/width
	}
	if height > maxHeight {
		width, height = width*maxHeight/height, maxHeight
	}
	return max(width, min(1, natural.X)), max(height, min(1, natural.Y))
}

// pieceOf makes a piece of a part of the text that begins at a byte of it.
func pieceOf(p message.Part, at int, pictures []placedPicture) module.Piece {
	out := module.Piece{Kind: module.PieceSaid}
	switch p.Kind {
	case message.Quote:
		out.Kind, out.Who = module.PieceQuoted, either(p.From.Name, p.From.Mail)
	case message.Signature:
		out.Kind = module.PieceSignature
	case message.New:
	}
	from := 0
	words := func(to int) {
		to = min(to, len(p.Text))
		text := strings.Trim(p.Text[from:max(to, from)], "\r\n")
		if strings.TrimSpace(text) == "" {
			return
		}
		if out.Kind == module.PieceSaid {
			text = message.Markdown(text)
		}
		out.Blocks = append(out.Blocks, module.Block{Text: text})
	}
	for _, picture := range pictures {
		words(picture.From - at)
		from = min(max(from, picture.To-at), len(p.Text))
		out.Blocks = append(out.Blocks, module.Block{Picture: picture.Picture})
	}
	words(len(p.Text))
	return out
}

// logosOf finds small pictures that come again and again: with several of the mails,
// or with one that quotes them.
func logosOf(read map[module.Said]*writing) map[string]bool {
	type place struct {
		sum    string
		on     module.Said
		quoted bool
	}
	seen := map[place]bool{}
	times := map[string]int{}
	for on, w := range read {
		for _, p := range w.Pieces {
			for _, b := range p.Blocks {
				if b.Picture == nil || !w.small[b.Picture.SHA256] {
					continue
				}
				if at := (place{b.Picture.SHA256, on, p.Kind != module.PieceSaid}); !seen[at] {
					seen[at] = true
					times[b.Picture.SHA256]++
				}
			}
		}
	}
	out := map[string]bool{}
	for sum, n := range times {
		if n > 1 {
			out[sum] = true
		}
	}
	return out
}

// without leaves logos out of what is said. What is kept of a mail stays as it is.
func (w *writing) without(logos map[string]bool) module.Written {
	out := w.Written
	out.Pieces, out.Lesser = nil, slices.Clone(w.Lesser)
	for _, p := range w.Pieces {
		blocks := p.Blocks
		if len(logos) > 0 {
			blocks = slices.DeleteFunc(slices.Clone(blocks), func(b module.Block) bool {
				gone := b.Picture != nil && logos[b.Picture.SHA256]
				if gone {
					out.Lesser = append(out.Lesser, b.Picture.SHA256)
				}
				return gone
			})
		}
		if len(blocks) > 0 {
			out.Pieces = append(out.Pieces, module.Piece{Kind: p.Kind, Who: p.Who, Blocks: blocks})
		}
	}
	return out
}

// invitesIn are the invitations that a message's own text does not say.
func invitesIn(m *message.Message) []string {
	var out []string
	for _, i := range m.Invites {
		if said := i.String(); !strings.Contains(m.Text, strings.TrimSpace(said)) {
			out = append(out, said)
		}
	}
	return out
}

// mostSaid is how many characters of a mail become a message; the whole is in the mail.
const mostSaid = 200_000

// wordsOf is what a mail says, as Markdown, without what it quotes; whole is false for
// one that was cut.
func wordsOf(m *message.Message, parts message.Parts) (said ticket.Markdown, whole bool) {
	words := strings.TrimSpace(parts.New())
	if words == "" {
		words = strings.TrimSpace(m.Text)
	}
	for _, i := range invitesIn(m) {
		words = strings.TrimSpace(words + "\n\n" + i)
	}
	whole = true
	if r := []rune(words); len(r) > mostSaid {
		words, whole = string(r[:mostSaid])+"…", false
	}
	return ticket.Markdown(cutTo(message.Markdown(words), 1<<20)), whole
}

// writings keeps how mails were written, by the keys of their bytes: those that were
// asked for last.
type writings struct {
	mu    sync.Mutex
	by    map[string]*list.Element
	order list.List // the newest first
	size  int
}

type keptWriting struct {
	key string
	*writing
}

func (k *writings) get(key string) *writing {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.by[key]
	if e == nil {
		return nil
	}
	k.order.MoveToFront(e)
	return e.Value.(keptWriting).writing //nolint:forcetypeassert // nothing else is in it
}

func (k *writings) put(key string, w *writing) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by == nil {
		k.by = map[string]*list.Element{}
	}
	if k.by[key] != nil {
		return
	}
	k.by[key] = k.order.PushFront(keptWriting{key, w})
	for k.size += w.cost + 500; k.size > keptWritings && k.order.Len() > 1; {
		last := k.order.Back()
		old := k.order.Remove(last).(keptWriting) //nolint:forcetypeassert // nothing else is in it
		delete(k.by, old.key)
		k.size -= old.cost + 500
	}
}
