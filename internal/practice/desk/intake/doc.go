// Package intake is where agents write down what comes in by phone or over the
// counter: /tickets/new. The ticket page itself is desk/record; completing the
// names of people, groups, services and tickets in forms is desk/suggest.
package intake
