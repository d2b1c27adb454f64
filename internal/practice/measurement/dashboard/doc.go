// Package dashboard has boards of figures that people build, share and receive.
//
// A board is a list of tiles; a tile is a question to core/metric and how its
// answer is drawn. The boards that come with the product are in the code and can
// be copied. What a tile shows is computed for whoever looks, over the tickets
// that person may view and export; every tile opens a page that explains its
// figure and lists the tickets behind it.
//
// A subscription has a board rendered at an hour of the reader's own zone and put
// into their inbox, once across all nodes and with the permissions they have
// then. A screen shows boards on a wall, where nobody is signed in: its secret
// address shows what the person who made it may see, until it is revoked.
package dashboard
