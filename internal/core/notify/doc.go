// Package notify tells people in the product what concerns them: a notice says
// what happened, about which record, who did it and why it reached this person.
//
// A notice is written in the transaction of what it tells of, so it exists if and
// only if that happened, once, whichever node did it: notices of tickets follow
// from the save of the timeline (Follow), the others are sent by the room that
// knows (Send). The recipient's screens hear of it within a second.
//
// Who may see a notice is decided when it is shown, by the rule that guards the
// record itself. What somebody may no longer see is in no list and no count. A
// notice of an internal note is marked as internal and shown only to those who
// read notes; what requesters and suppliers get is a PublicNotice, which cannot
// be one.
//
// Nobody is told of what they did themselves. A person can turn off a kind of
// notice, and mute a ticket, which then tells them only of mentions and
// assignments. Notices are few by design: they end after a time, and a person
// has at most a few hundred.
package notify
