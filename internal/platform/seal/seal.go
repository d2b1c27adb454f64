// Package seal encrypts the secrets that the database must be able to give back:
// passwords for mail servers, keys that sign. Whoever reads the database, or a
// backup of it, finds nothing that opens another door; the key lies outside, in
// the setting secret_key or in a file of the data folder.
//
// A sealed text says what it is for. One that was copied into another place does
// not open there.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KeyFile is the name of the file that holds the key where no setting does.
const KeyFile = "secret.key"

// MinSetting is how long a chosen key must be at least, in characters.
const MinSetting = 20

// ErrKey says that a text was sealed with another key, or for something else.
var ErrKey = errors.New("seal: the text was sealed with another key or for something else")

// Box seals and opens with one key. It is safe for concurrent use.
type Box struct{ aead cipher.AEAD }

// New makes a box of a key of any form; equal keys make equal boxes.
func New(key []byte) (*Box, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "steward secrets v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &Box{aead}, err
}

// Open makes the box of an installation: with the key that was chosen, or with
// that of the folder, which is made when there is none.
func Open(setting, folder string) (*Box, error) {
	if setting = strings.TrimSpace(setting); setting != "" {
		return New([]byte(setting))
	}
	key, err := keyOf(folder)
	if err != nil {
		return nil, fmt.Errorf("the key of the secrets: %w", err)
	}
	return New(key)
}

// keyOf reads the folder's key, or makes it. Of several nodes that begin at once
// the first to link its file wins.
func keyOf(folder string) ([]byte, error) {
	path := filepath.Join(folder, KeyFile)
	key, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(key))) < MinSetting {
		return nil, fmt.Errorf("%s is too short to be a key", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return []byte(strings.TrimSpace(string(key))), err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	random := make([]byte, 32)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	made, err := os.CreateTemp(folder, KeyFile+".*") // with mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(made.Name()) }() // it is linked, or nobody needs it
	_, err = made.WriteString(hex.EncodeToString(random) + "\n")
	if err = errors.Join(err, made.Sync(), made.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(made.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	key, err = os.ReadFile(path)
	return []byte(strings.TrimSpace(string(key))), err
}

// Seal encrypts a text for a purpose, such as "mail_senders.secret:7". Nothing
// stays nothing.
func (b *Box) Seal(purpose, plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	nonce := make([]byte, b.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", err
	}
	return "1:" + base64.RawStdEncoding.EncodeToString(b.aead.Seal(nonce, nonce, []byte(plain), []byte(purpose))), nil
}

// Open is the inverse of Seal; ErrKey when the key or the purpose is another.
func (b *Box) Open(purpose, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	text, ok := strings.CutPrefix(sealed, "1:")
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if !ok || err != nil || len(raw) < b.aead.NonceSize() {
		return "", ErrKey
	}
	plain, err := b.aead.Open(nil, raw[:b.aead.NonceSize()], raw[b.aead.NonceSize():], []byte(purpose))
	if err != nil {
		return "", ErrKey
	}
	return string(plain), nil
}
