package snooze

import "github.com/steward-itsm/steward/internal/core/ticket"

// Attributes are what the module plugs into filters.
func Attributes(s *Service) []ticket.Attribute { return s.attributes() }
