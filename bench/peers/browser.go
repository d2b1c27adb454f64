package peers

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// browser signs in by a form. What is measured is asked by other means.
type browser struct {
	address string
	client  *http.Client
}

func newBrowser(address string) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{address, &http.Client{Jar: jar}}, nil
}

// fetch gives the page at a path; a form is sent when there is one.
func (b *browser) fetch(ctx context.Context, path string, form url.Values) (string, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+b.address+path, body)
	if err != nil {
		return "", err
	}
	r.Header.Set("Referer", "http://"+b.address+"/")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.client.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s was answered with %s", path, answer.Status)
	}
	return string(text), err
}

// cookies gives what a browser sends along.
func (b *browser) cookies() string {
	var pairs []string
	for _, c := range b.client.Jar.Cookies(&url.URL{Scheme: "http", Host: b.address, Path: "/"}) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	return strings.Join(pairs, "; ")
}

// page asks as a browser does.
func page(address, cookies, path, shows string) Request {
	return Request{Method: http.MethodGet, Path: path, Status: http.StatusOK, Shows: shows, Headers: []string{
		"Cookie", cookies, "Accept", "text/html", "Referer", "http://" + address + "/",
	}}
}
