// Package view draws the pages of macros from view models.
package view

import (
	"fmt"
	"net/url"
	"strconv"
)

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

// DialogPlace is where dialogs of the desk's pages appear.
const DialogPlace = "record-dialog"

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// ChooseURL offers the macros for a ticket.
func ChooseURL(number string) string { return TicketURL(number) + "/macros" }

// RunURL shows what a macro would do to a ticket (GET), and does it (POST).
func RunURL(number string, id int64) string { return ChooseURL(number) + "/" + formatID(id) }

// MacroURL is the address of a macro's form.
func MacroURL(id int64) string { return "/macros/" + formatID(id) }

// OperationURL is the address of a run on many tickets.
func OperationURL(id int64) string { return "/macro-runs/" + formatID(id) }

// ListURL is the address of the list after a macro.
func ListURL(query string, after int64) string {
	values := url.Values{}
	if query != "" {
		values.Set("q", query)
	}
	if after != 0 {
		values.Set("after", formatID(after))
	}
	if len(values) == 0 {
		return "/macros"
	}
	return "/macros?" + values.Encode()
}

func stepName(i int, name string) string { return fmt.Sprintf("step.%d.%s", i, name) }
