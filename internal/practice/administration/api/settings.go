package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/jobs"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// Settings are what the operations on kinds and background jobs lean on.
type Settings struct {
	DB    *database.DB
	Kinds *workflow.Registry
	Jobs  *jobs.Queue
	Audit *audit.Log
	Now   func() time.Time
}

const tagSettings = "Settings"

// SettingsTags describes their group, for the document.
func SettingsTags() []openapi.Tag {
	return []openapi.Tag{{Name: tagSettings, Description: "How kinds of tickets live, and background jobs that failed for good."}}
}

// DeadJob is a background job that failed for good.
type DeadJob struct {
	ID         int64           `json:"id"`
	Kind       string          `json:"kind" example:"servicenow.import"`
	Payload    json.RawMessage `json:"payload" doc:"What it was to do."`
	Attempts   int             `json:"attempts"`
	LastError  string          `json:"last_error"`
	FinishedAt time.Time       `json:"finished_at"`
}

// KindDefinition is a workflow.Definition as JSON. It is described as an object
// and checked by the workflow's own rules, which say more than a schema can.
type KindDefinition struct{ workflow.Definition }

// Schema implements huma.SchemaProvider.
func (KindDefinition) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "States, transitions, matrix, fields and codes; get one to see its form.",
	}
}

// RegisterSettings adds the operations.
func RegisterSettings(h huma.API, s Settings) {
	register(h, openapi.Operation{
		ID: "get-kind-definition", Method: http.MethodGet, Path: "/kinds/{key}/definition", Tag: tagSettings,
		Summary: "Get the definition of a kind", Description: "States, transitions, matrix, fields and codes, as they can be put back. Needs the permission to change settings.",
		Errors: []int{http.StatusNotFound},
	}, s.kind)
	register(h, openapi.Operation{
		ID: "replace-kind-definition", Method: http.MethodPut, Path: "/kinds/{key}/definition", Tag: tagSettings,
		Summary: "Change a kind", Description: "Makes a new version of the kind. States that tickets may be in cannot be removed; key and prefix stay.", Errors: changing,
	}, s.putKind)
	register(h, openapi.Operation{
		ID: "list-dead-jobs", Method: http.MethodGet, Path: "/jobs/dead", Tag: tagSettings,
		Summary: "List jobs that failed for good", Description: "The newest first. Needs the permission to manage background jobs.",
		Answer: openapi.Page[DeadJob]{Items: []DeadJob{{ID: 4294967500, Kind: "servicenow.import", Payload: json.RawMessage(`{"run":4294967400}`), Attempts: 5, LastError: "…", FinishedAt: exampleTime}}},
	}, s.dead)
	register(h, openapi.Operation{
		ID: "replay-job", Method: http.MethodPost, Path: "/jobs/{id}/replay", Tag: tagSettings,
		Summary: "Run a failed job again", Description: "It starts at once, with its attempts counted anew.", Errors: []int{http.StatusNotFound},
	}, s.replay)
	register(h, openapi.Operation{
		ID: "discard-job", Method: http.MethodPost, Path: "/jobs/{id}/discard", Tag: tagSettings,
		Summary: "Give a failed job up", Description: "It stays in the log of what was done, and is not tried again.", Errors: []int{http.StatusNotFound},
	}, s.discard)
}

// tagOf is the version for the ETag: the built-in definition is 0 and no ETag is.
func tagOf(d *workflow.Definition) int64 { return int64(d.Version) + 1 }

func (s Settings) kind(ctx context.Context, in *struct {
	ByKey
	openapi.Held
},
) (*saved[KindDefinition], error) {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return nil, err
	}
	d, err := s.Kinds.Get(in.Key)
	if err != nil {
		return nil, err
	}
	return shown(ctx, tagOf(d), KindDefinition{*d})
}

func (s Settings) putKind(ctx context.Context, in *struct {
	ByKey
	openapi.Changing
	Body KindDefinition
},
) (*saved[KindDefinition], error) {
	if err := access.From(ctx).Require(access.ManageSettings, access.AnyKind); err != nil {
		return nil, err
	}
	before, err := s.Kinds.Get(in.Key)
	if err != nil {
		return nil, err
	}
	version, err := versioned(ctx, in.Changing, tagOf(before))
	if err != nil {
		return nil, err
	}
	base := int(version) - 1
	d := in.Body.Definition
	if d.Key != in.Key {
		return nil, apperr.InvalidField("key", "The key must be that of the address.")
	}
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		if err := s.Kinds.Save(ctx, tx, &d, base, access.From(ctx).ID, s.Now()); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Action: "kind.update", ObjectType: "kind", ObjectID: d.Key, ObjectName: d.Plural, Before: before, After: d})
	})
	if err != nil {
		return nil, err
	}
	return &saved[KindDefinition]{ETag: openapi.ETag(int(tagOf(&d))), Body: KindDefinition{d}}, nil
}

func (s Settings) dead(ctx context.Context, in *struct {
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Before int64 `query:"before" minimum:"1" doc:"Only jobs with a smaller id: the last of the page before."`
},
) (*openapi.Listed[DeadJob], error) {
	if err := access.From(ctx).Require(access.ManageJobs, access.AnyKind); err != nil {
		return nil, err
	}
	records, err := s.Jobs.Dead(ctx, jobs.DeadQuery{Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	items := make([]DeadJob, 0, len(records))
	for _, r := range records {
		items = append(items, DeadJob{ID: r.ID, Kind: r.Kind, Payload: r.Payload, Attempts: r.Attempts, LastError: r.LastError, FinishedAt: r.FinishedAt})
	}
	return openapi.List(ctx, items, ""), nil
}

// jobID names a job.
type jobID struct {
	ID int64 `path:"id" minimum:"1"`
}

func (s Settings) replay(ctx context.Context, in *jobID) (*nothing, error) {
	return nil, s.change(ctx, in.ID, "job.replay", s.Jobs.Replay)
}

func (s Settings) discard(ctx context.Context, in *jobID) (*nothing, error) {
	return nil, s.change(ctx, in.ID, "job.discard", s.Jobs.Discard)
}

func (s Settings) change(ctx context.Context, id int64, action string, fn func(context.Context, *database.Tx, ...int64) (int, error)) error {
	if err := access.From(ctx).Require(access.ManageJobs, access.AnyKind); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *database.Tx) error {
		n, err := fn(ctx, tx, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return apperr.New(apperr.NotFound, "There is no such failed job.")
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Action: action, ObjectType: "job", ObjectID: audit.ID(id)})
	})
}
