package inbox

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/inbox/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// place is the part of the inbox that an address names.
type place struct {
	Only   string `form:"only,line"`
	Before int64  `form:"before"`
}

func (p place) query() notify.Query { return notify.Query{Only: notify.Only(p.Only), Before: p.Before} }

func (i *Inbox) list(w http.ResponseWriter, r *http.Request) error {
	var in place
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	m, err := i.page(r.Context(), in)
	if err != nil {
		return err
	}
	if in.Before != 0 && web.IsFragment(r) {
		return web.Render(w, r, http.StatusOK, m.More())
	}
	return i.d.Frame.Page(w, r, module.Page{Title: text.T(r.Context(), "Notifications"), Active: "inbox"}, m.View())
}

// page reads the lines of a place.
func (i *Inbox) page(ctx context.Context, in place) (view.Page, error) {
	lines, next, err := i.lines(ctx, in.query())
	if err != nil {
		return view.Page{}, err
	}
	m := view.Page{Only: in.Only, Plain: readerOf(ctx).asks(), Lines: lines, Continued: in.Before != 0}
	if next != 0 {
		m.MoreURL = view.ListURL(in.Only, next)
	}
	for _, l := range lines {
		m.Newest = max(m.Newest, l.Newest)
		m.Unread = m.Unread || l.Unread > 0
	}
	return m, nil
}

// news answers an open list: how many lines have news that it does not show.
func (i *Inbox) news(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		place
		Since int64  `form:"since"`
		Only  string `form:"only,line"`
	}
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	lines, _, err := i.lines(r.Context(), notify.Query{Only: notify.Only(in.Only), Limit: 100})
	if err != nil {
		return err
	}
	m := view.News{Only: in.Only, Since: in.Since}
	for _, l := range lines {
		if l.Newest > in.Since && l.Unread > 0 {
			m.Count++
		}
	}
	return web.Render(w, r, http.StatusOK, m.View())
}

// subjects reads "ticket:42".
func subjects(keys []string) ([]notify.Subject, error) {
	var out []notify.Subject
	for _, key := range keys {
		typ, id, _ := strings.Cut(key, ":")
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || typ == "" {
			return nil, apperr.InvalidField("subject", "There is no such line.")
		}
		out = append(out, notify.Subject{Type: typ, ID: n})
	}
	return out, nil
}

// marking is a wish to mark lines as read or unread; no subject means all.
type marking struct {
	Subject []string `form:"subject"`
	At      int64    `form:"at"` // of what to take back
	Only    string   `form:"only,line"`
}

func (i *Inbox) read(w http.ResponseWriter, r *http.Request) error {
	var in marking
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	named, err := subjects(in.Subject)
	if err != nil {
		return err
	}
	ctx := r.Context()
	done, err := i.d.Notices.MarkRead(ctx, named...)
	if err != nil {
		return err
	}
	said := web.Toast{Text: text.T(ctx, "Marked as read"), Undo: view.URL + "/unread?" + url.Values{
		"at": {strconv.FormatInt(done.At.UnixMicro(), 10)}, "only": {in.Only},
	}.Encode()}
	if done.Count == 0 {
		said = web.Toast{Text: text.T(ctx, "Everything was read already")}
	}
	return i.answer(w, r, in, named, said)
}

func (i *Inbox) unread(w http.ResponseWriter, r *http.Request) error {
	var in marking
	if err := web.Form(r, &in, nil); err != nil {
		return err
	}
	named, err := subjects(in.Subject)
	if err != nil {
		return err
	}
	at := time.Time{}
	if in.At != 0 {
		at = time.UnixMicro(in.At)
	}
	ctx := r.Context()
	if err := i.d.Notices.MarkUnread(ctx, at, named...); err != nil {
		return err
	}
	return i.answer(w, r, in, named, web.Toast{Text: text.T(ctx, "Marked as unread")})
}

// answer shows what became of a line, or of the list.
func (i *Inbox) answer(w http.ResponseWriter, r *http.Request, in marking, named []notify.Subject, said web.Toast) error {
	ctx := r.Context()
	back := view.ListURL(in.Only, 0)
	if !web.IsHTMX(r) {
		web.Flash(w, said, i.d.HTTPS)
		return web.Redirect(w, r, back)
	}
	if len(named) != 1 || in.At != 0 {
		web.Flash(w, said, i.d.HTTPS)
		return web.Redirect(w, r, back)
	}
	web.ShowToast(w, said)
	lines, _, err := i.lines(ctx, notify.Query{Limit: 100})
	if err != nil {
		return err
	}
	for _, l := range lines {
		if l.Subject == subjectKey(named[0]) {
			return web.Render(w, r, http.StatusOK, l.View(in.Only))
		}
	}
	return web.Render(w, r, http.StatusOK, view.Gone())
}
