package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/letter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/web"
)

// LetterState says how far a letter is.
type LetterState string

// The states of a letter.
const (
	LetterWaiting LetterState = "waiting"
	LetterSent    LetterState = "sent"   // to all who could be reached
	LetterFailed  LetterState = "failed" // for good; a person can send it again
	LetterDropped LetterState = "dropped"
)

// LetterStates lists them.
func LetterStates() []LetterState {
	return []LetterState{LetterWaiting, LetterSent, LetterFailed, LetterDropped}
}

// RecipientState says what became of a letter with one recipient.
type RecipientState string

// The states of a recipient.
const (
	RecipientWaiting RecipientState = "waiting"
	RecipientSent    RecipientState = "sent"
	RecipientRefused RecipientState = "refused" // their server, or ours, does not take it
	RecipientBounced RecipientState = "bounced" // it was taken, and came back
	RecipientSkipped RecipientState = "skipped" // the address is known to be dead
)

// Stored is a letter as the outbox keeps it.
type Stored struct {
	ID        int64
	Kind      letter.Kind
	SenderID  int64
	AuthorID  int64
	TicketID  int64
	Since     int // the entries of the timeline that it tells
	Seq       int
	Subject   string
	Body      string // Markdown; with MessageID "" of a templated kind it is not written yet
	Why, URL  string
	Files     []int64
	Language  string
	MessageID string
	InReplyTo string
	Earlier   []string
	Topic     string
	Index     string
	State     LetterState
	Attempts  int
	Error     string
	CreatedAt time.Time
	SentAt    time.Time

	Recipients []StoredRecipient
}

// StoredRecipient is whom a letter is for, and what became of it.
type StoredRecipient struct {
	ID       int64
	LetterID int64
	PersonID int64
	Address  string
	Name     string
	Copied   bool
	State    RecipientState
	Error    string
}

// maxSubject bounds a subject, in characters.
const maxSubject = 250

// maxLetterTo bounds the recipients of one letter.
const maxLetterTo = 200

type sending struct {
	Letter int64 `json:"letter"`
}

// Enqueue writes a letter into the outbox, in the transaction of its cause. Nothing
// is written when no sender is set up, when all recipients are without an address,
// or when each had a letter with this Key. Invalid for a letter that says nothing.
func (s *Service) Enqueue(ctx context.Context, tx *database.Tx, l letter.Letter) error {
	l.Subject = web.OneLine(l.Subject)
	if l.Subject == "" || strings.TrimSpace(l.Body) == "" || len(l.To)+len(l.Cc) == 0 || l.Kind == "" {
		return apperr.New(apperr.Internal, "A letter needs a kind, a recipient, a subject and a text.")
	}
	if fromTemplate(l.Kind) && l.Kind != letter.Opened && l.Kind != letter.Reply {
		return apperr.New(apperr.Internal, "Letters of the kind %s are written by the room of mail.", string(l.Kind))
	}
	_, err := s.enqueue(ctx, tx, l, Stored{Body: l.Body, Subject: l.Subject})
	return err
}

// enqueue writes a letter; draft holds what a Letter has no place for. It gives the
// letter's id, 0 when none was written.
func (s *Service) enqueue(ctx context.Context, tx *database.Tx, l letter.Letter, draft Stored) (int64, error) {
	if len(l.To)+len(l.Cc) > maxLetterTo {
		return 0, apperr.New(apperr.Invalid, "A letter has at most %d recipients.", maxLetterTo)
	}
	from, err := s.senderFor(ctx, tx, l)
	if err != nil || from == 0 {
		return 0, err
	}
	to, language, err := s.addressed(ctx, tx, l)
	if err != nil || len(to) == 0 {
		return 0, err
	}
	draft.Kind, draft.SenderID, draft.TicketID, draft.Seq, draft.Why, draft.URL, draft.Files = l.Kind, from, l.Ticket, l.Seq, l.Why, l.URL, l.Files
	draft.Language, draft.State, draft.CreatedAt, draft.Recipients = language, LetterWaiting, s.now(), to
	if r := []rune(draft.Subject); len(r) > maxSubject {
		draft.Subject = string(r[:maxSubject])
	}
	if !utf8.ValidString(draft.Body) {
		draft.Body = strings.ToValidUTF8(draft.Body, "")
	}
	waiting, err := insertLetter(ctx, tx, &draft, l.Key)
	if err != nil || !waiting {
		return draft.ID, err
	}
	return draft.ID, s.schedule(ctx, tx, &draft)
}

// schedule asks for a letter to be sent. Those of one ticket go in their order.
func (s *Service) schedule(ctx context.Context, tx *database.Tx, l *Stored) error {
	var options []jobs.Option
	if l.TicketID != 0 {
		options = append(options, jobs.Key(fmt.Sprint("mail:ticket:", l.TicketID)))
	}
	_, err := s.send.Enqueue(ctx, tx, sending{l.ID}, options...)
	return err
}

// sendLetter is the job. It runs at least once; a server that took the letter just
// before a crash gets it again with the same Message-ID.
func (s *Service) sendLetter(ctx context.Context, job *jobs.Job, work sending) error {
	ctx = asSystem(ctx)
	l, err := s.letter(ctx, s.DB.Reader(), work.Letter)
	if apperr.Is(err, apperr.NotFound) {
		return nil
	}
	if err != nil || l.State != LetterWaiting {
		return err
	}
	err = s.deliver(ctx, &l)
	var failed *message.SendError
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // the node stops; another attempt follows
	case err == nil:
	case errors.As(err, &failed):
		return errors.Join(s.notSent(ctx, &l, failed, job.Last), s.alarmOfSender(ctx, l.SenderID, failed))
	case apperr.Is(err, apperr.NotFound), apperr.Is(err, apperr.Invalid):
		return s.giveUp(ctx, &l, apperr.Message(err).In(ctx))
	case job.Last:
		return errors.Join(err, s.giveUp(ctx, &l, apperr.Message(err).In(ctx)))
	default:
		return errors.Join(err, s.noteAttempt(ctx, &l, apperr.Message(err).In(ctx)))
	}
	return s.noteSent(ctx, &l)
}

// CountSent puts the letters that wait into words and lets them count as sent, at most
// 100, the oldest first: in a demo nothing leaves the house.
func (s *Service) CountSent(ctx context.Context) ([]Stored, error) {
	if err := mayManage(ctx); err != nil {
		return nil, err
	}
	ctx = asSystem(ctx)
	self, err := s.identity(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.letters(ctx, s.DB.Reader(), LetterQuery{State: LetterWaiting, Limit: 100})
	slices.Reverse(found)
	for i := range found {
		if err != nil {
			return nil, err
		}
		l := &found[i]
		from, senderErr := s.sender(ctx, s.DB.Reader(), l.SenderID)
		if senderErr != nil {
			return nil, senderErr
		}
		if l.MessageID == "" {
			err = s.write(ctx, l, &from, self)
		}
		if err == nil {
			err = s.noteSent(ctx, l)
		}
	}
	return found, err
}

// deliver puts a letter into words, if that was not done, and hands it to the
// server for all who wait for it.
func (s *Service) deliver(ctx context.Context, l *Stored) error {
	from, err := s.sender(ctx, s.DB.Reader(), l.SenderID)
	if err != nil {
		return err
	}
	if !from.Active {
		return apperr.New(apperr.Invalid, "The sender %s is switched off.", from.Address)
	}
	self, err := s.identity(ctx)
	if err != nil {
		return err
	}
	if l.MessageID == "" {
		if err := s.write(ctx, l, &from, self); err != nil {
			return err
		}
	}
	out, envelope, err := s.compose(ctx, l, &from, self)
	if err != nil {
		return err
	}
	raw, err := message.Compose(out)
	if err != nil {
		return apperr.Wrap(err, apperr.Invalid, "The letter cannot be written: %s", err.Error())
	}
	o, err := s.outletOf(&from)
	if err != nil {
		return err
	}
	if o.signer != nil {
		if raw, err = o.signer.Sign(raw); err != nil {
			return apperr.Wrap(err, apperr.Invalid, "The letter cannot be signed.")
		}
	}
	return o.sender.Send(ctx, envelope, raw)
}

// notSent notes what a server said. Recipients it refused for good are done; those
// it puts off wait for the next attempt, which goes to nobody else.
func (s *Service) notSent(ctx context.Context, l *Stored, e *message.SendError, last bool) error {
	words := sayOf(e)
	if e.Kind == message.Permanent {
		return s.giveUp(ctx, l, words)
	}
	if e.Kind != message.Refused {
		if last {
			return s.giveUp(ctx, l, words)
		}
		return errors.Join(e, s.noteAttempt(ctx, l, words))
	}
	refused := map[string]message.RefusedRecipient{}
	for _, r := range e.Refused {
		refused[people.NormalEmail(r.Mail)] = r
	}
	later := false
	var lost []string
	for i := range l.Recipients {
		r := &l.Recipients[i]
		if r.State != RecipientWaiting {
			continue
		}
		no, isRefused := refused[people.NormalEmail(r.Address)]
		switch {
		case !isRefused:
			r.State = RecipientSent
		case no.Temporary && !last:
			r.Error, later = sayCode(no.Code, no.Message), true
		default:
			r.State, r.Error = RecipientRefused, sayCode(no.Code, no.Message)
			lost = append(lost, r.Address+": "+r.Error)
		}
	}
	if !later {
		l.State, l.SentAt = LetterSent, s.now()
		if len(lost) > 0 {
			l.State, l.Error = LetterFailed, strings.Join(lost, "; ")
		}
	}
	l.Attempts++
	if err := s.storeOutcome(ctx, l); err != nil {
		return err
	}
	if err := s.sayUndelivered(ctx, l, lost); err != nil {
		return err
	}
	if later {
		return e
	}
	return nil
}

func sayOf(e *message.SendError) string {
	words := sayCode(e.Code, e.Message)
	if e.Message == "" && e.Err != nil {
		words = e.Err.Error()
	}
	return strings.TrimSpace(e.Stage + ": " + words)
}

func sayCode(code int, words string) string {
	if code == 0 {
		return words
	}
	return strings.TrimSpace(fmt.Sprint(code, " ", words))
}

func (s *Service) noteSent(ctx context.Context, l *Stored) error {
	for i := range l.Recipients {
		if l.Recipients[i].State == RecipientWaiting {
			l.Recipients[i].State, l.Recipients[i].Error = RecipientSent, ""
		}
	}
	l.State, l.SentAt, l.Error = LetterSent, s.now(), ""
	l.Attempts++
	return s.storeOutcome(ctx, l)
}

func (s *Service) noteAttempt(ctx context.Context, l *Stored, why string) error {
	l.Attempts++
	l.Error = why
	return s.storeOutcome(ctx, l)
}

// giveUp ends a letter that will not be sent, and says so on its ticket.
func (s *Service) giveUp(ctx context.Context, l *Stored, why string) error {
	var lost []string
	for i := range l.Recipients {
		if r := &l.Recipients[i]; r.State == RecipientWaiting {
			r.State, r.Error = RecipientRefused, why
			lost = append(lost, r.Address+": "+why)
		}
	}
	l.State, l.Error = LetterFailed, why
	l.Attempts++
	if err := s.storeOutcome(ctx, l); err != nil {
		return err
	}
	return s.sayUndelivered(ctx, l, lost)
}

// What this room writes on timelines; see Tells.
const (
	saysUndelivered = "mail.undelivered"
	saysBounced     = "mail.bounced"
	saysPossible    = "mail.possible"
)

// sayUndelivered tells those who work on the ticket that somebody did not get a letter.
func (s *Service) sayUndelivered(ctx context.Context, l *Stored, lost []string) error {
	if len(lost) == 0 {
		return nil
	}
	return s.sayOn(ctx, l.TicketID, saysUndelivered, strings.Join(lost, "; "))
}

func (s *Service) sayOn(ctx context.Context, ticketID int64, what, to string) error {
	if ticketID == 0 {
		return nil
	}
	const most = 1000
	if r := []rune(to); len(r) > most {
		to = string(r[:most]) + "…"
	}
	_, err := s.Tickets.Act(asSystem(ctx), ticket.ByID(ticketID), access.View, func(a *ticket.Acting) error {
		a.Say(what, "", to)
		return nil
	})
	return err
}
