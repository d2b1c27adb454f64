// Package view draws pairs of figures from plain view models. It knows no figures
// and no permission.
package view
