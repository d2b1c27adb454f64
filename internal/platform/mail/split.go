package mail

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PartKind says what a stretch of a text is.
type PartKind string

// What a stretch of a text is.
const (
	New       PartKind = "new"       // written for this message
	Quote     PartKind = "quote"     // of an earlier message, with the line or the block that introduces it
	Signature PartKind = "signature" // who wrote, or on what device
)

// Part is a stretch of whole lines of a text.
type Part struct {
	Kind PartKind
	Text string

	// Of a Quote that says where it is from:
	From Address   // who wrote it
	To   []Address // whom it was for; known only where the quote has a block of fields
	head bool      // it begins with such a block
}

// Parts are the stretches of a text, in order. Their Texts put together are the
// text.
type Parts []Part

// New is what was written for this message, without signature and quotes.
func (p Parts) New() string { return p.of(New) }

// Quoted is what was quoted.
func (p Parts) Quoted() string { return p.of(Quote) }

// Signature is what stands for a signature.
func (p Parts) Signature() string { return p.of(Signature) }

func (p Parts) of(kind PartKind) string {
	var out []string
	for _, part := range p {
		if part.Kind == kind {
			if text := strings.Trim(part.Text, "\n"); strings.TrimSpace(text) != "" {
				out = append(out, text)
			}
		}
	}
	return strings.Join(out, "\n\n")
}

// Split tells what is new in a text from what is quoted and from the signature.
// It goes by shape: marks before quoted lines, blocks of fields such as Outlook
// writes, a line that ends in a colon and has a date or an address before a quote.
func Split(text string) Parts {
	s := splitter{lines: strings.SplitAfter(text, "\n")}
	if n := len(s.lines); n > 0 && s.lines[n-1] == "" {
		s.lines = s.lines[:n-1]
	}
	s.kinds = make([]PartKind, len(s.lines))
	s.starts = map[int]Part{}
	for i := range s.kinds {
		s.kinds[i] = New
	}
	s.quotes()
	s.signature()
	return s.parts()
}

type splitter struct {
	lines  []string
	kinds  []PartKind
	starts map[int]Part // what is known of the quote that starts at a line
}

func (s *splitter) line(i int) string {
	if i < 0 || i >= len(s.lines) {
		return ""
	}
	return strings.TrimSpace(s.lines[i])
}

func (s *splitter) mark(from, to int, kind PartKind) {
	for i := max(0, from); i < min(to, len(s.kinds)); i++ {
		s.kinds[i] = kind
	}
}

func isQuoted(line string) bool {
	line = strings.TrimLeft(line, " ")
	return strings.HasPrefix(line, ">") && !strings.HasPrefix(line, ">>>>>>> ") // a conflict of merged files
}

func (s *splitter) quotes() {
	for i := 0; i < len(s.lines); {
		switch {
		case isQuoted(s.lines[i]):
			end := i + 1
			for j := i + 1; j < len(s.lines); j++ {
				if isQuoted(s.lines[j]) {
					end = j + 1
				} else if s.line(j) != "" {
					break
				}
			}
			start, who := s.attribution(i)
			if old := s.kinds[max(0, start)]; old != New {
				start = i
			}
			s.mark(start, end, Quote)
			s.starts[start] = s.within(i, end, Part{From: who})
			i = end
		default:
			if p, ok := s.fields(i, len(s.lines)); ok {
				start := s.separator(i)
				s.mark(start, len(s.lines), Quote)
				s.starts[start] = p
				return
			}
			if who, n := s.openAttribution(i); n > 0 {
				s.mark(i, len(s.lines), Quote)
				s.starts[i] = Part{From: who}
				return
			}
			i++
		}
	}
}

// within looks into the first lines of a quote for what says where it is from, if
// the line above did not.
func (s *splitter) within(from, to int, p Part) Part {
	if p.From != (Address{}) {
		return p
	}
	for i := from; i < min(to, from+6); i++ {
		if head, ok := s.fields(i, to); ok {
			return head
		}
		line := stripMarks(s.lines[i])
		if i < from+3 && endsInColon(line) && timeShape.MatchString(line) && yearShape.MatchString(line) && mailShape.MatchString(line) {
			return Part{From: attributed(line)}
		}
	}
	return p
}

var (
	timeShape   = regexp.MustCompile(`\b\d{1,2}[:.]\d{2}\b|\d{1,2}時|\d{1,2}h\d{2}`)
	yearShape   = regexp.MustCompile(`(^|\D)(19|20)\d{2}(\D|$)|\b\d{1,2}[./-]\d{1,2}[./-]\d{2}\b`)
	mailShape   = regexp.MustCompile(`[^\s<>"'(),;:\[\]]+@[^\s<>"'(),;:\[\]]+\.[^\s<>"'(),;:\[\]]+`)
	angledShape = regexp.MustCompile(`[<\[](?:mailto:)?[^\s<>\[\]]+@[^\s<>\[\]]+[>\]]`)
)

func endsInColon(line string) bool {
	return strings.HasSuffix(line, ":") || strings.HasSuffix(line, "：") || strings.HasSuffix(line, ": -----")
}

// attribution looks above a quote for the lines that introduce it: at most three,
// the last ending in a colon, with a date or an address.
func (s *splitter) attribution(quote int) (start int, who Address) {
	last := quote - 1
	if s.line(last) == "" {
		last--
	}
	if last < 0 || !endsInColon(s.line(last)) {
		return quote, Address{}
	}
	joined := ""
	for i := last; i >= 0 && i > last-3 && s.line(i) != "" && s.kinds[i] == New; i-- {
		joined = strings.TrimSpace(s.line(i) + " " + joined)
		if len(joined) > 400 {
			return quote, Address{}
		}
		if timeShape.MatchString(joined) && yearShape.MatchString(joined) || angledShape.MatchString(joined) {
			// A sentence that ends above is not of it; a wrapped line is.
			if i > 0 && s.line(i-1) != "" && i > last-2 && !beginsAttribution(s.line(i)) && !strings.HasSuffix(s.line(i-1), ".") {
				continue
			}
			return i, attributed(joined)
		}
	}
	if timeShape.MatchString(joined) || yearShape.MatchString(joined) || mailShape.MatchString(joined) {
		for i := last; i >= 0; i-- {
			if i == 0 || s.line(i-1) == "" {
				return i, attributed(joined)
			}
		}
	}
	// "Anna wrote:" - nothing but a name and a verb, right above the quote.
	if last == quote-1 && len(strings.Fields(s.line(last))) <= 6 && (last == 0 || s.line(last-1) == "") && utf8.RuneCountInString(s.line(last)) < 80 {
		return last, Address{}
	}
	return quote, Address{}
}

// beginsAttribution finds a line that stands at the start: it has the date.
func beginsAttribution(line string) bool {
	return yearShape.MatchString(line) && timeShape.MatchString(line)
}

func attributed(joined string) Address {
	m := mailShape.FindStringIndex(joined)
	if m == nil {
		return Address{}
	}
	a := Address{Mail: strings.TrimPrefix(strings.Trim(joined[m[0]:m[1]], "<>[]:"), "mailto:")}
	return a
}

// openAttribution finds a line that introduces a quote without marks: with a date,
// a time and an address in brackets, ending in a colon, after an empty line.
func (s *splitter) openAttribution(i int) (Address, int) {
	if i > 0 && s.line(i-1) != "" {
		return Address{}, 0
	}
	joined := ""
	for n := 1; n <= 3 && s.line(i+n-1) != ""; n++ {
		joined = strings.TrimSpace(joined + " " + s.line(i+n-1))
		if len(joined) > 300 {
			return Address{}, 0
		}
		if endsInColon(joined) {
			if timeShape.MatchString(joined) && yearShape.MatchString(joined) && angledShape.MatchString(joined) {
				return attributed(joined), n
			}
			return Address{}, 0
		}
	}
	return Address{}, 0
}

// fromWords are how programs name the field From. Shape decides; a word only
// stands in where a program wrote names without addresses.
var fromWords = []string{
	"from", "von", "de", "da", "van", "fra", "från", "lähettäjä", "od", "от", "від", "kimden", "gönderen", "feladó", "felado", "de la", "από", "expéditeur", "remitente", "mittente",
	"发件人", "寄件者", "差出人", "送信者", "보낸 사람", "من", "מאת", "pošiljatelj", "siuntėjas", "no", "saatja", "dari", "người gửi", "จาก",
}

var fieldShape = regexp.MustCompile(`^[*_]{0,2}([^\s:：<>@/\\=|\d][^:：<>@/\\=|\d]{0,30}?)[*_]{0,2}\s?[:：][*_]{0,2}(?:\s+|$)(.*)$`)

func stripMarks(line string) string {
	return strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "> "))
}

// fields finds a block of fields as Outlook, Gmail and Apple Mail put before an
// earlier message: three lines or more of "Word: value", the first naming a person,
// one of the others a date and a time.
func (s *splitter) fields(i, end int) (Part, bool) {
	if i > 0 && s.line(i-1) != "" && !isSeparator(s.line(i-1)) && !isQuoted(s.lines[i]) && s.separator(i) == i {
		return Part{}, false
	}
	type field struct{ key, value string }
	var all []field
	for j := i; j < min(end, i+14) && len(all) < 9; j++ {
		line := stripMarks(s.lines[j])
		m := fieldShape.FindStringSubmatch(line)
		if m == nil {
			// A long list of recipients goes on in the next line.
			if len(all) > 0 && line != "" && strings.ContainsAny(line, "@;") && len(all) < 9 && (strings.HasSuffix(all[len(all)-1].value, ";") || strings.HasSuffix(all[len(all)-1].value, ",")) {
				all[len(all)-1].value += " " + line
				continue
			}
			break
		}
		all = append(all, field{strings.ToLower(strings.TrimSpace(m[1])), strings.TrimSpace(m[2])})
	}
	if len(all) < 3 {
		return Part{}, false
	}
	dated := -1
	for k, f := range all {
		if timeShape.MatchString(f.value) && yearShape.MatchString(f.value) {
			dated = k
			break
		}
	}
	if dated < 0 {
		return Part{}, false
	}
	from := 0
	for k, f := range all {
		if slices.Contains(fromWords, f.key) {
			from = k
			break
		}
	}
	known := slices.Contains(fromWords, all[from].key)
	if !known && !angledShape.MatchString(all[0].value) && s.separator(i) == i || from == dated {
		return Part{}, false
	}
	p := Part{head: true}
	if list := people(all[from].value); len(list) > 0 {
		p.From = list[0]
	}
	for k, f := range all {
		// The recipients are the next field that is neither the date nor a subject.
		if k != from && k != dated && (mailShape.MatchString(f.value) || strings.Contains(f.value, ";") || k == from+2 && dated == from+1) {
			p.To = append(p.To, people(f.value)...)
		}
	}
	return p, true
}

// people reads the names and addresses of such a field.
func people(value string) []Address {
	value = strings.NewReplacer("[mailto:", "<", "<mailto:", "<", "*", "").Replace(value)
	value = strings.ReplaceAll(value, "]", ">")
	var out []Address
	for _, one := range splitAddresses(value) {
		if a, ok := looseAddress(one); ok {
			a.Mail = strings.TrimSuffix(a.Mail, ">")
			out = append(out, a)
		}
		if len(out) == 100 {
			break
		}
	}
	return out
}

// isSeparator finds a line of dashes or underscores, perhaps with words within.
func isSeparator(line string) bool {
	if utf8.RuneCountInString(line) > 100 {
		return false
	}
	ends := func(c string) bool {
		return strings.HasPrefix(line, strings.Repeat(c, 5)) && strings.HasSuffix(line, strings.Repeat(c, 3))
	}
	return ends("-") || ends("_") || ends("=") || ends("*") || ends("—")
}

// separator gives the first line of what introduces a block of fields: a line of
// dashes, or one that ends in a colon ("Begin forwarded message:").
func (s *splitter) separator(i int) int {
	j := i - 1
	for j >= 0 && s.line(j) == "" && j >= i-2 {
		j--
	}
	if j < 0 {
		return i
	}
	line := s.line(j)
	if isSeparator(line) {
		return j
	}
	if endsInColon(line) && len(line) < 80 && (j == 0 || s.line(j-1) == "") && !mailShape.MatchString(line) && j < i-1 {
		return j
	}
	return i
}

// sentFrom are the words with which devices say that a message was sent from them.
var sentFrom = regexp.MustCompile(`(?i)^\W*(sent (from|via|with|using)|get outlook|outlook (for|für|pour|para|per|voor)|gesendet (von|mit|über)|von meinem .* gesendet|diese nachricht wurde von meinem|holen sie sich outlook|envoyé (de|depuis|à partir)|télécharger outlook|obtenez outlook|enviado (desde|do|a partir|de)|obtener outlook|obter o outlook|inviato da|scarica outlook|verzonden (vanaf|met|via)|outlook voor|skickat från|skickades från|sendt fra|lähetetty|wysłane? z|odesláno z|odoslané z|küldve|trimis de pe|отправлено (с|из)|надіслано з|iphone'umdan gönderildi|.*('?den|'?dan) gönderildi|发自|從我的|从我的|自我的|.*から送信|나의 .*에서 보냄|.*에서 보냄)`)

// signature finds the last lines of what is new that say who wrote.
func (s *splitter) signature() {
	for i := range s.lines {
		line := strings.TrimRight(s.lines[i], "\r\n")
		if s.kinds[i] != New || line != "-- " && line != "--" && line != "-- \u00a0" {
			continue
		}
		end := i
		for end < len(s.lines) && s.kinds[end] == New {
			end++
		}
		// A short tail; a line of dashes within a text is none.
		if s.filled(i, end) <= 15 {
			s.mark(i, end, Signature)
		}
	}
	last := len(s.lines) - 1
	for last >= 0 && (s.line(last) == "" || s.kinds[last] != New) {
		last--
	}
	if last < 0 {
		return
	}
	line := s.line(last)
	alone := last == 0 || s.line(last-1) == ""
	if alone && utf8.RuneCountInString(line) <= 140 && sentFrom.MatchString(line) && !strings.ContainsAny(line, "?？") && len(strings.Fields(line)) <= 12 {
		s.mark(last, last+1, Signature)
	}
}

// filled counts the lines that are not empty.
func (s *splitter) filled(from, to int) int {
	n := 0
	for i := from; i < to; i++ {
		if s.line(i) != "" {
			n++
		}
	}
	return n
}

func (s *splitter) parts() Parts {
	var out Parts
	for i, line := range s.lines {
		known, starts := s.starts[i]
		if n := len(out); n > 0 && out[n-1].Kind == s.kinds[i] && (!starts || s.kinds[i] != Quote) {
			out[n-1].Text += line
			continue
		}
		p := Part{}
		if starts && s.kinds[i] == Quote {
			p = known
		}
		p.Kind, p.Text = s.kinds[i], line
		out = append(out, p)
	}
	return out
}

// IsForward reports whether somebody passes an earlier message on to others: what
// is quoted was written by, or to, none of those this message is for. It goes by
// people, never by words such as "Fwd". why says what it was told by.
func IsForward(m *Message, parts Parts) (forward bool, why Remark) {
	recipients := map[string]bool{}
	for _, a := range m.Recipients() {
		recipients[a.Key()] = true
		if a.Name != "" {
			recipients[foldName(a.Name)] = true
		}
	}
	has := func(a Address) bool {
		return a.Mail != "" && recipients[a.Key()] || a.Name != "" && recipients[foldName(a.Name)]
	}
	for _, p := range parts {
		if p.Kind != Quote || p.From == (Address{}) {
			continue
		}
		if has(p.From) {
			return false, Remark{"reply", "The quoted message was written by somebody this message is for.", p.From.Mail}
		}
		if !p.head {
			// A line such as "Anna wrote:" comes with answers.
			if len(m.InReplyTo) == 0 && len(m.References) == 0 && p.From.Mail != "" && !isAuthor(m, p.From) {
				return true, Remark{"forward", "The quoted message was written by somebody this message is not for, and it answers nothing.", p.From.Mail}
			}
			continue
		}
		if slices.ContainsFunc(p.To, has) {
			// To all of the earlier recipients, as one who answers or follows up does.
			return false, Remark{"reply", "The quoted message went to somebody this message is for.", p.From.Mail}
		}
		if len(recipients) == 0 {
			continue
		}
		return true, Remark{"forward", "The quoted message was neither written by nor for those this message is for.", firstOf(p.From.Mail, p.From.Name)}
	}
	if len(m.InReplyTo) == 0 {
		for _, a := range m.Attachments {
			if a.Role == RoleMessage && m.Report == nil {
				return true, Remark{"forward", "Another message is attached, and this one answers nothing.", a.Name}
			}
		}
	}
	return false, Remark{}
}

func isAuthor(m *Message, a Address) bool { return m.Author().Key() == a.Key() }

// foldName makes "Meier, Anna" and "Anna Meier" alike.
func foldName(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	slices.Sort(words)
	return strings.Join(words, " ")
}
