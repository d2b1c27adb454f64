package canned

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/phrase"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// Purpose says who reads a text.
type Purpose string

// The purposes.
const (
	ForReply Purpose = "reply" // requesters and suppliers
	ForNote  Purpose = "note"  // those who read internal notes
)

// Reply is a canned reply.
type Reply struct {
	ID       int64
	Title    string
	Folder   string // "Accounts/Passwords"; "" is none
	Body     string // Markdown with variables
	Purpose  Purpose
	Kinds    []string // of tickets it is for; none is all
	Language string   // a BCP 47 tag; "" is not said
	sharing.Scope
	Uses      int64 // by everybody
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
}

// Limits of a canned reply, in characters.
const (
	maxTitle   = 80
	maxFolder  = 80
	maxBody    = 20_000
	maxReplies = 500 // of one person
)

// check puts a reply into its canonical form, and reports what is wrong beside
// each field.
func (r *Reply) check(actor access.Actor, kinds []*workflow.Definition) error {
	var p apperr.Problems
	r.Title, r.Body, r.Folder = strings.TrimSpace(r.Title), strings.TrimSpace(r.Body), cleanFolder(r.Folder)
	length(&p, "title", r.Title, maxTitle, words.Key("Give the reply a title."))
	length(&p, "folder", r.Folder, maxFolder, "")
	length(&p, "body", r.Body, maxBody, words.Key("Write the text."))
	switch r.Purpose {
	case ForReply:
		_, err := phrase.ParsePublic(r.Body)
		take(&p, err)
	case ForNote:
		_, err := phrase.ParseInternal(r.Body)
		take(&p, err)
	default:
		p.Add("purpose", "Choose who reads this text.")
	}
	slices.Sort(r.Kinds)
	r.Kinds = slices.Compact(r.Kinds)
	for _, key := range r.Kinds {
		if !slices.ContainsFunc(kinds, func(d *workflow.Definition) bool { return d.Key == key }) {
			p.Add("kinds", "There is no kind of ticket called “%s”.", key)
		}
	}
	if r.Language != "" {
		tag, err := language.Parse(r.Language)
		if err != nil {
			p.Add("language", "This language is not known. Write its code, such as en or de.")
		}
		r.Language = tag.String()
	}
	r.Scope.Check(&p, actor)
	return p.Err()
}

func length(p *apperr.Problems, field, value string, most int, missing string) {
	switch n := utf8.RuneCountInString(value); {
	case n == 0 && missing != "":
		p.Say(field, words.Text{Key: missing})
	case n > most:
		p.Add(field, "Keep this under %d characters.", most)
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		p.Add(field, "This text has characters that cannot be stored.")
	}
}

func take(p *apperr.Problems, err error) {
	for _, f := range apperr.FieldsOf(err) {
		p.Add(f.Name, "%s", f.Message)
	}
}

// cleanFolder makes "Accounts/Passwords" of " Accounts / Passwords/".
func cleanFolder(folder string) string {
	var parts []string
	for part := range strings.SplitSeq(folder, "/") {
		if part = strings.Join(strings.Fields(part), " "); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "/")
}

// words is what the reply is found by.
func (r *Reply) words() string { return filter.Fold(r.Title + " " + r.Folder + " " + r.Body) }

// joinKinds writes kinds so that one of them is found between commas.
func joinKinds(kinds []string) string {
	if len(kinds) == 0 {
		return ""
	}
	return "," + strings.Join(kinds, ",") + ","
}

func splitKinds(kinds string) []string {
	if kinds == "" {
		return nil
	}
	return strings.Split(strings.Trim(kinds, ","), ",")
}
