package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// cluster is a PostgreSQL server of the benchmark's own: durable, with more
// memory than the default and nothing else changed. The product and the limit both
// work in it.
type cluster struct {
	bin, dir string
	port     int
	who      *syscall.Credential
}

// settings are what differs from PostgreSQL's defaults.
var settings = []string{"shared_buffers=1GB", "max_wal_size=4GB", "max_connections=200", "listen_addresses=127.0.0.1"}

// startCluster starts the server under dir, making its files first if need be.
func startCluster(dir string, port int) (*cluster, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errors.New("no PostgreSQL server is installed: apt install postgresql")
	}
	slices.Sort(found)
	c := &cluster{bin: found[len(found)-1], dir: filepath.Join(dir, "postgres"), port: port}
	if err := c.owner(dir); err != nil {
		return nil, err
	}
	if !exists(filepath.Join(c.dir, "data", "PG_VERSION")) {
		if err := c.run("initdb", "-D", c.data(), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"); err != nil {
			return nil, err
		}
	}
	if c.run("pg_ctl", "-D", c.data(), "status") == nil {
		return c, nil // left from a run that was killed
	}
	options := "-p " + strconv.Itoa(port) + " -c unix_socket_directories=" + c.dir
	for _, s := range settings {
		options += " -c " + s
	}
	return c, c.run("pg_ctl", "-D", c.data(), "-w", "-t", "300", "-l", filepath.Join(c.dir, "server.log"), "-o", options, "start")
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// owner decides who runs the server, which refuses to be root.
func (c *cluster) owner(parent string) error {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return err
	}
	c.who = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return errors.Join(os.Chmod(parent, 0o755), os.Chown(c.dir, int(uid), int(gid)))
}

func (c *cluster) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.who, Setpgid: true}
	// The server inherits what it writes to: a pipe would keep Wait from returning.
	out, err := os.CreateTemp("", "steward-bench-*.out")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) //nolint:errcheck // a leftover in the folder for such
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(text))
	}
	return nil
}

func (c *cluster) stop() error { return c.run("pg_ctl", "-D", c.data(), "-m", "fast", "-w", "stop") }

func (c *cluster) url(name string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, name)
}

// query runs statements in a database and gives the rows, columns separated by tabs.
func (c *cluster) query(name, statements string) (string, error) {
	cmd := exec.Command(filepath.Join(c.bin, "psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", c.url(name), "-f", "-")
	cmd.Stdin = strings.NewReader(statements)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, problems.String())
	}
	return strings.TrimSpace(out.String()), nil
}

func (c *cluster) sql(statement string) error {
	_, err := c.query("postgres", statement)
	return err
}

func (c *cluster) databases() (map[string]bool, error) {
	text, err := c.query("postgres", "SELECT datname FROM pg_database")
	have := map[string]bool{}
	for name := range strings.Lines(text) {
		have[strings.TrimSpace(name)] = true
	}
	return have, err
}

// pid gives the server's first process.
func (c *cluster) pid() (int, error) {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(first)
}
