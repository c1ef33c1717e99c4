package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v4"
)

const nightly = "../../scripts/nightly"

func nightlyFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(nightly, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// flagsExist parses a command line as the program does, without running it, and returns the flags that it sets.
func flagsExist(t *testing.T, where string, words []string) map[string]string {
	t.Helper()
	p := &program{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	app, set := p.app(), map[string]string{}
	for _, c := range app.Commands {
		c.Action = func(c *cli.Context) error {
			for _, f := range c.FlagNames() {
				set[f] = c.String(f)
			}
			_, err := oneFile(c, "a file")
			return err
		}
	}
	args, err := permute(app, words)
	if err == nil {
		err = app.RunContext(context.Background(), args)
	}
	if err != nil {
		t.Errorf("%s: %q: %v", where, words, err)
	}
	if len(set) == 0 {
		t.Errorf("%s: %q sets no flag", where, words)
	}
	return set
}

// TestNightlyCommandLines: what the files for a nightly run call is what this program understands.
func TestNightlyCommandLines(t *testing.T) {
	line := func(name, pattern string) []string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(nightlyFile(t, name))
		if m == nil {
			t.Fatalf("%s: no command line", name)
		}
		words := []string{"taskrecon"}
		for _, w := range regexp.MustCompile(`"[^"]*"|\S+`).FindAllString(m[1], -1) {
			words = append(words, strings.Trim(w, `"`))
		}
		return words
	}
	cron := flagsExist(t, "cron", line("taskrecon.cron", `&& \{ taskrecon (.*?) >`))
	unit := flagsExist(t, "systemd", line("taskrecon.service", `(?m)^ExecStart=/usr/local/bin/taskrecon (.*)$`))
	pod := flagsExist(t, "kubernetes", append([]string{"taskrecon"}, podOf(t).Args...))
	for where, set := range map[string]map[string]string{"cron": cron, "systemd": unit, "kubernetes": pod} {
		if _, sure := set["yes"]; !sure || set["deadline"] == "" {
			t.Errorf("%s: without --yes nobody can answer, without --deadline it may run into the day: %v", where, set)
		}
	}
}

// TestNightlyDocumented: so are the command lines of the page about it.
func TestNightlyDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/nightly.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^    taskrecon ((?:plan|apply) .*)$`).FindAllStringSubmatch(string(data), -1)
	if len(lines) < 3 {
		t.Fatalf("only %d command lines", len(lines))
	}
	for _, m := range lines {
		flagsExist(t, "docs/nightly.md", append([]string{"taskrecon"}, strings.Fields(m[1])...))
	}
	documented := string(data)
	for _, f := range flagsOfNotice() {
		if !strings.Contains(documented, "--"+f.Names()[0]) {
			t.Errorf("docs/nightly.md does not know --%s", f.Names()[0])
		}
	}
}

// TestNightlyCron: the one entry has five times, a user and a command in which cron finds no percent sign; sh can read it.
func TestNightlyCron(t *testing.T) {
	var entries []string
	for _, line := range strings.Split(nightlyFile(t, "taskrecon.cron"), "\n") {
		if line != "" && line[0] != '#' && !regexp.MustCompile(`^[A-Z]+=\S+$`).MatchString(line) {
			entries = append(entries, line)
		}
	}
	if len(entries) != 1 {
		t.Fatalf("entries %q", entries)
	}
	m := regexp.MustCompile(`^0 2 \* \* \* taskrecon (.+)$`).FindStringSubmatch(entries[0])
	if m == nil || strings.Contains(m[1], "%") {
		t.Fatalf("entry %q", entries[0])
	}
	if out, err := exec.Command("sh", "-n", "-c", m[1]).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestNightlyUnits asks systemd what it thinks of the units.
func TestNightlyUnits(t *testing.T) {
	if !strings.Contains(nightlyFile(t, "taskrecon.service"), "\nReadWritePaths=/run/lock\n") {
		t.Error("the unit cannot take the lock of the machine")
	}
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed; the units are not checked")
	}
	dir := t.TempDir()
	service := strings.ReplaceAll(nightlyFile(t, "taskrecon.service"), "/usr/local/bin/taskrecon", "/bin/sh") // one that exists
	for name, text := range map[string]string{"taskrecon.service": service, "taskrecon.timer": nightlyFile(t, "taskrecon.timer")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unit, timer := filepath.Join(dir, "taskrecon.service"), filepath.Join(dir, "taskrecon.timer")
	out, err := exec.Command(tool, "verify", unit, timer).CombinedOutput()
	if err != nil || strings.Contains(string(out), "taskrecon") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err = exec.Command(tool, "security", "--offline=true", "--threshold=20", unit).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// pod is what the test looks at of the CronJob's container.
type pod struct {
	Image           string
	Command, Args   []string
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	VolumeMounts []mount `yaml:"volumeMounts"`
}

type mount struct {
	Name      string
	MountPath string `yaml:"mountPath"`
	SubPath   string `yaml:"subPath"`
}

// manifest holds what the test looks at of any of the objects.
type manifest struct {
	Kind     string
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Spec struct {
		Schedule          string
		ConcurrencyPolicy string `yaml:"concurrencyPolicy"`
		JobTemplate       struct {
			Spec struct {
				BackoffLimit          *int `yaml:"backoffLimit"`
				ActiveDeadlineSeconds int  `yaml:"activeDeadlineSeconds"`
				Template              struct {
					Metadata struct{ Labels map[string]string }
					Spec     struct {
						ServiceAccountName string `yaml:"serviceAccountName"`
						RestartPolicy      string `yaml:"restartPolicy"`
						SecurityContext    struct {
							RunAsNonRoot bool `yaml:"runAsNonRoot"`
							RunAsUser    int  `yaml:"runAsUser"`
						} `yaml:"securityContext"`
						Containers []pod
						Volumes    []struct {
							Name  string
							Claim struct {
								Name string `yaml:"claimName"`
							} `yaml:"persistentVolumeClaim"`
						}
					}
				}
			}
		} `yaml:"jobTemplate"`
	}
}

// manifests reads the objects of cronjob.yaml by kind.
func manifests(t *testing.T) map[string]manifest {
	t.Helper()
	all := map[string]manifest{}
	for dec := yaml.NewDecoder(strings.NewReader(nightlyFile(t, "cronjob.yaml"))); ; {
		var m manifest
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[m.Kind] = m
	}
}

func podOf(t *testing.T) pod {
	t.Helper()
	containers := manifests(t)["CronJob"].Spec.JobTemplate.Spec.Template.Spec.Containers
	if len(containers) != 1 {
		t.Fatalf("%d containers", len(containers))
	}
	return containers[0]
}

// TestNightlyCronJob: one run at a time, never twice, as nobody, with a workload identity and a volume that stays.
func TestNightlyCronJob(t *testing.T) {
	all := manifests(t)
	job, account, claim := all["CronJob"], all["ServiceAccount"], all["PersistentVolumeClaim"]
	spec := job.Spec.JobTemplate.Spec
	in, c := spec.Template.Spec, podOf(t)
	escalation := c.SecurityContext.AllowPrivilegeEscalation
	for what, ok := range map[string]bool{
		"schedule":     job.Spec.Schedule == "0 2 * * *" && job.Spec.ConcurrencyPolicy == "Forbid",
		"never twice":  spec.BackoffLimit != nil && *spec.BackoffLimit == 0 && in.RestartPolicy == "Never",
		"deadline":     spec.ActiveDeadlineSeconds > 60*60, // --lock-timeout and --deadline
		"identity":     spec.Template.Metadata.Labels["azure.workload.identity/use"] == "true" && account.Metadata.Annotations["azure.workload.identity/client-id"] != "",
		"account":      in.ServiceAccountName != "" && in.ServiceAccountName == account.Metadata.Name,
		"nobody":       in.SecurityContext.RunAsNonRoot && in.SecurityContext.RunAsUser == 65532,
		"restricted":   escalation != nil && !*escalation && c.SecurityContext.ReadOnlyRootFilesystem && strings.Join(c.SecurityContext.Capabilities.Drop, "") == "ALL",
		"volume":       len(in.Volumes) > 0 && in.Volumes[0].Claim.Name == claim.Metadata.Name && claim.Metadata.Name != "",
		"volume mount": len(c.VolumeMounts) > 0 && c.VolumeMounts[0].Name == in.Volumes[0].Name && c.VolumeMounts[0].MountPath == "/data",
		"lock": slices.ContainsFunc(c.VolumeMounts, func(m mount) bool {
			return m.Name == in.Volumes[0].Name && m.MountPath == "/run/lock" && m.SubPath != ""
		}),
		"entry point": strings.Contains(nightlyFile(t, "Containerfile"), `ENTRYPOINT ["`+strings.Join(c.Command, " ")+`"]`),
	} {
		if !ok {
			t.Errorf("cronjob.yaml: %s is not as it should be", what)
		}
	}
}

// TestNightlyAlerts asks Prometheus's own tool, and looks whether the metrics exist that the alerts speak of.
func TestNightlyAlerts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.prom")
	var out, problems bytes.Buffer
	if code := run(t.Context(), []string{"taskrecon", "apply", "--yes", "--sandbox", "3", "--metrics-file", path, "nowhere.csv"}, nil, strings.NewReader(""), &out, &problems); code != 4 {
		t.Fatalf("exit code %d: %s", code, problems.String())
	}
	metrics, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`taskrecon_\w+`).FindAllString(nightlyFile(t, "alerts.yml"), -1)
	if len(names) < 3 {
		t.Fatalf("alerts on %q only", names)
	}
	for _, name := range names {
		if !bytes.Contains(metrics, []byte("\n"+name+`{command="apply"`)) {
			t.Errorf("alerts.yml speaks of %s, which no run writes", name)
		}
	}
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed; it has not looked at the rules")
	}
	if said, err := exec.Command(tool, "check", "rules", filepath.Join(nightly, "alerts.yml")).CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, said)
	}
}
