// Package phrase is text that is written once and used often: Markdown with
// variables such as {{requester.first_name|there}}, where what follows the bar
// stands in when there is no value. A backslash before the braces, \{{, keeps
// them as they are.
//
// Who reads the text decides which variables it may hold, by type: a Public text
// is filled from Facts, which have no place for anything internal; an Internal
// one from InternalFacts. What must not leave therefore cannot, not even by a
// wrong call.
//
// Values are escaped as they are put in: a ticket's title is written by whoever
// asked, and must not become a link, a mention or markup in our answer.
package phrase
