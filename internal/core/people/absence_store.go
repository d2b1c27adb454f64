package people

import (
	"context"
	"strconv"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// mostAbsences bounds one reading.
const mostAbsences = 1000

// readAbsences gives the absences of a condition, the latest first, with who stands in.
func readAbsences(ctx context.Context, q database.Querier, where string, args ...any) ([]Absence, error) {
	found, err := database.All(ctx, q, func(r database.Row) (Absence, error) {
		var a Absence
		err := r.Scan(&a.ID, &a.PersonID, (*database.Time)(&a.From), (*database.Time)(&a.Until), &a.Reason, (*database.ID)(&a.Substitute), (*database.ID)(&a.EnteredBy),
			(*database.Time)(&a.CreatedAt), (*database.Time)(&a.UpdatedAt), &a.Version)
		return a, err
	}, `SELECT a.id, a.person_id, a.from_at, a.until_at, a.reason, a.substitute_id, a.entered_by, a.created_at, a.updated_at, a.version
		FROM absences a WHERE `+where+` ORDER BY a.from_at DESC, a.id DESC LIMIT `+strconv.Itoa(mostAbsences), args...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	places := make(map[int64]*Absence, len(found))
	ids := make([]int64, len(found))
	for i := range found {
		ids[i] = found[i].ID
		places[ids[i]] = &found[i]
	}
	var in database.Args
	return found, database.Each(ctx, q, func(r database.Row) error {
		var id, group, substitute int64
		if err := r.Scan(&id, &group, &substitute); err != nil {
			return err
		}
		a := places[id]
		if a.ByGroup == nil {
			a.ByGroup = map[int64]int64{}
		}
		a.ByGroup[group] = substitute
		return nil
	}, `SELECT g.absence_id, g.group_id, g.substitute_id FROM absence_groups g WHERE g.absence_id IN `+database.In(&in, ids), in.Values()...)
}

// visibleAbsences is the rule of who may know of an absence: mayEnter, and those whom it
// names.
func visibleAbsences(ctx context.Context, q database.Querier, actor access.Actor, ids []int64) ([]int64, error) {
	var args database.Args
	me, manages := args.Arg(actor.ID), actor.Condition(access.ManagePeople, personSchema).SQL(&args)
	return database.All(ctx, q, database.Scalar[int64], `SELECT a.id FROM absences a JOIN persons p ON p.id = a.person_id WHERE a.id IN `+database.In(&args, ids)+`
		AND (a.person_id = `+me+` OR a.substitute_id = `+me+` OR `+manages+`
			OR EXISTS (SELECT 1 FROM absence_groups g WHERE g.absence_id = a.id AND g.substitute_id = `+me+`)
			OR EXISTS (SELECT 1 FROM group_members l JOIN group_members m ON m.group_id = l.group_id WHERE l.person_id = `+me+` AND l.lead AND m.person_id = a.person_id))
		ORDER BY a.id`, args.Values()...)
}

// reasonOf reads why somebody is away, for keeping it over a change by others.
func reasonOf(ctx context.Context, q database.Querier, id int64) (string, error) {
	return database.One(ctx, q, database.Scalar[string], `SELECT a.reason FROM absences a WHERE a.id = $1`, id)
}

func insertAbsence(ctx context.Context, tx *database.Tx, a *Absence) error {
	_, err := tx.Exec(ctx, `INSERT INTO absences (id, person_id, from_at, until_at, reason, substitute_id, entered_by, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, a.ID, a.PersonID, database.Time(a.From), database.Time(a.Until), a.Reason,
		database.ID(a.Substitute), database.ID(a.EnteredBy), database.Time(a.CreatedAt), database.Time(a.UpdatedAt), a.Version)
	if err != nil {
		return err
	}
	return insertAbsenceGroups(ctx, tx, a)
}

func insertAbsenceGroups(ctx context.Context, tx *database.Tx, a *Absence) error {
	for group, substitute := range a.ByGroup { // at most maxAbsentGroups
		if _, err := tx.Exec(ctx, `INSERT INTO absence_groups (absence_id, group_id, substitute_id) VALUES ($1, $2, $3)`, a.ID, group, substitute); err != nil {
			return err
		}
	}
	return nil
}

func updateAbsence(ctx context.Context, tx *database.Tx, a *Absence) error {
	n, err := tx.Exec(ctx, `UPDATE absences SET from_at = $1, until_at = $2, reason = $3, substitute_id = $4, updated_at = $5, version = $6 WHERE id = $7 AND version = $8`,
		database.Time(a.From), database.Time(a.Until), a.Reason, database.ID(a.Substitute), database.Time(a.UpdatedAt), a.Version, a.ID, a.Version-1)
	if err != nil {
		return err
	}
	if n == 0 {
		return apperr.New(apperr.Conflict, "Somebody else saved this in the meantime.")
	}
	if _, err := tx.Exec(ctx, `DELETE FROM absence_groups WHERE absence_id = $1`, a.ID); err != nil {
		return err
	}
	return insertAbsenceGroups(ctx, tx, a)
}

func deleteAbsence(ctx context.Context, tx *database.Tx, id int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM absence_groups WHERE absence_id = $1`, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM absences WHERE id = $1`, id)
	return err
}

// takeTurn notes that a beginning or an end was told of; one that ended before anybody
// was told of its beginning has both.
func takeTurn(ctx context.Context, tx *database.Tx, t *Turn, now time.Time) (bool, error) {
	set, open := `told_at = $1`, `told_at IS NULL`
	if t.Ended {
		set, open = `told_at = COALESCE(told_at, $1), ended_at = $1`, `ended_at IS NULL`
	}
	n, err := tx.Exec(ctx, `UPDATE absences SET `+set+` WHERE id = $2 AND `+open, database.Time(now), t.ID)
	return n > 0, err
}

// lockPerson keeps others from changing a person's absences until the transaction ends.
func lockPerson(ctx context.Context, tx *database.Tx, person int64) error {
	_, err := tx.Exec(ctx, `UPDATE persons SET updated_at = updated_at WHERE id = $1`, person)
	return err
}

// leads reports whether a person leads a group that another one is in.
func leads(ctx context.Context, q database.Querier, lead, person int64) (bool, error) {
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM group_members l JOIN group_members m ON m.group_id = l.group_id
		WHERE l.person_id = $1 AND l.lead AND m.person_id = $2`, lead, person)
	return n > 0, err
}

func groupsOf(ctx context.Context, q database.Querier, person int64) ([]int64, error) {
	return database.All(ctx, q, database.Scalar[int64], `SELECT m.group_id FROM group_members m WHERE m.person_id = $1 ORDER BY m.group_id`, person)
}

// mayStandIn reports whether somebody can stand in for a person and the actor may know
// of them: an active person whom the actor may look up, or who is in a group with the
// person.
func mayStandIn(ctx context.Context, q database.Querier, substitute, person int64) (bool, error) {
	p, err := readPerson(ctx, q, substitute)
	if apperr.Is(err, apperr.NotFound) || err == nil && (!p.Active || p.ServiceAccount) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if mayLookUp(ctx, p) == nil {
		return true, nil
	}
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM group_members a JOIN group_members b ON b.group_id = a.group_id
		WHERE a.person_id = $1 AND b.person_id = $2`, substitute, person)
	return n > 0, err
}

// mostAround bounds whom a notice falls back to.
const mostAround = 50

func readAround(ctx context.Context, q database.Querier, person, group, service int64) (Around, error) {
	var a Around
	return a, database.Each(ctx, q, func(r database.Row) error {
		var what string
		var id int64
		err := r.Scan(&what, &id)
		switch what {
		case "lead":
			a.Leads = append(a.Leads, id)
		case "member":
			a.Members = append(a.Members, id)
		case "owner":
			a.Owner = id
		}
		return err
	}, `SELECT x.what, x.person_id FROM (
			SELECT DISTINCT CASE WHEN m.lead THEN 'lead' ELSE 'member' END AS what, m.person_id FROM group_members m
				WHERE m.group_id = $1 OR $1 = 0 AND m.group_id IN (SELECT o.group_id FROM group_members o WHERE o.person_id = $2)
			UNION ALL SELECT 'owner', s.owner_id FROM services s WHERE s.id = $3) x
		JOIN persons p ON p.id = x.person_id WHERE p.active AND NOT p.service_account ORDER BY x.what, x.person_id LIMIT $4`, group, person, service, mostAround)
}
