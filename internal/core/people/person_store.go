package people

import (
	"context"
	"slices"
	"strings"

	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/platform/database"
)

const personColumns = `p.id, p.name, p.email, p.phone, p.job_title, p.organisation_id, p.location, p.language, p.zone, p.theme, p.density, p.start_page, p.keys_off,
	p.vip, p.active, p.service_account, p.source, COALESCE(p.source_ref, ''), p.created_at, p.updated_at, p.version, p.manager_id`

func scanPerson(r database.Row) (Person, error) {
	var p Person
	err := r.Scan(&p.ID, &p.Name, &p.Email, &p.Phone, &p.JobTitle, (*database.ID)(&p.OrganisationID), &p.Location, &p.Language, &p.Zone,
		&p.Theme, &p.Density, &p.Start, &p.KeysOff, &p.VIP, &p.Active, &p.ServiceAccount, &p.Source, &p.SourceRef,
		(*database.Time)(&p.CreatedAt), (*database.Time)(&p.UpdatedAt), &p.Version, (*database.ID)(&p.ManagerID))
	return p, err
}

func readPerson(ctx context.Context, q database.Querier, id int64) (Person, error) {
	p, err := database.One(ctx, q, scanPerson, "SELECT "+personColumns+" FROM persons p WHERE p.id = $1", id)
	return p, notFound(err, noPerson)
}

func insertPersons(ctx context.Context, tx *database.Tx, all ...Person) error {
	const batch = 200
	for part := range slices.Chunk(all, batch) {
		var args database.Args
		rows := make([]string, 0, len(part))
		for _, p := range part {
			rows = append(rows, values(&args, p.ID, p.Name, filter.Fold(p.Name), p.Email, nullable(NormalEmail(p.Email)), p.Phone, p.JobTitle,
				database.ID(p.OrganisationID), p.Location, p.Language, p.Zone, p.Theme, p.Density, p.Start, p.KeysOff, p.VIP, p.Active, p.ServiceAccount,
				p.Source, nullable(p.SourceRef), database.Time(p.CreatedAt), database.Time(p.UpdatedAt), p.Version, database.ID(p.ManagerID)))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO persons (id, name, name_folded, email, email_folded, phone, job_title, organisation_id,
				location, language, zone, theme, density, start_page, keys_off, vip, active, service_account, source, source_ref, created_at, updated_at, version, manager_id)
			VALUES `+strings.Join(rows, ", "), args.Values()...); err != nil {
			return err
		}
		if err := lookup.Index(ctx, tx, lookup.Person, personWords(part)...); err != nil {
			return err
		}
	}
	return nil
}

func personWords(all []Person) []lookup.Entry {
	entries := make([]lookup.Entry, 0, len(all))
	for _, p := range all {
		entries = append(entries, lookup.Entry{ID: p.ID, Texts: []string{p.Name, p.Email}})
	}
	return entries
}

func (s *Service) updatePerson(ctx context.Context, tx *database.Tx, p Person) error {
	n, err := tx.Exec(ctx, `UPDATE persons SET name = $1, name_folded = $2, email = $3, email_folded = $4, phone = $5, job_title = $6,
		organisation_id = $7, location = $8, language = $9, zone = $10, theme = $11, density = $12, vip = $13, active = $14,
		service_account = $15, source = $16, source_ref = $17, updated_at = $18, version = $19, start_page = $20, keys_off = $21, manager_id = $22
		WHERE id = $23 AND version = $24`,
		p.Name, filter.Fold(p.Name), p.Email, nullable(NormalEmail(p.Email)), p.Phone, p.JobTitle,
		database.ID(p.OrganisationID), p.Location, p.Language, p.Zone, p.Theme, p.Density, p.VIP, p.Active,
		p.ServiceAccount, p.Source, nullable(p.SourceRef), database.Time(p.UpdatedAt), p.Version, p.Start, p.KeysOff, database.ID(p.ManagerID), p.ID, p.Version-1)
	if err != nil {
		return err
	}
	if n == 0 {
		return overtaken(ctx, tx, p.ID, readPerson)
	}
	s.kept.persons.Changed(tx, p.ID)
	return lookup.Index(ctx, tx, lookup.Person, personWords([]Person{p})...)
}
