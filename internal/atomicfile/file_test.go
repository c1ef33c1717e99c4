package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestAppearsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.xlsx")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "old")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Discard() // as a deferred one does
	holds(t, path, "new")
	alone(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestDiscardedLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sheet.csv")
	f, err := Create(path, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("half"); err != nil {
		t.Fatal(err)
	}
	f.Discard()
	alone(t, path)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestFailedCommitLeavesWhatWasThere(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, *File){
		"closed early":      func(_ *testing.T, f *File) { f.Close() },
		"temporary removed": func(_ *testing.T, f *File) { os.Remove(f.Name()) },
		"a directory of this name": func(t *testing.T, f *File) {
			if err := errors.Join(os.Remove(f.path), os.Mkdir(f.path, 0o700)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report.csv")
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := Create(path, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			spoil(t, f)
			if err := f.Commit(); err == nil {
				t.Fatal("no error")
			}
			alone(t, path)
			if info, err := os.Stat(path); err != nil {
				t.Error(err)
			} else if !info.IsDir() {
				holds(t, path, "old")
			}
		})
	}
}

func TestNoSuchDirectory(t *testing.T) {
	if err := Write(filepath.Join(t.TempDir(), "none", "x"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestWriteReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.prom")
	for _, contents := range []string{"first, which is longer", "second"} {
		if err := Write(path, []byte(contents), 0o644); err != nil {
			t.Fatal(err)
		}
		holds(t, path, contents)
	}
	alone(t, path)
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), not %q", path, got, err, want)
	}
}

// alone fails where anything but path is in its directory.
func alone(t *testing.T, path string) {
	t.Helper()
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Name() != filepath.Base(path) {
			t.Errorf("%s is left", e.Name())
		}
	}
}

func TestCommitNewReplacesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.csv")
	for i, want := range []error{nil, fs.ErrExist} {
		f, err := Create(path, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString([]string{"first", "second"}[i]); err != nil {
			t.Fatal(err)
		}
		if err := f.CommitNew(); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", i, err, want)
		}
		holds(t, path, "first")
		alone(t, path)
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.WriteFile(in("file"), []byte("kept"), 0o600), os.Mkdir(in("dir"), 0o700), os.Symlink("nowhere", in("link"))); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		path    string
		replace bool
		want    string // "" is no error
	}{
		{in("new"), false, ""},
		{in("file"), true, ""},
		{in("file"), false, in("file") + " exists already"},
		{in("link"), false, in("link") + " exists already"},
		{in("dir"), true, in("dir") + " is a directory"},
		{in("none/new"), true, in("none/new") + " cannot be written: there is no directory " + in("none")},
		{in("file/new"), false, in("file/new") + " cannot be written: not a directory"},
		{in(strings.Repeat("n", 300)), false, in(strings.Repeat("n", 300)) + " cannot be written: file name too long"},
	}
	if os.Getuid() != 0 { // root may write anywhere
		if err := os.Mkdir(in("closed"), 0o500); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, cases[0])
		cases[len(cases)-1].path, cases[len(cases)-1].want = in("closed/new"), in("closed/new")+" cannot be written: permission denied"
	}
	for _, c := range cases {
		got := ""
		if err := Check(c.path, c.replace); err != nil {
			got = err.Error()
		}
		if got != c.want && runtime.GOOS != "windows" { // whose words differ
			t.Errorf("%s, replace %v: %q, want %q", c.path, c.replace, got, c.want)
		}
	}
	if err := Check(in("file"), false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	holds(t, in("file"), "kept")
	if left, err := filepath.Glob(in(".*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
