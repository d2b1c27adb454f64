package config_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/steward-itsm/steward/internal/platform/apperr"
	"github.com/steward-itsm/steward/internal/platform/config"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNothingChosenIsAWorkingConfiguration(t *testing.T) {
	t.Parallel()
	l, err := config.Load(config.Source{})
	if err != nil {
		t.Fatal(err)
	}
	c := l.Config
	if c.DatabaseURL() != "sqlite:"+filepath.Join("data", "steward.db") || c.Listen != "127.0.0.1:8080" || c.HTTPS() || c.Node == "" {
		t.Errorf("%+v", c)
	}
	if c.Session.Lifetime != 30*24*time.Hour || c.HTTP.MaxUpload != 50<<20 || c.Log.Level != slog.LevelInfo {
		t.Errorf("%+v", c)
	}
}

func TestEnvironmentWinsOverFileWinsOverDefault(t *testing.T) {
	t.Parallel()
	path := write(t, "steward.toml", `
listen = ":1"
workers = 3
[database]
url = "postgres://file"
[http]
trusted_proxies = ["10.1.2.3/8", "::1"]
max_upload = "2 GiB"
[log]
level = "debug"
`)
	l, err := config.Load(config.Source{File: path, Environ: []string{
		"STEWARD_LISTEN=:2", "STEWARD_HTTP_DRAIN_DELAY=5s", "HOME=/x", "STEWARD_WORKERS=", "STEWARD_PORT_8080_TCP=tcp://10.0.0.1", "STEWARD_PUBLIC_URL=https://desk.example.org/",
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := l.Config
	if c.Listen != ":2" || c.Workers != 3 || c.DatabaseURL() != "postgres://file" || c.HTTP.DrainDelay != 5*time.Second ||
		c.HTTP.MaxUpload != 2<<30 || c.Log.Level != slog.LevelDebug || !c.HTTPS() || c.PublicURL.String() != "https://desk.example.org" {
		t.Errorf("%+v", c)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if diff := cmp.Diff(want, c.HTTP.TrustedProxies, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "STEWARD_PORT_8080_TCP") {
		t.Errorf("warnings %v", l.Warnings)
	}
	var shown bytes.Buffer
	if err := l.Show(&shown); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"listen = :2 (environment variable STEWARD_LISTEN)", "workers = 3 (file " + path + ")", "database.url = [hidden]",
		"http.max_upload = 2 GiB", "log.format = text (default)",
	} {
		if !strings.Contains(shown.String(), line) {
			t.Errorf("%q is missing in\n%s", line, shown.String())
		}
	}
}

func TestSecretsComeFromFilesAndAreNeverShown(t *testing.T) {
	t.Parallel()
	secret := write(t, "token", "s3cret\n")
	l, err := config.Load(config.Source{Environ: []string{"STEWARD_MONITORING_TOKEN_FILE=" + secret}})
	if err != nil {
		t.Fatal(err)
	}
	if l.Config.Monitoring.Token.Reveal() != "s3cret" {
		t.Errorf("got %q", l.Config.Monitoring.Token.Reveal())
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", l.Config.Monitoring.Token, "all", l.Config)
	if text := fmt.Sprintf("%v %+v %#v %s", l.Config, l.Config, l.Config, log.String()); strings.Contains(text, "s3cret") {
		t.Errorf("shown: %s", text)
	}
	_, err = config.Load(config.Source{Environ: []string{"STEWARD_MONITORING_TOKEN_FILE=" + secret, "STEWARD_MONITORING_TOKEN=x"}})
	if !apperr.Is(err, apperr.Invalid) {
		t.Errorf("a secret chosen twice: %v", err)
	}
	_, err = config.Load(config.Source{Environ: []string{"STEWARD_MONITORING_TOKEN_FILE=/does/not/exist"}})
	if !apperr.Is(err, apperr.Invalid) {
		t.Errorf("a missing secret: %v", err)
	}
}

func TestEverythingWrongIsSaidAtOnceInWords(t *testing.T) {
	t.Parallel()
	path := write(t, "steward.toml", "listne = ':1'\nworkers = 'many'\n[log]\nlevel = 'loud'\n")
	_, err := config.Load(config.Source{File: path, Environ: []string{
		"STEWARD_PUBLIC_URL=desk.example.org", "STEWARD_DATABASE_TIMEOUT=1ms", "STEWARD_HTTP_MAX_UPLOAD=big", "STEWARD_HTTP_TLS_CERT=a.pem", "STEWARD_MAIL_TLS_KEY=a.pem",
		"STEWARD_MONITORING_TRACE_RATIO=7", "STEWARD_HTTP_TRUSTED_PROXIES=everyone", "STEWARD_SESSION_IDLE=60d",
	}})
	got := map[string]string{}
	for _, f := range apperr.FieldsOf(err) {
		got[f.Name] = f.Message.String()
	}
	want := map[string]string{
		"listne":                 "The setting listne does not exist (in " + path + ").",
		"workers":                "workers must be a whole number (file " + path + ").",
		"log.level":              "log.level must be one of debug, info, warn, error (file " + path + ").",
		"public_url":             "public_url must be an address such as 'https://desk.example.org', without a path (environment variable STEWARD_PUBLIC_URL).",
		"database.timeout":       "database.timeout must be at least 1s (environment variable STEWARD_DATABASE_TIMEOUT).",
		"http.max_upload":        "http.max_upload must be a size such as '50 MiB' (environment variable STEWARD_HTTP_MAX_UPLOAD).",
		"http.tls_cert":          "http.tls_cert and http.tls_key must be chosen together.",
		"mail.tls_cert":          "mail.tls_cert and mail.tls_key must be chosen together.",
		"monitoring.trace_ratio": "monitoring.trace_ratio must be a number from 0 to 1 (environment variable STEWARD_MONITORING_TRACE_RATIO).",
		"http.trusted_proxies":   `http.trusted_proxies must list networks such as '10.0.0.0/8'; "everyone" is none (environment variable STEWARD_HTTP_TRUSTED_PROXIES).`,
		"session.idle":           "session.idle must not be longer than session.lifetime.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnreadableFileIsSaidInWords(t *testing.T) {
	t.Parallel()
	for _, path := range []string{write(t, "x.toml", "listen = "), filepath.Join(t.TempDir(), "missing.toml")} {
		if _, err := config.Load(config.Source{File: path}); !apperr.Is(err, apperr.Invalid) || !strings.Contains(apperr.Message(err).String(), path) {
			t.Errorf("%v", err)
		}
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Size{"1": 1, "10 B": 10, "2kB": 2000, "2 KiB": 2048, "50 mib": 50 << 20, "1 GB": 1e9} {
		if got, err := config.ParseSize(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "-1", "1.5 MB", "many", "9999999999 GiB"} {
		if _, err := config.ParseSize(text); err == nil {
			t.Errorf("%q passed", text)
		}
	}
}

func TestReferencePageIsUpToDate(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Reference(), string(page)); diff != "" {
		t.Errorf("run make generate\n%s", diff)
	}
}
