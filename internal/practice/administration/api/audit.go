package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/web/openapi"
)

// AuditEntry is one change that an administrator made.
type AuditEntry struct {
	Seq        int64           `json:"seq" doc:"Its place in the chain, without gaps." example:"412"`
	At         time.Time       `json:"at"`
	ActorType  string          `json:"actor_type" example:"person"`
	ActorID    int64           `json:"actor_id,omitempty"`
	ActorName  string          `json:"actor_name" example:"Ada Lovelace"`
	Address    string          `json:"address,omitempty" doc:"Where the request came from." example:"192.0.2.1"`
	Action     string          `json:"action" example:"role.update"`
	ObjectType string          `json:"object_type" example:"role"`
	ObjectID   string          `json:"object_id,omitempty" example:"reader"`
	ObjectName string          `json:"object_name,omitempty" example:"Reader"`
	Before     json.RawMessage `json:"before,omitempty" doc:"The object as it was; missing if it is new."`
	After      json.RawMessage `json:"after,omitempty" doc:"The object as it was afterwards; missing if it was removed."`
	Previous   string          `json:"previous" doc:"The hash of the entry before it."`
	Hash       string          `json:"hash" doc:"SHA-256 of this entry and the hash before it."`
}

func auditEntry(r audit.Record) AuditEntry {
	return AuditEntry{
		Seq: r.Seq, At: r.At, ActorType: string(r.ActorType), ActorID: r.ActorID, ActorName: r.ActorName, Address: r.Address, Action: r.Action,
		ObjectType: r.ObjectType, ObjectID: r.ObjectID, ObjectName: r.ObjectName, Before: json.RawMessage(r.Before), After: json.RawMessage(r.After),
		Previous: r.Previous, Hash: r.Hash,
	}
}

func (a *api) registerAudit(h huma.API) {
	register(h, openapi.Operation{
		ID: "list-audit-entries", Method: http.MethodGet, Path: "/audit", Tag: tagAudit,
		Summary: "Read the audit log", Description: "The latest first. Needs the permission to read the audit log.",
		Answer: openapi.Page[AuditEntry]{Items: []AuditEntry{{
			Seq: 412, At: exampleTime, ActorType: "person", ActorName: "Ada Lovelace", Action: "role.update", ObjectType: "role", ObjectID: "reader",
			Before: json.RawMessage(`{"name":"Reeder"}`), After: json.RawMessage(`{"name":"Reader"}`), Previous: "9f86…", Hash: "60303…",
		}}},
	}, a.listAudit)
	register(h, openapi.Operation{
		ID: "verify-audit-log", Method: http.MethodGet, Path: "/audit/verification", Tag: tagAudit,
		Summary: "Check the audit log", Description: "Computes the chain of hashes anew. Note `hash` elsewhere to be able to tell that the whole log was rewritten.",
		Answer: AuditVerification{OK: true, Entries: 412, Checked: 412, Hash: "60303…"},
	}, a.verifyAudit)
}

func (a *api) listAudit(ctx context.Context, in *struct {
	openapi.Paging
	ActorID    int64     `query:"actor_id" minimum:"1"`
	Action     string    `query:"action" maxLength:"60" example:"role.update"`
	ObjectType string    `query:"object_type" maxLength:"60" example:"role"`
	ObjectID   string    `query:"object_id" maxLength:"60"`
	From       time.Time `query:"from" doc:"At this instant or later."`
	To         time.Time `query:"to" doc:"Before this instant."`
},
) (*openapi.Listed[AuditEntry], error) {
	q := audit.Query{
		ActorID: in.ActorID, Action: in.Action, ObjectType: in.ObjectType, ObjectID: in.ObjectID, From: in.From, To: in.To, Limit: in.Limit,
	}
	if in.Cursor != "" {
		seq, err := strconv.ParseInt(in.Cursor, 10, 64)
		if err != nil || seq <= 0 {
			return nil, apperr.InvalidField("cursor", "This place in the list cannot be read. Start from the beginning.")
		}
		q.Before = seq
	}
	records, next, err := a.Audit.List(ctx, q)
	if err != nil {
		return nil, err
	}
	list := make([]AuditEntry, 0, len(records))
	for _, r := range records {
		list = append(list, auditEntry(r))
	}
	cursor := ""
	if next != 0 {
		cursor = strconv.FormatInt(next, 10)
	}
	return openapi.List(ctx, list, cursor), nil
}

// AuditVerification is what a check of the chain found.
type AuditVerification struct {
	OK      bool   `json:"ok"`
	Entries int64  `json:"entries" doc:"How many entries the log has."`
	Checked int64  `json:"checked" doc:"How many of them fit the chain."`
	Hash    string `json:"hash" doc:"Of the last entry."`
	Problem string `json:"problem,omitempty" doc:"What does not fit, at the entry after those checked."`
}

func (a *api) verifyAudit(ctx context.Context, _ *struct{}) (*struct{ Body AuditVerification }, error) {
	report, err := a.Audit.Verify(ctx)
	if err != nil {
		return nil, err
	}
	return &struct{ Body AuditVerification }{AuditVerification{report.OK(), report.Entries, report.Checked, report.Hash, report.Problem}}, nil
}
