// Package demo makes an organisation to try the product with: Harbourline, a
// freight company of some four hundred people who run their own network and buy
// the rest - a hosted accounting system, the consultants who maintain it, an
// outsourced help desk, managed printers.
//
// It is made in two halves. The first is pure: Company gives the people, groups
// and services, and Tell the stories of ninety days, as data that depends on
// nothing but a seed and the present instant. The second, Fill, writes both
// through the services of the core, the stories as imported histories, so that
// every ticket has a past of its own, and does nothing when somebody is there
// already.
//
// A story follows a plot: what is usually said and done when a printer jams or an
// invoice cannot be posted. Nobody in it is real.
package demo
