package dashboard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/module"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard/view"
	"github.com/steward-itsm/steward/internal/ui"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// Screen shows boards on a wall, one after the other, as its owner may see them.
type Screen struct {
	ID        int64
	Name      string
	OwnerID   int64
	Boards    []string // refs
	Seconds   int      // each board for so long
	CreatedAt time.Time
	ExpiresAt time.Time
	SeenAt    time.Time // to about a minute; zero not yet
	RevokedAt time.Time
}

const screenColumns = `s.id, s.name, s.owner_id, s.boards, s.seconds, s.created_at, s.expires_at, s.seen_at, s.revoked_at`

func scanScreen(r database.Row) (Screen, error) {
	var s Screen
	err := r.Scan(&s.ID, &s.Name, &s.OwnerID, database.JSON{V: &s.Boards}, &s.Seconds, (*database.Time)(&s.CreatedAt), (*database.Time)(&s.ExpiresAt),
		(*database.Time)(&s.SeenAt), (*database.Time)(&s.RevokedAt))
	return s, err
}

// Limits of screens.
const (
	maxScreens      = 20 // of one person that are still good
	maxScreenBoards = 8
)

var (
	screenSeconds = []int{15, 30, 60, 300}
	screenDays    = []int{30, 90, 365}
)

// wallVerbs are all that a screen may do in its owner's name.
var wallVerbs = access.Limit{Verbs: []access.Verb{access.View, access.Export, access.ReadNotes}}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (s *Screen) audited() any {
	return map[string]any{"name": s.Name, "boards": s.Boards, "seconds": s.Seconds, "expires_at": s.ExpiresAt, "revoked_at": s.RevokedAt}
}

func (d *Dashboards) checkScreen(ctx context.Context, s *Screen) error {
	var p apperr.Problems
	if n := utf8.RuneCountInString(s.Name); n == 0 || n > maxName {
		p.Add("name", "Say in up to %d characters where the screen hangs.", maxName)
	}
	if len(s.Boards) == 0 || len(s.Boards) > maxScreenBoards {
		p.Add("boards", "Choose one to %d boards.", maxScreenBoards)
	}
	if !slices.Contains(screenSeconds, s.Seconds) {
		p.Add("seconds", "Choose how long each board is shown.")
	}
	if !s.ExpiresAt.After(d.d.Clock()) || s.ExpiresAt.After(d.d.Clock().AddDate(0, 0, screenDays[len(screenDays)-1]+1)) {
		p.Add("days", "Choose how long the address is good.")
	}
	if err := p.Err(); err != nil {
		return err
	}
	known, err := d.List(ctx)
	if err != nil {
		return err
	}
	for _, ref := range s.Boards {
		if !slices.ContainsFunc(known, func(b Board) bool { return b.ref() == ref }) {
			return apperr.InvalidField("boards", "You do not have one of these boards.")
		}
	}
	return nil
}

type screenForm struct {
	Name    string   `form:"name,line,max=200"`
	Boards  []string `form:"boards"`
	Seconds int      `form:"seconds"`
	Days    int      `form:"days"`
}

func (d *Dashboards) screens(w http.ResponseWriter, r *http.Request) error {
	if err := require(r.Context()); err != nil {
		return err
	}
	return d.showScreens(w, r, http.StatusOK, screenForm{Seconds: 30, Days: 90}, "", nil)
}

func (d *Dashboards) showScreens(w http.ResponseWriter, r *http.Request, status int, f screenForm, secret string, wrong error) error {
	ctx := r.Context()
	all, err := d.listScreens(ctx)
	if err != nil {
		return err
	}
	boards, err := d.List(ctx)
	if err != nil {
		return err
	}
	form := view.ScreenForm{Name: f.Name, Errors: apperr.ByField(ctx, wrong)}
	for i := range boards {
		b := &boards[i]
		form.Boards = append(form.Boards, ui.Option{Value: b.ref(), Label: name(ctx, b), Selected: slices.Contains(f.Boards, b.ref())})
	}
	for _, s := range screenSeconds {
		form.Every = append(form.Every, ui.Option{Value: strconv.Itoa(s), Label: text.Duration(ctx, time.Duration(s)*time.Second), Selected: s == f.Seconds})
	}
	for _, n := range screenDays {
		form.Lasts = append(form.Lasts, ui.Option{Value: strconv.Itoa(n), Label: text.N(ctx, n, "%d day", "%d days"), Selected: n == f.Days})
	}
	v := view.Screens{Secret: secret, Form: form.View(), Table: ui.Table{
		ID: "screen-list", Caption: text.T(ctx, "Screens"),
		Columns: []ui.Column{
			{Key: "name", Label: text.T(ctx, "Where it hangs"), Main: true},
			{Key: "seen", Label: text.T(ctx, "Last asked"), Shrink: true},
			{Key: "until", Label: text.T(ctx, "Good until"), Shrink: true},
			{Key: "revoke", Label: text.T(ctx, "Actions"), Hidden: true, Shrink: true},
		},
		Empty: ui.EmptyState{Icon: ui.IconDeviceDesktop, Title: text.T(ctx, "There is no screen yet"), Text: text.T(ctx, "A screen shows boards on a wall, without a person signed in.")},
	}}
	for _, s := range all {
		seen := ui.Nothing()
		if !s.SeenAt.IsZero() {
			seen = ui.Moment{At: s.SeenAt}.View()
		}
		v.Table.Rows = append(v.Table.Rows, ui.Row{Label: s.Name, Cells: []templ.Component{
			ui.Words(s.Name), seen,
			ui.Moment{At: s.ExpiresAt},
			ui.Button{Label: text.T(ctx, "Revoke"), Small: true, Kind: ui.Quiet, Post: fmt.Sprintf("/screens/%d/revoke", s.ID)},
		}})
	}
	return d.d.Frame.Page(w, r, module.Page{Title: text.T(ctx, "Screens"), Active: Menu, Status: status}, v.View())
}

func (d *Dashboards) makeScreen(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f screenForm
	if err := web.Form(r, &f, zoneOf(ctx)); err != nil {
		return err
	}
	_, token, err := d.MakeScreen(ctx, Screen{Name: f.Name, Boards: f.Boards, Seconds: f.Seconds, ExpiresAt: d.d.Clock().UTC().AddDate(0, 0, max(f.Days, 0))})
	if apperr.Is(err, apperr.Invalid) {
		return d.showScreens(w, r, http.StatusUnprocessableEntity, f, "", err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return d.showScreens(w, r, http.StatusOK, screenForm{Seconds: f.Seconds, Days: f.Days}, d.d.BaseURL+"/wall/"+token, nil)
}

func (d *Dashboards) revokeScreen(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return apperr.New(apperr.NotFound, "There is no such screen.")
	}
	s, err := d.RevokeScreen(ctx, id)
	if err != nil {
		return err
	}
	web.Flash(w, web.Toast{Text: text.T(ctx, "%s shows nothing any more", s.Name)}, d.d.HTTPS)
	return web.Redirect(w, r, "/dashboards/screens")
}

// errNoWall is the same for every address that shows nothing, whatever the reason.
func errNoWall() error {
	return apperr.New(apperr.NotFound, "This address shows nothing. It may have been revoked, or have run out.")
}

// wallOf is a board on the full screen for whoever is signed in.
func (d *Dashboards) wallOf(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b, err := d.Board(ctx, r.PathValue("ref"))
	if err != nil {
		return err
	}
	l, err := d.lookOf(ctx, r.URL.Query())
	if err != nil {
		return err
	}
	if l.Wrong != nil {
		return apperr.InvalidField("q", "%s", l.Wrong.Msg)
	}
	w.Header().Set("Refresh", "30")
	return d.hang(w, r, &b, l, "")
}

// hang draws a board to be read across a room.
func (d *Dashboards) hang(w http.ResponseWriter, r *http.Request, b *Board, l look, where string) error {
	ctx := r.Context()
	answers, err := d.compute(ctx, b, l)
	if err != nil {
		return err
	}
	v := view.Wall{Title: name(ctx, b), Note: text.DateTime(ctx, d.d.Clock()), Tiles: draw(ctx, answers, nil)}
	if where != "" {
		v.Note = where + " · " + v.Note
	}
	return web.Render(w, r, http.StatusOK, onWall{ui.Wall{Title: v.Title}, v.View()})
}

// wall shows the next board of a screen, to whoever has its address. The page
// asks for the one after it by itself.
func (d *Dashboards) wall(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	now := d.d.Clock()
	s, err := d.screenOf(ctx, r.PathValue("token"), now)
	if apperr.Is(err, apperr.NotFound) {
		return errNoWall()
	}
	if err != nil {
		return err
	}
	p, err := d.d.Actors.Person(ctx, s.OwnerID)
	if apperr.Is(err, apperr.NotFound) || apperr.Is(err, apperr.Forbidden) || err == nil && !mayRead(p.Actor) {
		return errNoWall()
	}
	if err != nil {
		return err
	}
	if err := d.seen(ctx, s, now); err != nil {
		return err
	}
	at, _ := strconv.Atoi(r.FormValue("board")) // anything else is the first
	at = max(at, 0) % len(s.Boards)
	ctx = d.d.Reading(access.With(ctx, p.Actor.Limited(wallVerbs)), p)
	b, err := d.Board(ctx, s.Boards[at])
	if apperr.Is(err, apperr.NotFound) {
		b, err = Board{Name: s.Name}, nil // its owner no longer has it; the others go on
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Refresh", fmt.Sprintf("%d; url=/wall/%s?board=%d", s.Seconds, r.PathValue("token"), (at+1)%len(s.Boards)))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	return d.hang(w, r.WithContext(ctx), &b, look{}, s.Name)
}
