// Package workaround lets agents say that a workaround is given on a ticket: with
// its words, for the requester or for colleagues only. From that instant the
// promise of a workaround is kept (core/clock); the ticket stays open, because its
// resolution is still owed.
//
// A workaround that did not help is taken back. It stays on the timeline, but
// counts as if it had not been given.
//
// Whoever may write notes on a ticket may record one, and whoever may reply may
// tell it to the requester. To requesters and suppliers it is a message like any
// other.
package workaround
