// Package view draws what is set aside: the form over a ticket's page, and what
// stands above the page while it sleeps and when it is back.
package view

import (
	"net/url"
	"strconv"

	"github.com/steward-itsm/steward/internal/ui"
)

// Place is the element of a ticket's page that dialogs are put into.
const Place = "#record-dialog"

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// URL is the address of setting a ticket aside.
func URL(number string) string { return TicketURL(number) + "/snooze" }

// OneURL is the address of something done to one snooze: wake, undo, resume, seen.
func OneURL(number string, id int64, what string) string {
	return URL(number) + "/" + strconv.FormatInt(id, 10) + "/" + what
}

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

// Preset is a time that one press chooses.
type Preset struct {
	Label, Hint, Words string
}

// Form asks until when, and why.
type Form struct {
	Number, Title string
	Presets       []Preset
	Until         string // as typed
	Wakes         []ui.Option
	Linked        []ui.Option // tickets it could wait for; none hides the choice
	Groups        []ui.Option // for whom; none is only for oneself
	Reason        string
	MaxReason     int
	Errors        Errors
}
