package businesshours

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/calendar/ical"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web"
	"github.com/steward-itsm/steward/internal/practice/businesshours/view"
	"github.com/steward-itsm/steward/internal/ui/text"
)

func (p *Practice) importForm(w http.ResponseWriter, r *http.Request) error {
	if err := mayManage(r.Context()); err != nil {
		return err
	}
	return p.showImport(w, r, view.Import{As: string(calendar.AsHolidays)}, nil)
}

func (p *Practice) showImport(w http.ResponseWriter, r *http.Request, m view.Import, failed error) error {
	ctx := r.Context()
	c, err := p.Calendars.Get(ctx, web.PathID(r, "id"))
	if err != nil {
		return err
	}
	if i, err := found(&c.Calendar, r.PathValue("from")); err != nil || i < 0 {
		return apperr.New(apperr.NotFound, "This calendar has no version from this date.")
	}
	m.Name, m.URL, m.Action = c.Name, view.URL(c.ID), view.URL(c.ID)+"/versions/"+r.PathValue("from")
	m.Error, m.Limit, m.Version = apperr.ByField(ctx, failed)["file"], ical.MaxSize, c.Version
	if failed != nil && m.Error == "" {
		m.Error = apperr.Message(failed).In(ctx)
	}
	return p.page(w, r, statusOf(failed), text.T(ctx, "Read a calendar file"), m.View())
}

// readFile shows what a file would add.
func (p *Practice) readFile(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	if err := mayManage(ctx); err != nil {
		return err
	}
	var f struct {
		As string `form:"as"`
	}
	var data []byte
	err := web.Upload(r, &f, nil, func(u web.UploadedFile) error {
		var err error
		data, err = io.ReadAll(io.LimitReader(u.Content, ical.MaxSize+1))
		if err == nil && len(data) > ical.MaxSize {
			_, err = io.Copy(io.Discard, u.Content)
		}
		return err
	})
	m := view.Import{As: f.As}
	if f.As != string(calendar.AsOpenings) {
		m.As = string(calendar.AsHolidays)
	}
	var got calendar.Imported
	switch {
	case err != nil:
	case len(data) == 0:
		err = apperr.InvalidField("file", "Choose a file.")
	default:
		got, err = p.Calendars.Import(ctx, web.PathID(r, "id"), parseDate(r.PathValue("from")), data, calendar.As(m.As))
	}
	if err != nil {
		if back(err) {
			return p.showImport(w, r, m, err)
		}
		return err
	}
	m.Read, m.Known, m.Past, m.Left, m.Missed = true, got.Known, got.Past, got.Left, got.Missed
	for i, h := range got.Holidays {
		line := view.Imported{Index: strconv.Itoa(i), Name: h.Name, Date: dateWords(ctx, h.From)}
		if !h.To.IsZero() {
			line.Date = text.T(ctx, "%s to %s", dateWords(ctx, h.From), dateWords(ctx, h.To))
		}
		if h.Yearly {
			line.Note = text.T(ctx, "every year")
		}
		m.Found = append(m.Found, line)
	}
	for i, o := range got.Openings {
		m.Found = append(m.Found, view.Imported{Index: strconv.Itoa(i), Name: o.Name, Date: dateWords(ctx, o.Date), Note: spanWords(o.Spans)})
	}
	carried, err := json.Marshal(calendar.Imported{Holidays: got.Holidays, Openings: got.Openings})
	if err != nil {
		return err
	}
	m.Carried = string(carried)
	return p.showImport(w, r, m, nil)
}

// saveImport adds what was chosen of a file.
func (p *Practice) saveImport(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var f struct {
		Carried string   `form:"carried,raw"`
		Take    []string `form:"take"`
		Version int64    `form:"version"`
	}
	if err := web.Form(r, &f, nil); err != nil {
		return err
	}
	var got calendar.Imported
	if err := json.Unmarshal([]byte(f.Carried), &got); err != nil {
		return apperr.Wrap(err, apperr.Invalid, "The form could not be read.")
	}
	take := func(i int) bool { return slices.Contains(f.Take, strconv.Itoa(i)) }
	got.Holidays, got.Openings = chosen(got.Holidays, take), chosen(got.Openings, take)
	id := web.PathID(r, "id")
	_, err := p.Calendars.Add(ctx, id, f.Version, parseDate(r.PathValue("from")), got)
	if back(err) {
		return p.showWith(w, r, id, err, "")
	}
	if err != nil {
		return err
	}
	n := len(got.Holidays) + len(got.Openings)
	web.Flash(w, web.Toast{Text: text.N(ctx, n, "%d date is added", "%d dates are added")}, p.HTTPS)
	return web.Redirect(w, r, view.URL(id))
}

func chosen[T any](all []T, take func(int) bool) []T {
	var out []T
	for i, v := range all {
		if take(i) {
			out = append(out, v)
		}
	}
	return out
}
