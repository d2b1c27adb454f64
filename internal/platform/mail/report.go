package mail

import (
	"regexp"
	"strings"
)

// Report is what a mail server says about the delivery of a message (RFC 3464).
type Report struct {
	MTA        string // the server that reports
	OriginalID string // Message-ID of the message it is about, "" if it does not say
	Recipients []ReportRecipient

	originalHeader Header
}

// ReportRecipient is the fate of a message with one recipient.
type ReportRecipient struct {
	Mail       string
	Action     string // failed, delayed, delivered, relayed, expanded
	Status     string // class.subject.detail, such as 5.1.1
	Diagnostic string // what the other server said
}

// Failed reports whether the message did not arrive and will not.
func (r ReportRecipient) Failed() bool {
	return r.Action == "failed" || r.Action == "" && strings.HasPrefix(r.Status, "5")
}

// parseReport reads the fields of a delivery status: a block for the message, then
// one for each recipient.
func parseReport(data []byte, into *Report) *Report {
	if into == nil {
		into = &Report{}
	}
	for len(data) > 0 && len(into.Recipients) < 1000 {
		h, rest, _ := splitHeader(data)
		if len(rest) >= len(data) {
			break
		}
		data = rest
		if len(h) == 0 {
			continue
		}
		if mta := typed(h.Get("Reporting-MTA")); mta != "" {
			into.MTA = mta
		}
		if id := ids(h.raw("Original-Message-ID")); len(id) > 0 {
			into.OriginalID = id[0]
		}
		to := firstOf(typed(h.Get("Original-Recipient")), typed(h.Get("Final-Recipient")))
		if to == "" {
			continue
		}
		status := statusCode.FindString(h.Get("Status"))
		into.Recipients = append(into.Recipients, ReportRecipient{
			Mail: strings.Trim(to, "<> "), Action: strings.ToLower(firstWord(h.Get("Action"))), Status: status,
			Diagnostic: typed(h.Get("Diagnostic-Code")),
		})
	}
	return into
}

var statusCode = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)

// typed takes the value of "type; value".
func typed(value string) string {
	if kind, v, ok := strings.Cut(value, ";"); ok && !strings.Contains(kind, "@") {
		value = v
	}
	return strings.TrimSpace(value)
}

func firstWord(s string) string {
	if fields := strings.Fields(s); len(fields) > 0 {
		return fields[0]
	}
	return ""
}
