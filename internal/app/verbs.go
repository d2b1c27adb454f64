package app

import (
	"slices"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/connect/webhook"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/changeover"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
)

// verbs are what practices let roles allow, beside what every ticket knows. They
// are known before the modules are put together: roles are made of them.
func verbs() []access.VerbInfo {
	return slices.Concat(majorincident.Verbs(), changeover.Verbs(), results.Verbs(), mail.Verbs(), webhook.Verbs())
}
