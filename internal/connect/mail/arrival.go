package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// ArrivalState says what became of a mail.
type ArrivalState string

// The states of a mail that came.
const (
	ArrivalStored      ArrivalState = "stored" // it will be looked at
	ArrivalLanded      ArrivalState = "landed" // it is on a ticket
	ArrivalIgnored     ArrivalState = "ignored"
	ArrivalQuarantined ArrivalState = "quarantined"
	ArrivalDropped     ArrivalState = "dropped"
	ArrivalDuplicate   ArrivalState = "duplicate"
)

// Arrival is a mail that came.
type Arrival struct {
	ID         int64
	BoxID      int64
	Validity   int64 // position in the mailbox; 0 for a mail without one
	UID        int64
	BlobKey    string
	Size       int64
	Whole      bool // otherwise only its header was fetched
	ContentKey string
	MessageID  string
	From       string
	FromName   string
	Subject    string
	Nature     message.Kind
	State      ArrivalState
	Reason     string
	Trace      []message.Remark
	Released   bool // somebody let it out of quarantine
	PersonID   int64
	TicketID   int64
	Seq        int
	PossibleID int64 // the ticket it may belong to
	ReceivedAt time.Time
	StoredAt   time.Time
}

type landing struct {
	Arrival int64 `json:"arrival"`
}

// Incoming is a mail on its way in.
type Incoming struct {
	Box      int64
	Raw      []byte
	Size     int64 // of the whole, when Raw is the header alone
	Header   bool  // Raw is the header alone
	Validity uint32
	UID      uint32 // 0 for a mail that has no position
	Marked   uint32 // up to where earlier mails are marked at their server
	Received time.Time
}

// Store keeps a mail and plans to look at it, in one transaction with the mailbox's
// position. A mail that is here already, by position or by content, is noted as a
// duplicate. It gives the arrival's id, 0 for a position that was stored before.
func (s *Service) Store(ctx context.Context, in Incoming) (int64, error) {
	info, err := s.Blobs.Put(ctx, bytes.NewReader(in.Raw), s.MaxMessage+maxAdded)
	if err != nil {
		return 0, err
	}
	a := Arrival{
		BoxID: in.Box, Validity: int64(in.Validity), UID: int64(in.UID), BlobKey: info.Key, Size: info.Size, Whole: !in.Header,
		State: ArrivalStored, ReceivedAt: in.Received, StoredAt: s.now(),
	}
	if in.Header {
		a.Size = in.Size
	}
	if a.ReceivedAt.IsZero() {
		a.ReceivedAt = a.StoredAt
	}
	text := info.Key
	if m, err := message.Read(in.Raw, s.limits()); err == nil {
		from := m.Author()
		a.MessageID, a.From, a.FromName, a.Subject = cutTo(m.ID, maxID), from.Key(), cutTo(from.Name, 200), cutTo(web.OneLine(m.Subject), maxSubject)
		// The same mail in two mailboxes has other Received fields, but says the same. One
		// without an id says nothing that is its own: a device writes the same each time.
		if m.ID != "" {
			text = strings.Join([]string{m.ID, a.From, m.Date.UTC().Format(time.RFC3339), m.Subject, m.Text}, "\x00")
		}
	}
	sum := sha256.Sum256([]byte(text))
	a.ContentKey = hex.EncodeToString(sum[:])
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		a.ID, a.State = 0, ArrivalStored
		fresh, err := insertArrival(ctx, tx, &a)
		if err != nil || !fresh {
			return err
		}
		if err := movePosition(ctx, tx, &a, in.Marked); err != nil || a.State != ArrivalStored {
			return err
		}
		_, err = s.land.Enqueue(ctx, tx, landing{a.ID}, jobs.Key(fmt.Sprint("mail:box:", a.BoxID)))
		return err
	})
	return a.ID, err
}

func cutTo(s string, bytes int) string {
	if len(s) > bytes {
		s = strings.ToValidUTF8(s[:bytes], "")
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

// maxAdded is what the fields that Take adds may have, in bytes.
const maxAdded = 4 << 10

func (s *Service) limits() message.Limits { return message.Limits{Size: int(s.MaxMessage + maxAdded)} }

// raw reads a mail's bytes.
func (s *Service) raw(ctx context.Context, a *Arrival) ([]byte, error) {
	body, err := s.Blobs.Get(ctx, a.BlobKey, 0, -1)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(body, s.MaxMessage+maxAdded))
	return raw, errors.Join(err, body.Close())
}

// landArrival is the job that makes a ticket, or a message of one, of a mail. What
// it writes on the ticket and that it is done become true together (landed).
func (s *Service) landArrival(ctx context.Context, job *jobs.Job, work landing) error {
	ctx = asSystem(ctx)
	a, err := s.arrival(ctx, s.DB.Reader(), work.Arrival)
	if err != nil || a.State != ArrivalStored {
		return err
	}
	err = s.decide(ctx, &a)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if kind := apperr.KindOf(err); job.Last || kind == apperr.Invalid || kind == apperr.Forbidden || kind == apperr.NotFound || kind == apperr.TooLarge {
		a.say("refused", apperr.Message(err).In(ctx))
		return s.end(ctx, &a, ArrivalQuarantined, "refused")
	}
	return err
}

// LandNow looks at a stored mail at once instead of when its job comes, for demos and
// tests, and gives what became of it.
func (s *Service) LandNow(ctx context.Context, id int64) (Arrival, error) {
	if err := mayManage(ctx); err != nil {
		return Arrival{}, err
	}
	if err := s.landArrival(ctx, &jobs.Job{Last: true}, landing{id}); err != nil {
		return Arrival{}, err
	}
	return s.arrival(ctx, s.DB.Reader(), id)
}

// say adds a step to the trace of why a mail landed where it did.
func (a *Arrival) say(code, value string) {
	a.Trace = append(a.Trace, message.Remark{Code: code, Value: cutTo(value, 500)})
}

// end keeps what became of a mail that does not land.
func (s *Service) end(ctx context.Context, a *Arrival, state ArrivalState, reason string) error {
	a.State, a.Reason = state, reason
	return s.DB.Write(ctx, func(tx *database.Tx) error { return updateArrival(ctx, tx, a) })
}

// mailed is a mail that was read, with what is known about it.
type mailed struct {
	*Arrival
	m      *message.Message
	parts  message.Parts
	nature message.Nature
	box    Box
	self   identity
}

// decide says where a mail goes, and brings it there.
func (s *Service) decide(ctx context.Context, a *Arrival) error {
	a.Trace = nil
	box, err := s.box(ctx, s.DB.Reader(), a.BoxID)
	if err != nil {
		return err
	}
	self, err := s.identity(ctx)
	if err != nil {
		return err
	}
	a.say("mailbox", box.Address)
	if !a.Whole {
		a.say("too_large", strconv.FormatInt(a.Size, 10))
		return s.end(ctx, a, ArrivalQuarantined, "too_large")
	}
	raw, err := s.raw(ctx, a)
	if err != nil {
		return err
	}
	m, err := message.Read(raw, s.limits())
	if err != nil {
		a.say("unreadable", faultOf(err))
		return s.end(ctx, a, ArrivalQuarantined, "unreadable")
	}
	d := &mailed{Arrival: a, m: m, parts: message.Split(m.Text), nature: message.Classify(m, self.own()), box: box, self: self}
	a.Nature = d.nature.Kind
	a.Trace = append(a.Trace, d.nature.Reasons...)
	switch d.nature.Kind {
	case message.Loop:
		return s.end(ctx, a, ArrivalIgnored, "loop")
	case message.Bounce:
		return s.bounced(ctx, d)
	case message.AutoReply:
		if _, err := s.find(ctx, d); err != nil {
			return err
		}
		return s.end(ctx, a, ArrivalIgnored, "autoreply")
	case message.Automatic, message.List, message.Person:
	}
	held, err := s.held(ctx, d)
	if err != nil || held != "" {
		if held != "" {
			err = s.end(ctx, a, ArrivalQuarantined, held)
		}
		return err
	}
	return s.bring(ctx, d)
}

// perTicket is how many mails a ticket takes in an hour.
const perTicket = 60

// held says why a mail is kept back for somebody to look at it; "" lets it in.
func (s *Service) held(ctx context.Context, d *mailed) (string, error) {
	if d.Released {
		d.say("released", "")
		return "", nil
	}
	if d.From == "" || !message.ValidAddress(d.From) {
		return "no_author", nil
	}
	pattern, err := blockedBy(ctx, s.DB.Reader(), d.From)
	if err != nil {
		return "", err
	}
	if pattern != "" {
		d.say("blocked", pattern)
		return "blocked", nil
	}
	if d.nature.Spam {
		return "spam", nil
	}
	n, err := landedSince(ctx, s.DB.Reader(), d.From, s.now().Add(-time.Hour))
	if err == nil && n >= d.box.PerHour {
		d.say("rate", strconv.Itoa(n))
		return "rate", nil
	}
	return "", err
}

// where is where a mail goes.
type where struct {
	ticket   int64 // 0 is a new one
	possible int64
	hint     string // the number by which it is possible
}

var number = regexp.MustCompile(`\b[A-Z][A-Z0-9]{0,9}-[0-9]{1,12}\b`)

// find looks for the ticket a mail belongs to: by the nearest message it refers to
// that has our mark or that we have, by our mark in an address, by messages that
// others referred to as well, by the conversation that Outlook says it is of, by a
// number that only counts from somebody who takes part.
func (s *Service) find(ctx context.Context, d *mailed) (where, error) {
	ids := slices.Clone(d.m.References)
	slices.Reverse(ids) // the last is the nearest
	ids = append(slices.Clone(d.m.InReplyTo), ids...)
	had, err := ticketsOfHad(ctx, s.DB.Reader(), ids)
	if err != nil {
		return where{}, err
	}
	for _, id := range ids {
		if n, ok := d.self.marks.inID(id); ok {
			return s.follow(ctx, d, n, "mark", id)
		}
		if n := had[id]; n != 0 {
			return s.follow(ctx, d, n, "reference", id)
		}
	}
	for _, address := range d.addresses() {
		if n, _, ok := d.self.marks.inAddress(address); ok {
			return s.follow(ctx, d, n, "plus", address)
		}
	}
	known, id, err := ticketOfIDs(ctx, s.DB.Reader(), ids, d.m.ID)
	if err != nil {
		return where{}, err
	}
	if known != 0 {
		return s.follow(ctx, d, known, "reference", id)
	}
	known, id, err = ticketOfIDs(ctx, s.DB.Reader(), threadKeys(d.m.Header.Get("Thread-Index")), "")
	if err != nil {
		return where{}, err
	}
	if known != 0 {
		return s.follow(ctx, d, known, "thread", threadWord(id))
	}
	var others where
	for _, hint := range number.FindAllString(strings.ToUpper(d.m.Subject), 5) {
		t, err := s.Tickets.Get(ctx, ticket.ByNumber(hint))
		if apperr.Is(err, apperr.NotFound) {
			continue
		}
		if err != nil {
			return where{}, err
		}
		part, err := s.takesPart(ctx, &t, d.From)
		if err == nil && !part && t.MergedIntoID != 0 {
			var now ticket.Ticket
			if now, err = s.goingOn(ctx, t.ID, func(string) {}); err == nil {
				part, err = s.takesPart(ctx, &now, d.From)
			}
		}
		if err != nil {
			return where{}, err
		}
		if part {
			return s.follow(ctx, d, t.ID, "number", hint)
		}
		if others.possible == 0 {
			others.possible, others.hint = t.ID, hint
		}
	}
	if others.possible != 0 {
		d.say("number_of_others", others.hint)
		d.PossibleID = others.possible
		return others, nil
	}
	d.say("new", "")
	return where{}, nil
}

// addresses are all a mail was for.
func (d *mailed) addresses() []string {
	var out []string
	for _, a := range d.m.Recipients() {
		out = append(out, a.Mail)
	}
	return append(out, d.m.DeliveredTo...)
}

// follow goes from a ticket to the one in which it goes on.
func (s *Service) follow(ctx context.Context, d *mailed, id int64, code, value string) (where, error) {
	t, err := s.goingOn(ctx, id, func(merged string) { d.say("merged", merged) })
	if apperr.Is(err, apperr.NotFound) {
		return where{}, nil
	}
	if err != nil {
		return where{}, err
	}
	d.say(code, value)
	d.TicketID = t.ID
	return where{ticket: t.ID}, nil
}

// goingOn gives the ticket in which one goes on that was merged, or itself. merged
// hears of each on the way.
func (s *Service) goingOn(ctx context.Context, id int64, merged func(number string)) (ticket.Ticket, error) {
	t, err := s.Tickets.Get(ctx, ticket.ByID(id))
	for range ticket.MaxMerged {
		if err != nil || t.MergedIntoID == 0 {
			break
		}
		merged(t.Number)
		t, err = s.Tickets.Get(ctx, ticket.ByID(t.MergedIntoID))
	}
	return t, err
}

// takesPart reports whether an address is that of somebody on the ticket.
func (s *Service) takesPart(ctx context.Context, t *ticket.Ticket, address string) (bool, error) {
	who, err := personOf(ctx, s.DB.Reader(), address)
	if err != nil || who.id == 0 {
		return false, err
	}
	return who.id == t.RequesterID || who.id == t.OpenedByID || who.id == t.AssigneeID || slices.Contains(t.Watchers, who.id), nil
}

// bring makes a ticket or a message of a mail.
func (s *Service) bring(ctx context.Context, d *mailed) error {
	at, err := s.find(ctx, d)
	if err != nil {
		return err
	}
	d.TicketID = 0 // it is set when it is true
	if at.ticket != 0 && !d.Released {
		n, err := landedOn(ctx, s.DB.Reader(), at.ticket, s.now().Add(-time.Hour))
		if err != nil {
			return err
		}
		if n >= perTicket {
			d.say("rate_ticket", strconv.Itoa(n))
			return s.end(ctx, d.Arrival, ArrivalQuarantined, "rate")
		}
	}
	author, err := personOf(ctx, s.DB.Reader(), d.From)
	switch {
	case err != nil:
		return err
	case author.id != 0 && !author.active:
		d.say("inactive", d.From)
		return s.end(ctx, d.Arrival, ArrivalQuarantined, "inactive")
	case author.id == 0 && d.box.Unknown == UnknownQuarantine && !d.Released:
		d.say("unknown", d.From)
		return s.end(ctx, d.Arrival, ArrivalQuarantined, "unknown")
	}
	if forward, why := message.IsForward(d.m, d.parts); forward {
		d.Trace = append(d.Trace, why)
	}
	if err := s.introduce(ctx, d, author.id == 0); err != nil {
		return err
	}
	a := &arrival{mail: d, acknowledge: d.nature.Kind == message.Person, possible: at.possible}
	if a.alsoTo, err = s.others(ctx, d); err != nil {
		return err
	}
	name := d.FromName
	if name == "" {
		name = d.From
	}
	actor := access.NewPerson(d.PersonID, name, 0, access.Facts{Grants: mailGrants()})
	ctx = context.WithValue(access.With(ctx, actor), arrivalKey{}, a)
	files, err := s.attach(ctx, d)
	if err != nil {
		return err
	}
	if at.ticket != 0 {
		return s.answer(ctx, d, a, at.ticket, files)
	}
	return s.open(ctx, d, a, files)
}

// mailGrants are what a mail can do in its author's name: say something on the ticket
// it belongs to, or open one. Which that is, was decided before.
func mailGrants() []access.Grant {
	var out []access.Grant
	for _, v := range []access.Verb{access.View, access.Create, access.Comment, access.Assign} {
		out = append(out, access.Grant{Permission: access.Permission{Verb: v, Kind: access.AnyKind, Scope: access.ScopeAll}, RoleName: "Mail"})
	}
	// Steps are those of a requester, on what they asked for.
	return append(out, access.Grant{Permission: access.Permission{Verb: access.Transition, Kind: access.AnyKind, Scope: access.ScopeOwn}, RoleName: "Mail"})
}

// introduce makes sure that the author is somebody here.
func (s *Service) introduce(ctx context.Context, d *mailed, fresh bool) error {
	name := strings.TrimSpace(d.FromName)
	if name == "" {
		name = d.From
	}
	if fresh {
		d.say("contact", d.From)
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		ids, err := s.People.EnsurePersons(ctx, tx, "mail", []people.PersonSeed{{
			Ref: d.From, PersonInput: people.PersonInput{Name: name, Email: d.From, OrganisationID: d.box.OrganisationID, Active: true},
		}})
		d.PersonID = ids[d.From]
		return err
	})
}

// maxOthers is how many people one mail brings onto a ticket.
const maxOthers = 20

// others are the persons a mail went to beside us: those who are known, and with a
// mailbox that takes strangers everybody.
func (s *Service) others(ctx context.Context, d *mailed) ([]int64, error) {
	own, err := ownAddresses(ctx, s.DB.Reader())
	if err != nil {
		return nil, err
	}
	var seeds []people.PersonSeed
	var out []int64
	for _, r := range d.m.Recipients() {
		_, plain, _ := d.self.marks.inAddress(r.Mail)
		key := people.NormalEmail(plain)
		if !message.ValidAddress(r.Mail) || own[key] || key == d.From || len(seeds)+len(out) >= maxOthers {
			continue
		}
		who, err := personOf(ctx, s.DB.Reader(), key)
		if err != nil {
			return nil, err
		}
		switch {
		case who.active:
			out = append(out, who.id)
		case who.id == 0 && d.box.Unknown == UnknownAccept:
			name := strings.TrimSpace(r.Name)
			if name == "" {
				name = key
			}
			seeds = append(seeds, people.PersonSeed{Ref: key, PersonInput: people.PersonInput{Name: name, Email: key, OrganisationID: d.box.OrganisationID, Active: true}})
		}
	}
	if len(seeds) == 0 {
		return out, nil
	}
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		ids, err := s.People.EnsurePersons(asSystem(ctx), tx, "mail", seeds)
		for _, id := range ids {
			out = append(out, id)
		}
		slices.Sort(out)
		return err
	})
	return slices.Compact(out), err
}

// attach uploads a mail's files for the message that takes them. What does not fit
// is said; it is still in the mail itself.
func (s *Service) attach(ctx context.Context, d *mailed) ([]int64, error) {
	var out []int64
	for _, f := range d.m.Attachments {
		if f.Role == message.RoleSignature || f.Role == message.RoleReport {
			continue
		}
		if len(out) >= ticket.MaxAttachments {
			d.say("files_left", f.Name)
			break
		}
		a, err := s.Tickets.Upload(ctx, f.Name, bytes.NewReader(f.Data))
		if apperr.Is(err, apperr.TooLarge) || apperr.Is(err, apperr.Invalid) {
			d.say("file_left", f.Name)
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a.ID)
	}
	return out, nil
}

// text is what a mail says, as Markdown, without what it quotes.
func (d *mailed) text() ticket.Markdown {
	said, _ := wordsOf(d.m, d.parts)
	return said
}

// answer puts a mail onto its ticket. To one that is done it is what the portal's
// "it still does not work" is, unless it only says thank you.
func (s *Service) answer(ctx context.Context, d *mailed, a *arrival, id int64, files []int64) error {
	t, err := s.Tickets.Get(ctx, ticket.ByID(id))
	if err != nil {
		return err
	}
	body := d.text()
	if body == "" && len(files) == 0 {
		d.say("empty", "")
		return s.end(asSystem(ctx), d.Arrival, ArrivalIgnored, "empty")
	}
	a.onto = t.ID
	if !t.Category.Active() {
		if message.OnlyThanks(d.parts.New()) {
			d.say("thanks", "")
		} else if done, err := s.answerDone(ctx, d, a, &t, body, files); done || err != nil {
			return err
		}
	}
	_, err = s.Tickets.Reply(ctx, ticket.ByID(t.ID), ticket.PublicReply{Body: body, Attachments: files})
	return s.known(ctx, d, err)
}

// answerDone takes care of an answer to what is done, unless it is a message as any
// other; then done is false. Whoever takes part in the conversation opens it again,
// for as long as whoever asked could.
func (s *Service) answerDone(ctx context.Context, d *mailed, a *arrival, t *ticket.Ticket, body ticket.Markdown, files []int64) (done bool, err error) {
	step, err := s.reopening(ctx, t)
	if err != nil {
		return false, err
	}
	if step != "" {
		d.say("reopened", "")
		_, err = s.Tickets.Transition(ctx, ticket.ByID(t.ID), ticket.Step{Transition: step, Comment: body, CommentPublic: true, Attachments: files})
		return true, s.known(ctx, d, err)
	}
	asker := access.With(ctx, access.NewPerson(t.RequesterID, "", 0, access.Facts{Grants: mailGrants()}))
	if a.reopen, err = s.reopening(asker, t); err != nil {
		return false, err
	}
	if a.reopen != "" { // a message of the author, and then a step of ours
		d.say("reopened", "")
		return false, nil
	}
	if t.Category == workflow.Resolved {
		return false, nil
	}
	later, err := s.goesOn(ctx, d, t)
	if err != nil {
		return false, err
	}
	if later != 0 {
		return true, s.answer(ctx, d, a, later, files)
	}
	d.say("closed", t.Number)
	d.PossibleID, a.onto, a.possible = t.ID, 0, t.ID
	return true, s.open(ctx, d, a, files)
}

// goesOn gives the ticket that the author opened by an earlier answer to a closed one,
// while it is worked on; 0 for none.
func (s *Service) goesOn(ctx context.Context, d *mailed, t *ticket.Ticket) (int64, error) {
	id, err := followUpOf(ctx, s.DB.Reader(), t.ID, d.PersonID)
	if err != nil || id == 0 {
		return 0, err
	}
	later, err := s.goingOn(asSystem(ctx), id, func(string) {})
	if apperr.Is(err, apperr.NotFound) || err == nil && !later.Category.Active() {
		return 0, nil
	}
	if err == nil {
		d.say("goes_on", later.Number)
	}
	return later.ID, err
}

// reopening gives the step back to work that the author may take; "" for none.
func (s *Service) reopening(ctx context.Context, t *ticket.Ticket) (string, error) {
	def, err := s.Tickets.Kinds().Get(t.Kind)
	if err != nil {
		return "", err
	}
	steps, err := s.Tickets.Steps(ctx, t)
	if err != nil {
		return "", err
	}
	for _, step := range steps {
		if to, ok := def.State(step.To); ok && to.Category == workflow.Open {
			return step.Key, nil
		}
	}
	return "", nil
}

// prefixes are what programs write before the subject of an answer. They only make
// a title shorter: nothing is decided by them. Single letters are those of drives.
var prefixes = regexp.MustCompile(`(?i)^\s*((re|aw|fwd?|wg|tr|sv|vs|vl|vb|antw|rif|odp|pd|ré|réf|rép|res|enc|rv|ynt|ilt|İlt|vá|doorst|ответ|отв|пересл|απ|πρθ|回复|回覆|答复|答覆|转发|轉寄)\s*(\[\d+\])?\s*[:：]\s*)+`)

// open makes a new ticket of a mail.
func (s *Service) open(ctx context.Context, d *mailed, a *arrival, files []int64) error {
	title := strings.TrimSpace(prefixes.ReplaceAllString(web.OneLine(d.m.Subject), ""))
	if title == "" {
		title = strings.Join(strings.Fields(d.parts.New()), " ")
	}
	if r := []rune(title); len(r) > 200 {
		title = string(r[:200]) + "…"
	}
	if title == "" {
		title = "(" + d.From + ")"
	}
	_, err := s.Tickets.Create(ctx, ticket.Create{
		Kind: d.box.Kind, Title: title, Description: d.text(), RequesterID: d.PersonID, ServiceID: d.box.ServiceID, GroupID: d.box.GroupID, Channel: "email",
		Watchers: slices.DeleteFunc(slices.Clone(a.alsoTo), func(p int64) bool { return p == d.PersonID }), Attachments: files,
	})
	return s.known(ctx, d, err)
}

// errLanded says that another run brought the mail in.
var errLanded = errors.New("mail: the mail has landed already")

func (s *Service) known(_ context.Context, _ *mailed, err error) error {
	if errors.Is(err, errLanded) {
		return nil
	}
	return err
}

// bounced notes that a letter did not arrive: on the letter, on the address if it is
// dead, and on the ticket for those who work on it.
func (s *Service) bounced(ctx context.Context, d *mailed) error {
	b := d.nature.Bounced
	letterID := int64(0)
	if b != nil && b.OriginalID != "" {
		var err error
		if letterID, d.TicketID, err = letterOf(ctx, s.DB.Reader(), b.OriginalID); err != nil {
			return err
		}
	}
	if d.TicketID == 0 {
		if _, err := s.find(ctx, d); err != nil {
			return err
		}
	}
	var lost []string
	if b != nil {
		for _, r := range b.Recipients {
			if !r.Failed() && !b.Permanent {
				continue
			}
			why := strings.TrimSpace(r.Status + " " + r.Diagnostic)
			lost = append(lost, strings.TrimSpace(r.Mail+" "+why))
			if err := s.bury(ctx, letterID, r.Mail, why, b.Permanent && letterID != 0); err != nil {
				return err
			}
		}
	}
	if err := s.end(ctx, d.Arrival, ArrivalIgnored, "bounce"); err != nil || d.TicketID == 0 || len(lost) == 0 {
		return err
	}
	return s.sayOn(ctx, d.TicketID, saysBounced, strings.Join(lost, "; "))
}
