package document

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/paper"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	maxText     = 600_000 // bytes of all texts together
	maxPictures = 30
	maxPicture  = 8 << 20 // bytes of one that is shown
)

// printer lays a document out; both versions use it, each with its own entries.
type printer struct {
	Deps
	ctx      context.Context
	out      *paper.Document
	written  int // bytes of text so far
	pictures int
	cut      bool
}

func (d Deps) printer(ctx context.Context, number, title, mark string) *printer {
	now := d.Now()
	foot := text.T(ctx, "%s · made on %s", number, text.DateTime(ctx, now))
	return &printer{Deps: d, ctx: ctx, out: paper.New(paper.About{
		Title: number + " " + title, Author: "Steward", Mark: mark, Foot: foot, Page: text.T(ctx, "Page %s of %s", "%d", "%s"), Created: now,
	})}
}

// PDF writes the version that may be given away.
func (p Public) PDF(ctx context.Context, d Deps, w io.Writer) error {
	out := d.printer(ctx, p.Number, p.Title, "")
	out.head(p.Number, p.Title, p.Facts, p.Description, p.Earlier)
	for _, e := range p.Entries {
		out.entry(paper.Entry{Who: e.Who, What: e.Step, When: text.DateTime(ctx, e.At)}, e.Text, e.Files)
	}
	return out.finish(p.Files, w)
}

// PDF writes the version for those who read notes, marked on every page.
func (i Internal) PDF(ctx context.Context, d Deps, w io.Writer) error {
	out := d.printer(ctx, i.Number, i.Title, text.T(ctx, "Internal. Not for the requester, not for suppliers."))
	out.head(i.Number, i.Title, i.Facts, i.Description, i.Earlier)
	for _, e := range i.Entries {
		what := strings.Join(e.Changes, "; ")
		if e.Note {
			what = strings.TrimSuffix(text.T(ctx, "Internal note")+"; "+what, "; ")
		}
		out.entry(paper.Entry{Who: e.Who, What: what, When: text.DateTime(ctx, e.At), Marked: e.Note}, e.Text, e.Files)
	}
	return out.finish(i.Files, w)
}

func (p *printer) head(number, title string, facts []paper.Fact, description string, earlier bool) {
	p.out.Title(number + "  " + title)
	p.out.Facts(facts...)
	if description != "" {
		p.out.Heading(text.T(p.ctx, "Description"))
		p.say(description)
	}
	p.out.Heading(text.T(p.ctx, "Conversation"))
	if earlier {
		p.out.Line(text.T(p.ctx, "What was before is left out here; the ticket has it."))
	}
}

// say writes a text, as long as the document has room for it.
func (p *printer) say(source string) {
	if left := maxText - p.written; len(source) > left {
		source, _ = markdown.Cut(source, max(left, 0))
		p.cut = true
	}
	p.written += len(source)
	if source != "" {
		p.out.Text(markdown.Blocks(source))
	}
}

func (p *printer) entry(e paper.Entry, said string, files []ticket.Attachment) {
	p.out.Entry(e)
	p.say(said)
	for i := range files {
		p.out.Line(text.T(p.ctx, "File: %s (%s)", files[i].Name, text.FileSize(p.ctx, files[i].Size)))
		p.picture(&files[i])
	}
}

// picture shows a picture among the files. It is read as whoever asked: a file
// that they may not see is not shown.
func (p *printer) picture(a *ticket.Attachment) {
	if !a.Inline() || a.Size > maxPicture || p.pictures >= maxPictures || p.out.Full() {
		return
	}
	_, body, err := p.Tickets.Attachment(p.ctx, a.ID)
	if err != nil {
		return // it is listed by name
	}
	defer body.Close()
	if p.out.Picture(body) {
		p.pictures++
	}
}

func (p *printer) finish(files []ticket.Attachment, w io.Writer) error {
	if len(files) > 0 {
		p.out.Heading(text.T(p.ctx, "Files"))
		for _, f := range files {
			p.out.Line(f.Name + "  ·  " + text.FileSize(p.ctx, f.Size) + "  ·  " + text.DateTime(p.ctx, f.CreatedAt))
		}
	}
	p.out.Space(3)
	if p.cut || p.out.Full() {
		p.out.Line(text.T(p.ctx, "This document is not complete: the ticket is longer."))
	}
	if n := p.out.Missing(); n > 0 {
		p.out.Line(text.N(p.ctx, n, "%d letter cannot be shown on paper and is a box.", "%d letters cannot be shown on paper and are boxes."))
	}
	return p.out.Write(w)
}

// made is when a document was made, for its name.
func made(at time.Time) string { return at.UTC().Format("2006-01-02") }
