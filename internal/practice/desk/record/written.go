package record

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/practice/desk/record/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// smallPicture is how many bytes a picture has at most that may be a logo.
const smallPicture = 40 << 10

// readWritten asks how the messages on a page were written, for those who read notes:
// what somebody quoted was not said to a supplier. The description is the first.
// Messages with small pictures are always among them, wherever they stand: what comes
// again and again is told by all of them.
func (d *desk) readWritten(ctx context.Context, entries []entry, files []ticket.Attachment) error {
	if !d.reader.inside {
		return nil
	}
	asked := []module.Said{{Ticket: d.ticket.ID, Seq: 1}}
	for i := range entries {
		e := &entries[i]
		on := d.ticket.ID
		if e.source != nil {
			on = e.source.ID
		}
		if e.typ == ticket.Replied || e.typ == ticket.Created && e.source != nil {
			asked = append(asked, module.Said{Ticket: on, Seq: e.seq})
		}
	}
	for i := range files {
		if f := &files[i]; f.Inline() && f.Size <= smallPicture && f.Seq > 1 && (i == 0 || files[i-1].Seq != f.Seq) {
			asked = append(asked, module.Said{Ticket: d.ticket.ID, Seq: f.Seq})
		}
	}
	var err error
	d.written, err = d.p.d.Written(ctx, asked)
	return err
}

// said shows a message as it was written, and gives the files that do not stand in it.
// moreURL is where the whole of a huge one is; "" shows all of it.
func (d *desk) said(ctx context.Context, seq int, body string, files []ticket.Attachment, moreURL string) (templ.Component, []ticket.Attachment) {
	w, known := d.written[module.Said{Ticket: d.ticket.ID, Seq: seq}]
	if !known || string(w.Body) != body {
		return d.prose(ctx, body, moreURL), files
	}
	l := letter{desk: d, left: foldedTo, files: files, stands: map[string]bool{}}
	if len(body) <= foldAt || moreURL == "" {
		l.left = len(body) + 1
	}
	out := ui.Letter{}
	for i, p := range w.Pieces {
		if l.left <= 0 {
			out.More = ui.Link{Label: text.T(ctx, "Show all of it (%s)", text.FileSize(ctx, int64(len(body)))), URL: moreURL}
			break
		}
		part := l.part(ctx, p)
		if p.Kind == module.PieceQuoted && i+1 < len(w.Pieces) && w.Pieces[i+1].Kind == module.PieceSaid {
			part.Peek = lastWords(p)
		}
		if l.rest {
			part.Body = append(part.Body, ui.Link{Label: text.T(ctx, "The rest is in the mail as it came"), URL: w.URL})
			l.rest = false
		}
		out.Parts = append(out.Parts, part)
	}
	for _, sum := range w.Lesser {
		l.stands[sum] = true
	}
	var others []ticket.Attachment
	for i := range files {
		if !l.stands[files[i].SHA256] {
			others = append(others, files[i])
		}
	}
	return out, others
}

// letter puts the pieces of a message on the page.
type letter struct {
	*desk
	left   int // bytes of what is said that are still shown
	files  []ticket.Attachment
	stands map[string]bool // files that stand in it, by SHA-256
	rest   bool            // the piece is shown in part
}

func (l *letter) part(ctx context.Context, p module.Piece) ui.LetterPart {
	out := ui.LetterPart{Who: p.Who}
	quote := foldedTo
	switch p.Kind {
	case module.PieceQuoted:
		out.Kind = ui.LetterQuote
	case module.PieceSignature:
		out.Kind = ui.LetterSignature
	case module.PieceSaid:
	}
	for _, b := range p.Blocks {
		switch {
		case b.Picture != nil:
			out.Body = append(out.Body, l.picture(ctx, b.Picture))
		case out.Kind == ui.LetterSaid && l.left > 0:
			shown := b.Text
			if len(shown) > l.left {
				shown, _ = markdown.Cut(shown, l.left)
			}
			l.left -= len(b.Text)
			out.Body = append(out.Body, templ.Raw(markdown.HTML(shown, l.references(ctx))))
		case out.Kind != ui.LetterSaid && quote > 0:
			shown := b.Text
			if len(shown) > quote {
				shown, l.rest = markdown.Cut(shown, quote)
			}
			quote -= len(b.Text)
			out.Body = append(out.Body, ui.Quote(shown))
		case out.Kind != ui.LetterSaid:
			l.rest = true
		}
	}
	return out
}

// picture shows one that was kept with the message.
func (l *letter) picture(ctx context.Context, p *module.Picture) templ.Component {
	for i := range l.files {
		if f := &l.files[i]; f.SHA256 == p.SHA256 && f.Inline() {
			l.stands[p.SHA256] = true
			alt := p.Alt
			if alt == "" {
				alt = text.T(ctx, "Picture %s", f.Name)
			}
			return ui.Picture{URL: view.FileURL(f.ID), Alt: alt, Width: p.Width, Height: p.Height}
		}
	}
	return view.Missing(text.T(ctx, "The picture %s is only in the mail as it came.", p.Name))
}

// peekAt is how many characters of a quote are seen while it is folded.
const peekAt = 160

// lastWords are the last words of a quote, which an answer stands below.
func lastWords(p module.Piece) string {
	var all []string
	for _, b := range p.Blocks {
		for line := range strings.SplitSeq(b.Text, "\n") {
			if words := strings.TrimSpace(strings.TrimLeft(line, "> \t")); words != "" {
				all = append(all, words)
			}
		}
	}
	words := []rune(strings.Join(all, " "))
	if len(words) > peekAt {
		return "…" + string(words[len(words)-peekAt:])
	}
	return string(words)
}

// mailPage leads to the page that tells where a message came from.
func (d *desk) mailPage(e *entry) string {
	return d.written[module.Said{Ticket: d.ticket.ID, Seq: e.seq}].URL
}

// lesser are the files of the page's messages that say nothing: they stand apart from
// those that somebody sent.
func (d *desk) lesser(files []ticket.Attachment) (sent, apart []ticket.Attachment) {
	sums := map[string]bool{}
	for _, w := range d.written {
		for _, sum := range w.Lesser {
			sums[sum] = true
		}
	}
	if len(sums) == 0 {
		return files, nil
	}
	for i := range files {
		if sums[files[i].SHA256] {
			apart = append(apart, files[i])
		} else {
			sent = append(sent, files[i])
		}
	}
	return sent, apart
}
