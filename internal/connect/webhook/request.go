package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/channel"
	"github.com/steward-itsm/steward/internal/platform/sms"
)

// said is a message as it is put into words for one attempt.
type said struct {
	ID       int64
	Kind     channel.Kind
	Head     string // of several lines
	Lines    []line
	More     int    // lines that are left out
	MoreText string // "and 3 more"
	Why      string // of all of it
	Change   string
	URL      string
}

// line is one thing that is told, with what may be said about its ticket.
type line struct {
	channel.Line
	Facts []fact
}

// fact is something said of a ticket: "Service: Printing".
type fact struct {
	Fact         Fact
	Label, Value string
}

// mostLines bounds what one message tells; the rest is counted.
const mostLines = 20

// title is the heading of a line: number and title.
func (l *line) title() string { return strings.TrimSpace(l.Number + " " + l.Title) }

func (l *line) value(f Fact) string {
	for _, v := range l.Facts {
		if v.Fact == f {
			return v.Value
		}
	}
	return ""
}

// facts says what is known of the ticket: "Service: Printing · Priority: High".
func (l *line) facts() string {
	parts := make([]string, 0, len(l.Facts))
	for _, f := range l.Facts {
		parts = append(parts, f.Label+": "+f.Value)
	}
	return strings.Join(parts, " · ")
}

// plain is the message as text alone.
func (s *said) plain() string {
	var out []string
	if s.Head != "" {
		out = append(out, s.Head)
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		out = append(out, joined(": ", l.title(), l.Text))
		if facts := l.facts(); facts != "" {
			out = append(out, facts)
		}
	}
	if s.More > 0 {
		out = append(out, s.MoreText)
	}
	return strings.Join(out, "\n")
}

func joined(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), by)
}

// why says why the message came: of one line its own reason.
func (s *said) why() string {
	if s.Why != "" || len(s.Lines) != 1 {
		return s.Why
	}
	return s.Lines[0].Why
}

// link is where the message leads.
func (s *said) link() string {
	if len(s.Lines) == 1 && s.Lines[0].URL != "" {
		return s.Lines[0].URL
	}
	return s.URL
}

// request is a message as it goes over the line.
type request struct {
	Method, URL string
	Header      http.Header
	Body        []byte
}

// messageID is the name of a message at the far side, the same over all its attempts.
func messageID(id int64) string { return "msg_" + strconv.FormatInt(id, 10) }

// build makes the request of a message. to is where a personal channel reaches its
// reader; at is the instant that is signed.
func (c *Channel) build(s *said, to string, at time.Time) (request, error) {
	r := request{Method: c.Method, URL: fillAddress(c.Address, to), Header: http.Header{}}
	if c.Reach == ByAddress {
		r.URL = to
	}
	for _, h := range c.Headers {
		r.Header[h.Name] = []string{h.Value}
	}
	id := messageID(s.ID)
	r.Header.Set("User-Agent", "Steward")
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Idempotency-Key", id)
	v := values{
		"id": id, "time": at.UTC().Format(time.RFC3339), "kind": string(s.Kind), "to": to, "number": to, "text": s.plain(), "url": s.link(), "why": s.why(), "change": s.Change,
	}
	if len(s.Lines) > 0 {
		l := &s.Lines[0]
		v["title"], v["ticket"], v["service"], v["priority"] = l.Title, l.Number, l.value(FactService), l.value(FactPriority)
	}
	var err error
	switch c.Kind {
	case Slack:
		r.Body, err = encode(slackDocument(s, to, c.Reach))
	case Teams:
		r.Body, err = encode(teamsDocument(s))
	case JSON:
		if c.Template == "" {
			r.Body, err = encode(jsonDocument(s, to, at))
			break
		}
		err = r.fromTemplate(c, v)
	case SMS:
		v["text"] = smsText(s, c.Parts)
		err = r.fromTemplate(c, v)
	}
	if err != nil {
		return r, err
	}
	if len(r.Body) > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.Signing != "" {
		key, err := signingKey(c.Signing)
		if err != nil {
			return r, err
		}
		sign(r.Header, key, id, at, r.Body)
	}
	return r, nil
}

// fromTemplate fills the body, or for GET the address.
func (r *request) fromTemplate(c *Channel, v values) error {
	if !c.Form {
		body, err := fillJSON(c.Template, v)
		r.Body = body
		return err
	}
	form, err := fillForm(c.Template, v)
	if err != nil {
		return err
	}
	if c.Method == http.MethodGet {
		by := "?"
		if strings.Contains(r.URL, "?") {
			by = "&"
		}
		r.URL += by + form
		return nil
	}
	r.Body = []byte(form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return nil
}

func encode(document any) ([]byte, error) {
	var out bytes.Buffer
	err := put(&out, document)
	return out.Bytes(), err
}

// sign adds the headers of Standard Webhooks 1.0: what is signed is id.timestamp.body.
func sign(h http.Header, key []byte, id string, at time.Time, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	h.Set("Webhook-Timestamp", stamp)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// slackMessage is a message of Slack's incoming webhooks, of which Mattermost and
// Rocket.Chat know text and channel.
type slackMessage struct {
	Text    string `json:"text"`
	Channel string `json:"channel,omitempty"` // Mattermost, Rocket.Chat: whom it is for
	Unfurl  bool   `json:"unfurl_links"`
}

// The characters that Slack gives a meaning, and those by which its kin would call
// people or hide where a link leads.
var slackSafe = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u200b", "](", "]\u200b(", "`", "'", "|", "¦", "\r", "", "\n", " ")

func slackLink(url, label string) string {
	if url == "" {
		return slackSafe.Replace(label)
	}
	return "<" + strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(url) + "|" + slackSafe.Replace(label) + ">"
}

func slackDocument(s *said, to string, reach Reach) slackMessage {
	var out []string
	if s.Head != "" {
		out = append(out, slackLink(s.URL, s.Head))
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		if title := l.title(); title != "" {
			out = append(out, slackLink(l.URL, title))
		}
		out = append(out, slackSafe.Replace(l.Text))
		if facts := l.facts(); facts != "" {
			out = append(out, slackSafe.Replace(facts))
		}
		if len(s.Lines) > 1 && l.Why != "" {
			out = append(out, slackSafe.Replace(l.Why))
		}
	}
	if s.More > 0 {
		out = append(out, slackSafe.Replace(s.MoreText))
	}
	// The addresses in this sentence are ours, and become links by themselves.
	out = append(out, joined(" ", slackSafe.Replace(s.why()), strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s.Change)))
	m := slackMessage{Text: strings.TrimSpace(strings.Join(out, "\n"))}
	if reach == ByMember {
		m.Channel = to
	}
	return m
}

// The parts of an Adaptive Card that are used. Text stands in runs, which know no Markdown:
// nothing of a title is taken for a link.
type (
	teamsMessage struct {
		Type        string            `json:"type"`
		Attachments []teamsAttachment `json:"attachments"`
	}
	teamsAttachment struct {
		ContentType string    `json:"contentType"`
		Content     teamsCard `json:"content"`
	}
	teamsCard struct {
		Schema  string        `json:"$schema"`
		Type    string        `json:"type"`
		Version string        `json:"version"`
		Body    []teamsBlock  `json:"body"`
		Actions []teamsAction `json:"actions,omitempty"`
	}
	teamsBlock struct {
		Type    string     `json:"type"`
		Inlines []teamsRun `json:"inlines"`
		Spacing string     `json:"spacing,omitempty"`
	}
	teamsRun struct {
		Type   string       `json:"type"`
		Text   string       `json:"text"`
		Weight string       `json:"weight,omitempty"`
		Size   string       `json:"size,omitempty"`
		Subtle bool         `json:"isSubtle,omitempty"`
		Action *teamsAction `json:"selectAction,omitempty"`
	}
	teamsAction struct {
		Type  string `json:"type"`
		Title string `json:"title,omitempty"`
		URL   string `json:"url"`
	}
)

func teamsDocument(s *said) teamsMessage {
	card := teamsCard{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4"}
	add := func(spacing string, run teamsRun) {
		if run.Type = "TextRun"; run.Text != "" {
			card.Body = append(card.Body, teamsBlock{Type: "RichTextBlock", Inlines: []teamsRun{run}, Spacing: spacing})
		}
	}
	open := func(url string) *teamsAction {
		if url == "" {
			return nil
		}
		return &teamsAction{Type: "Action.OpenUrl", URL: url}
	}
	add("", teamsRun{Text: s.Head, Weight: "Bolder", Size: "Medium"})
	for i := range s.Lines {
		l := &s.Lines[i]
		add("Medium", teamsRun{Text: l.title(), Weight: "Bolder", Action: open(l.URL)})
		add("None", teamsRun{Text: l.Text})
		add("None", teamsRun{Text: l.facts(), Subtle: true})
		if len(s.Lines) > 1 {
			add("None", teamsRun{Text: l.Why, Subtle: true, Size: "Small"})
		}
	}
	add("Medium", teamsRun{Text: s.MoreText})
	add("Medium", teamsRun{Text: joined(" ", s.why(), s.Change), Subtle: true, Size: "Small"})
	if at := s.link(); at != "" {
		title := "Steward"
		if len(s.Lines) == 1 && s.Lines[0].Number != "" {
			title = s.Lines[0].Number
		}
		card.Actions = []teamsAction{{Type: "Action.OpenUrl", Title: title, URL: at}}
	}
	return teamsMessage{Type: "message", Attachments: []teamsAttachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: card}}}
}

// Document is what a channel of the kind JSON sends when it has no template.
type Document struct {
	ID        string       `json:"id"`
	Type      string       `json:"type"` // "steward." and what it is
	Timestamp time.Time    `json:"timestamp"`
	Data      DocumentData `json:"data"`
}

// DocumentData is what there is to tell.
type DocumentData struct {
	To     string         `json:"to,omitempty"` // of a personal channel
	Text   string         `json:"text"`
	Lines  []DocumentLine `json:"lines"`
	More   int            `json:"more,omitempty"` // lines that are left out
	URL    string         `json:"url,omitempty"`
	Why    string         `json:"why"`
	Change string         `json:"change"`
}

// DocumentLine is one thing.
type DocumentLine struct {
	Ticket string            `json:"ticket,omitempty"`
	Title  string            `json:"title,omitempty"`
	Text   string            `json:"text"`
	Facts  map[string]string `json:"facts,omitempty"`
	Why    string            `json:"why,omitempty"`
	URL    string            `json:"url,omitempty"`
}

func jsonDocument(s *said, to string, at time.Time) Document {
	d := Document{
		ID: messageID(s.ID), Type: "steward." + string(s.Kind), Timestamp: at.UTC(),
		Data: DocumentData{To: to, Text: s.plain(), Lines: []DocumentLine{}, More: s.More, URL: s.link(), Why: s.why(), Change: s.Change},
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		out := DocumentLine{Ticket: l.Number, Title: l.Title, Text: l.Text, Why: l.Why, URL: l.URL}
		for _, f := range l.Facts {
			if out.Facts == nil {
				out.Facts = map[string]string{}
			}
			out.Facts[string(f.Fact)] = f.Value
		}
		d.Data.Lines = append(d.Data.Lines, out)
	}
	return d
}

// smsText is a message as short as a telephone shows it: what happened, the title as far
// as there is room, and where it says why and how to hear less. Nothing that is internal is in
// it: of each line only what may be said outside.
func smsText(s *said, parts int) string {
	if len(s.Lines) != 1 {
		return sms.Fit("", sms.Plain(s.Head)+" ", sms.Plain(s.URL), parts)
	}
	l := &s.Lines[0]
	happened := l.Short
	if happened == "" {
		happened = l.Text
	}
	begin, end := "", ""
	if l.Number != "" {
		begin = sms.Plain(l.Number) + ": "
	}
	at := l.About
	if at == "" {
		at = l.URL
	}
	if at != "" {
		end = " " + sms.Plain(at)
	}
	happened = sms.Plain(happened)
	more := joined(". ", append([]string{happened, sms.Plain(l.Title)}, factTexts(l)...)...)
	// A title in another alphabet would leave room for a few letters of it and nothing else.
	if without := begin + happened + end; sms.Measure(without).GSM && sms.Measure(without).Parts <= parts && !sms.Measure(begin+more+end).GSM && sms.Measure(begin+more+end).Parts > parts {
		return without
	}
	return sms.Fit(begin, more, end, parts)
}

func factTexts(l *line) []string {
	var out []string
	for _, f := range l.Facts {
		out = append(out, sms.Plain(f.Label+": "+f.Value))
	}
	return out
}

// The bounds of what the log keeps of a request and an answer.
const (
	maxShownRequest = 8000
	maxShownAnswer  = 4000
)

// text is a request as the log shows it.
func (r *request) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(r.Header[name], ", "))
	}
	if len(r.Body) > 0 {
		b.WriteByte('\n')
		b.Write(pretty(r.Body))
	}
	return shorten(b.String(), maxShownRequest)
}

// pretty sets a JSON document out over lines; anything else stays.
func pretty(body []byte) []byte {
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") != nil {
		return body
	}
	return out.Bytes()
}

// shorten cuts a text to a number of bytes that both engines can keep.
func shorten(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// hidden is a channel as it may be shown: with marks in place of its secrets, so that a
// request built of it holds none.
func (c *Channel) hidden() *Channel {
	shown := *c
	shown.Address = c.Shown
	shown.Headers = make([]Header, len(c.Headers))
	for i, h := range c.Headers {
		shown.Headers[i] = Header{h.Name, dots}
	}
	return &shown
}

// shownRequest is the request of a message as people may read it. to is where it goes, as
// it may be shown.
func (c *Channel) shownRequest(s *said, to string, at time.Time) string {
	r, err := c.hidden().build(s, to, at)
	if err != nil {
		return ""
	}
	if c.Signing != "" {
		r.Header.Set("Webhook-Signature", "v1,"+dots)
	}
	// What a mark became in an address is the mark again.
	r.URL = strings.ReplaceAll(r.URL, url.PathEscape(dots), dots)
	return r.text()
}

// masked is the message without the code in it, for the log.
func (s *said) masked(code string) *said {
	if code == "" {
		return s
	}
	shown := *s
	shown.Lines = slices.Clone(s.Lines)
	for i := range shown.Lines {
		shown.Lines[i].Text = strings.ReplaceAll(shown.Lines[i].Text, code, dots)
	}
	return &shown
}

// clean takes the secrets of a channel, and more, out of what the far side said.
func (c *Channel) clean(s string, more ...string) string {
	secret := append([]string{c.Address, c.Signing}, more...)
	if _, path, ok := strings.Cut(c.Address, "://"); ok {
		if _, path, ok = strings.Cut(path, "/"); ok && len(path) >= 12 {
			secret = append(secret, path)
		}
	}
	for _, h := range c.Headers {
		secret = append(secret, h.Value)
		if _, token, ok := strings.Cut(h.Value, " "); ok {
			secret = append(secret, token)
		}
	}
	slices.SortFunc(secret, func(a, b string) int { return len(b) - len(a) })
	for _, v := range secret {
		if len(v) >= 4 {
			s = strings.ReplaceAll(s, v, dots)
		}
	}
	return s
}
