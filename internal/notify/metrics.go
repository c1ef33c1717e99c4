package notify

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/diff"
	"taskrecon/internal/job"
)

// MetricsSuffix is how the name of a metrics file must end: a node exporter reads no others.
const MetricsSuffix = ".prom"

const lastSuccess = "taskrecon_last_success_timestamp_seconds"

// WriteMetrics replaces the file with the metrics of a run, for the textfile collector of a node exporter. The time
// of the last success stays what the file says where this run is none; it is 0 where there was none. The file lands whole or not at all.
func WriteMetrics(path, version string, s *job.Summary, ended time.Time) error {
	success := ended
	if !Good(s.ExitCode) {
		success = successBefore(path, s.Command)
	}
	// The exporter runs as another user, and counts are no secret: hence 0644, whatever the umask is.
	return atomicfile.Write(path, metrics(version, s, ended, success), 0o644)
}

// successBefore is the last success of the command that a metrics file has; the zero time where it has none.
func successBefore(path, command string) time.Time {
	f, err := os.Open(path)
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	want := lastSuccess + labels("command", command) + " "
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, found := strings.CutPrefix(lines.Text(), want)
		if seconds, err := strconv.ParseFloat(text, 64); found && err == nil && seconds > 0 && seconds < 1<<40 {
			return time.UnixMilli(int64(math.Round(seconds * 1000)))
		}
	}
	return time.Time{}
}

// metrics is the text of the file. Each sample names its command, so that plan and apply can have files side by side.
func metrics(version string, s *job.Summary, ended, success time.Time) []byte {
	var b bytes.Buffer
	command := labels("command", s.Command)
	gauge := func(name, help string, value float64) {
		head(&b, name, help)
		fmt.Fprintf(&b, "%s%s %s\n", name, command, number(value))
	}
	head(&b, "taskrecon_build_info", "The version that ran last.")
	fmt.Fprintf(&b, "taskrecon_build_info%s 1\n", labels("command", s.Command, "version", version))
	gauge("taskrecon_last_run_timestamp_seconds", "When the last run ended, in Unix time.", unix(ended))
	gauge(lastSuccess, "When the last run ended that did all it was to do, in Unix time; 0 if none has.", unix(success))
	gauge("taskrecon_exit_code", "Exit code of the last run.", float64(s.ExitCode))
	gauge("taskrecon_run_duration_seconds", "How long the last run took.", s.Seconds)
	head(&b, "taskrecon_rows", "Rows of the last run's input by outcome.")
	for _, o := range diff.Outcomes() {
		fmt.Fprintf(&b, "taskrecon_rows%s %d\n", labels("command", s.Command, "outcome", string(o)), s.Outcomes[o])
	}
	gauge("taskrecon_changes", "Rows of the last run for which a change was planned.", float64(s.Changes))
	gauge("taskrecon_unmanaged_tasks", "Tasks of the tenant that the last run's input does not name.", float64(s.Unmanaged))
	gauge("taskrecon_patches", "Changes that the last run put on the wire, repetitions among them.", float64(s.Patches))
	gauge("taskrecon_requests", "HTTP requests of the last run.", float64(s.Requests))
	gauge("taskrecon_throttled_requests", "Refusals for too many requests in the last run.", float64(s.Throttled))
	gauge("taskrecon_throttled_seconds", "How long the last run stood still for a limit or the service.", s.Waited)
	return b.Bytes()
}

func head(b *bytes.Buffer, name, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

// labels writes pairs of names and values as {name="value",...}.
func labels(pairs ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, pairs[i]+`="`+escape.Replace(strings.ToValidUTF8(pairs[i+1], "?"))+`"`)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
