// Package view draws workarounds: the form over a ticket's page and the one that
// stands.
package view

import (
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"github.com/steward-itsm/steward/internal/ui"
)

// Place is the element of a ticket's page that dialogs are put into.
const Place = "#record-dialog"

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// URL is the address of giving a workaround.
func URL(number string) string { return TicketURL(number) + "/workaround" }

// WithdrawURL takes one back.
func WithdrawURL(number string, id int64) string {
	return URL(number) + "/" + strconv.FormatInt(id, 10) + "/withdraw"
}

// Form asks for a workaround's words.
type Form struct {
	Number, Title string
	Body          string
	Who           []ui.Option
	Problem       string // that no field has
	Errors        map[string]string
}

// Standing is the workaround that stands.
type Standing struct {
	HTML    string
	By      string
	At      time.Time
	Told    string
	Actions []templ.Component
}
