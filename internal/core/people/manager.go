package people

import (
	"cmp"
	"context"
	"slices"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// MaxLine bounds how many managers stand above a person.
const MaxLine = 20

// checkManager refuses a manager who is missing, no longer active, or below the person:
// nobody is their own manager, by however many steps. Who is on the way up is locked, so
// that of two changes that together would make a circle one sees the other.
func checkManager(ctx context.Context, tx *database.Tx, p *Person, before int64) error {
	if p.ManagerID == 0 || p.ManagerID == before {
		return nil
	}
	if p.ManagerID == p.ID {
		return apperr.InvalidField("manager", "Nobody is their own manager.")
	}
	m, err := readPerson(ctx, tx, p.ManagerID)
	if apperr.Is(err, apperr.NotFound) || err == nil && mayLookUp(ctx, m) != nil {
		return apperr.InvalidField("manager", "This person does not exist.")
	}
	if err != nil {
		return err
	}
	if !m.Active || m.ServiceAccount {
		return apperr.InvalidField("manager", "%s is no longer active.", m.Name)
	}
	at := m
	for range MaxLine {
		if err := lockPerson(ctx, tx, at.ID); err != nil {
			return err
		}
		if at, err = readPerson(ctx, tx, at.ID); err != nil || at.ManagerID == 0 {
			return err
		}
		if at.ManagerID == p.ID {
			return apperr.InvalidField("manager", "%s is below %s already.", m.Name, p.Name)
		}
		if at, err = readPerson(ctx, tx, at.ManagerID); err != nil {
			return err
		}
	}
	return apperr.InvalidField("manager", "At most %d managers stand above one another.", MaxLine)
}

// Managers gives who stands above a person, the nearest first, at most so many. Those
// who are no longer active are in it as 0. It asks for no permission: it is for rules.
func (s *Service) Managers(ctx context.Context, q database.Querier, person int64, most int) ([]int64, error) {
	var out []int64
	return out, database.Each(ctx, q, func(r database.Row) error {
		var id int64
		var active bool
		if err := r.Scan(&id, &active); err != nil {
			return err
		}
		if !active {
			id = 0
		}
		out = append(out, id)
		return nil
	}, `WITH RECURSIVE line (id, depth) AS (
			SELECT p.manager_id, 1 FROM persons p WHERE p.id = $1 AND p.manager_id IS NOT NULL
			UNION ALL SELECT p.manager_id, line.depth + 1 FROM line JOIN persons p ON p.id = line.id WHERE p.manager_id IS NOT NULL AND line.depth < $2)
		SELECT line.id, m.active FROM line JOIN persons m ON m.id = line.id ORDER BY line.depth`, person, min(most, MaxLine))
}

// underManagers gives new persons the managers that a foreign system names, and puts
// each behind theirs. What would go round in a circle there is left out.
func underManagers(fresh []Person, seeds []PersonSeed, ids map[string]int64) []Person {
	refs := make(map[string]string, len(seeds))
	for i := range seeds {
		refs[seeds[i].Ref] = seeds[i].ManagerRef
	}
	above := make(map[int64]int64, len(fresh)) // of those who are new; nobody who was here before is below them
	depth := func(id int64) int {
		n := 0
		for at := above[id]; at != 0 && at != id && n <= len(fresh); at = above[at] {
			n++
		}
		return n
	}
	for i := range fresh {
		p := &fresh[i]
		if m := ids[refs[p.SourceRef]]; m != 0 && m != p.ID {
			above[p.ID] = m
			round := false
			for at, n := m, 0; at != 0 && n <= MaxLine && !round; at, n = above[at], n+1 {
				round = at == p.ID || n == MaxLine
			}
			if round {
				delete(above, p.ID)
				continue
			}
			p.ManagerID = m
		}
	}
	slices.SortStableFunc(fresh, func(a, b Person) int { return cmp.Compare(depth(a.ID), depth(b.ID)) })
	return fresh
}
