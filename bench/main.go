package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what a run is asked for.
type options struct {
	sizes   []size
	engines []string
	clients []int
	port    int // of the cluster
	peers   []string
	only    []string // operations; empty is all
	length  time.Duration
	rounds  int
	cache   string
	binary  string
	out     string
	prepare bool // only build the data sets
}

func parse(args []string) (*options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	names := f.String("sizes", "10k,100k,1m", "data sets to measure")
	engines := f.String("engines", "sqlite,postgres", "engines to measure")
	only := f.String("only", "", "operations to measure, such as create,read; all without")
	clients := f.String("clients", "1,8", "how many clients at once, one measurement for each")
	beside := f.String("peers", strings.Join(peerNames(), ","), "products to measure beside it, at 100k tickets; none for none")
	f.IntVar(&o.port, "port", 54391, "where the PostgreSQL server of the bench listens")
	f.DurationVar(&o.length, "length", 2*time.Second, "length of a round")
	f.IntVar(&o.rounds, "rounds", 3, "rounds of each measurement")
	f.StringVar(&o.cache, "cache", "/var/tmp/steward-bench", "where data sets are kept")
	f.StringVar(&o.binary, "binary", "bin/steward", "the program to measure")
	f.StringVar(&o.out, "out", "bench/RESULTS.md", "where the results are written")
	f.BoolVar(&o.prepare, "prepare", false, "only build the data sets")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	for text := range strings.SplitSeq(*clients, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("not a number of clients: %q", text)
		}
		o.clients = append(o.clients, n)
	}
	o.peers = strings.Split(*beside, ",")
	o.engines = strings.Split(*engines, ",")
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	for name := range strings.SplitSeq(*names, ",") {
		s, err := sizeNamed(name)
		if err != nil {
			return nil, err
		}
		o.sizes = append(o.sizes, s)
	}
	var err error
	o.binary, err = filepath.Abs(o.binary)
	return &o, err
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}
