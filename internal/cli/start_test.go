package cli

import (
	"bytes"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	mostAllocations = 1_500     // to run version; all flags of all commands take 3,400
	mostPrepared    = 100 << 10 // bytes that a package of ours allocates before main; each touched page costs time

	startGoal   = 30 * time.Millisecond // beyond an empty program
	startFactor = 3                     // of the goal is failure: the machine does other things too
	startRounds = 40
)

// BenchmarkStart is what the program costs before a command begins.
func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if code := run(b.Context(), []string{"taskrecon", "version"}, nil, nil, io.Discard, io.Discard); code != 0 {
			b.Fatal(code)
		}
	}
}

// TestStartAllocatesLittle fails where starting prepares what the command that is called does not need.
func TestStartAllocatesLittle(t *testing.T) {
	n := testing.AllocsPerRun(10, func() {
		if code := run(t.Context(), []string{"taskrecon", "version"}, nil, nil, io.Discard, io.Discard); code != 0 {
			t.Fatal(code)
		}
	})
	if n > mostAllocations {
		t.Errorf("version takes %.0f allocations; want at most %d", n, mostAllocations)
	}
}

// TestPackagesPrepareLittle fails where a package compiles patterns or fills tables before main that few commands need.
func TestPackagesPrepareLittle(t *testing.T) {
	cmd := exec.Command("taskrecon", "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace bytes.Buffer
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, trace.String())
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^init (taskrecon/\S+) @.* clock, (\d+) bytes,`).FindAllStringSubmatch(trace.String(), -1) {
		seen[m[1]] = true
		if n, err := strconv.Atoi(m[2]); err != nil || n > mostPrepared {
			t.Errorf("%s allocates %s bytes before main; want at most %d (compile patterns when they are first used)", m[1], m[2], mostPrepared)
		}
	}
	if !seen["taskrecon/internal/cli"] || !seen["taskrecon/internal/graph"] {
		t.Errorf("the trace names none of the packages that it should:\n%s", trace.String())
	}
}

// TestHelpHoweverAsked tries all ways to ask for help.
func TestHelpHoweverAsked(t *testing.T) {
	help := func(args ...string) string {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append([]string{"taskrecon"}, args...), nil, nil, &out, &errs); code != 0 {
			t.Errorf("%q ends with %d: %s", args, code, errs.String())
		}
		return out.String()
	}
	of := map[string]string{"": help("--help"), "plan": help("plan", "--help"), "version": help("version", "--help")}
	for line, command := range map[string]string{
		"": "", "help": "", "h": "", "-h": "", "--help": "",
		"--help plan": "plan", "help plan": "plan", "h plan": "plan", "plan help": "plan", "plan h": "plan", "plan -- help": "plan", "plan -h": "plan",
		"plan --help": "plan", "plan x.csv --help": "plan", "plan --max-changes 3 -h x.csv": "plan", "plan -help": "plan", "plan --h": "plan", "plan --help=true": "plan", "plan -h=1": "plan",
		"help version": "version", "version help": "version",
	} {
		if got := strings.TrimSpace(help(strings.Fields(line)...)); got != strings.TrimSpace(of[command]) {
			t.Errorf("taskrecon %s shows\n%s\nwant the help of %q", line, got, command)
		}
	}
}

// TestStartIsQuick compares the built program with an empty one, the best of many runs in turn; TASKRECON_SLOW asks for it.
func TestStartIsQuick(t *testing.T) {
	if os.Getenv("TASKRECON_SLOW") == "" {
		t.Skip("TASKRECON_SLOW is not set")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "empty.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ours, empty := filepath.Join(dir, "ours"), filepath.Join(dir, "empty")
	for out, from := range map[string]string{ours: "taskrecon", empty: source} {
		if said, err := exec.Command("go", "build", "-o", out, from).CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", from, err, said)
		}
	}
	best := map[string]time.Duration{ours: math.MaxInt64, empty: math.MaxInt64}
	for range startRounds {
		for _, path := range []string{empty, ours} {
			began := time.Now()
			if err := exec.Command(path, "version").Run(); err != nil {
				t.Fatal(err)
			}
			best[path] = min(best[path], time.Since(began))
		}
	}
	beyond := best[ours] - best[empty]
	t.Logf("FIGURE | start-up, taskrecon version | %s | %s (an empty Go program) | +%s | +%s | |",
		best[ours].Round(100*time.Microsecond), best[empty].Round(100*time.Microsecond), beyond.Round(100*time.Microsecond), startGoal)
	if beyond > startFactor*startGoal {
		t.Errorf("taskrecon version takes %s longer than an empty program; want at most %s", beyond, startFactor*startGoal)
	}
}
