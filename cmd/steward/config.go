package main

import (
	"fmt"

	"github.com/steward-itsm/steward/internal/platform/config"
)

type settingsCommand struct {
	Show bool `help:"Show the settings in force and where each was chosen; secrets stay hidden."`
}

// Run prints the reference (docs/configuration.md is made of it) or the
// settings in force.
func (c settingsCommand) Run(p *program) error {
	if !c.Show {
		_, err := fmt.Fprint(p.out, config.Reference())
		return err
	}
	l, err := p.configuration()
	if err != nil {
		return err
	}
	return l.Show(p.out)
}
