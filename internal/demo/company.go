package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
)

// Organisation is everybody and everything that tickets can be about, as data.
// Things refer to each other by Ref, a key that stays the same.
type Organisation struct {
	Units    []Unit // a unit's parent comes before it
	Groups   []Group
	Services []Service // a service's parent comes before it
	People   []Person
	SignIns  []SignIn
}

// Unit is an organisation: a company or a part of one.
type Unit struct {
	Ref, Parent string
	Kind        people.OrganisationKind
	Name        string
	Description string
}

// Group is a team that tickets are assigned to.
type Group struct {
	Ref, Unit   string
	Name        string
	Tier        int
	Description string
	Role        string   // its members get
	Members     []string // people; the first leads
}

// Service is what tickets are about.
type Service struct {
	Ref, Parent     string
	Name            string
	Description     string
	Owner           string // a person
	Criticality     int
	MissionCritical bool
	Stage           service.Stage
	Provider        string // a unit
	Group           string // takes its tickets first
}

// Person is somebody. Site is where they work.
type Person struct {
	Ref, Unit string
	Name      string
	Email     string
	Phone     string
	Job       string
	Site      string
	Location  string
	Zone      string
	VIP       bool
	Roles     []Role
}

// Role is a role somebody holds, for their own organisation or another unit.
type Role struct{ Key, Unit string }

// SignIn is one person whom somebody who tries the product can be.
type SignIn struct {
	Role     string // what it shows: "Requester"
	Person   string
	Name     string
	Email    string
	Password string
}

// Password is everybody's who can sign in: long enough for the rules, and easy to
// type from a terminal's output.
const Password = "quiet-amber-lantern"

// Domain is the company's; RFC 2606 keeps it out of the real world.
const Domain = "harbourline.example"

// site is a place of work.
type site struct {
	name, code, zone, dial string
	floors                 int
}

var sites = map[string]site{
	"rtm": {"Rotterdam", "RTM", "Europe/Amsterdam", "+31 10 555", 6},
	"opo": {"Porto", "OPO", "Europe/Lisbon", "+351 22 555", 3},
	"gdn": {"Gdańsk", "GDN", "Europe/Warsaw", "+48 58 555", 3},
	"ork": {"Cork", "ORK", "Europe/Dublin", "+353 21 555", 2},
}

var units = []Unit{
	{Ref: "harbourline", Kind: people.Own, Name: "Harbourline", Description: "Freight forwarding and container terminals."},
	{Ref: "management", Parent: "harbourline", Kind: people.Unit, Name: "Management"},
	{Ref: "finance", Parent: "harbourline", Kind: people.Unit, Name: "Finance"},
	{Ref: "payable", Parent: "finance", Kind: people.Unit, Name: "Accounts payable"},
	{Ref: "controlling", Parent: "finance", Kind: people.Unit, Name: "Controlling"},
	{Ref: "payroll", Parent: "finance", Kind: people.Unit, Name: "Payroll office"},
	{Ref: "operations", Parent: "harbourline", Kind: people.Unit, Name: "Operations"},
	{Ref: "planning", Parent: "operations", Kind: people.Unit, Name: "Planning", Description: "Rotterdam"},
	{Ref: "terminal-rtm", Parent: "operations", Kind: people.Unit, Name: "Terminal Rotterdam"},
	{Ref: "terminal-opo", Parent: "operations", Kind: people.Unit, Name: "Terminal Porto"},
	{Ref: "terminal-gdn", Parent: "operations", Kind: people.Unit, Name: "Terminal Gdańsk"},
	{Ref: "customer-service", Parent: "operations", Kind: people.Unit, Name: "Customer service", Description: "Cork"},
	{Ref: "sales", Parent: "harbourline", Kind: people.Unit, Name: "Sales and marketing"},
	{Ref: "people", Parent: "harbourline", Kind: people.Unit, Name: "People and culture"},
	{Ref: "legal", Parent: "harbourline", Kind: people.Unit, Name: "Legal and compliance"},
	{Ref: "facilities", Parent: "harbourline", Kind: people.Unit, Name: "Facilities"},
	{Ref: "it", Parent: "harbourline", Kind: people.Unit, Name: "Information technology"},
	{Ref: "it-network", Parent: "it", Kind: people.Unit, Name: "Network", Description: "Runs all networks in house."},
	{Ref: "it-workplace", Parent: "it", Kind: people.Unit, Name: "Workplace"},
	{Ref: "it-applications", Parent: "it", Kind: people.Unit, Name: "Business applications"},
	{Ref: "clearcall", Kind: people.Supplier, Name: "Clearcall Help Desk", Description: "The outsourced help desk, first line for everything."},
	{Ref: "ledgerway", Kind: people.Supplier, Name: "Ledgerway", Description: "Hosts the accounting system."},
	{Ref: "quist", Kind: people.Supplier, Name: "Quist Consulting", Description: "Maintains the accounting system's set-up."},
	{Ref: "paperworks", Kind: people.Supplier, Name: "Paperworks Managed Print", Description: "Owns and looks after all printers."},
	{Ref: "tidewater", Kind: people.Customer, Name: "Tidewater Retail"},
	{Ref: "oakfield", Kind: people.Customer, Name: "Oakfield Pharma"},
}

// staff says who works in a unit: how many, where, as what.
type staff struct {
	unit, site string
	count      int
	jobs       []string
}

var staffing = []staff{
	{"management", "rtm", 8, []string{"Managing director", "Director of operations", "Director of finance", "Director of sales", "Management assistant", "Board secretary", "Head of strategy", "Management assistant"}},
	{"payable", "rtm", 13, []string{"Accounts payable clerk", "Senior accountant", "Invoice controller"}},
	{"controlling", "rtm", 9, []string{"Controller", "Business analyst", "Reporting specialist"}},
	{"payroll", "rtm", 7, []string{"Payroll specialist", "Payroll assistant"}},
	{"planning", "rtm", 37, []string{"Planner", "Senior planner", "Vessel coordinator", "Rail coordinator", "Customs declarant"}},
	{"terminal-rtm", "rtm", 70, []string{"Crane operator", "Yard supervisor", "Gate clerk", "Shift leader", "Maintenance technician", "Safety officer"}},
	{"terminal-opo", "opo", 52, []string{"Crane operator", "Yard supervisor", "Gate clerk", "Shift leader", "Maintenance technician"}},
	{"terminal-gdn", "gdn", 56, []string{"Crane operator", "Yard supervisor", "Gate clerk", "Shift leader", "Maintenance technician", "Warehouse clerk"}},
	{"customer-service", "ork", 42, []string{"Customer service agent", "Key account agent", "Claims handler", "Team coach"}},
	{"sales", "rtm", 34, []string{"Account manager", "Pricing analyst", "Marketing specialist", "Tender manager"}},
	{"people", "rtm", 13, []string{"HR adviser", "Recruiter", "Learning coordinator"}},
	{"legal", "rtm", 8, []string{"Legal counsel", "Compliance officer", "Insurance specialist"}},
	{"facilities", "rtm", 12, []string{"Receptionist", "Building engineer", "Fleet coordinator"}},
	{"it", "rtm", 3, []string{"IT purchaser", "Project manager", "Information security officer"}},
	{"it-network", "rtm", 8, []string{"Network administrator", "Network engineer"}},
	{"it-workplace", "rtm", 5, []string{"Workplace engineer", "Identity administrator"}},
	{"it-applications", "rtm", 6, []string{"Application manager", "Functional analyst"}},
	{"clearcall", "ork", 9, []string{"Help desk agent"}},
	{"ledgerway", "rtm", 4, []string{"Support engineer"}},
	{"quist", "rtm", 3, []string{"Finance systems consultant"}},
	{"paperworks", "rtm", 4, []string{"Field engineer"}},
	{"tidewater", "rtm", 6, []string{"Logistics buyer", "Supply planner"}},
	{"oakfield", "rtm", 5, []string{"Cold chain manager", "Supply planner"}},
}

// cast are the people one can sign in as, and the service owners.
var cast = []Person{
	{Ref: "rosa", Unit: "planning", Name: "Rosa Almeida", Job: "Senior planner", Site: "rtm"},
	{Ref: "amir", Unit: "clearcall", Name: "Amir Haddad", Job: "Help desk agent", Site: "ork"},
	{Ref: "noor", Unit: "it-network", Name: "Noor van den Berg", Job: "Team lead network", Site: "rtm", Roles: []Role{{Key: access.RoleTeamLead}}},
	{Ref: "piotr", Unit: "it-applications", Name: "Piotr Zieliński", Job: "Head of business applications", Site: "rtm", Roles: []Role{{Key: access.RoleServiceOwner}}},
	{Ref: "grace", Unit: "it", Name: "Grace Okoye", Job: "Business relationship manager", Site: "rtm", Roles: []Role{
		{access.RoleRelationshipManager, "operations"}, {access.RoleRelationshipManager, "tidewater"}, {access.RoleRelationshipManager, "oakfield"},
	}},
	{Ref: "lukas", Unit: "quist", Name: "Lukas Steiner", Job: "Finance systems consultant", Site: "rtm"},
	{Ref: "helen", Unit: "legal", Name: "Helen Fitzgerald", Job: "Internal auditor", Site: "rtm", Roles: []Role{{Key: access.RoleAuditor}}},
	{Ref: "tomas", Unit: "it-workplace", Name: "Tomas Lindqvist", Job: "Systems administrator", Site: "rtm", Roles: []Role{{Key: access.RoleAdministrator}}},
	{Ref: "ines", Unit: "it", Name: "Inês Carneiro", Job: "Head of IT", Site: "rtm", VIP: true, Roles: []Role{{Key: access.RoleServiceOwner}}},
	{Ref: "marek", Unit: "it-workplace", Name: "Marek Dvořák", Job: "Team lead workplace", Site: "rtm", Roles: []Role{{Key: access.RoleTeamLead}, {Key: access.RoleServiceOwner}}},
	{Ref: "claire", Unit: "finance", Name: "Claire Beaumont", Job: "Head of finance systems", Site: "rtm", VIP: true, Roles: []Role{{Key: access.RoleServiceOwner}}},
	{Ref: "siobhan", Unit: "clearcall", Name: "Siobhán Kerrigan", Job: "Help desk shift lead", Site: "ork", Roles: []Role{{Key: access.RoleTeamLead}}},
}

var signIns = []SignIn{
	{Role: "Requester", Person: "rosa"},
	{Role: "Agent", Person: "amir"},
	{Role: "Team lead", Person: "noor"},
	{Role: "Service owner", Person: "piotr"},
	{Role: "Relationship manager", Person: "grace"},
	{Role: "Supplier agent", Person: "lukas"},
	{Role: "Auditor", Person: "helen"},
	{Role: "Administrator", Person: "tomas"},
}

// Company makes the organisation. The same seed makes the same one.
func Company(seed uint64) Organisation {
	o := Organisation{Units: units, Services: services}
	names := &namer{rng: rand.New(rand.NewPCG(seed, 1)), taken: map[string]bool{}, addresses: map[string]bool{}}
	for _, p := range cast {
		names.taken[p.Name] = true
		o.People = append(o.People, names.settle(p))
	}
	for _, s := range staffing {
		for i := range s.count {
			o.People = append(o.People, names.settle(Person{
				Ref: fmt.Sprintf("%s-%02d", s.unit, i+1), Unit: s.unit, Name: names.next(s.site), Job: s.jobs[i%len(s.jobs)], Site: s.site,
				VIP: s.unit == "management" && i < 3,
			}))
		}
	}
	o.Groups = staffed(o.People)
	for _, in := range signIns {
		p := o.person(in.Person)
		in.Name, in.Email, in.Password = p.Name, p.Email, Password
		o.SignIns = append(o.SignIns, in)
	}
	return o
}

// staffed puts the members of the units that work tickets into their groups.
func staffed(everybody []Person) []Group {
	out := make([]Group, len(groups))
	for i, g := range groups {
		out[i] = g
		out[i].Members = append([]string(nil), g.Members...)
		for _, p := range everybody {
			if p.Unit != g.Unit || contains(out[i].Members, p.Ref) || p.Ref == "tomas" || p.Ref == "piotr" {
				continue
			}
			if g.Tier == 3 && g.Unit == "it-network" && !strings.Contains(p.Job, "engineer") {
				continue
			}
			out[i].Members = append(out[i].Members, p.Ref)
		}
	}
	return out
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

func (o *Organisation) person(ref string) Person {
	for _, p := range o.People {
		if p.Ref == ref {
			return p
		}
	}
	return Person{}
}

// namer makes up people who are not there yet.
type namer struct {
	rng       *rand.Rand
	taken     map[string]bool
	addresses map[string]bool
}

// localOrigin is the origin most people of a site have, by its place in origins.
var localOrigin = map[string]int{"rtm": 0, "opo": 1, "gdn": 2, "ork": 3}

func (n *namer) next(site string) string {
	for {
		o := origins[n.rng.IntN(len(origins))]
		if n.rng.IntN(100) < 45 {
			o = origins[localOrigin[site]]
		}
		name := o.given[n.rng.IntN(len(o.given))] + " " + o.family[n.rng.IntN(len(o.family))]
		if !n.taken[name] {
			n.taken[name] = true
			return name
		}
	}
}

// settle gives somebody an address, a desk and a telephone.
func (n *namer) settle(p Person) Person {
	at := sites[p.Site]
	domain := Domain
	if p.Unit == "clearcall" || p.Unit == "ledgerway" || p.Unit == "quist" || p.Unit == "paperworks" || p.Unit == "tidewater" || p.Unit == "oakfield" {
		domain = p.Unit + ".example"
	}
	local := mailName(p.Name)
	for i := 2; n.addresses[local+"@"+domain]; i++ {
		local = fmt.Sprintf("%s%d", mailName(p.Name), i)
	}
	p.Email = local + "@" + domain
	n.addresses[p.Email] = true
	p.Phone = fmt.Sprintf("%s %04d", at.dial, 1000+n.rng.IntN(9000))
	p.Zone = at.zone
	p.Location = fmt.Sprintf("%s, floor %d", at.name, 1+n.rng.IntN(at.floors))
	return p
}

// mailName writes a name as an address has it: "Łukasz Bąk" is lukasz.bak.
func mailName(name string) string {
	folded := strings.NewReplacer("ł", "l", "đ", "d", "ø", "o", "ß", "ss", "æ", "ae", "ı", "i").Replace(filter.Fold(name))
	var b strings.Builder
	for _, r := range folded {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case r == ' ' && !strings.HasSuffix(b.String(), "."):
			b.WriteByte('.')
		}
	}
	first, last, _ := strings.Cut(b.String(), ".")
	return first + "." + strings.ReplaceAll(last, ".", "")
}
