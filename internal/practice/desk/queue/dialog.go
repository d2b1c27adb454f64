package queue

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/desk/queue/view"
)

// dialog answers a form: over the page when a script asked for it, as a page of
// its own otherwise. Both post to the same address.
func (q *Queue) dialog(w http.ResponseWriter, r *http.Request, status int, title string, form templ.Component) error {
	d := view.Dialog{Title: title, BackURL: back(r), Form: form}
	if web.IsFragment(r) {
		return web.Render(w, r, status, d.View())
	}
	return q.d.Frame.Page(w, r, module.Page{Title: title, Active: MenuQueue, Status: status}, d.Page())
}

// done answers an action on a row: the lists of the page ask what has changed,
// or, without scripts, the page it came from is shown again.
func (q *Queue) done(w http.ResponseWriter, r *http.Request, t web.Toast) error {
	if !web.IsHTMX(r) {
		web.Flash(w, t, q.d.HTTPS)
		return web.Redirect(w, r, back(r))
	}
	web.ShowToast(w, t)
	web.Trigger(w, "dialog-close", nil)
	web.Trigger(w, view.ChangedEvent, nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// back is the list somebody came from: named by the form, or the page before.
func back(r *http.Request) string {
	if to := r.FormValue("back"); to != "" {
		return web.LocalPath(to, "/queue")
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host || from.Path == r.URL.Path {
		return "/queue"
	}
	return web.LocalPath(from.RequestURI(), "/queue")
}
