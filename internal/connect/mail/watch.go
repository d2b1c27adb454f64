package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/steward-itsm/steward/internal/core/audit"
	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/database"
	message "github.com/steward-itsm/steward/internal/platform/mail"
	"github.com/steward-itsm/steward/internal/platform/mail/imap"
	"github.com/steward-itsm/steward/internal/platform/mail/lmtp"
)

// Pace is how often a node looks after the mailboxes.
type Pace struct {
	Look  time.Duration // for mailboxes to read, and to say that it still reads; 5 s
	Lease time.Duration // after which a silent node loses a mailbox; 30 s
}

// Watch reads the mailboxes of this node until the context ends. Each is read by one
// node: the one that holds it counts its beat up, and another takes it when the beat
// stood still for a lease. Clocks of nodes are never compared, and should two read
// one mailbox for a moment, a position is still stored once.
func (s *Service) Watch(ctx context.Context, p Pace) {
	if p.Look == 0 {
		p.Look = 5 * time.Second
	}
	if p.Lease == 0 {
		p.Lease = 30 * time.Second
	}
	w := &watcher{s: s, pace: p, running: map[int64]*reading{}, seen: map[int64]seenBeat{}}
	tick := time.NewTicker(p.Look)
	defer tick.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "mailboxes could not be looked after", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.end(context.WithoutCancel(ctx))
			return
		}
	}
}

// reading is a mailbox that this node reads.
type reading struct {
	version int64
	stop    context.CancelFunc
	done    chan struct{}
}

type seenBeat struct {
	beat int64
	at   time.Time
}

type watcher struct {
	s       *Service
	pace    Pace
	running map[int64]*reading
	seen    map[int64]seenBeat
	wg      sync.WaitGroup
}

// look takes what nobody reads, and gives up what is not ours any more.
func (w *watcher) look(ctx context.Context) error {
	boxes, err := w.s.boxes(ctx, w.s.DB.Reader())
	if err != nil {
		return err
	}
	wanted := map[int64]bool{}
	for i := range boxes {
		b := &boxes[i]
		if !b.Active || b.Protocol != IMAP {
			continue
		}
		wanted[b.ID] = true
		if err := w.lookAt(ctx, b); err != nil {
			return err
		}
	}
	for id := range w.running {
		if !wanted[id] {
			w.stop(ctx, id)
		}
	}
	return nil
}

func (w *watcher) lookAt(ctx context.Context, b *Box) error {
	if r := w.running[b.ID]; r != nil {
		ours, err := w.s.beat(ctx, b.ID)
		if err != nil {
			return err
		}
		select {
		case <-r.done: // its settings cannot work
			ours = false
		default:
		}
		if ours && r.version == b.Version {
			return nil
		}
		w.stop(ctx, b.ID)
		return nil
	}
	now := time.Now()
	last, known := w.seen[b.ID]
	if !known || last.beat != b.Beat {
		w.seen[b.ID] = seenBeat{b.Beat, now}
	}
	silent := known && last.beat == b.Beat && now.Sub(last.at) >= w.pace.Lease
	if b.Holder != "" && b.Holder != w.s.Node && !silent {
		return nil
	}
	taken, err := w.s.take(ctx, b)
	if err != nil || !taken {
		return err
	}
	inner, stop := context.WithCancel(ctx)
	r := &reading{version: b.Version, stop: stop, done: make(chan struct{})}
	w.running[b.ID] = r
	fresh, err := w.s.box(ctx, w.s.DB.Reader(), b.ID)
	if err != nil {
		stop()
		close(r.done)
		return err
	}
	w.wg.Go(func() {
		defer close(r.done)
		w.s.read(inner, fresh)
	})
	return nil
}

func (w *watcher) stop(ctx context.Context, id int64) {
	r := w.running[id]
	delete(w.running, id)
	delete(w.seen, id)
	r.stop()
	<-r.done
	if err := w.s.giveBack(ctx, id); err != nil {
		w.s.Log.WarnContext(ctx, "a mailbox could not be given back", "error", err)
	}
}

func (w *watcher) end(ctx context.Context) {
	for id := range w.running {
		w.stop(ctx, id)
	}
	w.wg.Wait()
}

// read fetches a mailbox until the context ends.
func (s *Service) read(ctx context.Context, b Box) {
	o := s.imapOptions(b)
	o.Changed = func(err error) {
		if err := s.noteReached(context.WithoutCancel(ctx), b, err); err != nil {
			s.Log.WarnContext(ctx, "the state of a mailbox could not be kept", "error", err)
		}
	}
	o.Again = b.action()
	o.Marked = func(ctx context.Context, at imap.Position) error { return s.keepMarked(ctx, b.ID, at) }
	err := imap.Watch(ctx, o, imap.Position{UIDValidity: b.Validity, UID: b.UID, Marked: b.Marked}, func(ctx context.Context, m imap.Fetched) (imap.Action, error) {
		in := Incoming{Box: b.ID, Raw: m.Raw, Size: m.Size, Header: m.TooLarge, Validity: m.UIDValidity, UID: m.UID, Marked: m.Marked, Received: m.Received}
		if m.Refused != "" {
			in.Raw = fmt.Appendf(nil, "Message %d of %s (%d): %s", m.UID, b.Folder, m.UIDValidity, m.Refused)
			in.Header = false
		}
		_, err := s.Store(ctx, in)
		if m.Refused != "" || m.TooLarge && o.Again.Delete {
			return imap.Action{Flag: true}, err // we do not have it: it stays where it is
		}
		return o.Again, err
	})
	if err != nil && ctx.Err() == nil {
		o.Changed(err)
	}
}

// action is what becomes of a mail of the mailbox that is here.
func (b *Box) action() imap.Action {
	switch b.After {
	case AfterMove:
		return imap.Action{Move: b.MoveTo}
	case AfterDelete:
		return imap.Action{Delete: true}
	case AfterSeen:
	}
	return imap.Action{Seen: true}
}

func (s *Service) imapOptions(b Box) imap.Options {
	return imap.Options{
		Addr: b.Server, Security: b.Security, TLSConfig: s.TLS, Auth: b.Auth, User: b.User, Mailbox: b.Folder, MaxSize: s.MaxMessage, Log: s.Log,
		Secret: b.secret(s.Client, s.Now, s.tokenOf("mail_boxes", b.ID)),
	}
}

// TryBox connects to a mailbox and says what it found there.
func (s *Service) TryBox(ctx context.Context, id int64) (Tried, error) {
	b, err := s.Box(ctx, id)
	if err != nil {
		return Tried{}, err
	}
	if b.Protocol != IMAP {
		return Tried{}, apperr.New(apperr.Conflict, "Nothing is fetched for this mailbox: a server brings its mail.")
	}
	err = s.DB.Write(ctx, func(tx *database.Tx) error {
		return s.Audit.Append(ctx, tx, audit.Entry{Action: "mailbox.test", ObjectType: "mailbox", ObjectID: audit.ID(b.ID), ObjectName: b.Address})
	})
	if err != nil {
		return Tried{}, err
	}
	info, err := imap.Check(ctx, s.imapOptions(b))
	if err != nil {
		return Tried{Message: err.Error()}, nil
	}
	return Tried{OK: true, Messages: int(info.Messages)}, nil
}

// Take stores what a mail server brings, in each mailbox it is for: the callback of
// a listener (see Listen).
func (s *Service) Take(ctx context.Context, d lmtp.Delivery) error {
	for _, to := range d.To {
		b, err := s.boxFor(ctx, to)
		if apperr.Is(err, apperr.NotFound) {
			continue // it was refused before
		}
		if err != nil {
			return err
		}
		// The envelope is all that tells of an address with a mark in Bcc, and of the
		// empty path of bounces: the last server writes both down (RFC 5321, 4.4).
		from := ""
		if message.ValidAddress(d.From) {
			from = d.From
		}
		head := "Delivered-To: " + oneAddress(to) + "\r\n"
		if from == d.From {
			head = "Return-Path: <" + from + ">\r\n" + head
		}
		raw := append([]byte(head), d.Raw...)
		if _, err := s.Store(ctx, Incoming{Box: b.ID, Raw: raw}); err != nil {
			return err
		}
	}
	return nil
}

func oneAddress(s string) string {
	if !message.ValidAddress(s) {
		return "unknown@invalid"
	}
	return s
}

// Listen takes mail on an address until the context ends.
func (s *Service) Listen(ctx context.Context, protocol lmtp.Protocol, address string) error {
	server, err := lmtp.New(lmtp.Options{
		Protocol: protocol, Deliver: s.Take, Domain: s.Hostname, MaxSize: s.MaxMessage, TLS: s.Offer, Log: s.Log,
		Recipient: func(ctx context.Context, address string) error {
			_, err := s.boxFor(ctx, address)
			if apperr.Is(err, apperr.NotFound) {
				return &lmtp.Rejection{Message: "There is no such mailbox here."}
			}
			return err
		},
	})
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return apperr.Wrap(err, apperr.Unavailable, "The address for mail cannot be listened on.")
	}
	stop := context.AfterFunc(ctx, func() {
		const patience = 10 * time.Second
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if errors.Is(server.Shutdown(end), context.DeadlineExceeded) {
			server.Close()
		}
	})
	defer stop()
	return server.Serve(l)
}

// ImportFile stores a mail that lies in a file, for the command that imports.
func (s *Service) ImportFile(ctx context.Context, address string, raw []byte) (Arrival, error) {
	if err := mayManage(ctx); err != nil {
		return Arrival{}, err
	}
	b, err := s.boxFor(ctx, address)
	if apperr.Is(err, apperr.NotFound) {
		return Arrival{}, apperr.InvalidField("to", "There is no active mailbox %s.", address)
	}
	if err != nil {
		return Arrival{}, err
	}
	id, err := s.Store(ctx, Incoming{Box: b.ID, Raw: raw})
	if err != nil {
		return Arrival{}, err
	}
	return s.arrival(ctx, s.DB.Reader(), id)
}
