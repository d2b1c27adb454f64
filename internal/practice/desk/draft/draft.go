package draft

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Kind is what a draft becomes when it is sent.
type Kind string

// The kinds of draft.
const (
	Reply Kind = "reply" // a public message
	Note  Kind = "note"  // an internal note
)

// verb is what a person must be allowed to do in order to work with drafts of a kind.
func (k Kind) verb() access.Verb {
	if k == Reply {
		return access.Comment
	}
	return access.Note
}

// Limits of drafts. Sizes are in characters.
const (
	MaxBody      = 100_000
	MaxAsked     = 500 // what the reviewer is asked
	MaxRemark    = 2_000
	MaxOnTicket  = 20
	MaxOfPerson  = 100
	maxReviews   = 50 // kept with a draft; the oldest go first
	maxTexts     = 20 // earlier versions kept with a draft
	SharedLasts  = ticket.DraftLasts
	DroppedLasts = 7 * 24 * time.Hour // what ended can be looked up, or brought back, so long
)

// Verdict is what a reviewer finds.
type Verdict string

// The verdicts.
const (
	Ready  Verdict = "ready"  // it can be sent as it is
	Change Verdict = "change" // it should be changed first
)

// Outcome is how a draft ended.
type Outcome string

// The outcomes; a draft that goes on has none.
const (
	Sent      Outcome = "sent"
	TakenBack Outcome = "taken_back" // it is its author's alone again
	Discarded Outcome = "discarded"
	Expired   Outcome = "expired"
)

// Review is what somebody found.
type Review struct {
	PersonID int64     `json:"person"`
	Name     string    `json:"name"` // as it was then
	Verdict  Verdict   `json:"verdict"`
	Remark   string    `json:"remark,omitempty"`
	Version  int       `json:"version"` // that was looked at
	At       time.Time `json:"at"`
}

// Draft is a text that is shared for review.
type Draft struct {
	ID       int64
	TicketID int64 // on which it was written
	Kind     Kind
	AuthorID int64
	Author   string // name
	Left     bool   // the author is not active any more
	Body     string
	Files    int // how many it holds; see ticket.KeptFile
	Version  int // from 1
	EditorID int64
	Editor   string // name of who wrote this version
	EditedAt time.Time
	SharedAt time.Time

	ReviewerID int64 // who was asked, if somebody was
	Reviewer   string
	Asked      string // what to look at
	Waits      bool   // for the one who was asked
	Reviews    []Review

	Outcome Outcome
}

// Verdict gives the last review; false before the first. One of an earlier version
// is no verdict on what the draft says now.
func (d *Draft) Verdict() (r Review, current, ok bool) {
	if len(d.Reviews) == 0 {
		return Review{}, false, false
	}
	r = d.Reviews[len(d.Reviews)-1]
	return r, r.Version == d.Version, true
}

// WaitsFor reports whether somebody was asked for a review and has not given it.
func (d *Draft) WaitsFor(person int64) bool { return d.Waits && d.ReviewerID == person }

// MayWork reports whether somebody may read, change, review and send drafts of a
// kind on a ticket: they read its notes, and may write what the draft becomes.
func MayWork(actor access.Actor, t *ticket.Ticket, kind Kind) bool {
	record := t.Record()
	return actor.IsPerson() && actor.Check(access.ReadNotes, record).Allowed && actor.Check(kind.verb(), record).Allowed
}

// MayShare reports whether somebody may share a text on a ticket. What a merged
// ticket wants to say is said where it goes on.
func MayShare(actor access.Actor, t *ticket.Ticket) bool {
	return t.MergedIntoID == 0 && (MayWork(actor, t, Reply) || MayWork(actor, t, Note))
}

// mayDiscard reports whether somebody may throw a draft away: its author, or
// everybody who works with it once the author has left.
func (d *Draft) mayDiscard(actor access.Actor) bool { return d.AuthorID == actor.ID || d.Left }

// Share is the wish to share a text.
type Share struct {
	Kind       Kind
	Body       string
	Files      []int64 // uploads of the actor
	ReviewerID int64   // who is asked for a review; 0 is nobody in particular
	Asked      string  // what they should look at
}

func (s *Share) check(actor access.Actor) error {
	s.Asked = strings.TrimSpace(s.Asked)
	var p apperr.Problems
	if s.Kind != Reply && s.Kind != Note {
		p.Add("kind", "A draft is of a reply or of a note.")
	}
	checkBody(&p, s.Body, len(s.Files))
	checkLine(&p, "asked", s.Asked, MaxAsked)
	checkReviewer(&p, s.ReviewerID, actor)
	return p.Err()
}

// Edit is the wish to change a draft.
type Edit struct {
	Version int    // that was read; 0 does not check
	Body    string //
	Files   *Files // nil leaves the files as they are
	// Reviewer asks somebody else, or the same person once more; nil asks nobody anew.
	Reviewer *int64
	Asked    string
}

// Files are those that a draft holds from now on.
type Files struct {
	Keep []int64 // of those it holds
	Add  []int64 // uploads of the actor
}

func (e *Edit) check(actor access.Actor) error {
	e.Asked = strings.TrimSpace(e.Asked)
	var p apperr.Problems
	files := 1 // whether it holds some is found out later
	if e.Files != nil {
		files = len(e.Files.Keep) + len(e.Files.Add)
	}
	checkBody(&p, e.Body, files)
	checkLine(&p, "asked", e.Asked, MaxAsked)
	if e.Reviewer != nil {
		checkReviewer(&p, *e.Reviewer, actor)
	}
	return p.Err()
}

func checkBody(p *apperr.Problems, body string, files int) {
	switch n := utf8.RuneCountInString(body); {
	case strings.TrimSpace(body) == "" && files == 0:
		p.Add("body", "Write something, or attach a file.")
	case n > MaxBody:
		p.Add("body", "A shared draft has at most %d characters; this has %d. Attach it as a file instead.", MaxBody, n)
	}
	if !utf8.ValidString(body) || strings.ContainsRune(body, 0) {
		p.Add("body", "This text has characters that cannot be stored.")
	}
}

func checkLine(p *apperr.Problems, field, s string, most int) {
	if utf8.RuneCountInString(s) > most {
		p.Add(field, "At most %d characters.", most)
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		p.Add(field, "This text has characters that cannot be stored.")
	}
}

func checkReviewer(p *apperr.Problems, person int64, actor access.Actor) {
	if person != 0 && person == actor.ID {
		p.Add("reviewer", "Ask somebody else than yourself.")
	}
}

// Finding is the wish to review a draft.
type Finding struct {
	Version int // that was read; 0 is the present one
	Verdict Verdict
	Remark  string
}

func (f *Finding) check() error {
	f.Remark = strings.TrimSpace(f.Remark)
	var p apperr.Problems
	switch f.Verdict {
	case Ready:
	case Change:
		if f.Remark == "" {
			p.Add("remark", "Say what should be changed.")
		}
	default:
		p.Add("verdict", "Choose what you find.")
	}
	checkLine(&p, "remark", f.Remark, MaxRemark)
	return p.Err()
}

// change makes the next version of a draft.
func (d *Draft) change(e Edit, actor access.Actor, now time.Time) {
	d.Body, d.Version = e.Body, d.Version+1
	d.EditorID, d.Editor, d.EditedAt = actor.ID, actor.Name, now
}

// review adds what somebody found. Whoever finds something answers for the one who
// was asked, if they are not the same: what counts is that somebody looked.
func (d *Draft) review(f Finding, actor access.Actor, now time.Time) {
	d.Reviews = append(slices.Clone(d.Reviews), Review{
		PersonID: actor.ID, Name: actor.Name, Verdict: f.Verdict, Remark: f.Remark, Version: d.Version, At: now,
	})
	d.Reviews = d.Reviews[max(0, len(d.Reviews)-maxReviews):]
	d.Waits = d.Waits && d.ReviewerID != actor.ID
}

// sendable fails with Invalid when a draft cannot be sent as it is.
func (d *Draft) sendable() error {
	if left := phrase.Unfilled(d.Body); len(left) > 0 && d.Kind == Reply {
		return apperr.InvalidField("body", "Fill this in first, or take it out: %s", "{{"+strings.Join(left, "}}, {{")+"}}")
	}
	return nil
}
