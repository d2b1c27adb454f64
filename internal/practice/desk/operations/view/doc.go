// Package view shows the pages for what touches many tickets.
package view
