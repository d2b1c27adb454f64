package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/steward-itsm/steward/internal/app"
	"github.com/steward-itsm/steward/internal/platform/buildinfo"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/observe"
)

type serveCommand struct {
	Demo bool `help:"Fill an empty installation with a demo organisation first, and print its sign-ins."`
}

// Run serves until it is told to stop.
func (c serveCommand) Run(p *program) error {
	l, err := p.configuration()
	if err != nil {
		return err
	}
	cfg := &l.Config
	log := p.logger(cfg)
	rarelyCollect()
	release, err := app.LockData(cfg)
	if err != nil {
		return err
	}
	defer release()
	a, err := app.Open(p.ctx, cfg, log)
	if err != nil {
		return err
	}
	defer a.Close()
	if c.Demo {
		if err := p.fillDemo(a); err != nil {
			return err
		}
	}
	if err := p.sayFirstRun(a.Core(), cfg); err != nil {
		return err
	}
	tracing, err := observe.NewTracing(p.ctx, observe.TracingOptions{Endpoint: cfg.Monitoring.Traces, Ratio: cfg.Monitoring.TraceRatio, Version: buildinfo.Read().Version, Node: cfg.Node})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), 5*time.Second)
		defer cancel()
		if err := tracing.Close(ctx); err != nil {
			log.Warn("traces were lost at the end", "error", err)
		}
	}()
	return a.Run(p.ctx, tracing.Handler, func(address string) {
		log.LogAttrs(p.ctx, slog.LevelInfo, "serving", slog.String("address", address), slog.String("url", cfg.PublicURL.String()))
		fmt.Fprintf(p.out, "Steward serves %s\n", cfg.PublicURL)
	})
}

// rarelyCollect lets the heap grow to three times what is in use before garbage is
// collected, unless GOGC says otherwise. What is in use is small, some 25 MB, so
// memory is cheap here: it saves about a tenth of the processor time.
func rarelyCollect() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// sayFirstRun prints the code with which the first administrator is made.
func (p *program) sayFirstRun(core *app.Core, cfg *config.Config) error {
	code, err := core.Identity.SetupCode(p.ctx)
	if err != nil || code == "" {
		return err
	}
	fmt.Fprintf(p.out, "\nNobody administers this installation yet. Open %s/setup and enter the code\n\n    %s\n\n", cfg.PublicURL, code)
	return nil
}
