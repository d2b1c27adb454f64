package access

import "strings"

// Grant is a permission as somebody holds it.
type Grant struct {
	Permission
	Role             string // the role's key
	RoleName         string
	Group            string // the name of the group that gave the role; empty if it was given directly
	Organisation     int64  // what the role is bound to; 0 for the holder's own
	OrganisationName string // of Organisation
}

// Bind gives the grants of somebody who holds the role, bound to an organisation
// (0 for their own) and given by a group (empty if given directly).
func (r Role) Bind(organisation int64, organisationName, group string) []Grant {
	grants := make([]Grant, 0, len(r.Permissions))
	for _, p := range r.Permissions {
		grants = append(grants, Grant{
			Permission: p, Role: r.Key, RoleName: r.Name, Group: group,
			Organisation: organisation, OrganisationName: organisationName,
		})
	}
	return grants
}

// Sentence says in words what the grant allows and where it comes from: "The
// role Team lead, given by the group Network, allows seeing tickets assigned to
// oneself or to one's groups."
func (g Grant) Sentence(verbs *Catalogue) string {
	var b strings.Builder
	b.WriteString("The role ")
	b.WriteString(g.RoleName)
	switch {
	case g.Group != "" && g.OrganisationName != "":
		b.WriteString(", given by the group " + g.Group + " for " + g.OrganisationName + ",")
	case g.Group != "":
		b.WriteString(", given by the group " + g.Group + ",")
	case g.OrganisationName != "":
		b.WriteString(", given for " + g.OrganisationName + ",")
	}
	b.WriteString(" allows " + g.Allows(verbs) + ".")
	return b.String()
}

// Allows is the part of the sentence that says what is allowed: "seeing tickets
// assigned to oneself or to one's groups".
func (g Grant) Allows(verbs *Catalogue) string {
	var b strings.Builder
	info, known := verbs.Info(g.Verb)
	if !known {
		info.Phrase = string(g.Verb)
	}
	b.WriteString(info.Phrase)
	if info.Tickets {
		if g.Kind == AnyKind {
			b.WriteString(" tickets")
		} else {
			b.WriteString(" tickets of the kind " + g.Kind)
		}
	}
	if g.Scope != ScopeAll {
		b.WriteString(" " + g.Scope.phrase())
	}
	return b.String()
}
