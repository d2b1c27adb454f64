package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// UploadedFile is one file of a form, while it arrives.
type UploadedFile struct {
	Field       string // the form's field
	Name        string // made safe by FileName
	ContentType string // as the browser claims
	Content     io.Reader
}

// Upload reads a form with files without holding any file: each is handed to
// receive as it arrives, and must be read there. The other fields fill dst as
// Form does, after the last file. The route's MaxBody bounds the whole.
func Upload(r *http.Request, dst any, zone *time.Location, receive func(f UploadedFile) error) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	values := url.Values{}
	room := int64(formMemory)
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return Values(values, dst, zone)
		}
		if err != nil {
			return broken(err)
		}
		if part.FileName() == "" && !namesFile(part.Header.Get("Content-Disposition")) {
			value, err := io.ReadAll(io.LimitReader(part, room+1))
			if err != nil {
				return broken(err)
			}
			if room -= int64(len(value)); room < 0 {
				return apperr.New(apperr.TooLarge, "The form's text is too long.")
			}
			values.Add(part.FormName(), string(value))
			continue
		}
		if part.FileName() == "" {
			continue // a file input that was left empty
		}
		if !Storable(part.FileName()) {
			return apperr.InvalidField(part.FormName(), "The file's name holds characters that cannot be stored.")
		}
		source := &uploadReader{part: part}
		err = receive(UploadedFile{
			Field: part.FormName(), Name: FileName(part.FileName()),
			ContentType: part.Header.Get("Content-Type"), Content: source,
		})
		if source.err != nil {
			return broken(source.err) // why the file did not arrive, not what receive made of it
		}
		if err != nil {
			return err
		}
	}
}

// namesFile reports whether a part is a file input, even one left empty.
func namesFile(disposition string) bool {
	_, params, err := mime.ParseMediaType(disposition)
	if err != nil {
		return false
	}
	_, named := params["filename"]
	return named
}

// uploadReader remembers what went wrong on the client's side.
type uploadReader struct {
	part io.Reader
	err  error
}

func (u *uploadReader) Read(b []byte) (int, error) {
	n, err := u.part.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}

// broken tells an upload that is too large from one that broke off.
func broken(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return apperr.Wrap(err, apperr.Invalid, "The upload did not arrive whole.")
}
