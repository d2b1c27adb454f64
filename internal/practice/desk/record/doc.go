// Package record is the desk's page of one ticket, of whatever kind, and the files
// of tickets.
//
// A ticket's page is a conversation with a memory: what was said and what
// changed stand in one timeline, newest last; above it what is to be done next,
// beside it who asks, what they use and what else is broken. Everything is
// edited where it stands. A save names what it was made of: when somebody else
// changed the same value meanwhile, both texts are shown and one is chosen or
// the two are merged; when they changed something else, both are kept.
//
// Three kinds of people open the page. Who reads internal notes sees all of it.
// A supplier's agent sees the same page made of the public timeline, which has
// no place for an internal text, and without the names the directory keeps from
// them. Whoever is only the requester is sent to the portal.
//
// The page follows the topic "ticket:ID". When something happens it asks for
// what changed and puts that in place; the composer and whatever is being edited
// are never touched. Who looks and who types is told on the topic "desk:ID",
// which only colleagues may follow.
//
// Every action is a plain form that works without scripts; htmx makes it quick.
package record
