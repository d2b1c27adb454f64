package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/steward-itsm/steward/internal/platform/apperr"
)

// EnvPrefix begins every environment variable: database.url is
// STEWARD_DATABASE_URL.
const EnvPrefix = "STEWARD_"

// DefaultFiles are looked for, in this order, when no file is named.
var DefaultFiles = []string{"steward.toml", "/etc/steward/steward.toml"}

// Source says where to read.
type Source struct {
	File    string   // a TOML file; "" looks for DefaultFiles
	Environ []string // "NAME=value", as os.Environ gives it
}

// Origin tells where a setting's value came from, for `steward config`.
type Origin string

// Loaded is a configuration with what is worth telling about it.
type Loaded struct {
	Config   Config
	File     string            // the file read, or ""
	Origins  map[string]Origin // by key, only of what was chosen
	Warnings []string          // variables that look like settings and are none
}

// Load reads and checks a configuration. Everything that is wrong comes back at
// once, as Invalid, in words that name the setting and where it was chosen.
func Load(src Source) (*Loaded, error) {
	out := &Loaded{File: src.File, Origins: map[string]Origin{}}
	if out.File == "" {
		out.File = firstThatExists(DefaultFiles)
	}
	chosen := koanf.New(".")
	if out.File != "" {
		if err := chosen.Load(file.Provider(out.File), toml.Parser()); err != nil {
			return nil, apperr.Wrap(err, apperr.Invalid, "The configuration file %s cannot be read: %v", out.File, err)
		}
	}
	all := settings(&out.Config)
	known := map[string]setting{}
	variables := map[string]string{} // variable to key
	for _, s := range all {
		keys := []string{s.key}
		if s.secret {
			keys = append(keys, s.key+"_file")
		}
		for _, key := range keys {
			known[key] = s
			variables[EnvPrefix+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
		}
	}
	var problems apperr.Problems
	for _, key := range chosen.Keys() {
		if _, ok := known[key]; !ok {
			problems.Add(key, "The setting %s does not exist (in %s).", key, out.File)
			continue
		}
		out.Origins[key] = Origin("file " + out.File)
	}
	err := chosen.Load(env.Provider(".", env.Opt{
		Prefix:      EnvPrefix,
		EnvironFunc: func() []string { return src.Environ },
		TransformFunc: func(name, value string) (string, any) {
			key, ok := variables[name]
			if !ok {
				// Not an error: container platforms invent variables after a service's name.
				if name != EnvPrefix+"CONFIG" && !strings.HasPrefix(name, EnvPrefix+"TEST_") {
					out.Warnings = append(out.Warnings, fmt.Sprintf("the environment variable %s is not a setting and is ignored", name))
				}
				return "", nil
			}
			if value == "" {
				return "", nil // set to nothing is not set
			}
			out.Origins[key] = Origin("environment variable " + name)
			return key, value
		},
	}), nil)
	if err != nil {
		return nil, apperr.Wrap(err, apperr.Invalid, "The environment cannot be read.")
	}
	sort.Strings(out.Warnings)
	for _, s := range all {
		text, err := s.chosenText(chosen)
		if err == nil {
			err = s.set(text)
		}
		if err != nil {
			problems.Add(s.key, "%s %s%s.", s.key, err, from(out.Origins, s.key))
		}
	}
	out.Config.check(&problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

// chosenText gives a setting's text: what was chosen, what a file holds, or the
// default.
func (s setting) chosenText(chosen *koanf.Koanf) (string, error) {
	path := chosen.String(s.key + "_file")
	if s.secret && path != "" {
		if chosen.Exists(s.key) {
			return "", fmt.Errorf("is chosen twice: by itself and by %s_file", s.key)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("cannot be read from its file: %w", err)
		}
		return string(raw), nil
	}
	if !chosen.Exists(s.key) {
		return s.def, nil
	}
	switch v := chosen.Get(s.key).(type) {
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = fmt.Sprint(v[i])
		}
		return strings.Join(parts, ","), nil
	case map[string]any:
		return "", errors.New("is a single value, not a section")
	default:
		return fmt.Sprint(v), nil
	}
}

// check holds the rules that concern more than one setting.
func (c *Config) check(p *apperr.Problems) {
	if (c.HTTP.TLSCert == "") != (c.HTTP.TLSKey == "") {
		p.Add("http.tls_cert", "http.tls_cert and http.tls_key must be chosen together.")
	}
	if (c.Mail.TLSCert == "") != (c.Mail.TLSKey == "") {
		p.Add("mail.tls_cert", "mail.tls_cert and mail.tls_key must be chosen together.")
	}
	if c.Session.Idle > c.Session.Lifetime && c.Session.Lifetime > 0 {
		p.Add("session.idle", "session.idle must not be longer than session.lifetime.")
	}
	if c.Monitoring.Listen != "" && c.Monitoring.Listen == c.Listen {
		p.Add("monitoring.listen", "monitoring.listen must differ from listen.")
	}
	if c.Node == "" {
		host, err := os.Hostname()
		if err != nil || host == "" {
			host = "steward"
		}
		c.Node = host
	}
}

func from(origins map[string]Origin, key string) string {
	for _, k := range []string{key, key + "_file"} {
		if o, ok := origins[k]; ok {
			return " (" + string(o) + ")"
		}
	}
	return ""
}

func firstThatExists(paths []string) string {
	for _, path := range paths {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	return ""
}
