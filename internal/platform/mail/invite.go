package mail

import (
	"fmt"
	"strings"
	"time"
)

// calendar keeps an invitation as an attachment and says in the text what it says.
func (r *reader) calendar(h Header, kind string, params map[string]string, body []byte, at place) (content, error) {
	data, err := r.decode(h, body)
	if err != nil {
		return content{}, err
	}
	set := firstOf(params["charset"], "utf-8")
	text, _ := decodeCharset(set, data)
	if err := r.attach(h, kind, params, body, RoleInvite, "invite.ics"); err != nil {
		return content{}, err
	}
	invite, ok := parseInvite(text)
	if !ok {
		return content{}, nil
	}
	if invite.Method == "" {
		invite.Method = strings.ToUpper(params["method"])
	}
	for _, other := range r.m.Invites {
		if other.UID == invite.UID && other.Method == invite.Method && other.Start.Equal(invite.Start) {
			return content{}, nil // Outlook and Google send the same one twice
		}
	}
	r.m.Invites = append(r.m.Invites, invite)
	return content{}, nil
}

// String says in a few lines what the invitation is.
func (i Invite) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", firstOf(i.Method, "EVENT"), i.Summary)
	if !i.Start.IsZero() {
		layout := "2006-01-02 15:04 MST"
		if i.AllDay {
			layout = "2006-01-02"
		}
		b.WriteString(i.Start.Format(layout))
		if !i.End.IsZero() && !i.AllDay {
			b.WriteString(" - " + i.End.Format(layout))
		}
		b.WriteByte('\n')
	}
	if i.Location != "" {
		b.WriteString(i.Location + "\n")
	}
	if i.Organizer != (Address{}) {
		b.WriteString(strings.TrimSpace(i.Organizer.Name+" <"+i.Organizer.Mail+">") + "\n")
	}
	return b.String()
}

// parseInvite reads the first event of an iCalendar object (RFC 5545).
func parseInvite(text string) (Invite, bool) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text) // unfold
	var out Invite
	inside, found := "", false
	for line := range strings.SplitSeq(text, "\n") {
		name, params, value, ok := property(line)
		if !ok {
			continue
		}
		switch {
		case name == "BEGIN":
			if inside == "" || inside == "VCALENDAR" {
				inside = strings.ToUpper(value)
			} else if value == "VALARM" {
				inside = "VALARM"
			}
			if inside == "VEVENT" {
				if found {
					return out, true
				}
				found = true
			}
		case name == "END":
			inside = map[bool]string{true: "VEVENT", false: "VCALENDAR"}[strings.EqualFold(value, "VALARM")]
		case name == "METHOD" && !found:
			out.Method = strings.ToUpper(strings.TrimSpace(value))
		case inside != "VEVENT":
		case name == "UID":
			out.UID = value
		case name == "SUMMARY":
			out.Summary = oneLine(icalText(value))
		case name == "LOCATION":
			out.Location = oneLine(icalText(value))
		case name == "ORGANIZER":
			scheme, address, _ := strings.Cut(value, ":")
			if !strings.EqualFold(scheme, "mailto") {
				address = ""
			}
			out.Organizer = Address{Name: oneLine(params["CN"]), Mail: oneLine(address)}
		case name == "DTSTART":
			out.Start, out.AllDay = icalTime(value, params)
		case name == "DTEND":
			out.End, _ = icalTime(value, params)
		}
	}
	return out, found
}

// property cuts "NAME;PARAM=value;PARAM="quoted":value".
func property(line string) (name string, params map[string]string, value string, ok bool) {
	quoted, start := false, 0
	var pieces []string
	for i := 0; i < len(line) && len(pieces) < 50; i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ';':
			pieces = append(pieces, line[start:i])
			start = i + 1
		case c == ':':
			pieces = append(pieces, line[start:i])
			params = map[string]string{}
			for _, p := range pieces[1:] {
				key, v, _ := strings.Cut(p, "=")
				params[strings.ToUpper(key)] = strings.Trim(v, `"`)
			}
			return strings.ToUpper(pieces[0]), params, line[i+1:], true
		}
	}
	return "", nil, "", false
}

func icalText(s string) string {
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(s)
}

// windowsZones are the zones that Outlook names in its own words, where they are
// most met. Others are read as UTC.
var windowsZones = map[string]string{
	"W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest", "Central European Standard Time": "Europe/Warsaw",
	"Romance Standard Time": "Europe/Paris", "GMT Standard Time": "Europe/London", "E. Europe Standard Time": "Europe/Chisinau",
	"FLE Standard Time": "Europe/Kiev", "GTB Standard Time": "Europe/Bucharest", "Turkey Standard Time": "Europe/Istanbul", "Russian Standard Time": "Europe/Moscow",
	"Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago", "Mountain Standard Time": "America/Denver",
	"Pacific Standard Time": "America/Los_Angeles", "India Standard Time": "Asia/Kolkata", "China Standard Time": "Asia/Shanghai", "Tokyo Standard Time": "Asia/Tokyo",
	"Singapore Standard Time": "Asia/Singapore", "AUS Eastern Standard Time": "Australia/Sydney", "E. South America Standard Time": "America/Sao_Paulo", "Arabian Standard Time": "Asia/Dubai",
}

func icalTime(value string, params map[string]string) (t time.Time, allDay bool) {
	value = strings.TrimSpace(value)
	if t, err := time.Parse("20060102", value); err == nil {
		return t, true
	}
	if t, err := time.Parse("20060102T150405Z", value); err == nil {
		return t, false
	}
	zone := time.UTC
	name := params["TZID"]
	if known, ok := windowsZones[name]; ok {
		name = known
	}
	if name != "" && len(name) < 64 && !strings.Contains(name, "..") {
		if found, err := time.LoadLocation(name); err == nil {
			zone = found
		}
	}
	t, err := time.ParseInLocation("20060102T150405", value, zone)
	if err != nil {
		return time.Time{}, false
	}
	return t, false
}
