// Package snooze lets people set a ticket aside until it can go on: until an
// instant, or until something happens to it. Xurrent's waiting_for with a date is
// of this sort, but there it is a state; here it is not. A ticket that is set
// aside keeps its state, its owner and every running clock. It only leaves the
// lists that say so ("-snoozed:me"), and comes back to them by itself.
//
//	set aside ──> asleep ──> woken: the time has come
//	                 │       woken: the requester answered
//	                 │       woken: somebody changed it
//	                 │       woken: a linked ticket is resolved
//	                 └─────> woken early, or taken back
//
// It is set aside for oneself or for a team: one of the person's groups. Whoever
// it was set aside for sees until when and why, and, once it is back, why it came
// back, until they do something about it or say that they have seen it.
//
// An event wakes it in the transaction in which it happens, the time by a job
// that looks for whatever is due; the first of them wins, so it comes back once
// on however many nodes, and also when the time came while nothing ran.
//
// Whoever may write notes on a ticket may set it aside. To requesters and to
// suppliers' agents nothing of it is shown.
package snooze
