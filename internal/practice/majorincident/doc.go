// Package majorincident handles incidents that need more than the ordinary way of
// working: somebody in command, everybody informed at a set pace, the linked
// tickets in tow, and a review that must be written before it is over (ITIL 4,
// incident management: major incidents).
//
//	            propose                accept
//	(incident) --------> proposed ----------------> accepted --------> resolved
//	                        |  \ reject                |  ^  resolve the   |
//	                        |   `-----> rejected       |  |  ticket         |
//	                        | withdraw                 |  `-----------------+
//	                        `---------> cancelled <----'     reopen it
//
// Whoever may edit the incident may propose; accepting, and everything after it,
// needs the verb "manage_major". A rule may propose or accept by itself. Colleagues
// see the room; the organisation sees the public words alone: a banner on every
// page and the status page. While it is accepted, and until its review is complete,
// the incident cannot be closed, by nobody and by no passing of days.
package majorincident
