package e2e

import (
	"strings"
	"testing"
	"time"
)

// TestServeFillsADemoOrganisation is what `make run` does: the first start fills an
// empty installation and prints the sign-ins, the next one finds it there.
func TestServeFillsADemoOrganisation(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		for _, want := range []string{"The demo organisation has", "SIGN IN AS"} {
			n := i.launch("--demo")
			if err := n.ready(2 * time.Minute); err != nil {
				t.Fatalf("the node did not become ready: %v\n%s", err, n.out)
			}
			if said := n.out.String(); !strings.Contains(said, want) || !strings.Contains(said, "Administrator") {
				t.Errorf("it does not say %q and the sign-ins:\n%s", want, said)
			}
			n.stop()
			n.calm()
		}
		i.sound(t)
	})
}
