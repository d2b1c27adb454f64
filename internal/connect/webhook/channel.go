package webhook

import (
	"encoding/base64"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/http/httpguts"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/outbound"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Kind says what the far side understands.
type Kind string

// The kinds.
const (
	Slack Kind = "slack" // incoming webhooks of Slack, Mattermost, Rocket.Chat
	Teams Kind = "teams" // Workflows of Microsoft Teams, with an Adaptive Card
	JSON  Kind = "json"  // a document of ours, or a template
	SMS   Kind = "sms"   // a gateway, described by a template
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Slack, Teams, JSON, SMS} }

// Reach says how a personal channel finds somebody.
type Reach string

// The ways.
const (
	ByNumber  Reach = "number"  // a mobile number
	ByMember  Reach = "member"  // a name in the chat, put where {{to}} stands
	ByAddress Reach = "address" // a webhook of their own
)

// Fact is what a room or a telephone may be told of a ticket beside its number.
type Fact string

// The facts.
const (
	FactTitle    Fact = "title"
	FactService  Fact = "service"
	FactPriority Fact = "priority"
	FactState    Fact = "state"
	FactGroup    Fact = "group"
)

// Facts lists them.
func Facts() []Fact { return []Fact{FactTitle, FactService, FactPriority, FactState, FactGroup} }

// Event is what a room can follow on tickets.
type Event string

// The events.
const (
	Arrived  Event = "arrived"  // a ticket came to a group
	Asked    Event = "asked"    // its requester wrote, and nobody has it
	Urgent   Event = "urgent"   // it got the highest priority
	Resolved Event = "resolved" // it is resolved
	Reopened Event = "reopened" // it is open again
)

// Events lists them.
func Events() []Event { return []Event{Arrived, Asked, Urgent, Resolved, Reopened} }

// Header is a header of every request. Its value is a secret.
type Header struct {
	Name  string `json:"n"`
	Value string `json:"v"`
}

// Channel is one way out.
type Channel struct {
	ID       int64
	Name     string
	Kind     Kind
	Personal bool
	Active   bool
	Body
	Shown     string // the address without what is secret in it
	Deleted   bool
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64

	Secrets // in memory only

	freeAt    time.Time // by the rate, when a message may go
	heldUntil time.Time // the far side asked to wait
}

// Secrets are what is sealed in the database.
type Secrets struct {
	Address string
	Headers []Header
	Signing string // "whsec_…": of Standard Webhooks; "" signs nothing
}

// Body is what is no secret.
type Body struct {
	Description string   `json:"description,omitempty"`
	Reach       Reach    `json:"reach,omitempty"`    // of a personal channel
	Hosts       []string `json:"hosts,omitempty"`    // of ByAddress: where persons' own addresses may lead
	Method      string   `json:"method,omitempty"`   // POST, PUT or GET
	Form        bool     `json:"form,omitempty"`     // the template makes a form; otherwise JSON
	Template    string   `json:"template,omitempty"` // of JSON and SMS; of JSON, none is the document of ours
	Parts       int      `json:"parts,omitempty"`    // of SMS: messages one text may take
	Rate        int      `json:"rate"`               // messages a minute
	Language    string   `json:"language,omitempty"` // of a room
	Facts       []Fact   `json:"facts,omitempty"`
	Names       []string `json:"headers,omitempty"` // of its headers

	// What a room follows by itself.
	Events    []Event `json:"events,omitempty"`
	Groups    []int64 `json:"groups,omitempty"` // none is all
	Condition string  `json:"condition,omitempty"`
}

// The bounds of channels.
const (
	MaxChannels  = 200
	maxName      = 80
	maxText      = 2000
	maxTemplate  = 8000
	maxAddress   = 2000
	maxHeaders   = 20
	maxHeader    = 4000
	maxHosts     = 20
	maxGroups    = 100
	maxParts     = 4
	maxRate      = 600
	DefaultRate  = 60
	minSigning   = 24 // bytes, as Standard Webhooks asks for
	maxSigning   = 64
	signingBegin = "whsec_"
)

// dots stand for a secret that is there, where one is shown or typed.
const dots = "•••"

// placeholders of templates and addresses.
var (
	textPlaceholders   = []string{"text", "title", "ticket", "url", "why", "change", "kind", "service", "priority", "id", "time", "to", "number"}
	targetPlaceholders = []string{"to", "number"}
)

// Placeholders lists what a template can name.
func Placeholders() []string { return slices.Clone(textPlaceholders) }

// tidy puts a channel into the form that is kept.
func (c *Channel) tidy() {
	c.Name, c.Description, c.Address = strings.Join(strings.Fields(c.Name), " "), strings.TrimSpace(c.Description), strings.TrimSpace(c.Address)
	c.Template, c.Condition, c.Signing = strings.TrimSpace(strings.ReplaceAll(c.Template, "\r\n", "\n")), strings.TrimSpace(c.Condition), strings.TrimSpace(c.Signing)
	c.Method = strings.ToUpper(strings.TrimSpace(c.Method))
	if c.Rate == 0 {
		c.Rate = DefaultRate
	}
	c.Facts = slices.DeleteFunc(Facts(), func(f Fact) bool { return !slices.Contains(c.Facts, f) })
	c.Events = slices.DeleteFunc(Events(), func(e Event) bool { return !slices.Contains(c.Events, e) })
	slices.Sort(c.Groups)
	c.Groups = slices.Compact(c.Groups)
	for i := range c.Hosts {
		c.Hosts[i] = strings.ToLower(strings.TrimSpace(c.Hosts[i]))
	}
	c.Hosts = slices.DeleteFunc(c.Hosts, func(h string) bool { return h == "" })
	switch c.Kind {
	case Slack, Teams:
		c.Method, c.Form, c.Template, c.Parts, c.Signing = "", false, "", 0, ""
	case JSON:
		c.Parts = 0
	case SMS:
		c.Personal, c.Reach, c.Signing = true, ByNumber, ""
		if c.Parts == 0 {
			c.Parts = 1
		}
	}
	if c.Method == "" {
		c.Method = http.MethodPost
	}
	if c.Personal {
		c.Events, c.Groups, c.Condition, c.Language = nil, nil, "", ""
	} else {
		c.Reach = ""
	}
	if c.Reach != ByAddress {
		c.Hosts = nil
	} else {
		c.Address = ""
	}
	c.Names = nil
	for i := range c.Headers {
		c.Headers[i].Name = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(c.Headers[i].Name))
		c.Names = append(c.Names, c.Headers[i].Name)
	}
	c.Shown = shownAddress(c.Kind, c.Address)
}

var host = regexp.MustCompile(`^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// check reports what is wrong, beside each field.
func (c *Channel) check() error {
	var p apperr.Problems
	if n := utf8.RuneCountInString(c.Name); n == 0 || n > maxName {
		p.Add("name", "Give a name of at most %d characters.", maxName)
	}
	if utf8.RuneCountInString(c.Description) > maxText {
		p.Add("description", "Use at most %d characters.", maxText)
	}
	if !slices.Contains(Kinds(), c.Kind) {
		p.Add("kind", "Choose what the far side understands.")
	}
	if c.Personal && c.Kind != SMS && c.Reach != ByMember && c.Reach != ByAddress || c.Reach == ByNumber && c.Kind != SMS {
		p.Add("reach", "Choose how it finds a person.")
	}
	if c.Kind == Teams && c.Reach == ByMember {
		p.Add("reach", "Teams takes no name with a message: let everybody give an address of their own.")
	}
	if c.Rate < 1 || c.Rate > maxRate {
		p.Add("rate", "Give 1 to %d messages a minute.", maxRate)
	}
	if c.Language != "" && !slices.ContainsFunc(text.Languages(), func(l text.Language) bool { return l.Tag.String() == c.Language }) {
		p.Add("language", "Choose one of the languages there are.")
	}
	if c.Kind == SMS && (c.Parts < 1 || c.Parts > maxParts) {
		p.Add("parts", "A text takes 1 to %d messages.", maxParts)
	}
	if len(c.Groups) > maxGroups {
		p.Add("groups", "Name at most %d groups.", maxGroups)
	}
	if len(c.Condition) > maxText {
		p.Add("condition", "Use at most %d characters.", maxText)
	}
	c.checkAddress(&p)
	c.checkHeaders(&p)
	c.checkTemplate(&p)
	if c.Signing != "" {
		if _, err := signingKey(c.Signing); err != nil {
			p.Add("signing", "A key begins with whsec_ and holds %d to %d bytes as base64.", minSigning, maxSigning)
		}
	}
	return p.Err()
}

func (c *Channel) checkAddress(p *apperr.Problems) {
	if c.Reach == ByAddress {
		if len(c.Hosts) == 0 || len(c.Hosts) > maxHosts {
			p.Add("hosts", "Name 1 to %d hosts to which the addresses of persons may lead, such as hooks.slack.com.", maxHosts)
		}
		for _, h := range c.Hosts {
			if !host.MatchString(h) || len(h) > 253 {
				p.Add("hosts", "This is not the name of a host: %s", h)
			}
		}
		return
	}
	if len(c.Address) > maxAddress {
		p.Add("address", "This is too long.")
		return
	}
	begin, _, fills := strings.Cut(c.Address, "{{")
	u, err := outbound.CheckURL(begin)
	if err != nil || fills && u.Path == "" && u.RawQuery == "" {
		p.Add("address", "Give a whole address that begins with https://. Placeholders stand behind the host.")
		return
	}
	if unknown := unknownIn(c.Address, targetPlaceholders); unknown != "" {
		p.Add("address", "There is no placeholder %s here.", "{{"+unknown+"}}")
	}
	if _, err := outbound.CheckURL(fillAddress(c.Address, "x")); err != nil || strings.Contains(c.Address, "#") {
		p.Add("address", "Give a whole address that begins with https://. Placeholders stand behind the host.")
	}
}

// reservedHeaders are made by the request itself, or would let one request be two.
var reservedHeaders = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Te", "Trailer", "Content-Type", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Idempotency-Key"}

func (c *Channel) checkHeaders(p *apperr.Problems) {
	if len(c.Headers) > maxHeaders {
		p.Add("headers", "Use at most %d headers.", maxHeaders)
	}
	seen := map[string]bool{}
	for _, h := range c.Headers {
		switch {
		case !httpguts.ValidHeaderFieldName(h.Name) || !httpguts.ValidHeaderFieldValue(h.Value) || len(h.Name)+len(h.Value) > maxHeader || h.Value == "":
			p.Add("headers", "Write each header as a line such as Authorization: Bearer abc.")
		case slices.Contains(reservedHeaders, h.Name):
			p.Add("headers", "The header %s is set by Steward.", h.Name)
		case seen[h.Name]:
			p.Add("headers", "The header %s is there twice.", h.Name)
		}
		seen[h.Name] = true
	}
}

func (c *Channel) checkTemplate(p *apperr.Problems) {
	switch {
	case c.Method != http.MethodPost && c.Method != http.MethodPut && c.Method != http.MethodGet:
		p.Add("method", "Choose POST, PUT or GET.")
	case c.Method == http.MethodGet && !c.Form:
		p.Add("method", "GET takes its values in the address: choose a form.")
	}
	if c.Template == "" {
		if c.Kind == SMS || c.Kind == JSON && c.Form {
			p.Add("template", "Describe what the far side wants.")
		}
		return
	}
	if len(c.Template) > maxTemplate {
		p.Add("template", "Use at most %d characters.", maxTemplate)
		return
	}
	if unknown := unknownIn(c.Template, textPlaceholders); unknown != "" {
		p.Add("template", "There is no placeholder %s.", "{{"+unknown+"}}")
		return
	}
	if err := checkTemplate(c.Template, c.Form); err != nil {
		p.Say("template", apperr.Message(err))
		return
	}
	if !names(c.Template, "text") {
		p.Add("template", "Say by {{text}} where the text stands.")
	}
	if c.Kind == SMS && !names(c.Template, "number") && !names(c.Template, "to") && !names(c.Address, "number") && !names(c.Address, "to") {
		p.Add("template", "Say by {{number}} where the telephone number stands, here or in the address.")
	}
	if c.Reach == ByMember && c.Kind == JSON && !names(c.Template, "to") && !names(c.Address, "to") {
		p.Add("template", "Say by {{to}} where the name of the person stands, here or in the address.")
	}
}

// shownAddress is an address without what is secret in it: of chats the path is, of
// others what stands in the query.
func shownAddress(k Kind, address string) string {
	begin, rest, found := strings.Cut(address, "://")
	if !found {
		return ""
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		return address
	}
	at, path := begin+"://"+rest[:end], rest[end:]
	if k == Slack || k == Teams {
		if path == "/" {
			return at + path
		}
		return at + "/" + dots
	}
	path, query, asks := strings.Cut(path, "?")
	if asks {
		var parts []string
		for part := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(part, "=")
			if !strings.HasPrefix(value, "{{") {
				value = dots
			}
			parts = append(parts, name+"="+value)
		}
		path += "?" + strings.Join(parts, "&")
	}
	return at + path
}

// signingKey reads a key of Standard Webhooks.
func signingKey(s string) ([]byte, error) {
	raw, ok := strings.CutPrefix(s, signingBegin)
	key, err := base64.StdEncoding.DecodeString(raw)
	if err != nil || !ok || len(key) < minSigning || len(key) > maxSigning {
		return nil, apperr.InvalidField("signing", "A key begins with whsec_ and holds %d to %d bytes as base64.", minSigning, maxSigning)
	}
	return key, nil
}

// keep takes over the secrets that a change left out: all of an empty address, the
// values of headers that are ••• or empty.
func (c *Channel) keep(before Secrets) {
	if c.Address == "" {
		c.Address = before.Address
	}
	for i := range c.Headers {
		if v := c.Headers[i].Value; v != "" && v != dots {
			continue
		}
		c.Headers[i].Value = ""
		for _, h := range before.Headers {
			if strings.EqualFold(h.Name, strings.TrimSpace(c.Headers[i].Name)) {
				c.Headers[i].Value = h.Value
			}
		}
	}
	if c.Signing == "" {
		c.Signing = before.Signing
	}
}

var (
	phone  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	member = regexp.MustCompile(`^[#@]?[\p{L}\p{N}_.:-]{1,80}$`)
)

// target reads where a personal channel reaches somebody: the form that is kept, and the
// one that is shown.
func (c *Channel) target(typed string) (whole, shown string, err error) {
	typed = strings.TrimSpace(typed)
	switch c.Reach {
	case ByNumber:
		digits := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" -/.()\u00a0", r) {
				return -1
			}
			return r
		}, typed)
		if rest, ok := strings.CutPrefix(digits, "00"); ok {
			digits = "+" + rest
		}
		if !phone.MatchString(digits) {
			return "", "", apperr.InvalidField("target", "Give the number with its country, such as +49 170 1234567.")
		}
		return digits, digits[:3] + dots + digits[len(digits)-3:], nil
	case ByMember:
		if !member.MatchString(typed) || strings.Trim(typed, ".") == "" {
			return "", "", apperr.InvalidField("target", "Give your name in the chat, such as @ana.")
		}
		return typed, typed, nil
	}
	u, err := outbound.CheckURL(typed)
	if err != nil || u.Scheme != "https" || len(typed) > maxAddress {
		return "", "", apperr.InvalidField("target", "Give the whole address of your webhook. It begins with https://.")
	}
	if !c.leadsTo(u) {
		return "", "", apperr.InvalidField("target", "Addresses of this channel lead to %s.", strings.Join(c.Hosts, ", "))
	}
	return typed, shownAddress(Slack, typed), nil
}

// leadsTo reports whether an address of a person's own leads where it may.
func (c *Channel) leadsTo(u *url.URL) bool {
	name := strings.ToLower(u.Hostname())
	return slices.ContainsFunc(c.Hosts, func(h string) bool {
		domain, any := strings.CutPrefix(h, "*")
		return h == name || any && strings.HasSuffix(name, domain) && len(name) > len(domain)
	})
}
