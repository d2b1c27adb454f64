package servicenow

import (
	"bufio"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/blob"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are this room's steps on the timeline of the schema.
var Migrations fs.FS = migrations

// State says how far a run is.
type State string

// The states of a run.
const (
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// RunRecord is one import that somebody started in the browser.
type RunRecord struct {
	ID         int64
	PersonID   int64
	FileName   string
	BlobKey    string
	Size       int64 // bytes of the file
	Zone       string
	State      State
	ReadBytes  int64
	Problem    string // why it failed: a text that words.Recall reads
	Report     Report
	CreatedAt  time.Time
	StartedAt  time.Time
	FinishedAt time.Time
}

// Announcer tells open screens that a run has moved on.
type Announcer interface {
	ImportMoved(ctx context.Context, tx *database.Tx, run int64) error
}

// Runs keeps the imports started in the browser and carries them out as jobs.
type Runs struct {
	importer *Importer
	blobs    blob.Store
	log      *audit.Log
	announce Announcer
	tell     Telling
	job      *jobs.Kind[runJob]
}

type runJob struct {
	Run int64 `json:"run"`
}

// MaxFile bounds an uploaded log.
const MaxFile = 16 << 30

// NewRuns defines the job; call before the queue starts.
func NewRuns(importer *Importer, blobs blob.Store, log *audit.Log, announce Announcer, tell Telling, queue *jobs.Queue) *Runs {
	r := &Runs{importer: importer, blobs: blobs, log: log, announce: announce, tell: tell}
	tell.Notices.GuardSubjects(Subject, r.visible)
	importer.Tickets.HoldFiles(holds)
	r.job = jobs.Define(queue, "servicenow.import", r.work, jobs.KindOptions{Long: true, Timeout: 24 * time.Hour, MaxAttempts: 5})
	return r
}

// upload is a file that lies in the blob store already.
type upload struct {
	name, key string
	size      int64
}

func loadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, apperr.InvalidField("zone", "There is no time zone %q. Use a name such as Europe/Lisbon.", name)
	}
	return zone, nil
}

const runColumns = `r.id, r.person_id, r.file_name, r.blob_key, r.size, r.zone, r.state, r.read_bytes, r.problem, r.report, r.created_at, r.started_at, r.finished_at`

func scanRun(row database.Row) (RunRecord, error) {
	var r RunRecord
	err := row.Scan(&r.ID, (*database.ID)(&r.PersonID), &r.FileName, &r.BlobKey, &r.Size, &r.Zone, &r.State, &r.ReadBytes, &r.Problem,
		database.JSON{V: &r.Report}, (*database.Time)(&r.CreatedAt), (*database.Time)(&r.StartedAt), (*database.Time)(&r.FinishedAt))
	return r, err
}

// Get gives one run.
func (r *Runs) Get(ctx context.Context, id int64) (RunRecord, error) {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return RunRecord{}, err
	}
	return r.get(ctx, id)
}

// work carries a run out. It runs at least once: a second try reads the file
// again from the start, finds what is in already, and goes on from there.
func (r *Runs) work(ctx context.Context, job *jobs.Job, payload runJob) error {
	run, err := r.get(ctx, payload.Run)
	if err != nil {
		return jobs.Discard(err)
	}
	if run.State == Done {
		return nil
	}
	run.State, run.Problem, run.Report = Running, "", Report{}
	run.StartedAt = r.importer.Now().UTC()
	if err := r.store(ctx, run); err != nil {
		return err
	}
	err = r.read(ctx, &run)
	if ctx.Err() != nil {
		return ctx.Err() // the node is stopping; another attempt goes on
	}
	run.State, run.FinishedAt = Done, r.importer.Now().UTC()
	if err != nil {
		run.State, run.Problem = Failed, apperr.Message(err).Stored()
	}
	hopeless := apperr.Is(err, apperr.Invalid) // the same file will not become a log by trying again
	if storeErr := r.end(ctx, run, err, err == nil || hopeless || job.Last); storeErr != nil {
		return errors.Join(err, storeErr)
	}
	if hopeless {
		return jobs.Discard(err)
	}
	return err
}

func (r *Runs) read(ctx context.Context, run *RunRecord) error {
	zone, err := loadZone(run.Zone)
	if err != nil {
		return err
	}
	body, err := r.blobs.Get(ctx, run.BlobKey, 0, -1)
	if err != nil {
		return err
	}
	defer body.Close()
	counted := &countingReader{r: body}
	plain, err := Plain(counted)
	if err != nil {
		return err
	}
	const pause = 400 * time.Millisecond
	var told time.Time
	report, err := r.importer.Run(ctx, plain, Options{Zone: zone, Progress: func(report *Report) {
		if now := r.importer.Now(); now.Sub(told) >= pause {
			told = now
			run.Report, run.ReadBytes = *report, counted.n
			// Progress is a courtesy: a failure to show it must not stop the import.
			_ = r.store(ctx, *run)
		}
	}})
	if report != nil {
		run.Report, run.ReadBytes = *report, counted.n
	}
	return err
}

type countingReader struct {
	r io.Reader
	n int64
}

// Read passes through and counts.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// Plain unpacks a gzip file as it is read and passes any other through.
func Plain(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 64<<10)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, apperr.Wrap(err, apperr.Invalid, "The packed file is damaged.")
		}
		return z, nil
	}
	return b, nil
}
