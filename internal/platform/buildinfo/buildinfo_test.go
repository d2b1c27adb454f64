package buildinfo_test

import (
	"strings"
	"testing"

	"github.com/steward-itsm/steward/internal/platform/buildinfo"
)

func TestEveryBuildHasAVersionAndAToolchain(t *testing.T) {
	t.Parallel()
	info := buildinfo.Read()
	if info.Version == "" || info.String() == "" || !strings.HasPrefix(info.Go, "go1.") {
		t.Errorf("%+v", info)
	}
}
