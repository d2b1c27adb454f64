package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Component renders itself as HTML; templ's components do.
type Component interface {
	Render(ctx context.Context, w io.Writer) error
}

// ErrorPage gives the page for a problem; when fragment is true, only the part
// that htmx puts in place of what it asked for, and h may be used to direct it
// elsewhere (HX-Retarget, HX-Reswap).
type ErrorPage func(h http.Header, r *http.Request, p *Problem, fragment bool) Component

// catch runs fn and answers for its error or panic.
func (m *Mux) catch(w *recorder, r *http.Request, fn func() error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares the value too
			panic(v)
		}
		m.fail(w, r, &panicked{value: v, stack: debug.Stack()})
	}()
	if err := fn(); err != nil {
		m.fail(w, r, err)
	}
}

type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// fail logs an error that is ours and answers it. When the answer has already
// begun, the connection is cut, so that nobody takes half of it for the whole.
func (m *Mux) fail(w *recorder, r *http.Request, err error) {
	p := m.Problem(r, err)
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	if r.Context().Err() != nil && errors.Is(r.Context().Err(), context.Canceled) {
		w.WriteHeader(statusClientGone)
		return
	}
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "ETag", "Last-Modified", "HX-Trigger", "HX-Redirect", "HX-Push-Url"} {
		h.Del(name) // may have been set for the answer that did not come about
	}
	h.Set("Cache-Control", "no-store")
	if p.Status == http.StatusServiceUnavailable && h.Get("Retry-After") == "" {
		h.Set("Retry-After", "2")
	}
	tooLarge := p.Status == http.StatusRequestEntityTooLarge
	if tooLarge {
		h.Set("Connection", "close")
		// Without this net/http reads the body before it sends the answer.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	if werr := m.writeError(w, r, p); werr != nil {
		m.opts.Logger.LogAttrs(r.Context(), slog.LevelDebug, "an error could not be delivered", slog.Any("error", werr))
	}
	if tooLarge {
		m.linger(w, r)
	}
}

// statusClientGone is what the access log shows for a client that did not wait
// (nginx's number); nobody receives it.
const statusClientGone = 499

// Problem describes an error for the outside and logs it when it is ours. For
// handlers that write their own errors, such as an API library's.
func (m *Mux) Problem(r *http.Request, err error) *Problem {
	err = classify(err)
	ctx := r.Context()
	if m.opts.Reading != nil {
		ctx = m.opts.Reading(r, err, m.wantsJSON(r))
	}
	p := NewProblem(ctx, r, err)
	if serverSide(r.Context(), err) {
		path := r.URL.Path
		if c := callOf(r.Context()); c != nil {
			path = loggedPath(c.pattern, path)
		}
		attrs := []slog.Attr{slog.String("method", r.Method), slog.String("path", path), slog.Int("status", p.Status), slog.Any("error", err)}
		var pan *panicked
		if errors.As(err, &pan) {
			attrs = append(attrs, slog.String("stack", string(pan.stack)))
		}
		level := slog.LevelError
		if apperr.Is(err, apperr.Unavailable) {
			level = slog.LevelWarn
		}
		m.opts.Logger.LogAttrs(r.Context(), level, "request failed", attrs...)
	}
	return p
}

func (m *Mux) writeError(w http.ResponseWriter, r *http.Request, p *Problem) error {
	if m.wantsJSON(r) {
		if !m.isAPI(r) {
			// A page's service gives the whole record; only an API has said how it is shown.
			p.Current = nil
		}
		return WriteProblem(w, p)
	}
	if m.opts.ErrorPage != nil {
		var page bytes.Buffer
		err := m.opts.ErrorPage(w.Header(), r, p, IsFragment(r)).Render(context.WithoutCancel(r.Context()), &page)
		if err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(p.Status)
			_, err = w.Write(page.Bytes())
			return err
		}
		m.opts.Logger.ErrorContext(r.Context(), "the error page could not be rendered", "error", err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(p.Status)
	_, err := fmt.Fprintf(w, "%s\n\n%s\n\nRequest %s\n", p.Title, p.Detail, p.RequestID)
	return err
}

// wantsJSON decides by the path first, because a program that forgets Accept
// is still a program.
func (m *Mux) wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return m.isAPI(r) || strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

func (m *Mux) isAPI(r *http.Request) bool {
	return slices.ContainsFunc(m.opts.JSONPrefixes, func(prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) })
}

// linger takes in and throws away what the client is still sending after a
// refusal: a browser that finds the connection closed while it uploads shows a
// network error instead of the answer.
func (m *Mux) linger(w *recorder, r *http.Request) {
	c := callOf(r.Context())
	if c == nil || c.body == nil || r.ProtoMajor > 1 || r.Header.Get("Expect") != "" {
		return // HTTP/2 can refuse mid-way, and whoever asks first has not sent anything
	}
	control := http.NewResponseController(w)
	if control.Flush() != nil {
		return
	}
	if control.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, c.body, lingerBytes) // whatever ends it, the connection is closed next
}

const (
	lingerTime  = 30 * time.Second
	lingerBytes = 256 << 20
)

func sizeInWords(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d kB", n>>10)
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}
