package servicenow

import (
	"context"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

// Start queues the import of an uploaded file.
func (r *Runs) Start(ctx context.Context, file upload, zone string) (RunRecord, error) {
	actor := access.From(ctx)
	if err := actor.Require(access.ManageSettings, access.AnyKind); err != nil {
		return RunRecord{}, err
	}
	if _, err := loadZone(zone); err != nil {
		return RunRecord{}, err
	}
	if file.size == 0 {
		return RunRecord{}, apperr.InvalidField("file", "Choose a file; it must not be empty.")
	}
	run := RunRecord{
		PersonID: actor.ID, FileName: file.name, BlobKey: file.key, Size: file.size, Zone: zone, State: Queued,
		CreatedAt: r.importer.Now().UTC().Truncate(time.Microsecond),
	}
	err := r.importer.DB.Write(ctx, func(tx *database.Tx) error {
		run.ID = tx.NextID()
		_, err := tx.Exec(ctx, `INSERT INTO import_runs (id, person_id, file_name, blob_key, size, zone, state, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			run.ID, database.ID(run.PersonID), run.FileName, run.BlobKey, run.Size, run.Zone, string(run.State), database.Time(run.CreatedAt))
		if err != nil {
			return err
		}
		// One at a time: two imports of overlapping logs would only wait for each other.
		if _, err := r.job.Enqueue(ctx, tx, runJob{run.ID}, jobs.Key("servicenow.import")); err != nil {
			return err
		}
		return r.log.Append(ctx, tx, audit.Entry{
			Action: "import.start", ObjectType: "import", ObjectID: audit.ID(run.ID), ObjectName: run.FileName,
		})
	})
	return run, err
}

func (r *Runs) get(ctx context.Context, id int64) (RunRecord, error) {
	return database.One(ctx, r.importer.DB.Reader(), scanRun, `SELECT `+runColumns+` FROM import_runs r WHERE r.id = $1`, id)
}

// List gives the newest runs.
func (r *Runs) List(ctx context.Context, limit int) ([]RunRecord, error) {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return nil, err
	}
	return database.All(ctx, r.importer.DB.Reader(), scanRun,
		`SELECT `+runColumns+` FROM import_runs r ORDER BY r.created_at DESC, r.id DESC LIMIT $1`, limit)
}

// visible says of runs which the actor may see now. It is a notify.Guard of Subject.
func (r *Runs) visible(ctx context.Context, ids []int64) ([]int64, error) {
	if !access.From(ctx).Can(access.ManageSettings, access.AnyKind) {
		return nil, nil
	}
	var args database.Args
	return database.All(ctx, r.importer.DB.Reader(), database.Scalar[int64], `SELECT r.id FROM import_runs r WHERE r.id IN `+database.In(&args, ids), args.Values()...)
}

func (r *Runs) store(ctx context.Context, run RunRecord) error {
	return r.importer.DB.Write(ctx, func(tx *database.Tx) error { return r.write(ctx, tx, run) })
}

func (r *Runs) write(ctx context.Context, tx *database.Tx, run RunRecord) error {
	_, err := tx.Exec(ctx, `UPDATE import_runs SET state = $1, read_bytes = $2, problem = $3, report = $4, started_at = $5, finished_at = $6 WHERE id = $7`,
		string(run.State), run.ReadBytes, run.Problem, database.JSON{V: run.Report}, database.Time(run.StartedAt), database.Time(run.FinishedAt), run.ID)
	if err != nil {
		return err
	}
	return r.announce.ImportMoved(ctx, tx, run.ID)
}

// holds reports whether the log of an import that is not done lies under a key of
// the file store; one that failed can be run again. It is a ticket.Holder.
func holds(ctx context.Context, q database.Querier, key string) (bool, error) {
	n, err := database.One(ctx, q, database.Scalar[int], `SELECT count(*) FROM (SELECT 1 FROM import_runs r WHERE r.blob_key = $1 AND r.state <> 'done' LIMIT 1) x`, key)
	return n > 0, err
}
