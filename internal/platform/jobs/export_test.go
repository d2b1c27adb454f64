package jobs

import "errors"

// Kill ends the node as a crash would: nothing is recorded or handed back.
func (q *Queue) Kill() {
	q.running.Store(false)
	q.kill(errors.New("killed"))
	<-q.stopped
	q.tell.Stop()
}

// Poke makes the node look at the tables and its clock now.
func (q *Queue) Poke() { q.inbox.askLook() }

// LoseLease does what the others do to a node they think dead.
func (q *Queue) LoseLease() { q.lease.lose(q.lease.self()) }

// Due exposes the rule of schedules.
var Due = due
