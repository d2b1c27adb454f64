package demo

import (
	"encoding/base64"
	"fmt"
	"mime"
	"strings"
	"time"
)

// DeskAddress is where people of the demo write to.
const DeskAddress = "help@harbourline.example"

// Mail is one that came to the demo's desk, and what was answered.
type Mail struct {
	From   string        // ref of the person who wrote; "" for strangers, who say it themselves
	Ago    time.Duration // when it came
	Answer string        // what the desk answered then; "" for nothing
	Raw    func(a MailParts) (string, error)
}

// MailParts are what a mail takes from the installation it comes to.
type MailParts struct {
	Name, Address string // of its author
	At            time.Time
	Letter        string    // Message-ID of the desk's last letter
	LetterTo      string    // whom that was for
	LetterAt      time.Time // when it was sent
}

func (a MailParts) head(id, subject string, fields ...string) string {
	lines := []string{
		"From: " + mime.QEncoding.Encode("utf-8", a.Name) + " <" + a.Address + ">", "To: IT service desk <" + DeskAddress + ">", "Message-ID: <" + id + ">",
		"Subject: " + mime.QEncoding.Encode("utf-8", subject), "Date: " + a.At.Format(time.RFC1123Z), "MIME-Version: 1.0",
	}
	if a.Letter != "" {
		fields = append(fields, "In-Reply-To: <"+a.Letter+">", "References: <"+a.Letter+">")
	}
	return strings.Join(append(lines, fields...), "\n") + "\n"
}

// pictured is a body in two forms, with pictures p1, p2, … and, last, the logo.
func pictured(plain, html string, pictures ...file) string {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/related; boundary=rel\n\n--rel\nContent-Type: multipart/alternative; boundary=alt\n\n--alt\nContent-Type: text/plain; charset=utf-8\n\n" +
		plain + "\n--alt\nContent-Type: text/html; charset=utf-8\n\n" + html + "\n--alt--\n")
	for i, f := range pictures {
		fmt.Fprintf(&b, "--rel\nContent-Type: image/png; name=%q\nContent-ID: <p%d>\nContent-Disposition: inline; filename=%[1]q\nContent-Transfer-Encoding: base64\n\n", f.name, i+1)
		for data := base64.StdEncoding.EncodeToString(f.content); data != ""; {
			n := min(len(data), 76)
			b.WriteString(data[:n] + "\n")
			data = data[n:]
		}
	}
	return b.String() + "--rel--\n"
}

// logo stands in the signatures of Harbourline.
func logo() (file, error) {
	c := newCanvas(140, 36, white)
	c.box(0, 4, 28, 28, blue)
	c.box(8, 12, 12, 12, white)
	c.box(38, 9, 96, 7, dark)
	c.box(38, 22, 60, 5, blue)
	return c.file("logo.png")
}

const (
	signedPlain = "-- \n%s\nPlanning, Harbourline\n+31 10 555 01 42\n[image: logo.png]\n"
	signedHTML  = `<div>--&nbsp;<br>%s<br>Planning, Harbourline<br>+31 10 555 01 42<br><img src="cid:p%d" alt="logo.png"></div>`
)

// Mails are what came, in its order.
func Mails() []Mail {
	return []Mail{
		{From: "rosa", Ago: 5 * time.Hour, Raw: firstMail, Answer: "Hello Rosa,\n\nthank you for the picture, that helps.\n\nWhich browser do you use?\n\nDoes it happen on another machine as well, for instance in the planning room?"},
		{From: "rosa", Ago: 4 * time.Hour, Raw: betweenTheLines, Answer: "Thank you. We have put the previous version back for planning. Please close the window once and open it again."},
		{From: "rosa", Ago: 3 * time.Hour, Raw: awayMail},
		{From: "tidewater-01", Ago: 2 * time.Hour, Raw: customerMail, Answer: "Good afternoon,\n\nthe gate reads them again. Please let us know if one of the six is still missing from your list."},
		{Ago: 110 * time.Minute, Raw: cameBack},
		{Ago: 90 * time.Minute, Raw: spamMail},
		{Ago: 40 * time.Minute, Raw: strangersMail},
		{Ago: 20 * time.Minute, Raw: blockedMail},
	}
}

// BlockedSenders are those whose mail the desk does not want.
func BlockedSenders() []string { return []string{"@bargains.example"} }

func firstMail(a MailParts) (string, error) {
	seen, err := screenshot(0)
	if err != nil {
		return "", err
	}
	mark, err := logo()
	if err != nil {
		return "", err
	}
	pixel, err := newCanvas(1, 1, white).file("p.png")
	plain := "Good morning,\n\nsince this morning the vessel plan stays empty, and this window comes up:\n\n[image: " + seen.name + "]\n\nThe Aurora is alongside at 14:00 and we cannot see her berth. Could you have a look before?\n\nKind regards,\n\n"
	html := `<div>Good morning,</div><div><br></div><div>since this morning the <b>vessel plan</b> stays empty, and this window comes up:</div><div><img src="cid:p1" alt="` + seen.name + `" width="560"></div>` +
		`<div>The Aurora is alongside at 14:00 and we cannot see her berth. Could you have a look before?</div><div>Kind regards,</div>`
	return a.head("plan-1@harbourline.example", "Vessel plan is empty since this morning") +
		pictured(plain+fmt.Sprintf(signedPlain, a.Name), html+fmt.Sprintf(signedHTML, a.Name, 2)+`<img src="cid:p3" width="1" height="1">`, seen, mark, pixel), err
}

func betweenTheLines(a MailParts) (string, error) {
	seen, err := screenshot(2)
	if err != nil {
		return "", err
	}
	mark, err := logo()
	when := a.LetterAt.Format("Mon, 2 Jan 2006 at 15:04")
	plain := "Thank you for the quick answer!\n\n> Which browser do you use?\n\nEdge, the one that came with the laptop.\n\n> Does it happen on another machine as well, for instance in the planning room?\n\nYes, it looks the same there:\n\n[image: " + seen.name + "]\n\n" +
		fmt.Sprintf(signedPlain, a.Name) + "\nOn " + when + ", IT service desk <" + DeskAddress + "> wrote:\n\n> Hello Rosa,\n>\n> thank you for the picture, that helps.\n>\n> Which browser do you use?\n>\n>> Good morning,\n>>\n>> since this morning the vessel plan stays empty, and this window comes up:\n"
	html := `<div>Thank you for the quick answer!</div><blockquote type="cite">Which browser do you use?</blockquote><div>Edge, the one that came with the laptop.</div>` +
		`<blockquote type="cite">Does it happen on another machine as well, for instance in the planning room?</blockquote><div>Yes, it looks the same there:</div><div><img src="cid:p1" alt="` + seen.name + `"></div>` + fmt.Sprintf(signedHTML, a.Name, 2) +
		`<div class="gmail_quote"><div>On ` + when + `, IT service desk wrote:</div><blockquote class="gmail_quote">Hello Rosa,<br><br>thank you for the picture, that helps.<br><br>Which browser do you use?</blockquote></div>`
	return a.head("plan-2@harbourline.example", "Re: Vessel plan is empty since this morning") + pictured(plain, html, seen, mark), err
}

func awayMail(a MailParts) (string, error) {
	return a.head("away-1@harbourline.example", "Out of office: Vessel plan is empty since this morning", "Auto-Submitted: auto-replied") +
		"Content-Type: text/plain; charset=utf-8\n\nI am on the quay until 16:00 and read my mail after that.\n", nil
}

func customerMail(a MailParts) (string, error) {
	var rows, lines strings.Builder
	for i, box := range []string{"TDWU 204418 3", "TDWU 204419 9", "MSKU 771205 0", "TDWU 204427 1", "HLXU 330918 5", "TDWU 204430 6"} {
		fmt.Fprintf(&rows, "<tr><td>%s</td><td>Gate %d</td><td>%02d:%02d</td><td>Aurora</td><td>Rotterdam, yard %d</td><td>not read</td></tr>", box, 3+i%2, 7+i/3, 11+i*7, 4+i%3)
		fmt.Fprintf(&lines, "%s  gate %d  not read\n", box, 3+i%2)
	}
	earlier := "From: Gate office <gate@harbourline.example>\nSent: " + a.At.Add(-time.Hour).Format("Monday, 2 January 2006 15:04") + "\nTo: " + a.Name + " <" + a.Address + ">\nSubject: Your containers at gate 3 and 4\n\nPlease write to the service desk, they look after the readers.\n"
	plain := "Good afternoon,\n\nsix of our containers passed gate 3 and 4 this morning and are not in the portal. These are they:\n\n" + lines.String() + "\nOur customer waits for the release.\n\nBest regards\n" + a.Name + "\nTidewater Retail\n\n" + earlier
	html := "<p>Good afternoon,</p><p>six of our containers passed gate 3 and 4 this morning and are not in the portal. These are they:</p><table border=\"1\"><tr><th>Container</th><th>Gate</th><th>Passed at</th><th>Vessel</th><th>Seen last</th><th>Reader</th></tr>" +
		rows.String() + "</table><p>Our customer waits for the release.</p><p>Best regards<br>" + a.Name + "<br>Tidewater Retail</p>" +
		`<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Gate office<br><b>Sent:</b> ` + a.At.Add(-time.Hour).Format("Monday, 2 January 2006 15:04") + `<br><b>To:</b> ` + a.Name + `<br><b>Subject:</b> Your containers at gate 3 and 4</p></div><p>Please write to the service desk, they look after the readers.</p>` +
		`<img src="https://news.tidewater.example/banner.png" alt="Tidewater: new season, new shelves" width="468" height="60">`
	a.Letter = ""
	return a.head("gate-1@tidewater.example", "Containers missing in the portal") + pictured(plain, html), nil
}

// cameBack is what a mail server says of the desk's last letter.
func cameBack(a MailParts) (string, error) {
	return "From: Mail Delivery System <MAILER-DAEMON@mx.harbourline.example>\nTo: " + DeskAddress + "\nSubject: Undelivered Mail Returned to Sender\nDate: " + a.At.Format(time.RFC1123Z) +
		"\nMessage-ID: <bounce-1@mx.harbourline.example>\nMIME-Version: 1.0\nReturn-Path: <>\nAuto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=rep\n\n" +
		"--rep\nContent-Type: text/plain; charset=us-ascii\n\nThis is the mail system at host mx.harbourline.example.\n\n<" + a.LetterTo + ">: 550 5.1.1 User unknown\n\n" +
		"--rep\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.harbourline.example\n\nFinal-Recipient: rfc822; " + a.LetterTo + "\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <" + a.LetterTo + ">: User unknown\n\n" +
		"--rep\nContent-Type: text/rfc822-headers\n\nFrom: IT service desk <" + DeskAddress + ">\nTo: " + a.LetterTo + "\nMessage-ID: <" + a.Letter + ">\nSubject: Re: Containers missing in the portal\n\n--rep--\n", nil
}

func spamMail(a MailParts) (string, error) {
	a.Name, a.Address, a.Letter = "IT Support", "no-reply@mail-quota.example", ""
	return a.head("spam-1@mail-quota.example", "Your mailbox is almost full", "X-Spam-Flag: YES") + "Content-Type: text/html; charset=utf-8\n\n" +
		`<h2>Your mailbox is 98 % full</h2><p>Confirm your password within 24 hours: <a href="https://login.mail-quota.example/confirm">https://portal.harbourline.example</a></p><img src="https://mail-quota.example/seen.gif?u=help" width="1" height="1">` + "\n", nil
}

func strangersMail(a MailParts) (string, error) {
	a.Name, a.Address, a.Letter = "Jonas Weber", "j.weber@kranservice-weber.example", ""
	return a.head("quote-1@kranservice-weber.example", "Service of crane 7 on Thursday") +
		"Content-Type: text/plain; charset=utf-8\n\nGood afternoon,\n\nour engineer comes on Thursday at 8 for crane 7 and needs a network socket in its cabin. Can you tell us who opens the cabinet?\n\nKind regards\nJonas Weber\n", nil
}

func blockedMail(a MailParts) (string, error) {
	a.Name, a.Address, a.Letter = "Bargains", "hello@bargains.example", ""
	return a.head("deal-1@bargains.example", "Toner at half the price, only today", "List-Unsubscribe: <https://bargains.example/out>") + "Content-Type: text/plain; charset=utf-8\n\nOrder now.\n", nil
}
