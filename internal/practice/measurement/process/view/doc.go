// Package view draws process maps from plain view models. It knows no ticket and
// no permission: what may be shown has been decided.
package view
