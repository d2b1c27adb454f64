// Package tension pairs a process figure with the service or experience figures
// that suffer when it alone is pursued: time to resolve with reopenings, for
// example. A figure of a pair has a goal only together with its partners.
//
// Once an hour, once across all nodes, each pair is tried: if the process figure
// improves while a partner worsens, both beyond noise and for several periods in
// a row, its owner is told, and the page says why with the numbers of the test
// (Mann-Kendall, with the slope of Theil and Sen). It also looks for tickets that
// were finished just under a goal.
//
// Trend, Detect and Bunching are pure. Colleagues who may read figures may read
// pairs, over the tickets they see; suppliers may not. Who manages settings makes them. Alarms are computed over
// the tickets their owner sees.
package tension
