package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/steward-itsm/steward/internal/platform/database/databasetest"
)

// rounds is how often a test kills; STEWARD_CRASH_ROUNDS is for a long night.
func rounds(usual int) int {
	if n, err := strconv.Atoi(os.Getenv("STEWARD_CRASH_ROUNDS")); err == nil {
		return n
	}
	if testing.Short() {
		return max(1, usual/10)
	}
	return usual
}

// upTo gives a random stretch of time.
func upTo(random *rand.Rand, ms int) time.Duration {
	return time.Duration(random.IntN(ms*1000)) * time.Microsecond
}

// TestNothingAcknowledgedIsLostWhenTheProcessIsKilled kills a node again and
// again, at work, while it starts and while it stops. Clients that ask again for
// what was not acknowledged end with exactly what they wanted, once.
func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		_, token := i.administrator()
		kills := rounds(100)
		random := rand.New(rand.NewPCG(7, uint64(kills)))
		n := i.start()
		clerks := hire(t, n.url, token, 4)
		for kill := range kills {
			switch kill % 8 {
			case 3: // while it starts
				n.kill()
				n = i.launch()
				pause(upTo(random, 150))
			case 6: // while it stops
				clerks.during(n.url, func() {
					pause(upTo(random, 100))
					_ = n.cmd.Process.Signal(syscall.SIGTERM)
					pause(upTo(random, 5))
					n.kill()
				})
			default:
				clerks.during(n.url, func() {
					pause(10*time.Millisecond + upTo(random, 190))
					n.kill()
				})
			}
			n.kill()
			n = i.start()
		}
		clerks.finish(t, n.url)
		clerks.compare(t, n.url, token)
		n.stop()
		i.sound(t)
		t.Logf("%d kills: %s", kills, clerks)
	})
}

// TestAFirstStartMayBeKilled kills the very first start, which makes the
// schema, at every moment of it; the start that is let live finds its way.
func TestAFirstStartMayBeKilled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		kills := rounds(20)
		for kill := range kills {
			n := i.launch()
			pause(time.Duration(kill*15) * time.Millisecond)
			n.kill()
		}
		_, token := i.administrator()
		n := i.start()
		program(n.url, token).open(t, "The first one")
		n.calm()
		n.stop()
		i.sound(t)
	})
}

// TestNothingAcknowledgedIsLostWhenTheDatabaseServerIsKilled kills a durable
// PostgreSQL under a node at work: the node stays up and goes on by itself when
// the server is back. Now and then the node is killed as well.
func TestNothingAcknowledgedIsLostWhenTheDatabaseServerIsKilled(t *testing.T) {
	t.Parallel()
	server := databasetest.NewServer(t)
	i := installOn(t, server.URL())
	_, token := i.administrator()
	n := i.start()
	kills := rounds(10)
	random := rand.New(rand.NewPCG(11, uint64(kills)))
	clerks := hire(t, n.url, token, 4)
	for kill := range kills {
		before := clerks.sum(func(c *clerk) int { return c.acks })
		clerks.during(n.url, func() {
			pause(100*time.Millisecond + upTo(random, 300))
			if kill%4 == 3 {
				server.Stop()
			} else {
				server.Kill()
			}
			if kill%3 == 2 {
				n.kill()
			}
			server.Start()
			pause(500 * time.Millisecond)
		})
		n.blameless()
		if kill%3 == 2 {
			n = i.start()
		} else if err := n.ready(10 * time.Second); err != nil {
			t.Fatalf("the node did not recover: %v\n%s", err, n.out)
		}
		if clerks.sum(func(c *clerk) int { return c.acks }) == before {
			t.Error("nothing was saved in a whole round")
		}
	}
	clerks.finish(t, n.url)
	clerks.compare(t, n.url, token)
	n.stop()
	n.blameless()
	if _, err := i.try("doctor", "--thorough"); err != nil {
		t.Error(err)
	}
	t.Logf("%d ends of the database server: %s", kills, clerks)
}
