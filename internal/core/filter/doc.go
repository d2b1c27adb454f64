// Package filter is the one language of conditions: queue filters, saved views,
// triggers, guards, permissions and the API all speak it, so that a condition
// means the same wherever it is written.
//
// A condition goes through three forms:
//
//	text  --Parse-->  Node  --Schema.Bind-->  Condition  --Match / SQL
//
// A Node is pure syntax: it knows no fields, and the functions on it list, add,
// replace and remove terms and print the text again, which is all that chips
// over a list need. A Schema declares fields as data: their type, options,
// aliases and where their value stands in SQL. Bind checks a Node against it and
// yields a Condition, an immutable typed tree. Programs (access rules above all)
// build the same tree with And, Or, Not, In and their siblings.
//
// A Condition is either matched or not, never unknown: a missing value matches
// nothing, and Not means "not matched". Match in Go and SQL on SQLite and
// PostgreSQL give the same answer for the same record; a property test holds
// them together. To that end everything that engines disagree on is decided in
// Go: letters are folded by Fold, moments become UTC microseconds, decimal
// numbers scaled integers, and comparisons of options lists of keys.
//
// The zero Condition matches nothing, so a rule that was never set denies. What
// a reader may not know must not be in the schema they filter by, nor in what
// their Resolver finds: a list that grows or shrinks answers questions too.
//
// docs/filter.md is the language's reference for its users.
package filter
