package dashboard

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/metric"
	"github.com/steward-itsm/steward/internal/core/notify"
	"github.com/steward-itsm/steward/internal/core/sharing"
	"github.com/steward-itsm/steward/internal/core/workflow"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
)

func TestWhoHasABoardIsTheSameInListsAndOnPages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var made []Board
		for _, b := range []Board{
			{Name: "Mine", Audience: sharing.Mine}, {Name: "Group", Audience: sharing.Group, GroupID: w.desk}, {Name: "Role", Audience: sharing.Role, Role: access.RoleAgent}, {Name: "All", Audience: sharing.Everyone},
		} {
			b, err := w.boards.Add(w.As(w.lead), b)
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, b)
		}
		for person, want := range map[int64]string{w.lead: "Mine Group Role All", w.agent: "Group Role All", w.other: "Role All", w.vendor: "All"} {
			list, err := w.boards.List(w.As(person))
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range made {
				listed := slices.ContainsFunc(list, func(l Board) bool { return l.ID == b.ID })
				_, err := w.boards.Board(w.As(person), b.ref())
				if should := strings.Contains(want, b.Name); listed != should || (err == nil) != should {
					t.Errorf("%d and %s: listed %v, opened %v, want %v", person, b.Name, listed, err, should)
				}
			}
		}
		if _, err := w.boards.Add(w.As(w.agent), Board{Name: "Loud", Audience: sharing.Everyone}); !apperr.Is(err, apperr.Invalid) {
			t.Errorf("an agent shared a board: %v", err)
		}
		w.get(t, w.asker, "/dashboards", http.StatusForbidden)
	})
}

func TestABoardIsBuiltByKeyboardAlone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Printer", w.desk)
		edit := w.post(t, w.agent, "/dashboards", http.StatusSeeOther, "name", "My week", "audience", "mine").header.Get("Location")
		board := strings.TrimSuffix(edit, "/edit")
		w.post(t, w.agent, board+"/tiles", http.StatusSeeOther, "metric", "volume_in", "kind", "number", "size", "s", "step", "week")
		w.post(t, w.agent, board+"/tiles", http.StatusSeeOther, "metric", "backlog", "kind", "ranked", "cut", "group", "size", "m")
		wrong := w.post(t, w.agent, board+"/tiles", http.StatusUnprocessableEntity, "metric", "backlog", "kind", "ranked", "size", "m", "title", "Kept as typed")
		if wrong.Find("#tile-title").AttrOr("value", "") != "Kept as typed" || wrong.Find("#tile-cut[aria-invalid]").Length() != 1 {
			t.Error("the error does not stand beside the field with what was typed")
		}
		w.post(t, w.agent, board+"/tiles/2/move", http.StatusSeeOther, "by", "-1")
		tiles := w.get(t, w.agent, board, http.StatusOK).Find(".s-tile h2")
		if got := strings.Join(strings.Fields(tiles.Text()), " "); !strings.HasPrefix(got, "backlog by Group") || tiles.Length() != 2 {
			t.Errorf("the tiles are %q", got)
		}
		w.post(t, w.agent, board+"/tiles/1/remove", http.StatusConflict, "version", "1")
		w.post(t, w.agent, board+"/tiles/1/remove", http.StatusSeeOther)
		w.post(t, w.other, board+"/tiles/1/remove", http.StatusNotFound)
		w.post(t, w.agent, "/dashboards/flow/tiles/1/remove", http.StatusForbidden)
	})
}

// TestEveryTileOpensWhatIsBehindIt, for those who may see it.
func TestEveryTileOpensWhatIsBehindIt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Kept inside", w.desk)
		w.incident("Handed over", w.vendors)
		board := w.get(t, w.agent, "/dashboards/flow", http.StatusOK)
		if n := board.Find(".s-tile h2 a").Length(); n != 8 {
			t.Fatalf("%d tiles lead somewhere", n)
		}
		inside := w.get(t, w.agent, board.Find("#tile-1 h2 a").AttrOr("href", ""), http.StatusOK).Find("main").Text()
		outside := w.get(t, w.vendor, "/dashboards/flow/tiles/1", http.StatusOK).Find("main").Text()
		if !strings.Contains(inside, "Kept inside") || !strings.Contains(inside, "Handed over") {
			t.Errorf("the agent sees %s", inside)
		}
		if strings.Contains(outside, "Kept inside") || !strings.Contains(outside, "Handed over") {
			t.Errorf("the supplier sees %s", outside)
		}
		w.get(t, w.agent, "/dashboards/flow/tiles/9", http.StatusNotFound)
		w.get(t, w.agent, "/dashboards/flow?q=colour%3Ared", http.StatusOK)
		w.get(t, w.agent, "/dashboards/flow?days=0", http.StatusUnprocessableEntity)
	})
}

// TestATileThatCannotBeAnsweredLeavesTheOthersTheirs: a field that no kind has is
// refused beside its field, and where one was taken away meanwhile, only that tile
// says so.
func TestATileThatCannotBeAnsweredLeavesTheOthersTheirs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Printer", w.desk)
		tile := func(cut metric.Cut) Tile {
			return Tile{Metric: metric.Backlog, Kind: "ranked", Size: Small, Cut: cut}
		}
		_, err := w.boards.Add(w.As(w.agent), Board{Name: "Wrong", Audience: sharing.Mine, Tiles: []Tile{tile("field.gone")}})
		if apperr.ByField(t.Context(), err)["cut"] == "" {
			t.Errorf("a field that no kind has: %v", err)
		}
		incident, err := w.kinds.Get("incident")
		if err != nil {
			t.Fatal(err)
		}
		with := *incident
		with.Fields = append(slices.Clone(incident.Fields), workflow.Field{Key: "site", Label: "Site", Type: workflow.Text})
		w.define(t, &with)
		b, err := w.boards.Add(w.As(w.agent), Board{Name: "Right", Audience: sharing.Mine, Tiles: []Tile{tile(metric.ByPriority), tile("field.site"), tile(metric.ByGroup)}})
		if err != nil {
			t.Fatal(err)
		}
		without := with
		without.Fields = incident.Fields
		w.define(t, &without)
		board := w.get(t, w.agent, "/dashboards/"+b.ref(), http.StatusOK)
		if n := board.Find(".s-tile").Length(); n != 3 {
			t.Fatalf("%d tiles", n)
		}
		for n, wrong := range []bool{false, true, false} {
			if tile := board.Find("#tile-" + strconv.Itoa(n+1)).Text(); strings.Contains(tile, "no answer") != wrong {
				t.Errorf("tile %d says %s", n+1, tile)
			}
		}
	})
}

// TestABoardAsksBoundedly: tiles that ask the same are answered once, and the
// largest board stays within what a page may ask.
func TestABoardAsksBoundedly(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Printer", w.desk)
		same := Board{Name: "Same", Audience: sharing.Mine}
		for range maxTiles {
			same.Tiles = append(same.Tiles, Tile{Metric: metric.VolumeIn, Kind: Number, Size: Small, Step: metric.Week})
		}
		one := Board{Name: "One", Audience: sharing.Mine, Tiles: same.Tiles[:1]}
		asks := func(b Board) int {
			b, err := w.boards.Add(w.As(w.agent), b)
			if err != nil {
				t.Fatal(err)
			}
			w.get(t, w.agent, "/dashboards/"+b.ref(), http.StatusOK)
			return w.counter.N()
		}
		if a, b := asks(one), asks(same); a != b || a > 12 {
			t.Errorf("one tile asks %d times, %d equal ones %d times", a, maxTiles, b)
		}
		w.get(t, w.agent, "/dashboards/flow", http.StatusOK)
		if n := w.counter.N(); n > 8*8 {
			t.Errorf("eight tiles ask %d times", n)
		}
	})
}

// TestAnHourNamesOneInstantOfTheDay, whatever the clocks do.
func TestAnHourNamesOneInstantOfTheDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		p := plan{Cadence: rapid.SampledFrom(Cadences()).Draw(t, "cadence"), Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Zone: zone}
		switch p.Cadence {
		case Weekly:
			p.Day = rapid.IntRange(1, 7).Draw(t, "day")
		case Monthly:
			p.Day = rapid.IntRange(1, 31).Draw(t, "day")
		case Daily:
		}
		now := time.Date(2011, 12, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 20*365*24*3600).Draw(t, "seconds")) * time.Second)
		next := p.next(now)
		longest := map[Cadence]int{Daily: 50, Weekly: 8 * 24, Monthly: 33 * 24}[p.Cadence]
		if !next.After(now) || next.Sub(now) > time.Duration(longest)*time.Hour {
			t.Fatalf("after %v comes %v", now, next)
		}
		if again := p.next(next.Add(-time.Second)); !again.Equal(next) {
			t.Fatalf("just before %v comes %v", next, again)
		}
	})
}

// TestABoardIsReceivedOnce: by two nodes at once, after downtime, and only while
// its recipient has it.
func TestABoardIsReceivedOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Printer", w.desk)
		shared, err := w.boards.Add(w.As(w.lead), Board{Name: "Team", Audience: sharing.Group, GroupID: w.desk, Tiles: BuiltIn()[1].Tiles})
		if err != nil {
			t.Fatal(err)
		}
		daily := plan{Cadence: Daily, Hour: 7, Zone: time.UTC}
		if _, err := w.boards.Subscribe(w.As(w.agent), shared.ref(), daily); err != nil {
			t.Fatal(err)
		}
		inbox := func() []notify.Line {
			page, err := w.notices.Inbox(w.As(w.agent), notify.Query{})
			if err != nil {
				t.Fatal(err)
			}
			return slices.DeleteFunc(page.Lines, func(l notify.Line) bool { return l.Subject.Type != "dashboard" })
		}
		deliver := func() {
			t.Helper()
			nodes := make(chan error, 2)
			for _, node := range []*Dashboards{w.boards, w.node()} {
				go func() { nodes <- node.Deliver(w.System()) }()
			}
			for range 2 {
				if err := <-nodes; err != nil {
					t.Error(err)
				}
			}
		}
		deliver()
		if n := len(inbox()); n != 0 {
			t.Errorf("%d came before the hour", n)
		}
		w.Clock.Advance(5 * 24 * time.Hour) // the product was down
		deliver()
		lines := inbox()
		if len(lines) != 1 || lines[0].Subject.Title != "Team" {
			t.Fatalf("after downtime came %+v", lines)
		}
		if text := w.get(t, w.agent, lines[0].Subject.URL, http.StatusOK).Find("main").Text(); !strings.Contains(text, "As it was on") {
			t.Error(text)
		}
		w.get(t, w.lead, lines[0].Subject.URL, http.StatusNotFound)
		ids := []int64{lines[0].Subject.ID}
		letters, err := w.boards.Letters(w.As(w.agent), ids)
		if got := letters[ids[0]]; err != nil || !strings.Contains(got, "As it was on") || !strings.Contains(got, "\n## ") || !strings.Contains(got, "| ---: |") {
			t.Errorf("its figures for a letter are %q, %v", got, err)
		}
		if letters, err := w.boards.Letters(w.As(w.lead), ids); err != nil || len(letters) != 0 {
			t.Errorf("somebody else reads %v, %v", letters, err)
		}
		if err := w.People.RemoveMember(w.System(), w.desk, w.agent); err != nil {
			t.Fatal(err)
		}
		w.Actors.ForgetAll()
		if n := len(inbox()); n != 0 {
			t.Errorf("the inbox names a board that its reader no longer has: %d", n)
		}
		w.Clock.Advance(24 * time.Hour)
		deliver()
		if n := len(inbox()); n != 0 {
			t.Errorf("a board came that its recipient no longer has: %d", n)
		}
		if err := w.People.SetMember(w.System(), w.desk, w.agent, false); err != nil {
			t.Fatal(err)
		}
		w.Actors.ForgetAll()
		if n := len(inbox()); n != 1 {
			t.Errorf("of what was received before, %d are there again", n)
		}
		if err := w.boards.Unsubscribe(w.As(w.agent), shared.ref()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.boards.Subscribe(w.As(w.agent), "flow", daily); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(24 * time.Hour)
		deliver()
		if n := len(inbox()); n != 2 {
			t.Errorf("with a board of the product there are %d", n)
		}
	})
}

// TestAScreenShowsWhatItsOwnerMaySeeUntilItIsRevoked.
func TestAScreenShowsWhatItsOwnerMaySeeUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Kept inside", w.desk)
		w.incident("Handed over", w.vendors)
		until := w.Clock.Now().AddDate(0, 0, 30)
		screen, token, err := w.boards.MakeScreen(w.As(w.vendor), Screen{Name: "Lobby", Boards: []string{"flow", "quality"}, Seconds: 30, ExpiresAt: until})
		if err != nil {
			t.Fatal(err)
		}
		wall := w.get(t, 0, "/wall/"+token, http.StatusOK)
		if got := strings.TrimSpace(wall.Find("#tile-1 .s-stat-value").Text()); got != "1" {
			t.Errorf("the supplier's screen counts %s tickets", got)
		}
		if wall.Find("a[href]").Length() != 0 || wall.header.Get("Refresh") != fmt.Sprintf("30; url=/wall/%s?board=1", token) || wall.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the screen leads somewhere, or does not go on: %v", wall.header)
		}
		stored, err := database.One(t.Context(), w.DB.Reader(), database.Scalar[string], `SELECT token_hash FROM dashboard_screens WHERE id = $1`, screen.ID)
		if err != nil || strings.Contains(stored, token) {
			t.Errorf("stored %s, %v", stored, err)
		}
		w.get(t, 0, "/wall/"+token+"x", http.StatusNotFound)
		if _, err := w.boards.RevokeScreen(w.As(w.agent), screen.ID); !apperr.Is(err, apperr.NotFound) {
			t.Errorf("somebody else revoked it: %v", err)
		}
		if _, err := w.boards.RevokeScreen(w.As(w.vendor), screen.ID); err != nil {
			t.Fatal(err)
		}
		w.get(t, 0, "/wall/"+token, http.StatusNotFound)
		log, err := database.All(t.Context(), w.DB.Reader(), database.Scalar[string], `SELECT action FROM audit_log WHERE object_type = 'screen' ORDER BY seq`)
		if err != nil || strings.Join(log, " ") != "screen.create screen.revoke" {
			t.Errorf("the audit log says %v, %v", log, err)
		}
		_, second, err := w.boards.MakeScreen(w.As(w.agent), Screen{Name: "Hall", Boards: []string{"flow"}, Seconds: 30, ExpiresAt: until})
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(31 * 24 * time.Hour)
		w.get(t, 0, "/wall/"+second, http.StatusNotFound)
	})
}
