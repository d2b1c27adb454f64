package app

import (
	"os"
	"path/filepath"
	"syscall"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/config"
	"github.com/steward-itsm/steward/internal/platform/database"
)

// LockData makes sure that only one server runs on an SQLite file: its jobs and
// its writer assume so. On PostgreSQL any number of nodes may serve.
func LockData(cfg *config.Config) (release func(), err error) {
	if database.EngineOf(cfg.DatabaseURL()) != database.SQLite {
		return func() {}, nil
	}
	path := database.SQLitePath(cfg.DatabaseURL()) + ".lock"
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, apperr.Wrap(err, apperr.Unavailable, "The data folder cannot be made.")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Unavailable, "The data folder cannot be written to.")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		return nil, apperr.New(apperr.Conflict, "Another Steward serves this SQLite database already. Use PostgreSQL for several nodes.")
	}
	return func() { _ = f.Close() }, nil // the lock goes with the file
}
