package access

import "slices"

// Verb is what somebody wants to do. The zero value is never allowed.
type Verb string

// What can be done with a ticket.
const (
	View       Verb = "view"
	Create     Verb = "create"
	Comment    Verb = "comment"    // write what the requester reads
	ReadNotes  Verb = "read_notes" // read internal notes
	Note       Verb = "note"       // write internal notes
	Edit       Verb = "edit"
	Assign     Verb = "assign"
	Transition Verb = "transition"
	Link       Verb = "link"
	Export     Verb = "export"
	Bulk       Verb = "bulk"
	ReportTime Verb = "report_time" // see the time that others spent
)

// What can be done with the product itself.
const (
	ViewPeople     Verb = "view_people" // the directory: look up people other than oneself
	ManagePeople   Verb = "manage_people"
	ManageRoles    Verb = "manage_roles"
	ManageServices Verb = "manage_services"
	ManageSettings Verb = "manage_settings"
	ManageViews    Verb = "manage_views" // views shared with a group or everyone
	ManageJobs     Verb = "manage_jobs"
	ViewAudit      Verb = "view_audit"
)

// AnyKind stands for every kind of ticket in a permission, and for "some kind"
// when asking Can.
const AnyKind = "*"

// VerbInfo describes a verb to the person who edits a role.
type VerbInfo struct {
	Verb    Verb
	Label   string   // "Write internal notes"
	Phrase  string   // completes "allows …": "writing internal notes on"
	Tickets bool     // done to tickets; otherwise to the product itself
	Scopes  []Scope  // the scopes that mean something for it
	Roles   []string // built-in roles that have a practice's verb, everywhere
}

// Catalogue is the set of verbs a running system knows. A practice with verbs
// of its own adds them when the system is put together.
type Catalogue struct {
	infos  []VerbInfo
	byVerb map[Verb]VerbInfo
}

// NewCatalogue gives the built-in verbs and the practices' own, in this order.
func NewCatalogue(extra ...VerbInfo) *Catalogue {
	c := &Catalogue{byVerb: map[Verb]VerbInfo{}}
	for _, info := range append(builtInVerbs(), extra...) {
		if _, known := c.byVerb[info.Verb]; known {
			continue
		}
		c.infos = append(c.infos, info)
		c.byVerb[info.Verb] = info
	}
	return c
}

// Verbs lists all verbs in the order a role's editor shows them.
func (c *Catalogue) Verbs() []VerbInfo { return slices.Clone(c.infos) }

// BuiltInRoles gives the built-in roles with the verbs that practices gave them.
func (c *Catalogue) BuiltInRoles() []Role {
	roles := BuiltInRoles()
	for i := range roles {
		for _, info := range c.infos {
			if slices.Contains(info.Roles, roles[i].Key) {
				roles[i].Permissions = append(roles[i].Permissions, Permission{info.Verb, AnyKind, ScopeAll})
			}
		}
	}
	return roles
}

// Info describes one verb; ok is false for a verb nobody declared.
func (c *Catalogue) Info(v Verb) (info VerbInfo, ok bool) {
	info, ok = c.byVerb[v]
	return info, ok
}

func builtInVerbs() []VerbInfo {
	ticket := func(v Verb, label, phrase string) VerbInfo {
		return VerbInfo{Verb: v, Label: label, Phrase: phrase, Tickets: true, Scopes: AllScopes()}
	}
	product := func(v Verb, label, phrase string, scopes ...Scope) VerbInfo {
		return VerbInfo{Verb: v, Label: label, Phrase: phrase, Scopes: append([]Scope{ScopeAll}, scopes...)}
	}
	return []VerbInfo{
		ticket(View, "See", "seeing"),
		ticket(Create, "Open", "opening"),
		ticket(Comment, "Reply publicly", "replying publicly on"),
		ticket(ReadNotes, "Read internal notes", "reading the internal notes of"),
		ticket(Note, "Write internal notes", "writing internal notes on"),
		ticket(Edit, "Edit fields", "editing"),
		ticket(Assign, "Assign", "assigning"),
		ticket(Transition, "Change state", "changing the state of"),
		ticket(Link, "Link", "linking"),
		ticket(Export, "Export", "exporting"),
		ticket(Bulk, "Edit many at once", "editing many at once of"),
		ticket(ReportTime, "Report on time spent", "reporting on the time spent on"),
		product(ViewPeople, "Look people up", "looking up people", ScopeOrganisation),
		product(ManagePeople, "Manage people, groups and organisations", "managing people, groups and organisations", ScopeOrganisation),
		product(ManageRoles, "Manage roles", "managing roles"),
		product(ManageServices, "Manage services", "managing services", ScopeService, ScopeOrganisation),
		product(ManageSettings, "Change settings", "changing settings"),
		product(ManageViews, "Share views", "sharing views"),
		product(ManageJobs, "Manage background jobs", "managing background jobs"),
		product(ViewAudit, "Read the audit log", "reading the audit log"),
	}
}
