package main

import (
	"fmt"

	"github.com/steward-itsm/steward/internal/platform/buildinfo"
)

type versionCommand struct{}

// Run prints which build this is.
func (versionCommand) Run(p *program) error {
	b := buildinfo.Read()
	fmt.Fprintln(p.out, "steward", b.Version)
	if b.Revision != "" {
		fmt.Fprintln(p.out, "revision", b.Revision, b.Time)
	}
	fmt.Fprintln(p.out, b.Go)
	return nil
}
