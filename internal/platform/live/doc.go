// Package live tells open screens what changed: on every node within a second,
// and without gaps for a browser that was away.
//
// # Events
//
// Whoever changes something publishes a small event in the same transaction: a
// kind, the item it is about, and the topics ("ticket:42", "queue") it belongs
// to. An event says that something changed, not what is true now: the screen
// asks for that itself, so events of different transactions have no promised
// order and no content that not every reader of a topic may know.
//
// # The cursor
//
// A cursor names the transactions a reader has seen, exactly. On PostgreSQL
// ids rise in the order of starting, not of committing, so "everything up to
// id 17" would skip what commits late. The cursor is therefore a snapshot as
// PostgreSQL itself defines it: the first transaction id that had not begun, and
// the ids that were still open then. Each event stores its transaction's id.
// What a reader with snapshot A has to learn from a later snapshot B is what
// A did not see and B does:
//
//	txn >= A.next  or  txn among A.open,  read by a statement whose own snapshot is B
//
// Let S(X) be the events visible in snapshot X. Snapshots of one server only
// grow, so reading S(B)\S(A), then S(C)\S(B), and so on gives every event once:
// the parts are disjoint, and together they are S(now)\S(A). It needs no lock,
// no wait for open transactions and no list of what was sent. SQLite has one
// writer, so counting up in the transaction is in the order of commits, and the
// cursor is the same with nothing open.
//
// # Delivery
//
// One reader per node follows the table for all its subscribers. It reads when
// this node commits an event, when another node says it did (one notice per
// burst, after the commit), and while anybody is subscribed also every 700 ms,
// which keeps the promise of a second when a node dies before its notice or the
// notices are interrupted. A subscriber that cannot keep up, or that was away
// for longer than events are kept, is told to start over (resync) and never
// waited for.
//
// # Presence
//
// Who looks at a topic and who types there is nobody's record: it lives in the
// nodes' memories, is told among them by notices, and fades by itself.
package live
