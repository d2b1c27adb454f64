package portal

import "strconv"

// eventChanged is what an open page hears when a ticket of a topic it follows
// has changed.
const eventChanged = "ticket-changed"

func ticketTopic(id int64) string { return "ticket:" + strconv.FormatInt(id, 10) }

func personTopic(id int64) string { return "person:" + strconv.FormatInt(id, 10) }
