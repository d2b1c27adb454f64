// Package view draws the pages of one's own account.
package view

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Option is one choice.
type Option struct {
	Value, Label, Group string
	Selected            bool
}

// SignIn is the sign-in page. What was typed wrong is not said: see Error.
type SignIn struct {
	Email, Next string
	Error       string
}

// Setup is the page of the first run.
type Setup struct {
	Code, Organisation, Name, Email string
	Error                           string
	Errors                          map[string]string
}

// Profile is what a person sees and edits about themselves.
type Profile struct {
	Name, Email, JobTitle, Organisation, Manager    string
	Phone, Location, Language, Zone, Theme, Density string
	BrowserZone                                     string // what is used now, while none is chosen
	Languages, Zones                                []Option
	Start                                           string
	Starts                                          []Option // pages to begin with; none offers no choice
	Keys                                            bool     // single letters do something
	Roles                                           []Role
	Errors                                          map[string]string
}

// Role is a role the person holds.
type Role struct{ Name, Group, Organisation string }

// Security is the page with password, browsers and sign-ins.
type Security struct {
	HasPassword bool
	Sessions    []Session
	SignIns     []SignInLine
}

// Session is a browser in which the person is signed in.
type Session struct {
	ID               int64
	Browser, Address string
	Since, Seen      time.Time
	Current          bool
}

// SignInLine is one attempt to sign in.
type SignInLine struct {
	At               time.Time
	OK               bool
	Browser, Address string
}

// Password is the form to change it.
type Password struct {
	Must   bool // nothing else works before
	Error  string
	Errors map[string]string
}

// Tokens is the page of one's own API tokens, or of another account's.
type Tokens struct {
	Action          string
	Owner, OwnerURL string // empty Owner: one's own
	Secret          string // of the token just made: shown now and never again
	MayCreate       bool
	Name            string
	Days            int
	Reach           string
	Verbs, Kinds    []Option
	All             []Token
	Errors          map[string]string
}

// Token is one API token.
type Token struct {
	ID                     int64
	Name, Hint             string
	Verbs, Kinds           []string // empty is all
	Created, Expires, Used time.Time
	Revoked, Expired       bool
}

// tabs lead from one page of the profile to the others.
func tabs(ctx context.Context, active string) templ.Component {
	all := []ui.Tab{
		{Label: text.T(ctx, "Profile"), URL: "/profile"},
		{Label: text.T(ctx, "Security"), URL: "/profile/security"},
		{Label: text.T(ctx, "Notifications"), URL: "/inbox/settings"},
		{Label: text.T(ctx, "Absence"), URL: "/profile/absence"},
		{Label: text.T(ctx, "API tokens"), URL: "/profile/tokens"},
	}
	for i := range all {
		all[i].Active = all[i].URL == active
	}
	return ui.Tabs(text.T(ctx, "My profile"), all)
}

// options turns choices into those of a field, the chosen one selected.
func options(all []Option, chosen string) []ui.Option {
	out := make([]ui.Option, 0, len(all))
	for _, o := range all {
		out = append(out, ui.Option{Value: o.Value, Label: o.Label, Group: o.Group, Selected: o.Selected || o.Value == chosen})
	}
	return out
}

// moment is an instant that may be missing.
func moment(at time.Time) templ.Component {
	if at.IsZero() {
		return nil
	}
	return ui.Moment{At: at}
}

// browserZone is the choice to follow the browser, with what that means now.
func (m Profile) browserZone(ctx context.Context) string {
	if m.BrowserZone == "" {
		return text.T(ctx, "As the browser's")
	}
	return text.T(ctx, "As the browser's: %s", m.BrowserZone)
}
