// Package view draws the form that puts a ticket under another agreement.
package view

import (
	"net/url"

	"github.com/steward-itsm/steward/internal/ui"
)

// Place is the element of a ticket's page that dialogs are put into.
const Place = "#record-dialog"

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// URL is the address of changing a ticket's agreement.
func URL(number string) string { return TicketURL(number) + "/agreement" }

// Form asks for the agreement and the reason.
type Form struct {
	Number, Title string
	Agreements    []ui.Option
	Reason        string
	MaxReason     int
	Errors        map[string]string
}
