package queue_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// save makes a view and gives its address.
func (b browser) save(pairs ...string) string {
	b.t.Helper()
	return b.post("/queue/views", form(pairs...)).want(http.StatusSeeOther).header.Get("Location")
}

// manage is the address of a view's own pages.
func manage(queueURL string) string {
	return "/queue/views/" + strings.TrimPrefix(queueURL, "/queue?view=v")
}

func TestViewKeepsFilterOrderAndColumns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.incident("Beta", urgent)
		w.incident("Alpha", urgent)
		w.incident("Gamma")
		agent := w.as(t, w.agent)
		changed := agent.get("/queue?view=open&q=priority%3A1&sort=title&cols=title,kind")
		form := agent.get(changed.hrefs(`a[href*="/queue/views/new"]`)[0]).want(http.StatusOK)
		values := map[string]string{}
		for _, f := range form.Find("form input[name], form select[name]").EachIter() {
			values[f.AttrOr("name", "")] = f.AttrOr("value", f.Find("option[selected]").AttrOr("value", ""))
		}
		view := agent.save("name", "Burning", "filter", values["filter"], "sort", values["sort"], "columns", values["columns"], "audience", "mine")
		page := agent.get(view).want(http.StatusOK)
		page.says("h1", "Burning")
		if diff := cmp.Diff([]string{"Alpha", "Beta"}, page.titles()); diff != "" {
			t.Error(diff)
		}
		if page.Find("th.s-col-kind").Length() != 1 || page.Find("th.s-col-priority").Length() != 0 {
			t.Error("the columns were not kept")
		}
		if page.Find(`form[action*="/list"]`).Length() > 0 {
			t.Error("an unchanged view offers to be saved")
		}
		other := agent.get(view + "&q=priority%3A3")
		agent.post(other.Find(`form[action*="/list"]`).AttrOr("action", ""), nil).want(http.StatusSeeOther)
		if diff := cmp.Diff([]string{"Gamma"}, agent.get(view).titles()); diff != "" {
			t.Error("saving the list into its view:", diff)
		}
	})
}

func TestViewsAreSharedByThoseWhoMay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		agent, other, lead := w.as(t, w.agent), w.as(t, w.other), w.as(t, w.lead)
		own := agent.save("name", "Ana's own", "filter", "state:open", "audience", "mine")
		team := lead.save("name", "Network's", "filter", "state:open", "audience", "group", "group", itoa(w.network))
		all := lead.save("name", "Everyone's", "filter", "state:open", "audience", "everyone")

		for name, c := range map[string]struct {
			who  browser
			url  string
			want int
		}{
			"own":                         {agent, own, http.StatusOK},
			"another's own":               {lead, own, http.StatusNotFound},
			"my team's":                   {agent, team, http.StatusOK},
			"another team's":              {other, team, http.StatusNotFound},
			"everyone's":                  {other, all, http.StatusOK},
			"form of another's own":       {lead, manage(own), http.StatusNotFound},
			"form of my team's":           {agent, manage(team), http.StatusForbidden},
			"form of everyone's":          {other, manage(all), http.StatusForbidden},
			"form of everyone's, by lead": {lead, manage(all), http.StatusOK},
		} {
			if got := c.who.get(c.url); got.status != c.want {
				t.Errorf("%s: %d, want %d", name, got.status, c.want)
			}
		}
		agent.quick().get("/queue/counts").says(".s-side-title", "Network team")
		other.get("/queue").hides("Ana's own", "Network's")
		other.get("/palette?q=network").hides("Network's")
		other.post("/queue/views", form("name", "Mine for all", "filter", "", "audience", "everyone")).want(http.StatusUnprocessableEntity)
		lead.post("/queue/views", form("name", "Vendors'", "filter", "", "audience", "group", "group", itoa(w.vendors))).want(http.StatusUnprocessableEntity)
		for _, what := range []string{"", "/list", "/move", "/delete", "/restore"} {
			if got := agent.post(manage(own)+what, form("name", "x", "audience", "mine")); got.status == http.StatusOK && what != "" {
				t.Errorf("%s: %d", what, got.status)
			}
			if got := other.post(manage(own)+what, form("name", "x", "audience", "mine")); got.status != http.StatusNotFound {
				t.Errorf("somebody else's view, %q: %d", what, got.status)
			}
			if got := other.post(manage(all)+what, form("name", "x", "audience", "everyone")); what != "/restore" && got.status != http.StatusForbidden {
				t.Errorf("everyone's view by one who may not share, %q: %d", what, got.status)
			}
		}
	})
}

func TestViewIsCheckedBeforeItIsSaved(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		agent := w.as(t, w.agent)
		for name, c := range map[string]struct {
			field  string
			values []string
		}{
			"no name":       {"name", []string{"name", " ", "filter", "state:open", "audience", "mine"}},
			"long name":     {"name", []string{"name", strings.Repeat("a", 61), "audience", "mine"}},
			"wrong filter":  {"filter", []string{"name", "A", "filter", "state:opn", "audience", "mine"}},
			"unknown name":  {"filter", []string{"name", "A", "filter", "assignee:Nobodyson", "audience", "mine"}},
			"no audience":   {"audience", []string{"name", "A", "audience", ""}},
			"unknown order": {"sort", []string{"name", "A", "sort", "colour", "audience", "mine"}},
		} {
			page := agent.post("/queue/views", form(c.values...)).want(http.StatusUnprocessableEntity)
			if c.field != "audience" && page.Find("#f-"+c.field+"-error").Length() != 1 {
				t.Errorf("%s: no error beside %s", name, c.field)
			}
			if got := page.Find("input[name=filter]").AttrOr("value", ""); got != form(c.values...).Get("filter") {
				t.Errorf("%s: the typed filter became %q", name, got)
			}
		}
	})
}

func TestViewWhoseFilterNoLongerFitsSaysWhy(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		agent := w.as(t, w.agent)
		view := agent.save("name", "Olaf's", "filter", "state:open assignee:\"Olaf Othersson\"", "audience", "mine")
		err := w.DB.Write(t.Context(), func(tx *database.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE views SET filter = $1`, "state:open colour:red")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		page := agent.get(view).want(http.StatusOK)
		page.says("#filter-error", "colour")
		page.says(".s-empty-title", "cannot be shown")
		agent.quick().get("/queue/counts").says(`a[href="`+view+`"]`, "Needs attention")
		agent.get("/queue/views").says("#saved-views .s-error", "colour")
	})
}

func TestTwoWhoEditAViewSeeEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		lead := w.as(t, w.lead)
		view := lead.save("name", "First", "filter", "state:open", "audience", "mine")
		lead.post(manage(view), form("name", "Second", "filter", "state:open", "audience", "mine", "version", "1")).want(http.StatusSeeOther)
		late := lead.post(manage(view), form("name", "Third", "filter", "priority:1", "audience", "mine", "version", "1")).want(http.StatusConflict)
		late.says("#f-name-error", "Somebody else changed this view")
		if late.Find("input[name=name]").AttrOr("value", "") != "Third" || late.Find("input[name=version]").AttrOr("value", "") != "2" {
			t.Error("what was typed, or the version to save over, is lost")
		}
	})
}

func TestDeletedViewComesBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		agent := w.as(t, w.agent)
		view := agent.save("name", "Short-lived", "filter", "state:open", "audience", "mine")
		agent.post(manage(view)+"/delete", nil).want(http.StatusSeeOther)
		agent.get(view).want(http.StatusNotFound)
		agent.post(manage(view)+"/restore", nil).want(http.StatusSeeOther)
		agent.get(view).want(http.StatusOK)
		agent.post(manage(view)+"/restore", nil).want(http.StatusNotFound)
	})
}

func TestViewsAreMovedWithinTheirPart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		lead := w.as(t, w.lead)
		a := lead.save("name", "A", "filter", "", "audience", "mine")
		lead.save("name", "Shared", "filter", "", "audience", "everyone")
		b := lead.save("name", "B", "filter", "", "audience", "mine")
		order := func() string {
			var names []string
			page := lead.get("/queue/views")
			for _, s := range page.Find("#saved-views .s-cell-main .s-link").EachIter() {
				names = append(names, s.Text())
			}
			return strings.Join(names, " ")
		}
		if got := order(); got != "A Shared B" {
			t.Fatal(got)
		}
		lead.post(manage(b)+"/move?to=up", nil).want(http.StatusSeeOther)
		if got := order(); got != "B Shared A" {
			t.Errorf("after moving B up: %s", got)
		}
		lead.post(manage(b)+"/move?to=up", nil).want(http.StatusSeeOther)
		lead.post(manage(a)+"/move?to=down", nil).want(http.StatusSeeOther)
		if got := order(); got != "B Shared A" {
			t.Errorf("moving past the end changed the order: %s", got)
		}
	})
}
