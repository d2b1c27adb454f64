// Package config reads what an installation may choose: from a TOML file, from
// the environment, from files that hold secrets, in that order of rising
// weight. Nothing has to be chosen: the zero configuration runs the product on
// SQLite under ./data.
//
// A setting is a field of Config; its tags are its only description. The
// decoder, the checks, the reference page and `steward config` read them.
package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"time"
)

// Config is every setting of an installation.
//
// Tags: key is the name in the file (in its section), default the text the
// setting has when nobody chose one, min the smallest number or span, oneof the
// allowed words, doc the sentence of the reference.
type Config struct {
	Listen    string   `key:"listen" default:"127.0.0.1:8080" doc:"Address and port to serve on. ':8080' serves on every network of the machine."`
	PublicURL *url.URL `key:"public_url" default:"http://localhost:8080" doc:"Where people reach the product; links in mail start with it. With https, cookies are secure and browsers are told to stay on https."`
	DataDir   string   `key:"data_dir" default:"data" doc:"Folder for the SQLite database, attachments and other files. Several nodes must share it."`
	Node      string   `key:"node" default:"" doc:"Name of this node in logs and on the job page; unique among the nodes of an installation. Empty takes the host name."`
	Workers   int      `key:"workers" default:"8" min:"1" doc:"Background jobs that this node runs at the same time."`
	SecretKey Secret   `key:"secret_key" default:"" doc:"Key that encrypts the passwords kept in the database, at least 20 characters and the same on every node. Empty takes the file secret.key in the data folder, which is made at the first start; keep a copy of it apart from the backups."`

	Database   Database   `key:"database"`
	HTTP       HTTP       `key:"http"`
	Session    Session    `key:"session"`
	Log        Log        `key:"log"`
	Monitoring Monitoring `key:"monitoring"`
	Mail       Mail       `key:"mail"`
	Webhook    Webhook    `key:"webhook"`
}

// Mail says where this node takes mail from other servers. Mailboxes and senders
// are kept in the database.
type Mail struct {
	LMTP     string `key:"lmtp" default:"" doc:"Address and port to take mail on by LMTP (RFC 2033), such as '127.0.0.1:2424', for a mail server of yours that delivers to Steward. Empty takes none."`
	SMTP     string `key:"smtp" default:"" doc:"The same by SMTP, for servers that cannot speak LMTP. Only mail for mailboxes of ours is taken."`
	TLSCert  string `key:"tls_cert" default:"" doc:"Certificate chain as a PEM file, to offer STARTTLS to servers that bring mail. It is read again when it changes. Empty offers none."`
	TLSKey   string `key:"tls_key" default:"" doc:"Private key of the certificate, a PEM file."`
	Hostname string `key:"hostname" default:"" doc:"Name to greet mail servers with. Empty takes the host of public_url."`
	MaxSize  Size   `key:"max_size" default:"50 MiB" doc:"Largest message that is read. Of a larger one the header is kept, in quarantine."`
}

// Webhook says where messages to chats and SMS gateways may lead. The channels are kept
// in the database.
type Webhook struct {
	Allow   []netip.Prefix `key:"allow" default:"" doc:"Networks of your own that webhooks may reach, such as '10.20.0.0/16, fd12::/16': a chat or an SMS gateway within. To them http is enough. Everything else must be public and https; loopback, private, link-local and other special networks are refused."`
	Timeout time.Duration  `key:"timeout" default:"15s" min:"1s" doc:"How long the far side of a webhook may take to answer."`
}

// Database says where the records are.
type Database struct {
	URL            Secret        `key:"url" default:"" doc:"'postgres://user:password@host/name' for PostgreSQL 15 or later, or 'sqlite:PATH'. Empty is SQLite in the data folder."`
	MaxConnections int           `key:"max_connections" default:"16" min:"2" doc:"Connections this node keeps to the database."`
	Timeout        time.Duration `key:"timeout" default:"30s" min:"1s" doc:"How long one transaction or query may take."`
}

// HTTP bounds what the server takes on.
type HTTP struct {
	TrustedProxies []netip.Prefix `key:"trusted_proxies" default:"" doc:"Networks of the reverse proxies in front, such as '10.0.0.0/8, ::1/128'. Only they may say (X-Forwarded-For) which client they speak for."`
	TLSCert        string         `key:"tls_cert" default:"" doc:"Certificate chain as a PEM file, to serve https without a proxy. It is read again when it changes."`
	TLSKey         string         `key:"tls_key" default:"" doc:"Private key of the certificate, a PEM file."`
	RequestTimeout time.Duration  `key:"request_timeout" default:"30s" min:"1s" doc:"How long one page or API call may take."`
	MaxInFlight    int            `key:"max_in_flight" default:"512" min:"1" doc:"Requests answered at the same time; more are told to try again (503)."`
	MaxUpload      Size           `key:"max_upload" default:"50 MiB" doc:"Largest attachment."`
	APIRate        int            `key:"api_rate" default:"600" min:"1" doc:"API calls per minute and token."`
	DrainDelay     time.Duration  `key:"drain_delay" default:"0s" min:"0s" doc:"Time between saying 'not ready' and closing the door at shutdown, for load balancers to notice."`
	DrainTimeout   time.Duration  `key:"drain_timeout" default:"20s" min:"0s" doc:"How long running requests and jobs may take to finish at shutdown."`
}

// Session bounds how long a sign-in lasts.
type Session struct {
	Lifetime time.Duration `key:"lifetime" default:"30d" min:"1m" doc:"After this time a person must sign in again."`
	Idle     time.Duration `key:"idle" default:"7d" min:"1m" doc:"A session that was not used for this time ends."`
}

// Log says what is logged and how.
type Log struct {
	Level  slog.Level `key:"level" default:"info" oneof:"debug,info,warn,error" doc:"The least important messages to log."`
	Format string     `key:"format" default:"text" oneof:"text,json" doc:"One line of text, or one JSON document, a message."`
}

// Monitoring says who may look inside.
type Monitoring struct {
	Listen     string  `key:"listen" default:"" doc:"Separate address for /metrics and health, reachable by the monitoring only. There no token is needed."`
	Token      Secret  `key:"token" default:"" doc:"Bearer token for /metrics and for details of /readyz on the main address. Empty keeps both closed there."`
	Traces     string  `key:"traces" default:"" doc:"OpenTelemetry collector for traces (OTLP over HTTP), such as 'http://localhost:4318'. Empty sends none."`
	TraceRatio float64 `key:"trace_ratio" default:"1" min:"0" doc:"Share of requests to trace, 0 to 1."`
}

// DatabaseURL gives the database to open.
func (c *Config) DatabaseURL() string {
	if c.Database.URL != "" {
		return c.Database.URL.Reveal()
	}
	return "sqlite:" + filepath.Join(c.DataDir, "steward.db")
}

// HTTPS reports whether people reach the product over https.
func (c *Config) HTTPS() bool { return c.PublicURL != nil && c.PublicURL.Scheme == "https" }

// FilesDir is where attachments are kept.
func (c *Config) FilesDir() string { return filepath.Join(c.DataDir, "files") }
