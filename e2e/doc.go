// Package e2e tests the finished program from outside: stories over the binary,
// journeys in a browser, nodes that are killed. Everything here starts the real
// thing and talks to it as people and programs do.
package e2e
