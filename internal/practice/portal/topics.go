package portal

import "strconv"

// The live topics the pages follow, and the events by which they hear of a change.
const (
	eventTicket  = "ticket-changed"
	eventTickets = "tickets-changed"
)

func ticketTopic(id int64) string { return "ticket:" + strconv.FormatInt(id, 10) }

func personTopic(id int64) string { return "person:" + strconv.FormatInt(id, 10) }
