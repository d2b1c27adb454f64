// Package peers puts the products to work that Steward is measured beside: Request
// Tracker 5 and Redmine, as Debian packages them and as their documentation
// recommends to run them (README.md). Each gets the tickets of Steward's own data
// set, people, states, messages and times included, and answers the same questions.
//
// A peer is set up and started in a folder of the benchmark's, with a database in
// the benchmark's server. Nothing of it is left outside of those.
package peers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Workers is how many processes of a peer answer at once: as many as there are
// clients at most, so that none waits for a free one.
const Workers = 8

// Password is everybody's who signs in.
const Password = "correct horse battery staple"

// Peer is a product that Steward is measured beside.
type Peer interface {
	// Name is what it is called in the results.
	Name() string
	// Packages are Debian's that it takes.
	Packages() []string
	// Way says how it is run, for the results.
	Way() string
	// Fill turns an empty database into one that holds the sample.
	Fill(ctx context.Context, site *Site, database string, sample *Sample) error
	// Start serves a filled database.
	Start(ctx context.Context, site *Site, database string) (Server, error)
}

// All are the peers there are adapters for.
func All() []Peer { return []Peer{requestTracker{}, redmine{}} }

// Server is a peer at work.
type Server interface {
	// Address is where it listens.
	Address() string
	// Process is the first of its processes; the others descend from it.
	Process() int
	// SignIn opens a session of the agent's, for one client.
	SignIn(ctx context.Context) (Session, error)
	Stop() error
}

// Session asks as one client does. Each method puts one request together.
type Session interface {
	// Create opens a ticket about a service, counted from 1, by the API.
	Create(title, text string, service int) Request
	// Read asks for a ticket, counted from 1, by the API.
	Read(ticket int) Request
	// Reply answers its requester, by the API.
	Reply(ticket int, text string) Request
	// List is the page of what is open, 50 on a page, the last changed first.
	List() Request
	// Filtered is the page of what is worked on at one service with at least a
	// middling priority, the most urgent first.
	Filtered(service int) Request
	// Ticket is a ticket's page.
	Ticket(ticket int) Request
	// Search is the page of the tickets in which all the words are, open or not.
	Search(words string) Request
}

// Request is what is asked, and what a good answer is known by.
type Request struct {
	Method, Path string
	Headers      []string // in pairs
	Body         string
	Status       int    // of a good answer
	Shows        string // what is in its text
}

// Missing names the packages that are not installed.
func Missing(p Peer) []string {
	var missing []string
	for _, name := range p.Packages() {
		if installed(name) == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// Version is that of the first of a peer's packages.
func Version(p Peer) string { return installed(p.Packages()[0]) }

// installed gives the version of a package, or nothing when it is not installed.
// One that was unpacked and not set up counts: nothing of the set-up is used.
func installed(name string) string {
	out, err := exec.Command("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", name).Output()
	if err != nil {
		return ""
	}
	return versionOf(string(out))
}

func versionOf(line string) string {
	status, version, _ := strings.Cut(line, " ")
	switch status {
	case "installed", "half-configured", "triggers-awaited", "triggers-pending":
		return version
	}
	return ""
}

// run runs a program to its end, and tells what it wrote if that failed.
func run(ctx context.Context, env []string, dir, name string, args ...string) error {
	return runAs(ctx, nil, env, dir, name, args...)
}

// runAsWeb does so as who serves.
func runAsWeb(ctx context.Context, env []string, dir, name string, args ...string) error {
	who, err := server()
	if err != nil {
		return err
	}
	return runAs(ctx, who, env, dir, name, args...)
}

func runAs(ctx context.Context, who *syscall.Credential, env []string, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, tail(out, 2000))
	}
	return nil
}

func tail(text []byte, most int) string {
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return strings.TrimSpace(string(text))
}
