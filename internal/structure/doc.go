// Package structure keeps the house in order: its tests read the sources and
// hold them to the rules of docs/architecture.md - who may import whom, what a
// practice's folder looks like, what may not be written anywhere. It has no code
// of its own.
package structure
