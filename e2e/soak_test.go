package e2e

import (
	"bufio"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestALongLoadLeavesNothingBehind lets clerks work for a while (STEWARD_SOAK, such
// as 1h; some seconds without), each waiting STEWARD_SOAK_THINK between two steps, and
// looks at what the node holds when they have gone home: no goroutine, no open file
// and no memory that grows with the work.
func TestALongLoadLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	length := 8 * time.Second
	if text := os.Getenv("STEWARD_SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	onEach(t, func(t *testing.T, i *installation) {
		const secret = "for the monitoring alone"
		i.set("MONITORING_TOKEN", secret)
		_, token := i.administrator()
		n := i.start()
		clerks := hire(t, n.url, token, 8)
		if text := os.Getenv("STEWARD_SOAK_THINK"); text != "" {
			think, err := time.ParseDuration(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range clerks {
				c.think = think
			}
		}
		// What is kept on purpose (connections, compiled statements, caches) is there
		// after a first stretch of work; what grows after it is a leak.
		clerks.during(n.url, func() { pause(length / 4) })
		before := settled(t, n.url, secret, holding{})
		clerks.during(n.url, func() { pause(length) })
		after := settled(t, n.url, secret, before)
		t.Logf("before %+v, after %+v", before, after)
		if limit := before.memory*3/2 + 64<<20; after.memory > limit {
			t.Errorf("the node holds %d MB after %s of work, and held %d MB before", after.memory>>20, length, before.memory>>20)
		}
		clerks.finish(t, n.url)
		clerks.compare(t, n.url, token)
		n.stop()
	})
}

// holding is what a node holds.
type holding struct{ goroutines, files, memory int }

// Some goroutines and files come and go by themselves: connections that browsers
// and the database keep for a while, periodic work.
const someGoroutines, someFiles = 24, 16

// settled waits until the node holds no more than before, give or take a little,
// and gives what it holds. A zero before only looks.
func settled(t *testing.T, url, secret string, before holding) holding {
	t.Helper()
	var now holding
	eventually(t, 2*time.Minute, "goroutines and files of the load to go", func() bool {
		now = holds(t, url, secret)
		return before == holding{} || now.goroutines <= before.goroutines+someGoroutines && now.files <= before.files+someFiles
	})
	return now
}

// holds reads the node's own metrics.
func holds(t *testing.T, url, secret string) holding {
	t.Helper()
	a, err := program(url, secret).request(t.Context(), http.MethodGet, "/metrics", nil)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("the metrics were answered with %s, %v", a, err)
	}
	values := map[string]int{}
	for lines := bufio.NewScanner(strings.NewReader(string(a.body))); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			values[name] = int(number)
		}
	}
	h := holding{values["go_goroutines"], values["process_open_fds"], values["go_memstats_heap_inuse_bytes"]}
	if h.goroutines == 0 || h.files == 0 || h.memory == 0 {
		t.Fatalf("the metrics do not say what the node holds: %+v", h)
	}
	return h
}
