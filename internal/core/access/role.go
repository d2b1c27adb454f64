package access

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/words"
)

// Permission allows one verb on one kind of ticket (or AnyKind) within a scope.
// For verbs that are not about tickets the kind is AnyKind.
type Permission struct {
	Verb  Verb   `json:"verb"`
	Kind  string `json:"kind"`
	Scope Scope  `json:"scope"`
}

// Role is a named list of permissions.
type Role struct {
	Key         string // stable name for files, the API and grants: "team_lead"
	Name        string
	Description string
	Permissions []Permission
	BuiltIn     bool  // shipped with the program: read, copied, never changed
	Version     int64 // of a custom role, for optimistic saving
}

// The keys of the built-in roles.
const (
	RoleRequester           = "requester"
	RoleAgent               = "agent"
	RoleTeamLead            = "team_lead"
	RoleServiceOwner        = "service_owner"
	RoleRelationshipManager = "relationship_manager"
	RoleSupplierAgent       = "supplier_agent"
	RoleAuditor             = "auditor"
	RoleAdministrator       = "administrator"
)

//go:embed roles.json
var builtInRoles []byte

// BuiltInRoles gives the roles that every installation has, without what
// practices add to them (see Catalogue.BuiltInRoles).
func BuiltInRoles() []Role {
	roles, err := ParseRoles(builtInRoles)
	if err != nil {
		panic(err) // the file is part of the program; its test would have failed
	}
	for i := range roles {
		roles[i].BuiltIn = true
	}
	return roles
}

// roleFile is the written form of a role: verbs that share kind and scope stand
// together.
type roleFile struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Permissions []struct {
		Verbs []Verb   `json:"verbs"`
		Kinds []string `json:"kinds,omitempty"` // absent: any kind
		Scope Scope    `json:"scope"`
	} `json:"permissions"`
}

// ParseRoles reads a JSON list of roles.
func ParseRoles(text []byte) ([]Role, error) {
	var files []roleFile
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "The roles cannot be read as JSON.")
	}
	roles := make([]Role, 0, len(files))
	for _, f := range files {
		role := Role{Key: f.Key, Name: f.Name, Description: f.Description}
		for _, p := range f.Permissions {
			kinds := p.Kinds
			if len(kinds) == 0 {
				kinds = []string{AnyKind}
			}
			for _, kind := range kinds {
				for _, verb := range p.Verbs {
					role.Permissions = append(role.Permissions, Permission{verb, kind, p.Scope})
				}
			}
		}
		roles = append(roles, role)
	}
	return roles, nil
}

var roleKey = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)

// Validate reports what is wrong with a role as it stands, field by field.
func (r Role) Validate(verbs *Catalogue) error {
	var wrong apperr.Problems
	if !roleKey.MatchString(r.Key) {
		wrong.Add("key", "The key needs 2 to 40 lower-case letters, digits or underscores and starts with a letter.")
	}
	if n := len([]rune(r.Name)); n == 0 || n > 80 {
		wrong.Add("name", "The name needs 1 to 80 characters.")
	}
	if len([]rune(r.Description)) > 500 {
		wrong.Add("description", "The description may have 500 characters.")
	}
	if len(r.Permissions) > 500 {
		wrong.Add("permissions", "A role may have 500 permissions.")
	}
	for _, p := range r.Permissions {
		if problem := p.problem(verbs); !problem.Empty() {
			wrong.Say("permissions", problem)
			break
		}
	}
	return wrong.Err()
}

func (p Permission) problem(verbs *Catalogue) words.Text {
	info, known := verbs.Info(p.Verb)
	label := words.Label{Meaning: "permission", Word: info.Label}
	switch {
	case !known:
		return words.Of("There is no permission called %q.", p.Verb)
	case p.Kind == "":
		return words.Of("%s: choose a kind of ticket.", label)
	case !info.Tickets && p.Kind != AnyKind:
		return words.Of("%s: this is not about a kind of ticket.", label)
	case !slices.Contains(info.Scopes, p.Scope):
		return words.Of("%s: the scope %q does not fit.", label, p.Scope)
	}
	return words.Text{}
}
