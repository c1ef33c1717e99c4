package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/job"
	"taskrecon/internal/sandbox"
)

// TestFigures measures whole runs in real time and prints a line for each; scripts/sending-figures calls it.
func TestFigures(t *testing.T) {
	if os.Getenv("TASKRECON_FIGURES") == "" {
		t.Skip("takes minutes; TASKRECON_FIGURES=1 runs it, as scripts/sending-figures does")
	}
	for _, f := range []struct {
		name    string
		changes int
		options sandbox.Options
		ideal   func(n int) time.Duration
		flags   []string
	}{
		{"alone on the published limits", 500, sandbox.Options{Latency: 50 * time.Millisecond}, slidingIdeal, nil},
		{"without limits", 10_000, sandbox.Options{WriteLimit: -1, ReadLimit: -1}, nil, []string{"--write-limit", "off", "--read-limit", "off"}},
	} {
		s, took, received := measure(t, f.changes, f.options, f.flags)
		line := fmt.Sprintf("%-30s %6d patches  %7.2f s  %d answers 429  %d requests", f.name, f.changes, took.Seconds(), s.Throttled, s.Requests)
		if f.ideal != nil {
			ratio := took.Seconds() / f.ideal(f.changes).Seconds()
			line += fmt.Sprintf("  %.3f of the ideal %s", ratio, f.ideal(f.changes))
			t.Logf("FIGURE | send %d patches %s | %.1f s | %s (the ideal of the sliding window) | %.3f | 1.03 | %d answers 429 |",
				f.changes, f.name, took.Seconds(), f.ideal(f.changes), ratio, s.Throttled)
			if ratio > 1.03 || s.Throttled > 0 {
				t.Errorf("%s: too slow, or throttled", f.name)
			}
		}
		fmt.Println(line)
		if received != f.changes {
			t.Errorf("%s: the service saw %d patches of %d changes", f.name, received, f.changes)
		}
	}
}

// slidingIdeal is when the last envelope may leave under 100 writes in any 20 s.
func slidingIdeal(n int) time.Duration {
	return time.Duration(math.Ceil(float64(n)/100)-1) * 20 * time.Second
}

// measure applies a change to each of n tasks of a sandbox of its own.
func measure(t *testing.T, n int, o sandbox.Options, flags []string) (s job.Summary, took time.Duration, patches int) {
	t.Helper()
	server, err := sandbox.New(sandbox.Generate(n*6/5, 1), o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := server.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "desired.csv")
	var csv strings.Builder
	csv.WriteString("id,creatorNotes\n")
	for _, raw := range server.Tasks() {
		var head struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(raw, &head); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			fmt.Fprintf(&csv, "%s,measured\n", head.ID)
			n--
		}
	}
	if err := writeOld(file, []byte(csv.String())); err != nil {
		t.Fatal(err)
	}
	args := append([]string{
		"taskrecon", "apply", "--yes", "--json", "--max-changes", "100%", "--graph-url", l.URL,
		"--run-dir", filepath.Join(dir, "run"), file,
	}, flags...)
	var stdout, stderr bytes.Buffer
	start := time.Now()
	code := run(context.Background(), args, []string{"TASKRECON_ACCESS_TOKEN=x", "TASKRECON_STATE_DIR=" + dir}, strings.NewReader(""), &stdout, &stderr)
	took = time.Since(start)
	if err := json.Unmarshal(stdout.Bytes(), &s); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v\n%s\n%s", code, err, stdout.String(), stderr.String())
	}
	for _, times := range server.Stats().Received {
		patches += times
	}
	return s, took, patches
}
