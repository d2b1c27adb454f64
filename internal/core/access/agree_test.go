package access_test

import (
	"cmp"
	"slices"
	"testing"
	"testing/fstest"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/filter"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

var recordTables = fstest.MapFS{"9011_records.sql": {Data: []byte(`-- +goose Up
CREATE TABLE records (
    id           BIGINT NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL,
    requester    BIGINT,
    opened_by    BIGINT,
    assignee     BIGINT,
    team         BIGINT,
    organisation BIGINT,
    service      BIGINT
);
CREATE TABLE record_watchers (
    record_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    PRIMARY KEY (record_id, person_id)
);
-- +goose Down
DROP TABLE record_watchers;
DROP TABLE records;
`)}}

func recordSchema(t *testing.T) *filter.Schema {
	t.Helper()
	ref := func(name, column string) filter.Field {
		return filter.Field{Name: name, Type: filter.TypeRef, SQL: "r." + column}
	}
	schema, err := filter.NewSchema(filter.Definition{Fields: []filter.Field{
		{Name: access.FieldKind, Type: filter.TypeEnum, SQL: "r.kind", Required: true},
		ref(access.FieldRequester, "requester"),
		ref(access.FieldOpenedBy, "opened_by"),
		ref(access.FieldAssignee, "assignee"),
		ref(access.FieldGroup, "team"),
		ref(access.FieldOrganisation, "organisation"),
		ref(access.FieldService, "service"),
		{
			Name: access.FieldWatcher, Type: filter.TypeRefs, SQL: "w.person_id",
			Exists: "EXISTS (SELECT 1 FROM record_watchers w WHERE w.record_id = r.id AND {})",
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// Few ids and kinds, so that grants and records meet often.
var (
	anID   = rapid.Int64Range(0, 4)
	someID = rapid.SliceOfN(anID, 0, 3)
	aKind  = rapid.SampledFrom([]string{"incident", "request", "hr"})
	aVerb  = rapid.SampledFrom([]access.Verb{access.View, access.Create, access.ReadNotes, access.Edit})
	keyed  = rapid.MapOfN(anID, someID, 0, 3)
)

func drawGrant(t *rapid.T) access.Grant {
	return access.Grant{
		Permission: access.Permission{
			Verb:  aVerb.Draw(t, "verb"),
			Kind:  rapid.OneOf(rapid.Just(access.AnyKind), aKind).Draw(t, "kind"),
			Scope: rapid.SampledFrom(access.AllScopes()).Draw(t, "scope"),
		},
		Organisation: anID.Draw(t, "bound to"),
	}
}

func drawActor(t *rapid.T) access.Actor {
	a := access.NewPerson(anID.Draw(t, "me"), "Me", 0, access.Facts{
		Grants:         rapid.SliceOfN(rapid.Custom(drawGrant), 0, 4).Draw(t, "grants"),
		Groups:         someID.Draw(t, "groups"),
		Subtrees:       keyed.Draw(t, "subtrees"),
		SupplierGroups: keyed.Draw(t, "supplier groups"),
		Services:       someID.Draw(t, "services"),
		Confidential:   rapid.SliceOfN(aKind, 0, 2).Draw(t, "confidential"),
	})
	if rapid.Bool().Draw(t, "by token") {
		a = a.Limited(access.Limit{
			Verbs: rapid.SliceOfN(aVerb, 0, 3).Draw(t, "token's verbs"),
			Kinds: rapid.SliceOfN(aKind, 0, 2).Draw(t, "token's kinds"),
		})
	}
	return a
}

func drawRecord(t *rapid.T) access.Record {
	watchers := someID.Draw(t, "watchers")
	slices.Sort(watchers)
	return access.Record{
		Kind: aKind.Draw(t, "kind"), Requester: anID.Draw(t, "requester"), OpenedBy: anID.Draw(t, "opened by"),
		Assignee: anID.Draw(t, "assignee"), Watchers: slices.Compact(watchers), Group: anID.Draw(t, "group"),
		Organisation: anID.Draw(t, "organisation"), Service: anID.Draw(t, "service"),
	}
}

func TestListsShowExactlyWhatPagesAllow(t *testing.T) {
	t.Parallel()
	schema := recordSchema(t)
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		ctx := t.Context()
		rapid.Check(t, func(rt *rapid.T) {
			records := rapid.SliceOfN(rapid.Custom(drawRecord), 1, 8).Draw(rt, "records")
			actor, verb := drawActor(rt), aVerb.Draw(rt, "asked verb")
			var args database.Args
			where := actor.Condition(verb, schema).SQL(&args)
			var listed []int64
			err := db.Write(ctx, func(tx *database.Tx) error {
				if err := store(t, tx, records); err != nil {
					return err
				}
				var err error
				listed, err = database.All(ctx, tx, database.Scalar[int64],
					"SELECT r.id FROM records r WHERE "+where+" ORDER BY r.id LIMIT 100", args.Values()...)
				return err
			})
			if err != nil {
				rt.Fatal(err)
			}
			var allowed []int64
			for i, record := range records {
				if actor.Check(verb, record).Allowed {
					allowed = append(allowed, int64(i))
				}
			}
			if diff := gocmp.Diff(allowed, listed); diff != "" {
				rt.Fatalf("pages (-) and list (+) differ for %s\n%s", where, diff)
			}
			if len(allowed) > 0 && !actor.Can(verb, records[allowed[0]].Kind) {
				rt.Fatal("the button is missing for what is allowed")
			}
		})
	}, recordTables)
}

func store(t *testing.T, tx *database.Tx, records []access.Record) error {
	t.Helper()
	ctx := t.Context()
	_, err1 := tx.Exec(ctx, "DELETE FROM records")
	_, err2 := tx.Exec(ctx, "DELETE FROM record_watchers")
	if err := cmp.Or(err1, err2); err != nil {
		return err
	}
	for i, r := range records {
		if _, err := tx.Exec(ctx, `INSERT INTO records (id, kind, requester, opened_by, assignee, team, organisation, service)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, i, r.Kind, database.ID(r.Requester), database.ID(r.OpenedBy),
			database.ID(r.Assignee), database.ID(r.Group), database.ID(r.Organisation), database.ID(r.Service)); err != nil {
			return err
		}
		for _, w := range r.Watchers {
			if _, err := tx.Exec(ctx, "INSERT INTO record_watchers (record_id, person_id) VALUES ($1, $2)", i, w); err != nil {
				return err
			}
		}
	}
	return nil
}
