package e2e

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// largest is the size of an attachment that is accepted by default.
const largest = 50 << 20

// TestAnUploadThatIsTooLargeIsRefusedWithoutHoldingIt sends twice as much as is
// allowed by every way there is, several at once.
func TestAnUploadThatIsTooLargeIsRefusedWithoutHoldingIt(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, i *installation) {
		password, token := i.administrator()
		n := i.start()
		c, desk := program(n.url, token), browser(t, n.url, adminEmail, password)
		ticket := c.open(t, "With files")
		const size = 2 * largest
		bytesOf := func(n int64) io.Reader { return io.LimitReader(endless{}, n) }
		chunked := func(r io.Reader) io.Reader { return struct{ io.Reader }{r} } // its length is not said

		n.forgetPeak(t)
		before := n.memory(t, "VmRSS")
		var wg sync.WaitGroup
		refused := func(c *client, path string, body io.Reader, headers ...string) {
			wg.Go(func() {
				a, err := c.request(t.Context(), http.MethodPost, path, body, headers...)
				if err != nil {
					t.Errorf("%s: no answer: %v", path, err)
					return
				}
				if a.status != http.StatusRequestEntityTooLarge {
					t.Errorf("%s: want 413, got %s", path, a)
				}
				if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
					a.page(t)
				} else {
					a.problem(t)
				}
			})
		}
		binary := []string{"Content-Type", "application/octet-stream"}
		form := func(r io.Reader) (io.Reader, []string) {
			const head = "--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.bin\"\r\n\r\n"
			return chunked(io.MultiReader(strings.NewReader(head), r, strings.NewReader("\r\n--limit--\r\n"))),
				[]string{"Content-Type", "multipart/form-data; boundary=limit"}
		}
		refused(c, "/api/v1/attachments?name=big.bin", bytesOf(size), binary...)
		refused(c, "/api/v1/attachments?name=big.bin", chunked(bytesOf(size)), binary...)
		refused(c, "/api/v1/tickets/"+ticket.Number+"/attachments?name=big.bin", chunked(bytesOf(size)), binary...)
		body, headers := form(bytesOf(size))
		refused(c, "/api/v1/attachments", body, headers...)
		body, headers = form(bytesOf(2*size + 1<<20)) // a form with files may hold two of the largest
		refused(desk, "/portal/files", body, headers...)
		refused(c, "/api/v1/tickets", io.MultiReader(strings.NewReader(`{"kind":"incident","title":"`), bytesOf(size)), "Content-Type", "application/json")
		refused(desk, "/sign-in", io.MultiReader(strings.NewReader("email="), bytesOf(size)), "Content-Type", "application/x-www-form-urlencoded")
		wg.Wait()
		grown := n.memory(t, "VmHWM") - before
		if !raceDetector && grown > 40<<20 {
			t.Errorf("the node grew by %d MB", grown>>20)
		}
		if left := filesIn(t, filepath.Join(i.data, "files")); len(left) > 0 {
			t.Errorf("refused uploads left %v", left)
		}

		// What is allowed takes no more memory, and comes back as it was.
		n.forgetPeak(t)
		before = n.memory(t, "VmRSS")
		a, err := c.request(t.Context(), http.MethodPost, "/api/v1/tickets/"+ticket.Number+"/attachments?name=big.bin", chunked(bytesOf(largest)), binary...)
		if err != nil || a.status != http.StatusCreated {
			t.Fatalf("the largest upload was answered with %s: %v", a, err)
		}
		grownAllowed := n.memory(t, "VmHWM") - before
		if !raceDetector && grownAllowed > 40<<20 {
			t.Errorf("the node grew by %d MB for an upload that is allowed", grownAllowed>>20)
		}
		var file struct{ ID, Size int64 }
		a.into(t, &file)
		content := c.want(t, http.StatusOK, http.MethodGet, "/attachments/"+strconv.FormatInt(file.ID, 10)+"/content", nil)
		if file.Size != largest || !bytes.Equal(content.body, bytes.Repeat([]byte{'x'}, largest)) {
			t.Errorf("%d bytes are stored and %d came back", file.Size, len(content.body))
		}
		n.calm()
		t.Logf("the node grew by %d MB while it refused, and by %d MB while it took", grown>>20, grownAllowed>>20)
	})
}

// endless is as many bytes as are asked for.
type endless struct{}

// Read fills the whole of b.
func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// memory reads a figure of the process, in bytes: VmRSS is what it holds, VmHWM
// the most it held.
func (n *node) memory(t *testing.T, figure string) int64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(n.cmd.Process.Pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, figure+":"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatalf("no %s in %s", figure, text)
	return 0
}

// forgetPeak makes VmHWM begin anew.
func (n *node) forgetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("/proc", strconv.Itoa(n.cmd.Process.Pid), "clear_refs"), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// TestAMillionCharactersAreTakenAndOneMoreIsNot sends the longest texts, as
// short and as long as they can be in bytes.
func TestAMillionCharactersAreTakenAndOneMoreIsNot(t *testing.T) {
	t.Parallel()
	const most = 1_000_000
	onEach(t, func(t *testing.T, i *installation) {
		password, token := i.administrator()
		n := i.start()
		c, desk := program(n.url, token), browser(t, n.url, adminEmail, password)
		for name, letter := range map[string]string{
			"ASCII": "a", "emoji": "😀", "quotation marks": `"`, "quotes": ">", "links": "[", "emphasis": "*", "markup": "<", "lines": "a\n", "words": "",
		} {
			text := strings.Repeat(letter, most/max(1, utf8.RuneCountInString(letter)))
			if letter == "" {
				text = manyWords(most)
				letter = "x"
			}
			made := c.want(t, http.StatusCreated, http.MethodPost, "/tickets", map[string]any{"kind": "incident", "title": "Long", "description": text})
			var ticket apiTicket
			made.into(t, &ticket)
			c.want(t, http.StatusCreated, http.MethodPost, "/tickets/"+ticket.Number+"/notes", map[string]any{"body": text})
			c.want(t, http.StatusOK, http.MethodGet, "/tickets/"+ticket.Number, nil).into(t, &ticket)
			if ticket.Description != text {
				t.Errorf("%s: %d bytes came back of %d", name, len(ticket.Description), len(text))
			}
			for _, path := range []string{"/tickets/" + ticket.Number, "/portal/tickets/" + ticket.Number, "/queue"} {
				began := time.Now()
				a := desk.mustGet(t, path)
				if took := time.Since(began); a.status != http.StatusOK || took > 10*time.Second {
					t.Errorf("%s: %s took %s and says %s", name, path, took, a)
				}
			}

			over := map[string]any{"kind": "incident", "title": "Longer", "description": text + letter}
			p := c.want(t, http.StatusUnprocessableEntity, http.MethodPost, "/tickets", over).problem(t)
			if len(p.Errors) != 1 || p.Errors[0].Name != "description" {
				t.Errorf("%s: one character too many: %+v", name, p)
			}
			p = c.want(t, http.StatusUnprocessableEntity, http.MethodPost, "/tickets/"+ticket.Number+"/replies", map[string]any{"body": text + letter}).problem(t)
			if len(p.Errors) != 1 || p.Errors[0].Name != "body" {
				t.Errorf("%s: one character too many in a reply: %+v", name, p)
			}
		}

		// Clients that write everything as ASCII need twelve bytes for one smile.
		escaped := `{"kind":"incident","title":"Escaped","description":"` + strings.Repeat(`\ud83d\ude00`, most) + `"}`
		a, err := c.request(t.Context(), http.MethodPost, "/api/v1/tickets", strings.NewReader(escaped), "Content-Type", "application/json")
		if err != nil || a.status != http.StatusCreated {
			t.Errorf("a million escaped smiles: %s: %v", a, err)
		}

		byForm := func(text string) answer {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			for name, value := range map[string]string{"kind": "incident", "title": "By form", "body": text} {
				if err := form.WriteField(name, value); err != nil {
					t.Fatal(err)
				}
			}
			if err := form.Close(); err != nil {
				t.Fatal(err)
			}
			a, err := desk.request(t.Context(), http.MethodPost, "/portal/new", &body, "Content-Type", form.FormDataContentType())
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		if a := byForm(strings.Repeat("ש", most)); a.status != http.StatusSeeOther {
			t.Errorf("a million characters by form: %s", a)
		}
		refused := byForm(strings.Repeat("b", most+1))
		if page := refused.page(t); refused.status != http.StatusUnprocessableEntity || page.Find(`[name="body"]`).Length() == 0 || !strings.Contains(page.Text(), "too long") {
			t.Errorf("one character too many by form: it does not come back with what is wrong: %s", refused)
		}
		n.calm()
	})
}

// manyWords is a text of n characters in which no word comes twice, which is the
// most that full-text search can be given.
func manyWords(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strconv.FormatInt(int64(i)+1_000_000, 36))
		b.WriteByte(' ')
	}
	return b.String()[:n-1] + "z"
}
