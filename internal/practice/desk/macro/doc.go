// Package macro is what agents do to tickets over and over, under a name: ordered
// steps that set fields, assign, move the state, tag, note, reply and watch.
//
// A macro belongs to one person, to a group or to everybody (core/sharing), and is
// offered on the tickets that its kinds and its condition fit. Before it runs, a
// rehearsal says exactly what it will change; then it runs in one transaction as
// an operation of core/ticket, with the permissions of whoever runs it checked
// step by step, and can be undone as one. What was sent to a requester stays sent.
//
// The words of a reply are a public text of core/phrase, those of a note an
// internal one: no value of a note can come into a reply.
//
// Macros are tools of our own people: whoever reads no internal notes, a
// supplier's agent for one, has none.
package macro
