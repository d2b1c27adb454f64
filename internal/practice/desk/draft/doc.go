// Package draft lets colleagues look at a text before it goes out. What is typed
// on a ticket is its author's alone (ticket.Draft); shared, it becomes a Draft
// that whoever may send it reads, changes, reviews and sends.
//
//	typed ──share──> shared ──review──> ready to send, or: please change
//	  ^                │  └──change───> the next version, to be reviewed anew
//	  └──take back─────┤
//	                   ├──send────────> an entry of the timeline: "drafted by Ana"
//	                   └──discard─────> gone, and back for a while
//
// Everybody who reads a ticket's internal notes and may write what the draft is (a
// public reply, an internal note) works with its drafts; requesters and suppliers'
// agents learn nothing of them. A text stands in no search, export, document or
// timeline before it is sent; the timeline says that a draft was shared, how it was
// reviewed and what became of it.
//
// A change names the version it was made of; when somebody was quicker, both texts
// are shown, and those of earlier versions are kept as long as the draft is. The
// one who is asked for a review is told, and so is the author of the verdict.
//
// A draft belongs to the ticket it was written on and is shown where that ticket
// goes on: on the target of a merge, and back on its own when that is undone.
package draft
