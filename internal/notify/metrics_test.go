package notify

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/job"
)

func exampleSummary() *job.Summary {
	s := job.NewSummary("apply")
	s.Rows, s.Changes, s.Unmanaged, s.Patches, s.Requests, s.Throttled = 7, 6, 1<<31, 9, 3, 2
	s.Waited, s.Seconds = 1.5, 0.000123
	s.Outcomes[diff.Applied], s.Outcomes[diff.Unknown] = 6, 1
	return s
}

// parseMetrics reads metrics with the parser of Prometheus.
func parseMetrics(t *testing.T, data []byte) model.Vector {
	t.Helper()
	p := expfmt.NewTextParser(model.LegacyValidation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	var all model.Vector
	for _, family := range families {
		samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, family)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, samples...)
	}
	return all
}

// sample is the only sample with this name and outcome.
func sample(t *testing.T, all model.Vector, name, outcome string) *model.Sample {
	t.Helper()
	var found *model.Sample
	for _, s := range all {
		if s.Metric[model.MetricNameLabel] == model.LabelValue(name) && s.Metric["outcome"] == model.LabelValue(outcome) {
			if found != nil {
				t.Fatalf("two samples of %s %s", name, outcome)
			}
			found = s
		}
	}
	if found == nil {
		t.Fatalf("no %s %s", name, outcome)
	}
	return found
}

func value(t *testing.T, all model.Vector, name, outcome string) float64 {
	t.Helper()
	return float64(sample(t, all, name, outcome).Value)
}

func TestMetricsAreUnderstood(t *testing.T) {
	ended := time.UnixMilli(1764000000123)
	data := metrics("1.2.3 \"\\\n\xff", exampleSummary(), ended, ended)
	families := parseMetrics(t, data)
	for name, want := range map[string]float64{
		"taskrecon_last_run_timestamp_seconds": 1764000000.123, lastSuccess: 1764000000.123, "taskrecon_exit_code": 0,
		"taskrecon_run_duration_seconds": 0.000123, "taskrecon_changes": 6, "taskrecon_unmanaged_tasks": 1 << 31, "taskrecon_patches": 9,
		"taskrecon_requests": 3, "taskrecon_throttled_requests": 2, "taskrecon_throttled_seconds": 1.5, "taskrecon_build_info": 1,
	} {
		if got := value(t, families, name, ""); math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	sum := 0.0
	for _, o := range diff.Outcomes() {
		sum += value(t, families, "taskrecon_rows", string(o))
	}
	if sum != 7 || value(t, families, "taskrecon_rows", "unknown") != 1 {
		t.Errorf("rows by outcome add up to %v", sum)
	}
	if got := sample(t, families, "taskrecon_build_info", "").Metric["version"]; got != "1.2.3 \"\\\n?" {
		t.Errorf("version %q", got)
	}
	problems, err := promlint.New(bytes.NewReader(data)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", problems, err)
	}
}

// TestMetricsByPromtool asks Prometheus's own tool, where it is installed.
func TestMetricsByPromtool(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; the parser and promlint have looked all the same")
	}
	cmd := exec.Command(tool, "check", "metrics")
	cmd.Stdin = bytes.NewReader(metrics("1.2.3", exampleSummary(), time.Now(), time.Now()))
	if out, err := cmd.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

func TestLastSuccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "taskrecon.prom")
	first := time.UnixMilli(1764000000123)
	success := func() float64 {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return value(t, parseMetrics(t, data), lastSuccess, "")
	}
	for i, step := range []struct {
		command string
		code    int
		after   time.Duration
		want    float64
	}{
		{"apply", exit.Failed, 0, 0},
		{"apply", exit.Done, 0, 1764000000.123},
		{"apply", exit.Partial, time.Hour, 1764000000.123},
		{"apply", exit.Interrupt, 2 * time.Hour, 1764000000.123},
		{"apply", exit.Done, 3 * time.Hour, 1764010800.123},
		{"plan", exit.Failed, 4 * time.Hour, 0},
		{"plan", exit.Differences, 5 * time.Hour, 1764018000.123},
	} {
		s := job.NewSummary(step.command)
		s.ExitCode = step.code
		if err := WriteMetrics(path, "1", s, first.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		if got := success(); got != step.want {
			t.Errorf("step %d: last success %f, want %f", i, got, step.want)
		}
	}
}

func TestLastSuccessOfADamagedFile(t *testing.T) {
	for _, text := range []string{"", "\x00\xff", lastSuccess, lastSuccess + `{command="apply"} NaN`, lastSuccess + `{command="apply"} 1e300`, lastSuccess + `{command="apply"} -5`} {
		path := filepath.Join(t.TempDir(), "taskrecon.prom")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := successBefore(path, "apply"); !got.IsZero() {
			t.Errorf("%q: %v", text, got)
		}
	}
}
