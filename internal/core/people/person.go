package people

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// Person is somebody, or a service account that a program signs in with.
type Person struct {
	ID int64 `json:"id"`
	PersonInput
	Preferences
	Source    string    `json:"source,omitempty"`
	SourceRef string    `json:"source_ref,omitempty"`
	CreatedAt time.Time `json:"-"`
	UpdatedAt time.Time `json:"-"`
	Version   int64     `json:"version"`
}

const noPerson = "This person does not exist, or you may not see them."

// PersonInput is what whoever manages people can edit.
type PersonInput struct {
	Name           string `json:"name"`
	Email          string `json:"email,omitempty"`
	Phone          string `json:"phone,omitempty"`
	JobTitle       string `json:"job_title,omitempty"`
	OrganisationID int64  `json:"organisation_id,omitempty"`
	Location       string `json:"location,omitempty"`
	VIP            bool   `json:"vip,omitempty"`
	Active         bool   `json:"active"`
	ServiceAccount bool   `json:"service_account,omitempty"` // has tokens, but no password
	ManagerID      int64  `json:"manager_id,omitempty"`      // who is told up the line; 0 for nobody
}

// Preferences are a person's own choices. Empty ones follow the browser.
type Preferences struct {
	Language string `json:"language,omitempty"` // a BCP 47 tag
	Zone     string `json:"zone,omitempty"`     // an IANA name: "Europe/Berlin"
	Theme    string `json:"theme,omitempty"`    // "light" or "dark"
	Density  string `json:"density,omitempty"`  // "compact"
	Start    string `json:"start,omitempty"`    // where one begins: a path of ours
	KeysOff  bool   `json:"keys_off,omitempty"` // single letters do nothing (WCAG 2.1.4)
}

// Profile is what a person can edit about themselves.
type Profile struct {
	Phone    string
	Location string
	Preferences
}

// NormalEmail gives an e-mail address as it is compared: without regard to case.
func NormalEmail(address string) string { return filter.Fold(clean(address)) }

func (in *PersonInput) check() error {
	in.Name, in.Email, in.Phone = clean(in.Name), clean(in.Email), clean(in.Phone)
	in.JobTitle, in.Location = clean(in.JobTitle), clean(in.Location)
	var wrong apperr.Problems
	checkName(&wrong, in.Name)
	checkLength(&wrong, "phone", in.Phone, 60)
	checkLength(&wrong, "job_title", in.JobTitle, 120)
	checkLength(&wrong, "location", in.Location, 200)
	if !validEmail(in.Email) {
		wrong.Add("email", "Write an address such as name@example.com.")
	}
	return wrong.Err()
}

// validEmail accepts no address, or one that can stand in a header as it is.
func validEmail(address string) bool {
	if address == "" {
		return true
	}
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && len(address) <= 254 && !strings.ContainsAny(address, " \t\r\n<>\",;")
}

func (p *Preferences) checkPreferences(wrong *apperr.Problems) {
	if p.Language != "" {
		tag, err := language.Parse(p.Language)
		if err != nil {
			wrong.Add("language", "This language is not known.")
		} else {
			p.Language = tag.String()
		}
	}
	if p.Zone != "" {
		if _, err := time.LoadLocation(p.Zone); err != nil || p.Zone == "Local" {
			wrong.Add("zone", "This time zone is not known.")
		}
	}
	if p.Theme != "" && p.Theme != "light" && p.Theme != "dark" {
		wrong.Add("theme", "Choose light, dark or as the device.")
	}
	if p.Density != "" && p.Density != "compact" {
		wrong.Add("density", "Choose comfortable or compact.")
	}
	if p.Start != "" && (!strings.HasPrefix(p.Start, "/") || strings.HasPrefix(p.Start, "//") || strings.ContainsAny(p.Start, "\\\r\n\t ") || len(p.Start) > 500) {
		wrong.Add("start", "Choose one of the pages.")
	}
}

// record is what access rules look at.
func (p Person) record() access.Record {
	return access.Record{Requester: p.ID, Organisation: p.OrganisationID}
}

var personSchema = schema(map[string]string{
	access.FieldOrganisation: "p.organisation_id",
	access.FieldRequester:    "p.id",
})

// visiblePeople is the directory's rule: whoever may look people up sees them
// within their scope, everybody sees themselves, and nobody anybody else.
func visiblePeople(a access.Actor) filter.Condition {
	var self filter.Condition
	if a.IsPerson() {
		self = filter.Eq(personSchema.MustField(access.FieldRequester), filter.Int(a.ID))
	}
	return filter.Or(
		a.Condition(access.ViewPeople, personSchema),
		a.Condition(access.ManagePeople, personSchema),
		self,
	)
}

// mayLookUp is visiblePeople for a person who was read already.
func mayLookUp(ctx context.Context, p Person) error {
	actor := access.From(ctx)
	if actor.IsPerson() && actor.ID == p.ID || actor.Check(access.ViewPeople, p.record()).Allowed ||
		actor.Check(access.ManagePeople, p.record()).Allowed {
		return nil
	}
	return apperr.New(apperr.NotFound, noPerson)
}

// Person gives one person; NotFound if the actor may not look them up.
func (s *Service) Person(ctx context.Context, id int64) (Person, error) {
	var args database.Args
	p, err := database.One(ctx, s.db.Reader(), scanPerson, "SELECT "+personColumns+" FROM persons p WHERE p.id = "+args.Arg(id)+
		" AND "+visiblePeople(access.From(ctx)).SQL(&args), args.Values()...)
	return p, notFound(err, noPerson)
}

// PersonQuery chooses persons. Zero fields do not narrow.
type PersonQuery struct {
	Text     string // beginnings of words of the name or e-mail address
	Within   int64  // this organisation and all below it
	Group    int64  // members of the group
	Active   bool   // only active ones
	Inactive bool   // only inactive ones
	VIP      bool
	Service  bool // only service accounts
	After    lookup.Cursor
	Limit    int
}

// People lists those the actor may look up, by name.
func (s *Service) People(ctx context.Context, q PersonQuery) (lookup.Page[Person], error) {
	var args database.Args
	where := visiblePeople(access.From(ctx)).SQL(&args) +
		" AND " + q.After.After(&args, "p.name_folded", "p.id") +
		" AND " + lookup.Where(&args, lookup.Person, "p.id", q.Text)
	if q.Within != 0 {
		where += " AND " + within(&args, "p.organisation_id", q.Within)
	}
	if q.Group != 0 {
		where += " AND p.id IN (SELECT gm.person_id FROM group_members gm WHERE gm.group_id = " + args.Arg(q.Group) + ")"
	}
	for _, flag := range []struct {
		set  bool
		test string
	}{{q.Active, "p.active"}, {q.Inactive, "NOT p.active"}, {q.VIP, "p.vip"}, {q.Service, "p.service_account"}} {
		if flag.set {
			where += " AND " + flag.test
		}
	}
	limit := lookup.Limit(q.Limit)
	rows, err := database.All(ctx, s.db.Reader(), scanPerson, "SELECT "+personColumns+" FROM persons p WHERE "+where+
		" ORDER BY p.name_folded, p.id LIMIT "+args.Arg(limit+1), args.Values()...)
	return lookup.PageOf(rows, limit, func(p Person) lookup.Cursor {
		return lookup.Cursor{Name: filter.Fold(p.Name), ID: p.ID}
	}), err
}

// CreatePerson adds a person, once per idempotency key.
func (s *Service) CreatePerson(ctx context.Context, in PersonInput) (Person, error) {
	var p Person
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		return onceOnly(ctx, tx, s, "person", in, &p, readPerson, func() (id int64, err error) {
			p, err = s.CreatePersonIn(ctx, tx, in)
			return p.ID, err
		})
	})
	return p, err
}

// CreatePersonIn is CreatePerson within the caller's transaction.
func (s *Service) CreatePersonIn(ctx context.Context, tx *database.Tx, in PersonInput) (Person, error) {
	if err := in.check(); err != nil {
		return Person{}, err
	}
	now := s.now()
	p := Person{ID: tx.NextID(), PersonInput: in, CreatedAt: now, UpdatedAt: now, Version: 1}
	if err := access.From(ctx).Check(access.ManagePeople, access.Record{Organisation: in.OrganisationID}).Err(); err != nil {
		return Person{}, err
	}
	if err := checkOrganisation(ctx, tx, in.OrganisationID); err != nil {
		return Person{}, err
	}
	if err := checkManager(ctx, tx, &p, 0); err != nil {
		return Person{}, err
	}
	if err := insertPersons(ctx, tx, p); err != nil {
		return Person{}, duplicateEmail(err)
	}
	return p, s.log.Append(ctx, tx, personEntry("person.create", nil, &p))
}

// UpdatePerson saves a person who was read at a version; Conflict with the
// present one if somebody else was first.
func (s *Service) UpdatePerson(ctx context.Context, id, version int64, in PersonInput) (Person, error) {
	var p Person
	if err := in.check(); err != nil {
		return p, err
	}
	actor := access.From(ctx)
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		before, err := readPerson(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := mayManage(ctx, before.record(), noPerson); err != nil {
			return err
		}
		if before.Version != version {
			return stale(before)
		}
		p = before
		p.PersonInput, p.UpdatedAt, p.Version = in, s.now(), before.Version+1
		if p.OrganisationID != before.OrganisationID {
			if err := actor.Check(access.ManagePeople, p.record()).Err(); err != nil {
				return err
			}
			if err := checkOrganisation(ctx, tx, p.OrganisationID); err != nil {
				return err
			}
		}
		if err := checkManager(ctx, tx, &p, before.ManagerID); err != nil {
			return err
		}
		save := func() error { return s.updatePerson(ctx, tx, p) }
		if before.Active && !p.Active || !before.ServiceAccount && p.ServiceAccount {
			err = s.roles.KeepingAdministrator(ctx, tx, save)
		} else {
			err = save()
		}
		if err != nil {
			return duplicateEmail(err)
		}
		s.changes.Note(tx, p.ID)
		return s.log.Append(ctx, tx, personEntry("person.update", &before, &p))
	})
	return p, err
}

// UpdateProfile saves what a person says about themselves.
func (s *Service) UpdateProfile(ctx context.Context, in Profile) (Person, error) {
	actor := access.From(ctx)
	if !actor.IsPerson() {
		return Person{}, apperr.New(apperr.Unauthenticated, "Please sign in first.")
	}
	in.Phone, in.Location = clean(in.Phone), clean(in.Location)
	var wrong apperr.Problems
	checkLength(&wrong, "phone", in.Phone, 60)
	checkLength(&wrong, "location", in.Location, 200)
	in.checkPreferences(&wrong)
	if err := wrong.Err(); err != nil {
		return Person{}, err
	}
	var p Person
	err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
		if p, err = readPerson(ctx, tx, actor.ID); err != nil {
			return err
		}
		p.Phone, p.Location, p.Preferences = in.Phone, in.Location, in.Preferences
		p.UpdatedAt, p.Version = s.now(), p.Version+1
		s.changes.Note(tx, p.ID)
		return s.updatePerson(ctx, tx, p)
	})
	return p, err
}

func personEntry(action string, before, after *Person) audit.Entry {
	e := audit.Entry{Action: action, ObjectType: "person", ObjectID: audit.ID(after.ID), ObjectName: after.Name, After: after}
	if before != nil {
		e.Before = before
	}
	return e
}

func duplicateEmail(err error) error {
	if isDuplicate(err) {
		return apperr.InvalidField("email", "Another person has this e-mail address already.")
	}
	return err
}

// checkOrganisation refuses to put something new into an organisation that is
// missing or no longer in use.
func checkOrganisation(ctx context.Context, q database.Querier, id int64) error {
	if id == 0 {
		return nil
	}
	o, err := readOrganisation(ctx, q, id)
	switch {
	case apperr.Is(err, apperr.NotFound):
		return apperr.InvalidField("organisation", "This organisation does not exist.")
	case err == nil && !o.Active:
		return apperr.InvalidField("organisation", "%s is no longer in use.", o.Name)
	}
	return err
}
