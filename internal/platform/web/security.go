package web

import (
	"context"
	"net/http"

	"github.com/steward-itsm/steward/internal/platform/requestid"
)

// DefaultCSP lets a page load only what this server sends, run no inline
// script or style, be framed by nobody and post only to itself.
const DefaultCSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'"

// securityHeaders are on every answer. https adds HSTS: a browser that was here
// once never speaks plain HTTP to this host again.
func securityHeaders(https bool) http.Header {
	h := http.Header{}
	h.Set("Content-Security-Policy", DefaultCSP)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // not no-referrer: that would blank Origin on forms
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "private, no-cache") // kept by the browser only, and asked about each time
	if https {
		h.Set("Strict-Transport-Security", "max-age=63072000")
	}
	return h
}

func (m *Mux) setHeaders(ctx context.Context, h http.Header) {
	for name, values := range m.headers {
		h[name] = values
	}
	h.Set(requestid.Header, requestid.From(ctx))
}
