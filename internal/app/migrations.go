package app

import (
	"context"
	"io/fs"

	"github.com/steward-itsm/steward/internal/connect/mail"
	"github.com/steward-itsm/steward/internal/connect/servicenow"
	"github.com/steward-itsm/steward/internal/connect/webhook"
	"github.com/steward-itsm/steward/internal/core/access/roles"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/calendar"
	"github.com/steward-itsm/steward/internal/core/identity"
	"github.com/steward-itsm/steward/internal/core/lookup"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/once"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/search"
	"github.com/steward-itsm/steward/internal/core/service"
	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/live"
	"github.com/steward-itsm/steward/internal/practice/desk/canned"
	"github.com/steward-itsm/steward/internal/practice/desk/checklist"
	"github.com/steward-itsm/steward/internal/practice/desk/draft"
	"github.com/steward-itsm/steward/internal/practice/desk/macro"
	"github.com/steward-itsm/steward/internal/practice/desk/queue"
	"github.com/steward-itsm/steward/internal/practice/desk/snooze"
	"github.com/steward-itsm/steward/internal/practice/desk/timesheet"
	"github.com/steward-itsm/steward/internal/practice/majorincident"
	"github.com/steward-itsm/steward/internal/practice/measurement/dashboard"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/agreement"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/escalation"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/promise"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/results"
	"github.com/steward-itsm/steward/internal/practice/servicelevel/workaround"
)

// Migrations are those of every room: together the schema of the database.
func Migrations() []fs.FS {
	return []fs.FS{
		live.Migrations, jobs.Migrations,
		people.Migrations, roles.Migrations, service.Migrations, calendar.Migrations, audit.Migrations, identity.Migrations, lookup.Migrations, once.Migrations,
		workflow.Migrations, ticket.Migrations, search.Migrations, notify.Migrations, metric.Migrations,
		queue.Migrations,
		canned.Migrations, macro.Migrations,
		snooze.Migrations,
		majorincident.Migrations,
		checklist.Migrations,
		timesheet.Migrations,
		draft.Migrations,
		dashboard.Migrations, tension.Migrations,
		agreement.Migrations,
		promise.Migrations,
		workaround.Migrations,
		escalation.Migrations,
		results.Migrations,
		servicenow.Migrations,
		mail.Migrations,
		webhook.Migrations,
	}
}

// DerivedTables are the tables whose content is made from other tables, as
// patterns of path.Match: a backup leaves them out, and Rebuild fills them.
func DerivedTables() []string { return []string{"search_*", "metric_*", "clock_*", "ticket_clocks"} }

// Rebuild fills the derived tables of a database that was just restored.
func Rebuild(ctx context.Context, db *database.DB) error {
	index := search.New(db)
	if err := ticket.New(ticket.Deps{DB: db, Search: index}).Reindex(ctx, index.Clear); err != nil {
		return err
	}
	if err := metric.StartSweep(ctx, db); err != nil {
		return err
	}
	return promise.StartSweep(ctx, db)
}
