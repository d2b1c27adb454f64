package paper

import (
	"fmt"
	"io"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/steward-itsm/steward/internal/platform/markdown"
)

// Sizes in millimetres, of an A4 page.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 18.0
	top        = 24.0
	bottom     = pageHeight - 20
)

// About is what every page of a document says.
type About struct {
	Title   string
	Author  string    // of the file: the product
	Mark    string    // on every page, for whom it is; "" marks nothing
	Foot    string    // at the bottom: number, when it was made
	Page    string    // "Page %d of %s": the second is put in by the reader's program
	Created time.Time // of the file
}

// MaxPages bounds a document; what follows is left out, see Full.
const MaxPages = 500

// Document is a document under way.
type Document struct {
	pdf     *fpdf.Fpdf
	about   About
	y       float64
	used    map[*face]bool
	missing int
	full    bool
	err     error
}

// New begins a document.
func New(about About) *Document {
	d := &Document{pdf: fpdf.New("P", "mm", "A4", ""), about: about, used: map[*face]bool{}}
	d.pdf.SetAutoPageBreak(false, 0)
	d.pdf.SetMargins(margin, top, margin)
	d.pdf.SetTitle(about.Title, true)
	d.pdf.SetCreator(about.Author, true)
	d.pdf.SetCreationDate(about.Created)
	d.pdf.SetModificationDate(about.Created)
	d.pdf.AliasNbPages("{all}")
	d.page()
	return d
}

// Missing is how many letters no bundled font has.
func (d *Document) Missing() int { return d.missing }

// Full reports whether the document has as many pages as it may have; what was
// written since is left out.
func (d *Document) Full() bool { return d.full }

// Write writes the document.
func (d *Document) Write(w io.Writer) error {
	if d.err != nil {
		return d.err
	}
	return d.pdf.Output(w)
}

// page begins a page, with its mark and its foot.
func (d *Document) page() {
	if d.pdf.PageCount() >= MaxPages {
		d.full = true
		return
	}
	d.pdf.AddPage()
	if d.about.Mark != "" {
		d.pdf.SetFillColor(122, 82, 0)
		d.pdf.Rect(margin, 9, pageWidth-2*margin, 6, "F")
		d.pdf.SetTextColor(255, 255, 255)
		d.line([]markdown.Span{{Text: d.about.Mark, Bold: true}}, margin+2, 13.2, 9)
	}
	d.pdf.SetTextColor(90, 90, 100)
	d.line([]markdown.Span{{Text: d.about.Foot}}, margin, pageHeight-10, 8)
	d.line([]markdown.Span{{Text: fmt.Sprintf(d.about.Page, d.pdf.PageNo(), "{all}")}}, pageWidth-margin-28, pageHeight-10, 8)
	d.ink()
	d.y = top
}

func (d *Document) ink() { d.pdf.SetTextColor(24, 24, 28) }

// room begins a new page if there is not so much left of this one.
func (d *Document) room(height float64) {
	if d.y+height > bottom {
		d.page()
	}
}

// Space leaves some millimetres free.
func (d *Document) Space(mm float64) { d.y += mm }

// Title is the document's title.
func (d *Document) Title(text string) {
	d.lay([]markdown.Span{{Text: text, Bold: true}}, margin, pageWidth-2*margin, 16)
	d.Space(2)
}

// Heading begins a part; the page must have room for some of it.
func (d *Document) Heading(text string) {
	d.Space(4)
	d.room(22)
	d.lay([]markdown.Span{{Text: text, Bold: true}}, margin, pageWidth-2*margin, 11)
	d.rule()
}

func (d *Document) rule() {
	d.pdf.SetDrawColor(200, 200, 208)
	d.pdf.Line(margin, d.y+0.5, pageWidth-margin, d.y+0.5)
	d.Space(2)
}

// Fact is a value with its label.
type Fact struct{ Label, Value string }

// Facts are values in two columns: label and value. Empty ones are left out.
func (d *Document) Facts(facts ...Fact) {
	const labels = 42
	for _, f := range facts {
		if f.Value == "" {
			continue
		}
		d.room(6)
		d.pdf.SetTextColor(90, 90, 100)
		y := d.y
		d.lay([]markdown.Span{{Text: f.Label}}, margin, labels-2, 9.5)
		after := d.y
		d.ink()
		if d.y = y; after < y { // the label began a page
			d.y = top
		}
		d.lay([]markdown.Span{{Text: f.Value}}, margin+labels, pageWidth-2*margin-labels, 9.5)
		d.y = max(d.y, after)
	}
}

// Entry begins what somebody said or did: who, what it is, when. A marked one has
// a bar beside its text, until End.
type Entry struct {
	Who, What, When string
	Marked          bool
}

// Entry writes the head of an entry.
func (d *Document) Entry(e Entry) {
	d.Space(3)
	d.room(16)
	if e.Marked {
		d.pdf.SetFillColor(255, 243, 208)
		d.pdf.Rect(margin, d.y-0.5, pageWidth-2*margin, 6, "F")
	}
	spans := []markdown.Span{{Text: e.Who, Bold: true}}
	if e.What != "" {
		spans = append(spans, markdown.Span{Text: "   " + e.What})
	}
	d.lay(append(spans, markdown.Span{Text: "   " + e.When}), margin+1, pageWidth-2*margin-2, 9.5)
	d.Space(1)
}

// Line is a small remark.
func (d *Document) Line(text string) {
	d.pdf.SetTextColor(90, 90, 100)
	d.lay([]markdown.Span{{Text: text}}, margin, pageWidth-2*margin, 9)
	d.ink()
}

// Text is a text that somebody wrote.
func (d *Document) Text(blocks []markdown.Block) {
	for _, b := range blocks {
		if d.full {
			return
		}
		x := margin + float64(min(b.Indent, 8))*5 + float64(min(b.Quote, 8))*4
		switch {
		case b.Rule:
			d.rule()
			continue
		case b.Mark != "":
			d.room(6)
			d.lineAt([]markdown.Span{{Text: b.Mark}}, x-4.5, 10)
		}
		size := 10.0
		if b.Heading {
			for i := range b.Spans {
				b.Spans[i].Bold = true
			}
			size = 11
		}
		if b.Code {
			size = 8.5
		}
		if b.Quote > 0 {
			d.pdf.SetTextColor(90, 90, 100)
		}
		d.lay(b.Spans, x, pageWidth-margin-x, size)
		d.ink()
		d.Space(1.5)
	}
}
