// Package view draws the administrator's pages from plain view models.
package view
