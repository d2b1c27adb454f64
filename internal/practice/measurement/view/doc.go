// Package view draws the catalogue of metrics, a metric's page and the tickets
// behind a figure.
package view
