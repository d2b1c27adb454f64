package demo

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// writeCompany makes sure that the organisation is there, and gives what its refs
// have become.
func (d Deps) writeCompany(ctx context.Context, org *Organisation, begun time.Time) (*ids, error) {
	x := &ids{units: map[string]int64{}, services: map[string]int64{}, unitOf: map[string]string{}, outside: map[string]bool{}}
	t := newTeller(org, 0, begun)
	for _, p := range org.People {
		x.unitOf[p.Ref] = p.Unit
		x.outside[p.Ref] = t.outside(p.Ref)
	}
	err := d.DB.Write(ctx, func(tx *database.Tx) error {
		if err := d.writeUnits(ctx, tx, org, begun, x); err != nil {
			return err
		}
		var err error
		if x.people, err = d.People.EnsurePersons(ctx, tx, Source, personSeeds(org, x)); err != nil {
			return err
		}
		if x.groups, err = d.People.EnsureGroups(ctx, tx, Source, groupSeeds(org, x)); err != nil {
			return err
		}
		return d.writeServices(ctx, tx, org, x)
	})
	if err != nil {
		return nil, err
	}
	if x.files, err = store(ctx, d.Blobs); err != nil {
		return nil, err
	}
	return x, d.giveRoles(ctx, org, x)
}

// writeUnits writes the organisations from the top down.
func (d Deps) writeUnits(ctx context.Context, tx *database.Tx, org *Organisation, begun time.Time, x *ids) error {
	for left := org.Units; len(left) > 0; {
		var seeds []people.OrganisationSeed
		var below []Unit
		for _, u := range left {
			if u.Parent != "" && x.units[u.Parent] == 0 {
				below = append(below, u)
				continue
			}
			seeds = append(seeds, people.OrganisationSeed{Ref: unitRef(org, u.Ref, begun), OrganisationInput: people.OrganisationInput{
				Kind: u.Kind, Name: u.Name, ParentID: x.units[u.Parent], Description: u.Description, Active: true,
			}})
		}
		made, err := d.People.EnsureOrganisations(ctx, tx, Source, seeds)
		if err != nil {
			return err
		}
		for _, u := range left {
			if id := made[unitRef(org, u.Ref, begun)]; id != 0 {
				x.units[u.Ref] = id
			}
		}
		left = below
	}
	return nil
}

// unitRef is a unit's ref in the database; the company's tells of which instant
// the stories are.
func unitRef(org *Organisation, ref string, begun time.Time) string {
	if ref == org.Units[0].Ref {
		return ref + instant + begun.Format(time.RFC3339)
	}
	return ref
}

func personSeeds(org *Organisation, x *ids) []people.PersonSeed {
	seeds := make([]people.PersonSeed, 0, len(org.People))
	for _, p := range org.People {
		seeds = append(seeds, people.PersonSeed{
			Ref: p.Ref,
			PersonInput: people.PersonInput{
				Name: p.Name, Email: p.Email, Phone: p.Phone, JobTitle: p.Job, OrganisationID: x.units[p.Unit], Location: p.Location, VIP: p.VIP, Active: true,
			},
			Preferences: people.Preferences{Zone: p.Zone},
		})
	}
	return seeds
}

func groupSeeds(org *Organisation, x *ids) []people.GroupSeed {
	seeds := make([]people.GroupSeed, 0, len(org.Groups))
	for _, g := range org.Groups {
		seed := people.GroupSeed{Ref: g.Ref, GroupInput: people.GroupInput{
			Name: g.Name, Tier: g.Tier, OrganisationID: x.units[g.Unit], Description: g.Description, Active: true,
		}}
		for _, m := range g.Members {
			seed.Members = append(seed.Members, x.people[m])
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

// writeServices writes the services, those that others are parts of first.
func (d Deps) writeServices(ctx context.Context, tx *database.Tx, org *Organisation, x *ids) error {
	for left := org.Services; len(left) > 0; {
		var seeds []service.Seed
		var parts []Service
		for _, s := range left {
			if s.Parent != "" && x.services[s.Parent] == 0 {
				parts = append(parts, s)
				continue
			}
			seeds = append(seeds, service.Seed{Ref: s.Ref, Input: service.Input{
				Name: s.Name, Description: s.Description, OwnerID: x.people[s.Owner], Criticality: s.Criticality, MissionCritical: s.MissionCritical,
				Stage: s.Stage, ProviderID: x.units[s.Provider], SupportGroupID: x.groups[s.Group], ParentID: x.services[s.Parent],
			}})
		}
		made, err := d.Services.Ensure(ctx, tx, Source, seeds)
		if err != nil {
			return err
		}
		maps.Copy(x.services, made)
		left = parts
	}
	return nil
}

// giveRoles gives persons and groups their roles, and groups their leads. The
// administrator comes first: a directory must never be left without one.
func (d Deps) giveRoles(ctx context.Context, org *Organisation, x *ids) error {
	err := d.DB.Write(ctx, func(tx *database.Tx) error {
		for _, p := range org.People {
			for _, r := range p.Roles {
				if err := d.Roles.GrantToPersonIn(ctx, tx, x.people[p.Ref], r.Key, x.units[r.Unit]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, g := range org.Groups {
		if err := d.Roles.GrantToGroup(ctx, x.groups[g.Ref], g.Role, 0); err != nil {
			return err
		}
		if err := d.People.SetMember(ctx, x.groups[g.Ref], x.people[g.Members[0]], true); err != nil {
			return err
		}
	}
	return nil
}

// writeStories imports the stories, some at a time.
func (d Deps) writeStories(ctx context.Context, x *ids, stories []Story) error {
	if err := d.nameStories(ctx, x, len(stories)); err != nil {
		return err
	}
	histories := make([]ticket.History, len(stories))
	for i := range stories {
		def, err := d.Tickets.Kinds().Get(stories[i].Kind)
		if err != nil {
			return err
		}
		if histories[i], err = x.history(i, &stories[i], def); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(histories, batch) {
		err := d.DB.Write(ctx, func(tx *database.Tx) error {
			_, err := d.Tickets.Import(ctx, tx, part)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// nameStories gives every story the id of its ticket, so that they can speak of
// each other: the one it has, where it was written before, or a new one.
func (d Deps) nameStories(ctx context.Context, x *ids, count int) error {
	x.stories = make([]int64, count)
	return d.DB.Write(ctx, func(tx *database.Tx) error {
		err := database.Each(ctx, tx, func(r database.Row) error {
			var ref string
			var id int64
			if err := r.Scan(&ref, &id); err != nil {
				return err
			}
			if n, err := strconv.Atoi(ref); err == nil && n >= 1 && n <= count {
				x.stories[n-1] = id
			}
			return nil
		}, `SELECT source_ref, id FROM tickets WHERE source = $1 ORDER BY id LIMIT $2`, Source, count)
		for i := range x.stories {
			if x.stories[i] == 0 {
				x.stories[i] = tx.NextID()
			}
		}
		return err
	})
}
