// Package desk is where tickets of every kind are worked. Its parts are split by
// what an agent does: queue (lists, saved views, my work, search), record (the
// ticket page), intake (writing down what comes in), suggest (completing names),
// api (the same use cases by JSON).
package desk
