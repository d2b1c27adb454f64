// Package canned is the desk's collection of canned replies: texts that are
// written once and used often, with variables (core/phrase) and files.
//
// A reply belongs to one person, to a group or to everybody (core/sharing). It is
// for what requesters read or for internal notes, and its variables follow from
// that. On a ticket it is found by words, those first that the agent uses most,
// and put where the caret is; what was typed before stays.
//
// Canned replies are tools of our own people: whoever reads no internal notes, a
// supplier's agent for one, has none.
package canned
