package account

import (
	"context"
	"net/http"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/account/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// shownSignIns is how much of the history the page shows.
const shownSignIns = 20

func (p pages) security(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	me := access.From(ctx).ID
	sessions, err := p.Identity.Sessions(ctx, me)
	if err != nil {
		return err
	}
	history, _, err := p.Identity.History(ctx, me, identity.HistoryCursor{}, shownSignIns)
	if err != nil {
		return err
	}
	m := view.Security{}
	if m.HasPassword, err = p.Identity.HasPassword(ctx, me); err != nil {
		return err
	}
	current := identity.From(ctx).SessionID
	for _, s := range sessions {
		m.Sessions = append(m.Sessions, view.Session{
			ID: s.ID, Browser: browser(ctx, s.UserAgent), Address: s.Address, Since: s.CreatedAt, Seen: s.SeenAt, Current: s.ID == current,
		})
	}
	for _, h := range history {
		m.SignIns = append(m.SignIns, view.SignInLine{At: h.At, OK: h.OK, Browser: browser(ctx, h.UserAgent), Address: h.Address})
	}
	return p.page(w, r, text.T(ctx, "Security"), http.StatusOK, m.View())
}

// browser names what a user agent string stands for, for people who know which
// browser they use and on what. The order matters: most claim to be others too.
func browser(ctx context.Context, agent string) string {
	name := first(agent, [][2]string{
		{"Edg/", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	})
	system := first(agent, [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	switch {
	case name != "" && system != "":
		return text.T(ctx, "%s on %s", name, system)
	case name != "":
		return name
	case agent == "":
		return text.T(ctx, "Unknown browser")
	}
	return agent
}

func first(agent string, signs [][2]string) string {
	for _, s := range signs {
		if strings.Contains(agent, s[0]) {
			return s[1]
		}
	}
	return ""
}

func (p pages) endSession(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := p.Identity.EndSession(r.Context(), id); err != nil {
		return err
	}
	if id == identity.From(r.Context()).SessionID {
		p.Identity.ClearCookies(w)
		return web.Redirect(w, r, identity.SignInPath)
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "That browser is signed out.")}, p.HTTPS)
	return web.Redirect(w, r, "/profile/security")
}

func (p pages) endSessions(w http.ResponseWriter, r *http.Request) error {
	if err := p.Identity.EndSessions(r.Context(), access.From(r.Context()).ID); err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "All other browsers are signed out.")}, p.HTTPS)
	return web.Redirect(w, r, "/profile/security")
}

func (p pages) passwordForm(w http.ResponseWriter, r *http.Request) error {
	return p.showPassword(w, r, nil)
}

func (p pages) changePassword(w http.ResponseWriter, r *http.Request) error {
	var f struct {
		Present  string `form:"present,raw"`
		Password string `form:"password,raw"`
	}
	err := web.Form(r, &f, nil)
	if err == nil {
		err = p.Identity.ChangePassword(r.Context(), f.Present, f.Password, web.ClientIP(r.Context()))
	}
	if statusOf(err) == http.StatusUnprocessableEntity || statusOf(err) == http.StatusTooManyRequests {
		return p.showPassword(w, r, err)
	}
	if err != nil {
		return err
	}
	to := "/profile/security"
	if identity.From(r.Context()).MustChange {
		to = "/"
	}
	web.Flash(w, web.Toast{Text: text.T(r.Context(), "Your password is changed. Other browsers are signed out.")}, p.HTTPS)
	return web.Redirect(w, r, to)
}

// showPassword has no way round it for those who must choose a password.
func (p pages) showPassword(w http.ResponseWriter, r *http.Request, failed error) error {
	m := view.Password{Must: identity.From(r.Context()).MustChange}
	m.Errors, _ = wrong(r.Context(), failed)
	if failed != nil && len(m.Errors) == 0 {
		m.Error = apperr.Message(failed).In(r.Context())
	}
	private(w)
	if m.Must {
		return web.Render(w, r, statusOf(failed), m.Alone())
	}
	return p.page(w, r, text.T(r.Context(), "Change password"), statusOf(failed), m.View())
}
