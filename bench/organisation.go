package main

import (
	"context"
	"fmt"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// source marks what the generator wrote.
const source = "bench"

// The organisation is the same for every size: a desk that is used for longer has
// more tickets, not more people.
const (
	personCount  = 2000
	agentCount   = 160 // the first of the persons
	groupCount   = 20
	serviceCount = 40
	unitCount    = 12
)

// Who signs in to be measured.
const (
	agentEmail     = "p0@bench.example"
	requesterEmail = "p1998@bench.example"
	password       = "correct horse battery staple"
)

// organisation is who is there, by their ids in the order they were made.
type organisation struct {
	units, persons, groups, services []int64
}

// fillOrganisation writes people, groups and services, and gives the agents their
// role.
func fillOrganisation(ctx context.Context, core *app.Core) (*organisation, error) {
	o := &organisation{}
	err := core.DB.Write(ctx, func(tx *database.Tx) error {
		*o = organisation{}
		units, err := core.People.EnsureOrganisations(ctx, tx, source, unitSeeds())
		if err != nil {
			return err
		}
		o.units = inOrder(units, unitCount)
		persons, err := core.People.EnsurePersons(ctx, tx, source, personSeeds(o))
		if err != nil {
			return err
		}
		o.persons = inOrder(persons, personCount)
		groups, err := core.People.EnsureGroups(ctx, tx, source, groupSeeds(o))
		if err != nil {
			return err
		}
		o.groups = inOrder(groups, groupCount)
		services, err := core.Services.Ensure(ctx, tx, source, serviceSeeds(o))
		o.services = inOrder(services, serviceCount)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, group := range o.groups {
		if err := core.Roles.GrantToGroup(ctx, group, access.RoleAgent, 0); err != nil {
			return nil, err
		}
	}
	for _, i := range []int{0, personCount - 2} {
		if err := core.Identity.SetPassword(ctx, o.persons[i], password); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func inOrder(ids map[string]int64, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = ids[fmt.Sprint(i)]
	}
	return out
}

func unitSeeds() []people.OrganisationSeed {
	var seeds []people.OrganisationSeed
	for i := range unitCount {
		seeds = append(seeds, people.OrganisationSeed{Ref: fmt.Sprint(i), OrganisationInput: people.OrganisationInput{
			Kind: people.Own, Name: fmt.Sprintf("Division %d", i+1), Active: true,
		}})
	}
	return seeds
}

func personSeeds(o *organisation) []people.PersonSeed {
	var seeds []people.PersonSeed
	for i := range personCount {
		seeds = append(seeds, people.PersonSeed{Ref: fmt.Sprint(i), PersonInput: people.PersonInput{
			Name: firstNames[i%len(firstNames)] + " " + lastNames[i/len(firstNames)%len(lastNames)], Email: fmt.Sprintf("p%d@bench.example", i),
			OrganisationID: o.units[i%unitCount], Active: true,
		}})
	}
	return seeds
}

func groupSeeds(o *organisation) []people.GroupSeed {
	var seeds []people.GroupSeed
	for i := range groupCount {
		seed := people.GroupSeed{Ref: fmt.Sprint(i), GroupInput: people.GroupInput{
			Name: fmt.Sprintf("Team %d", i+1), Tier: i%3 + 1, OrganisationID: o.units[i%unitCount], Active: true,
		}}
		for _, j := range membersOf(i) {
			seed.Members = append(seed.Members, o.persons[j])
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

// membersOf gives which of the persons are in a group.
func membersOf(group int) []int {
	var members []int
	for i := group; i < agentCount; i += groupCount {
		members = append(members, i)
	}
	return members
}

func serviceSeeds(o *organisation) []service.Seed {
	var seeds []service.Seed
	for i := range serviceCount {
		seeds = append(seeds, service.Seed{Ref: fmt.Sprint(i), Input: service.Input{
			Name: fmt.Sprintf("Service %d", i+1), OwnerID: o.persons[agentCount+i], Criticality: service.DefaultCriticality, Stage: service.Live,
			SupportGroupID: o.groups[i%groupCount], ProviderID: o.units[0],
		}})
	}
	return seeds
}
