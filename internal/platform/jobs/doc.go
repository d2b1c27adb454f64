// Package jobs is the queue of work that follows a change: what must happen
// soon, later or again and again, but not inside a request.
//
// A job is a row written in the same transaction as the change that asks for
// it: a rolled-back change leaves no job, a committed one cannot lose it. Each
// node runs the kinds it knows. A job runs at least once; a handler that only
// writes to this database makes its effect happen exactly once by Job.Complete.
//
// # States
//
//	enqueue with a key            enqueue
//	       |                         |
//	       v      first of its key   v        claimed by a node
//	     held ----------------> ready or scheduled --> running --> done
//	                                 ^                    |
//	                                 |  failed, snoozed,  |  gave up, or permanent
//	                                 |  handed back       |
//	                                 +--------------------+--> dead
//	                                 ^                          |
//	                                 +------- a person replays -+--> discarded
//
// # Order per key
//
// Jobs with the same key run one at a time in the order they were enqueued. A
// keyed job is born held, and only the oldest held job of a key gets a turn
// (scheduled, ready, running), which a unique index grants to one job per key.
// A retrying job keeps its turn and so holds back its key; a dead one gives it
// up. The turn is passed on by a transaction that begins after the commit which
// made it free (the enqueueing or the end of the one before), so whichever of
// the two comes last sees the other; should a node die in between, the next
// look of any node finds the key.
//
// # Leases
//
// A claimed job belongs to a node, and the node's lease covers all of them: one
// row whose beat counter rises while the node holds jobs. Others do not compare
// clocks; they watch the counter, and a node whose counter stood still for a
// whole lease loses its jobs. The node itself cancels them when it could not
// beat for that long, which by its own clock is earlier. SQLite serves one
// process, so there what another node holds is taken over at the start.
//
// # Speed
//
// A node wakes by the commit of an enqueueing transaction, by the end of a job,
// by a notice from a node that has more than it can do, by the next known
// run_at, and now and then to look for what nobody told it. Each time it does
// one round: one transaction that records what ended and claims what is next,
// as many at once as a few milliseconds of work. So SQLite's only writer is
// taken once for hundreds of jobs.
package jobs
