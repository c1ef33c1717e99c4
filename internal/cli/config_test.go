package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"taskrecon/internal/exit"
	"taskrecon/internal/job"
)

func writeConfig(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nightly.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// inForce returns what "taskrecon config --json ARGS" prints, by name.
func inForce(t *testing.T, env []string, args ...string) map[string]job.Setting {
	t.Helper()
	out, diag, code := runHere(t, env, append([]string{"config", "--json"}, args...)...)
	if code != 0 {
		t.Fatalf("%q: exit %d: %s", args, code, diag)
	}
	var s job.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	settings := map[string]job.Setting{}
	for _, setting := range s.Config {
		settings[setting.Name] = setting
	}
	if len(settings) != len(s.Config) || len(settings) < 5 || s.Command != "config" {
		t.Fatalf("%d settings, %d of them different, of command %q", len(s.Config), len(settings), s.Command)
	}
	return settings
}

func TestConfigPrecedence(t *testing.T) {
	path := writeConfig(t, "max-clears: 11\nlimit: 11\ncanary: 11\nno-reopen: false\nyes: true\nreport: [a.xlsx, b c.html]\ndeadline: 50m\n"+
		"sheet: 2024\nhidden: skip\noutput: x.csv\n\nexport: {timezone: Europe/Berlin, graph-url: https://graph.example.com}\n")
	env := []string{"TASKRECON_CONFIG=" + path, "TASKRECON_MAX_CLEARS=12", "TASKRECON_LIMIT=12", "TASKRECON_HIDDEN=", "AZURE_TENANT_ID=contoso"}
	apply := inForce(t, env, "--max-clears", "13", "--ledger=l.jsonl")
	for _, want := range []job.Setting{
		{Name: "max-clears", Value: "13", Source: "flag"},
		{Name: "limit", Value: "12", Source: "TASKRECON_LIMIT"},
		{Name: "canary", Value: "11", Source: path + ":3"},
		{Name: "no-reopen", Value: "false", Source: path + ":4"},
		{Name: "yes", Value: "true", Source: path + ":5"},
		{Name: "report", Value: "a.xlsx b c.html", Source: path + ":6"},
		{Name: "deadline", Value: "50m0s", Source: path + ":7"},
		{Name: "sheet", Value: "2024", Source: path + ":8"},
		{Name: "hidden", Value: "skip", Source: path + ":9"},
		{Name: "max-attempts", Value: "6", Source: "default"},
		{Name: "timezone", Value: "UTC", Source: "default"},
		{Name: "ledger", Value: "l.jsonl", Source: "flag"},
		{Name: "config", Value: path, Source: "TASKRECON_CONFIG"},
		{Name: "tenant-id", Value: "contoso", Source: "AZURE_TENANT_ID"},
		{Name: "client-id", Value: "", Source: "default"},
	} {
		if got := apply[want.Name]; got != want {
			t.Errorf("apply: %+v, want %+v", got, want)
		}
	}
	if _, ok := apply["output"]; ok {
		t.Error("apply has no flag --output")
	}
	export := inForce(t, env, "export")
	if got, want := export["timezone"], (job.Setting{Name: "timezone", Value: "Europe/Berlin", Source: path + ":12"}); got != want {
		t.Errorf("export: %+v, want %+v", got, want)
	}
	if got := export["output"].Value; got != "x.csv" {
		t.Errorf("export: output is %q", got)
	}
}

func TestConfigHidesSecrets(t *testing.T) {
	const secret = "s3cr3t-value"
	env := []string{"AZURE_CLIENT_ID=app", "TASKRECON_PING_URL=https://hc.example.com/ping/" + secret}
	for _, name := range secretVariables[1:] {
		env = append(env, name+"="+secret)
	}
	args := []string{"--notify-url", "https://hooks.example.com/" + secret, "--graph-url", "https://me:" + secret + "@graph.example.com"}
	table, diag, code := runHere(t, env, append([]string{"config"}, args...)...)
	if code != 0 || strings.Contains(table+diag, secret) {
		t.Errorf("exit %d, secret shown: %v\n%s%s", code, strings.Contains(table+diag, secret), table, diag)
	}
	settings := inForce(t, env, args...)
	for name, want := range map[string]string{
		"notify-url": "hooks.example.com", "ping-url": "hc.example.com", "graph-url": "hidden@graph.example.com",
		tokenVariable: "not set", secretVariables[1]: "set (hidden)", secretVariables[2]: "set (hidden)", secretVariables[3]: "set (hidden)",
	} {
		if got := settings[name].Value; !strings.Contains(got, want) || strings.Contains(got, secret) {
			t.Errorf("%s is shown as %q, want %q", name, got, want)
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	deep := strings.Repeat("[", 20_000)
	for _, test := range []struct{ name, content, want string }{
		{"unknown key", "yes: true\nmax-attemps: 3", `:2:1: no command has the flag "max-attemps"; did you mean "max-attempts"?`},
		{"underscores", "max_attempts: 3", `did you mean "max-attempts"?`},
		{"nothing like it", "colour: blue", `:1:1: no command has the flag "colour"`},
		{"twice", "limit: 3\nyes: true\nlimit: 4", `:3:1: "limit" is there already, in line 1`},
		{"text for a number", "limit: many", `:1:8: limit: "many" is not a whole number`},
		{"fraction", "limit: 1.5", `limit: "1.5" is not a whole number`},
		{"too large", "limit: 99999999999999999999", "is not a whole number"},
		{"a switch that is on", "yes: on", `yes: "on" is not true or false`},
		{"time without unit", "deadline: 50", `:1:11: deadline: "50" is not a time with its unit, such as 30s or 50m`},
		{"nothing", "sheet:", "sheet: nothing is not a text"},
		{"list for one", "sheet: [a, b]", ":1:8: sheet: a list is not a text"},
		{"list in a list", "report: [a.xlsx, [b]]", ":1:18: report: a list is not a text"},
		{"binary", "sheet: !!binary aGk=", "is not a text"},
		{"flag of another command", "undo:\n  limit: 3", `:2:3: undo does not have the flag "limit"`},
		{"unknown section", "aply: {yes: true}", `:1:1: "aply" is no command that has flags, so no mapping belongs here; did you mean "apply"?`},
		{"mapping for a flag", "limit: {n: 3}", "no mapping belongs here"},
		{"another file", "config: other.yaml", ":1:1: a configuration file cannot name another one"},
		{"number as key", "3: x", `:1:1: no command has the flag "3"`},
		{"list as key", "[yes]: true", ":1:1: a key is the name of a flag, not a list"},
		{"secret", "client-secret: hunter2", `:1:1: "client-secret" looks like a secret`},
		{"token", "apply:\n  access-token: hunter2", `:2:3: "access-token" looks like a secret`},
		{"secret address", "notify-url: https://hooks.example.com/hunter2", "name a file with notify-url-file, or set TASKRECON_NOTIFY_URL"},
		{"alias bomb", "sheet: &a x\nreport: &b [*a, *a]\nledger: *b", ":2:13: report: an alias is not a text"},
		{"alias in a list", "report: [a.xlsx, *x]", "nightly.yaml"},
		{"merge", "<<: {yes: true}", "nightly.yaml:1:1: "},
		{"list", "- yes", ":1:1: a configuration is lines of the form FLAG: VALUE, not a list"},
		{"text", "yes", `not "yes"`},
		{"two documents", "yes: true\n---\nlimit: 3", "a second document begins here"},
		{"not YAML", "yes: true\nsheet: [a", "nightly.yaml:"},
		{"tab", "apply:\n\tyes: true", "nightly.yaml:2:1: not YAML"},
		{"not UTF-8", "yes: true\nsheet: M\xe4rz", ":2: the line is not UTF-8"},
		{"UTF-16", "\xff\xfey\x00", ":1: the line is not UTF-8"},
		{"deep", "sheet: " + deep, "nightly.yaml:1:"},
		{"large", "# " + strings.Repeat("x", 1<<20), "is larger than 1 MiB"},
	} {
		path := writeConfig(t, test.content+"\n")
		out, diag, code := runHere(t, nil, "validate", "--config", path, "nowhere.csv")
		if code != exit.Usage || !strings.Contains(diag, test.want) || out != "" {
			t.Errorf("%s: exit %d, stdout %q, stderr %.300q; want %q", test.name, code, out, diag, test.want)
		}
		if strings.Contains(diag, "hunter2") {
			t.Errorf("%s: the error shows the secret", test.name)
		}
	}
}

func TestConfigTakes(t *testing.T) {
	for name, content := range map[string]string{
		"nothing": "", "a comment": "# later\n", "null": "~\n", "a byte order mark": "\ufefflimit: 7\n", "CRLF": "limit: 7\r\n",
		"flow": "{limit: 7}", "a section": "apply: {limit: 7}\nlimit: 8\nexport: {}\n", "flags of others": "listen: 127.0.0.1:0\nlimit: 7\n",
		"a list of none": "report: []\nlimit: 7\n", "one for a list": "report: a.xlsx\nlimit: 7\n",
	} {
		settings := inForce(t, nil, "--config", writeConfig(t, content))
		want := "7"
		if !strings.Contains(content, "limit") {
			want = "0"
		}
		if got := settings["limit"].Value; got != want {
			t.Errorf("%s: limit is %q, want %q", name, got, want)
		}
	}
}

func TestConfigAllProblemsAtOnce(t *testing.T) {
	_, diag, _ := runHere(t, nil, "config", "--config", writeConfig(t, "limit: x\ncolour: blue\nyes: on\n"))
	for _, want := range []string{":1:8: ", ":2:1: ", ":3:6: "} {
		if !strings.Contains(diag, want) {
			t.Errorf("no %q in %s", want, diag)
		}
	}
}

func TestConfigWritableByOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	for mode, refused := range map[os.FileMode]bool{0o600: false, 0o644: false, 0o444: false, 0o620: true, 0o602: true, 0o666: true} {
		path := writeConfig(t, "limit: 7\n")
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, diag, code := runHere(t, nil, "config", "--config", path)
		if refused != (code == exit.Usage) || refused != strings.Contains(diag, "chmod go-w "+path) {
			t.Errorf("mode %04o: exit %d, %s", mode, code, diag)
		}
	}
}

// TestConfigNextIsFaithful holds the command to run next to a switch that is off.
func TestConfigNextIsFaithful(t *testing.T) {
	path := writeConfig(t, "yes: false\nno-reopen: false\nsandbox: ../../samples/tenant.json\njson: true\n")
	out, diag, _ := runHere(t, nil, "plan", "--config", path, "../../samples/desired.csv")
	var s job.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v: %s%s", err, out, diag)
	}
	if !strings.Contains(s.Next, "--no-reopen=false") || !strings.Contains(s.Next, "--config "+path) || strings.Contains(s.Next, "--yes") {
		t.Errorf("next is %q", s.Next)
	}
}

// TestConfigKnowsAzureVariables holds the table of variables to what the help says of each flag.
func TestConfigKnowsAzureVariables(t *testing.T) {
	named := regexp.MustCompile(`\(or (AZURE_[A-Z_]+)`)
	var flags []string
	for _, f := range flagsOfAll((&program{}).app()) {
		words := flagWords(f)
		if m := named.FindStringSubmatch(words); m != nil {
			flags = append(flags, f.Names()[0])
			if azureVariables[f.Names()[0]] != m[1] {
				t.Errorf("--%s: the help says %s, the table %q", f.Names()[0], m[1], azureVariables[f.Names()[0]])
			}
		}
	}
	for name := range azureVariables {
		if !slices.Contains(flags, name) {
			t.Errorf("no help says that --%s has a variable of Azure", name)
		}
	}
}

// TestConfigOfTheManual holds the example in docs/configuration.md to what the program takes.
func TestConfigOfTheManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(manual), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("there is no example")
	}
	settings := inForce(t, nil, "--config", writeConfig(t, example))
	if settings["yes"].Value != "true" || settings["max-changes"].Value != "200" {
		t.Errorf("yes is %+v, max-changes %+v", settings["yes"], settings["max-changes"])
	}
}
