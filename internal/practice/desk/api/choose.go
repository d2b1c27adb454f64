package api

import (
	"reflect"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// chosen gives a function that empties the properties of a ticket that were not
// asked for. Those that every ticket has stay; none named keeps all.
func chosen(names []string) (func(*Ticket), error) {
	if len(names) == 0 {
		return func(*Ticket) {}, nil
	}
	dropped := map[int]bool{}
	record := reflect.TypeFor[Ticket]()
	var known []string
	for i := range record.NumField() {
		name, options, _ := strings.Cut(record.Field(i).Tag.Get("json"), ",")
		known = append(known, name)
		if options != "" && !slices.Contains(names, name) {
			dropped[i] = true
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, apperr.InvalidField("fields", "A ticket has no property %q.", name)
		}
	}
	return func(t *Ticket) {
		v := reflect.ValueOf(t).Elem()
		for i := range dropped {
			v.Field(i).SetZero()
		}
	}, nil
}
