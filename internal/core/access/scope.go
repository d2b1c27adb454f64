package access

// Scope says how far a permission reaches. Every scope but ScopeAll is relative
// to whoever holds it.
type Scope string

// The scopes.
const (
	// ScopeAll reaches every record of the permission's kind. With AnyKind it
	// stops at confidential kinds: these must be named.
	ScopeAll Scope = "all"
	// ScopeOwn reaches records whose requester or opener I am, and those I
	// watch. Watching is for reading and replying only, and only the requester
	// counts when a record is created: anybody can put themselves down as
	// watcher or opener.
	ScopeOwn Scope = "own"
	// ScopeGroup reaches records assigned to me or to one of my groups.
	ScopeGroup Scope = "group"
	// ScopeOrganisation reaches records of the organisation the grant is bound
	// to, my own if it is not bound, and of everything below it.
	ScopeOrganisation Scope = "organisation"
	// ScopeService reaches records about services I own.
	ScopeService Scope = "service"
	// ScopeSupplier reaches records assigned to me or to a group that is at home
	// in the supplier the grant is bound to, my own if it is not bound.
	ScopeSupplier Scope = "supplier"
)

// AllScopes lists the scopes from the widest to the narrowest.
func AllScopes() []Scope {
	return []Scope{ScopeAll, ScopeOrganisation, ScopeService, ScopeSupplier, ScopeGroup, ScopeOwn}
}

// Valid reports whether s is one of the scopes.
func (s Scope) Valid() bool {
	switch s {
	case ScopeAll, ScopeOwn, ScopeGroup, ScopeOrganisation, ScopeService, ScopeSupplier:
		return true
	}
	return false
}

// Label names the scope for a role's editor.
func (s Scope) Label() string {
	switch s {
	case ScopeAll:
		return "Everything"
	case ScopeOwn:
		return "Own"
	case ScopeGroup:
		return "Own groups"
	case ScopeOrganisation:
		return "Organisation"
	case ScopeService:
		return "Own services"
	case ScopeSupplier:
		return "Supplier"
	}
	return string(s)
}

// phrase completes "allows seeing tickets …".
func (s Scope) phrase() string {
	switch s {
	case ScopeAll:
		return "without limit"
	case ScopeOwn:
		return "requested, opened or watched by oneself"
	case ScopeGroup:
		return "assigned to oneself or to one's groups"
	case ScopeOrganisation:
		return "of the organisation and everything below it"
	case ScopeService:
		return "about services one owns"
	case ScopeSupplier:
		return "assigned to the supplier's groups"
	}
	return "nowhere"
}
