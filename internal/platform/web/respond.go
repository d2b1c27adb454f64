package web

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render answers with a component. It is rendered whole before anything is
// sent, so that its error becomes an error page and not half a page.
func Render(w http.ResponseWriter, r *http.Request, status int, c Component) error {
	buf, _ := pages.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() < 1<<20 { // one giant page must not stay in memory for good
			pages.Put(buf)
		}
	}()
	if err := c.Render(r.Context(), buf); err != nil {
		return apperr.Wrap(err, apperr.Internal, "The page could not be put together.")
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "HX-Request, HX-Request-Type") // the same address gives a page or a part of it
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes()) // a reader that went away is no error of ours
	return nil
}

// JSON answers with a document.
func JSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return apperr.Wrap(err, apperr.Internal, "The answer could not be put together.")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a reader that went away is no error of ours
	return nil
}

// Redirect sends the browser to another page after a form: 303, so that it
// gets it with GET. htmx would follow a 303 inside the fragment, so it is told
// to move the whole page.
func Redirect(w http.ResponseWriter, r *http.Request, to string) error {
	if IsHTMX(r) {
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// LocalPath gives a path for a redirect that a user could have written ("next"
// after signing in): only one of this server, or fallback.
func LocalPath(to, fallback string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t\x00") {
		return fallback
	}
	return to
}

// inline lists what a browser may show itself: pictures and text that carry no
// script. SVG and PDF do, so they are downloads.
var inline = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true, "text/plain": true,
}

// File prepares the headers of a file that came from outside, so that no
// browser ever runs it: its own sandbox, no guessing of types, and a download
// unless it is a harmless picture or text.
func File(w http.ResponseWriter, name, contentType string) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, params = "application/octet-stream", nil
	}
	disposition := "attachment"
	if inline[media] {
		disposition = "inline"
	} else {
		media, params = "application/octet-stream", nil
	}
	if media == "text/plain" && params["charset"] == "" {
		params = map[string]string{"charset": "utf-8"}
	}
	h := w.Header()
	h.Set("Content-Type", mime.FormatMediaType(media, params))
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": FileName(name)}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
}

// FileName makes a name from outside safe to offer and to store: the last part
// of the path, one line, not empty, at most 200 bytes with its extension kept.
func FileName(name string) string {
	name = OneLine(strings.ReplaceAll(name, "\\", "/"))
	name = strings.TrimSpace(path.Base("/" + name))
	if name == "/" || name == "." || name == ".." {
		return "file"
	}
	const most = 200
	if len(name) > most {
		ext := path.Ext(name)
		if len(ext) > 20 {
			ext = ""
		}
		name = strings.ToValidUTF8(name[:most-len(ext)], "") + ext
	}
	return name
}
