// Package buildinfo says which build of the program this is, from what the Go
// toolchain notes in every binary.
package buildinfo

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// Info describes a build.
type Info struct {
	Version  string // "v1.2.3", or "development" outside a release
	Revision string // of the sources, "" when unknown; with "+changes" when they were edited
	Time     string // of the revision, RFC 3339
	Go       string // toolchain and platform
}

// Read describes this program.
func Read() Info {
	info := Info{Version: "development", Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
	bi, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	// Between releases the toolchain makes up a version (v0.0.0-time-revision); the
	// revision below says the same in words.
	if v := bi.Main.Version; v != "" && v != "(devel)" && !strings.HasPrefix(v, "v0.0.0-") {
		info.Version = v
	}
	modified := false
	for _, s := range bi.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Revision = s.Value[:min(12, len(s.Value))]
		case "vcs.time":
			info.Time = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	if modified && info.Revision != "" {
		info.Revision += "+changes"
	}
	return info
}

// String is the version in one word, for logs, metrics and backups.
func (i Info) String() string {
	if i.Version == "development" && i.Revision != "" {
		return "development-" + i.Revision
	}
	return i.Version
}
