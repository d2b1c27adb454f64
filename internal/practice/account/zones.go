package account

import (
	_ "embed"
	"strings"

	"github.com/steward-itsm/steward/internal/practice/account/view"
)

// The zones of the IANA time zone database that differ since 1970 (its file
// zone1970.tab), and UTC.
//
//go:embed zones.txt
var zoneNames string

// zones lists them grouped by the part before the slash.
var zones = func() []view.Option {
	var all []view.Option
	for name := range strings.FieldsSeq(zoneNames) {
		region, place, _ := strings.Cut(name, "/")
		label := strings.NewReplacer("_", " ", "/", ", ").Replace(place)
		if place == "" {
			region, label = "", name
		}
		all = append(all, view.Option{Value: name, Label: label, Group: region})
	}
	return all
}()
