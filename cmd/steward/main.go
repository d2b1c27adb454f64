// Command steward is the whole product in one binary: the server, and what an
// administrator needs around it.
//
// A command is a struct with a Run method in a file of its own and one field of
// commands. It parses, calls one function of a room, and prints.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/database"
	"github.com/steward-itsm/steward/internal/platform/observe"
)

type commands struct {
	Config string `short:"c" env:"STEWARD_CONFIG" placeholder:"FILE" help:"Configuration file (TOML). Without one: steward.toml here, or /etc/steward/steward.toml."`

	Serve    serveCommand    `cmd:"" help:"Serve the pages and the API, and run background jobs."`
	Demo     demoCommand     `cmd:"" help:"Fill an empty installation with a demo organisation and print its sign-ins."`
	Import   importCommand   `cmd:"" help:"Bring in another system's history."`
	Mail     mailCommand     `cmd:"" help:"Bring in mail."`
	Export   exportCommand   `cmd:"" help:"Write tickets out, with conversation and history."`
	Admin    adminCommand    `cmd:"" help:"Make an administrator, or give one a new password."`
	Token    tokenCommand    `cmd:"" help:"Make, list and revoke API tokens."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the database up to date. The server does so by itself when it starts."`
	Backup   backupCommand   `cmd:"" help:"Write everything, records and files, into one archive. The server may be running."`
	Restore  restoreCommand  `cmd:"" help:"Build an installation from an archive, on SQLite or PostgreSQL. The server must be stopped."`
	Doctor   doctorCommand   `cmd:"" help:"Check this installation and say what is wrong with it."`
	Settings settingsCommand `cmd:"" name:"config" help:"Explain every setting, or show those in force."`
	Version  versionCommand  `cmd:"" help:"Say which build this is."`
}

// program is what every command works with.
type program struct {
	ctx        context.Context //nolint:containedctx // kong calls Run without one; it lives as long as the process
	out, err   io.Writer
	environ    []string
	configFile string
	now        func() time.Time
}

func main() {
	// The second signal kills at once: the first one is a request to finish.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	p := &program{ctx: ctx, out: os.Stdout, err: os.Stderr, environ: os.Environ(), now: time.Now}
	os.Exit(p.run(os.Args[1:]))
}

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run runs one command line and gives the exit code.
func (p *program) run(args []string) (code int) {
	type exit int
	defer func() {
		if v := recover(); v != nil {
			c, ok := v.(exit)
			if !ok {
				panic(v)
			}
			code = int(c)
		}
	}()
	var cmd commands
	parser, err := kong.New(&cmd,
		kong.Name("steward"),
		kong.Description("One program in which an IT organisation runs its services."),
		kong.Writers(p.out, p.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { panic(exit(code)) }), // kong must not end the process: help does so by this way
	)
	if err != nil {
		fmt.Fprintln(p.err, "steward:", err)
		return exitFailed
	}
	line, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(p.err, "steward: %v\nsteward --help lists the commands.\n", err)
		return exitUsage
	}
	p.configFile = cmd.Config
	if err := line.Run(p); err != nil {
		p.explain(err)
		return exitFailed
	}
	return exitOK
}

// explain prints an error for the administrator, who may see its cause.
func (p *program) explain(err error) {
	var known *apperr.Error
	if !errors.As(err, &known) {
		fmt.Fprintln(p.err, "steward:", err)
		return
	}
	fmt.Fprintln(p.err, "steward:", known.Message)
	if len(known.Fields) > 1 { // of one, the message says it all
		for _, f := range known.Fields {
			fmt.Fprintln(p.err, "  -", f.Message)
		}
	}
	if known.Err != nil {
		fmt.Fprintln(p.err, "  because of:", known.Err)
	}
}

// configuration reads the settings and says on stderr what is odd about them.
func (p *program) configuration() (*config.Loaded, error) {
	l, err := config.Load(config.Source{File: p.configFile, Environ: p.environ})
	if err != nil {
		return nil, err
	}
	for _, w := range l.Warnings {
		fmt.Fprintln(p.err, "warning:", w)
	}
	return l, nil
}

func (p *program) logger(c *config.Config) *slog.Logger {
	return observe.NewLogger(p.err, c.Log.Level, c.Log.Format)
}

// database opens the configured database; name is how its connections call
// themselves on a PostgreSQL server.
func (p *program) database(c *config.Config, name string) (*database.DB, error) {
	return database.Open(p.ctx, database.Options{
		URL: c.DatabaseURL(), MaxConns: c.Database.MaxConnections, Timeout: c.Database.Timeout, Logger: p.logger(c), Name: name,
	})
}

// existing opens the configured database for a command that must not make a
// new one: in the wrong folder, SQLite would begin an empty file.
func (p *program) existing(c *config.Config, name string) (*database.DB, error) {
	setting := c.DatabaseURL()
	missing := apperr.New(apperr.NotFound, "There is no database yet at %s.", place(setting))
	if database.EngineOf(setting) == database.SQLite {
		if _, err := os.Stat(database.SQLitePath(setting)); err != nil {
			missing.Err = err
			return nil, missing
		}
	}
	db, err := p.database(c, name)
	if err != nil {
		return nil, err
	}
	empty, err := db.Empty(p.ctx)
	if err == nil && empty {
		err = missing
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// place names a database without its password.
func place(setting string) string {
	if database.EngineOf(setting) == database.SQLite {
		if abs, err := filepath.Abs(database.SQLitePath(setting)); err == nil {
			return abs
		}
		return database.SQLitePath(setting)
	}
	if u, err := url.Parse(setting); err == nil {
		return u.Host + u.Path
	}
	return "the configured address"
}
