// Package suggest completes what is being typed in the desk's forms: people,
// groups, members of a group, organisations, services, and tickets by number or
// words. A combobox of internal/ui asks GET /suggest/{what}?q= and gets options;
// a composer asks /suggest/mentions for "@ana" and gets what to insert.
//
// Whoever asks gets the names that the directory, the services and the tickets
// would show them anyway, decided there and not here; what somebody may not see
// is not found. Nothing is an error while somebody types: a group that does not
// exist has no members.
//
// The value of a ticket is its number, of everything else the id.
package suggest
