// Package changeover puts a ticket under another agreement, or another version of
// it, than the rules say: what was frozen for a ticket is changed only so.
//
// It takes a permission of its own and a reason, stands on the timeline and in the
// audit log, and holds until somebody changes it again, or goes back to what the
// rules say. What was consumed stays consumed; what the clocks do with it is
// core/clock's to say.
package changeover
