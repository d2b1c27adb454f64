package mail

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// The kinds of letters about steps of a ticket.
const (
	Resolved  letter.Kind = "resolved"
	Waiting   letter.Kind = "waiting"
	Cancelled letter.Kind = "cancelled"
)

// Template is what letters of a kind say in one language.
type Template struct {
	Kind      letter.Kind
	Language  string // a BCP 47 tag; of a built-in one the reader's
	Subject   string
	Body      string // Markdown with variables
	UpdatedAt time.Time
	Version   int64 // 0 is what the product brings
}

// builtIn is what letters say where nobody wrote anything else.
type builtIn struct {
	kind          letter.Kind
	label         string
	subject, body string
}

func builtIns() []builtIn {
	return []builtIn{
		{
			letter.Opened, text.Key("A request arrived"), "{{subject}}",
			text.Key("Hello {{requester.first_name}},\n\nthank you for your message. It is with us as **{{ticket.number}}**, and we will write to you here. To add something, answer this mail.\n\n{{ticket.url}}"),
		},
		{letter.Reply, text.Key("A public answer"), "{{subject}}", "{{message}}"},
		{
			Resolved, text.Key("Resolved"), "{{subject}}",
			text.Key("Hello {{requester.first_name}},\n\nwe believe that **{{ticket.number}}** is done.\n\n{{message}}\n\nIf it is not, answer this mail, and we go on."),
		},
		{
			Waiting, text.Key("Waiting for the requester"), "{{subject}}",
			text.Key("Hello {{requester.first_name}},\n\nto go on with **{{ticket.number}}** we need an answer from you.\n\n{{message}}\n\nPlease answer this mail."),
		},
		{
			Cancelled, text.Key("Cancelled"), "{{subject}}",
			text.Key("Hello {{requester.first_name}},\n\n**{{ticket.number}}** is cancelled. If you still need it, answer this mail.\n\n{{message}}"),
		},
	}
}

// fromTemplate reports whether letters of a kind are put into words by a template.
func fromTemplate(kind letter.Kind) bool {
	return slices.ContainsFunc(builtIns(), func(b builtIn) bool { return b.kind == kind })
}

// builtInTemplate gives what the product says, in the reader's language.
func builtInTemplate(ctx context.Context, kind letter.Kind) Template {
	for _, b := range builtIns() {
		if b.kind == kind {
			return Template{Kind: kind, Language: text.From(ctx).Language.String(), Subject: b.subject, Body: translated(ctx, b.body)}
		}
	}
	return Template{Kind: kind}
}

// translated is text.T for a text that may be a bare variable.
func translated(ctx context.Context, key string) string {
	if key == "{{message}}" {
		return key
	}
	return text.T(ctx, key)
}

// ownVariables are those of letters, beside those of phrase.
var ownVariables = regexp.MustCompile(`\{\{\s*(message|subject|ticket\.url)\s*\}\}`)

// values are what a template is filled with.
type values struct {
	facts   phrase.Facts
	message string // Markdown
	subject string // plain
	url     string
}

func (v values) own(name string) string {
	switch name {
	case "message":
		return v.message
	case "subject":
		return phrase.Escape(v.subject)
	}
	if v.url == "" {
		return ""
	}
	return "<" + v.url + ">"
}

// fill puts values into a template's text. What has no value is left out: a
// letter goes to somebody who knows nothing of variables.
func fill(template string, v values) (string, error) {
	var out strings.Builder
	piece := func(part string) error {
		parsed, err := phrase.ParsePublic(part)
		if err != nil {
			return err
		}
		filled, missing := parsed.Fill(v.facts)
		for _, name := range missing {
			filled = strings.ReplaceAll(filled, "{{"+name+"}}", "")
		}
		out.WriteString(filled)
		return nil
	}
	at := 0
	for _, m := range ownVariables.FindAllStringSubmatchIndex(template, -1) {
		if err := piece(template[at:m[0]]); err != nil {
			return "", err
		}
		out.WriteString(v.own(template[m[2]:m[3]]))
		at = m[1]
	}
	err := piece(template[at:])
	return out.String(), err
}

const maxTemplate = 20_000 // characters

func (t *Template) check() error {
	var p apperr.Problems
	if !fromTemplate(t.Kind) {
		p.Add("kind", "There is no such kind of letter.")
	}
	if !slices.ContainsFunc(text.Languages(), func(l text.Language) bool { return l.Tag.String() == t.Language }) {
		p.Add("language", "Choose one of the languages there are.")
	}
	t.Subject = strings.Join(strings.Fields(t.Subject), " ")
	if n := utf8.RuneCountInString(t.Subject); n == 0 || n > maxSubject {
		p.Add("subject", "Give a subject of at most %d characters.", maxSubject)
	}
	if n := utf8.RuneCountInString(t.Body); strings.TrimSpace(t.Body) == "" || n > maxTemplate {
		p.Add("body", "Write a text of at most %d characters.", maxTemplate)
	}
	if t.Kind == letter.Reply && !strings.Contains(ownVariables.ReplaceAllString(t.Body, "{{$1}}"), "{{message}}") {
		p.Add("body", "A letter with an answer needs {{message}}, which stands for the answer.")
	}
	for field, s := range map[string]string{"subject": t.Subject, "body": t.Body} {
		if _, err := fill(s, values{}); err != nil {
			for _, f := range apperr.FieldsOf(err) {
				p.Add(field, "%s", f.Message)
			}
		}
	}
	return p.Err()
}

// plainOf gives Markdown as plain text, as a mail program without HTML shows it.
func plainOf(source string) string {
	var out strings.Builder
	last := markdown.Block{}
	blocks := markdown.Blocks(source)
	alignRows(blocks)
	for i, b := range blocks {
		if i > 0 {
			if b.Row && last.Row || b.Mark != "" && last.Mark != "" && b.Indent == last.Indent {
				out.WriteString("\n")
			} else {
				out.WriteString("\n\n")
			}
		}
		if last = b; b.Rule {
			out.WriteString("----")
			continue
		}
		prefix := strings.Repeat("> ", b.Quote)
		first := prefix + strings.Repeat("  ", max(b.Indent-1, 0))
		rest := first
		if b.Mark != "" {
			rest += strings.Repeat(" ", utf8.RuneCountInString(b.Mark)+1)
			first += b.Mark + " "
		}
		var line strings.Builder
		for _, s := range b.Spans {
			line.WriteString(s.Text)
			if s.URL != "" && s.URL != s.Text && s.URL != "mailto:"+s.Text {
				line.WriteString(" <" + s.URL + ">")
			}
		}
		out.WriteString(first + strings.ReplaceAll(line.String(), "\n", "\n"+rest))
	}
	return out.String()
}

// alignRows pads the cells of tables, so that their columns stand below one another in
// a program that shows plain text.
func alignRows(blocks []markdown.Block) {
	for from := 0; from < len(blocks); from++ {
		to := from
		var widths []int
		for ; to < len(blocks) && blocks[to].Row; to++ {
			for i, cell := range cells(&blocks[to]) {
				if i == len(widths) {
					widths = append(widths, 0)
				}
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
		for ; from < to; from++ {
			var line strings.Builder
			for i, cell := range cells(&blocks[from]) {
				if i > 0 {
					line.WriteString("  ")
				}
				pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
				if i > 0 { // figures
					cell = pad + cell
				} else {
					cell += pad
				}
				line.WriteString(cell)
			}
			blocks[from].Spans = []markdown.Span{{Text: strings.TrimRight(line.String(), " ")}}
		}
	}
}

// cells are the texts of a row's cells.
func cells(row *markdown.Block) []string {
	out := []string{""}
	for _, s := range row.Spans {
		if s.Text == markdown.Cell {
			out = append(out, "")
		} else {
			out[len(out)-1] += s.Text
		}
	}
	return out
}

var (
	table = regexp.MustCompile(`<table>`)
	cell  = regexp.MustCompile(`<(th|td)((?: [a-z]+="[a-z]+")*)>`)
)

// styled gives tables the lines and the room that a mail program does not give them.
func styled(rich string) string {
	rich = table.ReplaceAllString(rich, `<table style="border-collapse:collapse;margin:.5em 0">`)
	return cell.ReplaceAllString(rich, `<$1$2 style="padding:.25em .75em;border-bottom:1px solid #d5dae1">`)
}
