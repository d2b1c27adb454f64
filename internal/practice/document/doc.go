// Package document is a ticket on paper: a PDF with what it is, what was said and
// what happened, in two versions.
//
// The Public one is made of the public timeline in the requester's words: it has
// no place for an internal note, a tag or who works on it, so it can be given
// away. Requesters get it of their own tickets, everybody else of those they may
// see. The Internal one is for those who read notes; each of its pages says that
// it is internal. They are different types, made by different functions from
// different events, and only their layout is shared.
package document
