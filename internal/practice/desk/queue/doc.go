// Package queue is the part of the desk that lists tickets of every kind: the
// queue with its saved views, "My work", search, the command palette and the
// export.
//
// A list is a filter, an order and columns. All three stand in the address, so
// that a link is the list; a saved view is the same three under a name, and the
// address says only in what the list differs from its view (see place). What may
// be seen is decided by ticket.Service alone: nothing here asks for a ticket in
// another way.
//
// A list that is open stays true without moving: the page tells the server which
// rows it shows in which version, and gets back those that changed, those that
// have left the list or the reader's sight, and how many new ones belong to the
// part it shows (see changes.go). Rows are never inserted under the pointer.
package queue
