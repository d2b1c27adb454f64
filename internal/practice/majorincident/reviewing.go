package majorincident

import (
	"net/http"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/majorincident/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p *pages) editReview(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	m, _, err := p.Get(r.Context(), id)
	if err != nil {
		return err
	}
	return p.askReview(w, r, id, m.Review, m.Version, nil)
}

func (p *pages) askReview(w http.ResponseWriter, r *http.Request, id int64, review Review, version int, failed error) error {
	ctx := r.Context()
	m, t, err := p.Get(ctx, id)
	if err != nil {
		return err
	}
	if apperr.Is(failed, apperr.Conflict) {
		version = m.Version
	}
	bad, alert := problems(ctx, failed)
	part := func(name, label, help, value string) templ.Component {
		return ui.TextArea{Field: ui.Field{Name: name, Label: label, Help: help, Error: bad[name]}, Value: value, Rows: 6}
	}
	return p.edit(w, r, view.Editor{
		Title: text.T(ctx, "Post-incident review"), Lead: text.T(ctx, "Without blame: what happened, why it could, and what makes it less likely. The incident can be closed when it is complete."),
		Action: roomURL(id) + "/review", Cancel: roomURL(id), Save: text.T(ctx, "Save"), Alert: alert, Trail: p.trail(ctx, &m, t.Number, text.T(ctx, "Review")),
		Hidden: []ui.Hidden{{Name: "version", Value: strconv.Itoa(version)}},
		Fields: []templ.Component{
			part("overview", text.T(ctx, "Overview"), text.T(ctx, "What happened, to whom, for how long."), review.Overview),
			part("cause", text.T(ctx, "Cause"), text.T(ctx, "What set it off, and what let it get that far."), review.Cause),
			part("findings", text.T(ctx, "Findings"), text.T(ctx, "What went well, what did not, where we were lucky."), review.Findings),
			part("remedy", text.T(ctx, "Resolution"), text.T(ctx, "What ended it, and what still has to be done."), review.Remedy),
		},
		Also: []templ.Component{ui.Button{Label: text.T(ctx, "Save and complete"), Submit: true, Name: "complete", Value: "true", Icon: ui.IconCheck}},
	}, failed)
}

func (p *pages) saveReview(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	var f struct {
		Overview string `form:"overview"`
		Cause    string `form:"cause"`
		Findings string `form:"findings"`
		Remedy   string `form:"remedy"`
		Complete bool   `form:"complete"`
		Version  int    `form:"version"`
	}
	err := web.Form(r, &f, nil)
	review := Review{Overview: f.Overview, Cause: f.Cause, Findings: f.Findings, Remedy: f.Remedy}
	if err == nil {
		_, err = p.Write(r.Context(), id, f.Version, review, f.Complete)
	}
	if back(err) {
		return p.askReview(w, r, id, review, f.Version, err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}

func (p *pages) addAction(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	var f struct {
		Title string `form:"title"`
		Owner int64  `form:"owner"`
		Due   string `form:"due"`
	}
	err := web.Form(r, &f, nil)
	in := Improvement{Title: f.Title, OwnerID: f.Owner}
	if err == nil && f.Due != "" {
		if in.Due, err = time.ParseInLocation(time.DateOnly, f.Due, text.From(ctx).Location); err != nil {
			err = apperr.InvalidField("due", "Give a day, such as 2026-11-30.")
		}
	}
	if err == nil {
		_, err = p.AddAction(ctx, id, in)
	}
	if back(err) {
		bad, _ := problems(ctx, err)
		return p.showRoom(w, r, id, ui.Alert{}, nil, &view.Improvements{Title: f.Title, Due: f.Due, Errors: bad}, statusOf(err))
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id)+"#improvements")
}

func (p *pages) finishAction(w http.ResponseWriter, r *http.Request) error {
	id := web.PathID(r, "id")
	action := web.PathID(r, "action")
	var f struct {
		Done bool `form:"done"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	if _, err := p.Finish(r.Context(), id, action, f.Done); err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id)+"#improvements")
}

func (p *pages) telling(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id := web.PathID(r, "id")
	var f struct {
		Body    string `form:"body"`
		Public  bool   `form:"public"`
		Replies bool   `form:"replies"`
		Next    int    `form:"next"` // minutes
	}
	var err error
	if err = web.Form(r, &f, nil); err == nil {
		_, err = p.Tell(ctx, id, Telling{Public: f.Public, Body: f.Body, Replies: f.Replies, Next: time.Duration(f.Next) * time.Minute})
	}
	if back(err) {
		bad, alert := problems(ctx, err)
		return p.showRoom(w, r, id, ui.Alert{}, &view.Tell{Body: f.Body, Public: f.Public, Replies: f.Replies, Errors: bad, Problem: alert}, nil, statusOf(err))
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, roomURL(id))
}
