package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of processor times in /proc: USER_HZ, which Linux fixes at
// a hundredth of a second.
const clockTick = 10 * time.Millisecond

// process is one line of the table of processes.
type process struct {
	pid, parent int
	cpu         time.Duration // its own and that of children it has waited for
	resident    int64         // bytes
}

// parseStat reads /proc/PID/stat. The name of the command may hold anything, so
// what follows it is found from behind.
func parseStat(text string) (process, error) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return process{}, fmt.Errorf("not a line of stat: %q", text)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(text[:open]))
	if err != nil {
		return process{}, err
	}
	fields := strings.Fields(text[end+1:])
	if len(fields) < 22 {
		return process{}, fmt.Errorf("not a line of stat: %q", text)
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(fields[i], 10, 64) // the kernel writes numbers
		return n
	}
	ticks := number(11) + number(12) + number(13) + number(14)
	return process{pid: pid, parent: int(number(1)), cpu: time.Duration(ticks) * clockTick, resident: number(21) * int64(os.Getpagesize())}, nil
}

// family gives a process and all that descend from it.
func family(roots ...int) ([]process, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]process{}
	var out []process
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		p, err := parseStat(string(text))
		if err != nil {
			return nil, err
		}
		children[p.parent] = append(children[p.parent], p)
		for _, root := range roots {
			if p.pid == root {
				out = append(out, p)
			}
		}
	}
	for i := 0; i < len(out); i++ {
		out = append(out, children[out[i].pid]...)
	}
	return out, nil
}

// processes meters servers by their processes.
type processes struct {
	server, database []int // pids of the first of each family; none for what is inside
}

func (p processes) cpu() (server, database time.Duration, err error) {
	sum := func(roots []int) (total time.Duration, err error) {
		all, err := family(roots...)
		for _, one := range all {
			total += one.cpu
		}
		return total, err
	}
	if server, err = sum(p.server); err != nil {
		return 0, 0, err
	}
	database, err = sum(p.database)
	return server, database, err
}

// resident gives the memory of a family.
func resident(roots ...int) (bytes int64, err error) {
	all, err := family(roots...)
	for _, one := range all {
		bytes += one.resident
	}
	return bytes, err
}
