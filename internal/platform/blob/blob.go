// Package blob keeps files: attachments, pictures, exports. A file is known by
// the hash of its content, so equal files are stored once and a stored file
// never changes. Who may read it, what it is called and which records refer to
// it is not known here.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Info describes a stored file.
type Info struct {
	Key    string    // SHA-256 of the content, 64 lower-case hexadecimal digits
	Size   int64     // bytes
	Stored time.Time // when it was last put
}

// Store is where files are kept. All methods are safe for concurrent use, also
// from several nodes. blobtest holds the conformance suite.
type Store interface {
	// Put reads content to its end and keeps it. A file is visible whole or not
	// at all, and is durable when Put returns. More than limit bytes are
	// TooLarge; a full disk is Unavailable; an error of the reader comes back as
	// it is. After any error nothing is left behind.
	Put(ctx context.Context, content io.Reader, limit int64) (Info, error)

	// Get reads length bytes from offset on, to the end when length is negative.
	// NotFound when there is no such file.
	Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error)

	// Stat describes a file, or says NotFound.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes a file that was last put before the time given and reports
	// whether it did. What was put since stays: somebody has just begun to refer
	// to it. A missing file is no error.
	Delete(ctx context.Context, key string, before time.Time) (bool, error)

	// Walk visits every file in the order of the keys, until fn returns an error.
	Walk(ctx context.Context, fn func(Info) error) error
}

// ValidKey reports whether key has the form of one; only then it may become
// part of a path.
func ValidKey(key string) bool {
	if len(key) != 64 {
		return false
	}
	for _, c := range []byte(key) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func notFound(err error) error {
	return apperr.Wrap(err, apperr.NotFound, "This file is not stored here.")
}

// Sound reads a file and reports whether its content still is what its key
// says.
func Sound(ctx context.Context, s Store, key string) (bool, error) {
	r, err := s.Get(ctx, key, 0, -1)
	if err != nil {
		return false, err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return false, err
	}
	return hex.EncodeToString(h.Sum(nil)) == key, nil
}

// Open gives a file that can be read at any place, as http.ServeContent needs
// it. Nothing is read before the first Read.
func Open(ctx context.Context, s Store, key string) (io.ReadSeekCloser, Info, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	return &seeker{ctx: ctx, store: s, info: info}, info, nil
}

type seeker struct {
	ctx    context.Context //nolint:containedctx // io.Reader has no place for it; it lives as long as one answer
	store  Store
	info   Info
	at     int64
	stream io.ReadCloser // from at on, or nil
}

func (s *seeker) Read(b []byte) (int, error) {
	if s.at >= s.info.Size {
		return 0, io.EOF
	}
	if s.stream == nil {
		r, err := s.store.Get(s.ctx, s.info.Key, s.at, -1)
		if err != nil {
			return 0, err
		}
		s.stream = r
	}
	n, err := s.stream.Read(b)
	s.at += int64(n)
	return n, err
}

func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.at
	case io.SeekEnd:
		offset += s.info.Size
	}
	if offset < 0 {
		return 0, errors.New("blob: seek before the beginning")
	}
	if offset != s.at {
		if err := s.Close(); err != nil {
			return 0, err
		}
		s.at = offset
	}
	return offset, nil
}

func (s *seeker) Close() error {
	if s.stream == nil {
		return nil
	}
	err := s.stream.Close()
	s.stream = nil
	return err
}
