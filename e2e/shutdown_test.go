package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestATerminatedNodeAnswersWhatItAccepted asks a node under load to end, again
// and again. Whatever had an effect was answered, and the end is quick and clean.
func TestATerminatedNodeAnswersWhatItAccepted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		_, token := i.administrator()
		ends := rounds(10)
		random := rand.New(rand.NewPCG(3, uint64(ends)))
		var mu sync.Mutex
		told := map[string]bool{}
		slowest := time.Duration(0)
		for end := range ends {
			n := i.start()
			screen := follow(t, token, []string{"queue"}, n.url) // a stream must not hold the node up
			stop := make(chan struct{})
			var wg sync.WaitGroup
			for client := range 6 {
				wg.Go(func() {
					c := program(n.url, token)
					// Half of them open a connection for every request, as scripts do.
					c.http.Transport = &http.Transport{DisableKeepAlives: client%2 == 0}
					for at := 0; ; at++ {
						select {
						case <-stop:
							return
						default:
						}
						title := fmt.Sprintf("Round %d, client %d, request %d", end, client, at)
						a, err := c.call(http.MethodPost, "/tickets", newIncident(title))
						if err != nil {
							return // the door is closed
						}
						var made apiTicket
						if a.status != http.StatusCreated || json.Unmarshal(a.body, &made) != nil || made.Title != title {
							t.Errorf("%s was answered with %s", title, a)
							return
						}
						mu.Lock()
						told[title] = true
						mu.Unlock()
					}
				})
			}
			pause(50*time.Millisecond + upTo(random, 200))
			began := time.Now()
			n.stop()
			slowest = max(slowest, time.Since(began))
			close(stop)
			wg.Wait()
			screen.stop()
			if !strings.Contains(n.out.String(), "every request was answered") {
				t.Errorf("the node does not say that it ended well:\n%s", n.out)
			}
			n.calm()
		}
		n := i.start()
		there := program(n.url, token).export(t)
		for _, ticket := range there {
			replays(t, ticket)
			if !told[ticket.Title] {
				t.Errorf("%q was saved, and nobody was told so", ticket.Title)
			}
			delete(told, ticket.Title)
		}
		for title := range told {
			t.Errorf("%q was acknowledged and is lost", title)
		}
		if slowest > 10*time.Second {
			t.Errorf("one end took %s", slowest)
		}
		t.Logf("%d tickets over %d ends, the slowest of which took %s", len(there), ends, slowest)
	})
}

// TestASecondSignalEndsANodeAtOnce is for whoever does not want to wait.
func TestASecondSignalEndsANodeAtOnce(t *testing.T) {
	t.Parallel()
	i := install(t, engines()[0])
	i.set("HTTP_DRAIN_DELAY", "1m")
	n := i.start()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the node says that it is draining", func() bool { return !n.isReady(t.Context()) })
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-n.gone:
	case <-time.After(5 * time.Second):
		t.Error("it does not end")
	}
}
