// Package view draws the pages of business hours.
package view
