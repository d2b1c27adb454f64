package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting is one field of Config with what its tags say.
type setting struct {
	section string // "" for the settings before the first section
	key     string // with its section: "database.url"
	env     string
	def     string
	doc     string
	min     string
	oneof   []string
	secret  bool
	value   reflect.Value
}

// settings lists every setting of c in the order of the fields.
func settings(c *Config) []setting {
	var out []setting
	var walk func(section string, v reflect.Value)
	walk = func(section string, v reflect.Value) {
		t := v.Type()
		for i := range t.NumField() {
			f, fv := t.Field(i), v.Field(i)
			key := f.Tag.Get("key")
			if f.Type.Kind() == reflect.Struct {
				walk(key, fv)
				continue
			}
			if section != "" {
				key = section + "." + key
			}
			s := setting{
				section: section, key: key, env: EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")),
				def: f.Tag.Get("default"), doc: f.Tag.Get("doc"), min: f.Tag.Get("min"),
				secret: f.Type == reflect.TypeFor[Secret](), value: fv,
			}
			if words := f.Tag.Get("oneof"); words != "" {
				s.oneof = strings.Split(words, ",")
			}
			out = append(out, s)
		}
	}
	walk("", reflect.ValueOf(c).Elem())
	return out
}

// set reads a text into the setting's field and checks it; the error is the
// rest of a sentence that begins with the setting's name.
func (s setting) set(text string) error {
	text = strings.TrimSpace(text)
	if len(s.oneof) > 0 && !slices.Contains(s.oneof, text) {
		return fmt.Errorf("must be one of %s", strings.Join(s.oneof, ", "))
	}
	switch dst := s.value.Addr().Interface().(type) {
	case *string:
		*dst = text
	case *Secret:
		*dst = Secret(text)
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("must be a whole number")
		}
		if least, err := strconv.Atoi(s.min); err == nil && n < least {
			return fmt.Errorf("must be at least %d", least)
		}
		*dst = n
	case *float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || x < 0 || x > 1 {
			return errors.New("must be a number from 0 to 1")
		}
		*dst = x
	case *time.Duration:
		d, err := parseDuration(text)
		if err != nil {
			return err
		}
		if least, err := parseDuration(s.min); err == nil && d < least {
			return fmt.Errorf("must be at least %s", s.min)
		}
		*dst = d
	case *Size:
		n, err := ParseSize(text)
		if err != nil {
			return err
		}
		*dst = n
	case *slog.Level:
		return dst.UnmarshalText([]byte(text))
	case **url.URL:
		u, err := url.Parse(text)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
			return errors.New("must be an address such as 'https://desk.example.org', without a path")
		}
		u.Path = ""
		*dst = u
	case *[]netip.Prefix:
		list, err := parsePrefixes(text)
		if err != nil {
			return err
		}
		*dst = list
	default:
		return fmt.Errorf("has a type that cannot be read: %s", s.value.Type())
	}
	return nil
}

func parsePrefixes(text string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			addr, aerr := netip.ParseAddr(part)
			if aerr != nil {
				return nil, fmt.Errorf("must list networks such as '10.0.0.0/8'; %q is none", part)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
