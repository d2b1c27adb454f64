package app_test

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/app/apptest"
	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/practice/measurement/tension"
)

// TestAnAlarmIsToldOfAPairThatIsThere: with the pair, its notice is gone from the
// inbox and from the bell.
func TestAnAlarmIsToldOfAPairThatIsThere(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, s *apptest.System) {
		admin, lead := s.SignedIn(access.RoleAdministrator), s.Persons[access.RoleTeamLead]
		made := admin.Post("/tension", url.Values{"process": {"time_to_resolve"}, "partners": {"reopen_rate"}, "periods": {"3"}})
		expect(t, made, http.StatusSeeOther)
		at := made.Header.Get("Location")
		pair, err := strconv.ParseInt(strings.TrimPrefix(at, "/tension/"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ctx := s.As(access.RoleTeamLead)
		if err := s.Core.DB.Write(ctx, func(tx *database.Tx) error {
			return s.Core.Notices.Send(ctx, tx, notify.Notice{
				To: lead, Kind: notify.Alarm, Reason: notify.AsStarter, Subject: notify.Subject{Type: tension.Subject, ID: pair, Title: "Haste", URL: at},
			})
		}); err != nil {
			t.Fatal(err)
		}
		told := func() bool {
			t.Helper()
			page, err := s.Core.Notices.Inbox(ctx, notify.Query{})
			if err != nil {
				t.Fatal(err)
			}
			unread, err := s.Core.Notices.Unread(ctx)
			listed := slices.ContainsFunc(page.Lines, func(l notify.Line) bool { return l.Subject.Type == tension.Subject })
			if err != nil || listed != (unread.Lines > 0) {
				t.Errorf("listed: %v, and the bell counts %d, %v", listed, unread.Lines, err)
			}
			return listed
		}
		if !told() {
			t.Error("the alarm of a pair is not told")
		}
		expect(t, admin.Post(at+"/delete", nil), http.StatusSeeOther)
		if told() {
			t.Error("the title of a pair that is gone is told")
		}
	})
}
