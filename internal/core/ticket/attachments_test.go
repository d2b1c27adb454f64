package ticket_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/steward-itsm/steward/internal/core/ticket"
	"github.com/steward-itsm/steward/internal/platform/apperr"
)

func (d desk) upload(t *testing.T, person int64, name, content string) ticket.Attachment {
	t.Helper()
	return must(d.Upload(d.as(person), name, strings.NewReader(content)))(t)
}

func (d desk) read(t *testing.T, person, id int64) (string, error) {
	t.Helper()
	_, body, err := d.Attachment(d.as(person), id)
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), err
}

func TestUploadBelongsToItsUploaderUntilAMessageTakesIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		file := d.upload(t, d.ana, "log.txt", "line one")
		if got, err := d.read(t, d.ana, file.ID); got != "line one" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		_, err := d.read(t, d.ben, file.ID)
		wantKind(t, err, apperr.NotFound)
		_, err = d.Reply(d.as(d.ben), ticket.ByID(tk.ID), ticket.PublicReply{Body: "mine now", Attachments: []int64{file.ID}})
		wantKind(t, err, apperr.Invalid, "attachments")
		must(d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Attachments: []int64{file.ID}}))(t)
		for _, person := range []int64{d.ben, d.carla} {
			if got, err := d.read(t, person, file.ID); got != "line one" || err != nil {
				t.Errorf("%d read %q, %v", person, got, err)
			}
		}
		_, err = d.read(t, d.colin, file.ID)
		wantKind(t, err, apperr.NotFound)
		_, err = d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Attachments: []int64{file.ID}})
		wantKind(t, err, apperr.Invalid, "attachments")
	})
}

func TestFilesOfNotesStayInside(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := must(d.Create(d.as(d.ana), ticket.Create{Kind: "incident", Title: "x", RequesterID: d.carla, GroupID: d.supplierTeam}))(t)
		ref := ticket.ByID(tk.ID)
		public, secret, loose := d.upload(t, d.ana, "a.txt", "public"), d.upload(t, d.ana, "b.txt", "secret"), d.upload(t, d.ana, "c.txt", "inside")
		must(d.Reply(d.as(d.ana), ref, ticket.PublicReply{Body: "see", Attachments: []int64{public.ID}}))(t)
		must(d.Note(d.as(d.ana), ref, ticket.InternalNote{Body: "see", Attachments: []int64{secret.ID}}))(t)
		tk = must(d.Attach(d.as(d.ana), ref, []int64{loose.ID}, true))(t)
		for _, person := range []int64{d.carla, d.sam} {
			for _, file := range []ticket.Attachment{secret, loose} {
				_, err := d.read(t, person, file.ID)
				wantKind(t, err, apperr.NotFound)
			}
			var names []string
			for _, e := range must(d.PublicTimeline(d.as(person), &tk, 0, 0))(t) {
				for _, a := range e.Attachments {
					names = append(names, a.Name)
				}
			}
			if !slices.Equal(names, []string{"a.txt"}) {
				t.Errorf("%d is shown %v", person, names)
			}
			if files := must(d.Attachments(d.as(person), &tk))(t); len(files) != 1 || files[0].ID != public.ID {
				t.Errorf("%d is listed %+v", person, files)
			}
		}
		if files := must(d.Attachments(d.as(d.ben), &tk))(t); len(files) != 3 {
			t.Errorf("a colleague is listed %+v", files)
		}
		if got, err := d.read(t, d.ben, secret.ID); got != "secret" || err != nil {
			t.Errorf("a colleague reads %q, %v", got, err)
		}
	})
}

func TestSupplierAndRequesterAttachPublicly(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		file := d.upload(t, d.carla, "a.txt", "x")
		_, err := d.Attach(d.as(d.carla), ticket.ByID(tk.ID), []int64{file.ID}, true)
		wantKind(t, err, apperr.Forbidden)
		_, err = d.Attach(d.as(d.carla), ticket.ByID(tk.ID), nil, false)
		wantKind(t, err, apperr.Invalid, "attachments")
		must(d.Attach(d.as(d.carla), ticket.ByID(tk.ID), []int64{file.ID}, false))(t)
	})
}

func TestFileIsWhatItsBytesSay(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		png := "\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 600)
		for _, c := range []struct {
			name, content, media string
			inline               bool
		}{
			{"photo.png", png, "image/png", true},
			{"photo.png", "<html><script>alert(1)</script>", "text/html; charset=utf-8", false},
			{"page.html", png, "image/png", true},
			{"vector.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "text/plain; charset=utf-8", false},
			{"doc.pdf", "%PDF-1.7", "application/pdf", false},
			{"empty", "", "text/plain; charset=utf-8", false},
		} {
			file := d.upload(t, d.ana, c.name, c.content)
			if file.MediaType != c.media || file.Inline() != c.inline || file.Size != int64(len(c.content)) {
				t.Errorf("%s: %s, inline %v, %d bytes", c.name, file.MediaType, file.Inline(), file.Size)
			}
		}
	})
}

func TestUploadOverTheLimitIsRefused(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		_, err := d.Upload(d.as(d.ana), "big", io.LimitReader(zeros{}, 1<<20+1))
		wantKind(t, err, apperr.TooLarge)
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFileNamesAreMadeHarmless(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		for given, want := range map[string]string{
			`C:\Users\ana\report.pdf`: "report.pdf", "../../etc/passwd": "passwd", "a\r\nX-Evil: 1.txt": "aX-Evil: 1.txt", `say "hi".txt`: "say hi.txt",
			"gpj.\u202eexe": "gpj.exe", "\u2066x\u2069.txt": "x.txt", "  ": "file", "..": "file", "/": "file", "résumé 📎.docx": "résumé 📎.docx", "\xff.txt": ".txt",
		} {
			if got := d.upload(t, d.ana, given, "x").Name; got != want {
				t.Errorf("%q became %q, want %q", given, got, want)
			}
		}
		long := d.upload(t, d.ana, strings.Repeat("é", 500)+".log", "x").Name
		if utf8.RuneCountInString(long) != 200 || !strings.HasSuffix(long, ".log") {
			t.Errorf("a long name became %q", long)
		}
	})
}

func TestLooseUploadsAreSweptAfterADayAndSharedBytesStay(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		tk := d.incident(t, "x")
		shared, alone, thrown := d.upload(t, d.ana, "a", "shared"), d.upload(t, d.ana, "b", "alone"), d.upload(t, d.ben, "c", "thrown away")
		kept := d.upload(t, d.ana, "d", "shared")
		must(d.Reply(d.as(d.ana), ticket.ByID(tk.ID), ticket.PublicReply{Attachments: []int64{kept.ID}}))(t)
		sweep := func(want int) {
			t.Helper()
			if n, err := d.SweepUploads(d.world.System()); n != want || err != nil {
				t.Errorf("swept %d, %v; want %d", n, err, want)
			}
		}
		sweep(0)
		if err := d.Discard(d.as(d.ana), thrown.ID); err != nil { // not hers
			t.Fatal(err)
		}
		sweep(0)
		if err := d.Discard(d.as(d.ben), thrown.ID); err != nil {
			t.Fatal(err)
		}
		if err := d.Discard(d.as(d.ana), kept.ID); err != nil { // sent already
			t.Fatal(err)
		}
		sweep(1)
		d.world.Clock.Advance(25 * time.Hour)
		late := d.upload(t, d.ana, "e", "late")
		sweep(2)
		for _, gone := range []int64{shared.ID, alone.ID} {
			_, err := d.read(t, d.ana, gone)
			wantKind(t, err, apperr.NotFound)
		}
		for id, want := range map[int64]string{kept.ID: "shared", late.ID: "late"} {
			if got, err := d.read(t, d.ana, id); got != want || err != nil {
				t.Errorf("read %q, %v; want %q", got, err, want)
			}
		}
	})
}

func TestAttachmentCanBeReadFromAnyPlace(t *testing.T) {
	eachDesk(t, func(t *testing.T, d desk) {
		file := d.upload(t, d.ana, "a", "0123456789")
		_, body, err := d.Attachment(d.as(d.ana), file.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if _, err := body.Seek(4, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := io.CopyN(&got, body, 3); err != nil || got.String() != "456" {
			t.Errorf("read %q, %v", &got, err)
		}
	})
}
