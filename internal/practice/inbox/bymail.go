package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/markdown"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/inbox/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

const (
	mailEvery = 10 * time.Second
	// mostMailed bounds for how many people one look writes letters; the next goes on.
	mostMailed = 200
)

// SendMail writes the letters that are due: one for each person, of all that is to be
// told to them now. What they may not see any more, or have read, is left out. One
// person's letter that cannot be written keeps no other from being written.
func (i *Inbox) SendMail(ctx context.Context) error {
	if i.d.Post == nil {
		return nil
	}
	people, err := i.d.Notices.DueByMail(ctx, mostMailed)
	if err != nil {
		return err
	}
	var failed []error
	for _, person := range people {
		if err := i.sendTo(ctx, person); err != nil && !apperr.Is(err, apperr.Conflict) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

func (i *Inbox) sendTo(ctx context.Context, person int64) error {
	p, err := i.d.Actors.Person(ctx, person)
	if apperr.Is(err, apperr.NotFound) || err == nil && !p.Actor.IsPerson() {
		return i.drop(ctx, person)
	}
	if err != nil {
		return err
	}
	as := i.d.Reading(access.With(ctx, p.Actor), p)
	found, ids, err := i.d.Notices.ForMail(as)
	if err != nil || len(ids) == 0 {
		return err
	}
	if found, err = i.untold(as, person, found); err != nil {
		return err
	}
	lines, err := i.worded(as, found)
	if err != nil {
		return err
	}
	enclosed, err := i.enclosed(as, found)
	if err != nil {
		return err
	}
	return i.d.DB.Write(ctx, func(tx *database.Tx) error {
		if err := i.d.Notices.Mailed(ctx, tx, ids); err != nil || len(lines) == 0 {
			return err
		}
		return i.d.Post.Enqueue(ctx, tx, i.letter(as, person, lines, found, enclosed))
	})
}

// longestBody bounds a letter with what it encloses, in bytes: what is longer is not read
// as Markdown any more. Links lead to the rest.
const longestBody = markdown.MaxSource - 2_000

// enclosed gives what belongs into a letter about some records besides the news: the
// figures of a board. The keys are those of the lines.
func (i *Inbox) enclosed(ctx context.Context, found []notify.Line) (map[string]string, error) {
	out := map[string]string{}
	for typ, content := range i.d.Enclosed {
		var ids []int64
		for _, l := range found {
			if l.Subject.Type == typ {
				ids = append(ids, l.Subject.ID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		all, err := content(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			out[subjectKey(notify.Subject{Type: typ, ID: id})] = all[id]
		}
	}
	return out, nil
}

// told are the kinds of public news that a letter of a ticket's own conversation tells as
// well: it has the words, and can be answered.
var told = []notify.Kind{notify.Opened, notify.Replied, notify.Moved, notify.Mentioned}

// untold leaves out what a letter of the ticket's conversation tells its reader: one
// event is one letter, also when the notice would have come in a digest later.
func (i *Inbox) untold(ctx context.Context, person int64, found []notify.Line) ([]notify.Line, error) {
	entry := func(l *notify.Line, n *notify.Stored) (letter.Entry, bool) {
		return letter.Entry{Ticket: l.Subject.ID, Seq: n.Seq},
			l.Subject.Type == notify.TicketSubject && n.Seq != 0 && !n.Internal && n.For == 0 && slices.Contains(told, n.Kind)
	}
	var ask []letter.Entry
	for at := range found {
		for n := range found[at].Notices {
			if e, ok := entry(&found[at], &found[at].Notices[n]); ok {
				ask = append(ask, e)
			}
		}
	}
	if len(ask) == 0 {
		return found, nil
	}
	had, err := i.d.Post.ToldOf(ctx, i.d.DB.Reader(), person, ask)
	if err != nil || len(had) == 0 {
		return found, err
	}
	var out []notify.Line
	for _, l := range found {
		l.Notices = slices.DeleteFunc(slices.Clone(l.Notices), func(n notify.Stored) bool {
			e, ok := entry(&l, &n)
			return ok && had[e]
		})
		if l.Unread = len(l.Notices); l.Unread > 0 { // those for mail are all unread
			out = append(out, l)
		}
	}
	return out, nil
}

// drop ends what was to be told to somebody who is gone.
func (i *Inbox) drop(ctx context.Context, person int64) error {
	ids, err := i.d.Notices.Waiting(ctx, person)
	if err != nil || len(ids) == 0 {
		return err
	}
	return i.d.DB.Write(ctx, func(tx *database.Tx) error { return i.d.Notices.Mailed(ctx, tx, ids) })
}

// letter is what lines say, in the words of their reader.
func (i *Inbox) letter(ctx context.Context, person int64, lines []view.Line, found []notify.Line, enclosed map[string]string) letter.Letter {
	l := letter.Letter{To: []letter.Recipient{{Person: person}}, Kind: letter.Notice}
	change := i.d.BaseURL + view.URL + "/settings"
	if len(lines) == 1 {
		line := lines[0]
		l.Subject, l.URL = line.Title, line.URL
		if line.Ref != "" {
			l.Subject = text.T(ctx, "%s: %s", line.Ref, line.Title)
		}
		l.Body = phrase.Escape(line.Text)
		if content := enclosed[line.Subject]; content != "" {
			l.Body = content
		}
		l.Why = i.why(ctx, &line, change)
		if n := &found[0].Notices[0]; len(found) == 1 && found[0].Subject.Type == notify.TicketSubject && n.Seq != 0 {
			l.Key = fmt.Sprintf("ticket:%d:%d", found[0].Subject.ID, n.Seq)
		}
		return l
	}
	l.Subject, l.URL = text.N(ctx, len(lines), "%d thing is new for you", "%d things are new for you"), view.URL
	var b strings.Builder
	for _, line := range lines {
		title := line.Title
		if line.Ref != "" {
			title = text.T(ctx, "%s: %s", line.Ref, line.Title)
		}
		fmt.Fprintf(&b, "- [%s](%s) — %s", phrase.Escape(title), i.d.BaseURL+line.URL, phrase.Escape(line.Text))
		if line.More > 0 {
			b.WriteString(" (" + text.N(ctx, line.More, "and %d more", "and %d more") + ")")
		}
		b.WriteString("  \n  " + phrase.Escape(line.Why))
		if line.Urgent != "" {
			b.WriteString(" " + phrase.Escape(line.Urgent))
		}
		if line.AbsenceURL != "" {
			fmt.Fprintf(&b, " [%s](%s)", phrase.Escape(text.T(ctx, "Who stands in for whom")), i.d.BaseURL+line.AbsenceURL)
		}
		b.WriteString("\n")
	}
	for _, line := range lines {
		if content := enclosed[line.Subject]; content != "" && b.Len()+len(content) < longestBody {
			fmt.Fprintf(&b, "\n---\n\n# [%s](%s)\n\n%s\n", phrase.Escape(line.Title), i.d.BaseURL+line.URL, content)
		}
	}
	l.Body = b.String()
	l.Why = text.T(ctx, "You get this because you want to be told of these things by mail. Choose what you are told: %s", change)
	return l
}

// why is the foot of a letter about one thing: why it came, and where that is changed.
func (i *Inbox) why(ctx context.Context, line *view.Line, change string) string {
	out := text.T(ctx, "%s Choose what you are told: %s", line.Why, change+"#kind-"+line.Kind)
	if line.AbsenceURL != "" {
		out = text.T(ctx, "%s Change who stands in: %s", line.Why, i.d.BaseURL+line.AbsenceURL)
	}
	if line.Urgent != "" {
		out = text.T(ctx, "%s %s Change that: %s", out, line.Urgent, change+"#mail")
	}
	return out
}

// offersMail reports whether notices can go by mail at all.
func (i *Inbox) offersMail(ctx context.Context) (bool, error) {
	if i.d.Post == nil {
		return false, nil
	}
	return i.d.Post.HasSender(ctx, i.d.DB.Reader())
}

// mailForm is when somebody wants mail.
type mailForm struct {
	Rhythm    string `form:"rhythm"`
	Time      string `form:"time,line,max=10"`
	Weekday   int    `form:"weekday"`
	QuietFrom string `form:"quiet_from,line,max=10"`
	QuietTo   string `form:"quiet_to,line,max=10"`
	Urgent    bool   `form:"urgent"` // passes quiet hours
}

func formOf(p notify.Plan) mailForm {
	f := mailForm{Rhythm: string(p.Rhythm), Time: clockText(p.Minute), Weekday: int(p.Weekday), Urgent: p.Urgent}
	if p.QuietFrom != p.QuietTo {
		f.QuietFrom, f.QuietTo = clockText(p.QuietFrom), clockText(p.QuietTo)
	}
	return f
}

// plan reads the form.
func (f *mailForm) plan() (notify.Plan, error) {
	p := notify.Plan{Rhythm: notify.Rhythm(f.Rhythm), Weekday: time.Weekday(f.Weekday), Urgent: f.Urgent}
	var wrong apperr.Problems
	var err error
	if p.Minute = 8 * 60; f.Time != "" {
		if p.Minute, err = calendar.ParseClock(f.Time); err != nil {
			wrong.Add("time", "Give a time of day, such as 08:00.")
		}
	}
	if f.QuietFrom != "" || f.QuietTo != "" {
		if p.QuietFrom, err = calendar.ParseClock(f.QuietFrom); err != nil {
			wrong.Add("quiet_from", "Give a time of day, such as 20:00.")
		}
		if p.QuietTo, err = calendar.ParseClock(f.QuietTo); err != nil {
			wrong.Add("quiet_to", "Give a time of day, such as 07:00.")
		}
		p.QuietTo %= 24 * 60
	}
	return p, wrong.Err()
}

func clockText(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// saveMail sets when mail comes.
func (i *Inbox) saveMail(w http.ResponseWriter, r *http.Request) error {
	var f mailForm
	err := web.Form(r, &f, nil)
	ctx := r.Context()
	if err == nil {
		var p notify.Plan
		if p, err = f.plan(); err == nil {
			err = i.d.Notices.SavePlan(ctx, p)
		}
	}
	if apperr.Is(err, apperr.Invalid) {
		return i.showSettings(w, r, &f, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "Your notification settings are saved.")}, i.d.HTTPS)
	return web.Redirect(w, r, view.URL+"/settings")
}

// mailFields are the form of when mail comes.
func mailFields(ctx context.Context, f *mailForm, failed error, channels bool) view.MailPlan {
	wrong := apperr.ByField(ctx, failed)
	title, nothing := text.T(ctx, "When mail comes"), text.T(ctx, "No mail from")
	if channels {
		title, nothing = text.T(ctx, "When mail and messages come"), text.T(ctx, "No mail or message from")
	}
	m := view.MailPlan{
		Title:     title,
		Rhythm:    ui.Select{Field: ui.Field{Name: "rhythm", Label: text.T(ctx, "Digest"), Error: wrong["rhythm"]}},
		Time:      ui.TextField{Field: ui.Field{Name: "time", Label: text.T(ctx, "At"), Error: wrong["time"], Help: text.T(ctx, "Of a daily or weekly digest, by the clock where you are.")}, Value: f.Time},
		Weekday:   ui.Select{Field: ui.Field{Name: "weekday", Label: text.T(ctx, "Weekday"), Error: wrong["weekday"], Help: text.T(ctx, "Of a weekly digest.")}},
		QuietFrom: ui.TextField{Field: ui.Field{Name: "quiet_from", Label: nothing, Error: wrong["quiet_from"], Help: text.T(ctx, "What comes in quiet hours is sent when they end. Empty is never quiet.")}, Value: f.QuietFrom, Placeholder: "20:00"},
		QuietTo:   ui.TextField{Field: ui.Field{Name: "quiet_to", Label: text.T(ctx, "until"), Error: wrong["quiet_to"]}, Value: f.QuietTo, Placeholder: "07:00"},
		Urgent: ui.Check{Field: ui.Field{
			Name: "urgent", Label: text.T(ctx, "What cannot wait comes at once, also in quiet hours"),
			Help: text.T(ctx, "Escalations of mission-critical services and of major incidents, and what major incidents want of you, where you have chosen mail for them. They are in no digest, and say why they came."),
		}, Value: "true", Checked: f.Urgent},
	}
	for _, rhythm := range notify.Rhythms() {
		label := map[notify.Rhythm]string{notify.Hourly: text.T(ctx, "Every hour"), notify.Daily: text.T(ctx, "Every day"), notify.Weekly: text.T(ctx, "Every week")}[rhythm]
		m.Rhythm.Options = append(m.Rhythm.Options, ui.Option{Value: string(rhythm), Label: label, Selected: f.Rhythm == string(rhythm)})
	}
	days := [...]string{text.T(ctx, "Sunday"), text.T(ctx, "Monday"), text.T(ctx, "Tuesday"), text.T(ctx, "Wednesday"), text.T(ctx, "Thursday"), text.T(ctx, "Friday"), text.T(ctx, "Saturday")}
	for _, day := range calendar.Weekdays() {
		m.Weekday.Options = append(m.Weekday.Options, ui.Option{Value: fmt.Sprint(int(day)), Label: days[day], Selected: f.Weekday == int(day)})
	}
	return m
}

// mailSelect is how a kind of notice comes by mail.
func mailSelect(ctx context.Context, c *notify.Choice, label string) ui.Select {
	s := ui.Select{Field: ui.Field{Name: "mail." + string(c.Kind), ID: "mail-" + string(c.Kind), Label: text.T(ctx, "By mail: %s", label), Hidden: true}}
	for _, way := range notify.Mails() {
		words := map[notify.Mail]string{
			notify.MailNever: text.T(ctx, "No mail"), notify.MailNow: text.T(ctx, "Mail at once"), notify.MailDigest: text.T(ctx, "In the digest"),
		}[way]
		s.Options = append(s.Options, ui.Option{Value: string(way), Label: words, Selected: c.Mail == way})
	}
	return s
}
