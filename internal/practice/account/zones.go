package account

import (
	"strings"

	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/practice/account/view"
)

// zones lists them grouped by the part before the slash.
var zones = func() []view.Option {
	var all []view.Option
	for _, name := range calendar.Zones() {
		region, place, _ := strings.Cut(name, "/")
		label := strings.NewReplacer("_", " ", "/", ", ").Replace(place)
		if place == "" {
			region, label = "", name
		}
		all = append(all, view.Option{Value: name, Label: label, Group: region})
	}
	return all
}()
