package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sideFiles are what SQLite keeps beside a database.
var sideFiles = []string{"", "-wal", "-shm"}

func removeDatabase(path string) error {
	for _, suffix := range sideFiles {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// moveDatabase renames a database that was closed: it has no journal any more.
func moveDatabase(from, to string) error {
	if exists(from + "-wal") {
		return errors.New("the database was not closed: its journal is still there")
	}
	return os.Rename(from, to)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
