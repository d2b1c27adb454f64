// Package intake is where agents write down what comes in by phone or over the
// counter: /tickets/new, one form for every kind of ticket. Who may open tickets
// only for themselves is sent to the portal.
//
// The form follows a conversation. First who is calling - found by typing,
// written down on the spot when unknown, by those who may - then what it is
// about. While that is typed, the caller's own open tickets and similar ones of
// others stand beside it, and what was typed can be added to one of them instead
// of becoming a ticket of its own. What follows from the answers (the priority,
// the group that supports the service) is shown with its reason.
//
// Nothing typed is lost: all of it is a draft from the first letter on, one per
// kind of ticket, and goes along when the kind turns out to be another one. Every
// button is a submit button of the one form, so that the page works without
// scripts.
package intake
