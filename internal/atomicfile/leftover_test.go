package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// writerDir makes the test binary a program that is at work on a file until it is killed.
const writerDir = "TASKRECON_TEST_WRITER"

func TestWriterProcess(t *testing.T) {
	dir := os.Getenv(writerDir)
	if dir == "" {
		return // only a child of TestLeftoversAreRemoved has something to do here
	}
	f, err := Create(filepath.Join(dir, "report.xlsx"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	fmt.Println("at work")
	time.Sleep(time.Minute)
}

// TestLeftoversAreRemoved: what a killed program left goes, what one at work has open stays, and so does all that only looks alike.
func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
	child.Env = append(os.Environ(), writerDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { child.Process.Kill(); child.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "at work\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	for _, name := range []string{".report.xlsx123", ".report.xlsx.taskrecon-", ".report.xlsx.taskrecon-1a", "report.xlsx.taskrecon-1", ".taskrecon-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, ".d.taskrecon-1"), 0o700), os.Symlink(".report.xlsx123", filepath.Join(dir, ".l.taskrecon-1"))); err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	Sweep(dir)
	if got := names(t, dir); !slices.Equal(got, before) {
		t.Errorf("while it is at work: %q, want %q", got, before)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	if err := Check(filepath.Join(dir, "another.xlsx"), false); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, before) {
		t.Errorf("after another file was written: %q, want %q", got, before)
	}
	Sweep(dir)
	after := names(t, dir)
	if len(after) != len(before)-1 {
		t.Errorf("after the sweep: %q of %q", after, before)
	}
	if err := os.WriteFile(filepath.Join(dir, ".report.xlsx.taskrecon-99"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(filepath.Join(dir, "report.xlsx"), false); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, after) {
		t.Errorf("after the file itself was written again: %q, want %q", got, after)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
