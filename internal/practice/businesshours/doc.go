// Package businesshours is where an organisation says when it works: calendars
// with their zone, hours by weekday, holidays and special openings, in versions
// that begin on dates; and where colleagues ask what that means for a promise.
//
// The rules are core/calendar's. Colleagues read, whoever changes settings
// changes; a calendar that something counts by cannot be deleted. A calendar can
// be read by calendar programs at an address with a secret in it.
package businesshours
