// Package measurement is the ITIL 4 practice "measurement and reporting": the
// catalogue of metrics with what each one means, its figures as a page that
// explains itself, the tickets behind them, and the same by JSON.
//
// The figures are computed by core/metric; here they get words.
package measurement
