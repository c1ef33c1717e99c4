//go:build unix

package cli

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"taskrecon/internal/exit"
)

// sshKey writes a private key for --sign-key and returns its path.
func sshKey(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runOpen runs the program under a umask that hides nothing.
func (w *world) runOpen(code int, args ...string) {
	w.t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", `umask 000; exec taskrecon "$@"`, "sh"}, args...)...)
	cmd.Dir, cmd.Env = w.dir, w.env()
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != code {
		w.t.Fatalf("%q: %v, want exit code %d\n%s", args, err, code, out)
	}
}

// TestFilesAreTheirOwners: nothing that the program leaves can be read by others, even where the umask would let them.
func TestFilesAreTheirOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := []string{"--graph-url", w.url}
	with := func(command string, more ...string) []string {
		return append(append([]string{command}, service...), more...)
	}
	w.runOpen(0, with("plan", "--skip-invalid", "--max-changes", "off", "--ledger", "saved.jsonl", "--report", "saved.html", "--debug-http", "calls.jsonl", "--problems", "marked.xlsx", w.file)...)
	w.runOpen(exit.Partial, w.apply(w.file, "--run-dir", "run/deep", "--sign-key", sshKey(t), "--report", "r.xlsx", "--report", "r.json", "--report", "r.csv", "--debug-http", "calls2.jsonl")...)
	w.runOpen(exit.Partial, w.apply(w.file)...) // into runs/
	w.runOpen(0, "report", "run/deep/ledger.jsonl", "-o", "again.html")
	w.runOpen(0, "undo", "run/deep/ledger.jsonl", "-o", "undo.xlsx")
	w.runOpen(0, with("export", "-o", "tasks.csv")...)
	w.runOpen(0, with("export", "-o", "tasks.xlsx")...)
	w.runOpen(0, with("set", "assignedTo=a@contoso.com", "--where", "true", "-o", "set.csv")...)
	files, dirs := 0, 0
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == w.dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if files++; d.IsDir() {
			files, dirs, want = files-1, dirs+1, 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", strings.TrimPrefix(path, w.dir), info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil || files < 22 || dirs < 5 {
		t.Errorf("%d files and %d directories were seen: %v", files, dirs, err)
	}
}

// TestHostileNamesStayData: ids, names and a tenant that look like paths name no file.
func TestHostileNamesStayData(t *testing.T) {
	const evil = "../../../evil"
	claims, err := json.Marshal(map[string]string{"tid": evil + "/x\x00y", "upn": evil, "appid": evil, "uti": evil})
	if err != nil {
		t.Fatal(err)
	}
	token := "e30." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln"
	names := []string{evil, "/etc/evil", `..\..\evil`, "con", "evil\nname", "-evil", "$(touch evil)", "evil/../../..", "."}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { serveNames(rw, r, names) }))
	defer server.Close()
	dir := t.TempDir()
	home := filepath.Join(dir, "a", "b", "c")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	var sheet bytes.Buffer
	sheet.WriteString("id,assignedTo,displayName\n")
	for _, name := range names {
		fmt.Fprintf(&sheet, "\"%s\",b@contoso.com,\"%s\"\n", name, evil)
	}
	w := &world{t: t, dir: home, url: server.URL, file: filepath.Join(home, "names.csv")}
	if err := writeOld(w.file, sheet.Bytes()); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), tokenVariable+"="+token, "TASKRECON_STATE_DIR="+filepath.Join(home, "state"), machineLocks+"="+t.TempDir())
	p := w.startWith(env, w.apply(w.file)...)
	if p.wait(t); !regexp.MustCompile(`"run":"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}"`).MatchString(p.stdout.String()) {
		t.Errorf("the run's id is not made of time and chance: %s%s", p.stdout.String(), p.stderr.String())
	}
	w.startWith(env, "export", "--graph-url", server.URL, "-o", "tasks.csv").exits(t, 0)
	safe := regexp.MustCompile(`^(a|a/b|a/b/c|a/b/c/(names\.csv|tasks\.csv|tasks\.base\.jsonl|state|state/taskrecon-[0-9a-f]{16}\.lock|runs|runs/[0-9TZ]+-[0-9a-f]{6}(/(ledger\.jsonl|report\.xlsx|undo\.csv|undo\.base\.jsonl))?))$`)
	seen := 0
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if rel, _ := filepath.Rel(dir, path); rel != "." && !safe.MatchString(filepath.ToSlash(rel)) {
			t.Errorf("an unforeseen file: %q", rel)
		}
		seen++
		return err
	})
	if err != nil || seen < 11 {
		t.Errorf("%d files, %v", seen, err)
	}
}

// serveNames is a Graph whose tasks have these ids.
func serveNames(rw http.ResponseWriter, r *http.Request, names []string) {
	task := func(id string) map[string]any {
		return map[string]any{
			"@odata.type": "#microsoft.graph.securityConfigurationTask", "id": id, "displayName": "../" + id, "assignedTo": "a@contoso.com",
			"status": "pending", "priority": "none", "managedDeviceCount": 1, "dueDateTime": "2026-12-01T00:00:00Z", "intendedSettings": []any{},
		}
	}
	var doc any
	if r.Method == http.MethodGet {
		var list []any
		for _, id := range names {
			list = append(list, task(id))
		}
		doc = map[string]any{"value": list}
	} else {
		var in struct{ Requests []struct{ ID string } }
		_ = json.NewDecoder(r.Body).Decode(&in)
		var answers []any
		for _, q := range in.Requests {
			answers = append(answers, map[string]any{"id": q.ID, "status": 400, "body": map[string]any{"error": map[string]any{"code": "../evil", "message": "../../evil"}}})
		}
		doc = map[string]any{"responses": answers}
	}
	_ = json.NewEncoder(rw).Encode(doc)
}

// TestRecordingOfARunHoldsNoToken: a whole run against a proxy whose pages and answers repeat what it was sent, some in base64.
func TestRecordingOfARunHoldsNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := "eyJ0eXAiOiJKV1QifQ.e30.c2lnbmF0dXJlLW9mLXRoZS10b2tlbi1vZi10aGlzLXJ1bg"
	calls := 0
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		calls++
		echo := r.Header.Get("Authorization")
		rw.Header().Set("Via-Echo", base64.StdEncoding.EncodeToString([]byte("Authorization: "+echo)))
		rw.Header().Set("Set-Cookie", "session="+token)
		if strings.HasSuffix(r.URL.Path, "/$batch") && calls == 3 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(rw, "<pre>Authorization: %s\nBasic %s</pre>", echo, base64.StdEncoding.EncodeToString([]byte("x:"+token)))
			return
		}
		w.ServeHTTP(rw, r)
	}))
	defer proxy.Close()
	env := append(os.Environ(), tokenVariable+"="+token, "TASKRECON_STATE_DIR="+filepath.Join(w.dir, "state"), machineLocks+"="+t.TempDir())
	w.url = proxy.URL
	p := w.startWith(env, w.apply(w.file, "--concurrency", "1", "--log-format", "json", "--debug-http", "calls.jsonl", "--run-dir", "run")...)
	p.exits(t, exit.Partial)
	recorded, err := os.ReadFile(filepath.Join(w.dir, "calls.jsonl"))
	if err != nil || bytes.Count(recorded, []byte("\n")) != calls || !bytes.Contains(recorded, []byte(`"status":503`)) {
		t.Fatalf("%d of %d calls were recorded: %v", bytes.Count(recorded, []byte("\n")), calls, err)
	}
	texts := map[string]string{"stdout": p.stdout.String(), "stderr": p.stderr.String()}
	err = filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			data, readErr := os.ReadFile(path)
			texts[path], err = string(data), readErr
		}
		return err
	})
	if err != nil || len(texts) < 6 {
		t.Fatalf("%d texts, %v", len(texts), err)
	}
	signature := token[strings.LastIndex(token, ".")+1:]
	secrets := []string{signature[:16], signature[20:]}
	for before := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + signature))
		secrets = append(secrets, encoded[8:len(encoded)-8])
	}
	for name, text := range texts {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s holds %q of the token", name, s)
			}
		}
	}
}

// TestSecurityNamesItsTests: every test that SECURITY.md calls as a witness exists.
func TestSecurityNamesItsTests(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources []byte
	for _, pattern := range []string{"../../internal/*/*_test.go", "testdata/script/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, data...)
		}
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllSubmatch(text, -1)
	if len(names) < 20 {
		t.Errorf("only %d tests are named", len(names))
	}
	for _, name := range names {
		if !bytes.Contains(sources, []byte("func "+string(name[1])+"(")) {
			t.Errorf("there is no %s", name[1])
		}
	}
}
