package intake

import (
	"context"
	"strings"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/ui/text"
)

// found is something that a name stands for.
type found struct {
	id           int64
	name, detail string
}

// finder completes a name, as far as the actor may see it.
type finder func(ctx context.Context, typed string) ([]found, error)

// resolve finds what was typed without choosing from the list, which is all there
// is without scripts. Everything that is wrong is told at once.
func (i *Intake) resolve(ctx context.Context, a *asked) error {
	var wrong apperr.Problems
	for _, f := range []struct {
		field string
		id    *int64
		typed *string
		find  finder
	}{
		{ticket.FieldRequester, &a.Requester, &a.RequesterText, i.findPeople},
		{ticket.FieldService, &a.Service, &a.ServiceText, i.findServices},
		{ticket.FieldGroup, &a.Group, &a.GroupText, i.findGroups},
		{ticket.FieldAssignee, &a.Assignee, &a.AssigneeText, i.findAssignees(&a.Group)},
		{"person.organisation", &a.Organisation, &a.OrganisationText, i.findOrganisations},
	} {
		if *f.id != 0 || *f.typed == "" {
			continue
		}
		id, problem, err := choose(ctx, *f.typed, f.find)
		if err != nil {
			return err
		}
		if problem != "" {
			wrong.Add(f.field, "%s", problem)
			continue
		}
		*f.id = id
	}
	if err := i.resolveWatchers(ctx, a, &wrong); err != nil {
		return err
	}
	return wrong.Err()
}

// resolveWatchers takes names with commas between them.
func (i *Intake) resolveWatchers(ctx context.Context, a *asked, wrong *apperr.Problems) error {
	const most = 20 // each is a query
	var left []string
	for n, name := range strings.FieldsFunc(a.WatchersText, func(r rune) bool { return r == ',' || r == ';' }) {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if n >= most {
			wrong.Add(ticket.FieldWatchers, "%s", text.T(ctx, "Write at most %s names at once.", text.Number(ctx, most)))
			left = append(left, name)
			break
		}
		id, problem, err := choose(ctx, name, i.findPeople)
		switch {
		case err != nil:
			return err
		case problem != "":
			wrong.Add(ticket.FieldWatchers, "%s", problem)
			left = append(left, name)
		default:
			a.Watchers = append(a.Watchers, id)
		}
	}
	a.WatchersText = strings.Join(left, ", ")
	return nil
}

// choose gives the one thing that has the name, or the only one whose name begins
// like that; else what to do about it, in words.
func choose(ctx context.Context, typed string, find finder) (id int64, problem string, err error) {
	all, err := find(ctx, typed)
	if err != nil {
		return 0, "", err
	}
	exact := 0
	for _, f := range all {
		if filter.Fold(f.name) == filter.Fold(typed) {
			id = f.id
			exact++
		}
	}
	switch {
	case exact == 1:
		return id, "", nil
	case len(all) == 0:
		return 0, text.T(ctx, "Nothing is found for “%s”.", typed), nil
	case len(all) == 1:
		return all[0].id, "", nil
	}
	const shown = 4
	var names []string
	for _, f := range all[:min(len(all), shown)] {
		if f.detail != "" {
			f.name += " (" + f.detail + ")"
		}
		names = append(names, f.name)
	}
	return 0, text.T(ctx, "Several are found for “%s”: %s. Write more of the name.", typed, strings.Join(names, ", ")), nil
}

func named(all []people.Suggestion, err error) ([]found, error) {
	out := make([]found, 0, len(all))
	for _, s := range all {
		out = append(out, found{s.ID, s.Name, s.Detail})
	}
	return out, err
}

func (i *Intake) findPeople(ctx context.Context, typed string) ([]found, error) {
	return named(i.d.People.SuggestPeople(ctx, typed))
}

func (i *Intake) findGroups(ctx context.Context, typed string) ([]found, error) {
	return named(i.d.People.SuggestGroups(ctx, typed))
}

func (i *Intake) findOrganisations(ctx context.Context, typed string) ([]found, error) {
	return named(i.d.People.SuggestOrganisations(ctx, typed))
}

// findAssignees finds members of the group, once it is known, else people.
func (i *Intake) findAssignees(group *int64) finder {
	return func(ctx context.Context, typed string) ([]found, error) {
		if *group == 0 {
			return i.findPeople(ctx, typed)
		}
		all, err := named(i.d.People.SuggestMembers(ctx, *group, typed))
		if apperr.Is(err, apperr.NotFound) {
			return nil, nil // the group is wrong, and said to be
		}
		return all, err
	}
}

func (i *Intake) findServices(ctx context.Context, typed string) ([]found, error) {
	all, err := i.d.Services.Suggest(ctx, typed)
	out := make([]found, 0, len(all))
	for _, s := range all {
		out = append(out, found{s.ID, s.Name, s.Detail})
	}
	return out, err
}

// route suggests the group that supports the service. It replaces an earlier
// suggestion, never a choice; where nobody supports the service there is none.
func (i *Intake) route(ctx context.Context, a *asked) error {
	suggested := int64(0)
	if a.Service != 0 {
		group, err := i.d.Services.SupportGroup(ctx, i.d.DB.Reader(), a.Service)
		if err != nil && !apperr.Is(err, apperr.Invalid) { // a service that is not in use is told of when the ticket is opened
			return err
		}
		suggested = group
	}
	if a.Group == 0 && a.GroupText == "" || a.Group != 0 && a.Group == a.Routed {
		a.Group, a.GroupText = suggested, ""
	}
	a.Routed = suggested
	return nil
}

// mayAddPeople reports whether the actor can write down a caller who is not known.
func mayAddPeople(ctx context.Context) bool {
	return access.From(ctx).Can(access.ManagePeople, access.AnyKind)
}

// addPerson writes down the caller, who is the requester from then on.
func (i *Intake) addPerson(ctx context.Context, a *asked) (people.Person, error) {
	in := people.PersonInput{Name: a.PersonName, Email: a.PersonEmail, Phone: a.PersonPhone, OrganisationID: a.Organisation, Active: true}
	if in.OrganisationID == 0 {
		in.OrganisationID = access.From(ctx).OrganisationID
	}
	made, err := i.d.People.CreatePerson(ctx, in)
	if err != nil {
		return people.Person{}, beneath("person.", err)
	}
	a.Requester, a.RequesterText, a.newPerson = made.ID, "", newPerson{}
	return made, nil
}

// beneath puts the fields of an error under a prefix, where the form has them.
func beneath(prefix string, err error) error {
	fields := apperr.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	var wrong apperr.Problems
	for _, f := range fields {
		wrong.Add(prefix+f.Name, "%s", f.Message)
	}
	return wrong.Err()
}
