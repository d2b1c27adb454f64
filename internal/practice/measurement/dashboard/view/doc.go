// Package view draws boards from plain view models. It knows no figures and no
// permission: what may be shown has been computed and decided.
package view
