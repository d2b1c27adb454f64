package ical

import (
	"strings"
	"time"
	_ "time/tzdata" // a zone is known wherever the program runs
)

// windowsZones are the names that Outlook and Exchange write, as Unicode's CLDR
// maps them (windowsZones, territory 001).
var windowsZones = map[string]string{
	"W. Europe Standard Time": "Europe/Berlin", "Central Europe Standard Time": "Europe/Budapest", "Romance Standard Time": "Europe/Paris",
	"Central European Standard Time": "Europe/Warsaw", "GMT Standard Time": "Europe/London", "Greenwich Standard Time": "Atlantic/Reykjavik",
	"E. Europe Standard Time": "Europe/Chisinau", "FLE Standard Time": "Europe/Kiev", "GTB Standard Time": "Europe/Bucharest",
	"Turkey Standard Time": "Europe/Istanbul", "Russian Standard Time": "Europe/Moscow", "Israel Standard Time": "Asia/Jerusalem",
	"Arab Standard Time": "Asia/Riyadh", "Arabian Standard Time": "Asia/Dubai", "Iran Standard Time": "Asia/Tehran", "India Standard Time": "Asia/Calcutta",
	"SE Asia Standard Time": "Asia/Bangkok", "China Standard Time": "Asia/Shanghai", "Singapore Standard Time": "Asia/Singapore", "Tokyo Standard Time": "Asia/Tokyo",
	"Korea Standard Time": "Asia/Seoul", "W. Australia Standard Time": "Australia/Perth", "AUS Eastern Standard Time": "Australia/Sydney",
	"E. Australia Standard Time": "Australia/Brisbane", "Cen. Australia Standard Time": "Australia/Adelaide", "New Zealand Standard Time": "Pacific/Auckland",
	"Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago", "Mountain Standard Time": "America/Denver",
	"US Mountain Standard Time": "America/Phoenix", "Pacific Standard Time": "America/Los_Angeles", "Alaskan Standard Time": "America/Anchorage",
	"Hawaiian Standard Time": "Pacific/Honolulu", "Atlantic Standard Time": "America/Halifax", "Newfoundland Standard Time": "America/St_Johns",
	"E. South America Standard Time": "America/Sao_Paulo", "Argentina Standard Time": "America/Buenos_Aires", "SA Pacific Standard Time": "America/Bogota",
	"Central Standard Time (Mexico)": "America/Mexico_City", "South Africa Standard Time": "Africa/Johannesburg", "Egypt Standard Time": "Africa/Cairo",
	"Morocco Standard Time": "Africa/Casablanca", "W. Central Africa Standard Time": "Africa/Lagos", "E. Africa Standard Time": "Africa/Nairobi",
}

// zoneNamed gives the zone of a TZID: an IANA name, one with a maker's prefix, or
// one of Windows; otherwise the place's own.
func zoneNamed(id string, otherwise *time.Location) *time.Location {
	id = strings.Trim(strings.TrimSpace(id), `"`)
	if windows := windowsZones[id]; windows != "" {
		id = windows
	}
	for id != "" && id != "Local" && len(id) < 200 {
		if zone, err := time.LoadLocation(strings.TrimPrefix(id, "/")); err == nil {
			return zone
		}
		_, rest, ok := strings.Cut(strings.TrimPrefix(id, "/"), "/") // "/example.org/20240101_1/Europe/Berlin"
		if !ok {
			break
		}
		id = rest
	}
	return otherwise
}
