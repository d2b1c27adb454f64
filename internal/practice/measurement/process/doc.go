// Package process draws the flow that tickets really took, from their timelines:
// which states they were in, or which groups held them, how often each step was
// taken and how long it took to come to it.
//
//	courses (core/ticket) --Trace--> traces --Discover--> Map --Arrange--> drawing
//
// Trace, Discover and Arrange are pure. A map can be simplified to the most
// frequent ways; whatever it leaves out it says. Everything on it opens the
// tickets behind: a place, a step, a way. The map holds the tickets created in a
// period that the reader may see the work of, the newest ones first, and no more
// than can be read at once; if there were more it says so.
package process
