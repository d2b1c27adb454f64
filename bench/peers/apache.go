package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Where Debian keeps what Apache is configured with.
const apacheModules = "/etc/apache2/mods-available"

// apache is a server of Apache's in the foreground.
type apache struct {
	address string
	cmd     *exec.Cmd
	log     *os.File
	ended   chan struct{} // closed when it has ended, with how in failure
	failure error
}

// freeAddress gives an address on which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// apacheConfig is the part that every site has: the modules that Debian enables
// and a site of this kind uses, with Debian's settings for them.
func apacheConfig(dir, address string, modules ...string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("ServerRoot %s", dir)
	line("DefaultRuntimeDir %s", filepath.Join(dir, "run"))
	line("PidFile %s", filepath.Join(dir, "run", "apache.pid"))
	line("Mutex file:%s default", filepath.Join(dir, "run"))
	line("ErrorLog %s", filepath.Join(dir, "error.log"))
	line("LogLevel warn")
	line("ServerName 127.0.0.1")
	line("Listen %s", address)
	if os.Getuid() == 0 {
		line("User %s\nGroup %s", webUser, webUser)
	}
	common := []string{"authz_core", "authn_core", "authz_host", "alias", "dir", "mime", "env", "setenvif", "filter", "deflate", "reqtimeout"}
	for _, name := range append(modules, common...) {
		line("Include %s/%s.load", apacheModules, name)
		line("IncludeOptional %s/%s.con[f]", apacheModules, name)
	}
	return b.String()
}

// startApache starts a server and waits until a page can be had.
func startApache(ctx context.Context, dir, address, page string) (*apache, error) {
	a := &apache{address: address, ended: make(chan struct{})}
	var err error
	if a.log, err = os.Create(filepath.Join(dir, "output.log")); err != nil {
		return nil, err
	}
	// Whoever interrupts the benchmark from a keyboard shall not end the server too.
	a.cmd = exec.Command("/usr/sbin/apache2", "-f", filepath.Join(dir, "apache.conf"), "-D", "FOREGROUND")
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	a.cmd.Stdout, a.cmd.Stderr = a.log, a.log
	if err := a.cmd.Start(); err != nil {
		return nil, errors.Join(err, a.log.Close())
	}
	go func() {
		a.failure = a.cmd.Wait()
		close(a.ended)
	}()
	if err := a.await(ctx, dir, page); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

func (a *apache) await(ctx context.Context, dir, page string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.address+page, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(r)
		switch {
		case err != nil:
			last = err
		default:
			_ = answer.Body.Close() // only whether it came counts
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			last = fmt.Errorf("%s", answer.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server in %s does not get ready: %w", dir, last)
		case <-a.ended:
			return fmt.Errorf("the server in %s ended: %w (see its error.log and output.log)", dir, a.failure)
		case <-tick.C:
		}
	}
}

// Address is where it listens.
func (a *apache) Address() string { return a.address }

// Process is the server's first process.
func (a *apache) Process() int { return a.cmd.Process.Pid }

// Stop ends the server and waits for it.
func (a *apache) Stop() error {
	_ = a.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	<-a.ended
	return errors.Join(a.failure, a.log.Close())
}
