package service

import (
	"context"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/kept"
)

const offeringColumns = "o.id, o.service_id, o.name, o.description, o.active, o.created_at, o.updated_at, o.version"

func scanOffering(r database.Row) (Offering, error) {
	var o Offering
	err := r.Scan(&o.ID, &o.ServiceID, &o.Name, &o.Description, &o.Active, (*database.Time)(&o.CreatedAt), (*database.Time)(&o.UpdatedAt), &o.Version)
	return o, err
}

func readOffering(ctx context.Context, q database.Querier, id int64) (Offering, error) {
	o, err := database.One(ctx, q, scanOffering, "SELECT "+offeringColumns+" FROM service_offerings o WHERE o.id = $1", id)
	if apperr.Is(err, apperr.NotFound) {
		return o, apperr.Wrap(err, apperr.NotFound, noOffering)
	}
	return o, err
}

func readOfferings(ctx context.Context, q database.Querier, service int64) ([]Offering, error) {
	return database.All(ctx, q, scanOffering, "SELECT "+offeringColumns+` FROM service_offerings o WHERE o.service_id = $1
		ORDER BY o.active DESC, o.name_folded, o.id LIMIT $2`, service, MaxOfferings)
}

func readOfferingNames(ctx context.Context, q database.Querier, ids []int64) (map[int64]OfferingName, error) {
	return kept.Read(ctx, q, ids, "SELECT o.id, o.name, o.service_id, s.name, o.active FROM service_offerings o JOIN services s ON s.id = o.service_id WHERE o.id IN ",
		func(r database.Row) (id int64, n OfferingName, err error) {
			err = r.Scan(&id, &n.Name, &n.ServiceID, &n.Service, &n.Active)
			return id, n, err
		})
}

func suggestOfferings(ctx context.Context, q database.Querier, text string) ([]Suggestion, error) {
	var args database.Args
	const most = 10
	begins := filter.Fold(text)
	return database.All(ctx, q, func(r database.Row) (s Suggestion, err error) {
		err = r.Scan(&s.ID, &s.Name, &s.Detail)
		return s, err
	}, `SELECT o.id, o.name, s.name FROM service_offerings o JOIN services s ON s.id = o.service_id
		WHERE o.active AND s.stage <> 'retired' AND (o.name_folded >= `+args.Arg(begins)+` AND o.name_folded < `+args.Arg(begins+"\U0010FFFF")+` OR `+lookup.Where(&args, lookup.Service, "s.id", text)+`)
		ORDER BY s.name_folded, o.name_folded, o.id LIMIT `+args.Arg(most), args.Values()...)
}

func insertOffering(ctx context.Context, tx *database.Tx, o Offering) error {
	_, err := tx.Exec(ctx, `INSERT INTO service_offerings (id, service_id, name, name_folded, description, active, created_at, updated_at, version)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		o.ID, o.ServiceID, o.Name, filter.Fold(o.Name), o.Description, o.Active, database.Time(o.CreatedAt), database.Time(o.UpdatedAt), o.Version)
	return err
}

func updateOffering(ctx context.Context, tx *database.Tx, o Offering) error {
	_, err := tx.Exec(ctx, `UPDATE service_offerings SET name = $1, name_folded = $2, description = $3, active = $4, updated_at = $5, version = $6 WHERE id = $7`,
		o.Name, filter.Fold(o.Name), o.Description, o.Active, database.Time(o.UpdatedAt), o.Version, o.ID)
	return err
}

const useColumns = "u.id, u.service_id, u.organisation_id, u.offering_id, u.since"

func scanUse(r database.Row) (Use, error) {
	var u Use
	err := r.Scan(&u.ID, &u.ServiceID, (*database.ID)(&u.OrganisationID), (*database.ID)(&u.OfferingID), (*database.Time)(&u.Since))
	return u, err
}

// shownUses bounds how many uses a page lists.
const shownUses = 500

func readUses(ctx context.Context, q database.Querier, service int64) ([]Use, error) {
	return database.All(ctx, q, scanUse, "SELECT "+useColumns+" FROM offering_uses u WHERE u.service_id = $1 ORDER BY u.since DESC, u.id DESC LIMIT $2", service, shownUses)
}

func allUses(ctx context.Context, q database.Querier, most int) ([]Use, error) {
	return database.All(ctx, q, scanUse, "SELECT "+useColumns+" FROM offering_uses u ORDER BY u.since, u.id LIMIT $1", most)
}

func readUse(ctx context.Context, q database.Querier, service, id int64) (Use, error) {
	u, err := database.One(ctx, q, scanUse, "SELECT "+useColumns+" FROM offering_uses u WHERE u.service_id = $1 AND u.id = $2", service, id)
	if apperr.Is(err, apperr.NotFound) {
		return u, apperr.New(apperr.NotFound, "This was taken back before.")
	}
	return u, err
}

// sameUse gives what was said of the same organisation from the same instant on.
func sameUse(ctx context.Context, tx *database.Tx, use Use) (Use, error) {
	found, err := database.All(ctx, tx, scanUse, "SELECT "+useColumns+` FROM offering_uses u
		WHERE u.service_id = $1 AND COALESCE(u.organisation_id, 0) = $2 AND u.since = $3`, use.ServiceID, use.OrganisationID, database.Time(use.Since))
	if err != nil || len(found) == 0 {
		return Use{}, err
	}
	return found[0], nil
}

func insertUse(ctx context.Context, tx *database.Tx, u Use) error {
	_, err := tx.Exec(ctx, "INSERT INTO offering_uses (id, service_id, organisation_id, offering_id, since) VALUES ($1, $2, $3, $4, $5)",
		u.ID, u.ServiceID, database.ID(u.OrganisationID), database.ID(u.OfferingID), database.Time(u.Since))
	return err
}

func deleteUse(ctx context.Context, tx *database.Tx, id int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM offering_uses WHERE id = $1", id)
	return err
}

// checkUse reports, field by field, what a use names that cannot be.
func checkUse(ctx context.Context, tx *database.Tx, use *Use) error {
	var organisation, offering bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM organisations WHERE id = $1 AND active),
			EXISTS (SELECT 1 FROM service_offerings WHERE id = $2 AND service_id = $3 AND active)`,
		use.OrganisationID, use.OfferingID, use.ServiceID).Scan(&organisation, &offering); err != nil {
		return err
	}
	var wrong apperr.Problems
	if use.OrganisationID != 0 && !organisation {
		wrong.Add("organisation", "This organisation does not exist or is no longer in use.")
	}
	if use.OfferingID != 0 && !offering {
		wrong.Add("offering", "This service has no such offering, or nobody can be given it any more.")
	}
	return wrong.Err()
}
