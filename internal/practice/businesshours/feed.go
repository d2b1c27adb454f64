package businesshours

import (
	"net/http"
	"strings"
)

// feed answers a calendar program that has an address.
func (p *Practice) feed(w http.ResponseWriter, r *http.Request) error {
	file, err := p.Calendars.Subscription(r.Context(), strings.TrimSuffix(r.PathValue("token"), ".ics"), feedOf(r))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	_, err = w.Write(file)
	return err
}
