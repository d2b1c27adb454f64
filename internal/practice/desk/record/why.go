package record

import (
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// seeing are the ways in which a role lets somebody see tickets, as access says them.
var seeing = []string{
	text.Key("seeing tickets"),
	text.Key("seeing tickets requested, opened or watched by oneself"),
	text.Key("seeing tickets assigned to oneself or to one's groups"),
	text.Key("seeing tickets of the organisation and everything below it"),
	text.Key("seeing tickets about services one owns"),
	text.Key("seeing tickets assigned to the supplier's groups"),
}

// whyVisible says by which of their roles the reader may see a ticket, one
// sentence each, in the reader's language as far as it is known there.
func whyVisible(ctx context.Context, actor access.Actor, record access.Record, verbs *access.Catalogue) []string {
	var out []string
	for _, g := range actor.Check(access.View, record).Grants {
		allowed, role := g.Allows(verbs), text.Label(ctx, "role", g.RoleName)
		if slices.Contains(seeing, allowed) {
			allowed = text.T(ctx, allowed)
		}
		var said string
		switch {
		case g.Group != "" && g.OrganisationName != "":
			said = text.T(ctx, "The role %s, given by the group %s for %s, allows %s.", role, g.Group, g.OrganisationName, allowed)
		case g.Group != "":
			said = text.T(ctx, "The role %s, given by the group %s, allows %s.", role, g.Group, allowed)
		case g.OrganisationName != "":
			said = text.T(ctx, "The role %s, given for %s, allows %s.", role, g.OrganisationName, allowed)
		default:
			said = text.T(ctx, "The role %s allows %s.", role, allowed)
		}
		if !slices.Contains(out, said) {
			out = append(out, said)
		}
	}
	return out
}
