// Package view draws the pages of an import from plain view models.
package view
