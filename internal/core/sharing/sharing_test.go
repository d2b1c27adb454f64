package sharing_test

import (
	"testing"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/coretest"
	"github.com/steward-itsm/steward/internal/core/people"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestTheCheckAndTheConditionAgree(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Halden", 0)
		ana, lea, ben := w.Person("Ana", company, access.RoleAgent), w.Person("Lea", company, access.RoleTeamLead), w.Person("Ben", company)
		team, other := w.Group("Team", company, ana, lea), w.Group("Other", company, ben)
		for _, scope := range []sharing.Scope{
			{OwnerID: ana, Audience: sharing.Mine},
			{OwnerID: lea, Audience: sharing.Group, GroupID: team},
			{OwnerID: lea, Audience: sharing.Group, GroupID: other},
			{OwnerID: lea, Audience: sharing.Everyone},
			{OwnerID: ben, Audience: sharing.Mine},
			{OwnerID: lea, Audience: sharing.Role, Role: access.RoleAgent},
			{OwnerID: lea, Audience: sharing.Role, Role: access.RoleAuditor},
		} {
			for _, person := range []int64{ana, lea, ben} {
				actor := access.From(w.As(person))
				var args database.Args
				where := sharing.VisibleByRole("x", actor, &args)
				if scope.Audience != sharing.Role {
					where += " AND " + sharing.Visible("x", actor, &args)
				}
				query := "SELECT count(*) FROM (SELECT CAST(" + args.Arg(scope.OwnerID) + " AS BIGINT) AS owner_id, CAST(" + args.Arg(string(scope.Audience)) +
					" AS TEXT) AS audience, CAST(" + args.Arg(database.ID(scope.GroupID)) + " AS BIGINT) AS group_id, CAST(" + args.Arg(scope.Role) + " AS TEXT) AS role) x WHERE " + where
				n, err := database.One(t.Context(), w.DB.Reader(), database.Scalar[int], query, args.Values()...)
				if err != nil {
					t.Fatal(err)
				}
				if (n == 1) != scope.SeenBy(actor) {
					t.Errorf("%+v for %s: %d in SQL, %v in Go", scope, actor.Name, n, scope.SeenBy(actor))
				}
				if scope.EditableBy(actor) && !scope.SeenBy(actor) {
					t.Errorf("%+v: %s may change what they do not see", scope, actor.Name)
				}
			}
		}
		if (sharing.Scope{OwnerID: 0, Audience: sharing.Mine}).SeenBy(access.Actor{}) {
			t.Error("nobody sees what is nobody's")
		}
	})
}

func TestSharingNeedsThePermissionAndAGroupOfOnesOwn(t *testing.T) {
	t.Parallel()
	coretest.Each(t, func(t *testing.T, w *coretest.World) {
		company := w.Organisation(people.Own, "Halden", 0)
		ana, lea := w.Person("Ana", company, access.RoleAgent), w.Person("Lea", company, access.RoleTeamLead)
		team, other := w.Group("Team", company, ana, lea), w.Group("Other", company)
		for _, c := range []struct {
			person int64
			scope  sharing.Scope
			wrong  string
		}{
			{ana, sharing.Scope{Audience: sharing.Mine, GroupID: other}, ""},
			{ana, sharing.Scope{Audience: sharing.Everyone}, "audience"},
			{ana, sharing.Scope{Audience: sharing.Group, GroupID: team}, "audience"},
			{lea, sharing.Scope{Audience: sharing.Group, GroupID: team}, ""},
			{lea, sharing.Scope{Audience: sharing.Group, GroupID: other}, "group"},
			{lea, sharing.Scope{Audience: "all"}, "audience"},
			{lea, sharing.Scope{Audience: sharing.Role, Role: access.RoleAgent}, "audience"}, // this thing is no role's
		} {
			var p apperr.Problems
			c.scope.Check(&p, access.From(w.As(c.person)))
			fields := apperr.FieldsOf(p.Err())
			if c.wrong == "" && len(fields) > 0 || c.wrong != "" && (len(fields) != 1 || fields[0].Name != c.wrong) {
				t.Errorf("%+v: %v, want %q", c.scope, fields, c.wrong)
			}
			if c.scope.Audience == sharing.Mine && c.scope.GroupID != 0 {
				t.Error("a group is kept that means nothing")
			}
		}
	})
}
