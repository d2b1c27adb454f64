package mail

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind is what wrote a message.
type Kind string

// What wrote a message. Where several hold, the first of this list that does counts.
const (
	Loop      Kind = "loop"      // it is our own, come back, or goes in circles
	Bounce    Kind = "bounce"    // a server says that a message did not arrive, or not yet
	AutoReply Kind = "autoreply" // a program answers: out of office, receipt, confirmation
	Automatic Kind = "automatic" // a program writes of its own accord: monitoring, newsletters
	List      Kind = "list"      // it came over a mailing list
	Person    Kind = "person"
)

// Own is what this installation looks like in messages.
type Own struct {
	Instance    string // what Outgoing.Instance is
	MaxReceived int    // servers a message may have passed; 60
	MaxHops     int    // automatic messages that may answer one another; 4
}

// Nature is what a message is, with what it was told by.
type Nature struct {
	Kind    Kind
	Reasons []Remark // of every kind that holds, those of Kind first
	Bounced *Bounced // for a Bounce
	ListID  string   // of a mailing list, also if Kind is another
	Spam    bool     // a server before us took it for spam; a Reason says which
	Hops    int      // automatic messages it stands in a row with, by our own header
}

// Bounced is what a bounce says.
type Bounced struct {
	Permanent  bool // no further try will be made
	Recipients []ReportRecipient
	OriginalID string // Message-ID of the message that did not arrive, "" if unknown
}

// LoopHeader is the field that Compose marks our messages with.
const LoopHeader = "X-Steward-Instance"

// Classify says what wrote a message.
func Classify(m *Message, own Own) Nature {
	c := classifier{m: m, h: m.Header, own: own, found: map[Kind][]Remark{}}
	c.loop()
	c.bounce()
	c.automatic()
	c.list()
	c.spam()
	n := c.nature
	n.Kind = Person
	order := []Kind{Loop, Bounce, AutoReply, Automatic, List}
	for _, kind := range order {
		if len(c.found[kind]) > 0 {
			if n.Kind == Person {
				n.Kind = kind
			}
			n.Reasons = append(n.Reasons, c.found[kind]...)
		}
	}
	if n.Kind == Person {
		n.Reasons = append(n.Reasons, Remark{"person", "Nothing says that a program wrote this.", m.Author().Mail})
	}
	n.Reasons = append(n.Reasons, c.found["spam"]...)
	if n.Kind != Bounce {
		n.Bounced = nil
	}
	return n
}

type classifier struct {
	m      *Message
	h      Header
	own    Own
	nature Nature
	found  map[Kind][]Remark
}

func (c *classifier) say(kind Kind, code, text, value string) {
	if len(value) > 200 {
		value = strings.ToValidUTF8(value[:200], "")
	}
	c.found[kind] = append(c.found[kind], Remark{code, text, value})
}

func (c *classifier) loop() {
	own := c.own
	if own.MaxReceived == 0 {
		own.MaxReceived = 60
	}
	if own.MaxHops == 0 {
		own.MaxHops = 4
	}
	for _, value := range c.h.Values(LoopHeader) {
		instance, rest, _ := strings.Cut(value, ";")
		instance = strings.TrimSpace(instance)
		if own.Instance != "" && strings.EqualFold(instance, own.Instance) {
			c.say(Loop, "own_message", "We sent this message ourselves; it came back.", value)
		}
		if n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(rest), "hops="))); err == nil && n >= 0 {
			c.nature.Hops = max(c.nature.Hops, n)
		}
	}
	if c.nature.Hops >= own.MaxHops {
		c.say(Loop, "too_many_hops", "Automatic messages have been answering one another.", strconv.Itoa(c.nature.Hops))
	}
	if n := len(c.h.raws("Received")); n > own.MaxReceived {
		c.say(Loop, "too_many_received", "The message passed so many servers that it must go in circles.", strconv.Itoa(n))
	}
}

var (
	daemonName  = regexp.MustCompile(`^(mailer-daemon|mailerdaemon|mail-daemon|postmaster|mdaemon|mail\.delivery\.system|microsoftexchange[0-9a-f]+|noreply-dmarc.*|bounce[s]?)$`)
	smtpRefusal = regexp.MustCompile(`(?m)(^|[\s#(])(?:[45]\.\d{1,3}\.\d{1,3}\b|[45]\d\d[ -]#?\s?[45]\.\d{1,3}\.\d{1,3}\b|5[0-5]\d[ -][A-Za-z#<])`)
	permanent   = regexp.MustCompile(`(^|[\s#(])(5\.\d{1,3}\.\d{1,3}\b|5[0-5]\d[ -])`)
	originalID  = regexp.MustCompile(`(?mi)^[> \t]*Message-ID:\s*<([^<>\s]+)>`)
	accused     = regexp.MustCompile(`(?m)^[ \t>]*<?([^\s<>"(),;:]+@[^\s<>"(),;:]+\.[A-Za-z0-9-]+)>?:?[ \t]*(?:\.\.\.|\(|$)`)
)

func (c *classifier) bounce() {
	m := c.m
	if r := m.Report; r != nil && len(r.Recipients) > 0 {
		b := &Bounced{OriginalID: r.OriginalID}
		for _, to := range r.Recipients {
			if to.Action == "delivered" || to.Action == "relayed" || to.Action == "expanded" {
				continue
			}
			b.Recipients = append(b.Recipients, to)
			b.Permanent = b.Permanent || to.Failed()
		}
		if len(b.Recipients) == 0 {
			c.say(AutoReply, "delivered", "A server says that a message was delivered.", r.MTA)
			return
		}
		c.nature.Bounced = b
		if b.Permanent {
			c.say(Bounce, "report_failed", "A server reports that a message could not be delivered.", b.Recipients[0].Mail+" "+b.Recipients[0].Status)
		} else {
			c.say(Bounce, "report_delayed", "A server reports that a message is delayed; it goes on trying.", b.Recipients[0].Mail+" "+b.Recipients[0].Status)
		}
		return
	}
	failed := slices.DeleteFunc(addressList(c.h.raw("X-Failed-Recipients")), func(a Address) bool { return a.Mail == "" })
	local, _, _ := strings.Cut(m.Author().Key(), "@")
	daemon := daemonName.MatchString(local)
	if !daemon && len(failed) == 0 && m.ReturnPath != "<>" && !c.h.Has("X-MS-Exchange-Message-Is-Ndr") {
		return
	}
	b := &Bounced{}
	text := m.Text
	for _, a := range m.Attachments {
		if a.Role == RoleMessage || a.Role == RoleReport {
			h, _, _ := splitHeader(a.Data)
			if id := ids(h.raw("Message-ID")); len(id) > 0 && b.OriginalID == "" {
				b.OriginalID = id[0]
			}
		}
	}
	if found := originalID.FindStringSubmatch(text); found != nil && b.OriginalID == "" {
		b.OriginalID = found[1]
	}
	// What follows the report is the message that came back: its addresses are no culprits.
	if i := originalID.FindStringIndex(text); i != nil {
		text = text[:i[0]]
	}
	status := statusCode.FindString(text)
	for _, a := range failed {
		b.Recipients = append(b.Recipients, ReportRecipient{Mail: a.Mail, Action: "failed", Status: status})
	}
	if len(b.Recipients) == 0 && (smtpRefusal.MatchString(text) || b.OriginalID != "") {
		for _, found := range accused.FindAllStringSubmatch(text, 50) {
			known := func(r ReportRecipient) bool { return strings.EqualFold(r.Mail, found[1]) }
			if !slices.ContainsFunc(b.Recipients, known) && !strings.EqualFold(found[1], m.Author().Mail) {
				b.Recipients = append(b.Recipients, ReportRecipient{Mail: found[1], Action: "failed", Status: status})
			}
		}
	}
	b.Permanent = len(failed) > 0 || permanent.MatchString(text)
	switch {
	case len(failed) > 0:
		c.say(Bounce, "failed_recipients", "A server names recipients that a message could not be delivered to.", b.Recipients[0].Mail)
	case c.h.Has("X-MS-Exchange-Message-Is-Ndr"):
		c.say(Bounce, "exchange_ndr", "Exchange says that this is a report of a message not delivered.", "")
	case (daemon || m.ReturnPath == "<>") && smtpRefusal.MatchString(text) && len(b.Recipients) > 0:
		c.say(Bounce, "daemon_refusal", "A server's own account writes of a refusal and of a recipient.", b.Recipients[0].Mail)
	case daemon && b.OriginalID != "" && (len(m.Report.recipients()) > 0 || hasMessage(m) || len(b.Recipients) > 0):
		c.say(Bounce, "daemon_return", "A server's own account returns a message.", m.Author().Mail)
	default:
		if daemon {
			c.say(Automatic, "daemon", "A server's own account wrote this.", m.Author().Mail)
		}
		return
	}
	if !b.Permanent {
		for i := range b.Recipients {
			if strings.HasPrefix(b.Recipients[i].Status, "4") {
				b.Recipients[i].Action = "delayed"
			}
		}
	}
	c.nature.Bounced = b
}

func (r *Report) recipients() []ReportRecipient {
	if r == nil {
		return nil
	}
	return r.Recipients
}

func hasMessage(m *Message) bool {
	return slices.ContainsFunc(m.Attachments, func(a Attachment) bool { return a.Role == RoleMessage })
}

// replyFields are written by programs that answer.
var replyFields = []string{
	"X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Mail-Autoreply", "X-Vacation", "X-Autorespond-From", "X-Auto-Reply-From", "X-Autoreply-From",
}

// programFields are written by programs that speak of their own accord.
var programFields = []string{
	"X-OTRS-Loop", "X-RT-Loop-Prevention", "RT-Ticket", "X-RT-Ticket", "X-JIRA-FingerPrint", "X-ServiceNow-Generated", "X-FC-MachineGenerated", "X-Cron-Env", "X-GitHub-Reason",
	"X-Zammad-Loop", "X-Redmine-Host", "X-Autogenerated", "X-Auto-Generated", "X-Nagios-Notification", "Feedback-ID", "X-MS-Exchange-Generated-Message-Source",
}

func (c *classifier) automatic() {
	answers := len(c.m.InReplyTo) > 0 || len(c.m.References) > 0
	program := Automatic
	if answers {
		program = AutoReply // Exchange's out of office says "auto-generated", and what it answers
	}
	if value := strings.ToLower(c.h.Get("Auto-Submitted")); value != "" {
		switch word := strings.TrimSpace(strings.SplitN(comment.ReplaceAllString(value, ""), ";", 2)[0]); word {
		case "no":
		case "auto-replied", "auto-notified-reply":
			c.say(AutoReply, "auto_submitted", "The header says that a program answered (Auto-Submitted).", value)
		default:
			c.say(program, "auto_submitted", "The header says that a program wrote this (Auto-Submitted).", value)
		}
	}
	if value := c.h.Get("X-Auto-Response-Suppress"); value != "" {
		for word := range strings.FieldsFuncSeq(strings.ToLower(value), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
			if word == "all" || word == "oof" || word == "autoreply" {
				c.say(program, "suppress", "The header asks for no automatic answer, as programs do (X-Auto-Response-Suppress).", value)
				break
			}
		}
	}
	switch value := strings.ToLower(strings.TrimSpace(c.h.Get("Precedence"))); value {
	case "bulk", "junk":
		c.say(program, "precedence", "The header says that this goes out in bulk (Precedence).", value)
	case "auto_reply", "auto-reply":
		c.say(AutoReply, "precedence", "The header says that a program answered (Precedence).", value)
	}
	for _, name := range replyFields {
		if v := c.h.Get(name); c.h.Has(name) && !strings.EqualFold(v, "no") && !strings.EqualFold(v, "false") {
			c.say(AutoReply, "reply_field", "The header has a field that programs write when they answer.", name)
		}
	}
	for _, name := range programFields {
		if c.h.Has(name) {
			c.say(program, "program_field", "The header has a field that programs write.", name)
		}
	}
	if v := strings.ToLower(c.h.Get("X-Mailer")); strings.Contains(v, "vacation") || strings.Contains(v, "autoresponder") {
		c.say(AutoReply, "mailer", "The program that sent this sends automatic answers.", v)
	}
	kind, params := mediaType(c.h.raw("Content-Type"))
	if kind == "multipart/report" && params["report-type"] == "disposition-notification" {
		c.say(AutoReply, "receipt", "This is a receipt: a message was shown to its recipient, or was not.", "")
	}
	if c.m.ReturnPath == "<>" && len(c.found[Bounce]) == 0 {
		c.say(program, "null_sender", "The message has no sender to answer to, as only servers and programs write.", "")
	}
	if h := c.h; h.Has("List-Unsubscribe") && !h.Has("List-Id") && !h.Has("List-Post") {
		c.say(Automatic, "newsletter", "The message can be unsubscribed from: it went to many.", h.Get("List-Unsubscribe"))
	}
}

func (c *classifier) list() {
	if value := c.h.Get("List-Id"); value != "" {
		c.nature.ListID = strings.Trim(value[strings.LastIndexByte(value, '<')+1:], "<> ")
		c.say(List, "list_id", "The message came over a mailing list (List-Id).", c.nature.ListID)
		return
	}
	for _, name := range []string{"List-Post", "X-Mailman-Version", "X-Mailing-List", "X-BeenThere", "Mailing-List"} {
		if c.h.Has(name) {
			c.nature.ListID = firstOf(mailShape.FindString(c.h.Get(name)), c.h.Get(name))
			c.say(List, "list_field", "The header has a field that mailing lists write.", name)
			return
		}
	}
	if strings.EqualFold(c.h.Get("Precedence"), "list") {
		c.say(List, "precedence", "The header says that this came over a mailing list (Precedence).", "list")
	}
}

var (
	spamLevel = regexp.MustCompile(`\bSCL:([5-9])\b`)
	isYes     = regexp.MustCompile(`(?i)^\s*(yes|true|spam)\b`)
)

// spam takes a word from the filters before us; it decides nothing.
func (c *classifier) spam() {
	hit := func(name, value string) {
		c.nature.Spam = true
		c.say("spam", "spam", "A filter before us took this for spam.", fmt.Sprintf("%s: %s", name, value))
	}
	for _, name := range []string{"X-Spam-Flag", "X-Spam-Status", "X-Spam", "X-Barracuda-Spam-Flag", "X-Bogosity", "X-PMX-Spam", "X-KAV-Spam"} {
		if v := c.h.Get(name); isYes.MatchString(v) {
			hit(name, v)
		}
	}
	if n, err := strconv.Atoi(strings.TrimSpace(c.h.Get("X-MS-Exchange-Organization-SCL"))); err == nil && n >= 5 {
		hit("X-MS-Exchange-Organization-SCL", strconv.Itoa(n))
	}
	if v := c.h.Get("X-Forefront-Antispam-Report"); spamLevel.MatchString(v) || strings.Contains(v, "SFV:SPM") {
		hit("X-Forefront-Antispam-Report", spamLevel.FindString(v))
	}
}
