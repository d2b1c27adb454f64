package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/steward-itsm/steward/internal/core/access"
	"github.com/steward-itsm/steward/internal/core/identity"
)

// product is the program under test, serving a working copy of a data set.
type product struct {
	engine  string
	url     string // of the database
	address string
	token   string // an agent's
	agent   string // cookie of an agent's session
	asker   string // cookie of a requester's
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the server has ended, with how in failure
	failure error
	log     *os.File
	pids    processes
	world   *world
}

// freeAddress gives an address on which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// startProduct serves a database and signs in.
func startProduct(ctx context.Context, o *options, engine, databaseURL string, database []int) (*product, error) {
	p := &product{engine: engine, url: databaseURL}
	dir := filepath.Join(o.cache, "files")
	if err := p.makeToken(ctx, dir); err != nil {
		return nil, err
	}
	var err error
	if p.address, err = freeAddress(); err != nil {
		return nil, err
	}
	if p.log, err = os.Create(filepath.Join(o.cache, "steward-"+engine+".log")); err != nil {
		return nil, err
	}
	p.cmd = exec.Command(o.binary, "serve")
	p.cmd.Env = append(os.Environ(), "STEWARD_DATA_DIR="+dir, "STEWARD_DATABASE_URL="+databaseURL, "STEWARD_LISTEN="+p.address,
		"STEWARD_PUBLIC_URL=http://"+p.address, "STEWARD_HTTP_API_RATE=100000000", "STEWARD_LOG_LEVEL=warn")
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.ended = make(chan struct{})
	go func() {
		p.failure = p.cmd.Wait()
		close(p.ended)
	}()
	p.pids = processes{server: []int{p.cmd.Process.Pid}, database: database}
	if err := p.await(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	if p.agent, err = signIn(p.address, agentEmail); err == nil {
		p.asker, err = signIn(p.address, requesterEmail)
	}
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

func (p *product) makeToken(ctx context.Context, dir string) error {
	core, err := open(ctx, p.url, dir)
	if err != nil {
		return err
	}
	defer core.Close()
	ctx = access.With(ctx, access.System())
	found, err := core.People.PersonsCalled(ctx, core.DB.Reader(), []string{agentEmail, requesterEmail})
	if err != nil {
		return err
	}
	for _, ids := range found {
		for _, id := range ids {
			if err := core.Identity.SetPassword(ctx, id, password); err != nil {
				return err
			}
		}
	}
	if len(found[agentEmail]) != 1 {
		return fmt.Errorf("there is no %s in the data set", agentEmail)
	}
	_, p.token, err = core.Identity.CreateToken(ctx, identity.TokenInput{OwnerID: found[agentEmail][0], Name: "bench"})
	return err
}

// await waits until the server takes work.
func (p *product) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		w := dial(p.address)
		a, err := w.do(request(http.MethodGet, "/readyz", p.address, ""))
		w.close()
		if err == nil && a.status == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server on %s does not get ready: %w", p.engine, ctx.Err())
		case <-p.ended:
			return fmt.Errorf("the server on %s ended: %w (see %s)", p.engine, p.failure, p.log.Name())
		case <-tick.C:
		}
	}
}

// signIn signs in by the form, as a browser does, and gives the cookies.
func signIn(address, email string) (string, error) {
	w := dial(address)
	defer w.close()
	form := url.Values{"email": {email}, "password": {password}}.Encode()
	a, err := w.do(request(http.MethodPost, "/sign-in", address, form, "Content-Type", "application/x-www-form-urlencoded", "Origin", "http://"+address))
	if err != nil {
		return "", err
	}
	var cookies []string
	for _, c := range a.cookies {
		pair, _, _ := strings.Cut(c, ";")
		cookies = append(cookies, pair)
	}
	if a.status != http.StatusSeeOther || len(cookies) == 0 {
		return "", fmt.Errorf("signing in as %s was answered with %d %.200s", email, a.status, a.body)
	}
	return strings.Join(cookies, "; "), nil
}

// stop ends the server and waits for it.
func (p *product) stop() error {
	_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended by itself
	<-p.ended
	return errors.Join(p.failure, p.log.Close())
}
