package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"taskrecon/internal/sandbox"
)

// Commands for scripts in which several runs of the program meet one tenant.

var tenants sync.Map // *testscript.TestScript to *sandbox.Server

// tenant FILE|N [FAULTS] serves a sandbox without limits from the test process and sets $GRAPH to its address.
func startTenant(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: tenant FILE|N [FAULTS]")
	}
	source, faults := args[0], ""
	if len(args) == 2 {
		faults = args[1]
	}
	if strings.Trim(source, "0123456789") != "" {
		source = ts.MkAbs(source)
	}
	server, err := newSandbox("", source, "off", faults, sandbox.Options{})
	ts.Check(err)
	l, err := server.Listen("127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	tenants.Store(ts, server)
	ts.Setenv("GRAPH", l.URL)
	ts.Setenv(tokenVariable, "sandbox")
}

func tenantOf(ts *testscript.TestScript) *sandbox.Server {
	v, ok := tenants.Load(ts)
	if !ok {
		ts.Fatalf("no tenant was started")
	}
	return v.(*sandbox.Server)
}

// saw NAME=N... demands what the tenant has seen since it was started: requests, batches, writes (patches and status
// updates that came in), applied (those that took effect), twice (tasks to which more than one did), edits.
func tenantSaw(ts *testscript.TestScript, neg bool, args []string) {
	counts := tenantCounts(ts)
	for _, arg := range args {
		name, want, _ := strings.Cut(arg, "=")
		if got := fmt.Sprint(counts[name]); (got == want) == neg {
			ts.Fatalf("the tenant saw %s %s, want %s (negated: %v); in all: %+v", name, got, want, neg, counts)
		}
	}
}

// waitsaw NAME=N waits until the tenant has seen so much, as saw counts, ten seconds at most.
func waitTenantSaw(ts *testscript.TestScript, _ bool, args []string) {
	name, want, _ := strings.Cut(args[0], "=")
	for range 1000 {
		if fmt.Sprint(tenantCounts(ts)[name]) == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("the tenant never saw %s; in all: %v", args[0], tenantCounts(ts))
}

func tenantCounts(ts *testscript.TestScript) map[string]int {
	s := tenantOf(ts).Stats()
	counts := map[string]int{"requests": s.Requests, "batches": s.Batches, "writes": s.Writes, "edits": s.Edits}
	for _, n := range s.Applied {
		counts["applied"] += n
		if n > 1 {
			counts["twice"]++
		}
	}
	return counts
}

// holds ID PROPERTY=VALUE... demands what the tenant holds; VALUE is JSON, or a bare string.
func tenantHolds(ts *testscript.TestScript, neg bool, args []string) {
	raw, ok := tenantOf(ts).Task(args[0])
	if !ok {
		ts.Fatalf("the tenant has no task %s", args[0])
	}
	var fields map[string]any
	ts.Check(json.Unmarshal(raw, &fields))
	for _, arg := range args[1:] {
		name, text, _ := strings.Cut(arg, "=")
		var want any
		if json.Unmarshal([]byte(text), &want) != nil {
			want = text
		}
		if (fmt.Sprint(fields[name]) == fmt.Sprint(want)) == neg {
			ts.Fatalf("%s: %s is %v, want %v (negated: %v)", args[0], name, fields[name], want, neg)
		}
	}
}

// grab NAME REGEXP sets the variable NAME to what the first group of the expression matches on stdout.
func grab(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("stdout has no match for %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// alter FILE OLD NEW replaces the first OLD in a file.
func alter(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if !strings.Contains(string(data), args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, []byte(strings.Replace(string(data), args[1], args[2], 1)), 0o600))
}

// files GLOB N demands how many files match.
func countFiles(ts *testscript.TestScript, neg bool, args []string) {
	matches, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if (fmt.Sprint(len(matches)) == args[1]) == neg {
		ts.Fatalf("%s matches %d files, want %s (negated: %v): %v", args[0], len(matches), args[1], neg, matches)
	}
}

// addUp demands that the outcomes of a summary add up to its rows, as they always must.
func addUp(ts *testscript.TestScript, doc any) {
	m, _ := doc.(map[string]any)
	rows, isNumber := m["rows"].(float64)
	outcomes, isObject := m["outcomes"].(map[string]any)
	if !isNumber || !isObject || len(outcomes) != 11 {
		ts.Fatalf("the summary lacks rows or outcomes: %v", doc)
	}
	sum := 0.0
	for _, n := range outcomes {
		sum += n.(float64)
	}
	if sum != rows {
		ts.Fatalf("the outcomes %v add up to %v, not to %v rows", outcomes, sum, rows)
	}
}
