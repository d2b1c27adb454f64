// Package view draws the pages of canned replies from view models.
package view

import (
	"net/url"
	"strconv"
)

// Errors are what is wrong with the fields of a form, by their names.
type Errors map[string]string

func formatID(id int64) string { return strconv.FormatInt(id, 10) }

// TicketURL is the address of a ticket's page.
func TicketURL(number string) string { return "/tickets/" + url.PathEscape(number) }

// ComposerURL is where a ticket's composer asks for canned replies.
func ComposerURL(number string) string { return TicketURL(number) + "/canned" }

// InsertURL puts a reply into what is written on a ticket.
func InsertURL(number string, id int64) string { return ComposerURL(number) + "/" + formatID(id) }

// ReplyURL is the address of a reply's form.
func ReplyURL(id int64) string { return "/canned/" + formatID(id) }

// FileURL is the address of a file of a reply.
func FileURL(id, file int64) string { return ReplyURL(id) + "/files/" + formatID(file) }

// ListURL is the address of the list after a reply.
func ListURL(query string, after int64) string {
	values := url.Values{}
	if query != "" {
		values.Set("q", query)
	}
	if after != 0 {
		values.Set("after", formatID(after))
	}
	if len(values) == 0 {
		return "/canned"
	}
	return "/canned?" + values.Encode()
}
