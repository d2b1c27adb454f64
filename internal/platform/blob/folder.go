package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// Folder keeps files in a folder of this machine, or of a network file system
// that several nodes share: 3f/3f2c9a….
//
// A file grows under incoming/ and is moved to its place when it is whole and
// on the disk. The moment of appearing and the moment of deleting exclude each
// other by a lock file, so that a clean-up never takes what was put just now.
type Folder struct{ dir string }

const incoming = "incoming"

// OpenFolder opens or makes the folder and removes what interrupted puts of
// earlier days left.
func OpenFolder(dir string) (*Folder, error) {
	f := &Folder{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, incoming), 0o750); err != nil {
		return nil, fileError(err)
	}
	left, err := os.ReadDir(filepath.Join(dir, incoming))
	if err != nil {
		return nil, fileError(err)
	}
	yesterday := time.Now().Add(-24 * time.Hour)
	for _, e := range left {
		if info, err := e.Info(); err == nil && info.ModTime().Before(yesterday) {
			_ = os.Remove(filepath.Join(dir, incoming, e.Name())) // another node may be faster
		}
	}
	return f, nil
}

func (f *Folder) path(key string) string { return filepath.Join(f.dir, key[:2], key) }

// Put implements Store.
func (f *Folder) Put(ctx context.Context, content io.Reader, limit int64) (info Info, err error) {
	temp, err := os.CreateTemp(filepath.Join(f.dir, incoming), "put-*")
	if err != nil {
		return Info{}, fileError(err)
	}
	defer func() {
		if cerr := temp.Close(); err == nil && cerr != nil && !errors.Is(cerr, os.ErrClosed) {
			err = fileError(cerr)
		}
		if err != nil {
			_ = os.Remove(temp.Name()) // gone already when it was moved
		}
	}()
	hash := sha256.New()
	size, err := copyBounded(ctx, temp, hash, content, limit)
	if err != nil {
		return Info{}, err
	}
	if err := temp.Sync(); err != nil {
		return Info{}, fileError(err)
	}
	if err := temp.Close(); err != nil {
		return Info{}, fileError(err)
	}
	key := hex.EncodeToString(hash.Sum(nil))
	stored, err := f.publish(temp.Name(), key)
	if err != nil {
		return Info{}, err
	}
	return Info{Key: key, Size: size, Stored: stored}, nil
}

// copyBounded copies content to the file and the hash, and tells its three
// possible errors apart: the reader's, the limit's, the disk's.
func copyBounded(ctx context.Context, file, hash io.Writer, content io.Reader, limit int64) (int64, error) {
	buf := make([]byte, 128<<10)
	var size int64
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, rerr := content.Read(buf)
		if size += int64(n); size > limit {
			return 0, apperr.New(apperr.TooLarge, "The file is too large.")
		}
		if n > 0 {
			if _, err := file.Write(buf[:n]); err != nil {
				return 0, fileError(err)
			}
			_, _ = hash.Write(buf[:n]) // a hash never fails
		}
		if errors.Is(rerr, io.EOF) {
			return size, nil
		}
		if rerr != nil {
			return 0, rerr
		}
	}
}

// publish moves a whole file to its place, or drops it when its content is
// there already.
func (f *Folder) publish(temp, key string) (time.Time, error) {
	target := f.path(key)
	folder := filepath.Dir(target)
	if err := os.Mkdir(folder, 0o750); err == nil {
		if err := syncDir(f.dir); err != nil {
			return time.Time{}, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return time.Time{}, fileError(err)
	}
	now := time.Now()
	err := f.locked(func() error {
		err := os.Chtimes(target, now, now)
		if err == nil {
			return os.Remove(temp)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Rename(temp, target)
	})
	if err != nil {
		return time.Time{}, fileError(err)
	}
	return now, syncDir(folder)
}

// Get implements Store.
func (f *Folder) Get(_ context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if !ValidKey(key) {
		return nil, notFound(nil)
	}
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, fileError(err)
	}
	if offset > 0 {
		if _, err := file.Seek(offset, io.SeekStart); err != nil {
			_ = file.Close() // the seek's error is the one that counts
			return nil, fileError(err)
		}
	}
	if length < 0 {
		return file, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(file, length), file}, nil
}

// Stat implements Store.
func (f *Folder) Stat(_ context.Context, key string) (Info, error) {
	if !ValidKey(key) {
		return Info{}, notFound(nil)
	}
	st, err := os.Stat(f.path(key))
	if err != nil {
		return Info{}, fileError(err)
	}
	return Info{Key: key, Size: st.Size(), Stored: st.ModTime()}, nil
}

// Delete implements Store.
func (f *Folder) Delete(ctx context.Context, key string, before time.Time) (deleted bool, err error) {
	err = f.locked(func() error {
		info, err := f.Stat(ctx, key)
		if apperr.Is(err, apperr.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if !info.Stored.Before(before) {
			return nil
		}
		deleted = true
		return os.Remove(f.path(key))
	})
	if err != nil {
		return false, fileError(err)
	}
	return deleted, nil
}

// Walk implements Store.
func (f *Folder) Walk(ctx context.Context, fn func(Info) error) error {
	folders, err := os.ReadDir(f.dir)
	if err != nil {
		return fileError(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		files, err := os.ReadDir(filepath.Join(f.dir, folder.Name()))
		if err != nil {
			return fileError(err)
		}
		for _, file := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := f.Stat(ctx, file.Name())
			if apperr.Is(err, apperr.NotFound) {
				continue // deleted meanwhile, or not one of ours
			}
			if err != nil {
				return err
			}
			if err := fn(info); err != nil {
				return err
			}
		}
	}
	return nil
}

// locked runs fn while no other process and no other caller publishes or
// deletes.
func (f *Folder) locked(fn func() error) error {
	lock, err := os.OpenFile(filepath.Join(f.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	defer lock.Close() // lets the lock go
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return fn()
}

// syncDir makes a folder's new entry survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fileError(err)
	}
	err = dir.Sync()
	return fileError(errors.Join(err, dir.Close()))
}

// fileError brings the file system's errors into apperr's words.
func fileError(err error) error {
	var known *apperr.Error
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return notFound(err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return apperr.Wrap(err, apperr.Unavailable, "The server's disk is full. The file was not saved. Please tell your administrator.")
	default:
		return apperr.Wrap(err, apperr.Unavailable, "The server's file store cannot be used right now.")
	}
}
