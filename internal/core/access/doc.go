// Package access decides who may do what on which records. Nothing is allowed
// unless a grant says so.
//
// A role is data: a list of permissions, each a verb on a kind of ticket within
// a scope. A person holds roles directly or through groups, and a role may be
// bound to an organisation. Held and bound, a permission is a Grant; the grants
// of whoever is at work, with the few facts that scopes look at (my groups, the
// organisations below mine, the services I own), make an Actor, an immutable
// value that travels in the context of every request and job.
//
// A grant means one thing only: a filter.Condition over the record's fields.
// Check matches that condition against a record in memory, Condition gives it to
// a list as SQL, and Explain puts it into words. There is no second place where
// a scope is spelled out, so a list can never show what a page would refuse.
//
// Internal notes have verbs of their own (ReadNotes, Note): being allowed to see
// a ticket never includes them.
//
// This package is pure. Roles are stored by its subpackage roles; actors of
// people are loaded by core/identity.
package access
