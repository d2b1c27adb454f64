package app

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/text/language"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/access/actors"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/platform/words"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// frame puts the product's layout around the pages of all modules.
type frame struct {
	app *App
}

// Page implements module.Frame.
func (f frame) Page(w http.ResponseWriter, r *http.Request, p module.Page, body web.Component) error {
	shell := f.shell(r, p)
	if err := f.bell(r, p, &shell); err != nil {
		return err
	}
	var err error
	if shell.Banners, err = f.app.majors.BannersFor(r.Context()); err != nil { // a page without its banner is better than none
		f.app.log.WarnContext(r.Context(), "the banners could not be read", "error", err)
	}
	if toast, ok := web.TakeFlash(w, r); ok {
		shell.Toast = ui.Toast{Text: toast.Text, Undo: toast.Undo}
	}
	status := p.Status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(w, r, status, around{shell, body})
}

func (f frame) shell(r *http.Request, p module.Page) ui.Shell {
	ctx := r.Context()
	actor := access.From(ctx)
	s := ui.Shell{
		Title: p.Title, HomeURL: f.app.startOf(ctx, actor), Wide: p.Wide, Bundles: p.Bundles, SearchText: p.Search,
		User: f.userMenu(r, actor),
	}
	for _, m := range f.app.modules {
		for _, item := range m.Menu {
			if item.Visible == nil || item.Visible(actor) {
				s.Nav = addNav(s.Nav, text.T(ctx, item.Section), ui.NavItem{
					Label: text.T(ctx, item.Label), URL: item.URL, Icon: ui.Icon(item.Icon), Key: item.Key, Active: item.ID != "" && item.ID == p.Active,
				})
			}
		}
		for _, item := range m.Create {
			if item.Visible == nil || item.Visible(actor) {
				s.New = append(s.New, ui.MenuItem{Label: text.T(ctx, item.Label), URL: item.URL, Icon: ui.Icon(item.Icon), Key: item.Key})
			}
		}
	}
	// Search over every ticket is the agents' tool; requesters search in their portal.
	if actor.Can(access.ViewPeople, access.AnyKind) || actor.Can(access.Assign, access.AnyKind) {
		s.SearchURL, s.PaletteURL = "/search", "/palette"
	}
	if majorincident.MayReadStatus(actor) {
		s.BannersURL = majorincident.BannersURL
	}
	if topics := append(slices.Clone(p.Topics), everywhere(actor)...); len(topics) > 0 {
		since, _ := ctx.Value(cursorKey{}).(live.Cursor)
		s.LiveURL = liveURL(topics, p.Present, since)
	}
	return s
}

// bell puts the reader's bell into the top bar. The ticket that the page shows is
// read by being shown.
func (f frame) bell(r *http.Request, p module.Page, s *ui.Shell) error {
	bell, err := f.app.inbox.Bell(r.Context(), shownTicket(p.Topics))
	if err == nil && bell != nil {
		s.Tools = append(s.Tools, bell)
	}
	return err
}

// shownTicket gives the id of the ticket whose topic a page follows; 0 for none.
func shownTicket(topics []string) int64 {
	for _, topic := range topics {
		if prefix, id, _ := strings.Cut(topic, ":"); prefix == "ticket" || prefix == "desk" {
			n, _ := strconv.ParseInt(id, 10, 64) // anything else is no ticket
			return n
		}
	}
	return 0
}

// everywhere are the topics that every page of a reader follows.
func everywhere(actor access.Actor) []string {
	topics := notify.Topics(actor)
	if majorincident.MayReadStatus(actor) {
		topics = append(slices.Clone(topics), majorincident.StatusTopic)
	}
	return topics
}

// liveURL is the stream of some topics since a place in it; the zero place is now.
func liveURL(topics []string, present string, since live.Cursor) string {
	q := url.Values{"topic": topics}
	if !since.IsZero() {
		q.Set("since", since.String())
	}
	if present != "" {
		q.Set("present", present)
	}
	return "/live?" + q.Encode()
}

// stream notes the present place in the live stream, for a part of a page that
// follows topics of its own.
func (a *App) stream(ctx context.Context) func(topics []string, present string) string {
	since, err := a.core.Live.Cursor(ctx)
	if err != nil {
		since = live.Cursor{} // it begins when it opens
	}
	own := everywhere(access.From(ctx))
	return func(topics []string, present string) string {
		return liveURL(append(slices.Clone(topics), own...), present, since)
	}
}

type cursorKey struct{}

// addNav puts an item into its group, keeping the order in which modules came.
func addNav(groups []ui.NavGroup, label string, item ui.NavItem) []ui.NavGroup {
	i := slices.IndexFunc(groups, func(g ui.NavGroup) bool { return g.Label == label })
	if i < 0 {
		groups = append(groups, ui.NavGroup{Label: label})
		i = len(groups) - 1
	}
	groups[i].Items = append(groups[i].Items, item)
	return groups
}

func (f frame) userMenu(r *http.Request, actor access.Actor) ui.UserMenu {
	ctx := r.Context()
	m := ui.UserMenu{Name: actor.Name, ThemeURL: "/preferences", DensityURL: "/preferences", LanguageURL: "/preferences", SignOutURL: "/sign-out"}
	if actor.IsPerson() {
		m.Items = []ui.MenuItem{{Label: text.T(ctx, "My profile"), URL: "/profile", Icon: ui.IconUserCircle}}
		if actor.Can(access.Create, access.AnyKind) {
			m.Items = append(m.Items, ui.MenuItem{Label: text.T(ctx, "My own tickets"), URL: "/portal", Icon: ui.IconLifebuoy})
		}
		m.Items = append(m.Items, ui.MenuItem{Label: text.T(ctx, "Mail about tickets"), URL: mail.PreferencesURL, Icon: ui.IconMail})
	}
	return m
}

// reading gives pages the language, zone and looks of whoever reads them: as
// chosen in the profile, else as the browser asks for.
func (a *App) reading(next web.HandlerFunc) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		var person actors.Person
		if actor := access.From(r.Context()); actor.IsPerson() {
			// The actor was loaded from the same cache a moment ago.
			if p, err := a.core.Actors.Person(r.Context(), actor.ID); err == nil {
				person = p
			}
		}
		reader := text.Reader{
			Language: pickLanguage(person.Language, r.Header.Get("Accept-Language")), Location: zone(person.Zone, r),
			Now: a.core.Now(), Theme: text.Theme(either(person.Theme, cookie(r, "theme"))), Density: text.Density(either(person.Density, cookie(r, "density"))),
			KeysOff: person.KeysOff,
		}
		ctx := text.With(r.Context(), reader)
		ctx = speaking(ctx)
		if r.Method == http.MethodGet && !web.IsFragment(r) && person.Actor.IsPerson() {
			// The place in the stream is taken before the page reads its records, so
			// that what changes in between is heard of.
			if since, err := a.core.Live.Cursor(ctx); err == nil {
				ctx = context.WithValue(ctx, cursorKey{}, since)
			}
		}
		return next(w, r.WithContext(ctx))
	}
}

// speaking lets what rules say be read in the language of the context's reader.
func speaking(ctx context.Context) context.Context {
	ctx = workflow.WithWords(ctx, wordsOf(ctx))
	return words.With(ctx, words.Catalogue{
		Text: func(key string, args ...any) string { return text.T(ctx, key, args...) },
		Label: func(meaning, label string) string {
			if word := text.Label(ctx, meaning, label); word != label {
				return word
			}
			return text.T(ctx, label) // "Active", which is every kind's
		},
	})
}

// readsProblem gives who reads about an error: a program says by Accept-Language
// what it wants, and is answered in English otherwise; people read as everywhere.
func (a *App) readsProblem(r *http.Request, err error, json bool) context.Context {
	switch {
	case json:
		return speaking(text.With(r.Context(), text.Reader{Language: text.Match(r.Header.Get("Accept-Language"))}))
	case apperr.Is(err, apperr.Internal), apperr.Is(err, apperr.Unavailable): // the database is likely away: do not ask it again
		return speaking(text.With(r.Context(), text.Reader{Language: text.Match(r.Header.Get("Accept-Language"))}))
	}
	return a.recognised(r).Context()
}

// wordsOf reads the labels of ticket kinds in the reader's language.
func wordsOf(ctx context.Context) workflow.Words {
	base, _ := text.From(ctx).Language.Base()
	if base.String() == "en" {
		return workflow.Words{}
	}
	return workflow.Words{Language: base.String(), Translate: func(label string) string { return text.Label(ctx, "kind", label) }}
}

// readingAs gives what is made for a person who is not at a page the language,
// zone and looks that they chose.
func (a *App) readingAs(ctx context.Context, p actors.Person) context.Context {
	reader := text.Reader{Language: pickLanguage(p.Language, ""), Location: time.UTC, Now: a.core.Now(), Theme: text.Theme(p.Theme), Density: text.Density(p.Density)}
	if z, err := time.LoadLocation(p.Zone); err == nil && p.Zone != "" {
		reader.Location = z
	}
	return speaking(text.With(ctx, reader))
}

func pickLanguage(chosen, accepted string) language.Tag {
	var tags []language.Tag
	for _, l := range text.Languages() {
		tags = append(tags, l.Tag)
	}
	if len(tags) == 0 {
		return language.English
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), chosen, accepted)
	return tags[i]
}

// zone is the person's own, or the browser's, which the scripts put into a cookie.
func zone(chosen string, r *http.Request) *time.Location {
	for _, name := range []string{chosen, cookie(r, "zone")} {
		if name == "" || name == "Local" {
			continue
		}
		if z, err := time.LoadLocation(name); err == nil {
			return z
		}
	}
	return time.UTC
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	v, err := url.QueryUnescape(c.Value)
	if err != nil {
		return ""
	}
	return v
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// recognised gives the request as its handler would have had it: with whoever
// asks, and how they read. An error may have come up before that was known.
func (a *App) recognised(r *http.Request) *http.Request {
	if access.From(r.Context()).IsPerson() {
		return r
	}
	found := r
	err := a.core.Identity.Authenticate(a.reading(func(_ http.ResponseWriter, r *http.Request) error {
		found = r
		return nil
	}))(discard{http.Header{}}, r)
	if err != nil {
		return r
	}
	return found
}

// errorPage is how people see errors: in the layout when they are signed in,
// bare otherwise, and as a fragment when htmx asked.
func (a *App) errorPage(_ http.Header, r *http.Request, p *web.Problem, fragment bool) web.Component {
	if p.Status < http.StatusInternalServerError { // else the database is likely away: do not ask it again
		r = a.recognised(r)
	}
	title := whatHappened(r.Context(), p)
	problem := ui.Problem{Title: title, Detail: p.Detail}
	for _, f := range p.Errors {
		problem.Items = append(problem.Items, f.Message)
	}
	if fragment {
		return problem
	}
	alert := ui.EmptyState{Icon: ui.IconAlertTriangle, Title: title, Text: p.Detail, Page: true, Actions: []templ.Component{
		ui.Button{Label: text.T(r.Context(), "Go to the start page"), URL: "/", Kind: ui.Primary},
	}}
	if !access.From(r.Context()).IsPerson() {
		return bare{ui.Bare{Title: title, RequestID: p.RequestID}, alert}
	}
	shell := frame{a}.shell(r, module.Page{Title: title})
	shell.RequestID = p.RequestID
	return around{shell, alert}
}

// whatHappened says a status in the words of people rather than of protocols.
func whatHappened(ctx context.Context, p *web.Problem) string {
	switch p.Status {
	case http.StatusUnauthorized:
		return text.T(ctx, "Please sign in")
	case http.StatusForbidden:
		return text.T(ctx, "You may not do this")
	case http.StatusNotFound:
		return text.T(ctx, "Nothing found here")
	case http.StatusConflict:
		return text.T(ctx, "Something has changed meanwhile")
	case http.StatusRequestEntityTooLarge:
		return text.T(ctx, "This is too large")
	case http.StatusTooManyRequests:
		return text.T(ctx, "That was too often")
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return text.T(ctx, "Not available right now")
	case http.StatusInternalServerError:
		return text.T(ctx, "Something went wrong")
	}
	return p.Title
}
