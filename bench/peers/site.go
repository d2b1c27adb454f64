package peers

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Site is where peers work.
type Site struct {
	Dir  string // theirs alone
	Port int    // of the database server on 127.0.0.1, which trusts postgres
	// Query runs statements, and commands of psql's, in a database.
	Query func(database, statements string) (string, error)
}

// webUser is who serves, when whoever runs the benchmark is root: Debian's name for
// who web servers run as.
const webUser = "www-data"

// home gives a folder of a peer's, made anew.
func (s *Site) home(name string) (string, error) {
	dir := filepath.Join(s.Dir, name)
	return dir, errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755))
}

// server is who serves; nobody in particular unless root runs the benchmark.
func server() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(webUser)
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// hand gives files to who serves.
func hand(dir string) error {
	who, err := server()
	if who == nil || err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, int(who.Uid), int(who.Gid)))
	})
}

// write writes files beneath a folder.
func write(dir string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			return err
		}
	}
	return nil
}
