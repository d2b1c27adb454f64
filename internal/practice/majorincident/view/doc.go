// Package view draws the pages of major incidents.
package view
