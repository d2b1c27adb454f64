package journeys_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/steward-itsm/steward/internal/platform/database"
)

// leading is what a team lead does beside tickets, and what an administrator
// does for them.
func leading(t *testing.T, b browser) {
	w := furnished(t, database.SQLite)
	lead := b.visit(t, w.System, "team_lead", desktop)
	lead.excuse("status of 422")
	sharesView(b, w, lead)
	lead.asksWhy(w)
	lead.overrides(w)
	lead.exports()
	changesMatrix(b, w)
}

// sharesView saves a view for a group, whose members find it.
func sharesView(b browser, w *world, lead *tab) {
	lead.goTo("/queue?q=" + "state:open+printer")
	lead.press("Save as view")
	lead.fill("Name", "Printers of ours")
	lead.press("One of my groups")
	lead.press("Save view")
	lead.until(`new URL(location.href).searchParams.get("view")`)
	lead.reads("Printers of ours")

	agent := b.visit(lead.t, w.System, "agent", desktop)
	agent.goTo("/queue")
	agent.press("Printers of ours")
	agent.until(`document.querySelector("h1")?.innerText === "Printers of ours"`)
	agent.reads("The label printer on the second floor prints only every other page")
	agent.readsNo("I cannot see my payslip of October")
	agent.close()

	outside := b.visit(lead.t, w.System, "service_owner", desktop)
	outside.goTo("/queue")
	outside.readsNo("Printers of ours")
	outside.close()
}

// asksWhy opens the reasons for which the page may be read.
func (p *tab) asksWhy(w *world) {
	p.t.Helper()
	p.goTo("/tickets/" + w.open.Number)
	p.press("Why may I see this?")
	p.reads("Team lead")
}

// overrides sets another priority by hand, which needs a reason.
func (p *tab) overrides(w *world) {
	p.t.Helper()
	p.goTo("/tickets/" + w.asked.Number)
	p.press("Change Priority")
	p.choose("Priority", "1")
	p.press("Save")
	p.until(`document.querySelector("#value-priority .s-error, main .s-error")`)
	p.fill("Why does it differ from the matrix?", "It is the whole payroll")
	p.press("Save")
	p.reads("Critical")
	p.until(`document.querySelector(".s-timeline").innerText.includes("It is the whole payroll")`)
	if got := w.number(w.asked.Number); got.Priority != 1 || got.PriorityReason != "It is the whole payroll" {
		p.t.Errorf("the priority is %d because of %q", got.Priority, got.PriorityReason)
	}
}

// exports writes the list to a file and reads it.
func (p *tab) exports() {
	p.t.Helper()
	folder := p.t.TempDir()
	_, err := chromedp.CallBrowser(p.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID, DownloadPath: folder,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.goTo("/queue?q=state:open")
	p.press("Export")
	p.press("Tags")
	p.press("Download")
	rows := p.downloaded(folder)
	if len(rows) < 10 || !strings.Contains(strings.Join(rows[0], ","), "Tags") {
		p.t.Fatalf("the export has %d lines, and the first is %q", len(rows), rows[0])
	}
	found := false
	for _, row := range rows[1:] {
		found = found || strings.Contains(strings.Join(row, "\n"), "The label printer on the second floor") && strings.Contains(strings.Join(row, "\n"), "floor-2")
	}
	if !found {
		p.t.Errorf("the export lacks the label printer with its tags:\n%v", rows)
	}
}

// downloaded waits for a file in a folder, and reads it.
func (p *tab) downloaded(folder string) [][]string {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.Tick(20 * time.Millisecond); ; <-tick {
		if names, err := filepath.Glob(filepath.Join(folder, "*.csv")); err == nil && len(names) == 1 {
			raw, err := os.ReadFile(names[0])
			if err != nil {
				p.t.Fatal(err)
			}
			rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))).ReadAll()
			if err != nil {
				p.t.Fatal(err)
			}
			return rows
		}
		if time.Now().After(deadline) {
			p.t.Fatal("no file was downloaded")
		}
	}
}

// changesMatrix makes what is usual critical, and the next ticket follows.
func changesMatrix(b browser, w *world) {
	p := b.visit(w.t, w.System, "administrator", desktop)
	p.goTo("/kinds/incident")
	p.choose("Priority for impact Medium and urgency Medium", "1")
	p.press("Save")
	p.reads("Incidents saved")
	p.goTo("/tickets/new?kind=incident")
	p.find("Requester", "other", "Other Requester")
	p.fill("Title", "After the matrix has changed")
	p.press("Create")
	p.arrives(`/tickets/INC-\d+$`)
	p.reads("Critical")
	p.close()
}
