// Package operations is everything on the desk that touches many tickets, and its
// undo: editing a selection or a whole filter at once, merging, splitting,
// changing the kind, and the page of what was done.
//
//	chosen ──> rehearsed ──> done: at once, or by a job in parts
//	             (says what        │
//	              will happen)     └──> undone: what still holds what was written
//	                                    is given back, the rest is said in words
//
// The rules are those of core/ticket; what is here asks for it, by page and by
// JSON. Every ticket is checked by itself, and one that refuses keeps no other
// from being done.
package operations
