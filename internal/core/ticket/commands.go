package ticket

import (
	"strings"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Limits on what one person may write at once, in bytes unless said otherwise.
const (
	MaxTitle       = 250       // characters
	MaxText        = 1_000_000 // characters, so that every script has the same room
	MaxTags        = 30
	MaxTagLength   = 50 // characters
	MaxFieldLength = 4000
	MaxWatchers    = 100
	MaxAttachments = 50 // per message
)

// Markdown is text that people wrote; it is rendered sanitised.
type Markdown string

// PublicReply is a message that the requester and suppliers may read.
type PublicReply struct {
	Version     int // that the ticket must still have; 0 does not check
	Body        Markdown
	Attachments []int64 // ids of uploaded files
}

// InternalNote is a message that stays inside.
type InternalNote struct {
	Version     int // that the ticket must still have; 0 does not check
	Body        Markdown
	Attachments []int64
}

// Create is the wish for a new ticket. Zero values take the kind's defaults.
type Create struct {
	Kind        string
	Title       string
	Description Markdown
	RequesterID int64 // 0 is the actor
	ServiceID   int64
	GroupID     int64
	AssigneeID  int64
	ParentID    int64
	Impact      int
	Urgency     int
	Channel     string
	Tags        []string
	Watchers    []int64
	Fields      map[string]string
	Attachments []int64
}

// Edit names the fields to change; nil leaves a field as it is.
type Edit struct {
	Version     int // the version that was read; 0 does not check
	Title       *string
	Description *Markdown
	RequesterID *int64
	ServiceID   *int64
	GroupID     *int64
	AssigneeID  *int64
	ParentID    *int64
	Impact      *int
	Urgency     *int
	Tags        *[]string
	Fields      map[string]string // only the keys given
	// Priority overrides the matrix and needs a reason; PriorityByMatrix ends an override.
	Priority         *int
	PriorityReason   string
	PriorityByMatrix bool
}

// Step is the wish to take a transition of the workflow.
type Step struct {
	Version        int
	Transition     string
	Reason         string // waiting reason
	Comment        Markdown
	CommentPublic  bool // a public reply rather than an internal note
	ResolutionCode string
	Resolution     Markdown
	Attachments    []int64
}

// Rating is the requester's verdict on the outcome.
type Rating struct {
	Score       int  // 1 to 5
	MinutesLost *int // working time the matter cost the requester
	Comment     string
}

// Channels are the ways a contact can come in.
func Channels() []string {
	return []string{"portal", "phone", "walk_in", "email", "chat", "api", "monitoring", "import"}
}

// cleanTitle makes one line of a title: control characters and newlines become
// spaces, so that a title can be put into any header.
func cleanTitle(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func checkTitle(p *apperr.Problems, title string) {
	switch {
	case title == "":
		p.Add(FieldTitle, "Say in a few words what it is about.")
	case utf8.RuneCountInString(title) > MaxTitle:
		p.Add(FieldTitle, "Keep the title under %d characters; the rest fits in the description.", MaxTitle)
	}
}

func checkText(p *apperr.Problems, field, text string) {
	if n := utf8.RuneCountInString(text); n > MaxText {
		p.Add(field, "This text is too long: %d of at most %d characters. Attach it as a file instead.", n, MaxText)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		p.Add(field, "This text has characters that cannot be stored.")
	}
}

// cleanTags folds, sorts and counts tags.
func cleanTags(p *apperr.Problems, tags []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, tag := range tags {
		tag = strings.ToLower(strings.Join(strings.Fields(strings.NewReplacer(",", " ", `"`, " ").Replace(tag)), "-"))
		if tag == "" || seen[tag] {
			continue
		}
		if utf8.RuneCountInString(tag) > MaxTagLength || !utf8.ValidString(tag) {
			p.Add(FieldTags, "A tag has at most %d characters.", MaxTagLength)
			continue
		}
		seen[tag] = true
		out = append(out, tag)
	}
	if len(out) > MaxTags {
		p.Add(FieldTags, "A ticket has at most %d tags.", MaxTags)
	}
	return sortedStrings(out)
}

// checkFields validates custom fields against the kind and gives them in canonical text.
func checkFields(p *apperr.Problems, def *workflow.Definition, given map[string]string) map[string]string {
	out := make(map[string]string, len(given))
	for key, value := range given {
		f, known := def.Field(key)
		if !known {
			p.Add(CustomPrefix+key, "%s has no field %q.", def.Label, key)
			continue
		}
		canonical, err := f.Canonical(value)
		if err != nil {
			p.Add(CustomPrefix+key, "%s", apperr.Message(err))
			continue
		}
		out[key] = canonical
	}
	return out
}
