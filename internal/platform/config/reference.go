package config

import (
	"fmt"
	"io"
	"strings"
)

// Reference is the page that documents every setting, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Generated from internal/platform/config by "make generate". Do not edit. -->

Steward runs without any configuration: on SQLite, under ./data, at
http://localhost:8080. What you choose goes into a TOML file or into environment
variables; a variable wins over the file, unless it is empty.

The file is the one named by --config or STEWARD_CONFIG, or else the first that
exists of ` + strings.Join(DefaultFiles, " and ") + `. A setting that stands under [section] in
the table below goes under that line in the file:

` + "```toml" + `
public_url = "https://desk.example.org"

[database]
url_file = "/run/secrets/steward-database"

[http]
trusted_proxies = ["10.0.0.0/8"]
` + "```" + `

Secrets (marked so) can also be read from a file: add _file to the setting's name
(url_file, STEWARD_DATABASE_URL_FILE) and give the file's path.

Spans of time are written 30s, 15m, 12h or 30d; sizes 50 MiB.
`)
	section := "-"
	for _, s := range settings(new(Config)) {
		if s.section != section {
			section = s.section
			title := "General"
			if section != "" {
				title = "[" + section + "]"
			}
			fmt.Fprintf(&b, "\n## %s\n\n| Setting | Environment variable | Default | Meaning |\n| --- | --- | --- | --- |\n", title)
		}
		name := strings.TrimPrefix(s.key, section+".")
		def := ""
		if s.def != "" {
			def = "`" + s.def + "`"
		}
		var notes []string
		if len(s.oneof) > 0 {
			notes = append(notes, "One of "+strings.Join(s.oneof, ", ")+".")
		}
		if s.min != "" && s.min != "0" && s.min != "0s" {
			notes = append(notes, "At least "+s.min+".")
		}
		if s.secret {
			notes = append(notes, "Secret.")
		}
		meaning := strings.ReplaceAll(strings.Join(append([]string{s.doc}, notes...), " "), "'", "`")
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", name, s.env, def, strings.ReplaceAll(meaning, "|", "\\|"))
	}
	return b.String()
}

// Show writes every setting with its value and where it was chosen; secrets are
// hidden.
func (l *Loaded) Show(w io.Writer) error {
	for _, s := range settings(&l.Config) {
		origin := from(l.Origins, s.key)
		if origin == "" {
			origin = " (default)"
		}
		if _, err := fmt.Fprintf(w, "%s = %v%s\n", s.key, display(s), origin); err != nil {
			return err
		}
	}
	return nil
}

func display(s setting) string {
	v := fmt.Sprint(s.value.Interface())
	if v == "" {
		return `""`
	}
	return v
}
