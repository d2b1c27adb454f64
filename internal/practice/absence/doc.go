// Package absence lets people say when they are away and who stands in for them, and
// shows it where it matters: while somebody chooses an assignee, on the ticket of
// somebody who is away, in "My work" of who stands in.
//
// What an absence is and who is told instead core/people and core/notify know. This room
// has its pages, offers to hand over what somebody holds - nothing is ever reassigned by
// itself - and tells of its turns: when it begins, who stands in and, where nobody does,
// who leads; when it ends, whoever is back, of what happened meanwhile.
package absence
