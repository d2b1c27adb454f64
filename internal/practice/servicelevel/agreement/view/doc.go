// Package view draws the pages of agreements.
package view
