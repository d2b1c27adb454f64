// Package servicelevel is the ITIL 4 practice "service level management": what was
// promised to whom, and whether it is kept. Its parts are split by the question:
// agreement (what was agreed, with whom, from when, and whether it can be kept at
// all).
package servicelevel
